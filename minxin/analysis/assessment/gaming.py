"""Exclusions side by side, and signs that numbers were worked on rather than problems: worth a look, no verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc

from minxin.analysis.assessment.funnel import limits, overdispersion
from minxin.analysis.assessment.measures import measures
from minxin.analysis.assessment.rules import Rule
from minxin.analysis.counts import bh
from minxin.analysis.rates import wilson

#: Share of false signs among the signs.
RATE = 0.10


@dataclass(frozen=True)
class Sign:
    """A share of which much is odd: ``part`` of ``whole``, columns of the counts."""

    code: str
    label: str
    part: str
    whole: str
    threshold: str


SIGNS = (
    Sign("excluded", "剔除占比偏高", "n_excluded", "n_cases", "excluded_share"),
    Sign("invalid", "有效回访偏少", "n_without_valid", "n_closed", "invalid_share"),
    Sign("late_change", "复杂度事后改动偏多", "n_late_change", "n_cases", "late_change_share"),
    Sign("denied", "办结后诉求人不认可偏多", "n_denied", "n_closed_valid", "denied_share"),
)
COLUMNS = [
    "code",
    "name",
    "sign",
    "label",
    "n",
    "of",
    "share",
    "low",
    "high",
    "street",
    "limit",
    "p",
    "q",
    "is_flagged",
]


def gaming(counts: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Each unit's share for each sign whose columns are there, and whether it is worth looking into.

    ``counts``: ``code, name`` and of ``n_cases`` (all petitions of the window), ``n_excluded``;
    ``n_closed``, ``n_without_valid`` (closed, no valid call-back); ``n_late_change`` (complexity changed
    later than the rule's ``late_hours`` after acceptance); ``n_closed_valid`` (closed, with a valid
    call-back), ``n_denied`` (of them: the caller says it is not resolved).

    One row per unit and sign, flagged first: ``n`` of ``of`` with Wilson's limits, the street's share,
    the outer funnel limit, ``p`` (chance of as many at the usual share: the lesser of the street's and
    the middle unit's, so that nobody lifts the line he is measured by), ``q`` (Benjamini-Hochberg over
    all). Flagged: the share reaches the rule's threshold, lies beyond the limit widened by
    overdispersion, and q ≤ 0.10.
    """
    parts = []
    held = counts.assign(code=counts["code"].astype(str)).sort_values("code", kind="stable")
    for sign in SIGNS:
        if sign.part not in held or sign.whole not in held:
            continue
        x, n = held[sign.part].to_numpy("float64"), held[sign.whole].to_numpy("float64")
        if not n.sum() > 0:
            continue
        street = float(x.sum() / n.sum())
        own = wilson(x, n, rule.confidence)
        usual = min(street, float(np.nanmedian(own.value)))
        target = float(np.clip(usual, 1e-6, 1 - 1e-6))
        spread = overdispersion(x, n, target)
        _, outer = limits(n, target, rule.funnel.action, spread)
        with np.errstate(invalid="ignore"):
            p = np.where(x > 0, betainc(np.maximum(x, 1e-9), n - x + 1, target), 1.0)
        threshold = getattr(rule.gaming, sign.threshold)
        columns = {"code": held["code"], "name": held["name"], "sign": sign.code, "label": sign.label}
        columns |= {"n": x, "of": n, "share": own.value, "low": own.low, "high": own.high}
        columns |= {"street": street, "limit": outer, "p": np.where(n > 0, p, 1.0), "reach": threshold}
        parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat(parts, ignore_index=True)
    found["q"] = bh(found["p"].to_numpy())
    found["is_flagged"] = (found["share"] >= found["reach"]) & (found["share"] > found["limit"]) & (found["q"] <= RATE)
    return found.sort_values(["is_flagged", "p", "code", "sign"], ascending=[False, True, True, True], kind="stable")[
        COLUMNS
    ].reset_index(drop=True)


def exclusions(kept: pd.DataFrame, whole: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """The score with and without exclusions, side by side.

    ``kept``: the counts of the assessment; ``whole``: the same window with nothing excluded, and with
    ``n_cases`` and ``n_excluded``. One row per unit in order of the codes: ``code, name, n_cases,
    n_excluded, share, low, high, score`` (as assessed), ``score_whole, gain`` (their difference).
    """
    one = measures(kept, rule.basic_value, rule.confidence)
    two = measures(whole, rule.basic_value, rule.confidence)
    cases = dict(zip(map(str, whole["code"]), zip(whole["n_excluded"], whole["n_cases"], strict=True), strict=True))
    x, n = (np.array([cases[code][k] for code in two.codes], dtype="float64") for k in (0, 1))
    assessed = dict(zip(one.codes, one.score(rule.weights.values).value.tolist(), strict=True))
    score = np.array([assessed.get(code, np.nan) for code in two.codes], dtype="float64")
    share = wilson(x, n, rule.confidence)
    plain = two.score(rule.weights.values).value
    return pd.DataFrame(
        {
            "code": two.codes,
            "name": two.names,
            "n_cases": n.astype("int64"),
            "n_excluded": x.astype("int64"),
            "share": share.value,
            "low": share.low,
            "high": share.high,
            "score": score,
            "score_whole": plain,
            "gain": score - plain,
        }
    )
