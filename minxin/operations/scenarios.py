"""Saved scenarios of 规则推演: a name, an owner, a payload; they never change an official result."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Row, select

from minxin.access import Viewer
from minxin.operations import history
from minxin.operations.actors import Actor, allow
from minxin.operations.records import Records
from minxin.operations.schema import scenario
from minxin.settings import Refused
from minxin.texts.written import code, masked, one_line, same_person

KEPT, DELETED = "kept", "deleted"
_DEEPEST = 12


@dataclass(frozen=True)
class Scenario:
    """One saved scenario; ``payload`` is what JSON says of it."""

    id: str
    version: int
    name: str
    owner: str
    payload: Mapping[str, Any]
    snapshot: str
    saved_at: dt.datetime
    updated_at: dt.datetime


class Scenarios(Records):
    """``store.scenarios``."""

    kind = "scenario"
    prefix = "推演"
    table = scenario
    texts = ("name", "payload")

    @property
    def page(self) -> str:
        return self.tools.rules.scenario_page

    def words(self) -> dict[str, str]:
        return {KEPT: "保存", DELETED: "已删除"}

    def _visible(self, viewer: Viewer, row: Row[Any]) -> bool:
        """Scenarios hold rules, no records: whoever sees the page sees them, but for the deleted ones."""
        return bool(row.state != DELETED)

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    def save(self, actor: Actor, name: str, payload: Mapping[str, Any], snapshot: str = "") -> Scenario:
        """Save a new scenario. Raises Refused: no right, no name, not JSON, or too large."""
        allow(actor.viewer, self.page, ["write"], "保存方案")
        values = {
            "state": KEPT,
            "name": one_line(name, "方案名称"),
            "payload": self._payload(payload),
            "view_snapshot": code(snapshot, "快照", required=False),
        }
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            number = self._insert(connection, actor, now, values)
            return self._made(self._held(connection, actor.viewer, number))

    def change(
        self,
        actor: Actor,
        record: str,
        version: int,
        *,
        name: str | None = None,
        payload: Mapping[str, Any] | None = None,
        snapshot: str | None = None,
    ) -> Scenario:
        """Change one's own scenario that was read as ``version``. Raises Refused and Stale."""
        allow(actor.viewer, self.page, ["write"], "保存方案")
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = one_line(name, "方案名称")
        if payload is not None:
            values["payload"] = self._payload(payload)
        if snapshot is not None:
            values["view_snapshot"] = code(snapshot, "快照", required=False)
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            row = self._own(connection, actor, record, version, "您的修改")
            self._update(connection, actor, now, row, "change", values)
            return self._made(self._held(connection, actor.viewer, record))

    def delete(self, actor: Actor, record: str, version: int) -> None:
        """Take one's own scenario out of every list; its history stays. Raises Refused and Stale."""
        allow(actor.viewer, self.page, ["write"], "删除方案")
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            row = self._own(connection, actor, record, version, "您的删除")
            self._update(connection, actor, now, row, "delete", {"state": DELETED})

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def one(self, viewer: Viewer, record: str) -> Scenario:
        """One scenario. Raises Refused where there is none, or none any more."""
        self._see(viewer)
        with self.tools.database.reading() as connection:
            return self._made(self._held(connection, viewer, record))

    def list(self, viewer: Viewer) -> pd.DataFrame:
        """The scenarios, latest first: ``id, version, name, created_by, created_at, updated_at, view_snapshot``."""
        self._see(viewer)
        query = select(scenario).where(scenario.c.state != DELETED).order_by(scenario.c.updated_at.desc())
        with self.tools.database.reading() as connection:
            rows = list(connection.execute(query))
        return history.frame(rows, scenario, self.tools.deployment.zone, ("state", "payload"))

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _own(self, connection: Any, actor: Actor, record: str, version: int, what: str) -> Row[Any]:
        row = self._current(connection, actor, record, version, what)
        if not same_person(row.created_by, actor.who):
            raise Refused(f"{record} 由「{row.created_by}」保存，只有本人才能修改或删除；请另存为新方案。")
        return row

    def _payload(self, payload: Mapping[str, Any]) -> str:
        try:
            said = json.dumps(_plain(payload), ensure_ascii=False, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise Refused("方案的内容无法保存：只能是数字、文字、列表等普通数值。") from error
        if len(said.encode("utf-8")) > self.tools.rules.largest_scenario:
            raise Refused(f"方案超过 {self.tools.rules.largest_scenario // 1024} KB，无法保存；请删去不需要的内容。")
        return said

    def _made(self, row: Row[Any]) -> Scenario:
        local = self.tools.local
        return Scenario(
            id=row.id,
            version=row.version,
            name=row.name,
            owner=row.created_by,
            payload=json.loads(row.payload),
            snapshot=row.view_snapshot,
            saved_at=local(row.created_at) or dt.datetime.min,
            updated_at=local(row.updated_at) or dt.datetime.min,
        )


def _plain(value: Any, depth: int = 0) -> Any:
    """JSON's own values with their texts masked. TypeError and ValueError for anything else."""
    if depth > _DEEPEST:
        raise ValueError("too deep")
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("not a number")
        return value
    if isinstance(value, str):
        return masked(value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8"))
    if isinstance(value, Mapping):
        return {one_line(str(name), "方案的项目"): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, depth + 1) for inner in value]
    raise TypeError(type(value).__name__)
