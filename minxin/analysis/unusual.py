"""What is unusual in a period, against the history of each community and category."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

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


def _grid(history: pd.DataFrame, end: dt.date) -> tuple[pd.MultiIndex, list[dt.date], Array]:
    """Cells (community × category), Mondays up to ``end``, and the counts: cells × weeks, zeros where none."""
    days = pd.to_datetime(history["week_start"]).to_numpy(dtype="datetime64[D]")
    is_before = days < np.datetime64(end)
    if not is_before.any():
        return pd.MultiIndex.from_arrays([[], []]), [], np.zeros((0, 0))
    kept, days = history[is_before], days[is_before]
    week = (days - days.min()).astype("int64") // 7
    first = days.min().astype(dt.date)
    mondays = [first + _WEEK * i for i in range((end - first) // _WEEK)]
    community, communities = pd.factorize(kept["community_code"].astype("str"), sort=True)
    category, categories = pd.factorize(kept["category_1"].astype("str"), sort=True)
    counts = np.zeros((len(communities), len(categories), len(mondays)))
    np.add.at(counts, (community, category, week), kept["n"].to_numpy(dtype="float64"))
    cells = pd.MultiIndex.from_product([communities, categories])
    return cells, mondays, counts.reshape(len(cells), len(mondays))


def _without_gaps(counts: Array) -> Array:
    """Weeks in which nothing at all came in, where much comes in as a rule, were not delivered: not known."""
    total = counts.sum(axis=0)
    is_busy = bool((total > 0).any()) and float(np.median(total[total > 0])) >= 20
    return np.where((total == 0)[None, :], np.nan, counts) if is_busy else counts


def _known_weeks(counts: Array) -> int:
    return int((~np.isnan(counts)).all(axis=0).sum())


def _season(counts: Array, categories: Array, start: int, weeks: int) -> tuple[Array, Array]:
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


def _prediction(counts: Array, categories: Array, start: int, weeks: int) -> Expected:
    """What the ``weeks`` from column ``start`` on should bring, from the columns before."""
    factor, error = _season(counts, categories, start, weeks)
    return expected(counts[:, max(0, start - BASELINE) : start], weeks, factor, error)


def _names(history: pd.DataFrame) -> dict[str, str]:
    if "community_name" in history:
        known = history.drop_duplicates("community_code")
        return dict(zip(known["community_code"].astype("str"), known["community_name"], strict=True))
    place = deployment()
    return {community.code: community.name for community in place.communities} | {NO_COMMUNITY: NO_COMMUNITY_NAME}


def unusual(
    history: pd.DataFrame,
    period: Period,
    as_of: dt.datetime | None = None,
    rate: float = RATE,
    smallest: int = SMALLEST,
) -> pd.DataFrame:
    """Hold every community × category of a period against its own preceding weeks.

    ``history``: rows of ``weekly.history`` (``community_code, category_1, week_start, n``, and
    ``community_name`` if there), over the period and the weeks before it, best 79 or more; a missing
    week is a zero. Only whole weeks count; of a month or quarter those that lie in it.

    One row per cell, the most striking first: ``weeks``, ``observed``, ``expected``, ``low``, ``high``
    (95% of what was to be expected), ``p`` (mid-p), ``q`` (Benjamini-Hochberg over all cells),
    ``level`` (``yellow``: q ≤ rate and at least ``smallest`` cases; ``orange``: q ≤ rate/2 and the
    weeks just before were high too, p < .05; else ''), ``level_word`` (黄, 橙), ``word``.
    Empty where the period has no whole week or less than 12 weeks lie before it.
    """
    start, weeks = whole_weeks(period, as_of)
    end = start + _WEEK * weeks
    cells, mondays, plain = (
        _grid(history, end) if weeks else (pd.MultiIndex.from_arrays([[], []]), [], np.zeros((0, 0)))
    )
    here = (start - mondays[0]) // _WEEK if mondays else 0
    counts = _without_gaps(plain) if mondays else plain
    if _known_weeks(counts[:, max(0, here - BASELINE) : max(0, here)]) < LEAST:
        return pd.DataFrame(columns=COLUMNS)
    categories = cells.codes[1].astype(int)
    now = _prediction(counts, categories, here, weeks)
    observed = plain[:, here : here + weeks].sum(axis=1)
    p = now.surprise(observed)
    q = bh(p)
    is_alarm = (q <= rate) & (observed >= smallest) & (observed > now.mean)
    lasts = np.zeros(len(p), dtype=bool)
    if _known_weeks(counts[:, max(0, here - weeks - BASELINE) : max(0, here - weeks)]) >= LEAST:
        earlier = _prediction(counts, categories, here - weeks, weeks)
        lasts = earlier.surprise(plain[:, here - weeks : here].sum(axis=1)) < 0.05
    level = np.where(is_alarm & lasts & (q <= rate / 2), "orange", np.where(is_alarm, "yellow", ""))
    names = _names(history)
    result = pd.DataFrame(
        {
            "community_code": cells.get_level_values(0),
            "community_name": [names.get(code, code) for code in cells.get_level_values(0)],
            "category_1": cells.get_level_values(1),
            "weeks": weeks,
            "observed": observed.astype("int64"),
            "expected": now.mean,
            "low": now.quantile(0.025),
            "high": now.quantile(0.975),
            "p": p,
            "q": q,
            "level": level.astype(object),
        }
    )
    result["level_word"] = result["level"].map(LEVELS)
    result["word"] = result["level"].map(WORDS)
    rank = result["level"].map({"orange": 0, "yellow": 1, "": 2})
    order = result.assign(rank=rank).sort_values(["rank", "p", "community_code", "category_1"], kind="stable").index
    return result.loc[order, COLUMNS].reset_index(drop=True)


def alarms(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``unusual`` that have a level."""
    return frame[frame["level"] != ""]
