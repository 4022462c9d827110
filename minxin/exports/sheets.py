"""Cells of a workbook: formats, harmless texts, tables with real numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from minxin.charts.chart import Chart, Kind, Unit
from minxin.charts.palette import FILE_FONT, Theme, colours, text_on
from minxin.charts.tables import TableColumn, columns
from minxin.charts.words import clean, is_moment, width

INK = colours(Theme.PRINT)
#: Texts that a spreadsheet could take for a formula when a cell is edited or saved as CSV.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_LONGEST = 32767


_LINE: dict[str, Any] = {"bottom": 1, "bottom_color": INK.hairline}
_LOOKS: dict[str, dict[str, Any]] = {
    "title": {"font_size": 16, "bold": True},
    "quiet": {"font_color": INK.quiet, "font_size": 10},
    "head": {**_LINE, "bold": True, "bg_color": INK.surface, "indent": 1},
    "head_right": {**_LINE, "bold": True, "bg_color": INK.surface, "align": "right"},
    "cell": {**_LINE, "indent": 1},
    "plain": {},
    "said": {**_LINE, "align": "right", "font_color": INK.quiet},
    "wrapped": {"text_wrap": True},
    "link": {"font_color": INK.primary, "underline": 1},
    "number": {**_LINE, "align": "right"},
}


_KINDS = {
    Kind.KPI_ROW: "指标",
    Kind.BAR: "排序",
    Kind.COLUMN: "变化",
    Kind.STACKED_COLUMN: "构成",
    Kind.LINE: "走势",
    Kind.DOT_INTERVAL: "区间",
    Kind.MAP: "地图",
    Kind.TILE_GRID: "方格图",
    Kind.TABLE: "明细",
    Kind.BULLET: "与目标",
    Kind.HEATMAP: "热力表",
    Kind.SMALL_MULTIPLES: "分组走势",
    Kind.FUNNEL_PLOT: "漏斗图",
    Kind.DIVERGING: "增减",
}


@dataclass
class Book:
    """A workbook being written: its formats, the areas for maps and the note of the outlines."""

    held: Any
    shapes: Mapping[str, Any]
    geometry_note: str
    _formats: dict[Any, Any] = field(default_factory=dict)

    def format(self, look: str, number: str = "", fill: str = "", quoted: bool = False) -> Any:
        """A cell format by use (see ``_LOOKS``), number format and fill.

        ``quoted`` sets Excel's quote prefix, which keeps a text a text when somebody edits the cell.
        """
        key = (look, number, fill, quoted)
        if key not in self._formats:
            options: dict[str, Any] = {
                "font_name": FILE_FONT,
                "font_size": 11,
                "font_color": INK.text,
                "valign": "vcenter",
            }
            options.update(_LOOKS[look])
            if number:
                options["num_format"] = number
            if fill:
                options.update({"bg_color": fill, "font_color": text_on(fill)})
            if quoted:
                options["quote_prefix"] = True
            self._formats[key] = self.held.add_format(options)
        return self._formats[key]


@dataclass(frozen=True)
class Extent:
    """Where a table stands: first and last row of its body (0-based), number of columns, columns by source name."""

    first: int
    last: int
    columns: int
    places: Mapping[str, int]


def text(book: Book, sheet: Any, row: int, column: int, words: str, look: str, fill: str = "") -> None:
    """A text as a text: never a formula, a link or a number."""
    words = clean(words)[:_LONGEST]
    form = book.format(look, fill=fill, quoted=words.startswith(_FORMULA))
    if words:
        sheet.write_string(row, column, words, form)
    else:
        sheet.write_blank(row, column, None, form)


def write_table(book: Book, chart: Chart, sheet: Any, head: int) -> Extent:
    """The chart's table from row ``head``: numbers with formats, what is missing in words, widths for Chinese."""
    held = columns(chart)
    for c, column in enumerate(held):
        numeric = column.unit is not None or _mixed(chart, column)
        text(book, sheet, head, c, column.heading, "head_right" if numeric else "head")
        for r, value in enumerate(column.raw):
            _cell(book, chart, sheet, head + 1 + r, c, column, r, value)
        written = [moment_words(v) if is_moment(v) else w for v, w in zip(column.raw, column.written, strict=True)]
        wide = max([width(column.heading)] + [width(w) for w in written[:2000]])
        sheet.set_column_pixels(c, c, int(min(max(wide, 5), 24) * 15 + 16))
    count = len(chart.rows)
    return Extent(head + 1, head + count, len(held), {column.name: c for c, column in enumerate(held)})


