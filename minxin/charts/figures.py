"""Rows of figures (KPI rows): one row a card, with the same columns on every page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis.rates import Interval
from minxin.charts.chart import Encoding, Unit

#: Column with what stands instead of a count that may not be shown.
SHOWN = "shown"
#: Columns that are named like the part of the encoding which they fill; a row has those that its page fills.
PARTS = ("low", "high", "n", "status", "unit", "target", "change", "change_word", "verdict", "note")
#: Whether a difference is beyond chance, short enough for a card.
APART = {True: "显著", False: "不显著"}


def figure(
    code: str,
    name: str,
    value: float | Interval,
    unit: Unit,
    note: str,
    n: float = np.nan,
    status: str = "ok",
    **more: Any,
) -> dict[str, Any]:
    """One card; an ``Interval`` brings its limits. ``more``: further columns, such as ``change``."""
    held = value if isinstance(value, Interval) else Interval(np.asarray(value), np.asarray(np.nan), np.asarray(np.nan))
    limits = {"value": float(held.value), "low": float(held.low), "high": float(held.high)}
    return {"code": code, "name": name, **limits, "n": n, "unit": unit, "note": note, "status": status, **more}


def encoding(rows: pd.DataFrame) -> Encoding:
    """Which column of a row of figures says what: ``code, name, value, position`` and whatever else it has."""
    parts: dict[str, Any] = {part: part for part in PARTS if part in rows}
    return Encoding(
        x="name", y="value", key="code", order="position", label=SHOWN if SHOWN in rows else "", **parts
    )  # fmt: skip
