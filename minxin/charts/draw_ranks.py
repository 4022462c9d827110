"""Rankings on screen: bars, dots with intervals, bullets, bars to both sides of zero."""

from __future__ import annotations

from minxin.charts.canvas import (
    PLOT_WIDTH,
    SCREEN,
    Canvas,
    extent,
    faded,
    hover,
    mark,
    name_axis,
    one_target,
    safe,
    value_axis,
)
from minxin.charts.chart import Kind
from minxin.charts.sides import net, one_sided, reach, sides
from minxin.charts.words import clean, shorten, width

ROW = 1.9  # height of a row in ems


def _height(canvas: Canvas, rows: int, top: float, bottom: float) -> float:
    return max(rows, 2) * ROW * canvas.font + top + bottom


def _references(canvas: Canvas) -> int:
    """Target and value marks as upright lines; returns how many lines of words stand above the plot."""
    chart = canvas.chart
    lines = [(a.at, a.text) for a in chart.annotations if a.on_value]
    target = one_target(chart)
    if target is not None:
        lines.append((target, f"{chart.target_word} {chart.unit.format(target)}"))
    for level, (at, text) in enumerate(sorted(lines, key=lambda line: float(line[0]))):
        mark(
            canvas,
            "x",
            at,
            text,
            "solid" if text.startswith(chart.target_word) else "dot",
            shift=level * canvas.font * 1.25,
        )
    return len(lines)


def _rows(canvas: Canvas) -> tuple[float, float]:
    names = name_axis(canvas, "y", canvas.chart.names, 13)
    levels = _references(canvas)
    top = 8 + levels * canvas.font * 1.3
    return names + 14, top


def _targets(canvas: Canvas, size: float) -> None:
    chart = canvas.chart
    targets = chart.column("target")
    if targets and one_target(chart) is None:
        canvas.trace(
            "scatter",
            x=targets,
            y=list(range(len(targets))),
            mode="markers",
            marker={"symbol": "line-ns", "size": size, "line": {"width": 2, "color": canvas.colours.text}},
            hoverinfo="skip",
        )


@SCREEN.draws(Kind.BAR)
def bar(canvas: Canvas) -> None:
    """Horizontal bars from zero, in order, the value written at the end of each."""
    _bars(canvas, 0.64)


@SCREEN.draws(Kind.BULLET)
def bullet(canvas: Canvas) -> None:
    """Horizontal bars from zero with each target as an upright stroke."""
    _bars(canvas, 0.44)


def _bars(canvas: Canvas, thick: float) -> None:
    chart, values = canvas.chart, canvas.values
    left, top = _rows(canvas)
    low, high = extent(canvas, True, "target")
    aside = any(t is not None for t in chart.column("target"))  # beside a target, words would stand on its line
    said = [w for w, v in zip(chart.values, values, strict=True) if v is not None]
    words = max(map(width, said), default=3) * canvas.font * 0.94
    room = (high - low) * (0.04 if aside else min(0.45, (words + 8) / 300))
    canvas.trace(
        "bar",
        x=[v or 0 for v in values],
        y=list(range(len(values))),
        orientation="h",
        width=thick,
        marker={"color": canvas.fills()},
        text=["" if aside and v is not None else safe(w) for w, v in zip(chart.values, values, strict=True)],
        textposition="outside",
        textangle=0,
        textfont={
            "size": canvas.font * 0.94,
            "color": [canvas.colours.quiet if v is None else canvas.colours.text for v in values],
        },
        cliponaxis=False,
        constraintext="none",
        hovertext=hover(chart),
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=chart.keys,
        **faded(canvas),
    )
    _targets(canvas, ROW * canvas.font * 0.8)
    canvas.lay(
        xaxis={"range": [low - (room if low < 0 else 0), high + room], "visible": False},
        yaxis={"showline": True, "linecolor": canvas.colours.hairline},
        height=_height(canvas, len(values), top, 8),
    )
    canvas.margins(l=left, r=_value_column(canvas) if aside else 8, t=top, b=8)


def _value_column(canvas: Canvas) -> float:
    """The written values right of the plot, under each other; words for missing ones at the left. Returns px."""
    chart, c = canvas.chart, canvas.colours
    known = [v is not None for v in canvas.values]
    right = max((width(w) for w, k in zip(chart.values, known, strict=True) if k), default=1) * canvas.font * 0.94 + 20
    for i, (words, told) in enumerate(zip(chart.values, known, strict=True)):
        if told:
            canvas.note(
                text=safe(words), x=1, xref="paper", xanchor="right", xshift=right - 6, y=i, yref="y",
                showarrow=False, font={"size": canvas.font * 0.94, "color": c.text},
            )  # fmt: skip
    return right


