"""Every change of every record, kept: who, when, which field from what to what, based on which version."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, Table, and_, insert, select

from minxin.ingest.names import shown
from minxin.operations.actors import Actor
from minxin.operations.schema import RECORDS, Moment, change
from minxin.settings import Refused

#: Fields as people call them, in messages and histories.
LABELS = {
    "asked_at": "申请办结时间",
    "asked_by": "申请办结人",
    "checked_at": "核查时间",
    "checked_by": "核查人",
    "co_units": "协办单位",
    "community": "社区",
    "decided_at": "审批时间",
    "decided_by": "审批人",
    "due_on": "期限",
    "evidence": "办结依据",
    "facts": "内容",
    "given_at": "批示时间",
    "given_by": "批示人",
    "grounds": "理由",
    "kind": "种类",
    "missed_on": "错过的期限",
    "name": "名称",
    "payload": "方案",
    "petition": "工单编号",
    "proposed_at": "提请时间",
    "reason": "说明",
    "revoked_at": "撤销时间",
    "revoked_by": "撤销人",
    "state": "状态",
    "subject_code": "对象代码",
    "subject_kind": "对象",
    "subject_name": "对象名称",
    "text": "批示内容",
    "unit_code": "承办单位代码",
    "unit_kind": "承办单位类别",
    "unit_name": "承办单位",
    "urgency": "缓急",
    "view_address": "筛选条件",
    "view_chart": "图表",
    "view_page": "页面",
    "view_record": "记录",
    "view_snapshot": "快照",
    "view_title": "图题",
    "year": "年度",
}
#: Kept for the machinery; nobody is told of them.
SILENT = {"slot", "token", "unit_code", "unit_kind", "missed_on"}
#: What a step said besides the fields it changed; no column of a record.
REASON = "reason"
_SYSTEM = ("id", "version", "created_by", "created_at", "updated_at")


class Stale(Refused):
    """The record was changed since it was read; nothing was saved, nothing of the other change is lost.

    ``changes`` has a row per field that changed since (``who, at, field, before, after``); ``version`` is
    what an update has to name now.
    """

    def __init__(self, message: str, version: int, changes: pd.DataFrame) -> None:
        super().__init__(message)
        self.version = version
        self.changes = changes


def as_text(value: Any) -> str | None:
    """A value as the history keeps it."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def fields_of(table: Table) -> list[str]:
    """The columns of a record whose changes are kept."""
    return [column.name for column in table.columns if column.name not in _SYSTEM]


def record(
    connection: Connection,
    actor: Actor,
    at: dt.datetime,
    *,
    kind: str,
    record: str,
    action: str,
    version: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str = "",
) -> None:
    """Write what one step changed: a row per field, all of one version. A step without one is kept as well."""
    common = {
        "at": at,
        "who": actor.who,
        "verified": actor.verified,
        "record": record,
        "kind": kind,
        "action": action,
        "version": version,
        "based_on": version - 1,
    }
    changed = [
        {"field": name, "before": as_text(before.get(name)), "after": as_text(value)}
        for name, value in after.items()
        if as_text(before.get(name)) != as_text(value)
    ]
    if reason:
        changed.append({"field": REASON, "before": None, "after": reason})
    if not changed:
        changed.append({"field": "", "before": None, "after": None})
    connection.execute(insert(change), [{**common, **entry} for entry in changed])


def changes_since(connection: Connection, record: str, version: int) -> list[Row[Any]]:
    """The rows of the history after a version, oldest first."""
    newer = and_(change.c.record == record, change.c.version > version)
    return list(connection.execute(select(change).where(newer).order_by(change.c.number)))


