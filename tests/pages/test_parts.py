"""What the pages share: text in Markdown, the registry, the frozen start of app.py."""

from __future__ import annotations

import ast

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from minxin.board import cards, columns, registry
from minxin.board.text import literal
from minxin.charts.chart import Chart, Encoding, Kind, Unit
from minxin.settings import ROOT

HOSTILE = [
    "![x](http://example.com/a.png)",
    "[点此](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "**粗** _斜_ ~~删~~ `码`",
    "# 标题",
    "1. 一",
    "- 列",
    "> 引",
    "a | b\n--- | ---",
    "$x^2$",
    "&lt;b&gt;",
    "\\*原样\\*",
    "行一\n\n行二",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_data_text_is_shown_as_it_is(text: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(literal(text))
    kinds = {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    said = "".join(c.content for t in tokens for c in t.children or ())
    assert said.replace("\uff1a", ":") == " ".join(text.split())


@pytest.mark.parametrize("text", [":material/delete:", ":red[x]", "https://example.com", "www.example.com"])
def test_streamlits_own_marks_are_broken(text: str) -> None:
    said = literal(text)
    assert ":material/" not in said and ":red" not in said and "://" not in said and "www." not in said


def test_times_and_figures_stay_readable() -> None:
    assert literal("截至 7月3日 24:00").replace("\\", "") == "截至 7月3日 24:00"
    assert literal("98.6%") == "98.6%"


def test_the_registry_is_complete() -> None:
    first = registry.entries()[0]
    assert first.id == "weekly" and first.needs == ("snapshot",)
    for entry in registry.entries():
        assert entry.path.is_file() and entry.path.parent.parent == ROOT / "pages"
        assert f'guard("{entry.id}")' in entry.path.read_text(encoding="utf-8")


def test_app_is_nothing_but_the_door() -> None:
    body = ast.parse((ROOT / "app.py").read_text(encoding="utf-8")).body
    assert [type(node).__name__ for node in body] == ["Expr", "ImportFrom", "Expr"]


@pytest.mark.parametrize(
    ("moved", "word", "expected"),
    [
        (0.012, True, ("1.2百分点", "up")),
        (-0.012, True, ("1.2百分点", "down")),
        (0.0, True, ("持平", "off")),
        (None, True, ("无可比数据", "off")),
        (None, False, ("未作比较", "off")),
    ],
)
def test_a_change_is_said_by_arrow_and_word(moved: float | None, word: bool, expected: tuple[str, str]) -> None:
    data = pd.DataFrame({"name": ["办结率"], "value": [0.9], "change": [moved], "word": ["环比" if word else ""]})
    chart = Chart(
        id="kpis",
        kind=Kind.KPI_ROW,
        data=data,
        encoding=Encoding(x="name", y="value", change="change", change_word="word"),
        unit=Unit("rate"),
        title="办结率",
        subtitle="",
        alt="办结率",
    )
    (card,) = cards._cards(chart)
    assert cards._change(card) == expected


@pytest.mark.parametrize(
    ("wanted", "rows", "height"),
    [
        ("auto", 3, 134),
        ("auto", 12, 431),  # a table of twelve stands in full
        ("auto", 200, 365),  # of a long one ten whole rows
        (320, 200, 299),  # no row is cut
        (390, 9, 332),  # none stands empty
        ("content", 200, "content"),
    ],
)
def test_a_table_shows_whole_rows_and_no_empty_ones(wanted: columns.Height, rows: int, height: int | str) -> None:
    assert columns.height(wanted, rows) == height


def test_figures_stand_at_the_right() -> None:
    shown = pd.DataFrame(
        {
            "企业": ["甲公司", "3号厂"],
            "占比": ["57.1%", "—"],
            "95%区间": ["1.2%—29.8%", "样本不足（n=7）"],
            "变化": ["−1.2百分点", "持平"],
            "满意率": ["84.8%（83.1—86.3）", "—"],
            "金额（元）": ["1,931,146,100", "0"],
            "日期": ["2022-04-01", "2022-04-02"],
            "无": ["—", ""],
        }
    )
    held = columns.config(shown, {"企业": 200})
    assert held.pop("企业")["width"] == 200
    assert {heading for heading, column in held.items() if column["alignment"] == "right"} == {
        "占比", "95%区间", "变化", "满意率", "金额（元）",
    }  # fmt: skip
    assert not {"日期", "无"} & set(held)
