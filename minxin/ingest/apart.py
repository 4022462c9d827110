"""Reading a workbook in a process of its own: a damaged file may kill or stall that one, never the board.

The parser allocates what a file declares; one altered byte in an old .xls asks for 100 GB and ends the
whole process. So it gets its own, with bounded memory (where the system can bound it) and time.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from minxin.ingest.names import shown
from minxin.ingest.packages import PackageFacts
from minxin.ingest.spreadsheets import Sheet, read_sheet
from minxin.settings import ROOT, Unusable

MOST_MEMORY = 8 << 30
_BASE_SECONDS, _SECONDS_PER_MEGABYTE = 45.0, 3.0
_REFUSED = 3

_log = logging.getLogger(__name__)


def read_sheet_apart(
    path: Path,
    target: Path,
    name: str,
    facts: PackageFacts,
    wanted: str = "",
    header_line: int = 0,
    expected: Collection[str] = (),
) -> Sheet:
    """``read_sheet`` in another process. Raises Unusable also where that process dies or takes too long."""
    request = {
        "path": str(path),
        "target": str(target),
        "name": name,
        "facts": asdict(facts),
        "wanted": wanted,
        "header_line": header_line,
        "expected": sorted(expected),
    }
    megabytes = max(facts.size, path.stat().st_size) / (1 << 20)
    others = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *([others] if others else [])])}
    try:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", "minxin.ingest.apart"],
            input=json.dumps(request).encode("ascii"),
            capture_output=True,
            timeout=_BASE_SECONDS + _SECONDS_PER_MEGABYTE * megabytes,
            env=environment,
            cwd=ROOT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        _log.warning("reading %s took longer than %.0f s", shown(path.name), error.timeout)
        raise Unusable(
            f"工作簿「{shown(name)}」读取超时，可能已损坏；请用表格软件重新另存为 xlsx 后再上传。"
        ) from error
    if done.returncode == 0:
        return _sheet(json.loads(done.stdout))
    if done.returncode == _REFUSED:
        raise Unusable(json.loads(done.stdout)["refusal"])
    detail = done.stderr.decode("utf-8", "replace").strip().splitlines()
    _log.warning("the reader of %s ended with %d: %s", shown(path.name), done.returncode, " | ".join(detail[:2]))
    raise Unusable(f"工作簿「{shown(name)}」已损坏或不完整，无法打开；请用表格软件重新另存为 xlsx 后再上传。")


def _sheet(raw: dict[str, Any]) -> Sheet:
    texts = {key: tuple(raw[key]) for key in ("sheets", "columns", "positions", "notes")}
    return Sheet(**{**raw, **texts, "path": Path(raw["path"])})


def _bound_memory() -> None:
    """An address space limit, where the system knows one (Windows does not)."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def main() -> int:
    """The other process: a request as JSON on standard input, a sheet or a refusal as JSON on standard output."""
    _bound_memory()
    request = json.loads(sys.stdin.buffer.read())
    try:
        sheet = read_sheet(
            Path(request["path"]),
            Path(request["target"]),
            request["name"],
            PackageFacts(**request["facts"]),
            request["wanted"],
            request["header_line"],
            frozenset(request["expected"]),
        )
    except Unusable as refusal:
        json.dump({"refusal": str(refusal)}, sys.stdout)
        return _REFUSED
    json.dump({**asdict(sheet), "path": str(sheet.path)}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
