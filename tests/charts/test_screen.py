"""Figures for the screen: every kind, odd and hostile data, the same rows, order and words as the description."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import re
from dataclasses import replace

import openpyxl
import pandas as pd
import plotly.graph_objects as go
import pytest

from minxin.charts import Chart, Encoding, Kind, Theme, config, figure, table
from minxin.charts.canvas import SCREEN, safe, spread, tick_words, ticks
from minxin.charts.chart import RATE, Unit
from minxin.charts.palette import colours
from minxin.exports import workbook
from tests.charts import samples


def _words(drawn: go.Figure) -> str:
    return json.dumps(drawn.to_plotly_json(), ensure_ascii=False, default=str)


def test_every_kind_is_drawn() -> None:
    assert SCREEN.kinds == set(Kind)


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("how", ["", "one", "none", "nulls", "hostile"])
def test_a_figure_comes_out(kind: Kind, how: str, theme: Theme) -> None:
    chart = samples.variant(kind, how) if how else samples.chart(kind)
    for titled in (False, True):
        drawn = figure(chart, theme, with_title=titled)
        text = drawn.to_json()
        held = json.loads(text)
        assert held["layout"].pop("template") is None, "a copy of a template would be a change to Plotly"
        checked = go.Figure(held)
        checked.layout.template = None  # Plotly's own, added where a figure has none
        assert json.loads(checked.to_json()) == held, "Plotly takes every part of it"
        assert "<script" not in text and "\\u0000" not in text
        assert drawn.layout.paper_bgcolor == colours(theme).page
        assert ("本期无数据" in _words(drawn)) == chart.empty
        assert drawn.layout.title.text is None, "titles are ours, not Plotly's"
        if titled:
            assert "模拟数据" in _words(drawn)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_copy_of_a_figure_is_no_change_to_plotly(kind: Kind) -> None:
    """Streamlit draws each figure a second time from a copy; what differs by identity is drawn in full again."""
    held = json.loads(figure(samples.chart(kind)).to_json())["layout"]
    assert held["template"] is None and "meta" not in held
    assert isinstance(held.get("height", 0), int), "Streamlit sets whole px"
    assert held["autosize"] is True, "else a width set afterwards changes it"
    other = json.loads(figure(samples.variant(kind, "hostile")).to_json())["layout"]
    assert held["datarevision"] == json.loads(figure(samples.chart(kind)).to_json())["layout"]["datarevision"]
    assert held["datarevision"] != other["datarevision"] or not figure(samples.chart(kind)).data


@pytest.mark.parametrize("kind", [Kind.BAR, Kind.BULLET, Kind.DOT_INTERVAL])
def test_rankings_show_names_and_keys_in_order(kind: Kind) -> None:
    chart = samples.chart(kind)
    drawn = figure(chart)
    assert list(drawn.layout.yaxis.ticktext) == chart.names
    assert drawn.layout.yaxis.range[0] > drawn.layout.yaxis.range[1], "the first row stands on top"
    marks = next(t for t in drawn.data if t.customdata is not None)
    assert list(marks.customdata) == chart.keys
    for words in chart.values:
        assert safe(words) in _words(drawn)


@pytest.mark.parametrize("kind", [Kind.BAR, Kind.COLUMN, Kind.STACKED_COLUMN, Kind.BULLET])
def test_bars_start_at_zero(kind: Kind) -> None:
    drawn = figure(samples.chart(kind))
    axis = drawn.layout.xaxis if kind in (Kind.BAR, Kind.BULLET) else drawn.layout.yaxis
    assert axis.range[0] == 0


def test_a_click_returns_the_community_and_the_table_agrees() -> None:
    for kind in (Kind.MAP, Kind.TILE_GRID, Kind.FUNNEL_PLOT):
        chart = samples.chart(kind)
        keys = [k for trace in figure(chart).data if trace.customdata is not None for k in trace.customdata]
        assert sorted(keys) == sorted(chart.keys)


def test_hostile_names_stay_text() -> None:
    drawn = figure(samples.variant(Kind.BAR, "hostile"))
    assert "&lt;script&gt;" in drawn.layout.yaxis.ticktext[-2] or "&lt;script&gt;" in " ".join(
        drawn.layout.yaxis.ticktext
    )
    assert safe("<a href='x'>&amp;</a>") == "&lt;a href='x'&gt;&amp;amp;&lt;/a&gt;"
    for text in drawn.layout.yaxis.ticktext:
        assert not re.search(r"<(?!br>|/?b>)", text)


def test_the_browser_is_told_in_chinese() -> None:
    held = config(samples.variant(Kind.BAR, "hostile"))
    assert held["locale"] == "zh-CN" and held["locales"]["zh-CN"]["dictionary"]["Download plot as a PNG"]
    assert held["displaylogo"] is False
    assert held["toImageButtonOptions"]["format"] == "png" and held["toImageButtonOptions"]["scale"] == 3
    assert not set(held["toImageButtonOptions"]["filename"]) & set('\\/:*?"<>|')
    assert config(samples.chart(Kind.BAR), "svg")["toImageButtonOptions"]["format"] == "svg"
    with pytest.raises(ValueError, match="bmp"):
        config(samples.chart(Kind.BAR), "bmp")


def test_axes_are_round_and_chinese() -> None:
    assert ticks(0, 321) == [0, 100, 200, 300, 400]
    assert tick_words([0, 100, 200], samples.COUNT) == ["0", "100", "200件"]
    assert tick_words([0.9, 0.95, 1.0], RATE) == ["90%", "95%", "100%"]
    assert tick_words([0.9, 0.925, 0.95], RATE) == ["90.0%", "92.5%", "95.0%"]
    assert tick_words([0, 10_000, 20_000], samples.COUNT)[-1] == "2.0万件"
    assert ticks(5, 5) == [5]


def test_an_axis_of_months_says_month_and_year_and_no_day() -> None:
    """In every medium: ticks, table, and the sheet's and the slide's own formats."""

    def of(days: list[dt.date]) -> Chart:
        rows = pd.DataFrame({"month": days, "n": range(len(days))})
        headings = {"month": "月份", "n": "件数"}
        encoding = Encoding(x="month", y="n")
        return Chart("t", Kind.LINE, rows, encoding, samples.COUNT, "题", "", "题", headings=headings)

    months = of([dt.date(2022 + (m + 6) // 12, (m + 6) % 12 + 1, 1) for m in range(12)])
    ticks_said = figure(months).layout.xaxis.ticktext
    assert ticks_said[-1] == "2023年6月" and len(ticks_said) <= 5
    assert all(re.fullmatch(r"\d{4}年\d{1,2}月", word) for word in ticks_said)
    assert table(months)["月份"].tolist()[0] == "2022年7月"
    assert "2022年7月</b>" in _words(figure(months)) and "月1日" not in _words(figure(months))
    within = of([dt.date(2023, 5, 1), dt.date(2023, 6, 1)])
    assert list(figure(within).layout.xaxis.ticktext) == ["2023年5月", "2023年6月"]
    weeks = of([dt.date(2023, 5, 1), dt.date(2023, 5, 8)])
    assert list(figure(weeks).layout.xaxis.ticktext) == ["5月1日", "5月8日"]
    written = openpyxl.load_workbook(io.BytesIO(workbook([months], "题")))
    formats = {cell.number_format for sheet in written for row in sheet.iter_rows() for cell in row if cell.is_date}
    assert 'yyyy"年"m"月"' in formats


def test_words_move_apart_and_keep_their_order() -> None:
    moved = spread([10.0, 10.0, 11.0, 50.0], 5.0)
    assert all(b - a >= 5 - 1e-9 for a, b in itertools.pairwise(moved))
    assert moved[3] == 50.0
    assert spread([], 5.0) == []


def test_small_multiples_share_one_pair_of_axes() -> None:
    drawn = figure(samples.chart(Kind.SMALL_MULTIPLES))
    assert {t.xaxis for t in drawn.data} == {None}, "21 pairs of axes would be slow in the browser"


def test_parts_to_both_sides_say_what_they_come_to() -> None:
    chart = samples.chart(Kind.DIVERGING)
    drawn = figure(chart)
    bars = [t for t in drawn.data if t.type == "bar"]
    assert [t.name for t in bars] == chart.groups == ["权重", "基本满意折算", "剔除"]
    assert drawn.layout.barmode == "relative"
    assert list(drawn.layout.yaxis.ticktext) == list(dict.fromkeys(chart.names))
    strokes = next(t for t in drawn.data if t.type == "scatter")
    for name, at in zip(dict.fromkeys(chart.names), strokes.x, strict=True):
        parts = sum(v for n, v in zip(chart.names, chart.column("y"), strict=True) if n == name)
        assert at == pytest.approx(parts)
        assert safe(chart.unit.difference(at)) in _words(drawn)


def test_two_sides_say_each_value() -> None:
    data = pd.DataFrame(
        {
            "name": ["甲", "甲", "乙", "乙"],
            "side": ["降", "升"] * 2,
            "share": [-0.2, 0.7, 0.0, 0.4],
            "said": ["20.0%", "70.0%", "0.0%", "40.0%"],
        }
    )
    encoding = Encoding(x="name", y="share", series="side", label="said")
    chart = Chart("moves", Kind.DIVERGING, data, encoding, RATE, "甲较可能上升", "名次升降的概率", "甲较可能上升")
    drawn = figure(chart)
    assert [list(t.text) for t in drawn.data] == [["20.0%", ""], ["70.0%", "40.0%"]]
    assert drawn.layout.xaxis.range[0] < -0.2 and drawn.layout.xaxis.range[1] > 0.7


def test_empty_cells_without_a_status_stay_blank() -> None:
    chart = samples.chart(Kind.HEATMAP)
    data = chart.data.assign(n=chart.data["n"].where(chart.data["n"] > 3))
    blank = figure(replace(chart, data=data))
    assert len(blank.layout.shapes) == int((chart.data["n"] > 3).sum())


def test_grey_lines_that_cross_differ_by_their_dashes() -> None:
    parts = pd.DataFrame(
        [(f"{m}月", part, m * k) for m in (1, 2, 3) for k, part in enumerate(("在办", "申请", "办结"), 1)],
        columns=["month", "part", "n"],
    )
    encoding = Encoding(x="month", y="n", series="part", emphasis=("在办",))
    chart = Chart("flow", Kind.LINE, parts, encoding, Unit(), "在办持平", "", "在办持平")
    drawn = {t.name: (t.line.color, t.line.dash) for t in figure(chart).data}
    calm, primary = colours(Theme.LIGHT).calm, colours(Theme.LIGHT).primary
    assert drawn == {"申请": (calm, "solid"), "办结": (calm, "dash"), "在办": (primary, "solid")}


def test_the_first_rank_stands_on_top() -> None:
    ranks = pd.DataFrame({"month": ["1月", "2月", "3月"], "rank": [5, 8, 3]})
    chart = Chart(
        "ranks",
        Kind.LINE,
        ranks,
        Encoding(x="month", y="rank"),
        Unit("count", "名"),
        "第 3 名",
        "",
        "第 3 名",
        ranks=True,
    )
    axis = figure(chart).layout.yaxis
    assert axis.range[0] > 8 and axis.range[1] < 1
    assert axis.ticktext[0] == "1名" and "0名" not in axis.ticktext


def _below(names: list[str]) -> list[str]:
    """The words below columns of these names, in a narrow panel."""
    rows = pd.DataFrame({"x": names, "part": "甲", "n": 1})
    encoding = Encoding(x="x", y="n", series="part")
    drawn = figure(Chart("c", Kind.STACKED_COLUMN, rows, encoding, Unit(), "标题", "", "标题"))
    return list(drawn.layout.xaxis.ticktext)


def test_names_below_columns_break_rather_than_go_missing() -> None:
    steps = ["待推送", "待预警", "待治理", "治理中", "待承诺", "承诺期内", "再提醒后"]
    assert _below(steps) == ["待推送", "待预警", "待治理", "治理中", "待承诺", "承诺<br>期内", "再提<br>醒后"]
    weeks = [f"{m}月{d}日" for m in (7, 8, 9) for d in (3, 10, 17, 24)]
    shown = _below(weeks)
    assert shown[-1] == "9月24日" and shown.count("") > 4 and not any("<br>" in n for n in shown)
    assert _below(["甲", "乙"]) == ["甲", "乙"]
    few = _below([f"很长的名称第{c}种" for c in "甲乙丙丁戊己庚辛"])
    assert few[-1] and "" in few, "what has no room in two lines is left out"
