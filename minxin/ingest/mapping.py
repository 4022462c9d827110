"""Which column of a file is which column of a table: mapping files, read and validated."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Collection, Iterable
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from minxin import settings, tables
from minxin.ingest.names import find_name, shown
from minxin.settings import ROOT, Unusable
from minxin.tables import Table

COORDINATES = ("", "wgs84", "gcj02", "bd09")
#: The key that means: the whole content of the row.
WHOLE_ROW = ("*",)
#: Prefix of the mappings that belong to the templates; no file is behind them.
TEMPLATE = "template_"


@dataclass(frozen=True)
class FieldRule:
    """How one target column is filled.

    ``source`` are aliases of which the first present one wins; with ``join`` all present ones are put
    together. ``constant`` goes before both. ``values`` maps texts, ``otherwise`` stands for texts not in
    the map (None: they stay as they are). ``formats`` are strptime formats tried in order before the
    usual ones, ``true`` and ``false`` replace the usual words, ``missing`` are texts that mean empty.
    """

    source: tuple[str, ...] = ()
    join: str | None = None
    constant: str | None = None
    values: ReadOnly[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    formats: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    scale: float | None = None
    missing: tuple[str, ...] = ()

    def present(self, columns: Iterable[str]) -> list[str]:
        """The columns of a file that this rule reads, in the order of the rule."""
        if self.constant is not None:
            return []
        columns = list(columns)
        found = [name for alias in self.source if (name := find_name(alias, columns)) is not None]
        found = list(dict.fromkeys(found))
        return found if self.join is not None else found[:1]


@dataclass(frozen=True)
class ReadOptions:
    """What overrules recognition when the file is opened; empty or 0 leaves it to recognition."""

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0


@dataclass(frozen=True)
class Mapping:
    """From the columns of a kind of file to a declared table.

    ``timezone`` and ``coordinates`` '' mean the deployment's; ``key`` () means the table's own,
    ``('*',)`` the whole content of the row; ``nowhere`` are points ("longitude latitude", as in the
    file) that stand for "no place known".
    """

    name: str
    label: str
    table: str
    description: str = ""
    timezone: str = ""
    coordinates: str = ""
    key: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    nowhere: tuple[str, ...] = ()
    read: ReadOptions = ReadOptions()
    columns: ReadOnly[str, FieldRule] = field(default_factory=dict)

    @property
    def expected(self) -> frozenset[str]:
        """Every column name that the mapping looks for."""
        return frozenset(name for rule in self.columns.values() for name in rule.source)

    def sources(self, present: Collection[str]) -> dict[str, list[str]]:
        """Target column → the present columns that fill it; a constant has none, a target without any is absent."""
        found = {target: rule.present(present) for target, rule in self.columns.items()}
        return {target: names for target, names in found.items() if names or self.columns[target].constant is not None}

    def unmet(self, present: Collection[str]) -> list[str]:
        """Labels of the columns that every row needs and that a file with these columns does not fill."""
        table = tables.table(self.table)
        filled = set(self.sources(present))
        key = set() if self.key == WHOLE_ROW else set(self.key or table.key)
        missing = []
        for column in table.columns:
            needed = column.required or column.name in key
            located = column.name == "community_code" and "community_name" in filled
            if needed and not column.derived and column.name not in filled and not located:
                if self.key == WHOLE_ROW and column.name in table.key:
                    continue
                missing.append(column.label)
        return missing


class _Reader:
    """Takes typed values out of a TOML table and says in Chinese which key is wrong."""

    def __init__(self, raw: dict[str, Any], where: str, key: str, known: Collection[str]) -> None:
        self._raw, self._where, self._key = raw, where, key
        if strange := sorted(set(raw) - set(known)):
            raise self.wrong(strange[0], "不是映射文件的项目")

    def wrong(self, name: str, what: str) -> Unusable:
        key = f"{self._key}.{name}" if self._key else name
        return Unusable(f"映射文件「{self._where}」的「{shown(key)}」{what}；请改正后再试。")

    def text(self, name: str, default: str | None = "") -> Any:
        value = self._raw.get(name, default)
        if value is not default and not isinstance(value, str):
            raise self.wrong(name, "应为文字")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._raw.get(name, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(name, "应为文字的列表")
        return tuple(value)

    def table(self, name: str) -> dict[str, Any]:
        value = self._raw.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong(name, "应为一组项目")
        return value

    def whole_number(self, name: str) -> int:
        value = self._raw.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(name, "应为不小于 0 的整数")
        return value

    def number(self, name: str) -> float | None:
        value = self._raw.get(name)
        if value is not None and (not isinstance(value, (int, float)) or isinstance(value, bool)):
            raise self.wrong(name, "应为数字")
        return None if value is None else float(value)


_RULE_KEYS = ("from", "join", "constant", "values", "otherwise", "formats", "true", "false", "scale", "missing")
_READ_KEYS = tuple(f.name for f in fields(ReadOptions))
_KEYS = tuple(f.name for f in fields(Mapping))


def _rule(raw: Any, where: str, target: str) -> FieldRule:
    if not isinstance(raw, dict):
        raise Unusable(f"映射文件「{where}」的「columns.{shown(target)}」应为一组项目；请改正后再试。")
    read = _Reader(raw, where, f"columns.{target}", _RULE_KEYS)
    values = read.table("values")
    if not all(isinstance(value, str) for value in values.values()):
        raise read.wrong("values", "的取值应为文字")
    rule = FieldRule(
        source=read.texts("from"),
        join=read.text("join", None),
        constant=read.text("constant", None),
        values=dict(values),
        otherwise=read.text("otherwise", None),
        formats=read.texts("formats"),
        true=read.texts("true"),
        false=read.texts("false"),
        scale=read.number("scale"),
        missing=read.texts("missing"),
    )
    if not rule.source and rule.constant is None:
        raise read.wrong("from", "没有写来源列，也没有固定值 constant")
    if any(not name.strip() for name in rule.source):
        raise read.wrong("from", "含有空的列名")
    for form in rule.formats:
        if not _is_format(form):
            raise read.wrong("formats", f"中的「{shown(form)}」不是日期格式")
    if both := set(rule.true) & set(rule.false):
        raise read.wrong("true", f"与 false 都含有「{shown(min(both))}」")
    return rule


def _is_format(form: str) -> bool:
    """Whether a strptime format reads back a moment that it writes."""
    moment = dt.datetime(2023, 7, 4, 13, 5, 6, tzinfo=dt.UTC)
    try:
        text = moment.strftime(form)
        dt.datetime.strptime(text, form)
    except (ValueError, re.error):
        return False
    return "%" in form and text != form


def parse_mapping(raw: dict[str, Any], name: str, where: str) -> Mapping:
    """A validated mapping from the content of a TOML file; ``where`` names the file in messages.

    Raises Unusable with file and key.
    """
    read = _Reader(raw, where, "", _KEYS)
    options = _Reader(read.table("read"), where, "read", _READ_KEYS)
    made = Mapping(
        name=read.text("name", name) or name,
        label=read.text("label") or name,
        table=read.text("table"),
        description=read.text("description"),
        timezone=read.text("timezone"),
        coordinates=read.text("coordinates"),
        key=read.texts("key"),
        missing=read.texts("missing"),
        nowhere=read.texts("nowhere"),
        read=ReadOptions(
            options.text("sheet"),
            options.text("encoding"),
            options.text("delimiter"),
            options.whole_number("header_line"),
        ),
        columns={target: _rule(rule, where, target) for target, rule in read.table("columns").items()},
    )
    _validate(made, read)
    return made


def _validate(mapping: Mapping, read: _Reader) -> None:
    if mapping.table not in tables.tables():
        raise read.wrong("table", f"写的「{shown(mapping.table)}」不是本系统的表")
    if not re.fullmatch(r"[\w.-]{1,60}", mapping.name):
        raise read.wrong("name", "只能由字母、数字、横线和下划线组成")
    table = tables.table(mapping.table)
    usable = [column.name for column in table.columns if not column.derived]
    for target in mapping.columns:
        if target not in usable:
            raise read.wrong(f"columns.{target}", f"不是「{table.label}」可以导入的字段")
    if not mapping.columns:
        raise read.wrong("columns", "没有写任何字段")
    if mapping.coordinates not in COORDINATES:
        raise read.wrong("coordinates", "只能是 wgs84、gcj02 或 bd09")
    if not all(re.fullmatch(r"-?\d+(\.\d+)? -?\d+(\.\d+)?", point) for point in mapping.nowhere):
        raise read.wrong("nowhere", "应逐个写成「经度 纬度」，中间一个空格")
    if mapping.timezone:
        try:
            ZoneInfo(mapping.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise read.wrong("timezone", f"写的「{shown(mapping.timezone)}」不是已知时区") from error
    if mapping.key != WHOLE_ROW:
        for name in mapping.key:
            if name not in mapping.columns:
                raise read.wrong("key", f"中的「{shown(name)}」没有在 columns 中对应")
    if unmet := mapping.unmet(mapping.expected):
        raise read.wrong("columns", f"缺少必需的字段：{'、'.join(unmet)}")


def _folders() -> list[Path]:
    """Where mapping files are looked for: the deployment's own folder before the project's."""
    own, project = settings.deployment().folder / "mappings", ROOT / "data" / "mappings"
    return [own] if own.resolve() == project.resolve() else [own, project]


def _files() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in _folders():
        for file in sorted(folder.glob("*.toml")):
            found.setdefault(file.stem, file)
    return dict(sorted(found.items()))


def names() -> list[str]:
    """Names of all mapping files of the deployment and the project; none is read."""
    return list(_files())


def read_mapping(file: Path) -> Mapping:
    """Read and validate one mapping file. Raises Unusable with file and key."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Unusable(f"找不到映射文件「{shown(file.name)}」；请检查路径后再试。") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"映射文件「{shown(file.name)}」无法读取；请确认它是 UTF-8 编码的文本文件。") from error
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        line = f"第 {place[1]} 行" if place else "结尾处"
        raise Unusable(f"映射文件「{shown(file.name)}」{line}不符合 TOML 格式；请改正后再试。") from error
    return parse_mapping(raw, file.stem, shown(file.name))


