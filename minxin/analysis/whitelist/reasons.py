"""Points and the at most four reasons of a row: what it would gain where it stood as well as possible.

Points are 600 at odds of 50 good to 1 bad, 20 more double them (PDO). The reason of a variable is what the
row would gain if this variable alone were the best: of a scorecard the most points minus those obtained;
of trees the same question asked of them, the best value being that of the known bin with the highest WOE.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.analysis.whitelist import boosting
from minxin.analysis.whitelist.binning import Bins
from minxin.analysis.whitelist.scorecard import Scorecard
from minxin.analysis.whitelist.training import Fitted, Model
from minxin.analysis.whitelist.variables import Knowledge

Array = NDArray[np.float64]
BASE_POINTS, BASE_ODDS, PDO = 600.0, 50.0, 20.0
FACTOR = PDO / np.log(2)
OFFSET = BASE_POINTS - FACTOR * np.log(BASE_ODDS)
#: Reasons given at most, and what a reason has to cost at least.
MOST, SMALLEST = 4, 1.0


@dataclass(frozen=True)
class Reason:
    """One variable's code and its wordings.

    ``high``, ``low``: above and below the best value; ``missing``; ``group``: a category.
    """

    code: str
    name: str
    high: str
    low: str
    missing: str
    group: str


def points(model: Model, raw: Array) -> Array:
    """Points of raw scores: higher is better."""
    return OFFSET - FACTOR * model.calibration.line(raw)


def codes(fitted: Fitted, knowledge: Knowledge) -> dict[str, Reason]:
    """The code and wordings of each variable, numbered in the order of the file."""
    held = {}
    for number, name in enumerate(fitted.bins):
        known = knowledge.variable(name)
        called = known.called
        held[name] = Reason(
            f"R{number + 1:02d}", name, known.high or f"{called}偏高", known.low or f"{called}偏低",
            known.missing or f"缺少{called}", f"{called}为“{{}}”",

        )  # fmt: skip
    return held


def losses(model: Model, bins: dict[str, Bins], frame: pd.DataFrame) -> pd.DataFrame:
    """Points that each row (the index of ``frame`` is kept) lost on each variable of the model, at least 0."""
    scale = FACTOR * model.calibration.slope
    if isinstance(model.core, Scorecard):
        found = {}
        for name, coefficient in zip(model.core.names, model.core.coefficients, strict=True):
            known = list(zip(bins[name].woe, bins[name].rows, strict=True))[:-1]
            best = max((w for w, n in known if n), default=0.0)
            found[name] = np.maximum(-scale * coefficient * (best - bins[name].weights(frame[name])), 0)
        return pd.DataFrame(found, index=frame.index)
    core = model.core
    matrix = boosting.matrix(frame, bins, core.names)
    found = {}
    for position, name in enumerate(core.names):
        trees = [t for t, used in enumerate(core.used) if position in used]
        if not trees:
            continue
        moved = matrix.copy()
        moved[:, position] = bins[name].best
        found[name] = np.maximum(scale * (core.raw(matrix, trees) - core.raw(moved, trees)), 0)
    return pd.DataFrame(found, index=frame.index)


def reasons(
    lost: pd.DataFrame, bins: dict[str, Bins], frame: pd.DataFrame, named: dict[str, Reason]
) -> list[list[tuple[str, str]]]:
    """Per row at most ``MOST`` pairs of code and wording, the costliest first; none below ``SMALLEST`` points."""
    columns = list(lost.columns)
    if not columns:
        return [[] for _ in range(len(frame))]
    values = lost.to_numpy()
    top = np.argsort(-values, axis=1, kind="stable")[:, :MOST]
    words = [_wordings(frame[name], bins[name], named[name]) for name in columns]
    coded = [named[name].code for name in columns]
    return [
        [(coded[c], words[c][row]) for c in order if lost_here[c] >= SMALLEST]
        for row, (order, lost_here) in enumerate(zip(top.tolist(), values.tolist(), strict=True))
    ]


def _wordings(values: pd.Series, bins: Bins, reason: Reason) -> list[str]:
    """The reason in words for every row."""
    if bins.is_category:
        return [reason.group.format(v) if isinstance(v, str) else reason.missing for v in values.tolist()]
    known = [v if isinstance(v, float) and v == v else None for v in values.tolist()]
    return [reason.missing if v is None else reason.low if v < bins.best else reason.high for v in known]


def said(model: Model, fitted: Fitted, frame: pd.DataFrame, knowledge: Knowledge) -> list[list[tuple[str, str]]]:
    """Code and wording of the reasons of each row."""
    lost = losses(model, fitted.bins, frame)
    return reasons(lost, fitted.bins, frame, codes(fitted, knowledge))
