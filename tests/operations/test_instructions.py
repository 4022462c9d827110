"""An instruction from being noted to being checked: history, second person, scope, lateness."""

import datetime as dt

import pandas as pd
import pytest

from minxin.access import Viewer
from minxin.operations import Actor, Stale, Unit, View
from minxin.settings import Refused, deployment
from minxin.texts.written import same_person
from tests.operations.conftest import VIEW, community, person

DAY = dt.date


def given(store, actor, **changes):
    values = {
        "text": "请本周内到现场查看并答复",
        "unit": community(),
        "due_on": DAY(2023, 7, 7),
        "view": VIEW,
    } | changes
    return store.instructions.give(actor, **values)


def test_an_instruction_keeps_what_it_was_made_on(store, clerk):
    made = given(store, clerk, given_by="街道主要领导", co_units=[Unit("department", "D07", "城管办"), community(1)])
    assert made.id == "批示-2023-0001" and made.version == 1 and made.state_label == "待接收"
    assert made.view == VIEW
    assert made.unit.name == deployment().communities[0].name
    assert [unit.name for unit in made.co_units] == ["城管办", deployment().communities[1].name]
    assert made.given_at == dt.datetime(2023, 7, 4, 10) and made.noted_by == "clerk-01"
    assert store.instructions.one(clerk.viewer, made.id) == made
    assert given(store, clerk).id == "批示-2023-0002"


def test_numbers_follow_the_local_year(store, clerk, clock):
    clock.at("2023-12-31 23:59")
    assert given(store, clerk, due_on=DAY(2024, 1, 5)).id == "批示-2023-0001"
    clock.at("2024-01-01 00:01")
    assert given(store, clerk, due_on=DAY(2024, 1, 5)).id == "批示-2024-0001"


def test_the_whole_way_with_its_history(store, clerk, other, clock):
    made = given(store, clerk)
    store.instructions.move(clerk, made.id, 1, "receive")
    store.instructions.note(clerk, made.id, "已联系物业")
    clock.at("2023-07-05 09:00")
    asked = store.instructions.move(clerk, made.id, 2, "ask_to_close", "路灯已修复，现场照片三张")
    assert asked.evidence == "路灯已修复，现场照片三张" and asked.asked_by == "clerk-01"
    closed = store.instructions.move(other, made.id, 3, "pass")
    assert closed.state_label == "已办结" and closed.checked_by == "clerk-02" and closed.version == 4
    history = store.instructions.history(clerk.viewer, made.id)
    states = history[history["field"] == "state"]
    assert list(states["after"]) == ["待接收", "办理中", "待核查", "已办结"]
    assert list(states["who"]) == ["clerk-01", "clerk-01", "clerk-01", "clerk-02"]
    assert list(states["based_on"]) == [0, 1, 2, 3]
    assert list(states["at"])[-1] == pd.Timestamp("2023-07-05 09:00")
    assert store.instructions.notes(clerk.viewer, made.id)["text"].tolist() == ["已联系物业"]


def test_closing_needs_evidence_and_another_person(store, clerk, other, leader):
    made = given(store, leader)
    store.instructions.move(clerk, made.id, 1, "receive")
    with pytest.raises(Refused, match="办结依据"):
        store.instructions.move(clerk, made.id, 2, "ask_to_close", "  ")
    asked = store.instructions.move(clerk, made.id, 2, "ask_to_close", "已办")
    for same in ("clerk-01", "ＣＬＥＲＫ-01", " Clerk -01"):
        with pytest.raises(Refused, match="另一人"):
            store.instructions.move(person(same, "clerk"), made.id, asked.version, "pass")
    # Also not with every right there is.
    with pytest.raises(Refused, match="另一人"):
        store.instructions.move(person("clerk-01", "leader"), made.id, asked.version, "pass")
    failed = store.instructions.move(other, made.id, asked.version, "fail", "照片看不清")
    assert failed.state == "working" and failed.evidence == "" and failed.asked_by == ""
    # Who asks now is the one who may not check.
    again = store.instructions.move(other, made.id, failed.version, "ask_to_close", "补拍照片")
    with pytest.raises(Refused, match="另一人"):
        store.instructions.move(other, made.id, again.version, "pass")
    assert store.instructions.move(clerk, made.id, again.version, "pass").state == "closed"


