"""What must hold of a row, as SQL conditions with a Chinese reason each.

Every value that is present but not usable makes its row *rejected*, optional columns included: a row
stored without a value that the file did hold would be a quiet loss. The reasons name the field and
the fault, never the value, so that they carry no personal text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from minxin.ingest.codes import INDUSTRY, REASONS, uscc_faults_sql
from minxin.tables import Column, Table
from minxin.texts.sql_text import literal, literals, quote

#: Between several faults of one row.
SEPARATOR = "；"
#: The first and the first impossible day. Not 1900-01-01: spreadsheets and databases write it for no date at all.
EARLIEST, LATEST = "1900-01-02", "2200-01-01"
_UNREADABLE = {
    "integer": "不是整数",
    "decimal": "不是数字",
    "boolean": "无法识别为“是”或“否”",
    "timestamp": "无法识别为日期时间",
    "date": "无法识别为日期",
}


@dataclass(frozen=True)
class Fault:
    """One thing that can be wrong: ``condition`` is true (not merely not false) where it is."""

    column: str
    reason: str
    condition: str
    #: Whether a value is there and odd; false where it is missing.
    odd: bool = True


def happened(column: Column) -> bool:
    """Whether a column tells when something happened: such a time cannot be after the import.

    By the naming of the tables: ``…_at`` is an event; whatever is due, targeted or promised may lie ahead.
    """
    return column.name.endswith("_at") and "due" not in column.name


def faults(
    table: Table,
    key: Collection[str],
    mapped: Collection[str],
    now: datetime,
    lists: Mapping[str, Collection[str]] | None = None,
) -> list[Fault]:
    """All checks of a table for a file that fills the ``mapped`` columns.

    ``lists`` are the deployment's lists of codes by name; a column that refers to a list the deployment
    does not keep takes every value.

    The conditions read ``v_<column>`` (typed), ``t_<column>`` (text, null where missing) and, in located
    tables, ``community_code`` as resolved. ``key`` names the columns that make the key: each is required.
    """
    found: list[Fault] = []
    for column in table.columns:
        name, label = column.name, f"「{column.label}」"
        if column.derived:
            continue
        value, text = quote(f"v_{name}"), quote(f"t_{name}")
        if name in ("community_code", "community_name") and table.located:
            if column.required and name == "community_code":
                found.append(Fault(name, f"{label}缺失或无法对应到本部署的社区", "community_code = 'none'"))
            continue
        if name not in mapped:
            if column.required or name in key:
                found.append(Fault(name, f"缺少{label}", "true", odd=False))
            continue
        if column.required or name in key:
            found.append(Fault(name, f"缺少{label}", f"{text} is null", odd=False))
        if column.type != "text":
            found.append(Fault(name, f"{label}{_UNREADABLE[column.type]}", f"{text} is not null and {value} is null"))
        if column.type in ("timestamp", "date"):
            kind = column.sql_type.lower()
            sane = f"{value} >= {kind} '{EARLIEST}' and {value} < {kind} '{LATEST}'"
            found.append(Fault(name, f"{label}年份不可信", f"{value} is not null and not ({sane})"))
            if happened(column):
                limit = f"timestamp '{now:%Y-%m-%d %H:%M:%S}'"
                found.append(Fault(name, f"{label}晚于导入时刻", f"{value} > {limit} and {value} < {kind} '{LATEST}'"))
            elif column.past:
                limit = f"date '{now:%Y-%m-%d}'"
                found.append(Fault(name, f"{label}晚于导入之日", f"{value} > {limit} and {value} < {kind} '{LATEST}'"))
        if column.minimum is not None or column.maximum is not None:
            found.append(Fault(name, f"{label}超出范围（{_range(column)}）", _outside(column, value)))
        if column.values:
            found.append(Fault(name, f"{label}不在规定取值之内", f"{value} not in ({literals(column.values)})"))
        found += _coded(column, value, lists or {})
        if column.after and column.after in mapped:
            earlier = table.column(column.after)
            found.append(Fault(name, f"{label}早于「{earlier.label}」", _before(column, earlier)))
    if {"longitude", "latitude"} <= set(table.names) and {"longitude", "latitude"} & set(mapped):
        x = quote("t_longitude") if "longitude" in mapped else "null"
        y = quote("t_latitude") if "latitude" in mapped else "null"
        found.append(Fault("longitude", "「经度」「纬度」只填了一个", f"({x} is null) <> ({y} is null)"))
    return found


def _coded(column: Column, value: str, lists: Mapping[str, Collection[str]]) -> list[Fault]:
    """The faults of a code: by the rules of its format, and by the deployment's list that it refers to."""
    name, label = column.name, f"「{column.label}」"
    found = []
    if column.format == "uscc":
        found += [Fault(name, f"{label}{REASONS[r]}", c) for r, c in uscc_faults_sql(value).items()]
    known = tuple(sorted(lists.get(column.reference or ("industries" if column.format == "industry" else ""), ())))
    if column.format == "industry":
        shaped = f"regexp_full_match({value}, '[A-T][0-9]{{4}}')"
        found.append(Fault(name, f"{label}{INDUSTRY}", f"not {shaped}"))
        if known:
            listed = f"substr({value}, 1, 3) not in ({literals(known)})"
            found.append(Fault(name, f"{label}不在国民经济行业分类之内", f"{shaped} and {listed}"))
    elif known:
        found.append(Fault(name, f"{label}不在本部署的目录之内", f"{value} not in ({literals(known)})"))
    return found


def _range(column: Column) -> str:
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return f"{low:g} 至 {high:g}"
    return f"不小于 {low:g}" if low is not None else f"不大于 {high:g}"


def _outside(column: Column, value: str) -> str:
    parts = []
    if column.minimum is not None:
        parts.append(f"{value} < {column.minimum!r}")
    if column.maximum is not None:
        parts.append(f"{value} > {column.maximum!r}")
    return " or ".join(parts)


def _before(column: Column, earlier: Column) -> str:
    """``column`` before ``earlier``; by days where one of them knows no more than the day."""
    a, b = quote(f"v_{column.name}"), quote(f"v_{earlier.name}")
    if "date" in (column.type, earlier.type):
        return f"cast({a} as date) < cast({b} as date)"
    return f"{a} < {b}"


def any_fault_sql(found: Collection[Fault]) -> str:
    """Whether a row has a fault: true or false, never null."""
    conditions = " or ".join(f"({fault.condition})" for fault in found)
    return f"(({conditions}) is true)" if conditions else "false"


def reason_sql(found: Collection[Fault]) -> str:
    """All faults of a row in one text, in the order of the columns; empty where there is none."""
    if not found:
        return "''"
    parts = ", ".join(f"case when {fault.condition} then {literal(fault.reason)} end" for fault in found)
    return f"concat_ws({literal(SEPARATOR)}, {parts})"
