"""How many petitions per head: communities that stand out, for the class 治理."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincc

from minxin.analysis.rates import Array


def gamma_shape(count: ArrayLike, exposure: ArrayLike) -> float:
    """Shape of the gamma distribution of true rates per head by moments; inf where they do not differ.

    Marshall 1991, Appl. Stat. 40, 283: variance of the rates beyond what Poisson counts scatter.
    """
    o, e = np.asarray(count, dtype="float64"), np.asarray(exposure, dtype="float64")
    level = o.sum() / e.sum()
    beyond = (e * (o / e - level) ** 2).sum() / e.sum() - level * len(e) / e.sum()
    return float(level**2 / beyond) if beyond > 0 and level > 0 else float("inf")


def p_high(count: ArrayLike, exposure: ArrayLike, factor: float) -> Array:
    """Probability per unit that its true rate per head is at least ``factor`` times that of all together.

    Gamma-Poisson empirical Bayes (Clayton & Kaldor 1987, Biometrics 43, 671). NaN where the exposure
    (people) is missing; 0 everywhere where the rates do not differ beyond chance.
    """
    o, e = np.broadcast_arrays(np.asarray(count, dtype="float64"), np.asarray(exposure, dtype="float64"))
    known = (e > 0) & (o >= 0)
    result = np.full(o.shape, np.nan)
    if known.sum() < 2:
        return result
    shape = gamma_shape(o[known], e[known])
    if not np.isfinite(shape):
        result[known] = 0.0
        return result
    level = o[known].sum() / e[known].sum()
    result[known] = gammaincc(shape + o[known], (shape / level + e[known]) * level * factor)
    return result
