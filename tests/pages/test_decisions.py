"""批示督办: figures, list, one instruction, who may do what, proposals into the lake, the strip on the weekly page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from minxin import queries
from minxin.access import Viewer
from minxin.board import filters, noting
from minxin.operations import Actor, Store, Unit, View, clock_of
from minxin.operations.database import FILE
from minxin.settings import Home
from minxin.warehouse.lake import Lake
from tests.pages.conftest import WAIT, Open, shown
from tests.support import ROOT

PAGE = "review/decisions.py"
FANSHEN, HAILE = "440306017017", "440306017006"
HOSTILE = "![图](http://evil.example/x.png) <script>alert(1)</script> :red[x]"
DAY = dt.date


@pytest.fixture
def store(own_demo: Home) -> Iterator[Store]:
    """The store of the demo's copy, by the clock of its data: the morning of 4 July 2023."""
    st.cache_resource.clear()
    with Store.open(own_demo, clock_of(own_demo)) as opened:
        yield opened
        assert opened.problems() == []


def person(home: Home, name: str, role: str = "leader", communities: tuple[str, ...] | None = None) -> Actor:
    codes = tuple(home.deployment.community_codes) if communities is None else communities
    return Actor.of(Viewer(name, (role,), codes))


def given(store: Store, home: Home, text: str = "请限期办结。", **changes: Any) -> str:
    """An instruction of 26 June, by default due on 10 July."""
    values = {
        "unit": Unit("community", FANSHEN),
        "due_on": DAY(2023, 7, 10),
        "view": View("weekly", "period=月&month=2023年5月", "s000001-000000", "ranking", "翻身社区逾期最多"),
        "given_at": dt.datetime(2023, 6, 26, 10),
    } | changes
    unit, due_on, view = values.pop("unit"), values.pop("due_on"), values.pop("view")
    return store.instructions.give(person(home, "书记-01"), text, unit, due_on, view, **values).id


def press(at: AppTest, label: str) -> AppTest:
    """Press the last button of that name."""
    found = [button for button in at.button if button.label == label]
    assert found, [button.label for button in at.button]
    return found[-1].click().run()


