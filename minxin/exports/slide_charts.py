"""Slides with native, editable charts."""

from __future__ import annotations

import io
import math
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import quoteattr

import openpyxl  # type: ignore[import-untyped]
import pandas as pd
from lxml import etree  # type: ignore[import-untyped]
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt

from minxin.charts.canvas import extent_of, one_target, ticks
from minxin.charts.chart import Chart, Kind
from minxin.charts.fills import short_names
from minxin.charts.palette import risk_of
from minxin.charts.sides import net, one_sided, reach, unsigned_format, wide
from minxin.charts.words import clean, is_moment, shorten, width
from minxin.exports.deck import (
    CALM,
    CATEGORIES,
    HAIRLINE,
    INK,
    PAGE,
    PRIMARY,
    QUIET,
    TEXT,
    Colour,
    describe,
    rgb,
    style,
    text_box,
)
from minxin.exports.slides import SLIDES, Sheet

Box = tuple[float, float, float, float]


def _add(sheet: Sheet, kind: Any, data: Any, box: Box | None = None, size: float = 12) -> Any:
    left, top, wide, high = box or sheet.box
    frame = sheet.slide.shapes.add_chart(kind, Inches(left), Inches(top), Inches(wide), Inches(high), data)
    describe(frame, sheet.chart.id, sheet.chart.alt)
    chart = frame.chart
    chart.has_title = False
    chart.has_legend = False
    chart.font.size = Pt(size)
    style(chart.font, size, TEXT)
    # a chart without this shows its single series' name as a title
    held = chart._chartSpace.chart
    deleted = held.find(qn("c:autoTitleDeleted"))
    if deleted is None:
        deleted = etree.SubElement(held, qn("c:autoTitleDeleted"))
        held.insert(0, deleted)
    deleted.set("val", "1")
    return chart


def _categories(chart: Chart, ems: float) -> list[str]:
    """Names for a category axis; a value that is missing says why beside its name."""
    return [
        shorten(name, ems) + ("" if value is not None else f" {said}")
        for name, value, said in zip(chart.names, chart.column("y"), chart.values, strict=True)
    ]


def _bare(axis: Any, line: bool = True) -> None:
    axis.has_major_gridlines = False
    axis.has_minor_gridlines = False
    axis.format.line.width = Pt(0.75)
    if line:
        HAIRLINE.apply(axis.format.line.color)
    else:
        axis.format.line.fill.background()


def _steps(chart: Chart, from_zero: bool, *roles: str) -> list[float]:
    """The steps of a value axis: of two sizes the one that leaves the least empty room."""
    low, high = extent_of(chart, from_zero, *roles)
    return min((ticks(low, high, about) for about in (5, 7)), key=lambda p: p[-1] - p[0])


def _value_axis(chart: Chart, axis: Any, from_zero: bool, *roles: str, visible: bool = True) -> list[float]:
    places = _steps(chart, from_zero, *roles)
    _bare(axis, False)
    if len(places) > 1:
        axis.minimum_scale, axis.maximum_scale = places[0], places[-1]
        axis.major_unit = places[1] - places[0]
    axis.tick_labels.number_format = _axis_format(chart, places)
    axis.tick_labels.number_format_is_linked = False
    style(axis.tick_labels.font, 12, QUIET)
    axis.visible = visible
    if visible:
        axis.has_major_gridlines = True
        axis.major_gridlines.format.line.width = Pt(0.75)
        HAIRLINE.apply(axis.major_gridlines.format.line.color)
    return places


def _axis_format(chart: Chart, places: list[float]) -> str:
    if chart.unit.kind == "rate":
        step = (places[1] - places[0]) * 100 if len(places) > 1 else 1.0
        return "0%" if abs(step - round(step)) < 1e-9 else "0.0%"
    return chart.unit.label_format if chart.ranks else r'[>=10000]0\.0,"万";General'


def _paint(fill: Any, colour: Colour) -> None:
    fill.solid()
    colour.apply(fill.fore_color)


def _labels(series: Any, chart: Chart, size: float = 12, position: Any = XL_LABEL_POSITION.OUTSIDE_END) -> None:
    labels = series.data_labels
    labels.show_value = True
    labels.number_format = chart.unit.label_format
    labels.number_format_is_linked = False
    if position is not None:
        labels.position = position
    style(labels.font, size, TEXT)


def _points(series: Any, chart: Chart) -> None:
    """Primary where emphasised, quiet grey elsewhere."""
    _paint(series.format.fill, PRIMARY if all(chart.strong) else CALM)
    if not all(chart.strong):
        for i, strong in enumerate(chart.strong):
            if strong:
                _paint(series.points[i].format.fill, PRIMARY)


def _remarks(sheet: Sheet, texts: list[str]) -> Box:
    """Remarks that a native chart cannot carry, in one line above it; returns the room that is left."""
    left, top, wide, high = sheet.box
    if not texts:
        return sheet.box
    words = shorten("注：" + ";".join(texts), wide * 72 / 12)
    text_box(sheet.slide.shapes, left, top, wide, 0.3, [words], 12, QUIET)
    return left, top + 0.35, wide, high - 0.35


