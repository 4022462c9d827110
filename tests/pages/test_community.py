"""社区画像: how one community stands, its lists, who sees what, the sheet, the way there."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import duckdb
import pandas as pd
import pptx
import pytest
import streamlit as st
from pptx.util import Inches
from streamlit.testing.v1 import AppTest

from minxin import queries
from minxin.access import Viewer
from minxin.analysis.assessment import rules
from minxin.analysis.assessment.review import Review
from minxin.charts import boards
from minxin.charts.about import About
from minxin.charts.community import Everyone, Profile
from minxin.charts.community_lists import NO_INSTRUCTIONS
from minxin.charts.community_sheet import sheet
from minxin.charts.scorecard import Scorecard
from minxin.exports import one_page
from minxin.operations import Actor, Store, Unit, View
from minxin.settings import Home
from tests.pages.conftest import Open, shown

PAGE = "assessment/community.py"
NAME, CODE = "翻身社区", "440306017017"
NOBODY = pd.DataFrame(columns=NO_INSTRUCTIONS)


def _profile(
    home: Home,
    code: str = CODE,
    smallest: int = 0,
    viewer: Viewer | None = None,
    month: tuple[int, int] = (2023, 6),
) -> Profile:
    held = queries.current(home)
    assert held is not None
    who = viewer or Viewer.local(home.deployment)

    def ask(block: str, /, **parameters: Any) -> pd.DataFrame:
        return held.run(block, who, **parameters)

    card = Scorecard(
        Review(ask, month, rules.load().for_month(*month)),
        About(held.snapshot.as_of, held.snapshot.id, True),
        boards.scorecard(),
    )
    return Profile(Everyone(card, boards.community()), code, smallest)


def _open(open_page: Open, **parameters: str) -> AppTest:
    """The page of the community, chosen on it: going from one page to another drops what both could mean."""
    at = open_page(PAGE, **parameters)
    return at.selectbox(key="community").set_value(CODE).run()


def test_the_message_the_score_and_the_clocks_stand_on_top(demo: Home, open_page: Open) -> None:
    at = _open(open_page)
    assert not at.exception and not at.error
    message = next(m.value for m in at.markdown if "归类" in m.value)
    assert message.index("归类") < message.index("短板") < message.index("异常")
    labels = [m.label for m in at.metric]
    assert labels[:5] == ["综合得分", "响应率", "解决率", "满意率", "受理量"]
    assert labels[5:] == ["15分钟首联率", "24小时办结率", "3天意见率", "按期办结率", "逾期未办"]


def test_figures_are_counted_from_the_facts(demo: Home, snapshot: duckdb.DuckDBPyConnection) -> None:
    page = _profile(demo)
    assert page.rates is not None
    intake = page.rates.data.set_index("code").loc["intake", "value"]
    (n,) = snapshot.execute(
        f"select count(*) from fct_petition where community_code = '{CODE}'"
        " and accepted_day >= date '2023-06-01' and accepted_day < date '2023-07-01'"
    ).fetchone()
    assert intake == n
    (valid, resolved) = snapshot.execute(
        "select count(*), count(*) filter (where is_resolved) from fct_petition where is_valid_followup"
        f" and community_code = '{CODE}' and accepted_day >= date '2022-07-01' and accepted_day < date '2023-07-01'"
    ).fetchone()
    row = page.rates.data.set_index("code").loc["resolution_rate"]
    assert row["n"] == pytest.approx(valid, rel=0.02) and row["value"] == pytest.approx(resolved / valid, abs=0.01)
    assert page.by_category["accepted"].sum() == n
    assert page.estate_rows["n_month"].sum() == n


def test_every_chart_says_its_message_and_this_community_is_in_colour(demo: Home) -> None:
    page = _profile(demo)
    held = page.charts(NOBODY)
    assert len({chart.id for chart in held}) == len(held) == 10
    assert all(chart.title and chart.subtitle and NAME in chart.alt for chart in held)
    for measure in page.measures:
        chart = page.peers(measure)
        assert chart.encoding.emphasis == (CODE,) and NAME in chart.title
        assert sum(chart.strong) == 1 and len(chart.rows) == 21


def test_another_community_asks_for_its_repeats_and_nothing_else(demo: Home) -> None:
    first = _profile(demo)
    assert first.charts(NOBODY) and first.headline
    asked: list[str] = []

    def ask(block: str, /, **parameters: Any) -> pd.DataFrame:
        asked.append(block)
        return whole(block, **parameters)

    whole = first.everyone.ask
    second = Profile(first.everyone, "440306017003")
    second.ask = second.week.ask = first.everyone.ask = first.review.ask = ask
    assert second.charts(NOBODY) and second.headline
    assert asked == ["community.repeats"]


def test_the_trend_has_thirteen_months_the_street_and_the_middle_half(demo: Home) -> None:
    page = _profile(demo)
    for code in page.trend_choices:
        chart = page.trend(code)
        own = chart.data[chart.data["series"] == NAME]
        assert len(own) == 13 and own["month"].is_unique
        known = own.dropna(subset=["low", "high"])
        assert (known["low"] <= known["high"]).all() and len(known)
    assert set(page.trend("resolution").data["series"]) == {NAME, "全街道"}
    assert set(page.trend("intake").data["series"]) == {NAME}, "a sum of all is no line to hold one against"


def test_another_year_than_that_of_the_data_is_named(demo: Home) -> None:
    earlier, newest = _profile(demo, month=(2022, 6)), _profile(demo)
    assert all("年" in words for words in earlier.everyone.month_words)
    assert newest.everyone.month_words[-2:] == ["5月", "6月"] and newest.everyone.month_words[0] == "22年6月"
    notes = [str(note) for note in earlier.clocks.column("note")]
    assert "截至 2022年6月30日 24:00" in notes and "截至 6月30日 24:00" not in notes
    assert "截至 6月30日 24:00" in [str(note) for note in newest.clocks.column("note")]


def test_a_viewer_of_sums_gets_no_records_and_no_small_cells(
    demo: Home, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _profile(demo, smallest=5)
    assert not any("petition_id" in chart.data.columns for chart in page.charts(NOBODY, with_records=False))
    for chart in (page.categories, page.estates):
        small = [v for v in chart.values if v == "<5"]
        assert len(small) == sum(v is None for v in chart.column("y"))
        assert not set(chart.headings) & {"share", "before", "difference", "n_month"}
    texts = _texts(one_page(sheet(page, NOBODY, with_records=False)))
    assert not any("反复反映" in t for t in texts)


@pytest.mark.parametrize("value", ["<img src=x onerror=alert(1)>", "' or 1=1 --", "未归属", "none", "9" * 300])
def test_a_hostile_community_counts_as_not_given(value: str, demo: Home, open_page: Open) -> None:
    asked = dict.fromkeys(("community", "month", "rules", "measure", "trend"), value)
    at = open_page(PAGE, forged={"community": value}, **asked)
    assert not at.exception and not at.error
    assert "onerror" not in shown(at)
    plain = open_page(PAGE)
    assert [m.value for m in at.metric] == [m.value for m in plain.metric]


def test_another_month_and_rule_are_asked_for_in_the_address(demo: Home, open_page: Open) -> None:
    at = _open(open_page, month="2023年3月考核")
    assert not at.exception and not at.error
    assert "2023年3月" in shown(at)
    other = next(r for r in rules.load().versions if r.start is None and r.period_first_day == 19)
    at = _open(open_page, rules=f"{other.title}（试算）")
    assert not at.exception and not at.error
    assert "正式结果按" in shown(at)


def test_the_weekly_page_leads_to_the_chosen_community(demo: Home, open_page: Open) -> None:
    assert not open_page().get("page_link")
    [found] = open_page(community=NAME).get("page_link")
    assert found.proto.label == "社区画像" and "community" in found.proto.query_string
    assert not open_page(community="未归属").get("page_link")


def test_a_viewer_of_one_community_is_told_of_no_other(demo: Home) -> None:
    page = _profile(demo, viewer=Viewer("b", ("clerk",), (CODE,)))
    said = page.sentence + "".join(chart.title + chart.subtitle for chart in page.charts(NOBODY))
    assert "大浪" not in said and "全街道" not in said and "可查看范围" in said


# ── the store of instructions ───────────────────────────────────────────────────────────────────


def _give(home: Home, text: str, unit: Unit, due_on: dt.date, done: bool = False) -> None:
    now = dt.datetime(2023, 6, 5, 2, tzinfo=dt.UTC)
    with Store.open(home, lambda: now) as store:
        giver, checker = (Actor.of(Viewer.local(home.deployment), name) for name in ("办公室", "督查岗"))
        held = store.instructions.give(giver, text, unit, due_on, View("weekly", "", ""))
        if done:
            held = store.instructions.move(giver, held.id, held.version, "receive")
            held = store.instructions.move(giver, held.id, held.version, "ask_to_close", "已疏通")
            store.instructions.move(checker, held.id, held.version, "pass")


def test_what_was_told_to_this_community_is_listed_with_its_state(own_demo: Home, open_page: Open) -> None:
    here, there = Unit("community", CODE, NAME), Unit("community", "440306017001", "宝民社区")
    _give(own_demo, "疏通一苑排水", here, dt.date(2023, 6, 9), done=True)
    _give(own_demo, "清理七苑垃圾", here, dt.date(2023, 6, 12))
    _give(own_demo, "别处的事", there, dt.date(2023, 6, 9))
    at = _open(open_page)
    assert not at.exception and not at.error
    said = shown(at)
    assert "交办 2 件：办结 1 件，在办 1 件，其中逾期 1 件" in said
    tables = [d.value for d in at.dataframe if "批示内容" in d.value.columns]
    assert tables and set(tables[0]["批示内容"]) == {"疏通一苑排水", "清理七苑垃圾"}


def test_what_the_imported_ledger_says_is_not_denied(demo: Home, snapshot: duckdb.DuckDBPyConnection) -> None:
    rows = snapshot.execute(
        "select community_code, count(*) from fct_instruction join fct_petition using (petition_id)"
        " where given_at >= date '2023-06-01' or done_at is null group by 1"
    ).fetchall()
    told = dict(rows)
    assert told
    for code in (next(iter(told)), next(c for c in demo.deployment.community_codes if c not in told)):
        title = _profile(demo, code).instructions(NOBODY).title
        assert ("历史台账另有" in title) == (code in told)
        assert f"另有 {told.get(code, 0)} 条" in title or code not in told


def test_a_broken_store_never_fails_the_page(own_demo: Home, open_page: Open) -> None:
    own_demo.operations.mkdir(exist_ok=True)
    (own_demo.operations / "operations.sqlite").write_bytes(b"no database at all" * 100)
    st.cache_resource.clear()
    at = _open(open_page)
    assert not at.exception
    assert "批示记录暂时无法读取" in shown(at) and len(at.metric) == 10


def test_looking_makes_no_store(own_demo: Home, open_page: Open) -> None:
    before = sorted(p.name for p in own_demo.operations.glob("*")) if own_demo.operations.exists() else []
    at = _open(open_page)
    assert f"本系统没有交办{NAME}的批示" in shown(at)
    after = sorted(p.name for p in own_demo.operations.glob("*")) if own_demo.operations.exists() else []
    assert before == after


# ── paper ───────────────────────────────────────────────────────────────────────────────────────


def _texts(made: bytes) -> list[str]:
    [slide] = pptx.Presentation(io.BytesIO(made)).slides
    return [p.text for s in slide.shapes if s.has_text_frame for p in s.text_frame.paragraphs]


def test_the_sheet_is_one_page_that_says_what_the_page_says(demo: Home) -> None:
    page = _profile(demo)
    made = one_page(sheet(page, NOBODY))
    deck = pptx.Presentation(io.BytesIO(made))
    assert deck.slide_height > deck.slide_width == Inches(8.27) and len(deck.slides) == 1
    texts = _texts(made)
    for word, sentence in page.headline:
        assert word in texts and any(t and sentence.startswith(t.removesuffix("…")) for t in texts)
    assert sum(getattr(s, "has_chart", False) and s.has_chart for s in deck.slides[0].shapes) == 4
    assert any("模拟数据" in t for t in texts)


# ── a source without call-backs, estates and ledgers ────────────────────────────────────────────


@pytest.mark.slow
def test_another_city_shows_what_it_has(boston: Home, open_page: Open) -> None:
    at = open_page(PAGE)
    assert "尚无生效的考核规则" in shown(at), "the data are older than the rules"
    assert not at.exception and not [e.value for e in at.error]
    said = shown(at)
    assert "三率和综合得分无数据" in said and "按期办结率" in said
    assert "小区无数据" in said
    work = next(d.value for d in at.dataframe if "事项" in d.value.columns)
    assert set(work.iloc[:, 1]) == {"无数据"}
