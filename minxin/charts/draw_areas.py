"""Areas and cells on screen: map, tile grid, heatmap, funnel plot."""

from __future__ import annotations

from minxin.charts import geometry
from minxin.charts.canvas import (
    SCREEN,
    Canvas,
    beside_names,
    extent,
    hover,
    mark,
    name_axis,
    safe,
    spread,
    tick_words,
    ticks,
    value_axis,
)
from minxin.charts.chart import PLAIN_COUNT, Kind
from minxin.charts.fills import fills, short_names
from minxin.charts.palette import classes, risk_of, text_on
from minxin.charts.words import clean, shorten, width


@SCREEN.draws(Kind.MAP)
def area_map(canvas: Canvas) -> None:
    """The map as filled outlines, for pictures; pages show it with minxin.charts.maps."""
    chart, c = canvas.chart, canvas.colours
    filled, hovers = fills(chart, c), dict(zip(chart.keys, hover(chart), strict=True))
    strong = {k for k, s in zip(chart.keys, chart.strong, strict=True) if s and chart.encoding.emphasis}
    areas = geometry.outline(canvas.areas, 720, 560, 6)
    names = short_names([a.name for a in areas])
    texts = []
    for area, name in sorted(zip(areas, names, strict=True), key=lambda pair: pair[0].key in strong):
        fill = filled.get(area.key)
        colour = fill.colour if fill else c.few
        xs, ys = [], []
        for polygon in area.polygons:
            for ring in polygon:
                xs += [p[0] for p in ring] + [None]
                ys += [-p[1] for p in ring] + [None]
        edge = {"color": c.text if area.key in strong else c.page, "width": 3 if area.key in strong else 1.4}
        canvas.trace("scatter", x=xs, y=ys, mode="lines", fill="toself", fillcolor=colour, line=edge, hoverinfo="skip")
        label = geometry.label(area, name, fill.text if fill else "", canvas.small)
        if label:
            texts.append((label.x, -label.y, "<br>".join(map(safe, label.lines)), text_on(colour)))
    canvas.trace(
        "scatter",
        x=[t[0] for t in texts],
        y=[t[1] for t in texts],
        mode="text",
        text=[t[2] for t in texts],
        textfont={"size": canvas.small, "color": [t[3] for t in texts]},
        hoverinfo="skip",
    )
    canvas.trace(
        "scatter",
        x=[a.anchor[0] for a in areas],
        y=[-a.anchor[1] for a in areas],
        mode="markers",
        marker={"size": 30, "opacity": 0},
        hovertext=[hovers.get(a.key, safe(a.name)) for a in areas],
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=[a.key for a in areas],
    )
    canvas.lay(
        xaxis={"visible": False, "range": [0, 720], "constrain": "domain"},
        yaxis={"visible": False, "range": [-560, 0], "scaleanchor": "x", "constrain": "domain"},
        height=560,
    )
    canvas.margins(l=4, r=4, t=4, b=4)


