"""Fixtures of all tests: real inputs, temporary homes, a demo and a Boston built once, a browser."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from minxin import settings
from minxin.settings import Home
from tests import support
from tools.install_chromium import chromium as find_chromium
from tools.install_postgresql import programs as find_postgresql

# No test may touch the homes of the person who runs it, also where it forgets to ask for a fixture.
for _name in support.OURS:
    os.environ.pop(_name, None)
_NOWHERE = tempfile.mkdtemp(prefix="minxin-tests-")
os.environ["MINXIN_HOME"] = str(Path(_NOWHERE) / "home")

INPUTS = Path(os.environ.get("MINXIN_INPUTS") or support.ROOT.parent / "shared" / "inputs")


def clear_caches() -> None:
    """Forget what was read of the environment's deployment."""
    settings._deployment.cache_clear()


# ── real inputs ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def inputs() -> Path:
    """The folder of real input files; skips with the reason where it is not there."""
    if not INPUTS.is_dir():
        pytest.skip(f"no real inputs at {INPUTS} (set MINXIN_INPUTS)")
    return INPUTS


# ── homes ───────────────────────────────────────────────────────────────────────────────────────


def _point_to(monkeypatch: pytest.MonkeyPatch, home: Path, config: Path | None = None) -> Home:
    for name, value in support.environment(home, config).items():
        if name in support.OURS:
            monkeypatch.setenv(name, value)
    if config is None:
        monkeypatch.delenv("MINXIN_CONFIG", raising=False)
    clear_caches()
    return settings.home()


@pytest.fixture
def tmp_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """An empty home of its own with its own key; the environment of this process points to it."""
    yield _point_to(monkeypatch, tmp_path / "home")
    clear_caches()


@pytest.fixture
def home_env(tmp_home: Home) -> dict[str, str]:
    """The environment for a process that works on ``tmp_home``."""
    return support.environment(tmp_home.path)


def _made_once(tmp_path_factory: pytest.TempPathFactory, worker: str, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first of the parallel workers makes and all share, read-only."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker == "master" else base.parent
    folder = shared / name
    with FileLock(shared / f"{name}.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "done").touch()
    return folder


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Home:
    """The default demo, simulated and published once per run; shared: read it, never write to it."""

    def make(folder: Path) -> None:
        support.must("demo", "--subject", "petitions", env=support.environment(folder / "home"))

    folder = _made_once(tmp_path_factory, worker_id, "demo", make)
    return Home(folder / "home", settings.load_deployment(support.ROOT / "data"))


@pytest.fixture
def demo(demo_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """The shared demo, with the environment of this process pointing to it."""
    yield _point_to(monkeypatch, demo_home.path)
    clear_caches()


@pytest.fixture(scope="session")
def boston_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str, inputs: Path) -> Home:
    """Boston as a deployment of its own, made, imported and built once per run; shared, read-only."""

    def make(folder: Path) -> None:
        env = support.environment(folder / "home", folder / "boston")
        support.must(
            *("deployment", "new", "--from-geojson", inputs / "communities" / "boston_neighborhoods.geojson"),
            *("--name-field", "name", "--out", folder / "boston", "--id", "boston", "--name", "波士顿市"),
            *("--timezone", "America/New_York", "--area-word", "街区", "--whole-word", "全市"),
            env=support.environment(folder / "home"),
        )
        file = inputs / "service_requests" / "boston_311_2011H2.csv.gz"
        (folder / "import.json").write_text(
            support.must("import", file, "--mapping", "boston_311", "--json", env=env), encoding="utf-8"
        )
        support.must("build", env=env)

    folder = _made_once(tmp_path_factory, worker_id, "boston", make)
    return Home(folder / "home", settings.load_deployment(folder / "boston"))


@pytest.fixture
def boston(boston_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Boston, with the environment of this process pointing to it; ``import.json`` lies beside the home."""
    yield _point_to(monkeypatch, boston_home.path, boston_home.deployment.folder)
    clear_caches()


# ── the board in a browser ──────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; skips with the reason where there is none."""
    found = find_chromium()
    if not found:
        pytest.skip("no Chromium on this machine (make test installs Debian's where it may; or set MINXIN_CHROMIUM)")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[object]:
    """A headless Chromium of playwright's synchronous interface, one per worker."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--lang=zh-CN"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def demo_board(demo_home: Home) -> Iterator[str]:
    """The address of a board that serves the shared demo, one per worker."""
    with support.board(demo_home.path) as address:
        yield address


# ── nothing left undone without saying so ───────────────────────────────────────────────────────

_skipped: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a fixture already tells: tests on real inputs, tests in a browser. Long files begin first.

    A worker takes a file at a time: a long one that begins last leaves the other workers idle.
    """
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"inputs", "boston", "boston_home"}:
            item.add_marker(pytest.mark.inputs)
        if names & {"chromium", "browser"}:
            item.add_marker(pytest.mark.browser)
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in long)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def _nothing_excuses() -> bool:
    """Whether this machine has all that a test may miss, and somebody wants to know (``.ci/run``)."""
    everything = bool(find_chromium()) and bool(find_postgresql()) and INPUTS.is_dir()
    return bool(os.environ.get("MINXIN_NO_SKIPS")) and everything


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    is_worker = hasattr(session.config, "workerinput")
    if not is_worker and _skipped and _nothing_excuses() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    shutil.rmtree(_NOWHERE, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and _nothing_excuses():
        terminalreporter.write_line(
            f"{len(_skipped)} skipped although Chromium, PostgreSQL and the real inputs are there:"
            " this counts as a failure.",
            red=True,
        )