def _value_marks(chart: Chart) -> list[str]:
    return [clean(a.text) for a in chart.annotations if a.on_value]


def _place_marks(chart: Chart) -> list[str]:
    return [f"{chart.text(a.at)} {clean(a.text)}" for a in chart.annotations if not a.on_value]


@SLIDES.draws(Kind.BAR, Kind.BULLET)
def bar(sheet: Sheet) -> None:
    """Horizontal bars from zero; a target is an outlined bar behind the value, or a pale one under it."""
    chart = sheet.chart
    targets = chart.column("target")
    with_target = any(t is not None for t in targets)
    target = one_target(chart)
    if with_target and target is None and _covered(chart):
        _in_pairs(sheet)
        return
    data = CategoryChartData(number_format=chart.unit.number_format)
    data.categories = _categories(chart, 18)
    if with_target:
        data.add_series(chart.target_word, targets)
    data.add_series(chart.heading(chart.encoding.y), chart.column("y"))
    size = _size(sheet, len(chart.rows))
    remarks = _value_marks(chart) + _place_marks(chart)
    if with_target:
        word = chart.target_word
        said = f"{word} {chart.unit.format(target)}" if target is not None else f"各自{word}"
        remarks.insert(0, f"空心条为{said}")
    drawn = _add(sheet, XL_CHART_TYPE.BAR_CLUSTERED, data, _room(_remarks(sheet, remarks), len(chart.rows)), size)
    plot = drawn.plots[0]
    plot.gap_width, plot.vary_by_categories = 45, False
    _value_axis(chart, drawn.value_axis, True, "target", visible=False)
    drawn.value_axis.maximum_scale = extent_of(chart, True, "target")[1] * 1.12
    axis = drawn.category_axis
    _bare(axis)
    axis.reverse_order = True
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    style(axis.tick_labels.font, size, TEXT)
    _label_skip(axis, 1)
    value = plot.series[1 if with_target else 0]
    if with_target:
        plot.overlap = 100
        plot.series[0].format.fill.background()
        plot.series[0].format.line.width = Pt(1)
        QUIET.apply(plot.series[0].format.line.color)
    _points(value, chart)
    # beside a target the end of the bar is crossed by its outline
    inside = with_target and not _are_short(chart)
    _labels(value, chart, size, XL_LABEL_POSITION.INSIDE_END if inside else XL_LABEL_POSITION.OUTSIDE_END)
    if inside:
        style(value.data_labels.font, size, PAGE, True)


def _are_short(chart: Chart) -> bool:
    """Whether no bar is long enough to hold its own value."""
    longest = max((v for v in chart.column("y") if v is not None), default=0)
    return bool(longest < 0.12 * extent_of(chart, True, "target")[1])


def _covered(chart: Chart) -> bool:
    """Whether a bar is longer than its own target, whose outline it would hide."""
    pairs = zip(chart.column("y"), chart.column("target"), strict=True)
    return any(value is not None and aim is not None and aim < value for value, aim in pairs)


def _in_pairs(sheet: Sheet) -> None:
    """Each bar with a pale one for its own target under it."""
    chart = sheet.chart
    size = _size(sheet, len(chart.rows))
    data = CategoryChartData(number_format=chart.unit.number_format)
    data.categories = _categories(chart, 18)
    data.add_series(chart.heading(chart.encoding.y), chart.column("y"))
    data.add_series(chart.target_word, chart.column("target"))
    remarks = [f"浅色条为{chart.target_word}", *_value_marks(chart), *_place_marks(chart)]
    drawn = _add(sheet, XL_CHART_TYPE.BAR_CLUSTERED, data, _room(_remarks(sheet, remarks), len(chart.rows)), size)
    plot = drawn.plots[0]
    plot.gap_width, plot.overlap, plot.vary_by_categories = 35, 0, False
    _value_axis(chart, drawn.value_axis, True, "target", visible=False)
    drawn.value_axis.maximum_scale = extent_of(chart, True, "target")[1] * 1.15
    axis = drawn.category_axis
    _bare(axis)
    axis.reverse_order = True
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    style(axis.tick_labels.font, size, TEXT)
    _label_skip(axis, 1)
    _points(plot.series[0], chart)
    _labels(plot.series[0], chart, size)
    _paint(plot.series[1].format.fill, Colour(CALM.theme, brightness=0.5))


