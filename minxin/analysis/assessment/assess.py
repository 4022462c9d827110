"""One assessment: the three rates, score, rank interval and class of each unit by one rule.

The official number is the plain one (three rates, weighted); beside it stands what chance leaves of it:
an interval, an estimate drawn towards the others, an interval of ranks, and a class that is given only
where its probability reaches the rule's limit. Where the units do not differ beyond chance everybody is
told so, and nobody is ranked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.assessment.measures import Measures, measures, total_score
from minxin.analysis.assessment.posterior import Posterior, posterior
from minxin.analysis.assessment.ranks import rank_interval
from minxin.analysis.assessment.rules import RATES, Rule
from minxin.analysis.assessment.volume import p_high
from minxin.analysis.rates import Array

#: Classes in the order in which one stands for all that apply; what each means is in docs/statistics.md.
CLASSES = {"整改": "p_corrective", "治理": "p_governance", "先进": "p_advanced", "进步": "p_progress"}
STEADY = "平稳"
FEW = "样本不足"
NO_DIFFERENCE = "没有显著差异"
STATUSES = {"ok": "", "few": FEW, "none": "无数据"}
#: The three rates (``…_rate``) and the ``score`` of all units together, each ``{value, low, high}``.
Street = Mapping[str, Mapping[str, float]]
#: Columns of ``Assessment.units``.
COLUMNS = (
    ["code", "name", "status", "n_valid"]
    + [f"{rate}_{part}" for rate in RATES for part in ("rate", "low", "high", "n", "gap")]
    + ["score", "score_low", "score_high", "estimate", "estimate_low", "estimate_high"]
    + ["points", "points_held", "total", "rank_low", "rank_high", "rank_median", "class"]
    + ["p_advanced", "p_corrective", "p_progress", "p_governance"]
)


@dataclass(frozen=True)
class Assessment:
    """The result of one rule on one period.

    ``units``: one row per unit in order of the codes, columns ``COLUMNS``: shares in [0, 1]; ``…_gap``:
    what the rate adds to the distance of the score from the street's (weight × difference, so that the
    three sum to ``score`` − ``street["score"]``); ``points`` before and ``points_held`` after the cap;
    ``total`` = score + points_held / 100; ranks NaN and ``class`` None below the rule's smallest n.
    ``street``: ``{response_rate, resolution_rate, satisfaction_rate, score}``, each ``{value, low,
    high}``. ``p_differ``: probability that the units differ at all; ``no_difference``: it stays below
    the rule's cut. ``draws``: joint draws (draws, units) of the true scores, all units.
    """

    rule: Rule
    period: str
    units: pd.DataFrame
    street: Street
    p_differ: float
    no_difference: bool
    draws: Array

    def as_dict(self) -> dict[str, Any]:
        """What ``minxin assess --json`` prints; what is not known is None."""
        return {
            "period": self.period,
            "rules": {"name": self.rule.name, "title": self.rule.title, "digest": self.rule.digest},
            "confidence": self.rule.confidence,
            "no_difference": self.no_difference,
            "street": {name: {k: _plain(v) for k, v in part.items()} for name, part in self.street.items()},
            "units": [_unit(row) for row in self.units.to_dict("records")],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _unit(row: Mapping[str, Any]) -> dict[str, Any]:
    def three(value: str, stem: str) -> dict[str, Any]:
        return {"value": _plain(row[value]), "low": _plain(row[f"{stem}_low"]), "high": _plain(row[f"{stem}_high"])}

    ranked = not math.isnan(row["rank_low"])
    return {
        "code": row["code"],
        "name": row["name"],
        "status": row["status"],
        "n_valid": int(row["n_valid"]),
        **{f"{rate}_rate": three(f"{rate}_rate", rate) for rate in RATES},
        "score": three("score", "score"),
        "estimate": three("estimate", "estimate"),
        "points": _plain(row["points_held"]),
        "rank_low": int(row["rank_low"]) if ranked else None,
        "rank_high": int(row["rank_high"]) if ranked else None,
        "class": row["class"],
    }


def score_posterior(found: Measures, rule: Rule, tag: str = "", count: int = 4000) -> Posterior | None:
    """What the scores say about the true scores by a rule; None where no unit has any case."""
    x, n = found.effective(rule.weights.values)
    return posterior(x, n, found.codes, rule.prior, count, tag) if n.sum() > 0 else None


def _line(draws: Array, n: Array) -> Array:
    """The true score of all units together, draw by draw."""
    return np.asarray(draws @ (n / n.sum()))


def _progress(now: Posterior, before: pd.DataFrame | None, found: Measures, rule: Rule) -> Array:
    """Probability that a unit's true score rose by the rule's margin since the window before."""
    result = np.full(len(found.codes), np.nan)
    if before is None or before.empty:
        return result
    then = measures(before, rule.basic_value, rule.confidence)
    earlier = score_posterior(then, rule, "before", now.count)
    if earlier is None:
        return result
    place = {code: i for i, (code, n) in enumerate(zip(then.codes, then.n, strict=True)) if n >= rule.smallest_n}
    both = [i for i, code in enumerate(found.codes) if code in place]
    rise = now.draws[:, both] - earlier.draws[:, [place[found.codes[i]] for i in both]]
    result[both] = (rise >= rule.classes.progress_margin).mean(axis=0)
    return result


def _governance(volumes: pd.DataFrame | None, codes: tuple[str, ...], rule: Rule) -> Array:
    """Probability that petitions per head are high, the lesser of both periods."""
    if volumes is None:
        return np.full(len(codes), np.nan)
    place = {str(code): i for i, code in enumerate(volumes["code"].tolist())}
    rows = [place.get(code, -1) for code in codes]

    def numbers(name: str) -> Array:
        """A column in order of the codes, NaN for a code that has no row."""
        return np.append(pd.to_numeric(volumes[name]).to_numpy("float64", na_value=np.nan), np.nan)[rows]

    people = numbers("population")
    both = [p_high(numbers(name), people, rule.classes.volume_factor) for name in ("n_petitions", "n_petitions_before")]
    return np.minimum(both[0], both[1])


def capped_points(points: pd.DataFrame | None, codes: tuple[str, ...], rule: Rule) -> tuple[Array, Array]:
    """Plus and minus points per unit, before and after the cap.

    ``points``: rows ``code, point, cases``; those that the rule does not know are left out.
    """
    total = np.zeros(len(codes))
    if points is not None and not points.empty:
        worth = {point.code: point.value for point in rule.points}
        value = points["point"].map(worth).fillna(0.0).to_numpy("float64") * points["cases"].to_numpy("float64")
        by_code = pd.Series(value).groupby(points["code"].astype(str).to_numpy()).sum()
        total = by_code.reindex(list(codes)).fillna(0.0).to_numpy("float64")
    return total, np.clip(total, -rule.points_cap, rule.points_cap)


def _classes(p: Mapping[str, Array], cut: float, status: NDArray[Any], no_difference: bool) -> NDArray[Any]:
    found = np.full(len(status), STEADY, dtype=object)
    for word in reversed(CLASSES):
        if no_difference and word in ("整改", "先进"):
            continue
        with np.errstate(invalid="ignore"):
            found[np.nan_to_num(p[CLASSES[word]]) >= cut] = word
    found[status != "ok"] = None
    return found


def _around(estimate: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Limits that hold the estimate, NaN where there is none."""
    return np.minimum(low, estimate), np.maximum(high, estimate)


