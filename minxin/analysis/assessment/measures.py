"""From counts to the three rates and their score, with intervals, before anything is drawn together.

What comes in (``counts``): one row per unit, any order.

| column | is |
|---|---|
| ``code``, ``name`` | the unit; codes are unique |
| ``n_valid`` | petitions with a valid call-back, exclusions left out |
| ``n_responded`` | of them: contacted (or of ``n_response``, where that is given) |
| ``n_resolved`` | of ``n_valid``: the caller says it is resolved |
| ``n_satisfied``, ``n_basic`` | of ``n_valid``: 满意, 基本满意 |

Optional: ``n_response`` (what the response rate divides by, default ``n_valid``), and all five or none
of ``n_responded_resolved``, ``n_responded_satisfied``, ``n_responded_basic``, ``n_resolved_satisfied``,
``n_resolved_basic`` (both true of the same call-back), which tell how the three rates go together;
without them they are taken to go together fully, which makes the score's interval wide enough whatever
is true. Missing numbers are not allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from minxin.analysis.rates import Array, Interval, weighted, wilson

REQUIRED = ("code", "name", "n_valid", "n_responded", "n_resolved", "n_satisfied", "n_basic")
JOINT = (
    "n_responded_resolved",
    "n_responded_satisfied",
    "n_responded_basic",
    "n_resolved_satisfied",
    "n_resolved_basic",
)


def _numbers(frame: pd.DataFrame, name: str) -> Array:
    held = frame[name]
    if isinstance(held.dtype, np.dtype) and held.dtype.kind in "iuf":
        values = held.to_numpy("float64")
    else:
        values = pd.to_numeric(held).astype("float64").to_numpy()
    if not (values >= 0).all():
        raise ValueError(f"{name} has missing or negative numbers")
    return values


@dataclass(frozen=True)
class Tidy:
    """Checked counts in order of the codes: arrays (units,) by name, ``n_response`` always among them.

    ``is_joint``: whether they tell how the three answers go together.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    counts: Mapping[str, Array]
    is_joint: bool


def tidy(frame: pd.DataFrame) -> Tidy:
    """The counts in order of the codes, checked; ValueError where they cannot be true."""
    missing = [name for name in REQUIRED if name not in frame]
    if missing:
        raise ValueError(f"counts lack {', '.join(missing)}")
    given = [name for name in JOINT if name in frame]
    if given and len(given) < len(JOINT):
        raise ValueError(f"joint counts: all of {', '.join(JOINT)} or none")
    codes, names = ([str(text) for text in frame[column].tolist()] for column in ("code", "name"))
    if len(set(codes)) < len(codes):
        raise ValueError("a code stands twice")
    order = sorted(range(len(codes)), key=codes.__getitem__)
    counts = {name: _numbers(frame, name)[order] for name in (*REQUIRED[2:], *given)}
    has_own_base = "n_response" in frame
    n = counts["n_valid"]
    over = _numbers(frame, "n_response")[order] if has_own_base else n
    wrong = [name for name, values in counts.items() if (values > (over if name == "n_responded" else n)).any()]
    if wrong or (counts["n_satisfied"] + counts["n_basic"] > n).any():
        raise ValueError(f"counts exceed what they are part of: {', '.join(wrong) or 'n_satisfied + n_basic'}")
    return Tidy(
        tuple(codes[i] for i in order),
        tuple(names[i] for i in order),
        {**counts, "n_response": over},
        bool(given) and not has_own_base,
    )


