"""A board in a real browser, shared by the files of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.warm_up import open_once

WAIT = 90_000

Show = Callable[..., Any]


@pytest.fixture(scope="module")
def warm_board(demo_board: str) -> str:
    """The board after its first run."""
    assert open_once(demo_board)
    return demo_board


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """One profile for a file of tests: what a page loads stays in its cache, as in an office."""
    context = browser.new_context(locale="zh-CN", accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def show(context: Any, warm_board: str) -> Iterator[Show]:
    """``show("?community=…", scheme="dark")``: a page, whole; every request is noted in ``page.asked``."""
    pages = []

    def run(
        path: str = "", scheme: str = "light", width: int = 1366, height: int = 768, ready: str = "stMetric"
    ) -> Any:
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(WAIT)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("websocket", lambda socket: page.asked.append(socket.url))
        page.goto(f"{warm_board}/{path}")
        page.wait_for_selector(f'[data-testid="{ready}"]')
        return page

    yield run
    for page in pages:
        page.close()
