"""每周会商 in a real browser: nothing leaves the machine, clicks do what they say, files open."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import openpyxl
import pptx
import pytest

from tests.browser.conftest import Show

LOCAL = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:")
#: Latin letters that an official would write, too.
LATIN = re.compile(r"n=|PPTX|XLSX|PNG|SVG|s\d{6}-[0-9a-f]{6}|b\d{6}-[0-9a-f]{6}|[A-Z]{2,}-?\d+")


def settled(page: Any) -> None:
    """Wait until the script has run and everything is drawn."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector(".st-key-panel_categories .js-plotly-plot .main-svg")
    page.frame_locator("iframe[title*=folium]").locator("path.leaflet-interactive").first.wait_for()
    page.wait_for_timeout(500)


def community(page: Any) -> str:
    """The community in the address."""
    return unquote(parse_qs(urlsplit(page.url).query).get("community", [""])[0])


def test_no_request_leaves_the_machine(show: Show) -> None:
    page = show()
    settled(page)
    page.locator(".st-key-panel_trend button[title], .st-key-shown_trend button").nth(1).click()
    page.wait_for_selector(".st-key-panel_trend [data-testid=stDataFrame]")
    assert len(page.asked) > 20
    assert [url for url in page.asked if not url.startswith(LOCAL)] == []


@pytest.mark.parametrize("path", ["published", "quality", "definitions", "imports"])
def test_other_pages_stay_on_the_machine(path: str, show: Show) -> None:
    page = show(path, ready="stHeading")
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(1000)
    assert [url for url in page.asked if not url.startswith(LOCAL)] == []
    assert page.locator('[data-testid="stAlert"] :text("暂时无法显示")').count() == 0
    assert page.locator('[role="dialog"]').count() == 0


def test_the_first_screen_holds_the_message(show: Show) -> None:
    page = show()
    settled(page)
    for selector in ("h1", ".st-key-filters"):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] < 200
    for card in page.locator('[data-testid="stMetric"]').all():
        box = card.bounding_box()
        assert box["y"] + box["height"] < 460
    assert page.locator("iframe[title*=folium]").bounding_box()["y"] < 620
    wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert wide, "nothing sticks out at the side"


def test_a_click_on_the_map_filters_the_page(show: Show) -> None:
    page = show()
    settled(page)
    accepted = page.locator('[data-testid="stMetricValue"]').first.inner_text()
    frame = page.frame_locator("iframe[title*=folium]")
    frame.locator("path.leaflet-interactive").nth(3).click(force=True)
    page.wait_for_function("new URL(location.href).searchParams.get('community')")
    settled(page)
    chosen = community(page)
    assert chosen.endswith("社区")
    assert chosen in page.locator(".st-key-community input").input_value()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMetricValue]').innerText !== before", arg=accepted
    )
    # the same place once more means the whole again
    frame.locator("path.leaflet-interactive").last.click(force=True)
    page.wait_for_function("!new URL(location.href).searchParams.get('community')")
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMetricValue]').innerText === before", arg=accepted
    )


def test_the_map_keeps_its_frame_when_the_indicator_changes(show: Show) -> None:
    page = show()
    settled(page)
    page.evaluate("document.querySelector('iframe[title*=folium]').dataset.seen = 'yes'")
    frame = page.frame_locator("iframe[title*=folium]")
    before = [p.get_attribute("fill") for p in frame.locator("path.leaflet-interactive").all()]
    page.locator(".st-key-indicator").get_by_role("combobox").click()
    page.get_by_role("option", name="受理量").click()
    page.wait_for_function("new URL(location.href).searchParams.get('indicator') === '受理量'")
    page.wait_for_selector(".st-key-panel_map h3:has-text('受理量')")
    page.wait_for_timeout(500)
    after = [p.get_attribute("fill") for p in frame.locator("path.leaflet-interactive").all()]
    assert len(after) == len(before) == 21 and after != before
    assert page.evaluate("document.querySelector('iframe[title*=folium]').dataset.seen") == "yes"


@pytest.mark.parametrize("name", ["map", "ranking", "trend", "categories"])
def test_every_picture_switches_to_its_table(name: str, show: Show) -> None:
    page = show()
    settled(page)
    page.locator(f".st-key-shown_{name} button").nth(1).click()
    page.wait_for_selector(f".st-key-panel_{name} [data-testid=stDataFrame]")
    page.locator(f".st-key-shown_{name} button").nth(0).click()
    page.wait_for_selector(f".st-key-panel_{name} [data-testid=stDataFrame]", state="detached")


