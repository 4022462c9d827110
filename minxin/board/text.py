"""Data text inside Streamlit's Markdown: literally, whatever it contains."""

from __future__ import annotations

import re

from minxin.charts.words import clean

#: What can begin formatting, links, HTML, formulas, tables or headings anywhere in a line.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~$&:^])")
#: A number with a point at the beginning would be taken for a list.
_LISTED = re.compile(r"^(\d+)([.)])(?=\s|$)")
#: A colon before a letter or slash begins icons, directives and links; in Chinese text it is full-width.
_COLON = re.compile(r":(?=[A-Za-z_/])")
_WWW = re.compile(r"www\.", re.IGNORECASE)


def literal(text: object) -> str:
    """Any text so that Markdown shows it as it is, in one line: no image, link, icon or formatting."""
    plain = _WWW.sub("www ", _COLON.sub("\uff1a", clean(text)))
    return _LISTED.sub(r"\1\\\2", _MARKS.sub(r"\\\1", plain))