@SLIDES.draws(Kind.DIVERGING)
def diverging(sheet: Sheet) -> None:
    """Parts to both sides of zero, stacked; what they come to stands beside the name, or each value at its end."""
    chart = sheet.chart
    together, alone = net(chart), one_sided(chart)
    order, parts = wide(chart)
    data = CategoryChartData(number_format=chart.unit.number_format)
    data.categories = [shorten(name, 14) + (f"  {together[name][1]}" if name in together else "") for name in order]
    for group, values in parts:
        data.add_series(shorten(group, 14), [v or None for v in values])
    size = _size(sheet, len(order) + 5)  # the legend and the axis take their room
    remarks = [f"名称旁为{clean(chart.heading(chart.encoding.change))}"] if together else []
    kind = XL_CHART_TYPE.BAR_CLUSTERED if alone else XL_CHART_TYPE.BAR_STACKED
    drawn = _add(sheet, kind, data, _room(_remarks(sheet, remarks + _value_marks(chart)), len(order) + 1), size)
    plot = drawn.plots[0]
    plot.gap_width, plot.overlap, plot.vary_by_categories = 45, 100, False
    _value_axis(chart, drawn.value_axis, True, visible=not alone)
    low, high = reach(chart)
    held = ticks(low, high)
    if alone:
        room = (high - low) * 0.12
        drawn.value_axis.minimum_scale, drawn.value_axis.maximum_scale = low - room, high + room
    elif len(held) > 1:
        drawn.value_axis.minimum_scale, drawn.value_axis.maximum_scale = held[0], held[-1]
        drawn.value_axis.major_unit = held[1] - held[0]
        is_rate = chart.unit.kind == "rate"  # the format with 万 loses the sign in some programs
        drawn.value_axis.tick_labels.number_format = _axis_format(chart, held) if is_rate else "General"
    axis = drawn.category_axis
    _bare(axis)
    axis.reverse_order = True
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    style(axis.tick_labels.font, size, TEXT)
    _label_skip(axis, 1)
    colours = [CALM, PRIMARY][2 - len(parts) :] if len(parts) <= 2 else [*CATEGORIES, *[CALM] * len(parts)]
    for series, colour in zip(plot.series, colours, strict=False):
        _paint(series.format.fill, colour)
        if alone:
            _labels(series, chart, size)
            series.data_labels.number_format = unsigned_format(chart)
    drawn.has_legend = True
    drawn.legend.position = XL_LEGEND_POSITION.BOTTOM
    drawn.legend.include_in_layout = False
    style(drawn.legend.font, 12, TEXT)


def _size(sheet: Sheet, rows: int) -> float:
    return max(8.0, min(14.0, round(sheet.box[3] * 72 / max(rows, 1) / 1.5 * 2) / 2))


def _room(box: Box, rows: int) -> Box:
    """Few bars stay of a normal thickness instead of filling the slide."""
    left, top, wide, high = box
    return left, top, wide, min(high, max(1.2, rows * 0.62 + 0.3))


def _label_skip(axis: Any, step: int) -> None:
    """Every ``step``-th name; 1 = every name, never every second one by the program's own choice."""
    held = axis._element
    for old in held.findall(qn("c:tickLblSkip")):
        held.remove(old)
    skip = etree.Element(qn("c:tickLblSkip"), val=str(step))
    last = held.find(qn("c:noMultiLvlLbl"))
    if last is None:
        held.append(skip)
    else:
        last.addprevious(skip)


@SLIDES.draws(Kind.COLUMN)
def column(sheet: Sheet) -> None:
    """Columns from zero, values above; target and value marks as lines of the same native chart."""
    chart = sheet.chart
    data = CategoryChartData(number_format=chart.unit.number_format)
    data.categories = _categories(chart, 8)
    data.add_series(chart.heading(chart.encoding.y), chart.column("y"))
    lines = _level_lines(chart)
    lines = [(_level_words(chart, name, at), at) for name, at in lines]
    for name, value in lines:
        data.add_series(name, [value] * len(chart.rows))
    drawn = _add(sheet, XL_CHART_TYPE.COLUMN_CLUSTERED, data, _remarks(sheet, _place_marks(chart)))
    plot = drawn.plots[0]
    plot.gap_width, plot.vary_by_categories = 45, False
    _value_axis(chart, drawn.value_axis, True, "target", visible=len(chart.rows) > 16)
    _bare(drawn.category_axis)
    style(drawn.category_axis.tick_labels.font, 12, TEXT)
    series = list(plot.series)
    _points(series[0], chart)
    if len(chart.rows) <= 16:
        _labels(series[0], chart)
    else:
        known = [i for i, v in enumerate(chart.column("y")) if v is not None]
        if known:
            _label_point(series[0], known[-1], chart, False, "outEnd")
    _to_lines(plot, [s for s in series[1:]])
    for i, (name, _) in enumerate(lines):
        line = list(drawn.plots)[1].series[i]
        _line(line, QUIET, 1.25, dashed=not name.startswith(chart.target_word))
        _say(line, len(chart.rows) - 1, line.name, "r", 12, "tx2", pad=math.ceil(33 / len(chart.rows)))
    if lines:
        _side_room(sheet, drawn, [name for name, _ in lines])
    _thin_out(sheet, drawn.category_axis, len(chart.rows), max(map(width, _categories(chart, 8)), default=1))


def _level_lines(chart: Chart) -> list[tuple[str, float]]:
    target = one_target(chart)
    lines = [] if target is None else [(chart.target_word, target)]
    return lines + [(clean(a.text), float(a.at)) for a in chart.annotations if a.on_value]


def _level_words(chart: Chart, name: str, at: float) -> str:
    """What stands at a level line: a target with its value, a remark as it was written."""
    return f"{name} {chart.unit.format(at)}" if name == chart.target_word else name


