"""Which of several communities differ, tested against the spread of all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, chdtrc, ndtr, ndtri, pdtr

from minxin.analysis.counts import Array, bh

#: Error that is allowed to all comparisons together.
ERROR = 0.05


@dataclass(frozen=True)
class Standouts:
    """Scores of every member, and which stand out: ``high`` and ``low`` positions, the furthest first.

    ``is_alike``: no difference at all could be shown between the members.
    """

    scores: Array
    high: tuple[int, ...]
    low: tuple[int, ...]
    is_alike: bool


def _scores(below: Array, upto: Array) -> Array:
    """Normal scores of mid-p values, within ±8."""
    return np.asarray(ndtri(np.clip((below + upto) / 2, 1e-15, 1 - 1e-15)), dtype="float64")


def binomial_upto(k: ArrayLike, n: ArrayLike, p: float) -> Array:
    """P(X ≤ k) for whole k from -1 to n."""
    count, cases = np.asarray(k, dtype="float64"), np.asarray(n, dtype="float64")
    inside = betainc(np.maximum(cases - count, 0.5), count + 1 + (count < 0), 1 - p)
    return np.where(count < 0, 0.0, np.where(count >= cases, 1.0, inside))


def _found(scores: Array, judged: NDArray[np.bool_], share: float) -> Standouts:
    known = scores[judged]
    members = len(known)
    if members < 2:
        return Standouts(scores, (), (), True)
    is_alike = bool(chdtrc(members - 1, float((known**2).sum())) >= ERROR)
    limits = np.quantile(known, [share, 1 - share])
    spread = max(1.0, float((np.clip(known, *limits) ** 2).mean()) ** 0.5)
    limit = float(ndtri(1 - ERROR / 2 / members)) * spread
    order = np.argsort(-scores, kind="stable")
    high = tuple(int(i) for i in order if judged[i] and scores[i] > limit)
    low = tuple(int(i) for i in order[::-1] if judged[i] and scores[i] < -limit)
    return Standouts(scores, high, low, is_alike and not high and not low)


def of_rates(x: ArrayLike, n: ArrayLike, smallest_n: float = 0, share: float = 0.1) -> Standouts:
    """Members whose share x/n lies outside the funnel round the share of all.

    Exact binomial mid-p as a normal score, limits widened by the spread of all members with a
    tenth winsorised at either end (Spiegelhalter 2005, Stat. Med. 24, 1185), Bonferroni over the
    members. Members with n below ``smallest_n`` or 0 are not judged.
    """
    counts, cases = np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64")
    judged = (cases > 0) & (cases >= smallest_n) & ~np.isnan(counts)
    if not judged.any():
        return Standouts(np.zeros(len(counts)), (), (), True)
    common = counts[judged].sum() / cases[judged].sum()
    scores = np.zeros(len(counts))
    if 0 < common < 1:
        # Weighted shares are rounded to the nearest case.
        k, m = np.rint(counts[judged]), np.rint(cases[judged])
        scores[judged] = _scores(binomial_upto(k - 1, m, common), binomial_upto(k, m, common))
    return _found(scores, judged, share)


def against(x: ArrayLike, n: ArrayLike, common: float, smallest_n: float = 1) -> Standouts:
    """Members whose share x/n differs from ``common``, a share of more than the members, all tested together.

    Exact binomial mid-p, two-sided, Benjamini-Hochberg over the members at ``ERROR``. Members with n
    below ``smallest_n`` or 0, or with a missing count, are not judged.
    """
    counts, cases = np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64")
    scores = np.zeros(len(counts))
    judged = np.flatnonzero((cases > 0) & (cases >= smallest_n) & ~np.isnan(counts))
    if not len(judged) or not 0 < common < 1:
        return Standouts(scores, (), (), True)
    k, m = counts[judged], cases[judged]
    scores[judged] = _scores(binomial_upto(k - 1, m, common), binomial_upto(k, m, common))
    clear = judged[bh(2 * ndtr(-np.abs(scores[judged]))) <= ERROR]
    order = clear[np.argsort(-scores[clear], kind="stable")]
    high, low = ([int(i) for i in order if scores[i] * side > 0] for side in (1, -1))
    return Standouts(scores, tuple(high), tuple(reversed(low)), not len(clear))


def of_counts(x: ArrayLike, exposure: ArrayLike | None = None, share: float = 0.1) -> Standouts:
    """Members whose count is out of proportion to their exposure (default: equal for all).

    Exact Poisson mid-p as a normal score, then as ``of_rates``. Members without exposure are not
    judged.
    """
    counts = np.asarray(x, dtype="float64")
    weight = np.ones(len(counts)) if exposure is None else np.asarray(exposure, dtype="float64")
    judged = (weight > 0) & ~np.isnan(counts)
    scores = np.zeros(len(counts))
    if not judged.any() or counts[judged].sum() == 0:
        return Standouts(scores, (), (), True)
    awaited = weight[judged] * counts[judged].sum() / weight[judged].sum()
    k = np.rint(counts[judged])
    below = np.where(k > 0, pdtr(np.maximum(k - 1, 0), awaited), 0.0)
    scores[judged] = _scores(below, pdtr(k, awaited))
    return _found(scores, judged, share)
