"""What the Plotly renderers share: sizes, text, axes, reference lines, the template of a theme."""

from __future__ import annotations

import hashlib
import math
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from minxin.charts.chart import Chart, Unit
from minxin.charts.palette import FONTS, Colours
from minxin.charts.registry import Renderers
from minxin.charts.words import clean, shorten, width, wrap

NO_DATA = "本期无数据"
#: The plot width in px that labels are thinned for: half a page on a small laptop.
PLOT_WIDTH = 560.0


@dataclass(frozen=True)
class Canvas:
    """One figure being drawn: the chart, the colours, the base font size in px, the areas for maps.

    Its parts are plain data until the end: Plotly checks whatever it is given, each time again.
    """

    chart: Chart
    colours: Colours
    font: float
    areas: Mapping[str, Any]
    layout: dict[str, Any] = field(default_factory=dict)
    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def small(self) -> float:
        return self.font * 0.88

    @property
    def values(self) -> list[float | None]:
        return self.chart.column("y")

    def fills(self) -> list[str]:
        """The colour of each row: primary where emphasised, quiet grey elsewhere."""
        return [self.colours.primary if strong else self.colours.calm for strong in self.chart.strong]

    def trace(self, kind: str, **held: Any) -> None:
        """Marks of one kind of Plotly's (``scatter``, ``bar``, ``table``), above those drawn before."""
        self.traces.append({"type": kind, **held})

    def trace_below(self, kind: str, **held: Any) -> None:
        """The same, below all that is drawn already."""
        self.traces.insert(0, {"type": kind, **held})

    def lay(self, **parts: Any) -> None:
        """Add to the layout; parts of an axis or margin that were there stay where they are not named."""
        for name, held in parts.items():
            self.layout[name] = {**self.layout.get(name, {}), **held} if isinstance(held, dict) else held

    def shape(self, **held: Any) -> None:
        self.shapes.append(held)

    def note(self, **held: Any) -> None:
        """Words at a place (a Plotly annotation)."""
        self.notes.append(held)

    def finish(self) -> go.Figure:
        """The figure of all parts.

        Plotly checks what it is given part by part, which takes longer than all the rest; what is drawn
        here is ours, and the tests have Plotly check a figure of every kind.
        """
        drawn = {"shapes": self.shapes, "annotations": self.notes}
        layout = self.layout | {name: parts for name, parts in drawn.items() if parts}
        # Whole px, as Streamlit sets it: a fraction would differ from the figure's own and be drawn again.
        if "height" in layout:
            layout["height"] = round(layout["height"])
        # With it Plotly need not ask whether the data of a second drawing are others: it would assume so.
        layout["datarevision"] = _fingerprint(self.traces)
        drawn = go.Figure(data=self.traces, layout=layout, _validate=False)
        drawn.layout.template = None  # Plotly's own default
        return drawn

    def margins(self, **sides: float) -> None:
        self.lay(margin=dict(sides))


def _fingerprint(traces: list[dict[str, Any]]) -> str:
    return hashlib.blake2b(pickle.dumps(traces), digest_size=8).hexdigest()


Draw = Callable[[Canvas], None]
SCREEN: Renderers[Draw] = Renderers("screen")


