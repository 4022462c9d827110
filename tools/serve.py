"""Serve the board on this computer: simulate the demo first where there are no data at all.

Runs in ``.venv``. Options after ``--`` or unknown here go to Streamlit.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from minxin import settings  # noqa: E402


def needs_demo() -> bool:
    """Whether nothing was published here, nobody keeps real data here, and the deployment can be simulated."""
    home = settings.home()
    if not (home.deployment.folder / "demo").is_dir():
        return False
    return not (home.path / "current.json").exists() and home.kind != "real"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8501)
    options, rest = parser.parse_known_args()
    try:
        wanted = needs_demo()
    except (settings.Refused, settings.Unusable) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, settings.Refused) else 2
    if wanted:
        print("尚无数据，先生成模拟数据 …", file=sys.stderr, flush=True)
        code = subprocess.run([sys.executable, "-m", "minxin", "demo"], cwd=ROOT).returncode
        if code:
            print("模拟数据没有生成，原因见上；改正后重新运行。", file=sys.stderr)
            return code
    print(f"民信台：http://127.0.0.1:{options.port} (按 Ctrl+C 停止)", file=sys.stderr, flush=True)
    (ROOT / "static").mkdir(exist_ok=True)  # Streamlit complains at the start where it is missing
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app.py"),
        *("--server.address", "127.0.0.1", "--server.port", str(options.port), "--server.headless", "true"),
        *rest,
    ]
    # The first run imports everything and tells Streamlit its pages; a link opened before it is not found.
    warming = [sys.executable, str(ROOT / "tools" / "warm_up.py"), f"http://127.0.0.1:{options.port}"]
    subprocess.Popen(warming, cwd=ROOT, stdin=subprocess.DEVNULL)
    if os.name == "posix":
        os.chdir(ROOT)
        os.execv(sys.executable, command)
    try:
        return subprocess.run(command, cwd=ROOT).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
