"""The map as SVG: well-formed, escaped, complete."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from minxin.charts import Kind, Theme
from minxin.charts.words import clean
from minxin.exports.picture import picture
from tests.charts import samples

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("kind", [Kind.MAP, Kind.TILE_GRID])
@pytest.mark.parametrize("how", ["", "one", "none", "nulls", "hostile"])
def test_a_picture_comes_out(kind: Kind, how: str, theme: Theme) -> None:
    chart = samples.variant(kind, how) if how else samples.chart(kind)
    drawn = picture(chart, theme)
    root = etree.fromstring(drawn.encode("utf-8"))
    assert root.find(f"{SVG}title").text == clean(chart.title) and root.find(f"{SVG}desc").text == clean(chart.alt)
    assert not root.findall(f".//{SVG}script") and not re.search(r'(href|on\w+)="', drawn)
    assert set(re.findall(r"https?://[\w.]+", drawn)) == {"http://www.w3.org"}
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert any("模拟数据" in (t or "") for t in texts)
    assert ("本期无数据" in texts) == chart.empty
    if kind is Kind.MAP and not chart.empty:
        assert len(root.findall(f"{SVG}path")) == 21 and "示意图，不作边界依据" in texts


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="bar"):
        picture(samples.chart(Kind.BAR))
