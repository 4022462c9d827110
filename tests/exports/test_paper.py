"""One sheet of A4: native, whole on the page, small enough to be one page and large enough to be read."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.oxml.ns import qn
from pptx.util import Inches

from minxin.charts.chart import Kind
from minxin.charts.paper import HIGH, MARGIN, WIDE, Paper, Place
from minxin.exports import one_page
from tests.charts import samples

HALF = 3.5
KINDS = (Kind.DOT_INTERVAL, Kind.LINE, Kind.BULLET, Kind.TABLE)


def _paper(how: str = "") -> Paper:
    charts = [samples.variant(kind, how) if how else samples.chart(kind) for kind in (Kind.KPI_ROW, *KINDS)]
    places = [Place(c, (i % 2) * (HALF + 0.3), 3.4 + (i // 2) * 3, HALF, 2.8) for i, c in enumerate(charts[1:])]
    lines = (("归类", "平稳，各社区没有显著差异"), ("异常", "很长的一句话" * 40))
    return Paper("甲社区画像", "小街道", lines, (charts[0],), tuple(places), "截至 6月30日", True)


def _opened(paper: Paper) -> Any:
    return Presentation(io.BytesIO(one_page(paper)))


@pytest.mark.parametrize("how", ["", "one", "none", "nulls", "hostile"])
def test_it_is_one_upright_page_of_native_objects_within_its_margins(how: str) -> None:
    deck = _opened(_paper(how))
    assert (deck.slide_width, deck.slide_height) == (Inches(WIDE), Inches(HIGH))
    [slide] = deck.slides
    for shape in slide.shapes:
        assert shape.shape_type != MSO_SHAPE_TYPE.PICTURE
        assert shape.left >= Inches(MARGIN) - 20000 and shape.top >= 0
        assert shape.left + shape.width <= Inches(WIDE - MARGIN) + 20000, shape.name
        assert shape.top + shape.height <= Inches(HIGH)


def test_what_is_drawn_smaller_has_smaller_words_and_stays_editable() -> None:
    [slide] = _opened(_paper()).slides
    charts = [s for s in slide.shapes if getattr(s, "has_chart", False) and s.has_chart]
    tables = [s for s in slide.shapes if getattr(s, "has_table", False) and s.has_table]
    assert len(charts) == 3 and len(tables) == 1
    sizes = [int(p.get("sz")) for s in charts for p in s.chart._chartSpace.iter(qn("a:defRPr")) if p.get("sz")]
    assert sizes and min(sizes) >= 450 and max(sizes) <= 950
    wide = sum(column.width for column in tables[0].table.columns)
    assert wide <= Inches(HALF) + 20000


def test_the_message_stands_on_top_and_the_stamp_beside_the_title() -> None:
    [slide] = _opened(_paper()).slides
    texts = [p.text for s in slide.shapes if s.has_text_frame for p in s.text_frame.paragraphs]
    assert slide.shapes.title.text_frame.text == "甲社区画像"
    assert "平稳，各社区没有显著差异" in texts
    assert any("模拟数据" in t for t in texts)
    assert sum("很长的一句话" in t for t in texts) == 2, "cut to two lines"
