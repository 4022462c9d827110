"""Random draws that depend on the seed and a name only, so that no step disturbs another."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: A moment that never came (or not before the data end), in seconds since 1970.
NEVER = np.iinfo(np.int64).max
DAY = 86_400
HOUR = 3_600
MINUTE = 60


def generator(seed: int, *names: object) -> np.random.Generator:
    """A generator of its own for what ``names`` say, reproducible on every machine."""
    words = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF, *(zlib.crc32(str(n).encode("utf-8")) for n in names)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def pick(rng: np.random.Generator, weights: Floats, group: Ints | None = None, size: int = 0) -> Ints:
    """Draw one column index per row from the weights of its group.

    ``weights`` is (columns,) with ``size`` draws, or (groups, columns) with one draw per ``group`` entry.
    """
    table = np.atleast_2d(weights).astype(np.float64)
    rows = np.zeros(size, dtype=np.int64) if group is None else group
    edges = np.cumsum(table, axis=1)
    edges /= edges[:, -1:]
    edges[:, -1] = 1.0
    # One sorted array for all groups: group g's edges lie in (g, g + 1].
    flat = (edges + np.arange(len(table))[:, None]).ravel()
    found = np.searchsorted(flat, rows + rng.random(len(rows)), side="right")
    return np.minimum(found - rows * table.shape[1], table.shape[1] - 1).astype(np.int64)


def shares(total: int, weights: Sequence[float] | Floats | Ints) -> Ints:
    """Split ``total`` into whole parts in proportion to ``weights`` (largest remainders)."""
    exact = np.asarray(weights, dtype=np.float64)
    exact = exact / exact.sum() * total
    parts = np.floor(exact).astype(np.int64)
    rest = np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]
    parts[rest] += 1
    return parts


def lognormal(rng: np.random.Generator, median: Floats | float, spread: float, size: int) -> Floats:
    """Durations with the given median, in the unit of the median."""
    return np.asarray(median) * np.exp(spread * rng.standard_normal(size))


def flags(rng: np.random.Generator, chance: Floats | float, size: int) -> Bools:
    """True with the given chance, row by row."""
    return rng.random(size) < chance


def running_number(group: Ints) -> Ints:
    """1, 2, 3 … within each group, in the order of the rows."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(group) else np.zeros(0, dtype=np.int64)
    number = np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))
    result = np.empty(len(group), dtype=np.int64)
    result[order] = number + 1
    return result


def working_hours(moments: Ints, rng: np.random.Generator, opens: int = 8, closes: int = 21) -> Ints:
    """Move moments of the night into the next hour and a half after opening; the rest stay."""
    hour = moments % DAY // HOUR
    night = (hour < opens) | (hour >= closes)
    morning = moments - moments % DAY + np.where(hour >= closes, DAY, 0) + opens * HOUR
    return np.where(night, morning + rng.integers(0, 90 * MINUTE, len(moments)), moments)
