"""One slide being made, and the renderers of slides by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from minxin.charts.chart import Chart
from minxin.charts.registry import Renderers
from minxin.exports.deck import BODY


@dataclass(frozen=True)
class Sheet:
    """A slide with its title in place, waiting for its picture; ``rows`` of a table that this slide shows.

    ``box``: where the picture goes, left, top, width, height in inches.
    """

    slide: Any
    chart: Chart
    shapes: Mapping[str, Any]
    geometry_note: str
    rows: tuple[int, int]
    box: tuple[float, float, float, float] = BODY


Draw = Callable[[Sheet], None]
SLIDES: Renderers[Draw] = Renderers("slides")
