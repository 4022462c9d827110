"""The assessment: golden values, what must hold for all counts, and that it promises no more than it keeps."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minxin.analysis.assessment import rules
from minxin.analysis.assessment.assess import COLUMNS, FEW, assess, beside, capped_points, estimates
from minxin.analysis.assessment.assess import street as whole_street
from minxin.analysis.assessment.measures import JOINT, measures, tidy, total_score
from minxin.analysis.assessment.ranks import best_and_worst, rank_draws, rank_interval
from minxin.analysis.assessment.rules import RATES, trial_weights
from minxin.analysis.assessment.volume import gamma_shape, p_high
from minxin.analysis.rates import weighted, wilson
from tools.bench import statistics

RULE = rules.load().named("trial-2022")
LATIN = rules.load().named("weights-30-35-35")


def unit(code, n, responded, resolved, satisfied, basic, **more):
    return {
        "code": code,
        "name": f"社区{code}",
        "n_valid": n,
        "n_responded": responded,
        "n_resolved": resolved,
        "n_satisfied": satisfied,
        "n_basic": basic,
        **more,
    }


@st.composite
def units(draw, code="A"):
    n = draw(st.integers(0, 400))
    satisfied = draw(st.integers(0, n))
    return unit(
        code, n, draw(st.integers(0, n)), draw(st.integers(0, n)), satisfied, draw(st.integers(0, n - satisfied))
    )


@st.composite
def streets(draw):
    count = draw(st.integers(1, 8))
    return pd.DataFrame([draw(units(f"{i:02d}")) for i in range(count)])


@pytest.fixture(scope="module")
def street():
    """Twenty-one communities that differ, with joint counts."""
    rng = np.random.default_rng(4)
    true = statistics.world(rng.normal(0, 0.05, 21))
    return statistics.frame(statistics.answers(true, statistics.SIZES * 12, rng))


def test_golden_three_rates():
    """DOMAIN 10: 100 valid, 98 contacted, 80 resolved, 70 satisfied, 20 basically satisfied."""
    counts = pd.DataFrame([unit("A", 100, 98, 80, 70, 20)])
    one, two = (assess(counts, rule, draws=200).units.iloc[0] for rule in (RULE, LATIN))
    assert (one["response_rate"], one["resolution_rate"], one["satisfaction_rate"]) == pytest.approx((0.98, 0.80, 0.88))
    assert one["score"] == pytest.approx(0.850)
    assert two["score"] == pytest.approx(0.882)
    assert (one["resolution_low"], one["resolution_high"]) == pytest.approx(
        [float(v) for v in wilson(80, 100, 0.8)[1:]]
    )
    assert (one["satisfaction_low"], one["satisfaction_high"]) == pytest.approx(
        [float(v) for v in weighted(88, 86.2, 100, 0.8)[1:]]
    )


def test_a_hundred_out_of_few_comes_first_in_no_ranking():
    """盘锦 2023: 22 of 22 ranked first before 99.1 % of 6530 (DOMAIN 2.5)."""
    counts = pd.DataFrame([unit("few", 22, 22, 22, 22, 0), unit("many", 6530, 6500, 6471, 6471, 0)])
    few = assess(counts, RULE, draws=200).units.set_index("code").loc["few"]
    assert few["score"] == 1 and few["status"] == "few"
    assert np.isnan(few["rank_low"]) and few["class"] is None
    assert few["score_low"] < 0.96


@settings(max_examples=40, deadline=None)
@given(streets())
def test_everything_lies_within_its_limits_and_within_0_and_1(counts):
    found = assess(counts, RULE, draws=100)
    table = found.units
    assert list(table.columns) == list(COLUMNS)
    for stem in (*RATES, "score", "estimate"):
        value = table["estimate" if stem == "estimate" else "score" if stem == "score" else f"{stem}_rate"]
        low, high = table[f"{stem}_low"], table[f"{stem}_high"]
        seen = value.notna()
        assert (seen | low.isna()).all() and seen.equals(table["n_valid"] > 0)
        assert ((low >= 0) & (low <= value + 1e-12) & (value <= high + 1e-12) & (high <= 1))[seen].all()
    ranked = table["status"] == "ok"
    assert table["rank_low"].notna().equals(ranked) and table["class"].notna().equals(ranked)
    places = table[ranked]
    assert ((places["rank_low"] >= 1) & (places["rank_low"] <= places["rank_median"])).all()
    assert ((places["rank_median"] <= places["rank_high"]) & (places["rank_high"] <= ranked.sum())).all()
    assert 0 <= found.p_differ <= 1


@settings(max_examples=40, deadline=None)
@given(units(), st.sampled_from(["n_responded", "n_resolved", "n_satisfied", "n_basic"]))
def test_more_good_answers_never_lower_anything(one, column):
    room = one["n_valid"] - (
        one["n_satisfied"] + one["n_basic"] if column in ("n_satisfied", "n_basic") else one[column]
    )
    if room <= 0:
        return
    before, after = (
        measures(pd.DataFrame([unit_]), 0.9, 0.8).score(RULE.weights.values)
        for unit_ in (one, {**one, column: one[column] + 1})
    )
    assert after.value > before.value
    better = {**one, column: one[column] + 1}
    rates = [measures(pd.DataFrame([u]), 0.9, 0.8) for u in (one, better)]
    for part in ("means", "low", "high"):
        assert (getattr(rates[1], part) >= getattr(rates[0], part) - 1e-12).all()


@settings(max_examples=15, deadline=None)
@given(streets(), st.randoms(use_true_random=False))
def test_the_order_of_communities_changes_nothing(counts, lot):
    order = list(range(len(counts)))
    lot.shuffle(order)
    one, two = (assess(c, RULE, before=c, draws=100) for c in (counts, counts.iloc[order]))
    pd.testing.assert_frame_equal(one.units, two.units, check_exact=True)
    assert np.array_equal(one.draws, two.draws, equal_nan=True) and one.as_dict() == two.as_dict()


def test_it_is_the_same_every_time(street):
    assert assess(street, RULE, draws=100).as_dict() == assess(street, RULE, draws=100).as_dict()


@settings(max_examples=25, deadline=None)
@given(streets(), st.sampled_from(range(3)))
def test_all_weight_on_one_rate_is_that_rate(counts, k):
    corner = RULE.changed(weights=trial_weights(np.eye(3)[k].tolist()))
    table = assess(counts, corner, draws=100).units
    rate = RATES[k]
    for score, part in (("score", "rate"), ("score_low", "low"), ("score_high", "high")):
        assert table[score].to_numpy() == pytest.approx(table[f"{rate}_{part}"].to_numpy(), nan_ok=True, abs=1e-12)
    found = measures(counts, RULE.basic_value, RULE.confidence)
    x, n = found.effective(np.eye(3)[k])
    if k < 2:
        assert n == pytest.approx(found.n) and x == pytest.approx(np.nan_to_num(found.means[:, k]) * found.n)


def test_the_three_gaps_sum_to_the_distance_from_the_street(street):
    found = assess(street, RULE, draws=100)
    gaps = sum(found.units[f"{rate}_gap"] for rate in RATES)
    assert gaps.to_numpy() == pytest.approx((found.units["score"] - found.street["score"]["value"]).to_numpy())


def test_the_street_is_the_sum_of_its_communities(street):
    found = measures(street, 0.9, 0.8)
    whole = street.drop(columns=["code", "name"]).sum().to_frame().T.assign(code="all", name="all")
    assert measures(whole, 0.9, 0.8).means[0] == pytest.approx(found.total.value)
    assert total_score(found, RULE.weights.values).value == pytest.approx(
        measures(whole, 0.9, 0.8).score(RULE.weights.values).value[0]
    )


def test_unknown_joint_counts_make_the_interval_wider_never_narrower(street):
    known = measures(street, 0.9, 0.8).score(RULE.weights.values)
    unknown = measures(street.drop(columns=list(JOINT)), 0.9, 0.8).score(RULE.weights.values)
    assert (unknown.value == known.value).all()
    assert (unknown.low <= known.low).all() and (unknown.high >= known.high).all()


def test_responses_may_have_a_denominator_of_their_own(street):
    other = street.drop(columns=list(JOINT)).assign(n_response=lambda f: f["n_valid"] * 3)
    table = assess(other, RULE, draws=100).units
    assert table["response_n"].to_numpy() == pytest.approx(3 * table["n_valid"].to_numpy())
    assert (table["response_rate"] <= 1 / 3).all()


@pytest.mark.parametrize(
    "wrong",
    [
        [unit("A", 10, 11, 5, 5, 5)],
        [unit("A", 10, 5, 5, 6, 5)],
        [unit("A", 10, 5, -1, 5, 5)],
        [unit("A", 10, 5, None, 5, 5)],
        [unit("A", 10, 5, 5, 5, 5), unit("A", 10, 5, 5, 5, 5)],
        [unit("A", 10, 5, 5, 5, 5, n_resolved_basic=1)],
        [{"code": "A", "name": "A"}],
    ],
)
def test_counts_that_cannot_be_true_are_refused(wrong):
    with pytest.raises(ValueError):
        tidy(pd.DataFrame(wrong))


def test_below_the_smallest_n_there_is_no_rank_and_no_class(street):
    found = assess(street, RULE.changed(smallest_n=150), draws=200).units
    few = found["n_valid"] < 150
    assert few.any() and not few.all()
    assert (found.loc[few, "status"] == "few").all() and found.loc[few, ["rank_low", "class"]].isna().all(axis=None)
    assert found.loc[~few, "rank_high"].max() <= (~few).sum()
    assert FEW == "样本不足"


def test_without_cases_nothing_is_claimed():
    found = assess(pd.DataFrame([unit("A", 0, 0, 0, 0, 0), unit("B", 0, 0, 0, 0, 0)]), RULE, draws=50)
    assert found.no_difference and (found.units["status"] == "none").all()
    assert found.as_dict()["units"][0]["score"] == {"value": None, "low": None, "high": None}


def test_the_json_has_the_shape_that_the_command_prints(street):
    found = assess(street, RULE, period="2023-06", draws=200).as_dict()
    assert {"period", "rules", "units"} <= set(found)
    first = found["units"][0]
    wanted = {"code", "name", "n_valid", "response_rate", "resolution_rate", "satisfaction_rate", "score"}
    assert wanted | {"rank_low", "rank_high", "class"} <= set(first)
    for part in ("response_rate", "resolution_rate", "satisfaction_rate", "score"):
        assert set(first[part]) == {"value", "low", "high"} and 0 <= first[part]["low"] <= first[part]["high"] <= 1
    assert isinstance(first["rank_low"], int)
    assert found["rules"] == {"name": "trial-2022", "title": RULE.title, "digest": RULE.digest}


# ── classes ─────────────────────────────────────────────────────────────────────────────────────


def alike(n=400, count=12, resolved=0.9):
    return [
        unit(f"{i:02d}", n, round(0.98 * n), round(resolved * n), round(0.8 * n), round(0.1 * n)) for i in range(count)
    ]


def test_no_difference_is_said_where_there_is_none():
    found = assess(pd.DataFrame(alike()), RULE)
    assert found.no_difference and found.p_differ < 0.3
    assert set(found.units["class"]) == {"平稳"}
    assert (found.units["rank_low"] == 1).all() and (found.units["rank_high"] == 12).all()
    assert found.units["estimate"].nunique() == 1


def test_the_bad_and_the_good_one_are_named():
    counts = alike()
    counts[3] = unit("03", 400, 392, 280, 240, 40)
    counts[7] = unit("07", 400, 398, 398, 396, 2)
    found = assess(pd.DataFrame(counts), RULE)
    classes = found.units.set_index("code")["class"]
    assert not found.no_difference
    assert classes["03"] == "整改" and classes["07"] == "先进"
    assert (classes.drop(["03", "07"]) == "平稳").all()
    assert found.units.set_index("code").loc["03", "rank_low"] == 12


def test_progress_is_named_against_the_window_before():
    now, then = alike(), alike()
    then[5] = unit("05", 400, 392, 260, 220, 40)
    found = assess(pd.DataFrame(now), RULE, before=pd.DataFrame(then))
    classes = found.units.set_index("code")["class"]
    assert classes["05"] == "进步" and (classes.drop("05") == "平稳").all()
    assert (assess(pd.DataFrame(now), RULE, before=pd.DataFrame(now)).units["class"] == "平稳").all()


def test_governance_needs_two_periods_and_people():
    counts = pd.DataFrame(alike())
    volumes = pd.DataFrame(
        {"code": counts["code"], "population": 30000.0, "n_petitions": 200, "n_petitions_before": 200}
    )
    volumes.loc[2, ["n_petitions", "n_petitions_before"]] = [700, 700]
    volumes.loc[4, "n_petitions"] = 700
    volumes.loc[9, "population"] = np.nan
    table = assess(counts, RULE, volumes=volumes, draws=300).units.set_index("code")
    assert table.loc["02", "class"] == "治理" and (table.drop("02")["class"] == "平稳").all()
    assert np.isnan(table.loc["09", "p_governance"])
    assert assess(counts, RULE, draws=100).units["p_governance"].isna().all()


def test_volumes_that_differ_by_chance_stand_out_nowhere():
    counts = np.array([20, 21, 19, 22, 18])
    assert gamma_shape(counts, np.full(5, 1e4)) == np.inf
    assert (p_high(counts, np.full(5, 1e4), 1.5) == 0).all()
    assert np.isnan(p_high([5.0], [1.0], 1.5)).all()
    high = p_high(np.array([20, 21, 19, 22, 60]), np.full(5, 1e4), 1.5)
    assert high[4] > 0.9 and (high[:4] < 0.05).all()


def test_points_are_capped_and_shown_apart(street):
    code = street["code"][0]
    points = pd.DataFrame(
        {"code": [code, code, code], "point": ["主动治理", "虚假办结", "没有这项"], "cases": [9, 2, 5]}
    )
    total, kept = capped_points(points, (code, "other"), RULE)
    assert total.tolist() == [7, 0] and kept.tolist() == [5, 0]
    plain, with_points = assess(street, RULE, draws=50).units, assess(street, RULE, points=points, draws=50).units
    assert plain["score"].equals(with_points["score"]) and plain["class"].equals(with_points["class"])
    assert with_points.loc[0, "total"] == pytest.approx(with_points.loc[0, "score"] + 0.05)
    assert capped_points(points.assign(cases=-points["cases"]), (code,), RULE)[1][0] == -5


def test_windows_stand_side_by_side(street):
    table = beside({12: street, 1: street.head(3)}, RULE)
    assert table.loc[:1, "months"].tolist() == [1, 12]
    assert len(table) == 24 and (table["n_valid"] > 0).all()


def test_estimates_of_each_rate_lie_between_the_rate_and_the_street(street):
    table = estimates(street, RULE, draws=300)
    assert len(table) == 3 * len(street)
    resolution = table[table["rate"] == "resolution"]
    line = street["n_resolved"].sum() / street["n_valid"].sum()
    inside = (resolution["estimate"] - line) * (resolution["value"] - line) >= -1e-4
    assert inside.mean() > 0.9
    assert ((table["estimate_low"] <= table["estimate"]) & (table["estimate"] <= table["estimate_high"])).all()


def test_ranks_of_draws():
    draws = np.array([[0.9, 0.5, 0.1]] * 9 + [[0.1, 0.5, 0.9]])
    places = rank_interval(draws, 0.8)
    assert places.median.tolist() == [1, 2, 3] and (places.low <= places.high).all()
    best, worst = best_and_worst(draws, 1)
    assert best.tolist() == [0.9, 0, 0.1] and worst.tolist() == [0.1, 0, 0.9]


@pytest.mark.parametrize(("units", "draws"), [(1, 1), (2, 7), (5, 300), (22, 4000)])
def test_limits_of_ranks_are_the_quantiles_of_the_ranks(units, draws):
    drawn = np.random.default_rng(units).random((draws, units))
    ranks = rank_draws(drawn)
    for confidence in (0.5, 0.8, 0.95):
        places, tail = rank_interval(drawn, confidence), (1 - confidence) / 2
        assert np.array_equal(places.low, np.quantile(ranks, tail, axis=0, method="lower"))
        assert np.array_equal(places.high, np.quantile(ranks, 1 - tail, axis=0, method="higher"))
        assert np.array_equal(places.median, np.median(ranks, axis=0))


def test_the_whole_alone_is_that_of_the_assessment(street):
    assert whole_street(street, RULE) == assess(street, RULE, draws=10).street


# ── promises, in small; the whole of it is `make bench-statistics` ───────────────────────────────


@pytest.fixture(scope="module")
def small():
    """Coverage and errors on the rule's window, at the mailbox's volume and five times it."""
    rng = np.random.default_rng(98)
    return [statistics.accuracy(RULE, times, 12, differ, 16, rng) for times in (1, 5) for differ in (False, True)]


def test_intervals_cover_and_ranks_do(small):
    for one in small:
        for rate in (*RATES, "score"):
            assert 0.75 <= one.coverage[rate] <= 0.87, (one.label, rate)
        assert one.ranks >= 0.78, one.label


def test_estimates_are_no_worse_than_the_better_of_both_and_better_where_it_matters(small):
    for one in small:
        for rate in one.errors:
            assert one.ratio(rate) <= (0.99 if one.differ else 1.15), (one.label, rate)


def test_narrower_intervals_would_be_found_out():
    """The check above can fail: the same with intervals of 60 % that call themselves 80 %."""
    narrow = statistics.accuracy(replace(RULE, confidence=0.6), 1, 12, True, 15, np.random.default_rng(3))
    assert narrow.coverage["resolution"] < 0.75 and narrow.coverage["score"] < 0.75


def test_nobody_is_named_where_all_are_alike():
    wrong, praised = statistics.wrongly(RULE, 1, 12, 40, np.random.default_rng(5))
    assert wrong < 0.05 and praised < 0.05


def test_one_that_turned_ten_points_worse_is_named():
    _, by, _ = statistics.found_by_month(RULE, 5, False, 21, 6, np.random.default_rng(6))
    assert by[:, -1].mean() >= 0.8


def test_plain_ranking_puts_the_small_last():
    last, first = statistics.last_places(20000, np.random.default_rng(7))
    assert last == pytest.approx([0.59, 0.28, 0.125], abs=0.03)
    assert first == pytest.approx([0.51, 0.32, 0.17], abs=0.03)


def test_the_simulated_street_is_what_it_says():
    true = statistics.world(np.array([0.0, -0.1]))
    assert true.cells.sum(axis=(1, 2, 3)) == pytest.approx([1, 1])
    assert true.rates[0] == pytest.approx([0.98, 0.92, 0.90], abs=1e-9)
    assert true.rates[1, 1:] == pytest.approx([0.82, 0.80], abs=1e-9)


def test_the_tables_go_between_their_markers(tmp_path):
    file = tmp_path / "x.md"
    file.write_text(f"before\n{statistics.BEGIN}\nold\n{statistics.END}\nafter\n", encoding="utf-8")
    statistics.into_docs(file, "new\\1\n")
    assert file.read_text(encoding="utf-8") == f"before\n{statistics.BEGIN}\nnew\\1\n{statistics.END}\nafter\n"
    (tmp_path / "none.md").write_text("no markers\n", encoding="utf-8")
    with pytest.raises(ValueError, match="markers"):
        statistics.into_docs(tmp_path / "none.md", "new")
