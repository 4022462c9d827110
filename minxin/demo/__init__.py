"""The seeded simulation: the same seed gives the same rows, and the published counts come out exactly."""
