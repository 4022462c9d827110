"""What is unusual in a period, against the history of each community and category."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.counts import Array, Expected, bh, expected
from minxin.analysis.periods import Period
from minxin.settings import NO_COMMUNITY, NO_COMMUNITY_NAME, deployment

#: Weeks before the period that say what is usual: at most, and at least.
BASELINE = 26
LEAST = 12
#: Share of false alarms among the alarms, and the fewest cases that make one.
RATE = 0.10
SMALLEST = 3
LEVELS = {"orange": "橙", "yellow": "黄", "": ""}
WORDS = {"orange": "持续偏多", "yellow": "偏多", "": ""}
_WEEK = dt.timedelta(days=7)
#: Days are counted from here.
_EPOCH = dt.date(1970, 1, 1)
_YEAR = 52
_STEADY = 30.0
COLUMNS = [
    "community_code",
    "community_name",
    "category_1",
    "weeks",
    "observed",
    "expected",
    "low",
    "high",
    "p",
    "q",
    "level",
    "level_word",
    "word",
]


def whole_weeks(period: Period, as_of: dt.datetime | None = None) -> tuple[dt.date, int]:
    """First Monday and number of the whole weeks of a period that were over at ``as_of``."""
    first = period.start + dt.timedelta(days=-period.start.weekday() % 7)
    end = period.end if as_of is None else min(period.end, as_of.date())
    return first, max(0, (end - first) // _WEEK)


@dataclass(frozen=True)
class _Grid:
    """Cells (community × category, in order) with their counts per week from the first Monday, zeros where none."""

    communities: list[str]
    categories: list[str]
    names: list[str]
    first: dt.date
    counts: Array

    @cached_property
    def cells(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Position of community and of category, cell by cell."""
        across = np.indices((len(self.communities), len(self.categories)))
        return across[0].ravel(), across[1].ravel()


