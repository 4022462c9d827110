"""What ``make`` and the Windows batch files do: install, run, test, check, bench, clean.

Standard library only: it runs before anything is installed. Everything else runs in ``.venv``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
REQUIREMENTS = {"run": ["requirements.txt"], "test": ["requirements.txt", "requirements-dev.txt"]}
#: Files whose change makes an installation stale.
PINS = ["requirements.txt", "requirements-dev.txt", "constraints.txt"]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def stop(text: str) -> None:
    say(text)
    raise SystemExit(2)


def _works(python: str | Path, *modules: str) -> bool:
    """Whether an interpreter starts and has these modules."""
    try:
        done = subprocess.run([str(python), "-c", f"import {', '.join(modules)}"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _make_environment() -> None:
    """Create ``.venv`` with the running interpreter, or another of the same machine that can."""
    if sys.version_info < (3, 11):  # noqa: UP036  whatever Python is there may try
        stop(f"需要 Python 3.11 或更高版本，当前为 {sys.version.split()[0]}；请安装后再试。")
    others = [shutil.which(name) for name in ("python3.11", "python3.12", "python3.13", "python3")]
    for python in dict.fromkeys([sys.executable, *others]):
        if python and _works(python, "venv", "ensurepip", "tomllib"):
            subprocess.run([python, "-m", "venv", "--clear", str(VENV)], check=True)
            return
    stop("这台计算机的 Python 不含 venv 模块（Debian 系统请安装 python3-venv），安装后再试。")


def _stamp(kind: str) -> tuple[Path, str]:
    """The stamp file of an installation and what it must hold to be current."""
    pins = b"".join((ROOT / name).read_bytes() for name in PINS)
    return VENV / f".installed-{kind}", hashlib.sha256(pins).hexdigest()


def install(kind: str) -> None:
    """Bring ``.venv`` up to date for ``run`` or ``test``; does nothing, and needs no network, when it is."""
    if not _works(PYTHON, "pip"):
        say("正在新建运行环境 .venv …")
        _make_environment()
    for covering in ("test", kind):
        stamp, wanted = _stamp(covering)
        if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            return
    stamp, wanted = _stamp(kind)
    say("正在安装依赖（首次约需两分钟）…")
    files = [part for name in REQUIREMENTS[kind] for part in ("-r", name)]
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *files]
    if subprocess.run(command, cwd=ROOT).returncode:
        stop("依赖安装失败，原因见上；联网后重试，或按 docs/operations.zh-CN.md 离线安装。")
    stamp.write_text(wanted, encoding="ascii")


def python(*arguments: str, **environment: str) -> int:
    """Run ``.venv``'s Python in the project folder and hand back its exit code."""
    env = {**os.environ, "PYTHONUTF8": "1", **environment}
    try:
        return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, env=env).returncode
    except KeyboardInterrupt:
        return 130


def run(arguments: Sequence[str]) -> int:
    """Install, simulate the demo where there are no data, serve."""
    install("run")
    if os.name == "posix":
        # Become the server: whoever stops make stops it, too.
        os.chdir(ROOT)
        os.execve(PYTHON, [str(PYTHON), "tools/serve.py", *arguments], {**os.environ, "PYTHONUTF8": "1"})
    return python("tools/serve.py", *arguments)


def demo(arguments: Sequence[str]) -> int:
    install("run")
    return python("-m", "minxin", "demo", *arguments)


def test(arguments: Sequence[str]) -> int:
    """Every test, on two processes; those in a browser or on PostgreSQL where there is one."""
    install("test")
    python("tools/install_chromium.py")
    python("tools/install_postgresql.py")
    workers = os.environ.get("MINXIN_TEST_WORKERS", "2")
    # The order of the files is ours (tests/conftest.py): else those of few tests, the longest, come last.
    return python("-m", "pytest", "-n", workers, "--dist", "loadfile", "--no-loadscope-reorder", *arguments)


def check(_arguments: Sequence[str]) -> int:
    """All static checks; each runs even when one before it failed."""
    install("test")
    steps = {
        "ruff format": ["-m", "ruff", "format", "--check", "."],
        "ruff": ["-m", "ruff", "check", "."],
        "mypy": ["-m", "mypy", "minxin"],
        "import-linter": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
        "data log": ["tools/data_log.py"],
        "words": ["tools/words.py"],
    }
    failed = []
    for name, step in steps.items():
        print(f"── {name}", flush=True)
        if python(*step):
            failed.append(name)
    print("检查通过" if not failed else f"未通过：{'、'.join(failed)}", flush=True)
    return 1 if failed else 0


def format_code(_arguments: Sequence[str]) -> int:
    install("test")
    return python("-m", "ruff", "check", "--fix", ".") | python("-m", "ruff", "format", ".")


def bench(arguments: Sequence[str]) -> int:
    install("test")
    python("tools/install_chromium.py")
    return python("-m", "tools.bench", *arguments)


def bench_statistics(arguments: Sequence[str]) -> int:
    """Simulate the assessment; the tables of docs/statistics.md."""
    install("test")
    return python("-m", "tools.bench.statistics", *arguments, OMP_NUM_THREADS="1")


def clean(_arguments: Sequence[str]) -> int:
    """Remove what can be made again; the home folder is data and stays."""
    for folder in (
        ".venv",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".import_linter_cache",
        "out",
    ):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    for top in ("minxin", "pages", "tests", "tools"):
        for cache in list((ROOT / top).rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)
    return 0


TASKS = {
    "run": run,
    "demo": demo,
    "test": test,
    "check": check,
    "format": format_code,
    "bench": bench,
    "bench-statistics": bench_statistics,
    "clean": clean,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/tasks.py", description=__doc__)
    parser.add_argument("task", choices=TASKS)
    options, rest = parser.parse_known_args()
    return TASKS[options.task](rest)


if __name__ == "__main__":
    raise SystemExit(main())
