"""The draw itself: permanent random numbers from a public seed, smallest first. Anyone can repeat it.

``u = int(SHA256(seed|round|code)[:13 hexadecimal digits]) / 2^52`` is a number in [0, 1) for each firm. The n
smallest u of all form the uniform random arm. Each class is then filled up to its places with the smallest
u/π of the others: sequential Poisson sampling (Ohlsson 1998, J. Off. Stat. 14, 149). As π is the same for
all firms of a class of equal weights, what is drawn of such a class are simply the smallest u in it, so that
its stated probability, places over firms, holds exactly; where weights differ it holds nearly, and docs/statistics.md
says how nearly.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.inspection.rules import CLASSES

Array = NDArray[np.float64]
RANDOM, RISK, RESERVE = "随机", "风险", "备选"
DIGITS, BITS = 13, 52
#: Names the method in the protocol; a change of the draw is another method.
METHOD = "prn-1"


def number(seed: str, round_name: str, code: str) -> float:
    """The random number of one firm in one round, in [0, 1)."""
    said = hashlib.sha256(f"{seed}|{round_name}|{code}".encode()).hexdigest()
    return int(said[:DIGITS], 16) / 2**BITS


def numbers(seed: str, round_name: str, codes: Sequence[str]) -> Array:
    """The random numbers of firms, in their order."""
    begun = hashlib.sha256(f"{seed}|{round_name}|".encode())
    found = np.empty(len(codes))
    for i, code in enumerate(codes):
        one = begun.copy()
        one.update(code.encode())
        found[i] = int(one.hexdigest()[:DIGITS], 16) / 2**BITS
    return found


def places(firms: pd.DataFrame) -> tuple[int, dict[str, int]]:
    """Size of the random arm and places per class, as the stated probabilities add up to them."""
    inside = firms[firms["reason"] == ""]
    sums = inside.groupby("risk_class")["pi"].sum()
    return round(float(inside["pi_random"].sum())), {c: round(float(sums.get(c, 0.0))) for c in CLASSES}


def draw(firms: pd.DataFrame, seed: str, round_name: str, reserve_share: float = 0.0) -> pd.DataFrame:
    """The drawn firms of a published frame: ``uscc, risk_class, arm, place, pi, pi_random, u``.

    Sorted by class from A to D, arm and place in it; the reserve (arm 备选) is called upon in its order.
    """
    inside = firms.loc[firms["reason"] == "", ["uscc", "risk_class", "pi", "pi_random"]].reset_index(drop=True)
    n_random, wanted = places(firms)
    inside["u"] = numbers(seed, round_name, inside["uscc"].tolist())
    is_random = np.zeros(len(inside), dtype=bool)
    is_random[inside.sort_values(["u", "uscc"], kind="stable").index[:n_random]] = True
    found = []
    for code in CLASSES:
        own = inside[inside["risk_class"] == code]
        if own.empty:
            continue
        first = own[is_random[own.index]].sort_values(["u", "uscc"], kind="stable").assign(arm=RANDOM)
        others = own[~is_random[own.index]]
        order = np.lexsort((others["uscc"].to_numpy(dtype=str), (others["u"] / others["pi"]).to_numpy()))
        others = others.iloc[order]
        n_risk = max(wanted[code] - len(first), 0)
        n_reserve = math.ceil(reserve_share * wanted[code] - 1e-9) if reserve_share else 0
        spare = others.iloc[n_risk : n_risk + n_reserve].assign(arm=RESERVE)
        for part in (first, others.iloc[:n_risk].assign(arm=RISK), spare):
            found.append(part.assign(place=np.arange(1, len(part) + 1)))
    columns = ["uscc", "risk_class", "arm", "place", "pi", "pi_random", "u"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def inspectors(
    drawn: pd.DataFrame,
    people: Sequence[str],
    avoid: Mapping[str, Sequence[str]],
    seed: str,
    round_name: str,
    each: int = 2,
) -> list[tuple[str, ...]]:
    """Who inspects each drawn firm, in the order of ``drawn``: ``each`` people by the same kind of number.

    The number is that of ``code|person``. Firms are served in the order of their codes; nobody is sent to a
    firm that is to be avoided, nor to more firms than an even load (rounded up) allows while somebody else is free.
    Fewer names than ``each`` where conflicts leave no more.
    """
    staff = sorted(dict.fromkeys(people))
    even = math.ceil(len(drawn) * each / len(staff)) if staff else 0
    load = dict.fromkeys(staff, 0)
    barred = {person: set(codes) for person, codes in avoid.items()}
    sent: dict[str, tuple[str, ...]] = {}
    for code in sorted(drawn["uscc"]):
        able = [p for p in staff if code not in barred.get(p, ())]
        ranked = sorted(able, key=lambda p: (load[p] >= even, number(seed, round_name, f"{code}|{p}"), p))
        sent[code] = tuple(ranked[:each])
        for person in sent[code]:
            load[person] += 1
    return [sent[code] for code in drawn["uscc"]]