def _empty(units: int) -> Array:
    return np.full(units, np.nan)


def assess(
    counts: pd.DataFrame,
    rule: Rule,
    *,
    before: pd.DataFrame | None = None,
    volumes: pd.DataFrame | None = None,
    points: pd.DataFrame | None = None,
    period: str = "",
    draws: int = 4000,
) -> Assessment:
    """Assess units by one rule; nothing depends on the order of the rows.

    ``counts``: the rule's window (``Rule.window``), columns as in ``measures``; petitions of no
    community are for the caller to leave out. ``before``: the same of the window just before, for 进步.
    ``volumes``: ``code, population, n_petitions, n_petitions_before`` (this and the last assessed month;
    population may be missing), for 治理. ``points``: ``code, point, cases``. ``period``: as printed.
    Raises ValueError where counts cannot be true.
    """
    found = measures(counts, rule.basic_value, rule.confidence)
    units, weights = len(found.codes), np.asarray(rule.weights.values)
    score = found.score(weights)
    status = np.select([~(found.n > 0) | np.isnan(score.value), found.n < rule.smallest_n], ["none", "few"], "ok")
    ranked = np.flatnonzero(status == "ok")
    now = score_posterior(found, rule, count=draws)
    p_differ, no_difference, all_draws = 0.0, True, np.full((draws, units), np.nan)
    estimate, low, high = _empty(units), _empty(units), _empty(units)
    rank_low, rank_high, rank_median = _empty(units), _empty(units), _empty(units)
    p = {column: _empty(units) for column in CLASSES.values()}
    p["p_governance"] = _governance(volumes, found.codes, rule)
    if now is not None:
        all_draws, p_differ = now.draws, now.p_differ
        no_difference = p_differ < rule.classes.cut
        seen = found.n > 0
        estimate = np.where(seen, float(now.x.sum() / now.n.sum()) if no_difference else now.mean, np.nan)
        low, high = _around(estimate, *now.interval(rule.confidence))
        line = _line(all_draws, found.n)[:, None]
        p["p_advanced"] = (all_draws >= line + rule.classes.margin).mean(axis=0)
        p["p_corrective"] = (all_draws <= line - rule.classes.margin).mean(axis=0)
        p["p_progress"] = _progress(now, before, found, rule)
        if len(ranked):
            places = rank_interval(all_draws[:, ranked], rule.confidence)
            rank_low[ranked], rank_high[ranked], rank_median[ranked] = places
            if no_difference:
                rank_low[ranked], rank_high[ranked] = 1, len(ranked)
    held, kept = capped_points(points, found.codes, rule)
    n_valid = found.n.astype("int64")
    columns: dict[str, Any] = {"code": found.codes, "name": found.names, "status": status, "n_valid": n_valid}
    for k, rate in enumerate(RATES):
        columns[f"{rate}_rate"], columns[f"{rate}_n"] = found.means[:, k], found.sizes[:, k]
        columns[f"{rate}_low"], columns[f"{rate}_high"] = found.low[:, k], found.high[:, k]
        columns[f"{rate}_gap"] = weights[k] * (found.means[:, k] - found.total.value[k])
    columns |= {"score": score.value, "score_low": score.low, "score_high": score.high}
    columns |= {"estimate": estimate, "estimate_low": low, "estimate_high": high}
    columns |= {"points": held, "points_held": kept, "total": score.value + kept / 100}
    columns |= {"rank_low": rank_low, "rank_high": rank_high, "rank_median": rank_median}
    classes = pd.Series(_classes(p, rule.classes.cut, status, no_difference), dtype=object)
    columns |= {"class": classes, **p}
    frame = pd.DataFrame(columns, columns=COLUMNS)
    return Assessment(rule, period, frame, _street(found, rule), p_differ, no_difference, all_draws)


