"""How far planned actions are, beside how much of their time has gone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from minxin.analysis import wording

#: Progress behind the share of time gone by at least this much is called behind.
LAG = 0.10
DONE, LATE, BEHIND, AS_PLANNED = "已完成", "已过期限", "落后", "同步"
WAITING, BEGUN, UNTOLD = "未开始", "刚起步", "未填报"


def elapsed(started: dt.date | None, due: dt.date | None, as_of: dt.datetime) -> float:
    """The share of the time from the first moment of the first day to the end of the last day, within [0, 1].

    NaN where a day is missing or the last comes before the first.
    """
    if pd.isna(started) or pd.isna(due):
        return float("nan")
    first = pd.Timestamp(started)
    whole = pd.Timestamp(due) + pd.Timedelta(days=1) - first
    if whole <= pd.Timedelta(0):
        return float("nan")
    return float(np.clip((pd.Timestamp(as_of) - first) / whole, 0, 1))


def timed(actions: pd.DataFrame, as_of: dt.datetime) -> pd.DataFrame:
    """The actions (``started_on, due_on, progress`` in [0, 1]) with ``elapsed`` and ``status``."""
    frame = actions.reset_index(drop=True)
    progress = pd.to_numeric(frame["progress"]).astype("float64")
    gone = [elapsed(s, d, as_of) for s, d in zip(frame["started_on"], frame["due_on"], strict=True)]
    begun = [pd.isna(s) or pd.Timestamp(s) < pd.Timestamp(as_of) for s in frame["started_on"]]
    return frame.assign(
        progress=progress,
        elapsed=np.asarray(gone, dtype="float64"),
        status=[_status(p, g, b) for p, g, b in zip(progress, gone, begun, strict=True)],
    )


def _status(progress: float, gone: float, has_begun: bool) -> str:
    if progress >= 1:
        return DONE
    if not has_begun:
        return WAITING
    if np.isnan(progress):
        return UNTOLD
    if gone >= 1:
        return LATE
    if progress <= gone - LAG:
        return BEHIND
    return AS_PLANNED if progress > 0 else BEGUN


def message(timed_actions: pd.DataFrame, as_of: dt.datetime) -> str:
    """What is to be said of the actions in one line, the worst first."""
    rows = timed_actions
    if rows.empty:
        return "尚未填报十项行动的进度"
    for status, words in ((LATE, "已过期限仍未完成"), (BEHIND, "进度落后于时间")):
        late = rows.loc[rows["status"] == status, "name"].tolist()
        if late:
            return f"{len(late)} 项行动{words}：{wording.names_text(late, 3)}"
    if (rows["progress"].fillna(0) == 0).all():
        return _begun(rows, as_of)
    untold = int((rows["status"] == UNTOLD).sum())
    done = int((rows["status"] == DONE).sum())
    said = f"{len(rows)} 项行动已完成 {done} 项" if done else f"{len(rows)} 项行动进度与时间同步"
    return said + (f"，{untold} 项未填报进度" if untold else "")


def _begun(rows: pd.DataFrame, as_of: dt.datetime) -> str:
    """Nothing has been done yet: since when they run, or when they will; a reported 0 is told from no report."""
    starts = [pd.Timestamp(s) for s in rows["started_on"] if not pd.isna(s)]
    if not starts:
        return f"{len(rows)} 项行动尚未填报起止日期和进度"
    first = min(starts)
    day = wording.date_text(first.date(), year=first.year != as_of.year)
    if first >= pd.Timestamp(as_of):
        return f"{len(rows)} 项行动定于{day}起步"
    days = (pd.Timestamp(as_of) - first).days
    if rows["progress"].notna().any():
        untold = int(rows["progress"].isna().sum())
        return f"{len(rows)} 项行动{day}起步，填报的进度均为 0" + (f"，{untold} 项未填报" if untold else "")
    return f"{len(rows)} 项行动{day}起步，" + ("进度待填报" if days < 7 else f"已过 {days} 天，尚无进度填报")
