"""Names and texts put into SQL safely: everything that comes from a file or a mapping passes here."""

from __future__ import annotations


def quote(name: str) -> str:
    """An identifier in double quotes, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text literal in single quotes, whatever it contains; the character NUL is left out."""
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


def literals(texts: tuple[str, ...] | list[str]) -> str:
    """Several text literals, separated by commas."""
    return ", ".join(literal(t) for t in texts)
