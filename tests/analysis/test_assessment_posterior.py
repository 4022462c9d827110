"""The hierarchical estimates against published worked examples, and their draws against what they stand for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import betaln

from minxin.analysis.assessment.posterior import Prior, beta_binomial, posterior, shapes

#: Efron & Morris 1975, table 1: hits in the first 45 at bats of 18 players in 1970, and their averages
#: over the rest of the season.
HITS = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])
REST = [346, 298, 276, 222, 273, 270, 263, 210, 269, 230, 264, 256, 303, 264, 226, 285, 316, 200]
SEASON = np.array(REST) / 1000
#: Tarone 1982; Gelman et al., Bayesian Data Analysis, table 5.1: tumours among rats in 70 earlier
#: experiments and the current one, 4 of 14.
TUMOURS = [0] * 14 + [1] * 8 + [2] * 9 + [1, 5, 2, 5, 3, 2, 7, 7, 3, 3, 2, 9, 10] + [4] * 7
TUMOURS = np.array([*TUMOURS, 10, 4, 4, 4, 5, 11, 12, 5, 5, 6, 5, 6, 6, 6, 6, 16, 15, 15, 9, 4])
RATS = [20] * 7 + [19] * 4 + [18] * 2 + [17] + [20] * 4 + [19] * 2 + [18] * 2 + [25, 24, 23] + [20] * 6
RATS += [10, 49, 19, 46, 27, 17, 49, 47, 20, 20, 13, 48, 50] + [20] * 7
RATS = np.array([*RATS, 48, 19, 19, 19, 22, 46, 49, 20, 20, 23, 19, 22, 20, 20, 20, 52, 46, 47, 24, 14])
DEGREES = Prior(alike=1e-9, few=1e-9, degrees=1 - 3e-9, both=1e-9)


def codes(values):
    return [f"{i:03d}" for i in range(len(values))]


def test_the_batting_averages_are_the_published_ones():
    """17.56 is the loss of the plain averages on the arcsine scale that the paper gives."""

    def scale(share):
        return np.sqrt(45) * np.arcsin(2 * share - 1)

    assert ((scale(HITS / 45) - scale(SEASON)) ** 2).sum() == pytest.approx(17.56, abs=0.05)


def test_batting_averages_are_drawn_together_as_efron_and_morris_do():
    """Their estimate's total squared error is .022 against .077 of the plain averages (1977); ours is as good."""
    found = posterior(HITS, np.full(18, 45), codes(HITS), DEGREES)
    plain = ((HITS / 45 - SEASON) ** 2).sum()
    ours = ((found.mean - SEASON) ** 2).sum()
    assert plain == pytest.approx(0.076, abs=0.002)
    assert ours < 0.024 and plain / ours > 3.2
    # Clemente .400 → .290, Alvis .156 → .242 in the paper; ours lie as near the common .265.
    assert found.mean[0] == pytest.approx(0.290, abs=0.012) and found.mean[-1] == pytest.approx(0.242, abs=0.012)
    assert (np.diff(found.mean) <= 1e-9).all()


def test_batting_averages_say_little_about_differences():
    found = posterior(HITS, np.full(18, 45), codes(HITS), Prior())
    assert found.p_differ < 0.3
    assert ((found.mean - SEASON) ** 2).sum() < 0.025


def test_the_rat_tumours_are_the_published_ones():
    """Sample mean .136, standard deviation .103 of the 70 shares; (α, β) = (1.4, 8.6) by moments (BDA 5.1)."""
    share = (TUMOURS / RATS)[:-1]
    assert len(share) == 70
    assert (share.mean(), share.std(ddof=1)) == pytest.approx((0.136, 0.103), abs=5e-4)
    size = share.mean() * (1 - share.mean()) / share.var(ddof=1) - 1
    assert (share.mean() * size, (1 - share.mean()) * size) == pytest.approx((1.4, 8.6), abs=0.05)


def test_the_likelihood_of_rat_tumours_peaks_where_published():
    """BDA 5.3: the posterior with p(α, β) ∝ (α+β)^(-5/2) peaks at log(α/β) = −1.75, log(α+β) = 2.8."""
    ratio, size = np.meshgrid(np.arange(-2.3, -1.3, 0.01), np.arange(1, 5, 0.02), indexing="ij")
    share = 1 / (1 + np.exp(-ratio))
    a, b = share * np.exp(size), (1 - share) * np.exp(size)
    log = (betaln(a[..., None] + TUMOURS, b[..., None] + RATS - TUMOURS) - betaln(a, b)[..., None]).sum(axis=2)
    log += np.log(a) + np.log(b) - 2.5 * size
    place = np.unravel_index(log.argmax(), log.shape)
    assert ratio[place] == pytest.approx(-1.75, abs=0.05)
    assert size[place] == pytest.approx(2.8, abs=0.1)


def test_maximum_likelihood_is_the_highest_point_of_scipy_s_own():
    alpha, beta = beta_binomial(TUMOURS, RATS)

    def likelihood(a, b):
        return stats.betabinom.logpmf(TUMOURS, RATS, a, b).sum()

    best = likelihood(alpha, beta)
    for a, b in ((1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99), (1.02, 1.02), (0.98, 0.98)):
        assert likelihood(alpha * a, beta * b) < best
    assert (alpha, beta) == pytest.approx((2.34, 14.11), abs=0.05)


def test_less_scatter_than_chance_has_no_maximum():
    assert beta_binomial([10, 10, 10, 10], [20] * 4) == (np.inf, np.inf)
    assert beta_binomial([20, 20], [20, 20]) == (np.inf, np.inf)


