"""How long something takes where some are not done yet: Kaplan–Meier on counts by whole days.

Leaving out what is still open would make every office look quick: the slow ones are the open ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.rates import quantile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The share not done yet after each day on which something was done, with pointwise limits."""

    days: Array
    share: Array
    low: Array
    high: Array
    n: int
    n_done: int

    @property
    def n_open(self) -> int:
        return self.n - self.n_done

    def left(self, day: float) -> float:
        """The share not done ``day`` days after the beginning."""
        before = np.searchsorted(self.days, day, side="right")
        return float(self.share[before - 1]) if before else 1.0

    def quantile(self, share: float = 0.5) -> tuple[float, float, float]:
        """The day by which ``share`` is done, with its limits; NaN where that is not reached.

        The limits are the days on which the limits of the curve reach it (Brookmeyer & Crowley 1982,
        Biometrics 38, 29).
        """
        left = 1 - share + 1e-12

        def first(curve: Array) -> float:
            reached = np.flatnonzero(curve <= left)
            return float(self.days[reached[0]]) if reached.size else float("nan")

        return first(self.share), first(self.low), first(self.high)


def curve(counts: pd.DataFrame, confidence: float = 0.95) -> Curve:
    """The product-limit estimate (Kaplan & Meier 1958, J. Am. Stat. Assoc. 53, 457).

    ``counts`` has ``days`` (≥ 0), ``is_done`` and ``n``: how many took that long, or have waited that long and are
    not done (censored after those done on the same day). Limits by Greenwood's variance on log(−log S)
    (Kalbfleisch & Prentice 2002, 1.4), which stay within 0 and 1.
    """
    days = counts["days"].to_numpy(dtype="float64")
    weight = counts["n"].to_numpy(dtype="float64")
    done = counts["is_done"].to_numpy(dtype="bool")
    finished = done & (weight > 0)
    times = np.unique(days[finished])
    ended = np.bincount(np.searchsorted(times, days[finished]), weight[finished], len(times))
    # Of all, those that took less than a time are no longer at risk at it.
    order = np.argsort(days, kind="stable")
    before = np.concatenate(([0.0], np.cumsum(weight[order])))
    at_risk = weight.sum() - before[np.searchsorted(days[order], times, side="left")]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.cumprod(1 - ended / at_risk)
        variance = np.cumsum(ended / (at_risk * (at_risk - ended)))
        inner = np.log(share)
        half = quantile(confidence) * np.sqrt(variance) / np.abs(inner)
        low, high = share ** np.exp(half), share ** np.exp(-half)
    # Once everybody is done nothing is left to estimate: the limits end where they were, and at nothing.
    nobody = share <= 0
    if nobody.any():
        first = int(np.flatnonzero(nobody)[0])
        low[first:] = 0.0
        high[first:] = high[first - 1] if first else 1.0
    return Curve(times, share, low, high, int(weight.sum()), int(weight[done].sum()))


#: Below so many cases no median is told.
SMALLEST = 5


def median_text(held: Curve, hidden_below: int = 0) -> str:
    """The median with its interval as officials read it: 中位 12 天（95%区间 9—15 天）.

    Where it is not reached: 过半未办结; with fewer than ``SMALLEST`` cases: 样本不足, and how many
    where so small a number may be shown.
    """
    if held.n < SMALLEST:
        return "样本不足" if held.n < hidden_below else f"样本不足（n={held.n}）"
    middle, low, high = held.quantile()
    if np.isnan(middle):
        return "过半尚未完成"
    until = f"{low:.0f} 天以上" if np.isnan(high) else f"{low:.0f}—{high:.0f} 天"
    return f"中位 {middle:.0f} 天（95%区间 {until}）"
