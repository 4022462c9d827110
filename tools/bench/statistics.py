"""``make bench-statistics``: do assessment and draw keep what they promise? Simulated, with a fixed seed.

Communities of unequal size answer call-backs at the mailbox's volume (about 400 a month over 21), five
times and twenty-five times it; what is true is known, so coverage, errors and wrongly named
communities can be counted. ``--update-docs`` writes the tables into docs/statistics.md.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.assessment import rules
from minxin.analysis.assessment.assess import assess, estimates
from minxin.analysis.assessment.rules import Rule
from tools.bench import inspection

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs" / "statistics.md"
BEGIN, END = "<!-- statistics: begin -->", "<!-- statistics: end -->"
DRAW = "<!-- draw: begin -->", "<!-- draw: end -->"
#: Valid call-backs a month of 21 communities, 401 in all (DOMAIN 2.5: n = 4 … 60).
SIZES = np.array([4, 7, 8, 10, 10, 11, 12, 14, 14, 16, 17, 17, 17, 20, 21, 23, 26, 27, 30, 37, 60])
CODES = [f"C{i:02d}" for i in range(len(SIZES))]
TIMES = (1, 5, 25)
#: What the street is like: contacted, resolved, satisfied (basically satisfied counting 0.9).
RESPONSE, RESOLUTION, SATISFACTION = 0.98, 0.92, 0.90
#: Standard deviation of the true rates where quality differs: DOMAIN 2.5 has 2.8 points.
SPREAD = 0.028
SEED = 20230704
Array = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """True cells per unit (units × contacted × resolved × answer) and its true rates (units, 3)."""

    cells: Array
    rates: Array


def world(shift: Array, response: float = RESPONSE) -> World:
    """A street whose communities resolve and satisfy so much better (or worse) than the usual.

    Of what is resolved 8 % is basically satisfied and the rest satisfied or not; of what is not
    resolved 30 % are satisfied and 20 % basically: resolution and satisfaction go together.
    """
    resolved = np.clip(RESOLUTION + shift, 0.4, 0.992)
    wanted = np.clip(SATISFACTION + shift, 0.38, 0.975)
    basic, basic_else, satisfied_else = 0.08, 0.20, 0.30
    left = satisfied_else + 0.9 * basic_else
    satisfied = np.clip((wanted - (1 - resolved) * left) / resolved - 0.9 * basic, 0, 1 - basic)
    contacted = 0.99
    contacted_else = np.clip((response - contacted * resolved) / (1 - resolved), 0, 1)
    cells = np.zeros((len(shift), 2, 2, 3))
    for r, share, s, b, c in (
        (1, resolved, satisfied, np.full_like(shift, basic), np.full_like(shift, contacted)),
        (0, 1 - resolved, np.full_like(shift, satisfied_else), np.full_like(shift, basic_else), contacted_else),
    ):
        answers = np.column_stack([1 - s - b, b, s]) * share[:, None]
        cells[:, 1, r], cells[:, 0, r] = answers * c[:, None], answers * (1 - c)[:, None]
    rates = np.column_stack(
        [
            cells[:, 1].sum(axis=(1, 2)),
            cells[:, :, 1].sum(axis=(1, 2)),
            cells[..., 2].sum(axis=(1, 2)) + 0.9 * cells[..., 1].sum(axis=(1, 2)),
        ]
    )
    return World(cells, rates)


def answers(found: World, sizes: Array, rng: np.random.Generator) -> Array:
    """Counts per cell of so many call-backs per unit, as floating numbers."""
    flat = found.cells.reshape(len(sizes), -1)
    return rng.multinomial(sizes.astype(int), flat / flat.sum(axis=1, keepdims=True)).astype("float64")


def frame(counted: Array) -> pd.DataFrame:
    """Counts per cell as the frame that ``assess`` takes."""
    k = counted.reshape(len(counted), 2, 2, 3)
    columns = {
        "n_valid": k.sum(axis=(1, 2, 3)),
        "n_responded": k[:, 1].sum(axis=(1, 2)),
        "n_resolved": k[:, :, 1].sum(axis=(1, 2)),
        "n_satisfied": k[..., 2].sum(axis=(1, 2)),
        "n_basic": k[..., 1].sum(axis=(1, 2)),
        "n_responded_resolved": k[:, 1, 1].sum(axis=1),
        "n_responded_satisfied": k[:, 1, :, 2].sum(axis=1),
        "n_responded_basic": k[:, 1, :, 1].sum(axis=1),
        "n_resolved_satisfied": k[:, :, 1, 2].sum(axis=1),
        "n_resolved_basic": k[:, :, 1, 1].sum(axis=1),
    }
    return pd.DataFrame({"code": CODES[: len(k)], "name": CODES[: len(k)], **columns})


def shifts(differ: bool, rng: np.random.Generator) -> Array:
    """How much better each community is: not at all, or by degrees."""
    return rng.normal(0, SPREAD, len(SIZES)) if differ else np.zeros(len(SIZES))


# ── coverage and error ──────────────────────────────────────────────────────────────────────────


@dataclass
class Accuracy:
    """What one setting gave: shares of intervals that hold the truth, and root mean squared errors."""

    times: int
    months: int
    differ: bool
    coverage: dict[str, float]
    ranks: float
    errors: dict[str, tuple[float, float, float]]

    @property
    def label(self) -> str:
        """Volume, window and truth, as cells of a table."""
        return f"{self.times} × | {self.months} | {'differ' if self.differ else 'alike'}"

    def ratio(self, rate: str) -> float:
        """The estimate's error over the smaller of the plain rate's and one pooled constant's."""
        ours, plain, pooled = self.errors[rate]
        return ours / min(plain, pooled)


