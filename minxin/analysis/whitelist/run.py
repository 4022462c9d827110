"""One training run and one scoring run, from files to frames; every fault one Chinese line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray

from minxin.analysis.whitelist import boosting, files, folds, measures, reading, reasons, times, training
from minxin.analysis.whitelist.binning import is_text
from minxin.analysis.whitelist.files import Folder
from minxin.analysis.whitelist.reading import Use
from minxin.analysis.whitelist.training import MODELS, Model, Progress, Tested
from minxin.analysis.whitelist.variables import Knowledge
from minxin.settings import Unusable

#: The seed of every run: the same file gives the same folder, for ever.
SEED = 20230704
FOLDS, FEWEST_FOLDS, MOST_FOLDS = 10, 2, 20
ADDED = ("probability", "points", "reasons")
_TRUE, _FALSE = ("true", "是", "yes", "不良", "违约", "bad"), ("false", "否", "no", "良好", "正常", "good")


@dataclass(frozen=True)
class Wanted:
    """What a training was asked for: folds, or a column of time to divide by; the model that scores by default.

    ``group_column``: rows with the same value in it, those of one firm, are never divided.
    """

    target: str
    folds: int = FOLDS
    time_column: str = ""
    model: str = "monotone"
    population: str = ""
    leave_out: tuple[str, ...] = ()
    group_column: str = ""


@dataclass(frozen=True)
class Trained:
    """A run: the folder to be kept, what was found, the outcome of each row, and remarks for people."""

    folder: Folder
    tested: Tested
    y: NDArray[np.float64]
    remarks: tuple[str, ...]


def train(file: Path, wanted: Wanted, knowledge: Knowledge, say: Progress) -> Trained:
    """Train and test on a file. With folds the models kept are of all rows; by time, of the earlier ones."""

    def use(name: str) -> Use:
        if name == wanted.target:
            return Use.VALUES
        # Codes and moments are told apart by their texts: as numbers some would fall together.
        if name in (wanted.time_column, wanted.group_column):
            return Use.TEXTS
        return Use.NONE if name in wanted.leave_out else Use.VALUES

    return train_frame(reading.read(file, use), file.name, wanted, knowledge, say)


def train_frame(frame: pd.DataFrame, called: str, wanted: Wanted, knowledge: Knowledge, say: Progress) -> Trained:
    """The same on rows that are already there; ``called``: what they are called in lines and on the card."""
    for name in (wanted.target, *filter(None, (wanted.time_column, wanted.group_column, *wanted.leave_out))):
        if name not in frame:
            raise Unusable(f"文件 {called} 里没有“{name}”列；现有的列：{_listed(frame.columns)}。")
    y = target(frame[wanted.target], wanted.target)
    # None of what scoring adds is a variable, and neither is what was named.
    out = {wanted.target, wanted.time_column, wanted.group_column, *wanted.leave_out}
    features, remarks = _features(frame[[c for c in frame.columns if c not in out]])
    knowledge.check(list(features))
    groups = folds.same_rows(features)
    if wanted.group_column:
        groups = folds.joined(groups, folds.same_values(frame[wanted.group_column]))
    fold, cut = _divided(frame, groups, y, wanted)
    seen = fold >= 0 if not wanted.time_column else fold < 0
    if wanted.time_column:
        for part, word in ((y[seen], "之前"), (y[~seen], "之后")):
            _enough(part, f"分界 {cut} {word}")
    tested, fitted = training.test(features, y, fold, groups, knowledge, SEED, say)
    if fitted is None:
        say("用全部样本训练")
        fitted = training.fit(features, y, knowledge, SEED, groups)
    about = _about(called, features, y, wanted, cut, tested, seen)
    known = Knowledge({name: knowledge.variable(name) for name in features})
    return Trained(Folder(fitted, known, about), tested, y, tuple(remarks))


@dataclass(frozen=True)
class Scored:
    """Rows with their ``probability`` and ``points``; ``frame`` the variables as the model reads them; the PSI."""

    model: Model
    frame: pd.DataFrame
    probability: NDArray[np.float64]
    points: NDArray[np.int64]
    shift: float


def apply(folder: Folder, frame: pd.DataFrame, called: str, model: str = "") -> Scored:
    """Score rows with the folder's own model or another; Unusable where a column is missing or of another kind."""
    fitted = folder.fitted
    wanting = [name for name in fitted.bins if name not in frame]
    if wanting:
        raise Unusable(f"文件 {called} 缺少模型需要的列：{_listed(wanting)}；请补上后再试。")
    held = frame[list(fitted.bins)]
    for name, bins in fitted.bins.items():
        if bins.is_category and not is_text(held[name]):
            held = held.assign(**{name: [None if v != v else reading.text_of_number(v) for v in held[name]]})
        if not bins.is_category and is_text(held[name]):
            if held[name].notna().any():
                at = int(np.flatnonzero(held[name].notna().to_numpy())[0])
                raise Unusable(f"“{name}”应为数，文件 {called} 里却写着“{str(held[name].iloc[at])[:20]}”。")
            held = held.assign(**{name: np.full(len(held), np.nan)})
    chosen = fitted.models[model or str(folder.about["model"])]
    raw = chosen.raw(held, fitted.bins)
    shift = measures.psi(chosen.expected, measures.counts(chosen.calibration.line(raw), chosen.edges))
    points = np.rint(reasons.points(chosen, raw)).astype("int64")
    return Scored(chosen, held, chosen.calibration.probability(raw), points, shift)