def _numbered(texts: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Each text's place among the different ones in order, and those."""
    # Plain objects: pandas hashes those of a column of texts in twice the time.
    codes, found = pd.factorize(texts.astype("str").to_numpy(dtype=object))
    different = found.tolist()
    order = sorted(range(len(different)), key=different.__getitem__)
    places = np.empty(len(different), dtype=np.intp)
    places[order] = np.arange(len(different))
    return places[codes], [different[i] for i in order]


def _grid(history: pd.DataFrame, since: dt.date | None, end: dt.date, known: Mapping[str, str] | None) -> _Grid | None:
    """The counts of all weeks from ``since`` up to ``end``, or None where there are none."""
    by_day, first = _by_day(history, end)
    start = 0 if since is None else max(0, (since - first).days)
    filled = by_day[:, start:].any(axis=0)
    if not filled.any():
        return None
    start += int(filled.argmax())
    opening = first + dt.timedelta(days=start)
    monday = opening - dt.timedelta(days=opening.weekday())
    # the first week may be cut, all later ones begin on their Mondays
    mondays = np.arange((monday - first).days, by_day.shape[1], 7)
    weekly = np.add.reduceat(by_day, np.maximum(mondays, start), axis=1)
    # only communities and categories with anything in these weeks make cells
    seen = np.flatnonzero(weekly.any(axis=1))
    own = history.iloc[seen]
    community, communities = _numbered(own["community_code"])
    category, categories = _numbered(own["category_1"])
    counts = np.zeros((len(communities) * len(categories), len(mondays)))
    np.add.at(counts, community * len(categories) + category, weekly[seen])
    if known is None and "community_name" not in own:
        known = _deployed()
    if known is not None:
        names = [known.get(code, code) for code in communities]
    else:
        names = own["community_name"].iloc[np.unique(community, return_index=True)[1]].tolist()
    return _Grid(communities, categories, names, monday, counts)


def _by_day(history: pd.DataFrame, end: dt.date) -> tuple[NDArray[np.int32], dt.date]:
    """The counts of every row on each day before ``end``, zeros where none, and the first of these days."""
    held = [(np.asarray(days), np.asarray(n)) for days, n in zip(history["days"], history["n"], strict=True)]
    last = (end - _EPOCH).days
    first = min((int(days.min()) for days, _ in held), default=last)
    # row by row: one step over all of them would first write each number of a long history once more
    counts = np.zeros((len(held), max(0, last - first)), dtype=np.int32)
    for row, (days, n) in enumerate(held):
        if days.max() < last:
            counts[row, days - first] = n
        else:
            counts[row, days[days < last] - first] = n[days < last]
    return counts, _EPOCH + dt.timedelta(days=first)


def _deployed() -> dict[str, str]:
    place = deployment()
    return {community.code: community.name for community in place.communities} | {NO_COMMUNITY: NO_COMMUNITY_NAME}


def _without_gaps(counts: Array) -> Array:
    """Weeks in which nothing at all came in, where much comes in as a rule, were not delivered: not known."""
    total = counts.sum(axis=0)
    is_busy = bool((total > 0).any()) and float(np.median(total[total > 0])) >= 20
    return np.where((total == 0)[None, :], np.nan, counts) if is_busy else counts


def _known_weeks(counts: Array) -> int:
    return int((~np.isnan(counts)).all(axis=0).sum())


def _season(counts: Array, categories: NDArray[np.intp], start: int, weeks: int) -> tuple[Array, Array]:
    """Factor per cell for the time of year with its squared error, from the same weeks a year earlier.

    The category over all communities, those weeks and one to either side, against the baseline
    before them; drawn towards 1 by 30 imagined cases, and never beyond a half and double.
    """
    cells = counts.shape[0]
    then = start - _YEAR
    before = counts[:, max(0, then - BASELINE) : max(0, then)]
    if _known_weeks(before) < LEAST:
        return np.ones(cells), np.zeros(cells)
    usual = expected(before)
    ceiling = usual.quantile(0.99)[:, None]
    window = np.minimum(counts[:, max(0, then - 1) : min(start, then + weeks + 1)], ceiling)
    length = window.shape[1]
    seen = np.bincount(categories, np.nansum(window, axis=1))
    known = (~np.isnan(window)).sum(axis=1) / length
    awaited = np.bincount(categories, np.nanmean(np.minimum(before, ceiling), axis=1) * length * known)
    factor = np.clip((seen + _STEADY) / (awaited + _STEADY), 0.5, 2)
    error = 1 / (seen + _STEADY) + 1 / (awaited * before.shape[1] / length + _STEADY)
    return factor[categories], 2 * error[categories]


def _prediction(counts: Array, categories: NDArray[np.intp], start: int, weeks: int) -> Expected:
    """What the ``weeks`` from column ``start`` on should bring, from the columns before."""
    factor, error = _season(counts, categories, start, weeks)
    return expected(counts[:, max(0, start - BASELINE) : start], weeks, factor, error)


def unusual(
    history: pd.DataFrame,
    period: Period,
    as_of: dt.datetime | None = None,
    rate: float = RATE,
    smallest: int = SMALLEST,
    names: Mapping[str, str] | None = None,
    since: dt.date | None = None,
) -> pd.DataFrame:
    """Hold every community × category of a period against its own preceding weeks.

    ``history``: rows of ``weekly.history`` (``community_code, category_1, days, n``, and
    ``community_name`` if there), over the period and the weeks before it, best 79 or more; days that are
    not in it are zeros, and those before ``since`` are left aside. Only whole weeks count; of a month or
    quarter those that lie in it. ``names``: code → name where ``history`` has none (default: the
    deployment's).

    One row per cell, the most striking first: ``weeks``, ``observed``, ``expected``, ``low``, ``high``
    (95% of what was to be expected), ``p`` (mid-p), ``q`` (Benjamini-Hochberg over all cells),
    ``level`` (``yellow``: q ≤ rate and at least ``smallest`` cases; ``orange``: q ≤ rate/2 and the
    weeks just before were high too, p < .05; else ''), ``level_word`` (黄, 橙), ``word``.
    Empty where the period has no whole week or less than 12 weeks lie before it.
    """
    start, weeks = whole_weeks(period, as_of)
    end = start + _WEEK * weeks
    grid = _grid(history, since, end, names) if weeks else None
    if grid is None:
        return pd.DataFrame(columns=COLUMNS)
    here, plain = (start - grid.first) // _WEEK, grid.counts
    counts = _without_gaps(plain)
    if _known_weeks(counts[:, max(0, here - BASELINE) : max(0, here)]) < LEAST:
        return pd.DataFrame(columns=COLUMNS)
    communities, categories = grid.cells
    now = _prediction(counts, categories, here, weeks)
    observed = plain[:, here : here + weeks].sum(axis=1)
    p = now.surprise(observed)
    q = bh(p)
    is_alarm = (q <= rate) & (observed >= smallest) & (observed > now.mean)
    lasts = np.zeros(len(p), dtype=bool)
    may_last = is_alarm & (q <= rate / 2)  # without such a cell nobody need know what was awaited earlier
    if may_last.any() and _known_weeks(counts[:, max(0, here - weeks - BASELINE) : max(0, here - weeks)]) >= LEAST:
        earlier = _prediction(counts, categories, here - weeks, weeks)
        lasts = earlier.surprise(plain[:, here - weeks : here].sum(axis=1)) < 0.05
    level = np.where(may_last & lasts, "orange", np.where(is_alarm, "yellow", ""))
    rank = np.select([level == "orange", level == "yellow"], [0, 1], 2)
    order = np.lexsort((categories, communities, p, rank))
    words = level[order].tolist()
    held = {
        "community_code": [grid.communities[i] for i in communities[order]],
        "community_name": [grid.names[i] for i in communities[order]],
        "category_1": [grid.categories[i] for i in categories[order]],
        "weeks": weeks,
        "observed": observed[order].astype("int64"),
        "expected": now.mean[order],
        "low": now.quantile(0.025)[order],
        "high": now.quantile(0.975)[order],
        "p": p[order],
        "q": q[order],
        "level": np.array(words, dtype=object),
        "level_word": [LEVELS[w] for w in words],
        "word": [WORDS[w] for w in words],
    }
    return pd.DataFrame(held, columns=COLUMNS)


def alarms(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``unusual`` that have a level."""
    return frame[frame["level"] != ""]
