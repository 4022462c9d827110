"""Every page: on the demo, without data, with old data, with a hostile address."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from minxin.board import registry
from minxin.settings import Home
from tests.pages.conftest import Open, shown

PAGES = registry.entries()
NEEDING = [p for p in PAGES if "snapshot" in p.needs]
HOSTILE = ["<script>alert(1)</script>", "' or 1=1 --", "../../etc/passwd", "9" * 400, "\u202e\x00", "none", ""]


def _id(page: registry.Entry) -> str:
    return page.id


def is_sound(at: AppTest) -> None:
    """No traceback, no line of trouble."""
    assert not at.exception
    assert [e.value for e in at.error] == []


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_on_the_demo(page: registry.Entry, demo: Home, open_page: Open) -> None:
    at = open_page(page.file)
    is_sound(at)
    assert [t.value for t in at.title] == [page.title]
    assert "模拟数据" in shown(at)


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_without_data(page: registry.Entry, tmp_home: Home, open_page: Open) -> None:
    at = open_page(page.file)
    is_sound(at)
    assert ("还没有可以显示的数据" in shown(at)) is ("snapshot" in page.needs)
    assert not tmp_home.path.exists(), "looking writes nothing"


@pytest.mark.parametrize("page", NEEDING, ids=_id)
def test_old_data_are_said_to_be_old(page: registry.Entry, own_demo: Home, open_page: Open) -> None:
    # the same data as if they were real: the demo has a clock of its own
    for file in [own_demo.path / "home.json", own_demo.path / "current.json"]:
        text = file.read_text(encoding="utf-8")
        file.write_text(json.dumps(json.loads(text) | {"kind": "real"}), encoding="utf-8")
    at = open_page(page.file)
    is_sound(at)
    assert any("天未更新" in w.value for w in at.warning)
    assert "模拟数据" not in shown(at)


def test_fresh_data_of_the_demo_are_not_called_old(demo: Home, open_page: Open) -> None:
    assert not open_page().warning


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_address_changes_nothing(value: str, demo: Home, open_page: Open) -> None:
    names = (
        "period",
        "week",
        "month",
        "range",
        "compare",
        "community",
        "indicator",
        "trend",
        "category",
        "state",
        "more",
    )
    at = open_page(**dict.fromkeys(names, value))
    is_sound(at)
    plain = open_page()
    assert [m.value for m in at.metric] == [m.value for m in plain.metric]
    assert "alert(1)" not in shown(at)


@pytest.mark.parametrize("key", ["period", "week", "compare", "community", "indicator", "trend", "category", "state"])
def test_a_forged_widget_value_counts_as_not_given(key: str, demo: Home, open_page: Open) -> None:
    """The options of a widget are checked in the browser only."""
    at = open_page(forged={key: "<img src=x onerror=alert(1)>"})
    is_sound(at)
    assert "onerror" not in shown(at)
    assert [m.value for m in at.metric] == [m.value for m in open_page().metric]


def test_a_home_of_another_deployment_is_refused_in_one_line(
    demo: Home, tmp_path: Path, open_page: Open, monkeypatch
) -> None:
    path = tmp_path / "home"
    shutil.copytree(demo.path, path)
    (path / "home.json").write_text('{"deployment": "elsewhere", "kind": "demo"}', encoding="utf-8")
    monkeypatch.setenv("MINXIN_HOME", str(path))
    at = open_page()
    assert not at.exception
    assert len(at.error) == 1 and "elsewhere" in at.error[0].value and "\n" not in at.error[0].value


def test_what_fails_is_one_chinese_line(demo: Home, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail of the machine")

    st.cache_resource.clear()
    monkeypatch.setattr("minxin.queries.Queries.run", broken)
    at = open_page("data/published.py")
    assert not at.exception
    assert len(at.error) == 1 and "暂时无法显示" in at.error[0].value
    assert "secret" not in shown(at)
