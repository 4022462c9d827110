"""The white list's methods against values worked out by hand, textbook definitions and scikit-learn."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from minxin.analysis.whitelist import binning, boosting, calibration, files, folds, measures, reasons, times, training
from minxin.analysis.whitelist.variables import Knowledge, Variable
from minxin.settings import Unusable


def sample(rows: int = 900, seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows whose risk rises with ``debt``, falls with ``profit``, hangs on ``kind``; ``noise`` says nothing."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "debt": draw.normal(size=rows),
            "profit": draw.normal(size=rows),
            "noise": draw.normal(size=rows),
            "kind": draw.choice(["甲", "乙", "丙"], size=rows).astype(object),
        }
    )
    z = -2 + 1.2 * frame["debt"] - 0.9 * frame["profit"] + (frame["kind"] == "丙") * 1.0
    y = (draw.random(rows) < calibration.logistic(z.to_numpy())).astype(float)
    frame.loc[draw.random(rows) < 0.1, "profit"] = np.nan
    return frame, y


# ── weights of evidence ─────────────────────────────────────────────────────────────────────────


def test_woe_and_iv_are_those_worked_out_by_hand() -> None:
    """Two bins: 90 good 10 bad, 60 good 40 bad; without prior rows."""
    found = binning.woe([90, 60], [10, 40], prior=0)
    assert found == pytest.approx([math.log((90 / 150) / (10 / 50)), math.log((60 / 150) / (40 / 50))])
    assert binning.information([90, 60], [10, 40], prior=0) == pytest.approx(
        (0.6 - 0.2) * math.log(3) + (0.4 - 0.8) * math.log(0.5)
    )


def test_a_bin_without_bad_ones_has_a_finite_weight() -> None:
    assert np.isfinite(binning.woe([50, 50], [0, 10])).all()
    assert binning.woe([50, 0], [10, 0])[1] == 0


def test_bins_run_one_way_and_missing_values_stand_apart() -> None:
    frame, y = sample(3000)
    bins = binning.fit("profit", frame["profit"], y)
    rates = [b / n for b, n in zip(bins.bad[:-1], bins.rows[:-1], strict=True)]
    assert bins.trend == binning.FALLING and rates == sorted(rates, reverse=True)
    assert len(bins.rows) <= binning.MOST + 1
    assert bins.rows[-1] == frame["profit"].isna().sum()
    assert min(bins.rows[:-1]) >= binning.SMALLEST * len(frame)
    assert sum(bins.rows) == len(frame) and sum(bins.bad) == y.sum()
    assert bins.place([math.nan, -99.0, 99.0]).tolist() == [len(bins.rows) - 1, 0, len(bins.rows) - 2]


def test_what_experts_say_holds_unless_the_rows_speak_against_it() -> None:
    frame, y = sample(3000)
    assert binning.fit("debt", frame["debt"], y, "worse").trend == binning.RISING
    against = binning.fit("debt", frame["debt"], y, "better")
    assert against.trend == binning.RISING
    assert boosting.constraint(against, "better") == boosting.FREE
    assert boosting.constraint(against, "worse") == boosting.UP
    assert boosting.constraint(binning.fit("noise", frame["noise"], y), "") == boosting.FREE


def test_a_category_never_seen_counts_as_missing() -> None:
    frame, y = sample()
    bins = binning.fit("kind", frame["kind"], y)
    assert bins.groups[-1] == ("丙",)
    assert bins.place(["丁", None, "丙"]).tolist() == [3, 3, 2]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=20, max_size=200))
def test_any_numbers_can_be_binned(rows: list[tuple[int, bool]]) -> None:
    values, y = pd.Series([float(v) for v, _ in rows]), np.array([float(b) for _, b in rows])
    if 0 < y.sum() < len(y):
        bins = binning.fit("x", values, y)
        assert sum(bins.rows) == len(rows) and np.isfinite(bins.woe).all() and bins.iv >= -1e-9
        assert np.bincount(bins.place(values), minlength=len(bins.rows)).tolist() == list(bins.rows)


# ── folds ───────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=30, max_size=120), st.integers(2, 6))
def test_identical_rows_stay_in_one_fold(rows: list[tuple[int, bool]], k: int) -> None:
    frame = pd.DataFrame({"a": [float(v) for v, _ in rows], "b": [None if v % 3 else "x" for v, _ in rows]})
    fold = folds.deal(folds.same_rows(frame), np.array([float(b) for _, b in rows]), k, 1)
    assert fold.min() >= 0 and fold.max() < k
    assert (pd.Series(fold).groupby(frame["a"]).nunique() == 1).all()


def test_folds_share_bad_ones_and_rows_evenly() -> None:
    frame, y = sample(2000)
    fold = folds.deal(folds.same_rows(frame), y, 10, 1)
    assert np.ptp(np.bincount(fold)) <= 2
    assert np.ptp(np.bincount(fold, weights=y)) <= 1
    assert (fold == folds.deal(folds.same_rows(frame), y, 10, 1)).all()


def test_rows_of_a_firm_and_identical_rows_are_one_group_from_row_to_row() -> None:
    firm = folds.same_values(pd.Series(["甲", "乙", None, "甲", "丙", None, "丁"], dtype=object))
    row = np.array([1, 2, 3, 4, 4, 5, 6], dtype="uint64")
    assert folds.joined(row, firm).tolist() == [0, 1, 2, 0, 0, 5, 6], "丙's row is the same as one of 甲"
    assert folds.joined(np.arange(2, dtype="uint64")).tolist() == [0, 1]


def test_the_calibration_is_fitted_on_firms_that_the_model_has_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every firm has six nearly identical rows and an outcome by chance: nobody can foretell another firm's."""
    monkeypatch.setattr(boosting, "TREES", 60)
    draw = np.random.default_rng(8)
    firm = np.repeat(np.arange(120), 6)
    y = np.repeat((draw.random(120) < 0.4).astype(float), 6)
    frame = pd.DataFrame({n: np.repeat(draw.normal(size=120), 6) + draw.normal(size=720) / 1e6 for n in "abc"})
    assert len(np.unique(folds.same_rows(frame))) == 720
    divided = training.fit(frame, y, Knowledge(), 1).models["free"].calibration.slope
    whole = training.fit(frame, y, Knowledge(), 1, firm.astype("uint64")).models["free"].calibration.slope
    assert divided > 0.8, "by rows the model recognises the firms and its scores are believed"
    assert whole < 0.2