@SCREEN.draws(Kind.TILE_GRID)
def tile_grid(canvas: Canvas) -> None:
    """Equal tiles that keep neighbours near, with name and value in each."""
    chart, c = canvas.chart, canvas.colours
    places = geometry.tiles(canvas.areas)
    filled = fills(chart, c)
    names = dict(zip(chart.keys, short_names(chart.names), strict=True))
    shown = [k for k in chart.keys if k in places]
    for key in shown:
        row, column = places[key]
        canvas.shape(
            type="rect", x0=column - 0.47, x1=column + 0.47, y0=-row - 0.47, y1=-row + 0.47, layer="below",
            fillcolor=filled[key].colour, line={"width": 0},
        )  # fmt: skip
    hovers = dict(zip(chart.keys, hover(chart), strict=True))
    canvas.trace(
        "scatter",
        x=[places[k][1] for k in shown],
        y=[-places[k][0] for k in shown],
        mode="markers+text",
        marker={"size": 40, "opacity": 0},
        text=[f"<b>{safe(shorten(names[k], 6))}</b><br>{safe(shorten(filled[k].text, 8))}" for k in shown],
        textfont={"size": canvas.font * 0.94, "color": [text_on(filled[k].colour) for k in shown]},
        hovertext=[hovers[k] for k in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=shown,
    )
    rows = max((p[0] for p in places.values()), default=0) + 1
    columns = max((p[1] for p in places.values()), default=0) + 1
    canvas.lay(
        xaxis={"visible": False, "range": [-0.55, columns - 0.45]},
        yaxis={"visible": False, "range": [-rows + 0.45, 0.55]},
        height=rows * canvas.font * 5,
    )
    canvas.margins(l=4, r=4, t=4, b=4)


@SCREEN.draws(Kind.HEATMAP)
def heatmap(canvas: Canvas) -> None:
    """Shaded cells, series down, x across, the value in each cell where it fits."""
    chart, c = canvas.chart, canvas.colours
    across, down = list(dict.fromkeys(chart.names)), chart.groups
    groups = [clean(g) for g in chart.column("series")]
    spots = [(across.index(n), down.index(g)) if g in down else None for n, g in zip(chart.names, groups, strict=True)]
    filled = classes(canvas.values)
    steps = filled.colours(c.ramp)
    # Without a status an empty cell is nothing to speak of; with one it is too little, or not known.
    blank = c.few if chart.encoding.status else c.page
    # a cell that says a risk class has the colour of that class
    risks = [risk_of(said, c) for said in chart.values]
    colours_ = [
        risk.colour if risk else (blank if k is None else steps[k]) for risk, k in zip(risks, filled.index, strict=True)
    ]
    for spot, colour in zip(spots, colours_, strict=True):
        if spot and colour != c.page:
            canvas.shape(
                type="rect", x0=spot[0] - 0.48, x1=spot[0] + 0.48, y0=spot[1] - 0.46, y1=spot[1] + 0.46,
                fillcolor=colour, line={"width": 0}, layer="below",
            )  # fmt: skip
    held = [i for i, s in enumerate(spots) if s]
    hovers, narrow = hover(chart), len(across) > 14
    short = [_short(chart.values[i], chart.unit.word) for i in held]
    canvas.trace(
        "scatter",
        x=[spots[i][0] for i in held],  # type: ignore[index]
        y=[spots[i][1] for i in held],  # type: ignore[index]
        mode="markers+text",
        marker={"size": 16, "opacity": 0},
        text=["" if narrow else safe(t) for t in short],
        textfont={"size": canvas.small, "color": [text_on(colours_[i]) for i in held]},
        hovertext=[hovers[i] for i in held],
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=[chart.keys[i] for i in held],
    )
    name_axis(canvas, "x", across, 6)
    left = name_axis(canvas, "y", down, 12)
    canvas.lay(xaxis={"side": "top"}, height=max(len(down), 2) * canvas.font * 2.2 + 10 + beside_names(canvas))
    canvas.margins(l=left + 14, r=8, t=beside_names(canvas), b=8)


def _short(text: str, word: str) -> str:
    return text.removesuffix(word) if word != "%" else text


@SCREEN.draws(Kind.FUNNEL_PLOT)
def funnel_plot(canvas: Canvas) -> None:
    """Rate against number of cases with the limits that chance alone would keep (Spiegelhalter 2005)."""
    chart, c, values = canvas.chart, canvas.colours, canvas.values
    cases = [float(n) if n is not None else None for n in chart.column("n")]
    order = sorted((i for i, n in enumerate(cases) if n is not None), key=lambda i: cases[i] or 0)
    value_axis(canvas, "y", *extent(canvas, False, "low", "high", "outer_low", "outer_high", "target"))
    widest = max((n for n in cases if n is not None), default=1.0)
    across = ticks(0, widest * 1.04)
    ends: list[tuple[float, str]] = []
    for pair, dash, words in ((("low", "high"), "dash", "95%界限"), (("outer_low", "outer_high"), "dot", "99.8%界限")):
        for role in pair:
            held = chart.column(role)
            points = [(cases[i], held[i]) for i in order if held and held[i] is not None]
            if not points:
                continue
            canvas.trace(
                "scatter",
                x=[p[0] for p in points],
                y=[p[1] for p in points],
                mode="lines",
                line={"color": c.calm, "width": 1.4, "dash": dash},
                hoverinfo="skip",
            )
            if role.endswith("low"):
                ends.append((points[-1][1], words))
    lows, highs = chart.column("low"), chart.column("high")
    outside = [
        values[i] is not None
        and bool(lows and highs)
        and ((lows[i] is not None and values[i] < lows[i]) or (highs[i] is not None and values[i] > highs[i]))
        for i in range(len(values))
    ]
    told = [s and bool(chart.encoding.emphasis) for s in chart.strong]
    strong = told if chart.encoding.emphasis else outside
    canvas.trace(
        "scatter",
        x=cases,
        y=values,
        mode="markers+text",
        marker={
            "size": [12 if s else 8 for s in strong],
            "color": [c.primary if s else c.calm for s in strong],
            "line": {"width": 1.2, "color": c.page},
        },
        text=[safe(shorten(n, 8)) if told[i] or outside[i] else "" for i, n in enumerate(short_names(chart.names))],
        textposition="top center",
        textfont={"size": canvas.small, "color": c.text},
        hovertext=hover(chart),
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=chart.keys,
        cliponaxis=False,
    )
    centre = [t for t in chart.column("target") if t is not None]
    if centre:
        mark(canvas, "y", centre[0], "", "solid")
        ends.append((centre[0], f"总体 {chart.unit.format(centre[0])}"))
    high = canvas.font * 26
    low_end, high_end = canvas.layout["yaxis"]["range"]
    scale = (high - 66) / ((high_end - low_end) or 1)
    for (at, words), place in zip(ends, spread([e[0] * scale for e in ends], canvas.font * 1.2), strict=True):
        canvas.note(
            text=words, x=1, xref="paper", xanchor="left", xshift=6, y=at, yanchor="middle", yshift=place - at * scale,
            showarrow=False, font={"size": canvas.small, "color": c.quiet},
        )  # fmt: skip
    canvas.lay(
        xaxis={
            "range": [0, across[-1]],
            "tickvals": across,
            "ticktext": tick_words(across, PLAIN_COUNT),
            "showline": True,
            "title": {"text": "样本数", "font": {"size": canvas.small, "color": c.quiet}},
        },
        height=high,
    )
    left = max(map(width, canvas.layout.get("yaxis", {}).get("ticktext", ())), default=2) * canvas.small + 14
    right = max((width(e[1]) for e in ends), default=1) * canvas.small + 14
    canvas.margins(l=left, r=right, t=16, b=50)
