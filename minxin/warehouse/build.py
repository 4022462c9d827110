"""Lake → snapshot: staging and marts in dependency order, declared tests, then one publication.

A build is a function of the lake and the deployment folder alone. It writes a file of its own and
touches nothing published before the last step; a build that fails or dies changes nothing.
"""

from __future__ import annotations

import csv
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from minxin.analysis.calendar import calendar_frame
from minxin.settings import NO_COMMUNITY, NO_COMMUNITY_NAME, ROOT, Home, Refused
from minxin.tables import SYSTEM_COLUMNS, Table, tables
from minxin.warehouse.lake import Lake, Manifest
from minxin.warehouse.lock import writing
from minxin.warehouse.marttests import check_mart
from minxin.warehouse.snapshots import SCHEMA, Snapshot, Snapshots

log = logging.getLogger(__name__)
MODEL_NAME = re.compile(r"\b(?:stg|int|dim|fct|mart)_[a-z0-9_]+\b")
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
        connection = duckdb.connect(str(target), config=_limits(scratch))
        try:
            say(0.02, "读取数据湖")
            as_of = _prepare(connection, home, built_at)
            _run_models(connection, say)
            connection.execute(
                "create table snapshot_info as select ? as snapshot_id, ? as deployment, ? as kind, ?::timestamp as as_of,"
                " ?::timestamp as built_at, ?::integer as schema",
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


def _limits(scratch: Path) -> dict[str, Any]:
    limits: dict[str, Any] = {
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if memory := os.environ.get("MINXIN_MEMORY_LIMIT"):
        limits["memory_limit"] = memory
    return limits


def _prepare(connection: duckdb.DuckDBPyConnection, home: Home, built_at: datetime) -> datetime:
    """Make the ``lake_*`` views and the ``config_*`` tables; return the snapshot's as_of."""
    lake = Lake(home)
    for declared in tables().values():
        connection.execute(lake_view(connection, declared, lake.files(declared.name)))
    _manifests(connection, lake.batches(withdrawn=True))
    as_of = data_time(connection, home, lake.batches(), built_at)
    _configuration(connection, home, as_of, built_at)
    return as_of


def lake_view(connection: duckdb.DuckDBPyConnection, declared: Table, files: list[str]) -> str:
    """SQL of the view of a table's current rows: one row per key, the latest in force.

    Only keys that some batch replaced are sorted; all others pass through unsorted.
    """
    columns = {c.name: c.sql_type for c in declared.columns} | SYSTEM_COLUMNS
    view = f'create temp view "lake_{declared.name}" as '
    if not files:
        empty = ", ".join(f'cast(null as {t}) as "{n}"' for n, t in columns.items())
        return f"{view}select {empty}, cast(null as varchar) as _batch where false"
    listed = ", ".join(_quoted(f) for f in files)
    source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false, filename = '_file')"
    present = set(connection.execute(f"select * from {source} limit 0").df().columns)
    picked = ", ".join(
        f'cast({_name(n)} as {t}) as "{n}"' if n in present else f'cast(null as {t}) as "{n}"' for n, t in columns.items()
    )
    names = ", ".join(f'"{n}"' for n in columns)
    return f"""{view}
        with held as (
            select {picked}, regexp_extract(_file, 'batches/(b[0-9]+-[0-9a-f]+)/', 1) as _batch from {source}
        ), touched as (
            select distinct _key from held where _status = 'replaced'
        ), contested as (
            select held.*, row_number() over (partition by held._key order by _batch desc, _line desc) as _turn
            from held semi join touched on held._key = touched._key
        )
        select {names}, _batch from held anti join touched on held._key = touched._key
        union all
        select {names}, _batch from contested where _turn = 1"""


def _name(column: str) -> str:
    return f'"{column}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def data_time(
    connection: duckdb.DuckDBPyConnection, home: Home, batches: list[Manifest], built_at: datetime
) -> datetime:
    """The moment the data speak of: fixed by the deployment, stated by a batch, or latest creation.

    The latest creation counts to the end of its day, but never beyond the last import.
    """
    rule = home.deployment.clock.get("as_of", "latest_created")
    if rule != "latest_created":
        return datetime.fromisoformat(str(rule)).replace(tzinfo=None)
    moments = [datetime.fromisoformat(m.as_of) for m in batches if m.as_of]
    unstated = [m for m in batches if not m.as_of]
    if unstated:
        [(latest,)] = connection.execute(
            "select max(created_at) from lake_petition where list_contains(?, _batch)", [[m.batch_id for m in unstated]]
        ).fetchall()
        if latest:
            midnight = datetime.combine(latest.date() + timedelta(days=1), datetime.min.time())
            moments.append(min(midnight, max(datetime.fromisoformat(m.imported_at) for m in unstated)))
    return max(moments, default=built_at)


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: list[tuple[Any, ...]]) -> None:
    listed = ", ".join(f'"{n}" {t}' for n, t in columns.items())
    connection.execute(f"create temp table {name} ({listed})")
    if rows:
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into {name} values ({marks})", rows)


