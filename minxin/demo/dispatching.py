"""Which units a petition is sent to, and what each of them does with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minxin.demo.arrivals import Arrivals
from minxin.demo.draw import HOUR, MINUTE, NEVER, Bools, Floats, Ints, flags, lognormal, pick
from minxin.demo.scenario import Scenario
from minxin.demo.world import World

#: The main unit, its successor after a return, up to three assisting units.
SHARES = 5


@dataclass
class Dispatch:
    """Shares of units, (rows, SHARES): unit -1 where there is no such share, times NEVER where not (yet).

    ``suggested`` and ``confidence`` are (rows,): what the dispatch proposed.
    """

    unit: Ints
    sent: Ints
    signed: Ints
    returned: Ints
    feedback: Ints
    closed: Ints
    suggested: Ints
    confidence: Floats


def dispatch(
    arrivals: Arrivals,
    scenario: Scenario,
    world: World,
    rng: np.random.Generator,
    accepted: Ints,
    is_complex: Bools,
    closed: Ints,
    slow: Floats,
) -> Dispatch:
    """Main and assisting units, all sent out at once; a returned main share goes to another unit."""
    rule, size, end = scenario.settings["handling"], len(arrivals), scenario.end
    own = world.unit_of_subject[arrivals.subject]
    somewhere = np.where(arrivals.community >= 0, arrivals.community, rng.integers(0, len(scenario.codes), size))
    local = world.community_units[somewhere]
    right = np.where(own >= 0, own, local)
    units = len(world.units) - len(scenario.codes)
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
    dispatched[:, 1] = np.where(
        back, np.minimum(returned[:, 0], end) + rng.integers(5 * MINUTE, 30 * MINUTE, size), NEVER
    )
    # A petition closed at once is not returned any more.
    gone = back & (dispatched[:, 1] + 20 * MINUTE >= closed)
    unit[gone, 0], unit[gone, 1] = right[gone], -1
    returned[gone, 0] = NEVER
    dispatched = np.where((unit >= 0) & (dispatched < np.minimum(closed, end)[:, None]), dispatched, NEVER)
    wait = lognormal(rng, 14.0, 0.8, size * SHARES).reshape(size, SHARES) * slow[:, None] * MINUTE
    signed = np.where(dispatched < NEVER, np.minimum(dispatched, end) + wait.astype(np.int64), NEVER)
    signed = np.where(signed < np.minimum(returned, closed[:, None]), np.where(signed < end, signed, NEVER), NEVER)
    # Assisting units answer before the main unit closes.
    part = rng.uniform(0.35, 0.97, (size, SHARES))
    part[:, :2] = rng.uniform(0.85, 1.0, (size, 2))
    base = np.where(signed < NEVER, signed, np.minimum(dispatched, end))
    span = np.where(closed < NEVER, closed, end)[:, None] - base
    done = base + (np.maximum(span, 0) * part).astype(np.int64)
    active = (dispatched < NEVER) & (returned == NEVER)
    feedback = np.where(active & (closed < NEVER)[:, None], done, NEVER)
    share_closed = feedback.copy()
    share_closed[:, :2] = np.where(feedback[:, :2] < NEVER, closed[:, None], NEVER)
    guessed = flags(rng, rule["suggestion_right"], size)
    confidence = np.where(guessed, rng.beta(9, 2, size), rng.beta(4, 4, size))
    return Dispatch(
        unit=np.where(dispatched < NEVER, unit, -1),
        sent=dispatched,
        signed=signed,
        returned=np.where(returned < end, returned, NEVER),
        feedback=feedback,
        closed=share_closed,
        suggested=np.where(guessed, right, other),
        confidence=np.round(np.clip(confidence, 0.05, 0.99), 3),
    )
