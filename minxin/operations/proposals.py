"""Proposals that change facts: an exclusion, a listing, a clearing, an extension, each decided by another person."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, exc, or_, select

from minxin import tables
from minxin.access import Viewer
from minxin.operations import history
from minxin.operations.actors import Actor, allow
from minxin.operations.exporting import Exported, Fact, export, held_row, trial, withdrawn_batch
from minxin.operations.records import Records, View, stored_view, view_of
from minxin.operations.rules import Kind, Machine
from minxin.operations.schema import export as exports
from minxin.operations.schema import proposal
from minxin.settings import NO_COMMUNITY, Home, Refused
from minxin.tables import Column
from minxin.texts.written import code, free_text, one_line

#: The community of a petition in the data that are shown now, None where the viewer may see none of that number.
Petitions = Callable[[Viewer, str], str | None]


@dataclass(frozen=True)
class Proposal:
    """One proposal; ``facts`` are the columns that its proposer gave. Times are naive local ones."""

    id: str
    version: int
    state: str
    state_label: str
    kind: str
    kind_label: str
    petition: str
    community: str
    grounds: str
    facts: Mapping[str, str]
    view: View
    proposed_by: str
    proposed_at: dt.datetime
    decided_by: str
    decided_at: dt.datetime | None
    revoked_by: str
    revoked_at: dt.datetime | None


class Proposals(Records):
    """``store.proposals``."""

    kind = "proposal"
    prefix = "提请"
    table = proposal
    texts = ("grounds", "facts", "view_title")

    def __init__(self, tools: Any, home: Home, petitions: Petitions | None = None) -> None:
        super().__init__(tools)
        self.home = home
        self.petitions = petitions

    @property
    def machine(self) -> Machine:
        return self.tools.rules.proposal

    def words(self) -> dict[str, str]:
        return super().words() | {kind.code: kind.label for kind in self.tools.rules.kinds.values()}

    def communities(self, row: Row[Any]) -> list[str]:
        return [row.community]

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    def propose(
        self,
        actor: Actor,
        kind: str,
        petition: str,
        community: str,
        grounds: str,
        facts: Mapping[str, str | dt.date | dt.datetime],
        view: View,
        at: dt.datetime | None = None,
    ) -> Proposal:
        """Propose a change of facts about one petition of a community (``none`` for 未归属).

        ``facts`` are the columns that the kind asks for; ``at`` is when it was proposed (default now). A trial
        run of the import says at once what would be wrong with the row. Raises Refused: right, scope, a faulty
        value, one already undecided or in force for this petition, or a lake without what the kind needs.
        """
        allow(actor.viewer, self.page, ["write"], "提请审批")
        known = self._kind(kind)
        if community != NO_COMMUNITY and community not in self.tools.deployment.community_codes:
            raise Refused(f"没有代码为「{code(community, '社区代码')}」的{self.tools.deployment.area_word}。")
        self._within(actor.viewer, [community])
        now = self.tools.clock()
        number = code(petition, "工单编号")
        self._check_petition(actor.viewer, number, community)
        values: dict[str, Any] = {
            "state": self.machine.start,
            "kind": known.code,
            "petition": number,
            "community": community,
            "grounds": free_text(grounds, "理由"),
            "facts": json.dumps(self._facts(known, facts), ensure_ascii=False, sort_keys=True),
            "slot": f"{known.code} {number}",
            "token": secrets.token_hex(4),
            "proposed_at": self.tools.moment(at, now, "提请时间"),
            **stored_view(view, self.tools.rules),
        }
        self._check_lake(known, number)
        # Tried as if approved at once: who may still mend it is the person in front of it.
        self._try(self._fact(known, values, actor.who, values["proposed_at"]))
        try:
            with self.tools.database.writing() as connection:
                made = self._insert(connection, actor, now, values)
                # After the insert: the slot made us wait for whoever was deciding on this petition.
                if known.held == "no" and (other := self._in_force(connection, known, number)):
                    raise Refused(self._standing(connection, known, number, other))
                return self._made(self._held(connection, actor.viewer, made), actor.viewer)
        except exc.IntegrityError as error:
            raise Refused(f"工单 {number} 的{known.label}已有人提请，尚未审批；请在列表中查看。") from error

    def approve(
        self, actor: Actor, record: str, version: int, text: str = "", at: dt.datetime | None = None
    ) -> Proposal:
        """Approve, as another person than the proposer; ``at`` is when it was approved (default now).

        The row reaches the lake with ``export``. Raises Refused and Stale.
        """
        return self._decide(actor, record, version, "approve", text, at)

    def refuse(self, actor: Actor, record: str, version: int, text: str) -> Proposal:
        """Do not approve, with a reason. Raises Refused and Stale."""
        return self._decide(actor, record, version, "refuse", text, None)

    def take_back(self, actor: Actor, record: str, version: int, text: str = "") -> Proposal:
        """Take one's own undecided proposal back. Raises Refused and Stale."""
        return self._decide(actor, record, version, "take_back", text, None)

    def revoke(self, actor: Actor, record: str, version: int, text: str) -> Proposal:
        """Revoke an approval, with a reason; the batch it made is withdrawn by ``export``.

        Raises Refused (also where a later approval builds on it) and Stale.
        """
        return self._decide(actor, record, version, "revoke", text, None)

    def export(self) -> tuple[Exported, ...]:
        """Bring the lake to what is approved and revoked here; see ``exporting.export``. Raises Refused."""
        return export(self.home, self.tools, self._approvals)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def one(self, viewer: Viewer, record: str) -> Proposal:
        """One proposal in the viewer's scope. Raises Refused."""
        self._see(viewer)
        with self.tools.database.reading() as connection:
            return self._made(self._held(connection, viewer, record), viewer)

    def list(
        self,
        viewer: Viewer,
        *,
        states: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        petition: str | None = None,
    ) -> pd.DataFrame:
        """The proposals in scope, latest first, one row each.

        The columns of the table (times local) and ``state_label, kind_label, batch`` ('' where nothing of it is
        in the lake), ``withdrawn``.
        """
        self._see(viewer)
        query = select(proposal).order_by(proposal.c.created_at.desc(), proposal.c.id.desc())
        if states is not None:
            query = query.where(proposal.c.state.in_(list(states)))
        if kinds is not None:
            query = query.where(proposal.c.kind.in_(list(kinds)))
        if petition is not None:
            query = query.where(proposal.c.petition == petition)
        with self.tools.database.reading() as connection:
            rows = [row for row in connection.execute(query) if self._visible(viewer, row)]
            done = list(connection.execute(select(exports).order_by(exports.c.number)))
        batches = {row.record: row.batch for row in done if row.action == "add"}
        withdrawn = {row.record for row in done if row.action == "withdraw"}
        found = history.frame(rows, proposal, self.tools.deployment.zone, ("slot", "token"))
        found["state_label"] = pd.Series([self.machine.label(row.state) for row in rows], dtype="object")
        found["kind_label"] = pd.Series([self._label(row.kind) for row in rows], dtype="object")
        found["batch"] = pd.Series([batches.get(row.id, "") for row in rows], dtype="object")
        found["withdrawn"] = pd.Series([row.id in withdrawn for row in rows], dtype="bool")
        return self._without_texts(viewer, found, self.texts)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _decide(
        self, actor: Actor, record: str, version: int, move: str, text: str, at: dt.datetime | None
    ) -> Proposal:
        step, said = self._step(actor, move, text)
        now = self.tools.clock()
        decided = self.tools.moment(at, now, "审批时间")
        if move == "approve":
            with self.tools.database.reading() as connection:
                seen = self._held(connection, actor.viewer, record)
            if seen.version == version and not self._refusal(actor, seen, step):
                # What is tried here cannot change until it is decided: proposals are not edited.
                self._try(self._fact(self._kind(seen.kind), seen._asdict(), actor.who, decided))
        with self.tools.database.writing() as connection:
            row = self._taken(connection, actor, record, version, step)
            values: dict[str, Any] = {"state": step.target, "slot": None}
            if move in ("approve", "refuse"):
                values |= {"decided_by": actor.who, "decided_at": decided}
            if move == "revoke":
                values |= {"revoked_by": actor.who, "revoked_at": now}
                if later := self._built_on(connection, row):
                    raise Refused(f"{row.id} 之后又批准了 {later}，须先撤销 {later}，再撤销 {row.id}。")
            self._update(connection, actor, now, row, step.code, values, said)
            return self._made(self._held(connection, actor.viewer, record), actor.viewer)

    def _kind(self, named: str) -> Kind:
        known = self.tools.rules.kinds.get(named)
        if known is None:
            raise Refused(f"没有「{code(named, '审批种类')}」这种审批。")
        return known

    def _label(self, kind: str) -> str:
        known = self.tools.rules.kinds.get(kind)
        return known.label if known else kind

    def _facts(self, kind: Kind, facts: Mapping[str, str | dt.date | dt.datetime]) -> dict[str, str]:
        """The given columns as the import reads them, texts masked. Raises Refused."""
        if strange := sorted(set(facts) - {*kind.ask, *kind.optional}):
            raise Refused(f"「{kind.label}」没有「{code(strange[0], '项目')}」这一项。")
        declared = tables.table(kind.table)
        found = {}
        for name in (*kind.ask, *kind.optional):
            column = declared.column(name)
            said = _said(column, facts.get(name, ""), name in kind.ask)
            if said:
                found[name] = said
        return found

    def _check_petition(self, viewer: Viewer, petition: str, community: str) -> None:
        """Whoever asks: the scope is that of the petition, not of the community that is named with it."""
        if self.petitions is None:
            return
        found = self.petitions(viewer, petition)
        if found is None:
            raise Refused(f"当前数据中没有工单 {petition}，或它不在您的查看范围内，不能提请审批。")
        if found != community:
            raise Refused(
                f"工单 {petition} 不属于所报的{self.tools.deployment.area_word}，请刷新后从该工单的详情里提请。"
            )

    def _check_lake(self, kind: Kind, petition: str) -> None:
        if not kind.held:
            return
        row = held_row(self.home, kind, petition)
        there = row is not None and (not kind.open_while or row[kind.open_while] is None)
        if kind.held == "no" and there:
            raise Refused(
                f"工单 {petition} 在数据中已是「{tables.table(kind.table).label}」，不能再次提请「{kind.label}」。"
            )
        if kind.held == "yes" and not there:
            raise Refused(
                f"工单 {petition} 在数据中不是「{tables.table(kind.table).label}」，不能提请「{kind.label}」。"
            )

    def _fact(self, kind: Kind, row: Mapping[str, Any], approver: str, approved: dt.datetime) -> Fact:
        """The row of the lake that a proposal becomes."""
        local = self.tools.local(approved) or dt.datetime.min
        filled = {
            "record": row["petition"],
            "grounds": row["grounds"],
            "approver": approver,
            "proposed_at": f"{self.tools.local(row['proposed_at']):%Y-%m-%d %H:%M:%S}",
            "approved_at": f"{local:%Y-%m-%d %H:%M:%S}",
            "approved_on": f"{local:%Y-%m-%d}",
        }
        values = {column: str(filled[source]) for column, source in kind.fill.items()}
        source = f"operations-{row.get('id', '')}-{row['token']}"
        return Fact(str(row.get("id", "")), source, kind, {**json.loads(row["facts"]), **values}, approver)

    def _try(self, fact: Fact) -> None:
        """Raises Refused where the import would reject the row."""
        if reasons := trial(self.home, fact):
            raise Refused(f"「{fact.kind.label}」的内容有误：{reasons}；请改正后再提交。")

    def _in_force(self, connection: Connection, kind: Kind, petition: str) -> str:
        """An approval of this kind that the lake may not know yet, or '' ."""
        if kind.open_while:
            return self._last_open(connection, kind, petition)
        done = self.machine.in_role("done")
        query = select(proposal.c.id).where(
            proposal.c.kind == kind.code, proposal.c.petition == petition, proposal.c.state.in_(done)
        )
        return str(connection.execute(query.order_by(proposal.c.id)).scalar() or "")

    def _standing(self, connection: Connection, kind: Kind, petition: str, approved: str) -> str:
        """Why nothing is proposed beside an approval, and what to do."""
        row = connection.execute(select(proposal).where(proposal.c.id == approved)).one()
        fact = self._fact(kind, row._asdict(), row.decided_by, row.decided_at)
        if batch := withdrawn_batch(self.home, fact):
            return (
                f"工单 {petition} 的{kind.label}已由 {approved} 批准，但所写的批次 {batch} 已被撤回，数据中没有这一件；"
                f"请先撤销 {approved}，再重新提请。"
            )
        return f"工单 {petition} 的{kind.label}已由 {approved} 批准，无需再次提请。"

    def _last_open(self, connection: Connection, kind: Kind, petition: str) -> str:
        """The latest approval about the same row of the lake where it is of this kind: listed and not cleared."""
        last = self._latest(connection, kind, petition)
        return str(last.id) if last is not None and last.kind == kind.code else ""

    def _latest(self, connection: Connection, kind: Kind, petition: str) -> Row[Any] | None:
        same = [k.code for k in self.tools.rules.kinds.values() if k.table == kind.table]
        query = select(proposal).where(
            proposal.c.kind.in_(same),
            proposal.c.petition == petition,
            proposal.c.state.in_(self.machine.in_role("done")),
        )
        rows = sorted(connection.execute(query), key=lambda row: (row.decided_at, row.id))
        return rows[-1] if rows else None

    def _built_on(self, connection: Connection, row: Row[Any]) -> str:
        """A later approval about the same row of the lake, or ''."""
        kind = self._kind(row.kind)
        declared = tables.table(kind.table)
        if list(declared.key) != [kind.record_column]:
            return ""
        last = self._latest(connection, kind, row.petition)
        return str(last.id) if last is not None and last.id != row.id else ""

    def _approvals(self) -> Sequence[tuple[Fact, bool, str]]:
        """Everything that was ever approved, in that order: the fact, whether it is in force, why if not."""
        query = select(proposal).where(
            or_(proposal.c.state.in_(self.machine.in_role("done")), proposal.c.revoked_at.is_not(None))
        )
        with self.tools.database.reading() as connection:
            rows = sorted(connection.execute(query), key=lambda row: (row.updated_at, row.id))
        return [
            (
                self._fact(self._kind(row.kind), row._asdict(), row.decided_by, row.decided_at),
                row.revoked_at is None,
                row.revoked_by or "",
            )
            for row in rows
        ]

    def _made(self, row: Row[Any], viewer: Viewer) -> Proposal:
        hidden = viewer.detail == "aggregate"
        local = self.tools.local
        view = view_of(row)
        return Proposal(
            id=row.id,
            version=row.version,
            state=row.state,
            state_label=self.machine.label(row.state),
            kind=row.kind,
            kind_label=self._label(row.kind),
            petition=row.petition,
            community=row.community,
            grounds="" if hidden else row.grounds,
            facts={} if hidden else json.loads(row.facts),
            view=View(view.page, view.address, view.snapshot, view.chart) if hidden else view,
            proposed_by=row.created_by,
            proposed_at=local(row.proposed_at) or dt.datetime.min,
            decided_by=row.decided_by or "",
            decided_at=local(row.decided_at),
            revoked_by=row.revoked_by or "",
            revoked_at=local(row.revoked_at),
        )


def _said(column: Column, value: str | dt.date | dt.datetime, required: bool) -> str:
    """One given value as the import reads it. Raises Refused."""
    if isinstance(value, dt.datetime):
        value = value.strftime("%Y-%m-%d %H:%M:%S")
    elif isinstance(value, dt.date):
        value = value.isoformat()
    if column.personal:
        return free_text(value, column.label, required)
    said = one_line(value, column.label, required)
    if said and column.values and said not in column.values:
        raise Refused(f"「{column.label}」只能是：{'、'.join(column.values)}。")
    return said
