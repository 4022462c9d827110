"""The script of a page on a filter change, without browser or network; runs in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from minxin.settings import deployment
from tools.bench.homes import ROOT, environment


def times(home: Path, label: str, changes: int) -> list[float]:
    """Milliseconds of the first page's script for each of ``changes`` changes of its select box, warm."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.script", "--label", label, "--changes", str(changes)],
        cwd=ROOT,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"the page's script failed: {done.stderr.strip()[-800:]}")
    found: list[float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> int:
    from streamlit.testing.v1 import AppTest

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label", required=True)
    parser.add_argument("--changes", type=int, required=True)
    options = parser.parse_args()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    app.run()
    codes = [community.code for community in deployment().communities]
    measured = []
    for number in range(options.changes):
        box = next(b for b in app.selectbox if b.label == options.label)
        # By its code: a name is no value of the box, and what is no value leaves the page as it was.
        code = codes[number % len(codes)]
        box.set_value(code)
        begun = time.perf_counter()
        app.run()
        measured.append((time.perf_counter() - begun) * 1000)
        now = next(b for b in app.selectbox if b.label == options.label).value
        if now != code:
            raise RuntimeError(f"the page did not follow the filter: {now!r} instead of {code!r}")
        if app.exception or app.error:
            said = [e.value for e in (*app.exception, *app.error)]
            raise RuntimeError(f"the page shows an error: {said[0]}")
    print(json.dumps(measured))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
