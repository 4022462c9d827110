"""Weekly counts before and after something was done: how level and slope changed, and how sure that is.

Segmented regression of an interrupted time series with counts (Bernal, Cummins & Gasparrini 2017, Int. J.
Epidemiol. 46, 348): log of the expected count = level + slope × week + change of level + change of slope ×
weeks since, a quasi-Poisson model fitted by iteratively reweighted least squares (McCullagh & Nelder 1989,
Generalized Linear Models, ch. 2 and 9), its spread from Pearson's statistic and never taken as less than
Poisson's. A pair of harmonics takes up the season where a year of weeks before is known. Weeks that follow
each other alike say less than as many independent ones: where the residuals' first autocorrelation r is
positive, variances grow by (1 + r)/(1 − r) (Bayley & Hammersley 1946, J. R. Stat. Soc. Suppl. 8, 184).

The weeks in which the case itself ran take no part ("phase-in" in the paper): a burst of petitions is what made
it a case, and its passing is no merit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from minxin.analysis.rates import poisson

Array = NDArray[np.float64]
#: So many weeks before and after, and petitions in all before, are the least from which anything is said.
WEEKS_BEFORE, WEEKS_AFTER, CASES_BEFORE = 12, 8, 20
#: A change of slope is asked of the data only from so many petitions and weeks after on.
SLOPE_WEEKS, SLOPE_CASES = 12, 10
YEAR = 365.25 / 7
#: Where the upper limit is more than so many times the lower, not even "no difference" is said.
WIDEST = 10
_ROUNDS = 100


@dataclass(frozen=True)
class Ratio:
    """A ratio of expected counts with its limits: 0.8 is a fifth fewer. NaN where it was not asked of the data."""

    value: float
    low: float
    high: float

    @property
    def is_fewer(self) -> bool:
        return self.high < 1

    @property
    def is_more(self) -> bool:
        return self.low > 1


UNASKED = Ratio(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Fit:
    """A generalised linear model of counts with log link: coefficients, their covariance, spread, fitted values."""

    beta: Array
    covariance: Array
    dispersion: float
    autocorrelation: float
    fitted: Array
    degrees: int

    def quantile(self, confidence: float) -> float:
        """The two-sided quantile of Student's t with the degrees of freedom left."""
        return float(stdtrit(self.degrees, 0.5 + confidence / 2))


@dataclass(frozen=True)
class Change:
    """What changed. ``level`` at once and ``slope`` per week as ratios; ``effect``: all petitions after over those
    that the weeks before let expect.

    ``fitted``: what the model says of each week, NaN in those left out. ``awaited``: what the weeks before let
    expect of the weeks after, with limits, NaN elsewhere.
    """

    level: Ratio
    slope: Ratio
    effect: Ratio
    dispersion: float
    autocorrelation: float
    has_season: bool
    weeks_before: int
    weeks_after: int
    fitted: Array
    awaited: Array
    awaited_low: Array
    awaited_high: Array


def quasi_poisson(counts: ArrayLike, design: ArrayLike, offset: ArrayLike = 0.0) -> Fit:
    """Fit log E[y] = offset + X b with variance φ·E[y]; the covariance includes φ, autocorrelation apart.

    ``design``: rows × columns with the constant. ValueError where it does not settle or the columns depend on
    each other.
    """
    y, x = np.asarray(counts, dtype="float64"), np.asarray(design, dtype="float64")
    known = np.broadcast_to(np.asarray(offset, dtype="float64"), y.shape)
    degrees = len(y) - x.shape[1]
    if degrees < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise ValueError("too few rows or dependent columns")
    eta = np.log(np.maximum(y, 0.1))
    deviance = np.inf
    for _ in range(_ROUNDS):
        mean = np.exp(np.clip(eta, -30, 30))
        weighted = x * mean[:, None]
        information = x.T @ weighted
        beta = np.linalg.solve(information, weighted.T @ (eta - known + (y - mean) / mean))
        eta = known + x @ beta
        mean = np.exp(np.clip(eta, -30, 30))
        now = 2 * float((np.where(y > 0, y * np.log(np.maximum(y, 1e-300) / mean), 0) - (y - mean)).sum())
        if abs(now - deviance) < 1e-10 * (abs(now) + 0.1):
            break
        deviance = now
    else:
        raise ValueError("the fit does not settle")
    residuals = (y - mean) / np.sqrt(mean)
    spread = float((residuals**2).sum()) / degrees
    covariance = spread * np.linalg.inv((x * mean[:, None]).T @ x)
    return Fit(beta, covariance, spread, _autocorrelation(residuals), mean, degrees)


