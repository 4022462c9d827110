"""What inspections found: by class and arm, how much more than at random, in all firms, in which order.

Visits come as one row each with ``risk_class, arm, pi`` (stated probability), ``has_problem`` (0 or 1) and,
where known, ``points`` (severity). Shares lie in [0, 1]. A comparison of before and after is no evaluation: other
firms, other scope, other counting. The uniform random arm of the same round is what the risk arm is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr

from minxin.analysis import rates
from minxin.analysis.inspection.rules import CLASSES
from minxin.analysis.rates import Interval


def by(visits: pd.DataFrame, column: str, order: tuple[str, ...] = (), confidence: float = 0.95) -> pd.DataFrame:
    """Detection rate of each value of a column: ``<column>, x, n, value, low, high``, Wilson's interval.

    ``order`` names the rows wanted and their order; values without visits have n 0 and no rate.
    """
    grouped = visits.groupby(column)["has_problem"].agg(["sum", "size"])
    wanted = list(order) or sorted(map(str, grouped.index))
    held = grouped.reindex(wanted).fillna(0)
    x, n = held["sum"].to_numpy(dtype="float64"), held["size"].to_numpy(dtype="float64")
    found = rates.wilson(x, n, confidence)
    return pd.DataFrame(
        {
            column: wanted,
            "x": x.astype(int),
            "n": n.astype(int),
            "value": found.value,
            "low": found.low,
            "high": found.high,
        }
    )


class Lift(NamedTuple):
    """The risk arm against the random arm: two rates, their ratio and their difference, each with its interval."""

    risk: Interval
    random: Interval
    ratio: Interval
    difference: Interval


def lift(
    x_risk: ArrayLike, n_risk: ArrayLike, x_random: ArrayLike, n_random: ArrayLike, confidence: float = 0.95
) -> Lift:
    """Ratio by Koopman's score interval, difference by Newcombe's, rates by Wilson's; all on arrays.

    Koopman rather than Katz: it stands where an arm found nothing, and holds its level with few findings
    (docs/statistics.md has both, measured).
    """
    return Lift(
        rates.wilson(x_risk, n_risk, confidence),
        rates.wilson(x_random, n_random, confidence),
        rates.score_ratio(x_risk, n_risk, x_random, n_random, confidence),
        rates.newcombe(x_risk, n_risk, x_random, n_random, confidence),
    )


def population(visits: pd.DataFrame, value: str = "has_problem", confidence: float = 0.95) -> Interval:
    """Share of all firms of the frame with a problem, from visits of known probability: Hájek's ratio.

    ``Σ(y/π) / Σ(1/π)`` (Hájek 1971). It is the mean of the classes' own rates, weighted by the firms they stand
    for; so its limits come from Wilson's limits in each class (at Kish's effective size where weights differ),
    put together by MOVER (Zou, Huang & Zhang 2009, Comput. Stat. Data Anal. 53, 1080). The linearised variance
    held the truth in 84 to 92 % only: a class with weight 50 and three findings is not normal. NaN where no visit
    has a probability.
    """
    held = visits[pd.to_numeric(visits["pi"], errors="coerce") > 0]
    nothing = np.array(np.nan)
    if held.empty:
        return Interval(nothing, nothing, nothing)
    w = 1 / held["pi"].to_numpy(dtype="float64")
    sums = (
        pd.DataFrame({"class": held["risk_class"].to_numpy(), "w": w, "ww": w**2, "wy": w * held[value].to_numpy()})
        .groupby("class")[["w", "ww", "wy"]]
        .sum()
    )
    own = sums["w"].to_numpy(dtype="float64")
    size = own**2 / sums["ww"].to_numpy(dtype="float64")
    found = rates.wilson(sums["wy"].to_numpy(dtype="float64") / own * size, size, confidence)
    part = own / own.sum()
    share = (part * found.value).sum()
    low = share - np.sqrt(((part * (found.value - found.low)) ** 2).sum())
    high = share + np.sqrt(((part * (found.high - found.value)) ** 2).sum())
    return Interval(np.array(share), np.array(max(low, 0.0)), np.array(min(high, 1.0)))


@dataclass(frozen=True)
class Order:
    """Whether rates rise from A to D: ``steps`` of neighbours with their difference, and a test for the trend.

    ``verdict``: rising (each rate above the one before), broken (some rate below, and surely so), unclear.
    ``p`` of the Cochran–Armitage test, two-sided; NaN where it cannot be computed.
    """

    verdict: str
    steps: pd.DataFrame
    p: float


def order(table: pd.DataFrame, smallest_n: int = 1, confidence: float = 0.95) -> Order:
    """Whether detection rises with the class, from ``by(visits, "risk_class", CLASSES)``.

    Trend: Cochran 1954, Biometrics 10, 417; Armitage 1955, Biometrics 11, 375, with scores 0 to 3.
    """
    held = table.set_index("risk_class").reindex(list(CLASSES))
    held["score"] = np.arange(len(CLASSES))
    held = held[held["n"].fillna(0) >= max(smallest_n, 1)]
    x, n, score = (held[c].to_numpy(dtype="float64") for c in ("x", "n", "score"))
    names = list(held.index)
    step = rates.newcombe(x[1:], n[1:], x[:-1], n[:-1], confidence)
    steps = pd.DataFrame(
        {"lower": names[:-1], "upper": names[1:], "value": step.value, "low": step.low, "high": step.high}
    )
    if len(names) < 2:
        return Order("unclear", steps, float("nan"))
    surely_broken = bool((steps["high"] < 0).any())
    rising = bool((steps["value"] > 0).all())
    verdict = "broken" if surely_broken else "rising" if rising else "unclear"
    return Order(verdict, steps, _trend(x, n, score))


def _trend(x: rates.Array, n: rates.Array, score: rates.Array) -> float:
    total, p = n.sum(), x.sum() / n.sum()
    spread = (n * score**2).sum() - (n * score).sum() ** 2 / total
    if not 0 < p < 1 or spread <= 0:
        return float("nan")
    z = (score * (x - n * p)).sum() / np.sqrt(p * (1 - p) * spread)
    return float(2 * ndtr(-abs(z)))


def gain(visits: pd.DataFrame, column: str = "risk_class") -> pd.DataFrame:
    """The curve of problems found against firms visited, if all firms were visited from the riskiest down.

    Weighted by 1/π, so that it speaks of all firms and not of those that were chosen. A row per value of the
    column, highest first: ``<column>, firms, problems`` (cumulative shares) and ``lift`` (problems / firms).
    """
    held = visits[pd.to_numeric(visits["pi"], errors="coerce") > 0]
    weights = 1 / held["pi"].to_numpy(dtype="float64")
    summed = (
        pd.DataFrame({column: held[column].to_numpy(), "w": weights, "y": weights * held["has_problem"].to_numpy()})
        .groupby(column)[["w", "y"]]
        .sum()
        .sort_index(ascending=False)
        .cumsum()
    )
    if summed.empty or summed["y"].iloc[-1] <= 0:
        return pd.DataFrame(columns=[column, "firms", "problems", "lift"])
    firms, problems = summed["w"] / summed["w"].iloc[-1], summed["y"] / summed["y"].iloc[-1]
    made = {column: summed.index, "firms": firms, "problems": problems, "lift": problems / firms}
    return pd.DataFrame(made).reset_index(drop=True)


def mean(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean of a few numbers (severity per visit) with the interval of the central limit; NaN below two."""
    held = np.asarray(values, dtype="float64")
    held = held[np.isfinite(held)]
    if len(held) < 2:
        return Interval(*(np.array(held.mean() if len(held) and i == 0 else np.nan) for i in range(3)))
    half = rates.quantile(confidence) * held.std(ddof=1) / np.sqrt(len(held))
    centre = held.mean()
    return Interval(np.array(centre), np.array(max(centre - half, 0.0)), np.array(centre + half))


