"""What inspections found: golden values, limits that hold the truth, and what cannot be said stays unsaid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin.analysis import rates
from minxin.analysis.inspection import evaluate, visits
from minxin.analysis.inspection.rules import CLASSES


def made(**counts: tuple[int, int, float]) -> pd.DataFrame:
    """Visits from ``A=(x, n, pi)``."""
    rows = [(c, pi, int(i < x)) for c, (x, n, pi) in counts.items() for i in range(n)]
    return pd.DataFrame(rows, columns=["risk_class", "pi", "has_problem"])


def test_the_published_rates_as_if_754_each() -> None:
    found = evaluate.lift(177, 754, 111, 754)
    assert [round(float(v), 4) for v in found.difference] == [0.0875, 0.048, 0.1269]
    katz = rates.relative_risk(177, 754, 111, 754)
    assert [round(float(v), 3) for v in (katz.low, katz.high)] == [1.286, 1.977]
    assert float(found.ratio.low) == pytest.approx(1.286, abs=0.005)


def test_the_score_interval_of_a_ratio_is_koopmans() -> None:
    """The example of his paper: 36 of 40 against 16 of 80, 2.94 to 7.15."""
    found = rates.score_ratio(36, 40, 16, 80)
    assert [round(float(v), 2) for v in found] == [4.5, 2.94, 7.15]


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_the_ratio_lies_in_its_interval_and_turns_round(a: int, m: int, b: int, n: int) -> None:
    found, turned = rates.score_ratio(a, m, b, n), rates.score_ratio(b, n, a, m)
    if a > m or b > n or a + b == 0:
        assert np.isnan(found.value)
        return
    assert found.low <= found.value <= found.high
    if a and b:
        assert found.low * turned.high == pytest.approx(1, rel=1e-6)


def test_visits_needed_are_those_of_the_tables() -> None:
    assert evaluate.needed(0.147, 0.235, 0.8) == 310
    assert evaluate.needed(0.147, 0.235, 0.9) == 415


def test_the_population_is_weighted_by_whom_the_visits_stand_for() -> None:
    found = evaluate.population(made(A=(5, 50, 0.05), D=(50, 100, 1.0)))
    assert float(found.value) == pytest.approx((5 / 50 * 1000 + 50 / 100 * 100) / 1100)
    assert found.low < found.value < found.high
    assert np.isnan(evaluate.population(made(A=(1, 2, 0.0))).value)


def test_equal_probabilities_give_the_plain_rate_nearly_wilsons() -> None:
    found, plain = evaluate.population(made(A=(20, 100, 0.1))), rates.wilson(20, 100)
    assert [float(v) for v in found] == pytest.approx([float(v) for v in plain])


def test_detection_rises_or_not() -> None:
    def verdict(*found: tuple[int, int]) -> str:
        table = evaluate.by(
            made(**{c: (x, n, 1.0) for c, (x, n) in zip(CLASSES, found, strict=True)}), "risk_class", CLASSES
        )
        return evaluate.order(table, 10).verdict

    assert verdict((10, 200), (30, 200), (60, 200), (100, 200)) == "rising"
    assert verdict((10, 200), (60, 200), (10, 200), (100, 200)) == "broken"
    assert verdict((10, 200), (30, 200), (29, 200), (100, 200)) == "unclear"
    assert verdict((1, 5), (2, 5), (3, 5), (4, 5)) == "unclear", "too few"


def test_the_trend_is_armitages() -> None:
    """Golden: 19/1, 31/9, 67/37 … a hand computation with scores 0, 1, 2."""
    x, n, score = np.array([1.0, 9.0, 37.0]), np.array([20.0, 40.0, 104.0]), np.array([0.0, 1.0, 2.0])
    p = x.sum() / n.sum()
    t = (score * (x - n * p)).sum()
    v = p * (1 - p) * ((n * score**2).sum() - (n * score).sum() ** 2 / n.sum())
    assert t**2 / v == pytest.approx(8.3, abs=0.3)
    assert evaluate._trend(x, n, score) == pytest.approx(0.004, abs=0.001)


def test_the_gain_curve_speaks_of_all_firms() -> None:
    found = evaluate.gain(made(A=(5, 50, 0.05), D=(50, 100, 1.0)))
    assert found["risk_class"].tolist() == ["D", "A"]
    assert found["firms"].tolist() == pytest.approx([100 / 1100, 1.0])
    assert found["problems"].tolist() == pytest.approx([50 / 150, 1.0])
    assert found["lift"].iloc[0] == pytest.approx((50 / 150) / (100 / 1100))
    assert evaluate.gain(made(A=(0, 5, 0.5))).empty


def test_groups_inspected_more_than_their_share_are_named() -> None:
    found = evaluate.shares(pd.Series({"大型": 40, "小型": 60}), pd.Series({"大型": 100, "小型": 900}))
    assert found.set_index("group")["verdict"].to_dict() == {"大型": "more", "小型": "less"}


def test_departments_go_together_and_the_baseline_is_each_by_itself() -> None:
    due = pd.DataFrame({"uscc": ["1", "2", "1", "1"], "departments": ["税务", "消防", "消防、环保", "税务"]})
    merged = visits.merge(due)
    assert merged.set_index("uscc")["departments"].to_dict() == {"1": "消防、环保、税务", "2": "消防"}
    saved = visits.saved(merged["n_departments"])
    assert (saved.apart, saved.merged, saved.saved) == (4, 2, 2)
    assert visits.saved(pd.Series([None, 2])).saved == 1
