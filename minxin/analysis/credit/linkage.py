"""Do two measures of the same places go together? Rank correlation with an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

#: Fewer places than this say nothing about a correlation.
SMALLEST = 10


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho with its 95% interval; ``n`` places, all of them null where there are too few."""

    rho: float
    low: float
    high: float
    n: int

    @property
    def is_known(self) -> bool:
        """Whether enough places were there."""
        return not math.isnan(self.rho)

    @property
    def is_clear(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.is_known and (self.low > 0 or self.high < 0)


def rank_correlation(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Correlation:
    """Spearman's rank correlation of two measures, pairs with a missing value left out.

    Interval by Fisher's z with the variance (1 + rho²/2)/(n − 3) of Bonett and Wright (2000), which covers
    rank correlations; ties get mean ranks. All NaN for fewer than ``SMALLEST`` pairs or a constant measure.
    """
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    n = len(x)
    if n < SMALLEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Correlation(math.nan, math.nan, math.nan, n)
    rho = float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])
    bounded = min(max(rho, -1 + 1e-9), 1 - 1e-9)
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * math.sqrt((1 + bounded**2 / 2) / (n - 3))
    middle = math.atanh(bounded)
    return Correlation(rho, math.tanh(middle - reach), math.tanh(middle + reach), n)
