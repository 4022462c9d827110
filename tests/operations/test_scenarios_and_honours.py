"""Saved scenarios and nominations."""

import pytest
from sqlalchemy import insert

from minxin.access import Viewer
from minxin.operations import Actor, Stale
from minxin.operations.schema import seconding
from minxin.settings import Refused, deployment
from tests.operations.conftest import VIEW, person

PAYLOAD = {"weights": {"response": 0.1, "resolution": 0.5, "satisfaction": 0.4}, "smallest_n": 20, "exclusions": True}


@pytest.fixture
def analyst():
    return person("analyst-01", "analyst")


def test_a_scenario_is_saved_changed_and_deleted(store, analyst, leader):
    one = store.scenarios.save(analyst, "现行权重", PAYLOAD, "s000007-1a2b3c")
    assert (one.id, one.owner, one.payload, one.snapshot) == ("推演-2023-0001", "analyst-01", PAYLOAD, "s000007-1a2b3c")
    other = store.scenarios.save(leader, "满意度加重", PAYLOAD | {"smallest_n": 30, "window": [3, 12]})
    assert store.scenarios.one(leader.viewer, other.id).payload == PAYLOAD | {"smallest_n": 30, "window": [3, 12]}
    changed = store.scenarios.change(analyst, one.id, 1, payload=PAYLOAD | {"smallest_n": 25})
    with pytest.raises(Stale, match="方案由"):
        store.scenarios.change(analyst, one.id, 1, name="另一个名字")
    with pytest.raises(Refused, match="本人"):
        store.scenarios.change(leader, one.id, changed.version, name="别人的")
    with pytest.raises(Refused, match="本人"):
        store.scenarios.delete(leader, one.id, changed.version)
    store.scenarios.delete(analyst, one.id, changed.version)
    assert store.scenarios.list(leader.viewer)["id"].tolist() == [other.id]
    with pytest.raises(Refused, match="没有「推演-2023-0001」"):
        store.scenarios.one(leader.viewer, one.id)
    # The history of a deleted one is still there.
    with store.database.reading() as connection:
        rows = connection.exec_driver_sql(f"select count(*) from change where record = '{one.id}'").scalar()
    assert rows >= 5


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"x": float("nan")}, "无法保存"),
        ({"x": object()}, "无法保存"),
        ({"x": "长" * 30_000}, "64 KB"),
        ({"x": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}, "无法保存"),
    ],
)
def test_a_payload_that_cannot_be_stored(quick, analyst, payload, said):
    with pytest.raises(Refused, match=said):
        quick.scenarios.save(analyst, "方案", payload)


def test_a_scenario_carries_no_personal_data(quick, analyst):
    made = quick.scenarios.save(analyst, "给13812345678的方案", {"note": ["13812345678"]})
    assert "13812345678" not in made.name + str(made.payload)
    with pytest.raises(Refused, match="的权限"):
        quick.scenarios.save(person("clerk-01", "clerk"), "方案", {})


def nominated(store, actor, code="先锋01", **changes):
    values = {"year": 2023, "community": deployment().community_codes[0]} | changes
    return store.honours.nominate(actor, "person", code, "全年首办办结 312 件，重复率最低", VIEW, **values)


def test_a_nomination_is_seconded_by_others_and_selected_by_another(store, clerk, other, leader, analyst):
    made = nominated(store, clerk)
    assert (made.id, made.seconds, made.view) == ("提名-2023-0001", 0, VIEW)
    with pytest.raises(Refused, match="自己"):
        store.honours.second(clerk, made.id)
    store.honours.second(other, made.id, "同意")
    with pytest.raises(Refused, match="已附议过"):
        store.honours.second(person(" CLERK-02", "clerk"), made.id)
    with pytest.raises(Refused, match="1 人附议"):
        store.honours.move(leader, made.id, 1, "select")
    store.honours.second(leader, made.id)
    with pytest.raises(Refused, match="的权限"):
        store.honours.move(analyst, made.id, 1, "select")
    selected = store.honours.move(leader, made.id, 1, "select")
    assert (selected.state_label, selected.seconds) == ("入选", 2)
    with pytest.raises(Refused, match="不能附议"):
        store.honours.second(analyst, made.id)
    assert store.honours.seconds(clerk.viewer, made.id)["who"].tolist() == ["clerk-02", "leader-01"]
    assert store.honours.list(clerk.viewer, year=2023)["seconds"].tolist() == [2]
    assert store.honours.list(clerk.viewer, year=2022).empty


