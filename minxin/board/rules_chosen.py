"""What the page 规则推演 is asked for: the month, the rule to try and the one it is held against."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.analysis.assessment import rules as rule_file
from minxin.analysis.assessment import trial
from minxin.analysis.assessment.counted import FIRST_DAYS
from minxin.analysis.assessment.rules import Rule
from minxin.board import assessment, filters, operations, rules_controls
from minxin.board.frames import Source
from minxin.charts.words import clean
from minxin.settings import Refused, Unusable

log = logging.getLogger(__name__)
PAGE = "rules"
#: Saved scenarios to choose from, the latest first.
MOST_SAVED = 50
#: Keys of the two choices, and of what asks for the whole page to be drawn again.
TRIAL, AGAINST, AGAIN = "trial", "against", "rules_again"


@dataclass(frozen=True)
class Candidate:
    """A rule to choose: a version of the file, or a saved scenario with its ``version`` and ``owner``."""

    code: str
    label: str
    rule: Rule
    version: int = 0
    name: str = ""
    owner: str = ""

    @property
    def is_saved(self) -> bool:
        return self.version > 0


@dataclass(frozen=True)
class Chosen:
    """The assessed month, its official rule, what is compared with, where the trial begins; ``rest`` ends the line."""

    month: tuple[int, int]
    official: Rule
    old: Candidate
    base: Candidate
    candidates: Mapping[str, Candidate]
    rest: DeltaGenerator

    @property
    def month_name(self) -> str:
        return f"{self.month[0]}年{self.month[1]}月"


def bar(source: Source, viewer: Viewer) -> Chosen:
    """The line of filters: assessed month, the rule to try, and what it is held against."""
    held = rule_file.load()
    st.session_state.pop(AGAIN, None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        month = assessment.choose_month(source)
        official, _ = held.nearest(*month)
        candidates = versions(official) | _saved(viewer)
        if official.name not in candidates:
            raise Unusable(f"规则 {official.name} 的考核月首日应为 1 日或 19 日，请改正后再看。")
        first = next((c.code for c in candidates.values() if c.rule.start is None), official.name)
        st.text("试算")
        base = _candidate("试算规则", candidates, TRIAL, first, _restart, candidates)
        st.text("对照")
        old = _candidate("对照规则", candidates, AGAINST, official.name)
        rest = filters.line_end()
    return Chosen(month, official, old, base, candidates, rest)


def versions(official: Rule) -> dict[str, Candidate]:
    found = {}
    for rule in rule_file.load().versions:
        if rule.period_first_day in FIRST_DAYS:
            label = f"现行：{rule.title}" if rule.name == official.name else rule.title
            found[rule.name] = Candidate(rule.name, label, rule)
    return found


def _candidate(
    label: str,
    candidates: Mapping[str, Candidate],
    key: str,
    default: str,
    on_change: Callable[..., None] | None = None,
    *arguments: Any,
) -> Candidate:
    if st.session_state.get(key) not in (None, *candidates):
        del st.session_state[key]
    code = st.selectbox(
        label,
        list(candidates),
        index=list(candidates).index(default),
        format_func=lambda code: candidates[code].label if code in candidates else str(code),
        key=key,
        bind="query-params",
        on_change=on_change or "rerun",
        args=arguments,
        label_visibility="collapsed",
        width=250,
    )
    return candidates[filters.allowed(code, list(candidates), default)]


def _restart(candidates: Mapping[str, Candidate]) -> None:
    chosen = candidates.get(st.session_state.get(TRIAL, ""))
    if chosen is not None:
        rules_controls.show(chosen.rule)


def _saved(viewer: Viewer) -> dict[str, Candidate]:
    """Saved scenarios; none where nobody saved any or the store does not answer (the page says so further down)."""
    try:
        reading = operations.reading()
    except (Refused, Unusable) as error:
        log.info("no scenarios: %s", error)
        return {}
    if reading is None:
        return {}
    return _scenarios((*reading.key, viewer.roles), reading, viewer)


@st.cache_resource(max_entries=16, show_spinner=False)
def _scenarios(key: tuple[object, ...], _reading: operations.Reading, _viewer: Viewer) -> dict[str, Candidate]:
    if not may(_viewer, PAGE, "see"):
        return {}
    store, found = _reading.store.scenarios, {}
    for code in store.list(_viewer)["id"].head(MOST_SAVED):
        one = store.one(_viewer, code)
        try:
            rule = trial.from_settings(one.payload, rule_file.load())
        except ValueError as error:
            log.info("scenario %s is not understood any more: %s", one.id, error)
            continue
        label = f"{clean(one.name)}（{one.id}）"
        found[one.id] = Candidate(one.id, label, rule, one.version, one.name, one.owner)
    return found
