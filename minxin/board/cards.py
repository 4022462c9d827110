"""The KPI row: five cards a line, alike in their parts so that rows align."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from typing import Literal

import streamlit as st

from minxin.analysis.periods import BEFORE, WORDS
from minxin.board import ahead
from minxin.board.text import literal
from minxin.charts.cards import UNMOVED, Card, cards
from minxin.charts.chart import Chart

PER_ROW = 5
#: How long a browser that has just come is given to paint the first figures. With less the code of the
#: charts arrives before they are drawn, and both figures and page stand later than with this rest
#: (measured: figures 2.9 times an empty page at 0.25 s, 2.0 at 0.6, 0.9 at 1.0; the page 3.3, 3.1, 2.5).
PAINT_SECONDS = 1.0
_PAINTED = "figures_painted"
Arrow = Literal["up", "down", "off"]
_BEFORE = {WORDS[c]: BEFORE[c] for c in WORDS}


def kpi_row(chart: Chart, definitions: Mapping[str, str], places: int = PER_ROW) -> None:
    """Draw a chart of kind KPI row as cards: name, figure, change, target, n with interval, freshness.

    ``definitions``: key of a row → the text that appears on hover (口径).
    """
    held = _cards(chart)
    # Where nothing in the row is compared, five times 「未作比较」 would say no more than nothing does.
    compared = any(card.said or card.word for card in held)
    for start in range(0, len(held), places):
        for column, card in zip(st.columns(places), held[start : start + places], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                change, arrow = _change(card)
                st.metric(
                    literal(card.name),
                    literal(card.figure),
                    change if compared else None,
                    delta_color="off",
                    delta_arrow=arrow,
                    delta_description=_described(card),
                    help=definitions.get(card.key),
                )
                st.caption(_lines(card, bool(chart.encoding.target)))
    _let_paint()


def _let_paint() -> None:
    """Rest once in a session: what follows makes the browser load and compile the code of the charts."""
    if ahead.is_served() and not st.session_state.get(_PAINTED):
        time.sleep(PAINT_SECONDS)
        st.session_state[_PAINTED] = True


@functools.lru_cache(maxsize=512)
def _cards(chart: Chart) -> list[Card]:
    return cards(chart)


def _change(card: Card) -> tuple[str, Arrow]:
    if not card.said:
        return ("无可比数据" if card.word else "未作比较"), "off"
    if card.said == UNMOVED:
        return card.said, "off"
    return card.said.lstrip("+−"), "up" if card.direction > 0 else "down"


def _described(card: Card) -> str | None:
    return " ".join(filter(None, (card.word, card.verdict))) or None


def _lines(card: Card, has_targets: bool) -> str:
    """Target where the row has any; cases with the interval of a share, or what a count was before; freshness."""
    cases = " · ".join(filter(None, (card.cases, card.interval)))
    if not cases and card.before:
        cases = f"{_BEFORE.get(card.word, card.word.removeprefix('比').removeprefix('较'))} {card.before}"
    target = (card.target or "未设目标",) if has_targets else ()
    return "  \n".join(literal(line) for line in (*target, cases, card.note) if line)
