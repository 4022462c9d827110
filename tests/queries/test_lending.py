"""What is asked about lending: how far firms came, and of a firm nothing that was not public before the day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from minxin.warehouse import visibility
from minxin.warehouse.visibility import Revocations
from tests.queries.world import Published, World

D = dt.date
SPAN = {"start": "2021-01-01", "end": "2023-07-01"}


def fine(number: str, day: dt.date, **more: object) -> dict[str, object]:
    return {
        "penalty_id": number, "uscc": "a", "decided_on": day, "published_on": day, "field": "一般", "kind": "罚款",
        "severity": "严重", "amount": 1000.0, "is_summary": False, "authority": "甲局", **more,
    }  # fmt: skip


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Firm a drew and repaid late, b is still waiting, c is only registered."""
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 6, 15, 9))
    world = World(tmp_path / "w")
    world.add(
        "enterprise",
        [{"uscc": u, "name": f"{u}公司", "registered_on": D(2015, 3, 10), "capital": 50.0, "staff": 3, "size": size,
          "status": "存续", "industry_code": "F5211", "community_code": "A"}
         for u, size in (("a", "小型"), ("b", "小型"), ("c", "微型"))],
    )  # fmt: skip
    lent = {"registered_on": D(2022, 1, 1), "whitelisted_on": D(2022, 1, 11), "bank": "甲银行", "product": "信用贷"}
    world.add(
        "loan",
        [
            {"loan_id": "k1", "uscc": "a", **lent, "granted_on": D(2022, 2, 10), "granted_amount": 100.0,
             "drawn_on": D(2022, 2, 20), "drawn_amount": 80.0, "due_on": D(2023, 2, 20), "repaid_on": D(2023, 4, 20),
             "overdue_days": 59},
            {"loan_id": "k2", "uscc": "b", **lent, "granted_on": D(2022, 3, 1), "granted_amount": 10.0,
             "drawn_on": D(2022, 3, 5), "drawn_amount": 10.0, "due_on": D(2024, 3, 5), "overdue_days": 0},
            {"loan_id": "k3", "uscc": "c", "registered_on": D(2022, 5, 1)},
        ],
    )  # fmt: skip
    world.add(
        "penalty",
        [
            fine("before", D(2022, 1, 5)),
            fine("same day", D(2022, 2, 10)),
            fine("after", D(2022, 6, 1)),
            fine("long ago", D(2019, 12, 1)),
        ],
    )
    world.add("list_entry", [
        {"entry_id": "r", "uscc": "a", "list": "红名单", "basis": "纳税A级", "entered_on": D(2021, 1, 1),
         "removed_on": D(2022, 3, 1), "subject_kind": "企业"},
    ])  # fmt: skip
    return world


def features(held: Published, purpose: str) -> dict[str, dict[str, object]]:
    rows = held.run("lending.features", purpose=purpose, county="")
    return {row["loan_id"]: row for row in rows.to_dict("records")}


def test_firms_are_counted_as_far_as_they_came(world: World) -> None:
    held = world.build()
    rows = held.run("lending.steps", **SPAN)
    [small] = rows[rows["size"] == "小型"].to_dict("records")
    assert (small["n"], small["n_granted"], small["n_drawn"], small["n_repaid"]) == (2, 2, 2, 1)
    assert (small["n_due"], small["n_overdue"], small["n_late"]) == (1, 1, 0)
    assert (small["granted_amount"], small["drawn_amount"], small["repaid_amount"]) == (110, 90, 80)
    assert small["is_listed"] and not rows[rows["size"] == "微型"]["is_listed"].item()
    waits = held.run("lending.waits", **SPAN)
    assert waits[waits["step"] == "list"][["days", "n"]].values.tolist() == [[10, 2]]
    assert sorted(waits[waits["step"] == "grant"]["days"]) == [30, 49]
    months = held.run("lending.months", **SPAN)
    assert months["granted_amount"].tolist() == [100, 10] and months["drawn_amount"].tolist() == [80, 10]
    assert held.run("lending.steps", **SPAN, communities=["B"]).empty


