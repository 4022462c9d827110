"""Kaplan–Meier against a textbook, against plain counting where nothing is open, and what holds always."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin.analysis.survival import curve, median_text


def counts(done: list[int], still: list[int]) -> pd.DataFrame:
    rows = [(d, True, 1) for d in done] + [(d, False, 1) for d in still]
    return pd.DataFrame(rows, columns=["days", "is_done", "n"])


#: Weeks in remission of 42 children (Freireich et al. 1963), the usual example.
TREATED = counts([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
PLACEBO = counts([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [])


def test_the_textbook() -> None:
    held = curve(TREATED)
    assert held.days.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert held.share == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert (held.n, held.n_done, held.n_open) == (21, 9, 12)
    # Greenwood's standard error at 10 weeks is 0.0963; on log(−log S) the limits are 0.503 and 0.889.
    assert (held.low[2], held.high[2]) == pytest.approx((0.503, 0.889), abs=1e-3)
    middle, low, high = held.quantile()
    assert (middle, low) == (23, 13) and np.isnan(high)
    assert median_text(held) == "中位 23 天（95%区间 13 天以上）"


def test_where_nothing_is_open_it_is_plain_counting() -> None:
    held = curve(PLACEBO)
    days = PLACEBO["days"].to_numpy()
    for t, share in zip(held.days, held.share, strict=True):
        assert share == pytest.approx((days > t).mean())
    assert held.quantile() == (8, 4, 11)
    assert median_text(held) == "中位 8 天（95%区间 4—11 天）"
    assert held.left(0) == 1 and held.left(23) == pytest.approx(0)


def test_few_and_none_and_most_still_open() -> None:
    assert curve(counts([], [])).n == 0
    assert median_text(curve(counts([3], []))) == "样本不足（n=1）"
    assert median_text(curve(counts([3], [9, 9, 9, 9, 9]))) == "过半尚未完成"
    assert curve(counts([0, 0], [])).share.tolist() == [0.0]


def test_weights_are_as_many_rows() -> None:
    whole = TREATED.groupby(["days", "is_done"], as_index=False).agg(n=("n", "sum"))
    assert curve(whole).share.tolist() == curve(TREATED).share.tolist()


@given(st.lists(st.integers(0, 40), max_size=40), st.lists(st.integers(0, 40), max_size=40))
def test_the_curve_falls_within_its_limits(done: list[int], still: list[int]) -> None:
    held = curve(counts(done, still))
    assert np.all(np.diff(held.share) <= 1e-12) and np.all((held.share >= -1e-12) & (held.share <= 1))
    assert np.all(held.low <= held.share + 1e-9) and np.all(held.share <= held.high + 1e-9)
    assert held.n == len(done) + len(still) and held.n_done == len(done)
    # Leaving out what is open never makes the share that is left larger.
    naive = curve(counts(done, []))
    for t in naive.days:
        assert held.left(t) >= naive.left(t) - 1e-9


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    """Exponential waits in whole days with a third still open; the true median is known from the distribution."""
    draw = np.random.default_rng(7)
    scale, n, hits, runs = 30.0, 120, 0, 400
    true = np.ceil(scale * np.log(2))
    for _ in range(runs):
        wait, seen = np.ceil(draw.exponential(scale, n)), np.ceil(draw.uniform(10, 120, n))
        rows = pd.DataFrame({"days": np.minimum(wait, seen), "is_done": wait <= seen, "n": 1})
        _, low, high = curve(rows).quantile()
        hits += low <= true <= (high if not np.isnan(high) else np.inf)
    assert 0.92 <= hits / runs <= 0.99
