"""What a few answers per unit say about its true rate: hierarchical estimates, and draws from them.

Every unit's true rate is taken as drawn from a population of rates whose shape the data themselves
tell (empirical Bayes: Robbins 1956, Proc. 3rd Berkeley Symp. 1, 157; Efron & Morris 1975, J. Am. Stat.
Assoc. 70, 311). The shape is not plugged in as if it were known but averaged over (Deely & Lindley
1981, J. Am. Stat. Assoc. 76, 833), and "all alike" is one of the shapes, as is "a few stand apart"
(Hoeting et al. 1999, Stat. Sci. 14, 382; Mitchell & Beauchamp 1988, J. Am. Stat. Assoc. 83, 1023): a
spread estimated as zero is no special case, and one community that is truly bad is not drawn to the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit, logit, ndtri

from minxin.analysis.rates import Array

#: Values of the hyperparameters that are averaged over: spread on the logit, share of outliers.
_SPREADS = np.array([0.0, 0.04, 0.08, 0.14, 0.22, 0.33, 0.5, 0.75, 1.1])
_OUTLIERS = np.array([0.0, 0.04, 0.12])
#: Where the mean of the body is tried, in its own standard errors.
_STEPS = np.linspace(-3.6, 3.6, 7)
#: The beta distribution of so many imagined cases is as good as a point.
_POINT = 1e9
_TINY = 1e-300


@dataclass(frozen=True)
class Prior:
    """What is thought of the differences between units before the data speak.

    ``alike, few, degrees, both``: probabilities, summing to 1, that all units are alike, that a few
    stand apart from a common rate, that all differ by degrees, that both is so. ``spread``: scale of
    the half-normal distribution of the standard deviation by degrees; ``apart``: standard deviation of
    those that stand apart; both on the logit, where 0.4 around 90 % is about 3.6 points.
    """

    alike: float = 0.7
    few: float = 0.2
    degrees: float = 0.05
    both: float = 0.05
    spread: float = 0.4
    apart: float = 0.9


@dataclass(frozen=True)
class Shapes:
    """Shapes of the population with their posterior weights; arrays (shapes,), ``is_apart`` (shapes, units).

    ``mean`` and ``size`` (imagined cases) of the body's beta distribution, ``far`` the size of the
    outliers', ``step`` the distance to the next mean on the logit, ``is_apart`` the probability that a
    unit is an outlier, ``is_alike`` whether the shape says that there is no difference.
    """

    weight: Array
    mean: Array
    size: Array
    far: Array
    step: Array
    is_apart: Array
    is_alike: NDArray[np.bool_]


def _likelihood(x: Array, n: Array, mean: Array, size: Array) -> Array:
    """Log of the beta-binomial likelihood but for what does not depend on the shape."""
    a, b = mean * size, (1 - mean) * size
    return np.asarray(betaln(a + x, b + n - x) - betaln(a, b))


def _size(mean: Array, spread: ArrayLike) -> Array:
    """Imagined cases of the beta distribution with that standard deviation on the logit, to first order."""
    return np.minimum(1 / (np.maximum(spread, 1e-9) ** 2 * mean * (1 - mean)), _POINT)


def _middle(values: Array, weights: Array) -> float:
    """Weighted median."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _before(prior: Prior, spread: Array, out: Array) -> Array:
    """Prior weight of each pair of spread and share of outliers."""
    positive = _SPREADS[1:]
    power = (positive / prior.spread) ** 2 / 2
    mass = np.exp(power.min() - power) * np.gradient(_SPREADS)[1:]
    level = np.concatenate([[1.0], mass / mass.sum()])[np.searchsorted(_SPREADS, spread)]
    level = np.where(out > 0, level / (_OUTLIERS > 0).sum(), level)
    kinds = [(spread == 0) & (out == 0), (spread == 0) & (out > 0), (spread > 0) & (out == 0)]
    return np.asarray(level * np.select(kinds, [prior.alike, prior.few, prior.degrees], prior.both))


