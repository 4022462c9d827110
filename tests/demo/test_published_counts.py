"""Every countable published figure comes out of the simulated rows exactly."""

from __future__ import annotations

import duckdb
import pytest

COUNTS = [
    ("mailbox", "select count(*) from petition where channel = '信箱'", 5079),
    ("mailbox complaints", "select count(*) from petition where channel = '信箱' and kind = '投诉'", 2830),
    ("mailbox inquiries", "select count(*) from petition where channel = '信箱' and kind = '咨询'", 1169),
    ("mailbox others", "select count(*) from petition where channel = '信箱' and kind not in ('投诉', '咨询')", 1080),
    ("mailbox closed", "select count(closed_at) from petition where channel = '信箱'", 5039),
    (
        "mailbox followed up",
        "select count(distinct followup.petition_id) from followup join petition using (petition_id)"
        " where channel = '信箱'",
        4825,
    ),
    ("mailbox followed up, flat", "select count(followup_at) from petition where channel = '信箱'", 4825),
    ("night talk visitors", "select sum(visitors) from night_talk", 2332),
    ("night talk demands", "select count(*) from petition where channel = '心安夜话'", 2647),
    ("night talk evenings", "select count(distinct held_on) from night_talk", 18),
    ("night talk on Wednesdays", "select count(distinct isodow(held_on)) + min(isodow(held_on)) from night_talk", 4),
    ("night talk communities", "select count(distinct community_code) from night_talk", 21),
    (
        "night talk petitions in the session",
        "select count(*) from petition where channel = '心安夜话' and hour(created_at) not in (19, 20)",
        0,
    ),
    ("online", "select count(*) from petition where channel = '心安在线'", 3197),
    ("online closed", "select count(closed_at) from petition where channel = '心安在线'", 3000),
    ("households", "select count(distinct household) from home_visit", 1315),
    ("home visit demands", "select sum(demands) from home_visit", 1577),
    ("home visit petitions", "select count(*) from petition where channel = '心安到家'", 1577),
    ("stations", "select count(*) from site where level = '服务站' and status = '启用'", 21),
    ("centres", "select count(*) from site where level = '邻里中心' and status = '亮相'", 21),
    ("centres' communities", "select count(distinct community_code) from site where level = '邻里中心'", 21),
    ("estates", "select count(*) from estate", 256),
    ("estates' communities", "select count(distinct community_code) from estate", 21),
    ("population", "select sum(population) from population", 700000),
    ("population is marked", "select count(*) from population where source <> '模拟'", 0),
    ("actions", "select count(*) from action", 10),
    ("pioneers", "select count(*) from pioneer where kind = '行动先锋'", 20),
    ("studios", "select count(*) from pioneer where kind = '工作室'", 5),
    ("all", "select count(*) from petition", 60000),
    (
        "no mailbox before June 2022",
        "select count(*) from petition where channel = '信箱' and created_at < '2022-06-01'",
        0,
    ),
]


@pytest.mark.parametrize(("sql", "expected"), [c[1:] for c in COUNTS], ids=[c[0] for c in COUNTS])
def test_count(rows: duckdb.DuckDBPyConnection, sql: str, expected: int) -> None:
    assert rows.execute(sql).fetchall() == [(expected,)]


def test_first_evening(rows: duckdb.DuckDBPyConnection) -> None:
    found = rows.execute("select min(held_on)::varchar, max(held_on)::varchar from night_talk").fetchall()
    assert found == [("2023-03-01", "2023-06-28")]


def test_action_names_are_those_of_the_article(rows: duckdb.DuckDBPyConnection) -> None:
    names = [name for (name,) in rows.execute("select name from action order by action_id").fetchall()]
    assert names[0] == "“红色引擎”引领行动"
    assert all(name.endswith("行动") for name in names) and len(set(names)) == 10