def _manifests(connection: duckdb.DuckDBPyConnection, batches: list[Manifest]) -> None:
    text, number = "varchar", "bigint"
    _table(
        connection,
        "lake_batch",
        {
            "batch_id": text, "sequence": number, "table_name": text, "source": text, "mapping": text,
            "imported_at": "timestamp", "imported_by": text, "as_of": "timestamp", "rows": number, "accepted": number,
            "replaced": number, "repeated": number, "rejected": number, "unlocated": number, "is_withdrawn": "boolean",
        },
        [
            (m.batch_id, m.sequence, m.table, m.source, m.mapping, m.imported_at, m.imported_by, m.as_of, m.rows, m.accepted,
             m.replaced, m.repeated, m.rejected, m.unlocated, m.withdrawn)
            for m in batches
        ],
    )  # fmt: skip
    _table(
        connection,
        "lake_batch_field",
        {"batch_id": text, "table_name": text, "field": text, "label": text, "rows": number, "missing": number, "odd": number},
        [
            (m.batch_id, f.get("table", m.table), f["field"], f["label"], f["rows"], f["missing"], f["odd"])
            for m in batches
            for f in m.fields
        ],
    )
    _table(
        connection,
        "lake_batch_reason",
        {"batch_id": text, "reason": text, "rows": number},
        [(m.batch_id, reason, count) for m in batches for reason, count in m.reasons.items()],
    )


def _configuration(connection: duckdb.DuckDBPyConnection, home: Home, as_of: datetime, built_at: datetime) -> None:
    deployment = home.deployment
    text = "varchar"
    _table(
        connection,
        "config_community",
        {
            "community_code": text, "community_name": text, "population": "bigint", "population_source": text,
            "longitude": "double", "latitude": "double", "sort_order": "integer",
        },
        [
            (c.code, c.name, c.population, c.population_source, c.longitude, c.latitude, i)
            for i, c in enumerate(deployment.communities)
        ]
        + [(NO_COMMUNITY, NO_COMMUNITY_NAME, None, "", None, None, len(deployment.communities))],
    )  # fmt: skip
    first, last = _bounds(connection, as_of)
    days: pd.DataFrame = calendar_frame(first, last)
    connection.register("calendar_days", days)
    connection.execute(
        "create temp table config_calendar as select cast(day as date) as day, cast(is_workday as boolean) as is_workday,"
        " cast(is_presumed as boolean) as is_presumed, cast(note as varchar) as note from calendar_days"
    )
    connection.unregister("calendar_days")
    _table(
        connection,
        "config_deadline",
        {"name": text, "value": text},
        [(name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in deployment.deadlines.items()],
    )
    _table(
        connection,
        "config_figure",
        {
            "id": text, "label": text, "published": "double", "unit": text, "places": "integer", "method": text,
            "query": text, "reason": text, "source": text,
        },
        _rows_of(deployment.folder / "published_figures.csv", "id label published unit places method query reason source"),
    )  # fmt: skip
    _table(
        connection,
        "config_category",
        {"category_1": text, "category_2": text, "category_3": text},
        _rows_of(deployment.folder / "categories.csv", "category_1 category_2 category_3"),
    )
    _table(
        connection,
        "config_build",
        {"as_of": "timestamp", "built_at": "timestamp", "deployment": text, "kind": text},
        [(as_of, built_at, deployment.id, home.kind or "real")],
    )


def _rows_of(file: Path, names: str) -> list[tuple[Any, ...]]:
    """Rows of an optional CSV file of the deployment, the named columns in order, '' as null."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [tuple(row.get(n) or None for n in names.split()) for row in csv.DictReader(lines)]


def _bounds(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> tuple[date, date]:
    """Days the calendar must cover: from the first petition to two years after as_of."""
    [(earliest,)] = connection.execute("select min(created_at) from lake_petition").fetchall()
    first = earliest.date() if earliest else as_of.date() - timedelta(days=366)
    return min(first, as_of.date()), as_of.date() + timedelta(days=731)


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
    for done, (name, file) in enumerate(everything.items()):
        say(0.05 + 0.9 * done / len(everything), f"计算 {name}")
        what = {"stg": "temp view", "int": "temp table"}.get(name.split("_")[0], "table")
        sql = file.read_text(encoding="utf-8").rstrip().rstrip(";")
        try:
            connection.execute(f"create {what} {name} as {sql}")
        except duckdb.Error:
            log.exception("model %s failed", name)
            raise Refused(f"构建在 {name} 处失败，已发布的快照没有改变；详情见日志。") from None
        if what == "table":
            faults = check_mart(connection, name, file.with_suffix(".toml"))
            if faults:
                log.error("mart %s failed its tests: %s", name, "; ".join(faults))
                raise Refused(f"构建未通过 {name} 的检验({faults[0]}),已发布的快照没有改变。")
