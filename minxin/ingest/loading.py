"""From an opened file into DuckDB: straight where every row is as it should be, record by record where not."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from minxin.ingest.engine import run
from minxin.ingest.records import LONGEST_RECORD, read_rows
from minxin.texts.sql_text import literal, quote

Progress = Callable[[float, str], None]

_BATCH = 20_000


@dataclass(frozen=True)
class Stored:
    """Where the rows of an opened file lie and how they are read.

    ``path`` is a text table in UTF-8 (``is_text``) or a Parquet file of a worksheet; ``positions`` are
    the places of ``columns`` among its ``width`` columns. ``clean_rows`` is how many rows DuckDB must
    find when it reads a text itself, 0 where it may not.
    """

    path: Path
    is_text: bool
    columns: tuple[str, ...]
    positions: tuple[int, ...]
    header_line: int
    width: int
    delimiter: str = ""
    newline: str = ""
    clean_rows: int = 0
    size: int = 0


def load(
    stored: Stored, connection: duckdb.DuckDBPyConnection, columns: Sequence[str], progress: Progress | None = None
) -> int:
    """See ``Source.load``."""
    places = dict(zip(stored.columns, stored.positions, strict=True))
    wanted = [(name, places[name]) for name in dict.fromkeys(columns)]
    tell = progress or (lambda _share, _text: None)
    _clear(connection)
    if not stored.is_text:
        return _load_sheet(stored, connection, wanted, tell)
    if stored.clean_rows and _load_directly(stored, connection, wanted, tell):
        return stored.clean_rows
    return _load_carefully(stored, connection, wanted, tell)


def head(stored: Stored, n: int) -> pd.DataFrame:
    """See ``Source.head``."""
    names = ["_line", *stored.columns]
    if not stored.is_text:
        with duckdb.connect() as connection:
            picked = ", ".join(_selected(stored.columns, stored.positions))
            sql = f"select _line, {picked} from read_parquet(?) where _bad is null order by _line limit ?"
            return connection.execute(sql, [str(stored.path), n]).df()
    rows: list[list[object]] = []
    for record in read_rows(stored.path, stored.delimiter, stored.width, stored.header_line):
        if len(rows) >= n:
            break
        if record.fields is not None:
            rows.append([record.number, *(record.fields[p] or None for p in stored.positions)])
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({"_line": "int64"})


def _load_sheet(
    stored: Stored, connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, int]], tell: Progress
) -> int:
    tell(0.1, "读取工作表")
    picked = "".join(f", {part}" for part in _selected(*_unzip(wanted)))
    file = str(stored.path)
    connection.execute(f"create temp table raw as select _line{picked} from read_parquet(?) where _bad is null", [file])
    connection.execute(
        "create temp table raw_bad as select _line as line, _bad as reason from read_parquet(?) where _bad is not null",
        [file],
    )
    tell(1.0, "读取工作表")
    return _count(connection, "raw") + _count(connection, "raw_bad")


def _load_directly(
    stored: Stored, connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, int]], tell: Progress
) -> bool:
    """Let DuckDB read the file with all its threads; False when a single row was not as expected.

    ``raw`` is then a view: the row ids of the table below follow the order of the file, and with no
    row missing they give the line. The count of records from the first pass is the proof; a record
    that DuckDB sees otherwise sends the whole file the careful way.
    """
    rejects = f"rejects_{secrets.token_hex(4)}"
    types = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(stored.width))
    newline = {"\n": r"\n", "\r\n": r"\r\n"}[stored.newline]
    # strict_mode is not named: naming it together with \r\n makes DuckDB 2.0.0 return no rows.
    sql = f"""
        create temp table raw_rows as
        select {", ".join(f"c{position}" for _, position in wanted) or "c0"}
        from read_csv(
            ?, auto_detect = false, delim = {literal(stored.delimiter)}, quote = '"', escape = '"', header = false,
            skip = {stored.header_line}, columns = {{{types}}}, new_line = '{newline}', nullstr = '',
            max_line_size = {LONGEST_RECORD}, store_rejects = true, rejects_limit = 1,
            rejects_table = '{rejects}', rejects_scan = '{rejects}_scan'
        )"""
    # A row's number in the file is its place in this table: without order, lines and "the later row wins" are lost.
    [(ordered,)] = connection.execute("select current_setting('preserve_insertion_order')").fetchall()
    connection.execute("set preserve_insertion_order = true")
    try:
        run(connection, sql, lambda share: tell(share, "读取文件"), [str(stored.path)])
        exact = _count(connection, rejects) == 0 and _count(connection, "raw_rows") == stored.clean_rows
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        exact = False
    finally:
        connection.execute(f"set preserve_insertion_order = {str(ordered).lower()}")
    for name in (rejects, f"{rejects}_scan"):
        connection.execute(f"drop table if exists {name}")
    if not exact:
        connection.execute("drop table if exists raw_rows")
        return False
    picked = "".join(f", {part}" for part in _selected(*_unzip(wanted)))
    connection.execute(
        f"create temp view raw as select rowid + {stored.header_line + 1} as _line{picked} from raw_rows"
    )
    connection.execute("create temp table raw_bad (line bigint, reason varchar)")
    return True


def _load_carefully(
    stored: Stored, connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, int]], tell: Progress
) -> int:
    """Record by record, in batches: bounded memory, every bad row named."""
    names, positions = _unzip(wanted)
    connection.execute(f"create temp table raw (_line bigint{''.join(f', {quote(name)} varchar' for name in names)})")
    connection.execute("create temp table raw_bad (line bigint, reason varchar)")
    schema = pa.schema([("_line", pa.int64()), *((f"c{i}", pa.string()) for i in range(len(names)))])
    bad_schema = pa.schema([("line", pa.int64()), ("reason", pa.string())])
    numbers: list[int] = []
    rows: list[Sequence[str]] = []
    bad: list[tuple[int, str]] = []
    total = 0

    def flush() -> None:
        columns: list[list] = [numbers, *([fields[p] for fields in rows] for p in positions)]
        emptied = ", ".join(["_line", *(f"nullif(c{i}, '')" for i in range(len(names)))])
        _append(connection, f"insert into raw select {emptied} from raw_batch", columns, schema)
        bad_columns: list[list] = [[line for line, _ in bad], [reason for _, reason in bad]]
        _append(connection, "insert into raw_bad select * from raw_batch", bad_columns, bad_schema)
        for batch in (numbers, rows, bad):
            batch.clear()

    def watch(read: int) -> None:
        tell(min(1.0, read / max(stored.size, 1)), f"逐行读取，已读 {total:,} 行")

    for number, fields, reason in read_rows(stored.path, stored.delimiter, stored.width, stored.header_line, watch):
        total += 1
        if fields is None:
            bad.append((number, reason))
        else:
            numbers.append(number)
            rows.append(fields)
        if len(rows) >= _BATCH or len(bad) >= _BATCH:
            flush()
    flush()
    tell(1.0, f"逐行读取，已读 {total:,} 行")
    return total


def _selected(names: Sequence[str], positions: Sequence[int]) -> list[str]:
    return [f"c{position} as {quote(name)}" for name, position in zip(names, positions, strict=True)]


def _unzip(wanted: list[tuple[str, int]]) -> tuple[list[str], list[int]]:
    return [name for name, _ in wanted], [position for _, position in wanted]


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    # fetchall, not fetchone: DuckDB 2 refuses the next statement while a result is unfinished
    return int(connection.execute(f"select count(*) from {relation}").fetchall()[0][0])


def _clear(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what an earlier load left, be it a table or a view."""
    held = connection.execute(
        "select view_name, 'view' from duckdb_views() where temporary and view_name = 'raw'"
        " union all select table_name, 'table' from duckdb_tables()"
        " where temporary and table_name in ('raw', 'raw_bad', 'raw_rows')"
    ).fetchall()
    for name, kind in sorted(held):
        connection.execute(f"drop {kind} temp.{name}")


def _append(connection: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[list], schema: pa.Schema) -> None:
    """Run an insert that reads ``raw_batch``: the columns as one Arrow table."""
    if not columns[0]:
        return
    arrays = [pa.array(column, type=kind) for column, kind in zip(columns, schema.types, strict=True)]
    connection.register("raw_batch", pa.Table.from_arrays(arrays, schema=schema))
    try:
        connection.execute(sql)
    finally:
        connection.unregister("raw_batch")