def _to_lines(plot: Any, series: list[Any]) -> None:
    """Move series of a column chart into a line chart on the same axes (a native combination chart)."""
    if not series:
        return
    columns = plot._element
    line = parse_xml(f'<c:lineChart {nsdecls("c")}><c:grouping val="standard"/><c:varyColors val="0"/></c:lineChart>')
    for one in series:
        held = one._element
        for tag in ("c:invertIfNegative",):
            for old in held.findall(qn(tag)):
                held.remove(old)
        line.append(held)
    marker = etree.SubElement(line, qn("c:marker"))
    marker.set("val", "1")
    for axis in columns.findall(qn("c:axId")):
        etree.SubElement(line, qn("c:axId")).set("val", axis.get("val"))
    columns.addnext(line)


def _line(
    series: Any, colour: Colour, weight: float, dashed: bool = False, marker: bool = False, number: int = 0
) -> None:
    """``number``: which of several grey lines, each with dashes of its own."""
    series.smooth = False
    series.format.line.width = Pt(weight)
    colour.apply(series.format.line.color)
    if number:
        series.format.line.dash_style = MSO_LINE.DASH if number == 1 else MSO_LINE.ROUND_DOT
    if dashed:
        series.format.line.dash_style = MSO_LINE.DASH
    series.marker.style = XL_MARKER_STYLE.CIRCLE if marker else XL_MARKER_STYLE.NONE
    if marker:
        series.marker.size = 5
        _paint(series.marker.format.fill, colour)
        series.marker.format.line.fill.background()


def _label_point(series: Any, point: int, chart: Chart, with_name: bool, position: str = "r", size: float = 12) -> None:
    """Let one point say its value, and its series' name, as a live label."""
    held = series._element.get_or_add_dLbls()
    for old in list(held):
        held.remove(old)
    told = "1" if with_name else "0"
    say = (
        f'<c:showLegendKey val="0"/><c:showVal val="%s"/><c:showCatName val="0"/><c:showSerName val="{told}"/>'
        '<c:showPercent val="0"/><c:showBubbleSize val="0"/>'
    )
    text = (
        f'<c:txPr><a:bodyPr wrap="none"/><a:p><a:pPr><a:defRPr sz="{int(size * 100)}">'
        '<a:solidFill><a:schemeClr val="tx1"/></a:solidFill><a:latin typeface="+mn-lt"/><a:ea typeface="+mn-ea"/>'
        "</a:defRPr></a:pPr></a:p></c:txPr>"
    )
    number = f'<c:numFmt formatCode={quoteattr(chart.unit.label_format)} sourceLinked="0"/>'
    held.append(
        parse_xml(
            f'<c:dLbl {nsdecls("c", "a")}><c:idx val="{point}"/>{number}<c:spPr><a:noFill/></c:spPr>{text}'
            f'<c:dLblPos val="{position}"/>{say % 1}<c:separator> </c:separator></c:dLbl>'
        )
    )
    none = say.replace(f'showSerName val="{told}"', 'showSerName val="0"') % 0
    for child in parse_xml(f"<c:dLbls {nsdecls('c', 'a')}>{none}</c:dLbls>"):
        held.append(child)


@SLIDES.draws(Kind.STACKED_COLUMN)
def stacked_column(sheet: Sheet) -> None:
    """Stacked columns from zero with the legend at the right, in the order of the stack."""
    chart = sheet.chart
    order = list(dict.fromkeys(chart.names))
    groups, values = [clean(g) for g in chart.column("series")], chart.column("y")
    data = CategoryChartData(number_format=chart.unit.number_format)
    data.categories = [shorten(n, 8) for n in order]
    totals = [0.0] * len(order)
    for group in chart.groups:
        cells: list[float | None] = [None] * len(order)
        for name, held, value in zip(chart.names, groups, values, strict=True):
            if held == group and value is not None:
                cells[order.index(name)] = (cells[order.index(name)] or 0) + value
                totals[order.index(name)] += value
        data.add_series(shorten(group, 14), cells)
    drawn = _add(sheet, XL_CHART_TYPE.COLUMN_STACKED, data, _remarks(sheet, _value_marks(chart) + _place_marks(chart)))
    plot = drawn.plots[0]
    plot.gap_width, plot.overlap = 45, 100
    for i, (series, group) in enumerate(zip(plot.series, chart.groups, strict=True)):
        risk = risk_of(group, INK)
        ours = CATEGORIES[i] if i < len(CATEGORIES) else CALM
        _paint(series.format.fill, rgb(risk.colour) if risk else ours)
        series.format.line.width = Pt(0.75)
        (TEXT if risk else PAGE).apply(series.format.line.color)
    axis = drawn.value_axis
    _value_axis(chart, axis, True)
    places = ticks(0.0, max(totals, default=0) or 1.0)
    axis.minimum_scale, axis.maximum_scale, axis.major_unit = places[0], places[-1], places[1] - places[0]
    _bare(drawn.category_axis)
    _thin_out(sheet, drawn.category_axis, len(order), max((width(shorten(n, 8)) for n in order), default=1))
    drawn.has_legend = True
    drawn.legend.position = XL_LEGEND_POSITION.RIGHT
    drawn.legend.include_in_layout = False
    style(drawn.legend.font, 13, TEXT)


