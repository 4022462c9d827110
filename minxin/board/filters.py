"""What is asked of a page: period, comparison, community; each in the URL and checked here again.

Streamlit checks the options of a widget in the browser only, and the URL is anybody's: a value that
is no option counts as not given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.analysis import periods
from minxin.analysis.periods import Comparison, Kind, Period
from minxin.board.frames import Source
from minxin.settings import deployment

V = TypeVar("V", bound=Hashable)
KIND_WORDS: dict[Kind, str] = {"week": "周", "month": "月", "quarter": "季", "year": "年", "range": "自选"}
COMPARISON_WORDS: dict[Comparison, str] = {"previous": "比上期", "year_ago": "比去年同期", "none": "不比较"}
LONGEST_RANGE = 3660
COMMUNITY = "community"
_PAGE, _PINNED = "filters_page", "filters_pinned"
#: Parameters that open something on a page and are no filters of it.
_RECORDS = ("records", "id")


@dataclass(frozen=True)
class Chosen:
    """What was chosen; ``community`` is '' for the whole, ``rest`` the end of the line for what a page puts there."""

    period: Period
    comparison: Comparison
    community: str
    rest: DeltaGenerator


def allowed(value: Any, options: Sequence[V], default: V) -> V:
    """The value where it is one of the options, else the default."""
    return value if value in options else default


def begin(page_id: str) -> None:
    """A page begins: what is chosen from here on is chosen on it."""
    st.session_state[_PAGE], st.session_state[_PINNED] = page_id, {}


def page() -> str:
    """The id of the page that is looked at, '' outside of pages."""
    return str(st.session_state.get(_PAGE, ""))


def address() -> str:
    """The query part of the page's address, with the periods that stand in it only as long as they are the latest.

    A link kept for later opens what was looked at, and not what is the latest by then.
    """
    given = {name: st.query_params.get_all(name) for name in st.query_params if name not in _RECORDS}
    held = {k: [v] for k, v in st.session_state.get(_PINNED, {}).items() if k in st.session_state}
    return urlencode({**held, **given}, doseq=True)


def pin(key: str, said: str) -> None:
    """Remember how the address says what the control of that key has chosen, also where it is the default."""
    st.session_state[_PINNED] = {**st.session_state.get(_PINNED, {}), key: said}


def bar(source: Source) -> Chosen:
    """The line of filters under the title."""
    first_day = first_day_of(source)
    as_of = source.snapshot.as_of
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        period = _period(first_day, as_of)
        comparison = _comparison()
        community = _community(source)
        rest = line_end()
    return Chosen(period, comparison, community, rest)


def first_day_of(source: Source) -> dt.date:
    """The first day with data, or the day of the data time where there are none."""
    first = source("snapshot.bounds").iloc[0]["first_day"]
    return source.snapshot.as_of.date() if pd.isna(first) else pd.Timestamp(first).date()


def _period(first_day: dt.date, as_of: dt.datetime) -> Period:
    kind = beside("时段类型", KIND_WORDS, "period", "week")
    return _range(first_day, as_of) if kind == "range" else _named(kind, first_day, as_of)


def _named(kind: Kind, first_day: dt.date, as_of: dt.datetime) -> Period:
    held = {p.code: p for p in periods.choices(kind, first_day, as_of)}
    newest = periods.latest_complete(kind, as_of)
    default = newest.code if newest.code in held else next(iter(held))
    code = st.selectbox(
        "时段",
        list(held),
        index=list(held).index(default),
        format_func=lambda c: held[c].label if c in held else str(c),
        key=kind,
        bind="query-params",
        label_visibility="collapsed",
        width=285,
    )
    chosen = held[allowed(code, list(held), default)]
    pin(kind, chosen.label)
    return chosen


def _range(first_day: dt.date, as_of: dt.datetime) -> Period:
    newest = max(first_day, (as_of - dt.timedelta(microseconds=1)).date())
    default = periods.latest_complete("range", as_of)
    start, last = max(default.start, first_day), min(max(default.last, first_day), newest)
    given = st.date_input(
        "起止日期",
        (start, last),
        min_value=first_day,
        max_value=newest,
        format="YYYY-MM-DD",
        key="range",
        bind="query-params",
        label_visibility="collapsed",
        width=285,
    )
    days = [d for d in (given if isinstance(given, (tuple, list)) else (given,)) if isinstance(d, dt.date)]
    pin("range", f"{start},{last}")
    if len(days) == 2 and first_day <= days[0] <= days[1] <= newest and (days[1] - days[0]).days < LONGEST_RANGE:
        return Period.range(days[0], days[1])
    return (
        Period.range(days[0], days[0])
        if len(days) == 1 and first_day <= days[0] <= newest
        else Period.range(start, last)
    )


def _comparison() -> Comparison:
    return beside("比较", COMPARISON_WORDS, "compare", "previous")


def community_names(source: Source) -> dict[str, str]:
    """Code → name of the communities that the viewer may see, in the deployment's order."""
    held = source("snapshot.communities")
    return dict(zip(held["community_code"], held["community_name"], strict=True))


def _community(source: Source) -> str:
    names = community_names(source)
    options = ["", *names]
    if st.session_state.get(COMMUNITY) not in (None, *options):
        del st.session_state[COMMUNITY]
    chosen = st.selectbox(
        deployment().area_word,
        options,
        format_func=lambda code: names.get(code, deployment().whole_word),
        key=COMMUNITY,
        bind="query-params",
        label_visibility="collapsed",
        width=150,
    )
    return allowed(chosen, options, "")


def choose_community(code: str) -> None:
    """Choose a community from a click (in a callback); the chosen one once more means the whole again."""
    st.session_state[COMMUNITY] = "" if st.session_state.get(COMMUNITY) == code else code


def one_of(label: str, options: dict[str, str], key: str, default: str, width: int = 150) -> str:
    """A choice among named options, in the URL under ``key``."""
    chosen = st.selectbox(
        label,
        list(options),
        index=list(options).index(default),
        format_func=lambda code: options.get(code, str(code)),
        key=key,
        bind="query-params",
        label_visibility="collapsed",
        width=width,
    )
    code = allowed(chosen, list(options), default)
    pin(key, options[code])
    return code


def beside(label: str, words: Mapping[V, str], key: str, default: V) -> V:
    """A choice among a few that stand side by side, in the URL under ``key``."""
    chosen = st.segmented_control(
        label,
        list(words),
        default=default,
        required=True,
        format_func=words.__getitem__,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    return allowed(chosen, list(words), default)


def line_end() -> DeltaGenerator:
    """The right end of a line of filters, where a page puts its export."""
    return st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small")
