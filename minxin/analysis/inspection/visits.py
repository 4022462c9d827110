"""Joint visits (综合查一次): what several departments are due to check in one firm becomes one visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from minxin.analysis.inspection import frame


@dataclass(frozen=True)
class Saved:
    """Visits if every department went by itself, visits as merged, and what is saved; all per firm and visit."""

    apart: int
    merged: int

    @property
    def saved(self) -> int:
        """Visits that firms are spared, against every department going by itself."""
        return self.apart - self.merged


def merge(due: pd.DataFrame) -> pd.DataFrame:
    """One row per firm with its ``departments`` joined by 、 and ``n_departments``.

    ``due`` has one row per firm and due check (``uscc, departments``; a cell may name several).
    """
    rows = [
        (code, part) for code, cell in zip(due["uscc"], due["departments"], strict=True) for part in frame.parts(cell)
    ]
    held = pd.DataFrame(rows, columns=["uscc", "department"], dtype=object).drop_duplicates()
    grouped = held.sort_values(["uscc", "department"]).groupby("uscc")["department"]
    return pd.DataFrame({"departments": grouped.agg("、".join), "n_departments": grouped.size()}).reset_index()


def saved(departments: pd.Series) -> Saved:
    """From the number of departments in each visit; the baseline is one visit per department (missing: one)."""
    counts = np.maximum(pd.to_numeric(departments, errors="coerce").fillna(1).to_numpy(dtype="float64"), 1)
    return Saved(int(counts.sum()), len(counts))