def _centres(x: Array, n: Array, spread: Array, out: Array, apart: float) -> tuple[Array, Array]:
    """Mean of the body under each shape and its standard error on the logit: outliers weigh less.

    Three rounds of weighting by how likely each unit belongs to the body, from the weighted median on.
    """
    pooled = (x.sum() + 0.5) / (n.sum() + 1)
    variance = pooled * (1 - pooled)
    rate = np.where(n > 0, x / np.where(n > 0, n, 1), pooled)
    centre, width = np.full(len(spread), _middle(rate, n)), np.zeros(len(spread))
    far_size = _size(np.array(pooled), apart)
    body = n / (1 + n * (spread**2 * variance)[:, None])
    far_body = n / (1 + n * apart**2 * variance)
    share = logit(np.maximum(out, 1e-12))[:, None]
    for _ in range(3):
        mean = np.clip(centre, 1e-4, 1 - 1e-4)[:, None]
        near = _likelihood(x, n, mean, _size(mean, spread[:, None]))
        far = _likelihood(x, n, mean, far_size)
        kept = np.where(out[:, None] > 0, expit(near - far - share), 1.0)
        weight = kept * body + (1 - kept) * far_body
        centre = (weight * rate).sum(axis=1) / weight.sum(axis=1)
        width = 1 / np.sqrt(weight.sum(axis=1) * variance)
    return centre, width


@dataclass(frozen=True)
class _Tried:
    """What the data say of every shape before the prior has its word; arrays as in ``Shapes``, all spreads × steps.

    ``width``: standard error of the body's mean on the logit; ``log``: log-likelihood, (spreads, steps).
    """

    width: Array
    mean: Array
    size: Array
    far: Array
    is_apart: Array
    log: Array


def _tried(x: Array, n: Array, apart: float) -> _Tried:
    spread, out = _pairs()
    centre, width = _centres(x, n, spread, out, apart)
    eta = logit(np.clip(centre, 1e-4, 1 - 1e-4))[:, None] + _STEPS * width[:, None]
    mean = np.clip(expit(eta), 1e-6, 1 - 1e-6)
    size, far_size = _size(mean, spread[:, None]), _size(mean, apart)
    near = _likelihood(x, n, mean[..., None], size[..., None])
    far = _likelihood(x, n, mean[..., None], far_size[..., None])
    share = np.log(np.maximum(out, _TINY))[:, None, None]
    each = np.logaddexp(np.log1p(-out)[:, None, None] + near, share + far)
    is_apart = np.exp(np.minimum(share + far - each, 0)).reshape(mean.size, -1)
    return _Tried(width, mean, size, far_size, is_apart, each.sum(axis=2))


def _pairs() -> tuple[Array, Array]:
    """Each pair of spread and share of outliers."""
    spread, out = np.meshgrid(_SPREADS, _OUTLIERS, indexing="ij")
    return spread.ravel(), out.ravel()


def _weighed(tried: _Tried, prior: Prior) -> Shapes:
    """The shapes with their posterior weights; ``tried`` holds for every prior with the same ``apart``."""
    spread, out = _pairs()
    log = tried.log + np.log(np.maximum(_before(prior, spread, out) * tried.width, _TINY))[:, None]
    log += np.log(tried.mean) + np.log1p(-tried.mean)  # flat on the mean itself, not on its logit
    weight = np.exp(log - log.max()).ravel()
    return Shapes(
        weight=weight / weight.sum(),
        mean=tried.mean.ravel(),
        size=tried.size.ravel(),
        far=tried.far.ravel(),
        step=np.repeat(tried.width * (_STEPS[1] - _STEPS[0]), len(_STEPS)),
        is_apart=tried.is_apart,
        is_alike=np.repeat((spread == 0) & (out == 0), len(_STEPS)),
    )


