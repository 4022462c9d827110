"""Blocks about risk classes and about one firm: what they count, whom they show, what they no longer show."""

from __future__ import annotations

import datetime as dt

import pytest

from minxin.access import Viewer
from minxin.warehouse import risk, visibility
from minxin.warehouse.lake import Lake
from minxin.warehouse.visibility import Revocations
from tests.queries.risk_world import CLASSES, firms, published
from tests.queries.world import Published, World

D = dt.date
NOW, BEFORE = {"month": D(2023, 6, 1)}, {"before": D(2022, 6, 1)}
CELL = {name: "" for name in ("risk_class", "county", "community", "industry", "sector", "park")}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return published(tmp_path_factory.mktemp("firms"))


def test_the_classes_of_the_build_are_those_of_the_engine_run_alone(held: Published) -> None:
    stored = held.run("risk.classes", **NOW)
    assert {code: c for code, c in stored.itertuples(index=False) if code in CLASSES} == CLASSES
    again = risk.classify(held.queries.home, "2023-06")
    assert again.firms["uscc"].tolist() == stored["uscc"].tolist()
    assert again.firms["risk_class"].tolist() == stored["risk_class"].tolist()


@pytest.mark.parametrize("by_row", ["class", "county", "community", "industry", "sector", "park", "month"])
def test_a_grid_counts_every_firm_once(by_row: str, held: Published) -> None:
    grid = held.run("risk.grid", by_row=by_row, by_column="class", since=D(2023, 5, 1), **NOW, **BEFORE)
    months = 2 if by_row == "month" else 1
    assert grid["n"].sum() == 13 * months and grid["n_high"].sum() == 3 * months
    assert grid["n_before"].sum() == (0 if by_row == "month" else 13)
    assert grid["n_high_before"].sum() == 0


def test_a_viewer_sees_the_own_communities_only(held: Published) -> None:
    of_b = Viewer("b", (), ("B",))
    given = {"limit": 50, **NOW, **BEFORE, **CELL}
    assert set(held.queries.run("risk.firms", of_b, **given)["uscc"]) == {"firm-c0", "firm-d0"}
    assert held.queries.run("enterprise.one", of_b, uscc="firm-n0").empty
    for block in ("timeline", "reasons", "history", "repairs", "inspections"):
        assert held.queries.run(f"enterprise.{block}", of_b, uscc="firm-b0").empty
    found = held.queries.run("enterprise.search", of_b, term="食品", limit=9)
    assert found.empty
    grid = held.queries.run("risk.grid", of_b, by_row="class", by_column="", since=D(2023, 5, 1), **NOW, **BEFORE)
    assert grid["n"].sum() == 2


def test_firms_of_a_cell_come_with_their_reasons_and_where_they_came_from(held: Published) -> None:
    high = held.run("risk.firms", limit=50, **NOW, **BEFORE, **{**CELL, "risk_class": "D"})
    assert high["class_before"].tolist() == ["A", "A"]
    assert dict(zip(high["uscc"], high["reasons"], strict=True)) == {
        "firm-d0": "黑名单、检查发现问题", "firm-n0": "黑名单",
    }  # fmt: skip
    moves = held.run("risk.moves", **NOW, **BEFORE)
    assert {(a, b): n for a, b, n in moves.itertuples(index=False)} == {
        ("A", "A"): 9, ("A", "B"): 1, ("A", "C"): 1, ("A", "D"): 2,
    }  # fmt: skip
    reasons = held.run("risk.reasons", **BEFORE).set_index("reason_code")
    assert reasons.loc["R307", ["n", "n_high", "n_worse"]].tolist() == [2, 2, 2]


