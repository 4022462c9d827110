"""What-ifs: acceptability against cases one can work out, differences that sum exactly, who moves."""

import numpy as np
import pandas as pd
import pytest

from minxin.analysis.assessment import rules
from minxin.analysis.assessment.assess import assess
from minxin.analysis.assessment.measures import JOINT, measures
from minxin.analysis.assessment.rules import RATES
from minxin.analysis.assessment.scenarios import acceptability, explained, moves, simplex, tornado, usual_changes
from tools.bench import statistics

RULE = rules.load().named("trial-2022")


def street(seed=4, spread=0.05, count=21, times=12):
    rng = np.random.default_rng(seed)
    true = statistics.world(rng.normal(0, spread, count))
    return statistics.frame(statistics.answers(true, statistics.SIZES[-count:] * times, rng))


@pytest.fixture(scope="module")
def counts():
    return street()


# ── weights ─────────────────────────────────────────────────────────────────────────────────────


def test_weights_fill_the_simplex_evenly():
    w = simplex(3000)
    assert w.sum(axis=1) == pytest.approx(1) and (w >= 0).all()
    assert w.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.01)
    # Uniform on the simplex: a weight has variance 1/18 and exceeds a half in a quarter of cases.
    assert w.var(axis=0) == pytest.approx([1 / 18] * 3, abs=0.002)
    assert (w > 0.5).mean(axis=0) == pytest.approx([0.25] * 3, abs=0.01)
    assert np.array_equal(w, simplex(3000))


def test_weights_around_a_centre_stay_there():
    w = simplex(2000, (0.1, 0.5, 0.4), sureness=300)
    assert w.mean(axis=0) == pytest.approx([31 / 303, 151 / 303, 121 / 303], abs=0.005)
    assert w.std(axis=0).max() < 0.04


def sure(response, resolved, satisfied, n=100000):
    """A unit whose rates chance hardly touches."""
    rows = {"n_valid": n, "n_responded": response * n, "n_resolved": resolved * n, "n_satisfied": satisfied * n}
    return {"name": "x", "n_basic": 0, **rows}


def test_acceptability_of_sure_units_is_the_area_where_they_win():
    """A is better by 20 points in one rate, B by 10 in another, C worse everywhere.

    A beats B where 20·w1 > 10·w2: on the simplex that is 2/3 of the area (Lahdelma & Salminen 2001: the
    index is a share of the space of weights)."""
    units = [sure(0.9, 0.7, 0.8), sure(0.7, 0.8, 0.8), sure(0.5, 0.5, 0.5)]
    table = pd.DataFrame([{"code": code, **u} for code, u in zip("ABC", units, strict=True)])
    found = acceptability(table, RULE, weights=simplex(1000), draws=20)
    first = found.units.set_index("code")["first"]
    assert first["A"] == pytest.approx(2 / 3, abs=0.015) and first["B"] == pytest.approx(1 / 3, abs=0.015)
    assert first["C"] == 0 and found.units.set_index("code").loc["C", "last"] == pytest.approx(1)
    central = found.units.set_index("code")[list(RATES)]
    assert central.loc["A", "response"] > central.loc["B", "response"]
    assert central.loc["A"].sum() == pytest.approx(1) and central.loc["C"].isna().all()
    assert found.units.set_index("code").loc["A", "confidence"] == 1


def test_acceptabilities_sum_to_one_both_ways(counts):
    found = acceptability(counts, RULE, centre=True, weights=simplex(15, RULE.weights.values), draws=100)
    for by in ("code", "rank"):
        assert found.ranks.groupby(by)["share"].sum().to_numpy() == pytest.approx(1)
    assert found.units["first"].sum() == pytest.approx(1)


def test_acceptability_leaves_out_whom_nobody_ranks(counts):
    strict = RULE.changed(smallest_n=200)
    found = acceptability(counts, strict, weights=simplex(5), draws=50)
    assert len(found.units) == (counts["n_valid"] >= 200).sum()


# ── two rules ───────────────────────────────────────────────────────────────────────────────────


def test_nobody_moves_where_nothing_changes(counts):
    one = assess(counts, RULE, draws=300)
    table = moves(one, one)
    assert (table[["p_up", "p_down", "shift", "change"]] == 0).all(axis=None)
    assert len(table) == 21


