"""Saved scenarios and nominations."""

import pytest

from minxin.operations import Stale
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
