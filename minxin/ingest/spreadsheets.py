"""A worksheet as a table of texts: read once with calamine, written to Parquet, every row with its number."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine as calamine

from minxin.ingest.headers import SAMPLE_ROWS, Row, find_header, is_heading, matches
from minxin.ingest.names import clean_name, find_name, shown, unique_names
from minxin.ingest.packages import PackageFacts
from minxin.ingest.records import LONGEST_RECORD, TOO_LONG, UNREADABLE_BYTES
from minxin.settings import Unusable

MOST_COLUMNS = 1_000
UNREADABLE_CELL = "含有无法读取的单元格"
_BATCH = 5_000

#: column → (value, last row) of the vertical merges that are open at a row.
_Merges = dict[int, tuple[str, int]]


@dataclass(frozen=True)
class Sheet:
    """A worksheet in ``path`` (Parquet: _line, _bad, c0, c1 …); ``positions`` are the numbers of ``columns`` there."""

    path: Path
    name: str
    sheets: tuple[str, ...]
    header_line: int
    columns: tuple[str, ...]
    positions: tuple[int, ...]
    rows: int
    notes: tuple[str, ...]


def number_text(value: float) -> str:
    """A number without an exponent: whole ones exactly, others to the 15 digits that Excel shows."""
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return format(Decimal(repr(value) if abs(value) >= 2**53 else f"{value:.15g}"), "f")


def cell_text(value: Any) -> str | None:
    """A cell as text: ISO for dates and times, TRUE/FALSE, plain digits; None where it is empty."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return number_text(float(value)) if isinstance(value, float) else str(value)
    if isinstance(value, dt.datetime):
        near = value + dt.timedelta(milliseconds=0.5) if value < dt.datetime.max - dt.timedelta(seconds=1) else value
        exact = near.replace(microsecond=0) if near.microsecond < 1000 else value
        return exact.isoformat(sep=" ", timespec="milliseconds" if exact.microsecond else "seconds")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    if isinstance(value, dt.time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


class _UnreadableRow(Exception):
    """A row holds a value that Python cannot express; the next one can still be read."""


def _failed(name: str) -> Unusable:
    return Unusable(f"工作簿「{shown(name)}」已损坏或不完整，无法打开；请用表格软件重新另存为 xlsx 后再上传。")


def _guarded(name: str, call: Any, *arguments: Any) -> Any:
    """Call calamine; whatever it cannot read becomes one line, a Rust panic included."""
    try:
        return call(*arguments)
    except calamine.PasswordError as error:
        raise Unusable(f"工作簿「{shown(name)}」有密码保护；请取消密码后再上传。") from error
    except (ValueError, OverflowError) as error:
        if call is next:
            raise _UnreadableRow from error
        raise _failed(name) from error
    except (calamine.CalamineError, OSError, MemoryError) as error:
        raise _failed(name) from error
    except BaseException as error:  # pyo3's PanicException derives from BaseException
        if type(error).__name__ == "PanicException":
            raise _failed(name) from error
        raise


def _texts(sheet: Any, name: str) -> Iterator[list[str | None] | None]:
    """Rows from row 1 on, columns from A on (calamine leaves empty columns on the left out).

    None stands for a row with a cell that cannot be read, such as a duration of a million years.
    """
    if not sheet.height:
        return
    left: list[str | None] = [None] * sheet.start[1]
    rows = sheet.iter_rows()
    for _ in range(sheet.end[0] + 1):
        try:
            row = _guarded(name, next, rows, None)
        except _UnreadableRow:
            yield None
            continue
        if row is None:
            return
        yield left + [cell_text(value) for value in row]


def _row_sample(rows: Iterator[list[str | None] | None]) -> list[Row]:
    return [(number, [cell or "" for cell in cells or ()]) for number, cells in enumerate(islice(rows, SAMPLE_ROWS), 1)]


def _choose_sheet(book: Any, name: str, wanted: str, expected: Collection[str]) -> tuple[Any, str]:
    usable = [
        sheet
        for sheet in book.sheets_metadata
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet and sheet.visible == calamine.SheetVisibleEnum.Visible
    ]
    if wanted:
        found = find_name(wanted, book.sheet_names)
        if found is None:
            held = "、".join(shown(sheet, 20) for sheet in book.sheet_names[:8])
            raise Unusable(
                f"工作簿「{shown(name)}」没有名为「{shown(wanted)}」的工作表，现有：{held}；请改正工作表名后再试。"
            )
        return _guarded(name, book.get_sheet_by_name, found), found
    best: tuple[int, Any, str] | None = None
    for meta in usable:
        sheet = _guarded(name, book.get_sheet_by_name, meta.name)
        sample = _row_sample(_texts(sheet, name))
        position = find_header(sample, expected)
        if position is None:
            continue
        score = matches(sample[position][1], expected)
        if not expected or score >= max(2, len(set(expected)) // 2):
            return sheet, meta.name
        if best is None or score > best[0]:
            best = score, sheet, meta.name
    if best is None:
        if not any(_guarded(name, book.get_sheet_by_name, meta.name).height for meta in usable):
            raise Unusable(f"工作簿「{shown(name)}」中没有数据；请检查是否选错文件。")
        raise Unusable(f"工作簿「{shown(name)}」中没有找到表头；请在数据上方用一行写明各列名称后再上传。")
    return best[1], best[2]


def _merge_starts(sheet: Any) -> dict[int, list[tuple[int, int, int]]]:
    """First row (0-based) → (first column, last column, last row) of the merged ranges that begin there."""
    starts: dict[int, list[tuple[int, int, int]]] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        starts.setdefault(top, []).append((left, right, bottom))
    return starts


def _last_heading(sample: Sequence[Row], at: int, starts: dict[int, list[tuple[int, int, int]]]) -> int:
    """The lowest row of a heading that spans several: where its downward merges end, or, under a heading
    merged across, the row that names every column of the group."""
    row = sample[at][0] - 1
    merges = [(left, right, bottom) for left, right, bottom in starts.get(row, ()) if bottom < row + 4]
    lowest = max((bottom for _, _, bottom in merges), default=row)
    if lowest > row and lowest < len(sample):
        return lowest
    below = sample[at + 1][1] if at + 1 < len(sample) else ()
    groups = [(left, right) for left, right, _ in merges if right > left]
    alone = sum(1 for cell in sample[at][1] if cell.strip()) == 1
    if not groups or alone:
        return at
    named = [below[left : right + 1] for left, right in groups]
    return at + 1 if all(is_heading(cell) for cells in named for cell in cells) else at


def _headings(sample: Sequence[Row], at: int, starts: dict[int, list[tuple[int, int, int]]]) -> list[str]:
    """The heading row, with what merged cells above it say: a heading merged downwards, and the name of
    a group over headings that would otherwise be equal."""
    cells = list(sample[at][1])
    groups = [""] * len(cells)
    row = sample[at][0] - 1
    for top in range(max(0, row - 3), row + 1):
        for left, right, bottom in starts.get(top, ()):
            if left >= len(cells) or top >= len(sample):
                continue
            value = sample[top][1][left] if left < len(sample[top][1]) else ""
            if top < row <= bottom and not cells[left].strip():
                cells[left] = value
            elif bottom == row - 1 and right > left:
                for column in range(left, min(right + 1, len(cells))):
                    groups[column] = value
    cleaned = [clean_name(cell) for cell in cells]
    return [
        f"{clean_name(group)}·{cell}" if group and cell and cleaned.count(cell) > 1 else cell
        for group, cell in zip(groups, cleaned, strict=True)
    ]


def _fill(cells: list[str | None], row: int, starts: dict[int, list[tuple[int, int, int]]], merges: _Merges) -> bool:
    """Repeat the value of cells merged downwards; whether anything was filled in."""
    filled = False
    for column, (kept, last) in list(merges.items()):
        if row > last:
            del merges[column]
        elif column < len(cells) and cells[column] is None:
            cells[column], filled = kept, True
    for left, _, bottom in starts.get(row, ()):
        if bottom > row and left < len(cells) and (value := cells[left]) is not None:
            merges[left] = value, bottom
    return filled


class _Writer:
    """Batches of text rows into one Parquet file, counting the filled cells of each column."""

    def __init__(self, path: Path, width: int) -> None:
        names = ["_line", "_bad", *(f"c{i}" for i in range(width))]
        types = [pa.int64(), *[pa.string()] * (width + 1)]
        self._schema = pa.schema(list(zip(names, types, strict=True)))
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[list[Any]] = []
        self.filled = [0] * width
        self.count = 0

    def add(self, row: list[Any]) -> None:
        self._rows.append(row)
        self.count += 1
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            arrays = [
                pa.array(column, type=kind)
                for column, kind in zip(zip(*self._rows, strict=True), self._schema.types, strict=True)
            ]
            for position, array in enumerate(arrays[2:]):
                self.filled[position] += len(array) - array.null_count
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self._rows.clear()

    def close(self) -> None:
        self._flush()
        self._writer.close()


def _flaw(cells: Sequence[str | None]) -> str | None:
    if sum(len(cell) for cell in cells if cell) > LONGEST_RECORD // 2:
        return TOO_LONG
    if any("\0" in cell for cell in cells if cell):
        return UNREADABLE_BYTES
    return None


def read_sheet(
    path: Path,
    target: Path,
    name: str,
    facts: PackageFacts,
    wanted: str = "",
    header_line: int = 0,
    expected: Collection[str] = (),
) -> Sheet:
    """Write the wanted (or best fitting) worksheet of a checked workbook to ``target``.

    Empty rows and columns are left out, cells merged downwards repeat their value. Raises Unusable
    where there is no such sheet, no heading or no data.
    """
    book = _guarded(name, calamine.CalamineWorkbook.from_path, str(path))
    try:
        sheet, title = _choose_sheet(book, name, wanted, expected)
        names = tuple(book.sheet_names)
    finally:
        book.close()
    if not sheet.height:
        raise Unusable(f"工作簿「{shown(name)}」的工作表「{shown(title)}」没有数据；请检查是否选错工作表。")
    if sheet.end[1] + 1 > MOST_COLUMNS:
        raise Unusable(
            f"工作表「{shown(title)}」有 {sheet.end[1] + 1} 列，超过上限 {MOST_COLUMNS} 列；请删去多余的列后再上传。"
        )
    sample = _row_sample(_texts(sheet, name))
    at = header_line - 1 if header_line else find_header(sample, expected)
    if at is None or not 0 <= at < len(sample):
        raise Unusable(f"工作表「{shown(title)}」中没有找到表头；请在数据上方用一行写明各列名称，或指明表头所在行。")
    starts = _merge_starts(sheet)
    if not header_line:
        at = _last_heading(sample, at, starts)
    headings = _headings(sample, at, starts)
    width = len(headings)
    writer = _Writer(target, width)
    merges: _Merges = {}
    merged = blanks = 0
    try:
        for row, cells in enumerate(_texts(sheet, name)):
            if row <= at:
                continue
            if cells is None:
                writer.add([row + 1, UNREADABLE_CELL, *[None] * width])
                continue
            if all(cell is None or cell.isspace() for cell in cells):
                blanks += 1
                continue
            merged += _fill(cells, row, starts, merges)
            if flaw := _flaw(cells):
                writer.add([row + 1, flaw, *[None] * width])
            else:
                writer.add([row + 1, None, *cells])
    finally:
        writer.close()
    if not writer.count:
        raise Unusable(f"工作表「{shown(title)}」只有表头，没有数据行；请检查是否选错文件。")
    kept = [i for i in range(width) if headings[i] or writer.filled[i]]
    every = unique_names(headings)
    notes = _notes(title, names, at + 1, blanks, merged, facts)
    return Sheet(target, title, names, at + 1, tuple(every[i] for i in kept), tuple(kept), writer.count, notes)


def _notes(
    title: str, names: Sequence[str], line: int, blanks: int, merged: int, facts: PackageFacts
) -> tuple[str, ...]:
    found = []
    if len(names) > 1:
        found.append(f"共 {len(names)} 个工作表，读取「{shown(title)}」")
    if line > 1:
        found.append(f"表头在第 {line} 行，上方 {line - 1} 行已略过")
    if blanks:
        found.append(f"已略过 {blanks} 个空行")
    if merged:
        found.append(f"{merged} 行含合并单元格，已按首格的值补齐")
    if facts.formulas:
        found.append(f"含 {facts.formulas} 个公式，按文件保存时的结果读取")
    if facts.without_result:
        found.append(f"{facts.without_result} 个公式没有保存结果，按空值读取")
    if facts.faults:
        found.append(f"{facts.faults} 个单元格是错误值（如 #N/A），按空值读取")
    return tuple(found)
