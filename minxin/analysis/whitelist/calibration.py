"""From a raw score to a probability that keeps its word, fitted on scores out of fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

Array = NDArray[np.float64]
#: Bad ones from which steps are fitted (isotonic) instead of a line.
ENOUGH_FOR_STEPS = 1000


@dataclass(frozen=True)
class Calibration:
    """``slope`` and ``intercept`` on the raw score (Platt); ``at`` and ``to`` the steps where there are any."""

    slope: float
    intercept: float
    at: tuple[float, ...] = ()
    to: tuple[float, ...] = ()

    def line(self, raw: Array) -> Array:
        """The log odds of the target on the fitted line; what points are made from."""
        return self.intercept + self.slope * raw

    def probability(self, raw: Array) -> Array:
        """The probability of the target."""
        if self.at:
            return np.interp(raw, self.at, self.to)
        return logistic(self.line(raw))


def logistic(z: Array) -> Array:
    """1/(1+e^−z) without overflow."""
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def logit(p: Array) -> Array:
    """ln(p/(1−p)), p kept a hair away from 0 and 1."""
    held = np.clip(p, 1e-9, 1 - 1e-9)
    return np.log(held / (1 - held))


def line(x: Array, y: Array, ridge: float = 1e-6) -> tuple[float, float, float]:
    """Slope, intercept and the slope's standard error of a logistic regression on one number (Newton)."""
    centre, spread = float(x.mean()), float(x.std()) or 1.0
    z = np.column_stack([np.ones(len(x)), (x - centre) / spread])
    share = float(np.clip(y.mean(), 1e-9, 1 - 1e-9))
    beta = np.array([np.log(share / (1 - share)), 0.0])
    hessian = np.eye(2)
    loss = _loss(z @ beta, y)
    for _ in range(100):
        p = logistic(z @ beta)
        hessian = (z * (p * (1 - p))[:, None]).T @ z + ridge * np.eye(2)
        step = np.linalg.solve(hessian, z.T @ (y - p))
        # Halved until it helps: far outliers would throw a full step beyond the minimum.
        while np.abs(step).max() > 1e-10 and (after := _loss(z @ (beta + step), y)) > loss:
            step = step / 2
        if np.abs(step).max() <= 1e-10:
            break
        beta, loss = beta + step, after
    error = float(np.sqrt(np.linalg.inv(hessian)[1, 1])) / spread
    return float(beta[1] / spread), float(beta[0] - beta[1] * centre / spread), error


def _loss(z: Array, y: Array) -> float:
    return float(np.sum(np.logaddexp(0, z) - y * z))


def fit(raw: Array, y: Array) -> Calibration:
    """Calibration from scores of models that did not see these rows.

    Platt 1999 with his smoothed targets; isotonic regression (Zadrozny & Elkan 2002) above
    ``ENOUGH_FOR_STEPS`` bad ones, its ends kept from 0 and 1.
    """
    bad, good = float(y.sum()), float(len(y) - y.sum())
    smoothed = np.where(y > 0, (bad + 1) / (bad + 2), 1 / (good + 2))
    slope, intercept, _ = line(raw, smoothed)
    if min(bad, good) <= ENOUGH_FOR_STEPS:
        return Calibration(slope, intercept)
    steps = IsotonicRegression(out_of_bounds="clip").fit(raw, y)
    floor = 0.5 / len(y)
    at, to = steps.X_thresholds_, np.clip(steps.y_thresholds_, floor, 1 - floor)
    return Calibration(slope, intercept, tuple(map(float, at)), tuple(map(float, to)))
