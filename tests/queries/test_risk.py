"""The engine of the risk classes: golden firms, what may never happen, and what was known when."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.queries.risk_firms import AS_OF, RULES, classes, engine, newest

D = dt.date
CLEAN = [{"uscc": "x"}]


def penalty(decided: dt.date, severity: str = "一般", **more: object) -> dict[str, object]:
    """One published penalty of the firm x, fulfilled at once."""
    row = {"penalty_id": "p", "uscc": "x", "severity": severity, "field": "一般", "kind": "罚款", "decided_on": decided}
    return {**row, "published_on": decided, "fulfilled_on": decided, **more}


GOLDEN = {
    "a firm without any fact is A": ({}, ("A", 0.0, [])),
    "an ordinary penalty of this year makes B": (
        {"fct_penalty": [penalty(D(2023, 5, 1))]}, ("B", 17.0, ["R302"]),
    ),
    "the same of the year before counts six tenths": (
        {"fct_penalty": [penalty(D(2022, 3, 1))]}, ("B", 10.2, ["R302"]),
    ),
    "five ordinary ones of this year make C, held by the cap of 51": (
        {"fct_penalty": [penalty(D(2023, 5, n), penalty_id=f"p{n}") for n in range(1, 6)]}, ("C", 51.0, ["R302"]),
    ),
    "a serious one is at least C however old": (
        {"fct_penalty": [penalty(D(2020, 1, 1), "严重")]}, ("C", 4.5, ["R303"]),
    ),
    "an unpaid fine says so from the sixtieth day": (
        {"fct_penalty": [penalty(D(2023, 5, 1), fulfilled_on=None)]}, ("B", 22.0, ["R302", "R304"]),
    ),
    "a black list is D": (
        {"fct_list_entry": [{"entry_id": "l", "uscc": "x", "list": "黑名单", "entered_on": D(2023, 1, 1)}]},
        ("D", 50.0, ["R307"]),
    ),
    "good records never outweigh a veto": (
        {"fct_list_entry": [{"entry_id": "l", "uscc": "x", "list": "黑名单", "entered_on": D(2023, 1, 1)},
                            {"entry_id": "m", "uscc": "x", "list": "红名单", "entered_on": D(2023, 1, 1)}],
         "lake_credit_record": [{"record_id": f"r{n}", "uscc": "x", "type_code": "T157", "issued_on": D(2023, 1, 1)}
                                for n in range(9)]},
        ("D", 44.0, ["R307", "R501", "R502"]),
    ),
    "a new firm begins with B": (
        {"dim_enterprise": [{"uscc": "x", "registered_on": D(2023, 4, 1)}]}, ("B", 10.0, ["R101"]),
    ),
    "much capital and nobody employed is C": (
        {"dim_enterprise": [{"uscc": "x", "capital": 10000.0, "staff": 0}]}, ("C", 30.0, ["R103"]),
    ),
    "a debtor who has promised is B while the promise runs": (
        {"fct_enforcement": [{"case_id": "c", "uscc": "x", "kind": "失信被执行", "outcome": "在办",
                              "discovered_on": D(2023, 3, 1), "commitment_on": D(2023, 4, 1),
                              "commitment_until": D(2023, 10, 1)}]},
        ("B", 15.0, ["R402"]),
    ),
    "the same is C when the time has passed": (
        {"fct_enforcement": [{"case_id": "c", "uscc": "x", "kind": "失信被执行", "outcome": "在办",
                              "discovered_on": D(2023, 3, 1), "commitment_on": D(2023, 4, 1),
                              "commitment_until": D(2023, 6, 1)}]},
        ("C", 30.0, ["R401"]),
    ),
    "and D when punished": (
        {"fct_enforcement": [{"case_id": "c", "uscc": "x", "kind": "失信被执行", "outcome": "惩戒",
                              "discovered_on": D(2023, 3, 1), "closed_on": D(2023, 6, 1)}]},
        ("D", 50.0, ["R403"]),
    ),
    "a penalty in the own field counts twice for a supervised sector": (
        {"dim_enterprise": [{"uscc": "x", "sector_code": "S09"}],
         "fct_penalty": [penalty(D(2023, 5, 1), field="食品")]},
        ("B", 25.0, ["R302", "Z101"]),
    ),
    "for others it does not": (
        {"dim_enterprise": [{"uscc": "x", "sector_code": "S01"}],
         "fct_penalty": [penalty(D(2023, 5, 1), field="食品")]},
        ("B", 17.0, ["R302"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", GOLDEN)
def test_golden_firms(said: str) -> None:
    facts, expected = GOLDEN[said]
    assert newest({"dim_enterprise": CLEAN, **facts}) == expected


def test_a_month_knows_what_was_published_by_then_and_forgets_what_expired() -> None:
    facts = {
        "dim_enterprise": CLEAN,
        "fct_penalty": [penalty(D(2022, 9, 20), published_on=D(2022, 10, 5), visible_until=D(2023, 2, 1))],
    }
    held = classes(facts)
    assert [held[m] for m in ("2022-09", "2022-10", "2022-12", "2023-01")] == ["A", "B", "B", "A"]


def test_a_firm_that_got_off_a_list_keeps_its_past() -> None:
    entry = {"entry_id": "l", "uscc": "x", "list": "黑名单", "entered_on": D(2022, 5, 10), "removed_on": D(2023, 3, 31)}
    held = classes({"dim_enterprise": CLEAN, "fct_list_entry": [entry]})
    assert [held[m] for m in ("2022-04", "2022-05", "2023-02", "2023-03", "2023-04")] == ["A", "D", "D", "A", "A"]


def test_what_is_valid_to_a_day_counts_to_the_end_of_it() -> None:
    entry = {"entry_id": "l", "uscc": "x", "list": "黑名单", "entered_on": D(2022, 5, 10)}
    for last, said in ((D(2023, 3, 31), ["D", "A"]), (D(2023, 4, 1), ["D", "D"])):
        held = classes({"dim_enterprise": CLEAN, "fct_list_entry": [{**entry, "valid_until": last}]})
        assert [held[m] for m in ("2023-02", "2023-03")] == said, last
    noted = {"record_id": "r", "uscc": "x", "type_code": "T151", "issued_on": D(2022, 5, 10)}
    for last, points in ((D(2023, 7, 3), False), (D(2023, 7, 4), True)):
        score = newest({"dim_enterprise": CLEAN, "lake_credit_record": [{**noted, "valid_until": last}]})[1]
        assert (score != 0) is points, last


def test_a_record_taken_away_by_decision_counts_up_to_that_day() -> None:
    entry = {"entry_id": "l", "uscc": "x", "list": "黑名单", "entered_on": D(2022, 5, 10)}
    taken = {"record_id": "l", "revoked_on": D(2023, 2, 10)}
    held = classes({"dim_enterprise": CLEAN, "fct_list_entry": [entry], "config_revoked": [taken]})
    assert [held[m] for m in ("2023-01", "2023-02", "2023-07")] == ["D", "A", "A"]


def test_each_record_behind_a_reason_says_which_batch_brought_it() -> None:
    noted = {"uscc": "x", "batch_id": "b9"}
    case = {"case_id": "c", **noted, "outcome": "在办", "discovered_on": D(2023, 3, 1)}
    promised = {"kind": "失信被执行", "commitment_on": D(2023, 4, 1)}
    facts = {
        "dim_enterprise": [{"uscc": "x", "sector_code": "S09", "batch_id": "b1"}],
        "fct_penalty": [
            penalty(D(2023, 4, 1), field="食品", fulfilled_on=None, batch_id="b2"),
            penalty(D(2023, 4, 1), kind="吊销", penalty_id="q", batch_id="b3"),
        ],
        "fct_enforcement": [
            {**case, "kind": "欠税"},
            {**case, "case_id": "d", **promised, "commitment_until": D(2023, 10, 1)},
            {**case, "case_id": "e", **promised, "commitment_until": D(2023, 6, 1)},
            {**case, "case_id": "f", "kind": "失信被执行"},
            {**case, "case_id": "g", "kind": "失信被执行", "outcome": "惩戒", "closed_on": D(2023, 6, 1)},
        ],
        "fct_list_entry": [{"entry_id": "l", **noted, "list": "黑名单", "entered_on": D(2023, 1, 1)}],
        "fct_inspection": [{"inspection_id": "i", **noted, "inspected_on": D(2023, 4, 1), "has_problem": True}],
        "fct_merchant": [{"merchant_id": "m", **noted, "complaints": 9, "named_on": D(2023, 1, 1)}],
        "lake_credit_record": [
            {"record_id": "r", "uscc": "x", "type_code": "T157", "issued_on": D(2023, 1, 1), "_batch": "b9"}
        ],
    }
    with engine(facts, months=1) as held:
        found = held.execute("select distinct event_id, batch_id from mart_risk_fact order by event_id").fetchall()
        known = held.execute("select distinct event_id, batch_id from int_risk_fact where batch_id <> 'b9'").fetchall()
    assert {("d", "b9"), ("e", "b9"), ("l", "b9"), ("p", "b2"), ("q", "b3"), ("r", "b9")} <= set(found)
    assert {event for event, batch in found if batch != "b9"} == {"p", "q"}
    assert set(known) == {("x", "b1"), ("p", "b2"), ("q", "b3")}


def test_each_month_is_classified_by_the_rules_in_force_then() -> None:
    facts = {
        "dim_enterprise": [{"uscc": "x", "sector_code": "S18"}],
        "fct_penalty": [penalty(D(2021, 12, 1), field="安全生产")],
    }
    with engine(facts) as held:
        rows = held.execute(
            "select month_start, version, sector_score from mart_risk where month_start in ('2022-02-01', '2022-03-01')"
        ).fetchall()
    assert sorted(rows) == [(D(2022, 2, 1), "2021", 0.0), (D(2022, 3, 1), "2022", 10.0)]


def test_the_newest_month_ends_with_the_data_and_a_later_build_does_not_change_the_past() -> None:
    facts = {
        "dim_enterprise": CLEAN,
        "fct_penalty": [penalty(D(2022, 9, 20)), penalty(D(2023, 7, 3), "严重", penalty_id="q")],
    }
    now, later = classes(facts), classes(facts, as_of=dt.datetime(2023, 9, 1))
    assert list(now)[-1] == "2023-07" and len(now) == 24
    assert list(later)[-1] == "2023-08"
    assert {m: c for m, c in later.items() if m in now} == {m: c for m, c in now.items() if m in later}


def test_firms_that_are_gone_or_not_yet_there_have_no_class() -> None:
    gone = classes({"dim_enterprise": [{"uscc": "x", "status": "注销"}]})
    young = classes({"dim_enterprise": [{"uscc": "x", "registered_on": D(2023, 6, 30)}]})
    assert gone == {} and list(young) == ["2023-06", "2023-07"]


days = st.dates(D(2020, 1, 1), D(2023, 7, 3))
penalties = st.builds(
    lambda decided, severity, field, kind, paid, ends: penalty(
        decided, severity, field=field, kind=kind, fulfilled_on=decided if paid else None,
        visible_until=decided + dt.timedelta(days=ends) if ends else None,
    ),
    days,
    st.sampled_from(["轻微", "一般", "严重"]),
    st.sampled_from(["一般", "食品", "安全生产"]),
    st.sampled_from(["警告", "罚款", "限制从业"]),
    st.booleans(),
    st.sampled_from([0, 90, 1095]),
)  # fmt: skip
lists = st.builds(
    lambda entered, which: {"entry_id": "l", "uscc": "x", "list": which, "entered_on": entered},
    days, st.sampled_from(["红名单", "黑名单"]),
)  # fmt: skip
records = st.builds(
    lambda issued, kind: {"record_id": "r", "uscc": "x", "type_code": kind, "issued_on": issued},
    days, st.sampled_from(["T151", "T157", "T161", "T190"]),
)  # fmt: skip


def numbered(rows: list[dict[str, object]], key: str) -> list[dict[str, object]]:
    return [{**row, key: f"{key}{n}"} for n, row in enumerate(rows)]


@settings(max_examples=10, deadline=None)
@given(st.lists(penalties, max_size=5), st.lists(lists, max_size=2), st.lists(records, max_size=4), st.randoms())
def test_the_order_of_records_and_firms_changes_nothing(
    fined: list[dict[str, object]],
    listed: list[dict[str, object]],
    noted: list[dict[str, object]],
    chance: random.Random,
) -> None:
    held = {
        "fct_penalty": numbered(fined, "penalty_id"),
        "fct_list_entry": numbered(listed, "entry_id"),
        "lake_credit_record": numbered(noted, "record_id"),
    }
    others = [{"uscc": "w"}, {"uscc": "x", "sector_code": "S18"}, {"uscc": "z"}]
    first = newest({"dim_enterprise": others, **held})
    mixed = {name: chance.sample(rows, len(rows)) for name, rows in held.items()}
    assert newest({"dim_enterprise": chance.sample(others, 3), **mixed}) == first


@settings(max_examples=15, deadline=None)
@given(st.lists(penalties, max_size=4), penalties, st.lists(lists, max_size=2), st.lists(records, max_size=3))
def test_one_more_bad_fact_never_makes_a_firm_better(
    fined: list[dict[str, object]],
    another: dict[str, object],
    listed: list[dict[str, object]],
    noted: list[dict[str, object]],
) -> None:
    held = {
        "dim_enterprise": [{"uscc": "x", "sector_code": "S09"}],
        "fct_penalty": numbered(fined, "penalty_id"),
        "fct_list_entry": numbered(listed, "entry_id"),
        "lake_credit_record": numbered(noted, "record_id"),
    }
    # the same firm twice, once with one fact more
    twice = {name: [*rows, *({**row, "uscc": "y"} for row in rows)] for name, rows in held.items()}
    twice["fct_penalty"].append({**another, "uscc": "y"})
    with engine(twice, months=1) as found:
        (x, score_x), (y, score_y) = found.execute("select risk_class, score from mart_risk order by uscc").fetchall()
    assert y >= x and score_y >= score_x


def test_every_reason_has_an_occasion_in_the_engine() -> None:
    """No rule speaks of a fact that the engine never tells: each fact's name stands in the SQL that makes them."""
    from minxin.warehouse.build import models

    text = models()["int_risk_fact"].read_text(encoding="utf-8")
    assert [r.fact for r in RULES.reasons.values() if f"'{r.fact}'" not in text] == []
    assert AS_OF.date() > max(v.start for v in RULES.versions)
