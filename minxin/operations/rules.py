"""What may happen to a record: states, moves, levels, kinds of proposals (``data/operations.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from minxin import tables
from minxin.access.rules import ACTIONS
from minxin.settings import Deployment, Unusable

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


def _wrong(file: Path, what: str) -> Unusable:
    return Unusable(f"督办规则 {file} 有误：{what}，请改正后再试。")


def _only(file: Path, where: str, raw: Mapping[str, Any], known: set[str]) -> None:
    if strange := sorted(set(raw) - known):
        raise _wrong(file, f"{where} 中不认识 {strange[0]}")


def _machine(file: Path, name: str, raw: Mapping[str, Any]) -> Machine:
    states: dict[str, State] = {}
    for entry in raw["state"]:
        _only(file, f"{name}.state", entry, {"code", "label", "clock", "role"})
        state = State(**entry)
        if state.code in states or state.role not in ROLES:
            raise _wrong(file, f"{name} 的状态 {state.code} 重复或角色不明")
        states[state.code] = state
    moves: dict[str, Move] = {}
    for entry in raw["move"]:
        _only(file, f"{name}.move", entry, {"code", "label", "from", "to", "by", "needs", "other_than", "only"})
        move = Move(
            entry["code"],
            entry["label"],
            tuple(entry["from"]),
            entry["to"],
            tuple(entry["by"]),
            entry.get("needs", ""),
            tuple(entry.get("other_than", ())),
            entry.get("only", ""),
        )
        people = {*move.other_than, *([move.only] if move.only else [])}
        known = {*move.sources, move.target} <= set(states) and people <= set(PEOPLE) and set(move.by) <= set(ACTIONS)
        if move.code in moves or not known or not move.by or not move.sources:
            raise _wrong(file, f"{name} 的流转 {move.code} 重复，或用到没有的状态、动作、人")
        # Not for a deployment to drop: what is settled was looked at by a second person.
        if states[move.target].role == "done" and not move.other_than:
            raise _wrong(file, f"{name} 的流转 {move.code} 须由另一人办理（other_than）")
        moves[move.code] = move
    machine = Machine(raw["page"], raw["start"], states, moves)
    reached = {machine.start}
    while more := {m.target for m in moves.values() if set(m.sources) & reached} - reached:
        reached |= more
    if reached != set(states):
        raise _wrong(file, f"{name} 的状态无法到达：{'、'.join(sorted(set(states) - reached)) or machine.start}")
    return machine


def _kind(file: Path, entry: Mapping[str, Any]) -> Kind:
    names = {"code", "label", "table", "ask", "optional", "fill", "held", "open_while", "kept"}
    _only(file, "kind", entry, names)
    kind = Kind(
        entry["code"],
        entry["label"],
        entry["table"],
        tuple(entry["ask"]),
        tuple(entry.get("optional", ())),
        dict(entry["fill"]),
        entry.get("held", ""),
        entry.get("open_while", ""),
        bool(entry.get("kept", False)),
    )
    declared = tables.tables().get(kind.table)
    if declared is None:
        raise _wrong(file, f"{kind.code} 用到没有声明的表 {kind.table}")
    given = [*kind.ask, *kind.optional, *kind.fill]
    whole = set(declared.names)
    lacking = {c.name for c in declared.columns if c.required or c.name in declared.key} - set(given)
    if not set(given) <= whole or len(set(given)) != len(given) or (lacking and not kind.kept):
        raise _wrong(file, f"{kind.code} 的列与表 {kind.table} 的声明不符")
    sources = list(kind.fill.values())
    if not set(sources) <= set(FILLED) or sources.count("record") != 1 or kind.held not in ("", "yes", "no"):
        raise _wrong(file, f"{kind.code} 的 fill 或 held 不明")
    if (kind.kept and kind.held != "yes") or (kind.open_while and kind.open_while not in whole):
        raise _wrong(file, f"{kind.code} 的 kept 或 open_while 不明")
    return kind


def read_rules(file: Path) -> Rules:
    """Read and validate a file of rules. Raises Unusable with one Chinese line."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        urgencies = {entry["code"]: Urgency(**entry) for entry in raw["urgency"]}
        kinds = {entry["code"]: _kind(file, entry) for entry in raw["kind"]}
        levels = dict(raw["levels"])
        if set(levels) != set(LEVELS) or not urgencies:
            raise _wrong(file, "levels 或 urgency 不全")
        return Rules(
            levels=levels,
            urgencies=urgencies,
            instruction=_machine(file, "instruction", raw["instruction"]),
            proposal=_machine(file, "proposal", raw["proposal"]),
            nomination=_machine(file, "nomination", raw["nomination"]),
            kinds=kinds,
            subjects=dict(raw["nomination"]["subjects"]),
            seconds=int(raw["nomination"]["seconds"]),
            scenario_page=str(raw["scenario"]["page"]),
            largest_scenario=int(raw["scenario"]["largest"]),
            code_parameters=frozenset(raw["view"]["codes"]),
        )
    except FileNotFoundError as error:
        raise _wrong(file, "文件不存在") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(file, f"不是有效的 TOML（{error}）") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(file, f"缺少或无法理解的项目（{error}）") from error


@lru_cache(maxsize=8)
def _rules(file: Path) -> Rules:
    return read_rules(file)


def rules(deployment: Deployment) -> Rules:
    """The rules of a deployment, or the project's where the deployment has none. Raises Unusable."""
    return _rules(deployment.path("operations.toml"))