def test_a_split_by_time_tests_whole_later_moments() -> None:
    times = pd.Series(["2023-01"] * 50 + ["2023-02"] * 30 + ["2023-03"] * 20)
    fold, cut = folds.by_time(times)
    assert cut == "2023-02" and (fold == 0).sum() == 50
    with pytest.raises(ValueError):
        folds.by_time(pd.Series([1.0, 1.0]))


@pytest.mark.parametrize(
    "written",
    [
        *(["2023-1", "2023-2", "2023-10", "2023-12"], ["2023年7月", "2023/8", "2023年11月份"], ["9", "10", "1e2"]),
        *(["2023.1", "2023.9", "2023.10"], ["202211", "20231", "202312"], ["20230115", "20230115103000", "20230116"]),
        *(["2022-Q3", "2023Q1", "2023年第四季度"], ["2020年度", "2021年"], ["２０２３年６月", "2023年7月"]),
        *(["2023年1月4日", "2023-01-05", "2023/1/5 9:05", "2023.1.5 10:00"], ["2023-W09", "2023-03-20"]),
        *(["2023-01-01 07:00+08:00", "2023-01-01T00:00:00Z"], [2021.0, 2021.5, 20230115.0]),
    ],
)
def test_moments_are_ordered_as_they_lie_in_time_however_they_are_written(written: list[object]) -> None:
    places, words = times.ordered(pd.Series([*reversed(written), *written]))
    rising = list(range(len(written)))
    assert places.tolist() == [*reversed(rising), *rising]
    assert words == [f"{moment:.9g}" if isinstance(moment, float) else moment for moment in written]


@pytest.mark.parametrize(
    "written",
    [
        *(["7月", "8月"], ["20230115", "202302"], ["2023", "202305"], ["2023-05-10", "2023-5"], ["2023-02-30"]),
        *(["12/31/2023", "1/2/2024"], ["2023-01-01", "2023-01-01T00:00:00Z"], ["1", "inf"], ["2023-13"], ["去年"]),
    ],
)
def test_what_has_no_order_in_time_is_refused(written: list[str]) -> None:
    with pytest.raises(ValueError) as refused:
        times.ordered(pd.Series(written))
    assert str(refused.value) in written


# ── measures ────────────────────────────────────────────────────────────────────────────────────


