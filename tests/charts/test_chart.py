"""The description of a chart: what it refuses, how it writes values, which rows it draws in which order."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from minxin.charts import COUNT, PER_10000, RATE, Chart, Encoding, Kind, Unit, table
from minxin.charts.cards import cards
from minxin.charts.words import clean, common_ending, moment, shorten, width, wrap
from tests.charts import samples


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        (COUNT, 12, "12件"),
        (COUNT, 9999, "9,999件"),
        (COUNT, 12_500, "1.3万件"),
        (COUNT, 310_000_000, "3.1亿件"),
        (COUNT, 0, "0件"),
        (COUNT, None, "—"),
        (COUNT, float("nan"), "—"),
        (RATE, 0.953, "95.3%"),
        (RATE, np.float64(0.9525), "95.3%"),
        (RATE, 1, "100.0%"),
        (PER_10000, 72.64, "72.6件/万人"),
        (Unit("hours", "小时"), 3.25, "3.3小时"),
        (Unit("score", "分"), 88.126, "88.13分"),
        (Unit("rank", "名"), 7, "第 7 名"),
        (COUNT, -0.2, "0件"),
    ],
)
def test_values_as_officials_write_them(unit: Unit, value: float | None, written: str) -> None:
    assert unit.format(value) == written


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        (RATE, 0.012, "+1.2百分点"),
        (RATE, -0.024, "−2.4百分点"),
        (RATE, 0.0004, "持平"),
        (COUNT, 12, "+12件"),
        (COUNT, -12_500, "−1.3万件"),
        (COUNT, 0, "持平"),
        (COUNT, None, "—"),
    ],
)
def test_changes_carry_sign_and_percentage_points(unit: Unit, value: float | None, written: str) -> None:
    assert unit.difference(value) == written


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="furlong"):
        Unit("furlong")


def _bar(data: pd.DataFrame, **changes: object) -> Chart:
    given = {"id": "x", "kind": Kind.BAR, "data": data, "encoding": Encoding(x="a", y="b"), "unit": COUNT,
             "title": "标题", "subtitle": "", "alt": "说明", **changes}  # fmt: skip
    return Chart(**given)  # type: ignore[arg-type]


def test_what_is_missing_is_said_at_creation() -> None:
    data = pd.DataFrame({"a": ["甲"], "b": [1]})
    _bar(data)
    with pytest.raises(ValueError, match="no column c"):
        _bar(data, encoding=Encoding(x="a", y="c"))
    with pytest.raises(ValueError, match="no column z"):
        _bar(data, headings={"z": "无"})
    with pytest.raises(ValueError, match="title is empty"):
        _bar(data, title=" \n")
    with pytest.raises(ValueError, match="alt is empty"):
        _bar(data, alt="")
    with pytest.raises(ValueError, match=r"needs encoding.x"):
        _bar(data, encoding=Encoding(x="a"))
    with pytest.raises(ValueError, match=r"needs encoding.series"):
        _bar(data, kind=Kind.HEATMAP)
    with pytest.raises(ValueError, match=r"needs encoding.n"):
        _bar(data, kind=Kind.FUNNEL_PLOT)


def test_rankings_are_sorted_and_ties_keep_their_order() -> None:
    data = pd.DataFrame({"a": list("丁丙乙甲"), "b": [1, None, 3, 3], "o": [4, 3, 2, 1]})
    assert _bar(data).names == ["乙", "甲", "丁", "丙"]
    assert _bar(data, encoding=Encoding(x="a", y="b", order="o")).names == list("甲乙丙丁")
    assert _bar(data, encoding=Encoding(x="a", y="b", order="-o")).names == list("丁丙乙甲")
    assert _bar(data, kind=Kind.COLUMN).names == list("丁丙乙甲")
    assert list(data.columns) == ["a", "b", "o"] and data["b"].isna().sum() == 1, "the caller's frame is untouched"


def test_a_value_without_enough_cases_is_hidden_and_says_why() -> None:
    data = pd.DataFrame({"a": list("甲乙丙丁"), "b": [0.5, 0.9, 0.8, 0.7], "l": [0.4] * 4, "h": [0.9] * 4,
                         "n": [7, 0, 50, 50], "s": ["few", "none", "ok", "no_population"]})  # fmt: skip
    encoding = Encoding(x="a", y="b", low="l", high="h", n="n", status="s", order="a")
    chart = _bar(data, kind=Kind.DOT_INTERVAL, unit=RATE, encoding=encoding)
    said = dict(zip(chart.names, chart.values, strict=True))
    assert said == {"甲": "样本不足（n=7）", "乙": "无数据", "丙": "80.0%", "丁": "缺人口数"}
    assert [v is None for v in chart.column("low")] == [v is None for v in chart.column("y")]
    written = table(chart)
    assert "50.0%" not in written.to_csv(), "a hidden rate leaves no trace in the table"


def test_a_label_stands_instead_of_the_value() -> None:
    chart = _bar(pd.DataFrame({"a": ["甲"], "b": [3], "t": ["<5"]}), encoding=Encoding(x="a", y="b", label="t", n="b"))
    assert chart.values == ["<5"]


def test_infinite_values_are_no_values() -> None:
    chart = _bar(pd.DataFrame({"a": list("甲乙"), "b": [float("inf"), 1.0]}))
    assert chart.column("y") == [1.0, None]


def test_the_footer_says_where_the_figures_come_from() -> None:
    foot = samples.chart(Kind.BAR).footer()
    assert foot == "口径：closing_rate · 筛选：全街道、6月26日—7月2日 · 截至 7月4日 00:00 · 快照 s000007 · 模拟数据"
    assert "模拟" not in replace(samples.chart(Kind.BAR), simulated=False).footer()


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("how", ["", "one", "none", "nulls", "hostile"])
def test_every_chart_has_a_table_with_its_rows(kind: Kind, how: str) -> None:
    chart = samples.variant(kind, how) if how else samples.chart(kind)
    written = table(chart)
    assert len(written) == len(chart.rows)
    assert not any(re_ascii(heading) for heading in written.columns), list(written.columns)
    assert written.map(lambda cell: isinstance(cell, str) and cell != "").all().all()
    if kind is not Kind.TABLE:
        name = chart.heading(chart.encoding.x)
        assert written[name].tolist() == chart.names


def re_ascii(heading: str) -> bool:
    return heading.isascii()


def test_headings_name_the_unit_and_cells_are_exact() -> None:
    written = table(_bar(pd.DataFrame({"a": ["甲"], "b": [12_500]}), headings={"a": "社区", "b": "受理量"}))
    assert written.to_dict("list") == {"社区": ["甲"], "受理量（件）": ["12,500"]}


def test_dates_say_their_year_only_where_it_is_needed() -> None:
    assert moment(dt.date(2023, 6, 26)) == "6月26日"
    assert moment(pd.Timestamp(2023, 6, 28, 18, 0)) == "6月28日 18:00"
    data = pd.DataFrame({"a": [dt.date(2022, 12, 26), dt.date(2023, 1, 2)], "b": [1, 2]})
    assert _bar(data, kind=Kind.LINE).names == ["2022年12月26日", "2023年1月2日"]


def test_cards_say_change_target_and_cases() -> None:
    first, second, third, fourth, fifth = cards(samples.kpi())
    assert (first.figure, first.change) == ("1.3万件", "环比 ▲ +820件")
    assert (second.figure, second.change, second.verdict, second.target) == (
        "95.3%", "环比 ▲ +1.2百分点", "好转", "目标 99.0%")  # fmt: skip
    assert (second.interval, second.cases) == ("95%区间 94.1—96.3%", "n=1,204")
    assert third.change == "环比 ▼ −2.4百分点"
    assert (fourth.figure, fourth.unknown) == ("缺人口数", True)
    assert (fifth.change, fifth.verdict) == ("环比 持平", "")


def test_text_is_cleaned_and_cut() -> None:
    assert clean("甲\x00\x0b\r\n乙\u202e\ufeff") == "甲 乙"
    assert clean(None) == clean(float("nan")) == ""
    assert shorten("一二三四五", 4) == "一二三…"
    assert width("ab") < width("甲乙")
    assert wrap("一二三四五六七", 3, 2) == ["一二三", "四五…"]
    assert common_ending(["宝民社区", "翻身社区"]) == "社区"
    assert common_ending(["East Boston", "South Boston", "Back Bay"]) == ""


def test_emphasis_names_keys_or_series() -> None:
    chart = samples.chart(Kind.BAR)
    assert [n for n, s in zip(chart.names, chart.strong, strict=True) if s] == ["翻身社区", "安乐社区"]
    panels = samples.chart(Kind.SMALL_MULTIPLES)
    assert {clean(s) for s, strong in zip(panels.column("series"), panels.strong, strict=True) if strong} == {
        "翻身社区"
    }


def test_lines_break_neither_numbers_nor_before_closing_marks() -> None:
    assert wrap("占授信金额 77.6%", 8, 2) == ["占授信金额", "77.6%"]
    assert wrap("方法逐年调整，跨年只比名次", 6, 3) == ["方法逐年调", "整，跨年只比", "名次"]
    assert wrap("ABCDEFGHIJKLMNOP", 4, 2)[0] == "ABCDEFG", "one long word breaks where it must"
