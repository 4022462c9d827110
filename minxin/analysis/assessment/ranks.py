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


def rank_draws(draws: Array) -> NDArray[np.int64]:
    """Rank of each unit in each draw (draws × units), the highest value first."""
    order = np.argsort(-draws, axis=1, kind="stable")
    ranks = np.empty(order.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(1, draws.shape[1] + 1)[None, :], axis=1)
    return ranks


def rank_interval(draws: Array, confidence: float) -> Ranks:
    """Equal-tailed interval of each unit's rank (Goldstein & Spiegelhalter 1996, J. R. Stat. Soc. A 159, 385)."""
    ranks = rank_draws(draws)
    tail = (1 - confidence) / 2
    low = np.quantile(ranks, tail, axis=0, method="lower")
    high = np.quantile(ranks, 1 - tail, axis=0, method="higher")
    return Ranks(low.astype("float64"), high.astype("float64"), np.median(ranks, axis=0))


def best_and_worst(draws: Array, places: int = 5) -> tuple[Array, Array]:
    """Probability of being among the first and among the last so many."""
    ranks = rank_draws(draws)
    return (ranks <= places).mean(axis=0), (ranks > draws.shape[1] - places).mean(axis=0)
