"""Map and ranking of the communities on the weekly page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from minxin.analysis import indicators, messages
from minxin.analysis.indicators import Indicator
from minxin.analysis.periods import BEFORE
from minxin.charts.chart import Annotation, Chart, Encoding, Kind
from minxin.charts.weekly_figures import unit
from minxin.settings import NO_COMMUNITY

if TYPE_CHECKING:
    from minxin.charts.weekly import Weekly


def map_and_ranking(page: Weekly, indicator: Indicator) -> tuple[Chart, Chart]:
    """The communities by one indicator: where, and in which order."""
    rows = page.everywhere.measured(indicator)
    is_share = indicator.kind in ("rate", "per_10000")
    target = indicator.target(page.period.last)
    subtitle = f"各{page.place.area_word}{indicator.name}（{indicator.unit}），{page.span}"
    headings = {"community_name": page.place.area_word, "value": indicator.name}
    if page.other:
        headings["change_text"] = f"与{BEFORE[page.question.comparison]}比较"
    encoding = Encoding(
        x="community_name",
        y="value",
        n="n" if indicator.kind == "rate" else "",
        status="status",
        key="community_code",
        target="target" if target else "",
        emphasis=(page.question.community,) if page.question.community else (),
    )
    area = page.chart_of_all(
        f"map_{indicator.code}",
        Kind.MAP,
        rows,
        encoding,
        unit(indicator),
        _area_title(page, indicator, rows),
        subtitle,
        (indicator.code,),
        headings=headings,
    )
    whole = indicators.measure_many([indicator], page.everywhere.total)[indicator.code][0]
    lines: tuple[Annotation, ...] = ()
    if is_share and whole["status"] == "ok":
        lines = (
            Annotation(float(whole["value"]), f"{page.place.whole_word} {unit(indicator).format(whole['value'])}"),
        )
    ranking = page.chart_of_all(
        f"ranking_{indicator.code}",
        Kind.DOT_INTERVAL if is_share else Kind.BAR,
        rows,
        replace(encoding, low="low", high="high") if is_share else encoding,
        unit(indicator),
        _ranking_title(page, indicator, rows),
        f"{subtitle}，由高到低" + ("，横线为95%区间" if is_share else ""),
        (indicator.code,),
        headings=headings,
        annotations=lines,
    )
    return area, ranking


def _area_title(page: Weekly, indicator: Indicator, rows: pd.DataFrame) -> str:
    if indicator.numerator == "overdue_open":
        return messages.late_message(rows.assign(overdue=rows["overdue_open"]))
    return messages.map_message(indicator, rows)


def _ranking_title(page: Weekly, indicator: Indicator, rows: pd.DataFrame) -> str:
    """Which communities have changed, else who is first and last."""
    located = rows[rows["community_code"] != NO_COMMUNITY]
    if page.other is None:
        return _ends(page, indicator, located)
    judged = np.array([s is not False for s in located["significant"]], dtype=bool)
    moved = located[judged & (located["change"].abs() > 0).to_numpy()]
    parts: list[str] = []
    # the bad news first, by name
    for said in ("变差", "增加", "上升", "变好", "减少", "下降"):
        held = moved[moved["verdict"] == said].sort_values("change", key=np.abs, ascending=False, kind="stable")
        if len(held):
            names = "、".join(held["community_name"].head(2)) + ("等" if len(held) > 2 else "")
            parts.append(
                f"{len(held)} 个{said}"
                if parts
                else f"{len(held)} 个{page.place.area_word}{indicator.name}{said}（{names}）"
            )
    word = BEFORE[page.question.comparison]
    if parts:
        return f"较{word}，{'，'.join(parts)}"
    return f"各{page.place.area_word}{indicator.name}与{word}相比无显著变化"


def _ends(page: Weekly, indicator: Indicator, located: pd.DataFrame) -> str:
    known = located[located["status"] == "ok"].sort_values("value", ascending=False, kind="stable")
    if len(known) < 2:
        return f"各{page.place.area_word}{indicator.name}"
    first, last = known.iloc[0], known.iloc[-1]
    return (
        f"最高 {first['community_name']} {indicator.text(first['value'])}，"
        f"最低 {last['community_name']} {indicator.text(last['value'])}"
    )