def accuracy(rule: Rule, times: int, months: int, differ: bool, rounds: int, rng: np.random.Generator) -> Accuracy:
    """Coverage of the intervals of rates, score and ranks, and errors of the estimates."""
    held: dict[str, list[float]] = {}
    squares: dict[str, Array] = {}
    covered = 0.0
    weights = np.asarray(rule.weights.values)
    tried = replace(rule, smallest_n=1)
    for _ in range(rounds):
        true = world(shifts(differ, rng))
        score = true.rates @ weights
        counts = frame(answers(true, SIZES * times * months, rng))
        found = assess(counts, tried, draws=400)
        units = found.units
        for k, rate in enumerate(rules.RATES):
            inside = (units[f"{rate}_low"] <= true.rates[:, k]) & (true.rates[:, k] <= units[f"{rate}_high"])
            held.setdefault(rate, []).append(float(inside.mean()))
        inside = (units["score_low"] <= score) & (score <= units["score_high"])
        held.setdefault("score", []).append(float(inside.mean()))
        inside = (units["estimate_low"] <= score) & (score <= units["estimate_high"])
        held.setdefault("estimate", []).append(float(inside.mean()))
        place = pd.Series(-score.round(12)).rank(method="average").to_numpy()
        covered += float(((units["rank_low"] <= place) & (place <= units["rank_high"])).mean())
        ours = {"score": (units, score, "score")}
        one = estimates(counts, tried, draws=300)
        for k, rate in enumerate(rules.RATES[1:], 1):
            ours[rate] = (one[one["rate"] == rate], true.rates[:, k], "value")
        n = counts["n_valid"].to_numpy()
        for rate, (table, truth, plain) in ours.items():
            value = table[plain].to_numpy()
            pooled = float((value * n).sum() / n.sum())
            all_three = (table["estimate"].to_numpy(), value, np.full(len(n), pooled))
            errors = np.array([((guess - truth) ** 2).mean() for guess in all_three])
            squares[rate] = squares.get(rate, np.zeros(3)) + errors / rounds
    return Accuracy(
        times,
        months,
        differ,
        {name: float(np.mean(values)) for name, values in held.items()},
        covered / rounds,
        {rate: tuple(np.sqrt(values)) for rate, values in squares.items()},  # type: ignore[misc]
    )


# ── naming ──────────────────────────────────────────────────────────────────────────────────────


def named(counts: pd.DataFrame, rule: Rule) -> NDArray[np.bool_]:
    """Which communities are named 整改."""
    return np.asarray(assess(counts, rule, draws=300).units["class"] == "整改")