def street(counts: pd.DataFrame, rule: Rule) -> Street:
    """All units together: what ``Assessment.street`` holds, without an assessment of each."""
    return _street(measures(counts, rule.basic_value, rule.confidence), rule)


def _street(found: Measures, rule: Rule) -> Street:
    held = {
        f"{rate}_rate": _three(found.total.value[k], found.total.low[k], found.total.high[k])
        for k, rate in enumerate(RATES)
    }
    return {**held, "score": _three(*total_score(found, rule.weights.values))}


def _three(value: Any, low: Any, high: Any) -> dict[str, float]:
    return {"value": float(value), "low": float(low), "high": float(high)}


def beside(windows: Mapping[int, pd.DataFrame], rule: Rule) -> pd.DataFrame:
    """Score and estimate over several windows (months → counts) side by side, by one rule.

    One row per unit and window, in order of the codes, then of the months: ``code, name, months,
    n_valid, status, score, score_low, score_high, estimate, estimate_low, estimate_high, no_difference``.
    """
    columns = ["code", "name", "months", "n_valid", "status", "score", "score_low", "score_high"]
    columns += ["estimate", "estimate_low", "estimate_high", "no_difference"]
    parts = []
    for months, counts in sorted(windows.items()):
        found = assess(counts, rule)
        parts.append(found.units.assign(months=months, no_difference=found.no_difference)[columns])
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_values(["code", "months"], kind="stable", ignore_index=True)


def estimates(counts: pd.DataFrame, rule: Rule, draws: int = 4000) -> pd.DataFrame:
    """Each of the three rates drawn towards the others: one row per unit and rate.

    ``code, name, rate, n, value, low, high`` (plain), ``estimate, estimate_low, estimate_high``,
    ``p_differ`` (of that rate). Below the rule's cut of ``p_differ`` the estimate is the street's.
    """
    found = measures(counts, rule.basic_value, rule.confidence)
    parts = []
    for k, rate in enumerate(RATES):
        weights = np.eye(len(RATES))[k]
        x, n = found.effective(weights)
        drawn, low, high, p = _empty(len(n)), _empty(len(n)), _empty(len(n)), 0.0
        if n.sum() > 0:
            one = posterior(x, n, found.codes, rule.prior, draws)
            p = one.p_differ
            drawn = one.mean if p >= rule.classes.cut else np.full(len(n), x.sum() / n.sum())
            drawn = np.where(n > 0, drawn, np.nan)
            low, high = _around(drawn, *one.interval(rule.confidence))
        columns: dict[str, Any] = {"code": found.codes, "name": found.names, "rate": rate, "n": found.sizes[:, k]}
        columns |= {"value": found.means[:, k], "low": found.low[:, k], "high": found.high[:, k]}
        columns |= {"estimate": drawn, "estimate_low": low, "estimate_high": high, "p_differ": p}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
