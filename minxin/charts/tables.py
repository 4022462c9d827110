"""The table of a chart: the same rows in the same order, with Chinese headings and written values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from minxin.charts.chart import PLAIN_COUNT, Chart, Kind, Unit
from minxin.charts.words import MISSING, is_moment, missing, spans_years

_SHOWN = ("series", "x", "y", "low", "high", "target", "change", "verdict", "n", "note")
_MEASURES = ("y", "low", "high", "target", "outer_low", "outer_high")


@dataclass(frozen=True)
class TableColumn:
    """One column of a table: source column, heading, unit (None for text), raw cells and written cells."""

    name: str
    heading: str
    unit: Unit | None
    raw: list[Any]
    written: list[str]


def shown(chart: Chart) -> list[str]:
    """The columns that a table shows, in order: what is drawn, then what ``headings`` adds."""
    if chart.kind is Kind.TABLE:
        return list(chart.headings) or list(chart.data.columns)
    used = chart.encoding.columns
    drawn = [used[role] for role in _SHOWN if role in used]
    return list(dict.fromkeys(drawn + list(chart.headings)))


def columns(chart: Chart) -> list[TableColumn]:
    """The table column by column, with raw values for spreadsheets beside the written ones."""
    return [_column(chart, name) for name in shown(chart)]


def table(chart: Chart) -> pd.DataFrame:
    """The table as people read it; equal headings get a number."""
    result: dict[str, list[str]] = {}
    for column in columns(chart):
        heading, count = column.heading, 2
        while heading in result:
            heading, count = f"{column.heading} {count}", count + 1
        result[heading] = column.written
    return pd.DataFrame(result, index=range(len(chart.rows)), dtype="object")


def _unit(chart: Chart, name: str) -> Unit | None:
    if name in chart.units:
        return chart.units[name]
    roles = [role for role, column in chart.encoding.columns.items() if column == name]
    if "x" in roles or "series" in roles:
        return None
    if chart.kind is not Kind.TABLE and any(r in (*_MEASURES, "change") for r in roles):
        return chart.unit
    if "n" in roles:
        return PLAIN_COUNT
    return None


def _column(chart: Chart, name: str) -> TableColumn:
    roles = [role for role, column in chart.encoding.columns.items() if column == name]
    measure = chart.kind is not Kind.TABLE and any(role in (*_MEASURES, "change") for role in roles)
    mixed = measure and bool(chart.encoding.unit)
    unit, raw = _unit(chart, name), [None if missing(v) else v for v in chart.rows[name].tolist()]
    heading = chart.heading(name)
    if unit is not None and not mixed:
        heading = unit.heading(heading)
    if "change" in roles:
        written = [chart.row_unit(i).difference(v) for i, v in enumerate(raw)]
    elif "y" in roles and chart.kind is not Kind.TABLE and unit is not None:
        written = _values(chart, raw, None if mixed else unit)
    elif mixed:
        written = [chart.row_unit(i).format(v) for i, v in enumerate(raw)]
    elif unit is not None:
        written = [unit.exact(v) if v is None or _is_number(v) else chart.text(v) for v in raw]
    else:
        with_year = spans_years(raw)
        by_month = chart.by_month and "x" in roles
        written = [_text(chart, v, with_year, by_month) for v in raw]
    return TableColumn(name, heading, None if mixed else unit, raw, written)


def _values(chart: Chart, raw: list[Any], unit: Unit | None) -> list[str]:
    labels = chart.column("label") or [None] * len(raw)
    return [
        said if unit is None or value is None or label else unit.exact(value)
        for value, label, said in zip(raw, labels, chart.values, strict=True)
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _text(chart: Chart, value: Any, with_year: bool, by_month: bool) -> str:
    if value is None:
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "是" if value else "否"
    if is_moment(value):
        return chart.text(value, with_year, by_month)
    if _is_number(value):
        whole = float(value).is_integer()
        return PLAIN_COUNT.exact(value) if whole else Unit("number", "", 1).exact(value)
    return chart.text(value)
