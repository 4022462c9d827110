"""十项行动 as a part of pages: the weekly page opens it when asked, the scorecard shows it as a panel."""

from __future__ import annotations

import streamlit as st

from minxin.access import Viewer
from minxin.board import panel as panels
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.charts import actions
from minxin.charts.chart import Chart
from minxin.charts.weekly import About


@part
def opened(source: Source, viewer: Viewer, page: str) -> None:
    """The actions inside an expander that asks for them only when somebody opens it."""
    lot = st.expander("十项行动进度", icon=":material/flag:", key="actions", on_change="rerun", bind="query-params")
    if lot.open:
        with lot:
            panel(source, viewer, page)


def panel(source: Source, viewer: Viewer, page: str) -> None:
    """The actions as one panel: bullets, and beside them lead, target, milestones and evidence."""
    panels.panel(chart(source), viewer, page, draw=_draw)


def chart(source: Source) -> Chart:
    """The bullets for this snapshot, kept; for exports as well."""
    return _kept(source.key, source)


@st.cache_resource(max_entries=16, show_spinner=False)
def _kept(key: tuple[str, ...], _source: Source) -> Chart:
    snapshot = _source.snapshot
    return actions.actions(_source("actions.list"), About(snapshot.as_of, snapshot.id, snapshot.simulated))


def _draw(held: Chart) -> None:
    if held.empty:
        st.text("请用「minxin template action」生成填报模板，填好后在「数据导入」页导入。")
        return
    left, right = st.columns([5, 7], vertical_alignment="center")
    with left:
        panels.picture(held, "actions")
    with right:
        written = panels.written(held)
        st.dataframe(
            written[["行动", *actions.DETAILS.values()]],
            hide_index=True,
            height="content",
            alt=held.alt,
            placeholder="—",
            key="actions_details",
            column_config={
                "行动": st.column_config.Column(width=150),
                "状态": st.column_config.Column(width=80),
                "责任领导岗位": st.column_config.Column(width=130),
                "目标": st.column_config.Column(width=230),
                "里程碑": st.column_config.Column(width=260),
            },
        )
