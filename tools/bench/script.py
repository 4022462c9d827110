"""The scripts of the pages on a filter change, without browser or network; runs in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minxin.board import registry
from tools.bench.homes import ROOT, environment

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest
    from streamlit.testing.v1.element_tree import Selectbox

#: How many options of a select box are tried; the newest periods and the first places stand first.
MOST = 12
_WAIT = 300


@dataclass(frozen=True)
class Times:
    """Milliseconds of one page's script: at questions not asked before, and at the same ones once more."""

    new: list[float]
    again: list[float]


def times(home: Path, pages: Sequence[str]) -> dict[str, Times]:
    """Page id → the times of its script, warm: each of its select boxes changed in turn, the others at rest.

    RuntimeError where a page fails or does not follow its box.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.script", *pages],
        cwd=ROOT,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"a page's script failed: {done.stderr.strip()[-800:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return {page: Times(**held) for page, held in found.items()}


def _run(app: AppTest) -> float:
    begun = time.perf_counter()
    app.run()
    taken = (time.perf_counter() - begun) * 1000
    if app.exception or app.error:
        said = [e.value for e in (*app.exception, *app.error)]
        raise RuntimeError(f"the page shows an error: {said[0]}")
    return taken


def _box(app: AppTest, label: str) -> Selectbox[str]:
    return next(box for box in app.selectbox if box.label == label)


def _change(app: AppTest, label: str, option: str) -> float:
    """Choose an option by its words, as a browser does; the milliseconds until the page has answered."""
    _box(app, label).set_value(option)
    taken = _run(app)
    box = _box(app, label)
    if box.index is None or box.options[box.index] != option:
        raise RuntimeError(f"the page did not follow the filter {label}: {option!r} was chosen")
    return taken


def _measured(page: str) -> Times:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=_WAIT).run()
    entry = registry.entry(page)
    if entry is not registry.entries()[0]:
        app.switch_page(f"pages/{entry.file}")
        _run(app)
    _run(app)
    found = Times([], [])
    for label in [box.label for box in app.selectbox]:
        box = _box(app, label)
        rest = box.options[box.index or 0]
        others = [o for o in box.options if o != rest][:MOST]
        for measured in (found.new, found.again):
            measured += [_change(app, label, option) for option in others]
        _change(app, label, rest)
    return found


def _by_words() -> None:
    """Let the test runner take an option's words for what was chosen.

    It formats the chosen value once more to find its place among the options, which fails where a format
    does not leave its own words alone; a browser sends the words.
    """
    from streamlit.testing.v1.element_tree import Selectbox

    by_value = Selectbox.index.fget
    assert by_value is not None

    def index(box: Selectbox[str]) -> int | None:
        if isinstance(box.value, str) and box.value in box.options:
            return box.options.index(box.value)
        try:
            return by_value(box)
        except ValueError:
            # What stayed from another page; this page shows its first option then.
            return 0

    Selectbox.index = property(index)  # type: ignore[assignment,method-assign]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+")
    options = parser.parse_args()
    _by_words()
    found = {page: _measured(page) for page in options.pages}
    print(json.dumps({page: vars(held) for page, held in found.items()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