def test_at_one_computer_two_names_are_two_people_and_the_history_says_it_was_not_verified(quick):
    here = Viewer.local(deployment())
    with pytest.raises(Refused, match="岗位或工号"):
        Actor.of(here, " \u200b ")
    one, two = Actor.of(here, "街道办 02"), Actor.of(here, "督查专员")
    made = given(quick, one)
    quick.instructions.move(one, made.id, 1, "receive")
    quick.instructions.move(one, made.id, 2, "ask_to_close", "已办")
    with pytest.raises(Refused, match="另一人"):
        quick.instructions.move(Actor.of(here, "街道办　０２"), made.id, 3, "pass")
    quick.instructions.move(two, made.id, 3, "pass")
    assert not quick.instructions.history(here, made.id)["verified"].any()


UNSEEN = ["\ufe0f", "\u3164", "\uffa0", "\u034f", "\u115f", "\u2800", "\u17b5", "\U000e0100", "\u180b", "\u200d"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_what_nobody_sees_makes_no_second_person(quick, unseen):
    here = Viewer.local(deployment())
    assert Actor.of(here, f"经办{unseen}01{unseen}").who == "经办01"
    with pytest.raises(Refused, match="岗位或工号"):
        Actor.of(here, unseen)
    made = given(quick, Actor.of(here, "经办01"))
    quick.instructions.move(Actor.of(here, "经办01"), made.id, 1, "receive")
    with pytest.raises(Refused, match="办结依据"):
        quick.instructions.move(Actor.of(here, "经办01"), made.id, 2, "ask_to_close", unseen)
    # A store of an earlier version holds the name as it was typed.
    for asker, checker in ((f"经办01{unseen}", "经办01"), ("经办01", f"经办01{unseen}")):
        assert same_person(asker, checker)
    quick.instructions.move(Actor(f"经办01{unseen}", here, False), made.id, 2, "ask_to_close", "已办")
    with pytest.raises(Refused, match="另一人"):
        quick.instructions.move(Actor.of(here, "经办０１"), made.id, 3, "pass")


def test_a_stale_update_is_refused_in_one_line_that_says_what_changed(store, clerk, other):
    made = given(store, clerk)
    store.instructions.change(other, made.id, 1, due_on=DAY(2023, 7, 12), urgency="urgent")
    store.instructions.move(other, made.id, 2, "receive")
    with pytest.raises(Stale) as error:
        store.instructions.change(clerk, made.id, 1, text="改为三天内答复")
    said = str(error.value)
    assert "\n" not in said
    for part in ("clerk-02", "07-04 10:00", "2023-07-07", "2023-07-12", "紧急", "办理中", "没有保存"):
        assert part in said, said
    assert error.value.version == 3
    assert set(error.value.changes["field"]) == {"due_on", "urgency", "state"}
    # Read again, done again: nothing of the other is lost.
    mine = store.instructions.change(clerk, made.id, error.value.version, text="改为三天内答复")
    assert (mine.text, mine.due_on, mine.urgency, mine.version) == ("改为三天内答复", DAY(2023, 7, 12), "urgent", 4)


def test_saving_what_is_there_already_makes_no_version(quick, clerk):
    made = given(quick, clerk)
    assert quick.instructions.change(clerk, made.id, 1, text=made.text, due_on=made.due_on) == made


def test_what_is_not_allowed(store, clerk, leader):
    made = given(store, clerk)
    with pytest.raises(Refused, match="的权限"):
        given(store, person("admin-01", "administrator"))
    with pytest.raises(Refused, match="的权限"):
        store.instructions.move(clerk, made.id, 1, "cancel", "误记")
    with pytest.raises(Refused, match="不能「核查通过」"):
        store.instructions.move(leader, made.id, 1, "pass")
    with pytest.raises(Refused, match="没有「fly」"):
        store.instructions.move(leader, made.id, 1, "fly")
    assert [m.code for m in store.instructions.moves(clerk, made.id)] == ["receive", "decline"]
    assert [m.code for m in store.instructions.moves(leader, made.id)] == ["receive", "decline", "cancel"]
    cancelled = store.instructions.move(leader, made.id, 1, "cancel", "误记")
    with pytest.raises(Refused, match="不能修改"):
        store.instructions.change(clerk, made.id, cancelled.version, text="再改")
    history = store.instructions.history(leader.viewer, made.id)
    assert history[history["field"] == "reason"]["after"].tolist() == ["误记"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": ""}, "批示内容"),
        ({"text": "长" * 5000}, "最多 4000 字"),
        ({"due_on": DAY(2023, 7, 3)}, "早于批示日期"),
        ({"urgency": "whenever"}, "缓急"),
        ({"unit": Unit("community", "999")}, "没有代码"),
        ({"unit": Unit("community", "none")}, "没有代码"),
        ({"unit": Unit("person", "x")}, "社区或部门"),
        ({"given_at": dt.datetime(2023, 7, 4, 10, 1)}, "晚于现在"),
        ({"view": View("weekly page?", "")}, "页面"),
        ({"view": View("weekly", "q=" + "字" * 1000)}, "筛选条件太长"),
    ],
)
def test_what_cannot_be_stored_is_one_chinese_line(quick, clerk, changes, said):
    with pytest.raises(Refused, match=said) as error:
        given(quick, clerk, **changes)
    assert "\n" not in str(error.value)
    assert quick.instructions.list(clerk.viewer).empty