def score(folder: Folder, file: Path, model: str = "") -> tuple[pd.DataFrame, float, tuple[str, ...]]:
    """The rows of a file, in order, with ``probability``, ``points`` and ``reasons``; the PSI; remarks.

    Columns that the model does not know stay as they stand in the file.
    """
    bins = folder.fitted.bins

    def use(name: str) -> Use:
        if name not in bins:
            return Use.NONE
        return Use.TEXTS if bins[name].is_category else Use.VALUES

    frame = reading.read(file, use)
    scored = apply(folder, frame, file.name, model)
    said = reasons.said(scored.model, folder.fitted, scored.frame, folder.knowledge)
    result = frame.drop(columns=[c for c in ADDED if c in frame]).assign(
        probability=scored.probability,
        points=scored.points,
        reasons=["；".join(f"{code} {words}" for code, words in row) for row in said],
    )
    remarks = []
    surplus = [c for c in frame.columns if c not in bins and c not in ADDED]
    if surplus:
        remarks.append(f"模型不用的列原样保留：{_listed(surplus)}。")
    if any(c in frame for c in ADDED):
        remarks.append("文件里原有的评分列已换成本次的结果。")
    return result, scored.shift, tuple(remarks)


def target(column: pd.Series, name: str) -> NDArray[np.float64]:
    """The outcome as 0 and 1 (1 = bad); Unusable where it is not binary or holds too few."""
    if column.isna().any():
        raise Unusable(
            f"目标列“{name}”第 {int(np.flatnonzero(column.isna().to_numpy())[0]) + 1} 个数据行是空的，请补上。"
        )
    kinds = sorted(column.unique().tolist(), key=str)
    if len(kinds) != 2:
        what = "只有一种取值" if len(kinds) < 2 else f"有 {len(kinds)} 种取值"
        raise Unusable(f"目标列“{name}”{what}，应恰好有两种（1 为不良，0 为良好）。")
    if not is_text(column):
        y = (column == max(kinds)).to_numpy(dtype="float64")
    else:
        lowered = {str(kind).lower() for kind in kinds}
        bad = [k for k in kinds if str(k).lower() in _TRUE]
        if len(bad) != 1 or not lowered - {str(bad[0]).lower()} <= set(_FALSE):
            raise Unusable(f"目标列“{name}”的取值是“{kinds[0]}”和“{kinds[1]}”，请改写为 1（不良）和 0（良好）。")
        y = (column == bad[0]).to_numpy(dtype="float64")
    _enough(y, f"目标列“{name}”")
    return y


def _enough(y: NDArray[np.float64], where: str) -> None:
    bad = int(y.sum())
    if min(bad, len(y) - bad) < training.SMALLEST:
        raise Unusable(f"{where}不良 {bad} 行、良好 {len(y) - bad} 行，两类各至少要 {training.SMALLEST} 行才能训练。")