@SLIDES.draws(Kind.LINE)
def line(sheet: Sheet) -> None:
    """Lines on a time axis; the last point says name and value; target and value marks as level lines."""
    chart = sheet.chart
    data, held = _line_data(chart, list(range(len(chart.rows))))
    count = len(held)
    levels = [_level_words(chart, name, at) for name, at in _level_lines(chart)]
    for name, (_, value) in zip(levels, _level_lines(chart), strict=True):
        data.add_series(name, [value] * len(list(data.categories)))
    limits = _limits(chart, held)
    for name, cells in limits:
        data.add_series(name, cells)
    remarks = _place_marks(chart)
    if chart.encoding.low and chart.encoding.high:
        last = [i for i, v in enumerate(chart.column("y")) if v is not None]
        if last and chart.column("low")[last[-1]] is not None and not chart.encoding.series:
            low, high = chart.column("low")[last[-1]], chart.column("high")[last[-1]]
            remarks.append(f"最近一期区间 {chart.unit.format(low)}—{chart.unit.format(high)}")
    drawn = _add(sheet, XL_CHART_TYPE.LINE, data, _remarks(sheet, remarks))
    roles = ("target", "low", "high") if limits else ("target",)
    _value_axis(chart, drawn.value_axis, chart.unit.kind != "rate", *roles)
    axis = drawn.category_axis
    _bare(axis)
    style(axis.tick_labels.font, 12, TEXT)
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    if chart.ranks:
        drawn.value_axis.reverse_order, drawn.value_axis.minimum_scale = True, 1
        axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH  # the side of the last rank, at the bottom
    series = list(drawn.plots[0].series)
    named = bool(chart.encoding.emphasis)
    for position, (one, (name, rows)) in enumerate(zip(series[:count], held, strict=True)):
        strong = any(chart.strong[i] for i in rows)
        colour = (PRIMARY if strong else CALM) if named or count == 1 else (*CATEGORIES, *[CALM] * count)[position]
        number = chart.quiet_lines.get(name, 0)
        _line(one, colour, 3 if strong else 1.5, marker=strong and len(rows) <= 31, number=number)
        points = list(one.values)
        known = [k for k, v in enumerate(points) if v is not None]
        if known and (strong or not named or _has_room(chart, held, rows)):
            _label_point(one, known[-1], chart, bool(name), "r", 13)
    bounds = series[len(series) - len(limits) :]
    for one in bounds:
        _line(one, CALM, 0.75, dashed=True)
    for one in series[count : len(series) - len(limits)]:
        _line(one, QUIET, 1.25, dashed=not one.name.startswith(chart.target_word))
        _say(one, len(list(one.values)) - 1, one.name, "r", 12, "tx2")
    _side_room(sheet, drawn, levels + [f"{name} {chart.unit.format(1)}" for name, _ in held] + ["99.9%"])
    if all(map(is_moment, chart.column("x"))):
        _day_steps(axis, [pd.Timestamp(v) for v in chart.column("x")])
    else:
        _thin_out(sheet, axis, len(set(chart.names)), max(map(width, chart.names), default=1))


def _limits(chart: Chart, held: list[tuple[str, list[int]]]) -> list[tuple[str, list[float | None]]]:
    """The band around an emphasised line among others, as two lines: slides have no bands."""
    lows, highs = chart.column("low"), chart.column("high")
    if not (lows and highs and chart.encoding.series and chart.encoding.emphasis):
        return []
    order = list(dict.fromkeys(chart.rows[chart.encoding.x]))
    raw = chart.column("x")
    for _, rows in held:
        if not any(chart.strong[i] and lows[i] is not None for i in rows):
            continue
        found = []
        for role, cells in (("low", lows), ("high", highs)):
            at = {raw[i]: cells[i] for i in rows}
            found.append((chart.heading(chart.encoding.columns[role]), [at.get(x) for x in order]))
        return found
    return []


def _has_room(chart: Chart, held: list[tuple[str, list[int]]], rows: list[int]) -> bool:
    """Whether a quiet line ends far enough from all others for its words to stand beside its end."""
    values = chart.column("y")
    ends = {tuple(mine): [values[i] for i in mine if values[i] is not None][-1:] for _, mine in held}
    low, high = extent_of(chart, chart.unit.kind != "rate", "target")
    own = ends.pop(tuple(rows))
    apart = [abs(own[0] - end[0]) for end in ends.values() if own and end]
    return bool(own) and all(distance > (high - low) * 0.08 for distance in apart)


def _side_room(sheet: Sheet, drawn: Any, words: list[str]) -> None:
    """Room at the right for the words at the ends of lines."""
    wide = sheet.box[2]
    right = min(0.26 if wide > 8 else 0.36, (max(map(width, words), default=4) + 1.5) * 13 / 72 / wide)
    _inner(drawn, 0.05, 0.03, 0.94 - right, 0.87)


