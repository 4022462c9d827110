"""Assessment of units by three rates: rules as data, results with their uncertainty, what-ifs (docs/statistics.md)."""