def test_auc_and_its_variance_are_those_of_the_definition() -> None:
    draw = np.random.default_rng(5)
    y = (draw.random(80) < 0.4).astype(float)
    score = np.round(draw.normal(size=80) + y, 1)
    found, covariance = measures.delong(y, [score])
    assert found[0] == pytest.approx(roc_auc_score(y, score))
    bad, good = score[y > 0], score[y == 0]
    wins = (bad[:, None] > good[None, :]) + 0.5 * (bad[:, None] == good[None, :])
    variance = wins.mean(axis=1).var(ddof=1) / len(bad) + wins.mean(axis=0).var(ddof=1) / len(good)
    assert covariance[0, 0] == pytest.approx(variance)


def test_the_interval_of_the_auc_holds_the_truth_as_often_as_it_says() -> None:
    """Two normals one apart: AUC = Φ(1/√2) = 0.7602."""
    draw = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        y = np.repeat([1.0, 0.0], [60, 200])
        found = measures.auc(y, draw.normal(size=260) + y)
        held += float(found.low) <= 0.76025 <= float(found.high)
    assert 0.92 <= held / 300 <= 0.98


def test_ks_psi_and_ece_by_hand() -> None:
    y = np.array([0.0, 0, 1, 0, 1, 1])
    assert measures.ks(y, np.array([1.0, 2, 3, 4, 5, 6])) == pytest.approx(2 / 3)
    assert measures.ks(y, np.ones(6)) == 0
    assert measures.psi([500, 500], [500, 500]) == pytest.approx(0)
    e, a = np.array([50.5, 50.5]) / 101, np.array([80.5, 20.5]) / 101
    assert measures.psi([50, 50], [80, 20]) == pytest.approx(float(((a - e) * np.log(a / e)).sum()))
    assert measures.ece(np.array([0.0, 1]), np.array([0.2, 0.6]), 2) == pytest.approx(0.3)


def test_the_line_of_calibration_is_that_of_logistic_regression() -> None:
    draw = np.random.default_rng(9)
    x = draw.normal(size=500) * 30
    y = (draw.random(500) < calibration.logistic(0.05 * x - 1)).astype(float)
    slope, intercept, error = calibration.line(x, y)
    model = LogisticRegression(C=np.inf, max_iter=1000, tol=1e-10).fit(x[:, None], y)
    assert slope == pytest.approx(model.coef_[0, 0], rel=1e-3) and intercept == pytest.approx(
        model.intercept_[0], rel=1e-3
    )
    assert 0 < error < slope


def test_far_outliers_do_not_throw_the_line_away() -> None:
    x = np.concatenate([np.linspace(-3, 3, 400), [400.0, -400.0]])
    y = (np.random.default_rng(2).random(402) < calibration.logistic(x)).astype(float)
    slope, intercept, _ = calibration.line(x, y)
    assert calibration.logistic(intercept + slope * x).mean() == pytest.approx(y.mean(), abs=1e-6)


def test_many_bad_ones_are_calibrated_in_steps() -> None:
    draw = np.random.default_rng(1)
    raw = draw.normal(size=6000)
    y = (draw.random(6000) < np.where(raw > 0, 0.5, 0.1)).astype(float)
    fitted = calibration.fit(raw, y)
    assert fitted.at and np.all(np.diff(fitted.to) >= 0)
    assert fitted.probability(np.array([2.0]))[0] == pytest.approx(0.5, abs=0.05)
    assert not calibration.fit(raw[:500], y[:500]).at


# ── models ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def fitted() -> training.Fitted:
    frame, y = sample()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "TREES", 20)
        return training.fit(frame, y, Knowledge({"debt": Variable("debt", "负债", "worse")}), 1)


