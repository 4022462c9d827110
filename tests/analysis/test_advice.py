"""The model's advice: learned before it is judged, in the direction that experts insist on, and only advice."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from minxin.analysis.credit import advice
from minxin.charts.credit import advice as drawn

AS_OF = dt.date(2023, 7, 4)


def firms(seed: int, n: int = 5000) -> pd.DataFrame:
    """Firms whose chance of something serious grows with what is known of them and with nothing else."""
    chance = np.random.default_rng(seed)
    held = pd.DataFrame({name: 0.0 for name in advice.FEATURES}, index=range(n))
    held["n_fined"], held["n_bad"] = chance.poisson(0.4, n), chance.poisson(0.3, n)
    held["capital"], held["age_days"] = chance.lognormal(4, 1, n), chance.integers(30, 5000, n)
    odds = -3.6 + 0.9 * held["n_fined"] + 0.6 * held["n_bad"]
    held["is_bad"] = (chance.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    held["score"] = 6 * held["n_fined"]
    held["risk_class"] = pd.cut(held["score"], [-1, 9, 17, 23, 999], labels=list("ABCD")).astype(str)
    held["uscc"] = [f"u{i:05d}" for i in range(n)]
    return held


class Source:
    """Answers ``advice.firms`` by the day that is asked for and keeps what was asked."""

    def __init__(self, bad: bool = True) -> None:
        self.asked: list[tuple[dt.date, dt.date]] = []
        self.bad = bad

    def __call__(self, block: str, **given: dt.date) -> pd.DataFrame:
        if block == "risk.versions":
            limits = {"limit_b": 10, "limit_c": 18, "limit_d": 24}
            coming = {"limit_b": 1, "limit_c": 2, "limit_d": 3, "starts_on": dt.date(2099, 1, 1)}
            return pd.DataFrame([limits | {"starts_on": dt.date(2000, 1, 1)}, coming])
        self.asked.append((given["at"], given["until"]))
        held = firms(given["at"].toordinal())
        return held if self.bad else held.assign(is_bad=0)


@pytest.fixture(scope="module")
def found() -> tuple[Source, advice.Advice]:
    source = Source()
    held = advice.advise(source, AS_OF)
    assert held is not None
    return source, held


def test_it_learns_on_one_period_and_is_judged_on_the_next(found: tuple[Source, advice.Advice]) -> None:
    source, held = found
    assert source.asked == [
        (dt.date(2022, 1, 4), dt.date(2022, 10, 4)), (dt.date(2022, 10, 4), AS_OF), (AS_OF, AS_OF),
    ]  # fmt: skip
    assert held.judged.auc_low > 0.6 and held.judged.auc_low < held.judged.auc < held.judged.auc_high
    assert 0.6 < held.judged.calibration_slope < 1.4 and held.judged.ece < 0.02


def test_more_of_what_is_bad_never_lowers_the_chance(found: tuple[Source, advice.Advice]) -> None:
    past = firms(1)
    model, scale = advice._fitted(past, advice.SEED)
    base = past.head(200)
    for name, direction in advice.FEATURES.items():
        if direction:
            more = base.assign(**{name: base[name] + 1})
            moved = scale.probability(advice._raw(model, more)) - scale.probability(advice._raw(model, base))
            assert (direction * moved >= -1e-12).all(), name


def test_it_keeps_the_sizes_of_the_classes_and_changes_no_class(found: tuple[Source, advice.Advice]) -> None:
    _, held = found
    before = firms(AS_OF.toordinal())
    assert held.firms["risk_class"].tolist() == before["risk_class"].tolist()
    assert held.firms["advised"].value_counts().to_dict() == before["risk_class"].value_counts().to_dict()
    again = advice.advise(Source(), AS_OF)
    assert again is not None and again.firms.equals(held.firms)
    assert (held.disagreements["gap"].abs() >= advice.APART).all()
    assert "不改变类别" in drawn.LIMITS and "AUC" in drawn.sentence(held)


def test_with_too_little_to_learn_from_nothing_is_advised() -> None:
    assert advice.advise(Source(bad=False), AS_OF) is None
