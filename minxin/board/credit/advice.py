"""The part of 信用热力图 with the model's advice; worked out when somebody asks for it."""

from __future__ import annotations

import streamlit as st

from minxin.access import Viewer
from minxin.analysis.credit import advice as advising
from minxin.analysis.credit.advice import Advice
from minxin.board import panel
from minxin.board.credit.firms import open_later
from minxin.board.credit.heatmap import PAGE
from minxin.board.frames import Source
from minxin.board.picking import rows_to_pick
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit import advice as drawn
from minxin.charts.credit.risk_board import risk_board

ASKED = "advice_asked"


@part
def advice(source: Source, viewer: Viewer) -> None:
    """What a model would have people look at again, beside the rules."""
    lot = st.expander("模型建议：与规则不一致的企业", icon=":material/psychology_alt:", key="advice", on_change="rerun")
    if not lot.open or viewer.detail == "aggregate":
        return
    with lot:
        st.caption(drawn.LIMITS + "。")
        if st.button("计算模型建议", icon=":material/calculate:", help="十四万家企业约需半分钟"):
            st.session_state[ASKED] = source.key
        if st.session_state.get(ASKED) != source.key:
            return
        with st.spinner("正在学习和检验"):
            held = _kept(source.key, source)
        if held is None:
            st.text("严重事项太少，不足以学习和检验，不给建议。")
            return
        st.text(drawn.sentence(held))
        panel.panel(drawn.disagreements(held, source.about, risk_board().firms), viewer, PAGE, draw=_listed)


def _listed(chart: Chart) -> None:
    shown = panel.written(chart)
    rows_to_pick(shown, chart.rows["uscc"].tolist(), "advice", open_later, literal(chart.alt), 400)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(key: tuple[str, ...], _source: Source) -> Advice | None:
    return advising.advise(_source, _source.snapshot.as_of.date())
