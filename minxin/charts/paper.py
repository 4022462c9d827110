"""One sheet of paper as a frozen description: a message, figures, and pictures with their places."""

from __future__ import annotations

from dataclasses import dataclass

from minxin.charts.chart import Chart

#: A4 upright, in inches, and the margin around what is printed.
WIDE, HIGH, MARGIN = 8.27, 11.69, 0.45


@dataclass(frozen=True)
class Place:
    """A picture with its title and subtitle above it; ``top`` and the sizes in inches, ``left`` from the margin."""

    chart: Chart
    left: float
    top: float
    wide: float
    high: float


@dataclass(frozen=True)
class Paper:
    """A sheet: ``lines`` are word and sentence; ``figures`` rows of cards under them, from ``figures_top`` on."""

    title: str
    owner: str
    lines: tuple[tuple[str, str], ...]
    figures: tuple[Chart, ...]
    places: tuple[Place, ...]
    foot: str
    simulated: bool
    figures_top: float = 1.52
