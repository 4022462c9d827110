"""Hold ``data/log.toml`` against ``data/``: every file is logged, nothing logged is missing or changed.

``--add`` writes an entry to fill for each file that is not logged, ``--update`` writes the
fingerprints of generated files anew.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
LOG = DATA / "log.toml"
#: What a deployment makes for itself is no data file of the project.
NOT_OURS = ("warehouse",)
FIELDS = ("file", "what", "source", "licence", "sha256")
BY_HAND = "edited by hand"


def files() -> list[str]:
    """Every file below ``data/`` that the project keeps, as a posix path relative to it."""
    found = (f.relative_to(DATA) for f in DATA.rglob("*") if f.is_file() and f != LOG)
    return sorted(f.as_posix() for f in found if not f.parts[0].startswith(NOT_OURS) and not f.name.startswith("."))


def logged() -> list[dict[str, Any]]:
    return list(tomllib.loads(LOG.read_text(encoding="utf-8")).get("data", []))


def fingerprint(name: str) -> str:
    """SHA-256 of a data file; line ends of text do not count, so that a Windows checkout agrees."""
    return hashlib.sha256((DATA / name).read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def faults() -> list[str]:
    """What is wrong with the log, one line each."""
    entries = logged()
    names = [str(entry.get("file", "")) for entry in entries]
    found = [f"data/log.toml: {name} is logged twice" for name in sorted({n for n in names if names.count(n) > 1})]
    found += [f"data/{name} is not in data/log.toml" for name in files() if name not in names]
    for entry in entries:
        name = str(entry.get("file", ""))
        missing = [field for field in FIELDS if not str(entry.get(field, "")).strip()]
        if missing:
            found.append(f"data/log.toml: {name or 'an entry'} does not say {', '.join(missing)}")
        elif not (DATA / name).is_file():
            found.append(f"data/log.toml: {name} is not there")
        elif entry["sha256"] != BY_HAND and entry["sha256"] != fingerprint(name):
            found.append(f"data/{name} is not the file that was logged (generated anew? run with --update)")
    return found


def update() -> None:
    """Write the fingerprints of files that are not edited by hand anew."""
    text = LOG.read_text(encoding="utf-8")
    for entry in logged():
        if entry.get("sha256") != BY_HAND and (DATA / entry["file"]).is_file():
            block = rf'(file = "{re.escape(entry["file"])}"\n(?:(?!\[\[).*\n)*?sha256 = ")[^"]*'
            text = re.sub(block, rf"\g<1>{fingerprint(entry['file'])}", text)
    LOG.write_text(text, encoding="utf-8", newline="\n")


def add() -> None:
    """Append an entry to fill for each file that is not logged."""
    names = {str(entry.get("file")) for entry in logged()}
    with LOG.open("a", encoding="utf-8", newline="\n") as out:
        for name in files():
            if name not in names:
                out.write(f'\n[[data]]\nfile = "{name}"\nwhat = ""\nsource = ""\nlicence = ""\nsha256 = "{BY_HAND}"\n')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--add", action="store_true")
    options = parser.parse_args()
    if options.update:
        update()
    if options.add:
        add()
    found = faults()
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
