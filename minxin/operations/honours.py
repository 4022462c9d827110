"""Nominations of pioneers, units and cases: proposed with evidence, seconded by others, selected by people."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Row, exc, insert, select

from minxin.access import Viewer
from minxin.operations import history
from minxin.operations.actors import Actor, allow
from minxin.operations.records import Records, View, stored_view, view_of
from minxin.operations.rules import Machine
from minxin.operations.schema import nomination, seconding
from minxin.settings import NO_COMMUNITY, Refused
from minxin.texts.masking import HASH_DIGITS, PLACEHOLDERS
from minxin.texts.written import code, free_text, masked, one_line, person_key, same_person

#: A person as the door makes one (``hash_sql``); digits in it are nobody's number.
_HASH = re.compile(rf"[0-9a-f]{{{HASH_DIGITS}}}")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Nomination:
    """One nomination; ``view`` leads to its evidence. Times are naive local ones."""

    id: str
    version: int
    state: str
    state_label: str
    year: int
    subject_kind: str
    subject_code: str
    subject_name: str
    community: str
    grounds: str
    view: View
    nominated_by: str
    nominated_at: dt.datetime
    seconds: int


class Honours(Records):
    """``store.honours``."""

    kind = "nomination"
    prefix = "提名"
    table = nomination
    texts = ("grounds", "view_title")

    @property
    def machine(self) -> Machine:
        return self.tools.rules.nomination

    def words(self) -> dict[str, str]:
        return super().words() | dict(self.tools.rules.subjects)

    def communities(self, row: Row[Any]) -> list[str]:
        return [row.community] if row.community else []

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    def nominate(
        self,
        actor: Actor,
        subject_kind: str,
        subject_code: str,
        grounds: str,
        view: View,
        *,
        year: int,
        community: str = "",
        subject_name: str = "",
    ) -> Nomination:
        """Nominate a subject for a year; persons are codes (先锋01), never names.

        ``community`` '' is for subjects of no single community. Raises Refused: right, scope, or the subject
        is nominated for that year already.
        """
        allow(actor.viewer, self.page, ["write"], "提名")
        if subject_kind not in self.tools.rules.subjects:
            raise Refused(f"提名对象只能是：{'、'.join(self.tools.rules.subjects.values())}。")
        if community and community not in self.tools.deployment.community_codes:
            raise Refused(f"没有代码为「{code(community, '社区代码')}」的{self.tools.deployment.area_word}。")
        if community == NO_COMMUNITY or not 2000 <= year <= 2200:
            raise Refused("提名的社区或年度不对，请改正后再提交。")
        self._within(actor.viewer, [community] if community else [])
        known = self._subject(subject_kind, subject_code)
        values = {
            "state": self.machine.start,
            "subject_kind": subject_kind,
            "subject_code": known,
            "subject_name": one_line(subject_name, "对象名称", required=False),
            "community": community,
            "year": year,
            "grounds": free_text(grounds, "提名理由"),
            "slot": f"{year} {subject_kind} {known}",
            **stored_view(view, self.tools.rules),
        }
        now = self.tools.clock()
        try:
            with self.tools.database.writing() as connection:
                number = self._insert(connection, actor, now, values)
                return self._made(self._held(connection, actor.viewer, number), actor.viewer, 0)
        except exc.IntegrityError as error:
            raise Refused(f"「{known}」{year} 年已被提名；请在列表中附议。") from error

    def second(self, actor: Actor, record: str, text: str = "") -> None:
        """Second an open nomination, once for each person, and not one's own. Raises Refused."""
        allow(actor.viewer, self.page, ["write"], "附议")
        said = free_text(text, "附议理由", required=False)
        now = self.tools.clock()
        try:
            with self.tools.database.writing() as connection:
                row = self._held(connection, actor.viewer, record)
                if row.state != self.machine.start:
                    raise Refused(f"{row.id} 现在是「{self.machine.label(row.state)}」，不能附议。")
                if same_person(row.created_by, actor.who):
                    raise Refused("不能附议自己的提名。")
                # Asked of the names too: keys of earlier versions took two widths of one name for two people.
                if person_key(actor.who) in self._people(connection).get(row.id, set()):
                    raise Refused(f"您已附议过{row.id}。")
                values = {
                    "at": now,
                    "who": actor.who,
                    "verified": actor.verified,
                    "record": row.id,
                    "person": person_key(actor.who),
                    "text": said,
                }
                connection.execute(insert(seconding).values(values))
        except exc.IntegrityError as error:
            raise Refused(f"您已附议过{record}。") from error
        log.info("nomination %s: seconded", record)

    def move(self, actor: Actor, record: str, version: int, move: str, text: str = "") -> Nomination:
        """Make one step of ``data/operations.toml``. Raises Refused (also with too few seconds) and Stale."""
        step, said = self._step(actor, move, text)
        now = self.tools.clock()
        with self.tools.database.writing() as connection:
            row = self._taken(connection, actor, record, version, step)
            seconds = self._seconds(connection).get(row.id, 0)
            if self.machine.states[step.target].role == "done" and seconds < self.tools.rules.seconds:
                raise Refused(f"{row.id} 只有 {seconds} 人附议，须有 {self.tools.rules.seconds} 人才能入选。")
            values: dict[str, Any] = {"state": step.target}
            if step.code == "take_back":
                values["slot"] = None
            self._update(connection, actor, now, row, step.code, values, said)
            return self._made(self._held(connection, actor.viewer, record), actor.viewer, seconds)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def one(self, viewer: Viewer, record: str) -> Nomination:
        """One nomination in the viewer's scope. Raises Refused."""
        self._see(viewer)
        with self.tools.database.reading() as connection:
            row = self._held(connection, viewer, record)
            return self._made(row, viewer, self._seconds(connection).get(row.id, 0))

    def list(self, viewer: Viewer, *, year: int | None = None, kinds: Collection[str] | None = None) -> pd.DataFrame:
        """The nominations in scope, most seconded first: the columns of the table, ``state_label, seconds``."""
        self._see(viewer)
        query = select(nomination).order_by(nomination.c.id)
        if year is not None:
            query = query.where(nomination.c.year == year)
        if kinds is not None:
            query = query.where(nomination.c.subject_kind.in_(list(kinds)))
        with self.tools.database.reading() as connection:
            rows = [row for row in connection.execute(query) if self._visible(viewer, row)]
            seconds = self._seconds(connection)
        found = history.frame(rows, nomination, self.tools.deployment.zone, ("slot",))
        found["state_label"] = pd.Series([self.machine.label(row.state) for row in rows], dtype="object")
        found["seconds"] = pd.Series([seconds.get(row.id, 0) for row in rows], dtype="int64")
        found = found.sort_values("seconds", ascending=False, kind="stable").reset_index(drop=True)
        return self._without_texts(viewer, found, self.texts)

    def seconds(self, viewer: Viewer, record: str) -> pd.DataFrame:
        """Who seconded, oldest first: ``at, who, verified, text``."""
        self._see(viewer)
        query = select(seconding).where(seconding.c.record == record).order_by(seconding.c.number)
        with self.tools.database.reading() as connection:
            self._held(connection, viewer, record)
            rows = list(connection.execute(query))
        found = history.frame(rows, seconding, self.tools.deployment.zone, ("number", "record", "person"))
        return self._without_texts(viewer, found, ("text",))

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _subject(self, kind: str, given: str) -> str:
        """The code of a subject as the page has it, stored as it is because the evidence is looked up by it.

        Raises Refused where a person's number or name stands for it. The number of a case may look like one.
        """
        known = code(given, "对象代码")
        said = masked(known)
        found = {p for p in PLACEHOLDERS if p in said} - ({"〔证件号〕", "〔银行卡〕"} if kind == "case" else set())
        if found - {"〔门牌〕"} and not _HASH.fullmatch(known):
            raise Refused("「对象代码」像是电话、证件号或姓名：请填先锋代号、单位或案例编号，如先锋01。")
        return known

    def _people(self, connection: Any) -> dict[str, set[str]]:
        """Who seconded each record, whatever they wrote themselves like; nobody seconds their own."""
        found: dict[str, set[str]] = {}
        by = select(seconding.c.record, seconding.c.who, nomination.c.created_by)
        for record, who, creator in connection.execute(by.join(nomination, nomination.c.id == seconding.c.record)):
            if not same_person(who, creator):
                found.setdefault(record, set()).add(person_key(who))
        return found

    def _seconds(self, connection: Any) -> dict[str, int]:
        return {record: len(people) for record, people in self._people(connection).items()}

    def _made(self, row: Row[Any], viewer: Viewer, seconds: int) -> Nomination:
        hidden = viewer.detail == "aggregate"
        view = view_of(row)
        return Nomination(
            id=row.id,
            version=row.version,
            state=row.state,
            state_label=self.machine.label(row.state),
            year=row.year,
            subject_kind=row.subject_kind,
            subject_code=row.subject_code,
            subject_name=row.subject_name,
            community=row.community,
            grounds="" if hidden else row.grounds,
            view=View(view.page, view.address, view.snapshot, view.chart) if hidden else view,
            nominated_by=row.created_by,
            nominated_at=self.tools.local(row.created_at) or dt.datetime.min,
            seconds=seconds,
        )