def wrongly(rule: Rule, times: int, months: int, rounds: int, rng: np.random.Generator) -> tuple[float, float]:
    """Share of assessments that name any community 整改, and any 先进 or 进步, where all are alike."""
    bad = good = 0
    for _ in range(rounds):
        true = world(shifts(False, rng))
        now, then = (frame(answers(true, SIZES * times * months, rng)) for _ in range(2))
        classes = assess(now, rule, before=then, draws=400).units["class"]
        bad += bool((classes == "整改").any())
        good += bool(classes.isin(["先进", "进步"]).any())
    return bad / rounds, good / rounds


def found_by_month(
    rule: Rule, times: int, differ: bool, rounds: int, last: int, rng: np.random.Generator, drop: float = 0.10
) -> tuple[Array, Array, NDArray[np.int64]]:
    """One community turns 10 points worse after a good window; rounds × months: named then, by then; which one.

    The score falls by ``drop``: resolution and satisfaction by as much as their weights make of it.
    """
    weights = rule.weights.values
    fall = drop / (weights[1] + weights[2])
    at = np.zeros((rounds, last), dtype=bool)
    which = np.zeros(rounds, dtype=np.int64)
    for i in range(rounds):
        unit = which[i] = i % len(SIZES)
        before = shifts(differ, rng)
        after = before.copy()
        after[unit] -= fall
        good, bad = world(before), world(after)
        months = [answers(good, SIZES * times, rng) for _ in range(rule.window_months)]
        for month in range(last):
            months.append(answers(bad, SIZES * times, rng))
            at[i, month] = named(frame(np.sum(months[-rule.window_months :], axis=0)), rule)[unit]
    return at, np.maximum.accumulate(at, axis=1), which


def found_at_once(
    rule: Rule, months: int, differ: bool, rounds: int, rng: np.random.Generator, drop: float = 0.10
) -> float:
    """Share of single assessments on a window of the mailbox that name the one that was worse all along."""
    fall = drop / (rule.weights.values[1] + rule.weights.values[2])
    hits = 0
    for i in range(rounds):
        shift = shifts(differ, rng)
        shift[i % len(SIZES)] -= fall
        hits += bool(named(frame(answers(world(shift), SIZES * months, rng)), rule)[i % len(SIZES)])
    return hits / rounds


def first_month(share: Array, wanted: float = 0.8) -> int | None:
    """The first month (1 …) by which the wanted share is reached, or None."""
    reached = np.flatnonzero(share >= wanted)
    return int(reached[0]) + 1 if len(reached) else None


def last_places(rounds: int, rng: np.random.Generator, share: float = 0.95) -> tuple[Array, Array]:
    """Share of last and of first places by thirds of size, small to large, where all are truly alike.

    One month of the mailbox, plain rates, ties broken by lot (DOMAIN 2.5).
    """
    x = rng.binomial(SIZES, share, size=(rounds, len(SIZES))) / SIZES + rng.random((rounds, len(SIZES))) * 1e-9
    third = np.arange(len(SIZES)) // (len(SIZES) // 3)
    places = [np.bincount(third[x.argmin(axis=1)], minlength=3), np.bincount(third[x.argmax(axis=1)], minlength=3)]
    return places[0] / rounds, places[1] / rounds


# ── the tables ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Check:
    """A promise with what was measured."""

    what: str
    promised: str
    measured: str
    kept: bool


@dataclass(frozen=True)
class Size:
    """How much is simulated."""

    accuracy: int = 240
    month: int = 240
    wrong: int = 300
    named: int = 63
    places: int = 20000


def _percent(value: float, decimals: int = 1) -> str:
    return f"{100 * value:.{decimals}f} %"


def _months(month: int | None, last: int) -> str:
    return f"{month}" if month else f"> {last}"


