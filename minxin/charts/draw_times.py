"""Change over time or order on screen: lines, columns, stacked columns, small multiples."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from minxin.charts.canvas import (
    SCREEN,
    Canvas,
    beside_names,
    extent,
    faded,
    hover,
    mark,
    name_axis,
    one_target,
    safe,
    spread,
    ticks,
    value_axis,
)
from minxin.charts.chart import Chart, Kind
from minxin.charts.palette import part_colour, risk_of
from minxin.charts.words import clean, is_moment, missing, moment, shorten, width

HEIGHT = 22.0  # of a chart in ems
#: Width in px that is left for columns with their parts named beside them, in a narrow panel of a notebook.
BESIDE_WORDS = 340.0
#: How grey lines differ that cross each other.
DASHES = ("solid", "dash", "dot")


def _is_time(chart: Chart) -> bool:
    held = [v for v in chart.column("x") if v is not None]
    return bool(held) and all(map(is_moment, held))


def _time_axis(canvas: Canvas, values: list[Any]) -> None:
    """A real time axis whose labels are days that occur, at most seven, or whole months, at most five."""
    days = sorted({pd.Timestamp(v) for v in values if v is not None})
    by_month = canvas.chart.by_month
    # A month is said with its year, which takes more room.
    step = max(1, math.ceil(len(days) / (5 if by_month else 7)))
    shown = days[::-1][::step][::-1]
    with_year = canvas.chart.with_year and not by_month
    words = [moment(d, by_month=by_month) for d in shown]
    if with_year:
        years = [d.year for d in shown]
        words = [
            f"{w}<br>{d.year}年" if i == 0 or years[i] != years[i - 1] else w
            for i, (d, w) in enumerate(zip(shown, words, strict=True))
        ]
    span = (days[-1] - days[0]) if len(days) > 1 else pd.Timedelta(days=1)
    canvas.lay(
        xaxis={
            "type": "date",
            "tickvals": shown,
            "ticktext": words,
            "range": [days[0] - span * 0.015, days[-1] + span * 0.015],
            "showline": True,
        }
    )


def _lines(canvas: Canvas) -> list[tuple[str, list[int], bool]]:
    """Series name, its rows, whether emphasised; the whole (unnamed) first, emphasised last."""
    chart = canvas.chart
    groups = [clean(g) for g in chart.column("series")] or [""] * len(chart.rows)
    names = list(dict.fromkeys(groups)) if "" not in groups else ["", *chart.groups]
    wanted = [n for n in chart.groups if n in names]
    names = ([""] if "" in names else []) + wanted
    held = [(n, [i for i, g in enumerate(groups) if g == n]) for n in names]
    with_strength = [(n, rows, any(chart.strong[i] for i in rows)) for n, rows in held if rows]
    return sorted(with_strength, key=lambda item: item[2]) if chart.encoding.emphasis else with_strength


def _series_colour(canvas: Canvas, name: str, position: int, count: int, strong: bool) -> str:
    c = canvas.colours
    if canvas.chart.encoding.emphasis or count == 1:
        return c.primary if strong else c.calm
    return c.categories[position] if position < len(c.categories) else c.calm


@SCREEN.draws(Kind.LINE)
def line(canvas: Canvas) -> None:
    """Lines with their name and last value at the end; intervals of an emphasised line as a band."""
    chart, c, values = canvas.chart, canvas.colours, canvas.values
    timed = _is_time(chart)
    raw = chart.column("x")
    if timed:
        places: list[Any] = raw
        _time_axis(canvas, raw)
    else:
        order = list(dict.fromkeys(chart.names))
        places = [order.index(n) for n in chart.names]
        name_axis(canvas, "x", order, 8)
    from_zero = chart.unit.kind != "rate"
    held = extent(canvas, from_zero, "low", "high", "target")
    axis = _rank_axis(canvas, held[1]) if chart.ranks else value_axis(canvas, "y", *held)
    lines = _lines(canvas)
    hovers, keys = hover(chart), chart.keys
    ends: list[tuple[float, str, str, bool]] = []
    lows, highs = chart.column("low"), chart.column("high")
    for position, (name, rows, strong) in enumerate(lines):
        colour = _series_colour(canvas, name, position, len(lines), strong)
        xs, ys = [places[i] for i in rows], [values[i] for i in rows]
        if lows and highs and strong:
            _band(canvas, xs, [lows[i] for i in rows], [highs[i] for i in rows], colour)
        known = [k for k, v in enumerate(ys) if v is not None]
        lonely = len(known) == 1
        canvas.trace(
            "scatter",
            x=xs,
            y=ys,
            mode="lines+markers",
            connectgaps=False,
            line={"color": colour, "width": 3 if strong else 1.6, "dash": _dash(chart, name)},
            marker={
                "color": colour,
                "size": [9 if lonely or (known and k == known[-1]) else 4 if strong else 1 for k in range(len(ys))],
            },
            hovertext=[hovers[i] for i in rows],
            hovertemplate="%{hovertext}<extra></extra>",
            customdata=[keys[i] for i in rows],
            name=safe(name),
        )
        if known:
            last = rows[known[-1]]
            said = chart.values[last]
            words = f"{shorten(name, 9)} {said}" if name else (said if len(lines) == 1 else f"全部 {said}")
            ends.append((float(values[last] or 0), words, c.text if strong else c.quiet, strong))
    target = one_target(chart)
    if target is not None:
        mark(canvas, "y", target, "", "solid")
        ends.append((target, f"目标 {chart.unit.format(target)}", c.quiet, False))
    for note in chart.annotations:
        if note.on_value:
            mark(canvas, "y", note.at, "")
            ends.append((float(note.at), clean(note.text), c.quiet, False))
    right = _end_words(canvas, ends, axis)
    top = _place_notes(canvas, places, timed)
    canvas.lay(height=HEIGHT * canvas.font + top)
    canvas.margins(
        l=_left(canvas),
        r=right,
        t=top + 10,
        b=48 if chart.with_year and timed and not chart.by_month else beside_names(canvas) - 2,
    )


def _dash(chart: Chart, name: str) -> str:
    return DASHES[min(chart.quiet_lines.get(name, 0), len(DASHES) - 1)]


def _rank_axis(canvas: Canvas, last: float) -> list[float]:
    """An axis of ranks, the first on top; returns its lower and upper end."""
    places = [1.0, *(p for p in ticks(0.0, max(last, 4.0)) if 1 < p <= last and p.is_integer())]
    ends = [max(last, 2.0) + 0.5, 0.5]
    words = [canvas.chart.unit.format(p) for p in places]
    canvas.lay(yaxis={"range": ends, "tickvals": places, "ticktext": words, "showgrid": True, "ticks": ""})
    return ends


def _left(canvas: Canvas) -> float:
    words = canvas.layout.get("yaxis", {}).get("ticktext", ())
    return max((width(w) for w in words), default=2) * canvas.small + 14


def _band(canvas: Canvas, xs: list[Any], lows: list[Any], highs: list[Any], colour: str) -> None:
    known = [i for i in range(len(xs)) if lows[i] is not None and highs[i] is not None]
    if len(known) < 2:
        return
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    canvas.trace(
        "scatter",
        x=[xs[i] for i in known] + [xs[i] for i in reversed(known)],
        y=[lows[i] for i in known] + [highs[i] for i in reversed(known)],
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.14)",
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
    )


def _end_words(canvas: Canvas, ends: list[tuple[float, str, str, bool]], axis: list[float]) -> float:
    """Words at the right end of lines, moved apart; returns the right margin in px."""
    plot = HEIGHT * canvas.font - 42
    scale = plot / ((axis[-1] - axis[0]) or 1)
    wanted = [e[0] * scale for e in ends]
    for (value, words, colour, strong), place in zip(ends, spread(wanted, canvas.font * 1.2), strict=True):
        canvas.note(
            text=f"<b>{safe(words)}</b>" if strong else safe(words),
            x=1, xref="paper", xanchor="left", xshift=8, y=value, yref="y", yanchor="middle",
            yshift=place - value * scale, showarrow=False, font={"size": canvas.font * 0.94, "color": colour},
        )  # fmt: skip
    return max((width(e[1]) for e in ends), default=1) * canvas.font * 0.98 + 18


def _place_notes(canvas: Canvas, places: list[Any], timed: bool) -> float:
    """Marks at a day or category with their words above the plot; returns the room they need in px."""
    chart = canvas.chart
    notes = [a for a in chart.annotations if not a.on_value]
    held = sorted({pd.Timestamp(p) for p in places if p is not None}) if timed else []
    names = list(dict.fromkeys(chart.names))
    level = 0
    for note in notes:
        if timed:
            if not (is_moment(note.at) and held[0] <= pd.Timestamp(note.at) <= held[-1]):
                continue
            at: Any = pd.Timestamp(note.at)
            late = (at - held[0]) > (held[-1] - held[0]) * 0.6
        else:
            name = chart.text(note.at, chart.with_year)
            if name not in names:
                continue
            at = names.index(name)
            late = at > len(names) * 0.6
        mark(canvas, "x", at, note.text, "dot", "right" if late else "left", level * canvas.font * 1.25)
        level += 1
    return level * canvas.font * 1.3


@SCREEN.draws(Kind.COLUMN)
def column(canvas: Canvas) -> None:
    """Columns from zero with the value above each (only the first, last and extremes when there are many)."""
    chart, values = canvas.chart, canvas.values
    name_axis(canvas, "x", chart.names, 7)
    low, high = extent(canvas, True, "target")
    places = ticks(low, high)
    crowded = len(values) > 16
    told = _told(values) if crowded else set(range(len(values)))
    words = [safe(w) if i in told else "" for i, w in enumerate(chart.values)]
    canvas.trace(
        "bar",
        x=list(range(len(values))),
        y=[v or 0 for v in values],
        width=0.66,
        marker={"color": canvas.fills()},
        text=words,
        textposition="outside",
        textangle=0,
        textfont={"size": canvas.small, "color": canvas.colours.text},
        constraintext="none",
        cliponaxis=False,
        hovertext=hover(chart),
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=chart.keys,
        **faded(canvas),
    )
    target = one_target(chart)
    right = 12.0
    if target is not None:
        mark(canvas, "y", target, f"目标 {chart.unit.format(target)}", "solid")
        right = width(f"目标 {chart.unit.format(target)}") * canvas.small + 14
    for note in chart.annotations:
        if note.on_value:
            mark(canvas, "y", note.at, note.text)
            right = max(right, width(clean(note.text)) * canvas.small + 14)
    top = _place_notes(canvas, [], False)
    canvas.lay(
        height=HEIGHT * canvas.font + top,
        xaxis={"showline": True},
        yaxis={"range": [places[0], places[-1] + (places[-1] - places[0]) * 0.06], "visible": False},
    )
    canvas.margins(l=12, r=right, t=top + 14, b=beside_names(canvas))


def _told(values: list[float | None]) -> set[int]:
    """The columns that say their value among many: the last, the highest, the lowest, never two close together."""
    known = {i: v for i, v in enumerate(values) if v is not None}
    told = set(list(known)[-1:])
    for wanted in (max(known.values(), default=0.0), min(known.values(), default=0.0)):
        told |= set([i for i, v in known.items() if v == wanted and all(abs(i - t) > 2 for t in told)][:1])
    return told


@SCREEN.draws(Kind.STACKED_COLUMN)
def stacked_column(canvas: Canvas) -> None:
    """Stacked columns from zero, at most five parts, their names beside the last column."""
    chart, values, c = canvas.chart, canvas.values, canvas.colours
    order = list(dict.fromkeys(chart.names))
    name_axis(canvas, "x", order, 7, BESIDE_WORDS)
    groups = [clean(g) for g in chart.column("series")]
    totals = [0.0] * len(order)
    hovers, keys, ends = hover(chart), chart.keys, []
    for position, group in enumerate(chart.groups):
        rows = [i for i, g in enumerate(groups) if g == group]
        colour, risk = part_colour(group, position, c), risk_of(group, c)
        xs = [order.index(chart.names[i]) for i in rows]
        canvas.trace(
            "bar",
            x=xs,
            y=[values[i] or 0 for i in rows],
            width=0.66,
            # yellow alone is too pale on white: a risk class has a dark outline
            marker={"color": colour, "line": {"width": 1, "color": c.text if risk else c.page}},
            hovertext=[hovers[i] for i in rows],
            hovertemplate="%{hovertext}<extra></extra>",
            customdata=[keys[i] for i in rows],
            name=safe(group),
            **faded(canvas),
        )
        last = next((values[i] or 0.0 for i, x in zip(rows, xs, strict=True) if x == len(order) - 1), 0.0)
        ends.append((totals[-1] + last / 2, shorten(group, 9), "" if risk else colour))
        for i, x in zip(rows, xs, strict=True):
            totals[x] += values[i] or 0.0
    places = value_axis(canvas, "y", 0.0, max(totals) or 1.0)
    plot = HEIGHT * canvas.font - 56
    scale = plot / ((places[-1] - places[0]) or 1)
    for (middle, words, colour), place in zip(
        ends, spread([e[0] * scale for e in ends], canvas.font * 1.25), strict=True
    ):
        canvas.note(
            # a risk class says its own shape
            text=f'<span style="color:{colour}">■</span> {safe(words)}' if colour else safe(words), x=1, xref="paper",
            xanchor="left", xshift=4, y=middle, yref="y", yshift=place - middle * scale, showarrow=False,
            font={"size": canvas.font * 0.94},
        )  # fmt: skip
    top = _place_notes(canvas, [], False)
    canvas.lay(barmode="stack", height=HEIGHT * canvas.font + top, xaxis={"showline": True})
    right = max((width(e[1]) for e in ends), default=1) * canvas.font * 0.94 + canvas.font * 2
    canvas.margins(l=_left(canvas), r=right, t=top + 14, b=beside_names(canvas))


@SCREEN.draws(Kind.SMALL_MULTIPLES)
def small_multiples(canvas: Canvas) -> None:
    """One small line a panel on one scale for all; the whole stands grey behind each.

    All panels lie on one pair of axes: 21 pairs would take the browser ten times as long.
    """
    chart, c, values = canvas.chart, canvas.colours, canvas.values
    groups = [clean(g) for g in chart.column("series")]
    panels = chart.groups
    xs_all = sorted({pd.Timestamp(v) if is_moment(v) else v for v in chart.column("x") if not missing(v)})
    rank = {v: i / max(len(xs_all) - 1, 1) for i, v in enumerate(xs_all)}
    low, high = extent(canvas, chart.unit.kind != "rate", "target")
    places = ticks(low, high, 3)
    low, high = places[0], places[-1]

    def across(value: Any) -> float:
        return rank.get(pd.Timestamp(value) if is_moment(value) else value, 0.0)

    def up(value: float | None, base: float) -> float | None:
        return None if value is None else base + (value - low) / ((high - low) or 1)

    columns = min(7, max(1, math.ceil(math.sqrt(len(panels) * 1.6))))
    lines = math.ceil(len(panels) / columns) or 1
    wide, high_box, gap_x, gap_y = 1.0, 1.0, 0.16, 0.62
    raw, hovers, keys = chart.column("x"), hover(chart), chart.keys
    whole = [i for i, g in enumerate(groups) if not g]
    back_x: list[float | None] = []
    back_y: list[float | None] = []
    rule_x: list[float | None] = []
    rule_y: list[float | None] = []
    target = one_target(chart)
    for number, panel in enumerate(panels):
        left = (number % columns) * (wide + gap_x)
        base = -(number // columns) * (high_box + gap_y)
        for i in whole:
            back_x.append(left + across(raw[i]))
            back_y.append(up(values[i], base))
        back_x.append(None)
        back_y.append(None)
        rule_x += [left, left + wide, None]
        rule_y += [base, base, None]
        if target is not None:
            rule_x += [left, left + wide, None]
            rule_y += [up(target, base), up(target, base), None]
        rows = [i for i, g in enumerate(groups) if g == panel]
        strong = any(chart.strong[i] for i in rows)
        known = [i for i in rows if values[i] is not None]
        colour = c.primary if strong else c.quiet
        canvas.trace(
            "scatter",
            x=[left + across(raw[i]) for i in rows],
            y=[up(values[i], base) for i in rows],
            mode="lines+markers",
            line={"color": colour, "width": 2.4 if strong else 1.8},
            marker={"color": colour, "size": [6 if known and i == known[-1] else 1 for i in rows]},
            hovertext=[hovers[i] for i in rows],
            hovertemplate="%{hovertext}<extra></extra>",
            customdata=[keys[i] for i in rows],
        )
        said = chart.values[known[-1]] if known else (chart.values[rows[-1]] if rows else "")
        for words, x, anchor, bold in ((shorten(panel, 7), left, "left", strong), (said, left + wide, "right", True)):
            canvas.note(
                text=f"<b>{safe(words)}</b>" if bold else safe(words), x=x, xanchor=anchor, y=base + 1.08,
                yanchor="bottom", showarrow=False, font={"size": canvas.small, "color": c.text},
            )  # fmt: skip
    canvas.trace_below(
        "scatter",
        x=back_x,
        y=back_y,
        mode="lines",
        line={"color": c.calm, "width": 1.2, "dash": "dot"},
        hoverinfo="skip",
    )
    canvas.trace_below(
        "scatter", x=rule_x, y=rule_y, mode="lines", line={"color": c.hairline, "width": 1}, hoverinfo="skip"
    )
    canvas.lay(
        xaxis={"visible": False, "range": [-0.03, columns * (wide + gap_x) - gap_x + 0.03]},
        yaxis={"visible": False, "range": [-(lines - 1) * (high_box + gap_y) - 0.08, high_box + 0.52]},
        height=lines * canvas.font * 7.2 + canvas.font * 2,
    )
    span = [chart.text(xs_all[i], chart.with_year, chart.by_month) for i in (0, -1)] if xs_all else []
    ends = f"{' — '.join(span)} · " if span else ""
    scale = f"{ends}各图同一刻度：{chart.unit.format(low)} — {chart.unit.format(high)}"
    if whole:
        scale += " · 点线为总体"
    if target is not None:
        scale += f" · 细线为目标 {chart.unit.format(target)}"
    canvas.note(
        text=scale, x=0, xref="paper", xanchor="left", y=0, yref="paper", yanchor="top", yshift=-4, showarrow=False,
        font={"size": canvas.small, "color": c.quiet},
    )  # fmt: skip
    canvas.margins(l=4, r=4, t=4, b=canvas.font * 2)
