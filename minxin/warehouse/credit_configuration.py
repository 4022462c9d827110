"""The lists of the credit half: counties, industries, supervised sectors, kinds of record, initials of names."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from minxin.settings import Deployment
from minxin.warehouse.initials import initials
from minxin.warehouse.policies import policy_tables

#: Columns of ``credit/<list>.csv`` with their types in DuckDB; the first column is the key.
LISTS = {
    "counties": {"county_code": "varchar", "county_name": "varchar", "city": "varchar", "sort_order": "integer"},
    "industries": {
        "division_code": "varchar",
        "division_name": "varchar",
        "section": "varchar",
        "section_name": "varchar",
    },
    "topics": {"category_1": "varchar", "category_2": "varchar", "sector_code": "varchar"},
    "sectors": {"sector_code": "varchar", "sector_name": "varchar", "department": "varchar"},
    "record_types": {
        "type_code": "varchar",
        "type_name": "varchar",
        "disclosure": "integer",
        "disclosure_name": "varchar",
        "polarity": "varchar",
        "is_event": "boolean",
        "catalog_version": "varchar",
        "frequency": "varchar",
    },
}
TABLES = {
    "counties": "config_county",
    "industries": "config_industry",
    "sectors": "config_sector",
    "topics": "config_topic",
    "record_types": "config_record_type",
}


def credit_list(deployment: Deployment, name: str) -> list[dict[str, str]]:
    """The rows of ``credit/<name>.csv`` of a deployment; none where it keeps no such list."""
    file: Path = deployment.folder / "credit" / f"{name}.csv"
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def listed_codes(deployment: Deployment, name: str) -> frozenset[str]:
    """The codes of one list; empty where the deployment does not keep it."""
    column = next(iter(LISTS[name]))
    return frozenset(row[column] for row in credit_list(deployment, name))


def credit_tables(connection: duckdb.DuckDBPyConnection, deployment: Deployment) -> None:
    """Make ``config_county``, ``_industry``, ``_sector``, ``_topic``, ``_record_type``, ``_policy…`` and ``_initials``.

    ``config_initials(name, pinyin)`` has one row per enterprise name; no engine knows how characters sound.
    """
    for name, columns in LISTS.items():
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"create temp table {TABLES[name]} ({listed})")
        rows: list[tuple[Any, ...]] = [
            tuple(row.get(c) or None for c in columns) for row in credit_list(deployment, name)
        ]
        if rows:
            marks = ", ".join("?" for _ in columns)
            connection.executemany(f"insert into {TABLES[name]} values ({marks})", rows)
    policy_tables(connection, deployment)
    names = connection.execute("select distinct name from lake_enterprise where name is not null").df()["name"]
    spelled = pd.DataFrame({"name": names, "pinyin": [initials(str(n)) for n in names]}, dtype="string")
    connection.register("spelled_names", spelled)
    connection.execute(
        "create temp table config_initials as"
        " select cast(name as varchar) as name, cast(pinyin as varchar) as pinyin from spelled_names"
    )
    connection.unregister("spelled_names")
