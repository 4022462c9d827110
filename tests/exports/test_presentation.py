"""Slides opened again: the same titles, rows and order; native objects; the file's own theme; hostile texts."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pandas as pd
import pytest
from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.oxml.ns import qn
from pptx.util import Inches

from minxin.charts import Chart, Encoding, Kind, table
from minxin.charts.chart import COUNT, RATE, Unit
from minxin.charts.palette import colours
from minxin.charts.words import clean
from minxin.exports import presentation
from minxin.exports.slides import SLIDES
from tests.charts import samples


def opened(charts: list[Chart], **more: Any) -> Any:
    return Presentation(io.BytesIO(presentation(charts, **more)))


def _texts(shapes: Any) -> list[str]:
    found = []
    for shape in shapes:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            found += _texts(shape.shapes)
        elif shape.has_text_frame:
            found += [p.text for p in shape.text_frame.paragraphs]
        elif getattr(shape, "has_table", False) and shape.has_table:
            found += [c.text for r in shape.table.rows for c in r.cells]
    return found


def test_every_kind_has_a_slide() -> None:
    assert SLIDES.kinds == set(Kind)


@pytest.mark.parametrize("how", ["", "one", "none", "nulls", "hostile"])
def test_title_subtitle_footer_and_notes_are_the_charts_own(how: str) -> None:
    charts = [samples.variant(kind, how) if how else samples.chart(kind) for kind in Kind]
    deck = opened(charts, definitions={"closing_rate": "办结数除以受理数。"}, source_note="来源：民生诉求系统")
    assert (deck.slide_width, deck.slide_height) == (Inches(13.333), Inches(7.5))
    first, *slides = deck.slides
    assert any("模拟数据" in t for t in _texts(first.shapes))
    own = [s for s in slides if "（续" not in s.shapes.title.text_frame.text]
    for chart, slide in zip(charts, own, strict=True):
        texts = _texts(slide.shapes)
        assert slide.shapes.title.text_frame.text == clean(chart.title)
        assert clean(chart.subtitle) in texts
        assert any(t.startswith("来源：民生诉求系统 · 口径：closing_rate") for t in texts)
        notes = slide.notes_slide.notes_text_frame.text
        assert "closing_rate：办结数除以受理数。" in notes and clean(chart.alt) in notes
        assert not [s for s in slide.shapes if s.shape_type == MSO_SHAPE_TYPE.PICTURE], "native, no picture"
        nothing = chart.empty or (chart.kind is Kind.FUNNEL_PLOT and how == "nulls")
        assert ("本期无数据" in texts) == nothing, chart.kind


def test_the_theme_of_the_file_is_ours() -> None:
    held = zipfile.ZipFile(io.BytesIO(presentation([samples.chart(Kind.BAR)])))
    theme = held.read("ppt/theme/theme1.xml").decode("utf-8")
    c = colours("print")
    slots = dict(re.findall(r'<a:(dk1|lt1|dk2|lt2|accent\d|hlink)><a:srgbClr val="(\w{6})"', theme))
    assert slots["dk1"] == c.text[1:] and slots["accent6"] == c.primary[1:]
    assert [slots[f"accent{i}"] for i in range(1, 6)] == [colour[1:] for colour in c.categories]
    assert theme.count('<a:latin typeface="微软雅黑"') == theme.count('<a:ea typeface="微软雅黑"') == 2
    slide = held.read("ppt/slides/slide2.xml").decode("utf-8")
    assert 'typeface="+mn-ea"' in slide, "texts follow the theme's East Asian font"
    assert "srgbClr" not in slide, "a bar slide is coloured by the theme alone, so that an office can restyle it"


def _chart_of(slide: Any) -> Any:
    return next(s.chart for s in slide.shapes if s.has_chart)


@pytest.mark.parametrize("kind", [Kind.BAR, Kind.BULLET, Kind.COLUMN])
@pytest.mark.parametrize("how", ["", "one", "nulls", "hostile"])
def test_native_bars_have_the_rows_in_order(kind: Kind, how: str) -> None:
    chart = samples.variant(kind, how) if how else samples.chart(kind)
    plot = _chart_of(opened([chart]).slides[1]).plots[0]
    values = next(s for s in plot.series if s.name != "目标").values
    assert [None if v is None else pytest.approx(v) for v in values] == chart.column("y")
    names = [c for c in plot.categories]
    assert len(names) == len(chart.rows)
    for name, shown in zip(chart.names, names, strict=True):
        assert clean(shown).startswith(name[:5]) or len(name) > 5


def test_lines_carry_their_days() -> None:
    chart = samples.chart(Kind.LINE)
    drawn = _chart_of(opened([chart]).slides[1])
    series = list(drawn.plots[0].series)
    assert [pytest.approx(v) for v in series[0].values] == chart.column("y")
    assert series[1].name == "目标 95.0%"
    assert etree.QName(drawn.category_axis._element).localname == "dateAx"


def test_stacks_add_up() -> None:
    chart = samples.chart(Kind.STACKED_COLUMN)
    plot = _chart_of(opened([chart]).slides[1]).plots[0]
    assert [s.name for s in plot.series] == chart.groups
    assert sum(sum(s.values) for s in plot.series) == sum(chart.column("y"))


def test_parts_to_both_sides_are_native_bars() -> None:
    chart = samples.chart(Kind.DIVERGING)
    drawn = _chart_of(opened([chart]).slides[1])
    plot = drawn.plots[0]
    assert [s.name for s in plot.series] == chart.groups
    assert sum(v or 0 for s in plot.series for v in s.values) == pytest.approx(sum(chart.column("y")))
    assert next(iter(plot.categories)).endswith(chart.unit.difference(chart.column("change")[0]))
    assert 'grouping val="stacked"' in etree.tostring(drawn._chartSpace, encoding="unicode")


def test_dots_and_intervals_are_one_native_chart() -> None:
    chart = samples.chart(Kind.DOT_INTERVAL)
    drawn = _chart_of(opened([chart]).slides[1])
    xml = etree.tostring(drawn._chartSpace, encoding="unicode")
    series = {s.name: s for s in drawn.plots[0].series}
    assert {"名称", "区间", "重点区间", "办结率", "目标 99.0%", "全街道 93.0%"} == set(series)
    known = [v for v in chart.column("y") if v is not None]
    dots = re.findall(r"<c:v>([\d.]+)</c:v>", etree.tostring(series["办结率"]._element.find(
        "{http://schemas.openxmlformats.org/drawingml/2006/chart}xVal"), encoding="unicode"))  # fmt: skip
    assert [float(v) for v in dots[: len(known)]] == [pytest.approx(v) for v in known]
    for name, said in zip(chart.names, chart.values, strict=True):
        assert f"{name.removesuffix('社区')}  {said}".split() == next(
            t.split() for t in re.findall(r"<a:t>([^<]+)</a:t>", xml) if t.startswith(name.removesuffix("社区") + " ")
        )


def test_the_map_is_freeforms_with_names() -> None:
    chart = samples.chart(Kind.MAP)
    slide = opened([chart]).slides[1]
    groups = [s for s in slide.shapes if s.shape_type == MSO_SHAPE_TYPE.GROUP]
    assert sorted(g.name for g in groups) == sorted(chart.names)
    for group in groups:
        assert any(s.shape_type == MSO_SHAPE_TYPE.FREEFORM for s in group.shapes)
    texts = _texts(slide.shapes)
    assert "示意图，不作边界依据" in texts and "宝民" in texts and "86.0%" in texts


def test_long_tables_go_on_and_say_what_is_left_out() -> None:
    chart = samples.chart(Kind.TABLE)
    deck = opened([chart])
    assert [s.shapes.title.text_frame.text for s in list(deck.slides)[1:]] == [chart.title, f"{chart.title}（续 2/2）"]
    rows = []
    for slide in list(deck.slides)[1:]:
        held = next(s.table for s in slide.shapes if s.has_table)
        assert len(held.rows) <= 13
        rows += [[c.text for c in r.cells] for r in list(held.rows)[1:]]
    assert rows == table(chart).values.tolist()
    from dataclasses import replace

    import pandas as pd

    long = replace(chart, data=pd.concat([chart.data] * 20))
    deck = opened([long])
    assert len(deck.slides) == 11
    assert f"另有 {21 * 20 - 120} 行，见工作簿。" in _texts(deck.slides[10].shapes)


def test_everything_lies_on_the_slide() -> None:
    for how in ("", "hostile"):
        deck = opened([samples.variant(k, how) if how else samples.chart(k) for k in Kind])
        for slide in deck.slides:
            for shape in slide.shapes:
                assert shape.left >= 0 and shape.top >= 0
                assert shape.left + shape.width <= deck.slide_width + 10_000, shape.name
                assert shape.top + shape.height <= deck.slide_height + 10_000, shape.name


def test_control_characters_and_markup_stay_out() -> None:
    blob = presentation([samples.variant(k, "hostile") for k in Kind])
    held = zipfile.ZipFile(io.BytesIO(blob))
    for name in held.namelist():
        if name.endswith((".xml", ".rels")):
            text = held.read(name).decode("utf-8")
            etree.fromstring(text.encode("utf-8"))
            assert "<script" not in text and not re.search("[\x00-\x08\x0b\x0c\ud800-\udfff\ufffe]", text), name
            if name.endswith(".rels"):
                assert 'TargetMode="External"' not in text


def test_alternative_text_says_the_message() -> None:
    chart = samples.chart(Kind.BAR)
    slide = opened([chart]).slides[1]
    frame = next(s for s in slide.shapes if s.has_chart)
    assert frame._element.xpath(".//p:cNvPr")[0].get("descr") == chart.alt


def test_no_charts_is_a_title_slide() -> None:
    assert len(opened([]).slides) == 1


@pytest.mark.parametrize(("low", "high"), [(0.88, 0.997), (0.029, 0.125), (0.2, 0.9)])
def test_names_of_dots_stand_on_the_axis(low: float, high: float) -> None:
    """A name is the label of a point without a mark: outside the axis it would not be drawn."""
    rows = pd.DataFrame({"kind": ["甲", "乙"], "share": [low, high], "low": [low, high], "high": [low, high]})
    encoding = Encoding(x="kind", y="share", low="low", high="high")
    chart = Chart("shares", Kind.DOT_INTERVAL, rows, encoding, RATE, "甲低于乙", "", "甲低于乙")
    drawn = _chart_of(opened([chart]).slides[1])
    names = next(s for s in drawn.plots[0].series if s.name == "名称")
    (places,) = names._element.findall(f".//{qn('c:xVal')}")
    held = {float(v.text) for v in places.iter(qn("c:v"))}
    assert held == {drawn.category_axis.minimum_scale}


def test_large_numbers_escape_their_point_as_every_program_reads_it() -> None:
    """``!`` escapes in some programs only: others write it, 4!.1万户."""
    assert COUNT.label_format == r'[>=100000000]0\.00,,"亿件";[>=10000]0\.0,"万件";#,##0"件"'


def test_ranks_stand_with_the_first_on_top() -> None:
    rows = pd.DataFrame({"month": ["1月", "2月"], "rank": [7, 3]})
    chart = Chart(
        "r", Kind.LINE, rows, Encoding(x="month", y="rank"), Unit("count", "名"), "第 3 名", "", "第 3 名", ranks=True
    )
    axis = _chart_of(opened([chart]).slides[1]).value_axis
    assert axis.reverse_order and axis.minimum_scale == 1
