"""A grid of firms by two dimensions as shares, counts or shifts, with intervals and small cells hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, wording
from minxin.analysis.credit.classes import HIGH

#: Dimensions of firms, and the kinds of penalty that a firm's dimension can be crossed with.
DIMENSIONS = {
    "industry": "行业门类",
    "sector": "监管行业领域",
    "county": "县区",
    "community": "社区",
    "park": "园区",
    "class": "风险类别",
    "month": "月份",
}
PENALTIES = {"kind": "处罚种类", "field": "处罚领域", "severity": "处罚轻重"}
MEASURES = {"share": "占比", "count": "家数", "shift": "占比变化"}
#: A cell stands out if it does so among this many in a hundred grids without any difference.
LEVEL = 0.05


def measured(
    cells: pd.DataFrame, by_row: str, by_column: str, measure: str, smallest: int, hidden_below: int = 0
) -> pd.DataFrame:
    """One cell each with ``value, low, high, n, status, label, side``.

    ``cells``: rows of ``risk.grid``. A share is of C and D among the firms of the cell; where a dimension
    is the class itself, of that class among the firms of the other dimension. The interval is Wilson's,
    that of a shift Newcombe's difference of two shares. Cells of fewer than ``smallest`` firms say 「<k」.
    ``side``: 1 where the share lies above all firms together (or has risen), −1 below, 0 where that could
    be chance at ``LEVEL``, shared out over the cells (Bonferroni), so that a large grid does not always
    find something.

    ``hidden_below``: for who sees sums only, a cell is few, too, where the firms that its share is made of,
    or the others, are fewer, and where a sum that is known gives such a cell away; nothing from which they could
    be worked out is left then.
    """
    held = cells.reset_index(drop=True).copy()
    x, n, x_before, n_before = _counts(held, by_row, by_column)
    confidence = 1 - LEVEL / max(len(held), 1)
    if measure == "count":
        held["value"], held["n"] = held["n"].astype("float64"), held["n"]
        held["low"] = held["high"] = np.nan
        held["side"] = 0
        size = held["n"]
    elif measure == "share":
        interval, wide = rates.wilson(x, n), rates.wilson(x, n, confidence)
        held["value"], held["low"], held["high"] = interval
        whole = _whole(x, n, held, by_row, by_column)
        held["side"] = np.where(wide.low > whole, 1, np.where(wide.high < whole, -1, 0))
        size = n
    else:
        now, before = rates.newcombe(x, n, x_before, n_before), rates.newcombe(x, n, x_before, n_before, confidence)
        held["value"], held["low"], held["high"] = now
        held["side"] = np.where(before.low > 0, 1, np.where(before.high < 0, -1, 0))
        size = np.minimum(n, n_before)
    held["n"] = np.asarray(size, dtype="int64")
    few = held["n"] < smallest
    told = pd.Series(False, index=held.index)
    if hidden_below:
        told = _told(x, n, x_before, n_before, held, by_row, by_column, measure, hidden_below)
        few |= told
        held.loc[few, ["value", "low", "high"]] = np.nan
    held["status"] = np.where(held["n"] == 0, "none", np.where(few, "few", "ok"))
    held["label"] = [_label(v, s, measure, smallest) for v, s in zip(held["value"], held["status"], strict=True)]
    if measure == "count":
        held["label"] = held["label"].mask(told & (held["n"] >= smallest), small.WITHHELD)
    held["side"] = np.where(few, 0, held["side"])
    if hidden_below:
        held["n"] = held["n"].astype("float64").mask(_firms_told(held, by_row, by_column, measure, hidden_below))
    return held


def _firms_told(held: pd.DataFrame, by_row: str, by_column: str, measure: str, below: int) -> pd.Series:
    """Cells whose number of firms is small, or tells such a one by a sum that is known."""
    few = small.is_few(held["n"], below)
    if "class" not in (by_row, by_column):
        return small.with_partners(few, held["n"], held["row_code"], held["column_code"])
    if measure != "count":
        return few  # all firms of a row or column, whatever their class
    own, other = ("row_code", "column_code") if by_row == "class" else ("column_code", "row_code")
    return _classes_told(few, held["n"], held[own], held[other])


def _classes_told(few: pd.Series, counts: pd.Series, classes: pd.Series, groups: pd.Series) -> pd.Series:
    """Hidden counts of classes with those that tell them: known are all firms of a group, and of a class."""
    return small.with_partners(few, counts, halves(classes, groups), groups, classes)


def halves(classes: pd.Series, groups: pd.Series) -> pd.Series:
    """C and D of a group together, as they are said, and the rest of it."""
    return groups.astype(str) + np.where(classes.isin(HIGH), "|high", "|rest")


def _counts(held: pd.DataFrame, by_row: str, by_column: str) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
    """Numerator and denominator now and before."""
    if "class" not in (by_row, by_column):
        return held["n_high"], held["n"], held["n_high_before"], held["n_before"]
    other = "column_code" if by_row == "class" else "row_code"
    totals = held.groupby(other)[["n", "n_before"]].transform("sum")
    return held["n"], totals["n"], held["n_before"], totals["n_before"]


def _told(
    x: pd.Series, n: pd.Series, x_before: pd.Series, n_before: pd.Series, held: pd.DataFrame,
    by_row: str, by_column: str, measure: str, below: int,
) -> pd.Series:  # fmt: skip
    """Cells whose value tells of few firms: their own, of the other ones, or by what is left of a sum."""
    if measure == "count":
        return _firms_told(held, by_row, by_column, measure, below)
    few = small.is_few(x, below) | small.is_few(n - x, below)
    if measure == "shift":
        few |= small.is_few(x_before, below) | small.is_few(n_before - x_before, below)
    if "class" in (by_row, by_column):
        own, other = ("row_code", "column_code") if by_row == "class" else ("column_code", "row_code")
        return _classes_told(few, x, held[own], held[other])
    return small.with_partners(few, x, held["row_code"], held["column_code"])


def _whole(x: pd.Series, n: pd.Series, held: pd.DataFrame, by_row: str, by_column: str) -> pd.Series:
    """What each cell is held against: the share of all firms together, of its class where that is a dimension."""
    if "class" not in (by_row, by_column):
        return pd.Series(float(x.sum()) / max(float(n.sum()), 1.0), index=held.index)
    own = held["row_code" if by_row == "class" else "column_code"]
    return x.groupby(own).transform("sum") / max(float(x.sum()), 1.0)


def _label(value: float, status: str, measure: str, smallest: int) -> str:
    if status == "none":
        return "—"
    if status == "few":
        return f"<{smallest}"
    if measure == "shift" and value == value:
        return wording.points_text(value).removesuffix("百分点")
    return ""


def largest(cells: pd.DataFrame, code: str, most: int) -> list[str]:
    """The codes of a dimension with the most firms, at most so many, in their own order."""
    totals = cells.groupby(code, sort=False)["n"].sum()
    kept = set(totals.sort_values(ascending=False, kind="stable").head(most).index)
    return [c for c in totals.index if c in kept]


def message(held: pd.DataFrame, measure: str, what: str) -> str:
    """The grid in one sentence: the cell that stands out most, or that none does.

    ``held``: measured cells with ``row_name`` and ``column_name``; ``what``: of what the share is.
    """
    known = held[held["status"] == "ok"]
    if known.empty:
        return "没有足够的企业可比"
    if measure == "count":
        top = known.loc[known["value"].idxmax()]
        return f"{_cell(top)}企业最多，{wording.count_text(top['value'], '家')}"
    if measure == "share":
        above = known[known["side"] > 0]
        if above.empty:
            return f"各格{what}没有显著差异"
        # Which of several is the highest is hardly ever sure: what is said is that they lie above.
        top = above.loc[above["value"].idxmax()]
        others = f"，另有 {len(above) - 1} 处" if len(above) > 1 else ""
        return f"{_cell(top)}{what} {wording.rate_text(top['value'])}，高于合计{others}"
    moved = known[known["side"] != 0]
    if moved.empty:
        return f"各格{what}没有显著变化"
    top = moved.loc[moved["value"].abs().idxmax()]
    word = "上升" if top["value"] > 0 else "下降"
    return f"{_cell(top)}{what}{word}最多，{word} {wording.points_text(abs(top['value'])).lstrip('+')}"


def _cell(row: pd.Series) -> str:
    return "·".join(filter(None, (str(row["row_name"]), str(row["column_name"]))))
