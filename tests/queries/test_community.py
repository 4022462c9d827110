"""The blocks of the page of one community, on a few rows written by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from minxin.access import Viewer
from minxin.queries import blocks
from minxin.warehouse.lake import Lake
from tests.queries.world import Published, World, at

RANGE = {"start": dt.date(2023, 6, 1), "end": dt.date(2023, 7, 1)}
YEAR = {**RANGE, "since": dt.date(2022, 7, 1)}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Two estates, ledger, repeats, talks and sites of A, and a little of everything of B."""
    world = World(tmp_path_factory.mktemp("community"))
    made = {"created_at": at("02 08:00"), "estate_code": "E1", "subject": "积水"}
    done = made | {"closed_at": at("03 08:00")}
    world.petitions(
        {"petition_id": "a0", **done},
        {"petition_id": "a1", **done, "created_at": at("05 08:00")},
        {"petition_id": "a2", **made, "estate_code": None},
        {"petition_id": "a3", **made, "created_at": dt.datetime(2023, 4, 2, 8)},
        {"petition_id": "a4", **made, "estate_code": "E2"},
        {"petition_id": "b0", **done, "community_code": "B", "estate_code": "E9"},
        {"petition_id": "b1", **made, "community_code": "B", "estate_code": "E9"},
    )
    estates = [("E1", "一苑", "A"), ("E2", "二苑", "A"), ("E9", "九苑", "B")]
    world.add(
        "estate",
        [{"estate_code": e, "name": n, "community_code": c, "households": 100} for e, n, c in estates],
    )
    hard = {"approved_by": "分管领导", "listed_at": dt.date(2023, 6, 3)}
    world.add(
        "hard_case",
        [
            {"petition_id": "a0", **hard, "promised_on": dt.date(2023, 6, 8), "cleared_on": dt.date(2023, 6, 7)},
            {"petition_id": "a1", **hard, "promised_on": dt.date(2023, 6, 8), "cleared_on": dt.date(2023, 6, 9)},
            {"petition_id": "a2", **hard, "promised_on": dt.date(2023, 6, 9)},
            {"petition_id": "a3", **hard, "promised_on": dt.date(2023, 8, 9)},
            {"petition_id": "b1", **hard, "promised_on": dt.date(2023, 6, 14)},
        ],
    )
    link = {"earlier_petition_id": "a3", "linked_at": at("06 08:00")}
    world.add(
        "repeat_link",
        [
            {"petition_id": "a0", "tier": "T1", **link},
            {"petition_id": "a1", "tier": "T2", **link},
            {"petition_id": "a4", "tier": "T3", **link},
            {"petition_id": "b0", "tier": "T1", "earlier_petition_id": "b1", "linked_at": at("06 08:00")},
        ],
    )
    talk = {"started_at": at("07 19:00"), "venue": "党群服务中心"}
    days = [("A", dt.date(2023, 6, 7), 5), ("A", dt.date(2023, 3, 1), 4), ("B", dt.date(2023, 6, 7), 9)]
    world.add(
        "night_talk",
        [
            {"session_id": f"s{i}", "held_on": day, "community_code": c, "visitors": n, **talk}
            for i, (c, day, n) in enumerate(days)
        ],
    )
    world.add(
        "site",
        [
            {"site_id": "z1", "level": "服务站", "name": "站", "community_code": "A", "posts": 3, "status": "启用"},
            {"site_id": "z2", "level": "服务点", "name": "点", "community_code": "A", "posts": 1, "status": "在建"},
            {"site_id": "z3", "level": "服务点", "name": "点", "community_code": "B", "posts": 1, "status": "启用"},
        ],
    )
    return world.build()


def test_estates_are_counted_by_month_and_year_and_those_without_stand_apart(small: Published) -> None:
    found = small.run("community.estates", communities=["A"], **YEAR)
    rows = {r["estate_code"]: (r["estate_name"], r["n"], r["n_month"]) for r in found.to_dict("records")}
    assert rows == {"E1": ("一苑", 3, 2), "E2": ("二苑", 1, 1), "": ("", 1, 1)}


def test_all_communities_at_once_are_each_of_them_alone(small: Published) -> None:
    for name in ("estates", "ledger", "night_talks", "sites"):
        given = {} if name == "sites" else YEAR
        whole = small.run(f"community.{name}", **given)
        alone = [small.run(f"community.{name}", communities=[c], **given) for c in ("A", "B", "none")]
        assert whole.equals(pd.concat([a for a in alone if len(a)], ignore_index=True)), name


