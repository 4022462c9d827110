"""Bins and weights of evidence: a variable cut into few ranges whose risk runs one way where it can.

``WOE = ln((g/G)/(b/B))`` and ``IV = Σ (g/G − b/B)·WOE`` (Siddiqi 2006, Credit Risk Scorecards); a high
WOE is good. Each bin counts ``PRIOR`` more rows of the whole's mix, so that a bin without bad ones has a
finite weight. Missing values are a bin of their own, the last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Rows of the whole's mix that every bin is given beforehand.
PRIOR = 1.0
#: Quantiles a number is first cut at, most bins that are left of them, smallest share of rows in one.
FINE, MOST, SMALLEST = 20, 6, 0.05
#: A variable is cut without a direction only where that tells so much more.
WORTH = 3.0
RISING, FALLING, NONE = "rising", "falling", ""


def is_text(column: pd.Series) -> bool:
    """Whether a column holds categories and no numbers."""
    return not pd.api.types.is_numeric_dtype(column)


def written(number: float) -> str:
    """A number as people write it: four digits that count, whole from a thousand on."""
    text = f"{number:,.0f}" if 1000 <= abs(number) < 1e12 else f"{number:.4g}"
    return text.replace("-", "−")


@dataclass(frozen=True)
class Bins:
    """How one variable is cut.

    ``cuts``: upper edges, a value equal to an edge lies below it; ``groups``: the categories of each bin;
    ``rows``, ``bad``, ``woe``: per bin, the last for missing values; ``trend``: of the risk along the value;
    ``best``: a middle value of the bin with the highest WOE (of categories that WOE), NaN where none is known.
    """

    name: str
    cuts: tuple[float, ...]
    groups: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...]
    bad: tuple[int, ...]
    woe: tuple[float, ...]
    trend: str = NONE
    best: float = math.nan

    @property
    def is_category(self) -> bool:
        return bool(self.groups)

    @property
    def iv(self) -> float:
        """Information value over all bins, that of the missing ones too."""
        rows, bad = np.array(self.rows, dtype=float), np.array(self.bad, dtype=float)
        return float((shares(rows - bad, bad)[0] - shares(rows - bad, bad)[1]) @ np.array(self.woe))

    def place(self, values: Any) -> NDArray[np.int64]:
        """The bin of each value; what is missing, or a category never seen, lies in the last."""
        last = len(self.rows) - 1
        if self.is_category:
            known = {category: i for i, group in enumerate(self.groups) for category in group}
            return np.array([known.get(v, last) if isinstance(v, str) else last for v in values], dtype="int64")
        numbers = np.asarray(values, dtype="float64")
        found = np.searchsorted(np.array(self.cuts), np.nan_to_num(numbers, nan=0.0), side="left")
        return np.where(np.isnan(numbers), last, found).astype("int64")

    def weights(self, values: Any) -> Array:
        """The WOE of each value."""
        return np.array(self.woe)[self.place(values)]

    def label(self, position: int) -> str:
        """What lies in a bin, in words."""
        if position == len(self.rows) - 1:
            return "缺失"
        if self.is_category:
            return "、".join(self.groups[position])
        if not self.cuts:
            return "全部"
        if position == 0:
            return f"≤ {written(self.cuts[0])}"
        if position == len(self.cuts):
            return f"> {written(self.cuts[-1])}"
        return f"{written(self.cuts[position - 1])} — {written(self.cuts[position])}"


def shares(good: Array, bad: Array) -> tuple[Array, Array]:
    """Share of all good and of all bad ones in each bin."""
    return good / max(good.sum(), 1e-300), bad / max(bad.sum(), 1e-300)


def woe(good: Any, bad: Any, prior: float = PRIOR) -> Array:
    """Weights of evidence of bins from their good and bad ones; a bin with neither weighs nothing."""
    g, b = np.asarray(good, dtype="float64"), np.asarray(bad, dtype="float64")
    whole = g.sum() + b.sum()
    more_good, more_bad = prior * g.sum() / whole, prior * b.sum() / whole
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(((g + more_good) / (g.sum() + more_good)) / ((b + more_bad) / (b.sum() + more_bad)))
    # What the prior rows take from and give to the whole cancels in a bin without rows.
    return np.where(g + b > 0, found, 0.0)


def information(good: Any, bad: Any, prior: float = PRIOR) -> float:
    """Information value of bins."""
    g, b = np.asarray(good, dtype="float64"), np.asarray(bad, dtype="float64")
    of_good, of_bad = shares(g, b)
    return float((of_good - of_bad) @ woe(g, b, prior))


def fit(name: str, values: Any, y: Array, direction: str = "") -> Bins:
    """The bins of a variable from rows with outcome ``y`` (1 bad); ``direction`` what experts insist on.

    A number is cut at ``FINE`` quantiles; neighbours whose risk runs against the direction are put together
    (pool adjacent violators), then those whose merging costs least information, until at most ``MOST`` are
    left and none is small. The direction is the experts', where the data do not speak against it, else the
    one that keeps more information; none, where that keeps ``WORTH`` times as much.
    """
    if isinstance(values, pd.Series) and is_text(values):
        return _categories(name, values.tolist(), y)
    numbers = np.asarray(values, dtype="float64")
    known = ~np.isnan(numbers)
    if not known.any():
        return _made(name, (), (), np.full(len(y), 1), y, 2, NONE)
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, FINE + 1)[1:-1], method="inverted_cdf"))
    place = np.searchsorted(edges, numbers[known], side="left")
    rows = np.bincount(place, minlength=len(edges) + 1).astype(float)
    bad = np.bincount(place, weights=y[known], minlength=len(edges) + 1).astype(float)
    held = np.flatnonzero(rows > 0)
    found = {trend: _merged(rows[held], bad[held], trend, len(y)) for trend in (RISING, FALLING, NONE)}
    told = {t: information(*_counts(groups, rows[held], bad[held])) for t, groups in found.items()}
    trend = RISING if told[RISING] >= told[FALLING] else FALLING
    wanted = {"worse": RISING, "better": FALLING}.get(direction, "")
    if wanted and told[wanted] >= told[trend] / 2:
        trend = wanted
    elif told[NONE] > WORTH * told[trend] and not wanted:
        trend = NONE
    groups = found[trend]
    cuts = tuple(float(edges[held[group[-1]]]) for group in groups[:-1])
    where = np.where(known, np.searchsorted(np.array(cuts), np.where(known, numbers, 0.0), side="left"), len(groups))
    return _made(name, cuts, (), where, y, len(groups) + 1, trend if len(groups) > 1 else NONE, numbers)


def _counts(groups: list[list[int]], rows: Array, bad: Array) -> tuple[Array, Array]:
    b = np.array([bad[group].sum() for group in groups])
    return np.array([rows[group].sum() for group in groups]) - b, b


def _merged(rows: Array, bad: Array, trend: str, total: int) -> list[list[int]]:
    """Fine bins put together, as lists of their positions."""
    sign = {RISING: 1, FALLING: -1, NONE: 0}[trend]
    groups: list[list[int]] = []
    for i in range(len(rows)):
        groups.append([i])
        while sign and len(groups) > 1 and (_rate(groups[-1], rows, bad) - _rate(groups[-2], rows, bad)) * sign < 0:
            groups[-2:] = [groups[-2] + groups[-1]]
    n = np.array([rows[group].sum() for group in groups])
    b = np.array([bad[group].sum() for group in groups])
    goods, bads = float(rows.sum() - bad.sum()), float(bad.sum())
    while len(groups) > 1:
        small = n < SMALLEST * total
        if len(groups) <= MOST and not small.any():
            break
        both_n, both_b = n[:-1] + n[1:], b[:-1] + b[1:]
        told = _told(n - b, b, goods, bads)
        cost = told[:-1] + told[1:] - _told(both_n - both_b, both_b, goods, bads)
        if small.any():
            cost = np.where(small[:-1] | small[1:], cost, np.inf)
        best = int(np.argmin(cost))
        groups[best : best + 2] = [groups[best] + groups[best + 1]]
        n, b = np.delete(n, best + 1), np.delete(b, best + 1)
        n[best], b[best] = both_n[best], both_b[best]
    return groups


def _told(good: Array, bad: Array, goods: float, bads: float) -> Array:
    """What single bins add to the information value, of so many good and bad ones in all."""
    more_good, more_bad = PRIOR * goods / (goods + bads), PRIOR * bads / (goods + bads)
    weight = np.log(((good + more_good) / (goods + more_good)) / ((bad + more_bad) / (bads + more_bad)))
    return (good / max(goods, 1e-300) - bad / max(bads, 1e-300)) * weight


def _rate(group: list[int], rows: Array, bad: Array) -> float:
    return float(bad[group].sum() / rows[group].sum())


def _categories(name: str, values: list[Any], y: Array) -> Bins:
    """A bin for each category with enough rows, one for the rare ones together; safest first."""
    known = pd.Series([v if isinstance(v, str) else None for v in values], dtype=object)
    counted = known.value_counts()
    large = sorted(c for c, n in counted.items() if n >= SMALLEST * len(y) / 2)
    rare = tuple(sorted(c for c in counted.index if c not in large))
    groups = [(c,) for c in large] + ([rare] if rare else [])
    if not groups:
        return _made(name, (), (), np.full(len(y), 1), y, 2, NONE)
    risk = [float(y[known.isin(list(group)).to_numpy()].mean()) for group in groups]
    ordered = tuple(group for _, group in sorted(zip(risk, groups, strict=True), key=lambda pair: (pair[0], pair[1])))
    of = {c: i for i, group in enumerate(ordered) for c in group}
    where = np.array([of.get(v, len(ordered)) if isinstance(v, str) else len(ordered) for v in values])
    return _made(name, (), ordered, where, y, len(ordered) + 1, NONE)


def _made(
    name: str,
    cuts: tuple[float, ...],
    groups: tuple[tuple[str, ...], ...],
    where: Any,
    y: Array,
    number: int,
    trend: str,
    values: Any = None,
) -> Bins:
    rows = np.bincount(where, minlength=number)
    bad = np.bincount(where, weights=y, minlength=number)
    weights = woe(rows - bad, bad)
    counted = tuple(map(int, rows)), tuple(round(b) for b in bad.tolist()), tuple(map(float, weights))
    made = Bins(name, cuts, groups, *counted, trend)
    # What a firm may be told to have instead is a value, never to have none.
    highest = int(np.argmax(np.where(rows[:-1] > 0, weights[:-1], -np.inf)))
    if made.is_category:
        return replace(made, best=float(weights[highest]))
    if values is None or not rows[highest]:
        return made
    inside = np.sort(np.asarray(values, dtype="float64")[where == highest])
    return replace(made, best=float(inside[len(inside) // 2]))
