"""Lists of firms whose rows lead to 企业画像, the same on every page about enterprises."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis.credit.classes import label
from minxin.board import registry
from minxin.board.picking import rows_to_pick
from minxin.board.text import literal

PAGE = "enterprise"
#: The firm in the address of its page.
FIRM = "uscc"
_WANTED = "firm_wanted"


def open_later(code: str) -> None:
    """Have the page of a firm opened by the next ``open_picked`` (in a callback)."""
    st.session_state[_WANTED] = code


def open_picked(viewer: Viewer) -> None:
    """Go to the page of the firm that was just clicked, once; nothing for who may not see it."""
    code = st.session_state.pop(_WANTED, "")
    if code and may(viewer, PAGE, "see"):
        st.switch_page(registry.entry(PAGE).path, query_params={FIRM: code})


def listing(held: pd.DataFrame, words: str, most: int, earlier: str) -> None:
    """The firms of ``risk.firms``; a click on a row opens the firm."""
    count = f"前 {most} 家" if len(held) >= most else f"{len(held)} 家"
    with st.container(border=True, gap="xsmall"):
        st.subheader(literal(f"{words}：{count}，得分由高到低"), anchor=False)
        if held.empty:
            st.text("没有这样的企业。")
            return
        st.caption("点击一行打开企业画像；原因为数据截至月份中今天仍可查看的。")
        shown = pd.DataFrame(
            {
                "企业": held["name"],
                "类别": [label(c) for c in held["risk_class"]],
                earlier: [label(c) for c in held["class_before"]],
                "得分": [f"{s:.1f}" for s in held["score"]],
                "原因": held["reasons"],
                "县区": held["county_name"],
                "社区": held["community_name"],
                "行业门类": held["industry_name"],
                "监管领域": held["sector_name"],
                "园区": held["park_name"],
            }
        )
        height = 35 * (min(len(shown), 10) + 1) + 3
        rows_to_pick(shown, held["uscc"].tolist(), "firms", open_later, f"{words}的企业清单", height, {"原因": 320})
