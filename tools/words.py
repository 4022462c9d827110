"""Words that must not stand in any file of the project: paths of one machine, package registries,
things fetched from outside at run time, unfinished work, half-width punctuation in Chinese text.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HAN = "\u4e00-\u9fff"
#: What is wrong → pattern. Written so that no pattern matches its own line.
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"(?<![\w.$}/-])/(?:home|root|Users|work|opt|mnt|srv|media)/(?!x/)[\w.]|\b[A-Z]:\\\\?Users\\"
    ),
    "a temporary path of one machine": re.compile(r"[\"'(\s=]/(?:tmp|var)/\w"),
    "a package registry": re.compile(
        r"\b(?:pypi|npmjs|anaconda)\.(?:org|com)\b|pythonhosted\.org|/simple/?[\"'\s]|(?:--|_)index[-_]url|extra-index"
    ),
    "fetched from outside at run time": re.compile(
        r"https?://(?:cdn|unpkg|code\.jquery|cdnjs|fonts\.g|[a-c]?\.?tile)", re.IGNORECASE
    ),
    "unfinished": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b|raise Not" r"ImplementedError"),
}
#: Half-width punctuation right after a Chinese letter, in what people read.
HALF_WIDTH = re.compile(rf"[{HAN}）」》][,;:!?](?![= ])|[,;:!?][{HAN}]")
#: An exclamation mark has no place in official text.
EXCLAIMED = re.compile(rf"[{HAN}][!！]")
TEXTS = {".py", ".md", ".toml", ".sql", ".csv", ".json", ".geojson", ".yml", ".yaml", ".txt", ".bat", ".ini", ".cfg"}
NAMES = {"Makefile", "run", ".gitignore"}


def files() -> list[Path]:
    """The project's files: what git tracks or would track, or everything where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.decode("utf-8").split("\0") if name]
    else:
        found = [f for f in ROOT.rglob("*") if not {".venv", ".git", "warehouse", "static"} & set(f.parts)]
    return sorted(f for f in found if f.is_file() and (f.suffix in TEXTS or f.name in NAMES))


def faults_of(file: Path) -> Iterator[str]:
    """What stands in a file that must not, as ``path:line: what: text``."""
    where = file.relative_to(ROOT).as_posix()
    if where == "tools/words.py":
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            if pattern.search(line):
                yield f"{where}:{number}: {what}: {line.strip()[:120]}"
        if file.suffix != ".md":
            continue  # strings of Python and TOML: tests/docs/test_punctuation.py
        if EXCLAIMED.search(line):
            yield f"{where}:{number}: exclamation mark: {line.strip()[:120]}"
        elif HALF_WIDTH.search(line):
            yield f"{where}:{number}: half-width punctuation: {line.strip()[:120]}"


def main() -> int:
    found = [fault for file in files() for fault in faults_of(file)]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
