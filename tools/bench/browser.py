"""What a person at a browser waits for: first figure, whole page, and a changed filter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from tools.install_chromium import chromium

SCRIPT = Path(__file__).with_name("painted.js").read_text(encoding="utf-8")
#: A page is painted when its script has stopped and nothing changed for so long.
QUIET = 0.8


@dataclass(frozen=True)
class Load:
    """A cold load in milliseconds: until the first figure stood there (None: no figure), and everything."""

    figure: float | None
    everything: float


@contextmanager
def chrome() -> Iterator[Browser | None]:
    """A headless Chromium, or None on a machine that has none."""
    path = chromium()
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--lang=zh-CN"])
        try:
            yield browser
        finally:
            browser.close()


def load(browser: Browser, address: str) -> tuple[Page, Load]:
    """Open an address in a fresh context (empty cache); the page stays open, its context is the caller's to close."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    page = context.new_page()
    page.add_init_script(SCRIPT)
    page.goto(address, wait_until="commit")
    begun = page.evaluate("performance.timeOrigin")
    last = painted(page)
    figure = page.evaluate("window.__painted.figure")
    return page, Load(figure - begun if figure else None, last - begun)


def painted(page: Page, limit: float = 90) -> float:
    """Wait until everything is painted; the moment of the last change, in ms since the epoch."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        stopped = page.evaluate(
            "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
            " && !document.querySelector('[data-stale=true]')"
            " && !document.querySelector('[data-testid=stSkeleton]')"
        )
        last = max(_last_changes(page))
        if stopped and page.evaluate("performance.timeOrigin + performance.now()") - last > QUIET * 1000:
            return last
        page.wait_for_timeout(50)
    raise TimeoutError(f"{page.url} was not painted within {limit:.0f} s")


def _last_changes(page: Page) -> list[float]:
    found: list[float] = []
    for frame in page.frames:
        try:
            value: Any = frame.evaluate("window.__painted ? window.__painted.last : 0")
        except BrowserError:
            continue  # a frame that was just replaced
        found.append(float(value))
    return found or [0.0]


def choose(page: Page, label: str, option: str) -> float:
    """Pick an option of the select box ``label``; milliseconds from the click until everything is painted."""
    box = page.get_by_role("combobox", name=label, exact=True).first
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).first.wait_for()
    page.evaluate("window.__painted.clicked = null")
    page.get_by_role("option", name=option, exact=True).first.click()
    last = painted(page)
    return last - float(page.evaluate("window.__painted.clicked"))


def options(page: Page, label: str) -> list[str]:
    """The options that a select box offers, as far as its open list shows them."""
    box = page.get_by_role("combobox", name=label, exact=True).first
    box.click()
    page.get_by_role("option").first.wait_for()
    found = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return [text for text in found if text]