def test_one_person_seconds_once_however_they_write_themselves(store, clerk):
    here = Viewer.local(deployment())
    made = nominated(store, clerk)
    store.honours.second(Actor.of(here, "工号01"), made.id)
    for name in ("工号０１", "工号 01", "工号01\ufe0f", "\u3164工号01"):
        with pytest.raises(Refused, match="已附议过"):
            store.honours.second(Actor.of(here, name), made.id)
    assert store.honours.one(clerk.viewer, made.id).seconds == 1


def test_seconds_of_an_earlier_version_count_each_person_once(store, clerk):
    made = nominated(store, clerk)
    rows = [("工号０１", "工号０１"), ("工号01", "工号01"), ("clerk-01\u200b", "clerk-01\u200b"), ("工号02", "工号02")]
    with store.database.writing() as connection:
        for who, key in rows:
            values = {"at": store.honours.tools.clock(), "who": who, "verified": False, "record": made.id}
            connection.execute(insert(seconding).values(**values, person=key, text=""))
    assert store.honours.one(clerk.viewer, made.id).seconds == 2
    assert len(store.honours.seconds(clerk.viewer, made.id)) == 4
    for who in ("工号０２", "工号01"):
        with pytest.raises(Refused, match="已附议过"):
            store.honours.second(Actor.of(Viewer.local(deployment()), who), made.id)
    store.honours.second(Actor.of(Viewer.local(deployment()), "工号03"), made.id)
    assert store.honours.list(clerk.viewer)["seconds"].tolist() == [3]


@pytest.mark.parametrize(
    ("kind", "code", "kept"),
    [
        ("person", "13812345678", False),
        ("person", "先锋13812345678", False),
        ("person", "440306199001011234", False),
        ("unit", "司法所13812345678", False),
        ("case", "13812345678", False),
        ("person", "先锋01", True),
        ("person", "a13812345678b440306199001011234ff"[:32], True),
        ("unit", "人民路120号服务站", True),
        ("case", "440306202306280012", True),
    ],
)
def test_a_nominated_subject_is_a_code_and_nobodys_number(quick, leader, kind, code, kept):
    def give():
        return quick.honours.nominate(leader, kind, code, "理由", VIEW, year=2023).subject_code

    if kept:
        assert give() == code
    else:
        with pytest.raises(Refused, match="先锋代号"):
            give()


def test_nobody_selects_whom_they_nominated(store, leader, clerk, other):
    made = nominated(store, leader)
    for who in (clerk, other):
        store.honours.second(who, made.id)
    with pytest.raises(Refused, match="另一人"):
        store.honours.move(leader, made.id, 1, "select")
    assert store.honours.move(person("leader-02"), made.id, 1, "select").state == "selected"


def test_one_subject_is_nominated_once_a_year(store, clerk, other):
    made = nominated(store, clerk)
    with pytest.raises(Refused, match="已被提名"):
        nominated(store, other)
    nominated(store, other, year=2024)
    nominated(store, other, code="先锋02")
    store.honours.move(clerk, made.id, 1, "take_back")
    again = nominated(store, other)
    assert again.id != made.id


def test_nominations_follow_the_viewers_scope(quick, leader):
    made = nominated(quick, leader)
    whole = nominated(quick, leader, code="案例01", community="")
    elsewhere = person("clerk-09", "clerk", communities=(deployment().community_codes[1],))
    assert quick.honours.list(elsewhere.viewer).empty
    with pytest.raises(Refused, match="查看范围"):
        quick.honours.second(elsewhere, made.id)
    assert set(quick.honours.list(leader.viewer)["id"]) == {made.id, whole.id}
