"""Lake → snapshot: staging and marts in dependency order, declared tests, then one publication.

A build is a function of the lake and the deployment folder alone. It writes a file of its own and
touches nothing published before the last step; a build that fails or dies changes nothing.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from minxin.settings import ROOT, Home, Refused
from minxin.tables import tables
from minxin.warehouse.configuration import configuration_tables, data_time, manifest_tables
from minxin.warehouse.lake import Lake
from minxin.warehouse.lock import writing
from minxin.warehouse.marttests import check_mart
from minxin.warehouse.snapshots import SCHEMA, Snapshot, Snapshots
from minxin.warehouse.views import make_lake_view
from minxin.warehouse.visibility import Revocations

log = logging.getLogger(__name__)
MODEL_NAME = re.compile(r"\b(?:stg|int|dim|fct|mart)_[a-z0-9_]+\b")
#: Bytes a build takes at most by itself; it spills to the home's disk beyond (10 M petitions need less).
MOST_MEMORY = 6 * 2**30
Progress = Callable[[float, str], None]


def build(home: Home, progress: Progress | None = None) -> Snapshot:
    """Build and publish a snapshot of the lake.

    Raises Refused when a declared test fails or another process is writing.
    """
    say = progress or (lambda share, text: None)
    with writing(home):
        snapshots = Snapshots(home)
        home.snapshots.mkdir(parents=True, exist_ok=True)
        for leftover in home.snapshots.glob("building-*"):
            leftover.unlink(missing_ok=True)
        scratch = home.temporary / "build"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        snapshot_id = snapshots.next_id(secrets.token_hex(3))
        target = home.snapshots / f"building-{snapshot_id}.duckdb"
        built_at = datetime.now(home.deployment.zone).replace(tzinfo=None, microsecond=0)
        connection = duckdb.connect(str(target), config=limits(scratch))
        try:
            say(0.02, "读取数据湖")
            Revocations(home).seal()
            as_of = prepare(connection, home, built_at)
            _run_models(connection, say)
            connection.execute(
                "create table snapshot_info as select ? as snapshot_id, ? as deployment, ? as kind,"
                " ?::timestamp as as_of, ?::timestamp as built_at, ?::integer as schema",
                [snapshot_id, home.deployment.id, home.kind or "real", as_of, built_at, SCHEMA],
            )
            connection.execute("checkpoint")
            connection.close()
            say(0.97, "发布快照")
            return snapshots.publish(target, snapshot_id, as_of, built_at)
        finally:
            connection.close()
            target.unlink(missing_ok=True)
            target.with_name(target.name + ".wal").unlink(missing_ok=True)
            shutil.rmtree(scratch, ignore_errors=True)


def limits(scratch: Path) -> dict[str, Any]:
    """What a connection of a build may use: spills to ``scratch``, memory, no extensions."""
    return {
        "temp_directory": str(scratch),
        "memory_limit": os.environ.get("MINXIN_MEMORY_LIMIT") or _memory(),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def _memory() -> str:
    """A share of the machine that leaves room for the board and for whatever else the office runs."""
    with duckdb.connect() as connection:
        # DuckDB's own default is four fifths of the memory, written as "18.7 GiB".
        [(most,)] = connection.execute("select current_setting('memory_limit')").fetchall()
    number, unit = most.split()
    bytes_ = float(number) * {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}[unit]
    return f"{int(min(bytes_ / 2, MOST_MEMORY) / 2**20)} MiB"


def prepare(connection: duckdb.DuckDBPyConnection, home: Home, built_at: datetime) -> datetime:
    """Make the ``lake_*`` views and the ``config_*`` tables; return the snapshot's as_of."""
    lake = Lake(home)
    batches = lake.batches()
    for declared in tables().values():
        replaced = any(m.replaced for m in batches if declared.name in m.tables)
        make_lake_view(connection, declared, lake.files(declared.name), replaced, lake.delivered(declared.name))
    manifest_tables(connection, lake.batches(withdrawn=True))
    as_of = data_time(connection, home, batches, built_at)
    configuration_tables(connection, home, as_of, built_at)
    return as_of


def models() -> dict[str, Path]:
    """The SQL files of the model by name, in the order in which they can be run."""
    files = {f.stem: f for part in ("staging", "marts") for f in sorted((ROOT / "queries" / part).glob("*.sql"))}
    graph = {}
    for name, file in files.items():
        code = "\n".join(line.split("--")[0] for line in file.read_text(encoding="utf-8").splitlines())
        graph[name] = (set(MODEL_NAME.findall(code)) & set(files)) - {name}
    return {name: files[name] for name in TopologicalSorter(graph).static_order()}


def _run_models(connection: duckdb.DuckDBPyConnection, say: Progress) -> None:
    """Staging becomes views, ``int_*`` temporary tables, marts published tables with their tests."""
    everything = models()
    marts = []
    for done, (name, file) in enumerate(everything.items()):
        say(0.05 + 0.85 * done / len(everything), f"计算 {name}")
        what = {"stg": "temp view", "int": "temp table"}.get(name.split("_")[0], "table")
        sql = file.read_text(encoding="utf-8").rstrip().rstrip(";")
        try:
            connection.execute(f"create {what} {name} as {sql}")
        except duckdb.Error:
            log.exception("model %s failed", name)
            raise Refused(f"构建在 {name} 处失败，已发布的快照没有改变；详情见日志。") from None
        if what == "table":
            marts.append((name, file.with_suffix(".toml")))
    say(0.92, "检验")
    # After all marts are there, so that a relationship may point at any of them.
    for name, declaration in marts:
        faults = check_mart(connection, name, declaration)
        if faults:
            log.error("mart %s failed its tests: %s", name, "; ".join(faults))
            raise Refused(f"构建未通过 {name} 的检验（{faults[0]}），已发布的快照没有改变。")