@SCREEN.draws(Kind.DOT_INTERVAL)
def dot_interval(canvas: Canvas) -> None:
    """Sorted dots with their intervals on a cut scale, values in a column at the right."""
    chart, values, c = canvas.chart, canvas.values, canvas.colours
    left, top = _rows(canvas)
    value_axis(canvas, "x", *extent(canvas, False, "low", "high", "target"))
    rows = list(range(len(values)))
    lows, highs = chart.column("low"), chart.column("high")
    if lows and highs:
        for strong, colour, weight in ((False, c.calm, 2), (True, c.primary, 3)):
            xs, ys = [], []
            for i, chosen in enumerate(chart.strong):
                if chosen is strong and lows[i] is not None and highs[i] is not None:
                    xs += [lows[i], highs[i], None]
                    ys += [i, i, None]
            if xs:
                line = {"color": colour, "width": weight}
                canvas.trace("scatter", x=xs, y=ys, mode="lines", line=line, opacity=0.55, hoverinfo="skip")
    canvas.trace(
        "scatter",
        x=values,
        y=rows,
        mode="markers",
        cliponaxis=False,
        marker={"size": 10, "color": canvas.fills(), "line": {"width": 1.5, "color": c.page}},
        hovertext=hover(chart),
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=chart.keys,
        **faded(canvas),
    )
    _targets(canvas, ROW * canvas.font * 0.8)
    for i, words in enumerate(chart.values):
        if values[i] is None:
            canvas.note(
                text=safe(words), x=0, xref="paper", xanchor="left", xshift=4, y=i, yref="y", showarrow=False,
                font={"size": canvas.font * 0.94, "color": c.quiet},
            )  # fmt: skip
    # An axis from 0 to 1 under nothing would measure what nobody said.
    measured = any(v is not None for v in values) or bool(chart.annotations)
    canvas.lay(
        xaxis={"side": "bottom", "gridcolor": c.hairline, "visible": measured},
        height=_height(canvas, len(values), top, 30),
    )
    canvas.margins(l=left, r=_value_column(canvas), t=top, b=30)


@SCREEN.draws(Kind.DIVERGING)
def diverging(canvas: Canvas) -> None:
    """Parts to both sides of zero, stacked; either what they come to, or each value at its end."""
    chart, values, c = canvas.chart, canvas.values, canvas.colours
    order, groups = list(dict.fromkeys(chart.names)), [clean(g) for g in chart.column("series")]
    at = {name: i for i, name in enumerate(order)}
    together, alone = net(chart), one_sided(chart)
    left = name_axis(canvas, "y", order, 13) + 14
    low, high = reach(chart)
    hovers, keys = hover(chart), chart.keys
    for group, colour in zip(chart.groups, sides(c, len(chart.groups)), strict=True):
        rows = [i for i, g in enumerate(groups) if g == group]
        canvas.trace(
            "bar",
            x=[values[i] or 0 for i in rows],
            y=[at[chart.names[i]] for i in rows],
            orientation="h",
            width=0.64,
            marker={"color": colour, "line": {"width": 1 if together else 0, "color": c.page}},
            text=[safe(chart.values[i]) if alone and values[i] else "" for i in rows],
            textposition="outside",
            textangle=0,
            textfont={"size": canvas.font * 0.94, "color": c.text},
            cliponaxis=False,
            constraintext="none",
            hovertext=[hovers[i] for i in rows],
            hovertemplate="%{hovertext}<extra></extra>",
            customdata=[keys[i] for i in rows],
            name=safe(group),
            **faded(canvas),
        )
    right = 8.0
    if together:
        value_axis(canvas, "x", low, high)
        right = max((width(words) for _, words in together.values()), default=1) * canvas.font * 0.94 + 20
        if len(chart.groups) > 1:
            canvas.trace(
                "scatter",
                x=[together[name][0] if name in together else None for name in order],
                y=list(range(len(order))),
                mode="markers",
                marker={"symbol": "line-ns", "size": ROW * canvas.font * 0.6, "line": {"width": 3, "color": c.text}},
                hoverinfo="skip",
            )
        for name, (_, words) in together.items():
            canvas.note(
                text=safe(words), x=1, xref="paper", xanchor="right", xshift=right - 6, y=at[name], yref="y",
                showarrow=False, font={"size": canvas.font * 0.94, "color": c.text},
            )  # fmt: skip
    else:
        said = max(map(width, chart.values), default=3) * canvas.font * 0.94 + 10
        room = (high - low or 1) * (min(0.3, said / 400) if alone else 0.04)
        canvas.lay(xaxis={"range": [low - (room if low < 0 else 0), high + (room if high > 0 else 0)]})
        canvas.lay(xaxis={"visible": False})
    canvas.shape(type="line", x0=0, x1=0, xref="x", y0=0, y1=1, yref="paper", line={"color": c.quiet, "width": 1})
    top = _series_lines(canvas, left) * canvas.font * 1.5 + 8
    canvas.lay(barmode="relative", xaxis={"side": "bottom"}, height=_height(canvas, len(order), top, 30))
    canvas.margins(l=left, r=right, t=top, b=30 if together else 8)


def _series_lines(canvas: Canvas, left: float) -> int:
    """The parts with their colours above the plot, and what the stroke means; returns how many lines that takes."""
    chart, c = canvas.chart, canvas.colours
    words = [shorten(group, 14) for group in chart.groups]
    parts = [
        f'<span style="color:{colour}">■</span> {safe(word)}'
        for word, colour in zip(words, sides(c, len(words)), strict=True)
    ]
    if chart.encoding.change and len(words) > 1:
        words.append(chart.heading(chart.encoding.change))
        parts.append(f"┃ {safe(words[-1])}")
    lines: list[list[str]] = [[]]
    room, used = PLOT_WIDTH / canvas.small, 0.0
    for word, part in zip(words, parts, strict=True):
        wide = width(word) + 3
        if used and used + wide > room:
            lines.append([])
            used = 0.0
        lines[-1].append(part)
        used += wide
    canvas.note(
        text="<br>".join("　".join(line) for line in lines), x=0, xref="paper", xanchor="left", xshift=-left + 8, y=1,
        yref="paper", yanchor="bottom", yshift=4, showarrow=False, align="left",
        font={"size": canvas.small, "color": c.text},
    )  # fmt: skip
    return len(lines)
