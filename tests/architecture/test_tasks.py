"""``make`` and the batch files: one installation, no second one, and Chromium where it may be installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT
from tools import install_chromium, tasks


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A project folder whose installations are only noted down."""
    for name in tasks.PINS:
        (tmp_path / name).write_text("# nothing\n", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    ran: list[list[str]] = []

    def noted(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(tasks, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(tasks, "_works", lambda *_: True)
    monkeypatch.setattr(tasks.subprocess, "run", noted)
    return ran


def test_a_second_run_installs_nothing(project: list[list[str]]) -> None:
    tasks.install("run")
    assert len(project) == 1 and "requirements.txt" in project[0] and "requirements-dev.txt" not in project[0]
    tasks.install("run")
    assert len(project) == 1


def test_tests_install_more_and_cover_the_run(project: list[list[str]]) -> None:
    tasks.install("test")
    tasks.install("run")
    tasks.install("test")
    assert len(project) == 1 and "requirements-dev.txt" in project[0]


def test_changed_pins_install_again(project: list[list[str]]) -> None:
    tasks.install("run")
    (tasks.ROOT / "constraints.txt").write_text("x==1\n", encoding="utf-8")
    tasks.install("run")
    assert len(project) == 2


def test_a_failed_installation_leaves_no_stamp(project: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1))
    with pytest.raises(SystemExit) as stopped:
        tasks.install("run")
    assert stopped.value.code == 2
    assert not list(tasks.VENV.glob(".installed-*"))


def test_every_target_of_make_is_a_task() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    used = {line.split("$(TASK) ")[1].split()[0] for line in lines if "$(TASK) " in line}
    assert used == set(tasks.TASKS)


@pytest.mark.parametrize("name", ["run.bat", "test.bat"])
def test_batch_files_end_their_lines_as_windows_wants(name: str) -> None:
    content = (ROOT / name).read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") > 0
    assert b"tools\\tasks.py" in content


def test_the_named_browser_is_taken_or_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINXIN_CHROMIUM", sys.executable)
    assert install_chromium.chromium() == sys.executable
    monkeypatch.setenv("MINXIN_CHROMIUM", str(tmp_path / "none"))
    assert install_chromium.chromium() is None


@pytest.mark.skipif(os.name == "nt", reason="apt-get is Debian's")
def test_where_nothing_may_be_installed_it_says_so_in_one_line(tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path), "MINXIN_CHROMIUM": str(tmp_path / "none"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "install_chromium.py")],
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0
    assert "浏览器测试将跳过" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