def again(world: World) -> World:
    """Firm a was lent to a second time, later and by another bank, and repaid in time; c asks twice on one day."""
    world.add(
        "loan",
        [
            {"loan_id": "k0", "uscc": "a", "bank": "乙银行", "product": "信用贷", "registered_on": D(2022, 3, 1),
             "granted_on": D(2022, 3, 20), "granted_amount": 40.0, "drawn_on": D(2022, 4, 1), "drawn_amount": 30.0,
             "due_on": D(2023, 4, 1), "repaid_on": D(2023, 4, 1), "overdue_days": 0},
            {"loan_id": "k4", "uscc": "a", "registered_on": D(2023, 1, 1)},
            {"loan_id": "k5", "uscc": "c", "registered_on": D(2022, 5, 1)},
        ],
    )  # fmt: skip
    return world


def test_a_firm_with_several_loans_is_one_firm_and_its_money_is_added_up(world: World) -> None:
    held = again(world).build()
    rows = held.run("lending.steps", **SPAN)
    assert len(rows) == 2, "a loan outside of the white list does not make a second firm that is not listed"
    [small] = rows[rows["size"] == "小型"].to_dict("records")
    assert (small["n"], small["n_granted"], small["n_drawn"], small["n_repaid"]) == (2, 2, 2, 1)
    assert small["is_listed"]
    assert (small["granted_amount"], small["drawn_amount"], small["repaid_amount"]) == (150, 120, 110)
    assert (small["n_due"], small["n_overdue"], small["n_late"]) == (2, 1, 0), "what came due is counted by loan"
    assert rows["n"].sum() == 3, "firms, as the published figure counts them"
    waits = held.run("lending.waits", **SPAN)
    assert waits[waits["step"] == "draw"]["n"].sum() == 3, "times are of loans"


def test_a_firm_is_scored_once_by_its_newest_application(world: World) -> None:
    held = features(again(world).build(), "score")
    assert {loan: row["uscc"] for loan, row in held.items()} == {"k4": "a", "k2": "b", "k5": "c"}
    one = held["k4"]
    assert one["n_penalty_24"] == 3
    assert (one["whitelisted_on"].date(), one["granted_on"].date()) == (D(2022, 1, 11), D(2022, 3, 20)), "of any loan"
    assert one["bank"] == "乙银行", "who granted last, not the application without a bank"


def test_each_ended_loan_is_trained_on(world: World) -> None:
    rows = again(world).build().run("lending.features", purpose="train", county="")
    assert rows["loan_id"].tolist() == ["k0", "k1"]
    assert rows["bad"].tolist() == [0, 1] and rows["bank"].tolist() == ["乙银行", "甲银行"]
    assert rows["whitelisted_on"].isna().tolist() == [True, False]
    assert rows["n_penalty_24"].tolist() == [2, 1], "what was public before each grant"


def test_training_knows_what_was_public_before_the_grant_and_nothing_later(world: World) -> None:
    held = features(world.build(), "train")
    assert set(held) == {"k1"}, "a loan that is not due yet has no outcome"
    one = held["k1"]
    assert one["bad"] == 1 and one["age_months"] == 83
    assert one["n_penalty_24"] == 1, "neither of the day itself, nor later, nor of more than two years before"
    assert one["is_red"] == 1, "it stood on the list then, though not today"


def test_scoring_knows_what_is_public_today(world: World) -> None:
    held = features(world.build(), "score")
    assert set(held) == {"k1", "k2", "k3"}
    assert held["k1"]["n_penalty_24"] == 3 and held["k1"]["is_red"] == 0


def test_what_a_decision_took_away_is_no_feature_any_more(world: World) -> None:
    held = world.build()
    Revocations(world.home).revoke("before", "甲", "同意修复")
    assert features(held, "score")["k1"]["n_penalty_24"] == 2
    assert features(held, "train")["k1"]["n_penalty_24"] == 0
