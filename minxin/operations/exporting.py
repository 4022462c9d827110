"""What was approved, as batches of the lake: one batch for each approval, taken out again when it is revoked.

The lake alone says what it has: a batch is known by its ``source``, which is made from the number of the
approval and a random part of it. So bringing the lake to what is approved needs no mark in between that a
killed process could leave wrong: the same approval never makes a second batch, whatever happened before.
The rows go through the door for files, as any import.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlalchemy import exc, insert, select

from minxin import tables
from minxin.ingest.mapping import mapping_for_template
from minxin.ingest.pipeline import ImportResult, run_import, working_folder
from minxin.operations.records import Tools
from minxin.operations.rules import Kind
from minxin.operations.schema import export as exports
from minxin.settings import Home
from minxin.warehouse.lake import Lake, Manifest
from minxin.warehouse.lock import writing
from minxin.warehouse.views import make_lake_view

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fact:
    """One row for the lake: ``values`` by column, as texts; ``source`` is the name of its batch."""

    record: str
    source: str
    kind: Kind
    values: Mapping[str, str]
    who: str


@dataclass(frozen=True)
class Exported:
    """What was done: ``action`` is ``add`` or ``withdraw``; ``problem`` '' or why nothing was done."""

    record: str
    action: str
    batch: str
    problem: str = ""


def held_row(home: Home, kind: Kind, record: str) -> dict[str, Any] | None:
    """The lake's present row of a record in the table of a kind, or None."""
    declared = tables.table(kind.table)
    lake = Lake(home)
    files = lake.files(declared.name)
    if not files:
        return None
    with duckdb.connect() as connection:
        make_lake_view(connection, declared, files, replaced=True, delivered=lake.delivered(declared.name))
        names = ", ".join(f'"{name}"' for name in declared.names)
        found = connection.execute(
            f'select {names} from lake_{declared.name} where "{kind.record_column}" = ?', [record]
        ).fetchall()
    return dict(zip(declared.names, found[-1], strict=True)) if found else None


def _complete(home: Home, fact: Fact) -> dict[str, str] | None:
    """All columns of the row; None where it stands on one that the lake does not hold any more."""
    if not fact.kind.kept:
        return dict(fact.values)
    held = held_row(home, fact.kind, fact.values[fact.kind.record_column])
    if held is None:
        return None
    return {name: str(value) for name, value in held.items() if value is not None} | dict(fact.values)


def _import(home: Home, fact: Fact, values: Mapping[str, str], dry_run: bool) -> ImportResult:
    """The row as a file of one line through the door."""
    declared = tables.table(fact.kind.table)
    columns = [column for column in declared.columns if not column.derived]
    with working_folder(home, "trial") as work:
        file = work / "approved.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([column.label for column in columns])
            # Every column is there: an empty one says "nothing", a missing one would leave what was said before.
            writer.writerow([values.get(column.name, "") for column in columns])
        mapping = mapping_for_template(declared)
        return run_import(file, mapping, home, name=fact.source, who=fact.who, dry_run=dry_run)


def trial(home: Home, fact: Fact) -> str:
    """Why the door would reject the row, '' where it would not; nothing is stored."""
    values = _complete(home, fact)
    if values is None:
        return "数据中已没有对应的记录"
    result = _import(home, fact, values, dry_run=True)
    return "；".join(result.reasons) if result.rejected else ""


def export(home: Home, tools: Tools, approvals: Callable[[], Sequence[tuple[Fact, bool, str]]]) -> tuple[Exported, ...]:
    """Make the batch of every approval that has none, withdraw the batch of every revoked one.

    ``approvals`` gives the fact, whether it is in force, and who revoked it. A batch that somebody withdrew
    by hand stays withdrawn. Raises Refused where another process writes into the home for long.
    """
    wanted = approvals()
    done: list[Exported] = []
    if _missing(home, wanted):
        with writing(home):
            # Asked again under the lock: another process may have exported meanwhile.
            wanted = approvals()
            for fact, in_force, revoked_by in _missing(home, wanted):
                made = _add(home, fact) if in_force else _withdraw(home, fact, revoked_by)
                log.info("export of %s: %s %s", made.record, made.action, made.batch or "was not possible")
                done.append(made)
    _note_down(home, tools, wanted)
    return tuple(done)


def withdrawn_batch(home: Home, fact: Fact) -> str:
    """The batch of an approval where somebody withdrew it by hand, or '' ."""
    made = _batches(home).get(fact.source)
    return made.batch_id if made is not None and made.withdrawn else ""


def _batches(home: Home) -> dict[str, Manifest]:
    return {m.source: m for m in Lake(home).batches(withdrawn=True) if m.source.startswith("operations-")}


def _missing(home: Home, approvals: Sequence[tuple[Fact, bool, str]]) -> list[tuple[Fact, bool, str]]:
    """Where the lake is not yet as it shall be."""
    held = _batches(home)
    return [
        (fact, in_force, revoked_by)
        for fact, in_force, revoked_by in approvals
        if (in_force and fact.source not in held)
        or (not in_force and fact.source in held and not held[fact.source].withdrawn)
    ]


def _add(home: Home, fact: Fact) -> Exported:
    if problem := trial(home, fact):
        return Exported(fact.record, "add", "", problem)
    values = _complete(home, fact) or {}
    return Exported(fact.record, "add", str(_import(home, fact, values, dry_run=False).batch))


def _withdraw(home: Home, fact: Fact, revoked_by: str) -> Exported:
    batch = _batches(home)[fact.source].batch_id
    Lake(home).withdraw(batch, revoked_by, f"{fact.record} 已撤销")
    return Exported(fact.record, "withdraw", batch)


def _note_down(home: Home, tools: Tools, approvals: Sequence[tuple[Fact, bool, str]]) -> None:
    """Keep in the store what is in the lake, for people to read; the lake does not depend on it."""
    held = _batches(home)
    wanted = []
    for fact, _, revoked_by in approvals:
        if (batch := held.get(fact.source)) is not None:
            wanted.append((fact.record, "add", batch.batch_id, fact.who))
            if batch.withdrawn:
                wanted.append((fact.record, "withdraw", batch.batch_id, revoked_by))
    with tools.database.reading() as connection:
        noted = {(row.record, row.action, row.batch) for row in connection.execute(select(exports))}
    for record, action, batch_id, who in wanted:
        if (record, action, batch_id) in noted:
            continue
        values = {
            "at": tools.clock(),
            "who": who,
            "verified": True,
            "record": record,
            "action": action,
            "batch": batch_id,
        }
        try:
            with tools.database.writing() as connection:
                connection.execute(insert(exports).values(values))
        except exc.IntegrityError:
            log.info("export of %s was noted by another process", record)
