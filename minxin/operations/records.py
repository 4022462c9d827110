"""What all kinds of records share: numbers, versions, history, moves, notes."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from minxin.access import Viewer
from minxin.operations import history
from minxin.operations.actors import Actor, allow, sees
from minxin.operations.database import Database
from minxin.operations.rules import Machine, Move, Rules
from minxin.operations.schema import change, counter, note
from minxin.settings import Deployment, Refused
from minxin.texts.written import address, code, free_text, one_line, same_person

log = logging.getLogger(__name__)
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class View:
    """What somebody was looking at: enough to open the same page on the same data again.

    ``address`` is the query part of the page's address, ``chart`` a chart's id, ``record`` the number of a
    record.
    """

    page: str
    address: str = ""
    snapshot: str = ""
    chart: str = ""
    title: str = ""
    record: str = ""


@dataclass(frozen=True)
class Tools:
    """What every part of the store works with. ``clock`` gives the present moment in UTC."""

    database: Database
    deployment: Deployment
    rules: Rules
    clock: Clock

    def local(self, moment: dt.datetime | None) -> dt.datetime | None:
        """A stored moment as naive local time."""
        return history.local(moment, self.deployment.zone)

    def moment(self, said: dt.datetime | None, now: dt.datetime, label: str) -> dt.datetime:
        """A moment that somebody named (naive means local), None for now. Raises Refused for the future."""
        if said is None:
            return now
        moment = said.replace(tzinfo=self.deployment.zone) if said.tzinfo is None else said
        if moment > now:
            raise Refused(f"「{label}」晚于现在，请改正后再提交。")
        return moment.astimezone(dt.UTC)


def stored_view(view: View, rules: Rules) -> dict[str, str]:
    """The columns of a view, masked. Raises Refused."""
    return {
        "view_page": code(view.page, "页面"),
        "view_address": address(view.address, rules.code_parameters),
        "view_snapshot": code(view.snapshot, "快照", required=False),
        "view_chart": code(view.chart, "图表", required=False),
        "view_title": one_line(view.title, "图题", required=False),
        "view_record": code(view.record, "记录编号", required=False),
    }


def view_of(row: Row[Any]) -> View:
    return View(row.view_page, row.view_address, row.view_snapshot, row.view_chart, row.view_title, row.view_record)


class Records:
    """One kind of record with its table; the parts of the store are made from it."""

    kind = ""
    prefix = ""
    table: Table
    #: Which texts nobody sees on the level of aggregates.
    texts: tuple[str, ...] = ()

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    # ── what a kind says of itself ──────────────────────────────────────────────────────────────

    @property
    def page(self) -> str:
        """Where the rights of this kind stand in the access table."""
        return self.machine.page

    @property
    def machine(self) -> Machine:
        raise AttributeError(f"{self.kind} has no machine")

    def communities(self, row: Row[Any]) -> list[str]:
        """The communities a record belongs to; none for what is nobody's alone."""
        return []

    def words(self) -> dict[str, str]:
        """Codes that stand in fields, and how people call them."""
        return {state.code: state.label for state in self.machine.states.values()}

    def person(self, row: Row[Any], role: str) -> str:
        """Who ``creator`` or ``asker`` of a record is; '' where there is none yet."""
        return str(row.created_by if role == "creator" else getattr(row, "asked_by", "") or "")

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    def _number(self, connection: Connection, now: dt.datetime) -> str:
        """The next number of this year, such as 批示-2023-0012: no two records ever get the same."""
        year = now.astimezone(self.tools.deployment.zone).year
        series = f"{self.prefix}-{year}"
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        first = dialect.insert(counter).values(series=series, last=1)
        again = first.on_conflict_do_update(index_elements=["series"], set_={"last": counter.c.last + 1})
        return f"{series}-{connection.execute(again.returning(counter.c.last)).scalar_one():04d}"

    def _insert(self, connection: Connection, actor: Actor, now: dt.datetime, values: Mapping[str, Any]) -> str:
        """Store a new record and the beginning of its history; returns its number."""
        made = {
            "id": self._number(connection, now),
            "version": 1,
            "created_by": actor.who,
            "created_at": now,
            "updated_at": now,
            **values,
        }
        connection.execute(insert(self.table).values(made))
        history.record(
            connection,
            actor,
            now,
            kind=self.kind,
            record=made["id"],
            action="create",
            version=1,
            before={},
            after={name: made.get(name) for name in history.fields_of(self.table)},
        )
        log.info("%s %s created", self.kind, made["id"])
        return str(made["id"])

    def _held(self, connection: Connection, viewer: Viewer, record: str, for_update: bool = False) -> Row[Any]:
        """The row of a record that the viewer may see. Raises Refused: whether it exists is not told."""
        query = select(self.table).where(self.table.c.id == record)
        row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
        if row is None or not self._visible(viewer, row):
            raise Refused(f"没有「{code(record, '编号')}」，或它不在您的查看范围内。")
        return row

    def _visible(self, viewer: Viewer, row: Row[Any]) -> bool:
        return sees(viewer, self.tools.deployment, self.communities(row))

    def _within(self, viewer: Viewer, communities: Collection[str]) -> None:
        """Raises Refused where a record of these communities would be outside the viewer's own scope."""
        if not sees(viewer, self.tools.deployment, communities):
            raise Refused("所选单位不在您的范围内：请重新选择单位，或请管理员调整您的范围。")

    def _current(self, connection: Connection, actor: Actor, record: str, version: int, what: str) -> Row[Any]:
        """The row, held until the transaction ends. Raises Stale where it is not of that version any more."""
        row = self._held(connection, actor.viewer, record, for_update=True)
        if row.version != version:
            newer = history.changes_since(connection, record, version)
            log.info("%s %s: version %d refused, it is at %d", self.kind, record, version, row.version)
            zone, hidden = self.tools.deployment.zone, self._hidden(actor.viewer)
            raise history.stale(record, version, newer, self.words(), zone, what, hidden)
        return row

    def _update(
        self,
        connection: Connection,
        actor: Actor,
        now: dt.datetime,
        row: Row[Any],
        action: str,
        values: Mapping[str, Any],
        reason: str = "",
    ) -> None:
        """Store changed fields as the next version, with their history; where nothing changes, nothing is stored."""
        held = row._asdict()
        changed = {k: v for k, v in values.items() if history.as_text(v) != history.as_text(held[k])}
        if not changed and not reason:
            return
        done = connection.execute(
            update(self.table)
            .where(self.table.c.id == row.id, self.table.c.version == row.version)
            .values(**changed, version=row.version + 1, updated_at=now)
        )
        if done.rowcount != 1:
            raise RuntimeError(f"{row.id} changed while it was held")
        history.record(
            connection,
            actor,
            now,
            kind=self.kind,
            record=row.id,
            action=action,
            version=row.version + 1,
            before=held,
            after=changed,
            reason=reason,
        )
        log.info("%s %s: %s, version %d", self.kind, row.id, action, row.version + 1)

    # ── moves ───────────────────────────────────────────────────────────────────────────────────

    def _refusal(self, actor: Actor, row: Row[Any], move: Move) -> str:
        """Why this person may not make this move now, as a Chinese line; '' where nothing speaks against it."""
        if row.state not in move.sources:
            return f"{row.id} 现在是「{self.machine.label(row.state)}」，不能「{move.label}」；请刷新后再看。"
        for role in move.other_than:
            who = self.person(row, role)
            if not who or same_person(who, actor.who):
                word = {"creator": "提出人", "asker": "申请办结的人"}[role]
                return f"「{move.label}」须由另一人办理：您是{row.id} 的{word}，请换一位有权限的同事。"
        if move.only and not same_person(self.person(row, move.only), actor.who):
            word = {"creator": "提出人", "asker": "申请办结的人"}[move.only]
            return f"只有{word}本人才能「{move.label}」。"
        return ""

    def _step(self, actor: Actor, named: str, text: str) -> tuple[Move, str]:
        """The move of that code and its text, masked: what can be checked before anything is locked."""
        move = self.machine.moves.get(named)
        if move is None:
            raise Refused(f"没有「{code(named, '操作')}」这种操作。")
        allow(actor.viewer, self.page, move.by, move.label)
        return move, free_text(text, move.needs or "说明", required=bool(move.needs))

    def _taken(self, connection: Connection, actor: Actor, record: str, version: int, move: Move) -> Row[Any]:
        """The row, held, when this person may make this move now. Raises Refused or Stale."""
        row = self._current(connection, actor, record, version, f"您的「{move.label}」")
        if refusal := self._refusal(actor, row, move):
            raise Refused(refusal)
        return row

    def moves(self, actor: Actor, record: str) -> list[Move]:
        """The moves that this person may make now, for the buttons of a page."""
        with self.tools.database.reading() as connection:
            row = self._held(connection, actor.viewer, record)
        found = []
        for move in self.machine.from_state(row.state):
            try:
                allow(actor.viewer, self.page, move.by, move.label)
            except Refused:
                continue
            if not self._refusal(actor, row, move):
                found.append(move)
        return found

    # ── notes and history ───────────────────────────────────────────────────────────────────────

    def note(self, actor: Actor, record: str, text: str) -> None:
        """Add a note; it changes no version, so that two people noting at once both stay. Raises Refused."""
        allow(actor.viewer, self.page, ["write"], "记录")
        said = free_text(text, "进展")
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            self._held(connection, actor.viewer, record)
            values = {
                "at": now,
                "who": actor.who,
                "verified": actor.verified,
                "record": record,
                "kind": self.kind,
                "text": said,
            }
            connection.execute(insert(note).values(values))
        log.info("%s %s: note added", self.kind, record)

    def _see(self, viewer: Viewer) -> None:
        allow(viewer, self.page, ["see"], "查看")

    def notes(self, viewer: Viewer, record: str) -> pd.DataFrame:
        """The notes of a record, oldest first: ``at, who, verified, text``."""
        self._see(viewer)
        with self.tools.database.reading() as connection:
            self._held(connection, viewer, record)
            rows = list(connection.execute(select(note).where(note.c.record == record).order_by(note.c.number)))
        found = history.frame(rows, note, self.tools.deployment.zone, ("number", "record", "kind"))
        return self._without_texts(viewer, found, ("text",))

    def history(self, viewer: Viewer, record: str) -> pd.DataFrame:
        """Every change, oldest first: ``at, who, verified, action, version, based_on, field, label, before, after``.

        ``before`` and ``after`` are texts; states and other codes are given as people call them.
        """
        self._see(viewer)
        with self.tools.database.reading() as connection:
            self._held(connection, viewer, record)
            rows = list(connection.execute(select(change).where(change.c.record == record).order_by(change.c.number)))
        found = history.frame(rows, change, self.tools.deployment.zone, ("number", "record", "kind"))
        found = found[~found["field"].isin(sorted(history.SILENT))].reset_index(drop=True)
        found.insert(found.columns.get_loc("field") + 1, "label", found["field"].map(history.LABELS).fillna(""))
        words = self.words()
        for side in ("before", "after"):
            told = [self._told(f, v, words) for f, v in zip(found["field"], found[side], strict=True)]
            found[side] = pd.Series(told, dtype="object")
        found.loc[found["field"].isin(self._hidden(viewer)), ["before", "after"]] = ""
        return found

    def _hidden(self, viewer: Viewer) -> list[str]:
        """The fields of a history whose values the viewer may not read."""
        return [*self.texts, history.REASON] if viewer.detail == "aggregate" else []

    def _told(self, field: str, value: Any, words: Mapping[str, str]) -> str | None:
        if not isinstance(value, str):
            return None
        if field.endswith("_at"):
            return str(self.tools.local(dt.datetime.fromisoformat(value)))
        if field == "co_units":
            return "、".join(str(unit["name"]) for unit in json.loads(value))
        return words.get(value, value)

    def _without_texts(self, viewer: Viewer, found: pd.DataFrame, texts: Collection[str]) -> pd.DataFrame:
        """On the level of aggregates nobody reads what people wrote."""
        return found.assign(**dict.fromkeys(texts, "")) if viewer.detail == "aggregate" else found
