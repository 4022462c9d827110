"""``make bench``: print the budgets with what was measured.

Sizes by option, because a big home takes minutes to simulate: ``--petitions 10000000`` is the size
that the budgets speak of; simulated homes are kept in ``--folder`` for the next run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser

from minxin.board import registry
from tools.bench import browser, homes, imports, result, script, server, viewers
from tools.bench.result import Result

#: The filter that is changed, by its label on the weekly page.
FILTER = "社区"
SMALL = 100_000
#: The pages whose questions are measured, by their ids; the others have no filter that asks the snapshot anew.
PETITION_PAGES = ("weekly", "scorecard", "community", "rules", "honours")
CREDIT_PAGES = ("overview", "heatmap", "lending", "supervision", "enforcement", "repair", "linkage")


@dataclass
class Run:
    """What the measurements of one run share."""

    folder: Path
    petitions: int
    credit_records: int | None
    rounds: int
    people: int
    import_rows: int

    @property
    def home(self) -> Path:
        return homes.simulated(self.folder, self.petitions)[0]

    @property
    def small(self) -> Path:
        return homes.simulated(self.folder, min(SMALL, self.petitions))[0]


def measure_demo(run: Run) -> list[Result]:
    """From nothing to published, at the default size: never from a kept home."""
    found = []
    for subject, budget, how in (("petitions", 20, ""), ("credit", 60, "the white list trained")):
        with tempfile.TemporaryDirectory(prefix="minxin-bench-demo-") as folder:
            seconds = homes.minxin("demo", "--subject", subject, home=Path(folder) / "home")
        found.append(Result(f"`demo --subject {subject}`, from nothing to published", budget, "s", seconds, how))
    return found


def measure_script(run: Run) -> list[Result]:
    """How the script of the first page grows from the small home to the big one."""
    what = "page time, {} petitions"
    if run.petitions <= SMALL:
        return [Result(what.format(f"{SMALL:,} → 10,000,000"), 2, "×", None, "`--petitions 10000000`")]
    page = registry.entries()[0].id
    small, big = (script.times(home, [page])[page].new for home in (run.small, run.home))
    growth = result.median(big) / result.median(small)
    spreads = f"{result.spread(small)} → {result.spread(big)}"
    return [Result(what.format(f"{SMALL:,} → {run.petitions:,}"), 2, "×", growth, spreads)]


def measure_pages(run: Run) -> list[Result]:
    """The script of every page that has filters, at each of its questions.

    Measured twice: on a board that is served and has answered ahead what one change leads to, which is
    what the budget speaks of (warm); and by the script alone with nothing prepared.
    """
    home = homes.with_credit(run.folder, run.credit_records)[0]
    records = f"{run.credit_records:,} records" if run.credit_records else "140,000 enterprises"
    found = []
    for pages, size, held in (
        (PETITION_PAGES, f"{run.petitions:,} petitions", run.home),
        (CREDIT_PAGES, records, home),
    ):
        served = _served(held, pages)
        for page, times in script.times(held, pages).items():
            told = [seconds * 1000 for seconds in served[page]]
            alone = f"{result.spread(times.new)} with nothing prepared, {result.median(times.again):.0f} ms seen again"
            what = f"script of {registry.entry(page).title} on a filter change, {size}, p95"
            how = f"served {result.spread(told)}; AppTest {alone}"
            found.append(Result(what, 150, "ms", result.percentile(told, 0.95), how))
    return found


def _served(home: Path, pages: Sequence[str]) -> dict[str, list[float]]:
    """Page id → seconds of each change of a filter on a board that has stood long enough to answer ahead."""
    log = home.with_name(f"{home.name}-logs") / "minxin.log"
    begun = log.stat().st_size if log.is_file() else 0

    def is_ready(page: str) -> bool:
        if not log.is_file():
            return False  # a home whose board never ran before
        with log.open("rb") as lines:
            lines.seek(begun)
            return f"answers of {page} worked out ahead".encode() in lines.read()

    found = {}
    with server.serving(home) as board:
        first = registry.entries()[0].id
        viewers.filters(board.address, "", 0, partial(is_ready, first))
        for page in pages:
            path = registry.entry(page).url_path
            found[page] = viewers.filters(board.address, path, script.MOST, partial(is_ready, page))
    return found


def measure_browser(run: Run) -> list[Result]:
    """A changed filter and a cold load in the browser, board and empty page in turn."""
    with ExitStack() as stack:
        chrome = stack.enter_context(browser.chrome())
        rows = (
            ("filter change → everything painted, a new question, median", 4),
            ("the same, a question asked before", 2),
            ("first figure painted in a fresh browser", 1.5),
            ("everything painted in a fresh browser", 2.5),
        )
        if chrome is None:
            return [Result(what, budget, "×", None, "no Chromium") for what, budget in rows]
        board = stack.enter_context(server.serving(run.home))
        empty = stack.enter_context(server.serving(run.home, server.EMPTY_PAGE))
        loads, bare_loads = _loads(chrome, board.address, empty.address, run.rounds)
        new, asked, bare = _changes(chrome, board.address, empty.address, run.rounds)
    base_load, base = result.median(bare_loads), result.median(bare)
    figures = [load.figure for load in loads if load.figure is not None]
    everything = [load.everything for load in loads]
    measured = (
        (new, base, bare),
        (asked, base, bare),
        (figures, base_load, bare_loads),
        (everything, base_load, bare_loads),
    )
    return [
        Result(
            what,
            budget,
            "×",
            result.median(times) / baseline if times else None,
            f"{result.spread(times)} against {result.spread(bares)}" if times else "no figure appeared",
        )
        for (what, budget), (times, baseline, bares) in zip(rows, measured, strict=True)
    ]


def _loads(chrome: Browser, board: str, empty: str, rounds: int) -> tuple[list[browser.Load], list[float]]:
    loads, bare = [], []
    for turn in range(rounds + 1):
        for address in (empty, board):
            page, load = browser.load(chrome, address)
            page.context.close()
            if turn == 0:
                continue  # the first visit warms the server, not the browser
            if address == empty:
                bare.append(load.everything)
            else:
                loads.append(load)
    return loads, bare


def _changes(chrome: Browser, board: str, empty: str, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds for new questions, for those asked before, and of the empty page."""
    page, _ = browser.load(chrome, board)
    bare_page, _ = browser.load(chrome, empty)
    new, asked, bare = [], [], []
    options = browser.options(page, FILTER)[1 : rounds + 2]
    for turn, times in ((0, new), (1, asked)):
        for number, option in enumerate(options):
            taken = browser.choose(page, FILTER, option)
            bare_taken = browser.choose(bare_page, "choice", f"option {1 + number + turn * 10}")
            if number:  # the first click of a page pays for the browser's own first time
                times.append(taken)
                bare.append(bare_taken)
    page.context.close()
    bare_page.context.close()
    return new, asked, bare