def test_scope_is_the_viewers(store, clerk, leader):
    here, there = deployment().community_codes[:2]
    mine = given(store, leader)
    others = given(store, leader, unit=community(1))
    office = given(store, leader, unit=Unit("department", "D01", "信访办"))
    shared = given(store, leader, unit=community(1), co_units=[community(0)])
    local = person("clerk-09", "clerk", communities=(here,))
    assert set(store.instructions.list(local.viewer)["id"]) == {mine.id, shared.id}
    for hidden in (others, office):
        with pytest.raises(Refused, match="查看范围"):
            store.instructions.one(local.viewer, hidden.id)
        with pytest.raises(Refused, match="查看范围"):
            store.instructions.note(local, hidden.id, "进展")
        with pytest.raises(Refused, match="查看范围"):
            store.instructions.move(local, hidden.id, 1, "receive")
        with pytest.raises(Refused, match="查看范围"):
            store.instructions.history(local.viewer, hidden.id)
    with pytest.raises(Refused, match="不在您的范围"):
        given(store, local, unit=community(1))
    with pytest.raises(Refused, match="不在您的范围"):
        store.instructions.change(local, mine.id, 1, unit=community(1))
    nobody = person("clerk-10", "clerk", communities=())
    assert store.instructions.list(nobody.viewer).empty
    assert there


def test_on_the_level_of_aggregates_nobody_reads_what_people_wrote(quick, leader):
    made = given(quick, leader, text="隐情")
    quick.instructions.note(leader, made.id, "隐情")
    crowd = person("screen", "leader", detail="aggregate").viewer
    row = quick.instructions.list(crowd).iloc[0]
    assert row["text"] == row["last_note"] == row["view_title"] == ""
    one = quick.instructions.one(crowd, made.id)
    assert one.text == one.view.title == ""
    assert (
        not quick.instructions.history(crowd, made.id).astype(str).apply(lambda c: c.str.contains("隐情")).any().any()
    )
    assert quick.instructions.notes(crowd, made.id)["text"].tolist() == [""]


