"""What stands beside the table on a sheet: native Excel charts, shaded cells, sparklines, tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_range_abs

from minxin.charts import geometry
from minxin.charts.canvas import extent_of, one_target, ticks
from minxin.charts.chart import Chart, Kind
from minxin.charts.fills import fills, legend, short_names
from minxin.charts.palette import FILE_FONT, classes, part_colour, risk_of, text_on
from minxin.charts.registry import Renderers
from minxin.charts.sides import one_sided, reach, sides, unsigned_format
from minxin.charts.words import clean, shorten, width
from minxin.exports.sheets import INK, Book, Extent, is_number, text

_FONT = {"name": FILE_FONT, "size": 10, "color": INK.text}


@dataclass(frozen=True)
class Place:
    """A sheet with its table written; the picture goes right of it, from row ``head``."""

    book: Book
    chart: Chart
    sheet: Any
    extent: Extent
    head: int

    @property
    def aside(self) -> int:
        return self.extent.columns + 1

    def cells(self, role: str, first: int | None = None, last: int | None = None) -> list[Any]:
        """The range of a role's column, as xlsxwriter wants it."""
        column = self.extent.places[self.chart.encoding.columns[role]]
        start, end = self.extent.first, self.extent.last
        return [self.sheet.get_name(), start if first is None else start + first, column,
                end if last is None else start + last, column]  # fmt: skip


#: Columns that a picture takes; what only charts need stands right of them, outside the printed area.
ACROSS = 14
#: Kinds that are their own picture.
ALONE = (Kind.KPI_ROW, Kind.TABLE)
_TALL = (Kind.BAR, Kind.BULLET, Kind.DOT_INTERVAL, Kind.DIVERGING)
Draw = Callable[[Place], None]
WORKBOOK: Renderers[Draw] = Renderers("workbook")


def _literal(words: str) -> str:
    """Words for a part of a chart; the table has them as they are.

    xlsxwriter takes what begins with = or looks like ``name!A1`` for a reference, so both signs become full-width.
    """
    return words.replace("=", "\uff1d").replace("!", "\uff01") if words.startswith("=") or "!" in words else words


def _height(rows: int) -> int:
    return max(380, min(900, rows * 24 + 100))


def picture_rows(chart: Chart) -> int:
    """How many sheet rows of normal height a picture covers."""
    return 0 if chart.kind in ALONE else _height(len(set(chart.names)) if chart.kind in _TALL else 0) // 20 + 1


def _insert(place: Place, drawn: Any, rows: int = 0, legend_at: str = "") -> None:
    chart = place.chart
    drawn.set_title(
        {
            "name": _literal(shorten(clean(chart.title), 60)),
            "name_font": {**_FONT, "size": 13, "bold": True},
            "overlay": False,
        }
    )
    drawn.set_legend({"position": legend_at, "font": _FONT} if legend_at else {"none": True})
    drawn.set_chartarea({"border": {"none": True}, "fill": {"color": INK.page}})
    drawn.set_plotarea({"fill": {"none": True}})
    drawn.set_size({"width": 820, "height": _height(rows)})
    options = {"object_position": 2, "description": clean(chart.alt)}
    place.sheet.insert_chart(place.head, place.aside, drawn, options)


def _axis(chart: Chart, from_zero: bool, *roles: str) -> dict[str, Any]:
    places = ticks(*extent_of(chart, from_zero, *roles))
    held: dict[str, Any] = {
        "num_font": {**_FONT, "color": INK.quiet},
        "num_format": "0%" if chart.unit.kind == "rate" else chart.unit.label_format if chart.ranks else "General",
        "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": INK.hairline, "width": 0.75}},
    }
    if len(places) > 1:
        step = places[1] - places[0]
        held |= {"min": places[0], "max": places[-1], "major_unit": step}
        if chart.unit.kind == "rate" and abs(step * 100 - round(step * 100)) > 1e-9:
            held["num_format"] = "0.0%"
    return held


def _names(**more: Any) -> dict[str, Any]:
    return {"num_font": _FONT, "line": {"color": INK.hairline}, "major_gridlines": {"visible": False}, **more}


