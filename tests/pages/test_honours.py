"""先锋与案例: evidence by measure and span, the case before and after, nominating by three people, the dossier."""

from __future__ import annotations

import datetime as dt
import io

import duckdb
import openpyxl
import pptx
import pytest
from streamlit.testing.v1 import AppTest

from minxin import queries
from minxin.access import Viewer
from minxin.analysis.assessment import rules
from minxin.board import filters, honours, nominations, panel
from minxin.board.frames import Source
from minxin.charts import figure
from minxin.charts.words import width
from minxin.operations import Actor, Store, View
from minxin.settings import Home
from tests.pages.conftest import Open, shown

PAGE = "assessment/honours.py"
YEAR = honours.Span("2023", "2023年", dt.date(2023, 1, 1), dt.date(2024, 1, 1))


def source(home: Home) -> Source:
    held = queries.current(home)
    assert held is not None
    return Source(held, Viewer.local(home.deployment), (held.snapshot.id, "honours"))


# ── evidence ────────────────────────────────────────────────────────────────────────────────────


def test_first_hand_is_counted_from_the_facts(demo: Home, snapshot: duckdb.DuckDBPyConnection) -> None:
    rows = honours.evidence(source(demo), "unit", YEAR).rows.set_index("code")
    counted = snapshot.execute(
        "select first_unit, count(*) from fct_petition where closed_at >= '2023-01-01'"
        " and coalesce(rework_count, 0) = 0 and petition_id not in"
        " (select petition_id from fct_dispatch where returned_at is not null) group by 1"
    ).fetchall()
    assert {unit: int(rows.loc[unit, "n_first_hand"]) for unit, _ in counted} == dict(counted)
    (kept, due) = snapshot.execute(
        "select count(*) filter (where cleared_on <= promised_on), count(*) from fct_hard_case"
        " where promised_on >= '2023-01-01' and promised_on < '2023-07-04'"
    ).fetchone()
    assert (rows["n_ledger_met"].sum(), rows["n_ledger"].sum()) == (kept, due)


def test_every_measure_sorts_and_none_is_made_of_the_others(demo: Home) -> None:
    for by in ("unit", "person"):
        found = honours.evidence(source(demo), by, YEAR)
        for sort in honours.MEASURES:
            chart = found.ranking(sort)
            assert figure(chart, "light").data and len(chart.rows) == 20
            assert "总分" not in chart.title
        assert {"首办办结", "按期销账率", "满意率", "重复诉求解决率"} <= set(found.beside("ledger").headings.values())


def test_cards_say_what_the_average_is_and_columns_show_whole_figures(demo: Home, open_page: Open) -> None:
    at = open_page(PAGE)
    lines = [line.strip() for caption in at.caption for line in str(caption.value).splitlines()]
    [usual] = [line for line in lines if line.startswith("平均 ")]
    assert usual.endswith("件") and not any(line.startswith("比平均") for line in lines)
    needed = 13 * width("71.4%（45.4—88.3）") + 8
    assert all(wide >= needed for widths in honours.WIDTHS.values() for wide in widths[2:])


def test_people_are_codes(demo: Home, snapshot: duckdb.DuckDBPyConnection) -> None:
    rows = honours.evidence(source(demo), "person", YEAR).rows
    named = {name for (name,) in snapshot.execute("select name from fct_pioneer where person is not null").fetchall()}
    assert named & set(rows["name"]) and all(n in named or n[-6:].isdigit() for n in rows["name"])


@pytest.mark.parametrize("about", ["单位", "人员", "案例"])
def test_the_address_holds_what_was_asked(about: str, demo: Home, open_page: Open) -> None:
    at = open_page(PAGE, about=about, span="2022年")
    assert not at.exception and not at.error
    assert "2022年" in shown(at) and "2022年度还没有提名" in shown(at)


@pytest.mark.parametrize("about", ["单位", "人员", "案例"])
def test_every_year_opens_and_one_before_the_rules_says_so(about: str, demo: Home, open_page: Open) -> None:
    first = min(rule.start.year for rule in rules.load().versions if rule.start)
    offered = [s for s in honours.spans(filters.first_day_of(source(demo)), source(demo).snapshot.as_of).values()]
    years = [span for span in offered if len(span.code) == 4]
    assert min(span.start.year for span in years) < first
    for span in years:
        at = open_page(PAGE, about=about, span=span.label)
        assert not at.exception and not at.error, span.label
        assert ("尚无生效的考核规则" in shown(at)) == (about != "案例" and span.start.year < first), span.label


