"""Install Debian's PostgreSQL for the tests of the operations store, where that is allowed.

Says in one line why not, and still exits 0: those tests then count as skipped. No cluster is made and no
server started: the tests make their own. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.install_chromium import _apt

#: Where Debian, macOS and Windows put the programs that are not on the path.
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "C:/Program Files/PostgreSQL/*/bin",
)
#: Debian's package would make and start a server of its own on the usual port.
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/minxin.conf")


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, the latest version first, or None."""
    found = shutil.which("postgres")
    candidates = [Path(found).resolve().parent] if found else []
    for place in PLACES:
        anchor = Path(place).anchor
        candidates += sorted(Path(anchor or ".").glob(place.removeprefix(anchor)), key=_version, reverse=True)
    for folder in candidates:
        if all(shutil.which(name, path=str(folder)) for name in ("initdb", "postgres", "pg_ctl")):
            return folder
    return None


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def main() -> int:
    if programs():
        return 0
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (root and shutil.which("apt-get")):
        reason = "当前账户不能用 apt-get 安装软件"
    else:
        print("正在安装 postgresql …", file=sys.stderr, flush=True)
        NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="ascii")
        update = _apt("update")
        reason = _apt("install", "--yes", "--no-install-recommends", "postgresql")
        reason = reason and f"{reason}{f'（{update}）' if update else ''}"
    if reason:
        print(f"未能安装 postgresql：{reason}；操作库的 PostgreSQL 测试将跳过。", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
