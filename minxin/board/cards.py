"""The KPI row: five cards a line, alike in their parts so that rows align."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from minxin.analysis.periods import BEFORE, WORDS
from minxin.board.text import literal
from minxin.charts.chart import PLAIN_COUNT, Chart, Unit
from minxin.charts.words import clean, missing

PER_ROW = 5
Arrow = Literal["up", "down", "off"]
_BEFORE = {WORDS[c]: BEFORE[c] for c in WORDS}


@dataclass(frozen=True)
class Card:
    """One card as Streamlit takes it, every text literal."""

    key: str
    name: str
    figure: str
    change: str
    arrow: Arrow
    described: str | None
    lines: str


def kpi_row(chart: Chart, definitions: Mapping[str, str], places: int = PER_ROW) -> None:
    """Draw a chart of kind KPI row as cards: name, figure, change, target, n with interval, freshness.

    ``definitions``: key of a row → the text that appears on hover (口径).
    """
    held = _cards(chart)
    for start in range(0, len(held), places):
        for column, card in zip(st.columns(places), held[start : start + places], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                st.metric(
                    card.name,
                    card.figure,
                    card.change,
                    delta_color="off",
                    delta_arrow=card.arrow,
                    delta_description=card.described,
                    help=definitions.get(card.key),
                )
                st.caption(card.lines)


@functools.lru_cache(maxsize=512)
def _cards(chart: Chart) -> list[Card]:
    e = chart.encoding
    return [
        _card(chart, i, {role: row[column] for role, column in e.columns.items()})
        for i, row in enumerate(chart.rows.to_dict("records"))
    ]


def _card(chart: Chart, position: int, held: Mapping[str, Any]) -> Card:
    unit, moved = chart.row_unit(position), held.get("change")
    word, verdict = clean(held.get("change_word")), clean(held.get("verdict"))
    change, arrow = _change(unit, moved, bool(word))
    target = held.get("target")
    lines = (
        "未设目标" if missing(target) else f"目标 {unit.format(target)}",
        _cases(unit, held, word),
        clean(held.get("note")),
    )
    return Card(
        key=chart.keys[position],
        name=literal(chart.names[position]),
        figure=literal(chart.values[position]),
        change=change,
        arrow=arrow,
        described=" ".join(filter(None, (word, "" if verdict == change else verdict))) or None,
        lines="  \n".join(map(literal, lines)),
    )


def _change(unit: Unit, moved: Any, is_compared: bool) -> tuple[str, Arrow]:
    if missing(moved):
        return ("无可比数据" if is_compared else "未作比较"), "off"
    text = unit.difference(moved)
    if text == "持平":
        return text, "off"
    return text.lstrip("+−"), "up" if float(moved) > 0 else "down"


def _cases(unit: Unit, held: Mapping[str, Any], word: str) -> str:
    """Cases with the interval of a share; for a count the figure that it is compared with."""
    n, low, high, value, moved = (held.get(role) for role in ("n", "low", "high", "y", "change"))
    if not missing(n):
        cases = f"n={PLAIN_COUNT.exact(n)}"
        return cases if missing(low) or missing(high) else f"{cases} · 区间 {unit.format(low)}—{unit.format(high)}"
    if value is None or moved is None or missing(value) or missing(moved):
        return "—"
    return f"{_BEFORE.get(word, word)} {unit.format(float(value) - float(moved))}"
