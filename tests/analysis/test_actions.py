"""Progress of planned actions beside the time gone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from minxin.analysis import actions

AT = dt.datetime(2023, 7, 4)


def rows(
    *progress: float | None, start: dt.date | None = dt.date(2023, 7, 4), due: dt.date | None = None
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action_id": [f"A{i:02d}" for i in range(len(progress))],
            "name": [f"行动{i}" for i in range(len(progress))],
            "started_on": start,
            "due_on": due or dt.date(2023, 12, 31),
            "progress": list(progress),
        }
    )


def test_time_gone_is_a_share_of_whole_days() -> None:
    first, last = dt.date(2023, 7, 1), dt.date(2023, 7, 10)
    assert actions.elapsed(first, last, dt.datetime(2023, 7, 1)) == 0
    assert actions.elapsed(first, last, dt.datetime(2023, 7, 6)) == pytest.approx(0.5)
    assert actions.elapsed(first, last, dt.datetime(2023, 7, 11)) == 1
    assert actions.elapsed(first, last, dt.datetime(2024, 1, 1)) == 1
    assert actions.elapsed(first, last, dt.datetime(2020, 1, 1)) == 0
    assert np.isnan(actions.elapsed(None, last, AT)) and np.isnan(actions.elapsed(last, first, AT))


def test_on_the_first_day_nothing_is_late() -> None:
    timed = actions.timed(rows(0, None, 0), AT)
    assert timed["elapsed"].tolist() == [0, 0, 0]
    assert set(timed["status"]) == {actions.WAITING}, "data until midnight end before the first day begins"
    assert actions.message(timed, AT) == "3 项行动定于7月4日起步"
    first = dt.datetime(2023, 7, 5)
    timed = actions.timed(rows(0, None), first)
    assert timed["status"].tolist() == [actions.BEGUN, actions.UNTOLD]
    assert actions.message(timed, first) == "2 项行动7月4日起步，填报的进度均为 0，1 项未填报"
    assert actions.message(actions.timed(rows(None), first), first) == "1 项行动7月4日起步，进度待填报"
    later = dt.datetime(2023, 7, 14)
    assert actions.message(actions.timed(rows(None), later), later) == "1 项行动7月4日起步，已过 10 天，尚无进度填报"
    before = dt.datetime(2023, 6, 1)
    assert actions.message(actions.timed(rows(0), before), before) == "1 项行动定于7月4日起步"


def test_the_worst_is_said_first() -> None:
    half = dt.datetime(2023, 10, 2)
    timed = actions.timed(rows(0.5, 0.1, 1.0, None), half)
    assert timed["status"].tolist() == [actions.AS_PLANNED, actions.BEHIND, actions.DONE, actions.UNTOLD]
    assert actions.message(timed, half) == "1 项行动进度落后于时间：行动1"
    over = dt.datetime(2024, 2, 1)
    assert actions.message(actions.timed(rows(0.9, 0.1), over), over) == "2 项行动已过期限仍未完成：行动0、行动1"
    assert actions.message(actions.timed(rows(1.0, 0.6), half), half) == "2 项行动已完成 1 项"
    assert actions.message(actions.timed(rows(0.6, None), half), half) == "2 项行动进度与时间同步，1 项未填报进度"


def test_nothing_reported_is_said() -> None:
    assert actions.message(actions.timed(rows(), AT), AT) == "尚未填报十项行动的进度"
    undated = actions.timed(rows(0, start=None), AT)
    assert actions.message(undated, AT) == "1 项行动尚未填报起止日期和进度"