def test_slides_and_workbook_download_and_open(show: Show, tmp_path: Path) -> None:
    page = show()
    settled(page)
    title = page.locator(".st-key-panel_ranking h3").inner_text()
    page.locator(".st-key-panel_ranking [data-testid=stPopoverButton]:visible").click()
    files = {}
    for ending in ("pptx", "xlsx"):
        with page.expect_download() as started:
            page.locator(f".st-key-{ending}_ranking button").click()
        assert started.value.suggested_filename.endswith(f".{ending}")
        files[ending] = Path(started.value.path()).read_bytes()
    deck = pptx.Presentation(io.BytesIO(files["pptx"]))
    assert any(shape.has_chart for slide in deck.slides for shape in slide.shapes)
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    assert any(title in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize(("choice", "magic"), [("PNG", b"\x89PNG"), ("SVG", b"<svg")])
def test_a_picture_downloads_from_the_browser(choice: str, magic: bytes, show: Show) -> None:
    page = show()
    settled(page)
    if choice == "SVG":
        page.locator(".st-key-panel_categories [data-testid=stPopoverButton]:visible").click()
        page.locator(".st-key-format_categories button", has_text="SVG").click()
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        page.keyboard.press("Escape")
        page.wait_for_timeout(1000)
    plot = page.locator(".st-key-panel_categories .js-plotly-plot")
    plot.scroll_into_view_if_needed()
    plot.hover()
    with page.expect_download() as started:
        plot.locator(".modebar-btn").first.click()
    assert Path(started.value.path()).read_bytes().lstrip().startswith(magic)


def test_a_row_opens_its_masked_record(show: Show) -> None:
    page = show()
    settled(page)
    table = page.locator(".st-key-picked_late canvas").first
    table.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)
    drawer = page.locator('[role="dialog"]')
    drawer.wait_for()
    # The record is drawn part by part: its last line stands when all of it does.
    drawer.get_by_text("已脱敏").wait_for()
    said = drawer.inner_text()
    assert "诉求详情" in said and "已脱敏" in said
    assert not re.search(r"1[3-9]\d{9}", said)


def test_a_link_opens_what_a_colleague_saw(show: Show) -> None:
    page = show("weekly?period=月&month=2023年5月&community=翻身社区&compare=比去年同期&indicator=受理量")
    settled(page)
    assert "2023年5月" in page.locator(".st-key-month input").input_value()
    assert "翻身社区" in page.locator(".st-key-community input").input_value()
    assert "受理量" in page.locator(".st-key-indicator input").input_value()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_charts_wear_the_theme_of_the_page(scheme: str, show: Show) -> None:
    page = show(scheme=scheme)
    settled(page)
    colour = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    paper = page.evaluate("getComputedStyle(document.querySelector('.js-plotly-plot .main-svg')).backgroundColor")
    inside = (
        page.frame_locator("iframe[title*=folium]").locator("body").evaluate("b => getComputedStyle(b).backgroundColor")
    )
    assert colour == paper == inside


#: Text that is read, without the names of icons and what stands for screen readers in the framework's English.
READ = """() => {
    const read = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        const unread = '[data-testid=stIconMaterial], script, style, noscript, [aria-hidden=true], canvas';
        const hidden = parent.closest(unread);
        const box = parent.getBoundingClientRect();
        if (!hidden && box.width > 2 && box.height > 2) read.push(walker.currentNode.textContent);
    }
    return read.join('\\n');
}"""


def test_what_is_read_is_chinese(show: Show) -> None:
    page = show()
    settled(page)
    said = LATIN.sub("", page.evaluate(READ))
    assert "每周会商" in said
    assert re.findall(r"[A-Za-z]{3,}", said) == []


@pytest.mark.parametrize("path", ["nowhere", "信用"])
def test_an_address_of_no_page_is_answered_in_chinese(path: str, show: Show) -> None:
    page = show(path, ready="stAlert")
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(500)
    assert "没有这个地址的页面" in page.locator('[data-testid="stAlert"]').inner_text()
    assert page.locator('[role="dialog"]').count() == 0
    page.locator('[data-testid="stPageLink"] a').click()
    page.get_by_role("heading", name="每周会商").wait_for()