def test_a_stale_update_tells_who_sees_sums_nothing_of_the_texts(quick, leader):
    made = given(quick, leader, text="隐情甲")
    quick.instructions.change(leader, made.id, 1, text="隐情乙", urgency="urgent", reason="隐情丙")
    for detail, told in (("aggregate", False), ("masked", True)):
        with pytest.raises(Stale) as error:
            quick.instructions.change(person("screen", "leader", detail=detail), made.id, 1, urgency="critical")
        said = str(error.value)
        assert "批示内容" in said and "紧急" in said and ("隐情" in said) == told
        assert ("隐情" in error.value.changes.to_csv()) == told
        assert set(error.value.changes["field"]) == {"text", "urgency", "reason"}


def test_personal_data_are_masked_before_they_are_stored(store, clerk, any_home):
    said = "投诉人：王小明，电话13812345678，身份证440306199001011234"
    made = given(
        store,
        clerk,
        text=said,
        view=View("records", "q=13812345678&community=440306017001", "", "", "张先生的诉求", "440306202306280012"),
    )
    store.instructions.note(clerk, made.id, said)
    store.instructions.change(clerk, made.id, 1, text=said + "。", reason="来电13812345678")
    store.instructions.move(clerk, made.id, 2, "receive")
    store.instructions.move(clerk, made.id, 3, "ask_to_close", "已电话13812345678告知")
    assert "〔电话〕" in made.text and "〔证件号〕" in made.text
    # Codes stay: a record number that looks like an identity number, a community.
    assert made.view.record == "440306202306280012" and "community=440306017001" in made.view.address
    found = store.instructions.history(clerk.viewer, made.id).to_csv() + store.instructions.list(clerk.viewer).to_csv()
    found += store.instructions.notes(clerk.viewer, made.id).to_csv()
    with store.database.reading() as connection:
        for table in ("instruction", "change", "note"):
            found += str([tuple(row) for row in connection.exec_driver_sql(f"select * from {table}")])
    for secret in ("13812345678", "440306199001011234", "王小明", "张先生"):
        assert secret not in found


def test_the_log_says_what_was_done_and_nothing_of_its_contents(quick, clerk, caplog):
    with caplog.at_level("DEBUG", logger="minxin"):
        made = given(quick, clerk, text="不得外传的内容")
        quick.instructions.note(clerk, made.id, "不得外传的进展")
        with pytest.raises(Stale):
            quick.instructions.change(clerk, made.id, 7, text="不得外传的修改")
    assert made.id in caplog.text and "不得外传" not in caplog.text


def test_the_list_has_its_columns_also_when_it_is_empty(store, clerk):
    empty = store.instructions.list(clerk.viewer)
    given(store, clerk)
    full = store.instructions.list(clerk.viewer)
    assert list(empty.columns) == list(full.columns)
    assert dict(empty.dtypes) == dict(full.dtypes)


def test_the_list_is_filtered_by_week_state_and_unit(store, clerk, clock):
    old = given(store, clerk, given_at=dt.datetime(2023, 6, 28, 9))
    new = given(store, clerk, unit=community(1), given_at=dt.datetime(2023, 7, 3))
    week = {"given_from": dt.datetime(2023, 6, 26), "given_before": dt.datetime(2023, 7, 3)}
    assert store.instructions.list(clerk.viewer, **week)["id"].tolist() == [old.id]
    store.instructions.move(clerk, new.id, 1, "receive")
    assert store.instructions.list(clerk.viewer, states=["working"])["id"].tolist() == [new.id]
    assert store.instructions.list(clerk.viewer, units=[community().code])["id"].tolist() == [old.id]
    store.instructions.note(clerk, new.id, "一")
    store.instructions.note(clerk, new.id, "二")
    row = store.instructions.list(clerk.viewer).iloc[0]
    assert (row["id"], row["notes"], row["last_note"]) == (new.id, 2, "二")
    assert row["last_noted_at"] == pd.Timestamp("2023-07-04 10:00")


