"""Evidence on people and units: measures with their cases, order as asked, what may be said."""

from __future__ import annotations

import pandas as pd
import pytest

from minxin.analysis import honours
from minxin.analysis.honours import MEASURES

ZERO = dict.fromkeys(honours._COUNTS, 0)


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    held = [{"code": f"u{i}", "name": f"单位{i}", "unit": f"单位{i}", **ZERO, **row} for i, row in enumerate(rows)]
    return honours.measured(pd.DataFrame(held), 0.9)


def test_rates_have_cases_and_few_cases_no_rate() -> None:
    rows = frame(
        {"n_valid": 100, "n_satisfied": 80, "n_basic": 10, "n_ledger": 8, "n_ledger_met": 6},
        {"n_valid": 29, "n_satisfied": 29, "n_ledger": 4, "n_ledger_met": 4},
        {},
    )
    assert rows["satisfaction"][0] == pytest.approx(0.89)
    assert rows["satisfaction_low"][0] < 0.89 < rows["satisfaction_high"][0]
    assert rows["satisfaction_status"].tolist() == ["ok", "few", "none"]
    assert rows["ledger_status"].tolist() == ["ok", "few", "none"] and rows["ledger"][0] == 0.75


def test_few_cases_never_lead() -> None:
    rows = frame(
        {"n_valid": 40, "n_satisfied": 20},
        {"n_valid": 3, "n_satisfied": 3},
        {"n_valid": 50, "n_satisfied": 45},
        {},
    )
    assert honours.ordered(rows, MEASURES["satisfaction"])["code"].tolist() == ["u2", "u0", "u1", "u3"]
    counted = frame({"n_first_hand": 3}, {"n_first_hand": 9})
    assert honours.ordered(counted, MEASURES["first_hand"])["code"].tolist() == ["u1", "u0"]


def test_a_difference_to_the_others_is_judged_where_both_have_cases() -> None:
    rows = frame(*({"n_ledger": n, "n_ledger_met": met} for n, met in ((9, 5), (900, 300), (4, 4))))
    ledger = MEASURES["ledger"]
    assert [honours.is_apart(rows, code, ledger, 0.9) for code in rows["code"]] == [False, True, None]
    assert honours.is_apart(rows, "u0", MEASURES["first_hand"], 0.9) is None
    assert honours.is_apart(rows.head(1), "u0", ledger, 0.9) is None, "nobody else to differ from"


def test_what_is_said_is_what_can_be_said() -> None:
    alike = frame(*({"n_valid": 100, "n_satisfied": 80 + i} for i in range(5)))
    assert honours.message(alike, MEASURES["satisfaction"], "单位") == "5 个单位的满意率没有显著差异"
    apart = frame(*({"n_valid": 400, "n_satisfied": 320} for _ in range(12)), {"n_valid": 400, "n_satisfied": 395})
    assert honours.message(apart, MEASURES["satisfaction"], "单位") == "满意率：单位12显著高于其他"
    assert "样本不足" in honours.message(frame({"n_valid": 5}), MEASURES["satisfaction"], "人员")
    assert honours.message(alike.head(0), MEASURES["first_hand"], "单位") == "所选时段没有首办记录"
    one = frame({"n_ledger": 10, "n_ledger_met": 9}, {"n_ledger": 1})
    assert honours.message(one, MEASURES["ledger"], "单位").startswith("按期销账率只有单位0够样本：90.0%")


def test_people_are_numbers_of_their_unit_or_codes_of_the_list() -> None:
    people = pd.DataFrame({"code": ["aa", "bb", "cc"], "name": ["先锋01", "", ""], "unit": ["甲", "甲", ""]})
    names = honours.labelled(people)["name"].tolist()
    assert names[0] == "先锋01" and names[1].startswith("甲·") and names[2].startswith("未登记单位·")
    assert all(len(n.split("·")[1]) == 6 and n.split("·")[1].isdigit() for n in names[1:])
    assert "bb" not in names[1]
    assert honours.labelled(people)["name"].tolist() == names
