"""How well probabilities separate and keep their word: AUC with DeLong's interval, KS, Brier, slope, PSI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from minxin.analysis import rates
from minxin.analysis.whitelist import calibration

Array = NDArray[np.float64]
PARTS = 10
#: From here on a shift of the scores is worth a look, and from here on it is one.
PSI_WATCH, PSI_SHIFT = 0.1, 0.25


@dataclass(frozen=True)
class Measures:
    """What is said of a model on rows that it did not see; every measure of probabilities of the target."""

    n: int
    bad: int
    auc: float
    auc_low: float
    auc_high: float
    gini: float
    ks: float
    brier: float
    brier_skill: float
    ece: float
    calibration_slope: float
    calibration_slope_low: float
    calibration_slope_high: float
    calibration_intercept: float
    predicted: float
    actual: float
    actual_low: float
    actual_high: float
    psi: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def delong(y: Array, scores: list[Array]) -> tuple[Array, Array]:
    """AUC of each score and their covariance (DeLong et al. 1988; ranks as Sun & Xu 2014).

    ``y``: 1 for the target; ties count half. Shapes (k,) and (k, k).
    """
    positive = y > 0
    m, n = int(positive.sum()), int((~positive).sum())
    aucs, of_bad, of_good = [], [], []
    for score in scores:
        both = rankdata(score)
        x, z = score[positive], score[~positive]
        of_bad.append((both[positive] - rankdata(x)) / n)
        of_good.append(1 - (both[~positive] - rankdata(z)) / m)
        aucs.append((both[positive].sum() / m - (m + 1) / 2) / n)
    bad_part = np.atleast_2d(np.cov(np.array(of_bad))) if m > 1 else np.full((len(scores),) * 2, np.nan)
    good_part = np.atleast_2d(np.cov(np.array(of_good))) if n > 1 else np.full((len(scores),) * 2, np.nan)
    return np.array(aucs), bad_part / m + good_part / n


def auc(y: Array, score: Array, confidence: float = 0.95) -> rates.Interval:
    """AUC with DeLong's interval on the logit scale, so that it stays within 0 and 1."""
    found, covariance = delong(y, [score])
    value, error = float(found[0]), float(np.sqrt(covariance[0, 0]))
    if not 0 < value < 1 or not error > 0:
        return rates.Interval(np.array(value), np.array(value), np.array(value))
    centre, half = np.log(value / (1 - value)), rates.quantile(confidence) * error / (value * (1 - value))
    low, high = 1 / (1 + np.exp(-(centre - half))), 1 / (1 + np.exp(-(centre + half)))
    return rates.Interval(np.array(value), np.array(low), np.array(high))


def compared(y: Array, one: Array, other: Array) -> dict[str, float]:
    """Difference of two AUCs on the same rows with interval and two-sided p (DeLong)."""
    found, covariance = delong(y, [one, other])
    change = float(found[0] - found[1])
    error = float(np.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0)))
    if not error > 0:
        return {"difference": change, "low": change, "high": change, "p": 1.0}
    half = rates.quantile(0.95) * error
    return {
        "difference": change,
        "low": change - half,
        "high": change + half,
        "p": float(2 * ndtr(-abs(change) / error)),
    }


def ks(y: Array, score: Array) -> float:
    """Greatest distance between the distributions of the score among bad and good ones."""
    order = np.argsort(score, kind="stable")
    held, ordered = y[order], score[order]
    ends = np.append(np.diff(ordered) > 0, True)
    bad, good = np.cumsum(held) / held.sum(), np.cumsum(1 - held) / (1 - held).sum()
    return float(np.abs(bad - good)[ends].max())


def reliability(y: Array, p: Array, parts: int = PARTS) -> pd.DataFrame:
    """Predicted and actual share in parts of equal size: ``part, n, bad, predicted, actual, low, high``."""
    order = np.argsort(p, kind="stable")
    rows = []
    for part, held in enumerate(np.array_split(order, parts)):
        if not len(held):
            continue
        found = rates.wilson(y[held].sum(), len(held))
        rows.append(
            {
                "part": part + 1, "n": len(held), "bad": int(y[held].sum()), "predicted": float(p[held].mean()),
                "actual": float(found.value), "low": float(found.low), "high": float(found.high),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def ece(y: Array, p: Array, parts: int = PARTS) -> float:
    """Expected calibration error: mean distance of predicted and actual over parts of equal size."""
    held = reliability(y, p, parts)
    return float(((held["predicted"] - held["actual"]).abs() * held["n"]).sum() / held["n"].sum())


def edges(expected: Array, parts: int = PARTS) -> tuple[float, ...]:
    """The inner quantiles of scores that a PSI is counted in."""
    return tuple(map(float, np.unique(np.quantile(expected, np.linspace(0, 1, parts + 1)[1:-1]))))


def counts(scores: Array, at: tuple[float, ...]) -> tuple[int, ...]:
    """How many scores lie between the edges, one at most an edge below it."""
    where = np.searchsorted(np.array(at), scores, side="left")
    return tuple(map(int, np.bincount(where, minlength=len(at) + 1)))


def psi(expected: Any, actual: Any) -> float:
    """Population stability index Σ(a−e)·ln(a/e) of counts in the same parts, half a case added to each."""
    e, a = np.asarray(expected, dtype="float64") + 0.5, np.asarray(actual, dtype="float64") + 0.5
    e, a = e / e.sum(), a / a.sum()
    return float(((a - e) * np.log(a / e)).sum())


def psi_word(value: float) -> str:
    """What a PSI means, in a word."""
    if value != value:
        return "未计算"
    return "稳定" if value < PSI_WATCH else "需关注" if value < PSI_SHIFT else "明显偏移"


def measure(y: Array, p: Array, shift: float) -> Measures:
    """All measures of probabilities ``p`` of rows with outcome ``y``; ``shift`` the PSI found beside.

    Brier skill compares with giving everybody the share of bad ones; calibration slope and intercept are
    those of a logistic regression of the outcome on the log odds (Cox 1958), ideally 1 and 0.
    """
    separated = auc(y, p)
    share = float(y.mean())
    brier = float(np.mean((p - y) ** 2))
    slope, intercept, error = calibration.line(calibration.logit(p), y)
    half = rates.quantile(0.95) * error
    found = rates.wilson(y.sum(), len(y))
    return Measures(
        n=len(y), bad=int(y.sum()), auc=float(separated.value), auc_low=float(separated.low),
        auc_high=float(separated.high), gini=2 * float(separated.value) - 1, ks=ks(y, p), brier=brier,
        brier_skill=1 - brier / (share * (1 - share)), ece=ece(y, p), calibration_slope=slope,
        calibration_slope_low=slope - half, calibration_slope_high=slope + half, calibration_intercept=intercept,
        predicted=float(p.mean()), actual=share, actual_low=float(found.low), actual_high=float(found.high),
        psi=shift,
    )  # fmt: skip


def verdict(m: Mapping[str, float]) -> str:
    """Whether probabilities keep their word, in words: as a whole, and where they are high and low."""
    if m["predicted"] > m["actual_high"]:
        return "概率整体偏高"
    if m["predicted"] < m["actual_low"]:
        return "概率整体偏低"
    if m["calibration_slope_high"] < 1:
        return "概率偏于极端"
    return "概率偏于保守" if m["calibration_slope_low"] > 1 else "概率与实际相符"
