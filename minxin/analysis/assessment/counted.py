"""The rows of ``assessment.counts`` put together: any months, by any rule's exclusions and way of dating.

One trip for each way of dating serves all months, all rules, and every review of one snapshot and scope.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.assessment.rules import Rule
from minxin.settings import NO_COMMUNITY

By = Literal["community", "unit"]
#: What an assessment counts, as the blocks name it; all petitions come first.
COUNTS = (
    "n_cases",
    "n_closed",
    "n_valid",
    "n_responded",
    "n_resolved",
    "n_satisfied",
    "n_basic",
    "n_responded_resolved",
    "n_responded_satisfied",
    "n_responded_basic",
    "n_resolved_satisfied",
    "n_resolved_basic",
    "n_without_valid",
    "n_closed_valid",
    "n_denied",
    "n_late_change",
)
#: Halves of a month are what the mart keeps: an assessed month begins on one of these days.
FIRST_DAYS = (1, 19)
#: Counts that are kept, some kilobytes each: rules are tried out by the hundred.
KEPT = 128
#: All days that there can be: the narrowing to months happens in memory.
EVER = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))


class Ask(Protocol):
    """Runs a named block within the viewer's scope."""

    def __call__(self, block: str, /, **parameters: Any) -> pd.DataFrame: ...


@dataclass(frozen=True)
class _Rows:
    """Rows of ``assessment.counts`` in order of their months: arrays (rows,), ``counts`` (``COUNTS``, rows).

    ``unit`` and ``exclusion`` are places in ``units`` and ``exclusions``.
    """

    month: NDArray[np.datetime64]
    unit: NDArray[np.intp]
    units: list[str]
    exclusion: NDArray[np.intp]
    exclusions: list[str]
    counts: NDArray[np.float64]


class Counted:
    """Communities, or the units that handle petitions, with their counts of any months."""

    def __init__(self, ask: Ask, by: By = "community") -> None:
        self.ask = ask
        self.by = by
        self._rows: dict[tuple[str, int], _Rows] = {}
        self._between: dict[tuple[Any, ...], pd.DataFrame] = {}

    @cached_property
    def places(self) -> pd.DataFrame:
        """The viewer's communities (``snapshot.communities``) without 未归属."""
        held = self.ask("snapshot.communities")
        return held[held["community_code"] != NO_COMMUNITY].reset_index(drop=True)

    @cached_property
    def names(self) -> dict[str, str]:
        """Code → name of the communities; units are their own names."""
        return dict(zip(self.places["community_code"], self.places["community_name"], strict=True))

    def rows(self, rule: Rule) -> _Rows:
        """All months that there are, as a rule dates them.

        ValueError for a rule whose month begins on another day than the 1st or the 19th.
        """
        if rule.period_first_day not in FIRST_DAYS:
            raise ValueError(f"an assessed month begins on the 1st or the 19th, not on the {rule.period_first_day}th")
        key = (rule.counted_by, rule.period_first_day)
        if key not in self._rows:
            given = {"counted_by": rule.counted_by, "first_day": rule.period_first_day, "by": self.by}
            self._rows[key] = self._ordered(self.ask("assessment.counts", start=EVER[0], end=EVER[1], **given))
        return self._rows[key]

    def _ordered(self, frame: pd.DataFrame) -> _Rows:
        month = frame["month_start"].to_numpy(dtype="datetime64[D]")
        order = np.argsort(month, kind="stable")
        unit, units = pd.factorize(frame["community_code" if self.by == "community" else "unit"])
        exclusion, exclusions = pd.factorize(frame["exclusion"])
        # Sums of whole numbers are exact as floats, and numpy adds up no others by place.
        counts = frame[list(COUNTS)].to_numpy(dtype="float64")[order].T
        return _Rows(
            month[order],
            unit[order],
            list(units),
            exclusion[order],
            list(exclusions),
            np.ascontiguousarray(counts),
        )

    def between(self, rule: Rule, start: dt.date, end: dt.date) -> pd.DataFrame:
        """Counts of whole assessed months in [start, end): one row per unit, with ``n_excluded``.

        Excluded petitions (of the rule's reasons) leave everything but ``n_cases``. Every community has
        a row; of units those that had a petition. Petitions of no community or unit are left out.
        """
        reasons = tuple(reason.code for reason in rule.exclusions)
        key = (start, end, rule.counted_by, rule.period_first_day, reasons)
        found = self._between.get(key)
        if found is None:
            found = self._between[key] = self._summed(self.rows(rule), start, end, reasons)
            forget(self._between, KEPT)
        return found.copy(deep=False)

    def _summed(self, held: _Rows, start: dt.date, end: dt.date, reasons: Sequence[str]) -> pd.DataFrame:
        days = np.array([start, end], dtype="datetime64[D]")
        months = slice(*np.searchsorted(held.month, days).tolist())
        unit = held.unit[months]
        if self.by == "community":
            wanted, names = list(self.names), list(self.names.values())
        else:
            wanted = names = sorted({held.units[i] for i in np.unique(unit).tolist()} - {""})
        place = pd.Index(wanted, dtype=object).get_indexer(pd.Index(held.units, dtype=object))
        rows = place[unit] + 1  # the first row: of no community or unit
        is_out = np.isin(held.exclusions, reasons)[held.exclusion[months]]

        def summed(values: NDArray[np.float64]) -> NDArray[np.int64]:
            return np.bincount(rows, values, minlength=len(wanted) + 1)[1:].astype("int64")

        cases, *others = (values[months] for values in held.counts)
        columns = {"n_cases": summed(cases)}
        columns |= {name: summed(np.where(is_out, 0, v)) for name, v in zip(COUNTS[1:], others, strict=True)}
        columns["n_excluded"] = summed(np.where(is_out, cases, 0))
        return pd.DataFrame({"code": wanted, "name": names, **columns})


def forget(kept: dict[Any, Any], most: int) -> None:
    """Drop the oldest entries beyond ``most``; threads may do so at once."""
    for key in list(kept)[:-most]:
        kept.pop(key, None)
