"""Down to the single petition: lists to pick from, the masked record, the list behind the figures."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from minxin.analysis.periods import Period
from minxin.board import filters, noting
from minxin.board.filters import allowed
from minxin.board.frames import Source
from minxin.board.panel import written
from minxin.board.picking import Height, rows_to_pick
from minxin.board.shell import part
from minxin.charts.chart import Chart
from minxin.charts.words import clean, missing
from minxin.settings import deployment
from minxin.tables import table as declared

STATES = ("办结", "在办", "逾期", "挂账")
_OPENED = "record_opened"
_TEXTS = ("subject", "content", "result", "reply")
#: What a list says beside the state.
_FLAGS = {"is_due_soon": "临期", "is_repeat": "重复诉求", "is_excluded": "考核剔除"}
_TIMES = (
    "created_at", "accepted_at", "first_contact_at", "due_at", "opinion_at", "closed_at", "replied_at", "followup_at",
)  # fmt: skip
_PLACES = ("community_name", "estate_code", "grid_code", "scene")
_FACTS = (
    "state", "channel", "kind", "category_1", "category_2", "category_3", "urgency", "complexity", "first_unit",
    "close_method", "satisfaction", "rework_count", "parent_petition_id", "city_number", "batch_id",
)  # fmt: skip


def list_to_pick_from(chart: Chart, source: Source, height: Height = "content") -> None:
    """A list of petitions; a click on a row opens the record beside the page."""
    if chart.empty:
        st.text("没有这样的诉求。")
        return
    rows_to_pick(written(chart), chart.rows["petition_id"].tolist(), chart.id, open_later, chart.alt, height)
    open_picked(source)


def open_later(petition_id: str) -> None:
    """Have a record opened by the next ``open_picked`` (in a callback)."""
    st.session_state[_OPENED] = petition_id


def open_picked(source: Source) -> None:
    """Show the record that was just picked, once."""
    petition_id = st.session_state.pop(_OPENED, None)
    if petition_id is not None:
        _drawer(str(petition_id), source)


@st.dialog("诉求详情", width="medium", position="right")
def _drawer(petition_id: str, source: Source) -> None:
    detail(petition_id, source)


def detail(petition_id: str, source: Source) -> None:
    """One record as masked at the door: what, where, when, how it went."""
    found = source("records.one", petition_id=petition_id)
    if found.empty:
        st.warning("该诉求不在您的查看范围内，或所在批次已撤回。")
        return
    row = found.iloc[0]
    st.text(f"工单编号：{clean(row['petition_id'])}")
    st.text(f"提示：{_hint({c: row[c] for c in _FLAGS})}")
    noting.about_record(row.to_dict(), filters.page() or noting.PAGE, source.snapshot.id, source.viewer)
    labels = {c.name: c.label for c in declared("petition").columns} | {"state": "状态", "batch_id": "批次编号"}
    for name in _TEXTS:
        if not missing(row.get(name)) and clean(row[name]):
            st.caption(labels[name])
            st.text(str(row[name]))
    shown = {labels[c]: _cell(row[c]) for c in (*_PLACES, *_FACTS, *_TIMES) if c in row.index and not missing(row[c])}
    st.dataframe(
        pd.DataFrame({"项目": list(shown), "内容": list(shown.values())}),
        hide_index=True,
        alt="该诉求的登记内容",
        height="content",
    )
    st.caption("姓名、电话、证件号、车牌、门牌等在导入时已脱敏，数据中不保留原文。")


def _cell(value: object) -> str:
    if missing(value):
        return "—"
    if isinstance(value, pd.Timestamp):
        return f"{value.year}年{value.month}月{value.day}日 {value:%H:%M}"
    return clean(value)


@part
def drill(source: Source, period: Period, community: str, categories: list[str], rows: int) -> None:
    """The petitions accepted in the period, page by page, by category and state; asked for when somebody opens them."""
    lot = st.expander("诉求明细", icon=":material/list:", key="records", on_change="rerun", bind="query-params")
    if lot.open:
        with lot:
            _petitions(source, period, community, categories, rows)


def _petitions(source: Source, period: Period, community: str, categories: list[str], rows: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        category = st.selectbox(
            "一级分类",
            ["", *categories],
            format_func=lambda c: clean(c) or "全部分类",
            key="category",
            bind="query-params",
            label_visibility="collapsed",
            width=200,
        )
        state = st.segmented_control(
            "状态",
            STATES,
            key="state",
            bind="query-params",
            label_visibility="collapsed",
            format_func=lambda s: f"只看{s}",
        )
        asked = {
            "start": period.start,
            "end": period.end,
            "category": allowed(category, ["", *categories], ""),
            "state": allowed(state, STATES, ""),
            **({"communities": [community]} if community else {}),
        }
    listing(source, "records.list", asked, int(source("records.count", **asked).iloc[0]["n"]), rows)


def listing(source: Source, block: str, asked: Mapping[str, Any], total: int, rows: int) -> None:
    """A list of petitions page by page; a click on a row opens the record.

    ``block`` takes ``asked`` and ``limit`` and ``skip``, and has the columns of ``records.list``.
    """
    if not total:
        st.text("没有符合条件的诉求。")
        return
    pages = max(1, -(-total // rows))
    if st.session_state.get("record_page", 1) > pages:
        del st.session_state["record_page"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        page = min(max(int(st.pagination(pages, key="record_page", max_visible_pages=5)), 1), pages)
        st.caption(f"共 {total:,} 件，第 {page}/{pages:,} 页")
    found = source(block, limit=rows, skip=(page - 1) * rows, **asked)
    rows_to_pick(_listed(found), found["petition_id"].tolist(), "records", open_later, "所列诉求")
    open_picked(source)


def _listed(found: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "工单编号": found["petition_id"],
            "状态": found["state"],
            "提示": [_hint(row) for row in found[list(_FLAGS)].to_dict("records")],
            deployment().area_word: found["community_name"],
            "一级分类": found["category_1"],
            "二级分类": found["category_2"],
            "主题": [clean(s) for s in found["subject"]],
            "承办单位": found["unit"],
            "受理时间": [_cell(t) for t in found["accepted_at"]],
            "办结期限": [_cell(t) for t in found["due_at"]],
        }
    )


def _hint(row: Mapping[Hashable, object]) -> str:
    return "、".join(word for column, word in _FLAGS.items() if row.get(column)) or "—"
