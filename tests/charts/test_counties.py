"""One county among all: a page about one is narrowed from rows of every county and asks nothing more."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from minxin.charts.about import About
from minxin.charts.credit.heatmap import Heatmap
from minxin.charts.credit.heatmap import Question as Crossed
from minxin.charts.credit.lending import Lending
from minxin.charts.credit.question import Question
from minxin.charts.credit.risk_board import risk_board

D = dt.date
ROWS = pd.DataFrame(
    {
        "month_start": [D(2023, 5, 1), D(2023, 6, 1), D(2023, 6, 1), D(2023, 7, 1)],
        "county_code": ["a", "a", "b", None],
        "n": [1, 2, 3, 0],
        "amount": [10.0, 20.0, 30.0, 0.0],
    }
)
ABOUT = About(dt.datetime(2023, 7, 4), "s000001", False)


def question(county: str) -> Question:
    return Question(D(2022, 7, 4), D(2023, 7, 4), "近 12 个月", county, county)


def test_a_county_is_narrowed_from_all_and_all_are_added_up() -> None:
    months = [D(2023, 5, 1), D(2023, 6, 1), D(2023, 7, 1)]
    whole = question("").summed(ROWS, "month_start", every=True)
    assert whole["month_start"].tolist() == months and whole["n"].tolist() == [1, 5, 0]
    assert whole["amount"].tolist() == [10.0, 50.0, 0.0]
    one = question("b").summed(ROWS, "month_start", every=True)
    assert one["month_start"].tolist() == months and one["n"].tolist() == [0, 3, 0], "a month of others only stays"
    assert question("b").summed(ROWS, "month_start")["n"].tolist() == [3]
    assert question("a").within(ROWS)["n"].tolist() == [1, 2] and len(question("").within(ROWS)) == 4


def test_another_county_asks_the_same_questions() -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    steps = pd.DataFrame(
        [
            {"county_code": c, "industry_section": "F", "industry_name": "批发和零售业", "size": "小型",
             "is_listed": True, "n": n, "n_granted": n, "n_drawn": n, "n_repaid": n, "n_due": n, "n_overdue": 0,
             "n_late": 0, "granted_amount": 1e6, "drawn_amount": 1e6, "repaid_amount": 1e6}
            for c, n in (("a", 40), ("b", 60))
        ]
    )  # fmt: skip

    def ask(block: str, **given: Any) -> pd.DataFrame:
        asked.append((block, given))
        return steps

    said = [float(Lending(ask, question(c), ABOUT).figures.data["value"].iloc[0]) for c in ("", "a", "b")]
    assert said == [100.0, 40.0, 60.0]
    assert asked[0] == asked[1] == asked[2], "the answer that is kept for one county serves the others"


def test_another_grid_of_the_same_months_asks_for_the_grid_alone() -> None:
    asked: list[str] = []
    months = pd.DataFrame(
        [(m, c, 10) for m in (D(2022, 6, 1), D(2023, 6, 1)) for c in "ABCD"], columns=["month_start", "risk_class", "n"]
    )
    cells = pd.DataFrame(
        {
            "row_code": ["F"],
            "column_code": ["410602"],
            "n": [40],
            "n_high": [20],
            "n_before": [40],
            "n_high_before": [9],
        }
    )
    names = pd.DataFrame(
        {"dimension": ["industry", "county"], "code": ["F", "410602"], "name": ["批发和零售业", "鹤山区"]}
    )
    moves = pd.DataFrame({"class_before": ["A"], "risk_class": ["B"], "n": [9]})
    reasons = pd.DataFrame(
        {"reason_code": ["R301"], "dimension": ["处罚"], "name": ["处罚"], "wording": ["处罚"], "n": [9],
         "n_high": [9], "n_worse": [9]}
    )  # fmt: skip
    versions = pd.DataFrame({"first_month": [D(2022, 6, 1)], "title": ["首版"]})
    held = {
        "risk.months": months, "risk.grid": cells, "risk.names": names, "risk.moves": moves,
        "risk.reasons": reasons, "risk.versions": versions,
    }  # fmt: skip

    def ask(block: str, **_: Any) -> pd.DataFrame:
        asked.append(block)
        return held[block]

    first = Crossed("industry", "county", "share", D(2023, 6, 1), D(2022, 6, 1))
    whole = Heatmap(ask, first.of_months, ABOUT, risk_board())
    drawn = Heatmap(ask, first, ABOUT, risk_board(), whole=whole).charts()
    asked.clear()
    other = Crossed("county", "industry", "count", D(2023, 6, 1), D(2022, 6, 1))
    assert other.of_months == first.of_months
    again = Heatmap(ask, other, ABOUT, risk_board(), whole=whole).charts()
    assert asked == ["risk.grid"]
    assert [c.id for c in again] == [c.id for c in drawn]
    assert [a is b for a, b in zip(drawn, again, strict=True)].count(False) == 1, "figures that are drawn stay drawn"
