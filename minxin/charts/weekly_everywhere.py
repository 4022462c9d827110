"""What a period and its comparison show of all the viewer's communities; a question about one narrows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from minxin.analysis import cells, indicators, trend, unusual
from minxin.analysis.assessment.counted import EVER
from minxin.analysis.indicators import Indicator
from minxin.analysis.periods import Comparison, Period
from minxin.charts.boards import WeeklyBoard
from minxin.charts.once import once
from minxin.settings import NO_COMMUNITY

WEEK = dt.timedelta(days=7)
#: A year back in whole weeks, so that Mondays stay Mondays.
YEAR = 52 * WEEK


class Ask(Protocol):
    """Runs a named block within the viewer's scope."""

    def __call__(self, block: str, /, **parameters: Any) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Span:
    """The Mondays of a trend; those from ``shown_from`` on are drawn, ``end`` is the day after the last."""

    mondays: list[dt.date]
    shown_from: dt.date
    end: dt.date


class Everywhere:
    """Frames of all communities; each is fetched or worked out when it is first asked for, and kept.

    The choice of a community changes nothing here: one trip serves the whole and every community, and
    what is unusual is judged once, over all cells, whichever community somebody looks at.
    """

    def __init__(
        self, ask: Ask, period: Period, comparison: Comparison, as_of: dt.datetime, board: WeeklyBoard
    ) -> None:
        self.ask = ask
        self.period = period
        self.comparison = comparison
        self.as_of = as_of
        self.board = board

    @cached_property
    def first_day(self) -> dt.date:
        """The first day with data, or the day of the data time where there are none."""
        first = self.ask("snapshot.bounds").iloc[0]["first_day"]
        return self.as_of.date() if pd.isna(first) else pd.Timestamp(first).date()

    @cached_property
    def other(self) -> Period | None:
        """What the period is compared with; days before the data begin are not zeros, nothing compares with them."""
        other = self.period.compared(self.comparison, self.as_of)
        return other if other is not None and self.first_day <= other.start else None

    @cached_property
    def places(self) -> pd.DataFrame:
        """The viewer's communities in the deployment's order."""
        return self.ask("snapshot.communities")

    @cached_property
    def names(self) -> dict[str, str]:
        """Code → name of the communities in scope."""
        return dict(zip(self.places["community_code"], self.places["community_name"], strict=True))

    def _cells(self, period: Period) -> pd.DataFrame:
        return cells.gathered(self.ask("indicators.cells", start=period.start, end=period.end))

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One community and category a row."""
        return self._cells(self.period)

    @cached_property
    def cells_before(self) -> pd.DataFrame | None:
        """The same for what it is compared with."""
        return self._cells(self.other) if self.other else None

    @cached_property
    def communities(self) -> pd.DataFrame:
        """One community a row."""
        return cells.by_community(self.cells, self.places)

    @cached_property
    def communities_before(self) -> pd.DataFrame | None:
        """The same for what it is compared with."""
        return None if self.cells_before is None else cells.by_community(self.cells_before, self.places)

    @cached_property
    def total(self) -> pd.DataFrame:
        """The whole range over all communities in one row."""
        return cells.total(self.communities)

    @once
    def measured(self, indicator: Indicator) -> pd.DataFrame:
        """One community a row, measured and compared; 未归属 only where it has something. Not to be changed."""
        rows = indicators.measure(indicator, self.communities)
        if self.communities_before is None:
            rows = rows.assign(change=np.nan, significant=None, verdict="", change_text="")
        else:
            rows = indicators.compare_frame(
                indicator,
                rows,
                indicators.measure(indicator, self.communities_before),
                ["community_code"],
                self.comparison,
                is_settled=indicator.is_settled(self.period.end, self.as_of),
            )
        target = indicator.target(self.period.last)
        rows["target"] = target.value if target else np.nan
        kept = (rows["community_code"] != NO_COMMUNITY) | (rows["value"].fillna(0) > 0)
        return rows[kept].reset_index(drop=True)

    @cached_property
    def span(self) -> Span:
        """The weeks of the trend, with those before that bands and last year need."""
        now = (self.as_of - dt.timedelta(microseconds=1)).date() + dt.timedelta(days=1)
        end = max(min(self.period.end, now), self.period.start + dt.timedelta(days=1))
        last = end - dt.timedelta(days=1)
        monday = last - dt.timedelta(days=last.weekday())
        first = monday - (max(self.board.trend_weeks, -(-self.period.days // 7)) - 1) * WEEK
        back = YEAR if self.comparison == "year_ago" else trend.BASELINE * WEEK
        return Span(cells.mondays(first - back, end), first, end)

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """One community and week a row, those of the trend among them; the last one only up to its end."""
        # all weeks that there are: the same trip for every period that is looked at
        whole = self.ask("indicators.weeks", start=EVER[0], end=EVER[1])
        end = self.span.end
        monday = end - dt.timedelta(days=end.weekday())
        if monday == end or end >= self.as_of.date() + dt.timedelta(days=1):
            return cells.gathered(whole)
        # a week that the end cuts has fewer days than the whole one
        cut = cells.as_week(self.ask("indicators.cells", start=monday, end=end), monday)
        return pd.concat([whole[pd.to_datetime(whole["week_start"]) < pd.Timestamp(monday)], cut], ignore_index=True)

    @cached_property
    def unusual(self) -> pd.DataFrame:
        """Every community and category held against its own weeks before, the most striking first."""
        since = self.period.start - self.board.unusual_weeks * WEEK
        # all days that there are: the same trip for every period that is looked at
        history = self.ask("weekly.history")
        return unusual.unusual(history, self.period, self.as_of, names=self.names, since=since)
