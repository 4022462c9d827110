"""The simulated firms: decided by the seed, valid but impossible codes, believable, and the published sums exact."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from minxin.demo.credit import settings, simulate
from minxin.ingest.codes import uscc_fault
from minxin.settings import Deployment, Unusable, load_deployment
from minxin.tables import tables
from tests.demo.conftest import FIRMS, RECORDS, opened
from tests.support import ROOT


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return load_deployment(ROOT / "data")


def contents(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = opened(folder)
    return {
        name: connection.execute(f"select * from {name} order by all").fetchall()
        for name in tables()
        if (folder / name).is_dir()
    }


def test_the_seed_decides_every_row(tmp_path: Path, deployment: Deployment) -> None:
    for name, seed in (("one", 5), ("again", 5), ("other", 6)):
        simulate.write(tmp_path / name, settings.load(deployment, 700, 6_000, seed))
    one, again, other = (contents(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert one["enterprise"] != other["enterprise"] and one["credit_record"] != other["credit_record"]
    assert len(one["credit_record"]) == len(other["credit_record"]) == 6_000


def test_codes_are_valid_and_of_no_real_place(rows: duckdb.DuckDBPyConnection) -> None:
    codes = [code for (code,) in rows.execute("select uscc from enterprise").fetchall()]
    assert len(set(codes)) == len(codes) > FIRMS
    assert not [code for code in codes if uscc_fault(code) or code[2:8] != "999999"]
    assert {code[:2] for code in codes} >= {"91", "93"}


def test_everybody_spoken_of_is_there(rows: duckdb.DuckDBPyConnection) -> None:
    for name in ("credit_record", "penalty", "repair", "loan", "inspection", "list_entry", "merchant", "policy_match"):
        assert rows.execute(f"select count(*) from {name} anti join enterprise using (uscc)").fetchall() == [(0,)], name
    # Offices of the state are no enterprises; all their debts are paid.
    offices = rows.execute(
        "select count(*) filter (where debtor_kind = '企业' or outcome <> '退出')"
        " from enforcement anti join enterprise using (uscc)"
    ).fetchall()
    assert offices == [(0,)]


def test_nothing_happens_before_the_firm_or_after_the_data(rows: duckdb.DuckDBPyConnection) -> None:
    days = {
        "penalty": "decided_on", "enforcement": "discovered_on", "list_entry": "entered_on", "loan": "registered_on",
        "inspection": "inspected_on", "policy_match": "matched_on", "park_benefit": "granted_on",
    }  # fmt: skip
    for name, day in days.items():
        wrong = rows.execute(
            f"select count(*) from {name} join enterprise as e using (uscc) where {name}.{day} < e.registered_on"
        ).fetchall()
        assert wrong == [(0,)], name
        for column in tables()[name].columns:
            if column.past:
                late = rows.execute(f"select count(*) from {name} where {column.name} >= '2023-07-04'").fetchall()
                assert late == [(0,)], (name, column.name)
    early = rows.execute(
        "select count(*) from repair join penalty using (penalty_id)"
        " where applied_on < published_on + interval 3 month or penalty.fulfilled_on is null"
    ).fetchall()
    assert early == [(0,)]


def test_published_sums_are_exact_in_proportion(rows: duckdb.DuckDBPyConnection, deployment: Deployment) -> None:
    told = settings.load(deployment, FIRMS, RECORDS)
    sums = {
        "registered": "select count(*) from loan",
        "whitelist": "select count(whitelisted_on) from loan",
        "repaired": "select count(*) from repair where result = '同意'",
        "red": "select count(*) from list_entry where list = '红名单'",
        "black": "select count(*) from list_entry where list = '黑名单'",
        "merchants": "select count(*) from merchant",
        "found_after": "select count(*) from inspection"
        " where stage = '试点后' and arm in ('风险', '随机') and has_problem",
        "checks": "select sum(calls) * 3000 // 140000 from system_call where kind = '核查'",
    }
    for name, sql in sums.items():
        assert abs(rows.execute(sql).fetchall()[0][0] - told.scaled(name)) <= 1, name
    for name, sql in {
        "credit": "select sum(granted_amount) from loan",
        "loans": "select sum(drawn_amount) from loan",
        "budget": "select sum(amount) from park_benefit where kind = '中央预算内资金'",
    }.items():
        # Whole ten thousands.
        assert abs(rows.execute(sql).fetchall()[0][0] - told.scaled(name)) < 10_000, name
    assert rows.execute("select count(*), count(distinct type_code) from credit_record").fetchall()[0][0] == RECORDS


def test_quality_shows_in_what_happens_and_is_written_nowhere(rows: duckdb.DuckDBPyConnection) -> None:
    """Firms with penalties have cases more often, and red lists hardly ever meet black ones."""
    [(both, one)] = rows.execute(
        "with p as (select uscc, count(*) as n from penalty group by all),"
        " e as (select distinct uscc from enforcement)"
        " select avg((e.uscc is not null)::int) filter (where p.n >= 2),"
        " avg((e.uscc is not null)::int) filter (where p.n is null)"
        " from enterprise left join p using (uscc) left join e using (uscc)"
    ).fetchall()
    assert both > 1.5 * one
    assert not any("quality" in column for table in tables().values() for column in table.names)


@pytest.mark.parametrize(("firms", "records"), [(3, None), (10_000_000, None), (None, -1)])
def test_numbers_nobody_can_use(deployment: Deployment, firms: int | None, records: int | None) -> None:
    with pytest.raises(Unusable):
        settings.load(deployment, firms, records)


def test_a_record_comes_from_the_office_of_its_kind(rows: duckdb.DuckDBPyConnection, deployment: Deployment) -> None:
    """No 限制消费令 of the 卫生健康委员会: the courts issue it."""
    names = {t["type_code"]: t["type_name"] for t in settings.load(deployment).record_types}
    held = rows.execute(
        "select distinct type_code, authority from credit_record where authority is not null"
    ).fetchall()
    office = {names[code]: authority for code, authority in held}
    assert len(office) == len(held), "one office a kind"
    assert office["限制消费令"] == "鹤壁市中级人民法院" and office["住房公积金欠缴"] == "鹤壁市住房公积金管理中心"
    assert office["税务领域行政许可"] == office["欠税公告"] == "鹤壁市税务局"
    told = settings.load(deployment)
    assert all(told.authority(name).startswith("鹤壁市") for name in names.values()), "every kind has one"
