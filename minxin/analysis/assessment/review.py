"""What the rows of ``assessment.counts`` say of one month: by each rule, with the months before it and beside it.

One trip serves every page of the assessment and the command: windows, exclusions and ways of dating are
put together here, on some thousand rows.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.assessment import assess as assessing
from minxin.analysis.assessment import funnel, gaming
from minxin.analysis.assessment.assess import Assessment
from minxin.analysis.assessment.rules import RATES, Rule
from minxin.analysis.assessment.signs import Signs, signs
from minxin.settings import NO_COMMUNITY

By = Literal["community", "unit"]
#: What an assessment counts, as the blocks name it.
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
#: Months that a trend shows, and a chart of signs needs.
TREND = 13
#: Counts and results that a review keeps, some kilobytes and half a megabyte each: rules are tried out by the hundred.
COUNTS_KEPT, RESULTS_KEPT = 128, 24


#: All days that there can be: the narrowing to months happens in memory.
EVER = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))


@dataclass(frozen=True)
class _Rows:
    """Rows of ``assessment.counts`` as arrays: (rows,), and counts (rows, ``COUNTS``)."""

    month: NDArray[np.datetime64]
    community: NDArray[np.object_]
    unit: NDArray[np.object_]
    exclusion: NDArray[np.object_]
    counts: NDArray[np.int64]


class Ask(Protocol):
    """Runs a named block within the viewer's scope."""

    def __call__(self, block: str, /, **parameters: Any) -> pd.DataFrame: ...