def test_a_month_without_much_says_so(demo: Home, open_page: Open) -> None:
    at = open_page(PAGE, about="人员", span="2023年7月（至今）", sort="依按期销账率排列")
    assert not at.exception and not at.error
    assert "样本不足" in shown(at)
    assert "样本不足" in {metric.value for metric in at.metric}, "n stands below, a figure with it would be cut off"


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "' or 1=1 --", "9" * 300, ""])
def test_a_hostile_address_changes_nothing(value: str, demo: Home, open_page: Open) -> None:
    names = ("about", "span", "sort", "subject", "case", "level", "nomination")
    at = open_page(PAGE, **dict.fromkeys(names, value))
    assert not at.exception and not at.error
    assert "首办办结最多的是" in shown(at)


def test_changing_what_is_looked_at_forgets_how_it_was_sorted(demo: Home, open_page: Open) -> None:
    at = open_page(PAGE)
    at.get_by_key("sort").set_value("satisfaction").run()
    at.get_by_key("about").set_value("case").run()
    assert not at.exception and not at.error
    assert "首件" in shown(at) or "起案件" in shown(at)
    assert at.get_by_key("sort").proto.set_value, "a browser that is not told keeps the words of units"
    at.get_by_key("about").set_value("unit").run()
    assert at.get_by_key("sort").proto.set_value
    at.get_by_key("about").set_value("person").run()
    assert not at.exception and not at.error
    chosen = at.get_by_key("subject")
    assert chosen.proto.set_value and chosen.value in honours.evidence(source(demo), "person", YEAR).names("first_hand")


# ── cases ───────────────────────────────────────────────────────────────────────────────────────


def test_cases_are_clusters_with_their_petitions(demo: Home, snapshot: duckdb.DuckDBPyConnection) -> None:
    held = honours.cases(source(demo), YEAR)
    top = held.ordered("n").iloc[0]
    (n,) = snapshot.execute("select count(*) from fct_petition where cluster_id = ?", [top["case_id"]]).fetchone()
    story = honours.story(source(demo), held.of(top["key"]))
    assert top["n"] == n == len(story.petitions) == len(story.listed.rows)
    assert not {"caller", "first_person"} & set(story.petitions.columns)


def test_every_case_has_an_honest_sentence(demo: Home) -> None:
    held = honours.cases(source(demo), honours.Span("x", "x", dt.date(2021, 1, 1), dt.date(2024, 1, 1)))
    said = set()
    for key in held.ordered("n")["key"].head(25):
        story = honours.story(source(demo), held.of(key))
        chart = story.series(story.level)
        assert figure(chart, "dark").data
        counted = [words for words, of in zip(chart.values, chart.column("series"), strict=True) if of == "实际"]
        assert counted and not any("." in words for words in counted)
        said.add(chart.title[:5])
        for level in story.levels():
            assert story.series(level).title
    assert len(said) > 1


def test_open_cases_are_not_compared(demo: Home) -> None:
    held = honours.cases(source(demo), YEAR)
    waiting = [held.of(k) for k in held.rows.loc[held.rows["closed_on"].isna(), "key"]]
    assert waiting
    story = honours.story(source(demo), waiting[0])
    assert "未办结" in story.series(story.level).title
    done = honours.story(source(demo), waiting[0], waiting[0].last_day)
    assert "未办结" not in done.series(done.level).title


def test_a_viewer_of_one_community_sees_its_cases_only(demo: Home) -> None:
    held = queries.current(demo)
    assert held is not None
    viewer = Viewer("one", ("local",), ("440306017017",))
    rows = honours.cases(Source(held, viewer, (held.snapshot.id, "one")), YEAR).rows
    assert len(rows) and set(rows["community_code"]) == {"440306017017"}


# ── nominating ──────────────────────────────────────────────────────────────────────────────────


