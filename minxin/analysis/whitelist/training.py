"""Train the three models on the same rows, and test them on rows that none of them saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.whitelist import binning, boosting, calibration, folds, measures, scorecard
from minxin.analysis.whitelist.binning import Bins
from minxin.analysis.whitelist.boosting import Trees
from minxin.analysis.whitelist.calibration import Calibration
from minxin.analysis.whitelist.measures import Measures
from minxin.analysis.whitelist.scorecard import Scorecard
from minxin.analysis.whitelist.variables import Knowledge
from minxin.settings import Unusable

Array = NDArray[np.float64]
Groups = NDArray[np.uint64]
#: The models of one run and what they are called.
MODELS = {"scorecard": "评分卡", "monotone": "单调提升树", "free": "自由提升树（仅作参照）"}
#: Folds inside the training rows, whose scores the calibration is fitted on.
INNER = 5
#: Bad and good rows a training needs at least.
SMALLEST = 30
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Model:
    """One fitted model: ``core`` gives raw scores, ``calibration`` probabilities.

    ``edges`` and ``expected``: parts of its scores of the training rows, for the PSI of others.
    """

    name: str
    core: Scorecard | Trees
    calibration: Calibration
    edges: tuple[float, ...]
    expected: tuple[int, ...]

    def raw(self, frame: pd.DataFrame, bins: dict[str, Bins]) -> Array:
        """Raw log odds of the target."""
        if isinstance(self.core, Scorecard):
            return self.core.raw(frame, bins)
        return self.core.raw(boosting.matrix(frame, bins, self.core.names))

    def probability(self, frame: pd.DataFrame, bins: dict[str, Bins]) -> Array:
        """Probability of the target of each row."""
        return self.calibration.probability(self.raw(frame, bins))


@dataclass(frozen=True)
class Fitted:
    """The models of one set of rows with the bins they share."""

    bins: dict[str, Bins]
    models: dict[str, Model]


@dataclass(frozen=True)
class Tested:
    """What a run found out: ``fold`` of each row (−1 not tested), probabilities ``p`` (NaN where not tested)."""

    fold: NDArray[np.int64]
    p: dict[str, Array]
    measures: dict[str, Measures]
    compared: dict[str, dict[str, float]]
    reliability: dict[str, pd.DataFrame]


def fit(frame: pd.DataFrame, y: Array, knowledge: Knowledge, seed: int, groups: Groups | None = None) -> Fitted:
    """Bins, three models and their calibrations from these rows alone; the same rows give the same models.

    ``groups``: rows with the same number (those of one firm) are not divided by the inner folds either: a
    calibration on scores of firms that the model has seen would promise more than the model keeps.
    """
    inner = folds.deal(folds.same_rows(frame) if groups is None else groups, y, INNER, seed)
    if any(len(np.unique(y[inner != fold])) < 2 for fold in range(INNER)):
        # Rows of a group stay in one fold: of many rows that are all alike nothing is left to train on.
        raise Unusable("彼此不同的行太少，分折之后有的部分只剩不良或只剩良好，无法训练；请补充变量或样本，或减少折数。")
    bins, cores = _cores(frame, y, knowledge, seed)
    raw = {name: np.zeros(len(y)) for name in MODELS}
    for fold in range(INNER):
        seen, unseen = inner != fold, inner == fold
        part_bins, part = _cores(frame[seen], y[seen], knowledge, seed)
        for name, core in part.items():
            plain = Model(name, core, Calibration(1.0, 0.0), (), ())
            raw[name][unseen] = plain.raw(frame[unseen], part_bins)
    made = {}
    for name, core in cores.items():
        fitted = calibration.fit(raw[name], y)
        # Its own scores of the rows it was trained on: what the same model gives others is compared with these.
        scores = fitted.line(Model(name, core, fitted, (), ()).raw(frame, bins))
        at = measures.edges(scores)
        made[name] = Model(name, core, fitted, at, measures.counts(scores, at))
    return Fitted(bins, made)


def _cores(
    frame: pd.DataFrame, y: Array, knowledge: Knowledge, seed: int
) -> tuple[dict[str, Bins], dict[str, Scorecard | Trees]]:
    held = {name: binning.fit(name, frame[name], y, knowledge.variable(name).direction) for name in frame.columns}
    directions = {n: boosting.constraint(b, knowledge.variable(n).direction) for n, b in held.items()}
    return held, {
        "scorecard": scorecard.fit(frame, y, held),
        "monotone": boosting.fit(frame, y, held, directions, seed),
        "free": boosting.fit(frame, y, held, {}, seed),
    }


def test(
    frame: pd.DataFrame,
    y: Array,
    fold: NDArray[np.int64],
    groups: Groups,
    knowledge: Knowledge,
    seed: int,
    say: Progress,
) -> tuple[Tested, Fitted | None]:
    """Fit on all other folds, score each; the last fit too, which is the one of a split by time."""
    tested = [f for f in range(int(fold.max()) + 1) if (fold == f).any()]
    p = {name: np.full(len(y), np.nan) for name in MODELS}
    shifts: dict[str, list[float]] = {name: [] for name in MODELS}
    fitted = None
    for number, one in enumerate(tested):
        say(f"第 {number + 1} 折，共 {len(tested)} 折")
        seen, unseen = fold != one, fold == one
        fitted = fit(frame[seen], y[seen], knowledge, seed, groups[seen])
        for name, model in fitted.models.items():
            raw = model.raw(frame[unseen], fitted.bins)
            p[name][unseen] = model.calibration.probability(raw)
            actual = measures.counts(model.calibration.line(raw), model.edges)
            shifts[name].append(measures.psi(model.expected, actual))
    held = fold >= 0
    outcome = y[held]
    scored = {name: values[held] for name, values in p.items()}
    found = {name: measures.measure(outcome, scored[name], float(np.mean(shifts[name]))) for name in MODELS}
    against = {name: measures.compared(outcome, scored[name], scored["free"]) for name in MODELS if name != "free"}
    tables = {name: measures.reliability(outcome, scored[name]) for name in MODELS}
    return Tested(fold, p, found, against, tables), fitted if len(tested) == 1 else None
