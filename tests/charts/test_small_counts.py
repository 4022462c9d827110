"""Small counts of firms are hidden for who sees sums only, and so is what they could be worked out from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from minxin import charts
from minxin.charts.about import About
from minxin.charts.credit.lending import Lending
from minxin.charts.credit.linkage import Linkage
from minxin.charts.credit.question import Question

ABOUT = About(dt.datetime(2023, 7, 4), "s000001", False)
START, END = dt.date(2022, 7, 4), dt.date(2023, 7, 4)


def linkage(hidden: int) -> Linkage:
    """Two communities: 3 of 40 property companies are not green in the first, 20 of 40 in the second."""
    counts: dict[str, Any] = {"property_firms": 40, "property_not_green": [3, 20], "firms": 40, "bad": [3, 20]}
    rows = pd.DataFrame(
        {
            "community_code": ["A", "B"], "community_name": ["甲社区", "乙社区"], "population": [10_000, 10_000],
            "petitions": 100, "property_petitions": 50, "repeats": 0, **counts, "property_bad": 0, "visits": 10,
            "found": 5,
        }
    )  # fmt: skip
    return Linkage(lambda block, **given: rows, START, END, "近 12 个月", ABOUT, hidden)


def test_a_share_from_which_a_small_count_follows_is_hidden_with_it() -> None:
    assert "7.5%" in charts.table(linkage(0).places).to_csv()
    text = charts.table(linkage(5).places).to_csv()
    assert "<5" in text and "7.5%" not in text and "50.0%" in text
    open_, hidden = (charts.table(linkage(n).shares).to_csv() for n in (0, 5))
    assert "7.5%" in open_ and "7.5%" not in hidden and "50.0%" in hidden


def lending(hidden: int) -> Lending:
    """40 small and 40 large firms, all with a loan that came due; 3 of the small ones fell overdue."""
    same = {"industry_section": "F", "industry_name": "批发和零售业", "is_listed": False, "n": 40, "n_granted": 40}
    same |= {"n_drawn": 40, "n_repaid": 40, "n_due": 40, "n_late": 0, "granted_amount": 1e6, "drawn_amount": 1e6}
    rows = pd.DataFrame(
        [
            {**same, "size": "小型", "n_overdue": 3, "repaid_amount": 1e6},
            {**same, "size": "大型", "n_overdue": 0, "repaid_amount": 1e6},
        ]
    )
    return Lending(lambda block, **given: rows, Question(START, END, "近 12 个月", hidden_below=hidden), ABOUT)


def test_a_rate_of_few_overdue_loans_is_neither_drawn_nor_said() -> None:
    assert "7.5%" in charts.table(lending(0).groups("size", "overdue")).to_csv()
    assert "占 3.8%" in lending(0)._overdue_said()
    assert "7.5%" not in charts.table(lending(5).groups("size", "overdue")).to_csv()
    assert lending(5)._overdue_said() == "到期 80 笔，逾期 <5 笔"