def test_nominate_second_select_and_take_the_dossier(own_demo: Home, open_page: Open) -> None:
    store = Store.open(own_demo)
    viewer = Viewer.local(own_demo.deployment)
    view = View(page="honours", address="about=单位", snapshot="s000001-a", title="物业专班")
    one = store.honours.nominate(
        Actor.of(viewer, "经办-01"), "unit", "物业专班", "连续三月首办 <b>最多</b> ![x](http://a/b.png)", view,
        year=2023, subject_name="物业专班",
    )  # fmt: skip
    at = open_page(PAGE)
    assert not at.exception and not at.error
    said = shown(at)
    assert "2023年度共 1 项提名" in said
    assert any(t.value == "连续三月首办 <b>最多</b> ![x](http://a/b.png)" for t in at.text)

    def press(label: str, who: str, text: str = "") -> AppTest:
        at.get_by_key("nomination_text").set_value(text)
        at.get_by_key("operator_nomination").set_value(who)
        next(b for b in at.button if b.label == label).click().run()
        assert not at.exception
        return at

    assert "不能附议自己的提名" in shown(press("附议", "经办-01"))
    assert "已附议" in shown(press("附议", "经办-02", "情况属实"))
    assert "您已附议过" in shown(press("附议", "经办-02"))
    assert "须有 2 人" in shown(press("入选", "主任"))
    press("附议", "经办-03")
    assert "现为「入选」" in shown(press("入选", "主任"))
    assert store.honours.one(viewer, one.id).state == "selected" and not store.problems()

    charts = nominations.dossier(
        source(own_demo),
        store.honours.one(viewer, one.id),
        store.honours,
        store.honours.seconds(viewer, one.id),
        viewer,
    )
    assert [c.id for c in charts] == ["nomination", "subject", "months", "ranking_first_hand", "ranking_satisfaction"]
    deck = pptx.Presentation(io.BytesIO(panel._slides(lambda: charts, "提名材料")))
    assert len(deck.slides) >= 5
    book = openpyxl.load_workbook(io.BytesIO(panel._workbook(lambda: charts, "提名材料")))
    cells = [c.value for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert any("连续三月首办" in str(c) for c in cells) and any("情况属实" in str(c) for c in cells)
    store.close()


def test_the_form_nominates_what_is_looked_at(own_demo: Home, open_page: Open) -> None:
    def script(snapshot: str) -> None:
        import streamlit as st

        from minxin import settings
        from minxin.access import Viewer
        from minxin.board.nominations import Subject, _give

        st.session_state["operator_nominate"] = "经办-09"
        st.session_state["nominate_grounds"] = "电话 13800138000 的住户证实"
        viewer = Viewer.local(settings.deployment())
        _give(snapshot, Subject("person", "aaaabbbb", "先锋01"), 2023, viewer)

    at = AppTest.from_function(script, args=("s1",), default_timeout=60).run()
    assert not at.exception
    with Store.open(own_demo) as store:
        [row] = store.honours.list(Viewer.local(own_demo.deployment), year=2023).to_dict("records")
    assert row["subject_name"] == "先锋01" and "13800138000" not in row["grounds"]
    assert "先锋01" in str(open_page(PAGE).dataframe[-1].value.to_numpy())


def test_the_dossier_of_a_case_has_what_was_done(own_demo: Home) -> None:
    found = source(own_demo)
    held = honours.cases(found, YEAR)
    case = held.of(held.ordered("n")["key"].iloc[0])
    subject = nominations.of_case(case)
    viewer = Viewer.local(own_demo.deployment)
    with Store.open(own_demo) as store:
        one = store.honours.nominate(
            Actor.of(viewer, "经办-01"), "case", subject.code, "办得彻底", View(page="honours"), year=2023,
            community=subject.community, subject_name=subject.name,
        )  # fmt: skip
        nothing = store.honours.seconds(viewer, one.id)
        charts = nominations.dossier(found, one, store.honours, nothing, viewer)
        assert [c.id for c in charts] == ["nomination", "before_after", "methods", "dispatches", "case_petitions"]
        sums = nominations.dossier(found, one, store.honours, nothing, viewer.narrowed("aggregate"))
        assert "case_petitions" not in [c.id for c in sums]


def test_sums_only_means_no_records(demo: Home, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Viewer.local

    def narrow(deployment: object) -> Viewer:
        return whole(deployment).narrowed("aggregate")  # type: ignore[arg-type]

    monkeypatch.setattr(Viewer, "local", narrow)
    at = open_page(PAGE, about="案例")
    assert not at.exception and not at.error
    assert not [e for e in at.expander if "诉求及处理结果" in e.label]


def test_spans_are_years_and_months_the_latest_first() -> None:
    held = honours.spans(dt.date(2021, 7, 1), dt.datetime(2023, 7, 4))
    assert list(held)[:4] == ["2023", "2022", "2021", "2023-07"]
    assert held["2023"].label == "2023年（至今）" and held["2022"].label == "2022年"
    assert held["2023-06"].label == "2023年6月" and held["2023-06"].end == dt.date(2023, 7, 1)
    assert list(honours.spans(dt.date(2023, 7, 4), dt.datetime(2023, 7, 4))) == ["2023", "2023-07"]
    assert filters.allowed("2020", list(held), "2023") == "2023"
