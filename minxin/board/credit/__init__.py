"""Parts of the pages about enterprises."""
