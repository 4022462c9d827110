"""How many firms of each class, and with which probability each of them: fixed before the seed is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from minxin.analysis.inspection import frame
from minxin.analysis.inspection.rules import CLASSES, Rule
from minxin.settings import Unusable

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
#: So many standard deviations above what is expected a class has room for its share of the random arm.
ROOM = 5.0


@dataclass(frozen=True)
class Plan:
    """What is drawn: ``firms`` has ``uscc, risk_class, reason, weight, pi, pi_random`` and what the frame had.

    ``sizes`` and ``drawn`` by class; ``n_random`` firms of all form the uniform random arm.
    """

    firms: pd.DataFrame
    rule: Rule
    size: int
    n_random: int
    sizes: dict[str, int]
    drawn: dict[str, int]

    @property
    def eligible(self) -> int:
        """Firms that can be drawn."""
        return sum(self.sizes.values())


def allocate(sizes: ArrayLike, total: int, weights: ArrayLike, floors: ArrayLike = 0) -> Whole:
    """Places per class, proportional to size × weight, never above the size nor below the floor.

    Weights: the rates of the rules; shares of problems p for the greatest yield; √(p(1−p)) for the best
    estimate of the population (Neyman 1934, J. R. Stat. Soc. 97, 558). Rounded by largest remainder, ties
    to the higher class. ValueError where the floors do not fit into ``total`` or it exceeds all sizes.
    """
    n, w = np.asarray(sizes, dtype="float64"), np.asarray(weights, dtype="float64")
    low = np.minimum(np.broadcast_to(np.asarray(floors, dtype="float64"), n.shape), n)
    if not low.sum() <= total <= n.sum():
        raise ValueError(f"cannot place {total} between {low.sum():g} and {n.sum():g}")
    exact = _filled(n * w, low, n, float(total))
    whole = np.floor(exact + 1e-9).astype(np.int64)
    order = sorted(range(len(n)), key=lambda i: (-(exact[i] - whole[i]), -i))
    for i in [i for i in order if whole[i] < n[i]][: total - int(whole.sum())]:
        whole[i] += 1
    return whole


def _filled(share: Array, low: Array, high: Array, total: float) -> Array:
    """``clip(c·share, low, high)`` with the c that makes the sum the total, by bisection on log c."""
    if not share.any():
        share = high
    if high.sum() <= total:
        return high.copy()
    down, up = -80.0, 80.0
    for _ in range(200):
        middle = (down + up) / 2
        if np.clip(math.exp(middle) * share, low, high).sum() < total:
            down = middle
        else:
            up = middle
    return np.clip(math.exp(up) * share, low, high)


def probabilities(weights: ArrayLike, n: int, floor: float = 0.0) -> Array:
    """Probabilities in [floor, 1] proportional to the weights as far as both limits allow; their sum is n.

    Equal weights give exactly n/N. ValueError where n firms cannot be drawn.
    """
    w = np.asarray(weights, dtype="float64")
    if not 0 <= n <= len(w):
        raise ValueError(f"cannot draw {n} of {len(w)}")
    if not len(w):
        return np.zeros(0)
    mean = n / len(w)
    if n in (0, len(w)) or np.ptp(w) == 0:
        return np.full(len(w), mean)
    found = _filled(w, np.full(len(w), min(floor, mean)), np.ones(len(w)), float(n))
    # What bisection leaves of the sum lies far below the published decimals.
    return np.clip(found, 0.0, 1.0)


def plan(given: pd.DataFrame, rule: Rule, size: int | None = None) -> Plan:
    """The plan of a round: who takes part, how many of each class, the stated probability of every firm.

    The probability is that of being drawn by either arm; ``pi_random`` is that of the random arm alone.
    ``size`` None means as many as the rates of the rules come to. Unusable where the size does not fit.
    """
    firms = frame.prepare(given, rule)
    inside = firms[firms["reason"] == ""]
    counts = inside["risk_class"].value_counts()
    sizes = {c: int(counts.get(c, 0)) for c in CLASSES}
    total = sum(sizes.values())
    if not total:
        raise Unusable("抽样框中没有可以抽取的企业，请检查不参加原因。")
    wanted = _usual(sizes, rule) if size is None else size
    if not 1 <= wanted <= total:
        raise Unusable(f"抽查户数应在 1 到 {total} 之间（抽样框中可抽取的有 {total} 户），现为 {wanted}。")
    n_random = max(1, math.floor(rule.random_share * wanted + 0.5))
    floors = _floors(sizes, total, wanted, n_random, rule)
    if sum(floors) > wanted:
        raise Unusable(
            f"抽查 {wanted} 户不足以让随机组和各类别都有覆盖，按现行规则至少需要 {sum(floors)} 户，请增加户数。"
        )
    places = allocate(list(sizes.values()), wanted, [rule.rates[c] for c in CLASSES], floors)
    drawn = {c: int(n) for c, n in zip(CLASSES, places, strict=True)}
    pi = np.zeros(len(firms))
    takes_part = (firms["reason"] == "").to_numpy()
    lowest = max(rule.floor * wanted / total, n_random / total)
    for code in CLASSES:
        own = takes_part & (firms["risk_class"] == code).to_numpy()
        pi[own] = probabilities(firms.loc[own, "weight"], drawn[code], lowest)
    firms["pi"] = pi.round(frame.PLACES)
    firms["pi_random"] = np.where(takes_part, round(n_random / total, frame.PLACES), 0.0)
    return Plan(firms, rule, wanted, n_random, sizes, drawn)


def _usual(sizes: dict[str, int], rule: Rule) -> int:
    return max(1, sum(math.floor(n * rule.rates[c] + 0.5) for c, n in sizes.items()))


def _floors(sizes: dict[str, int], total: int, wanted: int, n_random: int, rule: Rule) -> list[int]:
    """Least places of each class: its share of the random arm with room to spare, and the floor of the rules.

    With this room the random arm takes more of a class than its places less than once in a million draws, so
    that in a class of equal weights places/size is the probability of each firm exactly.
    """
    floors = []
    for n in sizes.values():
        share = n / total
        spread = math.sqrt(n_random * share * (1 - share))
        room = min(n, n_random, math.ceil(n_random * share + ROOM * spread)) if n else 0
        floors.append(min(n, max(room, math.ceil(rule.floor * wanted * share - 1e-9))))
    return floors
