"""A model's advice beside the rules of the risk classes: which firms should a person look at again.

The class is what the rules say; this changes nothing of it. From what could be seen of a firm on a day
(counts of the marts, ``advice.firms``) a boosted tree model estimates the chance that something serious
is decided in the following months: a serious penalty, a ban, the black list, a debtor's entry. It is
learned on one period and judged on the next one, never on the same (split by time).

What it may be used for: to choose firms whose class a person checks again, and to find gaps in the
rules. What it may not be used for: to change a class, to refuse or grant anything, to draw inspections
without the random arm, or for lending. It learns from what authorities found, so it knows nothing of
what nobody looked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from minxin.analysis.credit.classes import CODES
from minxin.analysis.whitelist import calibration, measures
from minxin.analysis.whitelist.calibration import Calibration
from minxin.analysis.whitelist.measures import Measures

Ask = Callable[..., pd.DataFrame]
Array = NDArray[np.float64]
#: Months in which something serious counts as the outcome.
HORIZON = 9
#: What the model sees → the direction that experts insist on: 1 more is never better, −1 never worse, 0 free.
#: No personal attribute, no place, no industry: what a firm did, and how large and old it is.
FEATURES = {
    "age_days": 0,
    "capital": 0,
    "staff": 0,
    "in_sector": 0,
    "n_fined": 1,
    "n_serious": 1,
    "n_unpaid": 1,
    "days_fined": -1,
    "n_cases": 1,
    "n_black": 1,
    "n_red": -1,
    "n_bad": 1,
    "n_good": -1,
    "n_problems": 1,
}
#: Outcomes of either kind below which nothing is learned.
FEWEST = 100
#: Ranks of the classes by which rules and model must differ to be listed.
APART = 2
FOLDS = 3
SEED = 20230704


@dataclass(frozen=True)
class Advice:
    """``firms``: one firm each with ``uscc, risk_class, score, probability, advised, by_points`` and the features.

    ``advised`` is the class the firm would be in if firms were put in order of the probability and the
    classes kept the sizes that the rules gave them; ``by_points`` says whether its points alone put it
    where it is. ``judged`` holds the measures on the later period, ``by_rules`` the AUC of the rules'
    own order there, ``learned_on`` and ``judged_on`` the first days of both.
    """

    firms: pd.DataFrame
    judged: Measures
    by_rules: float
    learned_on: dt.date
    judged_on: dt.date

    @property
    def disagreements(self) -> pd.DataFrame:
        """Firms on which rules and model are two classes apart, those whom the rules rate lower first.

        Whoever is in C or D for a veto or a floor alone, and not for its points, is no disagreement.
        """
        held = self.firms[self.firms["by_points"]]
        gap = held["advised"].map(CODES.index) - held["risk_class"].map(CODES.index)
        far = held.assign(gap=gap)[gap.abs() >= APART]
        return far.sort_values(["gap", "probability", "uscc"], ascending=[False, False, True], kind="stable")


def advise(ask: Ask, as_of: dt.date, seed: int = SEED) -> Advice | None:
    """Learn on the period before last, judge on the last, advise for today; None where there is too little.

    ``ask`` runs ``advice.firms``. Monotone gradient boosting (Friedman 2001; constraints of scikit-learn),
    probabilities calibrated on scores out of fold (``whitelist.calibration``), AUC after DeLong 1988.
    """
    judged_on = _before(as_of, HORIZON)
    learned_on = _before(judged_on, HORIZON)
    past = ask("advice.firms", at=learned_on, until=judged_on)
    last = ask("advice.firms", at=judged_on, until=as_of)
    bad = int(past["is_bad"].sum()) if len(past) else 0
    later = int(last["is_bad"].sum()) if len(last) else 0
    if min(bad, len(past) - bad, later, len(last) - later) < FEWEST:
        return None
    model, scale = _fitted(past, seed)
    outcome = last["is_bad"].to_numpy("float64")
    held = scale.probability(_raw(model, last))
    before = scale.probability(_raw(model, past))
    at = measures.edges(before)
    moved = measures.psi(measures.counts(before, at), measures.counts(held, at))
    judged = measures.measure(outcome, held, moved)
    by_rules = float(measures.auc(outcome, _rule_order(last)).value)
    now = ask("advice.firms", at=as_of, until=as_of)
    now = now[now["risk_class"] != ""].reset_index(drop=True)
    now = now.assign(probability=scale.probability(_raw(model, now)))
    now["advised"] = _same_sizes(now)
    versions = ask("risk.versions")
    # A version that is written down already but not yet in force judges nobody.
    version = versions[pd.to_datetime(versions["starts_on"]).dt.date <= as_of].iloc[-1]
    least = now["risk_class"].map({"A": 0, "B": version["limit_b"], "C": version["limit_c"], "D": version["limit_d"]})
    now["by_points"] = now["score"] >= least.astype("float64")
    return Advice(now, judged, by_rules, learned_on, judged_on)


def _before(day: dt.date, months: int) -> dt.date:
    return (pd.Timestamp(day) - pd.DateOffset(months=months)).date()


def _matrix(firms: pd.DataFrame) -> Array:
    return firms[list(FEATURES)].to_numpy("float64", na_value=np.nan)


def _model(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=200, l2_regularization=1.0,
        monotonic_cst=list(FEATURES.values()), early_stopping=False, random_state=seed,
    )  # fmt: skip


def _raw(model: HistGradientBoostingClassifier, firms: pd.DataFrame) -> Array:
    return np.asarray(model.decision_function(_matrix(firms)), dtype="float64")


def _fitted(past: pd.DataFrame, seed: int) -> tuple[HistGradientBoostingClassifier, Calibration]:
    """The model on all firms of the period, and what makes probabilities of its scores (from folds)."""
    x, y = _matrix(past), past["is_bad"].to_numpy("int64")
    out_of_fold = np.zeros(len(y))
    # One thread: several wait for each other where the machine is busy, a hundred times longer than they work.
    with threadpool_limits(limits=1):
        for learn, hold in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
            out_of_fold[hold] = _model(seed).fit(x[learn], y[learn]).decision_function(x[hold])
        return _model(seed).fit(x, y), calibration.fit(out_of_fold, y.astype("float64"))


def _rule_order(firms: pd.DataFrame) -> Array:
    """What the rules alone say of the order: class first, points within it."""
    rank = firms["risk_class"].map({c: i for i, c in enumerate(CODES)}).fillna(0).to_numpy("float64")
    return rank * 1e6 + firms["score"].to_numpy("float64")


def _same_sizes(firms: pd.DataFrame) -> pd.Series:
    """The class of each firm by the order of the probability, in the sizes that the rules gave the classes."""
    order = firms.sort_values(["probability", "score", "uscc"], kind="stable").index
    sizes = firms["risk_class"].value_counts()
    said = [c for c in CODES for _ in range(int(sizes.get(c, 0)))]
    return pd.Series(said, index=order).reindex(firms.index)
