"""Files of training and scoring as plain columns: CSV, Parquet or ARFF, every fault named by its line.

A column that is used is numbers (``float64``, NaN missing) or categories (texts, None missing). Nothing is
guessed: what cannot be read as one of the two is refused with one Chinese line. A column that nobody uses is
carried through as it stands in the file.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from minxin.settings import Unusable

#: Spellings of "not known" in text files.
MISSING = frozenset(("", "?", "na", "n/a", "nan", "null", "none", "-", "—"))
#: A text column with more different values than this is no category.
MOST_CATEGORIES = 50
#: Whole numbers beyond this are not all different as ``float64``: they are codes, or broken.
LARGEST = 2**53
_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)""", re.IGNORECASE)


class Use(Enum):
    """What a column is read as: numbers or categories, whichever it is; texts whatever it is; not at all."""

    VALUES, TEXTS, NONE = "values", "texts", "none"


def _values(_: str) -> Use:
    return Use.VALUES


@dataclass(frozen=True)
class Cells:
    """A file as texts: ``columns`` name → its cells as they stand, ``first_line`` of the rows, ``texts`` the
    columns that are categories whatever they look like."""

    columns: dict[str, list[str]]
    first_line: int
    texts: frozenset[str] = frozenset()


def read(file: Path, use: Callable[[str], Use] = _values) -> pd.DataFrame:
    """The rows of a file, in order: number columns ``float64``, all others texts with None for missing.

    ``use`` says by its name what a column is for; one of no use comes as it stands in the file, from Parquet
    with its type. Unusable where the file is missing, empty, of another kind, not rectangular, or a column that
    is used holds infinities or broken numbers.
    """
    if not file.is_file():
        raise Unusable(f"找不到文件 {file.name}，请核对路径。")
    ending = file.suffix.lower()
    if ending == ".parquet":
        frame = _parquet(file, use)
    elif ending in (".csv", ".txt"):
        frame = _typed(_csv(file), file, use)
    elif ending == ".arff":
        frame = _typed(_arff(file), file, use)
    else:
        raise Unusable(f"不认识文件 {file.name} 的格式；请使用 csv、parquet 或 arff。")
    if frame.empty:
        raise Unusable(f"文件 {file.name} 没有数据行，请换一份有数据的文件。")
    return frame


