"""Few false alarms where nothing happens, an alarm where something does."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from minxin.analysis.counts import Expected, bh, dispersion, expected
from minxin.analysis.periods import Period
from minxin.analysis.trend import band
from minxin.analysis.unusual import COLUMNS, alarms, unusual, whole_weeks

WEEK = Period.parse("2023-W26")
LAST = dt.date(2023, 6, 26)


def simulated(rng, weeks=27, total=115.0, spread=0.1, communities=21, categories=15, season=0.0):
    """Counts without any incident: communities × categories × weeks; and the mean of every cell."""
    share = rng.gamma(1.5, size=communities)[:, None] * rng.gamma(0.7, size=categories)[None, :]
    mean = total * share / share.sum()
    phase = rng.uniform(0, 2 * np.pi, size=categories)
    wave = 1 + season * np.sin(2 * np.pi * np.arange(weeks)[None, :] / 52 + phase[:, None])
    rate = mean[:, :, None] * wave[None]
    if spread:
        rate = rate * rng.gamma(1 / spread, spread, size=rate.shape)
    return rng.poisson(rate), mean


def history(counts):
    """The counts as rows of weekly.history; zeros are left out, as the query leaves them out."""
    community, category, week = np.nonzero(counts)
    weeks = counts.shape[2]
    return gathered(
        pd.DataFrame(
            {
                "community_code": [f"{c:02d}" for c in community],
                "community_name": [f"社区{c}" for c in community],
                "category_1": [f"类{c:02d}" for c in category],
                "week_start": [LAST - dt.timedelta(days=7 * int(weeks - 1 - w)) for w in week],
                "n": counts[community, category, week],
            }
        )
    )


def gathered(rows):
    """One row per cell with its weeks in two lists; a week stands on one of its days."""
    days = [(day - dt.date(1970, 1, 1)).days + i % 7 for i, day in enumerate(rows["week_start"])]
    keys = ["community_code", "community_name", "category_1"]
    return rows.assign(days=days).groupby(keys, as_index=False)[["days", "n"]].agg(list)


def test_the_golden_value_of_benjamini_and_hochberg():
    q = bh([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205])
    assert (q <= 0.05).sum() == 2
    assert q == pytest.approx(stats.false_discovery_control([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_q_values_never_lie_below_p_and_keep_their_order(p):
    q = bh(p)
    assert (q >= np.array(p) - 1e-12).all() and (q <= 1).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= -1e-12).all()
    assert q == pytest.approx(stats.false_discovery_control(p))


@given(st.floats(0.01, 300), st.floats(0.2, 1e6), st.integers(0, 500))
def test_the_predictive_distribution_is_the_negative_binomial(mean, size, count):
    ours, theirs = Expected(np.array([mean]), np.array([size])), stats.nbinom(size, size / (size + mean))
    assert ours.above(count)[0] == pytest.approx(theirs.sf(count), rel=1e-5, abs=1e-12)
    assert ours.exactly(count)[0] == pytest.approx(theirs.pmf(count), rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("share", [0.025, 0.5, 0.975, 0.99])
def test_quantiles(share):
    mean, size = np.array([0.1, 2, 40, 3000.0]), np.array([0.5, 10, 3, 50.0])
    assert Expected(mean, size).quantile(share) == pytest.approx(stats.nbinom.ppf(share, size, size / (size + mean)))


def test_quantiles_take_few_steps(monkeypatch):
    rng = np.random.default_rng(20)
    found = Expected(10 ** rng.uniform(-3, 4, 500), 10 ** rng.uniform(-2, 5, 500))
    asked, whole = [], Expected.above

    def above(self, count):
        asked.append(len(self.mean))
        return whole(self, count)

    monkeypatch.setattr(Expected, "above", above)
    for share in (0.025, 0.5, 0.975, 0.99):
        asked.clear()
        least = found.quantile(share)
        assert sum(asked) <= 7 * 500
        assert (1 - whole(found, least) >= share).all()
        assert ((least == 0) | (1 - whole(found, least - 1) < share)).all()


def test_what_is_expected_of_plain_chance_is_the_gamma_poisson_prediction():
    baseline = np.random.default_rng(2).poisson(5, size=(400, 26)).astype(float)
    found = expected(baseline)
    assert found.mean.mean() == pytest.approx(5, rel=0.02)
    inside = (found.quantile(0.025) <= 5) & (found.quantile(0.975) >= 5)
    assert inside.all()


def test_rows_that_do_not_share_their_spread_stand_for_themselves():
    baseline = np.random.default_rng(22).negative_binomial(3, 0.2, size=(5, 26)).astype(float)
    together = expected(baseline, is_pooled=False)
    alone = [expected(row[None, :]) for row in baseline]
    assert together.mean.tolist() == [e.mean[0] for e in alone]
    assert together.size.tolist() == [e.size[0] for e in alone]


def test_a_past_outbreak_does_not_raise_what_is_expected():
    calm = np.random.default_rng(3).poisson(2, size=(50, 26)).astype(float)
    struck = calm.copy()
    struck[7, 10:13] = [25, 30, 18]
    assert expected(struck).mean[7] == pytest.approx(expected(calm).mean[7], abs=0.5)


def test_a_week_that_was_not_delivered_is_not_known():
    baseline = np.full((3, 26), 4.0)
    baseline[:, 5] = np.nan
    assert expected(baseline).mean == pytest.approx([(25 * 4 + 0.5) / 25] * 3)
    rng = np.random.default_rng(5)
    counts, _ = simulated(rng, weeks=27, total=400)
    gap = counts.copy()
    gap[:, :, 10:14] = 0
    with_gap, without = unusual(history(gap), WEEK), unusual(history(counts), WEEK)
    assert with_gap["expected"].sum() == pytest.approx(without["expected"].sum(), rel=0.06)


def test_dispersion():
    rng = np.random.default_rng(6)
    assert dispersion(rng.poisson(100, 3000)) == pytest.approx(1, abs=0.1)
    assert dispersion(rng.negative_binomial(25, 0.2, 5000)) == pytest.approx(5, rel=0.15)
    assert dispersion(np.arange(100, 1000, 10)) < 1.3
    assert dispersion([3]) == 1 and dispersion([0, 0, 0, 0]) == 1


@pytest.mark.parametrize(
    ("spread", "total", "weeks", "season"),
    [(0.0, 115, 27, 0.0), (0.1, 115, 27, 0.0), (0.3, 1000, 27, 0.0), (0.1, 300, 104, 0.3)],
)
def test_where_nothing_happens_false_alarms_stay_within_the_rate(spread, total, weeks, season):
    # With no incident at all every alarm is false: the rate of false discoveries is the share of
    # weeks with any alarm. 60 weeks of 315 cells; the limit allows for three standard errors.
    rng = np.random.default_rng(20230626)
    found = [
        len(alarms(unusual(history(simulated(rng, weeks, total, spread, season=season)[0]), WEEK))) for _ in range(60)
    ]
    share = np.mean([n > 0 for n in found])
    assert share <= 0.10 + 3 * (0.1 * 0.9 / 60) ** 0.5
    assert np.mean(found) < 0.3


def test_a_planted_incident_is_found_and_is_the_first_row():
    rng = np.random.default_rng(8)
    caught = 0
    for _ in range(40):
        counts, mean = simulated(rng)
        cell = np.unravel_index(np.argsort(mean, axis=None)[rng.integers(100, 300)], mean.shape)
        counts[(*cell, -1)] += int(np.ceil(6 + 4 * mean[cell] ** 0.5))
        first = unusual(history(counts), WEEK).iloc[0]
        caught += bool(
            first["level"] and first["community_code"] == f"{cell[0]:02d}" and first["category_1"] == f"类{cell[1]:02d}"
        )
    assert caught >= 36


def test_an_incident_that_lasts_is_orange():
    counts, _ = simulated(np.random.default_rng(9))
    counts[4, 3, -2:] = 25
    first = unusual(history(counts), WEEK).iloc[0]
    assert (first["level"], first["level_word"], first["word"]) == ("orange", "橙", "持续偏多")
    assert first["observed"] == 25 and first["high"] < 25


def test_two_cases_are_no_alarm():
    counts, _ = simulated(np.random.default_rng(10), total=2000, communities=5, categories=5)
    counts = np.concatenate([counts, np.zeros((1, 5, 27), dtype=int)])
    counts[5, 0, -1] = 2
    rows = unusual(history(counts), WEEK)
    assert not rows.loc[rows["community_code"] == "05", "level"].any()
    counts[5, 0, -1] = 4
    rows = unusual(history(counts), WEEK)
    assert (rows.loc[rows["community_code"] == "05", "level"] != "").sum() == 1


def test_a_season_of_every_year_is_no_alarm():
    rng = np.random.default_rng(11)
    mean = np.full((12, 3, 104), 6.0)
    for year in (51, 103):
        mean[:, 0, year - 1 : year + 1] = 14
    counts = rng.poisson(mean)
    assert len(alarms(unusual(history(counts), WEEK))) <= 1
    assert len(alarms(unusual(history(counts[:, :, 75:]), WEEK))) >= 3


def test_a_month_is_judged_by_its_whole_weeks():
    assert whole_weeks(Period.parse("2023-06")) == (dt.date(2023, 6, 5), 3)
    assert whole_weeks(Period.parse("2023-06"), dt.datetime(2023, 6, 20, 12)) == (dt.date(2023, 6, 5), 2)
    assert whole_weeks(Period.parse("2023-06-20..2023-06-28"))[1] == 0
    assert whole_weeks(WEEK, dt.datetime(2023, 7, 3)) == (LAST, 1)
    rng = np.random.default_rng(12)
    counts, _ = simulated(rng, weeks=40)
    counts[2, 2, -4:-1] += 12
    rows = unusual(history(counts), Period.parse("2023-06"))
    assert rows["weeks"].eq(3).all()
    assert rows.iloc[0]["community_code"] == "02" and rows.iloc[0]["level"]
    null = [len(alarms(unusual(history(simulated(rng, weeks=40)[0]), Period.parse("2023-06")))) for _ in range(40)]
    assert np.mean([n > 0 for n in null]) <= 0.2


@pytest.mark.parametrize("weeks", [0, 1, 5, 12])
def test_too_short_a_history_is_not_judged(weeks):
    counts, _ = simulated(np.random.default_rng(13), weeks=27)
    rows = unusual(history(counts[:, :, 27 - weeks :] if weeks else counts[:, :, :0]), WEEK)
    assert rows.empty and list(rows.columns) == COLUMNS


def test_a_running_week_is_not_judged():
    counts, _ = simulated(np.random.default_rng(14))
    assert unusual(history(counts), WEEK, as_of=dt.datetime(2023, 7, 2, 18)).empty
    assert not unusual(history(counts), WEEK, as_of=dt.datetime(2023, 7, 3)).empty


def test_a_week_without_any_petition_is_judged_as_zeros():
    counts, _ = simulated(np.random.default_rng(15))
    counts[:, :, -1] = 0
    rows = unusual(history(counts), WEEK)
    assert rows["observed"].sum() == 0 and not len(alarms(rows))


def test_the_order_of_the_rows_and_more_cases_do_not_confuse():
    counts, _ = simulated(np.random.default_rng(16))
    rows = history(counts)
    one = unusual(rows, WEEK)
    assert one.equals(unusual(rows.sample(frac=1, random_state=1), WEEK))
    counts[3, 3, -1] += 1
    more = unusual(history(counts), WEEK)
    cell = (one["community_code"] == "03") & (one["category_1"] == "类03")
    other = (more["community_code"] == "03") & (more["category_1"] == "类03")
    assert more.loc[other, "p"].item() < one.loc[cell, "p"].item()


def test_days_before_the_first_one_asked_for_are_left_aside():
    counts, _ = simulated(np.random.default_rng(19), weeks=100)
    monday = LAST - dt.timedelta(days=7 * 27)
    rows = history(counts)
    assert unusual(rows, WEEK, since=monday).equals(unusual(history(counts[:, :, 72:]), WEEK))
    assert not unusual(rows, WEEK).equals(unusual(rows, WEEK, since=monday))


def test_the_query_gives_no_names_and_the_deployment_does():
    counts, _ = simulated(np.random.default_rng(17), communities=1)
    rows = history(counts).drop(columns="community_name").assign(community_code="none")
    assert set(unusual(rows, WEEK)["community_name"]) == {"未归属"}
    assert set(unusual(rows, WEEK, names={"none": "不详"})["community_name"]) == {"不详"}


def test_on_real_weekly_series_alarms_are_rare(inputs):
    # Weekly cases of a disease in the districts of a city, 2001-2006: no outbreaks are labelled, so
    # that this only shows that calm real data do not ring every week.
    series = pd.read_csv(inputs / "early_warning" / "weekly_counts.csv").query("dataset == 'ha' and observed > 0")
    rows = pd.DataFrame(
        {
            "community_code": series["series"],
            "community_name": series["series"],
            "category_1": "病例",
            "week_start": [dt.date(2001, 1, 1) + dt.timedelta(days=7 * (t - 1)) for t in series["t"]],
            "n": series["observed"].astype(int),
        }
    )
    weeks = [Period.containing("week", dt.date(2003, 1, 6) + dt.timedelta(days=7 * i)) for i in range(100)]
    rung = [len(alarms(unusual(gathered(rows[rows["week_start"] < week.end]), week))) > 0 for week in weeks]
    assert np.mean(rung) <= 0.1


# ── the weekly line ─────────────────────────────────────────────────────────────────────────────


def weekly(values):
    days = [LAST - dt.timedelta(days=7 * (len(values) - 1 - i)) for i in range(len(values))]
    return pd.DataFrame({"week_start": days, "accepted": values})


def test_the_band_holds_most_weeks_and_shows_the_one_that_leaves_it():
    rng = np.random.default_rng(18)
    values = rng.negative_binomial(20, 20 / (20 + 115), size=150)
    rows = band(weekly(values))
    assert rows["expected"].isna().sum() == 12
    assert 0.9 <= 1 - (rows["is_high"] | rows["is_low"])[12:].mean() <= 0.99
    values[-1] = 400
    assert band(weekly(values))["is_high"].iloc[-1]


def test_a_level_that_rises_moves_the_band_and_does_not_widen_it():
    rng = np.random.default_rng(19)
    values = rng.poisson(np.concatenate([np.full(40, 300), np.linspace(300, 1100, 30), np.full(30, 1100)]))
    rows = band(weekly(values))
    last = rows.iloc[-1]
    assert last["expected"] == pytest.approx(1100, rel=0.05)
    assert last["high"] - last["low"] < 500
    assert not rows["is_high"][-15:].any()


def test_a_partial_week_is_never_judged_and_a_missing_week_is_a_zero():
    values = np.full(30, 100)
    rows = band(weekly(values), as_of=dt.datetime(2023, 6, 28))
    assert rows["is_partial"].tolist() == [False] * 29 + [True]
    low = values.copy()
    low[-1] = 3
    assert not band(weekly(low), as_of=dt.datetime(2023, 6, 28))["is_low"].iloc[-1]
    missing = band(weekly(values).drop(index=20))
    assert len(missing) == 30 and missing["n"].iloc[20] == 0
    assert band(weekly(values).iloc[:0]).empty
