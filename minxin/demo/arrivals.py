"""Who comes when, with what, from where: petitions before anybody has worked on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minxin.demo.draw import DAY, HOUR, Bools, Floats, Ints, flags, generator, pick
from minxin.demo.plan import RAINY, Plan
from minxin.demo.scenario import KINDS, Incident, Scenario
from minxin.demo.world import POINTS, World, estate_of

#: Share of an incident's cases that comes by channels with a published count, where others exist.
PUBLISHED_PART = 0.2
#: A repeat is looked for this far back, in days (mean of an exponential, at most 30).
REPEAT_DAYS = 8.0


@dataclass
class Arrivals:
    """Petitions in order of time; integers are positions, -1 where there is none."""

    channel: Ints
    created: Ints
    subject: Ints
    community: Ints
    estate: Ints
    point: Ints
    kind: Ints
    caller: Ints
    parent: Ints
    tier: Ints
    wording: Ints
    incident: Ints
    visit: Ints

    def __len__(self) -> int:
        return len(self.channel)


class Source:
    """Draws arrivals; holds the tables that do not change during a run."""

    def __init__(self, scenario: Scenario, world: World, plan: Plan, seed: int) -> None:
        self.scenario, self.world, self.plan, self.seed = scenario, world, plan, seed
        self.firsts = sorted({s.category_1 for s in scenario.subjects})
        self.first_of = np.array([self.firsts.index(s.category_1) for s in scenario.subjects], dtype=np.int64)
        self.clocks = sorted(scenario.settings["clock"])
        self.clock_of = np.array([self.clocks.index(s.clock) for s in scenario.subjects], dtype=np.int64)
        self._subjects = np.stack([self._subject_weights(c) for c in range(len(scenario.channels))])
        self._places = self._place_weights()
        self._hours = np.stack([self._hour_weights(c) for c in range(len(scenario.channels))])
        self._affinity = self._affinities()

    # ── tables ──────────────────────────────────────────────────────────────────────────────────

    def _subject_weights(self, channel: int) -> Floats:
        """(24, subjects): by month, and by month with a storm."""
        settings = self.scenario.settings
        boost = self.scenario.channels[channel].boost_2
        base = np.array([s.weight * boost.get(s.category_2, 1.0) for s in self.scenario.subjects])
        season = np.array([settings["season"][s.season] for s in self.scenario.subjects], dtype=np.float64).T
        rainy = np.array([s.season == RAINY for s in self.scenario.subjects])
        storm = np.where(rainy, float(settings["calendar"]["storm_factor"]), 1.0)
        return np.vstack([base * season, base * season * storm])

    def _place_weights(self) -> Floats:
        """(subjects, communities): size, readiness to complain, kind of place, and its own character."""
        rng = generator(self.seed, "character")
        mix = self.scenario.settings["mix"]
        factor = np.array([[mix[p].get(f, 1.0) for p in self.scenario.profile] for f in self.firsts])
        factor = factor * np.exp(0.15 * rng.standard_normal(factor.shape))
        return (self.scenario.population * self.scenario.appetite)[None, :] * factor[self.first_of]

    def _hour_weights(self, channel: int) -> Floats:
        """(clocks, 24) for a channel; the channel's closed hours stay closed."""
        settings = self.scenario.settings
        own = np.asarray(settings["hours"][self.scenario.channels[channel].hours], dtype=np.float64)
        return np.array([settings["clock"][name] for name in self.clocks], dtype=np.float64) * own[None, :]

    def _affinities(self) -> Floats:
        """(kinds, subjects): logarithm of how well a kind goes with a category."""
        given = self.scenario.settings["affinity"]
        table = [[given.get(kind, {}).get(s.category_1, 1.0) for s in self.scenario.subjects] for kind in KINDS]
        return np.log(np.asarray(table, dtype=np.float64))

    # ── drawing ─────────────────────────────────────────────────────────────────────────────────

    def published(self) -> Arrivals:
        """All petitions of the channels with published counts."""
        wanted = [i for i, c in enumerate(self.scenario.channels) if c.total is not None]
        return self._draw(wanted, 0, self.plan.counts.shape[1], "published", with_fixed=True)

    def grown(self, first: int, last: int) -> Arrivals:
        """Petitions of the other channels on the days from ``first`` to before ``last`` (counted from the start)."""
        wanted = [i for i, c in enumerate(self.scenario.channels) if c.total is None]
        return self._draw(wanted, first, last, f"grown-{first}", with_fixed=False)

    def _draw(self, wanted: list[int], first: int, last: int, name: str, *, with_fixed: bool) -> Arrivals:
        rng = generator(self.seed, "arrivals", name)
        counts = self.plan.counts[wanted, first:last]
        channel = np.repeat(np.asarray(wanted, dtype=np.int64), counts.sum(axis=1))
        day = np.concatenate([np.repeat(np.arange(first, last), row) for row in counts]) if len(counts) else channel
        place = np.full(len(channel), -2, dtype=np.int64)
        estate = np.full(len(channel), -2, dtype=np.int64)
        visit = np.full(len(channel), -1, dtype=np.int64)
        moment = np.full(len(channel), -1, dtype=np.int64)
        if with_fixed:
            for extra in (self._from_sessions(rng), self._from_visits()):
                channel, day = np.r_[channel, extra[0]], np.r_[day, extra[1]]
                place, estate = np.r_[place, extra[2]], np.r_[estate, extra[3]]
                visit, moment = np.r_[visit, extra[4]], np.r_[moment, extra[5]]
        size = len(channel)
        subject = self._draw_subjects(rng, channel, day)
        place = np.where(place == -2, pick(rng, self._places, subject), place)
        lost = flags(rng, self.scenario.settings["unlocated_share"], size) & (not with_fixed)
        place = np.where(lost, -1, place)
        hour = self._draw_hours(rng, channel, subject)
        drawn = (self.scenario.first + day) * DAY + hour * HOUR + rng.integers(0, HOUR, size)
        estate = np.where(
            estate == -2,
            np.where(flags(rng, self.scenario.settings["estate_share"], size), estate_of(self.world, place, rng), -1),
            estate,
        )
        arrivals = Arrivals(
            channel=channel,
            created=np.where(moment >= 0, moment, drawn),
            subject=subject,
            community=place,
            estate=estate,
            point=np.where(
                flags(rng, self.scenario.settings["located_point_share"], size), rng.integers(0, POINTS, size), -1
            ),
            kind=np.zeros(size, dtype=np.int64),
            caller=np.zeros(size, dtype=np.int64),
            parent=np.full(size, -1, dtype=np.int64),
            tier=np.zeros(size, dtype=np.int64),
            wording=rng.integers(0, 2, size),
            incident=np.full(size, -1, dtype=np.int64),
            visit=visit,
        )
        self._plant(arrivals, rng, first, last, published=with_fixed)
        arrivals = _in_order(arrivals)
        arrivals.caller = self._callers(arrivals, rng)
        self._repeat(arrivals, rng)
        self._kinds(arrivals, rng)
        return arrivals

    def _from_sessions(self, rng: np.random.Generator) -> tuple[Ints, ...]:
        held = self.plan.sessions
        position = next(i for i, c in enumerate(self.scenario.channels) if c.sessions)
        rule = self.scenario.channels[position].sessions
        row = np.repeat(np.arange(len(held.day)), held.demands)
        length = (rule["end_hour"] - rule["start_hour"]) * HOUR
        moment = held.day[row] * DAY + rule["start_hour"] * HOUR + rng.integers(0, length, len(row))
        same = np.full(len(row), position, dtype=np.int64)
        return (
            same,
            held.day[row] - self.scenario.first,
            held.community[row],
            held.estate[row],
            np.full(len(row), -1),
            moment,
        )

    def _from_visits(self) -> tuple[Ints, ...]:
        made = self.plan.visits
        position = next(i for i, c in enumerate(self.scenario.channels) if c.households is not None)
        row = np.repeat(np.arange(len(made.day)), made.demands)
        same = np.full(len(row), position, dtype=np.int64)
        return same, made.day[row] - self.scenario.first, made.community[row], made.estate[row], row, made.moment[row]

    def _draw_subjects(self, rng: np.random.Generator, channel: Ints, day: Ints) -> Ints:
        season = self.plan.months[day] + 12 * self.plan.storms[day]
        table = self._subjects.reshape(-1, self._subjects.shape[2])
        return pick(rng, table, channel * self._subjects.shape[1] + season)

    def _draw_hours(self, rng: np.random.Generator, channel: Ints, subject: Ints) -> Ints:
        table = self._hours.reshape(-1, 24)
        # A channel that is closed whenever a subject would come keeps its own hours.
        table = np.where(table.sum(axis=1, keepdims=True) > 0, table, 1.0)
        return pick(rng, table, channel * len(self.clocks) + self.clock_of[subject])

    def _plant(self, arrivals: Arrivals, rng: np.random.Generator, first: int, last: int, *, published: bool) -> None:
        """Turn some ordinary petitions of the days drawn into those of the planted incidents."""
        for number, incident in enumerate(self.scenario.incidents):
            inside = range(
                max(incident.first, self.scenario.first + first), min(incident.last + 1, self.scenario.first + last)
            )
            cases = round(self._cases(incident, published) * len(inside) / (incident.last + 1 - incident.first))
            day = arrivals.created // DAY
            free = (
                (day >= incident.first)
                & (day <= incident.last)
                & (arrivals.incident < 0)
                & self._open(arrivals.channel)
            )
            rows = np.flatnonzero(free)
            rows = rng.choice(rows, min(cases, len(rows) // 2), replace=False, shuffle=False)
            if not len(rows):
                continue
            kinds = np.array(list(incident.categories), dtype=np.int64)
            arrivals.incident[rows] = number
            arrivals.subject[rows] = kinds[pick(rng, np.array(list(incident.categories.values())), size=len(rows))]
            hour = rng.choice(np.asarray(incident.hours, dtype=np.int64), len(rows))
            arrivals.created[rows] = day[rows] * DAY + hour * HOUR + rng.integers(0, HOUR, len(rows))
            if incident.community >= 0:
                arrivals.community[rows] = incident.community
                spread = estate_of(self.world, arrivals.community[rows], rng)
                one = self.world.estate_first[incident.community] + incident.estate
                arrivals.estate[rows] = one if incident.estate >= 0 else spread

    def _cases(self, incident: Incident, published: bool) -> int:
        cases = round(incident.cases * self.plan.scale)
        grown = self.plan.total > self.scenario.fewest
        by_published = round(incident.cases * (PUBLISHED_PART if grown else 1.0))
        return by_published if published else cases - by_published

    def _open(self, channel: Ints) -> Bools:
        """Channels through which people report what just happened."""
        usable = np.array([c.hours in ("网络", "全天", "电话") for c in self.scenario.channels])
        return usable[channel]

    def _callers(self, arrivals: Arrivals, rng: np.random.Generator) -> Ints:
        """A simulated person of the same community; a few come often. Positive numbers, no meaning."""
        settings = self.scenario.settings
        weight = np.r_[self.scenario.population / self.scenario.population.sum(), 0.02]
        pool = np.maximum(50, weight * self.plan.total * settings["callers_per_petition"])[arrivals.community]
        size = len(arrivals)
        loyal = flags(rng, settings["loyal_share"], size)
        chance = rng.random(size)
        number = np.where(loyal, chance**2 * pool * 0.02, pool * (0.02 + 0.98 * chance)).astype(np.int64)
        person = (arrivals.community + 1) * (1 << 40) + number
        # One visited household is one person.
        return np.where(arrivals.visit >= 0, (1 << 50) + arrivals.visit, person)

    def _repeat(self, arrivals: Arrivals, rng: np.random.Generator) -> None:
        """Let some petitions repeat an earlier one: the same person (T1), or others at the same place (T2)."""
        size = len(arrivals)
        settings = self.scenario.settings
        chance = rng.random(size)
        same, others = settings["repeat_same_caller"], settings["repeat_same_place"]
        tier = np.where(chance < same, 1, np.where(chance < same + others, 2, 0))
        back = np.minimum(rng.exponential(REPEAT_DAYS, size), 29.5) * DAY
        earlier = np.searchsorted(arrivals.created, arrivals.created - back.astype(np.int64)).astype(np.int64)
        position = np.arange(size)
        earlier = np.minimum(earlier, position - 1)
        usable = (
            (tier > 0)
            & (earlier >= 0)
            & (arrivals.visit < 0)
            & (arrivals.incident < 0)
            & self._open(arrivals.channel)
            & (arrivals.created - arrivals.created[np.maximum(earlier, 0)] <= 30 * DAY)
        )
        usable &= (arrivals.incident[np.maximum(earlier, 0)] < 0) & (arrivals.community[np.maximum(earlier, 0)] >= 0)
        parent = np.where(usable, earlier, -1)
        for number, incident in enumerate(self.scenario.incidents):
            rows = np.flatnonzero(arrivals.incident == number)
            if len(rows) > 1 and incident.community >= 0:
                linked = rows[1:][flags(rng, 0.45, len(rows) - 1)]
                parent[linked] = rows[0]
                tier[linked] = 2
        # The first of a chain stands for all of it; a parent always lies earlier, so this ends.
        root = np.where(parent >= 0, parent, position)
        while True:
            further = root[root]
            if np.array_equal(further, root):
                break
            root = further
        repeats = (parent >= 0) & (arrivals.created - arrivals.created[root] <= 30 * DAY)
        arrivals.parent = np.where(repeats, root, -1)
        arrivals.tier = np.where(repeats, tier, 0)
        for column in (arrivals.subject, arrivals.community, arrivals.estate, arrivals.wording):
            column[repeats] = column[root[repeats]]
        first = repeats & (tier == 1)
        arrivals.caller[first] = arrivals.caller[root[first]]

    def _kinds(self, arrivals: Arrivals, rng: np.random.Generator) -> None:
        """Give each petition its kind: the counts are met exactly, the better match goes first."""
        for position in np.unique(arrivals.channel):
            channel = self.scenario.channels[position]
            rows = np.flatnonzero(arrivals.channel == position)
            wanted = channel.kinds
            if channel.total is None:
                parts = np.floor(len(rows) * np.array(list(wanted.values())) + 0.5).astype(np.int64)
                wanted = dict(zip(wanted, parts, strict=True))
            for kind in KINDS[1:]:
                count = min(int(wanted.get(kind, 0)), len(rows))
                if count == 0:
                    continue
                score = self._affinity[KINDS.index(kind), arrivals.subject[rows]] + rng.gumbel(size=len(rows))
                score -= 4.0 * (arrivals.incident[rows] >= 0)
                taken = np.argsort(-score, kind="stable")[:count]
                arrivals.kind[rows[taken]] = KINDS.index(kind)
                rows = np.delete(rows, taken)


def _in_order(arrivals: Arrivals) -> Arrivals:
    order = np.argsort(arrivals.created, kind="stable")
    return Arrivals(**{name: column[order] for name, column in vars(arrivals).items()})
