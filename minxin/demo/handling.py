"""What the offices do with the petitions: contact, dispatch, opinion, closing, follow-up, and the hard ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minxin.demo.arrivals import Arrivals
from minxin.demo.dispatching import Dispatch, dispatch
from minxin.demo.draw import (
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    Bools,
    Ints,
    flags,
    generator,
    lognormal,
    working_hours,
)
from minxin.demo.following import Circumstances, Followups, follow_up
from minxin.demo.scenario import KINDS, Scenario
from minxin.demo.world import World

PROMISES = (30, 45, 60, 90, 120)
ATTEMPTS = 3


@dataclass
class Handling:
    """What happened by the data time, row by row as in Arrivals; times in seconds, NEVER where not (yet).

    ``attempts`` and ``connected`` are (rows, ATTEMPTS).
    """

    accepted: Ints
    is_complex: Bools
    changed: Ints
    urgency: Ints
    attempts: Ints
    connected: Bools
    opinion: Ints
    due: Ints
    closed: Ints
    listed: Ints
    promised: Ints
    extension_applied: Ints
    extension_approved: Ints
    extension_due: Ints
    excluded: Ints
    dispatch: Dispatch
    followup: Followups


def handle(arrivals: Arrivals, scenario: Scenario, world: World, seed: int, name: str) -> Handling:
    """Work on all petitions of one draw; the published counts of closed and followed up are met exactly."""
    return _Office(arrivals, scenario, world, generator(seed, "handling", name)).work()


class _Office:
    def __init__(self, arrivals: Arrivals, scenario: Scenario, world: World, rng: np.random.Generator) -> None:
        self.a, self.scenario, self.world, self.rng = arrivals, scenario, world, rng
        self.rule = scenario.settings["handling"]
        self.end = scenario.end
        self.size = len(arrivals)
        # Petitions of no community are handled as by an average one.
        self.quality = np.r_[world.quality, 0.0][arrivals.community]
        self.slow = np.r_[world.slowness, 1.0][arrivals.community]
        self.consult = np.isin(arrivals.kind, [KINDS.index("咨询"), KINDS.index("表扬"), KINDS.index("其他")])

    def work(self) -> Handling:
        rng, rule, size = self.rng, self.rule, self.size
        accepted = self._accept()
        share = np.array([s.complex_share for s in self.scenario.subjects])[self.a.subject]
        is_complex = flags(rng, np.where(self.consult, share * rule["consult_complex"], share), size)
        changed = np.where(
            is_complex & flags(rng, rule["complexity_changed"], size),
            accepted + rng.integers(HOUR, 40 * HOUR, size),
            NEVER,
        )
        first = np.array([self.scenario.settings["urgent"].get(s.category_1, 0.03) for s in self.scenario.subjects])
        urgent = flags(rng, first[self.a.subject], size) & ~self.consult
        urgency = urgent.astype(np.int64) + (urgent & flags(rng, 0.12, size))
        attempts, connected = self._contact(accepted)
        due = np.where(is_complex, accepted + int(rule["complex_days"]) * DAY, NEVER)
        opinion, closed, listed, promised, applied, extended = self._close(accepted, is_complex, due, attempts)
        closed = self._meet_closed(closed, accepted, is_complex)
        opinion = np.minimum(opinion, np.where(is_complex, closed, NEVER))
        approved = np.where(
            (applied < NEVER) & flags(rng, 0.95, size), applied + rng.integers(HOUR, 20 * HOUR, size), NEVER
        )
        listed = np.where(listed < closed - closed % DAY, listed, NEVER)
        known = Circumstances(self.quality, is_complex, self.consult, self.a.tier > 0)
        excluded = np.where(
            (closed < NEVER) & flags(rng, rule["exclusion"], size),
            working_hours(np.minimum(closed, self.end) + rng.integers(DAY, 5 * DAY, size), rng, 9, 18),
            NEVER,
        )
        seen = self._seen
        return Handling(
            accepted=accepted,
            is_complex=is_complex,
            changed=seen(changed),
            urgency=urgency,
            attempts=np.where(attempts < closed[:, None], seen(attempts), NEVER),
            connected=connected,
            opinion=seen(opinion),
            due=due,
            closed=closed,
            listed=seen(listed),
            promised=promised,
            extension_applied=np.where(applied < closed, seen(applied), NEVER),
            extension_approved=np.where(approved < closed, seen(approved), NEVER),
            extension_due=extended,
            excluded=seen(excluded),
            dispatch=dispatch(self.a, self.scenario, self.world, rng, accepted, is_complex, closed, self.slow),
            followup=follow_up(self.a, self.scenario, rng, closed, known),
        )

    def _seen(self, moments: Ints) -> Ints:
        """Nothing that lies after the data time has happened."""
        return np.where(moments < self.end, moments, NEVER)

    def _accept(self) -> Ints:
        rng, size = self.rng, self.size
        delay = (
            5 + rng.exponential(70, size) + np.where(flags(rng, 0.02, size), rng.exponential(40 * MINUTE, size), 0.0)
        )
        return np.minimum(self.a.created + delay.astype(np.int64), self.end - 1)

    def _contact(self, accepted: Ints) -> tuple[Ints, Bools]:
        """Up to three attempts; the first within minutes of acceptance."""
        rng, rule, size = self.rng, self.rule, self.size
        night = (accepted % DAY < 8 * HOUR) | (accepted % DAY >= 22 * HOUR)
        minutes = lognormal(
            rng, rule["contact_median_minutes"] * self.slow * np.where(night, 1.25, 1.0), rule["contact_spread"], size
        )
        minutes = np.where(flags(rng, rule["contact_missing"], size), np.inf, minutes)
        first = np.where(
            np.isfinite(minutes), accepted + (np.nan_to_num(minutes, posinf=0.0) * MINUTE).astype(np.int64), NEVER
        )
        connected = np.stack([flags(rng, rule["connected"], size) for _ in range(ATTEMPTS)], axis=1)
        second = np.where((first < NEVER) & ~connected[:, 0], first + rng.integers(20 * MINUTE, 3 * HOUR, size), NEVER)
        third = np.where((second < NEVER) & ~connected[:, 1], second + rng.integers(HOUR, 6 * HOUR, size), NEVER)
        return np.stack([first, second, third], axis=1), connected

    def _close(
        self, accepted: Ints, is_complex: Bools, due: Ints, attempts: Ints
    ) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
        """Opinion, closing, ledger (listed, promised) and extension (applied, new deadline), before any quota."""
        rng, rule, size = self.rng, self.rule, self.size
        hours = lognormal(rng, rule["simple_median_hours"] * self.slow, rule["simple_spread"], size)
        simple = working_hours(accepted + (hours * HOUR).astype(np.int64), rng)
        thought = lognormal(rng, rule["opinion_median_hours"] * self.slow**0.7, rule["opinion_spread"], size)
        opinion = working_hours(accepted + (thought * HOUR).astype(np.int64), rng)
        work = lognormal(rng, rule["complex_median_hours"] * self.slow, rule["complex_spread"], size)
        long = working_hours(opinion + (work * HOUR).astype(np.int64), rng)
        # Extensions are asked for shortly before the deadline and mostly kept.
        asks = is_complex & flags(rng, rule["extension"], size)
        more = np.array([5, 7, 10, 15])[rng.integers(0, 4, size)] * DAY
        due_or_end = np.minimum(due, self.end)
        applied = np.where(asks, working_hours(due_or_end - rng.integers(8 * HOUR, 70 * HOUR, size), rng, 9, 18), NEVER)
        late = due_or_end + (rng.uniform(0.05, 1.12, size) * more).astype(np.int64)
        long = np.where(asks, np.maximum(long, working_hours(late, rng)), long)
        # Hard cases: listed within days, promised for later, three of five kept.
        hard = is_complex & ~self.consult & flags(rng, rule["hard_case"], size)
        listed = (accepted + rng.integers(3 * DAY, 11 * DAY, size)) // DAY * DAY
        promised = listed + np.asarray(PROMISES)[rng.integers(0, len(PROMISES), size)] * DAY
        kept = np.where(flags(rng, 0.62, size), -rng.uniform(0, 22, size), rng.uniform(1, 100, size))
        cleared = working_hours(promised + (kept * DAY).astype(np.int64), rng)
        closed = np.where(is_complex, long, simple)
        chance = np.where(is_complex, rule["stuck_complex"], rule["stuck_simple"])
        stuck = flags(rng, chance, size) & ~hard
        closed = np.where(stuck, closed + (rng.exponential(rule["stuck_days"], size) * DAY).astype(np.int64), closed)
        closed = np.where(hard, cleared, closed)
        # Nobody closes before the petitioner was called.
        called = np.where(attempts < NEVER, attempts, 0).max(axis=1)
        closed = np.maximum(closed, np.maximum(called, accepted) + rng.integers(15 * MINUTE, 2 * HOUR, size))
        opinion = np.where(is_complex, np.maximum(opinion, accepted + HOUR), NEVER)
        closed = np.where(is_complex, np.maximum(closed, opinion), closed)
        return (
            opinion,
            closed,
            np.where(hard, listed, NEVER),
            np.where(hard, promised, NEVER),
            applied,
            np.where(asks, due_or_end + more, NEVER),
        )

    def _meet_closed(self, closed: Ints, accepted: Ints, is_complex: Bools) -> Ints:
        """Leave exactly as many open as was published: those that would have been closed last."""
        rng = self.rng
        result = self._seen(closed)
        for position, channel in enumerate(self.scenario.channels):
            rows = np.flatnonzero(self.a.channel == position)
            if channel.closed is None or not len(rows):
                continue
            # A channel with a large backlog holds mostly complex matters of the last weeks.
            backlog = np.where(is_complex[rows], 16.0, 4.0) if channel.closed / len(rows) < 0.97 else 1.0
            spread = rng.exponential(1.0, len(rows)) * backlog * DAY
            order = np.argsort(-(closed[rows] + spread), kind="stable")
            stay, go = rows[order[: len(rows) - channel.closed]], rows[order[len(rows) - channel.closed :]]
            result[stay] = NEVER
            hurried = go[result[go] == NEVER]
            left = self.end - accepted[hurried]
            result[hurried] = accepted[hurried] + (left * rng.uniform(0.72, 0.97, len(hurried))).astype(np.int64)
        return result