@pytest.mark.parametrize("before", [D(2023, 5, 1), D(2022, 6, 1)])
def test_sums_kept_beside_the_classes_are_those_of_the_firms_themselves(
    before: dt.date, held: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 6, 15, 9))
    pairs = held.rows(
        "select coalesce(a.risk_class, ''), coalesce(b.risk_class, ''), count(*)"
        f" from (from mart_risk where month_start = '{before}') as a"
        " full join (from mart_risk where month_start = '2023-06-01') as b on a.uscc = b.uscc group by all"
    )
    moves = held.run("risk.moves", **NOW, before=before)
    assert sorted(moves.itertuples(index=False, name=None)) == sorted(pairs)
    worse = held.rows(
        "select reason_code, count(*) filter (where b.risk_class > a.risk_class) from mart_risk_reason as r"
        " join mart_risk as b on b.uscc = r.uscc and b.month_start = '2023-06-01'"
        f" left join mart_risk as a on a.uscc = r.uscc and a.month_start = '{before}'"
        " where r.points > 0 group by all"
    )
    reasons = held.run("risk.reasons", before=before)
    assert dict(zip(reasons["reason_code"], reasons["n_worse"], strict=True)) == dict(worse)


@pytest.mark.parametrize("term", ["鹤鸣", "hmsp", "HMSP", "firm-b0"])
def test_a_firm_is_found_by_name_initials_or_code(term: str, held: Published) -> None:
    code = term.upper() if term.startswith("firm") else term
    found = held.run("enterprise.search", term=code, limit=9)
    if not term.startswith("firm"):
        assert found["uscc"].tolist() == ["firm-b0"] and found["risk_class"].tolist() == ["B"]
    assert held.run("enterprise.search", term="", limit=9).empty


def test_what_was_taken_away_is_gone_from_every_block_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = firms(tmp_path_factory.mktemp("revoked"))
    mine = world.build()
    code = {"uscc": "firm-d0"}
    assert len(mine.run("enterprise.reasons", **code)) == 2 and mine.run("enterprise.gone", **code)["n"].sum() == 0
    assert "ld" in set(mine.run("enterprise.timeline", **code)["event_id"])
    Revocations(world.home).revoke("ld", "测试", "移出名单")
    assert mine.run("enterprise.reasons", **code)["reason_code"].tolist() == ["R306"]
    assert mine.run("enterprise.gone", **code)["n"].tolist() == [1]
    assert "ld" not in set(mine.run("enterprise.timeline", **code)["event_id"])
    shown = mine.run("risk.firms", limit=50, **NOW, **BEFORE, **{**CELL, "risk_class": "D"})
    assert dict(zip(shown["uscc"], shown["reasons"], strict=True))["firm-d0"] == "检查发现问题"


