"""A trained folder, written and read back without running anything of it: JSON and Parquet only.

``model.json``: bins, models, calibrations, settings, what the run found; ``out_of_fold.parquet``: one row per
training row with its fold and the probability each model gave without having seen it. What is read is
checked: shapes, ranges, and that every tree goes downwards, so that a foreign file can do no more than fail.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from minxin.analysis.whitelist.binning import Bins
from minxin.analysis.whitelist.boosting import Trees
from minxin.analysis.whitelist.calibration import Calibration
from minxin.analysis.whitelist.scorecard import Scorecard
from minxin.analysis.whitelist.training import MODELS, Fitted, Model, Tested
from minxin.analysis.whitelist.variables import Knowledge, Variable
from minxin.settings import Unusable, in_one_step, replace_in_one_step

MODEL, ROWS = "model.json", "out_of_fold.parquet"
#: The model card's forms, which ``exports/card_files.py`` writes beside them.
CARDS = ("card.html", "card.docx", "card.md")
FORMAT = "minxin-whitelist-1"
#: No weight, coefficient or leaf of a training comes near it; beyond, sums of them would overflow.
LARGEST = 1e6


@dataclass(frozen=True)
class Folder:
    """A trained folder: the models, what was known of the variables, and ``about`` the run (JSON values)."""

    fitted: Fitted
    knowledge: Knowledge
    about: dict[str, Any]


def save(folder: Path, held: Folder, tested: Tested, y: NDArray[np.float64]) -> None:
    """Write a folder in one step: a new one appears whole, in one that is there both files change at the end.

    Cards of an earlier model go: they would speak of another one. Unusable where it cannot be written.
    """
    columns: dict[str, Any] = {"row": np.arange(len(y)), "fold": tested.fold, "target": y.astype("int8")}
    columns |= {name: tested.p[name] for name in MODELS}
    text = json.dumps(_plain(held), ensure_ascii=False, allow_nan=False)
    is_new = not folder.exists()
    place = folder.with_name(f".{folder.name}.{os.getpid()}.part") if is_new else folder
    try:
        if is_new:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
        with in_one_step(place / ROWS, place / MODEL) as (rows, model):
            pq.write_table(pa.table(columns), rows)
            model.write_text(text, encoding="utf-8")
            for card in CARDS:
                (folder / card).unlink(missing_ok=True)
        if is_new:
            replace_in_one_step(place, folder)
    except OSError as error:
        raise Unusable(f"无法写入文件夹 {folder.name}，请核对路径与权限。") from error
    finally:
        if is_new:
            shutil.rmtree(place, ignore_errors=True)


def load(folder: Path) -> Folder:
    """Read a folder back; Unusable where it is none, was cut off or does not fit together."""
    file = folder / MODEL
    if not file.is_file():
        raise Unusable(f"文件夹 {folder.name} 里没有 {MODEL}；请先运行 minxin whitelist train。")
    try:
        return _held(json.loads(file.read_text(encoding="utf-8"), parse_float=_finite, parse_constant=_finite))
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise Unusable(f"{folder.name} 里的 {MODEL} 不完整或不是本程序所写，请重新训练。") from error


def out_of_fold(folder: Path) -> pd.DataFrame:
    """The probabilities of the training rows by models that had not seen them."""
    try:
        return pq.read_table(folder / ROWS).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise Unusable(f"{folder.name} 里的 {ROWS} 读不出来，请重新训练。") from error


def _plain(held: Folder) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "about": held.about,
        "variables": [asdict(held.knowledge.variable(name)) | {"name": name} for name in held.fitted.bins],
        "bins": [_safe(asdict(bins)) for bins in held.fitted.bins.values()],
        "models": [_model(model) for model in held.fitted.models.values()],
    }


def _safe(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in entry.items()}


def _model(model: Model) -> dict[str, Any]:
    core: dict[str, Any] = asdict(model.core)
    if isinstance(model.core, Trees):
        core = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in core.items()}
        # A node that only divides missing from known values has an endless threshold.
        core["threshold"] = [t if math.isfinite(t) else None for t in core["threshold"]]
    return {
        "name": model.name,
        "core": core,
        "calibration": asdict(model.calibration),
        "edges": list(model.edges),
        "expected": list(model.expected),
    }


def _held(raw: dict[str, Any]) -> Folder:
    if raw["format"] != FORMAT:
        raise ValueError("another format")
    bins = {b.name: b for b in (_bins(entry) for entry in raw["bins"])}
    models = {m.name: m for m in (_read_model(entry, bins) for entry in raw["models"])}
    _must(set(models) == set(MODELS))
    known = {entry["name"]: Variable(**{k: str(v) for k, v in entry.items()}) for entry in raw["variables"]}
    about = dict(raw["about"])
    _must(about["model"] in MODELS)
    return Folder(Fitted(bins, models), Knowledge(known), about)


def _bins(entry: dict[str, Any]) -> Bins:
    bins = Bins(
        str(entry["name"]),
        tuple(map(float, entry["cuts"])),
        tuple(tuple(map(str, group)) for group in entry["groups"]),
        tuple(map(int, entry["rows"])),
        tuple(map(int, entry["bad"])),
        tuple(map(float, entry["woe"])),
        str(entry["trend"]),
        math.nan if entry["best"] is None else float(entry["best"]),
    )
    _must(len(bins.rows) == len(bins.bad) == len(bins.woe) >= 1)
    _must(not bins.groups or len(bins.groups) == len(bins.rows) - 1)
    _must(bool(bins.groups) or len(bins.cuts) + 2 == len(bins.rows) or not bins.cuts)
    _must(list(bins.cuts) == sorted(bins.cuts) and min(*bins.rows, *bins.bad) >= 0)
    _usual(*bins.woe)
    return bins


def _read_model(entry: dict[str, Any], bins: dict[str, Bins]) -> Model:
    line = entry["calibration"]
    calibration = Calibration(
        float(line["slope"]), float(line["intercept"]), tuple(map(float, line["at"])), tuple(map(float, line["to"]))
    )
    _must(len(calibration.at) == len(calibration.to) and list(calibration.at) == sorted(calibration.at))
    _usual(calibration.slope, calibration.intercept)
    core = entry["core"]
    names = tuple(map(str, core["names"]))
    _must(set(names) <= set(bins))
    made: Scorecard | Trees
    if entry["name"] == "scorecard":
        made = Scorecard(names, tuple(map(float, core["coefficients"])), float(core["intercept"]))
        _must(len(made.coefficients) == len(names))
        _usual(made.intercept, *made.coefficients)
    else:
        made = _trees(names, core)
    edges, expected = tuple(map(float, entry["edges"])), tuple(map(int, entry["expected"]))
    _must(len(expected) == len(edges) + 1 and list(edges) == sorted(edges) and min(expected) >= 0)
    return Model(str(entry["name"]), made, calibration, edges, expected)


def _trees(names: tuple[str, ...], core: dict[str, Any]) -> Trees:
    trees = Trees(
        names,
        tuple(map(int, core["directions"])),
        float(core["baseline"]),
        np.array(core["starts"], dtype="int64"),
        np.array(core["feature"], dtype="int64"),
        np.array([math.inf if t is None else t for t in core["threshold"]], dtype="float64"),
        np.array(core["missing_left"], dtype=bool),
        np.array(core["left"], dtype="int64"),
        np.array(core["right"], dtype="int64"),
        np.array(core["value"], dtype="float64"),
        np.array(core["is_leaf"], dtype=bool),
    )
    n = len(trees.feature)
    parts = (trees.threshold, trees.missing_left, trees.left, trees.right, trees.value, trees.is_leaf)
    _must(n > 0 and all(part.shape == (n,) for part in parts) and len(trees.directions) == len(names))
    starts = trees.starts
    _must(starts.ndim == 1 and len(starts) > 0 and starts[0] == 0 and bool((np.diff(starts) > 0).all()))
    _must(bool(starts[-1] < n))
    sizes = np.diff(np.append(starts, n))
    own = np.arange(n) - np.repeat(starts, sizes)
    size = np.repeat(sizes, sizes)
    inner = ~trees.is_leaf
    # Children lie further down in the same tree: evaluation always comes to an end.
    for child in (trees.left, trees.right):
        _must(bool(((child > own) & (child < size))[inner].all()))
    _must(bool(((trees.feature >= 0) & (trees.feature < len(names)))[inner].all()))
    _must(bool((np.abs(trees.value) < LARGEST).all()) and not bool(np.isnan(trees.threshold).any()))
    _usual(trees.baseline)
    return trees


def _finite(text: str) -> float:
    value = float(text)
    _must(math.isfinite(value))
    return value


def _usual(*values: float) -> None:
    _must(all(abs(value) < LARGEST for value in values))


def _must(holds: bool) -> None:
    if not holds:
        raise ValueError("the parts do not fit together")