def _mixed(chart: Chart, column: TableColumn) -> bool:
    measures = [chart.encoding.columns.get(r) for r in ("y", "low", "high", "target", "change")]
    return bool(chart.encoding.unit) and column.name in measures


def _cell(book: Book, chart: Chart, sheet: Any, row: int, place: int, column: TableColumn, r: int, value: Any) -> None:
    unit = chart.row_unit(r) if _mixed(chart, column) else column.unit
    if is_number(value) and unit is not None and column.name == chart.encoding.columns.get("change"):
        scale, number = change_format(unit)
        sheet.write_number(row, place, float(value) * scale, book.format("number", number))
    elif is_number(value) and (unit is not None or not isinstance(value, bool)):
        form = book.format("number", cell_format(unit, value, _mixed(chart, column)))
        sheet.write_number(row, place, float(value), form)
    elif is_moment(value):
        stamp = pd.Timestamp(value)
        daily = not isinstance(value, dt.datetime) or stamp == stamp.normalize()
        picture = 'yyyy"年"m"月"d"日"' if daily else 'yyyy"年"m"月"d"日" hh:mm'
        if chart.by_month and column.name == chart.encoding.x:
            picture = 'yyyy"年"m"月"'
        if stamp.year < 1900:
            text(book, sheet, row, place, column.written[r], "cell")
        else:
            sheet.write_datetime(row, place, stamp.tz_localize(None).to_pydatetime(), book.format("cell", picture))
    else:
        text(book, sheet, row, place, column.written[r], "said" if unit is not None else "cell")


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and bool(np.isfinite(value))


def cell_format(unit: Unit | None, value: Any, with_word: bool = False) -> str:
    """The number format of a cell; with the unit where rows differ."""
    if unit is None:
        return "#,##0" if float(value).is_integer() else "#,##0.0"
    if with_word and unit.kind == "rank":
        return unit.label_format
    if with_word and unit.kind != "rate" and unit.word:
        return f'{unit.number_format}"{unit.word}"'
    return unit.number_format


def change_format(unit: Unit) -> tuple[float, str]:
    """Factor and number format of a change: rates in 百分点， with a sign."""
    decimals = "0." + "0" * unit.decimals if unit.decimals else "0"
    word = "百分点" if unit.kind == "rate" else unit.word
    number = decimals if unit.kind == "rate" else "#,##" + decimals
    return (100.0 if unit.kind == "rate" else 1.0), f'+{number}"{word}";-{number}"{word}";"持平"'


def moment_words(value: Any) -> str:
    """A date as the cell shows it, for the width of its column."""
    return f"{value.year}年{value.month}月{value.day}日" + (" 00:00" if isinstance(value, dt.datetime) else "")


def sheet_name(name: str, chart: Chart, taken: Sequence[str]) -> str:
    """A sheet name that Excel accepts: at most 31 characters, none of []:*?/\\, not taken: heading and kind."""
    given = clean(name) + _KINDS[chart.kind] if clean(name) else clean(chart.title)
    plain = "".join(c for c in given if c not in "[]:*?/\\'").strip() or "图表"
    words, number = plain[:28], 2
    lower = {t.lower() for t in taken} | {"history"}
    result = words
    while result.lower() in lower:
        result, number = f"{words[:27]} {number}", number + 1
    return result
