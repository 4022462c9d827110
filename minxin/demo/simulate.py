"""The whole simulation: petitions month by month in bounded memory, into one batch of the lake."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from minxin.demo import places, plan, scenario, world
from minxin.demo.arrivals import Source
from minxin.demo.handling import handle
from minxin.demo.rows import Rows
from minxin.demo.store import Store
from minxin.settings import Deployment, Home, Unusable
from minxin.warehouse.lake import Lake, Manifest
from minxin.warehouse.lock import writing

log = logging.getLogger(__name__)
SOURCE = "模拟"
MAPPING = "demo"
MOST = 50_000_000
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Outcome:
    """What one simulation wrote: rows by table, and how the petitions are described."""

    rows: dict[str, int]
    fields: list[dict[str, Any]]
    unlocated: int
    as_of: datetime


def size_for(told: scenario.Scenario, petitions: int | None) -> int:
    """How many petitions to simulate: never fewer than the published channels have.

    Raises Unusable for a number nobody can use.
    """
    if petitions is None:
        return int(told.settings["default_petitions"])
    if not 1 <= petitions <= MOST:
        raise Unusable(f"诉求件数 {petitions} 不能使用，请给出 1 至 {MOST} 之间的整数。")
    return max(petitions, told.fewest)


def write(
    folder: Path,
    deployment: Deployment,
    petitions: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Simulate into ``folder/<table>/month=…``; the same seed and number give the same rows.

    Raises Refused when the deployment has no scenario, Unusable when its files or the number are faulty.
    """
    say = progress or (lambda share, text: None)
    told = scenario.load(deployment)
    chosen = int(told.settings["seed"]) if seed is None else seed
    place = world.make(told, chosen)
    timetable = plan.make(told, place, size_for(told, petitions), chosen)
    source, rows, store = Source(told, place, timetable, chosen), Rows(told, place, chosen), Store(folder)
    fixed = source.published()
    visited = np.full(len(timetable.visits.day), -1, dtype=np.int64)
    own = np.flatnonzero(fixed.visit >= 0)[::-1]
    visited[fixed.visit[own]] = fixed.subject[own]
    for name, (table, days) in places.tables(told, place, timetable, visited, chosen).items():
        store.add(name, table, days)
    for name, (table, days) in rows.all(fixed, handle(fixed, told, place, chosen, "published"), "published").items():
        store.add(name, table, days)
    months = _months(told)
    for number, (first, last) in enumerate(months):
        label = (date(1970, 1, 1) + timedelta(days=told.first + first)).strftime("%Y-%m")
        say(number / len(months), f"模拟 {label}")
        store.write_before(label)
        arrivals = source.grown(first, last)
        if len(arrivals):
            name = f"grown-{first}"
            for table_name, (table, days) in rows.all(
                arrivals, handle(arrivals, told, place, chosen, name), name
            ).items():
                store.add(table_name, table, days)
    store.close()
    as_of = datetime(1970, 1, 1) + timedelta(days=told.last)
    return Outcome(rows=dict(store.rows), fields=store.fields(), unlocated=store.unlocated, as_of=as_of)


def _months(told: scenario.Scenario) -> list[tuple[int, int]]:
    """Half-open ranges of days, counted from the first, one per calendar month."""
    days = [date(1970, 1, 1) + timedelta(days=d) for d in range(told.first, told.last)]
    starts = [i for i, day in enumerate(days) if i == 0 or day.day == 1]
    return list(zip(starts, [*starts[1:], len(days)], strict=True))


def simulate(
    home: Home, petitions: int | None = None, seed: int | None = None, progress: Progress | None = None
) -> Manifest:
    """One new batch in a demo home; the batches of earlier simulations are withdrawn.

    Raises Refused for a home of real data, and whatever ``write`` raises.
    """
    home.open(kind="demo")
    lake = Lake(home)
    with writing(home):
        earlier = [m.batch_id for m in lake.batches() if m.mapping == MAPPING and m.source == SOURCE]
        with lake.writer(source=SOURCE, mapping=MAPPING, who="demo", table="petition") as batch:
            outcome = write(batch.folder, home.deployment, petitions, seed, progress)
            count = outcome.rows["petition"]
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
                notes=[f"模拟数据，另有派单、联系、回访等记录 {others} 行。"],
            )
        for batch_id in earlier:
            lake.withdraw(batch_id, who="demo", reason="重新模拟")
            log.info("withdrew the earlier simulation %s", batch_id)
        return next(m for m in lake.batches() if m.batch_id == batch.id)