class Review:
    """Communities or units in one assessed month, by whichever rule is asked for.

    ``month``: year and month by name. ``by``: communities, or the units that handle petitions.
    Everything is worked out when first asked for, and kept. ValueError for a rule whose month begins on
    another day than the 1st or the 19th.
    """

    def __init__(self, ask: Ask, month: tuple[int, int], rule: Rule, by: By = "community") -> None:
        self.ask = ask
        self.month = month
        self.rule = rule
        self.by = by
        self._rows: dict[tuple[str, int], _Rows] = {}
        self._counted: dict[tuple[Any, ...], pd.DataFrame] = {}
        self._assessed: dict[tuple[str, int], Assessment] = {}

    # ── frames ──────────────────────────────────────────────────────────────────────────────────

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
        """All months that there are, as a rule dates them: the same trip for every month that is looked at."""
        if rule.period_first_day not in FIRST_DAYS:
            raise ValueError(f"an assessed month begins on the 1st or the 19th, not on the {rule.period_first_day}th")
        key = (rule.counted_by, rule.period_first_day)
        if key not in self._rows:
            frame = self.ask(
                "assessment.counts",
                start=EVER[0],
                end=EVER[1],
                counted_by=rule.counted_by,
                first_day=rule.period_first_day,
                by=self.by,
            )
            self._rows[key] = _Rows(
                frame["month_start"].to_numpy(dtype="datetime64[D]"),
                frame["community_code"].to_numpy(dtype=object),
                frame["unit"].to_numpy(dtype=object),
                frame["exclusion"].to_numpy(dtype=object),
                frame[list(COUNTS)].to_numpy(dtype="int64"),
            )
        return self._rows[key]

    def between(self, rule: Rule, start: dt.date, end: dt.date, community: str = "") -> pd.DataFrame:
        """Counts of whole assessed months in [start, end): one row per unit, with ``n_excluded``.

        Excluded petitions (of the rule's reasons) leave everything but ``n_cases``. Every community has
        a row; of units those that had a petition. Petitions of no community or unit are left out.
        """
        reasons = tuple(reason.code for reason in rule.exclusions)
        key = (start, end, rule.counted_by, rule.period_first_day, reasons, community)
        found = self._counted.get(key)
        if found is None:
            found = self._counted[key] = self._between(rule, start, end, community)
            _forget(self._counted, COUNTS_KEPT)
        return found.copy(deep=False)

    def _between(self, rule: Rule, start: dt.date, end: dt.date, community: str) -> pd.DataFrame:
        held = self.rows(rule)
        inside = (held.month >= np.datetime64(start, "D")) & (held.month < np.datetime64(end, "D"))
        if community:
            inside &= held.community == community
        codes = (held.community if self.by == "community" else held.unit)[inside]
        left_out = np.isin(held.exclusion[inside], [reason.code for reason in rule.exclusions])
        counts = held.counts[inside]
        wanted = list(self.names) if self.by == "community" else sorted(set(codes) - {""})
        places = pd.Index(wanted, dtype=object).get_indexer(codes)
        found = np.zeros((len(wanted) + 1, len(COUNTS)), dtype="int64")  # the last row: of no community or unit
        excluded = np.zeros(len(wanted) + 1, dtype="int64")
        np.add.at(excluded, places, np.where(left_out, counts[:, 0], 0))
        counts[left_out, 1:] = 0
        np.add.at(found, places, counts)
        frame = pd.DataFrame(found[:-1], columns=list(COUNTS))
        frame.insert(0, "code", wanted)
        frame.insert(1, "name", [self.names.get(code, code) if self.by == "community" else code for code in wanted])
        return frame.assign(n_excluded=excluded[:-1])

    def counts(self, rule: Rule, months: int | None = None) -> pd.DataFrame:
        """Counts of the rule's window (or of so many months) that ends with the month."""
        return self.between(rule, *rule.window(*self.month, months))

    def whole(self, rule: Rule) -> pd.DataFrame:
        """The same window with nothing excluded from what is counted, and ``n_excluded`` as by the rule."""
        return self.counts(rule.changed(exclusions=())).assign(n_excluded=self.counts(rule)["n_excluded"].to_numpy())

    @cached_property
    def volumes(self) -> pd.DataFrame | None:
        """``code, population, n_petitions, n_petitions_before``: this and the last assessed month; None for units."""
        if self.by != "community":
            return None
        year, month = self.month
        now = self.between(self.rule, *self.rule.window(year, month, 1))
        before = self.between(self.rule, *self.rule.window(year, month - 1, 1))
        return pd.DataFrame(
            {
                "code": now["code"],
                "population": self.places["population"].astype("float64").to_numpy(),
                "n_petitions": now["n_cases"],
                "n_petitions_before": before["n_cases"],
            }
        )

    def points(self, rule: Rule) -> pd.DataFrame:
        """``code, point, cases``: what was approved to add or take in the assessed month itself.

        A month's own and not the window's: counted over a rolling year, one matter would weigh in
        twelve assessments and reach the rule's cap by standing still.
        """
        start, end = rule.window(*self.month, 1)
        return self.ask("assessment.points", start=start, end=end, by=self.by)

    # ── results ─────────────────────────────────────────────────────────────────────────────────

    def assessed(self, rule: Rule | None = None, months: int = 0) -> Assessment:
        """The assessment by a rule (default: the review's own), over its window or so many months."""
        rule = rule or self.rule
        key = (rule.digest, months)
        found = self._assessed.get(key)
        if found is None:
            before = self.between(rule, *rule.window_before(*self.month)) if not months else None
            found = self._assessed[key] = assessing.assess(
                self.counts(rule, months or None),
                rule,
                before=before if before is not None and before["n_valid"].sum() else None,
                volumes=self.volumes,
                points=self.points(rule),
                period=f"{self.month[0]:04d}-{self.month[1]:02d}",
            )
            _forget(self._assessed, RESULTS_KEPT)
        return found

    @property
    def has_callbacks(self) -> bool:
        """Whether the window has any valid call-back: without one the three rates say nothing."""
        return bool(self.counts(self.rule)["n_valid"].sum() > 0)

    @cached_property
    def beside(self) -> pd.DataFrame:
        """Score and estimate over the rule's windows side by side."""
        return assessing.beside({m: self.counts(self.rule, m) for m in self.rule.windows_beside}, self.rule)

    @cached_property
    def signs_of_gaming(self) -> pd.DataFrame:
        """Shares that are worth a look, flagged ones first."""
        return gaming.gaming(self.counts(self.rule), self.rule)

    @cached_property
    def exclusions(self) -> pd.DataFrame:
        """Score with and without exclusions, and the excluded share."""
        return gaming.exclusions(self.counts(self.rule), self.whole(self.rule), self.rule)

    @cached_property
    def adjusted(self) -> pd.DataFrame | None:
        """Resolution adjusted for the mix of cases (``funnel.adjusted``); None for units."""
        if self.by != "community":
            return None
        start, end = self.rule.window(*self.month)
        mix = self.ask("assessment.case_mix", start=start, end=end)
        mix = mix[mix["community_code"] != NO_COMMUNITY]
        if mix.empty:
            return None
        cells = pd.DataFrame(
            {
                "code": mix["community_code"],
                "name": mix["community_code"].map(self.names),
                "cell": mix[["kind", "category_1", "complexity", "channel"]].agg("|".join, axis=1),
                "x": mix["n_resolved"],
                "n": mix["n_valid"],
            }
        )
        return funnel.adjusted(cells, self.rule.confidence)

    # ── months ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def months(self) -> list[tuple[int, int]]:
        """The months of the trend by name, the month itself last."""
        year, month = self.month
        back = [year * 12 + month - 1 - i for i in range(TREND)][::-1]
        return [(place // 12, place % 12 + 1) for place in back]

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """Counts month by month: ``year, month`` and the columns of ``between``, months without petitions left out."""
        parts = []
        for year, month in self.months:
            frame = self.between(self.rule, *self.rule.window(year, month, 1))
            if frame["n_cases"].sum():
                parts.append(frame.assign(year=year, month=month))
        return (
            pd.concat(parts, ignore_index=True) if parts else self.counts(self.rule, 1).iloc[:0].assign(year=0, month=0)
        )

    def series(self, rate: str, codes: list[str] | None = None) -> pd.DataFrame:
        """One unit and month with numerator ``x``, denominator ``n`` of one of ``RATES``, and ``value``."""
        x = rate_numerator(self.monthly, rate, self.rule)
        n = self.monthly["n_valid"].astype("float64")
        frame = self.monthly[["code", "name", "year", "month"]].assign(x=x, n=n, value=np.where(n > 0, x / n, np.nan))
        return frame[frame["code"].isin(codes)].reset_index(drop=True) if codes is not None else frame

    def signs(self, rate: str, target: float | None = None) -> dict[str, Signs]:
        """Unit → variation and assurance of a rate over the months of the trend."""
        return {
            str(code): signs(rows["x"].to_numpy(), rows["n"].to_numpy(), target)
            for code, rows in self.series(rate).groupby("code", sort=False)
        }


def _forget(kept: dict[Any, Any], most: int) -> None:
    """Drop the oldest entries beyond ``most``; threads may do so at once."""
    for key in list(kept)[:-most]:
        kept.pop(key, None)


def rate_numerator(counts: pd.DataFrame, rate: str, rule: Rule) -> pd.Series:
    """What one of ``RATES`` counts of the valid call-backs; 基本满意 at the rule's value."""
    if rate not in RATES:
        raise ValueError(f"no rate {rate!r}; one of {', '.join(RATES)}")
    if rate == "satisfaction":
        return counts["n_satisfied"] + rule.basic_value * counts["n_basic"]
    return counts[{"response": "n_responded", "resolution": "n_resolved"}[rate]].astype("float64")


def latest_month(rule: Rule, as_of: dt.datetime) -> tuple[int, int]:
    """The last assessed month that was over at ``as_of``."""
    year, month = rule.month_of(as_of.date())
    _, end = rule.month(year, month)
    if as_of >= dt.datetime.combine(end, dt.time()):
        return year, month
    place = year * 12 + month - 2
    return place // 12, place % 12 + 1


def parse_month(text: str) -> tuple[int, int]:
    """``2023-06`` as year and month; ValueError for anything else."""
    day = dt.datetime.strptime(text, "%Y-%m")
    return day.year, day.month
