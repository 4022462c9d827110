"""What may happen to a record: states, moves, levels, kinds of proposals (``data/operations.toml``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from minxin import tables
from minxin.access.rules import ACTIONS
from minxin.rulefile import check, flag, one_of, read, section, sections, text, texts, whole
from minxin.settings import Deployment

PEOPLE = ("creator", "asker")
ROLES = ("", "check", "done")
#: What the system fills into a fact: record, grounds, and who and when of the approval.
FILLED = ("record", "grounds", "approver", "proposed_at", "approved_at", "approved_on")
LEVELS = ("due_soon", "late", "late_twice")


@dataclass(frozen=True)
class State:
    """``clock``: the unit's term is running. ``role``: ``check`` waits for a second person, ``done`` is settled."""

    code: str
    label: str
    clock: bool = False
    role: str = ""


@dataclass(frozen=True)
class Move:
    """One allowed step. ``by``: actions of the access table, any one suffices. ``needs``: '' or what text to give.

    ``other_than`` and ``only`` name people of the record (``creator``, ``asker``).
    """

    code: str
    label: str
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    needs: str = ""
    other_than: tuple[str, ...] = ()
    only: str = ""


@dataclass(frozen=True)
class Machine:
    """States and moves of one kind of record; ``page`` is where its rights stand in the access table."""

    page: str
    start: str
    states: Mapping[str, State]
    moves: Mapping[str, Move]

    def label(self, state: str) -> str:
        """The Chinese word for a state; a state of an older table stands for itself."""
        return self.states[state].label if state in self.states else state

    def from_state(self, state: str) -> list[Move]:
        """The moves that lead out of a state, in the order of the file."""
        return [move for move in self.moves.values() if state in move.sources]

    def in_role(self, role: str) -> list[str]:
        return [state.code for state in self.states.values() if state.role == role]


@dataclass(frozen=True)
class Urgency:
    """Working days: from how many before the end it is due soon, from how many after it is late twice."""

    code: str
    label: str
    due_soon: int
    late_twice: int


@dataclass(frozen=True)
class Kind:
    """A kind of proposal and the row of the lake that it becomes.

    ``ask`` and ``optional`` are columns the proposer gives, ``fill`` maps columns to ``FILLED``. ``held``:
    whether the lake must hold a row of the record ('yes', 'no', '' = never mind), counting only rows whose
    column ``open_while`` is empty; ``kept`` takes all other columns from that row.
    """

    code: str
    label: str
    table: str
    ask: tuple[str, ...]
    optional: tuple[str, ...]
    fill: Mapping[str, str]
    held: str = ""
    open_while: str = ""
    kept: bool = False

    @property
    def record_column(self) -> str:
        return next(column for column, source in self.fill.items() if source == "record")


@dataclass(frozen=True)
class Rules:
    """The whole file."""

    levels: Mapping[str, str]
    urgencies: Mapping[str, Urgency]
    instruction: Machine
    proposal: Machine
    nomination: Machine
    kinds: Mapping[str, Kind]
    subjects: Mapping[str, str]
    seconds: int
    scenario_page: str
    largest_scenario: int
    code_parameters: frozenset[str]


def _table_of_texts(raw: Any, where: str) -> dict[str, str]:
    return {name: text(value, f"{where} 的 {name}") for name, value in section(raw, where, (), None).items()}


def _urgencies(raw: Mapping[str, Any]) -> dict[str, Urgency]:
    found: dict[str, Urgency] = {}
    for entry in sections(raw, "urgency", empty=False):
        given = section(entry, "[[urgency]]", ("code", "label", "due_soon", "late_twice"))
        code = text(given["code"], "[[urgency]] 的 code")
        where = f"[[urgency]] {code}"
        check(code not in found, f"{where} 重复")
        days = [whole(given[name], f"{where} 的 {name}", 0, 365) for name in ("due_soon", "late_twice")]
        found[code] = Urgency(code, text(given["label"], f"{where} 的 label"), *days)
    return found


def _state(entry: Any, name: str) -> State:
    given = section(entry, f"[[{name}.state]]", ("code", "label"), ("clock", "role"))
    code = text(given["code"], f"[[{name}.state]] 的 code")
    where = f"{name} 的状态 {code}"
    return State(
        code,
        text(given["label"], f"{where} 的 label"),
        flag(given.get("clock", False), f"{where} 的 clock"),
        one_of(given.get("role", ""), f"{where} 的 role", ROLES),
    )


def _move(entry: Any, name: str, states: Mapping[str, State]) -> Move:
    given = section(entry, f"[[{name}.move]]", ("code", "label", "from", "to", "by"), ("needs", "other_than", "only"))
    code = text(given["code"], f"[[{name}.move]] 的 code")
    where = f"{name} 的流转 {code}"
    return Move(
        code,
        text(given["label"], f"{where} 的 label"),
        texts(given["from"], f"{where} 的 from", states, empty=False),
        one_of(given["to"], f"{where} 的 to", states),
        texts(given["by"], f"{where} 的 by", ACTIONS, empty=False),
        text(given.get("needs", ""), f"{where} 的 needs", empty=True),
        texts(given.get("other_than", []), f"{where} 的 other_than", PEOPLE),
        one_of(given.get("only", ""), f"{where} 的 only", ("", *PEOPLE)),
    )


