"""Charts as an Excel workbook: a cover, then a sheet for each chart with real numbers and a native chart."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from minxin.charts.chart import Chart
from minxin.charts.palette import FILE_FONT
from minxin.charts.words import clean
from minxin.exports import sheet_charts
from minxin.exports.sheets import Book, sheet_name, text, write_table
from minxin.settings import deployment

#: First row of the table (0-based); title, subtitle, remark and an empty row stand above.
HEAD = 4


def workbook(
    charts: Sequence[Chart],
    title: str = "",
    subtitle: str = "",
    source_note: str = "",
    deployment_name: str = "",
    *,
    definitions: Mapping[str, str] | None = None,
    shapes: Mapping[str, Any] | None = None,
) -> bytes:
    """An XLSX of some charts, in their order; arguments as in ``presentation``.

    Numbers are numbers with formats; texts are never read as formulas, links or numbers. What is drawn
    beside each table: docs/charts.md.
    """
    here = deployment()
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    held = xlsxwriter.Workbook(out, options)
    held.formats[0].set_font_name(FILE_FONT)
    held.formats[0].set_font_size(11)
    place = clean(deployment_name) or here.name
    heading = clean(title) or (clean(charts[0].title) if charts else place)
    held.set_properties({"title": heading, "author": place, "comments": "模拟数据" if _simulated(charts) else ""})
    book = Book(held, here.shapes if shapes is None else shapes, here.geometry_note)
    names: list[str] = ["说明"]
    cover = held.add_worksheet("说明")
    for chart in charts:
        names.append(sheet_name(chart.heading(chart.encoding.y) if chart.encoding.y else "", chart, names))
        _chart_sheet(book, chart, held.add_worksheet(names[-1]), source_note)
    _cover(book, cover, charts, names[1:], (heading, clean(subtitle), place, clean(source_note)), definitions or {})
    cover.activate()
    held.close()
    return out.getvalue()


def _simulated(charts: Sequence[Chart]) -> bool:
    return any(c.simulated for c in charts)


def _chart_sheet(book: Book, chart: Chart, sheet: Any, source_note: str) -> None:
    text(book, sheet, 0, 0, clean(chart.title), "title")
    text(book, sheet, 1, 0, clean(chart.subtitle), "quiet")
    foot = " · ".join(t for t in (clean(source_note), chart.footer()) if t)
    text(book, sheet, 2, 0, foot, "quiet")
    extent = write_table(book, chart, sheet, HEAD)
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(HEAD)
    sheet.set_row_pixels(0, 34)
    right = extent.columns - 1 if chart.kind in sheet_charts.ALONE else extent.columns + sheet_charts.ACROSS
    sheet.print_area(0, 0, max(extent.last, HEAD + sheet_charts.picture_rows(chart)), right)
    sheet.set_footer(f"&L&9{_footer_text(foot)}&R&9第 &P 页，共 &N 页")
    sheet.set_column_pixels(extent.columns, extent.columns, 24)
    if chart.empty:
        text(book, sheet, HEAD + 1, 0, "本期无数据", "quiet")
        return
    draw = sheet_charts.WORKBOOK.of(chart.kind)
    draw(sheet_charts.Place(book, chart, sheet, extent, HEAD))


def _footer_text(foot: str) -> str:
    """Excel reads & in footers as a command and takes at most 255 characters."""
    return foot.replace("&", "&&")[:180].rstrip("&")


def _cover(
    book: Book,
    sheet: Any,
    charts: Sequence[Chart],
    names: Sequence[str],
    words: tuple[str, str, str, str],
    definitions: Mapping[str, str],
) -> None:
    heading, subtitle, place, source = words
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_column_pixels(0, 0, 140)
    sheet.set_column_pixels(1, 1, 760)
    text(book, sheet, 0, 0, heading, "title")
    sheet.set_row_pixels(0, 34)
    first = charts[0] if charts else None
    filters = list(dict.fromkeys(clean(f) for c in charts for f in c.filters))
    lines = [
        ("部署", place),
        ("内容", subtitle or (clean(first.subtitle) if first else "")),
        ("期间与筛选", "、".join(filters)),
        ("截至", "、".join(dict.fromkeys(clean(c.as_of) for c in charts if c.as_of))),
        ("快照", "、".join(dict.fromkeys(clean(c.snapshot) for c in charts if c.snapshot))),
        ("来源", source),
        ("数据性质", "模拟数据，仅供演示" if _simulated(charts) else ""),
    ]
    row = 2
    for name, said in lines:
        if said:
            text(book, sheet, row, 0, name, "quiet")
            text(book, sheet, row, 1, said, "wrapped")
            row += 1
    row += 1
    text(book, sheet, row, 0, "工作表", "head")
    text(book, sheet, row, 1, "要点", "head")
    for chart, name in zip(charts, names, strict=True):
        row += 1
        sheet.write_url(row, 0, f"internal:'{name}'!A1", book.format("link"), name)
        text(book, sheet, row, 1, clean(chart.title), "wrapped")
    codes = list(dict.fromkeys(code for c in charts for code in c.indicators))
    if codes:
        row += 2
        text(book, sheet, row, 0, "口径代码", "head")
        text(book, sheet, row, 1, "定义", "head")
        for code in codes:
            row += 1
            text(book, sheet, row, 0, clean(code), "cell")
            text(book, sheet, row, 1, clean(definitions.get(code, "见「指标口径」页")), "wrapped")
