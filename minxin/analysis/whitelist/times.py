"""Moments as files write them, put in order: days, months, quarters, years, or numbers."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.whitelist.binning import is_text
from minxin.analysis.whitelist.reading import text_of_number
from minxin.calendar import TIME_FORMATS

#: How fine a column says its moments; in one column all are equally fine, else their order would be a guess.
_NUMBER, _YEAR, _QUARTER, _MONTH, _MOMENT, _OFFSET = range(6)
Place = tuple[int, float]
_DIGITS = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_YEARS = re.compile(r"(\d{4})年度?")
_QUARTERS = re.compile(r"(\d{4})(?:年?第?([1-4一二三四])季度?|[-/ ]?Q([1-4]))")
_MONTHS = re.compile(r"(\d{4})(?:[-/]|年)(0?[1-9]|1[0-2])(?:月份?)?")
#: What could be a number, too: read as months where every text of the column could be one.
_BARE_MONTHS = re.compile(r"((?:19|20)\d\d)\.?(0?[1-9]|1[0-2])")
_BARE_DAYS = re.compile(r"(?:19|20)\d{6}(?:\d{6})?")
_BARE_YEARS = re.compile(r"(?:19|20)\d\d")


def ordered(times: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """The place of each row's moment among all that there are, and how each of these is written.

    ValueError with the first text that cannot be ordered with the others.
    """
    if not is_text(times):
        numbers, place = np.unique(times.to_numpy(dtype="float64"), return_inverse=True)
        return place.astype("int64"), [text_of_number(number) for number in numbers]
    codes, kinds = pd.factorize(times)
    texts = [str(kind) for kind in kinds]
    held = _places([unicodedata.normalize("NFKC", text).strip() for text in texts], texts)
    moments = sorted(set(held))
    rank = {moment: i for i, moment in enumerate(moments)}
    written: dict[float, str] = {}
    for moment, text in zip(held, texts, strict=True):
        written.setdefault(moment, text)
    return np.array([rank[moment] for moment in held])[codes], [written[moment] for moment in moments]


def _places(plain: list[str], texts: list[str]) -> list[float]:
    if all(map(_BARE_MONTHS.fullmatch, plain)):
        return [_of_month(_BARE_MONTHS, text) for text in plain]
    if all(map(_BARE_DAYS.fullmatch, plain)):
        return [float(text.ljust(14, "0")) for text in plain]
    bare = [[bool(form.fullmatch(text)) for form in (_BARE_YEARS, _BARE_MONTHS, _BARE_DAYS)] for text in plain]
    if all(map(any, bare)) and bare.count(bare[0]) < len(bare):
        # Digits alone, not equally fine: as numbers 20230115 would be later than 202302.
        raise ValueError(next(text for text, one in zip(texts, bare, strict=True) if one != bare[0]))
    found = [_place(text) for text in plain]
    for one, text in zip(found, texts, strict=True):
        if one is None or found[0] is None or one[0] != found[0][0]:
            raise ValueError(text)
    return [one[1] for one in found if one is not None]


def _place(text: str) -> Place | None:
    if _DIGITS.fullmatch(text):
        number = float(text)
        return (_NUMBER, number) if np.isfinite(number) else None
    if found := _YEARS.fullmatch(text):
        return _YEAR, float(found[1])
    if found := _QUARTERS.fullmatch(text.upper()):
        return _QUARTER, 4.0 * int(found[1]) + "1234一二三四".index(found[2] or found[3]) % 4
    if _MONTHS.fullmatch(text):
        return _MONTH, _of_month(_MONTHS, text)
    return _moment(text)


def _of_month(form: re.Pattern[str], text: str) -> float:
    found = form.fullmatch(text)
    return 12.0 * int(found[1]) + int(found[2]) if found else np.nan


def _moment(text: str) -> Place | None:
    for form in ("", *TIME_FORMATS):
        try:
            moment = dt.datetime.strptime(text, form) if form else dt.datetime.fromisoformat(text)
        except ValueError:
            continue
        return _MOMENT if moment.tzinfo is None else _OFFSET, _seconds(moment)
    return None


def _seconds(moment: dt.datetime) -> float:
    begin = dt.datetime(1970, 1, 1, tzinfo=None if moment.tzinfo is None else dt.UTC)
    return (moment - begin).total_seconds()
