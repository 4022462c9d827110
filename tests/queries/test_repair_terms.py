"""The repair rules in SQL say what they say in Python, for thousands of cases and whatever the rules are."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from pathlib import Path

import duckdb
import pytest

from minxin.analysis.credit.repair import Case, judge
from minxin.settings import ROOT
from minxin.warehouse import repair_rules
from minxin.warehouse.build import models

FILE = ROOT / "data" / "rules" / "repair.toml"
AS_OF = dt.date(2027, 8, 1)
EDGES = [
    *("2022-11-30", "2023-04-30", "2023-05-01", "2024-02-28", "2024-02-29", "2024-08-31", "2025-01-31", "2026-03-30"),
    *("2026-03-31", "2026-04-01", "2026-04-30", "2026-08-31", "2026-11-30", "2027-01-31", "2027-05-31", "2027-07-31"),
]


def cases() -> list[Case]:
    """Every combination on some days, and some thousands by chance with a seed."""
    allowed = repair_rules.values()
    draw = random.Random(4)
    days = [dt.date.fromisoformat(e) for e in EDGES]

    def later(after: dt.date) -> dt.date | None:
        if draw.random() < 0.35:
            return None
        return after + dt.timedelta(days=draw.randrange(1100))

    found = []
    every = itertools.product(allowed["kind"], allowed["field"], (*allowed["severity"], ""), (False, True))
    chosen = [(draw.choice(days), *what) for what in every]
    for _ in range(4000):
        decided = draw.choice(days) if draw.random() < 0.3 else dt.date(2021, 7, 1) + dt.timedelta(draw.randrange(2200))
        what = (draw.choice(allowed[name]) for name in ("kind", "field"))
        chosen.append((decided, *what, draw.choice((*allowed["severity"], "")), draw.random() < 0.2))
    for decided, kind, field, severity, summary in chosen:
        found.append(
            Case(
                decided, kind, field, severity, summary, later(decided), later(decided), later(decided), later(decided)
            )
        )
    return found


def in_sql(held: list[Case], rules: repair_rules.RepairRules) -> list[tuple[object, ...]]:
    """What the model of the build makes of them."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table config_build as select timestamp '2027-08-01' as as_of;"
            "create table config_revoked (record_id varchar, revoked_on date);"
            "create table lake_penalty (penalty_id varchar, decided_on date, kind varchar, field varchar,"
            " severity varchar, is_summary boolean, published_on date, corrected_on date, fulfilled_on date);"
            "create table lake_repair (penalty_id varchar, result varchar, decided_on date)"
        )
        repair_rules.repair_tables(connection, rules)
        rows = [
            (
                *(f"p{i}", c.decided_on, c.kind, c.field, c.severity or None, c.is_summary),
                *(c.published_on, c.corrected_on, c.fulfilled_on),
            )
            for i, c in enumerate(held)
        ]
        connection.executemany("insert into lake_penalty values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        repairs = [(f"p{i}", "同意", c.repaired_on) for i, c in enumerate(held) if c.repaired_on]
        refused = [(f"p{i}", "不同意", c.decided_on) for i, c in enumerate(held[:50])]
        connection.executemany("insert into lake_repair values (?, ?, ?)", [*repairs, *refused])
        connection.execute("create table term as " + models()["int_penalty_term"].read_text(encoding="utf-8"))
        return connection.execute(
            "select repair_rule, class_code, class_name, is_public, apply_from, remind_on, remind_again_on, ready_on,"
            " ends_on, repaired_on, visible_until from term order by cast(substr(penalty_id, 2) as integer)"
        ).fetchall()


@pytest.mark.parametrize("changed", [False, True], ids=["as they are", "first day counts, unmended stays"])
def test_sql_and_python_agree(tmp_path: Path, changed: bool) -> None:
    text = FILE.read_text(encoding="utf-8")
    if changed:
        text = text.replace("first_day_counts = false", "first_day_counts = true").replace('"stops"', '"stays"')
    file = tmp_path / "repair.toml"
    file.write_text(text, encoding="utf-8")
    rules = repair_rules.read_rules(file)
    # What lies at the data time or after it is not known yet: Python is asked on the last day before it.
    last = AS_OF - dt.timedelta(days=1)
    held = [c for c in cases() if c.decided_on <= last]
    assert len(held) > 3500
    found = in_sql(held, rules)
    assert len(found) == len(held)
    wrong = []
    for case, row in zip(held, found, strict=True):
        said = judge(case, last, rules)
        repaired = case.repaired_on if case.repaired_on is not None and case.repaired_on <= last else None
        reminders = said.remind_on or (None, None)
        wanted = (
            *(said.rule.name, said.term.code, said.term.label, said.is_public, said.apply_from, *reminders),
            *(said.ready_on, said.ends_on, repaired, said.visible_until),
        )
        if row != wanted:
            wrong.append((case, row, wanted))
    assert wrong == []


def test_what_a_decision_took_away_is_gone_from_that_day() -> None:
    rules = repair_rules.read_rules(FILE)
    held = [Case(dt.date(2027, 1, 5), "罚款", "一般", "一般"), Case(dt.date(2027, 1, 5), "警告", "一般", "一般")]
    with duckdb.connect() as connection:
        connection.execute(
            "create table config_build as select timestamp '2027-08-01' as as_of;"
            "create table config_revoked as select unnest(['p0', 'p1']) as record_id, date '2027-02-01' as revoked_on;"
            "create table lake_penalty (penalty_id varchar, decided_on date, kind varchar, field varchar,"
            " severity varchar, is_summary boolean, published_on date, corrected_on date, fulfilled_on date);"
            "create table lake_repair (penalty_id varchar, result varchar, decided_on date)"
        )
        repair_rules.repair_tables(connection, rules)
        for i, case in enumerate(held):
            connection.execute(
                "insert into lake_penalty values (?, ?, ?, ?, ?, false, null, null, null)",
                [f"p{i}", case.decided_on, case.kind, case.field, case.severity],
            )
        connection.execute("create table term as " + models()["int_penalty_term"].read_text(encoding="utf-8"))
        rows = connection.execute("select penalty_id, visible_until from term order by 1").fetchall()
    assert rows == [("p0", dt.date(2027, 2, 1)), ("p1", dt.date(2027, 1, 5))]
