"""The lake's current rows as views: one row per key, each column as it was delivered last."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb

from minxin.tables import SYSTEM_COLUMNS, Table
from minxin.warehouse.merging import Share, shares

#: Lines that a batch can have, for one number that orders all rows: batch, then line.
_LINES = 2**40


def make_lake_view(
    connection: duckdb.DuckDBPyConnection,
    declared: Table,
    files: list[str],
    replaced: bool,
    delivered: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Make ``lake_<table>``: a table's current rows, one per key, with ``_batch`` and ``_origin``.

    Where no batch replaced anything (``replaced`` false) it is a plain scan. Otherwise the narrow table
    ``turns_<table>`` says for each key that some batch replaced which row is the last, and, where
    batches ``delivered`` different columns, which row has the last word on each group of them; hash
    joins put those rows together, all others pass through.

    ``_batch`` is the batch of the last row. ``_origin`` is the one that tells most of the key: whose
    clocks apply does not change because a narrow file corrected a word.
    """
    columns = {c.name: c.sql_type for c in declared.columns} | SYSTEM_COLUMNS
    view = f"create temp view lake_{declared.name} as "
    if not files:
        empty = ", ".join(f'cast(null as {t}) as "{n}"' for n, t in columns.items())
        texts = "cast(null as varchar) as _batch, cast(null as varchar) as _origin"
        connection.execute(f"{view}select {empty}, {texts} where false")
        return
    listed = ", ".join(_quoted(f) for f in files)
    source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false, filename = '_file')"
    present = set(connection.execute(f"select * from {source} limit 0").df().columns)
    # A file holds the columns it fills; a batch written before a column was declared does not have it.
    picked = {n: f'cast({_name(n) if n in present else "null"} as {t}) as "{n}"' for n, t in columns.items()}
    everything = ", ".join(picked.values())
    batch = "regexp_extract(_file, 'batches/(b[0-9]+-[0-9a-f]+)/', 1) as _batch"
    if not replaced:
        connection.execute(f"{view}select {everything}, {batch}, _batch as _origin from {source}")
        return
    parts = [s for s in shares(declared, delivered or {}, columns) if s.always != set(delivered or {})]
    place = f"cast(regexp_extract(_file, 'batches/b([0-9]+)-', 1) as bigint) * {_LINES} + _line as _at"
    _make_turns(connection, declared, f"(select {everything}, {batch}, {place} from {source})", parts, delivered or {})
    connection.execute(f"""{view}
        with held as not materialized (
            select {everything}, {batch}, {place} from {source}
        )
        {_current(declared, list(columns), parts)}""")


def _make_turns(
    connection: duckdb.DuckDBPyConnection,
    declared: Table,
    held: str,
    parts: list[Share],
    delivered: Mapping[str, Collection[str]],
) -> None:
    """``turns_<table>``: one replaced key with the places of its last row and of the last word on each part."""
    widths = f"widths_{declared.name}"
    connection.execute(f"create temp table {widths} (_batch varchar, rank integer)")
    if parts:
        # Wider files first, of equally wide ones the later.
        order = sorted(delivered, key=lambda b: (len(delivered[b] or declared.names), b))
        connection.executemany(f"insert into {widths} values (?, ?)", [[b, rank] for rank, b in enumerate(order)])
    words = "".join(f", max(_at) filter (where {part.condition()}) as w{i}" for i, part in enumerate(parts))
    ranked = f"(select held.*, widths.rank from {held} as held left join {widths} as widths using (_batch))"
    rows = ranked if parts else held
    origin = ", max(rank) as rank" if parts else ", null::integer as rank"
    connection.execute(f"""
        create temp table turns_{declared.name} as
        select turns.* exclude (rank), widths._batch as origin
        from (
            select held._key, max(held._at) as last{words}{origin}
            from {rows} as held
            semi join (select _key from {held} as held where _status = 'replaced') as touched
                on held._key = touched._key
            group by held._key
        ) as turns
        left join {widths} as widths on turns.rank = widths.rank""")


def _current(declared: Table, names: list[str], parts: list[Share]) -> str:
    """The select over ``held`` that gives the current rows."""
    turns = f"turns_{declared.name}"
    listed = ", ".join(_name(n) for n in names)
    chosen = {n: f"held.{_name(n)}" for n in names}
    donors = ""
    for i, part in enumerate(parts):
        columns = ", ".join(f"held.{_name(n)}" for n in part.columns)
        donors += f"""
        left join (
            select held._key, {columns}
            from held join {turns} as turns on held._key = turns._key and held._at = turns.w{i}
            where turns.w{i} <> turns.last
        ) as donor{i} on turns._key = donor{i}._key"""
        for n in part.columns:
            # Where nobody delivered the part, the last row has it as the door left it: null, or 未归属.
            chosen[n] = f"case when turns.w{i} <> turns.last then donor{i}.{_name(n)} else held.{_name(n)} end"
    merged = ", ".join(f"{sql} as {_name(n)}" for n, sql in chosen.items())
    return f"""select {listed}, _batch, _batch as _origin
        from held anti join {turns} as turns on held._key = turns._key
        union all
        select {merged}, held._batch, coalesce(turns.origin, held._batch) as _origin
        from held join {turns} as turns on held._key = turns._key and held._at = turns.last{donors}"""


def _name(column: str) -> str:
    return f'"{column}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
