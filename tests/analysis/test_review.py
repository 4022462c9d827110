"""The review of a month against a plain count of the demo's petitions, by both ways of counting months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from minxin import queries
from minxin.access import Viewer
from minxin.analysis.assessment import messages, review, rules
from minxin.analysis.assessment.counted import Counted
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.rules import RATES, trial_weights
from minxin.settings import Home

JUNE = (2023, 6)


@pytest.fixture
def asked(demo: Home) -> queries.Queries:
    found = queries.current(demo)
    assert found is not None
    return found


@pytest.fixture
def ask(asked: queries.Queries, demo: Home) -> Callable[..., pd.DataFrame]:
    viewer = Viewer.local(demo.deployment)
    return lambda block, /, **given: asked.run(block, viewer, **given)


@pytest.fixture
def plain(asked: queries.Queries) -> Callable[[str], list[tuple[Any, ...]]]:
    def run(sql: str) -> list[tuple[Any, ...]]:
        with queries.connection(asked.snapshot).cursor() as cursor:
            return cursor.execute(sql).fetchall()

    return run


COUNTED = """
    select
        petition.community_code,
        count(*) filter (where followup_valid),
        count(*) filter (where followup_valid and is_contacted),
        count(*) filter (where followup_valid and is_resolved),
        count(*) filter (where followup_valid and satisfaction = '满意'),
        count(*) filter (where followup_valid and satisfaction = '基本满意')
    from fct_petition as petition
    left join fct_exclusion as exclusion on exclusion.petition_id = petition.petition_id
    where {day} >= date '{start}' and {day} < date '{end}' and petition.community_code <> 'none' and {kept}
    group by petition.community_code