def test_who_gains_by_other_weights_moves_up(counts):
    one = assess(counts, RULE, draws=500)
    two = assess(counts, rules.load().named("weights-30-35-35"), draws=500)
    table = moves(one, two)
    assert ((table["p_up"] + table["p_down"]) <= 1 + 1e-9).all()
    assert table["shift"].sum() == pytest.approx(0, abs=1e-9)
    back = moves(two, one)
    assert back["p_up"].to_numpy() == pytest.approx(table["p_down"].to_numpy())
    assert np.corrcoef(table["change"], table["shift"])[0, 1] > 0.3


def counted(rule):
    """Counts that hang on exclusions, period and window."""
    seed = 4 + 10 * bool(rule.exclusions) + 100 * (rule.period_first_day == 19)
    return street(seed, times=rule.window_months)


def other(**more):
    changes = {"weights": rules.load().weights["30-35-35"], "basic_value": 1.0, "exclusions": (), **more}
    return RULE.changed(**changes)


def test_a_difference_is_divided_without_rest():
    new = other(period_first_day=19, window_months=6, points_cap=1.0)
    points = pd.DataFrame({"code": ["C00", "C05"], "point": ["主动治理", "虚假办结"], "cases": [4, 3]})
    table = explained(RULE, new, counted, points)
    assert set(table["part"]) == {"weights", "basic_value", "exclusions", "period", "window", "points"}
    by_unit = table.groupby("code").agg(value=("value", "sum"), difference=("difference", "first"))
    assert by_unit["value"].to_numpy() == pytest.approx(by_unit["difference"].to_numpy(), abs=1e-12)
    plain = [measures(counted(r), r.basic_value, 0.8).score(r.weights.values).value for r in (RULE, new)]
    kept = np.zeros((2, 21))
    kept[:, 0], kept[:, 5] = [0.04, 0.01], [-0.03, -0.01]
    wanted = plain[1] + kept[1] - plain[0] - kept[0]
    assert by_unit["difference"].to_numpy() == pytest.approx(wanted)
    in_points = table[table["part"] == "points"].set_index("code")["value"]
    assert in_points["C00"] == pytest.approx(-0.03) and in_points["C05"] == pytest.approx(0.02)


def test_a_difference_of_one_part_is_that_part(counts):
    table = explained(RULE, RULE.changed(basic_value=1.0), lambda rule: counts)
    assert set(table["part"]) == {"basic_value"}
    wanted = 0.4 * 0.1 * counts["n_basic"] / counts["n_valid"]
    assert table["value"].to_numpy() == pytest.approx(wanted.to_numpy())


def test_two_parts_share_what_they_do_together_equally(counts):
    """By hand: weight of satisfaction .4 → .35 and 基本满意 .9 → 1: the mean over both orders."""
    new = other(exclusions=RULE.exclusions)
    table = explained(RULE, new, lambda rule: counts).set_index(["code", "part"])["value"]
    basic = counts["n_basic"] / counts["n_valid"]
    wanted = 0.1 * basic * (0.4 + 0.35) / 2
    assert table.xs("basic_value", level="part").to_numpy() == pytest.approx(wanted.to_numpy())


def test_like_rules_have_nothing_to_explain(counts):
    assert explained(RULE, RULE.changed(smallest_n=5), lambda rule: counts).empty


def test_counting_is_asked_once_for_each_mixture():
    asked = []

    def once(rule):
        asked.append((bool(rule.exclusions), rule.period_first_day))
        return street(times=3)

    explained(RULE, other(period_first_day=19), once)
    assert sorted(asked) == [(False, 1), (False, 19), (True, 1), (True, 19)]


# ── sensitivity ─────────────────────────────────────────────────────────────────────────────────


def test_the_strongest_assumption_comes_first():
    table = tornado(counted, RULE, draws=200)
    assert set(table["label"]) == set(usual_changes(RULE))
    strength = table[["low", "high"]].max(axis=1).to_numpy()
    assert (np.diff(strength) <= 0).all()
    small = table.set_index("label").loc["最小样本"]
    assert small["low"] == 0 and small["classes_high"] >= 0
    assert table.set_index("label").loc["剔除（不剔除／照旧）", "high"] == 0


def test_usual_changes_keep_weights_sound():
    for low, high in usual_changes(RULE).values():
        for rule in (low, high):
            assert sum(rule.weights.values) == pytest.approx(1) and min(rule.weights.values) >= 0
            assert 0 <= rule.basic_value <= 1
    corner = RULE.changed(weights=rules.trial_weights([0, 1, 0]))
    assert all(sum(r.weights.values) == pytest.approx(1) for pair in usual_changes(corner).values() for r in pair)


def test_joint_counts_are_not_needed(counts):
    table = tornado(lambda rule: counts.drop(columns=list(JOINT)), RULE, draws=50)
    assert len(table) == 6