@dataclass(frozen=True)
class Measures:
    """The three rates of each unit, in order of the codes; arrays (units,) or (units, 3) in order of ``RATES``.

    ``sizes``: what each rate divides by. ``means``: the rates. ``limits``: their intervals (Wilson; for
    satisfaction, whose answers weigh 1, ``basic_value`` and 0, the delta interval of ``rates.weighted``).
    ``covariance``: how the three go together from call-back to call-back, over all units (3 × 3).
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    sizes: Array
    means: Array
    low: Array
    high: Array
    pooled: Array
    covariance: Array
    confidence: float
    total: Interval

    @property
    def n(self) -> Array:
        """Valid call-backs per unit."""
        return self.sizes[:, 1]

    @cached_property
    def correlation(self) -> Array:
        deviation = np.sqrt(np.diag(self.covariance))
        return np.asarray(self.covariance / np.outer(deviation, deviation))

    def _variance(self, weights: Array) -> Array:
        """Sampling variance of the weighted mean of the rates per unit (the same call-backs share their chance)."""
        shared = np.maximum(self.sizes[:, :, None], self.sizes[:, None, :])
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.outer(weights, weights) * self.covariance / shared
        return np.where(np.outer(weights, weights) == 0, 0, each).sum(axis=(1, 2))

    def score(self, weights: ArrayLike) -> Interval:
        """Weighted mean of the three rates per unit with its interval; NaN where a rate that counts has no cases.

        MOVER for a linear function of correlated shares (Zou, Huang & Zhang 2009, Comput. Stat. Data
        Anal. 53, 1080): with all the weight on one rate it is that rate's own interval.
        """
        return _combined(np.asarray(weights, dtype="float64"), self.means, self.low, self.high, self._shared())

    def _shared(self) -> Array:
        """Correlation of the rates (not of the answers) per unit: less where their cases differ."""
        least = np.minimum(self.sizes[:, :, None], self.sizes[:, None, :])
        most = np.maximum(self.sizes[:, :, None], self.sizes[:, None, :])
        return self.correlation * np.sqrt(np.where(most > 0, least / np.where(most > 0, most, 1), 0))

    def effective(self, weights: ArrayLike) -> tuple[Array, Array]:
        """The score as x of n plain answers that would be as uncertain; n is 0 where there is no score.

        Effective sample size (Kish 1965; for intervals of shares Korn & Graubard 1998, Surv. Methodol.
        24, 193): for a single share of plain answers it is that share's own x and n.
        """
        a = np.asarray(weights, dtype="float64")
        level = float(a @ self.pooled)
        value = self.score(a).value
        with np.errstate(divide="ignore", invalid="ignore"):
            n = level * (1 - level) / self._variance(a)
        used = self.sizes[:, a > 0].min(axis=1)
        # A mean of answers in [0, 1] scatters no more than a share does.
        n = np.where(np.isnan(value), 0, np.maximum(n, used))
        return np.where(n > 0, np.nan_to_num(value) * n, 0), n


def _combined(a: Array, means: Array, low: Array, high: Array, correlation: Array) -> Interval:
    used = np.flatnonzero(a)
    a, means, low, high = a[used], means[:, used], low[:, used], high[:, used]
    correlation = correlation[:, used][:, :, used]
    value = means @ a
    down, up = (means - low) * a, (high - means) * a
    below = np.sqrt(np.maximum(np.einsum("uk,ukl,ul->u", down, correlation, down), 0))
    above = np.sqrt(np.maximum(np.einsum("uk,ukl,ul->u", up, correlation, up), 0))
    return Interval(value, np.clip(value - below, 0, 1), np.clip(value + above, 0, 1))


def _covariance(total: Mapping[str, float], basic_value: float, is_joint: bool) -> tuple[Array, Array]:
    """Means and covariance of the three answers from their sums, with half a case of each extreme added."""
    n, over = total["n_valid"] + 1, total["n_response"] + 1
    satisfied = total["n_satisfied"] + basic_value * total["n_basic"] + 0.5
    squares = total["n_satisfied"] + basic_value**2 * total["n_basic"] + 0.5
    mean = np.array([(total["n_responded"] + 0.5) / over, (total["n_resolved"] + 0.5) / n, satisfied / n])
    variance = np.array([mean[0] * (1 - mean[0]), mean[1] * (1 - mean[1]), squares / n - mean[2] ** 2])
    deviation = np.sqrt(variance)
    matrix = np.outer(deviation, deviation)
    if is_joint:
        both = (
            (0, 1, total["n_responded_resolved"]),
            (0, 2, total["n_responded_satisfied"] + basic_value * total["n_responded_basic"]),
            (1, 2, total["n_resolved_satisfied"] + basic_value * total["n_resolved_basic"]),
        )
        for i, j, count in both:
            # No more than the deviations allow: counts of different questions need not agree.
            held_to = np.clip((count + 0.5) / n - mean[i] * mean[j], -matrix[i, j], matrix[i, j])
            matrix[i, j] = matrix[j, i] = held_to
    return mean, matrix


def _limits(held: Mapping[str, Array], basic_value: float, confidence: float) -> Interval:
    """The three rates with their limits, arrays (units, 3)."""
    satisfied = held["n_satisfied"] + basic_value * held["n_basic"]
    squares = held["n_satisfied"] + basic_value**2 * held["n_basic"]
    parts = (
        wilson(held["n_responded"], held["n_response"], confidence),
        wilson(held["n_resolved"], held["n_valid"], confidence),
        weighted(satisfied, squares, held["n_valid"], confidence),
    )
    return Interval(*(np.stack(side, axis=1) for side in zip(*parts, strict=True)))


def measures(frame: pd.DataFrame, basic_value: float, confidence: float) -> Measures:
    """The three rates of each unit of ``frame`` (see above) with intervals of that confidence.

    ``total`` holds the same of all units together, arrays (3,). ValueError where counts cannot be true.
    """
    held = tidy(frame)
    total = {name: float(values.sum()) for name, values in held.counts.items()}
    pooled, covariance = _covariance(total, basic_value, held.is_joint)
    # All units together are one row more, behind the last.
    both = {name: np.append(values, total[name]) for name, values in held.counts.items()}
    value, low, high = _limits(both, basic_value, confidence)
    n = held.counts["n_valid"]
    return Measures(
        codes=held.codes,
        names=held.names,
        sizes=np.stack([held.counts["n_response"], n, n], axis=1),
        means=value[:-1],
        low=low[:-1],
        high=high[:-1],
        pooled=pooled,
        covariance=covariance,
        confidence=confidence,
        total=Interval(value[-1], low[-1], high[-1]),
    )


def total_score(found: Measures, weights: ArrayLike) -> Interval:
    """The score of all units together with its interval, from the sums of the counts (scalars)."""
    a = np.asarray(weights, dtype="float64")
    t = found.total
    sizes = found.sizes.sum(axis=0)
    least, most = np.minimum.outer(sizes, sizes), np.maximum.outer(sizes, sizes)
    shared = found.correlation * np.sqrt(np.where(most > 0, least / np.where(most > 0, most, 1), 0))
    one = _combined(a, t.value[None, :], t.low[None, :], t.high[None, :], shared[None, :, :])
    return Interval(*(np.asarray(part[0]) for part in one))
