"""Definitions are valid and complete; values, changes and targets are honest."""

import dataclasses
import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin import settings
from minxin.analysis import indicators
from minxin.analysis.indicators import COLUMNS, assess_target, compare, compare_frame, load, measure, read_indicator
from minxin.settings import ROOT, Unusable

ALL = load()
FILES = sorted((ROOT / "data" / "indicators").glob("*.toml"))


def frame(**columns):
    return pd.DataFrame({name: np.atleast_1d(values) for name, values in columns.items()})


def one(code, **columns):
    return measure(ALL[code], frame(**columns)).iloc[0]


# ── definitions ─────────────────────────────────────────────────────────────────────────────────


def test_the_first_thirteen_are_there_in_the_order_of_reading():
    assert [i.name for i in ALL.values()] == [
        "受理量",
        "办结率",
        "按期办结率",
        "逾期未办",
        "回访率",
        "响应率",
        "解决率",
        "满意率",
        "15分钟首联率",
        "24小时办结率",
        "3天意见率",
        "重复诉求率",
        "万人诉求量",
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_definition_says_all_that_a_reader_asks(file):
    indicator = ALL[file.stem]
    assert len(indicator.definition) > 60
    assert indicator.excluded and indicator.why and indicator.changes
    assert "时段" in indicator.definition
    if indicator.kind == "rate":
        assert "分子" in indicator.definition and "分母" in indicator.definition
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"[\u4e00-\u9fff][,;:?!()]|[,;:?!()][\u4e00-\u9fff]", text), "half-width punctuation"
    assert "！" not in text
    assert text.endswith("\n") and "\r" not in text


def test_the_definitions_name_columns_of_the_mart():
    mart = (ROOT / "queries" / "marts" / "mart_daily.sql").read_text(encoding="utf-8")
    for name in COLUMNS - {"overdue_open", "population"}:
        assert re.search(rf"\bas {name}\b", mart), name


GOOD = (ROOT / "data" / "indicators" / "closing_rate.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('code = "closing_rate"', 'code = "other"', "文件名"),
        ('kind = "rate"', 'kind = "average"', "kind"),
        ('numerator = "closed"', 'numerator = "drop table"', "不存在"),
        ('numerator = "closed"', 'numerator = ""', "不存在"),
        ('denominator = "closing_known"', 'denominator = ""', "denominator"),
        ('unit = "%"', 'unit = "件"', "unit"),
        ("low_is_good = false", 'low_is_good = "no"', "low_is_good"),
        ("smallest_n = 30", "smallest_n = -1", "smallest_n"),
        ("smallest_n = 30", "smallest_n = true", "smallest_n"),
        ("checked_on = 2026-11-22", 'checked_on = "2026-11-22"', "checked_on"),
        ("next_review = 2027-05-22", "next_review = 2026-05-22", "next_review"),
        ("value = 0.99", "value = 99", "0 与 1"),
        ("from = 2022-06-01", "since = 2022-06-01", "since"),
        ("bands = []", 'bands = ["a"]', "bands"),
        ("bands = []", "colour = 3", "colour"),
        ('source = "X01"', 'source = "听说"', "source"),
        ('why = "', 'whim = "', "缺少 why"),
        ("[[target]]", "[[target]", "无法读取"),
    ],
)
def test_a_faulty_definition_is_one_chinese_line(tmp_path, old, new, says):
    assert old in GOOD
    file = tmp_path / "closing_rate.toml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(Unusable, match=says) as error:
        read_indicator(file)
    assert "\n" not in str(error.value)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    here = settings.deployment()
    place = dataclasses.replace(here, folder=tmp_path, id="elsewhere")
    (tmp_path / "indicators").mkdir()
    monkeypatch.setattr(indicators, "deployment", lambda: place)
    return tmp_path / "indicators"


def test_a_deployment_adds_and_replaces(elsewhere):
    (elsewhere / "closing_rate.toml").write_text(
        GOOD.replace('name = "办结率"', 'name = "结案率"').replace('deployment = "xinan"', 'deployment = "elsewhere"'),
        encoding="utf-8",
    )
    (elsewhere / "late_rate.toml").write_text(
        GOOD.replace('code = "closing_rate"', 'code = "late_rate"')
        .replace('name = "办结率"', 'name = "超期率"')
        .replace('"closed"', '"became_overdue"'),
        encoding="utf-8",
    )
    own = load()
    assert own["closing_rate"].name == "结案率"
    assert own["closing_rate"].targets
    assert list(own)[-1] == "late_rate"
    assert own["intake"] == ALL["intake"]


def test_targets_of_one_deployment_do_not_bind_another(elsewhere):
    assert ALL["closing_rate"].targets
    assert all(not i.targets for i in load().values())


def test_two_indicators_of_one_name_are_refused(elsewhere):
    (elsewhere / "more.toml").write_text(GOOD.replace('"closing_rate"', '"more"'), encoding="utf-8")
    with pytest.raises(Unusable, match="重复"):
        load()


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def test_the_published_rates():
    closing = one("closing_rate", closed=5039, closing_known=5079)
    assert (closing["value"], closing["low"], closing["high"]) == pytest.approx((0.992124, 0.98929, 0.99421), abs=5e-6)
    followup = one("followup_rate", followed_up=4825, followup_known=5079)
    assert followup["value"] == pytest.approx(0.94999, abs=5e-6)