def text_of(file: Path) -> str:
    """The text of a file in UTF-8 or GB18030; Unusable where it is neither."""
    raw = file.read_bytes()
    if not raw.strip():
        raise Unusable(f"文件 {file.name} 是空的，请换一份有数据的文件。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unusable(f"文件 {file.name} 不是 UTF-8 或 GB18030 编码的文本，请另存后再试。")


def _csv(file: Path) -> Cells:
    rows = csv.reader(io.StringIO(text_of(file), newline=""))
    try:
        names = [name.strip() for name in next(rows)]
        _distinct(names, file)
        held = []
        for row in rows:
            if not row:
                continue
            if len(row) != len(names):
                raise Unusable(
                    f"文件 {file.name} 第 {rows.line_num} 行有 {len(row)} 列，表头有 {len(names)} 列，请改正后再试。"
                )
            held.append(row)
    except (csv.Error, StopIteration) as error:
        raise Unusable(f"文件 {file.name} 不是完整的 csv，请另存后再试。") from error
    return Cells({name: [row[i] for row in held] for i, name in enumerate(names)}, 2)


def _arff(file: Path) -> Cells:
    """Attribute-Relation File Format: numeric and nominal attributes, dense rows, ``?`` for missing."""
    lines = text_of(file).splitlines()
    names: list[str] = []
    nominal = set()
    start = -1
    for number, line in enumerate(lines):
        said = line.strip()
        if said.lower().startswith("@data"):
            start = number + 1
            break
        if said.lower().startswith("@attribute"):
            found = _ATTRIBUTE.match(said)
            if not found:
                raise Unusable(f"文件 {file.name} 第 {number + 1} 行的属性写法不对，请改正后再试。")
            name, kind = _unquoted(found[1]), found[2].strip().lower()
            names.append(name)
            if kind.startswith(("{", "string")):
                nominal.add(name)
            elif kind.split()[0] not in ("numeric", "real", "integer"):
                raise Unusable(f"文件 {file.name} 的属性“{name}”是 {kind.split()[0]} 类，只支持数值与枚举。")
    if start < 0 or not names:
        raise Unusable(f"文件 {file.name} 缺少 @attribute 或 @data，不是完整的 arff。")
    _distinct(names, file)
    columns: dict[str, list[str]] = {name: [] for name in names}
    numbered = [(i + 1, line) for i, line in enumerate(lines) if i >= start and line.strip()]
    numbered = [(i, line) for i, line in numbered if not line.lstrip().startswith("%")]
    if numbered and numbered[0][1].lstrip().startswith("{"):
        raise Unusable(f"文件 {file.name} 是稀疏格式的 arff，请另存为普通格式。")
    parsed = csv.reader([line for _, line in numbered], quotechar="'", skipinitialspace=True, escapechar="\\")
    try:
        for (number, _), row in zip(numbered, parsed, strict=True):
            if len(row) != len(names):
                raise Unusable(
                    f"文件 {file.name} 第 {number} 行有 {len(row)} 个值，应有 {len(names)} 个，请改正后再试。"
                )
            for name, cell in zip(names, row, strict=True):
                columns[name].append(cell)
    except (csv.Error, ValueError) as error:
        # A quoted value that goes on in the next line: fewer rows than lines.
        raise Unusable(f"文件 {file.name} 的数据里有没配对的引号、跨行或过长的值，请改正后再试。") from error
    # A nominal attribute of numbers ({0,1}) is read as numbers: that is what the target of most files is.
    texts = {n for n in nominal if any(_number(c) is None for c in map(_cell, columns[n]) if c is not None)}
    return Cells(columns, numbered[0][0] if numbered else start + 1, frozenset(texts))


def _typed(cells: Cells, file: Path, use: Callable[[str], Use]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, held in cells.columns.items():
        if use(name) is Use.NONE:
            columns[name] = pd.Series([cell or None for cell in held], dtype=object)
        elif use(name) is Use.TEXTS or name in cells.texts:
            columns[name] = pd.Series([_cell(cell) for cell in held], dtype=object)
        else:
            columns[name] = _column(name, [_cell(cell) for cell in held], cells.first_line, file)
    return pd.DataFrame(columns)


def _column(name: str, held: Sequence[str | None], first_line: int, file: Path) -> Any:
    numbers = [math.nan if c is None else _number(c) for c in held]
    broken = [i for i, number in enumerate(numbers) if number is None]
    known = sum(c is not None for c in held)
    codes = sum(c is not None and _is_code(c) for c in held)
    if 2 * (len(broken) + codes) >= known > 0 and (broken or codes):
        return pd.Series(list(held), dtype=object)
    if broken:
        line = broken[0] + first_line
        raise Unusable(
            f"文件 {file.name} 第 {line} 行“{name}”写着“{str(held[broken[0]])[:20]}”，不是数；"
            "请改正，或把整列改为分类；训练时不用的列可以用 --leave-out 去掉。"
        )
    values = np.array(numbers, dtype="float64")
    _finite(name, values, first_line, file)
    return values


def _is_code(text: str) -> bool:
    """Whether digits are a code: a whole number that would become another one as ``float64``."""
    return len(text) > 15 and text.isascii() and text.isdecimal() and int(text) > LARGEST


def _parquet(file: Path, use: Callable[[str], Use]) -> pd.DataFrame:
    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        raise Unusable(f"文件 {file.name} 不是完整的 parquet，请重新生成后再试。") from error
    _distinct(table.column_names, file)
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if use(name) is Use.NONE:
            columns[name] = _as_it_is(column)
        elif use(name) is Use.TEXTS:
            columns[name] = pd.Series(_texts(name, column, file), dtype=object)
        else:
            columns[name] = _native(name, column, file)
    return pd.DataFrame(columns)


def _as_it_is(column: Any) -> pd.Series:
    """A column of Parquet with its type, or as texts where pandas has no name for that."""
    held = column.to_pandas(types_mapper=pd.ArrowDtype)
    try:
        held.dtype.type  # noqa: B018  asked whenever the column is written
    except NotImplementedError:
        return pd.Series([None if v is None else str(v) for v in column.to_pylist()], dtype=object)
    return held


def _native(name: str, column: Any, file: Path) -> Any:
    """A column of Parquet as numbers or texts, by its type."""
    kind = column.type
    if pa.types.is_integer(kind):
        ends = pc.min_max(column).as_py()
        if max(abs(ends["min"] or 0), abs(ends["max"] or 0)) > LARGEST:
            raise Unusable(
                f"文件 {file.name} 的“{name}”列有 16 位以上的整数，读作数会失真；"
                "它若是编号，请存为文字，或在训练时用 --leave-out 去掉。"
            )
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = np.array([math.nan if v is None else float(v) for v in column.to_pylist()])
        _finite(name, values, 1, file)
        return values
    if pa.types.is_decimal(kind):
        return np.array([math.nan if v is None else float(v) for v in column.to_pylist()])
    if pa.types.is_null(kind):
        return np.full(len(column), math.nan)
    return pd.Series(_texts(name, column, file), dtype=object)


def _texts(name: str, column: Any, file: Path) -> list[str | None]:
    """The cells of a column of Parquet as they would be written."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    held = column.to_pylist()
    if pa.types.is_floating(kind):
        return [None if v is None or v != v else text_of_number(v) for v in held]
    plain = (
        *(pa.types.is_boolean, pa.types.is_integer, pa.types.is_decimal, pa.types.is_null),
        *(pa.types.is_temporal, pa.types.is_string, pa.types.is_large_string),
    )
    if not any(fits(kind) for fits in plain):
        raise Unusable(f"文件 {file.name} 的“{name}”列是 {kind} 类，只支持数、文字与日期。")
    if pa.types.is_boolean(kind):
        held = [None if v is None else int(v) for v in held]
    return [None if v is None else _cell(str(v)) for v in held]


def text_of_number(number: float) -> str:
    """A number as a category or moment is written: whole ones without a point, none of its digits lost."""
    return f"{number:.0f}" if float(number).is_integer() else repr(float(number))


def _cell(text: str) -> str | None:
    said = text.strip()
    return None if said.lower() in MISSING else said


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text) else text)
    except ValueError:
        return None


def _finite(name: str, values: Any, first_line: int, file: Path) -> None:
    endless = np.flatnonzero(np.isinf(values))
    if len(endless):
        raise Unusable(f"文件 {file.name} 第 {endless[0] + first_line} 行“{name}”是无穷大，请改为具体的数或留空。")


def _unquoted(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[:1] in "'\"" and len(name) > 1 else name


def _distinct(names: Sequence[str], file: Path) -> None:
    if any(not name for name in names):
        raise Unusable(f"文件 {file.name} 的表头有空列名，请补上后再试。")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unusable(f"文件 {file.name} 的列名“{twice[0]}”出现了不止一次，请改名后再试。")