def shapes(x: ArrayLike, n: ArrayLike, prior: Prior) -> Shapes:
    """The shapes of the population with their weights, given x of n per unit (real numbers allowed).

    Units with n = 0 tell nothing; at least one unit must have n > 0.
    """
    return _weighed(_tried(np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64"), prior.apart), prior)


@lru_cache(maxsize=256)
def _numbers(key: str, count: int) -> tuple[Array, ...]:
    """Random numbers that depend on a key alone: normal, log uniform, normal, log uniform, uniform."""
    seed = int.from_bytes(hashlib.sha256(key.encode("utf-8")).digest()[:8], "big")
    plain = np.clip(np.random.Generator(np.random.PCG64(seed)).random((5, count)), 1e-12, 1 - 1e-12)
    return ndtri(plain[0]), np.log(plain[1]), ndtri(plain[2]), np.log(plain[3]), plain[4]


@lru_cache(maxsize=8)
def _of_units(codes: tuple[str, ...], tag: str, count: int) -> tuple[Array, ...]:
    """The random numbers of all units together, (units, count); shared by all that is asked of the same units."""
    numbers = [_numbers(f"{code}\x00{tag}", count) for code in codes]
    return tuple(np.stack(part) for part in zip(*numbers, strict=True))


@lru_cache(maxsize=8)
def _in_common(tag: str, count: int) -> tuple[Array, Array]:
    """What all units share of each draw: a place in [0, 1] that chooses the shape, and one between two means."""
    common = _numbers(f"\x00{tag}", count)
    place = (np.argsort(np.argsort(common[4])) + 0.5) / count
    # Between two neighbouring means: the triangle that makes linear interpolation of the density.
    return place, np.exp(common[1]) + np.exp(common[3]) - 1


def _gamma(shape: Array, z: Array, log_u: Array) -> Array:
    """Gamma variates from given numbers: Wilson & Hilferty 1931 for shape + 1, then u^(1/shape)."""
    above = shape + 1
    root = np.maximum(1 - 1 / (9 * above) + z / (3 * np.sqrt(above)), 1e-4)
    return np.asarray(above * root * root * root * np.exp(log_u / shape))


#: Draws that are made at once: their arrays stay in the processor's cache, which takes a third of the time.
_AT_ONCE = 400


@dataclass(frozen=True)
class Posterior:
    """What x of n per unit say about the true rates of the units; arrays in the order given.

    ``codes`` name the units: the random numbers of a unit hang on its code (and ``tag``, which makes
    two periods independent), so that neither order nor company of the units changes them.
    """

    x: Array
    n: Array
    codes: tuple[str, ...]
    prior: Prior
    count: int = 4000
    tag: str = ""

    @cached_property
    def _tried(self) -> _Tried:
        return _tried(self.x, self.n, self.prior.apart)

    @cached_property
    def shapes(self) -> Shapes:
        return _weighed(self._tried, self.prior)

    @cached_property
    def p_differ(self) -> float:
        """Probability that the units are not all alike."""
        return float(1 - self.shapes.weight[self.shapes.is_alike].sum())

    @cached_property
    def mean(self) -> Array:
        """Posterior mean per unit."""
        s = self.shapes
        near = ((s.mean * s.size)[:, None] + self.x) / (s.size[:, None] + self.n)
        far = ((s.mean * s.far)[:, None] + self.x) / (s.far[:, None] + self.n)
        return np.asarray(s.weight @ (near + s.is_apart * (far - near)))

    @cached_property
    def draws(self) -> Array:
        """Draws (count, units) from the joint posterior distribution."""
        return np.ascontiguousarray(self._drawn(self.shapes).T)

    def _drawn(self, s: Shapes) -> Array:
        """The same (units, count)."""
        place, between = _in_common(self.tag, self.count)
        shape = np.searchsorted(np.cumsum(s.weight), place).clip(0, len(s.weight) - 1)
        mean = expit(logit(s.mean[shape]) + s.step[shape] * between)
        far, size, is_apart = s.far[shape], s.size[shape], np.ascontiguousarray(s.is_apart.T)
        x, n = self.x[:, None], self.n[:, None]
        result = np.empty((len(self.codes), self.count))
        numbers = _of_units(self.codes, self.tag, self.count)
        for first in range(0, self.count, _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            z1, u1, z2, u2, chance = (part[:, some] for part in numbers)
            cases = np.where(chance < is_apart[:, shape[some]], far[some], size[some])
            hits = _gamma(mean[some] * cases + x, z1, u1)
            misses = _gamma((1 - mean[some]) * cases + n - x, z2, u2)
            result[:, some] = hits / (hits + misses)
        return result

    def interval(self, confidence: float) -> tuple[Array, Array]:
        """Equal-tailed limits per unit, granted that the units differ.

        Without that the limits of a few answers would close in on the common rate only because it is
        likely beforehand that all are alike, and would not hold the truth where they are not.
        """
        granted = replace(self.prior, alike=_TINY, few=_TINY, degrees=0.5, both=0.5)
        tail = (1 - confidence) / 2
        low, high = _quantiles(self._drawn(_weighed(self._tried, granted)), (tail, 1 - tail))
        return low, high


def _quantiles(draws: Array, shares: Sequence[float]) -> Array:
    """Quantiles of each row, (shares, rows): those of ``np.quantile`` to the last digit, in half its time."""
    ordered = np.sort(draws, axis=1)
    place = np.asarray(shares) * (ordered.shape[1] - 1)
    below = np.floor(place).astype(np.intp)
    share, one = place - below, ordered[:, below]
    two = ordered[:, np.minimum(below + 1, ordered.shape[1] - 1)]
    # From the nearer end, as numpy does.
    return np.asarray(np.where(share < 0.5, one + (two - one) * share, two - (two - one) * (1 - share)).T)


def posterior(
    x: ArrayLike, n: ArrayLike, codes: Sequence[str], prior: Prior, count: int = 4000, tag: str = ""
) -> Posterior:
    """The posterior of the true rates of units with x of n; ValueError where counts do not fit."""
    x, n = np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64")
    if x.shape != n.shape or x.ndim != 1 or len(codes) != len(x):
        raise ValueError("x, n and codes must be of one length")
    if not ((x >= 0) & (x <= n * (1 + 1e-9))).all() or not n.sum() > 0:
        raise ValueError("counts must lie between 0 and n, and some n must be positive")
    return Posterior(np.minimum(x, n), n, tuple(codes), prior, count, tag)


def beta_binomial(x: ArrayLike, n: ArrayLike) -> tuple[float, float]:
    """Maximum-likelihood parameters (α, β) of the beta-binomial distribution, the textbook's empirical Bayes.

    Skellam 1948, J. R. Stat. Soc. B 10, 257. (inf, inf) where the likelihood has no maximum: the
    shares scatter no more than chance has them scatter.
    """
    x, n = np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64")
    pooled = x.sum() / n.sum()
    if not 0 < pooled < 1:
        return float("inf"), float("inf")

    def loss(p: Array) -> float:
        return -float(_likelihood(x, n, expit(p[0]), np.exp(p[1])).sum())

    starts = [np.array([logit(pooled), np.log(size)]) for size in (3.0, 30.0, 300.0)]
    found = min(
        (minimize(loss, s, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}) for s in starts),
        key=lambda r: r.fun,
    )
    flat = -float(_likelihood(x, n, np.array(pooled), np.array(_POINT)).sum())
    if found.fun > flat - 1e-4 or found.x[1] > np.log(1e6):
        return float("inf"), float("inf")
    mean, size = expit(found.x[0]), np.exp(found.x[1])
    return float(mean * size), float((1 - mean) * size)
