"""The rejected rows as they stand in the uploaded file, with the reason in front: to mend and upload again.

Made during the run from the uploaded file and handed to whoever uploaded it; kept nowhere. The first
two columns are ignored when the file comes back, and the header row is found as in any other file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import xlsxwriter

from minxin.ingest.engine import engine
from minxin.ingest.names import LINE_COLUMN, REASON_COLUMN
from minxin.ingest.readers import Source
from minxin.texts.sql_text import literal, quote

#: More rows than people can mend by hand; a CSV takes all.
MOST_ROWS = 100_000
_LONGEST_CELL = 32_000
_BATCH = 10_000
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]+)?%?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def neutral(text: str | None) -> str:
    """A cell text that no spreadsheet program takes for a formula; a plain number stays as it is.

    The apostrophe in front is taken away again when the file comes back.
    """
    if not text:
        return ""
    if text[0] in "=+-@" and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def write_rejects(connection: duckdb.DuckDBPyConnection, source: Source, target: Path, work: Path) -> list[str]:
    """Write the rows of the table ``rejected(line, reason)`` to ``target`` (.csv, else a workbook).

    Returns notes for people. The file is read again with all its columns, into a database of its own.
    """
    total = connection.execute("select count(*) from rejected").fetchall()[0][0]
    lines = work / "rejected.parquet"
    connection.execute(f"copy rejected to {literal(lines.as_posix())} (format parquet)").fetchall()
    with engine(work / "rejects") as other:
        source.load(other, source.columns)
        other.execute(f"create temp view rejected as select * from read_parquet({literal(lines.as_posix())})")
        columns = "".join(f", raw.{quote(c)}" for c in source.columns)
        other.execute(
            f"select rejected.reason, rejected.line{columns} from rejected left join raw on rejected.line = raw._line"
            " order by rejected.line"
        )
        rows = _rows(other)
        heading = [REASON_COLUMN, LINE_COLUMN, *source.columns]
        is_text = target.suffix.lower() == ".csv"
        cut = _write_csv(target, heading, rows) if is_text else _write_workbook(target, heading, rows)
    notes = []
    if unsplit := connection.execute("select count(*) from raw_bad").fetchall()[0][0]:
        notes.append(f"退回中有 {unsplit} 行无法拆分成列，退回数据只列出行号，请对照原文件改正")
    if total > MOST_ROWS and not is_text:
        notes.append(f"退回共 {total} 行，工作簿只收入前 {MOST_ROWS} 行；改存为 .csv 可得全部")
    if cut:
        notes.append(f"退回数据中有 {cut} 个单元格超过 {_LONGEST_CELL} 字被截短，请对照原文件改正")
    return notes


def rejects_workbook(connection: duckdb.DuckDBPyConnection, source: Source, work: Path) -> bytes:
    """The workbook of ``write_rejects`` as bytes."""
    target = work / "rejects.xlsx"
    write_rejects(connection, source, target, work)
    return target.read_bytes()


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple]:
    while rows := connection.fetchmany(_BATCH):
        yield from rows


def _write_csv(target: Path, heading: list[str], rows: Iterator[tuple]) -> int:
    # The byte order mark lets spreadsheet programs see that it is UTF-8.
    with target.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([neutral(h) for h in heading])
        for reason, line, *cells in rows:
            writer.writerow([reason, line, *(neutral(c) for c in cells)])
    return 0


def _write_workbook(target: Path, heading: list[str], rows: Iterator[tuple]) -> int:
    cut = 0
    with xlsxwriter.Workbook(
        str(target),
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False},
    ) as book:
        sheet = book.add_worksheet("退回数据")
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        mark = book.add_format({"italic": True, "text_wrap": True, "valign": "top"})
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 1, 8)
        sheet.set_column(2, len(heading) - 1, 18)
        for position, name in enumerate(heading):
            sheet.write_string(0, position, _cell(name), bold)
        for number, (reason, line, *cells) in enumerate(rows, start=1):
            if number > MOST_ROWS:
                break
            sheet.write_string(number, 0, reason, mark)
            sheet.write_number(number, 1, line)
            for position, text in enumerate(cells, start=2):
                if text:
                    cut += len(text) > _LONGEST_CELL
                    sheet.write_string(number, position, _cell(text))
    return cut


def _cell(text: str) -> str:
    """A text that fits a cell: no control characters, not longer than a cell may be."""
    return neutral(_CONTROL.sub(" ", text))[:_LONGEST_CELL]
