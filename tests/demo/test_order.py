"""Simulated rows are as the tables declare them, and nothing happens before its cause or after the data time."""

from __future__ import annotations

import json

import duckdb
import pytest
import shapely

from minxin.demo.scenario import Scenario
from minxin.tables import SYSTEM_COLUMNS, tables
from minxin.warehouse.lake import key_sql

END = "timestamp '2023-07-04'"


@pytest.mark.parametrize("name", sorted(tables()))
def test_files_hold_the_declared_columns(rows: duckdb.DuckDBPyConnection, name: str) -> None:
    declared = {c.name: c.sql_type for c in tables()[name].columns} | SYSTEM_COLUMNS
    found = {row[0]: row[1] for row in rows.execute(f"describe {name}").fetchall()}
    assert list(found.items()) == list(declared.items())


@pytest.mark.parametrize("name", sorted(tables()))
def test_keys_required_values_and_ranges(rows: duckdb.DuckDBPyConnection, name: str) -> None:
    table = tables()[name]
    total, keys, stored = rows.execute(
        f"select count(*), count(distinct _key), count(*) filter (where _key = {key_sql(table.key)}) from {name}"
    ).fetchall()[0]
    assert total == keys == stored > 0
    for column in table.columns:
        faults = []
        if column.required:
            faults.append(f'"{column.name}" is null')
        if column.values:
            listed = ", ".join(f"'{value}'" for value in column.values)
            faults.append(f'"{column.name}" not in ({listed})')
        if column.minimum is not None:
            faults.append(f'"{column.name}" < {column.minimum}')
        if column.maximum is not None:
            faults.append(f'"{column.name}" > {column.maximum}')
        if column.after:
            faults.append(f'"{column.name}" < "{column.after}"')
        if faults:
            count = rows.execute(f"select count(*) from {name} where {' or '.join(faults)}").fetchall()[0][0]
            assert count == 0, (name, column.name)


@pytest.mark.parametrize("name", sorted(n for n, t in tables().items() if t.month))
def test_months_are_right(simulated: object, rows: duckdb.DuckDBPyConnection, name: str) -> None:
    files = f"{simulated}/{name}/*/*.parquet"
    wrong = rows.execute(
        f"select count(*) from read_parquet('{files}', hive_partitioning = true, hive_types_autocast = false)"
        f" where month <> strftime({tables()[name].month}, '%Y-%m')"
    ).fetchall()
    assert wrong == [(0,)]


def test_nothing_lies_after_the_data_time(rows: duckdb.DuckDBPyConnection) -> None:
    for name, table in tables().items():
        for column in table.columns:
            if column.type == "timestamp" and column.name not in ("due_at", "new_due_at"):
                late = rows.execute(
                    f"select count(*) from {name} where {column.name} >= {END} and {column.name} is not null"
                )
                allowed = 18 * 21 if (name, column.name) == ("night_talk", "ended_at") else 0
                assert late.fetchall()[0][0] <= allowed, (name, column.name)


#: What must not exist, as the part of a query after "select count(*) from".
JOINED = "join petition as p using (petition_id) where"
CONSEQUENCES = {
    "acceptance": "petition where accepted_at < created_at",
    "contact": f"contact as c {JOINED} c.attempted_at < p.accepted_at or c.attempted_at > p.closed_at",
    "dispatch": f"dispatch as d {JOINED} d.dispatched_at < p.accepted_at"
    " or greatest(d.signed_at, d.feedback_at, d.closed_at) > p.closed_at"
    " or (d.closed_at is not null and p.closed_at is null)",
    "return": "dispatch where returned_at is not null and closed_at is not null",
    "opinion": "petition where opinion_at < accepted_at or opinion_at > closed_at",
    "opinion of simple matters": "petition where complexity = '简单' and opinion_at is not null",
    "follow-up": f"followup as f {JOINED} p.closed_at is null or f.followed_at < p.closed_at",
    "invalid follow-up": "followup where not valid and (resolved is not null or satisfaction is not null)",
    "ledger": f"hard_case as h {JOINED} h.listed_at < cast(p.created_at as date)"
    " or (h.cleared_on is null) <> (p.closed_at is null)",
    "exclusion": f"exclusion as e {JOINED} p.closed_at is null or e.approved_at < p.closed_at",
    "repeat": "repeat_link as r join petition as p using (petition_id)"
    " join petition as e on e.petition_id = r.earlier_petition_id"
    " where e.created_at > p.created_at or e.category_3 <> p.category_3 or e.community_code <> p.community_code"
    " or p.created_at - e.created_at > interval 30 days",
    "repeat by the same person": "repeat_link as r join petition as p using (petition_id)"
    " join petition as e on e.petition_id = r.earlier_petition_id where r.tier = 'T1' and e.caller <> p.caller",
    "first unit": "petition as p left join dispatch as d on d.petition_id = p.petition_id and d.sequence = 1"
    " where p.first_unit is distinct from d.unit",
    "orphans": "dispatch anti join petition using (petition_id)",
    "estate and community": "petition as p join estate as e using (estate_code)"
    " where e.community_code <> p.community_code",
    "visited households": "(select household, count(*) as n from home_visit group by all) where n > 1",
    "units": "dispatch anti join department using (unit)",
}


@pytest.mark.parametrize("name", CONSEQUENCES)
def test_consequence(rows: duckdb.DuckDBPyConnection, name: str) -> None:
    assert rows.execute(f"select count(*) from {CONSEQUENCES[name]}").fetchall() == [(0,)]


def test_followup_columns_agree_with_the_records(rows: duckdb.DuckDBPyConnection) -> None:
    wrong = rows.execute(
        """
        with counted as (
            select *, row_number() over (partition by petition_id order by valid desc, followed_at desc) as turn
            from followup
        )
        select count(*) from petition p left join (select * from counted where turn = 1) f using (petition_id)
        where p.followup_at is distinct from f.followed_at or p.followup_resolved is distinct from f.resolved
            or p.satisfaction is distinct from f.satisfaction
        """
    ).fetchall()
    assert wrong == [(0,)]


def test_places_lie_inside_their_community(rows: duckdb.DuckDBPyConnection, told: Scenario) -> None:
    shapes = {f["properties"]["code"]: shapely.from_geojson(json.dumps(f["geometry"])) for f in told.shapes["features"]}
    for name in ("petition", "estate", "site"):
        frame = rows.execute(
            f"select distinct community_code, longitude, latitude from {name} where longitude is not null"
        ).df()
        for code, part in frame.groupby("community_code"):
            inside = shapely.intersects_xy(shapes[code].buffer(1e-9), part["longitude"], part["latitude"])
            assert inside.all(), (name, code)
