"""The scorecard as chart descriptions, from a review of the assessed month; page and pack both use it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pandas as pd

from minxin.analysis import cells, indicators, wording
from minxin.analysis.assessment import assess as assessing
from minxin.analysis.assessment import messages
from minxin.analysis.assessment.assess import Assessment, Street
from minxin.analysis.assessment.counted import EVER
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.rules import trial_weights
from minxin.analysis.indicators import Indicator
from minxin.charts import scorecard_pictures, scorecard_tables
from minxin.charts.about import About
from minxin.charts.boards import ScorecardBoard
from minxin.charts.chart import RATE, Chart, Unit
from minxin.charts.once import once
from minxin.charts.scorecard_units import SCORE
from minxin.settings import deployment

#: The measure that is made of the three rates; any other is the code of an indicator.
COMPOSITE = "score"
RATE_CODES = ("response_rate", "resolution_rate", "satisfaction_rate")


class Scorecard:
    """One month by one rule and one measure. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, review: Review, about: About, board: ScorecardBoard, measure: str = COMPOSITE) -> None:
        self.review = review
        self.rule = review.rule
        self.about = about
        self.board = board
        self.measure = measure
        self.place = deployment()
        self.word = self.place.area_word if review.by == "community" else "单位"
        year, month = review.month
        self.month_name = f"{year}年{month}月"

    # ── what is assessed ────────────────────────────────────────────────────────────────────────

    @cached_property
    def single(self) -> Indicator | None:
        """The indicator that units are held by where the measure is not the score."""
        return None if self.measure == COMPOSITE else indicators.load()[self.measure]

    @cached_property
    def measures(self) -> dict[str, str]:
        """Measure → name, those that have data: the score where there are call-backs, then single rates."""
        held = indicators.load()
        found = {COMPOSITE: "综合得分"} if self.review.has_callbacks else {}
        if self.review.by == "community":
            total = self.review.ask("indicators.totals", start=EVER[0], end=self.about.as_of.date()).iloc[0]
            found |= {c: held[c].name for c in self.board.single if total[held[c].denominator] > 0}
        return found or {COMPOSITE: "综合得分"}

    def _cells(self, start: dt.date, end: dt.date) -> pd.DataFrame:
        return cells.by_community(self.review.ask("indicators.cells", start=start, end=end), self.review.places)

    def shares(self, indicator: Indicator, start: dt.date, end: dt.date) -> pd.DataFrame:
        """Counts of one rate in the shape of an assessment whose weight lies on resolution alone."""
        cells = self._cells(start, end)
        x, n = cells[indicator.numerator].astype("int64"), cells[indicator.denominator].astype("int64")
        names = {"n_valid": n, "n_responded": x, "n_resolved": x, "n_satisfied": x, "n_basic": 0 * x}
        return pd.DataFrame({"code": cells["community_code"], "name": cells["community_name"], **names})

    @cached_property
    def result(self) -> Assessment:
        """The assessment: by the rule, or by the single rate in its place with everything else of the rule."""
        if self.single is None:
            return self.review.assessed()
        rule = self.rule.changed(weights=trial_weights((0, 1, 0), self.single.code, self.single.name))
        before = self._counts_before
        return assessing.assess(
            self.counts, rule, before=before if before["n_valid"].sum() else None, volumes=self.review.volumes(rule)
        )

    @cached_property
    def street_before(self) -> Street | None:
        """The whole in the window of the same length just before; None where nothing was called back then."""
        counts = self._counts_before
        return assessing.street(counts, self.result.rule) if counts["n_valid"].sum() else None

    @cached_property
    def _counts_before(self) -> pd.DataFrame:
        """What the measure counts in the window of the same length just before."""
        window = self.rule.window_before(*self.review.month)
        return self.review.between(self.rule, *window) if self.single is None else self.shares(self.single, *window)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """What the measure counts in the window of the assessment."""
        window = self.rule.window(*self.review.month)
        return self.review.between(self.rule, *window) if self.single is None else self.shares(self.single, *window)

    @property
    def measure_name(self) -> str:
        return "综合得分" if self.single is None else self.single.name

    @property
    def span(self) -> str:
        """The days that the assessment rests on."""
        start, end = self.rule.window(*self.review.month)
        return (
            f"{self.month_name}考核，滚动 {self.rule.window_months} 个月（{wording.days_text(start, end, year=True)}）"
        )

    @property
    def unit(self) -> Unit:
        """Scores are written in points, single rates in percent."""
        return SCORE if self.single is None else RATE

    def scaled(self, values: Any) -> Any:
        """Shares as they are drawn: scores in points."""
        return values * 100 if self.single is None else values

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: the whole, then how the units stand."""
        if self.single is None:
            whole = messages.street(self.result, self.place.whole_word, "")
        else:
            value = self.result.street["resolution_rate"]
            said = f"{wording.rate_text(value['value'])}（{self.rule.confidence:.0%}区间 "
            limits = wording.interval_text(value["low"], value["high"])
            whole = f"{self.place.whole_word}{self.single.name} {said}{limits.removeprefix('区间').strip()}）"
        return (("全局", whole), ("归类", messages.standing(self.result, self.word)))

    @cached_property
    def chart(self) -> Callable[..., Chart]:
        """Makes a chart of this page (``About.chart``)."""
        return self.about.of(f"{self.month_name}考核", self.rule.title, self.rule.weights.label).chart

    # ── parts ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Indicators that the measure rests on."""
        return RATE_CODES if self.single is None else (self.single.code,)

    @cached_property
    def street(self) -> Chart:
        """The whole in figures: score and its three rates, or the single rate."""
        return scorecard_pictures.street(self)

    @cached_property
    def ranking(self) -> Chart:
        """The units sorted, each with its interval and the line of the whole."""
        return scorecard_pictures.ranking(self)

    @cached_property
    def map(self) -> Chart | None:
        """The communities on the map by the measure; None for units."""
        return scorecard_pictures.area_map(self)

    @cached_property
    def standings(self) -> Chart:
        """One unit a row: score, interval of ranks, class, what pulls it down, what was left out."""
        return scorecard_tables.standings(self)

    @once
    def funnel(self, rate: str) -> Chart:
        """One of the three rates (or the single one) against the number of cases, with the limits of chance."""
        return scorecard_pictures.against_chance(self, rate)

    @once
    def months(self, rate: str) -> Chart:
        """One of the three rates month by month."""
        return scorecard_pictures.months(self, rate)

    @cached_property
    def signs(self) -> Chart:
        """Variation and assurance of the three rates, unit by unit."""
        return scorecard_tables.signs(self)

    @cached_property
    def gaming(self) -> Chart:
        """Shares that are worth looking into."""
        return scorecard_tables.gaming(self)

    @cached_property
    def windows(self) -> Chart:
        """Score over the rule's windows side by side."""
        return scorecard_tables.windows(self)

    @cached_property
    def adjusted(self) -> Chart | None:
        """Resolution by everybody's mix of cases; None where it cannot be said."""
        return scorecard_pictures.adjusted(self)

    @cached_property
    def targets(self) -> Chart | None:
        """The whole against the targets of the month; None where no indicator has one."""
        return scorecard_pictures.targets(self)

    def target(self, rate: str) -> float | None:
        """The target of one of the three rates at the end of the window."""
        target = indicators.load()[f"{rate}_rate"].target(self.rule.window(*self.review.month)[1])
        return None if target is None else target.value

    def charts(self, rate: str = "resolution") -> list[Chart]:
        """Everything on the page in its order, for the pack and the export of the whole page."""
        held: list[Chart | None] = [self.street, self.ranking, self.map, self.standings, self.funnel(rate)]
        held += [self.targets]
        if self.single is None:
            held += [self.months(rate), self.adjusted, self.windows, self.signs, self.gaming]
        return [chart for chart in held if chart is not None]
