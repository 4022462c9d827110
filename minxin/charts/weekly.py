"""The weekly page as chart descriptions, from the frames of named queries; page and pack both use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from minxin.analysis import cells, counts, indicators
from minxin.analysis.indicators import Indicator
from minxin.analysis.periods import Comparison, Period
from minxin.charts import boards, weekly_figures, weekly_lists, weekly_places, weekly_times
from minxin.charts.about import About
from minxin.charts.boards import WeeklyBoard
from minxin.charts.chart import Chart
from minxin.charts.once import once
from minxin.charts.weekly_everywhere import WEEK, Ask, Everywhere
from minxin.settings import deployment


@dataclass(frozen=True)
class Question:
    """What a page shows: a period, what it is compared with, one community or the whole ('')."""

    period: Period
    comparison: Comparison = "previous"
    community: str = ""


class Weekly:
    """One question's answer. Every part is worked out when it is first asked for, and kept."""

    def __init__(
        self,
        ask: Ask,
        question: Question,
        about: About,
        board: WeeklyBoard | None = None,
        everywhere: Everywhere | None = None,
    ) -> None:
        self.ask = ask
        self.question = question
        self.about = about
        self.board = board or boards.weekly()
        self.period = question.period
        self.everywhere = everywhere or Everywhere(ask, question.period, question.comparison, about.as_of, self.board)
        self.other = self.everywhere.other
        self.place = deployment()

    # ── frames: what all communities share, narrowed to the chosen one ──────────────────────────

    def narrowed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of the chosen community; all where none is chosen."""
        return cells.narrowed(rows, self.question.community)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The whole range in one row."""
        return cells.total(self.narrowed(self.everywhere.communities))

    @cached_property
    def totals_before(self) -> pd.DataFrame | None:
        """The same for what it is compared with."""
        before = self.everywhere.communities_before
        return None if before is None else cells.total(self.narrowed(before))

    @cached_property
    def both_totals(self) -> pd.DataFrame:
        """The whole range in one row, and where it is compared the other in a second one."""
        return pd.concat([f for f in (self.totals, self.totals_before) if f is not None], ignore_index=True)

    @cached_property
    def measured_totals(self) -> dict[str, list[dict[str, Any]]]:
        """Code → that indicator measured over ``both_totals``, row by row."""
        return indicators.measure_many(indicators.load().values(), self.both_totals)

    @cached_property
    def by_category(self) -> pd.DataFrame:
        """One category a row, the most frequent first."""
        return cells.by_category(self.narrowed(self.everywhere.cells))

    @cached_property
    def by_category_before(self) -> pd.DataFrame | None:
        """The same for what it is compared with."""
        before = self.everywhere.cells_before
        return None if before is None else cells.by_category(self.narrowed(before))

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """Weeks up to the end of the period; ``is_shown`` are drawn, those before serve bands and last year."""
        span = self.everywhere.span
        frame = cells.by_week(self.narrowed(self.everywhere.weeks), span.mondays)
        frame["population"] = float(self.totals["population"].iloc[0])
        frame["is_shown"] = [day >= span.shown_from for day in span.mondays]
        first = self.everywhere.first_day
        known = [day + WEEK > first or day >= span.shown_from for day in span.mondays]
        return frame[known].reset_index(drop=True)

    @cached_property
    def late_counts(self) -> pd.DataFrame:
        """One community a row with its open petitions that are overdue, and due soon, at the time of the data."""
        held = self.narrowed(self.ask("weekly.late_counts"))
        accepted = self.everywhere.communities.set_index("community_code")["accepted"]
        return held.assign(accepted=held["community_code"].map(accepted).fillna(0))

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def names(self) -> dict[str, str]:
        """Code → name of the communities in scope."""
        return self.everywhere.names

    @property
    def place_name(self) -> str:
        """The chosen community, or the whole."""
        return self.names.get(self.question.community, self.place.whole_word)

    @cached_property
    def is_partial(self) -> bool:
        """Whether the period was still running when the data were taken."""
        return self.period.is_partial(self.about.as_of)

    def is_settled(self, indicator: Indicator) -> bool:
        """Whether an indicator of this period has stopped moving; until then a fall is no finding."""
        return indicator.is_settled(self.period.end, self.about.as_of)

    @cached_property
    def dispersion(self) -> float:
        """How much more the weekly counts of the chosen area swing than chance alone would make them."""
        whole = self.weeks["week_start"].map(lambda monday: monday + WEEK <= self.about.as_of.date())
        return counts.dispersion(self.weeks.loc[whole, "accepted"])

    @property
    def span(self) -> str:
        """The period, and whether it is still running."""
        return self.period.label + ("，本期未满" if self.is_partial else "")

    @cached_property
    def chart(self) -> Callable[..., Chart]:
        """Makes a chart of the chosen community (``About.chart``)."""
        return self.about.of(self.period.label, self.place_name).chart

    @cached_property
    def chart_of_all(self) -> Callable[..., Chart]:
        """Makes a chart that shows all communities whatever is chosen (``About.chart``)."""
        return self.about.of(self.period.label, self.place.whole_word).chart

    # ── parts ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def measured(self) -> pd.DataFrame:
        """One indicator of the board a row, those that have data first."""
        return weekly_figures.measured(self)

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """The message of the page: word and sentence for what came in, what is late, what is unusual."""
        return weekly_figures.headline(self)

    @cached_property
    def kpis(self) -> Chart:
        """The first indicators that have data."""
        return weekly_figures.row(self, "kpis", self.measured.head(self.board.kpi_row))

    @cached_property
    def more_kpis(self) -> Chart | None:
        """The other indicators, or None where there are none."""
        rest = self.measured.iloc[self.board.kpi_row :]
        return None if rest.empty else weekly_figures.row(self, "more_kpis", rest)

    def choices(self, codes: Sequence[str]) -> dict[str, str]:
        """Code → name of those indicators that the source has data for in this period, at least one."""
        held = indicators.load()
        kept = [c for c in codes if self._with_data.get(c, True)]
        return {c: held[c].name for c in kept or codes[:1]}

    @cached_property
    def _with_data(self) -> dict[str, bool]:
        """Code → whether there is something to show; a figure per head already where one community is counted."""
        known = dict(zip(self.measured["code"], self.measured["has_data"].astype(bool), strict=True))
        counted = bool(self.everywhere.communities["population"].notna().any())
        return known | {c: counted for c, i in indicators.load().items() if i.kind == "per_10000"}

    @once
    def by_community(self, code: str) -> tuple[Chart, Chart]:
        """Map and ranking of the communities by one indicator."""
        return weekly_places.map_and_ranking(self, indicators.load()[code])

    @once
    def over_time(self, code: str) -> Chart:
        """The weeks up to the end of the period by one indicator."""
        return weekly_times.over_time(self, indicators.load()[code])

    @cached_property
    def categories(self) -> Chart:
        """What people asked about, the most frequent first."""
        return weekly_times.categories(self)

    @cached_property
    def category_names(self) -> list[str]:
        """First-level categories of the period, the most frequent first."""
        return self.by_category.loc[self.by_category["accepted"] > 0, "category_1"].tolist()

    @cached_property
    def late(self) -> Chart:
        """The overdue petitions, the longest late on top."""
        return weekly_lists.late(self)

    @cached_property
    def due_soon(self) -> Chart:
        """The petitions whose time runs out next."""
        return weekly_lists.due_soon(self)

    @cached_property
    def unusual(self) -> Chart:
        """Communities × categories that got more than their own history lets expect."""
        return weekly_lists.unusual_cells(self)

    def charts(self, map_code: str = "", trend_code: str = "", with_records: bool = True) -> list[Chart]:
        """Everything on the page in its order, for the pack and for the export of the whole page.

        ``with_records``: whether the lists of single petitions are part of it; not for who sees sums only.
        """
        area, ranking = self.by_community(map_code or next(iter(self.choices(self.board.map))))
        over_time = self.over_time(trend_code or next(iter(self.choices(self.board.trend))))
        sums = [self.kpis, area, ranking, over_time, self.categories, self.unusual]
        return [*sums, self.late, self.due_soon] if with_records else sums