def test_the_ledger_says_what_is_open_late_and_cleared_in_time(small: Published) -> None:
    asked = {**RANGE, "since": dt.date(2022, 6, 1)}
    found = small.run("community.ledger", communities=["A"], **asked).iloc[0].to_dict()
    # the promise of a3 is not over yet; a0 was cleared by its day, a1 a day later, a2 not at all
    assert found == {"community_code": "A", "is_known": True, "open": 2, "open_late": 1, "due": 3, "due_met": 1}
    of_b = small.run("community.ledger", communities=["B"], **asked).iloc[0].to_dict()
    # promised for the 14th, and the data end with that day
    assert of_b == {"community_code": "B", "is_known": True, "open": 1, "open_late": 1, "due": 1, "due_met": 0}


def test_repeats_are_gathered_by_what_they_repeat(small: Published) -> None:
    found = small.run("community.repeats", communities=["A"], limit=9, **RANGE)
    assert found[["earlier_petition_id", "n", "petition_id", "subject"]].to_numpy().tolist() == [
        ["a3", 2, "a1", "积水"]
    ]


@pytest.mark.parametrize("what", ["petition", "link"])
def test_repeats_of_a_withdrawn_batch_are_gone_at_once(what: str, world: World) -> None:
    made = {"created_at": at("02 08:00")}
    world.petitions({"petition_id": "a0", **made}, {"petition_id": "a1", **made})
    batches = {"petition": world.petitions({"petition_id": "a2", **made})}
    link = {"earlier_petition_id": "a0", "tier": "T1", "linked_at": at("06 08:00")}
    world.add("repeat_link", [{"petition_id": "a1", **link}])
    batches["link"] = world.add("repeat_link", [{"petition_id": "a2", **link}])
    built = world.build()
    asked = {"limit": 9, **RANGE}
    assert built.run("community.repeats", **asked)["n"].tolist() == [2]
    Lake(world.home).withdraw(batches[what], "测试")
    assert built.run("community.repeats", **asked)[["n", "petition_id"]].to_numpy().tolist() == [[1, "a1"]]


def test_no_question_about_communities_reads_petitions() -> None:
    """A mart holds what each asks; going through ten million petitions takes longer than the whole page may."""
    for name, block in blocks().items():
        if name.startswith("community."):
            assert "fct_petition" not in block.sql and "fct_repeat_link" not in block.sql, name


def test_evening_talks_and_sites(small: Published) -> None:
    found = small.run("community.night_talks", communities=["A"], **YEAR).iloc[0]
    assert (found["talks"], found["visitors"], found["talks_month"], found["visitors_month"]) == (2, 9, 1, 5)
    assert found["last_on"].date() == dt.date(2023, 6, 7)
    sites = small.run("community.sites", communities=["A"])
    assert sites[["level", "status", "n"]].to_numpy().tolist() == [["服务点", "在建", 1], ["服务站", "启用", 1]]


@pytest.mark.parametrize("first_day", [1, 19])
def test_months_begin_on_the_day_of_the_rule_and_add_up(first_day: int, small: Published) -> None:
    given = {"start": dt.date(2023, 3, 19), "end": dt.date(2023, 6, 19)}
    found = small.run("community.months", first_day=first_day, **given)
    assert {d.day for d in found["month_start"]} == {first_day}
    total = small.run("indicators.totals", **given).iloc[0]
    for name in ("accepted", "closed", "due", "repeats"):
        assert found[name].sum() == total[name]


@pytest.mark.parametrize("name", ["estates", "ledger", "night_talks", "repeats", "sites", "months"])
def test_nobody_sees_more_than_the_own_communities(name: str, small: Published) -> None:
    given: dict[str, object] = {} if name == "sites" else dict(RANGE)
    given |= {"since": YEAR["since"]} if name in ("estates", "ledger", "night_talks") else {}
    given |= {"limit": 9} if name == "repeats" else {"first_day": 1} if name == "months" else {}
    own = small.queries.run(f"community.{name}", Viewer("b", (), ("B",)), **given)
    more = small.queries.run(f"community.{name}", Viewer("b", (), ("B",)), communities=["A", "B"], **given)
    assert own.equals(more)
    assert not own.equals(small.run(f"community.{name}", **given))
    nothing = small.queries.run(f"community.{name}", Viewer("x", (), ()), **given)
    kept = [c for c in nothing.columns if c not in ("is_known", "last_on")]
    assert nothing.empty or nothing[kept].fillna(0).to_numpy().sum() == 0
