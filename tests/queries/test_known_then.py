"""What lies after the data time is not known yet, nor is anything that follows from it."""

from __future__ import annotations

import datetime as dt

import pytest

from minxin.warehouse import visibility
from tests.queries.world import Published, World

D = dt.date
FINE = {"uscc": "firm", "field": "一般", "kind": "罚款", "severity": "一般"}
ASKED = {"uscc": "firm", "applied_on": D(2023, 6, 1)}


def test_a_repair_decided_after_the_data_time_is_being_dealt_with(world: World) -> None:
    world.add(
        "repair",
        [
            {"repair_id": "r1", **ASKED, "accepted_on": D(2023, 6, 2), "decided_on": D(2023, 6, 15), "result": "同意"},
            {"repair_id": "r2", **ASKED, "accepted_on": D(2023, 6, 16), "result": "办理中"},
            {"repair_id": "r3", **ASKED, "decided_on": D(2023, 6, 14), "result": "不同意"},
        ],
    )
    held = world.build()
    assert held.rows("select accepted_on, decided_on, result from fct_repair order by repair_id") == [
        (D(2023, 6, 2), None, "办理中"),
        (None, None, "办理中"),
        (None, D(2023, 6, 14), "不同意"),
    ]


def test_a_loan_is_as_it_stood_at_the_data_time(world: World) -> None:
    """Money of a later grant or loan, its due day, and days overdue beyond the data time are left out."""
    asked = {"uscc": "firm", "registered_on": D(2022, 1, 1)}
    done = {"granted_on": D(2022, 2, 1), "granted_amount": 100.0, "drawn_on": D(2022, 3, 1), "drawn_amount": 60.0}
    owed = {"due_on": D(2023, 6, 5), "repaid_on": D(2023, 6, 30), "overdue_days": 25}
    world.add(
        "loan",
        [
            {"loan_id": "k1", **asked, **done, "granted_on": D(2023, 6, 15), "drawn_on": D(2023, 6, 16), **owed}
            | {"due_on": D(2024, 6, 16)},
            {"loan_id": "k2", **asked, **done, **owed},
            {"loan_id": "k3", **asked, **done, **owed, "due_on": D(2023, 6, 20), "overdue_days": 10},
            {"loan_id": "k4", **asked, **done, **owed, "due_on": D(2023, 5, 1), "repaid_on": D(2023, 5, 4)}
            | {"overdue_days": 3},
            {"loan_id": "k5", **asked, **done, "due_on": D(2023, 5, 1)},
        ],
    )
    rows = world.build().rows(
        "select granted_on, granted_amount, drawn_on, drawn_amount, due_on, repaid_on, overdue_days"
        " from fct_loan order by loan_id"
    )
    known = (D(2022, 2, 1), 100.0, D(2022, 3, 1), 60.0)
    assert rows == [
        (None,) * 7,
        (*known, D(2023, 6, 5), None, 10),
        (*known, D(2023, 6, 20), None, None),
        (*known, D(2023, 5, 1), D(2023, 5, 4), 3),
        (*known, D(2023, 5, 1), None, None),
    ]


# ── not public yet ──────────────────────────────────────────────────────────────────────────────

LIST = {"county": "", "state": "", "limit": 9, "skip": 0}
GRID = {"by_row": "industry", "by_column": "kind", "since": D(2022, 6, 1)}


@pytest.fixture
def early(world: World, monkeypatch: pytest.MonkeyPatch) -> Published:
    """One penalty that is published on 20 June 2023, with an application already; today is 15 June."""
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 6, 15, 9))
    done = {"corrected_on": D(2023, 3, 2), "fulfilled_on": D(2023, 3, 2)}
    world.add("enterprise", [{"uscc": "firm", "name": "甲公司"}])
    world.add(
        "penalty",
        [{"penalty_id": "p", **FINE, **done, "decided_on": D(2023, 3, 1), "published_on": D(2023, 6, 20)},
         {"penalty_id": "q", **FINE, **done, "decided_on": D(2023, 5, 1), "published_on": D(2023, 6, 20)}],
    )  # fmt: skip
    world.add("repair", [{"repair_id": "r", "penalty_id": "p", **ASKED, "result": "办理中"}])
    return world.build()


def told(held: Published) -> dict[str, int]:
    """How many rows each block has of penalties that are shown."""
    asked = {
        "repair.states": {}, "repair.list": LIST, "repair.one": {"penalty_id": "p"},
        "repair.coming": {"weeks": 53}, "repair.backlog": {"limit": 9},
        "risk.penalties": GRID, "enterprise.repairs": {"uscc": "firm"},
    }  # fmt: skip
    return {name: len(held.run(name, **given)) for name, given in asked.items()}


def test_what_is_not_public_yet_is_neither_listed_nor_counted(
    early: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(told(early).values()) == {0}
    [steps] = early.run("repair.steps", start=D(2023, 1, 1), end=D(2023, 7, 1)).itertuples()
    assert (steps.n, steps.n_public, steps.n_reached, steps.n_ready, steps.n_applied) == (2, 0, 0, 0, 0)
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 6, 20, 0))
    assert 0 not in told(early).values(), "on its day it is there"