def _labels(chart: Chart) -> dict[str, Any]:
    return {"value": True, "num_format": chart.unit.label_format, "font": _FONT}


def _points(chart: Chart) -> list[dict[str, Any] | None] | None:
    if all(chart.strong):
        return None
    return [{"fill": {"color": INK.primary if s else INK.calm}} for s in chart.strong]


def _series(place: Place, **more: Any) -> dict[str, Any]:
    held = {
        "name": _literal(place.chart.heading(place.chart.encoding.y)),
        "categories": _categories(place),
        "values": place.cells("y"),
        "gap": 45,
        "fill": {"color": INK.primary},
        "data_labels": _labels(place.chart),
    }
    points = _points(place.chart)
    if points:
        held["points"] = points
    return held | more


@WORKBOOK.draws(Kind.BAR, Kind.BULLET)
def bar(place: Place) -> None:
    """A native bar chart; a target as an outlined bar behind the value."""
    chart, drawn = place.chart, place.book.held.add_chart({"type": "bar"})
    if any(t is not None for t in chart.column("target")):
        drawn.add_series({
            "name": _literal(chart.target_word), "categories": _categories(place), "values": place.cells("target"),
            "gap": 45, "overlap": 100,
            "fill": {"none": True}, "border": {"color": INK.quiet, "width": 1},
        })  # fmt: skip
        inside = {**_labels(chart), "position": "inside_end", "font": {**_FONT, "color": INK.page, "bold": True}}
        drawn.add_series(_series(place, data_labels=inside))
    else:
        drawn.add_series(_series(place))
    drawn.set_x_axis({**_axis(chart, True, "target"), "visible": False, "major_gridlines": {"visible": False}})
    drawn.set_y_axis(_names(reverse=True, interval_unit=1))
    _insert(place, drawn, len(chart.rows))


@WORKBOOK.draws(Kind.DIVERGING)
def diverging(place: Place) -> None:
    """Native bars to both sides of zero from a wide table beside; stacked, or each value at its end."""
    chart, alone = place.chart, one_sided(place.chart)
    drawn = place.book.held.add_chart({"type": "bar"} if alone else {"type": "bar", "subtype": "stacked"})
    names, parts = _wide(place)
    for (group, cells), colour in zip(parts, sides(INK, len(parts)), strict=True):
        labels = {"data_labels": {**_labels(chart), "num_format": unsigned_format(chart)}} if alone else {}
        drawn.add_series({"name": _literal(shorten(group, 14)), "categories": names, "values": cells, "gap": 45,
                          "overlap": 100, "fill": {"color": colour}, **labels})  # fmt: skip
    axis: dict[str, Any] = {**_axis(chart, True), "label_position": "low"}
    places = ticks(*reach(chart))
    if len(places) > 1:
        axis |= {"min": places[0], "max": places[-1], "major_unit": places[1] - places[0]}
    hidden = {"visible": False, "major_gridlines": {"visible": False}} if alone else {}
    drawn.set_x_axis({**axis, **hidden})
    drawn.set_y_axis(_names(reverse=True, interval_unit=1, label_position="low"))
    _insert(place, drawn, len(set(chart.names)), legend_at="bottom")