def test_averaged_estimates_agree_with_the_full_bayesian_ones_of_rat_tumours():
    """BDA: with 4 of 14 the posterior mean of the current experiment is about .21 (plain .286, pooled .153)."""
    found = posterior(TUMOURS, RATS, codes(RATS), Prior(spread=0.8))
    assert found.p_differ > 0.95
    assert found.mean[-1] == pytest.approx(0.21, abs=0.015)


def test_weights_of_shapes_are_those_of_the_likelihood():
    """The shape "all alike" against brute force over a fine grid of its mean."""
    x, n = np.array([45.0, 30, 18, 50]), np.array([50.0, 40, 20, 52])
    grid = np.linspace(1e-4, 1 - 1e-4, 20001)
    alike = np.exp((x * np.log(grid[:, None]) + (n - x) * np.log1p(-grid[:, None])).sum(axis=1) + 60).mean()
    found = shapes(x, n, Prior(alike=0.5, few=1e-9, degrees=0.5 - 2e-9, both=1e-9, spread=0.02))
    # With hardly any spread both shapes say the same: even odds stay even.
    assert found.weight[found.is_alike].sum() == pytest.approx(0.5, abs=0.03)
    mean = (grid * np.exp((x * np.log(grid[:, None]) + (n - x) * np.log1p(-grid[:, None])).sum(axis=1) + 60)).mean()
    whole = shapes(x, n, Prior(alike=1 - 3e-9, few=1e-9, degrees=1e-9, both=1e-9))
    assert whole.weight @ whole.mean == pytest.approx(mean / alike, abs=2e-4)


def test_draws_have_the_mean_and_spread_of_what_they_are_drawn_from():
    x, n = np.array([8.0, 150, 19, 3]), np.array([20.0, 160, 20, 3])
    found = posterior(x, n, codes(x), Prior(alike=0.1, few=0.3, degrees=0.3, both=0.3), 40000)
    assert found.draws.mean(axis=0) == pytest.approx(found.mean, abs=0.004)
    assert ((found.draws > 0) & (found.draws < 1)).all()


def test_draws_of_one_big_unit_are_its_own_beta_distribution():
    """A unit of very many cases is hardly drawn anywhere."""
    x, n = np.array([9000.0, 400, 380, 410]), np.array([10000.0, 500, 500, 500])
    found = posterior(x, n, codes(x), DEGREES, 20000)
    wanted = stats.beta(9000, 1000).ppf([0.1, 0.5, 0.9])
    assert np.quantile(found.draws[:, 0], [0.1, 0.5, 0.9]) == pytest.approx(wanted, abs=4e-4)


def test_one_that_stands_apart_is_not_drawn_to_the_others():
    n = np.full(21, 300.0)
    x = np.full(21, 276.0)
    x[4] = 240
    found = posterior(x, n, codes(x), Prior())
    assert found.mean[4] == pytest.approx(0.80, abs=0.015)
    assert np.delete(found.mean, 4) == pytest.approx(0.92, abs=0.004)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=10))
def test_any_counts_give_sound_numbers(pairs):
    x, n = np.array([min(p) for p in pairs], float), np.array([max(p) for p in pairs], float)
    if n.sum() == 0:
        with pytest.raises(ValueError):
            posterior(x, n, codes(x), Prior())
        return
    found = posterior(x, n, codes(x), Prior(), 60)
    assert ((found.mean > 0) & (found.mean < 1)).all() and np.isfinite(found.draws).all()
    assert 0 <= found.p_differ <= 1 and found.shapes.weight.sum() == pytest.approx(1)
    low, high = found.interval(0.8)
    assert (low <= high).all()


def test_more_good_answers_raise_the_estimate_and_every_draw_but_few():
    x, n = np.array([40.0, 45, 30]), np.array([50.0, 50, 40])
    one = posterior(x, n, codes(x), DEGREES, 500)
    two = posterior(x + np.array([3, 0, 0]), n, codes(x), DEGREES, 500)
    assert two.mean[0] > one.mean[0]
    assert (two.draws[:, 0] > one.draws[:, 0]).mean() > 0.95


def test_the_company_of_others_does_not_change_a_unit_s_chance():
    x, n = np.array([40.0, 45]), np.array([50.0, 50])
    there, back = posterior(x, n, ["a", "b"], DEGREES, 50), posterior(x[::-1], n[::-1], ["b", "a"], DEGREES, 50)
    assert there.draws == pytest.approx(back.draws[:, ::-1], abs=1e-12)
    assert not np.allclose(there.draws, posterior(x, n, ["a", "b"], DEGREES, 50, tag="before").draws)


@pytest.mark.parametrize(("x", "n"), [([5], [4]), ([-1], [4]), ([1, 2], [4]), ([0], [0])])
def test_counts_that_do_not_fit_are_refused(x, n):
    with pytest.raises(ValueError):
        posterior(x, n, codes(x), Prior())


def test_limits_are_numpys_quantiles_of_the_draws():
    """To the last digit: limits of stored assessments must not change with how they are taken."""
    found = posterior(HITS, [45] * 18, codes(HITS), DEGREES, 700)
    granted = replace(found, prior=replace(DEGREES, alike=1e-300, few=1e-300, degrees=0.5, both=0.5))
    for confidence in (0.5, 0.8, 0.95):
        tail = (1 - confidence) / 2
        wanted = np.quantile(granted.draws, [tail, 1 - tail], axis=0)
        assert np.array_equal(np.stack(found.interval(confidence)), wanted)


def test_draws_of_a_unit_do_not_hang_on_how_many_are_made_at_once(monkeypatch):
    one = posterior(HITS, [45] * 18, codes(HITS), DEGREES, 700).draws
    monkeypatch.setattr("minxin.analysis.assessment.posterior._AT_ONCE", 7)
    assert np.array_equal(one, posterior(HITS, [45] * 18, codes(HITS), DEGREES, 700).draws)
