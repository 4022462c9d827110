"""Arrow tables of what stands still: communities' population, estates, units, sites, sessions, visits, persons."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from minxin.demo.draw import DAY, HOUR, MINUTE, Ints, generator
from minxin.demo.plan import Plan
from minxin.demo.rows import as_table, dates, moments, padded, staff_codes, where
from minxin.demo.scenario import Scenario
from minxin.demo.texts import chosen, codes, join, same
from minxin.demo.world import COMMUNITY_UNIT, World, short

SOURCE = "模拟"
PIONEERS = 20
STUDIOS = 5
CENTRES_BY = date(2023, 12, 31)
SHOWN_ON = date(2023, 7, 4)
#: Entries of plus and minus points for one community and month on average, and what they are for.
POINTS_A_MONTH = 0.35
POINT_SHARES = {
    "主动治理": 0.2,
    "首办办结": 0.25,
    "如期销账": 0.2,
    "推诿退单": 0.15,
    "重办超期": 0.15,
    "虚假办结": 0.05,
}
#: Service points below the stations: where they lean on, and about how many there are of each.
POINTS = {
    "薪火小站": 16,
    "暖蜂驿站": 14,
    "新时代文明实践点": 21,
    "商场服务点": 10,
    "园区服务点": 12,
    "楼宇服务点": 9,
    "城中村服务点": 11,
}


def tables(
    scenario: Scenario, world: World, plan: Plan, visited: Ints, seed: int
) -> dict[str, tuple[pa.Table, Ints | None]]:
    """Every such table with the day (since 1970) that partitions each row, None where it has no month.

    ``visited`` is the position of the category that each household visited spoke of first, -1 for none.
    """
    return {
        "population": (_population(scenario), None),
        "estate": (_estates(scenario, world, seed), None),
        "department": (_departments(scenario, world), None),
        "site": (_sites(scenario, world, seed), None),
        "pioneer": (_pioneers(scenario, world, seed), None),
        "action": (_actions(scenario), None),
        "point": _points(scenario, seed),
        "night_talk": (_night_talks(scenario, world, plan, seed), plan.sessions.day),
        "home_visit": (_home_visits(scenario, world, plan, visited, seed), plan.visits.day),
    }


def _located(scenario: Scenario, community: Ints) -> dict[str, pa.Array]:
    return {
        "community_code": chosen(scenario.codes, community),
        "community_name": chosen(scenario.names, community),
        "community_source": same("code", len(community)),
    }


def _population(scenario: Scenario) -> pa.Table:
    size = len(scenario.codes)
    columns = {
        **_located(scenario, np.arange(size)),
        "counted_on": pa.array([date(2022, 12, 31)] * size, type=pa.date32()),
        "population": pa.array(scenario.population),
        "households": pa.array(scenario.households),
        "source": same(SOURCE, size),
    }
    return as_table("population", columns, size)


def _estates(scenario: Scenario, world: World, seed: int) -> pa.Table:
    rng = generator(seed, "estates")
    columns = {
        "estate_code": pa.array(world.estate_codes),
        "name": pa.array(world.estate_names),
        **_located(scenario, world.estate_community),
        "households": pa.array(world.estate_households),
        "longitude": pa.array(world.longitude[:, 0]),
        "latitude": pa.array(world.latitude[:, 0]),
        "council": pa.array(rng.random(world.estates) < 0.22),
    }
    return as_table("estate", columns, world.estates)


def _departments(scenario: Scenario, world: World) -> pa.Table:
    rows = [row for row in scenario.units if row["unit"] != COMMUNITY_UNIT]
    local = next(row for row in scenario.units if row["unit"] == COMMUNITY_UNIT)
    levels = [row["level"] for row in rows] + [local["level"]] * len(scenario.codes)
    parents = [row["parent"] or None for row in rows] + [local["parent"]] * len(scenario.codes)
    columns = {
        "unit": pa.array(world.units),
        "level": pa.array(levels),
        "parent": pa.array(parents, type=pa.string()),
    }
    return as_table("department", columns, len(world.units))


def _sites(scenario: Scenario, world: World, seed: int) -> pa.Table:
    rng = generator(seed, "sites")
    communities = len(scenario.codes)
    rows: list[dict[str, object]] = []

    def add(level: str, name: str, community: int, **more: object) -> None:
        estate = int(rng.integers(0, world.estate_first[community + 1] - world.estate_first[community]))
        place = int(world.estate_first[community]) + estate
        point = int(rng.integers(0, world.longitude.shape[1]))
        own = {
            "site_id": f"ZD{len(rows) + 1:03d}",
            "level": level,
            "name": name,
            "community": community,
            "longitude": float(world.longitude[place, point]),
            "latitude": float(world.latitude[place, point]),
            "status": "启用",
        }
        rows.append(own | more)

    add("办理中心", "街道民生诉求办理中心", int(np.argmax(scenario.appetite)), posts=18, opened_on=date(2022, 6, 1))
    for c in range(communities):
        opened = date(2023, int(rng.integers(1, 4)), int(rng.integers(1, 28)))
        name = f"{short(scenario.names[c])}民生诉求服务站"
        add("服务站", name, c, posts=int(rng.integers(2, 6)), opened_on=opened, scene="党群服务中心")
    for c in range(communities):
        # Presented at the meeting, to be finished within the year (DOMAIN C09): the state says so.
        name = f"{short(scenario.names[c])}社区邻里中心"
        add("邻里中心", name, c, opened_on=SHOWN_ON, target_on=CENTRES_BY, status="亮相", scene="邻里中心")
    turn = rng.permutation(communities)
    for kind, count in POINTS.items():
        for i in range(count):
            c = int(turn[i % communities])
            opened = date(2023, int(rng.integers(2, 7)), int(rng.integers(1, 28)))
            label = kind.removesuffix("服务点") + ("诉求服务点" if kind.endswith("服务点") else "")
            estate = int(rng.integers(0, world.estate_first[c + 1] - world.estate_first[c])) + int(
                world.estate_first[c]
            )
            add(
                "服务点",
                f"{short(scenario.names[c])}{label}",
                c,
                posts=int(rng.integers(1, 3)),
                opened_on=opened,
                scene=kind,
                estate_code=world.estate_codes[estate],
            )
    for i in range(STUDIOS):
        add("工作室", f"工作室{i + 1:02d}", int(turn[i]), posts=2, opened_on=date(2023, 5, 8), scene="邻里中心")
    community = np.array([row.pop("community") for row in rows], dtype=np.int64)
    names = (
        "site_id",
        "level",
        "name",
        "estate_code",
        "scene",
        "posts",
        "longitude",
        "latitude",
        "opened_on",
        "target_on",
        "status",
    )
    columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
    return as_table("site", {**columns, **_located(scenario, community)}, len(rows))


def _pioneers(scenario: Scenario, world: World, seed: int) -> pa.Table:
    """Persons are codes; the yearly ten are not chosen yet at the data time."""
    rng = generator(seed, "pioneers")
    kinds = ["行动先锋"] * PIONEERS + ["工作室"] * STUDIOS
    names = [f"先锋{i + 1:02d}" for i in range(PIONEERS)] + [f"工作室{i + 1:02d}" for i in range(STUDIOS)]
    size = len(kinds)
    community = np.r_[rng.permutation(len(scenario.codes))[:PIONEERS], rng.permutation(len(scenario.codes))[:STUDIOS]]
    columns = {
        "pioneer_id": join(same("XF", size), padded(np.arange(1, size + 1), 3)),
        "kind": pa.array(kinds),
        "name": pa.array(names),
        **_located(scenario, community),
        "year": pa.array([2023] * size),
        "status": same("亮相", size),
        "person": where(np.array(kinds) == kinds[0], staff_codes(world.community_units[community], 0, seed)),
    }
    return as_table("pioneer", columns, size)


def _actions(scenario: Scenario) -> pa.Table:
    rows = scenario.actions
    columns = {name: pa.array([row[name] for row in rows]) for name in ("action_id", "name", "lead", "target")}
    for name in ("started_on", "due_on"):
        columns[name] = pa.array([date.fromisoformat(row[name]) for row in rows])
    columns["progress"] = pa.array([float(row["progress"]) for row in rows])
    for name in ("milestones", "evidence"):
        columns[name] = pa.array([row[name] or None for row in rows], pa.string())
    return as_table("action", columns, len(rows))


def _points(scenario: Scenario, seed: int) -> tuple[pa.Table, Ints]:
    """Plus and minus points of the months since the first rule, few a month, and the day of each."""
    rng = generator(seed, "points")
    what = np.array([*POINT_SHARES])
    months = [date(2022, 6, 1), date(2023, 7, 1)]
    first, last = (int(np.datetime64(day).astype(np.int64)) for day in months)
    size = int(rng.poisson(POINTS_A_MONTH * (last - first) / 30.4 * len(scenario.codes)))
    day = np.sort(rng.integers(first, last - 4, size))
    columns = {
        "point_id": join(same("JF", size), padded(np.arange(1, size + 1), 5)),
        "point": chosen(list(what), rng.choice(len(what), size, p=list(POINT_SHARES.values()))),
        **_located(scenario, rng.integers(0, len(scenario.codes), size)),
        "cases": pa.array(np.ones(size, dtype=np.int64)),
        "happened_on": dates(day * DAY),
        "evidence": same("见考核台账", size),
        "approved_by": same("考核办主任", size),
        "approved_at": moments((day + rng.integers(1, 4, size)) * DAY + 17 * HOUR),
    }
    return as_table("point", columns, size), day


def _night_talks(scenario: Scenario, world: World, plan: Plan, seed: int) -> pa.Table:
    rng = generator(seed, "night talks")
    held = plan.sessions
    size = len(held.day)
    rule = next(c.sessions for c in scenario.channels if c.sessions)
    # Nearly all begin on time; some end a little later than planned.
    late = np.where(rng.random(size) < 0.06, rng.integers(3, 16, size), 0) * MINUTE
    over = np.where(rng.random(size) < 0.3, rng.integers(1, 26, size), 0) * MINUTE
    start = held.day * DAY + rule["start_hour"] * HOUR
    end = held.day * DAY + rule["end_hour"] * HOUR
    outside = held.estate >= 0
    venues = scenario.phrases["venues"]
    columns = {
        "session_id": join(same("YHC", size), padded(np.arange(1, size + 1), 4)),
        "held_on": dates(held.day * DAY),
        "started_at": moments(start + late),
        "ended_at": moments(end + over),
        **_located(scenario, held.community),
        "estate_code": where(outside, chosen(world.estate_codes, np.maximum(held.estate, 0))),
        "venue": chosen(venues, np.where(outside, rng.integers(1, len(venues), size), 0)),
        "leader": join(same("领导", size), padded(1 + (held.community + held.day // 7) % 9, 2)),
        "visitors": pa.array(held.visitors),
    }
    return as_table("night_talk", columns, size)


def _home_visits(scenario: Scenario, world: World, plan: Plan, visited: Ints, seed: int) -> pa.Table:
    rng = generator(seed, "home visits")
    made = plan.visits
    size = len(made.day)
    columns = {
        "visit_id": join(same("ZF", size), padded(np.arange(1, size + 1), 5)),
        "visited_on": dates(made.day * DAY),
        **_located(scenario, made.community),
        "estate_code": chosen(world.estate_codes, made.estate),
        "household": codes(np.arange(size), seed + 2),
        "visitor": join(same("走访员", size), padded(1 + rng.integers(0, 60, size), 2)),
        "demands": pa.array(made.demands),
        "category_1": where(visited >= 0, chosen([s.category_1 for s in scenario.subjects], np.maximum(visited, 0))),
    }
    return as_table("home_visit", columns, size)
