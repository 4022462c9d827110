"""The board run without a browser: Streamlit's own test runner on real homes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from minxin import queries
from minxin.access import rules
from minxin.settings import Home
from tests.support import ROOT, environment

Open = Callable[..., AppTest]
Narrow = Callable[[str], None]
WAIT = 120.0


@pytest.fixture
def open_page() -> Open:
    """``open_page("review/weekly.py", period="月")``: the page after app.py, with parameters of its address."""

    def run(file: str = "review/weekly.py", forged: dict[str, Any] | None = None, **parameters: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=WAIT)
        for name, value in parameters.items():
            at.query_params[name] = value
        for name, value in (forged or {}).items():
            at.session_state[name] = value
        at.run()
        if file != "review/weekly.py":
            at.switch_page(f"pages/{file}").run()
        return at

    return run


@pytest.fixture
def snapshot(demo: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the published file of the demo, for questions of our own."""
    held = queries.current(demo)
    assert held is not None
    with queries.connection(held.snapshot).cursor() as cursor:
        yield cursor


@pytest.fixture
def sums_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Narrow:
    """``sums_only("linkage")``: from now on the local viewer sees only sums on that page."""

    def narrow(page: str) -> None:
        text = (ROOT / "data" / "access.toml").read_text(encoding="utf-8")
        before, after = text.split(f"[pages.{page}]")
        own = after.replace('local = "masked"', 'local = "aggregate"', 1)
        file = tmp_path / "access.toml"
        file.write_text(f"{before}[pages.{page}]{own}", encoding="utf-8")
        held = rules.read_rules(file)
        monkeypatch.setattr(rules, "_rules", lambda *_: held)

    return narrow


@pytest.fixture
def own_demo(demo_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A copy of the demo that a test may change."""
    path = tmp_path / "home"
    shutil.copytree(demo_home.path, path)
    for name, value in environment(path).items():
        if name.startswith("MINXIN_"):
            monkeypatch.setenv(name, value)
    return Home(path, demo_home.deployment)


def shown(at: AppTest) -> str:
    """Every text on a page, as one."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "error", "warning", "success", "info")
    said = [element.value for kind in kinds for element in getattr(at, kind)]
    said += [f"{metric.label} {metric.value} {metric.delta}" for metric in at.metric]
    return "\n".join(map(str, said))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the blocks that are run from here on."""
    run: list[str] = []
    plain = queries.Queries.run

    def noted(self: queries.Queries, name: str, *args: object, **given: object) -> object:
        run.append(name)
        return plain(self, name, *args, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(queries.Queries, "run", noted)
    return run
