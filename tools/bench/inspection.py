"""The part of ``make bench-statistics`` about the draw: stated probabilities, the lift's interval, the hash.

A frame of 5,005 firms in the class shares published for 2022 (73.2, 18.7, 5.2, 3.0 %), draws of 500. The
numbers u come from numpy's generator in the simulation and from SHA-256 in their own test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis import rates
from minxin.analysis.inspection import allocation, evaluate, rules, simulate
from minxin.analysis.inspection.allocation import Plan
from minxin.analysis.inspection.rules import CLASSES

SEED = 20230704
CLASS_SIZES = {"A": 3660, "B": 935, "C": 260, "D": 150}
#: True shares of firms with a problem; the second world has far fewer of them.
WORLDS = {"common": (0.08, 0.20, 0.35, 0.55), "rare": (0.02, 0.05, 0.12, 0.25)}
SIZE = 500
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Check:
    """A promise with what was measured."""

    what: str
    promised: str
    measured: str
    kept: bool


def frame(weighted: bool = False) -> pd.DataFrame:
    """5,005 firms by class; ``weighted``: every tenth is of a sector that is drawn 1.5 times as likely."""
    classes = np.repeat(list(CLASS_SIZES), list(CLASS_SIZES.values()))
    codes = [f"91999999MA{i:08d}" for i in range(len(classes))]
    focus = ["是" if weighted and i % 10 == 0 else "" for i in range(len(classes))]
    return pd.DataFrame({"uscc": codes, "risk_class": classes, "focus": focus})


def probabilities(rounds: int) -> tuple[list[str], list[Check]]:
    """Frequencies against stated probabilities: exactly in equal classes, measured where weights differ."""
    rule = rules.load().versions[-1]
    lines = [
        "| frame | class | firms | places | stated probability | chi-square (df) | p "
        "| mean relative deviation | by chance alone | beyond chance (rms) |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    checks = []
    for name, weighted in (("equal in class", False), ("1.5 × for every tenth", True)):
        plan = allocation.plan(frame(weighted), rule, SIZE)
        found = simulate.frequencies(plan.firms, rounds, np.random.default_rng([SEED, 10, int(weighted)]))
        classes, pi = plan.firms["risk_class"].to_numpy(), plan.firms["pi"].to_numpy()
        smallest = 1.0
        for code in CLASSES:
            own = classes == code
            off = simulate.deviation(found.total[own], rounds, pi[own])
            test = ("", "")
            if not weighted:
                chi, df, p = simulate.fixed_size_test(found.total[own], rounds, plan.drawn[code])
                test, smallest = (f"{chi:.0f} ({df})", f"{p:.3f}"), min(smallest, p)
            stated = f"{pi[own].min():.4f}" if np.ptp(pi[own]) == 0 else f"{pi[own].min():.4f}–{pi[own].max():.4f}"
            lines.append(
                f"| {name} | {code} | {plan.sizes[code]} | {plan.drawn[code]} | {stated} | {test[0]} | {test[1]} | "
                f"{100 * off.mean_absolute:.2f} % | {100 * off.noise:.2f} % | {100 * off.bias:.2f} % |"
            )
        chi, df, p = simulate.fixed_size_test(found.random, rounds, plan.n_random)
        lines.append(
            f"| {name} | random arm, all | {plan.eligible} | {plan.n_random} | {plan.n_random / plan.eligible:.4f} | "
            f"{chi:.0f} ({df}) | {p:.3f} | | | |"
        )
        smallest = min(smallest, p)
        checks.append(
            Check(
                f"{rounds:,} draws of {SIZE}, {name}: equal probability where stated so",
                "no global test below p = .01/5",
                f"smallest p {smallest:.3f}",
                smallest > 0.002,
            )
        )
    return lines, checks


def coverage(rounds: int) -> tuple[list[str], list[Check]]:
    """How often the intervals of lift, difference and population rate hold the truth."""
    rule = rules.load().versions[-1]
    lines = [
        "| true problems | visits | random arm | true lift | lift, Koopman | lift, Katz (none where a count is 0) "
        "| difference, Newcombe | population rate, Hájek |",
        "|---|---|---|---|---|---|---|---|",
    ]
    checks = []
    for place, (name, shares) in enumerate(WORLDS.items()):
        for size in (300, SIZE, 754):
            plan = allocation.plan(frame(), rule, size)
            rng = np.random.default_rng([SEED, 20, place, size])
            one = _covered(plan, np.array(shares), rounds, rng)
            lines.append(
                f"| {name} ({100 * one['all']:.1f} %) | {size} | {plan.n_random} | {one['lift']:.2f} | "
                f"{100 * one['koopman']:.1f} % | {100 * one['katz']:.1f} % | {100 * one['difference']:.1f} % | "
                f"{100 * one['population']:.1f} % |"
            )
            # With three findings in the random arm counts are so coarse that an honest interval holds more.
            most = 0.965 if name == "common" else 0.985
            checks.append(
                Check(
                    f"nominal 95 % interval of the lift, {size} visits, problems {name}",
                    f"93.5–{100 * most:.1f} %",
                    f"{100 * one['koopman']:.1f} %",
                    0.935 <= one["koopman"] <= most,
                )
            )
    return lines, checks


def _covered(plan: Plan, shares: Array, rounds: int, rng: np.random.Generator) -> dict[str, float]:
    firms = plan.firms
    place = np.searchsorted(CLASSES, firms["risk_class"].to_numpy().astype(str))
    p, pi, truth = shares[place], firms["pi"].to_numpy(), float(shares[place].mean())
    held: dict[str, list[Array]] = {}
    for drawn, is_random in simulate.draws(firms, rounds, rng):
        problem, risk = rng.random(drawn.shape) < p, drawn & ~is_random
        n1, n0 = risk.sum(axis=1), is_random.sum(axis=1)
        x1, x0 = (problem & risk).sum(axis=1), (problem & is_random).sum(axis=1)
        found = evaluate.lift(x1, n1, x0, n0)
        katz = rates.relative_risk(x1, n1, x0, n0)
        wanted = (risk * p).sum(axis=1) / n1
        for key, interval, true in (
            ("koopman", found.ratio, wanted / truth),
            ("katz", katz, wanted / truth),
            ("difference", found.difference, wanted - truth),
        ):
            inside = ((interval.low <= true) & (true <= interval.high)).astype("float64")
            held.setdefault(key, []).append(np.where(np.isnan(interval.value), np.nan, inside))
        held.setdefault("lift", []).append(wanted / truth)
        for row, found_in in list(zip(drawn, problem, strict=True))[::10]:
            visits = pd.DataFrame(
                {"risk_class": firms["risk_class"].to_numpy()[row], "pi": pi[row], "has_problem": found_in[row]}
            )
            share = evaluate.population(visits)
            held.setdefault("population", []).append(np.array([float(share.low <= truth <= share.high)]))
    return {key: float(np.nanmean(np.concatenate(values))) for key, values in held.items()} | {"all": truth}


def hashed(rounds: int) -> tuple[str, Check]:
    """Whether the u of the hash are uniform: the simulation puts a generator in their place."""
    u = simulate.hash_numbers(frame()["uscc"].tolist(), rounds)
    ks, chi, neighbours = simulate.uniform_test(u)
    said = f"{u.size:,} hashes: Kolmogorov–Smirnov p {ks:.3f}, chi-square p {chi:.3f}, neighbours p {neighbours:.3f}"
    return said, Check("u of SHA-256 uniform and independent", "p > .01 each", said, min(ks, chi, neighbours) > 0.01)


def run(share: float, say: Callable[[str], None]) -> tuple[str, list[Check]]:
    """Everything about the draw, as Markdown, and the promises; ``share`` of the usual number of rounds."""
    rounds, held, hashes = (max(100, round(n * share)) for n in (10_000, 10_000, 200))
    table, checks = probabilities(rounds)
    say(f"draw: {rounds} rounds of frequencies")
    lift, more = coverage(held)
    say(f"draw: {held} rounds of coverage")
    said, uniform = hashed(hashes if share >= 1 else 20)
    checks += [*more, uniform]
    rule = rules.load().versions[-1]
    parts = [
        f"Rule `{rule.name}` ({rule.digest}), seed {SEED}; {rounds:,} draws of {SIZE} from "
        f"{sum(CLASS_SIZES.values()):,} firms for the first table, {held:,} for each line of the second (population "
        f"rate: every tenth of them). In the simulation a generator stands in for the hash; {said}.",
        "| promise | promised | measured | |\n|---|---|---|---|\n"
        + "\n".join(
            f"| {c.what} | {c.promised} | {c.measured} | {'kept' if c.kept else '**not kept**'} |" for c in checks
        ),
        "\n".join(table),
        "Truth of the second table: problems fall anew in every round with the true share of the firm's class.",
        "\n".join(lift),
    ]
    return "\n\n".join(parts) + "\n", checks
