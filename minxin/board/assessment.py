"""What the pages of the assessment share: month, rule and kind of unit in the address, and the review they read."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.analysis.assessment import review, rules
from minxin.analysis.assessment.counted import FIRST_DAYS, By, Counted
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.rules import Rule
from minxin.board import ahead, filters
from minxin.board.frames import Source
from minxin.board.text import literal
from minxin.settings import Unusable, deployment

_BY: dict[By, str] = {"community": "", "unit": "承办单位"}
#: Months to choose from.
MONTHS = 36


@dataclass(frozen=True)
class Chosen:
    """What was chosen: the assessed month by name, the rule, communities or units; ``rest`` ends the line.

    ``official`` is the rule in force for the month; another one is a trial.
    """

    month: tuple[int, int]
    rule: Rule
    official: Rule
    by: By
    rest: DeltaGenerator

    @property
    def month_name(self) -> str:
        """2023年6月."""
        return f"{self.month[0]}年{self.month[1]}月"

    @property
    def is_trial(self) -> bool:
        return self.rule.name != self.official.name


def bar(source: Source, with_units: bool = False) -> Chosen:
    """The line of filters under the title: assessed month, rule, and where wanted communities or units."""
    held = rules.load()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        month = choose_month(source)
        official, is_before = rules.load().nearest(*month)
        names = [r.name for r in usable_rules()]
        titles = {r.name: r.title + ("" if r.name == official.name else "（试算）") for r in held.versions}
        if official.name not in names:
            raise Unusable(f"规则 {official.name} 的考核月首日应为 1 日或 19 日，请改正后再看。")
        name = filters.one_of("考核规则", {n: titles[n] for n in names}, "rules", official.name, width=240)
        by: By = "community"
        if with_units:
            words: dict[str, str] = {"community": deployment().area_word, "unit": _BY["unit"]}
            by = "unit" if filters.beside("考核对象", words, "by", "community") == "unit" else "community"
        rest = filters.line_end()
    if is_before:
        st.caption(f"该月尚无生效的考核规则，以下按最早一版「{literal(official.title)}」试算，不是正式结果。")
    return Chosen(month, held.named(name), official, by, rest)


def usable_rules() -> list[Rule]:
    """The rules of the file that months can be assessed by."""
    return [r for r in rules.load().versions if r.period_first_day in FIRST_DAYS]


def choose_month(source: Source) -> tuple[int, int]:
    """The assessed month by name, among those that a rule was in force for."""
    as_of = source.snapshot.as_of
    newest = review.latest_month(rules.load().nearest(as_of.year, as_of.month)[0], as_of)
    first = filters.first_day_of(source)
    found: dict[str, str] = {}
    earlier: dict[str, str] = {}
    place = newest[0] * 12 + newest[1] - 1
    while len(found) + len(earlier) < MONTHS and place >= first.year * 12 + first.month - 1:
        year, month = place // 12, place % 12 + 1
        begun = any(
            r.start is not None and (r.start.year, r.start.month) <= (year, month) for r in rules.load().versions
        )
        (found if begun else earlier)[f"{year:04d}-{month:02d}"] = f"{year}年{month}月考核"
        place -= 1
    # Where all data are older than the first rule, what they would come to by it is better than nothing.
    found = found or earlier
    if not found:
        found = {f"{newest[0]:04d}-{newest[1]:02d}": f"{newest[0]}年{newest[1]}月考核"}
    code = filters.one_of("考核月", found, "month", next(iter(found)), width=170)
    return review.parse_month(code)


def newest(source: Source, most: int = ahead.MONTHS) -> list[tuple[tuple[int, int], Rule]]:
    """The newest months that can be assessed, each with the rule in force (or the first one), the newest first."""
    as_of, first = source.snapshot.as_of, filters.first_day_of(source)
    year, month = review.latest_month(rules.load().nearest(as_of.year, as_of.month)[0], as_of)
    last = year * 12 + month - 1
    places = range(last, max(last - most, first.year * 12 + first.month - 2), -1)
    return [((p // 12, p % 12 + 1), rules.load().nearest(p // 12, p % 12 + 1)[0]) for p in places]


def reviewed(source: Source, month: tuple[int, int], rule: Rule, by: By = "community") -> Review:
    """The review of a month by a rule, kept for whoever asks the same of the same snapshot within the same scope."""
    return _kept(source.key, month, rule.digest, by, rule, source)


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(key: tuple[str, ...], month: tuple[int, int], digest: str, by: By, _rule: Rule, _source: Source) -> Review:
    return Review(_source, month, _rule, by, _counted(key, by, _source))


@st.cache_resource(max_entries=8, show_spinner=False)
def _counted(key: tuple[str, ...], by: By, _source: Source) -> Counted:
    return Counted(_source, by)
