"""Workdays with make-up days, overrides that win, and presumption where no notice exists."""

import dataclasses
import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin.calendar import Calendar, Overrides, calendar, calendar_frame, read_overrides
from minxin.settings import Unusable, deployment

CHINA = Calendar(True, Overrides())
ELSEWHERE = Calendar(False, Overrides())


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-02-13", "2026-02-25"),
        ("2026-09-30", "2026-10-10"),
        ("2026-11-20", "2026-11-25"),
        ("2026-04-30", "2026-05-08"),
    ],
)
def test_three_workdays_on(start, end):
    assert CHINA.add_workdays(dt.date.fromisoformat(start), 3) == dt.date.fromisoformat(end)
    moment = dt.datetime.fromisoformat(start + "T16:45")
    assert CHINA.add_workdays(moment, 3) == dt.datetime.fromisoformat(end + "T16:45")


def test_make_up_days_of_2026():
    days = [
        dt.date(2026, 1, 4),
        dt.date(2026, 2, 14),
        dt.date(2026, 2, 28),
        dt.date(2026, 5, 9),
        dt.date(2026, 9, 20),
        dt.date(2026, 10, 10),
    ]
    weekend = [
        d
        for d in CHINA.frame(dt.date(2026, 1, 1), dt.date(2026, 12, 31)).itertuples()
        if d.day.weekday() >= 5 and d.is_workday
    ]
    assert [d.day for d in weekend] == days
    assert CHINA.day(dt.date(2026, 2, 14)).note == "调休上班（春节）"
    assert CHINA.day(dt.date(2026, 2, 17)).note == "春节"


def test_a_year_without_notice_is_presumed():
    assert CHINA.day(dt.date(2027, 1, 4)) == (dt.date(2027, 1, 4), True, True, "推定")
    assert CHINA.day(dt.date(2003, 12, 31)).is_presumed
    assert CHINA.touches_presumed(dt.date(2026, 12, 30), dt.date(2027, 1, 2))
    assert not CHINA.touches_presumed(dt.date(2026, 12, 30), dt.date(2027, 1, 1))


def test_elsewhere_monday_to_friday_is_presumed():
    spring = ELSEWHERE.day(dt.date(2026, 2, 17))
    assert (spring.is_workday, spring.is_presumed) == (True, True)


def test_overrides_win(tmp_path):
    file = tmp_path / "calendar_overrides.csv"
    file.write_text(
        "# 注释\nday,kind,note\n2027,notified,\n2027-01-01,holiday,元旦\n2027-01-03,workday,调休\n"
        "2026-02-17,workday,值班\n",
        encoding="utf-8-sig",
    )
    own = Calendar(True, read_overrides(file))
    assert own.day(dt.date(2027, 1, 1)) == (dt.date(2027, 1, 1), False, False, "元旦")
    assert own.day(dt.date(2027, 1, 3)).is_workday
    assert own.day(dt.date(2027, 1, 4)) == (dt.date(2027, 1, 4), True, False, "")
    assert own.day(dt.date(2026, 2, 17)).is_workday
    assert own.day(dt.date(2028, 1, 3)).is_presumed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "day,kind,note\n2027-13-01,holiday,\n",
        "day,kind,note\n2027-01-01,party,\n",
        "day,kind,note\n,notified,\n",
    ],
)
def test_a_faulty_file_is_one_chinese_line(tmp_path, text):
    file = tmp_path / "calendar_overrides.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Unusable, match="日历补充文件") as error:
        read_overrides(file)
    assert "\n" not in str(error.value)


def test_the_faulty_line_is_named(tmp_path):
    file = tmp_path / "calendar_overrides.csv"
    file.write_text("# c\nday,kind,note\n\n2027-01-01,holiday,\n2027-99-01,holiday,\n", encoding="utf-8")
    with pytest.raises(Unusable, match="第 5 行"):
        read_overrides(file)


def test_the_file_of_the_project_can_be_read_and_serves_china_only(tmp_path):
    here = deployment()
    assert calendar(here).has_notices
    boston = dataclasses.replace(here, folder=tmp_path, timezone="America/New_York")
    assert calendar(boston) == Calendar(False, Overrides())


def test_the_frame_becomes_a_table_of_dates():
    frame = calendar_frame(dt.date(2026, 9, 20), dt.date(2027, 1, 1))
    described = duckdb.sql("select column_name, column_type from (describe select * from frame)").fetchall()
    assert described == [("day", "DATE"), ("is_workday", "BOOLEAN"), ("is_presumed", "BOOLEAN"), ("note", "VARCHAR")]
    assert len(frame) == 104
    assert frame["is_presumed"].sum() == 1


@given(st.dates(dt.date(2005, 1, 1), dt.date(2029, 1, 1)), st.integers(1, 40))
def test_adding_lands_on_a_workday_that_many_workdays_on(day, count):
    end = CHINA.add_workdays(day, count)
    assert CHINA.day(end).is_workday
    assert CHINA.workdays(day + dt.timedelta(days=1), end + dt.timedelta(days=1)) == count


@given(st.dates(dt.date(2010, 1, 1), dt.date(2026, 1, 1)), st.integers(1, 40))
def test_backwards_undoes_forwards_from_a_workday(day, count):
    if CHINA.day(day).is_workday:
        assert CHINA.add_workdays(CHINA.add_workdays(day, count), -count) == day