def _machine(raw: Mapping[str, Any], name: str, more: Collection[str] = ()) -> Machine:
    check(name in raw, f"缺少 [{name}]")
    given = section(raw[name], f"[{name}]", ("page", "start", "state", "move"), more)
    states: dict[str, State] = {}
    for entry in sections({f"{name}.state": given["state"]}, f"{name}.state", empty=False):
        state = _state(entry, name)
        check(state.code not in states, f"{name} 的状态 {state.code} 重复")
        states[state.code] = state
    moves: dict[str, Move] = {}
    for entry in sections({f"{name}.move": given["move"]}, f"{name}.move", empty=False):
        move = _move(entry, name, states)
        check(move.code not in moves, f"{name} 的流转 {move.code} 重复")
        # Not for a deployment to drop: what is settled was looked at by a second person.
        settled = states[move.target].role == "done"
        check(not settled or bool(move.other_than), f"{name} 的流转 {move.code} 须由另一人办理（other_than）")
        moves[move.code] = move
    machine = Machine(
        text(given["page"], f"[{name}] 的 page"), text(given["start"], f"[{name}] 的 start"), states, moves
    )
    reached = {machine.start}
    while more_states := {m.target for m in moves.values() if set(m.sources) & reached} - reached:
        reached |= more_states
    unreached = "、".join(sorted(set(states) - reached)) or machine.start
    check(reached == set(states), f"{name} 的状态无法到达：{unreached}")
    return machine


def _kind(entry: Any) -> Kind:
    optional = ("optional", "held", "open_while", "kept")
    given = section(entry, "[[kind]]", ("code", "label", "table", "ask", "fill"), optional)
    code = text(given["code"], "[[kind]] 的 code")
    where = f"[[kind]] {code}"
    declared = tables.tables().get(text(given["table"], f"{where} 的 table"))
    check(declared is not None, f"{where} 用到没有声明的表 {given['table']}")
    assert declared is not None
    kind = Kind(
        code,
        text(given["label"], f"{where} 的 label"),
        declared.name,
        texts(given["ask"], f"{where} 的 ask"),
        texts(given.get("optional", []), f"{where} 的 optional"),
        _table_of_texts(given["fill"], f"{where} 的 fill"),
        one_of(given.get("held", ""), f"{where} 的 held", ("", "yes", "no")),
        one_of(given.get("open_while", ""), f"{where} 的 open_while", ("", *declared.names)),
        flag(given.get("kept", False), f"{where} 的 kept"),
    )
    columns = [*kind.ask, *kind.optional, *kind.fill]
    lacking = {c.name for c in declared.columns if c.required or c.name in declared.key} - set(columns)
    sound = set(columns) <= set(declared.names) and len(set(columns)) == len(columns) and (not lacking or kind.kept)
    check(sound, f"{where} 的列与表 {kind.table} 的声明不符")
    sources = list(kind.fill.values())
    known = set(sources) <= set(FILLED) and sources.count("record") == 1
    check(known, f"{where} 的 fill 只能取自 {'、'.join(FILLED)}，其中 record 恰好一次")
    check(not kind.kept or kind.held == "yes", f"{where} 写了 kept 的，held 应为 yes")
    return kind


def _rules_of(raw: Mapping[str, Any]) -> Rules:
    parts = ("levels", "urgency", "instruction", "proposal", "nomination", "kind", "scenario", "view")
    section(raw, "文件", parts)
    section(raw["levels"], "[levels]", LEVELS)
    kinds: dict[str, Kind] = {}
    for entry in sections(raw, "kind"):
        kind = _kind(entry)
        check(kind.code not in kinds, f"[[kind]] {kind.code} 重复")
        kinds[kind.code] = kind
    nomination = _machine(raw, "nomination", ("subjects", "seconds"))
    honours = section(raw["nomination"], "[nomination]", ("subjects", "seconds"), None)
    scenario = section(raw["scenario"], "[scenario]", ("page", "largest"))
    return Rules(
        levels=_table_of_texts(raw["levels"], "[levels]"),
        urgencies=_urgencies(raw),
        instruction=_machine(raw, "instruction"),
        proposal=_machine(raw, "proposal"),
        nomination=nomination,
        kinds=kinds,
        subjects=_table_of_texts(honours["subjects"], "[nomination.subjects]"),
        seconds=whole(honours["seconds"], "[nomination] 的 seconds", 0, 100),
        scenario_page=text(scenario["page"], "[scenario] 的 page"),
        largest_scenario=whole(scenario["largest"], "[scenario] 的 largest", 1, 10_000_000),
        code_parameters=frozenset(texts(section(raw["view"], "[view]", ("codes",))["codes"], "[view] 的 codes")),
    )


def read_rules(file: Path) -> Rules:
    """Read and validate a file of rules. Raises Unusable with one Chinese line."""
    return read(file, "督办规则", _rules_of)


@lru_cache(maxsize=8)
def _rules(file: Path) -> Rules:
    return read_rules(file)


def rules(deployment: Deployment) -> Rules:
    """The rules of a deployment, or the project's where the deployment has none. Raises Unusable."""
    return _rules(deployment.path("operations.toml"))
