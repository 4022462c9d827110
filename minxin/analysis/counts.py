"""Weekly counts: what to expect of the next weeks, from the weeks before, and how surprising a count is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaln, ndtri, xlog1py, xlogy

Array = NDArray[np.float64]
#: A week as surprising as this does not belong to what is usual.
_OUTBREAK = 0.001
_ROUNDS = 3
#: Leaving out the most surprising weeks thins the tail of what is left; measured on simulated counts
#: without outbreaks, where it keeps false discoveries at their rate also where counts scatter much.
_THINNED = 1.2


@dataclass(frozen=True)
class Expected:
    """A negative binomial distribution per row: mean and size (1/size = squared spread beyond chance)."""

    mean: Array
    size: Array

    def above(self, count: ArrayLike) -> Array:
        """P(Y > count)."""
        share = self.mean / (self.mean + self.size)
        return np.asarray(betainc(np.asarray(count, dtype="float64") + 1, self.size, share), dtype="float64")

    def exactly(self, count: ArrayLike) -> Array:
        """P(Y = count)."""
        k = np.asarray(count, dtype="float64")
        log = gammaln(k + self.size) - gammaln(self.size) - gammaln(k + 1)
        log -= xlog1py(self.size, self.mean / self.size) + xlogy(k, 1 + self.size / self.mean)
        return np.asarray(np.exp(log), dtype="float64")

    def surprise(self, count: ArrayLike) -> Array:
        """Mid-p of a count as high: P(Y > count) + ½ P(Y = count)."""
        return self.above(count) + self.exactly(count) / 2

    def quantile(self, share: float) -> Array:
        """The least count with P(Y ≤ count) ≥ share."""
        deviation = np.sqrt(self.mean + self.mean**2 / self.size)
        low = np.full(self.mean.shape, -1.0)
        high = np.ceil(self.mean + 10 * deviation + 10)
        while (wanting := 1 - self.above(high) < share).any():
            high = np.where(wanting, 2 * high, high)
        # A normal distribution with this skewness (Cornish and Fisher 1938) is hardly ever off by more than one.
        z = float(ndtri(share))
        skewness = (1 + 2 * self.mean / self.size) / deviation
        guess = np.floor(self.mean + deviation * (z + (z * z - 1) / 6 * skewness))
        step = 0.0
        while len(row := np.flatnonzero(high - low > 1)):
            reach = guess[row] + np.where(high[row] <= guess[row], -step, step)
            is_inside = (reach > low[row]) & (reach < high[row])
            middle = np.where(is_inside, reach, np.floor((low[row] + high[row]) / 2))
            enough = 1 - Expected(self.mean[row], self.size[row]).above(middle) >= share
            high[row[enough]], low[row[~enough]] = middle[enough], middle[~enough]
            step = max(1.0, 4 * step)
        return high


def _middle(values: Array, weights: Array) -> float:
    """Weighted median."""
    order = np.argsort(values)
    weight = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(weight, weight[-1] / 2)])


def _spread(mean: Array, variance: Array, weeks: Array, is_robust: bool, is_pooled: bool) -> Array:
    """Squared coefficient of variation beyond Poisson's, per row, drawn towards that of all rows.

    Method of moments; a row of few cases says little about itself and takes the common value, none
    takes less than that. Robust: the common value is that of the middle row, else of the sums. Not
    pooled: each row stands for itself.
    """
    degrees = np.maximum(weeks - 1, 1)
    beyond, squared = variance - mean, np.maximum(mean**2 - variance / np.maximum(weeks, 1), 1e-9)
    own = beyond / squared
    shared = own
    if is_pooled:
        shared = np.array(_middle(own, squared) if is_robust else beyond.sum() / squared.sum())
    common = np.maximum(shared, 0.0)
    error = np.sqrt(2 / degrees) * (1 / np.maximum(mean, 1e-9) + common)
    trust = (common + 0.1) ** 2 / ((common + 0.1) ** 2 + error**2)
    return np.maximum(common, trust * own + (1 - trust) * common)


def _quartile(ordered: Array, last: NDArray[np.int64], share: float) -> Array:
    """Quantile per row of sorted values, of which those up to position ``last`` are known."""
    place = share * last
    below = np.floor(place).astype("int64")
    values = np.take_along_axis(ordered, np.stack([below, np.minimum(below + 1, last)], axis=1), axis=1)
    return np.asarray(values[:, 0] + (place - below) * (values[:, 1] - values[:, 0]))


def _robust_variance(baseline: Array) -> Array:
    """Variance per row from the distance of the quartiles, which a few outbreaks do not move."""
    ordered = np.sort(baseline, axis=1)
    last = np.maximum((~np.isnan(baseline)).sum(axis=1) - 1, 0)
    distance = _quartile(ordered, last, 0.75) - _quartile(ordered, last, 0.25)
    return np.nan_to_num(distance / 1.349) ** 2


def _outbreaks(counts: Array, mean: Array, size: Array) -> NDArray[np.bool_]:
    """Weeks more surprising than the limit; only those two deviations up are looked at closely."""
    found = counts > (mean + 2 * np.sqrt(mean + mean**2 / size))[:, None]
    row, week = np.nonzero(found)
    found[row, week] = Expected(mean[row], size[row]).surprise(counts[row, week]) < _OUTBREAK
    return found


def expected(
    baseline: Array,
    weeks: int = 1,
    factor: ArrayLike = 1.0,
    factor_variance: ArrayLike = 0.0,
    is_pooled: bool = True,
) -> Expected:
    """What the sum of the next weeks should be, per row of ``baseline`` (rows × past weeks, NaN = not known).

    Gamma-Poisson prediction with Jeffreys' prior (½ + Σy cases in so many weeks), widened by the
    spread beyond chance that the baseline itself shows. Weeks that are themselves outbreaks are left
    out (P < 0.001 under what the others say). Over several weeks the spread is taken as if it hit
    all of them alike, which is the cautious end. ``factor`` with its squared relative error scales
    the expectation to the season. Rows share their spread unless ``is_pooled`` is False.
    """
    known = ~np.isnan(baseline)
    counts = np.nan_to_num(baseline)
    usual = known
    variance = _robust_variance(baseline)
    for turn in range(_ROUNDS + 1):
        length = usual.sum(axis=1).astype("float64")
        cases = np.where(usual, counts, 0).sum(axis=1)
        mean = (cases + 0.5) / np.maximum(length, 1)
        is_last = turn == _ROUNDS
        if is_last:
            squares = np.where(usual, (counts - mean[:, None]) ** 2, 0).sum(axis=1)
            variance = squares / np.maximum(length - 1, 1)
        spread = _spread(mean, variance, length, not is_last, is_pooled) * (_THINNED if is_last else 1)
        uncertain = (1 + spread * mean) / (cases + 0.5)
        if not is_last:
            usual = known & ~_outbreaks(counts, mean, 1 / (spread + uncertain))
    scale, error = np.asarray(factor, dtype="float64"), np.asarray(factor_variance, dtype="float64")
    return Expected(mean * weeks * scale, 1 / (spread + uncertain + error))


def bh(p: ArrayLike) -> Array:
    """q-values: the least false discovery rate at which each is still rejected.

    Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57, 289: reject where q ≤ the rate wanted.
    """
    values = np.asarray(p, dtype="float64")
    order = np.argsort(values, kind="stable")[::-1]
    ranks = np.arange(len(values), 0, -1)
    q = np.empty_like(values)
    q[order] = np.minimum.accumulate(np.minimum(values[order] * len(values) / np.maximum(ranks, 1), 1))
    return q


def dispersion(counts: ArrayLike) -> float:
    """Variance over mean of a series of counts, at least 1, from successive differences.

    A trend or a season hardly moves it (von Neumann 1941, Ann. Math. Stat. 12, 367).
    """
    values = np.asarray(counts, dtype="float64")
    values = values[~np.isnan(values)]
    if len(values) < 3 or values.mean() <= 0:
        return 1.0
    return max(1.0, float((np.diff(values) ** 2).mean() / 2 / values.mean()))
