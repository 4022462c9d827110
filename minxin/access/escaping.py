"""The one place where data text becomes HTML, a line for people, or a cell of a CSV file."""

from __future__ import annotations

import math
import re

#: Controls (except newline), zero-width and bidirectional marks, line separators that end a script
#: line, lone surrogates, noncharacters, and tag characters: nothing of it is text that people write.
_INVISIBLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
#: The last six are for texts that a map library puts between the back-ticks of a script, where
#: ``${…}`` is run and ``\x3c`` becomes an angle bracket.
_ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
    "`": "&#96;",
    "$": "&#36;",
    "{": "&#123;",
    "}": "&#125;",
    "\\": "&#92;",
}
_TABLE = str.maketrans(_ENTITIES)
#: What a spreadsheet would take for the beginning of a formula; what of it is only a number below zero or dashes.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?|-+", re.ASCII)


def _is_missing(value: object) -> bool:
    # The missing values of pandas are known by their types, so that the doors need not load it.
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def escape(text: object) -> str:
    """Make any value harmless as HTML text, attribute value, or text inside a script's template.

    A missing value (None, NaN, NaT, NA) gives the empty text. A tab becomes a space, a newline
    stays, other control and invisible characters go.
    """
    if _is_missing(text):
        return ""
    return visible(str(text)).translate(_TABLE)


def visible(text: str) -> str:
    """A text without what nobody sees or writes; a tab becomes a space, a newline stays."""
    return _INVISIBLE.sub("", text.replace("\t", " "))


def harmless(cell: object) -> object:
    """A cell of a CSV file that no spreadsheet runs: text that begins like a formula gets an apostrophe.

    Whatever is no text stays as it is, and so does a text that is only a number below zero (-3.5) or dashes.
    """
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(cell.strip(" ")):
        return "'" + cell
    return cell
