"""The same month by two rules: who moves and how surely, which change made which part of a difference.

The page 规则推演 and ``minxin assess --against`` are made from this. Nothing here changes what is official.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis.assessment import scenarios
from minxin.analysis.assessment.assess import Assessment
from minxin.analysis.assessment.counted import COUNTS, FIRST_DAYS
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.rules import RATES, Rule, Rules, Weights, trial_weights
from minxin.analysis.assessment.scenarios import Acceptability, Part

#: The code that stands for all units together.
WHOLE = ""
#: Weights and draws of an acceptability that is there at once, and of one that is exact to about a percent.
QUICK, EXACT = (40, 100), (200, 300)
_HUNDREDTH = 10_000


class Trial:
    """What changes from the rule ``old`` to the rule ``new`` in the month of a review; worked out when asked for.

    ``whole_word``: how all units together are called.
    """

    def __init__(self, review: Review, old: Rule, new: Rule, whole_word: str = "") -> None:
        self.review = review
        self.old = old
        self.new = new
        self.whole_word = whole_word

    @cached_property
    def before(self) -> Assessment:
        """The assessment by the old rule."""
        return self.review.assessed(self.old)

    @cached_property
    def after(self) -> Assessment:
        """The assessment by the new rule."""
        return self.review.assessed(self.new)

    @cached_property
    def parts(self) -> list[Part]:
        """The parts in which the rules differ as far as the score is concerned."""
        return scenarios.changed_parts(self.old, self.new)

    @cached_property
    def moves(self) -> pd.DataFrame:
        """Who moves (``scenarios.moves``)."""
        return scenarios.moves(self.before, self.after)

    @cached_property
    def is_ranked(self) -> bool:
        """Whether either rule tells units apart; where none does, there is no rank that could move."""
        return bool(len(self.moves)) and not (self.before.no_difference and self.after.no_difference)

    @cached_property
    def explained(self) -> pd.DataFrame:
        """The difference of all units together and of each, divided among the parts.

        Columns as in ``scenarios.explained``; the code of the whole is ``WHOLE`` and comes first. The parts of
        a unit sum to its difference exactly.
        """
        return scenarios.explained(self.old, self.new, self._with_whole)

    def _with_whole(self, rule: Rule) -> pd.DataFrame:
        """The counts by a rule, all units together in the first row."""
        counts = self.review.counts(rule)[["code", "name", *COUNTS]]
        total = pd.DataFrame([{"code": WHOLE, "name": self.whole_word, **counts[list(COUNTS)].sum()}])
        return pd.concat([total, counts], ignore_index=True)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row per unit, the whole first: ``code, name, old, new, difference`` and a column per part's code.

        In points with two decimals that still add up: old + parts = new in every row, as people see them.
        """
        frame = self.explained
        if frame.empty:
            return self._same()
        count = len(self.parts)  # the rows of a unit stand together, in the order of the parts
        value = frame["value"].to_numpy("float64").reshape(-1, count)
        old = np.round(frame["total_old"].to_numpy("float64")[::count] * _HUNDREDTH)
        new = np.round(frame["total_new"].to_numpy("float64")[::count] * _HUNDREDTH)
        shown = _adding_up(value * _HUNDREDTH, new - old)
        made = {"code": frame["code"].to_numpy()[::count], "name": frame["name"].to_numpy()[::count]}
        made |= {"old": old / 100, "new": new / 100}
        made |= {"difference": (new - old) / 100}
        return pd.DataFrame(made | {part.code: shown[:, k] / 100 for k, part in enumerate(self.parts)})

    def _same(self) -> pd.DataFrame:
        """The same where no part changes any score."""
        frame = self._unchanged()
        score = np.round(frame["total_old"].to_numpy("float64") * _HUNDREDTH) / 100
        return frame[["code", "name"]].assign(old=score, new=score, difference=0 * score)

    def _unchanged(self) -> pd.DataFrame:
        """All units together and each with its score by both rules, where it is the same."""
        units = self.before.units
        score = np.append(self.before.street["score"]["value"], units["score"].to_numpy("float64"))
        names = [self.whole_word, *units["name"]]
        frame = pd.DataFrame({"code": [WHOLE, *units["code"]], "name": names, "total_old": score, "total_new": score})
        return frame.assign(difference=0 * score)

    def tornado(self, draws: int = 400) -> pd.DataFrame:
        """How much each assumption of the new rule moves the result (``scenarios.tornado``)."""
        return scenarios.tornado(self.review.counts, self.new, draws=draws)

    def acceptability(self, size: tuple[int, int] = QUICK) -> Acceptability:
        """How often each unit takes each rank over all weights, by the rest of the new rule."""
        weights, draws = size
        return scenarios.acceptability(
            self.review.counts(self.new), self.new, weights=scenarios.simplex(weights), draws=draws
        )

    def as_dict(self) -> dict[str, Any]:
        """What ``minxin assess --against --json`` adds: the old rule, the parts, and each unit's difference."""
        rows = self.explained if self.parts else self._unchanged()
        moved = {row["code"]: row for row in self.moves.to_dict("records")}
        units, whole = [], None
        for code, held in rows.groupby("code", sort=False):
            one = {
                "old": _known(held["total_old"].iloc[0]),
                "new": _known(held["total_new"].iloc[0]),
                "difference": _known(held["difference"].iloc[0]),
                "parts": {part.code: _known(held["value"].iloc[k]) for k, part in enumerate(self.parts)},
            }
            if code == WHOLE:
                whole = one
                continue
            move = moved.get(code)
            chances = {name: None if move is None else float(move[name]) for name in ("p_up", "p_down")}
            units.append({"code": code, "name": held["name"].iloc[0], **one, **chances})
        return {
            "rules": {"name": self.old.name, "title": self.old.title, "digest": self.old.digest},
            "parts": [{"code": part.code, "label": part.label} for part in self.parts],
            "street": whole,
            "units": units,
        }


