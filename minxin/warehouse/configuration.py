"""What a build reads besides the lake's rows: the batches' manifests and the deployment folder."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from minxin.calendar import calendar_frame
from minxin.settings import NO_COMMUNITY, NO_COMMUNITY_NAME, Home
from minxin.tables import tables
from minxin.warehouse import disclosure_rules, repair_rules, risk_rules
from minxin.warehouse.credit_configuration import credit_tables
from minxin.warehouse.lake import Lake, Manifest
from minxin.warehouse.visibility import Revocations


def data_time(
    connection: duckdb.DuckDBPyConnection, home: Home, batches: list[Manifest], built_at: datetime
) -> datetime:
    """The moment the data speak of: fixed by the deployment, stated by a batch, or the latest event.

    The latest event counts to the end of its day, but never beyond the last import.
    """
    rule = home.deployment.clock.get("as_of", "latest_created")
    if rule != "latest_created":
        return datetime.fromisoformat(str(rule)).replace(tzinfo=None)
    moments = [datetime.fromisoformat(m.as_of) for m in batches if m.as_of]
    unstated = [m for m in batches if not m.as_of]
    if unstated and (latest := _latest(connection, unstated)):
        midnight = datetime.combine(latest.date() + timedelta(days=1), datetime.min.time())
        moments.append(min(midnight, max(datetime.fromisoformat(m.imported_at) for m in unstated)))
    return max(moments, default=built_at)


def _latest(connection: duckdb.DuckDBPyConnection, batches: list[Manifest]) -> datetime | None:
    """The latest event that these batches tell of: creation of petitions, and of others what cannot lie ahead."""
    found = []
    for name, declared in tables().items():
        told = [m.batch_id for m in batches if name in m.tables]
        if name == "petition":
            column = "created_at"
        elif declared.month and declared.column(declared.month).past:
            column = declared.month
        else:
            continue
        if told:
            found += connection.execute(
                f"select cast(max({column}) as timestamp) from lake_{name} where list_contains(?, _batch)", [told]
            ).fetchall()
    return max((moment for (moment,) in found if moment), default=None)


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: list[tuple[Any, ...]]
) -> None:
    listed = ", ".join(f'"{n}" {t}' for n, t in columns.items())
    connection.execute(f"create temp table {name} ({listed})")
    if rows:
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into {name} values ({marks})", rows)


def manifest_tables(connection: duckdb.DuckDBPyConnection, batches: list[Manifest]) -> None:
    """Make ``lake_batch``, ``lake_batch_field`` and ``lake_batch_reason``."""
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
            (m.batch_id, m.sequence, m.table, m.source, m.mapping, m.imported_at, m.imported_by, m.as_of, m.rows,
             m.accepted, m.replaced, m.repeated, m.rejected, m.unlocated, m.withdrawn)
            for m in batches
        ],
    )  # fmt: skip
    _table(
        connection,
        "lake_batch_field",
        {
            "batch_id": text,
            "table_name": text,
            "field": text,
            "label": text,
            "rows": number,
            "missing": number,
            "odd": number,
        },
        [
            (m.batch_id, f.get("table", m.table), f["field"], f["label"], f["rows"], f["missing"], f["odd"])
            for m in batches
            for f in m.fields
        ],
    )  # fmt: skip
    _table(
        connection,
        "lake_batch_reason",
        {"batch_id": text, "reason": text, "rows": number},
        [(m.batch_id, reason, count) for m in batches for reason, count in m.reasons.items()],
    )


def configuration_tables(
    connection: duckdb.DuckDBPyConnection, home: Home, as_of: datetime, built_at: datetime
) -> None:
    """Make the ``config_*`` tables of a deployment."""
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
    first, last = _bounds(connection, home, as_of)
    days: pd.DataFrame = calendar_frame(first, last)
    connection.register("calendar_days", days)
    connection.execute(
        "create temp table config_calendar as select cast(day as date) as day,"
        " cast(is_workday as boolean) as is_workday, cast(is_presumed as boolean) as is_presumed,"
        " cast(note as varchar) as note from calendar_days"
    )
    connection.unregister("calendar_days")
    _table(
        connection,
        "config_deadline",
        {"name": text, "value": text},
        [
            (name, str(value).lower() if isinstance(value, bool) else str(value))
            for name, value in deployment.deadlines.items()
        ],
    )
    _table(
        connection,
        "config_figure",
        {
            "id": text, "label": text, "published": "double", "unit": text, "places": "integer", "method": text,
            "query": text, "reason": text, "source": text,
        },
        _rows_of(
            deployment.folder / "published_figures.csv", "id label published unit places method query reason source"
        ),
    )  # fmt: skip
    _table(
        connection,
        "config_category",
        {"category_1": text, "category_2": text, "category_3": text},
        _rows_of(deployment.folder / "categories.csv", "category_1 category_2 category_3"),
    )
    credit_tables(connection, deployment)
    for name, rows in risk_rules.rows(risk_rules.load(deployment), risk_rules.months(as_of)).items():
        _table(connection, name, risk_rules.TABLES[name], rows)
    repair_rules.repair_tables(connection, repair_rules.load(deployment))
    for name, rows in disclosure_rules.load(deployment).rows().items():
        _table(connection, name, disclosure_rules.TABLES[name], rows)
    _table(
        connection,
        "config_revoked",
        {"record_id": text, "revoked_on": "date"},
        [(record, entry.on) for record, entry in Revocations(home).in_force().items()],
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


def _bounds(connection: duckdb.DuckDBPyConnection, home: Home, as_of: datetime) -> tuple[date, date]:
    """Days the calendar must cover: from the first petition or credit record to two years after as_of."""
    [(earliest,)] = connection.execute("select min(created_at) from lake_petition").fetchall()
    first = earliest.date() if earliest else as_of.date() - timedelta(days=366)
    if files := Lake(home).files("credit_record"):
        # Of the files as they are: which rows are current does not matter here, and there can be hundreds of millions.
        [(issued,)] = connection.execute("select min(issued_on) from read_parquet(?)", [files]).fetchall()
        first = min(first, issued or first)
    return min(first, as_of.date()), as_of.date() + timedelta(days=731)
