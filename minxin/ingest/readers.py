"""Opening a stranger's table: what it is, where its heading stands, and its rows as text in DuckDB."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from minxin.ingest.apart import read_sheet_apart
from minxin.ingest.encodings import TextFacts, inflate, label, prepare
from minxin.ingest.headers import find_delimiter, find_header, sample_rows, sample_text
from minxin.ingest.names import shown, unique_names
from minxin.ingest.packages import PackageFacts, check_old_workbook, check_package
from minxin.ingest.records import LONGEST_RECORD, is_blank, read_rows
from minxin.ingest.spreadsheets import MOST_COLUMNS
from minxin.ingest.sql_text import literal, quote
from minxin.settings import Unusable

Progress = Callable[[float, str], None]

_log = logging.getLogger(__name__)

_BATCH = 20_000
_PAGE_BEGINNINGS = (
    b"<html",
    b"<!doctype",
    b"<table",
    b"<meta",
    b"<head",
    b"<body",
    b"<?xml",
    b"mime-version",
    b"<style",
)
_FOREIGN = (b"%pdf", b"\x89png", b"\xff\xd8\xff", b"rar!", b"7z\xbc\xaf", b"gif8", b"{\\rtf", b"bzh", b"\xfd7zxz")
_DELIMITER_NAMES = {"\t": "制表符", ";": "分号", "|": "竖线"}


@dataclass(frozen=True)
class Source:
    """An opened file, ready to be loaded; see ``open_source``.

    ``header_line`` and ``_line`` are the row numbers that a spreadsheet program shows. In a CSV this is
    the ordinal of the record, title rows, heading and empty lines included, a record with line breaks
    inside quotes counted once. The part after ``notes`` is for ``load`` and ``head`` only.
    """

    path: Path
    name: str
    sha256: str
    size: int
    kind: str
    encoding: str
    delimiter: str
    sheet: str
    sheets: tuple[str, ...]
    header_line: int
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    store: Path = field(default=Path(), repr=False, compare=False)
    positions: tuple[int, ...] = field(default=(), repr=False, compare=False)
    width: int = field(default=0, repr=False, compare=False)
    newline: str = field(default="", repr=False, compare=False)
    clean_rows: int = field(default=0, repr=False, compare=False)
    store_size: int = field(default=0, repr=False, compare=False)

    def load(
        self, connection: duckdb.DuckDBPyConnection, columns: Sequence[str], progress: Progress | None = None
    ) -> int:
        """Make the temporary relations ``raw`` and ``raw_bad``; returns the rows of both together.

        ``raw(_line BIGINT, …)`` has one VARCHAR column per wanted column, named as in ``columns``, empty
        cells null; ``raw_bad(line BIGINT, reason VARCHAR)`` has the rows that cannot be split or decoded.
        Rows with nothing in them are in neither. KeyError for a column that the file does not have.
        """
        places = dict(zip(self.columns, self.positions, strict=True))
        wanted = [(name, places[name]) for name in dict.fromkeys(columns)]
        tell = progress or (lambda _share, _text: None)
        _clear(connection)
        if self.kind != "csv":
            return self._load_sheet(connection, wanted, tell)
        if self.clean_rows and self._load_directly(connection, wanted, tell):
            return self.clean_rows
        return self._load_carefully(connection, wanted, tell)

    def head(self, n: int) -> pd.DataFrame:
        """The first ``n`` good data rows as text: ``_line`` and all columns."""
        names = ["_line", *self.columns]
        if self.kind != "csv":
            with duckdb.connect() as connection:
                picked = ", ".join(_selected(self.columns, self.positions))
                sql = f"select _line, {picked} from read_parquet(?) where _bad is null order by _line limit ?"
                return connection.execute(sql, [str(self.store), n]).df()
        rows: list[list[object]] = []
        for record in read_rows(self.store, self.delimiter, self.width, self.header_line):
            if len(rows) >= n:
                break
            if record.fields is not None:
                rows.append([record.number, *(record.fields[p] or None for p in self.positions)])
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype({"_line": "int64"})

    def _load_sheet(self, connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, int]], tell: Progress) -> int:
        tell(0.1, "读取工作表")
        picked = "".join(f", {part}" for part in _selected(*_unzip(wanted)))
        stored = str(self.store)
        connection.execute(
            f"create temp table raw as select _line{picked} from read_parquet(?) where _bad is null", [stored]
        )
        connection.execute(
            "create temp table raw_bad as"
            " select _line as line, _bad as reason from read_parquet(?) where _bad is not null",
            [stored],
        )
        tell(1.0, "读取工作表")
        return _count(connection, "raw") + _count(connection, "raw_bad")

    def _load_directly(
        self, connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, int]], tell: Progress
    ) -> bool:
        """Let DuckDB read the file with all its threads; False when a single row was not as expected.

        ``raw`` is then a view: the row ids of the table below follow the order of the file, and with no
        row missing they give the line. The count of records from the first pass is the proof; a record
        that DuckDB sees otherwise sends the whole file the careful way.
        """
        rejects = f"rejects_{secrets.token_hex(4)}"
        types = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(self.width))
        newline = {"\n": r"\n", "\r\n": r"\r\n"}[self.newline]
        # strict_mode is not named: naming it together with \r\n makes DuckDB 2.0.0 return no rows.
        sql = f"""
            create temp table raw_rows as
            select {", ".join(f"c{position}" for _, position in wanted) or "c0"}
            from read_csv(
                ?, auto_detect = false, delim = {literal(self.delimiter)}, quote = '"', escape = '"', header = false,
                skip = {self.header_line}, columns = {{{types}}}, new_line = '{newline}', nullstr = '',
                max_line_size = {LONGEST_RECORD}, store_rejects = true, rejects_limit = 1,
                rejects_table = '{rejects}', rejects_scan = '{rejects}_scan'
            )"""
        try:
            _run_watched(connection, sql, [str(self.store)], lambda share: tell(share, "读取文件"))
            exact = _count(connection, rejects) == 0 and _count(connection, "raw_rows") == self.clean_rows
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            exact = False
        for name in (rejects, f"{rejects}_scan"):
            connection.execute(f"drop table if exists {name}")
        if not exact:
            connection.execute("drop table if exists raw_rows")
            return False
        picked = "".join(f", {part}" for part in _selected(*_unzip(wanted)))
        connection.execute(
            f"create temp view raw as select rowid + {self.header_line + 1} as _line{picked} from raw_rows"
        )
        connection.execute("create temp table raw_bad (line bigint, reason varchar)")
        return True

    def _load_carefully(
        self, connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, int]], tell: Progress
    ) -> int:
        """Record by record, in batches: bounded memory, every bad row named."""
        names, positions = _unzip(wanted)
        connection.execute(
            f"create temp table raw (_line bigint{''.join(f', {quote(name)} varchar' for name in names)})"
        )
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
            tell(min(1.0, read / max(self.store_size, 1)), f"逐行读取，已读 {total:,} 行")

        for number, fields, reason in read_rows(self.store, self.delimiter, self.width, self.header_line, watch):
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
        "select table_name, table_type from information_schema.tables"
        " where table_catalog = 'temp' and table_name in ('raw', 'raw_bad', 'raw_rows')"
    ).fetchall()
    for name, kind in sorted(held):
        connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} temp.{name}")


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


def _run_watched(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[str], tell: Callable[[float], None]
) -> None:
    """Run one statement in a thread and tell its progress from this one; an interruption stops it."""
    failure: list[BaseException] = []

    def work() -> None:
        try:
            connection.execute(sql, parameters)
        except BaseException as error:  # handed to the caller below
            failure.append(error)

    thread = threading.Thread(target=work, name="read-csv")
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
            if thread.is_alive() and (percent := connection.query_progress()) > 0:
                tell(min(percent / 100, 1.0))
    except BaseException:
        connection.interrupt()
        thread.join()
        raise
    if failure:
        raise failure[0]
    tell(1.0)


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _opening(path: Path, name: str) -> bytes:
    """The first bytes of a readable, non-empty regular file."""
    try:
        if path.is_dir():
            raise Unusable(f"「{shown(name)}」是文件夹，不是文件；请选择其中的一个文件。")
        if not path.is_file():
            raise Unusable(f"找不到文件「{shown(name)}」；请检查路径后再试。")
        with path.open("rb") as source:
            opening = source.read(4096)
    except (OSError, ValueError) as error:
        raise Unusable(f"文件「{shown(name)}」无法打开；请检查它是否存在、是否被占用、有无读取权限。") from error
    if not opening.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Unusable(f"文件「{shown(name)}」是空的；请检查是否导出成功。")
    return opening


def _kind(opening: bytes, name: str) -> str:
    """``csv``, ``xlsx``, ``xls`` or ``gz`` by content; the name of a file proves nothing."""
    if opening.startswith(b"\x1f\x8b"):
        return "gz"
    if opening.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "xlsx"
    if opening.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "xls"
    plain = opening.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if plain.startswith(_PAGE_BEGINNINGS):
        raise Unusable(f"文件「{shown(name)}」是网页格式，不是真正的表格；请用表格软件打开后另存为 xlsx 再上传。")
    if opening.lower().startswith(_FOREIGN):
        raise Unusable(f"文件「{shown(name)}」不是表格；请上传 xlsx、xls 或 CSV。")
    return "csv"


def open_source(
    path: Path,
    work: Path,
    *,
    name: str = "",
    sheet: str = "",
    encoding: str = "",
    delimiter: str = "",
    header_line: int = 0,
    expected: Collection[str] = (),
) -> Source:
    """Recognise a file: kind, encoding, separator, sheet, heading.

    ``work`` is a temporary folder for inflated and transcoded copies; the Source needs it as long as it
    is used. ``expected`` are column names a mapping looks for: they help choosing sheet and heading row.
    The other arguments overrule recognition. Raises Unusable with one Chinese line.
    """
    name = name or path.name
    opening = _opening(path, name)
    try:
        work.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(1) as background:
            digest = background.submit(_digest, path)
            made = _recognised(
                path, work, name, _kind(opening, name), sheet, encoding, delimiter, header_line, expected
            )
            return Source(path=path, name=name, sha256=digest.result(), size=path.stat().st_size, **made)
    except OSError as error:
        _log.warning("reading failed: %s", error.__class__.__name__, exc_info=error)
        raise Unusable(f"读取文件「{shown(name)}」时出错；请检查磁盘空间和文件是否被占用，然后重试。") from error


def _recognised(
    path: Path,
    work: Path,
    name: str,
    kind: str,
    sheet: str,
    encoding: str,
    delimiter: str,
    header_line: int,
    expected: Collection[str],
) -> dict:
    notes: list[str] = []
    if kind == "gz":
        packed, path = path, work / f"{secrets.token_hex(6)}.inflated"
        inflate(packed, path, name)
        kind = _kind(_opening(path, name), name)
        notes.append("已解压 .gz")
        if kind == "gz":
            raise Unusable(f"文件「{shown(name)}」压缩了不止一层；请解压后再上传。")
    if kind == "csv":
        return _open_text(path, work, name, encoding, delimiter, header_line, expected, notes)
    return _open_workbook(path, work, name, kind, sheet, header_line, expected, notes)


def _open_workbook(
    path: Path,
    work: Path,
    name: str,
    kind: str,
    sheet: str,
    header_line: int,
    expected: Collection[str],
    notes: list[str],
) -> dict:
    if kind == "xlsx":
        facts = check_package(path, name)
    else:
        check_old_workbook(path, name)
        facts = PackageFacts()
    store = work / f"{secrets.token_hex(6)}.parquet"
    read = read_sheet_apart(path, store, name, facts, sheet, header_line, expected)
    return {
        "kind": kind,
        "encoding": "",
        "delimiter": "",
        "sheet": read.name,
        "sheets": read.sheets,
        "header_line": read.header_line,
        "columns": read.columns,
        "notes": (*notes, *read.notes),
        "store": store,
        "positions": read.positions,
        "width": len(read.columns),
    }


def _open_text(
    path: Path,
    work: Path,
    name: str,
    encoding: str,
    delimiter: str,
    header_line: int,
    expected: Collection[str],
    notes: list[str],
) -> dict:
    if delimiter and (len(delimiter) != 1 or delimiter in '"\r\n\0'):
        raise Unusable(f"读取选项中的分隔符「{shown(delimiter)}」不能用；请改为逗号、制表符、分号或竖线。")
    facts = prepare(path, work, name, encoding)
    sample = sample_text(facts.path)
    delimiter = delimiter or find_delimiter(sample, name, expected)
    rows = sample_rows(sample, delimiter)
    if header_line:
        at = next((i for i, (number, _) in enumerate(rows) if number == header_line), None)
    else:
        at = find_header(rows, expected)
    if at is None:
        raise Unusable(f"文件「{shown(name)}」中没有找到表头；请在数据上方用一行写明各列名称，或指明表头所在行。")
    line, headings = rows[at][0], list(rows[at][1])
    below = [cells for _, cells in rows[at + 1 :] if not is_blank(cells)]
    usual = Counter(len(cells) for cells in below).most_common(1)
    headings += [""] * ((usual[0][0] if usual else 0) - len(headings))
    width = len(headings)
    if width > MOST_COLUMNS:
        raise Unusable(f"文件「{shown(name)}」有 {width} 列，超过上限 {MOST_COLUMNS} 列；请删去多余的列后再上传。")
    if next(read_rows(facts.path, delimiter, width, line), None) is None:
        raise Unusable(f"文件「{shown(name)}」只有表头，没有数据行；请检查是否选错文件。")
    used = {i for cells in below for i, cell in enumerate(cells) if cell.strip()}
    kept = [i for i in range(width) if headings[i].strip() or i in used]
    names = unique_names(headings)
    return {
        "kind": "csv",
        "encoding": facts.encoding,
        "delimiter": delimiter,
        "sheet": "",
        "sheets": (),
        "header_line": line,
        "columns": tuple(names[i] for i in kept),
        "notes": (*notes, *_text_notes(facts, name, delimiter, line)),
        "store": facts.path,
        "positions": tuple(kept),
        "width": width,
        "newline": facts.newline,
        "clean_rows": _clean_rows(facts, line, width),
        "store_size": facts.size,
    }


def _text_notes(facts: TextFacts, name: str, delimiter: str, line: int) -> list[str]:
    found = [f"识别编码 {label(facts.encoding)}"]
    if Path(name).suffix.lower() in (".xls", ".xlsx"):
        found.append("扩展名是工作簿，内容是文本表格")
    if delimiter in _DELIMITER_NAMES:
        found.append(f"分隔符为{_DELIMITER_NAMES[delimiter]}")
    if line > 1:
        found.append(f"表头在第 {line} 行，上方 {line - 1} 行已略过")
    if facts.unreadable:
        found.append("含有无法识别的字节，所在行将退回")
    return found


def _clean_rows(facts: TextFacts, line: int, width: int) -> int:
    """How many data rows DuckDB must find when it reads the file itself, or 0 where it may not.

    It may where every byte decodes, line ends are of one kind, no record above the data spans two
    lines, there is more than one column, and no empty record stands between the data.
    """
    if facts.unreadable or not facts.newline or width < 2 or len(facts.blanks) >= 100:
        return 0
    with facts.path.open("rb") as source:
        for _ in range(line):
            if source.readline().count(b'"') % 2:
                return 0
        begin = source.tell()
        source.seek(max(begin, facts.size - 65_536))
        tail = source.read()
    end = facts.size - (len(tail) - len(tail.rstrip(b"\r\n")))
    between = [at for at in facts.blanks if begin <= at < end]
    behind = [at for at in facts.blanks if at >= end]
    return 0 if between else max(0, facts.records - line - len(behind))
