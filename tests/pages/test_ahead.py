"""Answers worked out ahead are those that the pages give: nothing is left to work out when they are asked."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import pytest
import streamlit as st

from minxin.access import Viewer
from minxin.board import (
    ahead,
    assessment,
    community,
    filters,
    frames,
    honours,
    panel,
    rules,
    rules_chosen,
    scorecard,
    weekly,
)
from minxin.board.frames import Source
from minxin.settings import NO_COMMUNITY, Home
from tests.pages.conftest import Open, counted


@pytest.fixture
def asked(demo: Home, monkeypatch: pytest.MonkeyPatch) -> Source:
    st.cache_resource.clear()
    found = frames.source(Viewer.local(demo.deployment))
    assert found is not None
    return found


def _run(answers: Iterable[ahead.Answer], most: int) -> int:
    held = list(islice(answers, most))
    for answer in held:
        answer()
    return len(held)


def test_the_weekly_page_is_answered_whole(asked: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    first = asked.snapshot.as_of.date().replace(year=2021)
    assert _run(weekly._ahead(asked, first, "light"), 1) == 1
    run = counted(monkeypatch)
    assert _run(weekly._ahead(asked, first, "light"), 1) == 1
    assert run == []


def test_the_newest_months_of_the_scorecard(asked: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    months = assessment.newest(asked, 6)
    assert [month for month, _ in months] == [(2023, 6), (2023, 5), (2023, 4), (2023, 3), (2023, 2), (2023, 1)]
    _run(scorecard._ahead(asked, months, "light"), 1)
    run = counted(monkeypatch)
    _run(scorecard._ahead(asked, months, "light"), 1)
    assert run == []


def test_every_community_of_the_newest_month(asked: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    months = assessment.newest(asked, 1)
    opening, *others = (code for code in asked.viewer.communities if code != NO_COMMUNITY)
    rules = len(assessment.usable_rules()) - 1
    assert len(list(community._ahead(asked, months, opening, "light"))) == 1 + len(others) + rules
    _run(community._ahead(asked, months, opening, "light"), 2)
    run = counted(monkeypatch)
    _run(community._ahead(asked, months, opening, "light"), 2)
    assert run == []


def test_a_community_opens_with_nothing_left_to_ask(
    asked: Source, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [code for code in asked.viewer.communities if code != NO_COMMUNITY]
    months = assessment.newest(asked, 1)
    _run(community._ahead(asked, months, others[0], "light"), 2)
    at = open_page(community=filters.community_names(asked)[others[1]])
    run, drawn = counted(monkeypatch), panel.figure.cache_info().misses
    at.switch_page("pages/assessment/community.py").run()
    assert others[1] in {box.value for box in at.selectbox}
    assert not at.exception
    assert run == []
    assert panel.figure.cache_info().misses == drawn


@pytest.mark.parametrize("about", ["单位", "人员", "案例"])
def test_honours_open_with_nothing_left_to_ask(
    about: str, asked: Source, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = honours.spans(filters.first_day_of(asked), asked.snapshot.as_of)
    _run(honours._ahead(asked, list(held.values()), "light"), 3)
    at = open_page()
    run, drawn = counted(monkeypatch), panel.figure.cache_info().misses
    at.query_params["about"] = about
    at.switch_page("pages/assessment/honours.py").run()
    assert not at.exception and at.get("plotly_chart")
    assert run == []
    assert panel.figure.cache_info().misses == drawn


def test_rules_tried_on_the_newest_months(asked: Source, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    month, official = assessment.newest(asked, 1)[0]
    candidates = rules_chosen.versions(official)
    first = next(c for c in candidates.values() if c.rule.start is None)
    opening = rules_chosen.Chosen(month, official, candidates[official.name], first, candidates, st.container())
    for answer in rules._ahead(asked, opening, "light"):
        answer()

    def never(*_: object) -> None:
        raise AssertionError("worked out once more")

    monkeypatch.setattr(rules.trial, "Trial", never)
    other = next(c for c in candidates.values() if c is not first and c.rule is not official)
    for asked_for in ({}, {"month": "2023年3月考核"}, {"trial": other.label}, {"least": "10 件"}, {"window": "6 个月"}):
        at = open_page("assessment/rules.py", **asked_for)
        assert not at.exception and not at.error, asked_for
        assert set(asked_for.values()) <= {box.format_func(box.value) for box in at.selectbox}
    at = open_page("assessment/rules.py", basic="0.25")
    assert at.exception or at.error, "what nobody prepared is worked out when it is asked"


def test_nothing_is_prepared_without_a_server(asked: Source) -> None:
    def never() -> Iterable[ahead.Answer]:
        raise AssertionError("nobody is served")

    ahead.prepare(asked, "weekly", never)
    assert not ahead.is_served()
