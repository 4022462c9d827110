"""The careful way through a text table: every record numbered, every bad one named, no good one lost."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from minxin.ingest.encodings import UNREADABLE

#: No record may be longer, in characters; DuckDB is given the same number, in bytes.
LONGEST_RECORD = 2 << 20

TOO_LONG = "本行内容过长，无法读取"
OPEN_QUOTE = "引号没有成对，本行无法拆分"
UNREADABLE_BYTES = "含有空字符或无法识别的字节"
_PADDED_QUOTE = re.compile(r'"[ \t]+(?=[,;\t|\r\n]|$)')

csv.field_size_limit(max(csv.field_size_limit(), LONGEST_RECORD + 1))


class Record(NamedTuple):
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
        #: Whether the open record holds a byte that does not decode.
        self.unreadable = False

    def _one(self) -> str | None:
        if self._waiting:
            return self._waiting.popleft()
        line = self._source.readline(LONGEST_RECORD + 1)
        if len(line) <= LONGEST_RECORD:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._source.readline(LONGEST_RECORD)
        return None

    def stream(self) -> Iterator[str]:
        """The lines from here on; raises _TooLong where the open record grows too long."""
        held = self._held
        while line := self._one():
            held.append(line)
            if UNREADABLE in line:
                self.unreadable = True
            self._length += len(line)
            if self._length > LONGEST_RECORD:
                raise _TooLong
            yield line
        if line is None:
            held.append(None)
            raise _TooLong

    def begin(self) -> None:
        """A new record starts with the next line."""
        self._held.clear()
        self._length = 0
        self.unreadable = False

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
    blanks = delimiter != "\t"
    number = 0
    rows = csv.reader(lines.stream(), delimiter=delimiter, strict=True, skipinitialspace=blanks)
    while True:
        lines.begin()
        number += 1
        try:
            fields = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            mended = None if isinstance(error, _TooLong) else _mend(lines.held(), delimiter)
            if mended is None:
                yield Record(number, None, TOO_LONG if isinstance(error, _TooLong) else OPEN_QUOTE)
                lines.keep_first_only()
            else:
                yield Record(number, mended)
            rows = csv.reader(lines.stream(), delimiter=delimiter, strict=True, skipinitialspace=blanks)
            continue
        yield Record(number, None, UNREADABLE_BYTES) if lines.unreadable else Record(number, fields)


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


def is_blank(fields: Sequence[str]) -> bool:
    """Whether a record holds nothing at all."""
    return not any(field and not field.isspace() for field in fields)


def fitted(record: Record, width: int) -> Record:
    """The record with exactly ``width`` fields, or a bad one that says why not.

    Fields beyond the heading are let go only where they are empty.
    """
    fields = record.fields
    if fields is None or len(fields) == width:
        return record
    if len(fields) > width and is_blank(fields[width:]):
        return Record(record.number, fields[:width])
    return Record(record.number, None, f"字段数不符：应有 {width} 列，实有 {len(fields)} 列")


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
        for record in islice(read_records(source, delimiter), after, None):
            fields = record.fields
            if fields is not None and not (fields and fields[0].strip()) and is_blank(fields):
                continue
            yield record if fields is not None and len(fields) == width else fitted(record, width)
            if watch is not None and record.number % 50_000 == 0:
                watch(source.buffer.tell())  # type: ignore[attr-defined]