def _autocorrelation(residuals: Array) -> float:
    total = float((residuals**2).sum())
    return float((residuals[1:] * residuals[:-1]).sum()) / total if total > 0 else 0.0


def compare(counts: ArrayLike, before: int, after_from: int, confidence: float = 0.95) -> Change | None:
    """The change between the first ``before`` weeks and those from position ``after_from`` on.

    None where too little is known: ``reason`` says what is missing.
    """
    y = np.asarray(counts, dtype="float64")
    if reason(y, before, after_from):
        return None
    time = np.arange(len(y), dtype="float64")
    is_after = time >= after_from
    used = (time < before) | is_after
    n_after = len(y) - after_from
    nothing_after = y[is_after].sum() == 0
    with_slope = n_after >= SLOPE_WEEKS and y[is_after].sum() >= SLOPE_CASES
    has_season = before >= YEAR
    columns = [np.ones_like(time), (time - before) / YEAR]
    if has_season:
        angle = 2 * np.pi * time / YEAR
        columns += [np.sin(angle), np.cos(angle)]
    base = np.stack(columns, axis=1)
    extra = [is_after.astype("float64")] + ([np.where(is_after, time - after_from, 0.0)] if with_slope else [])
    whole = np.concatenate([base, np.stack(extra, axis=1)], axis=1)
    try:
        if nothing_after:
            return _without_any(y, base, before, after_from, has_season, confidence)
        fit = quasi_poisson(y[used], whole[used])
    except (ValueError, np.linalg.LinAlgError):
        return None
    covariance = fit.covariance * _inflation(fit)
    width = fit.quantile(confidence)
    place = base.shape[1]
    awaited_x = whole.copy()
    awaited_x[:, place:] = 0
    fitted = np.where(used, np.exp(whole @ fit.beta), np.nan)
    log_awaited = awaited_x @ fit.beta
    error = np.sqrt(np.einsum("ij,jk,ik->i", awaited_x, covariance, awaited_x))
    one, other = np.exp(whole[is_after] @ fit.beta), np.exp(log_awaited[is_after])
    slope_of = (one / one.sum()) @ whole[is_after] - (other / other.sum()) @ awaited_x[is_after]
    ratio = float(np.log(one.sum()) - np.log(other.sum()))
    hidden = np.where(is_after, 0.0, np.nan)
    return Change(
        level=_ratio(float(fit.beta[place]), float(covariance[place, place]) ** 0.5, width),
        slope=_ratio(float(fit.beta[place + 1]), float(covariance[place + 1, place + 1]) ** 0.5, width)
        if with_slope
        else UNASKED,
        effect=_ratio(ratio, float(slope_of @ covariance @ slope_of) ** 0.5, width),
        dispersion=fit.dispersion,
        autocorrelation=fit.autocorrelation,
        has_season=has_season,
        weeks_before=before,
        weeks_after=n_after,
        fitted=fitted,
        awaited=np.exp(log_awaited) + hidden,
        awaited_low=np.exp(log_awaited - width * error) + hidden,
        awaited_high=np.exp(log_awaited + width * error) + hidden,
    )