@WORKBOOK.draws(Kind.COLUMN)
def column(place: Place) -> None:
    """A native column chart; target and value marks as level lines in it."""
    chart, drawn = place.chart, place.book.held.add_chart({"type": "column"})
    crowded = len(chart.rows) > 16
    drawn.add_series(_series(place, **({"data_labels": {}} if crowded else {})))
    lines = _levels(place)
    if lines is not None:
        drawn.combine(lines)
    drawn.set_x_axis(_names(text_axis=True, num_format='m"月"d"日"', interval_unit=max(1, len(chart.rows) // 12)))
    drawn.set_y_axis(_axis(chart, True, "target"))
    _insert(place, drawn, legend_at="bottom" if lines is not None else "")


def _level_values(chart: Chart) -> list[tuple[str, float]]:
    target = one_target(chart)
    held = [] if target is None else [(f"目标 {chart.unit.format(target)}", target)]
    return held + [(clean(a.text), float(a.at)) for a in chart.annotations if a.on_value]


def _helper(place: Place, number: int, name: str, values: list[Any]) -> list[Any]:
    """Values that only a chart needs, in small grey figures far right of it; returns their range."""
    column = place.extent.columns + ACROSS + 3 + number
    quiet = place.book.format("quiet")
    text(place.book, place.sheet, place.head, column, f"{name}（绘图用）", "quiet")
    for i, value in enumerate(values):
        if is_number(value):
            place.sheet.write_number(place.extent.first + i, column, float(value), quiet)
        elif value is not None:
            text(place.book, place.sheet, place.extent.first + i, column, str(value), "quiet")
    return [place.sheet.get_name(), place.extent.first, column, place.extent.first + max(len(values) - 1, 0), column]


def _categories(place: Place) -> list[Any]:
    """The names of the table; shortened ones where they would squeeze the plot."""
    if max(map(width, place.chart.names), default=0) <= 16:
        return place.cells("x")
    return _helper(place, 8, "简称", [shorten(n, 14) for n in place.chart.names])


def _levels(place: Place) -> Any:
    chart, held = place.chart, _level_values(place.chart)
    if not held:
        return None
    drawn = place.book.held.add_chart({"type": "line"})
    for i, (name, value) in enumerate(held):
        drawn.add_series({
            "name": _literal(name), "categories": _categories(place),
            "values": _helper(place, i, name, [value] * len(chart.rows)),
            "line": {"color": INK.quiet, "width": 1.25, "dash_type": "dash" if i else "solid"},
        })  # fmt: skip
    return drawn


def _dash(chart: Chart, group: str) -> dict[str, str]:
    number = chart.quiet_lines.get(group, 0)
    return {"dash_type": "dash" if number == 1 else "round_dot"} if number else {}


@WORKBOOK.draws(Kind.LINE)
def line(place: Place) -> None:
    """A native line chart over the days as they are in the table; several series from a wide table beside it."""
    chart, drawn = place.chart, place.book.held.add_chart({"type": "line"})
    if chart.encoding.series:
        names, wide = _wide(place)
        for i, (group, cells) in enumerate(wide):
            strong = not chart.encoding.emphasis or any(
                s for s, g in zip(chart.strong, map(clean, chart.column("series")), strict=True) if g == group
            )
            colour = INK.categories[i % 5] if not chart.encoding.emphasis else INK.primary if strong else INK.calm
            drawn.add_series({"name": _literal(shorten(group, 14) or "全部"), "categories": names, "values": cells,
                              "line": {"color": colour, "width": 2.5 if strong else 1.25, **_dash(chart, group)},
                              })  # fmt: skip
    else:
        drawn.add_series(_series(place, data_labels={}, line={"color": INK.primary, "width": 2.5}, points=None))
        lines = _levels(place)
        if lines is not None:
            drawn.combine(lines)
    drawn.set_x_axis(
        _names(
            text_axis=True,
            num_format='m"月"d"日"',
            label_position="high" if chart.ranks else "low",
            interval_unit=max(1, len(set(chart.names)) // 10),
        )
    )
    # The first rank on top: the names then stand at the side of the last one.
    ranked = {"reverse": True, "min": 1} if chart.ranks else {}
    drawn.set_y_axis({**_axis(chart, chart.unit.kind != "rate", "target"), **ranked})
    _insert(place, drawn, legend_at="bottom" if chart.encoding.series or _level_values(chart) else "")


def _wide(place: Place) -> tuple[list[Any], list[tuple[str, list[Any]]]]:
    """The series side by side, for charts that need a column each; returns names' range, then series and range."""
    chart = place.chart
    order = list(dict.fromkeys(chart.names))
    groups = [clean(g) for g in chart.column("series")]
    names = _helper(place, 0, chart.heading(chart.encoding.x), [shorten(n, 14) for n in order])
    held = []
    for number, group in enumerate([*([""] if "" in groups else []), *chart.groups], 1):
        cells: list[Any] = [None] * len(order)
        for name, g, value in zip(chart.names, groups, chart.column("y"), strict=True):
            if g == group:
                cells[order.index(name)] = value
        held.append((group, _helper(place, number, group or "全部", cells)))
    return names, held


@WORKBOOK.draws(Kind.STACKED_COLUMN)
def stacked_column(place: Place) -> None:
    """A native stacked column chart from a wide table beside it."""
    chart = place.chart
    drawn = place.book.held.add_chart({"type": "column", "subtype": "stacked"})
    names, wide = _wide(place)
    for i, (group, cells) in enumerate(wide):
        edge = INK.text if risk_of(group, INK) else INK.page
        fill = {"color": part_colour(group, i, INK)}
        drawn.add_series({"name": _literal(shorten(group, 14) or "全部"), "categories": names, "values": cells,
                          "gap": 45, "fill": fill, "border": {"color": edge}})  # fmt: skip
    drawn.set_x_axis(_names())
    axis = {k: v for k, v in _axis(chart, True).items() if k not in ("max", "major_unit")}
    drawn.set_y_axis(axis)
    _insert(place, drawn, legend_at="right")


@WORKBOOK.draws(Kind.DOT_INTERVAL)
def dot_interval(place: Place) -> None:
    """A native scatter chart with error bars; names and values as labels at the left."""
    chart = place.chart
    values, lows, highs = chart.column("y"), chart.column("low"), chart.column("high")
    rows = len(values)
    places = ticks(*extent_of(chart, False, "low", "high", "target"))
    ranks = _helper(place, 0, "行", [rows - i for i in range(rows)])
    left = _helper(place, 1, "左端", [places[0]] * rows)
    drawn = place.book.held.add_chart({"type": "scatter"})
    points = [
        {"fill": {"color": INK.primary if s else INK.calm}, "border": {"color": INK.primary if s else INK.calm}}
        for s in chart.strong
    ]
    dots: dict[str, Any] = {
        "name": _literal(chart.heading(chart.encoding.y)),
        "categories": place.cells("y"), "values": ranks, "points": points,
        "marker": {"type": "circle", "size": 7, "fill": {"color": INK.primary}, "border": {"none": True}},
    }  # fmt: skip
    if lows and highs:
        spans = [
            (0.0, 0.0) if v is None or low is None or high is None else (max(0.0, v - low), max(0.0, high - v))
            for v, low, high in zip(values, lows, highs, strict=True)
        ]
        minus = _helper(place, 2, "误差下", [s[0] for s in spans])
        plus = _helper(place, 3, "误差上", [s[1] for s in spans])
        dots["x_error_bars"] = {
            "type": "custom", "minus_values": _reference(minus), "plus_values": _reference(plus),
            "end_style": 0, "line": {"color": INK.calm, "width": 1.5},
        }  # fmt: skip
    drawn.add_series(dots)
    custom = [
        {"value": _literal(f"{shorten(n, 12)}  {v}"), "font": _FONT}
        for n, v in zip(short_names(chart.names), chart.values, strict=True)
    ]
    drawn.add_series({
        "name": "名称", "categories": left, "values": ranks, "marker": {"type": "none"},
        "data_labels": {"value": True, "custom": custom, "position": "left", "font": _FONT},
    })  # fmt: skip
    for i, (name, at) in enumerate(_level_values(chart)):
        xs = _helper(place, 4 + 2 * i, name, [at, at])
        ys = _helper(place, 5 + 2 * i, "行", [0.4, rows + 0.6])
        label = {
            "value": True,
            "custom": [{"delete": True}, {"value": _literal(name), "font": _FONT}],
            "position": "above",
        }
        level = {"color": INK.quiet, "width": 1.25, "dash_type": "dash" if i else "solid"}
        drawn.add_series({"name": _literal(name), "categories": xs, "values": ys, "marker": {"type": "none"},
                          "line": level, "data_labels": label})  # fmt: skip
    drawn.set_x_axis(_axis(chart, False, "low", "high", "target"))
    drawn.set_y_axis({"min": 0.4, "max": rows + 0.6, "visible": False, "major_gridlines": {"visible": False}})
    _insert(place, drawn, rows)
    drawn.set_plotarea({"layout": {"x": 0.24, "y": 0.14, "width": 0.72, "height": 0.76}, "fill": {"none": True}})


@WORKBOOK.draws(Kind.FUNNEL_PLOT)
def funnel_plot(place: Place) -> None:
    """A native scatter chart: dots over cases, limits as lines, names in the table's order."""
    chart = place.chart
    drawn = place.book.held.add_chart({"type": "scatter", "subtype": "straight"})
    drawn.add_series({
        "name": _literal(chart.heading(chart.encoding.y)), "categories": place.cells("n"), "values": place.cells("y"),
        "line": {"none": True},
        "marker": {"type": "circle", "size": 7, "fill": {"color": INK.primary}, "border": {"color": INK.page}},
        "data_labels": {"value": True, "position": "above", "font": {**_FONT, "size": 9},
                        "custom": [{"value": _literal(shorten(n, 8))} for n in short_names(chart.names)]},
    })  # fmt: skip
    cases = chart.column("n")
    order = sorted((i for i, n in enumerate(cases) if n is not None), key=lambda i: cases[i])
    xs = _helper(place, 0, "样本数", [cases[i] for i in order])
    number = 1
    for role, name in (("low", "95%下限"), ("high", "95%上限"), ("outer_low", "99.8%下限"), ("outer_high", "99.8%上限"),
                       ("target", "总体")):  # fmt: skip
        held = chart.column(role)
        if held:
            ys = _helper(place, number, name, [held[i] for i in order])
            dash = "solid" if role == "target" else "dash" if role in ("low", "high") else "round_dot"
            drawn.add_series({"name": _literal(name), "categories": xs, "values": ys, "marker": {"type": "none"},
                              "line": {"color": INK.quiet, "width": 1.25, "dash_type": dash}})  # fmt: skip
            number += 1
    drawn.set_x_axis(
        {"min": 0, "name": "样本数", "name_font": _FONT, "num_font": _FONT, "major_gridlines": {"visible": False}}
    )
    drawn.set_y_axis(_axis(chart, False, "low", "high", "outer_low", "outer_high", "target"))
    _insert(place, drawn, 14)


@WORKBOOK.draws(Kind.MAP, Kind.TILE_GRID)
def tiles(place: Place) -> None:
    """A grid of equal tiles as shapes (Excel cannot take freeforms from here), the value cells shaded alike."""
    chart = place.chart
    filled = fills(chart, INK)
    _shade(place, [filled[k].colour for k in chart.keys])
    spots, names = geometry.tiles(place.book.shapes), dict(zip(chart.keys, short_names(chart.names), strict=True))
    wide, high = 124, 62
    for key in chart.keys:
        if key not in spots:
            continue
        row, column = spots[key]
        held = filled[key]
        said = f"{shorten(names[key], 7)}\n{shorten(held.text, 9)}"
        place.sheet.insert_textbox(place.head, place.aside, said, {
            "x_offset": column * (wide + 4), "y_offset": row * (high + 4), "width": wide, "height": high,
            "fill": {"color": held.colour},
            "line": {"color": INK.text, "width": 0.75} if held.step is None else {"none": True},
            "font": {"name": FILE_FONT, "size": 10, "color": text_on(held.colour)},
            "align": {"horizontal": "center", "vertical": "middle"}, "object_position": 2,
            "description": f"{names[key]} {held.text}",
        })  # fmt: skip
    rows = max((r for r, _ in spots.values()), default=0) + 1
    held_legend = legend(chart, INK, "")
    steps = [*held_legend.steps, *held_legend.missing]
    for i, step in enumerate(steps):
        place.sheet.insert_textbox(place.head, place.aside, step.words, {
            "x_offset": i * 114, "y_offset": rows * (high + 4) + 12, "width": 110, "height": 26,
            "fill": {"color": step.colour}, "line": {"none": True},
            "font": {"name": FILE_FONT, "size": 9, "color": step.text_colour},
            "align": {"horizontal": "center", "vertical": "middle"}, "object_position": 2,
        })  # fmt: skip


def _shade(place: Place, shades: list[str]) -> None:
    chart = place.chart
    column = place.extent.places[chart.encoding.y]
    for i, (value, shade) in enumerate(zip(chart.column("y"), shades, strict=True)):
        row = place.extent.first + i
        form = place.book.format("number", chart.unit.number_format, shade)
        if value is None:
            text(place.book, place.sheet, row, column, chart.values[i], "said", shade)
        else:
            place.sheet.write_number(row, column, value, form)


@WORKBOOK.draws(Kind.HEATMAP)
def heatmap(place: Place) -> None:
    """The cross table with shaded cells beside the list."""
    chart, book = place.chart, place.book
    across, down = list(dict.fromkeys(chart.names)), chart.groups
    sorted_in = classes(chart.column("y"))
    steps = sorted_in.colours(INK.ramp)
    text(place.book, place.sheet, place.head, place.aside, chart.heading(chart.encoding.series), "head")
    for c, name in enumerate(across, 1):
        text(place.book, place.sheet, place.head, place.aside + c, name, "head_right")
    for r, group in enumerate(down, 1):
        text(place.book, place.sheet, place.head + r, place.aside, group, "cell")
    place.sheet.set_column_pixels(place.aside, place.aside, 120)
    groups = [clean(g) for g in chart.column("series")]
    for group, name, value, said, step in zip(
        groups, chart.names, chart.column("y"), chart.values, sorted_in.index, strict=True
    ):
        if group not in down or (step is None and not chart.encoding.status):
            continue
        row, column = place.head + 1 + down.index(group), place.aside + 1 + across.index(name)
        shade = INK.few if step is None else steps[step]
        form = book.format("number", chart.unit.number_format, shade)
        if risk_of(said, INK):
            text(place.book, place.sheet, row, column, said, "cell")
        elif value is None:
            text(place.book, place.sheet, row, column, said, "said", shade)
        else:
            place.sheet.write_number(row, column, value, form)


@WORKBOOK.draws(Kind.SMALL_MULTIPLES)
def small_multiples(place: Place) -> None:
    """A sparkline for each panel on one scale, with first and last value, from a wide table beside it."""
    chart, book = place.chart, place.book
    low, high = extent_of(chart, chart.unit.kind != "rate")
    names, wide = _wide(place)
    del names
    for c, heading in enumerate((chart.heading(chart.encoding.series), "走势（同一刻度）", "期初", "期末")):
        text(place.book, place.sheet, place.head, place.aside + c, heading, "head")
    place.sheet.set_column_pixels(place.aside, place.aside, 130)
    place.sheet.set_column_pixels(place.aside + 1, place.aside + 1, 220)
    groups = [clean(g) for g in chart.column("series")]
    for i, (group, cells) in enumerate(wide):
        row = place.extent.first + i
        text(place.book, place.sheet, row, place.aside, group or "全部", "cell")
        place.sheet.add_sparkline(row, place.aside + 1, {
            "range": _reference(cells).removeprefix("="), "min": low, "max": high,
            "series_color": INK.primary, "last_point": True, "last_color": INK.primary,
        })  # fmt: skip
        held = [v for v, g in zip(chart.column("y"), groups, strict=True) if g == group and v is not None]
        for c, value in ((2, held[0] if held else None), (3, held[-1] if held else None)):
            form = book.format("number", chart.unit.number_format)
            if value is None:
                text(book, place.sheet, row, place.aside + c, "—", "said")
            else:
                place.sheet.write_number(row, place.aside + c, value, form)


def _reference(cells: list[Any]) -> str:
    """A range as a formula: ='办结率'!$A$2:$A$9."""
    name, first, column, last, end = cells
    quoted = name.replace("'", "''")
    return f"='{quoted}'!{xl_range_abs(first, column, last, end)}"


@WORKBOOK.draws(*ALONE)
def only_table(place: Place) -> None:
    """KPI rows and tables are their own picture."""
    place.sheet.autofilter(place.head, 0, place.extent.last, place.extent.columns - 1)
