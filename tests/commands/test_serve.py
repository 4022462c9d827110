"""``make run``: the demo where there are no data, and one server that stops when it is told to."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from minxin.settings import Home
from tests import support
from tools import serve


def test_a_demo_is_wanted_where_there_is_nothing(tmp_home: Home) -> None:
    assert serve.needs_demo()


def test_real_data_are_never_answered_by_a_demo(tmp_home: Home) -> None:
    tmp_home.open("real")
    assert not serve.needs_demo()


def test_an_interrupted_demo_is_made_again(tmp_home: Home) -> None:
    tmp_home.open("demo")
    assert serve.needs_demo()


def test_a_published_demo_is_kept(demo: Home) -> None:
    assert not serve.needs_demo()


def test_another_city_is_not_simulated(tmp_path: Path, tmp_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "city"
    config.mkdir()
    (config / "deployment.toml").write_text('id = "city"\nname = "city"\n', encoding="utf-8")
    (config / "communities.csv").write_text("code,name\na,A\n", encoding="utf-8")
    monkeypatch.setenv("MINXIN_CONFIG", str(config))
    assert not serve.needs_demo()


@pytest.mark.skipif(os.name == "nt", reason="processes are told to stop in another way")
def test_the_server_answers_and_stops(demo_home: Home) -> None:
    port = support.free_port()
    server = subprocess.Popen(
        [sys.executable, "tools/serve.py", "--port", str(port)],
        cwd=support.ROOT,
        env=support.environment(demo_home.path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert _answers(port, server), f"exit {server.poll()}"
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=20)
        assert not _answers(port, server)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait(timeout=10)


def _answers(port: int, server: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
