"""The lake's current rows as views: one row per key, the latest in force."""

from __future__ import annotations

import duckdb

from minxin.tables import SYSTEM_COLUMNS, Table


def make_lake_view(connection: duckdb.DuckDBPyConnection, declared: Table, files: list[str], replaced: bool) -> None:
    """Make ``lake_<table>``: a table's current rows, one per key, the latest in force.

    Where no batch replaced anything (``replaced`` false) it is a plain scan. Otherwise only the
    rows whose key some batch replaced are sorted; all others pass through.
    """
    columns = {c.name: c.sql_type for c in declared.columns} | SYSTEM_COLUMNS
    view = f"create temp view lake_{declared.name} as "
    if not files:
        empty = ", ".join(f'cast(null as {t}) as "{n}"' for n, t in columns.items())
        connection.execute(f"{view}select {empty}, cast(null as varchar) as _batch where false")
        return
    listed = ", ".join(_quoted(f) for f in files)
    source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false, filename = '_file')"
    present = set(connection.execute(f"select * from {source} limit 0").df().columns)
    # A batch written before a column was declared does not have it.
    picked = ", ".join(f'cast({_name(n) if n in present else "null"} as {t}) as "{n}"' for n, t in columns.items())
    batch = "regexp_extract(_file, 'batches/(b[0-9]+-[0-9a-f]+)/', 1) as _batch"
    if not replaced:
        connection.execute(f"{view}select {picked}, {batch} from {source}")
        return
    touched = f"touched_{declared.name}"
    connection.execute(f"create temp table {touched} as select distinct _key from {source} where _status = 'replaced'")
    names = ", ".join(f'"{n}"' for n in columns)
    connection.execute(
        f"""{view}
        with held as not materialized (
            select {picked}, {batch} from {source}
        ), contested as (
            select held.*, row_number() over (partition by held._key order by _batch desc, _line desc) as _turn
            from held semi join {touched} as touched on held._key = touched._key
        )
        select {names}, _batch from held anti join {touched} as touched on held._key = touched._key
        union all
        select {names}, _batch from contested where _turn = 1"""
    )


def _name(column: str) -> str:
    return f'"{column}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
