"""Small counts that may not be shown, and what they could be worked out from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

#: What stands instead of a count from which another one, that may not be shown, could be worked out.
WITHHELD = "不显示"


def is_few(counts: pd.Series, below: int) -> pd.Series:
    """Which counts may not be shown: 1 to ``below`` − 1; none where ``below`` is 0."""
    return ((counts > 0) & (counts < below)).fillna(False).astype(bool)


def with_partner(few: pd.Series, counts: pd.Series, groups: pd.Series | None = None) -> pd.Series:
    """The hidden ones, and in a group with a single one the least other count, too: else a sum gives it away.

    ``groups`` None: all of them are one group. This is complementary suppression as the SDC Handbook has it
    (Hundepool et al. 2012, section 4.2.2).
    """
    known = pd.Series(0, index=counts.index) if groups is None else groups
    alone = few.groupby(known).transform("sum") == 1
    others = counts.where(alone & ~few & (counts > 0))
    least = others.groupby(known).rank(method="first") == 1
    return few | least


def with_partners(few: pd.Series, counts: pd.Series, *margins: pd.Series | None) -> pd.Series:
    """The hidden ones and their partners along every margin whose sums are known (None: the sum of all)."""
    while True:
        more = few
        for groups in margins:
            more = with_partner(more, counts, groups)
        if more.equals(few):
            return few
        few = more


def parts_few(rows: pd.DataFrame, parts: Sequence[str], below: int) -> pd.DataFrame:
    """Which parts of a row may not be shown, where their sum is known."""
    if not below:
        return pd.DataFrame(False, index=rows.index, columns=list(parts))
    long = rows[list(parts)].reset_index(drop=True).stack()
    hidden = with_partner(is_few(long, below), long, pd.Series(long.index.get_level_values(0), index=long.index))
    return hidden.unstack().set_axis(rows.index)[list(parts)]


def withheld(rows: pd.DataFrame, below: int, counts: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The rows with small counts as 「<5」; each count names the columns it could be worked out from, empty there."""
    if not below:
        return rows
    written: dict[str, pd.Series] = {}
    empty: dict[str, pd.Series] = {}
    for name, derived in counts.items():
        few = is_few(rows[name], below)
        written[name] = rows[name].astype("object").mask(few, f"<{below}")
        for column in derived:
            empty[column] = empty.get(column, few) | few
    return rows.assign(**{column: rows[column].mask(few) for column, few in empty.items()}).assign(**written)