def decisions(who: str = "", **parameters: str) -> AppTest:
    """The page at an address."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=WAIT)
    at.session_state["operator"] = who
    at.run()
    at.switch_page(f"pages/{PAGE}")
    for key, value in parameters.items():
        at.query_params[key] = value
    return at.run()


def opened(record: str, who: str = "书记-01", **parameters: str) -> AppTest:
    """The page with one record opened."""
    return decisions(who, id=record, **parameters)


# ── looking ─────────────────────────────────────────────────────────────────────────────────────


def test_before_anybody_wrote_there_is_nothing_and_looking_makes_no_store(own_demo: Home, open_page: Open) -> None:
    at = open_page(PAGE)
    assert not at.exception and not at.error
    assert [m.value for m in at.metric] == ["0条"] * 5
    assert "记一条批示" in at.info[0].value
    weekly = open_page()
    assert "上周以来批示" not in shown(weekly)
    assert not (own_demo.operations / FILE).exists()


def test_figures_and_title_say_what_is_late(store: Store, own_demo: Home, open_page: Open) -> None:
    given(store, own_demo)
    given(store, own_demo, due_on=DAY(2023, 7, 5), unit=Unit("department", "司法所", "司法所"))
    given(store, own_demo, due_on=DAY(2023, 6, 30), urgency="urgent")
    given(store, own_demo, due_on=DAY(2023, 6, 26), given_at=dt.datetime(2023, 6, 20, 9))
    at = open_page(PAGE)
    assert {m.label: m.value for m in at.metric} == {
        "未办结": "4条", "临期": "1条", "逾期": "2条", "再次逾期": "1条", "待核查": "0条",
    }  # fmt: skip
    said = shown(at)
    assert "2 条批示逾期，其中 1 条再次逾期，最久的由翻身社区承办，已逾期 6 个工作日" in said
    rows = at.dataframe[0].value
    assert rows["期限"].tolist()[0] == "6月26日，再次逾期 6 个工作日"
    assert "临期" in rows["期限"].tolist()[2] and len(rows) == 4


def test_the_imported_ledger_is_told_apart_from_what_is_counted(own_demo: Home, open_page: Open) -> None:
    at = open_page(PAGE)
    held = queries.current(own_demo)
    assert held is not None
    past = held.run("decisions.past", Viewer.local(own_demo.deployment), limit=1000)
    running = int(past["done_at"].isna().sum())
    assert running and f"历史台账另有 {len(past)} 条，其中未落实 {running} 条" in shown(at)
    press(at, "看历史批示")
    assert not at.exception and f"历史批示 {len(past)} 条" in shown(at)


def test_the_list_is_filtered_in_the_address(store: Store, own_demo: Home) -> None:
    given(store, own_demo, urgency="critical")
    given(store, own_demo, unit=Unit("department", "司法所", "司法所"), due_on=DAY(2023, 6, 27))
    gone = given(store, own_demo)
    store.instructions.move(person(own_demo, "书记-01"), gone, 1, "cancel", "重复")
    for parameters, n in (
        ({}, 2),
        ({"state": "全部状态"}, 3),
        ({"state": "撤销"}, 1),
        ({"state": "逾期"}, 1),
        ({"unit": "司法所"}, 1),
        ({"urgency": "特急"}, 1),
        ({"urgency": "特急", "unit": "司法所"}, 0),
        ({"state": "<script>", "unit": "' or 1=1"}, 2),
    ):
        at = decisions(**parameters)
        assert not at.exception and not at.error
        assert (len(at.dataframe[0].value) if at.dataframe else 0) == n, parameters


def test_one_instruction_says_what_it_was_made_on(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo, "请逐件办结积压。")
    at = opened(record)
    said = shown(at)
    assert "请逐件办结积压。" in said and "书记-01，2023年6月26日 10:00" in said
    assert "每周会商，「翻身社区逾期最多」" in said and "快照 s000001-000000，当前为" in said
    assert [column for column in at.dataframe[0].value.columns] == ["编号", "状态", "期限", "承办单位"]


def test_what_people_write_is_shown_as_it_is(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo, HOSTILE, unit=Unit("department", "x", HOSTILE), co_units=[])
    store.instructions.note(person(own_demo, HOSTILE), record, HOSTILE)
    at = opened(record)
    assert not at.exception
    read = [*at.markdown, *at.caption, *at.subheader, *at.warning, *at.success]
    assert not [e.value for e in read if re.search(r"!\[|(?<!\\)<script|:red\[", e.value)]


def test_the_imported_instructions_are_history(own_demo: Home) -> None:
    at = decisions(show="历史批示")
    rows = at.dataframe[0].value
    assert len(rows) > 50 and {"按期落实", "逾期落实"} <= set(rows["落实情况"])
    assert "历史批示" in shown(at)
    assert not (own_demo.operations / FILE).exists()


# ── doing ───────────────────────────────────────────────────────────────────────────────────────


def test_who_acts_is_asked_once_and_kept(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo)
    at = opened(record, "")
    assert "接收" not in [b.label for b in at.button]
    at.text_input(key="operator_here").set_value(" 经办-07 ")
    press(at, "填好后办理")
    assert "接收" in [b.label for b in at.button]
    press(at, "接收")
    held = store.instructions.one(person(own_demo, "x").viewer, record)
    assert held.state == "working"
    assert store.instructions.history(person(own_demo, "x").viewer, record)["who"].tolist()[-1] == "经办-07"


def test_from_order_to_check_by_another_person(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo)
    press(opened(record, "经办-07"), "接收")
    at = opened(record, "经办-07")
    assert "核查通过" not in [b.label for b in at.button]
    press(at, "申请办结")
    assert "请填写「办结依据」" in at.error[0].value
    at.text_area(key=f"said_{record}").set_value("16 件全部办结，附清单。")
    press(at, "申请办结")
    assert "待核查" in at.success[0].value
    assert at.text_area(key=f"said_{record}").value == ""
    # whoever asked does not check
    assert "核查通过" not in [b.label for b in at.button] and "收回办结申请" in [b.label for b in at.button]
    other = opened(record, "督查-02", state="全部状态")
    assert {m.label: m.value for m in other.metric}["待核查"] == "1条"
    press(other, "核查通过")
    assert "16 件全部办结，附清单。" in shown(other) and "督查-02，" in shown(other)
    held = store.instructions.one(person(own_demo, "x").viewer, record)
    assert (held.state, held.checked_by) == ("closed", "督查-02")


def test_an_older_view_is_refused_and_what_was_typed_stays(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo)
    at = opened(record, "经办-07")
    store.instructions.change(person(own_demo, "书记-01"), record, 1, due_on=DAY(2023, 7, 7))
    at.text_area(key=f"said_{record}").set_value("已派专人。")
    press(at, "接收")
    assert "已被「书记-01」改动" in at.warning[0].value and "期限" in at.warning[0].value
    assert at.text_area(key=f"said_{record}").value == "已派专人。"
    assert "7月7日" in shown(at)
    assert store.instructions.one(person(own_demo, "x").viewer, record).state == "pending"
    press(at, "接收")
    assert not at.warning and "办理中" in at.success[0].value


def test_saving_a_change_undoes_nothing_of_others(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=WAIT).run()
    at.switch_page(f"pages/{PAGE}")
    at.session_state["operator"], at.session_state[f"edit_{record}"] = "经办-07", True
    at.query_params["id"] = record
    at.run()
    text, due = f"edit_text_{record}", f"edit_due_on_{record}"
    at.text_area(key=text).set_value("请限期办结，并报结果。")
    store.instructions.change(person(own_demo, "书记-01"), record, 1, due_on=DAY(2023, 7, 7))
    press(at, "保存修改")
    assert "已被「书记-01」改动" in at.warning[0].value
    assert at.text_area(key=text).value == "请限期办结，并报结果。"
    assert at.date_input(key=due).value == DAY(2023, 7, 7), "what nobody touched follows the newest state"
    press(at, "保存修改")
    held = store.instructions.one(person(own_demo, "x").viewer, record)
    assert (held.text, held.due_on) == ("请限期办结，并报结果。", DAY(2023, 7, 7))


def test_notes_and_reminders_are_kept(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo, due_on=DAY(2023, 6, 30))
    at = opened(record, "督查-02")
    at.text_area(key=f"note_{record}").set_value("已约谈社区。")
    press(at, "记下进展")
    assert "已约谈社区。" in shown(at)
    press(at, "记一次催办（逾期）")
    assert "已记一次催办（逾期）" in at.success[0].value
    row = store.instructions.list(person(own_demo, "x").viewer).iloc[0]
    assert (row["notes"], row["reminders"]) == (1, 1)


def _one_as(record: str, roles: tuple[str, ...], codes: tuple[str, ...], detail: str) -> None:
    from minxin import queries, settings
    from minxin.access import Viewer
    from minxin.board import instruction, operations
    from minxin.board.frames import Source

    viewer = Viewer("somebody", roles, codes, detail)
    found = operations.reading()
    instruction.one(record, found, Source(queries.current(settings.home()), viewer, (record, *roles, detail)), viewer)


@pytest.mark.parametrize(
    ("role", "detail", "moves", "reads"),
    [
        ("leader", "masked", {"接收", "退回", "撤销"}, True),
        ("clerk", "masked", {"接收", "退回"}, True),
        ("analyst", "aggregate", {"接收", "退回"}, False),
    ],
)
def test_each_role_is_offered_what_it_may(
    role: str, detail: str, moves: set[str], reads: bool, store: Store, own_demo: Home
) -> None:
    record = given(store, own_demo, "请逐件办结积压。")
    codes = tuple(own_demo.deployment.community_codes)
    at = AppTest.from_function(_one_as, args=(record, (role,), codes, detail), default_timeout=WAIT).run()
    assert not at.exception and not at.error
    offered = {option.content for group in at.segmented_control for option in group.proto.options}
    assert moves <= offered and not ({"接收", "退回", "撤销"} - moves) & offered
    assert ("请逐件办结积压。" in shown(at)) is reads


def test_another_communitys_instruction_is_not_shown(store: Store, own_demo: Home) -> None:
    record = given(store, own_demo, "请逐件办结积压。")
    at = AppTest.from_function(_one_as, args=(record, ("clerk",), (HAILE,), "masked"), default_timeout=WAIT).run()
    assert "不在您的查看范围内" in at.warning[0].value and "积压" not in shown(at)


# ── noting from a chart and from a record ───────────────────────────────────────────────────────


def _form(roles: tuple[str, ...], codes: tuple[str, ...], community: str) -> None:
    from minxin.access import Viewer
    from minxin.board import noting
    from minxin.operations import View

    viewer = Viewer("local", roles, codes)
    view = View("weekly", "period=月", "s000001-000000", "ranking", "逾期最多")
    noting.instruction_form(viewer, view, community, "chart")


def _noting(home: Home, community: str = FANSHEN) -> AppTest:
    st.cache_resource.clear()
    codes = tuple(home.deployment.community_codes)
    return AppTest.from_function(_form, args=(("local",), codes, community), default_timeout=WAIT).run()


def test_an_instruction_is_noted_with_the_view_it_was_made_on(own_demo: Home) -> None:
    at = _noting(own_demo)
    assert at.selectbox(key="instruct_unit_chart").value == f"community:{FANSHEN}"
    assert at.date_input(key="instruct_due_chart").value == DAY(2023, 7, 11)
    at.text_area(key="instruct_text_chart").set_value("请限期办结，联系电话 13812345678。")
    press(at, "保存批示")
    assert "岗位或工号" in at.error[0].value
    at.text_input(key="operator_instruct_chart").set_value("书记-01")
    press(at, "保存批示")
    assert not at.error and "批示-2023-0001" in at.success[0].value.replace("\\", "")
    with Store.open(own_demo, clock_of(own_demo)) as store:
        held = store.instructions.one(person(own_demo, "x").viewer, "批示-2023-0001")
    assert held.unit.name == "翻身社区" and held.view.chart == "ranking" and held.view.title == "逾期最多"
    assert "13812345678" not in held.text
    assert (held.given_by, held.state) == ("书记-01", "pending")


def test_another_department_can_be_named(own_demo: Home) -> None:
    at = _noting(own_demo, "")
    at.text_area(key="instruct_text_chart").set_value("请限期办结。")
    at.text_input(key="operator_instruct_chart").set_value("书记-01")
    press(at, "保存批示")
    assert "承办单位" in at.error[0].value
    at.text_input(key="instruct_other_chart").set_value("区 水务（排水）中心")
    press(at, "保存批示")
    with Store.open(own_demo, clock_of(own_demo)) as store:
        held = store.instructions.one(person(own_demo, "x").viewer, "批示-2023-0001")
    assert held.unit.kind == "department" and held.unit.name == "区 水务（排水）中心"


def test_the_address_pins_the_latest_period(demo: Home) -> None:
    def script() -> None:
        import streamlit as st

        from minxin import queries, settings
        from minxin.access import Viewer
        from minxin.board import filters
        from minxin.board.frames import Source

        viewer = Viewer.local(settings.deployment())
        filters.begin("weekly")
        filters.bar(Source(queries.current(settings.home()), viewer, ("address",)))
        st.text(filters.address())

    at = AppTest.from_function(script, default_timeout=WAIT).run()
    assert parse_qs(at.text[0].value) == {"week": ["2023年第26周（6月26日—7月2日）"]}
    at = AppTest.from_function(script, default_timeout=WAIT)
    at.query_params["period"] = "月"
    at.query_params["community"] = "翻身社区"
    at.run()
    said = parse_qs(at.text[0].value)
    assert said["period"] == ["月"] and said["community"] == ["翻身社区"] and said["month"] == ["2023年6月"]
    assert filters.page() == ""


def _panel(role: str, page: str) -> None:
    import pandas as pd
    import streamlit as st

    from minxin.access import Viewer
    from minxin.board import panel
    from minxin.charts.chart import Chart, Encoding, Kind, Unit

    rows = pd.DataFrame({"x": ["a"], "y": [1]})
    chart = Chart("c", Kind.BAR, rows, Encoding(x="x", y="y"), Unit(), "题", "副题", "题")
    st.session_state["export_c"] = True
    panel.panel(chart, Viewer("somebody", (role,), ()), page)


@pytest.mark.parametrize(
    ("role", "page", "notes", "files"),
    [
        ("leader", "weekly", True, True),
        ("clerk", "weekly", True, False),
        ("administrator", "quality", False, True),
        ("leader", "decisions", False, True),
    ],
)
def test_the_menu_of_a_chart_offers_what_the_viewer_may(
    role: str, page: str, notes: bool, files: bool, demo: Home
) -> None:
    at = AppTest.from_function(_panel, args=(role, page), default_timeout=WAIT).run()
    assert not at.exception and not at.error
    assert ("记一条批示" in [b.label for b in at.button]) is notes
    assert bool(at.get("download_button")) is files


# ── proposals ───────────────────────────────────────────────────────────────────────────────────


def _record(petition_id: str, codes: tuple[str, ...]) -> None:
    from minxin import queries, settings
    from minxin.access import Viewer
    from minxin.board import records
    from minxin.board.frames import Source

    viewer = Viewer("local", ("local",), codes)
    records.detail(petition_id, Source(queries.current(settings.home()), viewer, (petition_id,)))


def _petition(home: Home) -> str:
    held = queries.current(home)
    assert held is not None
    viewer = Viewer.local(home.deployment)
    rows = held.run(
        "records.list", viewer, start="2023-05-01", end="2023-06-01", category="", state="", limit=200, skip=0
    )
    return str(rows.loc[~rows["is_excluded"], "petition_id"].iloc[0])


@pytest.fixture
def proposed(own_demo: Home) -> Callable[[], str]:
    """Propose from the drawer of a record to exclude it; gives the petition."""

    def run() -> str:
        petition = _petition(own_demo)
        codes = tuple(own_demo.deployment.community_codes)
        at = AppTest.from_function(_record, args=(petition, codes), default_timeout=WAIT).run()
        at.get_by_key(f"record_act_{petition}").set_value("propose").run()
        assert not at.exception
        at.selectbox(key="propose_exclude_reason_code").set_value("恶意重复")
        at.text_area(key="propose_grounds").set_value("多次反映，无新事实。")
        at.text_input(key="operator_propose").set_value("经办-07")
        press(at, "提请剔除")
        assert not at.error, at.error[0].value
        assert "提请-2023-0001" in at.success[0].value.replace("\\", "")
        return petition

    return run


def test_an_approval_reaches_the_lake_at_once_and_can_be_revoked(proposed: Callable[[], str], own_demo: Home) -> None:
    st.cache_resource.clear()
    petition, before = proposed(), len(Lake(own_demo).batches())
    own = opened("提请-2023-0001", "经办-07", show="提请审批")
    assert "批准" not in [b.label for b in own.button] and "收回" in [b.label for b in own.button]
    at = opened("提请-2023-0001", "主任-01", show="提请审批")
    assert "1 件提请等待审批：剔除 1 件" in shown(at) and petition in shown(at)
    assert "有权批准：考核办主任、分管领导" in shown(at)
    press(at, "批准")
    assert not at.error and "已写入数据湖" in at.success[0].value
    assert len(Lake(own_demo).batches()) == before + 1
    press(at, "撤销批准")
    assert "撤销理由" in at.error[0].value
    at.text_area(key="said_提请-2023-0001").set_value("查明并非重复。")
    press(at, "撤销批准")
    assert "已撤回" in at.success[0].value
    assert len(Lake(own_demo).batches()) == before


def test_a_second_proposal_for_the_same_petition_is_refused_in_one_line(
    proposed: Callable[[], str], own_demo: Home
) -> None:
    st.cache_resource.clear()
    proposed()
    with pytest.raises(AssertionError, match="尚未审批"):
        proposed()


# ── on the weekly page ──────────────────────────────────────────────────────────────────────────


def test_the_weekly_page_opens_with_last_weeks(store: Store, own_demo: Home, open_page: Open) -> None:
    given(store, own_demo)
    given(store, own_demo, due_on=DAY(2023, 6, 29))
    given(store, own_demo, due_on=DAY(2023, 6, 15), given_at=dt.datetime(2023, 6, 10, 9))
    done = given(store, own_demo)
    store.instructions.move(person(own_demo, "书记-01"), done, 1, "receive")
    store.instructions.move(person(own_demo, "书记-01"), done, 2, "ask_to_close", "已办结")
    store.instructions.move(person(own_demo, "督查-02"), done, 3, "pass")
    said = shown(open_page())
    assert "上周以来批示 3 条：已办结 1、办理中 1、**逾期 1**；更早的批示还有 **1 条逾期**" in said


def test_a_store_that_cannot_be_used_is_one_line_and_the_board_goes_on(own_demo: Home, open_page: Open) -> None:
    st.cache_resource.clear()
    own_demo.operations.mkdir(exist_ok=True)
    (own_demo.operations / FILE).write_bytes(b"no database at all " * 400)
    at = open_page()
    assert not at.exception and len(at.metric) == 5 and not at.error
    assert len([w for w in at.warning if "操作库" in w.value]) == 1
    page = open_page(PAGE)
    assert not page.exception
    assert len(page.error) == 1 and "操作库" in page.error[0].value and "\n" not in page.error[0].value
    assert not page.metric and not page.info, "what is not known is not said to be nothing"
    assert len(decisions(show="历史批示").dataframe) == 1


def test_names_of_departments_become_codes() -> None:
    assert noting.unit_of("community:x").kind == "community"
    made = noting.unit_of("department:区水务（排水）中心")
    assert made.name == "区水务（排水）中心" and "（" not in made.code
