"""Slides from native shapes: KPI cards, map, tile grid, table, heatmap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from pptx.enum.dml import MSO_PATTERN
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Inches

from minxin.charts import geometry
from minxin.charts.cards import Card, cards
from minxin.charts.chart import Chart, Kind
from minxin.charts.fills import Legend, fills, legend, short_names
from minxin.charts.palette import classes, risk_of, text_on
from minxin.charts.tables import TableColumn, columns
from minxin.charts.words import clean, shorten, width, wrap
from minxin.exports.deck import (
    HAIRLINE,
    INK,
    PAGE,
    PRIMARY,
    QUIET,
    SURFACE,
    TEXT,
    Colour,
    describe,
    emu,
    fill,
    outline,
    rgb,
    text_box,
    unstyle,
    write,
)
from minxin.exports.slides import SLIDES, Sheet

ROWS = 12
#: Cards below this height in inches are flat: they say less instead of saying it smaller.
FLAT = 1.6
MOST_TABLE_SLIDES = 10
#: Columns of at most so many ems are never cut for longer ones.
_SHORT = 8.0
_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"


@SLIDES.draws(Kind.KPI_ROW)
def kpi_row(sheet: Sheet) -> None:
    """Cards of equal parts side by side, five in a row."""
    held = cards(sheet.chart)
    across = min(5, len(held))
    down = -(-len(held) // across)
    left, top, wide, high = sheet.box
    gap = 0.2
    card_wide = (wide - gap * (across - 1)) / across
    card_high = min(3.2, (high - gap * (down - 1)) / down)
    top += max(0.0, (high - down * card_high - gap * (down - 1)) / 3)
    for i, card in enumerate(held):
        x, y = left + (i % across) * (card_wide + gap), top + (i // across) * (card_high + gap)
        _card(sheet, card, x, y, card_wide, card_high)


def _card(sheet: Sheet, card: Card, x: float, y: float, wide: float, high: float) -> None:
    group = sheet.slide.shapes.add_group_shape()
    frame = group.shapes.add_shape(MSO_SHAPE.RECTANGLE, Inches(x), Inches(y), Inches(wide), Inches(high))
    fill(frame, SURFACE, PRIMARY if card.strong else HAIRLINE, 1.5 if card.strong else 0.75)
    describe(group, card.name, " ".join(t for t in (card.name, card.figure, card.change, card.target) if t))
    pad, scale = 0.18, min(1.0, high / 3.2)
    room = (wide - 2 * pad) * 72
    lines: tuple[tuple[str, float, float, Colour, bool], ...]
    if high < FLAT:
        # A flat card keeps its sizes and says less: name, figure, change, then target or interval.
        scale = 1.0
        large = min(26.0, room / max(width(card.figure), 1), 18 if card.unknown else 99)
        moved = " ".join(t for t in (card.change, card.verdict) if t)
        base = " · ".join(t for t in (card.target, card.interval or card.cases) if t)
        lines = (
            (shorten(card.name, room / 13), 0.1, 13, QUIET, False),
            (card.figure, 0.36, large, QUIET if card.unknown else TEXT, not card.unknown),
            (moved, 0.86, min(12.0, room / max(width(moved), 1)), TEXT, False),
            (base, 1.12, min(11.0, room / max(width(base), 1)), QUIET, False),
        )
    else:
        # Some room is left: the office that opens the file may set another face.
        large = min(36 * scale, 0.94 * room / max(width(card.figure), 1), 24 if card.unknown else 99)
        base = " · ".join(t for t in (card.cases, card.note) if t)
        noted = tuple(zip(wrap(base, 0.94 * room / 11, 2), (2.62, 2.86), strict=False))
        lines = (
            (shorten(card.name, room / 15), 0.18, 15, QUIET, False),
            (card.figure, 0.58, large, QUIET if card.unknown else TEXT, not card.unknown),
            (card.change, 1.48, min(14.0, 0.9 * room / max(width(card.change), 1)), TEXT, False),
            (card.verdict, 1.80, 14, TEXT, True),
            (card.target, 2.08, 13, QUIET, False),
            (card.interval, 2.36, min(12.0, 0.94 * room / max(width(card.interval), 1)), QUIET, False),
            *((text, down, 11.0, QUIET, False) for text, down in noted),
        )
    for text, down, size, colour, bold in lines:
        if text:
            text_box(group.shapes, x + pad, y + down * scale, wide - 2 * pad, 0.4 if size < 20 else 0.8,
                     [text], size * (scale if size < 20 else 1), colour, bold, wrap=False)  # fmt: skip


@SLIDES.draws(Kind.MAP)
def area_map(sheet: Sheet) -> None:
    """Each community a group of a freeform and its label; legend and what found no room at the right."""
    left, top, wide, high = sheet.box
    map_wide, side = wide - 3.1, left + wide - 2.8
    filled = fills(sheet.chart, INK)
    strong = {
        k for k, s in zip(sheet.chart.keys, sheet.chart.strong, strict=True) if s and sheet.chart.encoding.emphasis
    }
    points = 72.0
    areas = geometry.outline(sheet.shapes, map_wide * points, high * points, 4)
    names = dict(zip((a.key for a in areas), short_names([a.name for a in areas]), strict=True))
    untold = []
    for area in sorted(areas, key=lambda a: a.key in strong):
        held = filled.get(area.key)
        known = held is not None and held.step is not None
        group = sheet.slide.shapes.add_group_shape()
        for polygon in area.polygons:
            shape = _freeform(group, polygon, left, top)
            if held is not None and known:
                fill(shape, rgb(held.colour), PAGE, 1)
            else:
                _hatch(shape)
            if area.key in strong:
                outline(shape, TEXT, 2.5)
            shape.name = area.name
        said = held.text if held else "无数据"
        describe(group, area.name, f"{area.name} {said}")
        label = geometry.label(area, names[area.key], said if known else "", 11)
        if label is not None:
            ink = text_on(held.colour if held else INK.few)
            x, y = left + label.x / points, top + label.y / points
            text_box(group.shapes, x - 0.6, y - 0.3, 1.2, 0.6, label.lines, 11, rgb(ink), align=PP_ALIGN.CENTER,
                     anchor=MSO_ANCHOR.MIDDLE, wrap=False)  # fmt: skip
        if label is None or (known and len(label.lines) < 2):
            untold.append(f"{names[area.key]} {said}")
    end = _legend(sheet, legend(sheet.chart, INK, sheet.geometry_note), side, top + 0.1)
    if untold:
        room = int((top + high - end - 0.3) / 0.26)
        shown = untold if len(untold) <= room else [*untold[: max(room - 1, 0)], f"等 {len(untold)} 个，详见表格"]
        text_box(sheet.slide.shapes, side, end + 0.1, 2.8, 0.3, ["图中未标出数值的"], 12, QUIET)
        text_box(sheet.slide.shapes, side, end + 0.42, 2.8, 0.26 * len(shown), shown, 12, TEXT)


def _freeform(group: Any, polygon: Any, left: float, top: float) -> Any:
    def place(point: tuple[float, float]) -> tuple[int, int]:
        return int((left + point[0] / 72) * 914400), int((top + point[1] / 72) * 914400)

    outer = [place(p) for p in polygon[0]]
    builder = group.shapes.build_freeform(*outer[0], scale=1.0)
    builder.add_line_segments(outer[1:], close=True)
    for hole in polygon[1:]:
        spots = [place(p) for p in hole]
        builder.move_to(*spots[0])
        builder.add_line_segments(spots[1:], close=True)
    return builder.convert_to_shape()


def _hatch(shape: Any) -> None:
    """No value: grey hatch, so that it differs from every step of the ramp in black and white too."""
    shape.fill.patterned()
    shape.fill.pattern = MSO_PATTERN.WIDE_UPWARD_DIAGONAL
    rgb(INK.calm).apply(shape.fill.fore_color)
    PAGE.apply(shape.fill.back_color)
    outline(shape, HAIRLINE, 1)
    unstyle(shape)


def _legend(sheet: Sheet, held: Legend, left: float, top: float) -> float:
    """The legend from the highest step down; returns where it ends."""
    shapes = sheet.slide.shapes
    text_box(shapes, left, top, 2.8, 0.3, [shorten(held.title, 16)], 13, TEXT, True)
    y = top + 0.38
    for step, known in [*((s, True) for s in reversed(held.steps)), *((s, False) for s in held.missing)]:
        swatch = shapes.add_shape(MSO_SHAPE.RECTANGLE, Inches(left), Inches(y + 0.03), Inches(0.34), Inches(0.2))
        if known:
            fill(swatch, rgb(step.colour), HAIRLINE)
        else:
            _hatch(swatch)
        text_box(shapes, left + 0.46, y, 2.3, 0.28, [f"{step.words}\uff08{step.areas} 个\uff09"], 12, TEXT)
        y += 0.31
    if held.note:
        text_box(shapes, left, y + 0.04, 2.8, 0.28, [held.note], 12, QUIET)
        y += 0.34
    return y


@SLIDES.draws(Kind.TILE_GRID)
def tile_grid(sheet: Sheet) -> None:
    """Equal tiles with name and value; legend at the right."""
    left, top, wide, high = sheet.box
    chart, places = sheet.chart, geometry.tiles(sheet.shapes)
    filled, names = fills(chart, INK), dict(zip(chart.keys, short_names(chart.names), strict=True))
    rows = max((p[0] for p in places.values()), default=0) + 1
    across = max((p[1] for p in places.values()), default=0) + 1
    step_x, step_y = (wide - 3.1) / across, high / rows
    for key in chart.keys:
        if key not in places:
            continue
        row, column = places[key]
        box = sheet.slide.shapes.add_shape(
            MSO_SHAPE.RECTANGLE, Inches(left + column * step_x), Inches(top + row * step_y),
            Inches(step_x - 0.06), Inches(step_y - 0.06),
        )  # fmt: skip
        held = filled[key]
        if held.step is None:
            _hatch(box)
        else:
            fill(box, rgb(held.colour))
        ink = rgb(text_on(held.colour))
        write(box.text_frame, [shorten(names[key], 7), shorten(held.text, 9)], 13, ink, align=PP_ALIGN.CENTER,
              anchor=MSO_ANCHOR.MIDDLE)  # fmt: skip
        describe(box, names[key], f"{names[key]} {held.text}")
    _legend(sheet, legend(chart, INK, ""), left + wide - 2.8, top + 0.1)


@dataclass(frozen=True)
class Cell:
    """One table cell: text, fill and text colour ('' = none), alignment."""

    text: str
    fill: str = ""
    right: bool = False


@SLIDES.draws(Kind.TABLE)
def table(sheet: Sheet) -> None:
    """The rows of this slide as a native table, numbers at the right."""
    held = columns(sheet.chart)
    first, last = sheet.rows
    head = [Cell(c.heading, right=_numeric(c)) for c in held]
    body = [[Cell(c.written[i], right=_numeric(c)) for c in held] for i in range(first, last)]
    size = 14 if len(held) <= 5 else 12 if len(held) <= 8 else 10.5
    if sheet.box[2] < 8:
        # a narrow one says everything a little smaller rather than cutting it
        needed = sum(max(map(width, (c.heading, *c.written[first:last]))) + 2 for c in held)
        size = max(9.5, min(11.0, sheet.box[2] * 72 / needed))
    _table(sheet, head, body, size)


def _numeric(column: TableColumn) -> bool:
    return column.unit is not None


@SLIDES.draws(Kind.HEATMAP)
def heatmap(sheet: Sheet) -> None:
    """A native table with shaded cells, series down, x across."""
    chart = sheet.chart
    across, down = list(dict.fromkeys(chart.names)), chart.groups
    sorted_in = classes(chart.column("y"))
    steps = sorted_in.colours(INK.ramp)
    cells: dict[tuple[str, str], Cell] = {}
    word = "" if chart.unit.word == "%" else chart.unit.word
    for group, name, text, place in zip(
        map(clean, chart.column("series")), chart.names, chart.values, sorted_in.index, strict=True
    ):
        if place is None and not chart.encoding.status:
            continue
        risk = risk_of(text, INK)
        shade = risk.colour if risk else INK.few if place is None else steps[place]
        cells[group, name] = Cell(text.removesuffix(word), shade, True)
    head = [Cell("")] + [Cell(n, right=True) for n in across]
    body = [[Cell(g)] + [cells.get((g, n), Cell("")) for n in across] for g in down]
    # Many columns of short values leave the names their room.
    least = 4.0 if len(across) <= 14 else 1.2
    _table(sheet, head, body, 12 if len(across) <= 10 and len(down) <= 14 else 9, least)


def _table(sheet: Sheet, head: list[Cell], body: list[list[Cell]], size: float, least: float = 4.0) -> None:
    left, top, wide, high = sheet.box
    rows, count = len(body) + 1, len(head)
    row_high = min(0.4, high / rows)
    frame = sheet.slide.shapes.add_table(rows, count, Inches(left), Inches(top), Inches(wide), Inches(row_high * rows))
    describe(frame, sheet.chart.id, sheet.chart.alt)
    held = frame.table
    properties = held._tbl.tblPr
    properties.find(qn("a:tableStyleId")).text = _NO_STYLE
    for name in ("firstRow", "bandRow"):
        properties.set(name, "1" if name == "firstRow" else "0")
    needs = [
        min(24.0, max([least, width(head[c].text)] + [width(row[c].text) for row in body])) + 2.0 for c in range(count)
    ]
    total = sum(needs)
    fitted = wide if count >= 3 else min(wide, total * size / 72 * 1.25)
    wides = _wides(needs, fitted, size)
    for c, column_wide in enumerate(wides):
        held.columns[c].width = emu(column_wide)
    ems = [column_wide * 72 / size - 1.8 for column_wide in wides]
    for r, row in enumerate([head, *body]):
        held.rows[r].height = emu(row_high)
        for c, cell in enumerate(row):
            _write_cell(held.cell(r, c), cell, size, ems[c], r == 0)


def _wides(needs: list[float], wide: float, size: float) -> list[float]:
    """Widths of columns in inches: by what they need; where that is too much, short ones keep theirs."""
    total = sum(needs)
    inch = size / 72
    short = sum(need for need in needs if need <= _SHORT)
    rest = wide - short * inch
    if total * inch <= wide or short == total or rest <= 0.4 * wide:
        return [wide * need / total for need in needs]
    return [need * inch if need <= _SHORT else rest * need / (total - short) for need in needs]


def _write_cell(target: Any, cell: Cell, size: float, ems: float, head: bool) -> None:
    ink = rgb(text_on(cell.fill)) if cell.fill else TEXT
    align = PP_ALIGN.RIGHT if cell.right else PP_ALIGN.LEFT
    write(target.text_frame, [shorten(cell.text, ems)], size, ink, head, align, MSO_ANCHOR.MIDDLE, wrap=False)
    if not cell.text:
        # An empty paragraph is as high as its end mark, which is large unless it is told.
        paragraph = target.text_frame.paragraphs[0]._p
        for run in paragraph.findall(qn("a:r")):
            paragraph.remove(run)
        paragraph.get_or_add_endParaRPr().set("sz", str(int(size * 100)))
    target.vertical_anchor = MSO_ANCHOR.MIDDLE
    target.margin_left = target.margin_right = emu(0.14)
    target.margin_top = target.margin_bottom = emu(0.02)
    if cell.fill or head:
        target.fill.solid()
        (rgb(cell.fill) if cell.fill else SURFACE).apply(target.fill.fore_color)
    else:
        target.fill.background()
    properties = target._tc.get_or_add_tcPr()
    line = etree.Element(qn("a:lnB"), w="9525")
    colour = etree.SubElement(etree.SubElement(line, qn("a:solidFill")), qn("a:srgbClr"))
    colour.set("val", INK.hairline.lstrip("#"))
    properties.insert(0, line)


def table_pages(chart: Chart) -> list[tuple[int, int]]:
    """First and last row (exclusive) of each slide of a table; the rest is left to the workbook."""
    count = len(chart.rows)
    return [(i, min(i + ROWS, count)) for i in range(0, count, ROWS)][:MOST_TABLE_SLIDES] or [(0, 0)]
