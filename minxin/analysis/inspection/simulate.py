"""Does the draw keep its stated probabilities, and the lift's interval its level? Simulated from a plan.

The same selection as ``draw.draw``, for many draws at once. A draw of 5,000 firms hashes 5,000 codes; ten
thousand of them would be fifty million hashes, so here a generator of numpy gives the u in place of the
hash. That the u of the hash are uniform and independent is tested by itself (``hash_numbers``), and that
both ways select alike for the same u is tested too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaincc, kolmogorov, ndtr

from minxin.analysis.inspection import draw as drawing
from minxin.analysis.inspection.rules import CLASSES

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
#: Draws that are held in memory at once.
CHUNK = 250


@dataclass(frozen=True)
class Frequencies:
    """How often each firm was drawn in ``rounds`` draws: by either arm, and by the random arm."""

    firms: pd.DataFrame
    rounds: int
    total: NDArray[np.int64]
    random: NDArray[np.int64]


def select(firms: pd.DataFrame, u: Array) -> tuple[Truth, Truth]:
    """Who is drawn for each row of u (draws × firms), and who of them in the random arm."""
    n_random, wanted = drawing.places(firms)
    count = len(u)
    is_random = np.zeros(u.shape, dtype=bool)
    first = np.argpartition(u, n_random - 1, axis=1)[:, :n_random]
    np.put_along_axis(is_random, first, True, axis=1)
    drawn = is_random.copy()
    classes, pi = firms["risk_class"].to_numpy(), firms["pi"].to_numpy(dtype="float64")
    for code in CLASSES:
        own = np.flatnonzero(classes == code)
        if not len(own):
            continue
        # The random arm comes first of all, then the smallest u/π: one order does both.
        ratio = np.where(is_random[:, own], -1.0, u[:, own] / pi[own])
        places = np.maximum(wanted[code], is_random[:, own].sum(axis=1))
        ordered = np.argsort(ratio, axis=1, kind="stable")
        taken = np.zeros((count, len(own)), dtype=bool)
        np.put_along_axis(taken, ordered, np.arange(len(own)) < places[:, None], axis=1)
        drawn[:, own] |= taken
    return drawn, is_random


def draws(firms: pd.DataFrame, rounds: int, rng: np.random.Generator) -> Iterator[tuple[Truth, Truth]]:
    """Chunks of many draws: who is drawn, who in the random arm."""
    for begin in range(0, rounds, CHUNK):
        yield select(firms, rng.random((min(CHUNK, rounds - begin), len(firms))))


def frequencies(firms: pd.DataFrame, rounds: int, rng: np.random.Generator) -> Frequencies:
    """How often each firm of a frame (all of them taking part) is drawn."""
    total, random = np.zeros(len(firms), dtype=np.int64), np.zeros(len(firms), dtype=np.int64)
    for drawn, is_random in draws(firms, rounds, rng):
        total += drawn.sum(axis=0)
        random += is_random.sum(axis=0)
    return Frequencies(firms, rounds, total, random)


def fixed_size_test(counts: NDArray[np.int64], rounds: int, n: int) -> tuple[float, int, float]:
    """Chi-square, degrees of freedom, p: are n of N firms drawn with equal probability n/N?

    In a draw of fixed size the firms' indicators have the covariance ``π(1−π)·N/(N−1)·(I − J/N)``, not that of
    independent cells; so the sum of squares is divided by ``rounds·π(1−π)·N/(N−1)`` and has N−1 degrees of
    freedom. Pearson's divisor (rounds·π) would be too large by 1/(1−π) and pass anything. Everybody or nobody
    drawn: (0, 0, 1) where the counts are exactly that, else (inf, 0, 0).
    """
    size = len(counts)
    pi = n / size if size else 0.0
    deviation = counts - rounds * pi
    if pi in (0.0, 1.0) or size < 2:
        return (0.0, 0, 1.0) if not deviation.any() else (float("inf"), 0, 0.0)
    chi = float((deviation**2).sum() / (rounds * pi * (1 - pi) * size / (size - 1)))
    return chi, size - 1, float(gammaincc((size - 1) / 2, chi / 2))


@dataclass(frozen=True)
class Deviation:
    """How far frequencies are from stated probabilities; ``noise`` is what chance alone would make of it.

    ``largest`` and ``mean_absolute`` are relative to the stated probability; ``bias`` is the root mean square of
    the relative deviation beyond chance.
    """

    largest: float
    mean_absolute: float
    noise: float
    bias: float


def deviation(counts: NDArray[np.int64], rounds: int, pi: Array) -> Deviation:
    """Relative deviation of frequencies from stated probabilities, firm by firm."""
    relative = counts / rounds / pi - 1
    chance = (1 - pi) / (rounds * pi)
    beyond = float(np.mean(relative**2) - np.mean(chance))
    return Deviation(
        float(np.abs(relative).max()),
        float(np.abs(relative).mean()),
        float(np.sqrt(2 / np.pi) * np.sqrt(chance).mean()),
        float(np.sqrt(max(beyond, 0.0))),
    )


def hash_numbers(codes: list[str], rounds: int) -> Array:
    """The u that the hash gives for so many rounds, rounds × codes."""
    return np.array([drawing.numbers("20237331128159211123", f"R{i}", codes) for i in range(rounds)])


def uniform_test(u: Array, cells: int = 256) -> tuple[float, float, float]:
    """Three p: Kolmogorov–Smirnov, chi-square over equal cells, correlation of neighbours (normal)."""
    flat = np.sort(u.ravel())
    n = len(flat)
    steps = np.arange(1, n + 1) / n
    distance = max(float((steps - flat).max()), float((flat - steps + 1 / n).max()))
    counts = np.bincount((u.ravel() * cells).astype(int), minlength=cells)
    chi = float(((counts - n / cells) ** 2).sum() / (n / cells))
    one, two = u.ravel()[:-1] - 0.5, u.ravel()[1:] - 0.5
    z = float((one * two).sum() * 12 / np.sqrt(n - 1))
    return (
        float(kolmogorov(distance * np.sqrt(n))),
        float(gammaincc((cells - 1) / 2, chi / 2)),
        float(2 * ndtr(-abs(z))),
    )
