"""Instructions (批示): who shall do what by when, how it goes, and whether it was done."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, Row, Table, func, insert, select

from minxin.access import Viewer
from minxin.calendar import calendar
from minxin.operations import history
from minxin.operations.actors import Actor, allow
from minxin.operations.records import Records, View, stored_view, view_of
from minxin.operations.reminders import Days, Lateness
from minxin.operations.rules import Machine
from minxin.operations.schema import instruction, note, reminder
from minxin.settings import NO_COMMUNITY, Refused
from minxin.texts.written import code, free_text, one_line

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unit:
    """Who has to do something: a community of the deployment by its code, or a department."""

    kind: Literal["community", "department"]
    code: str
    name: str = ""


@dataclass(frozen=True)
class Instruction:
    """One instruction; times are naive local ones. An update names ``version``."""

    id: str
    version: int
    state: str
    state_label: str
    text: str
    urgency: str
    given_by: str
    given_at: dt.datetime
    noted_by: str
    noted_at: dt.datetime
    unit: Unit
    co_units: tuple[Unit, ...]
    due_on: dt.date
    missed_on: dt.date | None
    view: View
    evidence: str
    asked_by: str
    asked_at: dt.datetime | None
    checked_by: str
    checked_at: dt.datetime | None
    updated_at: dt.datetime


def _places(units: Sequence[Unit]) -> list[str]:
    return [unit.code for unit in units if unit.kind == "community"]


def _counted(connection: Connection, log_table: Table, kind: str = "") -> dict[str, int]:
    """Rows of a log per record."""
    query = select(log_table.c.record, func.count()).group_by(log_table.c.record)
    if kind:
        query = query.where(log_table.c.kind == kind)
    return {record: int(n) for record, n in connection.execute(query)}


class Instructions(Records):
    """``store.instructions``."""

    kind = "instruction"
    prefix = "批示"
    table = instruction
    texts = ("text", "evidence", "view_title")
    _kept: Days | None = None

    @property
    def machine(self) -> Machine:
        return self.tools.rules.instruction

    def words(self) -> dict[str, str]:
        return super().words() | {u.code: u.label for u in self.tools.rules.urgencies.values()}

    def communities(self, row: Row[Any]) -> list[str]:
        named = [(row.unit_kind, row.unit_code), *((u["kind"], u["code"]) for u in json.loads(row.co_units))]
        return [place for kind, place in named if kind == "community"]

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    def give(
        self,
        actor: Actor,
        text: str,
        unit: Unit,
        due_on: dt.date,
        view: View,
        *,
        given_by: str = "",
        given_at: dt.datetime | None = None,
        urgency: str = "normal",
        co_units: Sequence[Unit] = (),
    ) -> Instruction:
        """Note an instruction. ``given_by`` is the leader's post, default whoever notes it. Raises Refused."""
        allow(actor.viewer, self.page, ["write"], "记批示")
        now = self.tools.clock()
        given = self.tools.moment(given_at, now, "批示时间")
        values = {
            "state": self.machine.start,
            "text": free_text(text, "批示内容"),
            "urgency": self._urgency(urgency),
            "given_by": one_line(given_by, "批示人", required=False) or actor.who,
            "given_at": given,
            **self._unit(unit),
            "co_units": self._co_units(co_units, unit),
            "due_on": self._due(due_on, given),
            **stored_view(view, self.tools.rules),
        }
        self._within(actor.viewer, _places([unit, *co_units]))
        with self.tools.database.writing() as connection:
            number = self._insert(connection, actor, now, values)
            return self._made(self._held(connection, actor.viewer, number), actor.viewer)

    def change(
        self,
        actor: Actor,
        record: str,
        version: int,
        *,
        text: str | None = None,
        unit: Unit | None = None,
        co_units: Sequence[Unit] | None = None,
        due_on: dt.date | None = None,
        urgency: str | None = None,
        reason: str = "",
    ) -> Instruction:
        """Change fields of an open instruction that was read as ``version``; what is None stays.

        A due date that had passed when it is moved is remembered: late again is then late twice. Raises
        Refused, and Stale where somebody else changed it meanwhile.
        """
        allow(actor.viewer, self.page, ["write"], "修改批示")
        said = free_text(reason, "说明", required=False)
        values: dict[str, Any] = {}
        if text is not None:
            values["text"] = free_text(text, "批示内容")
        if unit is not None:
            values |= self._unit(unit)
        if urgency is not None:
            values["urgency"] = self._urgency(urgency)
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            row = self._current(connection, actor, record, version, "您的修改")
            if not self.machine.states[row.state].clock:
                raise Refused(f"{row.id} 现在是「{self.machine.label(row.state)}」，不能修改。")
            main = unit or Unit(row.unit_kind, row.unit_code)
            others = [Unit(**each) for each in json.loads(row.co_units)] if co_units is None else co_units
            self._within(actor.viewer, _places([main, *others]))
            values["co_units"] = self._co_units(others, main)
            if due_on is not None:
                values["due_on"] = self._due(due_on, row.given_at)
                if self._today(now) > self._days().last_day(row.due_on) and due_on != row.due_on:
                    values["missed_on"] = row.due_on
            self._update(connection, actor, now, row, "change", values, said)
            return self._made(self._held(connection, actor.viewer, record), actor.viewer)

    def move(self, actor: Actor, record: str, version: int, move: str, text: str = "") -> Instruction:
        """Make one step of ``data/operations.toml``; ``text`` is what the step needs: evidence or a reason.

        Raises Refused (right, state, or the second person's rule) and Stale.
        """
        step, said = self._step(actor, move, text)
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            row = self._taken(connection, actor, record, version, step)
            role, came_from = self.machine.states[step.target].role, self.machine.states[row.state].role
            values: dict[str, Any] = {"state": step.target}
            if role == "check":
                values |= {"evidence": said, "asked_by": actor.who, "asked_at": now}
                said = ""
            elif role == "done":
                values |= {"checked_by": actor.who, "checked_at": now}
            elif came_from:
                values |= dict.fromkeys(("evidence", "asked_by", "asked_at", "checked_by", "checked_at"))
            self._update(connection, actor, now, row, step.code, values, said)
            return self._made(self._held(connection, actor.viewer, record), actor.viewer)

    def remind(self, actor: Actor, record: str, channel: str = "") -> str:
        """Note that the unit was reminded, on the level the instruction has now; returns the level.

        Raises Refused where nothing is due soon or late.
        """
        allow(actor.viewer, self.page, ["write"], "催办")
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            row = self._held(connection, actor.viewer, record)
            found = self._lateness(row, self._today(now))
            if found is None or not found.level:
                raise Refused(f"{row.id} 未到临期，或已不在办理，不用催办。")
            values = {
                "at": now,
                "who": actor.who,
                "verified": actor.verified,
                "record": row.id,
                "level": found.level,
                "due_on": row.due_on,
                "channel": one_line(channel, "催办方式", required=False),
            }
            connection.execute(insert(reminder).values(values))
        log.info("instruction %s: reminded, %s", record, found.level)
        return found.level

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def one(self, viewer: Viewer, record: str) -> Instruction:
        """One instruction in the viewer's scope. Raises Refused."""
        self._see(viewer)
        with self.tools.database.reading() as connection:
            return self._made(self._held(connection, viewer, record), viewer)

    def list(
        self,
        viewer: Viewer,
        *,
        now: dt.datetime | None = None,
        given_from: dt.datetime | None = None,
        given_before: dt.datetime | None = None,
        states: Collection[str] | None = None,
        units: Collection[str] | None = None,
    ) -> pd.DataFrame:
        """The instructions in scope, latest first, one row each, given in the half-open range.

        The columns of the table (times local) and ``state_label, is_open, level, level_label, workdays,
        last_day, presumed, notes, last_note, last_noted_at, reminders``. ``level`` is at ``now`` (naive means
        local; default the present); it is '' and ``workdays`` null where no term is running.
        """
        self._see(viewer)
        zone = self.tools.deployment.zone
        query = select(instruction).order_by(instruction.c.given_at.desc(), instruction.c.id.desc())
        if given_from is not None:
            query = query.where(instruction.c.given_at >= self._aware(given_from))
        if given_before is not None:
            query = query.where(instruction.c.given_at < self._aware(given_before))
        if states is not None:
            query = query.where(instruction.c.state.in_(list(states)))
        if units is not None:
            query = query.where(instruction.c.unit_code.in_(list(units)))
        latest = select(func.max(note.c.number)).where(note.c.kind == self.kind).group_by(note.c.record)
        with self.tools.database.reading() as connection:
            rows = [row for row in connection.execute(query) if self._visible(viewer, row)]
            noted = _counted(connection, note, self.kind)
            last = {row.record: row for row in connection.execute(select(note).where(note.c.number.in_(latest)))}
            reminded = _counted(connection, reminder)
        found = history.frame(rows, instruction, zone)
        today = self._today(now or self.tools.clock())
        late = [self._lateness(row, today) for row in rows]
        names = [tuple(unit["name"] for unit in json.loads(row.co_units)) for row in rows]
        found["co_units"] = pd.Series(["、".join(each) for each in names], dtype="object")
        added: dict[str, tuple[list[Any], str]] = {
            "state_label": ([self.machine.label(row.state) for row in rows], "object"),
            "is_open": ([self._is_open(row.state) for row in rows], "bool"),
            "level": ([each.level if each else "" for each in late], "object"),
            "level_label": ([self.tools.rules.levels.get(each.level, "") if each else "" for each in late], "object"),
            "workdays": ([each.workdays if each else None for each in late], "Int64"),
            "last_day": ([pd.Timestamp(each.last_day) if each else pd.NaT for each in late], "datetime64[us]"),
            "presumed": ([bool(each and each.presumed) for each in late], "bool"),
            "notes": ([noted.get(row.id, 0) for row in rows], "int64"),
            "last_note": ([last[row.id].text if row.id in last else "" for row in rows], "object"),
            "last_noted_at": (
                [history.local(last[row.id].at, zone) if row.id in last else None for row in rows],
                "datetime64[us]",
            ),
            "reminders": ([reminded.get(row.id, 0) for row in rows], "int64"),
        }
        for name, (values, kind) in added.items():
            found[name] = pd.Series(values, dtype=kind, index=found.index)  # type: ignore[call-overload]
        return self._without_texts(viewer, found, (*self.texts, "last_note"))

    def reminders(self, viewer: Viewer, now: dt.datetime | None = None) -> pd.DataFrame:
        """What is due soon, late or late twice at ``now``, worst first; columns as ``list``."""
        found = self.list(viewer, now=now)
        order = {level: place for place, level in enumerate(("late_twice", "late", "due_soon"))}
        wanted = found[found["level"].isin(list(order))]
        ranked = wanted.assign(_rank=wanted["level"].map(order)).sort_values(["_rank", "workdays", "id"])
        return ranked.drop(columns="_rank").reset_index(drop=True)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _is_open(self, state: str) -> bool:
        known = self.machine.states.get(state)
        return known is None or known.clock or known.role == "check"

    def _aware(self, moment: dt.datetime) -> dt.datetime:
        return moment.replace(tzinfo=self.tools.deployment.zone) if moment.tzinfo is None else moment

    def _today(self, now: dt.datetime) -> dt.date:
        return self._aware(now).astimezone(self.tools.deployment.zone).date()

    def _days(self) -> Days:
        """The deployment's days, kept as long as its calendar is."""
        known = calendar(self.tools.deployment)
        if self._kept is None or self._kept.calendar is not known:
            self._kept = Days(known)
        return self._kept

    def _lateness(self, row: Row[Any], today: dt.date) -> Lateness | None:
        state = self.machine.states.get(row.state)
        if state is None or not state.clock:
            return None
        known = self.tools.rules.urgencies
        urgency = known.get(row.urgency) or next(iter(known.values()))
        return self._days().lateness(row.due_on, row.missed_on, today, urgency)

    def _urgency(self, said: str) -> str:
        if said not in self.tools.rules.urgencies:
            labels = "、".join(u.label for u in self.tools.rules.urgencies.values())
            raise Refused(f"缓急只能是：{labels}。")
        return said

    def _due(self, due_on: dt.date, given: dt.datetime) -> dt.date:
        due = due_on.date() if isinstance(due_on, dt.datetime) else due_on
        if due < self._today(given):
            raise Refused("「期限」早于批示日期，请改正后再提交。")
        if due.year - self._today(given).year > 10:
            raise Refused("「期限」超过十年，请改正后再提交。")
        return due

    def _known(self, unit: Unit) -> Unit:
        if unit.kind == "community":
            place = next((c for c in self.tools.deployment.communities if c.code == unit.code), None)
            if place is None or unit.code == NO_COMMUNITY:
                raise Refused(f"没有代码为「{code(unit.code, '社区代码')}」的{self.tools.deployment.area_word}。")
            return Unit("community", place.code, place.name)
        if unit.kind != "department":
            raise Refused("承办单位应为社区或部门。")
        known = code(unit.code, "部门代码")
        return Unit("department", known, one_line(unit.name or known, "部门名称"))

    def _unit(self, unit: Unit) -> dict[str, str]:
        known = self._known(unit)
        return {"unit_kind": known.kind, "unit_code": known.code, "unit_name": known.name}

    def _co_units(self, units: Sequence[Unit], main: Unit) -> str:
        known = [self._known(unit) for unit in units]
        others = {(u.kind, u.code): u for u in known if (u.kind, u.code) != (main.kind, main.code)}
        return json.dumps([asdict(unit) for unit in others.values()], ensure_ascii=False, sort_keys=True)

    def _made(self, row: Row[Any], viewer: Viewer) -> Instruction:
        hidden = viewer.detail == "aggregate"
        local = self.tools.local
        view = view_of(row)
        return Instruction(
            id=row.id,
            version=row.version,
            state=row.state,
            state_label=self.machine.label(row.state),
            text="" if hidden else row.text,
            urgency=row.urgency,
            given_by=row.given_by,
            given_at=local(row.given_at) or dt.datetime.min,
            noted_by=row.created_by,
            noted_at=local(row.created_at) or dt.datetime.min,
            unit=Unit(row.unit_kind, row.unit_code, row.unit_name),
            co_units=tuple(Unit(**unit) for unit in json.loads(row.co_units)),
            due_on=row.due_on,
            missed_on=row.missed_on,
            view=View(view.page, view.address, view.snapshot, view.chart) if hidden else view,
            evidence="" if hidden else row.evidence or "",
            asked_by=row.asked_by or "",
            asked_at=local(row.asked_at),
            checked_by=row.checked_by or "",
            checked_at=local(row.checked_at),
            updated_at=local(row.updated_at) or dt.datetime.min,
        )
