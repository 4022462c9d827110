"""What if the rules were others: who moves and how surely, which assumption matters, where a difference comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from minxin.analysis.assessment.assess import Assessment, assess, capped_points
from minxin.analysis.assessment.measures import Measures, measures
from minxin.analysis.assessment.posterior import posterior
from minxin.analysis.assessment.ranks import rank_draws
from minxin.analysis.assessment.rules import RATES, Rule, trial_weights
from minxin.analysis.rates import Array

#: Counts by a rule: its exclusions, period, window and valid call-backs decide what is counted.
Counts = Callable[[Rule], pd.DataFrame]

# ── weights ─────────────────────────────────────────────────────────────────────────────────────


def simplex(count: int, centre: Sequence[float] | None = None, sureness: float = 30.0) -> Array:
    """Weights (count, 3) spread evenly over all that sum to 1, or around a centre; the same every time.

    Quasi-random (Roberts 2018's R3 sequence) through gamma quantiles: Dirichlet(1, 1, 1), or
    Dirichlet(1 + sureness × centre).
    """
    golden = 1.2207440846057596  # the root of x⁴ = x + 1
    steps = 1 / golden ** np.arange(1, 4)
    u = np.clip((0.5 + np.arange(1, count + 1)[:, None] * steps) % 1, 1e-9, 1 - 1e-9)
    shape = np.ones(3) if centre is None else 1 + sureness * np.asarray(centre, dtype="float64")
    parts = gammaincinv(shape, u)
    return np.asarray(parts / parts.sum(axis=1, keepdims=True))


class Acceptability(NamedTuple):
    """SMAA over weights. ``ranks``: one row per unit and rank, ``code, name, rank, share``; ``units``: one row
    per unit, ``code, name, first`` (share of weights and chance with which it comes first), ``last``,
    ``confidence`` (that it comes first at its own central weights), ``response, resolution,
    satisfaction`` (those weights; NaN where it never comes first)."""

    ranks: pd.DataFrame
    units: pd.DataFrame


def acceptability(
    counts: pd.DataFrame, rule: Rule, *, centre: bool = False, weights: Array | None = None, draws: int = 300
) -> Acceptability:
    """How often each unit takes each rank, over weights and over chance (units of at least the smallest n).

    Lahdelma, Hokkanen & Salminen 1998, Eur. J. Oper. Res. 106, 137; SMAA-2: Lahdelma & Salminen 2001,
    Oper. Res. 49, 444. ``centre``: weights around the rule's own instead of all; or the ``weights``.
    """
    found = measures(counts, rule.basic_value, rule.confidence)
    kept = np.flatnonzero((found.n >= rule.smallest_n) & ~np.isnan(found.means).any(axis=1))
    tried = simplex(200, rule.weights.values if centre else None) if weights is None else np.asarray(weights)
    units = len(kept)
    taken, first = np.zeros((units, units)), np.zeros((len(tried), units))
    for i, w in enumerate(tried):
        ranks = rank_draws(_draws(found, rule, w, draws)[:, kept])
        for k in range(units):
            taken[k] += np.bincount(ranks[:, k] - 1, minlength=units) / (draws * len(tried))
        first[i] = (ranks == 1).mean(axis=0)
    codes = [found.codes[k] for k in kept]
    names = [found.names[k] for k in kept]
    won = first.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        central = np.where(won[:, None] > 0, first.T @ tried / won[:, None], np.nan)
    sure = [
        float((rank_draws(_draws(found, rule, central[k], draws)[:, kept])[:, k] == 1).mean()) if won[k] > 0 else 0.0
        for k in range(units)
    ]
    ranks_frame = pd.DataFrame(
        {
            "code": np.repeat(codes, units),
            "name": np.repeat(names, units),
            "rank": np.tile(np.arange(1, units + 1), units),
            "share": taken.ravel(),
        }
    )
    columns = {"code": codes, "name": names, "confidence": sure}
    columns |= {"first": taken[:, 0] if units else [], "last": taken[:, -1] if units else []}
    columns |= {rate: central[:, k] for k, rate in enumerate(RATES)}
    return Acceptability(ranks_frame, pd.DataFrame(columns))


def _draws(found: Measures, rule: Rule, weights: Array, count: int) -> Array:
    x, n = found.effective(weights)
    return posterior(x, n, found.codes, rule.prior, count).draws


# ── two rules ───────────────────────────────────────────────────────────────────────────────────


def moves(one: Assessment, two: Assessment) -> pd.DataFrame:
    """Who moves between two rules on the same period, and with what probability.

    One row per unit ranked by both, in order of the codes: ``code, name, score, score_new, change,
    rank, rank_new`` (medians), ``p_up, p_down`` (that it stands higher, lower under the new rule;
    the same chance is taken for both), ``shift`` (mean of the places gained), ``class, class_new``.
    """
    places = [
        {
            code: i
            for i, (code, rank) in enumerate(zip(a.units["code"], a.units["rank_median"], strict=True))
            if rank > 0
        }
        for a in (one, two)
    ]
    codes = sorted(set(places[0]) & set(places[1]))
    rows = [[place[code] for code in codes] for place in places]
    old, new = (
        {name: a.units[name].to_numpy()[held] for name in ("name", "score", "rank_median", "class")}
        for a, held in zip((one, two), rows, strict=True)
    )
    count = min(len(one.draws), len(two.draws))
    before, after = rank_draws(one.draws[:count, rows[0]]), rank_draws(two.draws[:count, rows[1]])
    return pd.DataFrame(
        {
            "code": codes,
            "name": old["name"],
            "score": old["score"],
            "score_new": new["score"],
            "change": new["score"] - old["score"],
            "rank": old["rank_median"],
            "rank_new": new["rank_median"],
            "p_up": (after < before).mean(axis=0),
            "p_down": (after > before).mean(axis=0),
            "shift": before.mean(axis=0) - after.mean(axis=0),
            "class": old["class"],
            "class_new": new["class"],
        }
    )


@dataclass(frozen=True)
class Part:
    """Fields of a rule that are changed together when a difference is explained."""

    code: str
    label: str
    fields: tuple[str, ...]


PARTS = (
    Part("weights", "权重", ("weights",)),
    Part("basic_value", "基本满意折算", ("basic_value",)),
    Part("exclusions", "剔除", ("exclusions",)),
    Part("valid", "有效回访认定", ("valid",)),
    Part("period", "考核月起止与归属", ("period_first_day", "counted_by")),
    Part("window", "滚动月数", ("window_months",)),
    Part("points", "加减分", ("points", "points_cap")),
)
#: Parts that change what is counted; the others only what is made of it.
COUNTED = ("exclusions", "valid", "period", "window")


def changed_parts(old: Rule, new: Rule) -> list[Part]:
    """The parts in which two rules differ as far as the total is concerned."""
    return [part for part in PARTS if any(getattr(old, f) != getattr(new, f) for f in part.fields)]


def _between(old: Rule, new: Rule, parts: Sequence[Part]) -> Rule:
    taken = {name: getattr(new, name) for part in parts for name in part.fields}
    return replace(old, **taken) if taken else old


def explained(old: Rule, new: Rule, counts: Counts, points: pd.DataFrame | None = None) -> pd.DataFrame:
    """The difference of each unit's total between two rules, divided among what was changed.

    ``counts(rule)`` gives the counts by a rule; it is asked once for each mixture of what bears on
    counting. Each part's share is its mean effect over all orders in which the parts can be changed
    (Shapley 1953; Shorrocks 2013, J. Econ. Inequal. 11, 99), so the parts of a unit sum to the
    difference exactly and no order is preferred. One row per unit and part, in order of the codes, then
    of the parts: ``code, name, part, label, value, total_old, total_new, difference``; shares (0.01 is
    one point). NaN for a unit that has no score under some mixture. Parts that are the same are left out.
    """
    parts = changed_parts(old, new)
    held: dict[tuple[str, ...], pd.DataFrame] = {}
    measured: dict[tuple[tuple[str, ...], float], Measures] = {}
    totals: dict[frozenset[str], pd.Series] = {}
    names: dict[str, str] = {}
    for size in range(len(parts) + 1):
        for chosen in combinations(parts, size):
            rule = _between(old, new, chosen)
            counted = tuple(part.code for part in chosen if part.code in COUNTED)
            if counted not in held:
                held[counted] = counts(rule)
            if (counted, rule.basic_value) not in measured:
                measured[counted, rule.basic_value] = measures(held[counted], rule.basic_value, rule.confidence)
            found = measured[counted, rule.basic_value]
            names |= dict(zip(found.codes, found.names, strict=True))
            _, kept = capped_points(points, found.codes, rule)
            total = found.score(rule.weights.values).value + kept / 100
            totals[frozenset(part.code for part in chosen)] = pd.Series(total, index=list(found.codes))
    codes = sorted(names)
    value = {key: series.reindex(codes).to_numpy("float64") for key, series in totals.items()}
    everything = frozenset(part.code for part in parts)
    rows = []
    for part in parts:
        others = [p.code for p in parts if p is not part]
        share = np.zeros(len(codes))
        for size in range(len(others) + 1):
            weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(parts))
            for coalition in combinations(others, size):
                without = frozenset(coalition)
                share += weight * (value[without | {part.code}] - value[without])
        rows.append(
            pd.DataFrame(
                {
                    "code": codes,
                    "name": [names[c] for c in codes],
                    "part": part.code,
                    "label": part.label,
                    "value": share,
                    "total_old": value[frozenset()],
                    "total_new": value[everything],
                    "difference": value[everything] - value[frozenset()],
                }
            )
        )
    columns = ["code", "name", "part", "label", "value", "total_old", "total_new", "difference"]
    if not rows:
        return pd.DataFrame(columns=columns)
    return pd.concat(rows).sort_values("code", kind="stable", ignore_index=True)[columns]


# ── sensitivity ─────────────────────────────────────────────────────────────────────────────────


def usual_changes(rule: Rule, step: float = 0.10) -> dict[str, tuple[Rule, Rule]]:
    """Label → the rule with one assumption lowered and raised: what a tornado tries."""
    found = {}
    weights = np.asarray(rule.weights.values)
    labels = {"response": "响应率权重", "resolution": "解决率权重", "satisfaction": "满意率权重"}
    for k, rate in enumerate(RATES):
        pair = []
        for change in (-step, step):
            own = float(np.clip(weights[k] + change, 0, 1))
            rest = weights.sum() - weights[k]
            others = weights * ((1 - own) / rest) if rest > 0 else np.full(3, (1 - own) / 2)
            others[k] = own
            pair.append(rule.changed(weights=trial_weights(others.tolist())))
        found[labels[rate]] = (pair[0], pair[1])
    lower, higher = max(rule.basic_value - step, 0.0), min(rule.basic_value + step, 1.0)
    found["基本满意折算"] = (rule.changed(basic_value=lower), rule.changed(basic_value=higher))
    small = max(1, rule.smallest_n // 2)
    found["最小样本"] = (rule.changed(smallest_n=small), rule.changed(smallest_n=rule.smallest_n * 2))
    if rule.exclusions:
        found["剔除（不剔除／照旧）"] = (rule.changed(exclusions=()), rule)
    return found


def tornado(
    counts: Counts, rule: Rule, changes: Mapping[str, tuple[Rule, Rule]] | None = None, draws: int = 1000
) -> pd.DataFrame:
    """How much each assumption, lowered and raised by itself, moves the result.

    One row per assumption, the strongest first: ``label, low, high`` (mean absolute change of the
    scores), ``most_low, most_high`` (largest), ``shift_low, shift_high`` (mean absolute change of the
    median ranks), ``classes_low, classes_high`` (units whose class changes).
    """
    base = assess(counts(rule), rule, draws=draws)
    rows = []
    for label, pair in (usual_changes(rule) if changes is None else changes).items():
        row: dict[str, object] = {"label": label}
        for side, tried in zip(("low", "high"), pair, strict=True):
            other = assess(counts(tried), tried, draws=draws).units.set_index("code").reindex(base.units["code"])
            change = np.abs(other["score"].to_numpy() - base.units["score"].to_numpy())
            shift = np.abs(other["rank_median"].to_numpy() - base.units["rank_median"].to_numpy())
            known = change[~np.isnan(change)]
            ranked = shift[~np.isnan(shift)]
            row[side] = float(known.mean()) if len(known) else 0.0
            row[f"most_{side}"] = float(known.max()) if len(known) else 0.0
            row[f"shift_{side}"] = float(ranked.mean()) if len(ranked) else 0.0
            held, new = base.units["class"].fillna(""), other["class"].fillna("")
            row[f"classes_{side}"] = int((held.to_numpy() != new.to_numpy()).sum())
        rows.append(row)
    columns = ["label"] + [f"{stem}{side}" for stem in ("", "most_", "shift_", "classes_") for side in ("low", "high")]
    frame = pd.DataFrame(rows, columns=columns)
    strength = frame[["low", "high"]].max(axis=1) if len(frame) else pd.Series(dtype="float64")
    return frame.loc[strength.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