def accuracy_table(found: Sequence[Accuracy]) -> str:
    lines = [
        "| volume | window | true quality | response | resolution | satisfaction | score | estimate | rank |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        share = " | ".join(_percent(one.coverage[name]) for name in (*rules.RATES, "score", "estimate"))
        lines.append(f"| {one.label} | {share} | {_percent(one.ranks)} |")
    return "\n".join(lines)


def error_table(found: Sequence[Accuracy]) -> str:
    lines = [
        "| volume | window | true quality | of | plain | pooled | estimate | to the smaller |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        for rate in ("score", "resolution", "satisfaction"):
            ours, plain, pooled = (f"{100 * value:.2f}" for value in one.errors[rate])
            lines.append(f"| {one.label} | {rate} | {plain} | {pooled} | {ours} | {one.ratio(rate):.2f} |")
    return "\n".join(lines)


def coverage_checks(found: Sequence[Accuracy]) -> list[Check]:
    """The promises about intervals and errors, over the settings on the rule's window."""
    rate = [one.coverage[name] for one in found for name in (*rules.RATES, "score")]
    ranks = [one.ranks for one in found]
    ratios = [one.ratio(name) for one in found for name in one.errors]
    real = [one.ratio(name) for one in found if one.differ for name in one.errors]
    return [
        Check(
            "nominal 80 % intervals of rates and score",
            "77–85 %",
            f"{_percent(min(rate))} … {_percent(max(rate))}",
            min(rate) >= 0.77 and max(rate) <= 0.85,
        ),
        Check("nominal 80 % intervals of ranks", "≥ 78 %", f"{_percent(min(ranks))} at least", min(ranks) >= 0.78),
        Check(
            "error of the estimate, to the smaller of the plain rate's and one constant's",
            "≤ 1.05",
            f"{max(ratios):.2f} at most",
            max(ratios) <= 1.05,
        ),
        Check("the same where differences are real", "< 1", f"{max(real):.2f} at most", max(real) < 1),
    ]


def naming_table(
    rule: Rule, size: Size, rng: np.random.Generator, say: Callable[[str], None]
) -> tuple[str, list[Check]]:
    """How often a community is named wrongly, and by which month one that turned worse is named rightly."""
    lines = [
        "| volume | the others | named wrongly | by month 3 | 6 | 9 | 12 | 18 "
        "| ≥ 80 % by month | small third | middle | large |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    checks = []
    for times, last in zip(TIMES, (18, 12, 12), strict=True):
        wrong, praised = wrongly(rule, times, rule.window_months, size.wrong, rng)
        say(f"{times} ×: wrongly named {wrong:.3f}, wrongly praised {praised:.3f}")
        checks.append(
            Check(
                f"identical quality, {times} ×: assessments that name any 整改", "< 5 %", _percent(wrong), wrong < 0.05
            )
        )
        for differ in (False, True):
            at, by, which = found_by_month(rule, times, differ, size.named, last, rng)
            share = by.mean(axis=0)
            third = which // (len(SIZES) // 3)
            first = first_month(share)
            thirds = [_months(first_month(by[third == k].mean(axis=0)), last) for k in range(3)]
            shown = [_percent(share[m - 1], 0) if m <= last else "" for m in (3, 6, 9, 12, 18)]
            lines.append(
                f"| {times} × | {'differ' if differ else 'alike'} | {'' if differ else _percent(wrong)} | "
                f"{' | '.join(shown)} | {_months(first, last)} | {' | '.join(thirds)} |"
            )
            say(
                f"{times} ×, the others {'differ' if differ else 'alike'}: ≥ 80 % by month {first}; "
                f"in the last month {at[:, -1].mean():.2f}"
            )
            checks.append(
                Check(
                    f"10 points worse, {times} ×, the others {'differ' if differ else 'alike'}: named 整改",
                    "≥ 80 % within a stated number of months",
                    f"within {_months(first, last)} months",
                    first is not None,
                )
            )
    return "\n".join(lines), checks


def run(rule: Rule, size: Size, say: Callable[[str], None]) -> tuple[str, list[Check]]:
    """Everything, as Markdown, and the promises with whether they are kept."""
    settings = [(times, differ) for times in TIMES for differ in (False, True)]
    held: dict[int, list[Accuracy]] = {}
    for months, rounds in ((rule.window_months, size.accuracy), (1, size.month)):
        for place, (times, differ) in enumerate(settings):
            rng = np.random.default_rng([SEED, months, place])
            one = accuracy(rule, times, months, differ, rounds, rng)
            say(
                f"{one.label}: score {one.coverage['score']:.3f}, ranks {one.ranks:.3f}, ratio {one.ratio('score'):.3f}"
            )
            held.setdefault(months, []).append(one)
    window = held[rule.window_months]
    checks = coverage_checks(window)
    naming, more = naming_table(rule, size, np.random.default_rng([SEED, 2]), say)
    rng = np.random.default_rng([SEED, 4])
    windows = [
        (months, *(found_at_once(rule, months, differ, 3 * size.named, rng) for differ in (False, True)))
        for months in (3, 6, rule.window_months)
    ]
    last, first = last_places(size.places, np.random.default_rng([SEED, 3]))
    checks += more
    parts = [
        f"Rule `{rule.name}` ({rule.digest}), weights {rule.weights.name}, window {rule.window_months} months, "
        f"cut {rule.classes.cut:g}, margin {rule.classes.margin:g}; seed {SEED}; {size.accuracy} rounds of "
        f"21 communities for each line of the first two tables ({size.month} for a single month), {size.wrong} and "
        f"{size.named} for each of the third.",
        "| promise | promised | measured | |\n|---|---|---|---|\n"
        + "\n".join(
            f"| {c.what} | {c.promised} | {c.measured} | {'kept' if c.kept else '**not kept**'} |" for c in checks
        ),
        "Share of nominal 80 % intervals that hold the truth. The last six lines are a single month by itself, "
        "which is shown beside but not assessed: with a handful of answers a rate near 1 takes few values and "
        "its interval holds the truth more often than it says.",
        accuracy_table([*window, *held[1]]),
        "Root mean squared error in points; pooled: one constant for all.",
        error_table([*window, *held[1]]),
        f"One community turns 10 points worse after {rule.window_months} good months; share named 整改 at least once "
        "by a month, every community taking its turn; by thirds of size, the month by which 80 % are named.",
        naming,
        "Why so long a window: share of single assessments at the mailbox's volume that name a community which was "
        "10 points worse all along.",
        "| window in months | the others alike | the others differ |\n|---|---|---|\n"
        + "\n".join(f"| {months} | {_percent(one, 0)} | {_percent(two, 0)} |" for months, one, two in windows),
        f"Plain ranking of one month of the mailbox where all are truly alike (95 %): the last place falls on the "
        f"smallest third of communities in {_percent(last[0], 0)}, on the middle third in {_percent(last[1], 0)}, "
        f"on the largest in {_percent(last[2], 0)} of cases; the first place in {_percent(first[0], 0)}, "
        f"{_percent(first[1], 0)} and {_percent(first[2], 0)}. It names a last one every time.",
    ]
    return "\n\n".join(parts) + "\n", checks


def into_docs(file: Path, table: str, markers: tuple[str, str] = (BEGIN, END)) -> None:
    """Write the tables between their markers; ValueError where they are missing."""
    begin, end = markers
    text = file.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        raise ValueError(f"{file.name} has no markers for the tables")
    pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    new = pattern.sub(lambda _: f"{begin}\n{table}{end}", text)
    file.write_text(new, encoding="utf-8", newline="\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-statistics", description=__doc__)
    parser.add_argument("--rule", default="trial-2022", help="name of the rule that is tried")
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of the usual number of rounds, 0.1 for a quick look"
    )
    parser.add_argument("--update-docs", action="store_true", help="write the tables into docs/statistics.md")
    parser.add_argument("--part", choices=["all", "assessment", "draw"], default="all", help="what is simulated")
    options = parser.parse_args()
    usual = Size()
    size = Size(*(max(21, round(getattr(usual, f.name) * options.share)) for f in fields(usual)))
    begun = time.perf_counter()

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    kept = True
    if options.part in ("all", "assessment"):
        table, checks = run(rules.load().named(options.rule), size, say)
        kept &= _shown(table, [check.kept for check in checks], options.update_docs, (BEGIN, END))
    if options.part in ("all", "draw"):
        table, found = inspection.run(options.share, say)
        kept &= _shown(table, [check.kept for check in found], options.update_docs, DRAW)
    say(f"{time.perf_counter() - begun:.0f} s")
    return 0 if kept else 1


def _shown(table: str, kept: Sequence[bool], update: bool, markers: tuple[str, str]) -> bool:
    """Print the tables, write them into the documentation where asked to; whether every promise is kept."""
    print(table)
    if update:
        into_docs(DOCS, table, markers)
    return all(kept)


if __name__ == "__main__":
    raise SystemExit(main())
