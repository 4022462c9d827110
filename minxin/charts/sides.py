"""Bars to both sides of zero (``Kind.DIVERGING``): what every medium needs to know of their rows."""

from __future__ import annotations

from minxin.charts.chart import Chart
from minxin.charts.palette import Colours
from minxin.charts.words import clean


def wide(chart: Chart) -> tuple[list[str], list[tuple[str, list[float | None]]]]:
    """The names in order, and of each part its values in that order; rows of one name and part are added."""
    order = list(dict.fromkeys(chart.names))
    at = {name: i for i, name in enumerate(order)}
    held: dict[str, list[float | None]] = {group: [None] * len(order) for group in chart.groups}
    for name, group, value in zip(chart.names, map(clean, chart.column("series")), chart.column("y"), strict=True):
        if group in held and value is not None:
            held[group][at[name]] = (held[group][at[name]] or 0.0) + value
    return order, list(held.items())


def net(chart: Chart) -> dict[str, tuple[float, str]]:
    """Name → what its parts come to, and that in words with its sign; empty where the chart does not say it."""
    changes = chart.column("change")
    return {
        name: (float(value), chart.unit.difference(value))
        for name, value in zip(chart.names, changes, strict=False)
        if value is not None
    }


def one_sided(chart: Chart) -> bool:
    """Whether no name has two parts on one side, so that each value can stand at the end of its bar."""
    if chart.encoding.change:
        return False
    seen: set[tuple[str, bool]] = set()
    for name, value in zip(chart.names, chart.column("y"), strict=True):
        if value:
            side = (name, value > 0)
            if side in seen:
                return False
            seen.add(side)
    return True


def reach(chart: Chart) -> tuple[float, float]:
    """How far the stacks go left and right of zero."""
    order, parts = wide(chart)
    totals = [
        [sum(min(values[i] or 0.0, 0.0) for _, values in parts) for i in range(len(order))],
        [sum(max(values[i] or 0.0, 0.0) for _, values in parts) for i in range(len(order))],
    ]
    low, high = min(totals[0], default=0.0), max(totals[1], default=0.0)
    return (low, high) if high > low else (0.0, 1.0)


def sides(colours: Colours, count: int) -> list[str]:
    """A colour for each part: one in primary, two in grey and primary, more in the categories' colours."""
    if count <= 2:
        return [colours.calm, colours.primary][2 - count :]
    return [colours.categories[i] if i < len(colours.categories) else colours.calm for i in range(count)]


def unsigned_format(chart: Chart) -> str:
    """The number format of native labels where the side says the sign."""
    unit = chart.unit
    decimals = "." + "0" * unit.decimals if unit.decimals else ""
    plain = f"0{decimals}%" if unit.kind == "rate" else f"0{decimals}" + (f'"{unit.word}"' if unit.word else "")
    return f"{plain};{plain};"