def test_firms_of_a_withdrawn_register_are_found_and_listed_no_more(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = firms(tmp_path_factory.mktemp("withdrawn"))
    late = world.add("enterprise", [{"uscc": "wrong", "name": "误导公司", "registered_on": D(2018, 1, 1)}])
    world.add("list_entry", [{"entry_id": "lw", "uscc": "wrong", "list": "黑名单", "entered_on": D(2023, 3, 1)}])
    mine = world.build()
    asked = {
        "enterprise.search": {"term": "误导", "limit": 9},
        "enterprise.one": {"uscc": "wrong"},
        "risk.firms": {"limit": 50, **NOW, **BEFORE, **{**CELL, "risk_class": "D"}},
        "inspection.frame": {"at": D(2023, 7, 1), "months": 12},
    }
    before = {name: mine.run(name, **given)["uscc"].tolist() for name, given in asked.items()}
    assert all("wrong" in found for found in before.values())
    Lake(world.home).withdraw(late, "测试")
    for name, given in asked.items():
        assert mine.run(name, **given)["uscc"].tolist() == [u for u in before[name] if u != "wrong"], name


def test_the_reasons_of_a_withdrawn_batch_leave_with_its_records(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reason counts the records that stand beside it, and goes with the last of them."""
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 6, 15, 9))
    world = firms(tmp_path_factory.mktemp("taken-back"))
    fine = {"field": "一般", "kind": "罚款", "amount": 5000.0, "severity": "一般", "is_summary": False}
    paid = {"decided_on": D(2023, 6, 2), "published_on": D(2023, 6, 4), "fulfilled_on": D(2023, 6, 9)}
    wrong = world.add(
        "penalty",
        [
            {"penalty_id": "wb", "uscc": "firm-b0", **fine, **paid},
            {"penalty_id": "wa", "uscc": "firm-a0", **fine, **paid},
        ],
    )
    mine = world.build()

    def told(uscc: str) -> list[tuple[object, ...]]:
        rows = mine.run("enterprise.reasons", uscc=uscc)
        return [(r.reason_code, r.facts, r.facts_gone, str(r.last_on)[:10]) for r in rows.itertuples()]

    def listed() -> dict[str, str]:
        rows = mine.run("risk.firms", limit=50, **NOW, **BEFORE, **{**CELL, "risk_class": "B"})
        return dict(zip(rows["uscc"], rows["reasons"], strict=True))

    def with_penalty() -> int:
        return int(mine.run("risk.reasons", **BEFORE).set_index("reason_code").loc["R302", "n"])

    assert told("firm-b0") == [("R302", 2, 0, "2023-06-02")] and told("firm-a0") == [("R302", 1, 0, "2023-06-02")]
    whole, several = listed(), with_penalty()
    assert whole["firm-a0"] and several == 2
    Lake(world.home).withdraw(wrong, "测试")
    assert mine.run("enterprise.timeline", uscc="firm-b0")["event_id"].tolist() == ["pb"]
    assert told("firm-b0") == [("R302", 1, 1, "2023-05-02")] and told("firm-a0") == []
    for uscc in ("firm-a0", "firm-b0"):
        assert mine.run("enterprise.gone", uscc=uscc)["n"].tolist() == [1]
    assert listed() == {**whole, "firm-a0": ""} and with_penalty() == 1


def test_the_last_visit_to_a_firm_is_told_with_what_that_one_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = firms(tmp_path_factory.mktemp("visited"))
    base = {"registered_on": D(2018, 1, 1), "sector_code": "S01", "community_code": "B", "county_code": "440306"}
    world.add("enterprise", [{"uscc": "prop", "name": "安居物业", **base}])
    world.add("list_entry", [{"entry_id": "lp", "uscc": "prop", "list": "黑名单", "entered_on": D(2023, 3, 1)}])
    visit = {"uscc": "prop", "arm": "随机", "departments": 1, "probability": 0.5}
    world.add(
        "inspection",
        [
            {"inspection_id": "v1", **visit, "inspected_on": D(2022, 4, 3), "has_problem": True},
            {"inspection_id": "v2", **visit, "inspected_on": D(2023, 4, 3), "has_problem": False},
        ],
    )
    held = world.build().run("linkage.firms", start=D(2022, 7, 1), end=D(2023, 7, 1), limit=9)
    assert [(str(r.inspected_on)[:10], r.found) for r in held.itertuples()] == [("2023-04-03", "未发现问题")]


def test_what_is_learnt_from_stood_on_the_day_itself(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An entry stands through its last valid day, not on the day it is taken off; no known status is in being."""
    world = World(tmp_path_factory.mktemp("advice"))
    firm = {"name": "甲", "registered_on": D(2018, 1, 1)}
    ends = {
        "last-day": {"valid_until": D(2023, 3, 1)},
        "day-after": {"valid_until": D(2023, 2, 28)},
        "taken-off": {"removed_on": D(2023, 3, 1)},
        "soon-off": {"removed_on": D(2023, 3, 2)},
    }
    world.add(
        "enterprise",
        [{**firm, "uscc": code} for code in ends] + [{**firm, "uscc": "struck-off", "status": "注销"}],
    )
    entry = {"list": "黑名单", "entered_on": D(2023, 1, 1), "subject_kind": "企业"}
    world.add("list_entry", [{"entry_id": code, "uscc": code, **entry, **end} for code, end in ends.items()])
    rows = world.build().run("advice.firms", at=D(2023, 3, 1), until=D(2023, 6, 1))
    assert dict(zip(rows["uscc"], rows["n_black"], strict=True)) == {
        "day-after": 0,
        "last-day": 1,
        "soon-off": 1,
        "taken-off": 0,
    }
