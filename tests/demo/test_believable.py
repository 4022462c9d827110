"""Seasons, weekdays, hours, communities, repeats and planted incidents show in the simulated rows."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from minxin.demo import world
from minxin.demo.scenario import Scenario


def one(rows: duckdb.DuckDBPyConnection, sql: str) -> float:
    return float(rows.execute(sql).fetchall()[0][0])


def test_hours(rows: duckdb.DuckDBPyConnection) -> None:
    night = one(
        rows,
        "select avg((hour(created_at) in (22, 23, 0, 1))::int) from petition where category_1 = '噪音扰民'"
        " and channel = '民意速办'",
    )
    usual = one(
        rows,
        "select avg((hour(created_at) in (22, 23, 0, 1))::int) from petition where category_1 = '劳动就业'"
        " and channel = '民意速办'",
    )
    assert night > 3 * usual
    assert one(rows, "select avg((hour(created_at) between 2 and 5)::int) from petition") < 0.02
    assert (
        one(
            rows,
            "select count(*) from petition where channel = '国际服务中心' and hour(created_at) not between 9 and 17",
        )
        == 0
    )


def test_weekdays(rows: duckdb.DuckDBPyConnection) -> None:
    counts = dict(
        rows.execute(
            "select isodow(created_at), count(*) from petition where channel = '民意速办' group by 1"
        ).fetchall()
    )
    assert counts[1] > counts[3] > counts[7]
    assert 0.6 < counts[7] / counts[1] < 0.85


def test_holidays(rows: duckdb.DuckDBPyConnection) -> None:
    """The week of the national day 2022 against the weeks round it, in a channel that was open all the time."""
    holiday = one(
        rows,
        "select count(*) from petition where channel = '民意速办' and created_at >= '2022-10-01' and"
        " created_at < '2022-10-08'",
    )
    before = one(
        rows,
        "select count(*) from petition where channel = '民意速办' and created_at >= '2022-09-17' and"
        " created_at < '2022-09-24'",
    )
    assert holiday < 0.8 * before


@pytest.mark.parametrize(
    ("category", "high", "low"),
    [
        ("道路积水", (6, 8), (12, 1)),
        ("工程欠薪", (1, 12), (6, 8)),
        ("学位申请", (4, 5), (10, 11)),
        ("广场舞噪音", (6, 8), (1, 2)),
    ],
)
def test_seasons(rows: duckdb.DuckDBPyConnection, category: str, high: tuple[int, int], low: tuple[int, int]) -> None:
    sql = (
        f"select count(*) from petition where category_3 = '{category}' and month(created_at) in {{}}"
        " and channel in ('民意速办', '电话', '网络')"
    )
    assert one(rows, sql.format(high)) > 1.8 * one(rows, sql.format(low))


def test_promises_are_mostly_kept(rows: duckdb.DuckDBPyConnection) -> None:
    contact = one(
        rows,
        "select avg(coalesce(first_contact_at <= accepted_at + interval 15 minutes, false)::int) from petition"
        " where accepted_at < timestamp '2023-07-03 23:45'",
    )
    simple = one(
        rows,
        "select avg(coalesce(closed_at <= accepted_at + interval 24 hours, false)::int) from petition"
        " where complexity = '简单' and accepted_at < timestamp '2023-07-03'",
    )
    opinion = one(
        rows,
        "select avg(coalesce(opinion_at <= accepted_at + interval 72 hours, false)::int) from petition"
        " where complexity = '复杂' and accepted_at < timestamp '2023-07-01'",
    )
    assert 0.91 < contact < 0.95
    assert 0.88 < simple < 0.93
    assert 0.88 < opinion < 0.95


def test_something_is_late_and_something_is_hard(rows: duckdb.DuckDBPyConnection) -> None:
    late = one(
        rows,
        "select count(*) from petition where closed_at is null"
        " and coalesce(due_at, accepted_at + interval 24 hours) < timestamp '2023-07-04'",
    )
    assert 60 < late < 500
    assert one(rows, "select count(*) from hard_case where cleared_on is null") > 10
    assert one(rows, "select count(*) from hard_case where cleared_on is null and promised_on < '2023-07-04'") > 2
    assert one(rows, "select count(*) from hard_case where cleared_on > promised_on") > 10


def test_communities_differ_as_they_were_made(rows: duckdb.DuckDBPyConnection, told: Scenario) -> None:
    truth = world.make(told, int(told.settings["seed"])).quality
    found = rows.execute(
        "select community_code, avg(followup_resolved::int) from petition where followup_valid and"
        " community_code <> 'none' group by 1 order by 1"
    ).fetchall()
    codes = [code for code, _ in found]
    assert codes == sorted(told.codes)
    measured = np.array([rate for _, rate in found])
    expected = truth[[told.codes.index(code) for code in codes]]
    assert np.corrcoef(measured, expected)[0, 1] > 0.85
    assert set(np.argsort(measured)[:2]) == set(np.argsort(expected)[:2])
    assert np.argmax(measured) == np.argmax(expected)


def test_volume_follows_population(rows: duckdb.DuckDBPyConnection) -> None:
    frame = rows.execute(
        "select p.population, count(*) as n from petition join population p using (community_code) group by"
        " p.community_code, p.population"
    ).df()
    assert frame["n"].corr(frame["population"]) > 0.8


def test_repeats_and_callers(rows: duckdb.DuckDBPyConnection) -> None:
    share = one(rows, "select (select count(*) from repeat_link) / (select count(*) from petition)::double")
    assert 0.03 < share < 0.09
    assert one(rows, "select count(distinct tier) from repeat_link") == 2
    several = one(rows, "select avg((n > 1)::int) from (select caller, count(*) as n from petition group by 1)")
    assert 0.2 < several < 0.7
    assert one(rows, "select max(n) from (select caller, count(*) as n from petition group by 1)") < 150


def test_units_work_in_parallel(rows: duckdb.DuckDBPyConnection) -> None:
    assert 0.1 < one(rows, "select avg((role = '协办')::int) from dispatch") < 0.4
    assert 0.02 < one(rows, "select avg((returned_at is not null)::int) from dispatch where role = '主办'") < 0.1
    assert (
        one(
            rows,
            "select max(n) from (select count(*) filter (where role = '协办') as n from dispatch group by petition_id)",
        )
        == 3
    )
    right = one(
        rows, "select avg((suggested_unit = unit)::int) from dispatch where sequence = 1 and returned_at is null"
    )
    assert 0.8 < right < 0.97


@pytest.mark.parametrize(
    ("community", "category"), [("翻身社区", "市政设施"), ("海裕社区", "物业管理"), ("新乐社区", "噪音扰民")]
)
def test_incidents_of_the_last_week_stand_out(rows: duckdb.DuckDBPyConnection, community: str, category: str) -> None:
    weeks = rows.execute(
        "select date_trunc('week', created_at)::date::varchar, count(*) from petition where community_name"
        " = ? and category_1 = ?"
        " and created_at >= '2023-04-03' and created_at < '2023-07-03' group by 1 order by 1",
        [community, category],
    ).fetchall()
    earlier = [n for week, n in weeks if week < "2023-06-26"]
    last = dict(weeks)["2023-06-26"]
    assert last > 2 * max(earlier)


def test_one_estate_holds_the_property_quarrel(rows: duckdb.DuckDBPyConnection) -> None:
    top = rows.execute(
        "select estate_code, count(*) from petition where community_name = '海裕社区' and category_1 = '物业管理'"
        " and created_at >= '2023-06-25' and estate_code is not null group by 1 order by 2 desc limit 1"
    ).fetchall()
    assert top[0][1] >= 30


def test_unlocated_are_few_and_counted(rows: duckdb.DuckDBPyConnection) -> None:
    share = one(rows, "select avg((community_code = 'none')::int) from petition")
    assert 0.005 < share < 0.03
    assert (
        one(rows, "select count(*) from petition where (community_code = 'none') <> (community_source = 'none')") == 0
    )
