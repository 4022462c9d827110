"""What a measurement says, and the table of all of them."""

from __future__ import annotations

import math
import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


@dataclass(frozen=True)
class Result:
    """One row: ``value`` against ``budget`` in ``unit`` (×, ms, s, MB); None where it could not be measured."""

    what: str
    budget: float
    unit: str
    value: float | None
    detail: str = ""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        return "met" if self.value <= self.budget else "missed"


def median(times: Sequence[float]) -> float:
    return statistics.median(times)


def percentile(times: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a time that was really seen."""
    ordered = sorted(times)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(times: Sequence[float], unit: str = "ms") -> str:
    """Median, range and number of measurements; ``times`` in milliseconds."""
    scale = {"ms": 1.0, "s": 1000.0}[unit]
    low, middle, high = min(times) / scale, median(times) / scale, max(times) / scale
    digits = 0 if unit == "ms" else 1
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f}, n={len(times)})"


def _figure(value: float, unit: str) -> str:
    if not unit:
        return f"{value:g}"
    if unit == "×":
        return f"{value:.1f} ×"
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"


def markdown(results: Sequence[Result], petitions: int, when: str) -> str:
    """The table that is printed and that stands in the README."""
    lines = [
        f"Measured {when}, {os.cpu_count()} cores, Python {platform.python_version()}, {petitions:,} petitions.",
        "",
        "| what | budget | measured | | how |",
        "|---|---|---|---|---|",
    ]
    for result in results:
        measured = "–" if result.value is None else _figure(result.value, result.unit)
        budget = f"≤ {result.budget:g} {result.unit}" if result.budget else "0"
        lines.append(f"| {result.what} | {budget} | {measured} | {result.verdict} | {result.detail} |")
    return "\n".join(lines) + "\n"


def into_readme(file: Path, table: str) -> None:
    """Write the table between its markers; ValueError where they are missing."""
    text = file.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{file.name} has no markers for the table")
    pattern = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
    file.write_text(pattern.sub(lambda _: f"{BEGIN}\n{table}{END}", text), encoding="utf-8", newline="\n")
