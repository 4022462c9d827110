"""Data text inside Streamlit's Markdown: literally, whatever it contains."""

from __future__ import annotations

import re

from minxin.charts.words import clean

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
#: A colon before a letter or slash begins icons, directives and links; in Chinese text it is full-width.
_COLON = re.compile(r":(?=[A-Za-z_/])")
_WWW = re.compile(r"www\.", re.IGNORECASE)


def literal(text: object) -> str:
    """Any text so that Markdown shows it as it is, in one line: no image, link, icon or formatting."""
    plain = _WWW.sub("www ", _COLON.sub(":", clean(text)))
    return _PUNCTUATION.sub(r"\\\1", plain)