def safe(text: Any) -> str:
    """Data text for Plotly, which reads <b>, <a> and &…; in every text."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def look(colours: Colours, font: float = 14) -> dict[str, Any]:
    """What every figure's layout begins with: font, colours, bare axes.

    No Plotly template holds them: Streamlit draws a figure once to mount it and once more with a copy of
    its layout, and Plotly takes the copy of a template (or of ``meta``) for a change that needs all of it
    drawn again.
    """
    axis = {
        "showgrid": False,
        "zeroline": False,
        "linecolor": colours.hairline,
        "gridcolor": colours.hairline,
        "tickcolor": colours.hairline,
        "tickfont": {"size": font * 0.88, "color": colours.quiet},
        "fixedrange": True,
        "ticklabelstandoff": 4,
    }
    return {
        "font": {"family": FONTS, "size": font, "color": colours.text},
        "paper_bgcolor": colours.page,
        "plot_bgcolor": colours.page,
        "colorway": list(colours.categories),
        "xaxis": axis,
        "yaxis": axis,
        "autosize": True,
        "showlegend": False,
        "dragmode": False,
        "clickmode": "event+select",
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": colours.surface,
            "bordercolor": colours.hairline,
            "font": {"family": FONTS, "size": font * 0.94, "color": colours.text},
            "align": "left",
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": colours.quiet, "activecolor": colours.primary},
        "separators": ".,",
    }


def hover(chart: Chart) -> list[str]:
    """What a pointer shows for each row: name, value, interval, cases, target."""
    lows, highs = chart.column("low"), chart.column("high")
    cases, targets = chart.column("n"), chart.column("target")
    groups = [clean(g) for g in chart.column("series")]
    result = []
    for i, (name, value) in enumerate(zip(chart.names, chart.values, strict=True)):
        unit = chart.row_unit(i)
        lines = [f"<b>{safe(name)}</b>" + (f" {safe(groups[i])}" if groups and groups[i] else ""), safe(value)]
        if lows and highs and lows[i] is not None and highs[i] is not None:
            lines.append(f"区间 {unit.format(lows[i])} — {unit.format(highs[i])}")
        if targets and targets[i] is not None:
            lines.append(f"{chart.target_word} {unit.format(targets[i])}")
        if cases and cases[i] is not None:
            lines.append(f"n={cases[i]:,.0f}")
        result.append("<br>".join(lines))
    return result


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from at or below ``low`` to at or above ``high``."""
    if not np.isfinite([low, high]).all() or high <= low:
        return [low]
    raw = (high - low) / max(about - 1, 1)
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * 0.999)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return [float(round(k * step, 12)) for k in np.arange(first, last + 1)]


def tick_words(values: list[float], unit: Unit) -> list[str]:
    """Axis labels with as many decimals as the step needs; the unit on the top one only, % on all."""
    if not values:
        return []
    scale = 100.0 if unit.kind == "rate" else 1.0
    steps = [abs(b - a) * scale for a, b in pairwise(values)] or [1.0]
    places = next((p for p in range(4) if abs(round(min(steps), p) - min(steps)) < 1e-9), 3)
    plain = Unit(unit.kind, "", places if min(steps) < 1e4 or unit.kind == "rate" else None)
    words = [plain.format(v) for v in values]
    if unit.kind != "rate":
        words[-1] += unit.word
    return words


def value_axis(canvas: Canvas, letter: str, low: float, high: float, grid: bool = True) -> list[float]:
    """A measured axis with Chinese tick labels; returns its two ends."""
    places = ticks(low, high)
    ends = [places[0], places[-1]] if len(places) > 1 else [low - 1, low + 1]
    if len(places) > 2 and high < places[-1]:
        ends[1] = high + (high - places[0]) * 0.04
        places = [p for p in places if p <= ends[1]]
    if places[0] < low and len(places) > 2:
        ends[0] = low
        places = [p for p in places if p >= low]
    canvas.lay(
        **{
            f"{letter}axis": {
                "range": ends,
                "tickvals": places,
                "ticktext": tick_words(places, canvas.chart.unit),
                "showgrid": grid,
                "ticks": "",
            }
        }
    )
    return ends


def name_axis(canvas: Canvas, letter: str, names: list[str], ems: float = 12, room: float = PLOT_WIDTH) -> float:
    """A category axis by position (equal names stay apart); returns the width of the widest name in px.

    Names below a plot stand upright. Where they would touch in ``room`` px they take two lines; numbered ones,
    of which the reader knows what lies between, or what has no room in two lines, are left out, never the last.
    """
    shown = [shorten(n, ems) for n in names]
    if letter == "x" and names:
        each = room / len(names) / (canvas.font * 0.94)
        widest = max(map(width, shown))
        step = max(1, math.ceil((widest + 1) / each))
        in_lines = [_in_two(n, each - 0.5) for n in shown]
        if step > 1 and all(in_lines):
            shown = in_lines
        else:
            shown = [n if (len(names) - 1 - i) % step == 0 else "" for i, n in enumerate(shown)]
    canvas.lay(
        **{
            f"{letter}axis": {
                "tickvals": list(range(len(names))),
                "ticktext": ["<br>".join(map(safe, n.split("\n"))) for n in shown],
                "range": [-0.6, len(names) - 0.4] if letter == "x" else [len(names) - 0.4, -0.6],
                "tickfont": {"size": canvas.font * 0.94, "color": canvas.colours.text},
                "tickangle": 0,
                "ticks": "",
                "showline": False,
            }
        }
    )
    return max((width(n) for n in shown), default=0) * canvas.font * 0.94


