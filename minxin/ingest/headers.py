"""Which row is the heading and which character separates the columns."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path

from minxin.ingest.names import clean_name, plain_name
from minxin.ingest.records import open_text, read_records

DELIMITERS = (",", "\t", ";", "|")
SAMPLE_ROWS = 200
_DEEPEST_HEADER = 30
_LARGEST_SAMPLE = 4 << 20
_LONGEST_HEADING = 60
_VALUE = re.compile(
    r"[+-]?[\d,]*\.?\d+(e[+-]?\d+)?%?"
    r"|\d{2,4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T ]*\d{1,2}[:\uff1a]\d{1,2}.*)?"
    r"|nan|null|none|true|false",
    re.IGNORECASE,
)

#: A sample row: its number as a spreadsheet program counts, and its cells.
Row = tuple[int, Sequence[str]]


def _filled(cells: Sequence[str]) -> list[str]:
    return [name for cell in cells if (name := clean_name(cell))]


def is_heading(cell: str) -> bool:
    """Whether a cell could name a column: short, and neither number nor date."""
    name = clean_name(cell)
    return bool(name) and len(name) <= _LONGEST_HEADING and not _VALUE.fullmatch(name)


def usual_width(rows: Sequence[Row]) -> int:
    """The number of columns that most sample rows span, from the first filled cell to the last."""
    widths: Counter[int] = Counter()
    for _, cells in rows:
        filled = [i for i, cell in enumerate(cells) if cell.strip()]
        if filled:
            widths[filled[-1] - filled[0] + 1] += 1
    return max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 0


def matches(cells: Sequence[str], expected: Collection[str]) -> int:
    """How many expected names a row holds."""
    held = {plain_name(cell) for cell in cells}
    return len(held & {plain_name(name) for name in expected} - {""})


def find_header(rows: Sequence[Row], expected: Collection[str] = ()) -> int | None:
    """The position in ``rows`` of the heading, or None.

    The row with most of the expected names wins; without any, the first row that is about as wide as
    the data, names its columns differently and holds next to no numbers and dates.
    """
    top = rows[:_DEEPEST_HEADER]
    if expected and top:
        scores = [matches(cells, expected) for _, cells in top]
        best = max(scores)
        if best >= 2 or (best == 1 and len(_filled(top[scores.index(best)][1])) <= 2):
            return scores.index(best)
    width = usual_width(rows)
    for position, (_, cells) in enumerate(top):
        filled = _filled(cells)
        values = sum(bool(_VALUE.fullmatch(cell)) for cell in filled)
        if (
            len(filled) >= max(1, (width + 1) // 2)
            and len(set(filled)) >= 0.6 * len(filled)
            and values <= 0.2 * len(filled)
            and all(len(cell) <= _LONGEST_HEADING for cell in filled)
            and (len(filled) > 1 or width <= 1)
        ):
            return position
    return None


def sample_text(path: Path) -> str:
    """The first lines of a prepared text table, whole ones only; '' where not even one line is that short."""
    with open_text(path) as source:
        text = source.read(_LARGEST_SAMPLE)
    if len(text) < _LARGEST_SAMPLE:
        return text
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1]


def sample_rows(text: str, delimiter: str) -> list[Row]:
    """The first records of a sample; bad ones are left out."""
    records = islice(read_records(io.StringIO(text, newline=""), delimiter), SAMPLE_ROWS)
    return [(record.number, record.fields) for record in records if record.fields is not None]


def find_delimiter(text: str, name: str, expected: Collection[str] = ()) -> str:
    """The separator under which the first records have the steadiest width, or ',' for a single column."""
    opening = text[:64].split("\n", 1)[0].strip()
    if re.fullmatch(r"sep=.", opening):
        return opening[-1]
    suffixes = [part.lower() for part in Path(name).suffixes[-2:]]
    favourites = ("\t", ",", ";", "|") if {".tsv", ".tab"} & set(suffixes) else DELIMITERS

    def score(delimiter: str) -> tuple[int, float]:
        rows = [(number, cells) for number, cells in sample_rows(text, delimiter) if any(c.strip() for c in cells)]
        widths = Counter(len(cells) for _, cells in rows)
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            return 0, 0.0
        width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
        named = max((matches(cells, expected) for _, cells in rows[:_DEEPEST_HEADER] if len(cells) > 1), default=0)
        return named, round(count / len(rows) * (1 - 1 / (width + 1)), 3)

    scored = {delimiter: score(delimiter) for delimiter in favourites}
    best = max(favourites, key=lambda delimiter: (scored[delimiter], -favourites.index(delimiter)))
    return best if scored[best][1] > 0 else ","
