"""Two rules on one month: parts that add up as written, settings that come back, sentences made by rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from minxin.analysis.assessment import rules, trial, trial_words
from minxin.analysis.assessment.counted import COUNTS, Counted
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.trial import Trial, from_settings, settings, tried
from tests.analysis.test_assessment_scenarios import street

HELD = rules.load()
RULE = HELD.named("trial-2022")


class Street(Review):
    """A review of made-up counts that hang on what a rule counts."""

    def __init__(self, times: int = 12, spread: float = 0.05) -> None:
        super().__init__(lambda block, /, **given: pd.DataFrame(), (2023, 6), RULE)
        self.times, self.spread = times, spread

    def volumes(self, rule):
        return None

    def between(self, rule, start, end, community=""):
        seed = 4 + 10 * bool(rule.exclusions) + 100 * (rule.period_first_day == 19) + start.year
        made = street(seed, self.spread, times=self.times)
        return made.assign(**{name: 0 for name in COUNTS if name not in made})


def changed(**said):
    return tried(RULE, HELD, said)


MIXED = {"weights": {"response": 0.2, "resolution": 0.4, "satisfaction": 0.4}, "basic_value": 1.0, "exclusions": []}


@pytest.mark.parametrize("said", [MIXED, {"basic_value": 0.5}, {**MIXED, "period_first_day": 19, "window_months": 6}])
def test_figures_add_up_as_people_see_them(said):
    held = Trial(Street(), RULE, changed(**said), "全街道")
    frame = held.differences
    assert frame["code"].iloc[0] == trial.WHOLE and frame["name"].iloc[0] == "全街道" and len(frame) == 22
    parts = frame[[part.code for part in held.parts]].to_numpy()
    for name in ("old", "new", "difference"):
        assert np.round(frame[name], 2).to_numpy() == pytest.approx(frame[name].to_numpy(), abs=1e-9)
    assert parts.sum(axis=1) == pytest.approx(frame["difference"].to_numpy(), abs=1e-9)
    assert (frame["old"] + frame["difference"]).to_numpy() == pytest.approx(frame["new"].to_numpy(), abs=1e-9)
    exact = held.explained["value"].to_numpy().reshape(-1, len(held.parts))
    assert np.abs(parts - 100 * exact).max() < 0.0201, "moved by two hundredths at most"


def test_the_whole_is_the_street_by_both_rules():
    held = Trial(Street(), RULE, changed(**MIXED), "全街道")
    row = held.explained.iloc[0]
    assert row["total_old"] == pytest.approx(held.before.street["score"]["value"])
    assert row["total_new"] == pytest.approx(held.after.street["score"]["value"])


def test_like_rules_have_nothing_to_explain():
    held = Trial(Street(), RULE, RULE, "全街道")
    assert held.parts == [] and (held.differences["difference"] == 0).all() and len(held.differences) == 22
    assert trial_words.explained(held, "社区") == trial_words.SAME
    assert "均为" in trial_words.whole(held) and "均不变" in trial_words.classes(held, "社区")


def test_a_smallest_n_moves_no_score():
    held = Trial(Street(), RULE, changed(smallest_n=100_000), "全街道")
    assert held.parts == [] and (held.differences["difference"] == 0).all()
    assert "不比较名次" in trial_words.movers(held, "社区")
    assert "不归类" in trial_words.classes(held, "社区")


def test_where_units_do_not_differ_nobody_is_said_to_move():
    held = Trial(Street(times=1, spread=0.0), RULE, changed(**MIXED), "全街道")
    assert held.before.no_difference and held.after.no_difference and not held.is_ranked
    assert trial_words.movers(held, "社区") == "两套规则下各社区都没有显著差异，不排名次"


@pytest.mark.parametrize("name", HELD.names)
def test_settings_come_back(name):
    rule = HELD.named(name)
    assert from_settings(settings(rule), HELD) == rule
    other = tried(rule, HELD, {**MIXED, "smallest_n": 10})
    assert from_settings(settings(other), HELD).digest == other.digest
    assert tried(rule, HELD, settings(rule)) is rule


def test_weights_keep_the_name_they_have_in_the_file():
    named = changed(weights={"response": 0.3, "resolution": 0.35, "satisfaction": 0.35}).weights
    assert named == HELD.weights["30-35-35"]
    assert changed(weights={"response": 2, "resolution": 1, "satisfaction": 1}).weights.values == (0.5, 0.25, 0.25)


@pytest.mark.parametrize(
    "said",
    [
        {"weights": {"response": -0.1, "resolution": 0.6, "satisfaction": 0.5}},
        {"weights": {"response": 0, "resolution": 0, "satisfaction": 0}},
        {"basic_value": 1.1},
        {"basic_value": float("nan")},
        {"exclusions": ["没有这一条"]},
        {"smallest_n": 0},
        {"period_first_day": 7},
        {"window_months": 99},
    ],
)
def test_what_no_rule_may_say_is_refused(said):
    with pytest.raises(ValueError):
        changed(**said)


@pytest.mark.parametrize("said", [{}, {"like": "gone"}, {"like": "trial-2022", "weights": 3}, {"like": None}])
def test_a_scenario_that_is_not_understood_is_refused(said):
    with pytest.raises(ValueError):
        from_settings(said, HELD)


def test_a_review_counts_each_mixture_once(monkeypatch):
    asked = []

    class Once(Counted):
        def rows(self, rule):
            asked.append((rule.counted_by, rule.period_first_day))

        def _summed(self, held, start, end, reasons):
            return pd.DataFrame({"code": ["a"], "n_valid": [1]})

    held = Review(no_rows := lambda block, /, **given: pd.DataFrame(), (2023, 6), RULE, counted=Once(no_rows))
    first = held.counts(RULE)
    first["n_valid"] = 7
    assert held.counts(RULE)["n_valid"].tolist() == [1], "whoever changes it leaves what is kept as it is"
    assert len(asked) == 1
