"""Where the rows of a chart come from: said in the footer of every chart, the same way everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from minxin.analysis import indicators, wording
from minxin.charts.chart import Chart, Encoding, Kind, Unit


@dataclass(frozen=True)
class About:
    """Data time (naive local time), snapshot, whether the data are simulated, and what they were filtered by."""

    as_of: dt.datetime
    snapshot: str
    simulated: bool
    filters: tuple[str, ...] = ()

    def of(self, *filters: str) -> About:
        """The same source, filtered by what these words say."""
        return replace(self, filters=filters)

    def chart(
        self,
        name: str,
        kind: Kind,
        data: pd.DataFrame,
        encoding: Encoding,
        unit: Unit,
        title: str,
        subtitle: str,
        codes: Iterable[str] = (),
        *,
        alt: str = "",
        **more: Any,
    ) -> Chart:
        """A chart of these rows.

        ``codes``: the indicators it rests on; what is none (the score) has no definition to name.
        ``alt``: what those hear who do not see it, by default message and subtitle.
        """
        held = indicators.load()
        return Chart(
            id=name,
            kind=kind,
            data=data,
            encoding=encoding,
            unit=unit,
            title=title,
            subtitle=subtitle,
            alt=alt or f"{title}。{subtitle}",
            indicators=tuple(held[c].name for c in codes if c in held),
            filters=self.filters,
            as_of=wording.moment_text(self.as_of, year=True),
            snapshot=self.snapshot,
            simulated=self.simulated,
            **more,
        )
