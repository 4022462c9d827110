"""The lists of the weekly page: the late, the soon late, the unusual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from minxin.analysis import messages, unusual, wording
from minxin.charts.chart import PLAIN_COUNT, Chart, Encoding, Kind, Unit

if TYPE_CHECKING:
    from minxin.charts.weekly import Weekly

_WEEK = dt.timedelta(days=7)


def late(page: Weekly) -> Chart:
    """The overdue petitions, the longest late on top."""
    rows = _first(page, "weekly.late", page.board.late)
    total = int(page.late_counts["overdue"].sum())
    title = "无逾期未办诉求"
    if len(rows):
        longest = wording.age_text(rows["hours_late"].iloc[0])
        title = f"逾期未办 {wording.count_text(total, '件')}，最久的已超 {longest}"
    return _petitions(page, "late", rows, "hours_late", "已超时", title, total, ("overdue",))


def due_soon(page: Weekly) -> Chart:
    """The petitions whose time runs out next."""
    rows = _first(page, "weekly.due_soon", page.board.due_soon)
    total = int(page.late_counts["due_soon"].sum())
    title = messages.due_soon_message(page.late_counts)
    if len(rows):
        title += f"，最近的只剩 {wording.age_text(rows['hours_left'].iloc[0])}"
    return _petitions(page, "due_soon", rows, "hours_left", "剩余", title, total, ())


def _first(page: Weekly, block: str, limit: int) -> pd.DataFrame:
    """The first rows of a list, here: one trip has the first of every community, and with them those of the whole."""
    rows = page.narrowed(page.ask(block, limit=limit))
    return rows.head(limit).drop(columns="community_code").reset_index(drop=True)


def _petitions(
    page: Weekly, name: str, rows: pd.DataFrame, hours: str, word: str, title: str, total: int, codes: Sequence[str]
) -> Chart:
    shown = f"，列出前 {len(rows)} 件" if len(rows) < total else ""
    return page.chart(
        name,
        Kind.TABLE,
        rows.assign(age=[wording.age_text(h) for h in rows[hours]]),
        Encoding(),
        Unit(),
        title,
        f"{page.place_name}，{wording.moment_text(page.about.as_of)}{shown}",
        codes,
        headings={
            "age": word,
            "community_name": page.place.area_word,
            "category_1": "一级分类",
            "subject": "主题",
            "unit": "承办单位",
            "due_at": "办结期限",
            "petition_id": "工单编号",
        },
    )


def unusual_cells(page: Weekly) -> Chart:
    """Communities × categories that got more than their own history lets expect."""
    found = page.narrowed(page.everywhere.unusual)
    rows = unusual.alarms(found).head(page.board.unusual_most).reset_index(drop=True)
    rows["awaited"] = [f"{e:.1f}" for e in rows["expected"]]
    rows["span"] = [f"{low:.0f}—{high:.0f}" for low, high in zip(rows["low"], rows["high"], strict=True)]
    return page.chart(
        "unusual",
        Kind.TABLE,
        rows,
        Encoding(),
        Unit(),
        messages.unusual_message(found),
        f"{page.place_name}按{page.place.area_word}和一级分类，与自身此前半年相比，{page.span}",
        ("intake",),
        headings={
            "word": "提示",
            "community_name": page.place.area_word,
            "category_1": "一级分类",
            "observed": "本期件数",
            "awaited": "预期件数",
            "span": "正常范围",
        },
        units={"observed": PLAIN_COUNT},
    )
