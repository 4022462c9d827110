"""考核记分卡 in a real browser: from a row to its community."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.browser.conftest import Show


def _community(page: Any) -> str:
    return unquote(parse_qs(urlsplit(page.url).query).get("community", [""])[0])


def test_a_row_opens_the_page_of_its_community(show: Show) -> None:
    page = show("scorecard")
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    table = page.locator(".st-key-picked_standings canvas").first
    table.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(500)
    first = page.locator('.st-key-picked_standings [data-testid="glide-cell-1-0"]').inner_text()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)
    page.wait_for_url("**/community*")
    page.get_by_role("heading", name="社区画像").wait_for()
    chosen = page.locator(".st-key-community input").input_value()
    assert chosen == first and _community(page) in ("", chosen)
