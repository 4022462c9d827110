"""Interrupted time series: a published series, honesty without an effect, effects that are there, too little to say."""

from __future__ import annotations

import numpy as np
import pytest

from minxin.analysis import interrupted
from minxin.analysis.interrupted import Change, compare, quasi_poisson, reason, sentence

#: Admissions for acute coronary events in Sicily, January 2002 to May 2005, and the population standardised to age;
#: the smoking ban began in January 2005. The first 41 months of the series of Bernal et al. 2017, supplement.
ADMISSIONS = (
    728, 659, 791, 734, 757, 726, 760, 740, 720, 814, 795, 858, 887, 766, 851, 769, 781, 756, 766, 752, 765, 831, 879,
    928, 914, 808, 937, 840, 916, 828, 845, 818, 860, 839, 887, 886, 831, 796, 833, 820, 877,
)  # fmt: skip
PEOPLE = (
    379875.3, 376495.5, 377040.8, 377116.4, 377383.4, 374113.1, 379513.3, 376295.5, 374653.2, 378485.6, 375955.5,
    378349.7, 376762.4, 379032.3, 379360.4, 376162.0, 377972.4, 381830.7, 379888.6, 380872.2, 380966.9, 381240.4,
    382104.9, 381802.7, 381656.3, 383680.0, 383504.2, 386462.9, 383783.1, 380836.8, 383483.0, 380906.2, 382926.8,
    384052.4, 384449.6, 383428.4, 388153.2, 388373.2, 386470.1, 386033.2, 383686.4,
)  # fmt: skip


def weeks(rng: np.random.Generator, effect: float = 1.0, mean: float = 4.0, spread: float = 5.0) -> np.ndarray:
    """80 weeks before, 6 left out, 26 after; with a season and scatter beyond chance."""
    awaited = mean * np.exp(0.3 * np.sin(np.arange(112) / interrupted.YEAR * 2 * np.pi))
    awaited[86:] *= effect
    return rng.negative_binomial(spread, spread / (spread + awaited))


def test_the_published_series_gives_what_statsmodels_gives() -> None:
    """Golden values: statsmodels 0.15.0, GLM Poisson with offset and scale="X2"."""
    time = np.arange(1, 42)
    design = np.column_stack([np.ones(41), time > 36, time])
    fit = quasi_poisson(ADMISSIONS, design, np.log(PEOPLE))
    assert fit.beta == pytest.approx([-6.24203566, -0.0904250233, 0.00488659994], rel=1e-7)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([0.02055235, 0.03359483, 0.0009453], rel=1e-5)
    assert fit.dispersion == pytest.approx(2.8181232465, rel=1e-9)
    # the paper, with the 18 further months: 0.89 (0.85 to 0.93)
    assert 0.85 < np.exp(fit.beta[1]) < 0.93


def test_a_single_group_gives_its_mean_and_exact_variance() -> None:
    counts = np.array([3.0, 5, 4, 8, 10])
    fit = quasi_poisson(counts, np.ones((5, 1)))
    assert np.exp(fit.beta[0]) == pytest.approx(6)
    assert fit.dispersion == pytest.approx(((counts - 6) ** 2 / 6).sum() / 4)
    assert fit.covariance[0, 0] == pytest.approx(fit.dispersion / 30)
    with pytest.raises(ValueError, match="dependent"):
        quasi_poisson(counts, np.ones((5, 2)))


def test_without_an_effect_hardly_ever_one_is_claimed() -> None:
    rng = np.random.default_rng(7)
    found = [compare(weeks(rng), 80, 86) for _ in range(300)]
    claims = [c is not None and (c.effect.is_fewer or c.effect.is_more) for c in found]
    assert all(c is not None for c in found) and np.mean(claims) < 0.11


def test_an_effect_that_is_there_is_covered_and_found() -> None:
    rng = np.random.default_rng(8)
    found = [compare(weeks(rng, 0.4, mean=12, spread=20), 80, 86) for _ in range(200)]
    covered = [c is not None and c.effect.low <= 0.4 <= c.effect.high for c in found]
    assert np.mean(covered) > 0.9
    assert np.mean([c is not None and c.effect.is_fewer for c in found]) > 0.8
    one = next(c for c in found if c is not None and c.effect.is_fewer)
    assert one.has_season and sentence(one, "").startswith("办理后同类诉求比按原走势应有的少")


def test_the_weeks_of_the_case_itself_do_not_count() -> None:
    counts = weeks(np.random.default_rng(9))
    burst = counts.copy()
    burst[80:86] = 400
    plain, with_burst = compare(counts, 80, 86), compare(burst, 80, 86)
    assert plain is not None and with_burst is not None
    assert plain.effect == with_burst.effect
    assert np.isnan(with_burst.fitted[80:86]).all() and np.isfinite(with_burst.awaited[86:]).all()


def test_twice_the_counts_double_nothing_but_the_level() -> None:
    counts = weeks(np.random.default_rng(10), 0.6, mean=9)
    one, two = compare(counts, 80, 86), compare(counts * 2, 80, 86)
    assert one is not None and two is not None
    assert two.effect.value == pytest.approx(one.effect.value, rel=1e-6)
    assert two.awaited[86:] == pytest.approx(2 * one.awaited[86:], rel=1e-6)


def test_not_one_petition_after_is_a_limit_and_no_failure() -> None:
    counts = weeks(np.random.default_rng(11), mean=6)
    counts[86:] = 0
    found = compare(counts, 80, 86)
    assert found is not None and found.effect.value == 0 and 0 < found.effect.high < 0.3
    assert "少 100%" in sentence(found, "")


@pytest.mark.parametrize(
    ("counts", "before", "after_from", "word"),
    [
        ([5] * 30, 5, 8, "发生前只有 5 周"),
        ([5] * 30, 20, 27, "办理后只有 3 周"),
        ([0, 1] * 15, 16, 18, "共 8 件，不足 20 件"),
        ([], 0, 0, "发生前只有 0 周"),
    ],
)
def test_too_little_is_said_honestly(counts: list[int], before: int, after_from: int, word: str) -> None:
    assert compare(counts, before, after_from) is None
    assert word in sentence(None, reason(counts, before, after_from))


def test_a_wide_interval_is_not_called_no_difference() -> None:
    wide = interrupted.Ratio(1.0, 0.1, 8.0)
    narrow = interrupted.Ratio(0.9, 0.7, 1.2)

    def change(effect: interrupted.Ratio) -> Change:
        nothing = np.array([])
        return Change(effect, interrupted.UNASKED, effect, 1, 0, False, 20, 20, nothing, nothing, nothing, nothing)

    assert "看不清" in sentence(change(wide), "")
    assert "没有显著差异" in sentence(change(narrow), "")
    assert "无法收敛" in sentence(None, "")