def test_the_three_rates():
    counts = dict(
        valid_followups=100, responded=98, resolved=80, satisfied=70 + 0.9 * 20, satisfied_squares=70 + 0.81 * 20
    )
    three = [one(code, **counts)["value"] for code in ("response_rate", "resolution_rate", "satisfaction_rate")]
    assert three == pytest.approx([0.98, 0.80, 0.88])
    assert np.dot([0.1, 0.5, 0.4], three) == pytest.approx(0.850)
    assert np.dot([0.30, 0.35, 0.35], three) == pytest.approx(0.882)


def test_few_none_and_no_population():
    rows = measure(ALL["closing_rate"], frame(closed=[0, 7, 29, 30], closing_known=[0, 7, 29, 30]))
    assert list(rows["status"]) == ["none", "few", "few", "ok"]
    assert rows["value"].isna().tolist() == [True, True, True, False]
    assert rows["n"].tolist() == [0, 7, 29, 30]
    assert [ALL["closing_rate"].text(*row) for row in rows[["value", "n", "status"]].to_numpy()] == [
        "无数据",
        "样本不足（n=7）",
        "样本不足（n=29）",
        "100.0%",
    ]
    people = measure(ALL["per_10000"], frame(accepted=[70, 70], population=[10_000, np.nan]))
    assert list(people["status"]) == ["ok", "no_population"]
    assert people["value"].iloc[0] == pytest.approx(70)
    assert ALL["per_10000"].text(None, 70, "no_population") == "缺人口数"
    with_null = pd.DataFrame({"accepted": [5], "population": pd.array([None], dtype="Int64")})
    assert measure(ALL["per_10000"], with_null)["status"].tolist() == ["no_population"]


def test_counts_and_stocks():
    intake = one("intake", accepted=0)
    assert (intake["value"], intake["status"]) == (0, "ok")
    overdue = one("overdue", overdue_open=12)
    assert overdue["value"] == 12 and np.isnan(overdue["low"])
    assert ALL["overdue"].text(12) == "12 件"


def test_the_frame_given_stays_as_it_is_and_its_index_too():
    given_frame = pd.DataFrame({"accepted": [3, 4]}, index=[9, 4])
    rows = measure(ALL["intake"], given_frame)
    assert list(given_frame.columns) == ["accepted"]
    assert list(rows.index) == [9, 4]
    assert measure(ALL["intake"], given_frame.iloc[:0]).empty


def test_a_missing_column_is_an_error():
    with pytest.raises(KeyError, match="closing_known"):
        measure(ALL["closing_rate"], frame(closed=3))


@given(
    st.lists(st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=30)
)
def test_every_value_lies_within_its_interval(counts):
    x, n = np.array(counts).T
    rows = measure(ALL["closing_rate"], frame(closed=x, closing_known=n))
    shown = rows[rows["status"] == "ok"]
    assert ((shown["low"] >= 0) & (shown["low"] <= shown["value"])).all()
    assert ((shown["value"] <= shown["high"]) & (shown["high"] <= 1)).all()
    assert rows.loc[rows["status"] != "ok", ["value", "low", "high"]].isna().all().all()


# ── changes ─────────────────────────────────────────────────────────────────────────────────────


def closing(x, n):
    return one("closing_rate", closed=x, closing_known=n)


def test_a_change_of_a_rate_is_in_percentage_points():
    change = compare(ALL["closing_rate"], closing(980, 1000), closing(960, 1000))
    assert change.difference == pytest.approx(0.02)
    assert change.significant and change.is_better
    assert change.text == "较上期 +2.0百分点"
    assert change.verdict == "变好"
    worse = compare(ALL["closing_rate"], closing(960, 1000), closing(980, 1000), "year_ago")
    assert worse.text == "较去年同期 -2.0百分点" and worse.verdict == "变差"


def test_what_chance_explains_is_no_change():
    change = compare(ALL["closing_rate"], closing(97, 100), closing(95, 100))
    assert change.significant is False
    assert change.text == "与上期无显著差异"
    assert change.is_better is None
    assert "+2.0百分点" in change.detail
    rng = np.random.default_rng(4)
    found = [
        compare(ALL["closing_rate"], closing(a, 400), closing(b, 300)).significant
        for a, b in zip(rng.binomial(400, 0.95, 400), rng.binomial(300, 0.95, 400), strict=True)
    ]
    assert np.mean(found) < 0.08


def test_a_change_of_a_count():
    change = compare(ALL["intake"], one("intake", accepted=400), one("intake", accepted=300))
    assert change.text == "较上期 +100件（+33.3%）"
    assert change.verdict == "上升" and change.is_better is None
    clustered = compare(ALL["intake"], one("intake", accepted=400), one("intake", accepted=300), dispersion=9)
    assert clustered.text == "与上期无显著差异"
    none = compare(ALL["intake"], one("intake", accepted=3), one("intake", accepted=0))
    assert np.isnan(none.relative)


