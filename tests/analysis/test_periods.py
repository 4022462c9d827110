"""Periods, their codes, names and neighbours."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin.analysis.periods import KINDS, Period, choices, latest_complete, weeks_of
from minxin.settings import Unusable

AS_OF = dt.datetime(2023, 7, 4)
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))
PERIODS = st.one_of(
    st.builds(Period.containing, st.sampled_from([k for k in KINDS if k != "range"]), DAYS),
    st.builds(lambda day, days: Period("range", day, day + dt.timedelta(days=days)), DAYS, st.integers(1, 500)),
)


@pytest.mark.parametrize(
    ("code", "start", "end", "label"),
    [
        ("2023-W26", "2023-06-26", "2023-07-03", "2023年第26周（6月26日—7月2日）"),
        ("2023-06", "2023-06-01", "2023-07-01", "2023年6月"),
        ("2023-12", "2023-12-01", "2024-01-01", "2023年12月"),
        ("2023-Q2", "2023-04-01", "2023-07-01", "2023年二季度"),
        ("2023-Q4", "2023-10-01", "2024-01-01", "2023年四季度"),
        ("2023", "2023-01-01", "2024-01-01", "2023年"),
        ("2023-06-01..2023-06-15", "2023-06-01", "2023-06-16", "2023年6月1日—6月15日"),
        ("2023-06-01..2023-06-01", "2023-06-01", "2023-06-02", "2023年6月1日"),
        ("2022-12-20..2023-01-05", "2022-12-20", "2023-01-06", "2022年12月20日—2023年1月5日"),
        ("2020-W53", "2020-12-28", "2021-01-04", "2020年第53周（2020年12月28日—2021年1月3日）"),
    ],
)
def test_codes(code, start, end, label):
    period = Period.parse(code)
    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)
    assert period.label == label
    assert period.code == code


@pytest.mark.parametrize(
    "code",
    [
        "",
        "2023-W54",
        "2023-W53",
        "2023-W00",
        "2023-13",
        "2023-00",
        "2023-Q5",
        "2023-Q0",
        "23-W01",
        "2023-W1",
        "2023-06-31..2023-07-01",
        "2023-06-15..2023-06-01",
        "2023-06-01",
        "0000",
        "9999",
        "2023-06-01..",
        "二〇二三",
        "2023-W26; drop",
        "２０２３",
        None,
        2023,
        "2" * 500,
    ],
)
def test_nonsense_is_one_chinese_line(code):
    with pytest.raises(Unusable, match="时段") as error:
        Period.parse(code)
    assert "\n" not in str(error.value)


@given(PERIODS)
def test_the_code_is_read_back(period):
    assert Period.parse(period.code) == period


@given(PERIODS)
def test_the_previous_one_ends_where_this_begins(period):
    previous = period.previous()
    assert previous.end == period.start
    assert previous.kind == period.kind


@given(PERIODS)
def test_a_year_ago_lies_a_year_back(period):
    ago = period.year_ago()
    assert ago.kind == period.kind
    assert 357 <= (period.start - ago.start).days <= 373


def test_week_53_and_leap_day():
    assert weeks_of(2020) == 53
    assert Period.parse("2020-W53").year_ago().code == "2019-W52"
    assert Period.parse("2021-W52").year_ago().code == "2020-W52"
    assert Period.parse("2021-W01").previous().code == "2020-W53"
    assert Period.parse("2024-02-29..2024-02-29").year_ago().code == "2023-02-28..2023-02-28"
    assert Period.parse("2024-02").year_ago().code == "2023-02"
    assert Period.parse("2023-Q1").previous().code == "2022-Q4"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("week", "2023-W26"),
        ("month", "2023-06"),
        ("quarter", "2023-Q2"),
        ("year", "2022"),
        ("range", "2023-06-27..2023-07-03"),
    ],
)
def test_the_latest_complete_of_the_demo(kind, code):
    assert latest_complete(kind, AS_OF).code == code


@given(st.sampled_from(list(KINDS)), st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)))
def test_the_latest_complete_is_over_and_the_next_is_not(kind, as_of):
    period = latest_complete(kind, as_of)
    assert not period.is_partial(as_of)
    if kind != "range":
        assert Period.containing(kind, period.end).is_partial(as_of)


def test_partial():
    week = Period.parse("2023-W27")
    assert week.is_partial(AS_OF)
    assert week.elapsed_days(AS_OF) == 1
    assert week.elapsed_days(dt.datetime(2023, 7, 4, 0, 1)) == 2
    assert week.elapsed_days(dt.datetime(2023, 7, 1)) == 0
    assert week.elapsed_days(dt.datetime(2024, 7, 1)) == 7
    assert not Period.parse("2023-W26").is_partial(AS_OF)
    assert Period.parse("2023-W26").is_partial(dt.datetime(2023, 7, 2, 23, 59))


def test_a_running_period_is_compared_with_as_many_days():
    month = Period.parse("2023-07")
    assert month.compared("previous", AS_OF).code == "2023-06-01..2023-06-03"
    assert month.compared("year_ago", AS_OF).code == "2022-07-01..2022-07-03"
    assert Period.parse("2023-06").compared("previous", AS_OF).code == "2023-05"
    assert month.compared("none", AS_OF) is None


def test_choices():
    weeks = choices("week", dt.date(2023, 5, 31), AS_OF)
    assert [w.code for w in weeks] == ["2023-W27", "2023-W26", "2023-W25", "2023-W24", "2023-W23", "2023-W22"]
    assert choices("month", dt.date(2023, 5, 31), dt.datetime(2023, 7, 1))[0].code == "2023-06"
    assert len(choices("week", dt.date(1990, 1, 1), AS_OF, most=12)) == 12