def measure_imports(run: Run) -> list[Result]:
    """A clean CSV through the door against DuckDB's bare reading of the same file into a table."""
    found = []
    for texts, what, budget in ((False, "without free text", 3), (True, "with free text to mask", 12)):
        ours, bare = imports.times(run.folder, run.import_rows, texts, max(3, run.rounds // 2))
        detail = f"{run.import_rows:,} rows; {result.spread(ours, 's')} against {result.spread(bare, 's')}"
        ratio = result.median(ours) / result.median(bare)
        found.append(Result(f"import of a clean CSV {what}, against bare `read_csv`", budget, "×", ratio, detail))
    return found


def measure_viewers(run: Run) -> list[Result]:
    """Everybody clicks at the same moment, one process; and what a viewer costs who does nothing."""
    with server.serving(run.home) as board:
        cost = viewers.idle(board.address, run.people, lambda: board.memory)
        crowd = viewers.crowd(board.address, FILTER, run.people, run.rounds)
    times = [seconds * 1000 for seconds in crowd.clicks]
    errors = f"{len(crowd.errors)} errors" + (f" ({crowd.errors[0][:60]})" if crowd.errors else "")
    who = f"{run.people} people clicking at the same moment"
    return [
        Result(f"{who}, p95", 3, "s", result.percentile(times, 0.95) / 1000, f"median {result.spread(times, 's')}"),
        Result(f"{who}, errors seen", 0, "", float(len(crowd.errors)), errors),
        Result("memory per idle viewer", 10, "MB", cost, "" if cost is not None else "needs /proc"),
    ]


MEASURES: dict[str, Callable[[Run], list[Result]]] = {
    "script": measure_script,
    "pages": measure_pages,
    "browser": measure_browser,
    "imports": measure_imports,
    "demo": measure_demo,
    "viewers": measure_viewers,
}


@contextmanager
def _said(name: str) -> Iterator[None]:
    begun = time.monotonic()
    print(f"{name} …", file=sys.stderr, flush=True)
    yield
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--petitions", type=int, default=SMALL, help="size of the home (default %(default)s)")
    parser.add_argument("--credit-records", type=int, help="records of the credit pages' home (default: the demo's)")
    parser.add_argument("--import-rows", type=int, default=200_000, help="rows of the CSV files (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="measurements of each kind (default %(default)s)")
    parser.add_argument("--people", type=int, default=20, help="viewers at the same moment (default %(default)s)")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "minxin-bench")
    parser.add_argument("--update-readme", action="store_true", help="write the table into README.md")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    run = Run(
        options.folder, options.petitions, options.credit_records, options.rounds, options.people, options.import_rows
    )
    found: list[Result] = []
    broken = False
    for name in options.only:
        with _said(name):
            try:
                found += MEASURES[name](run)
            except (RuntimeError, TimeoutError) as error:
                broken = True
                print(f"{name}: {error}", file=sys.stderr, flush=True)
    table = result.markdown(found, run.petitions, date.today().isoformat())
    print(table)
    if options.update_readme and not broken:
        result.into_readme(homes.ROOT / "README.md", table)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