def _day_steps(axis: Any, days: list[pd.Timestamp]) -> None:
    """Labels on a time axis at even steps of the data's own rhythm, about eight."""
    held = sorted(set(days))
    if len(held) < 2:
        return
    rhythm = max(1, min((b - a).days for a, b in pairwise(held)))
    span = max(1, (held[-1] - held[0]).days)
    step = rhythm * max(1, math.ceil(span / rhythm / 8))
    element = axis._element
    for tag in ("c:baseTimeUnit", "c:majorUnit", "c:majorTimeUnit"):
        for old in element.findall(qn(tag)):
            element.remove(old)
    for tag, value in (("c:baseTimeUnit", "days"), ("c:majorUnit", str(step)), ("c:majorTimeUnit", "days")):
        etree.SubElement(element, qn(tag)).set("val", value)


def _thin_out(sheet: Sheet, axis: Any, names: int, ems: float) -> None:
    """Leave out names where they would touch."""
    room = sheet.box[2] * 72 * 0.85 / 12
    _label_skip(axis, max(1, math.ceil(names * (ems + 1) / room)))


def _line_data(chart: Chart, rows: list[int]) -> tuple[Any, list[tuple[str, list[int]]]]:
    """Chart data over the union of the x values of some rows, a series a group."""
    raw, groups = chart.column("x"), [clean(g) for g in chart.column("series")] or [""] * len(chart.rows)
    timed = all(is_moment(raw[i]) for i in rows)
    keys = [pd.Timestamp(raw[i]).to_pydatetime().date() if timed else chart.names[i] for i in rows]
    order = sorted(dict.fromkeys(keys)) if timed else list(dict.fromkeys(keys))
    data = CategoryChartData(number_format=chart.unit.number_format)
    data.categories = order
    if timed:
        data.categories.number_format = r"yyyy\年m\月" if chart.with_year or chart.by_month else r"m\月d\日"
    held = []
    for group in dict.fromkeys(groups[i] for i in rows):
        mine = [i for i in rows if groups[i] == group]
        cells: list[float | None] = [None] * len(order)
        for i in mine:
            cells[order.index(keys[rows.index(i)])] = chart.column("y")[i]
        data.add_series(group or ("全部" if chart.encoding.series else chart.heading(chart.encoding.y)), cells)
        held.append((group, mine))
    return data, held


def _inner(drawn: Any, left: float, top: float, wide: float, high: float) -> None:
    """Fix the inner plot area as shares of the chart, so that labels at its side have room."""
    area = drawn._chartSpace.chart.plotArea
    for old in area.findall(qn("c:layout")):
        area.remove(old)
    area.insert(
        0,
        parse_xml(
            f'<c:layout {nsdecls("c")}><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/>'
            f'<c:yMode val="edge"/><c:x val="{left}"/><c:y val="{top}"/><c:w val="{wide}"/><c:h val="{high}"/>'
            "</c:manualLayout></c:layout>"
        ),
    )


Points = list[tuple[float, float | None]]


def _scatter(sheet: Sheet, held: list[tuple[str, Points]], box: Box, size: float) -> Any:
    """A native scatter chart; a point without y is a gap in its line.

    Shorter series repeat their last point: LibreOffice drops series of unequal length.
    """
    longest = max(len(points) for _, points in held)
    data = XyChartData(number_format="General")
    gaps: list[tuple[int, int]] = []
    for number, (name, points) in enumerate(held):
        series = data.add_series(name, number_format=sheet.chart.unit.number_format)
        for place, (x, y) in enumerate(points + points[-1:] * (longest - len(points))):
            series.add_data_point(x, 0 if y is None else y)
            if y is None:
                gaps.append((number, place))
    drawn = _add(sheet, XL_CHART_TYPE.XY_SCATTER, data, box, size)
    if gaps:
        _open_gaps(drawn, gaps)
    return drawn


def _open_gaps(drawn: Any, gaps: list[tuple[int, int]]) -> None:
    """Empty the y of some points, in the drawing's cache and in the embedded workbook."""
    part = drawn.part.chart_workbook.xlsx_part
    book = openpyxl.load_workbook(io.BytesIO(part.blob))
    series = list(drawn.plots[0].series)
    for number, place in gaps:
        values = series[number]._element.find(f"{qn('c:yVal')}/{qn('c:numRef')}")
        first = values.find(qn("c:f")).text.split("!")[1].split(":")[0].replace("$", "")
        cell = book.active[first]
        book.active.cell(cell.row + place, cell.column).value = None
        for point in values.findall(f"{qn('c:numCache')}/{qn('c:pt')}"):
            if point.get("idx") == str(place):
                point.getparent().remove(point)
    out = io.BytesIO()
    book.save(out)
    part._blob = out.getvalue()


