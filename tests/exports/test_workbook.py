"""Workbooks opened again: numbers are numbers, nothing is a formula, the same rows and order."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from typing import Any

import openpyxl
import pytest

from minxin.charts import Chart, Kind
from minxin.charts.tables import columns
from minxin.charts.words import clean
from minxin.exports import workbook
from minxin.exports.sheet_charts import WORKBOOK
from minxin.exports.workbook import HEAD
from tests.charts import samples


def opened(charts: list[Chart], **more: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        blob = workbook(charts, **more)
    return openpyxl.load_workbook(io.BytesIO(blob))


def test_every_kind_has_a_sheet() -> None:
    assert WORKBOOK.kinds == set(Kind)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("how", ["", "one", "none", "nulls", "hostile"])
def test_the_sheet_has_the_charts_rows(kind: Kind, how: str) -> None:
    chart = samples.variant(kind, how) if how else samples.chart(kind)
    sheet = opened([chart]).worksheets[1]
    assert sheet["A1"].value == clean(chart.title) and sheet["A2"].value == clean(chart.subtitle)
    assert sheet["A3"].value == chart.footer()
    held = columns(chart)
    for place, column in enumerate(held, 1):
        assert sheet.cell(HEAD + 1, place).value == column.heading
        cells = [sheet.cell(HEAD + 2 + r, place) for r in range(len(column.raw))]
        for cell, raw, written in zip(cells, column.raw, column.written, strict=True):
            assert cell.data_type in ("s", "n", "d"), f"{cell.coordinate} is a {cell.data_type}"
            if isinstance(raw, (int, float)) and not isinstance(raw, bool):
                scale = (
                    100
                    if column.name == chart.encoding.change and chart.row_unit(cell.row - HEAD - 2).kind == "rate"
                    else 1
                )
                assert cell.value == pytest.approx(raw * scale) and cell.number_format != "General"
            elif isinstance(raw, (dt.date, dt.datetime)):
                assert cell.is_date
            else:
                assert cell.value == written
    if chart.empty:
        assert sheet.cell(HEAD + 2, 1).value == "本期无数据"
    assert sheet.freeze_panes == sheet.cell(HEAD + 2, 2).coordinate
    assert sheet.page_setup.orientation == "landscape" and str(sheet.page_setup.paperSize) == "9"


def test_nothing_can_become_a_formula() -> None:
    charts = [samples.variant(k, "hostile") for k in Kind]
    book = opened(charts)
    quoted = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", f"{sheet.title}!{cell.coordinate}"
                if isinstance(cell.value, str) and cell.value[:1] in tuple("=+-@"):
                    assert cell.quotePrefix, f"{sheet.title}!{cell.coordinate}: {cell.value}"
                    quoted += 1
    assert quoted > 20
    held = zipfile.ZipFile(io.BytesIO(workbook(charts)))
    for name in held.namelist():
        text = held.read(name).decode("utf-8", "replace")
        if "/charts/" in name or "/worksheets/" in name:
            assert "<f>" not in text
            for reference in re.findall(r"<c:f>([^<]+)</c:f>", text):
                assert re.fullmatch(r"'?[^'!]+'?!\$[A-Z]+\$\d+(:\$[A-Z]+\$\d+)?", reference), reference
        if name.endswith(".rels"):
            assert 'TargetMode="External"' not in text


def test_the_cover_says_what_this_is() -> None:
    charts = [samples.chart(Kind.BAR), samples.chart(Kind.LINE)]
    book = opened(charts, title="每周会商", deployment_name="某街道", source_note="民生诉求系统",
                  definitions={"closing_rate": "办结数除以受理数。"})  # fmt: skip
    cover = book.worksheets[0]
    assert book.sheetnames == ["说明", "逾期未办排序", "办结率走势"]
    said = {cover.cell(r, 1).value: cover.cell(r, 2).value for r in range(1, 30)}
    assert cover["A1"].value == "每周会商"
    assert said["部署"] == "某街道" and said["截至"] == "7月4日 00:00" and said["快照"] == "s000007"
    assert said["数据性质"] == "模拟数据，仅供演示" and said["来源"] == "民生诉求系统"
    assert said["closing_rate"] == "办结数除以受理数。"
    assert said["逾期未办排序"] == charts[0].title


@pytest.mark.parametrize(
    "kind",
    [
        Kind.BAR,
        Kind.BULLET,
        Kind.COLUMN,
        Kind.LINE,
        Kind.STACKED_COLUMN,
        Kind.DOT_INTERVAL,
        Kind.FUNNEL_PLOT,
        Kind.DIVERGING,
    ],
)
def test_a_native_chart_stands_beside_the_table(kind: Kind) -> None:
    chart = samples.chart(kind)
    held = zipfile.ZipFile(io.BytesIO(workbook([chart])))
    drawn = [n for n in held.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", n)]
    assert len(drawn) == 1
    text = held.read(drawn[0]).decode("utf-8")
    assert chart.title in text
    if kind is Kind.DOT_INTERVAL:
        assert "errBars" in text


def test_maps_are_shaded_and_tiled() -> None:
    chart = samples.chart(Kind.MAP)
    blob = workbook([chart])
    held = zipfile.ZipFile(io.BytesIO(blob))
    drawing = held.read("xl/drawings/drawing1.xml").decode("utf-8")
    assert drawing.count("<xdr:sp ") >= 21 and "宝民" in drawing
    sheet = openpyxl.load_workbook(io.BytesIO(blob)).worksheets[1]
    fills = {sheet.cell(HEAD + 2 + i, 2).fill.fgColor.rgb for i in range(21)}
    assert len(fills) == 6, "five classes and the grey of no value"


def test_sheet_names_that_excel_accepts() -> None:
    from dataclasses import replace

    charts = [replace(samples.chart(Kind.BAR), headings={"overdue": "[受理]：量*?/\\" + "长" * 40}) for _ in range(12)]
    names = opened(charts).sheetnames
    assert len(set(n.lower() for n in names)) == 13
    assert all(len(n) <= 31 and not re.search(r"[\[\]:*?/\\]", n) for n in names)


def test_columns_are_wide_enough_for_chinese() -> None:
    sheet = opened([samples.chart(Kind.TABLE)]).worksheets[1]
    assert sheet.column_dimensions["A"].width >= 10, "宝民社区 in eleven points"
    assert sheet.column_dimensions["E"].width >= 18, "2023年6月28日 18:00"
