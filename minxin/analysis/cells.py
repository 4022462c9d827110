"""Counts by community and category put together: by community, by category, week by week, the whole.

What the blocks ``indicators.cells`` and ``indicators.weeks`` give once for all communities serves every
question about one of them, without another trip.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from minxin.settings import NO_COMMUNITY

#: Columns that say what a row counts; all others are counts.
KEYS = ("community_code", "category_1", "week_start")
_WEEK = dt.timedelta(days=7)


def _counts(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name not in KEYS]


def _summed(frame: pd.DataFrame, places: np.ndarray, length: int) -> dict[str, np.ndarray]:
    """The counts added up by the row that each belongs to; a place below 0 belongs to none."""
    names = _counts(frame)
    held = frame[names]
    values = held.to_numpy(dtype="float64")
    kept = places >= 0
    if not kept.all():
        values, places = values[kept], places[kept]
    sums = np.zeros((length, len(names)))
    np.add.at(sums, places, values)
    return {name: column.astype(kind) for name, column, kind in zip(names, sums.T, held.dtypes, strict=True)}


def gathered(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with their columns side by side in memory: narrowing them is one step for all columns."""
    return frame.copy()


def narrowed(frame: pd.DataFrame, community: str) -> pd.DataFrame:
    """The rows of one community; all where it is ''."""
    if not community:
        return frame
    return frame.take(np.flatnonzero(frame["community_code"].to_numpy(dtype=object) == community))


def by_community(cells: pd.DataFrame, communities: pd.DataFrame) -> pd.DataFrame:
    """One community a row, zeros where nothing came in, with its counts and ``population`` (NaN: not counted).

    ``communities``: rows of ``snapshot.communities``, whose order and choice are kept.
    """
    places = pd.Index(communities["community_code"]).get_indexer(cells["community_code"])
    return pd.DataFrame(
        {
            "community_code": communities["community_code"].to_numpy(),
            "community_name": communities["community_name"].to_numpy(),
            **_summed(cells, places, len(communities)),
            "population": communities["population"].astype("float64").to_numpy(),
        }
    )


def total(communities: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``by_community`` as one row, equal to that of ``indicators.totals``.

    The population is NaN where one community of them has not been counted; 未归属 has none.
    """
    people = communities.loc[communities["community_code"] != NO_COMMUNITY, "population"]
    known = len(people) > 0 and bool(people.notna().all())
    counts = communities.drop(columns=["community_code", "community_name", "population"])
    sums = np.append(counts.to_numpy(dtype="float64").sum(axis=0), people.sum() if known else np.nan)
    return pd.DataFrame(sums[None, :], columns=[*counts.columns, "population"])


def by_category(cells: pd.DataFrame) -> pd.DataFrame:
    """One first-level category with anything counted a row, the most frequent first."""
    places, names = pd.factorize(cells["category_1"], sort=True)
    sums = _summed(cells, places, len(names))
    order = np.argsort(-sums["accepted"], kind="stable")
    held = {"category_1": np.asarray(names, dtype=object)} | sums
    return pd.DataFrame({name: values[order] for name, values in held.items()})


def by_week(weeks: pd.DataFrame, mondays: Sequence[dt.date]) -> pd.DataFrame:
    """One week a row (``week_start``, a date), zeros where nothing happened, with its counts."""
    if not len(mondays):
        return pd.DataFrame({"week_start": [], **_summed(weeks.iloc[:0], np.zeros(0, dtype=np.intp), 0)})
    days = pd.to_datetime(weeks["week_start"]).to_numpy(dtype="datetime64[D]")
    places = (days - np.datetime64(mondays[0], "D")).astype("int64") // 7
    places[(places < 0) | (places >= len(mondays))] = -1
    return pd.DataFrame({"week_start": list(mondays), **_summed(weeks, places, len(mondays))})


def as_week(cells: pd.DataFrame, monday: dt.date) -> pd.DataFrame:
    """Cells put together by community, as rows of ``indicators.weeks`` of the week that begins on ``monday``."""
    places, codes = pd.factorize(cells["community_code"], sort=True)
    sums = _summed(cells, places, len(codes))
    return pd.DataFrame({"week_start": pd.Timestamp(monday), "community_code": np.asarray(codes, dtype=object), **sums})


def mondays(start: dt.date, end: dt.date) -> list[dt.date]:
    """The Mondays of the weeks that a range touches."""
    first = start - dt.timedelta(days=start.weekday())
    return [first + _WEEK * i for i in range(max(0, -(-(end - first).days // 7)))]
