"""The lake's current rows as views: one row per key, the latest in force."""

from __future__ import annotations

import duckdb

from minxin.tables import SYSTEM_COLUMNS, Table


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
        f'cast({_name(n)} as {t}) as "{n}"' if n in present else f'cast(null as {t}) as "{n}"'
        for n, t in columns.items()
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
