"""The only place with colours: themes, the magnitude ramp and its classes, risk classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np

from minxin.charts.words import missing

#: System fonts first; nothing is fetched.
FONTS = "Source Han Sans SC, Noto Sans CJK SC, Microsoft YaHei, PingFang SC, Hiragino Sans GB, sans-serif"
#: The East Asian and Latin font written into files.
FILE_FONT = "微软雅黑"
BLACK, WHITE = "#000000", "#FFFFFF"


class Theme(StrEnum):
    """Screen by day, projection, paper."""

    LIGHT = "light"
    DARK = "dark"
    PRINT = "print"


@dataclass(frozen=True)
class Risk:
    """A risk class: colour always together with its shape, letter and word."""

    letter: str
    word: str
    shape: str
    colour: str
    text: str


@dataclass(frozen=True)
class Colours:
    """All colours of a theme, as #RRGGBB; ``few`` fills areas without a value, ``calm`` what is not emphasised."""

    page: str
    surface: str
    hairline: str
    text: str
    quiet: str
    primary: str
    calm: str
    few: str
    ramp: tuple[str, ...]
    categories: tuple[str, ...]
    risks: tuple[Risk, ...]


_RAMP = ("#E3EEF9", "#BFD8F0", "#93BDE4", "#639ED3", "#3B7DBB", "#1F5E9C", "#0E4076")


def _risks(*colours: str) -> tuple[Risk, ...]:
    words = (("A", "绿", "●"), ("B", "黄", "▲"), ("C", "橙", "◆"), ("D", "红", "■"))
    return tuple(Risk(*w, c, text_on(c)) for w, c in zip(words, colours, strict=True))


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=256)
def text_on(fill: str, smallest: float = 4.5) -> str:
    """The text colour for a fill: our dark text or white, whichever reads better, else pure black."""
    best = max(("#16212E", WHITE), key=lambda c: contrast(c, fill))
    return best if contrast(best, fill) >= smallest else max((BLACK, WHITE), key=lambda c: contrast(c, fill))


_LIGHT = Colours(
    page="#FFFFFF",
    surface="#F4F7FB",
    hairline="#D5DEE9",
    text="#16212E",
    quiet="#51617A",
    primary="#14539A",
    calm="#8593A5",
    few="#DCDEE1",
    ramp=_RAMP,
    categories=("#1B447E", "#AA8943", "#6925BD", "#7F1140", "#878E99"),
    risks=_risks("#1A8172", "#F9DA2C", "#D05C03", "#750A11"),
)
_DARK = Colours(
    page="#0E1A2B",
    surface="#16263B",
    hairline="#2B3F5A",
    text="#EEF3FA",
    quiet="#A9B8CC",
    primary="#7FB3F2",
    calm="#71829A",
    few="#4A4F57",
    ramp=tuple(reversed(_RAMP)),
    categories=("#80ABE5", "#E4B764", "#894FE3", "#A95D8A", "#D4E9FC"),
    risks=_risks("#67C7B2", "#FFF6A1", "#F07A18", "#C32343"),
)
_BY_THEME = {Theme.LIGHT: _LIGHT, Theme.DARK: _DARK, Theme.PRINT: _LIGHT}


def colours(theme: Theme | str = Theme.LIGHT) -> Colours:
    """The colours of a theme; paper uses the light ones. ValueError for an unknown theme."""
    return _BY_THEME[Theme(theme)]


def risk_of(name: str, held: Colours) -> Risk | None:
    """The risk class that a name begins with (红■D高, or short ■D), None for any other name."""
    return next((r for r in held.risks if name.removeprefix(r.word).startswith(f"{r.shape}{r.letter}")), None)


def part_colour(name: str, position: int, held: Colours) -> str:
    """The colour of one part of a whole: that of its risk class, else of its place in the order."""
    risk = risk_of(name, held)
    if risk is not None:
        return risk.colour
    return held.categories[position] if position < len(held.categories) else held.calm


@dataclass(frozen=True)
class Classes:
    """Values in classes of the ramp: ``index[i]`` is the class of value i (None without a value).

    ``bounds`` holds the smallest and largest value that occur in each class.
    """

    index: tuple[int | None, ...]
    bounds: tuple[tuple[float, float], ...]

    def colours(self, ramp: Sequence[str]) -> list[str]:
        """One ramp step for each class, spread over the whole ramp."""
        count = len(self.bounds)
        if count == 1:
            return [ramp[len(ramp) // 2 - 1]]
        return [ramp[int(i * (len(ramp) - 1) / (count - 1) + 0.5)] for i in range(count)]


def classes(values: Iterable[Any], most: int = 5, method: str = "quantile") -> Classes:
    """Sort values into at most ``most`` (≤ 7) classes.

    ``quantile``: about the same number of values in each class (upper edges are values that occur,
    so that equal values never fall apart; empty classes vanish). ``equal``: equal steps between the
    smallest and the largest value. Five classes are told apart more surely than seven.
    ValueError for another method.
    """
    if method not in ("quantile", "equal"):
        raise ValueError(f"unknown class method {method!r}")
    given = [None if missing(v) else float(v) for v in values]
    held = np.array([v for v in given if v is not None], dtype="float64")
    if not held.size:
        return Classes(tuple(None for _ in given), ())
    steps = max(1, min(most, 7, len(np.unique(held))))
    shares = np.arange(1, steps) / steps
    if method == "quantile":
        edges = np.unique(np.quantile(held, shares, method="inverted_cdf"))
    else:
        edges = held.min() + shares * (held.max() - held.min())
    raw = np.searchsorted(edges, held, side="left")
    used = {int(c): i for i, c in enumerate(np.unique(raw))}
    members: list[list[float]] = [[] for _ in used]
    index: list[int | None] = []
    numbered = iter(raw)
    for value in given:
        if value is None:
            index.append(None)
            continue
        place = used[int(next(numbered))]
        members[place].append(value)
        index.append(place)
    return Classes(tuple(index), tuple((min(m), max(m)) for m in members))
