"""A scorecard: logistic regression on weights of evidence, every coefficient of the sign it must have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from minxin.analysis.whitelist.binning import Bins

Array = NDArray[np.float64]
#: Variables that tell less than this are left out; at most so many are looked at.
SMALLEST_IV, MOST_VARIABLES = 0.02, 60
#: Two variables whose weights go together more closely than this: the one that tells less is left out.
TOO_ALIKE = 0.95
#: Inverse strength of the penalty on squared coefficients.
C = 0.3


@dataclass(frozen=True)
class Scorecard:
    """``raw = intercept + Σ coefficient·WOE``: log odds of the target; coefficients are negative."""

    names: tuple[str, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def raw(self, frame: pd.DataFrame, bins: dict[str, Bins]) -> Array:
        """The raw score of each row."""
        total = np.full(len(frame), self.intercept)
        for name, coefficient in zip(self.names, self.coefficients, strict=True):
            total = total + coefficient * bins[name].weights(frame[name])
        return total


def fit(frame: pd.DataFrame, y: Array, bins: dict[str, Bins]) -> Scorecard:
    """Fit on the WOE of variables that tell something; those with a coefficient of the wrong sign leave."""
    names = chosen(frame, bins)
    if not names:
        share = float(y.mean())
        return Scorecard((), (), float(np.log(share / (1 - share))))
    weights = np.column_stack([bins[name].weights(frame[name]) for name in names])
    while True:
        with threadpool_limits(1):
            model = LogisticRegression(C=C, max_iter=1000).fit(weights, y)
        coefficients = model.coef_[0]
        right = coefficients < 0
        if right.all() or not right.any():
            break
        weights, names = weights[:, right], [n for n, keep in zip(names, right, strict=True) if keep]
    return Scorecard(tuple(names), tuple(map(float, np.minimum(coefficients, 0))), float(model.intercept_[0]))


def chosen(frame: pd.DataFrame, bins: dict[str, Bins]) -> Sequence[str]:
    """The variables worth looking at, most telling first, none too much like one before it."""
    told = sorted((b for b in bins.values() if b.iv >= SMALLEST_IV), key=lambda b: (-b.iv, b.name))
    names: list[str] = []
    held: list[Array] = []
    for one in told:
        if len(names) == MOST_VARIABLES:
            break
        weights = one.weights(frame[one.name])
        spread = weights.std()
        if spread == 0:
            continue
        standard = (weights - weights.mean()) / spread
        if any(abs(float(standard @ other)) / len(standard) > TOO_ALIKE for other in held):
            continue
        names.append(one.name)
        held.append(standard)
    return names