def needed(p_random: float, p_risk: float, power: float = 0.8, confidence: float = 0.95) -> int:
    """Visits per arm to tell two rates apart with that power (normal approximation, variances not pooled).

    14.7 % against 23.5 %: 310 for power .8, 415 for .9 (Fleiss, Levin & Paik 2003, ch. 4).
    """
    if p_random == p_risk:
        raise ValueError("equal rates are never told apart")
    z = rates.quantile(confidence) + rates.quantile(2 * power - 1)
    spread = p_random * (1 - p_random) + p_risk * (1 - p_risk)
    return int(np.ceil(z**2 * spread / (p_risk - p_random) ** 2 - 1e-9))


def shares(drawn: pd.Series, base: pd.Series) -> pd.DataFrame:
    """Share of each group among the inspected against its share of all firms: ``group, x, n, value, low, high, base``.

    ``drawn`` and ``base`` are counts by group; intervals are Wilson's. ``verdict`` more, less or alike.
    """
    groups = list(base.index)
    x = drawn.reindex(groups).fillna(0).to_numpy(dtype="float64")
    n, whole = x.sum(), float(base.sum())
    found = rates.wilson(x, n)
    expected = base.to_numpy(dtype="float64") / whole if whole else np.full(len(groups), np.nan)
    verdict = np.where(found.low > expected, "more", np.where(found.high < expected, "less", "alike"))
    return pd.DataFrame(
        {
            "group": groups, "x": x.astype(int), "n": int(n), "value": found.value, "low": found.low,
            "high": found.high, "base": expected, "verdict": verdict,
        }
    )  # fmt: skip
