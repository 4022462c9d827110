"""Pictures of the weekly page for the documents: ``python tools/screenshots.py``.

Simulates a demo of its own in a temporary home, serves it, and writes
``docs/images/weekly-{light,dark}-{1366x768,1920x1080}.png``. Look at them afterwards.
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
WAIT = 90_000


def settled(page: Page) -> None:
    """Wait until the script has run and map and charts are drawn."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=WAIT)
    page.wait_for_selector(".st-key-panel_categories .js-plotly-plot .main-svg", timeout=WAIT)
    page.frame_locator("iframe[title*=folium]").locator("path.leaflet-interactive").first.wait_for(timeout=WAIT)
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
        support.must("demo", "--subject", "petitions", env=support.environment(home))
        with support.board(home) as address, sync_playwright() as playwright:
            open_once(address)
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--lang=zh-CN"])
            for width, height in SIZES:
                for scheme in SCHEMES:
                    page = browser.new_page(
                        viewport={"width": width, "height": height}, color_scheme=scheme, locale="zh-CN"
                    )
                    page.goto(address)
                    settled(page)
                    page.screenshot(path=target / f"weekly-{scheme}-{width}x{height}.png")
                    page.close()
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
