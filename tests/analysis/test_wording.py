"""Numbers and times as officials write them."""

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin.analysis import wording as w


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (5079, "5,079"),
        (9999, "9,999"),
        (10000, "1.0万"),
        (12345, "1.2万"),
        (99_990_000, "9999.0万"),
        (310_000_000, "3.1亿"),
        (2.5, "2.5"),
        (1234.4, "1,234"),
        (None, "—"),
        (math.nan, "—"),
        (pd.NA, "—"),
    ],
)
def test_counts(value, text):
    assert w.count_text(value) == text


def test_small_cells_are_hidden():
    assert [w.count_text(n, smallest=5) for n in (0, 1, 4, 5)] == ["0", "<5", "<5", "5"]
    assert w.count_text(12, "件") == "12 件"


def test_months_under_columns_are_written_in_chinese():
    assert w.month_texts([dt.date(2022, 7, 1), pd.Timestamp("2023-12-01")]) == ["22年7月", "23年12月"]


def test_a_unit_follows_wan_and_yi_at_once():
    assert [w.count_text(n, "件") for n in (1234, 13_000, 4.1e8)] == ["1,234 件", "1.3万件", "4.1亿件"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.992124, "99.2%"),
        (1, "100.0%"),
        (0, "0.0%"),
        (0.9998, "99.98%"),
        (0.0003, "0.03%"),
        (None, "—"),
        (math.nan, "—"),
        (0.9385, "93.9%"),
    ],
)
def test_rates(value, text):
    assert w.rate_text(value) == text


def test_few_cases_give_no_rate():
    assert w.rate_text(1.0, n=7, smallest_n=30) == "样本不足（n=7）"
    assert w.rate_text(math.nan, n=0, smallest_n=30) == "—"
    assert w.rate_text(0.5, n=30, smallest_n=30) == "50.0%"


def test_changes():
    assert w.points_text(0.012) == "+1.2百分点"
    assert w.points_text(-0.0123) == "-1.2百分点"
    assert w.points_text(-0.0001) == "+0.0百分点"
    assert w.change_text(-12) == "-12件"
    assert w.percent_change_text(0.123) == "+12.3%"
    assert w.interval_text(0.98929, 0.99421) == "98.9%—99.4%"
    assert w.interval_text(math.nan, 1) == "—"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.3, "三成"),
        (0.28, "近三成"),
        (0.33, "三成多"),
        (0.5, "一半"),
        (0.53, "过半"),
        (0.04, "4.0%"),
        (0.97, "九成多"),
        (1, "全部"),
        (0.1, "一成"),
        (0.085, "近一成"),
        (0.09, "一成"),
    ],
)
def test_shares(share, text):
    assert w.share_text(share) == text


@given(st.floats(0, 1))
def test_every_share_has_words(share):
    assert (
        "成" in w.share_text(share)
        or "%" in w.share_text(share)
        or "半" in w.share_text(share)
        or "全部" in w.share_text(share)
    )


def test_times():
    assert w.moment_text(dt.datetime(2023, 6, 28, 18)) == "截至 6月28日 18:00"
    assert w.moment_text(dt.datetime(2023, 7, 4)) == "截至 7月3日 24:00"
    assert w.moment_text(pd.Timestamp(2023, 1, 1), year=True) == "截至 2022年12月31日 24:00"
    assert w.moment_text(pd.NaT) == "数据时间不详"
    assert w.date_text(dt.date(2023, 6, 28)) == "6月28日"
    assert w.days_text(dt.date(2023, 6, 26), dt.date(2023, 7, 3)) == "6月26日—7月2日"


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (76, "3天4小时"),
        (72, "3天"),
        (5 + 1 / 3, "5小时20分"),
        (0.2, "12分钟"),
        (0, "0分钟"),
        (-2, "-2小时"),
        (24 * 45 + 5, "45天"),
        (None, "—"),
        (math.nan, "—"),
    ],
)
def test_ages(hours, text):
    assert w.age_text(hours) == text


def test_names():
    assert w.names_text(["翻身社区"]) == "翻身社区"
    assert w.names_text(["甲", "乙", "丙"]) == "甲、乙等3个"
