"""What the offices do with the petitions: contact, dispatch, opinion, closing, follow-up, and the hard ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minxin.demo.arrivals import Arrivals
from minxin.demo.draw import (
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    Bools,
    Floats,
    Ints,
    flags,
    generator,
    lognormal,
    pick,
    working_hours,
)
from minxin.demo.scenario import KINDS, Scenario
from minxin.demo.world import World

SATISFACTION = ("满意", "基本满意", "一般", "不满意", "非常不满意")
PROMISES = (30, 45, 60, 90, 120)
ATTEMPTS = 3
SHARES = 5  # main unit, its successor after a return, up to three assisting units


@dataclass
class Handling:
    """What happened by the data time, row by row as in Arrivals; times in seconds, NEVER where not (yet).

    ``attempts`` and ``connected`` are (rows, ATTEMPTS); ``unit`` and the dispatch times (rows, SHARES),
    unit -1 where there is no such share; follow-ups (rows, 2).
    """

    accepted: Ints
    is_complex: Bools
    changed: Ints
    urgency: Ints
    attempts: Ints
    connected: Bools
    unit: Ints
    dispatched: Ints
    signed: Ints
    returned: Ints
    feedback: Ints
    share_closed: Ints
    suggested: Ints
    confidence: Floats
    opinion: Ints
    due: Ints
    closed: Ints
    listed: Ints
    promised: Ints
    extension_applied: Ints
    extension_approved: Ints
    extension_due: Ints
    excluded: Ints
    followed: Ints
    called: Bools
    valid: Bools
    contacted: Bools
    resolved: Bools
    satisfaction: Ints
    reworks: Ints
    last: Ints


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
            is_complex & flags(rng, rule["complexity_changed"], size), accepted + rng.integers(HOUR, 40 * HOUR, size), NEVER
        )
        first = np.array([self.scenario.settings["urgent"].get(s.category_1, 0.03) for s in self.scenario.subjects])
        urgent = flags(rng, first[self.a.subject], size) & ~self.consult
        urgency = urgent.astype(np.int64) + (urgent & flags(rng, 0.12, size))
        attempts, connected = self._contact(accepted)
        due = np.where(is_complex, accepted + int(rule["complex_days"]) * DAY, NEVER)
        opinion, closed, listed, promised, applied, extended = self._close(accepted, is_complex, due, attempts)
        closed = self._meet_closed(closed, accepted, is_complex)
        opinion = np.minimum(opinion, np.where(is_complex, closed, NEVER))
        approved = np.where((applied < NEVER) & flags(rng, 0.95, size), applied + rng.integers(HOUR, 20 * HOUR, size), NEVER)
        listed = np.where(listed < closed - closed % DAY, listed, NEVER)
        follow = self._follow(closed, is_complex)
        shares = self._dispatch(accepted, is_complex, closed)
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
            **shares,
            **follow,
        )

    def _seen(self, moments: Ints) -> Ints:
        """Nothing that lies after the data time has happened."""
        return np.where(moments < self.end, moments, NEVER)

    def _accept(self) -> Ints:
        rng, size = self.rng, self.size
        delay = 5 + rng.exponential(70, size) + np.where(flags(rng, 0.02, size), rng.exponential(40 * MINUTE, size), 0.0)
        return np.minimum(self.a.created + delay.astype(np.int64), self.end - 1)

    def _contact(self, accepted: Ints) -> tuple[Ints, Bools]:
        """Up to three attempts; the first within minutes of acceptance."""
        rng, rule, size = self.rng, self.rule, self.size
        night = (accepted % DAY < 8 * HOUR) | (accepted % DAY >= 22 * HOUR)
        minutes = lognormal(rng, rule["contact_median_minutes"] * self.slow * np.where(night, 1.25, 1.0), rule["contact_spread"], size)
        minutes = np.where(flags(rng, rule["contact_missing"], size), np.inf, minutes)
        first = np.where(np.isfinite(minutes), accepted + (np.nan_to_num(minutes, posinf=0.0) * MINUTE).astype(np.int64), NEVER)
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

    def _dispatch(self, accepted: Ints, is_complex: Bools, closed: Ints) -> dict[str, Ints | Floats]:
        """Main and assisting units, all sent out at once; a returned main share goes to another unit."""
        rng, rule, size = self.rng, self.rule, self.size
        own = self.world.unit_of_subject[self.a.subject]
        somewhere = np.where(self.a.community >= 0, self.a.community, rng.integers(0, len(self.scenario.codes), size))
        local = self.world.community_units[somewhere]
        right = np.where(own >= 0, own, local)
        units = len(self.world.units) - len(self.scenario.codes)
        other = (right + 1 + rng.integers(0, units - 1, size)) % units
        back = flags(rng, rule["returned"], size)
        unit = np.full((size, SHARES), -1, dtype=np.int64)
        unit[:, 0] = np.where(back, other, right)
        unit[:, 1] = np.where(back, right, -1)
        chances = np.array([rule["assists_simple"], rule["assists_complex"]])
        assists = pick(rng, chances, is_complex.astype(np.int64))
        for i in range(SHARES - 2):
            # The community is the natural first helper, then neighbouring offices.
            helper = np.where((right != local) & (i == 0), local, (right + 3 + 5 * i + rng.integers(0, 4, size)) % units)
            unit[:, 2 + i] = np.where(assists > i, helper, -1)
        sent = accepted + rng.integers(20, 6 * MINUTE, size)
        dispatched = np.repeat(sent[:, None], SHARES, axis=1)
        returned = np.full((size, SHARES), NEVER, dtype=np.int64)
        returned[:, 0] = np.where(back, sent + rng.integers(30 * MINUTE, 5 * HOUR, size), NEVER)
        dispatched[:, 1] = np.where(back, np.minimum(returned[:, 0], self.end) + rng.integers(5 * MINUTE, 30 * MINUTE, size), NEVER)
        # A petition closed at once is not returned any more.
        gone = back & (dispatched[:, 1] + 20 * MINUTE >= closed)
        unit[gone, 0], unit[gone, 1] = right[gone], -1
        returned[gone, 0] = NEVER
        dispatched = np.where((unit >= 0) & (dispatched < np.minimum(closed, self.end)[:, None]), dispatched, NEVER)
        wait = lognormal(rng, 14.0, 0.8, size * SHARES).reshape(size, SHARES) * self.slow[:, None] * MINUTE
        signed = np.where(dispatched < NEVER, np.minimum(dispatched, self.end) + wait.astype(np.int64), NEVER)
        signed = np.where(signed < np.minimum(returned, closed[:, None]), self._seen(signed), NEVER)
        # Assisting units answer before the main unit closes.
        part = rng.uniform(0.35, 0.97, (size, SHARES))
        part[:, :2] = rng.uniform(0.85, 1.0, (size, 2))
        base = np.where(signed < NEVER, signed, np.minimum(dispatched, self.end))
        span = np.where(closed < NEVER, closed, self.end)[:, None] - base
        done = base + (np.maximum(span, 0) * part).astype(np.int64)
        active = (dispatched < NEVER) & (returned == NEVER)
        feedback = np.where(active & (closed < NEVER)[:, None], done, NEVER)
        share_closed = feedback.copy()
        share_closed[:, :2] = np.where(feedback[:, :2] < NEVER, closed[:, None], NEVER)
        guessed = flags(rng, rule["suggestion_right"], size)
        confidence = np.where(guessed, rng.beta(9, 2, size), rng.beta(4, 4, size))
        return {
            "unit": np.where(dispatched < NEVER, unit, -1),
            "dispatched": dispatched,
            "signed": signed,
            "returned": self._seen(returned),
            "feedback": feedback,
            "share_closed": share_closed,
            "suggested": np.where(guessed, right, other),
            "confidence": np.round(np.clip(confidence, 0.05, 0.99), 3),
        }

    def _follow(self, closed: Ints, is_complex: Bools) -> dict[str, Ints | Bools]:
        """The call-back after closing, and a second one where nobody answered or the matter was redone."""
        rng, rule, size = self.rng, self.rule, self.size
        until = np.minimum(closed, self.end)
        first = working_hours(until + (lognormal(rng, 20.0, 0.6, size) * HOUR).astype(np.int64), rng, 9, 20)
        possible = (closed < NEVER) & (first < self.end)
        wanted = possible & flags(rng, rule["followed_up"], size)
        for position, channel in enumerate(self.scenario.channels):
            if channel.followed_up is not None and (self.a.channel == position).any():
                own = self.a.channel == position
                wanted[own] = False
                rows = np.flatnonzero(own & possible)
                wanted[rng.choice(rows, channel.followed_up, replace=False, shuffle=False)] = True
        outcomes = [self._outcome(is_complex, again=False), self._outcome(is_complex, again=True)]
        called, valid, contacted, resolved, satisfaction = (np.stack(pair, axis=1) for pair in zip(*outcomes, strict=True))
        unhappy = valid[:, 0] & (satisfaction[:, 0] >= 3)
        redone = unhappy & flags(rng, rule["rework"], size)
        again = redone | (~called[:, 0] & flags(rng, 0.5, size))
        gap = np.where(redone, rng.integers(4 * DAY, 12 * DAY, size), rng.integers(20 * HOUR, 30 * HOUR, size))
        second = np.where(wanted & again, working_hours(first + gap, rng, 9, 20), NEVER)
        followed = np.stack([np.where(wanted, first, NEVER), self._seen(second)], axis=1)
        # What counts is the last valid call-back, else the last.
        has_second = followed[:, 1] < NEVER
        last = np.where(has_second & (valid[:, 1] | ~valid[:, 0]), 1, np.where(followed[:, 0] < NEVER, 0, -1))
        return {
            "followed": followed,
            "called": called,
            "valid": valid,
            "contacted": contacted,
            "resolved": resolved,
            "satisfaction": satisfaction,
            "reworks": (redone & has_second).astype(np.int64),
            "last": last,
        }

    def _outcome(self, is_complex: Bools, *, again: bool) -> tuple[Bools, Bools, Bools, Bools, Ints]:
        """One call-back: answered, valid, contacted before, resolved, satisfaction."""
        rng, rule, size = self.rng, self.rule, self.size
        given = self.scenario.settings["quality"]
        called = flags(rng, rule["followup_connected"], size)
        valid = called & flags(rng, rule["followup_willing"], size)
        contacted = flags(rng, np.clip(given["contacted"] + 0.35 * self.quality, 0, 0.999), size)
        chance = given["resolved"] + self.quality + is_complex * given["resolved_complex"] + self.consult * 0.06
        chance = chance - 0.05 * (self.a.tier > 0) - 0.25 * (~contacted) - 0.22 * again
        resolved = flags(rng, np.clip(chance, 0.02, 0.99), size)
        tables = np.array([given["satisfied_unresolved"], given["satisfied_resolved"]])
        satisfaction = pick(rng, tables, resolved.astype(np.int64))
        # Quality shows in how it was done, too.
        lost = flags(rng, np.clip(-1.2 * self.quality, 0, 1), size)
        gained = flags(rng, np.clip(1.2 * self.quality, 0, 1), size)
        shifted = np.clip(satisfaction + lost.astype(np.int64) - gained.astype(np.int64), 0, len(SATISFACTION) - 1)
        return called, valid, contacted, resolved, shifted
