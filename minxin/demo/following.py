"""Call-backs after closing: whether they reach anybody, and what people say then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minxin.demo.arrivals import Arrivals
from minxin.demo.draw import DAY, HOUR, NEVER, Bools, Floats, Ints, flags, lognormal, pick, working_hours
from minxin.demo.scenario import Scenario

SATISFACTION = ("满意", "基本满意", "一般", "不满意", "非常不满意")


@dataclass
class Followups:
    """Up to two call-backs, (rows, 2); ``last`` is the one that counts, -1 for none, ``reworks`` (rows,)."""

    at: Ints
    called: Bools
    valid: Bools
    contacted: Bools
    resolved: Bools
    satisfaction: Ints
    reworks: Ints
    last: Ints


@dataclass(frozen=True)
class Circumstances:
    """What the outcome of a call-back depends on, row by row."""

    quality: Floats
    is_complex: Bools
    is_question: Bools
    is_repeat: Bools


def follow_up(
    arrivals: Arrivals, scenario: Scenario, rng: np.random.Generator, closed: Ints, known: Circumstances
) -> Followups:
    """The call-back after closing, and a second one where nobody answered or the matter was redone."""
    rule, size, end = scenario.settings["handling"], len(arrivals), scenario.end
    until = np.minimum(closed, end)
    first = working_hours(until + (lognormal(rng, 20.0, 0.6, size) * HOUR).astype(np.int64), rng, 9, 20)
    possible = (closed < NEVER) & (first < end)
    wanted = possible & flags(rng, rule["followed_up"], size)
    for position, channel in enumerate(scenario.channels):
        if channel.followed_up is not None and (arrivals.channel == position).any():
            own = arrivals.channel == position
            wanted[own] = False
            rows = np.flatnonzero(own & possible)
            wanted[rng.choice(rows, channel.followed_up, replace=False, shuffle=False)] = True
    outcomes = [_outcome(scenario, rng, known, again=False), _outcome(scenario, rng, known, again=True)]
    called, valid, contacted, resolved, satisfaction = (np.stack(pair, axis=1) for pair in zip(*outcomes, strict=True))
    unhappy = valid[:, 0] & (satisfaction[:, 0] >= 3)
    redone = unhappy & flags(rng, rule["rework"], size)
    again = redone | (~called[:, 0] & flags(rng, 0.5, size))
    gap = np.where(redone, rng.integers(4 * DAY, 12 * DAY, size), rng.integers(20 * HOUR, 30 * HOUR, size))
    second = np.where(wanted & again, working_hours(first + gap, rng, 9, 20), NEVER)
    followed = np.stack([np.where(wanted, first, NEVER), np.where(second < end, second, NEVER)], axis=1)
    # What counts is the last valid call-back, else the last.
    has_second = followed[:, 1] < NEVER
    last = np.where(has_second & (valid[:, 1] | ~valid[:, 0]), 1, np.where(followed[:, 0] < NEVER, 0, -1))
    return Followups(
        at=followed,
        called=called,
        valid=valid,
        contacted=contacted,
        resolved=resolved,
        satisfaction=satisfaction,
        reworks=(redone & has_second).astype(np.int64),
        last=last,
    )


def _outcome(
    scenario: Scenario, rng: np.random.Generator, known: Circumstances, *, again: bool
) -> tuple[Bools, Bools, Bools, Bools, Ints]:
    """One call-back: answered, valid, contacted before, resolved, satisfaction."""
    rule, size = scenario.settings["handling"], len(known.quality)
    given = scenario.settings["quality"]
    called = flags(rng, rule["followup_connected"], size)
    valid = called & flags(rng, rule["followup_willing"], size)
    contacted = flags(rng, np.clip(given["contacted"] + 0.35 * known.quality, 0, 0.999), size)
    chance = given["resolved"] + known.quality + known.is_complex * given["resolved_complex"] + known.is_question * 0.06
    chance = chance - 0.05 * known.is_repeat - 0.25 * (~contacted) - 0.22 * again
    resolved = flags(rng, np.clip(chance, 0.02, 0.99), size)
    tables = np.array([given["satisfied_unresolved"], given["satisfied_resolved"]])
    satisfaction = pick(rng, tables, resolved.astype(np.int64))
    # Quality shows in how it was done, too.
    lost = flags(rng, np.clip(-1.2 * known.quality, 0, 1), size)
    gained = flags(rng, np.clip(1.2 * known.quality, 0, 1), size)
    shifted = np.clip(satisfaction + lost.astype(np.int64) - gained.astype(np.int64), 0, len(SATISFACTION) - 1)
    return called, valid, contacted, resolved, shifted
