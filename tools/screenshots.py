"""Pictures of pages for the documents: ``python tools/screenshots.py``.

Simulates a demo of its own in a temporary home, serves it, and writes
``docs/images/<page>-<light or dark>-<width>x<height>.png``: the weekly page in both themes and sizes,
the others once. Look at them afterwards.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import support  # noqa: E402
from tools.install_chromium import chromium  # noqa: E402
from tools.warm_up import open_once  # noqa: E402

SIZES = ((1366, 768), (1920, 1080))
SCHEMES = ("light", "dark")
FIRST, OTHERS = "weekly", ("scorecard", "heatmap", "supervision")
WAIT = 90_000


def settled(page: Page) -> None:
    """Wait until the script has run and map, charts and tables are drawn."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=WAIT)
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=WAIT)
    if page.locator("iframe[title*=folium]").count():
        page.frame_locator("iframe[title*=folium]").locator("path.leaflet-interactive").first.wait_for(timeout=WAIT)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=WAIT)
    page.wait_for_timeout(3000)


def main() -> int:
    """0 when the pictures are written, 1 where there is no Chromium."""
    program = chromium()
    if not program:
        print("no Chromium on this machine: no pictures", file=sys.stderr)
        return 1
    target = ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="minxin-pictures-") as folder:
        home = Path(folder) / "home"
        support.must("demo", env=support.environment(home))
        with support.board(home) as address, sync_playwright() as playwright:
            open_once(address)
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--lang=zh-CN"])
            wanted = [(FIRST, scheme, size) for size in SIZES for scheme in SCHEMES]
            for name, scheme, (width, height) in [*wanted, *((name, SCHEMES[0], SIZES[1]) for name in OTHERS)]:
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=scheme, locale="zh-CN"
                )
                page.goto(f"{address}/{name}")
                settled(page)
                page.screenshot(path=target / f"{name}-{scheme}-{width}x{height}.png")
                page.close()
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
