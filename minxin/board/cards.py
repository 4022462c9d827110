"""The KPI row: five cards a line, alike in their parts so that rows align."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from minxin.board.text import literal
from minxin.charts.chart import PLAIN_COUNT, Chart
from minxin.charts.words import clean, missing

PER_ROW = 5
Arrow = Literal["up", "down", "off"]


def kpi_row(chart: Chart, definitions: Mapping[str, str], places: int = PER_ROW) -> None:
    """Draw a chart of kind KPI row as cards: name, figure, change, target, n with interval, freshness.

    ``definitions``: key of a row → the text that appears on hover (口径).
    """
    for start in range(0, len(chart.rows), places):
        columns = st.columns(places)
        for position in range(start, min(start + places, len(chart.rows))):
            with columns[position - start].container(border=True, height="stretch", gap="xsmall"):
                _card(chart, position, definitions)


def _card(chart: Chart, position: int, definitions: Mapping[str, str]) -> None:
    e, row = chart.encoding, chart.rows.iloc[position]
    unit = chart.row_unit(position)

    def held(role: str) -> Any:
        return row[getattr(e, role)] if getattr(e, role) else None

    change, arrow = _change(unit.difference(held("change")), held("change"))
    st.metric(
        literal(chart.names[position]),
        literal(chart.values[position]),
        change,
        delta_color="off",
        delta_arrow=arrow,
        delta_description=" ".join(filter(None, (clean(held("change_word")), clean(held("verdict"))))) or None,
        help=definitions.get(chart.keys[position]),
    )
    target = held("target")
    lines = [
        f"目标 {unit.format(target)}" if not missing(target) else "未设目标",
        _cases(unit, held("n"), held("low"), held("high")),
        clean(held("note")),
    ]
    st.caption("  \n".join(literal(line) for line in lines if line))


def _change(text: str, value: Any) -> tuple[str, Arrow]:
    if missing(value):
        return "无可比数据", "off"
    if text == "持平":
        return text, "off"
    return text.lstrip("+−"), "up" if float(value) > 0 else "down"


def _cases(unit: Any, n: Any, low: Any, high: Any) -> str:
    if missing(n):
        return "\u3000"
    cases = f"n={PLAIN_COUNT.exact(n)}"
    return cases if missing(low) or missing(high) else f"{cases} · 区间 {unit.format(low)}—{unit.format(high)}"
