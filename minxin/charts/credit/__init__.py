"""The pages about enterprises as chart descriptions."""
