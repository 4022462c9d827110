"""Who is trained on and who is tested: folds that keep rows together, or a split by time."""

from __future__ import annotations

import heapq

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.whitelist.binning import is_text

Folds = NDArray[np.int64]


def same_rows(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """A number for each row that identical rows share; missing values are alike, 0 and −0 too."""
    plain = frame.apply(lambda c: c if is_text(c) else c + 0.0)
    return pd.util.hash_pandas_object(plain, index=False).to_numpy(dtype="uint64")


def joined(*keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A number for each row, shared by rows alike in any of ``keys``, and so on from row to row.

    It is the place of the group's first row: the same rows without other groups come in the same order.
    """
    first = np.arange(len(keys[0]), dtype="uint64")
    while True:
        before = first
        for key in keys:
            first = pd.Series(first).groupby(key).transform("min").to_numpy()
        if (first == before).all():
            return first


def same_values(column: pd.Series) -> NDArray[np.uint64]:
    """A number for each row that rows with the same value share; a row without one stands alone."""
    place = pd.factorize(column)[0]
    return np.where(place < 0, len(column) + np.arange(len(column)), place).astype("uint64")


def deal(groups: NDArray[np.uint64], y: NDArray[np.float64], folds: int, seed: int) -> Folds:
    """The fold of each row: groups stay whole, bad and good ones are spread evenly.

    What ``StratifiedGroupKFold`` of scikit-learn is for, but in n·log n: groups are shuffled by the seed,
    those with the most bad ones first, each to the fold that has fewest of them so far.
    """
    _, place = np.unique(groups, return_inverse=True)
    rows = np.bincount(place)
    bad = np.bincount(place, weights=y)
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    ordered = shuffled[np.lexsort((-rows[shuffled], -bad[shuffled]))]
    # Two heaps would do; one key is enough: while bad ones are dealt they decide, afterwards the rows do.
    heap = [(0.0, 0.0, fold) for fold in range(folds)]
    of = np.zeros(len(rows), dtype="int64")
    done_bad = False
    for group in ordered:
        if not done_bad and not bad[group]:
            heap, done_bad = [(r, b, f) for b, r, f in heap], True
            heapq.heapify(heap)
        first, second, fold = heapq.heappop(heap)
        of[group] = fold
        if done_bad:
            heapq.heappush(heap, (first + rows[group], second, fold))
        else:
            heapq.heappush(heap, (first + bad[group], second + rows[group], fold))
    return of[place]


def by_time(times: pd.Series, share: float = 0.25) -> tuple[Folds, str]:
    """Fold 0 is what lies later than the cut, −1 what came before; the cut in words.

    ``times``: anything that sorts by time (``times.ordered``). At least ``share`` of the rows
    are tested, whole moments at a time, and some are always left to train on. ValueError where all are alike.
    """
    ordered = np.sort(times.to_numpy())
    moments = np.unique(ordered)
    if len(moments) < 2:
        raise ValueError("one moment only")
    cut = ordered[int(np.floor(len(ordered) * (1 - share)))]
    if cut == moments[0]:
        cut = moments[1]
    return np.where(times.to_numpy() >= cut, 0, -1).astype("int64"), f"{cut:g}" if isinstance(cut, float) else str(cut)
