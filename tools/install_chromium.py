"""Install Debian's chromium and a Chinese font for the browser tests, where that is allowed.

Says in one line why not, and still exits 0: the browser tests then count as skipped.
Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

#: Programs that playwright can drive, on any system.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge", "chrome")
WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")


def chromium() -> str | None:
    """The path of a Chromium, Chrome or Edge: ``MINXIN_CHROMIUM``, else the first one found."""
    named = os.environ.get("MINXIN_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    for folder in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        for tail in WINDOWS:
            file = Path(os.environ.get(folder, "")) / tail
            if os.environ.get(folder) and file.exists():
                return str(file)
    return None


def has_chinese_font() -> bool:
    """Whether the system can print Chinese; systems without fontconfig bring their own fonts."""
    if not sys.platform.startswith("linux"):
        return True
    if not shutil.which("fc-list"):
        return any(Path("/usr/share/fonts").rglob("*CJK*"))
    done = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip())


def _apt(*arguments: str) -> str:
    """Run apt-get without questions; what went wrong in one line, or ''."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    waits = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=60", "-o", "DPkg::Lock::Timeout=120"]
    try:
        done = subprocess.run(
            ["apt-get", *waits, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            timeout=900,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error).splitlines()[0]
    lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"apt-get 退出码 {done.returncode}")


def main() -> int:
    wanted = []
    if not chromium():
        wanted.append("chromium")
    if not has_chinese_font():
        wanted.append("fonts-noto-cjk")
    if not wanted:
        return 0
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (root and shutil.which("apt-get")):
        reason = "当前账户不能用 apt-get 安装软件"
    else:
        print(f"正在安装 {' '.join(wanted)} …", file=sys.stderr, flush=True)
        update = _apt("update")
        reason = _apt("install", "--yes", "--no-install-recommends", *wanted)
        reason = reason and f"{reason}{f'({update})' if update else ''}"
    if reason:
        what = "浏览器测试将跳过" if "chromium" in wanted else "浏览器中的中文可能显示为方框"
        print(f"未能安装 {'、'.join(wanted)}:{reason};{what}。", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
