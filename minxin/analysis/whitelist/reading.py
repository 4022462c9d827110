"""Files of training and scoring as plain columns: CSV, Parquet or ARFF, every fault named by its line.

A column is numbers (``float64``, NaN missing) or categories (texts, None missing). Nothing is guessed:
what cannot be read as one of the two is refused with one Chinese line.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from minxin.settings import Unusable

#: Spellings of "not known" in text files.
MISSING = frozenset(("", "?", "na", "n/a", "nan", "null", "none", "-", "—"))
#: A text column with more different values than this is no category.
MOST_CATEGORIES = 50
_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)""", re.IGNORECASE)


@dataclass(frozen=True)
class Cells:
    """A file as texts: ``columns`` name → list of texts (None missing), ``first_line`` of the rows, ``texts``
    the columns that are categories whatever they look like."""

    columns: dict[str, list[str | None]]
    first_line: int
    texts: frozenset[str] = frozenset()


def read(file: Path) -> pd.DataFrame:
    """The rows of a file, in order: number columns ``float64``, all others texts with None for missing.

    A text column is kept as it is (``columns_of`` says which of them are categories). Unusable where the
    file is missing, empty, of another kind, not rectangular, or holds infinities or broken numbers.
    """
    if not file.is_file():
        raise Unusable(f"找不到文件 {file.name}，请核对路径。")
    ending = file.suffix.lower()
    if ending == ".parquet":
        frame = _parquet(file)
    elif ending in (".csv", ".txt"):
        frame = _typed(_csv(file), file)
    elif ending == ".arff":
        frame = _typed(_arff(file), file)
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
    return Cells({name: [_cell(row[i]) for row in held] for i, name in enumerate(names)}, 2)


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
    columns: dict[str, list[str | None]] = {name: [] for name in names}
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
                columns[name].append(_cell(cell))
    except (csv.Error, ValueError) as error:
        # A quoted value that goes on in the next line: fewer rows than lines.
        raise Unusable(f"文件 {file.name} 的数据里有没配对的引号、跨行或过长的值，请改正后再试。") from error
    # A nominal attribute of numbers ({0,1}) is read as numbers: that is what the target of most files is.
    texts = {n for n in nominal if any(_number(c) is None for c in columns[n] if c is not None)}
    return Cells(columns, numbered[0][0] if numbered else start + 1, frozenset(texts))


def _typed(cells: Cells, file: Path) -> pd.DataFrame:
    return pd.DataFrame(
        {name: _column(name, held, cells, file) for name, held in cells.columns.items()},
    )


def _column(name: str, held: Sequence[str | None], cells: Cells, file: Path) -> Any:
    if name in cells.texts:
        return pd.Series(list(held), dtype=object)
    numbers = [math.nan if c is None else _number(c) for c in held]
    broken = [i for i, number in enumerate(numbers) if number is None]
    known = sum(c is not None for c in held)
    if broken and 2 * len(broken) < known:
        line = broken[0] + cells.first_line
        raise Unusable(
            f"文件 {file.name} 第 {line} 行“{name}”写着“{str(held[broken[0]])[:20]}”，不是数；"
            "请改正，或把整列改为分类。"
        )
    if broken:
        return pd.Series(list(held), dtype=object)
    values = np.array(numbers, dtype="float64")
    _finite(name, values, cells.first_line, file)
    return values


def _parquet(file: Path) -> pd.DataFrame:
    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        raise Unusable(f"文件 {file.name} 不是完整的 parquet，请重新生成后再试。") from error
    _distinct(table.column_names, file)
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column, kind = table.column(name), table.schema.field(name).type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = kind.value_type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
            values = column.cast(pa.float64()) if not pa.types.is_boolean(kind) else column.cast(pa.int8())
            columns[name] = np.array([math.nan if v is None else float(v) for v in values.to_pylist()])
            _finite(name, columns[name], 1, file)
        elif pa.types.is_decimal(kind):
            columns[name] = np.array([math.nan if v is None else float(v) for v in column.to_pylist()])
        elif pa.types.is_null(kind):
            columns[name] = np.full(len(column), math.nan)
        elif pa.types.is_temporal(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts = [None if v is None else _cell(str(v)) for v in column.to_pylist()]
            columns[name] = pd.Series(texts, dtype=object)
        else:
            raise Unusable(f"文件 {file.name} 的“{name}”列是 {kind} 类，只支持数、文字与日期。")
    return pd.DataFrame(columns)


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
