"""Parts of the page 指标口径: what every number on the board means."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from minxin.analysis.indicators import Indicator
from minxin.board.text import literal

KINDS = {"count": "数量", "rate": "比率", "per_10000": "每万人", "stock": "存量（时点数）"}


def chooser(held: Mapping[str, Indicator]) -> str:
    """The chosen indicator's code, or '' for all; in the URL."""
    chosen = st.selectbox(
        "指标",
        ["", *held],
        format_func=lambda code: held[code].name if code in held else "全部指标",
        key="indicator_defined",
        bind="query-params",
        label_visibility="collapsed",
        width=280,
    )
    return chosen if chosen in held else ""


def target(indicator: Indicator) -> str:
    """The targets of an indicator as text."""
    return (
        ";".join(f"{t.start:%Y年%m月%d日}起 {_value(indicator, t.value)}({t.source})" for t in indicator.targets)
        or "未设"
    )


def _value(indicator: Indicator, value: float) -> str:
    return f"{value:.1%}" if indicator.kind == "rate" else f"{value:g}{indicator.unit}"


def overview(held: Mapping[str, Indicator]) -> None:
    """All indicators in one table."""
    rows = [
        {
            "指标": i.name,
            "类型": KINDS.get(i.kind, i.kind),
            "单位": i.unit,
            "方向": "越低越好" if i.low_is_good else "越高越好" if i.low_is_good is False else "不分好坏",
            "目标": _value(i, i.targets[-1].value) if i.targets else "未设",
            "最少样本数": i.smallest_n,
            "依据": i.source,
            "核对日期": str(i.checked_on),
            "下次复核": str(i.next_review),
        }
        for i in held.values()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="全部指标一览", height="content")


def entry(indicator: Indicator, opened: bool) -> None:
    """One indicator in full."""
    with st.expander(literal(f"{indicator.name}（{indicator.unit}）"), expanded=opened):
        st.table(
            {
                "定义": literal(indicator.definition),
                "分子": literal(indicator.numerator),
                "分母": literal(indicator.denominator or "—"),
                "剔除": literal(indicator.excluded or "无"),
                "为什么看": literal(indicator.why),
                "目标": literal(target(indicator)),
                "最少样本数": str(indicator.smallest_n),
                "依据": literal(indicator.source),
                "编写": literal(indicator.written_by),
                "变更": literal(";".join(f"{c.on} {c.what}" for c in indicator.changes) or "—"),
                "代码": literal(indicator.code),
            },
            border="horizontal",
            alt=f"{indicator.name}的口径",
        )