"""


@pytest.mark.parametrize("name", ["trial-2022", "period-19", "no-exclusions"])
def test_counts_are_those_of_the_petitions(name: str, ask: Any, plain: Any) -> None:
    rule = rules.load().named(name)
    start, end = rule.window(*JUNE)
    kept = "exclusion.petition_id is null" if rule.exclusions else "true"
    wanted = {row[0]: row[1:] for row in plain(COUNTED.format(day="accepted_day", start=start, end=end, kept=kept))}
    found = Review(ask, JUNE, rule).counts(rule)
    assert len(found) == 21
    for row in found.itertuples():
        got = (row.n_valid, row.n_responded, row.n_resolved, row.n_satisfied, row.n_basic)
        assert got == wanted[row.code], row.code


def test_petitions_can_be_dated_by_their_creation(ask: Any, plain: Any) -> None:
    rule = rules.load().named("trial-2022").changed(counted_by="created_at")
    start, end = rule.window(*JUNE)
    sql = COUNTED.format(day="cast(created_at as date)", start=start, end=end, kept="exclusion.petition_id is null")
    assert sum(row[1] for row in plain(sql)) == Review(ask, JUNE, rule).counts(rule)["n_valid"].sum()


def test_excluded_petitions_are_counted_apart(ask: Any, plain: Any) -> None:
    rule = rules.load().named("trial-2022")
    held = Review(ask, JUNE, rule)
    start, end = rule.window(*JUNE)
    ((wanted,),) = plain(
        "select count(*) from fct_petition inner join fct_exclusion using (petition_id)"
        f" where accepted_day >= date '{start}' and accepted_day < date '{end}' and community_code <> 'none'"
    )
    assert held.counts(rule)["n_excluded"].sum() == wanted > 0
    whole = held.whole(rule)
    assert (whole["n_valid"] >= held.counts(rule)["n_valid"]).all()
    assert (held.exclusions["n_excluded"] == whole["n_excluded"]).all()


def test_months_and_rules_share_one_trip(ask: Any) -> None:
    asked: list[str] = []

    def noted(block: str, /, **given: Any) -> pd.DataFrame:
        asked.append(block)
        return ask(block, **given)

    rule, shared = rules.load().named("trial-2022"), Counted(noted)
    for month in (JUNE, (2023, 5)):
        for tried in (rule, rule.changed(exclusions=())):
            held = Review(noted, month, tried, counted=shared)
            assert held.counts(tried).equals(Review(ask, month, tried).counts(tried))
    assert asked.count("assessment.counts") == 1


def test_the_result_is_that_of_the_counts_and_says_so(ask: Any) -> None:
    rule = rules.load().named("trial-2022")
    held = Review(ask, JUNE, rule)
    result = held.assessed()
    counts = held.counts(rule).set_index("code")
    for row in result.units.itertuples():
        n, own = counts.loc[row.code, "n_valid"], counts.loc[row.code]
        assert row.resolution_rate == pytest.approx(own["n_resolved"] / n)
        assert row.satisfaction_rate == pytest.approx((own["n_satisfied"] + 0.9 * own["n_basic"]) / n)
        assert row.score == pytest.approx(
            0.1 * row.response_rate + 0.5 * row.resolution_rate + 0.4 * row.satisfaction_rate
        )
    said = messages.standing(result, "社区")
    for word in ("整改", "先进"):
        n = int((result.units["class"] == word).sum())
        assert (f"{word} {n} 个" in said) is (n > 0)
    assert held.assessed() is result, "worked out once"


def test_all_the_weight_on_one_rate_gives_that_rate(ask: Any) -> None:
    rule = rules.load().named("trial-2022")
    held = Review(ask, JUNE, rule)
    for k, rate in enumerate(RATES):
        corner = rule.changed(weights=trial_weights([1.0 if i == k else 0.0 for i in range(3)]))
        units = held.assessed(corner).units
        assert units["score"].tolist() == pytest.approx(units[f"{rate}_rate"].tolist())


def test_months_are_named_and_read(ask: Any) -> None:
    held = Review(ask, JUNE, rules.load().named("trial-2022"))
    assert held.months[0] == (2022, 6) and held.months[-1] == JUNE and len(held.months) == 13
    series = held.series("resolution")
    assert set(series["code"]) == set(held.names) and series["value"].dropna().between(0, 1).all()
    assert review.parse_month("2023-06") == JUNE
    with pytest.raises(ValueError):
        review.parse_month("2023-13")


def test_the_latest_month_is_one_that_is_over() -> None:
    rule, other = rules.load().named("trial-2022"), rules.load().named("period-19")
    for as_of, month, other_month in (
        (dt.datetime(2023, 7, 4), (2023, 6), (2023, 6)),
        (dt.datetime(2023, 7, 1), (2023, 6), (2023, 6)),
        (dt.datetime(2023, 6, 30, 23), (2023, 5), (2023, 6)),
        (dt.datetime(2023, 7, 19), (2023, 6), (2023, 7)),
        (dt.datetime(2023, 1, 5), (2022, 12), (2022, 12)),
    ):
        assert review.latest_month(rule, as_of) == month, as_of
        assert review.latest_month(other, as_of) == other_month, as_of


def test_a_month_that_begins_on_another_day_is_refused(ask: Any) -> None:
    rule = rules.load().named("trial-2022").changed(period_first_day=5)
    with pytest.raises(ValueError, match="1st or the 19th"):
        Review(ask, JUNE, rule).counts(rule)


def test_units_are_counted_by_who_handles_first(ask: Any, plain: Any) -> None:
    rule = rules.load().named("no-exclusions")
    found = Review(ask, JUNE, rule, "unit").counts(rule)
    start, end = rule.window(*JUNE)
    wanted = dict(
        plain(
            "select first_unit, count(*) filter (where followup_valid) from fct_petition where first_unit <> ''"
            f" and accepted_day >= date '{start}' and accepted_day < date '{end}' group by 1"
        )
    )
    assert dict(zip(found["code"], found["n_valid"], strict=True)) == wanted


def test_points_are_those_approved_in_the_month_beside_the_score_and_capped(ask: Any, plain: Any) -> None:
    rule = rules.load().named("trial-2022")
    worth = {point.code: point.value for point in rule.points}
    wanted: dict[str, float] = {}
    june = "happened_on >= '2023-06-01' and happened_on < '2023-07-01'"
    for code, point, cases in plain(f"select community_code, point, cases from fct_point where {june}"):
        wanted[code] = wanted.get(code, 0.0) + worth[point] * cases
    assert wanted and len(set(wanted.values())) > 1
    units = Review(ask, JUNE, rule).assessed().units.set_index("code")
    assert {c: p for c, p in units["points"].items() if p} == pytest.approx({c: p for c, p in wanted.items() if p})
    assert (units["total"] - units["score"]).to_numpy() == pytest.approx(units["points_held"].to_numpy() / 100)
    tight = Review(ask, JUNE, rule.changed(points_cap=0.5)).assessed().units.set_index("code")
    assert tight["points_held"].abs().max() == 0.5
    assert tight["score"].to_numpy() == pytest.approx(units["score"].to_numpy())
    without = Review(ask, JUNE, rule.changed(points=())).assessed().units
    assert not without["points"].any()


def test_a_rule_says_the_same_on_either_side(ask: Any) -> None:
    official, other = rules.load().named("trial-2022"), rules.load().named("period-19")
    tried, own = Review(ask, JUNE, official).assessed(other).units, Review(ask, JUNE, other).assessed().units
    assert other.window(*JUNE, 1) != official.window(*JUNE, 1)
    assert Review(ask, JUNE, official).volumes(other).equals(Review(ask, JUNE, other).volumes(other))
    assert tried.equals(own)
