"""Opening a stranger's table: what it is, where its heading stands, and its rows as text in DuckDB."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd

from minxin.ingest.apart import read_sheet_apart
from minxin.ingest.encodings import TextFacts, inflate, label, prepare
from minxin.ingest.headers import find_delimiter, find_header, sample_rows, sample_text
from minxin.ingest.kinds import kind_of, opening_of
from minxin.ingest.loading import Progress, Stored, head, load
from minxin.ingest.names import shown, unique_names
from minxin.ingest.packages import PackageFacts, check_old_workbook, check_package
from minxin.ingest.records import is_blank, read_rows
from minxin.ingest.spreadsheets import MOST_COLUMNS
from minxin.settings import Unusable

_log = logging.getLogger(__name__)

_DELIMITER_NAMES = {"\t": "制表符", ";": "分号", "|": "竖线"}


@dataclass(frozen=True)
class Source:
    """An opened file, ready to be loaded; see ``open_source``.

    ``header_line`` and ``_line`` are the row numbers that a spreadsheet program shows. In a CSV this is
    the ordinal of the record, title rows, heading and empty lines included, a record with line breaks
    inside quotes counted once. ``stored`` is for ``load`` and ``head`` only.
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
    stored: Stored = field(repr=False, compare=False)

    def load(
        self, connection: duckdb.DuckDBPyConnection, columns: Sequence[str], progress: Progress | None = None
    ) -> int:
        """Make the temporary relations ``raw`` and ``raw_bad``; returns the rows of both together.

        ``raw(_line BIGINT, …)`` has one VARCHAR column per wanted column, named as in ``columns``, empty
        cells null; ``raw_bad(line BIGINT, reason VARCHAR)`` has the rows that cannot be split or decoded.
        Rows with nothing in them are in neither. KeyError for a column that the file does not have.
        """
        return load(self.stored, connection, columns, progress)

    def head(self, n: int) -> pd.DataFrame:
        """The first ``n`` good data rows as text: ``_line`` and all columns."""
        return head(self.stored, n)


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


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
    opening = opening_of(path, name)
    try:
        work.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(1) as background:
            digest = background.submit(_digest, path)
            made = _recognised(
                path, work, name, kind_of(opening, name), sheet, encoding, delimiter, header_line, expected
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
        kind = kind_of(opening_of(path, name), name)
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
        "stored": Stored(store, False, read.columns, read.positions, read.header_line, len(read.columns)),
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
    columns = tuple(names[i] for i in kept)
    return {
        "kind": "csv",
        "encoding": facts.encoding,
        "delimiter": delimiter,
        "sheet": "",
        "sheets": (),
        "header_line": line,
        "columns": columns,
        "notes": (*notes, *_text_notes(facts, name, delimiter, line)),
        "stored": Stored(
            path=facts.path,
            is_text=True,
            columns=columns,
            positions=tuple(kept),
            header_line=line,
            width=width,
            delimiter=delimiter,
            newline=facts.newline,
            clean_rows=_clean_rows(facts, line, width),
            size=facts.size,
        ),
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
