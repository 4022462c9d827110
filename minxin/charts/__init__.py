"""One frozen description of a chart, its palette and its renderers for the screen."""

from minxin.charts.chart import COUNT, PER_10000, RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.palette import Theme
from minxin.charts.screen import config, figure
from minxin.charts.tables import table

__all__ = [
    "COUNT",
    "PER_10000",
    "RATE",
    "Annotation",
    "Chart",
    "Encoding",
    "Kind",
    "Theme",
    "Unit",
    "config",
    "figure",
    "table",
]
