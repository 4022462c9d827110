"""Golden values, and what must hold for every count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from minxin.analysis.rates import difference, newcombe, poisson, relative_risk, weighted, widened, wilson

COUNTS = st.integers(0, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
ANSWERS = st.lists(st.sampled_from([0.0, 0.9, 1.0]), min_size=1, max_size=300)


def test_golden_values():
    assert wilson(5039, 5079)[1:] == pytest.approx((0.98929, 0.99421), abs=5e-6)
    assert wilson(4825, 5079)[1:] == pytest.approx((0.94365, 0.95565), abs=5e-6)
    assert newcombe(177, 754, 111, 754)[1:] == pytest.approx((0.0480, 0.1269), abs=5e-5)
    assert relative_risk(177, 754, 111, 754)[1:] == pytest.approx((1.286, 1.977), abs=5e-4)


@pytest.mark.parametrize(("n", "width"), [(10, 33.9), (30, 17.9), (60, 12.0), (120, 8.2), (300, 5.0), (1000, 2.7)])
def test_widths_at_95_per_cent(n, width):
    interval = wilson(0.95 * n, n)
    assert 100 * (interval.high - interval.low) == pytest.approx(width, abs=0.05)


def test_wilson_agrees_with_scipy():
    n = np.array([1, 2, 7, 50, 4000])
    x = np.array([0, 2, 3, 49, 17])
    theirs = [stats.binomtest(int(k), int(m)).proportion_ci(0.9, "wilson") for k, m in zip(x, n, strict=True)]
    ours = wilson(x, n, confidence=0.9)
    assert ours.low == pytest.approx([t.low for t in theirs], abs=1e-12)
    assert ours.high == pytest.approx([t.high for t in theirs], abs=1e-12)


@given(COUNTS, st.sampled_from([0.5, 0.8, 0.95, 0.998]))
def test_a_share_lies_within_its_interval_within_0_and_1(counts, confidence):
    x, n = counts
    interval = wilson(x, n, confidence)
    if n == 0:
        assert np.isnan(interval).all()
    else:
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
        assert interval.low < interval.high


@given(st.integers(1, 3000))
def test_more_successes_move_all_three_up(n):
    x = np.arange(0, n + 1)
    for row in wilson(x, n):
        assert (np.diff(row) >= 0).all()


@given(COUNTS)
def test_more_cases_of_the_same_share_narrow_it(counts):
    x, n = counts
    if n:
        once, tenfold = wilson(x, n), wilson(10 * x, 10 * n)
        assert tenfold.high - tenfold.low < once.high - once.low


def test_nothing_to_estimate_from_is_nan():
    for interval in (
        wilson(0, 0),
        wilson(3, 2),
        wilson(-1, 5),
        wilson(np.nan, 5),
        weighted(0, 0, 0),
        weighted(np.nan, 1, 2),
        poisson(np.nan),
        poisson(5, 0),
        poisson(5, np.nan),
        newcombe(1, 2, 0, 0),
        relative_risk(0, 5, 1, 5),
    ):
        assert np.isnan(interval).all()


@given(ANSWERS)
def test_a_weighted_mean_lies_within_its_interval_within_0_and_1(answers):
    w = np.array(answers)
    interval = weighted(w.sum(), (w**2).sum(), len(w))
    assert interval.value == pytest.approx(w.mean())
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.low < interval.high


def test_the_weighted_interval_of_plain_shares_is_wilsons():
    for x, n in [(70, 100), (3, 30), (400, 401), (30, 30)]:
        ours, score = weighted(x, x, n), wilson(x, n)
        assert ours.low == pytest.approx(score.low, abs=0.03)
        assert ours.high == pytest.approx(score.high, abs=0.03)


def test_the_weighted_interval_agrees_with_the_delta_formula_and_the_bootstrap():
    answers = np.repeat([1.0, 0.9, 0.0], [700, 200, 100])
    n, mean = len(answers), answers.mean()
    interval = weighted(answers.sum(), (answers**2).sum(), n)
    variance = ((answers**2).sum() - n * mean**2) / (n * (n - 1))
    assert interval.high - interval.low == pytest.approx(2 * 1.959964 * variance**0.5, rel=0.01)
    draws = np.random.default_rng(7).choice(answers, size=(4000, n)).mean(axis=1)
    assert (interval.low, interval.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.003)


def test_the_weighted_interval_covers():
    rng = np.random.default_rng(11)
    truth = 0.7 + 0.9 * 0.2
    for n in (20, 60, 300):
        answers = rng.choice([1.0, 0.9, 0.0], p=[0.7, 0.2, 0.1], size=(20000, n))
        interval = weighted(answers.sum(1), (answers**2).sum(1), n)
        assert 0.935 <= ((interval.low <= truth) & (truth <= interval.high)).mean() <= 0.985


@given(st.integers(0, 100_000), st.floats(0.01, 1e4))
def test_a_count_lies_within_its_interval(x, exposure):
    interval = poisson(x, exposure)
    assert 0 <= interval.low <= interval.value <= interval.high
    assert interval.low < interval.high


def test_the_exact_poisson_interval():
    # Garwood's table for 10 events; and the definition by the tails.
    assert poisson(10)[1:] == pytest.approx((4.7954, 18.3904), abs=1e-4)
    assert poisson(0)[1:] == pytest.approx((0, 3.6889), abs=1e-4)
    for x in (1, 4, 250):
        interval = poisson(x)
        assert stats.poisson.sf(x - 1, interval.low) == pytest.approx(0.025)
        assert stats.poisson.cdf(x, interval.high) == pytest.approx(0.025)
    assert poisson(5079, 70)[0] == pytest.approx(72.557, abs=1e-3)


def test_more_events_move_all_three_up():
    for row in poisson(np.arange(0, 500), 3.3):
        assert (np.diff(row) > 0).all()


@given(COUNTS, COUNTS)
def test_a_difference_lies_within_its_interval_and_turns_its_sign(one, two):
    if one[1] and two[1]:
        there, back = newcombe(*one, *two), newcombe(*two, *one)
        assert -1 - 1e-12 <= there.low <= there.value <= there.high <= 1 + 1e-12
        assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_the_difference_covers():
    rng = np.random.default_rng(3)
    x1, x2 = rng.binomial(80, 0.95, 20000), rng.binomial(60, 0.9, 20000)
    interval = newcombe(x1, 80, x2, 60)
    assert 0.94 <= ((interval.low <= 0.05) & (interval.high >= 0.05)).mean() <= 0.97


def test_widening_needs_a_dispersion_above_one():
    plain = poisson(25)
    assert widened(plain, 0.5) == plain
    wide = widened(plain, 4)
    assert wide.high - 25 == pytest.approx(2 * (plain.high - 25))
    assert difference(wide, wide).low < difference(plain, plain).low
