"""Intervals for shares, weighted shares and counts, and for their differences; all on arrays.

Every function takes numbers or arrays and gives arrays of the common shape, NaN where there is
nothing to estimate from. Shares are in [0, 1], not in per cent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, ndtri

Array = NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate with its limits."""

    value: Array
    low: Array
    high: Array


def _arrays(*values: ArrayLike) -> list[Array]:
    return list(np.broadcast_arrays(*[np.asarray(value, dtype="float64") for value in values]))


def quantile(confidence: float) -> float:
    """The two-sided normal quantile of a level of confidence: 1.96 for .95."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1: {confidence}")
    return float(ndtri(0.5 + confidence / 2))


def wilson(x: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Share x/n with its score interval (Wilson 1927, J. Am. Stat. Assoc. 22, 209).

    NaN where n is 0 or either is missing, or where x is not in [0, n].
    """
    count, cases = _arrays(x, n)
    z2 = quantile(confidence) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        valid = (cases > 0) & (count >= 0) & (count <= cases)
        p = np.where(valid, count / cases, np.nan)
        centre = (p + z2 / (2 * cases)) / (1 + z2 / cases)
        half = np.sqrt(z2 * (p * (1 - p) / cases + z2 / (4 * cases**2))) / (1 + z2 / cases)
        # At 0 and n the limits are 0 and 1 exactly; rounding must not lift them off.
        low = np.where(count == 0, p, np.clip(centre - half, 0, p))
        high = np.where(count == cases, p, np.clip(centre + half, p, 1))
    return Interval(p, low, high)


def weighted(total: ArrayLike, squares: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean of n weights in [0, 1], from their sum and the sum of their squares, with its interval.

    The delta interval with ``Var = (Σw² − n·M²) / (n(n−1))``, after z²/2 imagined answers each of
    weight 0 and 1 were added (Agresti & Coull 1998, Am. Stat. 52, 119), so that it stays honest
    where all answers are alike or few; for plain shares it agrees with Wilson's to a hair.
    """
    sums, sums_of_squares, cases = _arrays(total, squares, n)
    z = quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        slack = 1e-9 * np.maximum(cases, 1)
        valid = (cases > 0) & (sums >= 0) & (sums <= cases + slack)
        valid &= (sums_of_squares >= 0) & (sums_of_squares <= sums + slack)
        mean = np.where(valid, np.clip(sums / cases, 0, 1), np.nan)
        m = cases + z * z
        centre = (sums + z * z / 2) / m
        spread = np.maximum(sums_of_squares + z * z / 2 - m * centre**2, 0)
        half = z * np.sqrt(spread / (m * (m - 1)))
        low = np.clip(centre - half, 0, mean)
        high = np.clip(centre + half, mean, 1)
    return Interval(mean, low, high)


def poisson(x: ArrayLike, exposure: ArrayLike = 1.0, confidence: float = 0.95) -> Interval:
    """Count per exposure with the exact interval (Garwood 1936, Biometrika 28, 437).

    ``exposure`` in the unit in which the rate is wanted: people / 10 000 for a rate per ten
    thousand. NaN where the exposure is missing or not positive.
    """
    events, units = _arrays(x, exposure)
    tail = (1 - confidence) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        valid = (units > 0) & (events >= 0)
        count = np.where(valid, events, np.nan)
        low = np.where(count > 0, gammaincinv(np.maximum(count, 1e-12), tail), np.where(valid, 0.0, np.nan))
        high = gammaincinv(count + 1, 1 - tail)
        return Interval(count / units, low / units, high / units)


def difference(now: Interval, before: Interval) -> Interval:
    """Difference of two independent estimates from their own limits (Zou & Donner 2008, MOVER).

    For two Wilson intervals this is method 10 of Newcombe 1998 (Stat. Med. 17, 873).
    """
    value = now.value - before.value
    low = value - np.hypot(now.value - now.low, before.high - before.value)
    high = value + np.hypot(now.high - now.value, before.value - before.low)
    return Interval(value, low, high)


def newcombe(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, confidence: float = 0.95) -> Interval:
    """Difference x1/n1 − x2/n2 of two independent shares with Newcombe's hybrid score interval."""
    return difference(wilson(x1, n1, confidence), wilson(x2, n2, confidence))


def relative_risk(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, confidence: float = 0.95) -> Interval:
    """Ratio (x1/n1) / (x2/n2) with the interval on the logarithm (Katz et al. 1978, Biometrics 34, 469).

    NaN where a count is 0.
    """
    a, m, b, n = _arrays(x1, n1, x2, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        valid = (a > 0) & (b > 0) & (m >= a) & (n >= b)
        ratio = np.where(valid, (a / m) / (b / n), np.nan)
        half = quantile(confidence) * np.sqrt(1 / a - 1 / m + 1 / b - 1 / n)
        return Interval(ratio, ratio * np.exp(-half), ratio * np.exp(half))


def widened(interval: Interval, dispersion: float) -> Interval:
    """The interval for events that come in clusters: its arms √dispersion times as long, never below 0."""
    factor = max(dispersion, 1.0) ** 0.5
    low = np.maximum(interval.value - factor * (interval.value - interval.low), 0)
    return Interval(interval.value, low, interval.value + factor * (interval.high - interval.value))


def score_ratio(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, confidence: float = 0.95) -> Interval:
    """Ratio (x1/n1) / (x2/n2) with the score interval (Koopman 1984, Biometrics 40, 513), by bisection.

    Stands where a count is 0, too: the limit is then 0 or infinity. NaN where a group is empty or x > n, and
    where both counts are 0.
    """
    a, m, b, n = _arrays(x1, n1, x2, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        valid = (m > 0) & (n > 0) & (a >= 0) & (b >= 0) & (a <= m) & (b <= n) & (a + b > 0)
        ratio = np.where(valid, (a / m) / (b / n), np.nan)
        wanted = quantile(confidence) ** 2

        def distance(logarithm: Array) -> Array:
            """Koopman's chi-square of a ratio, with the shares that fit it best."""
            phi = np.exp(logarithm)
            sums = phi * (m + b) + a + n
            root = np.sqrt(np.maximum(sums**2 - 4 * phi * (m + n) * (a + b), 0))
            p1 = np.clip((sums - root) / (2 * (m + n)), 1e-300, 1)
            p2 = np.clip(p1 / phi, 1e-300, 1)
            variance = (1 - p1) / (m * p1) + (1 - p2) / (n * p2)
            return ((a / m - p1) / p1 - (b / n - p2) / p2) ** 2 / np.maximum(variance, 1e-300)

        def limit(outside: float) -> Array:
            inside = np.log(np.clip(ratio, 1e-12, 1e12))
            out = np.full(ratio.shape, outside)
            for _ in range(100):
                middle = (inside + out) / 2
                is_in = distance(middle) < wanted
                inside, out = np.where(is_in, middle, inside), np.where(is_in, out, middle)
            return np.exp(inside)

        low = np.where(valid, np.where(a == 0, 0.0, np.minimum(limit(-30.0), ratio)), np.nan)
        high = np.where(valid, np.where(b == 0, np.inf, np.maximum(limit(30.0), ratio)), np.nan)
    return Interval(ratio, low, high)