@SLIDES.draws(Kind.DOT_INTERVAL)
def dot_interval(sheet: Sheet) -> None:
    """A native scatter chart: dots over line segments; names and values are labels of a series without marks."""
    chart = sheet.chart
    values, lows, highs = chart.column("y"), chart.column("low"), chart.column("high")
    places = _steps(chart, False, "low", "high", "target")
    rows = len(values)
    known = [i for i, v in enumerate(values) if v is not None]
    held: list[tuple[str, Points]] = [("名称", [(places[0], rows - i) for i in range(rows)])]
    marks = _level_lines(chart)
    held += [(_level_words(chart, name, at), [(at, 0.4), (at, rows + 0.6)]) for name, at in marks]
    spans = []
    for strong in (False, True):
        points: Points = []
        for i in known:
            if chart.strong[i] is strong and lows and highs and lows[i] is not None and highs[i] is not None:
                points += [(lows[i], rows - i), (highs[i], rows - i), (highs[i], None)]
        if points:
            held.append(("重点区间" if strong and not all(chart.strong) else "区间", points))
            spans.append(strong)
    if known:
        held.append((chart.heading(chart.encoding.y), [(values[i], rows - i) for i in known]))
    size = _size(sheet, rows)
    drawn = _scatter(sheet, held, _room(sheet.box, rows + 2), size)
    _value_axis(chart, drawn.category_axis, False, "low", "high", "target")
    upright = drawn.value_axis
    _bare(upright, False)
    upright.minimum_scale, upright.maximum_scale, upright.visible = 0.4, rows + 0.6, False
    series = list(drawn.plots[0].series)
    series[0].format.line.fill.background()
    series[0].marker.style = XL_MARKER_STYLE.NONE
    shown = short_names(chart.names)
    for i in range(rows):
        ink = "tx1" if values[i] is not None else "tx2"
        _say(series[0], i, f"{shorten(shown[i], 12)}  {chart.values[i]}", "l", size, ink)
    for one, (name, _) in zip(series[1:], marks, strict=False):
        _line(one, QUIET, 1.25, dashed=name != chart.target_word)
        _say(one, 1, one.name, "t", 12, "tx2")
    for one, strong in zip(series[1 + len(marks) :], spans, strict=False):
        paler = Colour((PRIMARY if strong else CALM).theme, brightness=0.45)
        _line(one, paler, 3 if strong else 2)
    if known:
        dots, plain = series[-1], all(chart.strong)
        _dots(dots, PRIMARY if plain else CALM, 9)
        for place, i in enumerate(known):
            if chart.strong[i] and not plain:
                _paint(dots.points[place].marker.format.fill, PRIMARY)
                dots.points[place].marker.style = XL_MARKER_STYLE.CIRCLE
                dots.points[place].marker.size = 12
    words = max((width(f"{shorten(n, 12)}  {v}") for n, v in zip(shown, chart.values, strict=True)), default=6)
    share = min(0.55, (words * size / 72 + 0.2) / sheet.box[2])
    _inner(drawn, share, 0.07, 0.96 - share, 0.86)


def _dots(series: Any, colour: Colour, size: int) -> None:
    series.format.line.fill.background()
    series.marker.style = XL_MARKER_STYLE.CIRCLE
    series.marker.size = size
    _paint(series.marker.format.fill, colour)
    series.marker.format.line.fill.background()


def _say(series: Any, point: int, words: str, position: str, size: float, scheme: str, pad: int = 0) -> None:
    """Fixed words at one point, after ``pad`` wide spaces."""
    held = series._element.get_or_add_dLbls()
    text = etree.Element(qn("a:t"))
    text.text = "\u3000" * pad + clean(words)
    label = parse_xml(
        f'<c:dLbl {nsdecls("c", "a")}><c:idx val="{point}"/><c:tx><c:rich><a:bodyPr wrap="none"/><a:p><a:r>'
        f'<a:rPr lang="zh-CN" sz="{int(size * 100)}"><a:solidFill><a:schemeClr val="{scheme}"/></a:solidFill>'
        '<a:latin typeface="+mn-lt"/><a:ea typeface="+mn-ea"/></a:rPr></a:r></a:p></c:rich></c:tx>'
        f'<c:dLblPos val="{position}"/><c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/>'
        '<c:showSerName val="0"/><c:showPercent val="0"/><c:showBubbleSize val="0"/></c:dLbl>'
    )
    label.find(f".//{qn('a:r')}").append(text)
    before = [child for child in held if child.tag == qn("c:dLbl")]
    if before:
        before[-1].addnext(label)
    else:
        for old in list(held):
            held.remove(old)
        held.append(label)
        tail = "".join(
            f'<c:{t} val="0"/>'
            for t in ("showLegendKey", "showVal", "showCatName", "showSerName", "showPercent", "showBubbleSize")
        )
        for child in parse_xml(f"<c:dLbls {nsdecls('c')}>{tail}</c:dLbls>"):
            held.append(child)


