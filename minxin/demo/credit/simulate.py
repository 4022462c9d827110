"""The whole simulation of the credit half, into one batch of the lake."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from minxin.demo.credit import bulk, business, city, events, firms, policies
from minxin.demo.credit.settings import Told, load
from minxin.demo.simulate import SOURCE, Progress
from minxin.demo.store import Store
from minxin.settings import Home
from minxin.warehouse.lake import Lake, Manifest
from minxin.warehouse.lock import writing

log = logging.getLogger(__name__)
MAPPING = "demo-credit"


@dataclass(frozen=True)
class Outcome:
    """What one simulation wrote: rows by table, and how the firms are described."""

    rows: dict[str, int]
    fields: list[dict[str, Any]]
    unlocated: int
    as_of: datetime


def write(folder: Path, told: Told, progress: Progress | None = None) -> Outcome:
    """Simulate into ``folder/<table>/month=…``; the same settings give the same rows."""
    say = progress or (lambda share, text: None)
    say(0.0, "模拟企业")
    made = firms.make(told)
    store = Store(folder, main="enterprise")
    store.add("enterprise", firms.table(told, made), None)
    say(0.1, "模拟处罚、名单与线索")
    happened = events.make(told, made)
    say(0.25, "模拟信贷、检查与园区")
    dealings = business.make(told, made, happened.troubles)
    listed, loans = happened.tables["list_entry"][0], dealings["loan"][0]
    known = policies.members(
        made,
        ("redlisted", listed.filter(pc.equal(listed["list"], "红名单"))),
        ("blacklisted", listed.filter(pc.equal(listed["list"], "黑名单"))),
        ("merchant", dealings["merchant"][0]),
        ("borrower", loans.filter(pc.is_valid(loans["drawn_on"]))),
    )
    matched = policies.matches(told, told.policies, made, happened.troubles, known)
    for tables in (happened.tables, dealings, city.make(told), {"policy_match": matched}):
        for name, (table, day) in tables.items():
            store.add(name, table, day)
    store.close()
    count = bulk.write(
        folder, told, made, happened.records, happened.records_day, lambda share, text: say(0.35 + 0.65 * share, text)
    )
    as_of = datetime(1970, 1, 1) + timedelta(days=told.last)
    return Outcome({**store.rows, "credit_record": count}, store.fields(), store.unlocated, as_of)


def simulate(home: Home, told: Told, progress: Progress | None = None) -> Manifest:
    """One new batch in a demo home; the batches of earlier simulations of credit are withdrawn.

    Raises Refused for a home of real data.
    """
    home.open(kind="demo")
    lake = Lake(home)
    with writing(home):
        earlier = [m.batch_id for m in lake.batches() if m.mapping == MAPPING and m.source == SOURCE]
        with lake.writer(source=SOURCE, mapping=MAPPING, who="demo", table="enterprise") as batch:
            outcome = write(batch.folder, told, progress)
            count = outcome.rows["enterprise"]
            others = sum(outcome.rows.values()) - count
            batch.finish(
                rows=count,
                accepted=count,
                replaced=0,
                repeated=0,
                rejected=0,
                fields=outcome.fields,
                unlocated=outcome.unlocated,
                located={"code": count - outcome.unlocated, "none": outcome.unlocated},
                as_of=outcome.as_of,
                notes=[
                    f"模拟数据，另有信用信息 {outcome.rows['credit_record']} 条，"
                    f"处罚、名单、信贷、检查等记录 {others - outcome.rows['credit_record']} 行。"
                ],
            )
        for batch_id in earlier:
            lake.withdraw(batch_id, who="demo", reason="重新模拟")
            log.info("withdrew the earlier simulation %s", batch_id)
        return next(m for m in lake.batches() if m.batch_id == batch.id)


__all__ = ["MAPPING", "Outcome", "load", "simulate", "write"]
