"""Gradient boosting kept as plain trees: fitted by scikit-learn, stored and evaluated by ourselves.

Stored models are numbers only, so reading one can run nothing. Evaluation follows
``HistGradientBoostingClassifier``: a value at most the threshold goes left, a missing one where its node
says, leaves are added to the baseline in the order of the trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from minxin.analysis.whitelist.binning import FALLING, RISING, Bins

Array = NDArray[np.float64]
TREES, RATE, LEAVES, PENALTY = 100, 0.1, 15, 0.0
#: Rows a leaf holds at least.
SMALLEST_LEAF = 20
#: Rows evaluated at once, so that memory stays small.
PIECE = 20_000
#: A variable nobody spoke on is held to its direction where its bins told so much and ran one way anyhow.
TELLING = 0.1
UP, DOWN, FREE = 1, -1, 0


@dataclass(frozen=True)
class Trees:
    """All nodes of all trees one after another; ``starts`` where each tree begins, children within its tree."""

    names: tuple[str, ...]
    directions: tuple[int, ...]
    baseline: float
    starts: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: Array
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Array
    is_leaf: NDArray[np.bool_]

    @cached_property
    def _roots(self) -> list[int]:
        return [int(s) for s in self.starts]

    @cached_property
    def used(self) -> list[frozenset[int]]:
        """Which features each tree asks for."""
        ends = [*self._roots[1:], len(self.feature)]
        return [
            frozenset(self.feature[a:b][~self.is_leaf[a:b]].tolist()) for a, b in zip(self._roots, ends, strict=True)
        ]

    def raw(self, matrix: Array, trees: Sequence[int] | None = None) -> Array:
        """Log odds of the target for rows of ``matrix`` (the columns as in ``names``).

        With ``trees`` only what these add, without the baseline.
        """
        chosen = range(len(self._roots)) if trees is None else trees
        total = np.full(len(matrix), self.baseline if trees is None else 0.0)
        for begin in range(0, len(matrix), PIECE):
            piece = matrix[begin : begin + PIECE]
            for tree in chosen:
                total[begin : begin + PIECE] += self._leaves(piece, self._roots[tree])
        return total

    def _leaves(self, piece: Array, root: int) -> Array:
        node = np.full(len(piece), root)
        open_rows = np.flatnonzero(~self.is_leaf[node])
        while len(open_rows):
            at = node[open_rows]
            values = piece[open_rows, self.feature[at]]
            goes_left = np.where(np.isnan(values), self.missing_left[at], values <= self.threshold[at])
            after = root + np.where(goes_left, self.left[at], self.right[at])
            node[open_rows] = after
            open_rows = open_rows[~self.is_leaf[after]]
        return self.value[node]


def matrix(frame: pd.DataFrame, bins: dict[str, Bins], names: Sequence[str]) -> Array:
    """Numbers as they are, categories as the WOE of their bin."""
    columns = [
        bins[name].weights(frame[name]) if bins[name].is_category else frame[name].to_numpy(dtype="float64")
        for name in names
    ]
    return np.column_stack(columns) if columns else np.empty((len(frame), 0))


def constraint(bins: Bins, insisted: str) -> int:
    """Whether the risk may only rise (1) or fall (−1) along a variable, or is free (0).

    Where experts insist, their direction, unless the training rows speak against it (then it is free, and
    the card says so). Where nobody spoke: the direction of its bins, if they run one way and tell at least
    ``TELLING``. Categories stand as WOE, along which the risk falls.
    """
    if bins.is_category:
        return DOWN
    seen = {RISING: UP, FALLING: DOWN}.get(bins.trend, FREE)
    if insisted:
        wanted = UP if insisted == "worse" else DOWN
        return wanted if seen in (wanted, FREE) else FREE
    return seen if bins.iv >= TELLING else FREE


def fit(frame: pd.DataFrame, y: Array, bins: dict[str, Bins], directions: dict[str, int], seed: int) -> Trees:
    """Fit on the variables in the order of ``bins``; ``directions`` constrains those it names."""
    names = tuple(bins)
    held = tuple(directions.get(name, FREE) for name in names)
    x = matrix(frame, bins, names)
    model = HistGradientBoostingClassifier(
        max_iter=TREES, learning_rate=RATE, max_leaf_nodes=LEAVES, l2_regularization=PENALTY,
        min_samples_leaf=min(SMALLEST_LEAF, max(2, len(y) // 50)), monotonic_cst=list(held),
        early_stopping=False, random_state=seed,
    )  # fmt: skip
    # One thread: the same sums in the same order everywhere, and no waiting for a core that others use.
    with threadpool_limits(1):
        model.fit(x, y)
    nodes = [predictors[0].nodes for predictors in model._predictors]
    sizes = [len(tree) for tree in nodes]
    whole = np.concatenate(nodes)
    return Trees(
        names, held, float(np.ravel(model._baseline_prediction)[0]),
        np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype("int64"),
        whole["feature_idx"].astype("int64"), whole["num_threshold"].astype("float64"),
        whole["missing_go_to_left"].astype(bool), whole["left"].astype("int64"), whole["right"].astype("int64"),
        whole["value"].astype("float64"), whole["is_leaf"].astype(bool),
    )  # fmt: skip
