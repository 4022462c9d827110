"""Data text cannot become markup, script or invisible direction changes."""

import re
from html import unescape
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin.access import escape, harmless

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "`-alert(1)-`",
    "${alert(1)}",
    "{{7*7}}",
    r"\x3cimg src=x onerror=alert(1)\x3e",
    r"\u003cscript\u003e",
    "</textarea></title></style><svg/onload=alert(1)>",
    "javascript:alert(1)//\u2028alert(2)",
    "安全\u202egnp.exe",
    "a\x00b\x1bc\x7fd\x85e",
    "&lt;script&gt;",
    "<!--",
    "]]>",
    "\ud800",
]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    safe = escape(text)
    assert not re.search(r"[<>\"'`${}\\]", safe)
    reader = _Reader()
    reader.feed(f'<p title="{safe}">{safe}</p>')
    assert reader.tags == ["p"]
    assert [name for name, _ in reader.attributes] == ["title"]


@given(st.text())
def test_any_text_is_one_text_node_and_one_attribute(text):
    safe = escape(text)
    safe.encode("utf-8")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029\u200b-\u200f]", safe)
    reader = _Reader()
    reader.feed(f"<p title='{safe}' class=`{safe}`>{safe}</p>")
    reader.close()
    assert reader.tags == ["p"]


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "N", "P", "Zs"))))
def test_what_people_write_comes_back_whole(text):
    assert unescape(escape(text)) == text.replace("\xad", "")


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_missing_is_empty(missing):
    assert escape(missing) == ""


def test_other_values_become_their_text():
    assert escape(12) == "12"
    assert escape("一\t二\r\n三") == "一 二\n三"


@pytest.mark.parametrize("cell", ["=1+1", " =1", "+86", "-2+3", "-e5", "@x", "\tx", "\r=1", "=HYPERLINK(1)"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-3.5", "-1,234.5%", "-1e5", "-", "--", "2023-1", "正常", "", -3, 1.5, None])
def test_numbers_dashes_and_plain_text_stay_as_they_are(cell: object) -> None:
    assert harmless(cell) == cell
