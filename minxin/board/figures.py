"""Parts of the page 公开数字核对: published figures beside counted ones."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from minxin.access import Viewer
from minxin.board import panel
from minxin.board.frames import Source
from minxin.charts.chart import PLAIN_COUNT, Chart, Encoding, Kind, Unit
from minxin.charts.words import clean, missing

STATUS = {"reproduced": "一致", "quoted": "引用", "wrong": "不一致"}
PLACES = {"一致": "由数据算出，与公布数一致", "引用": "无法由数据算出，仅引用", "不一致": "由数据算出，与公布数不同"}


def verdict(check: pd.DataFrame) -> None:
    """The message of the page in one line."""
    wrong = int((check["status"] == "wrong").sum())
    counted = int((check["status"] != "quoted").sum())
    if wrong:
        st.error(
            f"{counted} 个可计算的公开数字中，有 {wrong} 个与数据不一致，请核对数据与口径。", icon=":material/report:"
        )
    else:
        st.success(f"{counted} 个可计算的公开数字全部与数据一致。", icon=":material/verified:")


def counts(check: pd.DataFrame) -> None:
    """How many figures are reproduced, quoted, wrong."""
    held = check["status"].value_counts()
    for column, (status, word) in zip(st.columns(3), STATUS.items(), strict=True):
        column.metric(word, f"{int(held.get(status, 0))} 项", border=True, help=PLACES[word])


def filters(check: pd.DataFrame) -> str:
    """The chosen status word, or ''."""
    words = [word for status, word in STATUS.items() if (check["status"] == status).any()]
    chosen = st.segmented_control(
        "结论", words, key="status", bind="query-params", label_visibility="collapsed", format_func=lambda w: f"只看{w}"
    )
    return chosen if chosen in words else ""


def listing(check: pd.DataFrame, chosen: str, source: Source, viewer: Viewer) -> None:
    """The table of figures, exportable."""
    rows = check.assign(
        status=check["status"].map(STATUS).fillna(check["status"]),
        published=[_value(v, u) for v, u in zip(check["published"], check["unit"], strict=True)],
        computed=[
            "—" if s == "quoted" else _value(v, u)
            for v, u, s in zip(check["computed"], check["unit"], check["status"], strict=True)
        ],
    )
    rows = rows[rows["status"] == chosen] if chosen else rows
    headings = {
        "id": "编号",
        "label": "公开数字",
        "published": "公布数",
        "computed": "计算数",
        "unit": "单位",
        "status": "结论",
        "query": "算法（查询）",
        "reason": "说明",
        "source": "出处",
    }
    chart = source.about.of(*((f"只看{chosen}",) if chosen else ())).chart(
        "published",
        Kind.TABLE,
        rows[list(headings)],
        Encoding(),
        Unit(),
        f"公开数字与计算结果逐项对照（{len(rows)} 项）",
        "公布数为文章原数；计算数由查询从当前快照算出",
        headings=headings,
    )
    panel.panel(chart, viewer, "published", draw=_table)


#: Widths in px for whole figures and reasons; the rest as wide as it needs.
_WIDTHS = {"编号": 150, "公布数": 125, "计算数": 125, "单位": 60, "结论": 60, "说明": 420}


def _table(chart: Chart) -> None:
    panel.table(chart, "published", height=620, widths=_WIDTHS)


def explanation(source: Source) -> None:
    """What reproduced means where the data are simulated."""
    if source.snapshot.simulated:
        st.caption(
            "当前为模拟数据：模拟时已按公布数校准，「一致」说明从导入、构建到查询的整条计算链路能得出公布数，不代表真实业务数据。"
        )


def _value(value: object, unit: object) -> str:
    if missing(value):
        return "—"
    if isinstance(value, str):
        return clean(value)
    number = float(value)  # type: ignore[arg-type]
    return PLAIN_COUNT.exact(number) if number.is_integer() else f"{number:,.2f}".rstrip("0")
