"""Whom to inspect: a draw by risk with a uniform random arm that anyone can repeat, and what it found."""