def _known(value: float) -> float | None:
    return float(value) if value == value else None


def _adding_up(parts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Whole numbers next to the parts (rows × parts) that sum to the totals: largest remainders first."""
    shown = np.floor(parts)
    for row, (held, total) in enumerate(zip(parts, totals, strict=True)):
        if np.isnan(total) or np.isnan(held).any():
            shown[row] = np.nan
            continue
        lacking = int(total - shown[row].sum())
        order = np.argsort(shown[row] - held, kind="stable")  # the largest remainder first
        for step in range(abs(lacking)):
            place = order[step % len(order)] if lacking > 0 else order[-1 - step % len(order)]
            shown[row, place] += 1 if lacking > 0 else -1
    return shown


# ── settings ────────────────────────────────────────────────────────────────────────────────────


def settings(rule: Rule) -> dict[str, Any]:
    """What can be tried out of a rule, as a saved scenario holds it; ``like`` names the version it came from."""
    return {
        "like": rule.name.rstrip("*"),
        "weights": dict(zip(RATES, rule.weights.values, strict=True)),
        "basic_value": rule.basic_value,
        "exclusions": [reason.code for reason in rule.exclusions],
        "smallest_n": rule.smallest_n,
        "period_first_day": rule.period_first_day,
        "window_months": rule.window_months,
    }


def tried(base: Rule, held: Rules, said: Mapping[str, Any]) -> Rule:
    """``base`` with the settings of ``said`` (see ``settings``); base itself where they say nothing else.

    ValueError for values that no rule may have.
    """
    changes: dict[str, Any] = {}
    if "weights" in said:
        changes["weights"] = named_weights([float(said["weights"][rate]) for rate in RATES], base, held)
    if "exclusions" in said:
        wanted = list(said["exclusions"])
        unknown = sorted(set(wanted) - set(held.exclusions))
        if unknown:
            raise ValueError(f"no exclusion {', '.join(map(repr, unknown))}")
        changes["exclusions"] = tuple(reason for code, reason in held.exclusions.items() if code in wanted)
        if {r.code for r in base.exclusions} == set(wanted):
            changes["exclusions"] = base.exclusions
    for name, kind, least, most in (
        ("basic_value", float, 0.0, 1.0),
        ("smallest_n", int, 1, 100_000),
        ("period_first_day", int, min(FIRST_DAYS), max(FIRST_DAYS)),
        ("window_months", int, 1, 36),
    ):
        if name in said:
            value = kind(said[name])
            if not least <= value <= most or (name == "period_first_day" and value not in FIRST_DAYS):
                raise ValueError(f"{name} cannot be {value}")
            changes[name] = value
    changes = {name: value for name, value in changes.items() if value != getattr(base, name)}
    return base.changed(**changes) if changes else base


def named_weights(values: list[float], base: Rule, held: Rules) -> Weights:
    """Weights by the name they have in the file, the base's own first; else weights to try out."""
    if min(values) < 0 or sum(values) <= 0:
        raise ValueError(f"weights cannot be {values}")
    shares = np.asarray(values) / sum(values)
    for known in (base.weights, *held.weights.values()):
        if np.allclose(known.values, shares, atol=1e-6):
            return known
    words = "、".join(f"{word}{share:.0%}" for word, share in zip(("响应", "解决", "满意"), shares, strict=True))
    return trial_weights(shares.tolist(), label=words)


def from_settings(said: Mapping[str, Any], held: Rules) -> Rule:
    """The rule that a saved scenario means. ValueError where the file of rules knows it no longer."""
    try:
        base = next(rule for rule in held.versions if rule.name == said["like"])
        return tried(base, held, said)
    except (KeyError, TypeError, StopIteration) as error:
        raise ValueError(f"not a scenario: {error}") from error