@SLIDES.draws(Kind.FUNNEL_PLOT)
def funnel_plot(sheet: Sheet) -> None:
    """A native scatter chart: dots over cases, limits as lines; what lies outside has its name."""
    chart = sheet.chart
    values, cases = chart.column("y"), chart.column("n")
    known = [i for i, v in enumerate(values) if v is not None and cases[i] is not None]
    lows, highs = chart.column("low"), chart.column("high")

    def outside(i: int) -> bool:
        if chart.encoding.emphasis:
            return chart.strong[i]
        low, high = (lows[i] if lows else None), (highs[i] if highs else None)
        return (low is not None and values[i] < low) or (high is not None and values[i] > high)

    held: list[tuple[str, Points]] = []
    limits = []
    order = sorted((i for i, n in enumerate(cases) if n is not None), key=lambda i: cases[i])
    for role, name in (
        ("low", "95%界限"), ("high", "95%上限"), ("outer_low", "99.8%界限"), ("outer_high", "99.8%上限"),
        ("target", "总体"),
    ):  # fmt: skip
        drawn_from = chart.column(role)
        points: Points = [(cases[i], drawn_from[i]) for i in order if drawn_from and drawn_from[i] is not None]
        if points:
            held.append((name, points))
            limits.append((role, name, len(points)))
    if known:
        held.append((chart.heading(chart.encoding.y), [(cases[i], values[i]) for i in known]))
    if not held:
        no_data(sheet)
        return
    drawn = _scatter(sheet, held, sheet.box, 12)
    _value_axis(chart, drawn.value_axis, False, "low", "high", "outer_low", "outer_high", "target")
    across = drawn.category_axis
    _bare(across)
    across.minimum_scale = 0
    across.has_title = True
    across.axis_title.text_frame.text = "样本数"
    style(across.axis_title.text_frame.paragraphs[0].runs[0].font, 12, QUIET)
    across.tick_labels.number_format, across.tick_labels.number_format_is_linked = "#,##0", False
    style(across.tick_labels.font, 12, QUIET)
    series = list(drawn.plots[0].series)
    for one, (role, name, count) in zip(series, limits, strict=False):
        _line(one, QUIET if role == "target" else CALM, 1.25, dashed=role != "target")
        if not role.endswith("high"):
            words = f"{name} {chart.unit.format(list(one.values)[-1])}" if role == "target" else name
            _say(one, count - 1, words, "r", 12, "tx2")
    shown = short_names(chart.names)
    if known:
        _dots(series[-1], CALM, 7)
        for place, i in enumerate(known):
            if outside(i):
                point = series[-1].points[place]
                point.marker.style, point.marker.size = XL_MARKER_STYLE.CIRCLE, 10
                _paint(point.marker.format.fill, PRIMARY)
                _say(series[-1], place, shorten(shown[i], 8), "t", 12, "tx1")
    _inner(drawn, 0.06, 0.03, 0.82, 0.82)


@SLIDES.draws(Kind.SMALL_MULTIPLES)
def small_multiples(sheet: Sheet) -> None:
    """A small native line chart for each of at most 24 panels, one scale for all, the whole behind each."""
    chart = sheet.chart
    panels = chart.groups[:24]
    groups = [clean(g) for g in chart.column("series")]
    whole = [i for i, g in enumerate(groups) if not g]
    places = ticks(*extent_of(chart, chart.unit.kind != "rate", "target"), 3)
    across = min(7, max(1, math.ceil(math.sqrt(len(panels) * 1.8))))
    down = math.ceil(len(panels) / across) or 1
    left, top, wide, high = sheet.box
    remark = f"各图同一刻度：{chart.unit.format(places[0])}—{chart.unit.format(places[-1])}"
    if whole:
        remark += "；灰色虚线为总体"
    if len(chart.groups) > len(panels):
        remark += f"；其余 {len(chart.groups) - len(panels)} 个见工作簿"
    text_box(sheet.slide.shapes, left, top, wide, 0.3, [remark], 12, QUIET)
    top, high = top + 0.35, high - 0.35
    step_x, step_y = wide / across, high / down
    for number, panel in enumerate(panels):
        x, y = left + (number % across) * step_x, top + (number // across) * step_y
        mine = [i for i, g in enumerate(groups) if g == panel]
        known = [i for i in mine if chart.column("y")[i] is not None]
        said = chart.values[known[-1]] if known else chart.values[mine[-1]]
        strong = any(chart.strong[i] for i in mine)
        words = f"{shorten(panel, 7)} {said}"
        text_box(sheet.slide.shapes, x, y, step_x, 0.26, [words], 11, PRIMARY if strong else TEXT, strong, wrap=False)
        data, _ = _line_data(chart, [*whole, *mine])
        drawn = _add(sheet, XL_CHART_TYPE.LINE, data, (x - 0.05, y + 0.24, step_x - 0.1, step_y - 0.28), 9)
        for axis in (drawn.value_axis, drawn.category_axis):
            _bare(axis)
            axis.visible = False
        if len(places) > 1:
            drawn.value_axis.minimum_scale, drawn.value_axis.maximum_scale = places[0], places[-1]
        series = list(drawn.plots[0].series)
        if whole:
            _line(series[0], CALM, 1, dashed=True)
        _line(series[-1], PRIMARY if strong else QUIET, 2.25 if strong else 1.75)


def no_data(sheet: Sheet) -> None:
    """The slide of a chart without rows."""
    left, top, wide, high = sheet.box
    text_box(sheet.slide.shapes, left, top + high / 3, wide, 0.6, ["本期无数据"], 20, QUIET)
