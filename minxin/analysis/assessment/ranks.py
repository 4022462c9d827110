"""Ranks from draws: intervals, and the probability that one outranks another; 1 is the best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minxin.analysis.rates import Array


class Ranks(NamedTuple):
    """Per unit: limits and median of its rank."""

    low: Array
    high: Array
    median: Array


def _ordered(draws: Array) -> NDArray[np.intp]:
    """The units of each draw (draws × ranks), the highest value first."""
    return np.argsort(-draws, axis=1, kind="stable")


def rank_draws(draws: Array) -> NDArray[np.int64]:
    """Rank of each unit in each draw (draws × units), the highest value first."""
    order = _ordered(draws)
    ranks = np.empty(order.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(1, draws.shape[1] + 1)[None, :], axis=1)
    return ranks


def rank_interval(draws: Array, confidence: float) -> Ranks:
    """Equal-tailed interval of each unit's rank (Goldstein & Spiegelhalter 1996, J. R. Stat. Soc. A 159, 385).

    Ranks are few, so how often each unit takes each rank is counted, and nothing sorted again.
    """
    count, units = draws.shape
    taken = np.bincount((_ordered(draws) * units + np.arange(units)).ravel(), minlength=units * units)
    up_to = taken.reshape(units, units).cumsum(axis=1)

    def at(place: int) -> Array:
        """The rank of each unit at a place among its own, the lowest first."""
        return np.asarray((up_to <= place).sum(axis=1) + 1, dtype="float64")

    tail, places = (1 - confidence) / 2, np.arange(count)
    low, high = np.quantile(places, tail, method="lower"), np.quantile(places, 1 - tail, method="higher")
    return Ranks(at(int(low)), at(int(high)), (at((count - 1) // 2) + at(count // 2)) / 2)


def best_and_worst(draws: Array, places: int = 5) -> tuple[Array, Array]:
    """Probability of being among the first and among the last so many."""
    ranks = rank_draws(draws)
    return (ranks <= places).mean(axis=0), (ranks > draws.shape[1] - places).mean(axis=0)
