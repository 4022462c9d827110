"""The engine of the risk classes on a few hand-written facts, without a lake: what its tests share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from minxin.settings import ROOT
from minxin.warehouse import risk_rules
from minxin.warehouse.build import models
from minxin.warehouse.risk_rules import Rules

RULES = risk_rules.read_rules(ROOT / "data" / "rules" / "risk.toml")
AS_OF = dt.datetime(2023, 7, 4)
INPUTS = {
    "dim_enterprise": "uscc varchar, registered_on date, capital double, staff bigint, status varchar,"
    " sector_code varchar, community_code varchar, county_code varchar, industry_section varchar, park_code varchar,"
    " batch_id varchar",
    "fct_penalty": "penalty_id varchar, uscc varchar, severity varchar, field varchar, kind varchar, amount double,"
    " decided_on date, published_on date, fulfilled_on date, visible_until date,"
    " batch_id varchar",
    "fct_enforcement": "case_id varchar, uscc varchar, kind varchar, outcome varchar, amount double,"
    " discovered_on date, commitment_on date, commitment_until date, closed_on date, visible_until date,"
    " batch_id varchar",
    "fct_list_entry": "entry_id varchar, uscc varchar, list varchar, entered_on date, valid_until date,"
    " removed_on date, batch_id varchar",
    "fct_inspection": "inspection_id varchar, uscc varchar, inspected_on date, has_problem boolean, batch_id varchar",
    "fct_merchant": "merchant_id varchar, uscc varchar, complaints bigint, named_on date, batch_id varchar",
    "config_revoked": "record_id varchar, revoked_on date",
    "lake_credit_record": "record_id varchar, uscc varchar, type_code varchar, amount double, issued_on date,"
    " published_on date, valid_until date, _batch varchar",
}
Facts = Mapping[str, Sequence[Mapping[str, Any]]]
#: An ordinary firm: five years old, with capital and staff, in no supervised sector.
FIRM = {
    "registered_on": dt.date(2018, 1, 1), "capital": 100.0, "staff": 12, "status": "存续",
    "community_code": "none", "county_code": "410602", "industry_section": "F",
}  # fmt: skip


@contextmanager
def engine(
    facts: Facts, rules: Rules = RULES, as_of: dt.datetime = AS_OF, months: int = risk_rules.MONTHS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with all models of the risk classes made from the facts."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, columns in INPUTS.items():
            connection.execute(f"create table {name} ({columns})")
            known = [column.split()[0] for column in columns.split(",")]
            rows = [[({**FIRM, **row} if name == "dim_enterprise" else row).get(c) for c in known]
                    for row in facts.get(name, ())]  # fmt: skip
            if rows:
                connection.executemany(f"insert into {name} values ({', '.join('?' for _ in known)})", rows)
        for name, rows in risk_rules.rows(rules, risk_rules.months(as_of, months)).items():
            columns = ", ".join(f"{c} {kind}" for c, kind in risk_rules.TABLES[name].items())
            connection.execute(f"create table {name} ({columns})")
            if rows:
                connection.executemany(f"insert into {name} values ({', '.join('?' for _ in rows[0])})", rows)
        for name, file in models().items():
            if "risk" in name:
                connection.execute(f"create table {name} as {_sql(file)}")
        yield connection


def _sql(file: Path) -> str:
    return file.read_text(encoding="utf-8").rstrip().rstrip(";")


def classes(facts: Facts, uscc: str = "x", **more: Any) -> dict[str, str]:
    """Month (2023-06) → class of one firm."""
    with engine(facts, **more) as held:
        found = held.execute(
            "select substr(cast(month_start as varchar), 1, 7), risk_class from mart_risk where uscc = ? order by 1",
            [uscc],
        ).fetchall()
    return dict(found)


def newest(facts: Facts, uscc: str = "x", **more: Any) -> tuple[str, float, list[str]]:
    """Class, score and reasons of one firm in the newest month."""
    with engine(facts, months=1, **more) as held:
        [(said, score)] = held.execute("select risk_class, score from mart_risk where uscc = ?", [uscc]).fetchall()
        reasons = held.execute("select reason_code from mart_risk_reason where uscc = ? order by 1", [uscc]).fetchall()
    return said, score, [code for (code,) in reasons]
