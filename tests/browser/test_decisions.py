"""批示督办 in real browsers: two people at one instruction, from a chart to its follow-up and back."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from minxin.access import Viewer
from minxin.operations import Actor, Store, Unit, View, clock_of
from minxin.settings import Home
from tests import support
from tests.browser.conftest import WAIT, Show
from tests.browser.test_weekly import LATIN, LOCAL, READ
from tools.warm_up import open_once

FANSHEN = "440306017017"
#: Chinese in a key is no part of its class.
SAID, NOTE = "[class*=st-key-said_] textarea", "[class*=st-key-note_] textarea"
RECORD = re.compile(r"批示-\d{4}-\d{4}")


def _leader(home: Home) -> Actor:
    return Actor.of(Viewer("书记-01", ("leader",), tuple(home.deployment.community_codes)))


@pytest.fixture(scope="module")
def own_home(demo_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy of the demo with two instructions in its store."""
    path = tmp_path_factory.mktemp("decisions") / "home"
    shutil.copytree(demo_home.path, path)
    home = Home(path, demo_home.deployment)
    view = View(
        "weekly", "period=月&month=2023年5月&community=翻身社区", "s000001-000000", "ranking", "翻身社区逾期最多"
    )
    with Store.open(home, clock_of(home)) as store:
        for text in ("请逐件办结积压。", "请研判成因。"):
            store.instructions.give(_leader(home), text, Unit("community", FANSHEN), dt.date(2023, 7, 7), view)
    return home


@pytest.fixture(scope="module")
def own_board(own_home: Home) -> Iterator[str]:
    with support.board(own_home.path) as address:
        assert open_once(address)
        yield address


@pytest.fixture
def show(browser: Any, own_board: str) -> Iterator[Show]:
    """A page of a person of its own."""
    contexts = []

    def run(path: str, ready: str) -> Any:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(f"{own_board}/{path}")
        page.wait_for_selector(ready)
        settled(page)
        return page

    yield run
    for context in contexts:
        context.close()


def settled(page: Any) -> None:
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(700)


def name_oneself(page: Any, who: str) -> None:
    page.locator(".st-key-operator_here input").fill(who)
    page.get_by_role("button", name="填好后办理").click()
    page.wait_for_selector(".st-key-who button:has-text('经办：')")
    settled(page)


def press(page: Any, label: str) -> None:
    page.locator("[data-testid=stFormSubmitButton] button", has_text=label).first.click()
    settled(page)


def test_two_people_at_one_instruction(show: Show, own_home: Home) -> None:
    first, second = (show("decisions?id=批示-2023-0001", ".st-key-opened") for _ in range(2))
    name_oneself(first, "经办-07")
    name_oneself(second, "经办-08")
    first.locator(SAID).fill("由甲承办。")
    second.locator(SAID).fill("由乙承办，周五前报结果。")
    press(first, "接收")
    first.get_by_text("现在是「办理中」").wait_for()
    press(second, "接收")
    line = second.locator("[data-testid=stAlert]").first.inner_text()
    assert "已被「经办-07」改动" in line and "「待接收」改为「办理中」" in line and "没有保存" in line
    typed = second.locator(SAID)
    assert typed.input_value() == "由乙承办，周五前报结果。", "nothing that was typed is lost"
    assert "办理中" in second.locator(".st-key-opened").inner_text(), "the newest state stands below"
    # on the newest state the second one's words are taken
    press(second, "申请办结")
    second.get_by_text("现在是「待核查」").wait_for()
    # notes of two at once both stay
    for page, words in ((first, "甲的进展"), (second, "乙的进展")):
        page.locator(NOTE).fill(words)
    press(first, "记下进展")
    press(second, "记下进展")

    def stored() -> None:
        with Store.open(own_home, clock_of(own_home)) as store:
            viewer = _leader(own_home).viewer
            held = store.instructions.one(viewer, "批示-2023-0001")
            assert (held.state, held.version, held.asked_by) == ("checking", 3, "经办-08")
            assert held.evidence == "由乙承办，周五前报结果。"
            assert store.instructions.notes(viewer, held.id)["text"].tolist() == ["甲的进展", "乙的进展"]
            history = store.instructions.history(viewer, held.id)
            assert history["who"].unique().tolist() == ["书记-01", "经办-07", "经办-08"]
            assert "由甲承办。" in history["after"].tolist()
            assert store.problems() == []

    support.apart(stored)


def test_the_way_back_opens_the_same_filters(show: Show) -> None:
    page = show("decisions?id=批示-2023-0002", ".st-key-opened")
    page.get_by_text("回到当时的画面").click()
    page.wait_for_selector(".st-key-panel_ranking")
    settled(page)
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["month"] == ["2023年5月"] and asked["community"] == ["翻身社区"]
    assert "2023年5月" in page.locator(".st-key-month input").input_value()


def test_from_a_chart_to_its_follow_up(show: Show) -> None:
    page = show("weekly?period=月&month=2023年5月", ".st-key-panel_ranking h3")
    title = page.locator(".st-key-panel_ranking h3").inner_text()
    page.locator(".st-key-panel_ranking [data-testid=stPopoverButton]:visible").click()
    page.locator(".st-key-note_ranking button").click()
    dialog = page.locator('[role="dialog"]', has_text="记一条批示").last
    dialog.locator(".st-key-instruct_text_chart textarea").fill("请限期办结。")
    assert page.locator("[data-testid=stPopoverBody]:visible").count() == 0, "the menu lay over the dialog"
    dialog.locator(".st-key-instruct_unit_chart input").click()
    page.keyboard.type("翻身")
    page.get_by_role("option", name="翻身社区").click()
    dialog.locator(".st-key-operator_instruct_chart input").fill("书记-02")
    dialog.get_by_role("button", name="保存批示").click()
    dialog.get_by_text("去「批示督办」查看").click()
    page.wait_for_selector(".st-key-opened")
    settled(page)
    opened = page.locator(".st-key-opened").inner_text()
    assert RECORD.search(opened) and "请限期办结。" in opened and title in opened and "书记-02" in opened
    read = LATIN.sub("", page.evaluate(READ))
    assert re.findall(r"[A-Za-z]{3,}", read) == []
    assert [url for url in page.asked if not url.startswith(LOCAL)] == []
    assert Path(urlsplit(page.url).path).name == "decisions"


def test_a_row_opens_beside_the_list(show: Show) -> None:
    page = show("decisions", ".st-key-picked_instructions canvas")
    box = page.locator(".st-key-picked_instructions canvas").first.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)
    page.wait_for_selector(".st-key-opened")
    settled(page)
    assert RECORD.search(page.locator(".st-key-opened").inner_text())
    assert parse_qs(urlsplit(page.url).query)["id"]
    page.get_by_role("button", name="关闭").click()
    page.wait_for_selector(".st-key-opened", state="detached")
