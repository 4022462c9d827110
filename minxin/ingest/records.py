"""The careful way through a text table: every record numbered, every bad one named, no good one lost."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from minxin.ingest.encodings import UNREADABLE

#: No record may be longer, in characters; DuckDB is given the same number, in bytes.
LONGEST_RECORD = 2 << 20

TOO_LONG = "本行内容过长，无法读取"
OPEN_QUOTE = "引号没有成对，本行无法拆分"
UNREADABLE_BYTES = "含有空字符或无法识别的字节"
_PADDED_QUOTE = re.compile(r'"[ \t]+(?=[,;\t|\r\n]|$)')

csv.field_size_limit(max(csv.field_size_limit(), LONGEST_RECORD + 1))


@dataclass(frozen=True)
class Record:
    """One record: ``number`` counts from 1 as a spreadsheet program does; ``fields`` is None when it is bad."""

    number: int
    fields: list[str] | None
    reason: str = ""


class _TooLong(csv.Error):
    """The open record went past LONGEST_RECORD."""


class _Lines:
    """Physical lines for csv.reader that can be put back; None in ``_waiting`` is a line too long to hold."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._waiting: deque[str | None] = deque()
        self._held: list[str | None] = []
        self._length = 0
        self.breaks = 0

    def __iter__(self) -> _Lines:
        return self

    def _next(self) -> str | None:
        if self._waiting:
            return self._waiting.popleft()
        line = self._source.readline(LONGEST_RECORD + 1)
        if not line:
            raise StopIteration
        if len(line) <= LONGEST_RECORD:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._source.readline(LONGEST_RECORD)
        return None

    def __next__(self) -> str:
        line = self._next()
        self._held.append(line)
        self._length += len(line) if line is not None else 0
        if line is None or self._length > LONGEST_RECORD:
            raise _TooLong
        self.breaks += 1
        return line

    def begin(self) -> None:
        """A new record starts with the next line."""
        self._held.clear()
        self._length = 0

    def held(self) -> str:
        return "".join(line for line in self._held if line is not None)

    def keep_first_only(self) -> None:
        """Give up the first line of the open record; the others are read again."""
        self._waiting.extendleft(reversed(self._held[1:]))


def read_records(source: TextIO, delimiter: str) -> Iterator[Record]:
    """Split an open text file (``newline=""``) into records, empty ones included as ``[]``.

    A quote that is never closed, or that stands where none may stand, costs the line it stands on
    and nothing more: reading starts again on the next line.
    """
    lines = _Lines(source)
    number = 0

    def reader() -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")

    rows = reader()
    while True:
        lines.begin()
        try:
            fields = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            mended = None if isinstance(error, _TooLong) else _mend(lines.held(), delimiter)
            if mended is None:
                yield Record(number, None, TOO_LONG if isinstance(error, _TooLong) else OPEN_QUOTE)
                lines.keep_first_only()
            else:
                yield Record(number, mended)
            rows = reader()
            continue
        number += 1
        yield Record(number, fields)


def _mend(text: str, delimiter: str) -> list[str] | None:
    """The one record in ``text`` once blanks after closing quotes are gone, or None."""
    tight = _PADDED_QUOTE.sub('"', text)
    if tight == text:
        return None
    try:
        found = list(
            csv.reader(tight.splitlines(keepends=True), delimiter=delimiter, strict=True, skipinitialspace=True)
        )
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def is_blank(fields: list[str]) -> bool:
    """Whether a record holds nothing at all."""
    return not any(field and not field.isspace() for field in fields)


def fitted(record: Record, width: int) -> Record:
    """The record with exactly ``width`` fields, or a bad one that says why not.

    Fields beyond the heading are let go only where they are empty.
    """
    fields = record.fields
    if fields is None or is_blank(fields):
        return record
    if any(UNREADABLE in field for field in fields):
        return Record(record.number, None, UNREADABLE_BYTES)
    if len(fields) > width and is_blank(fields[width:]):
        return Record(record.number, fields[:width])
    if len(fields) != width:
        return Record(record.number, None, f"字段数不符：应有 {width} 列，实有 {len(fields)} 列")
    return record


def open_text(path: Path) -> TextIO:
    """A prepared text table (UTF-8 with or without BOM), undecodable bytes marked."""
    return path.open(encoding="utf-8-sig", errors="minxin_mark", newline="")


def read_rows(
    path: Path, delimiter: str, width: int, after: int, watch: Callable[[int], None] | None = None
) -> Iterator[Record]:
    """Data records after record number ``after``, empty ones left out, each fitted to ``width``.

    ``watch`` hears now and then how many bytes have been read.
    """
    with open_text(path) as source:
        for record in read_records(source, delimiter):
            if record.number <= after or (record.fields is not None and is_blank(record.fields)):
                continue
            yield fitted(record, width)
            if watch is not None and record.number % 50_000 == 0:
                watch(source.buffer.tell())  # type: ignore[attr-defined]