def _in_two(name: str, ems: float) -> str:
    """A name in one line or two even ones; '' where it does not fit, or carries a number."""
    if any(map(str.isdigit, name)):
        return ""
    lines = [name] if width(name) <= ems else wrap(name, math.ceil(width(name) / 2), 2)
    return "\n".join(lines) if max(map(width, lines)) <= ems and "".join(lines) == name else ""


def beside_names(canvas: Canvas) -> float:
    """The room in px below or above a plot for the names that ``name_axis`` wrote there."""
    words = canvas.layout.get("xaxis", {}).get("ticktext", ())
    return 34 + (canvas.font * 1.2 if any("<br>" in word for word in words) else 0)


def extent(canvas: Canvas, from_zero: bool, *roles: str) -> tuple[float, float]:
    """``extent_of`` the chart on this canvas."""
    return extent_of(canvas.chart, from_zero, *roles)


def extent_of(chart: Chart, from_zero: bool, *roles: str) -> tuple[float, float]:
    """Smallest and largest drawn value with targets and marks; a little room when not from zero."""
    held = [v for role in ("y", *roles) for v in chart.column(role) if v is not None]
    held += [float(a.at) for a in chart.annotations if a.on_value]
    numbers = [float(v) for v in held if np.isfinite(float(v))]
    if not numbers:
        return 0.0, 1.0
    low, high = min(numbers), max(numbers)
    if from_zero:
        return min(low, 0.0), max(high, 0.0) or 1.0
    room = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
    low, high = low - room, high + room
    if chart.unit.kind == "rate":
        low, high = max(low, 0.0), min(high, 1.0) if max(numbers) <= 1 else high
    elif min(numbers) >= 0:
        low = max(low, 0.0)
    return low, high


def mark(canvas: Canvas, letter: str, at: Any, text: str, dash: str = "dot", place: str = "", shift: float = 0) -> None:
    """A thin line across the plot at a value or place, with its words at the end.

    ``letter`` is the axis on which ``at`` lies; words stand above a vertical line, right of a horizontal one.
    """
    c, upright = canvas.colours, letter == "x"
    other = "y" if upright else "x"
    line = {"color": c.quiet, "width": 1.2, "dash": dash}
    ends = {f"{letter}0": at, f"{letter}1": at, f"{other}0": 0, f"{other}1": 1}
    canvas.shape(type="line", **ends, **{f"{other}ref": "paper", f"{letter}ref": letter}, line=line)
    words = {"text": safe(text), "showarrow": False, "font": {"size": canvas.small, "color": c.quiet}}
    if upright:
        words |= {"x": at, "xref": "x", "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 2 + shift}
        words |= {"xanchor": place or "center"}
    else:
        words |= {"y": at, "yref": "y", "x": 1, "xref": "paper", "xanchor": "left", "xshift": 6, "yshift": shift}
        words |= {"yanchor": "middle"}
    canvas.note(**words)


def faded(canvas: Canvas) -> dict[str, Any]:
    """How marks look that a click did and did not choose: the others paler, all words readable.

    Both sides must be told, otherwise plotly.js fails on the missing one.
    """
    return {
        "selected": {"marker": {"opacity": 1}, "textfont": {"color": canvas.colours.text}},
        "unselected": {"marker": {"opacity": 0.45}, "textfont": {"color": canvas.colours.quiet}},
    }


def one_target(chart: Chart) -> float | None:
    """The target when all rows have the same one."""
    held = {float(t) for t in chart.column("target") if t is not None}
    return held.pop() if len(held) == 1 else None


def spread(places: list[float], apart: float) -> list[float]:
    """Positions moved as little as needed to stand ``apart``, order kept (pool adjacent violators)."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    blocks: list[list[float]] = []  # wanted first position, members
    for rank, i in enumerate(order):
        blocks.append([places[i] - rank * apart, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            start, count = blocks.pop()
            before, held = blocks.pop()
            blocks.append([(before * held + start * count) / (held + count), held + count])
    result, rank = [0.0] * len(places), 0
    for start, count in blocks:
        for _ in range(int(count)):
            result[order[rank]] = start + rank * apart
            rank += 1
    return result


def nothing(canvas: Canvas) -> None:
    """The picture of a chart without rows."""
    canvas.lay(xaxis={"visible": False}, yaxis={"visible": False}, height=160)
    canvas.note(
        text=NO_DATA, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False,
        font={"size": canvas.font * 1.15, "color": canvas.colours.quiet},
    )  # fmt: skip
