"""Homes of some size, simulated once and kept in a temporary folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
#: Whatever decides what a simulated home holds.
MAKERS = (
    *("queries/staging", "queries/marts", "minxin/demo", "minxin/warehouse", "minxin/tables.py"),
    *("data/demo", "data/rules", "data/communities.csv"),
)


def environment(home: Path) -> dict[str, str]:
    """The environment of a process that works on ``home`` and on nothing else of ours."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MINXIN_")}
    env["MINXIN_HOME"] = str(home)
    env["MINXIN_KEY_FILE"] = str(home.with_name(f"{home.name}-secrets") / "hash.key")
    env["PYTHONUTF8"] = "1"
    return env


def minxin(*arguments: str, home: Path) -> float:
    """Run a command that has to succeed; seconds it took, the start of Python included."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "minxin", *arguments],
        cwd=ROOT,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"minxin {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")
    return time.perf_counter() - begun


def made_by() -> str:
    """A fingerprint of the code and data that make a home: another one, and it is made anew."""
    digest = hashlib.sha256()
    for name in MAKERS:
        place = ROOT / name
        files = (
            [place]
            if place.is_file()
            else sorted(f for f in place.rglob("*") if f.suffix in {".py", ".sql", ".toml", ".csv"})
        )
        for file in files:
            digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def simulated(folder: Path, petitions: int | None) -> tuple[Path, float]:
    """A published demo home with about that many petitions (None: the default), and the seconds it took.

    Kept below ``folder`` for the next run as long as nothing that makes it has changed.
    """
    size = ("--petitions", str(petitions)) if petitions else ()
    return _kept(folder, f"demo-{petitions or 'default'}", "--subject", "petitions", *size)


def with_credit(folder: Path, records: int | None) -> tuple[Path, float]:
    """The same of both subjects: the default petitions and enterprises, and about that many credit records."""
    size = ("--credit-records", str(records)) if records else ()
    return _kept(folder, f"both-{records or 'default'}", *size)


def _kept(folder: Path, name: str, *options: str) -> tuple[Path, float]:
    home = folder / f"{name}-{made_by()}"
    note = home.with_name(f"{home.name}.seconds")
    if note.exists():
        return home, float(note.read_text(encoding="ascii"))
    for stale in folder.glob(f"{name}-*"):
        shutil.rmtree(stale, ignore_errors=True)
        stale.unlink(missing_ok=True) if stale.is_file() else None
    seconds = minxin("demo", *options, home=home)
    note.write_text(str(seconds), encoding="ascii")
    return home, seconds
