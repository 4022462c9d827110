"""A Streamlit server of our own on a free port, stopped by its own process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.bench.homes import ROOT, environment

EMPTY_PAGE = Path(__file__).with_name("empty_page.py")


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    pid: int

    @property
    def memory(self) -> float | None:
        """Resident memory in MB; None on systems that do not tell."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return None
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


@contextmanager
def serving(home: Path, script: Path = ROOT / "app.py", wait: float = 60) -> Iterator[Server]:
    """Serve ``script`` on ``home`` with the project's own settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(script)),
        *("--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"),
    ]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + wait
        while not _healthy(address):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{os.path.relpath(script, ROOT)} did not start (exit {process.poll()})")
            time.sleep(0.1)
        yield Server(address, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
