"""The weeks and the categories on the weekly page."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from minxin.analysis import indicators, messages, trend
from minxin.analysis.indicators import Indicator
from minxin.analysis.periods import BEFORE
from minxin.charts import boards
from minxin.charts.chart import Chart, Encoding, Kind, Unit
from minxin.charts.weekly_figures import unit

if TYPE_CHECKING:
    from minxin.charts.weekly import Weekly

_WEEK = dt.timedelta(days=7)
_YEAR = 52 * _WEEK
NOW, THEN = "本期", "去年同期"


def over_time(page: Weekly, indicator: Indicator) -> Chart:
    """The weeks up to the end of the period by one indicator, with what was to be expected, or the year before."""
    rows = indicators.measure(indicator, page.weeks).assign(series=NOW, low=np.nan, high=np.nan)
    shown = rows[rows["is_shown"]]
    band = None
    if indicator.kind == "count":
        band = trend.band(page.weeks, indicator.numerator, page.about.as_of)
        limits = band.set_index("week_start")
        shown = shown.assign(low=shown["week_start"].map(limits["low"]), high=shown["week_start"].map(limits["high"]))
    parts = [shown]
    if page.question.comparison == "year_ago":
        earlier = rows.assign(week_start=[day + _YEAR for day in rows["week_start"]], series=THEN)
        parts.insert(0, earlier[earlier["week_start"].isin(set(shown["week_start"]))])
    data = pd.concat(parts, ignore_index=True)
    target = indicator.target(page.period.last)
    data["target"] = target.value if target else np.nan
    words = f"{page.place_name}每周{indicator.name}（{indicator.unit}），近{len(shown)}周"
    return page.chart(
        f"trend_{indicator.code}",
        Kind.LINE,
        data,
        Encoding(
            x="week_start",
            y="value",
            series="series",
            low="low" if band is not None else "",
            high="high" if band is not None else "",
            status="status",
            n="n" if indicator.kind == "rate" else "",
            target="target" if target else "",
            emphasis=(NOW,),
        ),
        unit(indicator),
        _title(page, indicator, rows, band),
        words + ("，浅色带为按此前各周推算的正常范围" if band is not None else ""),
        (indicator.code,),
        headings={"week_start": "周（起始日）", "value": indicator.name},
        annotations=boards.marked_days(shown["week_start"].min(), shown["week_start"].max() + _WEEK),
    )


def _title(page: Weekly, indicator: Indicator, rows: pd.DataFrame, band: pd.DataFrame | None) -> str:
    """What the last whole week was, against what was to be expected or the week before."""
    if band is not None:
        return messages.trend_message(band, indicator.name.removesuffix("量"))
    over = rows[[dt.datetime.combine(day + _WEEK, dt.time()) <= page.about.as_of for day in rows["week_start"]]]
    if len(over) < 2:
        return f"{indicator.name}尚无整周数据"
    last, before = over.iloc[-1], over.iloc[-2]
    settled = indicator.is_settled(last["week_start"] + _WEEK, page.about.as_of)
    moved = indicators.compare(indicator, last, before, "previous", is_settled=settled)
    value = indicator.text(last["value"], last["n"], last["status"])
    said = f"，{moved.text.replace('上期', '上周')}" if moved.difference == moved.difference else ""
    return f"最近一周{indicator.name} {value}{said}"


def categories(page: Weekly) -> Chart:
    """What people asked about, the most frequent first, with the change against the comparison."""
    now = page.by_category[page.by_category["accepted"] > 0]
    rows = now[["category_1", "accepted"]].head(page.board.categories_most).reset_index(drop=True)
    whole = float(now["accepted"].sum())
    rows["share"] = rows["accepted"] / whole if whole else np.nan
    headings = {"category_1": "一级分类", "accepted": "受理量", "share": "占比"}
    units = {"share": Unit("rate")}
    if page.by_category_before is not None:
        earlier = page.by_category_before.set_index("category_1")["accepted"]
        rows["before"] = rows["category_1"].map(earlier).fillna(0).astype("int64")
        rows["difference"] = rows["accepted"] - rows["before"]
        headings |= {"before": BEFORE[page.question.comparison], "difference": "增减"}
        units |= {"before": Unit(), "difference": Unit()}
    rest = len(now) - len(rows)
    return page.chart(
        "categories",
        Kind.BAR,
        rows,
        Encoding(x="category_1", y="accepted", key="category_1"),
        Unit(),
        messages.category_message(now),
        f"{page.place_name}各类诉求受理量（件），{page.span}" + (f"，另有 {rest} 类未列出" if rest else ""),
        ("intake",),
        headings=headings,
        units=units,
    )
