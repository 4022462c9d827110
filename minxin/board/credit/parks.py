"""Parts of the page 信用园区与信易+ that only it has: parks, scenes, merchants, policies."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from minxin.access import Viewer, may
from minxin.board import cards, panel, picking, shell
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit.parks import Parks
from minxin.warehouse.visibility import today

PAGE = "parks"
POLICY, FIRM = "policy", "unserved_firm"
_DEFINITIONS = {
    "green": "**园区绿A企业占比**：最新月份信用风险分类为绿A的企业 ÷ 园区全部在册企业，95% 区间按威尔逊法。",
    "money": "**园区惠企资金**：中央预算内资金、留抵退税、信用贷款累计兑现金额。",
    "scenes": "**信易+使用**：各场景近 12 个整月使用人次之和，同一人多次使用分别计。",
    "shops": "**诚信商户**：已评定的商户；评定后信用风险转为橙、红的应复核。",
    "served": "**政策送达率**：目前符合全部条件的企业中已送达的比率，按政策逐家计，一家可符合多项。",
}


def answer(source: Source) -> Parks:
    """The page; kept for whoever asks of the same snapshot within the same scope."""
    return _kept(source.key, today(source.queries.home), source)


@st.cache_resource(max_entries=32, show_spinner=False)
def _kept(key: tuple[str, ...], day: dt.date, _source: Source) -> Parks:
    return Parks(_source, day, _source.about, _source.hidden_below)


def headline(page: Parks, viewer: Viewer) -> None:
    """The messages of the page and its export."""
    if may(viewer, PAGE, "export"):
        with st.container(horizontal=True, horizontal_alignment="right"):
            _export(page)
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))


@part
def _export(page: Parks) -> None:
    panel.export_menu(page.charts, "page", "信用园区与信易+", label="导出")


def figures(page: Parks) -> None:
    """What all of it comes to."""
    cards.kpi_row(page.figures, _DEFINITIONS)


def _pair(viewer: Viewer, left: Chart, right: Chart) -> None:
    for column, chart in zip(st.columns(2), (left, right), strict=True):
        with column:
            panel.panel(chart, viewer, PAGE)


def parks(page: Parks, viewer: Viewer) -> None:
    """How good the firms of the parks are, and what they got."""
    _pair(viewer, page.classes, page.money)


def scenes(page: Parks, viewer: Viewer) -> None:
    """What good credit is used for, and the honest merchants."""
    _pair(viewer, page.uses, page.merchants)


def policies(page: Parks, viewer: Viewer) -> None:
    """The policies; a click chooses one, whose conditions and firms follow."""
    panel.panel(page.direct, viewer, PAGE, draw=_pick_policy)
    known = page.policies["policy_id"].tolist()
    chosen = str(st.session_state.get(POLICY, ""))
    if chosen not in known:
        chosen = known[0] if known else ""
    if not chosen:
        return
    left, right = st.columns(2)
    with left:
        panel.panel(page.steps(chosen), viewer, PAGE)
    with right:
        if viewer.detail == "aggregate":
            st.caption("当前身份只看汇总，不列出企业。")
        else:
            panel.panel(page.unserved(chosen), viewer, PAGE, draw=_pick_firm)
            if firm := str(st.session_state.get(FIRM, "")):
                shell.link("enterprise", "打开所选企业的画像", "domain", {"uscc": firm})


def _pick_policy(chart: Chart) -> None:
    _pick(chart, POLICY)


def _pick_firm(chart: Chart) -> None:
    _pick(chart, FIRM)


def _pick(chart: Chart, name: str) -> None:
    if chart.empty:
        st.text("没有需要列出的内容。")
        return
    ids = chart.rows[chart.encoding.key].tolist()
    picking.rows_to_pick(panel.written(chart), ids, chart.id, picking.remember(name), chart.alt, height=320)
    # What follows stands outside this panel.
    if st.session_state.get(f"{name}_shown") != st.session_state.get(name):
        st.session_state[f"{name}_shown"] = st.session_state.get(name)
        st.rerun()
