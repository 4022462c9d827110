"""Funnel, case-mix, variation and assurance, signs of gaming: worked examples and what must hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minxin.analysis.assessment import funnel, rules
from minxin.analysis.assessment.gaming import exclusions, gaming
from minxin.analysis.assessment.signs import ASSURANCE_NAMES, VARIATION_NAMES, signs
from minxin.analysis.counts import bh
from minxin.analysis.rates import wilson

RULE = rules.load().named("trial-2022")


def test_golden_benjamini_hochberg():
    """DOMAIN 10: of these eight, two are rejected at 5 %."""
    assert (bh([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205]) <= 0.05).sum() == 2


# ── funnel ──────────────────────────────────────────────────────────────────────────────────────


def test_limits_of_many_cases_are_the_normal_ones():
    low, high = funnel.limits([400, 1600], 0.8, 0.95)
    assert low == pytest.approx([0.8 - 1.96 * 0.02, 0.8 - 1.96 * 0.01], abs=1e-5)
    assert high == pytest.approx([0.8 + 1.96 * 0.02, 0.8 + 1.96 * 0.01], abs=1e-5)


@pytest.mark.parametrize("n", [5, 12, 30, 49])
def test_limits_of_few_cases_are_those_of_the_binomial_distribution(n):
    """Spiegelhalter 2005, A.1.1: r is the quantile of the distribution, drawn back by the part beyond p."""
    for target in (0.1, 0.5, 0.93):
        found = funnel.limits([n], target, 0.95)
        for limit, p in zip(found, (0.025, 0.975), strict=True):
            r = stats.binom.ppf(p, n, target)
            within = stats.binom.cdf(r, n, target), stats.binom.cdf(r - 1, n, target)
            wanted = (r - (within[0] - p) / (within[0] - within[1])) / n
            assert limit[0] == pytest.approx(np.clip(wanted, 0, 1), abs=1e-9)


def test_scatter_by_chance_alone_is_no_overdispersion():
    rng = np.random.default_rng(2)
    n = rng.integers(50, 500, 400)
    found = funnel.overdispersion(rng.binomial(n, 0.9), n, 0.9, share=0.0)
    assert found.phi == pytest.approx(1, abs=0.15) and found.tau2 < 1e-4


def test_the_spread_between_units_is_found():
    rng = np.random.default_rng(3)
    n = np.full(2000, 400)
    truth = rng.normal(0.8, 0.04, 2000)
    found = funnel.overdispersion(rng.binomial(n, truth), n, 0.8, share=0.0)
    assert found.tau2**0.5 == pytest.approx(0.04, abs=0.003)
    assert found.phi == pytest.approx(1 + 0.04**2 / (0.16 / 400), rel=0.1)


def test_overdispersion_by_hand():
    """Five units of 100 at 50 %: z = −2, −1, 0, 1, 2; φ = 10/5 = 2, τ² = (10 − 4)/(Σw − Σw²/Σw)."""
    x, n = np.array([40, 45, 50, 55, 60]), np.full(5, 100)
    assert funnel.z_scores(x, n, 0.5) == pytest.approx([-2, -1, 0, 1, 2])
    found = funnel.overdispersion(x, n, 0.5, share=0.0)
    assert found.phi == pytest.approx(2)
    assert found.tau2 == pytest.approx(6 / (2000 - 400))


def test_winsorising_draws_in_the_ends_only():
    z = np.arange(-10.0, 11)
    drawn = funnel.winsorised(z, 0.1)
    assert (drawn.min(), drawn.max()) == (-8, 8) and (drawn[2:-2] == z[2:-2]).all()


@settings(deadline=None)
@given(st.integers(1, 2000), st.floats(0.02, 0.98), st.floats(0, 0.01))
def test_funnel_limits_hold_the_target_and_overdispersion_widens_them(n, target, tau2):
    plain = funnel.limits([n], target, 0.95)
    outer = funnel.limits([n], target, 0.998)
    wide = funnel.limits([max(n, 60)], target, 0.95, funnel.Overdispersion(1.5, tau2))
    base = funnel.limits([max(n, 60)], target, 0.95)
    assert 0 <= outer[0] <= plain[0] + 1e-12 and plain[1] <= outer[1] + 1e-12 and outer[1] <= 1
    assert wide[0] <= base[0] and wide[1] >= base[1] and wide[0] <= target <= wide[1]


def test_a_funnel_names_what_lies_outside():
    n = np.full(21, 400.0)
    x = np.tile([352.0, 360, 368], 7)
    x[3] = 250
    table = funnel.funnel(pd.DataFrame({"code": range(21), "name": "x", "x": x, "n": n}))
    assert table.loc[3, "place"] == "action_low"
    assert (table["place"] == "in").sum() >= 18
    assert funnel.funnel(pd.DataFrame({"code": [1], "name": "x", "x": [0.0], "n": [0.0]})).loc[0, "place"] == "none"


# ── case-mix ────────────────────────────────────────────────────────────────────────────────────


def test_adjustment_by_hand():
    """A handles the hard kind, B the easy one, each as well as anybody does: both get the common rate."""
    cells = pd.DataFrame(
        [("A", "难", 60, 100), ("A", "易", 9, 10), ("B", "难", 6, 10), ("B", "易", 90, 100)],
        columns=["code", "cell", "x", "n"],
    )
    table = funnel.adjusted(cells)
    assert table["expected"].tolist() == pytest.approx([69, 96])
    assert table["ratio"].tolist() == pytest.approx([1, 1])
    assert table["adjusted"].tolist() == pytest.approx([0.75, 0.75])
    assert table["value"].tolist() == pytest.approx([69 / 110, 96 / 110])


def test_with_one_kind_nothing_is_adjusted():
    cells = pd.DataFrame({"code": ["A", "B"], "cell": "同", "x": [30, 45], "n": [50, 50]})
    table = funnel.adjusted(cells, 0.8)
    plain = wilson([30, 45], [50, 50], 0.8)
    for column, wanted in zip(("adjusted", "low", "high"), plain, strict=True):
        assert table[column].to_numpy() == pytest.approx(wanted)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), min_size=2, max_size=12))
def test_expected_sums_to_observed_and_rates_stay_rates(pairs):
    rows = [(f"{i % 3}", f"{i % 4}", min(p), max(p)) for i, p in enumerate(pairs)]
    table = funnel.adjusted(pd.DataFrame(rows, columns=["code", "cell", "x", "n"]))
    assert table["expected"].sum() == pytest.approx(table["observed"].sum())
    seen = table["adjusted"].notna()
    for column in ("low", "adjusted", "high"):
        assert table.loc[seen, column].between(0, 1).all()
    assert (table["low"] <= table["adjusted"] + 1e-12)[seen].all()


# ── variation and assurance ─────────────────────────────────────────────────────────────────────

STEADY = np.array([90, 92, 88, 91, 89, 93, 90, 88, 92, 91, 89, 90])


def test_common_cause_is_no_news():
    found = signs(STEADY, np.full(12, 100), target=0.9)
    assert (found.variation, found.assurance, found.reasons) == ("common", "hit_or_miss", ())


def test_limits_are_those_of_the_p_prime_chart():
    """Laney 2002: p̄ ± 3·σ_p·σ_z, σ_z = mean |Δz| / 1.128."""
    found = signs(STEADY, np.full(12, 100))
    p = STEADY.sum() / 1200
    chance = (p * (1 - p) / 100) ** 0.5
    z = (STEADY / 100 - p) / chance
    spread = np.abs(np.diff(z)).mean() / 1.128
    assert found.centre == pytest.approx(p)
    assert found.low == pytest.approx(np.full(12, p - 3 * chance * spread))
    # Which is the XmR chart's 2.66 × the mean moving range where all months are of one size.
    moving = np.abs(np.diff(STEADY / 100)).mean()
    assert found.high == pytest.approx(np.full(12, p + 2.66 * moving), abs=1e-4)


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        ([60], "最近一期超出控制限"),
        ([87, 87, 86, 87, 86, 87, 86, 87], "连续7期在均值同侧"),
        ([94, 93, 92, 91, 90, 89, 88], "连续7期同向变化"),
    ],
)
def test_special_cause_is_seen_and_turned_round_where_low_is_good(tail, reason):
    x = np.concatenate([STEADY, tail])
    n = np.full(len(x), 100)
    worse, better = signs(x, n), signs(x, n, low_is_good=True)
    assert worse.variation == "concern" and reason in worse.reasons
    assert better.variation == "improvement" and reason in better.reasons
    assert (worse.words, better.course) == ("值得关注（走低）", "走低")
    assert signs(n - x, n, low_is_good=True).words == "值得关注（走高）"
    assert signs(n - x, n).variation == "improvement"


def test_assurance_compares_the_target_with_the_limits():
    n = np.full(12, 100)
    assert signs(STEADY, n, target=0.7).assurance == "hits"
    assert signs(STEADY, n, target=0.99).assurance == "misses"
    assert signs(100 - STEADY, n, target=0.3, low_is_good=True).assurance == "hits"
    assert signs(100 - STEADY, n, target=0.01, low_is_good=True).assurance == "misses"
    assert signs(STEADY, n).assurance == "none"


def test_few_months_say_nothing_and_months_without_cases_are_left_out():
    assert signs(STEADY[:9], np.full(9, 100), target=0.9).variation == "few"
    n = np.full(13, 100)
    n[5] = 0
    found = signs(np.insert(STEADY, 5, 0), n)
    assert (found.variation, found.words) == ("common", "正常波动") and np.isnan(found.low[5])
    assert set(VARIATION_NAMES) >= {found.variation} and set(ASSURANCE_NAMES) >= {found.assurance}


def test_months_without_any_failure_do_not_break_it():
    found = signs(np.full(12, 50), np.full(12, 50), target=0.95)
    assert found.variation == "common" and found.centre == 1


def test_false_alarms_are_rare():
    rng = np.random.default_rng(8)
    n = rng.integers(40, 120, 24)
    hits = [signs(rng.binomial(n, 0.85), n).variation != "common" for _ in range(400)]
    assert np.mean(hits) < 0.08


# ── gaming ──────────────────────────────────────────────────────────────────────────────────────


def cases(**changed):
    table = pd.DataFrame(
        {
            "code": [f"{i:02d}" for i in range(21)],
            "name": "x",
            "n_cases": 300,
            "n_excluded": [12, 15, 18] * 7,
            "n_closed": 280,
            "n_without_valid": [40, 45, 50] * 7,
            "n_late_change": [2, 3, 4] * 7,
            "n_closed_valid": 230,
            "n_denied": [8, 10, 12] * 7,
        }
    )
    for column, value in changed.items():
        table.loc[4, column] = value
    return table


def test_nothing_unusual_is_no_sign():
    assert not gaming(cases(), RULE)["is_flagged"].any()


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        ("n_excluded", "excluded"),
        ("n_without_valid", "invalid"),
        ("n_late_change", "late_change"),
        ("n_denied", "denied"),
    ],
)
def test_what_stands_out_is_flagged_and_comes_first(column, sign):
    table = gaming(cases(**{column: 120}), RULE)
    assert table["is_flagged"].sum() == 1
    first = table.iloc[0]
    assert (first["code"], first["sign"]) == ("04", sign) and first["share"] > first["limit"]
    assert len(table) == 84


def test_below_the_threshold_of_the_rule_nothing_is_flagged():
    strict = RULE.changed(gaming=rules.Gaming(0.5, 0.5, 0.5, 0.6, 24))
    assert not gaming(cases(n_excluded=120), strict)["is_flagged"].any()


def test_signs_whose_columns_are_not_there_are_left_out():
    table = gaming(cases()[["code", "name", "n_cases", "n_excluded"]], RULE)
    assert set(table["sign"]) == {"excluded"}
    assert gaming(cases()[["code", "name"]], RULE).empty


def test_the_score_with_and_without_exclusions():
    row = {
        "code": "A",
        "name": "甲",
        "n_valid": 80,
        "n_responded": 80,
        "n_resolved": 72,
        "n_satisfied": 70,
        "n_basic": 5,
    }
    whole = {**row, "n_valid": 100, "n_responded": 95, "n_cases": 130, "n_excluded": 22}
    table = exclusions(pd.DataFrame([row]), pd.DataFrame([whole]), RULE).iloc[0]
    assert table["share"] == pytest.approx(22 / 130)
    assert table["score"] == pytest.approx(0.1 * 1 + 0.5 * 0.9 + 0.4 * 74.5 / 80)
    assert table["score_whole"] == pytest.approx(0.1 * 0.95 + 0.5 * 0.72 + 0.4 * 0.745)
    assert table["gain"] == pytest.approx(table["score"] - table["score_whole"]) and table["gain"] > 0
