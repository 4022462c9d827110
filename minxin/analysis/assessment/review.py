"""What the rows of ``assessment.counts`` say of one month: by each rule, with the months before it and beside it.

One trip serves every page of the assessment and the command: windows, exclusions and ways of dating are
put together in memory (``counted``), from some thousand rows.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property

import numpy as np
import pandas as pd

from minxin.analysis.assessment import assess as assessing
from minxin.analysis.assessment import funnel, gaming
from minxin.analysis.assessment.assess import Assessment
from minxin.analysis.assessment.counted import Ask, By, Counted, forget
from minxin.analysis.assessment.rules import RATES, Rule
from minxin.analysis.assessment.signs import Signs, signs
from minxin.settings import NO_COMMUNITY

#: Months that a trend shows, and a chart of signs needs.
TREND = 13
#: Results that a review keeps, half a megabyte each: rules are tried out by the hundred.
KEPT = 24


class Review:
    """Communities or units in one assessed month, by whichever rule is asked for.

    ``month``: year and month by name. ``by``: communities, or the units that handle petitions.
    ``counted``: what reviews of the same snapshot, scope and kind of unit share.
    Everything is worked out when first asked for, and kept. ValueError for a rule whose month begins on
    another day than the 1st or the 19th.
    """

    def __init__(
        self, ask: Ask, month: tuple[int, int], rule: Rule, by: By = "community", counted: Counted | None = None
    ) -> None:
        self.ask = ask
        self.month = month
        self.rule = rule
        self.by = by
        self.counted = counted or Counted(ask, by)
        self._assessed: dict[tuple[str, int], Assessment] = {}

    # ── frames ──────────────────────────────────────────────────────────────────────────────────

    @property
    def places(self) -> pd.DataFrame:
        """The viewer's communities without 未归属 (``Counted.places``)."""
        return self.counted.places

    @property
    def names(self) -> dict[str, str]:
        """Code → name of the communities; units are their own names."""
        return self.counted.names

    def between(self, rule: Rule, start: dt.date, end: dt.date) -> pd.DataFrame:
        """Counts of whole assessed months in [start, end), one row per unit (``Counted.between``)."""
        return self.counted.between(rule, start, end)

    def counts(self, rule: Rule, months: int | None = None) -> pd.DataFrame:
        """Counts of the rule's window (or of so many months) that ends with the month."""
        return self.between(rule, *rule.window(*self.month, months))

    def whole(self, rule: Rule) -> pd.DataFrame:
        """The same window with nothing excluded from what is counted, and ``n_excluded`` as by the rule."""
        return self.counts(rule.changed(exclusions=())).assign(n_excluded=self.counts(rule)["n_excluded"].to_numpy())

    def volumes(self, rule: Rule) -> pd.DataFrame | None:
        """``code, population, n_petitions, n_petitions_before``: this and the last month of a rule; None for units."""
        if self.by != "community":
            return None
        year, month = self.month
        now = self.between(rule, *rule.window(year, month, 1))
        before = self.between(rule, *rule.window(year, month - 1, 1))
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
                volumes=self.volumes(rule),
                points=self.points(rule),
                period=f"{self.month[0]:04d}-{self.month[1]:02d}",
            )
            forget(self._assessed, KEPT)
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
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        raise ValueError(f"no month: {text!r}")
    day = dt.datetime.strptime(text, "%Y-%m")
    return day.year, day.month