def _inflation(fit: Fit) -> float:
    """What to multiply variances by: never less than Poisson's spread, more where weeks follow each other."""
    r = min(max(fit.autocorrelation, 0.0), 0.8)
    return (1 + r) / (1 - r) / min(fit.dispersion, 1.0)


def _ratio(log: float, error: float, width: float) -> Ratio:
    return Ratio(float(np.exp(log)), float(np.exp(log - width * error)), float(np.exp(log + width * error)))


def _without_any(y: Array, base: Array, before: int, after_from: int, has_season: bool, confidence: float) -> Change:
    """Not one petition after: no level can be fitted; the limit is that of a count of 0 over what was expected."""
    fit = quasi_poisson(y[:before], base[:before])
    covariance = fit.covariance * _inflation(fit)
    width = fit.quantile(confidence)
    log = base @ fit.beta
    error = np.sqrt(np.einsum("ij,jk,ik->i", base, covariance, base))
    is_after = np.arange(len(y)) >= after_from
    hidden = np.where(is_after, 0.0, np.nan)
    low = float(np.exp(log - width * error)[is_after].sum())
    # The cautious end of what was expected, and a count that comes in clusters says less.
    limit = float(poisson(0, 1.0, confidence).high) * max(fit.dispersion, 1.0) / max(low, 1e-9)
    effect = Ratio(0.0, 0.0, limit)
    known = np.arange(len(y)) < before
    return Change(
        level=effect,
        slope=UNASKED,
        effect=effect,
        dispersion=fit.dispersion,
        autocorrelation=fit.autocorrelation,
        has_season=has_season,
        weeks_before=before,
        weeks_after=len(y) - after_from,
        fitted=np.where(known, np.exp(log), np.where(is_after, 0.0, np.nan)),
        awaited=np.exp(log) + hidden,
        awaited_low=np.exp(log - width * error) + hidden,
        awaited_high=np.exp(log + width * error) + hidden,
    )


def reason(counts: ArrayLike, before: int, after_from: int) -> str:
    """Why nothing can be said, as a Chinese sentence; '' where it can be tried."""
    y = np.asarray(counts, dtype="float64")
    after = max(len(y) - after_from, 0)
    if before < WEEKS_BEFORE:
        return f"发生前只有 {max(before, 0)} 周数据，不足 {WEEKS_BEFORE} 周，无法判断前后变化"
    if after < WEEKS_AFTER:
        return f"办理后只有 {after} 周数据，不足 {WEEKS_AFTER} 周，还不能判断前后变化"
    n = int(y[:before].sum())
    if n < CASES_BEFORE:
        return f"发生前 {before} 周同类诉求共 {n} 件，不足 {CASES_BEFORE} 件，无法判断前后变化"
    return ""


def sentence(change: Change | None, missing: str) -> str:
    """What may be said of a change in one line, made from the numbers alone."""
    if change is None:
        return missing or "同类诉求波动太大，模型无法收敛，不能判断前后变化"
    effect = change.effect
    if effect.is_fewer:
        span = _span(1 - effect.high, 1 - effect.low)
        return f"办理后同类诉求比按原走势应有的少 {_share(1 - effect.value)}（区间 {span}）"
    if effect.is_more:
        span = _span(effect.low - 1, effect.high - 1)
        return f"办理后同类诉求比按原走势应有的多 {_share(effect.value - 1)}（区间 {span}）"
    if effect.low <= 0 or effect.high / effect.low > WIDEST:
        return f"同类诉求少而波动大，办理前后的变化看不清（为原走势的 {_span(effect.low, effect.high)}）"
    return f"办理前后同类诉求没有显著差异（为原走势的 {_share(effect.value)}，区间 {_span(effect.low, effect.high)}）"


def _share(value: float) -> str:
    return f"{value * 100:.0f}%"


def _span(low: float, high: float) -> str:
    return f"{_share(low)}—{_share(high)}"
