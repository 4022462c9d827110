"""Counts as they may be said to who sees sums only."""

from __future__ import annotations

import pandas as pd

from minxin.analysis import small, wording

#: What a chart whose title names units says: the intervals drawn are each for itself, the title is not.
TOGETHER = "标题点名的按多重比较校正（错误发现率 5%）"


class Counts:
    """What has counts: those below ``hidden_below`` are hidden (0: none)."""

    hidden_below: int

    def count(self, n: float, word: str = "家") -> str:
        """A count as it may be said: 12 家, 1.2万家, <5 家."""
        return wording.count_text(float(n), word, self.hidden_below)

    def exact(self, n: float, word: str = "家") -> str:
        """A count in full as it may be said: 12,345 家, <5 家."""
        return f"<{self.hidden_below} {word}" if self.any_few(n) else f"{int(n):,} {word}"

    def few_of(self, x: float, n: float) -> bool:
        """Whether the share of ``x`` in ``n`` tells a count that may not be shown: of them, of the others, of all."""
        return self.any_few(x, n - x, n)

    def any_few(self, *counts: float) -> bool:
        """Whether one of the counts may not be shown."""
        return any(0 < n < self.hidden_below for n in counts)

    def is_few(self, counts: pd.Series) -> pd.Series:
        """Which counts may not be shown."""
        return small.is_few(counts, self.hidden_below)