def at(store, viewer, record, when):
    row = store.instructions.list(viewer, now=dt.datetime.fromisoformat(when)).set_index("id").loc[record]
    return row["level"], None if pd.isna(row["workdays"]) else int(row["workdays"])


def test_levels_count_working_days(quick, clerk, clock):
    # 2023-06-22 to 24 was the Dragon Boat Festival, Sunday 25 a working day instead.
    clock.at("2023-06-15 09:00")
    made = given(quick, clerk, due_on=DAY(2023, 6, 21))
    assert at(quick, clerk.viewer, made.id, "2023-06-15 10:00") == ("", 4)
    assert at(quick, clerk.viewer, made.id, "2023-06-19 23:59") == ("due_soon", 2)
    assert at(quick, clerk.viewer, made.id, "2023-06-21 23:59") == ("due_soon", 0)
    assert at(quick, clerk.viewer, made.id, "2023-06-22 00:00") == ("late", 0)
    assert at(quick, clerk.viewer, made.id, "2023-06-25 09:00") == ("late", -1)
    assert at(quick, clerk.viewer, made.id, "2023-06-29 09:00") == ("late_twice", -5)
    # A term that ends on a day off ends on the next working day.
    over = given(quick, clerk, due_on=DAY(2023, 6, 22))
    assert at(quick, clerk.viewer, over.id, "2023-06-25 20:00") == ("due_soon", 0)
    assert at(quick, clerk.viewer, over.id, "2023-06-26 09:00") == ("late", -1)


def test_a_moved_date_that_is_missed_again_is_late_twice(quick, clerk, clock):
    made = given(quick, clerk, due_on=DAY(2023, 7, 5))
    clock.at("2023-07-06 09:00")
    moved = quick.instructions.change(clerk, made.id, 1, due_on=DAY(2023, 7, 10))
    assert moved.missed_on == DAY(2023, 7, 5)
    assert at(quick, clerk.viewer, made.id, "2023-07-10 09:00") == ("due_soon", 0)
    assert at(quick, clerk.viewer, made.id, "2023-07-11 09:00") == ("late_twice", -1)


def test_moving_a_date_in_time_is_no_lateness(quick, clerk, clock):
    made = given(quick, clerk, due_on=DAY(2023, 7, 5))
    clock.at("2023-07-05 18:00")
    assert quick.instructions.change(clerk, made.id, 1, due_on=DAY(2023, 7, 10)).missed_on is None
    assert at(quick, clerk.viewer, made.id, "2023-07-11 09:00") == ("late", -1)


def test_reminders_are_ranked_and_kept(quick, clerk, clock):
    soon = given(quick, clerk, due_on=DAY(2023, 7, 5))
    far = given(quick, clerk, due_on=DAY(2023, 8, 1))
    late = given(quick, clerk, due_on=DAY(2023, 6, 30), given_at=dt.datetime(2023, 6, 29))
    awaited = given(quick, clerk, due_on=DAY(2023, 6, 30), given_at=dt.datetime(2023, 6, 29))
    quick.instructions.move(clerk, awaited.id, 1, "receive")
    quick.instructions.move(clerk, awaited.id, 2, "ask_to_close", "已办")
    found = quick.instructions.reminders(clerk.viewer, dt.datetime(2023, 7, 4, 9))
    # Whoever waits for the check is not late any more.
    assert found["id"].tolist() == [late.id, soon.id]
    assert found["level_label"].tolist() == ["逾期", "临期"]
    assert quick.instructions.remind(clerk, late.id, "电话") == "late"
    assert quick.instructions.remind(clerk, late.id, "电话") == "late"
    assert quick.instructions.reminders(clerk.viewer)["reminders"].tolist() == [2, 0]
    with pytest.raises(Refused, match="未到临期"):
        quick.instructions.remind(clerk, far.id)
