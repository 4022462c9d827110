"""A weekly series with the band in which each week was to be expected."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from minxin.analysis.counts import Array, Expected, dispersion, expected

#: Weeks before that say what level to expect, and what scatter; both at most, the first also at least.
LEVEL = 12
BASELINE = 26

_WEEK = dt.timedelta(days=7)


def _expected(counts: Array) -> Expected:
    """What each week from the 13th on should be: the level of the last weeks, the scatter from week to week.

    Scatter from successive differences, so that a level that moves does not widen the band.
    """
    level = expected(np.lib.stride_tricks.sliding_window_view(counts, LEVEL)[:-1], is_pooled=False)
    scatter = np.array([dispersion(counts[max(0, week - BASELINE) : week]) for week in range(LEVEL, len(counts))])
    spread = np.maximum(scatter - 1, 0.0) / level.mean
    return Expected(level.mean, 1 / (spread + (1 + spread * level.mean) / (level.mean * LEVEL)))


def band(weekly: pd.DataFrame, column: str = "accepted", as_of: dt.datetime | None = None) -> pd.DataFrame:
    """Every week from the first to the last of ``weekly`` (``week_start`` and a count), zeros where missing.

    Gives ``week_start, n, expected, low, high, is_partial, is_high, is_low``: what the 12 weeks
    before let expect (95%; NaN where less lie before), and whether the week lies beyond it.
    A week that was not over at ``as_of`` is partial and never judged.
    """
    days = pd.to_datetime(weekly["week_start"]).to_numpy(dtype="datetime64[D]")
    if len(days) == 0:
        return pd.DataFrame(columns=["week_start", "n", "expected", "low", "high", "is_partial", "is_high", "is_low"])
    first: dt.date = days.min().item()
    week = (days - days.min()).astype("int64") // 7
    length = int(week.max()) + 1
    counts = np.bincount(week, weekly[column].to_numpy(dtype="float64")).astype("float64")
    mondays = [first + _WEEK * i for i in range(length)]
    partial = np.array([as_of is not None and dt.datetime.combine(day + _WEEK, dt.time()) > as_of for day in mondays])
    limits = np.full((length, 3), np.nan)
    if length > LEVEL:
        usual = _expected(counts)
        limits[LEVEL:] = np.stack([usual.mean, usual.quantile(0.025), usual.quantile(0.975)], axis=1)
    judged = ~partial & ~np.isnan(limits[:, 0])
    return pd.DataFrame(
        {
            "week_start": mondays,
            "n": counts,
            "expected": limits[:, 0],
            "low": limits[:, 1],
            "high": limits[:, 2],
            "is_partial": partial,
            "is_high": judged & (counts > np.nan_to_num(limits[:, 2], nan=np.inf)),
            "is_low": judged & (counts < np.nan_to_num(limits[:, 1], nan=-np.inf)),
        }
    )
