"""Text as it stands in a chart: no control characters, known width, dates in Chinese."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pandas as pd

MISSING = "—"


def missing(value: Any) -> bool:
    """Whether a cell holds nothing (None, NaN, NaT)."""
    if value is None or isinstance(value, (str, int)):
        return value is None
    return value != value if isinstance(value, float) else bool(pd.isna(value))


def clean(value: Any) -> str:
    """Data text in one line, without control, format or surrogate characters."""
    if missing(value):
        return ""
    text = str(value)
    if not text.isprintable():  # nearly all texts are
        text = "".join(
            " " if character in "\r\n\t\v\f\u2028\u2029" else character
            for character in text
            if character in "\r\n\t\v\f" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn")
        )
    return " ".join(text.split())


@lru_cache(maxsize=16384)
def width(text: str) -> float:
    """Width of a text in ems: 1 for a Chinese character, 0.56 for a Latin one."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.56 for c in text)


def shorten(text: str, ems: float) -> str:
    """The text, cut with an ellipsis to fit into ``ems``."""
    if width(text) <= ems:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > ems - 1:
            break
        kept += character
    return kept + "…"


#: What may not begin a line.
_CLOSING = "，。；：、）」』》？％%"
_RUN = re.compile(r"[0-9A-Za-z.,%−—–+-]+$")


def _unbroken(kept: str, rest: str) -> str:
    """A line that ends before a number or word that would break, or before what may not begin the next one."""
    after = rest[len(kept) :]
    shorter = kept
    if after[:1].isascii() and not after[:1].isspace():
        shorter = _RUN.sub("", kept)
    elif after[:1] in _CLOSING:
        shorter = kept[:-1]
    return shorter.rstrip() if len(shorter) * 2 > len(kept) else kept


def wrap(text: str, ems: float, lines: int) -> list[str]:
    """The text in at most ``lines`` lines of ``ems``; the last one is cut with an ellipsis."""
    result: list[str] = []
    rest = text
    while rest and len(result) < lines - 1 and width(rest) > ems:
        kept = ""
        for character in rest:
            if width(kept + character) > ems:
                break
            kept += character
        kept = _unbroken(kept or rest[0], rest)
        result.append(kept)
        rest = rest[len(kept) :].lstrip()
    if rest:
        result.append(shorten(rest, ems))
    return result or [""]


def common_ending(names: Iterable[str]) -> str:
    """The ending that all names share and can spare （宝民社区，翻身社区 → 社区）， or ''."""
    held = [n for n in names if n]
    if len(held) < 2:
        return ""
    ending = held[0]
    for name in held[1:]:
        while ending and not name.endswith(ending):
            ending = ending[1:]
    return ending if len(ending) >= 2 and all(len(n) - len(ending) >= 2 for n in held) else ""


def is_moment(value: Any) -> bool:
    """Whether a cell holds a date or a timestamp."""
    return isinstance(value, (dt.date, pd.Timestamp)) and not missing(value)


def moment(value: Any, with_year: bool = False, by_month: bool = False) -> str:
    """A date or timestamp as 6月26日， 6月26日 18:00, or with its year; a month as 2023年6月."""
    if missing(value):
        return MISSING
    if by_month:
        return f"{value.year}年{value.month}月"
    year = f"{value.year}年" if with_year else ""
    text = f"{year}{value.month}月{value.day}日"
    if isinstance(value, dt.datetime) and (value.hour, value.minute) != (0, 0):
        text += f" {value.hour:02d}:{value.minute:02d}"
    return text


def are_months(values: Iterable[Any]) -> bool:
    """Whether dates stand for whole months: several, each the first of its month."""
    held = {v for v in values if not missing(v)}
    return len(held) > 1 and all(is_moment(v) and pd.Timestamp(v) == pd.Timestamp(v.year, v.month, 1) for v in held)


def spans_years(values: Iterable[Any]) -> bool:
    """Whether dates lie in more than one year, so that the year must be said."""
    return len({v.year for v in values if is_moment(v)}) > 1