def load_mapping(name_or_path: str) -> Mapping:
    """A mapping by name (the deployment's, the project's, or ``template_<table>``) or by path.

    Raises Unusable where there is none or it is not valid.
    """
    if name_or_path.startswith(TEMPLATE) and name_or_path.removeprefix(TEMPLATE) in tables.tables():
        return mapping_for_template(tables.table(name_or_path.removeprefix(TEMPLATE)))
    files = _files()
    if name_or_path in files:
        return read_mapping(files[name_or_path])
    path = Path(name_or_path)
    if path.suffix.lower() == ".toml":
        return read_mapping(path)
    held = "、".join(files) or "无"
    raise Unusable(f"没有名为「{shown(name_or_path)}」的映射，现有：{held}；请改用其中之一或 .toml 文件的路径。")


def available(table: str | None = None) -> list[Mapping]:
    """All mapping files, valid ones, of one table or of all; the deployment's own replace the project's.

    Raises Unusable at the first one that is not valid.
    """
    found = [read_mapping(file) for file in _files().values()]
    return [mapping for mapping in found if table is None or mapping.table == table]


def mapping_for_template(table: Table) -> Mapping:
    """The mapping of a table's own template: headings are the labels, the usual words and formats hold."""
    columns = {
        column.name: FieldRule(source=(column.label, column.name)) for column in table.columns if not column.derived
    }
    return Mapping(
        name=f"{TEMPLATE}{table.name}",
        label=f"{table.label}导入模板",
        table=table.name,
        description="按本系统的导入模板填写的工作簿",
        columns=columns,
    )


def _toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_text(key)


def _toml_value(value: Any) -> str:
    if isinstance(value, str):
        return _toml_text(value)
    if isinstance(value, ReadOnly):
        return "{ " + ", ".join(f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    return repr(value)


def to_toml(mapping: Mapping) -> str:
    """The mapping as the text of a mapping file; what has its default is left out."""
    lines = []
    for name in ("name", "label", "table", "description", "timezone", "coordinates", "key", "missing", "nowhere"):
        value = getattr(mapping, name)
        if value or name in ("name", "label", "table"):
            lines.append(f"{name} = {_toml_value(value)}")
    options = [(name, getattr(mapping.read, name)) for name in _READ_KEYS if getattr(mapping.read, name)]
    if options:
        lines += ["", "[read]", *(f"{name} = {_toml_value(value)}" for name, value in options)]
    for target, rule in mapping.columns.items():
        lines += ["", f"[columns.{_toml_key(target)}]"]
        for key in _RULE_KEYS:
            value = getattr(rule, "source" if key == "from" else key)
            if value is not None and value != () and value != {}:
                lines.append(f"{key} = {_toml_value(value)}")
    return "\n".join(lines) + "\n"
