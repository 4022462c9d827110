"""Funnel limits around the common rate, and expected rates given what kind of petitions a unit has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import betainc

from minxin.analysis.rates import Array, quantile, wilson

#: Below so many cases the limits are those of the binomial distribution itself.
EXACT_BELOW = 50


@dataclass(frozen=True)
class Overdispersion:
    """How much more than chance the units scatter: φ, and the variance between them τ²."""

    phi: float
    tau2: float


def z_scores(x: ArrayLike, n: ArrayLike, target: float) -> Array:
    """Distance of each share from the target in standard errors under the target; NaN where n is 0."""
    x, n = np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((x / n - target) / np.sqrt(target * (1 - target) / n))


def winsorised(z: ArrayLike, share: float = 0.1) -> Array:
    """The outermost share at each end drawn in to the quantile there (Spiegelhalter 2005, App. A)."""
    values = np.asarray(z, dtype="float64")
    low, high = np.nanquantile(values, [share, 1 - share])
    return np.asarray(np.clip(values, low, high))


def overdispersion(x: ArrayLike, n: ArrayLike, target: float, share: float = 0.1) -> Overdispersion:
    """Multiplicative φ and additive τ² from winsorised z-scores.

    Spiegelhalter 2005, Stat. Med. 24, 1185, and Spiegelhalter et al. 2012, J. R. Stat. Soc. A 175, 1:
    ``φ = Σz²/I``, ``τ² = max(0, (Iφ − (I−1)) / (Σw − Σw²/Σw))`` with w the inverse variances.
    """
    x, n = np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64")
    seen = n > 0
    units = int(seen.sum())
    if units < 2 or not 0 < target < 1:
        return Overdispersion(1.0, 0.0)
    z = winsorised(z_scores(x[seen], n[seen], target), share)
    phi = float((z**2).mean())
    w = n[seen] / (target * (1 - target))
    spare = w.sum() - (w**2).sum() / w.sum()
    tau2 = max(0.0, (units * phi - (units - 1)) / spare) if spare > 0 else 0.0
    return Overdispersion(phi, float(tau2))


def binomial_limits(n: ArrayLike, target: float, confidence: float) -> tuple[Array, Array]:
    """Exact limits of a share, interpolated between the counts around the tail (Spiegelhalter 2005, A.1.1)."""
    n = np.atleast_1d(np.asarray(n, dtype="float64"))
    tail = (1 - confidence) / 2
    low, high = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    for i, cases in enumerate(n):
        if not cases >= 1:
            continue
        counts = np.arange(int(cases) + 1, dtype="float64")
        with np.errstate(invalid="ignore"):
            below = np.where(counts < cases, 1 - betainc(counts + 1, np.maximum(cases - counts, 1e-9), target), 1.0)
        for limits, p in ((low, tail), (high, 1 - tail)):
            r = int(np.searchsorted(below, p))
            before = below[r - 1] if r else 0.0
            limits[i] = np.clip((r - (below[r] - p) / (below[r] - before)) / cases, 0, 1)
    return low, high


def limits(
    n: ArrayLike, target: float, confidence: float, spread: Overdispersion | None = None, additive: bool = True
) -> tuple[Array, Array]:
    """Funnel limits at sizes n around the target: ``θ ± z·sqrt(θ(1−θ)/n)``, exact below 50 cases.

    With overdispersion the variance has τ² added, or the arms are √φ times as long (``additive`` False),
    never less than without; then nothing is exact any more.
    """
    sizes = np.atleast_1d(np.asarray(n, dtype="float64"))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(sizes > 0, target * (1 - target) / sizes, np.nan)
    wide = spread is not None and (spread.tau2 > 0 if additive else spread.phi > 1)
    if spread is not None and wide:
        variance = variance + spread.tau2 if additive else variance * spread.phi
    half = quantile(confidence) * np.sqrt(variance)
    low, high = np.clip(target - half, 0, 1), np.clip(target + half, 0, 1)
    small = sizes < EXACT_BELOW
    if small.any() and not wide:
        low[small], high[small] = binomial_limits(sizes[small], target, confidence)
    return low, high


def funnel(frame: pd.DataFrame, warning: float = 0.95, action: float = 0.998, additive: bool = True) -> pd.DataFrame:
    """Units against the common rate: ``code, name, x, n`` → with ``value, target, warning_low, warning_high,
    action_low, action_high, phi, tau2, place`` (``in``, ``warning_high``, ``action_low`` …), rows as given.
    """
    x, n = (frame[c].to_numpy("float64") for c in ("x", "n"))
    target = float(np.sort(x).sum() / n.sum()) if n.sum() > 0 else np.nan
    spread = overdispersion(x, n, target)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(n > 0, x / n, np.nan)
    inner, outer = (limits(n, target, level, spread, additive) for level in (warning, action))
    place = np.select(
        [value < outer[0], value > outer[1], value < inner[0], value > inner[1], ~np.isnan(value)],
        ["action_low", "action_high", "warning_low", "warning_high", "in"],
        "none",
    )
    return frame.assign(
        value=value,
        target=target,
        warning_low=inner[0],
        warning_high=inner[1],
        action_low=outer[0],
        action_high=outer[1],
        phi=spread.phi,
        tau2=spread.tau2,
        place=place,
    )


def adjusted(cells: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """What each unit would reach with everybody's mix of petitions: observed over expected.

    ``cells``: ``code, cell, x, n``, one row per unit and kind of petition (category × complexity × channel;
    any labels). Indirect standardisation: the expected count is what the unit's mix gives at everybody's
    rates; the displayed rate is O/E × the common rate, clipped at 1 (Keiding & Clayton 2014, Stat. Sci.
    29, 529). Its interval is Wilson's for O/n, scaled alike. One row per unit in order of the codes:
    ``code, n, observed, expected, ratio, value`` (plain), ``adjusted, low, high``.
    """
    held = cells.assign(code=cells["code"].astype(str)).sort_values(["code", "cell"], kind="stable")
    common = held.groupby("cell", sort=True)[["x", "n"]].sum()
    rate = (common["x"] / common["n"].where(common["n"] > 0)).fillna(0.0)
    held = held.assign(expected=held["n"] * held["cell"].map(rate))
    units = held.groupby("code", sort=True)[["x", "n", "expected"]].sum()
    x, n, expected = (units[c].to_numpy("float64") for c in ("x", "n", "expected"))
    level = x.sum() / n.sum() if n.sum() > 0 else np.nan
    plain = wilson(x, n, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(expected > 0, n / expected * level, np.nan)
        ratio = np.where(expected > 0, x / expected, np.nan)
    return pd.DataFrame(
        {
            "code": units.index.to_numpy(),
            "n": n,
            "observed": x,
            "expected": expected,
            "ratio": ratio,
            "value": plain.value,
            "adjusted": np.minimum(plain.value * scale, 1),
            "low": np.minimum(plain.low * scale, 1),
            "high": np.minimum(plain.high * scale, 1),
        }
    )