def test_a_stock_is_counted_whole():
    change = compare(ALL["overdue"], one("overdue", overdue_open=13), one("overdue", overdue_open=12))
    assert change.text == "较上期 +1件" and change.significant is None and change.is_better is False
    assert change.verdict == "增加", "one more is a fact, that matters got worse was not tested"
    fewer = compare(ALL["overdue"], one("overdue", overdue_open=11), one("overdue", overdue_open=12))
    assert fewer.verdict == "减少"
    same = compare(ALL["overdue"], one("overdue", overdue_open=12), one("overdue", overdue_open=12))
    assert same.text == "与上期持平"


def test_a_value_that_still_moves_gets_no_verdict():
    as_of, closing_rate = dt.datetime(2023, 7, 4), ALL["closing_rate"]
    assert not closing_rate.is_settled(dt.date(2023, 7, 3), as_of)
    assert closing_rate.is_settled(dt.date(2023, 6, 20), as_of)
    assert ALL["contact_15min"].is_settled(dt.date(2023, 7, 3), as_of)
    change = compare(closing_rate, closing(800, 1000), closing(960, 1000), is_settled=False)
    assert change.text == "较上期 -16.0百分点，本期尚在办理"
    assert change.significant is None and change.is_better is None and change.verdict == "本期尚在办理"
    assessed = assess_target(closing_rate, closing(800, 1000), dt.date(2023, 7, 2), is_settled=False)
    assert assessed.is_met is None and assessed.text == "目标99.0%，本期尚在办理"
    assert assess_target(closing_rate, closing(999, 1000), dt.date(2023, 7, 2), is_settled=False).is_met


@pytest.mark.parametrize("before", [None, "few", "none"])
def test_nothing_to_compare_with(before):
    earlier = None if before is None else closing(7, 7) if before == "few" else closing(0, 0)
    change = compare(ALL["closing_rate"], closing(97, 100), earlier)
    assert change.text == "无可比数据"
    assert np.isnan(change.difference) and change.significant is None


def test_a_frame_is_compared_by_its_keys():
    now = measure(
        ALL["closing_rate"], frame(community_code=["a", "b", "c"], closed=[98, 50, 40], closing_known=[100, 100, 40])
    )
    before = measure(ALL["closing_rate"], frame(community_code=["b", "a"], closed=[90, 98], closing_known=[100, 100]))
    rows = compare_frame(ALL["closing_rate"], now, before, ["community_code"])
    assert rows["change"].tolist() == pytest.approx([0, -0.4, np.nan], nan_ok=True)
    assert rows["verdict"].tolist() == ["无显著差异", "变差", ""]


def test_among_many_that_did_not_change_few_seem_to():
    rng = np.random.default_rng(21)
    codes = [str(i) for i in range(21)]
    found, alone = [], []
    for _ in range(60):
        now, before = (
            measure(ALL["intake"], frame(community_code=codes, accepted=rng.poisson(40, 21))) for _ in range(2)
        )
        found.append(compare_frame(ALL["intake"], now, before, ["community_code"])["significant"].any())
        pairs = zip(now.to_dict("records"), before.to_dict("records"), strict=True)
        alone.append(any(compare(ALL["intake"], a, b).significant for a, b in pairs))
    assert np.mean(found) <= 0.15 < np.mean(alone)


# ── targets ─────────────────────────────────────────────────────────────────────────────────────


def test_targets():
    day = dt.date(2023, 7, 2)
    good = assess_target(ALL["closing_rate"], closing(5039, 5079), day)
    assert good.is_met and good.text == "达到目标99.0%"
    bad = assess_target(ALL["closing_rate"], closing(900, 1000), day)
    assert bad.is_met is False and bad.is_certain and bad.text == "低于目标99.0%，差9.0百分点"
    unsure = assess_target(ALL["closing_rate"], closing(98, 100), day)
    assert unsure.is_met is False and not unsure.is_certain and unsure.text.endswith("在波动范围内")
    few = assess_target(ALL["closing_rate"], closing(7, 7), day)
    assert few.is_met is None and "样本不足" in few.text
    assert assess_target(ALL["closing_rate"], closing(98, 100), dt.date(2020, 1, 1)).text == "未设目标"
    assert assess_target(ALL["intake"], one("intake", accepted=3), day).target is None


# ── many at once ────────────────────────────────────────────────────────────────────────────────


def test_a_row_of_figures_is_what_each_indicator_gives_alone():
    rng = np.random.default_rng(4)
    counts = frame(**{name: rng.integers(0, 40, 3) for name in sorted(COLUMNS)})
    together = indicators.measure_many(ALL.values(), counts)
    assert list(together) == list(ALL)
    for code, rows in together.items():
        alone = measure(ALL[code], counts)[list(indicators.MEASURED)]
        pd.testing.assert_frame_equal(pd.DataFrame(rows, columns=alone.columns), alone, check_dtype=False)
