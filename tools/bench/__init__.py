"""Measures the budgets of docs/design.md, as ratios within one run wherever a baseline is named."""
