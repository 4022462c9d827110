"""Inspections in the snapshot: the class from before the visit, who can be drawn, what was withdrawn."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.queries.risk_world import CLASSES, firms
from tests.queries.world import Published

D = dt.date


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The small register with visits before and after a firm fell to class D."""
    world = firms(Path(tmp_path_factory.mktemp("inspected")))
    visit = {"departments": 1, "probability": 0.5, "has_problem": False}
    world.add(
        "inspection",
        [
            {"inspection_id": "early", "uscc": "firm-d0", "arm": "随机", "inspected_on": D(2023, 2, 20), **visit},
            {"inspection_id": "late", "uscc": "firm-d0", "arm": "风险", "inspected_on": D(2023, 3, 5), **visit},
            {"inspection_id": "call", "uscc": "firm-a0", "arm": "举报", "inspected_on": D(2023, 3, 6), **visit},
            {"inspection_id": "gone", "uscc": "nobody", "arm": "风险", "inspected_on": D(2023, 3, 7), **visit},
        ],
    )
    return world.build()


def test_the_class_is_that_of_the_month_before_the_visit(inspected: Published) -> None:
    held = inspected.run("inspection.visits").set_index("inspection_id")["risk_class"]
    assert held["early"] != "D", "listed in February: not yet known in January"
    assert held["late"] == "D"
    assert held["gone"] is None or held["gone"] != held["gone"], "no firm of the register has no class"


def test_the_frame_has_every_firm_with_its_routine_visits(inspected: Published) -> None:
    rows = inspected.run("inspection.frame", at="2023-07-04", months=12).set_index("uscc")
    assert rows.loc["firm-d0", "visits"] == 3, "complaints do not count against the cap"
    assert rows.loc["firm-a0", "visits"] == 0
    assert {code: rows.loc[code, "risk_class"] for code in CLASSES} == CLASSES
    later = inspected.run("inspection.frame", at="2023-07-04", months=4).set_index("uscc")
    assert later.loc["firm-d0", "visits"] == 2


def test_what_inspections_are_held_against_is_everybody_in_the_newest_month(inspected: Published) -> None:
    assert inspected.run("inspection.base")["n"].sum() == len(
        inspected.run("inspection.frame", at="2023-07-04", months=1)
    )


def test_a_viewer_sees_the_visits_of_the_own_communities(inspected: Published) -> None:
    seen = inspected.run("inspection.visits", communities=["A"])["inspection_id"].tolist()
    assert seen == ["call"]


def test_the_list_narrows_and_counts(inspected: Published) -> None:
    days = {"start": "2023-03-01", "end": "2023-04-01", "limit": 2, "skip": 0, "county": ""}
    rows = inspected.run("inspection.list", arm="", found="", **days)
    assert rows["inspection_id"].tolist() == ["gone", "call"] and rows["total"].tolist() == [3, 3]
    assert inspected.run("inspection.list", arm="举报", found="否", **days)["inspection_id"].tolist() == ["call"]
    assert inspected.run("inspection.list", arm="", found="是", **days).empty
    assert inspected.run("inspection.list", arm="", found="", **(days | {"county": "440306"}))["total"].tolist() == [
        2,
        2,
    ]
