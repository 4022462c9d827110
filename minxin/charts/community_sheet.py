"""One community on one sheet of A4: what the page says, in the order of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from minxin.charts.chart import Chart
from minxin.charts.paper import MARGIN, WIDE, Paper, Place

if TYPE_CHECKING:
    from minxin.charts.community import Profile

_GAP = 0.22
_HALF = (WIDE - 2 * MARGIN - _GAP) / 2
_RIGHT = _HALF + _GAP
#: Columns of lists that paper has room for.
_REPEATS = ("n", "subject", "latest_at")
_INSTRUCTIONS = ("text", "due_on", "state_label", "level_label")
_SIGNS = ("name", "variation", "assurance")


def sheet(page: Profile, instructions: pd.DataFrame | None = None, with_records: bool = True) -> Paper:
    """The sheet of a community; lists of single petitions only ``with_records``."""
    figures = tuple(chart for chart in (page.rates, page.clocks) if chart is not None)
    last = _narrowed(page.repeats, _REPEATS) if with_records else None
    told = _narrowed(page.instructions(instructions), _INSTRUCTIONS)
    places = [
        Place(page.peers(), 0, 3.4, _HALF, 3.5),
        Place(page.trend(), _RIGHT, 3.4, _HALF, 1.76),
        Place(page.work, _RIGHT, 5.22, _HALF, 1.5),
        Place(page.categories, 0, 7.0, _HALF, 1.95),
        Place(page.estates, _RIGHT, 7.0, _HALF, 1.95),
        Place(_narrowed(page.signs, _SIGNS), 0, 9.05, _HALF, 2.1),
    ]
    if last is None:
        places.append(Place(told, _RIGHT, 9.05, _HALF, 2.1))
    else:
        places += [Place(_cut(last, 4), _RIGHT, 9.05, _HALF, 1.15), Place(_cut(told, 2), _RIGHT, 10.25, _HALF, 0.9)]
    return Paper(
        title=f"{page.name}画像　{page.month_name}考核",
        owner=page.place.name,
        lines=page.headline,
        figures=figures,
        places=tuple(places),
        foot=replace(page.clocks, indicators=()).footer(),
        simulated=page.card.about.simulated,
    )


def _narrowed(chart: Chart, names: tuple[str, ...]) -> Chart:
    return replace(chart, headings={k: chart.headings[k] for k in names if k in chart.headings})


def _cut(chart: Chart, rows: int) -> Chart:
    return replace(chart, data=chart.data.head(rows))
