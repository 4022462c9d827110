"""What tests of several areas share: running the command line and serving the board."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minxin.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
#: Settings of ours that a test must not inherit from the person who runs it.
OURS = ("MINXIN_CONFIG", "MINXIN_HOME", "MINXIN_KEY_FILE", "MINXIN_MEMORY_LIMIT", "MINXIN_OPERATIONS_URL")


def environment(home: Path, config: Path | None = None) -> dict[str, str]:
    """The environment of a process that works on ``home``, whatever this process has set."""
    env = {name: value for name, value in os.environ.items() if name not in OURS}
    env["MINXIN_HOME"] = str(home)
    env["MINXIN_KEY_FILE"] = str(home.with_name(home.name + "-secrets") / "hash.key")
    env["PYTHONUTF8"] = "1"
    if config is not None:
        env["MINXIN_CONFIG"] = str(config)
    return env


def minxin(*arguments: str | Path, env: Mapping[str, str], timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run ``python -m minxin`` and return exit code and both outputs as text."""
    return subprocess.run(
        [sys.executable, "-m", "minxin", *map(str, arguments)],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
    )


def here(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same in this process and its environment: faster, for commands that change nothing global."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return subprocess.CompletedProcess(["minxin", *map(str, arguments)], code, out.getvalue(), err.getvalue())


def must(*arguments: str | Path, env: Mapping[str, str], timeout: float = 600) -> str:
    """Run a command that has to succeed and return its standard output."""
    done = minxin(*arguments, env=env, timeout=timeout)
    assert done.returncode == 0, f"minxin {' '.join(map(str, arguments))} → {done.returncode}\n{done.stderr}"
    return done.stdout


def must_json(*arguments: str | Path, env: Mapping[str, str], timeout: float = 600) -> Any:
    """Run a command that has to succeed and return what its standard output says as JSON."""
    return json.loads(must(*arguments, env=env, timeout=timeout))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def board(home: Path, config: Path | None = None, script: Path = ROOT / "app.py", wait: float = 60) -> Iterator[str]:
    """Serve a Streamlit script on a free port of 127.0.0.1; yields its address, stops it by its own pid."""
    port = free_port()
    log = home.with_name(f"{home.name}-server-{port}.log")
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(script)),
        *("--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"),
    ]
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment(home, config), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_healthy(address, server, log, wait)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(timeout=10)


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path, wait: float) -> None:
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise AssertionError(f"the board did not start (exit {server.poll()}):\n{said}")


def apart(work: Callable[[], None]) -> None:
    """Do something in a thread of its own: playwright keeps an event loop running in the tests' thread."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(work).result()