def _features(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The columns that can be variables; what is left out and why."""
    remarks, held = [], {}
    for name in frame.columns:
        column = frame[name]
        kinds = column.nunique(dropna=True)
        if kinds == 0 or (kinds == 1 and not column.isna().any()):
            remarks.append(f"“{name}”全列相同，未用于模型。")
        elif not is_text(column) or kinds <= reading.MOST_CATEGORIES:
            held[name] = column
        elif kinds > len(frame) / 2:
            remarks.append(f"“{name}”几乎行行不同，看作编号，未用于模型。")
        else:
            raise Unusable(
                f"“{name}”是文字，有 {kinds} 种取值，多于 {reading.MOST_CATEGORIES} 种；"
                "请归并后再用，或用 --leave-out 去掉这一列。"
            )
    if not held:
        raise Unusable("文件里没有可用的变量：除目标外的列都是编号或全列相同。")
    return pd.DataFrame(held), remarks


def _divided(
    frame: pd.DataFrame, groups: NDArray[np.uint64], y: NDArray[np.float64], wanted: Wanted
) -> tuple[NDArray[np.int64], str]:
    if not wanted.time_column:
        if not FEWEST_FOLDS <= wanted.folds <= MOST_FOLDS:
            raise Unusable(f"折数应在 {FEWEST_FOLDS} 到 {MOST_FOLDS} 之间，给的是 {wanted.folds}。")
        return folds.deal(groups, y, wanted.folds, SEED), ""
    held = frame[wanted.time_column]
    if held.isna().any():
        raise Unusable(f"时间列“{wanted.time_column}”有空值，请补上后再试。")
    try:
        places, written = times.ordered(held)
    except ValueError as error:
        line = int(np.flatnonzero((held.astype(str) == str(error)).to_numpy())[0]) + 1
        raise Unusable(
            f"时间列“{wanted.time_column}”第 {line} 个数据行写着“{str(error)[:20]}”，和其他行分不出先后；"
            "请整列写成 2023-07-05、2023年7月、2023年第三季度、2023 之类同样粗细的时间，或换一列。"
        ) from error
    moments = pd.Series(places)
    if wanted.group_column:
        # By the last one, so that nothing later than the cut is trained on.
        moments = moments.groupby(groups).transform("max")
    try:
        fold, cut = folds.by_time(moments)
    except ValueError as error:
        raise Unusable(f"时间列“{wanted.time_column}”只有一个时间，分不出先后，请换一列。") from error
    return fold, written[int(cut)]


def _about(
    called: str,
    features: pd.DataFrame,
    y: NDArray[np.float64],
    wanted: Wanted,
    cut: str,
    tested: Tested,
    seen: NDArray[np.bool_],
) -> dict[str, Any]:
    """What the card says of the run, as JSON values."""
    lows, highs = {}, {}
    for name in features:
        if not is_text(features[name]) and features[name].notna().any():
            low, high = np.nanquantile(features.loc[seen, name].to_numpy(dtype="float64"), [0.01, 0.99])
            lows[name], highs[name] = float(low), float(high)
    return {
        "file": called, "target": wanted.target, "model": wanted.model, "population": wanted.population,
        "folds": 0 if wanted.time_column else wanted.folds, "time_column": wanted.time_column, "cut": cut,
        "group_column": wanted.group_column,
        "rows": len(y), "bad": int(y.sum()), "rows_seen": int(seen.sum()), "bad_seen": int(y[seen].sum()),
        "same_rows": len(y) - len(np.unique(folds.same_rows(features))), "seed": SEED,
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "settings": {
            "trees": boosting.TREES, "rate": boosting.RATE, "leaves": boosting.LEAVES,
            "inner_folds": training.INNER,
        },
        "low": lows, "high": highs,
        "measures": {name: tested.measures[name].as_dict() for name in MODELS},
        "compared": tested.compared,
        "reliability": {name: tested.reliability[name].to_dict("records") for name in MODELS},
    }  # fmt: skip


def _listed(names: Any, most: int = 6) -> str:
    held = list(names)
    return "、".join(held[:most]) + (f"等 {len(held)} 列" if len(held) > most else "")


def keep(folder: Path, trained: Trained) -> None:
    """Write what was trained."""
    files.save(folder, trained.folder, trained.tested, trained.y)
