"""How many petitions come in by which channel on which day, and the evenings and visits that bring some of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
import numpy as np

from minxin.demo.draw import DAY, HOUR, MINUTE, Bools, Floats, Ints, generator, pick, shares
from minxin.demo.scenario import Channel, Scenario, day_number
from minxin.demo.world import World, estate_of

RAINY = "雨季"


@dataclass(frozen=True)
class Sessions:
    """Evening sessions: one row each, in order of time."""

    day: Ints
    community: Ints
    estate: Ints
    visitors: Ints
    demands: Ints


@dataclass(frozen=True)
class Visits:
    """Households visited: one row each, in order of time; ``moment`` in seconds since 1970."""

    day: Ints
    moment: Ints
    community: Ints
    estate: Ints
    demands: Ints


@dataclass(frozen=True)
class Plan:
    """The timetable of a run; ``counts`` is (channels, days)."""

    total: int
    scale: float
    counts: Ints
    storms: Bools
    months: Ints
    sessions: Sessions
    visits: Visits


def make(scenario: Scenario, world: World, petitions: int, seed: int) -> Plan:
    """Spread ``petitions`` over channels and days; the published channels keep their counts."""
    days = [date(1970, 1, 1) + timedelta(days=d) for d in range(scenario.first, scenario.last)]
    months = np.array([d.month - 1 for d in days], dtype=np.int64)
    rain = np.asarray(scenario.settings["calendar"]["storm_chance"], dtype=np.float64)[months]
    storms = generator(seed, "storms").random(len(days)) < rain
    level = _level(scenario, months, storms) * _weekly(scenario, days)
    grown = iter(shares(petitions - scenario.fewest, [c.share for c in scenario.growing]))
    counts = np.zeros((len(scenario.channels), len(days)), dtype=np.int64)
    for row, channel in enumerate(scenario.channels):
        if not channel.sessions and channel.households is None:
            total = int(next(grown)) if channel.total is None else channel.total
            counts[row] = _daily(scenario, channel, total, level, seed)
    return Plan(
        total=petitions,
        scale=max(1.0, petitions / int(scenario.settings["default_petitions"])),
        counts=counts,
        storms=storms,
        months=months,
        sessions=_sessions(scenario, world, seed),
        visits=_visits(scenario, world, seed),
    )


def _level(scenario: Scenario, months: Ints, storms: Bools) -> Floats:
    """How much the mix of subjects lifts or lowers each day, from season and storms."""
    season = scenario.settings["season"]
    factor = float(scenario.settings["calendar"]["storm_factor"])
    total = np.zeros(len(months))
    for subject in scenario.subjects:
        by_month = np.asarray(season[subject.season], dtype=np.float64)[months]
        total += subject.weight * by_month * np.where(storms & (subject.season == RAINY), factor, 1.0)
    return total / sum(s.weight for s in scenario.subjects)


def _weekly(scenario: Scenario, days: list[date]) -> Floats:
    """Weekdays, public holidays and make-up workdays."""
    rule = scenario.settings["calendar"]
    result = np.empty(len(days))
    for i, day in enumerate(days):
        is_holiday, name = chinese_calendar.get_holiday_detail(day)
        if is_holiday and name:
            result[i] = rule["holiday"]
        elif day.weekday() >= 5 and not is_holiday:
            result[i] = rule["makeup"]
        else:
            result[i] = rule["weekday"][day.weekday()]
    return result


def _daily(scenario: Scenario, channel: Channel, total: int, level: Floats, seed: int) -> Ints:
    """A channel's petitions per day: level, slow growth, a warming-up quarter and noise above Poisson."""
    rng = generator(seed, "days", channel.name)
    rule = scenario.settings["calendar"]
    age = np.arange(scenario.first, scenario.last) - day_number(channel.since)
    growth = (1 + rule["yearly_growth"]) ** (np.arange(len(age)) / 365.0)
    new = channel.since > date.fromordinal(date(1970, 1, 1).toordinal() + scenario.first)
    warming = np.clip((age + 30) / 120, 0, 1) if new else 1.0
    noise = rng.gamma(rule["noise"], 1 / rule["noise"], len(age))
    weights = np.where(age >= 0, level * growth * warming * noise, 0.0)
    return rng.multinomial(total, weights / weights.sum()).astype(np.int64)


def _sessions(scenario: Scenario, world: World, seed: int) -> Sessions:
    """Every week's evening in every community; estates take turns."""
    rng = generator(seed, "sessions")
    channel = next(c for c in scenario.channels if c.sessions)
    rule = channel.sessions
    days = np.arange(day_number(rule["first"]), day_number(rule["last"]) + 1, 7)
    communities = len(scenario.codes)
    day = np.repeat(days, communities)
    community = np.tile(np.arange(communities), len(days))
    turn = np.repeat(np.arange(len(days)), communities)
    size = np.diff(world.estate_first)[community]
    # Every third evening is held in the community's own rooms, the others go from estate to estate.
    estate = np.where(turn % 3 == 0, -1, world.estate_first[community] + (turn - turn // 3 - 1) % size)
    weights = (scenario.population / scenario.population.mean())[community] ** 0.6
    weights *= rng.gamma(5.0, 0.2, len(day))
    visitors = 1 + shares(int(rule["visitors"]) - len(day), weights)
    demands = shares(int(channel.total or 0), visitors * rng.gamma(20.0, 0.05, len(day)))
    return Sessions(day=day, community=community, estate=estate, visitors=visitors, demands=demands)


def _visits(scenario: Scenario, world: World, seed: int) -> Visits:
    """Each household once, on workday afternoons and evenings and at weekends."""
    rng = generator(seed, "visits")
    channel = next(c for c in scenario.channels if c.households is not None)
    households = int(channel.households or 0)
    days = np.arange(day_number(channel.since), scenario.last)
    weekday = (days + 3) % 7
    day = np.sort(days[pick(rng, np.where(weekday == 2, 0.5, np.where(weekday >= 5, 1.3, 1.0)), size=households)])
    community = pick(rng, scenario.population * scenario.appetite, size=households)
    hour = pick(rng, np.asarray(scenario.settings["hours"][channel.hours]), size=households)
    moment = day * DAY + hour * HOUR + rng.integers(0, 60 * MINUTE, households)
    demands = np.zeros(households, dtype=np.int64)
    chosen = pick(rng, rng.gamma(3.0, 1.0, households), size=int(channel.total or 0))
    np.add.at(demands, chosen, 1)
    order = np.argsort(moment, kind="stable")
    estate = estate_of(world, community, rng)
    return Visits(day[order], moment[order], community[order], estate[order], demands[order])