def test_our_trees_give_what_scikit_learn_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "TREES", 15)
    frame, y = sample()
    bins = {name: binning.fit(name, frame[name], y) for name in frame}
    trees = boosting.fit(frame, y, bins, {"debt": boosting.UP}, 1)
    x = boosting.matrix(frame, bins, trees.names)
    model = HistGradientBoostingClassifier(
        max_iter=15, learning_rate=boosting.RATE, max_leaf_nodes=boosting.LEAVES, l2_regularization=boosting.PENALTY,
        min_samples_leaf=min(boosting.SMALLEST_LEAF, len(y) // 50), monotonic_cst=[1, 0, 0, 0], early_stopping=False,
        random_state=1,
    ).fit(x, y)  # fmt: skip
    strange = np.vstack([x, np.full(x.shape[1], np.nan), np.full(x.shape[1], 1e300)])
    assert calibration.logistic(trees.raw(strange)) == pytest.approx(model.predict_proba(strange)[:, 1], abs=1e-12)


def test_the_risk_never_falls_along_a_variable_held_to_rise(fitted: training.Fitted) -> None:
    frame, _ = sample(1)
    model = fitted.models["monotone"]
    moved = pd.concat([frame.assign(debt=v) for v in np.linspace(-4, 4, 60)], ignore_index=True)
    assert (np.diff(model.raw(moved, fitted.bins)) >= -1e-12).all()


def test_points_double_the_odds_every_twenty() -> None:
    core = training.Scorecard((), (), 0.0)
    model = training.Model("scorecard", core, calibration.Calibration(1.0, 0.0), (), ())
    at = -np.log(np.array([50.0, 100.0, 25.0]))
    assert reasons.points(model, at) == pytest.approx([600, 620, 580])


def test_reasons_are_at_most_four_and_add_up_in_a_scorecard(fitted: training.Fitted) -> None:
    frame, _ = sample(60, seed=8)
    model = fitted.models["scorecard"]
    lost = reasons.losses(model, fitted.bins, frame)
    assert (lost.to_numpy() >= -1e-9).all()
    total = lost.sum(axis=1).to_numpy() + reasons.points(model, model.raw(frame, fitted.bins))
    assert total == pytest.approx(np.full(60, total[0])), "most points minus those lost are those obtained"
    for name in training.MODELS:
        said = reasons.said(fitted.models[name], fitted, frame, Knowledge({"debt": Variable("debt", "负债")}))
        assert all(len(row) <= 4 for row in said)
        assert any("负债偏高" in words for row in said for _, words in row)


# ── the folder ──────────────────────────────────────────────────────────────────────────────────


def _folder(fitted: training.Fitted) -> files.Folder:
    return files.Folder(fitted, Knowledge(), {"model": "monotone"})


def _tested(rows: int) -> training.Tested:
    return training.Tested(np.zeros(rows, dtype="int64"), {n: np.zeros(rows) for n in training.MODELS}, {}, {}, {})


def test_a_folder_read_back_gives_the_same_to_the_last_digit(fitted: training.Fitted, tmp_path: Path) -> None:
    frame, y = sample(100, seed=11)
    files.save(tmp_path / "m", _folder(fitted), _tested(100), y)
    back = files.load(tmp_path / "m").fitted
    for name in training.MODELS:
        one, other = fitted.models[name], back.models[name]
        assert (one.probability(frame, fitted.bins) == other.probability(frame, back.bins)).all()


def test_a_folder_that_cannot_be_written_stays_as_it_was(
    fitted: training.Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.save(tmp_path / "m", _folder(fitted), _tested(3), np.zeros(3))
    (tmp_path / "m" / "card.html").write_text("of the first model", encoding="utf-8")
    (tmp_path / "m" / "mine.txt").write_text("kept", encoding="utf-8")
    before = {f.name: f.read_bytes() for f in (tmp_path / "m").iterdir()}
    written = Path.write_text

    def full(path: Path, text: str, **more: str) -> int:
        if path.name.startswith(files.MODEL):
            written(path, text[:100], **more)
            raise OSError(28, "no space left")
        return written(path, text, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        for name in ("m", "new"):
            with pytest.raises(Unusable, match="无法写入"):
                files.save(tmp_path / name, _folder(fitted), _tested(5), np.ones(5))
    assert {f.name: f.read_bytes() for f in (tmp_path / "m").iterdir()} == before
    assert [f.name for f in tmp_path.iterdir()] == ["m"], "neither half a folder nor what it was made from"
    files.save(tmp_path / "m", _folder(fitted), _tested(5), np.ones(5))
    assert sorted(f.name for f in (tmp_path / "m").iterdir()) == ["mine.txt", "model.json", "out_of_fold.parquet"]


def _with(value: object, *path: object) -> object:
    def change(raw: dict) -> None:
        at = raw
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _with("other", "format"),
        _with([0] * 7, "models", 1, "core", "left"),
        _with(10**9, "models", 1, "core", "feature", 0),
        _with(0, "models", 1, "core", "left", 0),
        _with("x", "bins", 0, "cuts", 0),
        _with([], "models"),
        _with({"a": 1}, "bins"),
    ],
)
def test_a_broken_or_foreign_model_is_refused_in_a_line(
    change: object, fitted: training.Fitted, tmp_path: Path
) -> None:
    files.save(tmp_path, _folder(fitted), _tested(3), np.zeros(3))
    raw = json.loads((tmp_path / files.MODEL).read_text(encoding="utf-8"))
    change(raw)  # type: ignore[operator]
    (tmp_path / files.MODEL).write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(Unusable, match="重新训练"):
        files.load(tmp_path)