def problems(connection: Connection) -> list[str]:
    """What does not hold: versions without gaps, and every record equal to what its history adds up to.

    One English line each, ids and fields only; an empty list is a store that is whole.
    """
    found = []
    for kind, table in RECORDS.items():
        replayed: dict[str, dict[str, str | None]] = {}
        versions: dict[str, int] = {}
        rows = connection.execute(select(change).where(change.c.kind == kind).order_by(change.c.number))
        for row in rows:
            if row.version not in (versions.get(row.record, 0), versions.get(row.record, 0) + 1):
                found.append(f"{row.record}: version {versions.get(row.record, 0)} is followed by {row.version}")
            if row.based_on != row.version - 1:
                found.append(f"{row.record}: version {row.version} is based on {row.based_on}")
            versions[row.record] = row.version
            held = replayed.setdefault(row.record, {})
            if row.field in table.columns:
                if held.get(row.field) != row.before:
                    found.append(f"{row.record}: {row.field} of version {row.version} does not follow")
                held[row.field] = row.after
        present = {row.id: row for row in connection.execute(select(table))}
        found += [f"{name}: in the history but not there" for name in versions.keys() - present.keys()]
        for name, row in present.items():
            if row.version != versions.get(name):
                found.append(f"{name}: version {row.version}, its history ends at {versions.get(name)}")
            for field in fields_of(table):
                if as_text(getattr(row, field)) != replayed.get(name, {}).get(field):
                    found.append(f"{name}: {field} is not what its history says")
    return found


def worded(field: str, value: str | None, words: Mapping[str, str], zone: dt.tzinfo) -> str:
    """A value of the history in a few words for a message."""
    if value in (None, ""):
        return "空"
    assert value is not None
    if field.endswith("_at"):
        return dt.datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if field == "co_units":
        return shown("、".join(str(unit["name"]) for unit in json.loads(value)) or "空", 30)
    return f"「{shown(words.get(value, value), 30)}」"


def stale(
    record: str,
    version: int,
    rows: list[Row[Any]],
    words: Mapping[str, str],
    zone: dt.tzinfo,
    what: str,
    hidden: Collection[str] = (),
) -> Stale:
    """The refusal of an update made on an older version: one line saying who changed what meanwhile.

    Of the ``hidden`` fields it says that they changed, not from what to what.
    """
    first: dict[str, str | None] = {}
    last: dict[str, Row[Any]] = {}
    for row in rows:
        first.setdefault(row.field, row.before)
        last[row.field] = row
    listed = [
        f"{LABELS.get(field, field)}已改"
        if field in hidden
        else f"{LABELS.get(field, field)}由{worded(field, first[field], words, zone)}"
        f"改为{worded(field, row.after, words, zone)}"
        for field, row in last.items()
        if field and field not in SILENT and field != REASON and first[field] != row.after
    ]
    people = list(dict.fromkeys(row.who for row in rows))
    moment = rows[-1].at.astimezone(zone) if rows else None
    who = f"被「{'」「'.join(shown(p, 20) for p in people[-3:])}」改动（{moment:%m-%d %H:%M}）" if moment else "已改动"
    said = "；".join(listed[:5]) or "没有改动字段"
    frame = pd.DataFrame(
        [(row.who, local(row.at, zone), row.field, row.before, row.after) for row in rows],
        columns=["who", "at", "field", "before", "after"],
    )
    frame.loc[frame["field"].isin(list(hidden)), ["before", "after"]] = ""
    current = rows[-1].version if rows else version
    return Stale(f"{record} 已{who}：{said}。{what}没有保存，请核对后重新提交。", current, frame)


def local(moment: dt.datetime | None, zone: dt.tzinfo) -> dt.datetime | None:
    """A stored moment as the naive local time that everything else of the project uses."""
    return None if moment is None else moment.astimezone(zone).replace(tzinfo=None)


def frame(rows: list[Row[Any]], table: Table, zone: dt.tzinfo, leave_out: tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows of a table as a frame: moments in local time, days as timestamps, missing as null."""
    made: dict[str, pd.Series] = {}
    for column in table.columns:
        if column.name in leave_out:
            continue
        values = [getattr(row, column.name) for row in rows]
        if isinstance(column.type, Moment):
            made[column.name] = pd.Series([local(v, zone) for v in values], dtype="datetime64[us]")
        elif column.type.python_type is dt.date:
            made[column.name] = pd.Series(pd.to_datetime(values), dtype="datetime64[us]")
        else:
            kind = {str: "object", int: "int64", bool: "bool"}[column.type.python_type]
            made[column.name] = pd.Series(values, dtype=kind)  # type: ignore[call-overload]
    return pd.DataFrame(made)
