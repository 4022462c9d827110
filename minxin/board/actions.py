"""十项行动 as a part of pages: the weekly page opens it when asked, the scorecard shows it as a panel."""

from __future__ import annotations

import streamlit as st

from minxin.access import Viewer
from minxin.board import panel as panels
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts import actions
from minxin.charts.chart import Chart

#: A row of the table in px, so high that texts take two lines; bullets stand as far apart. What lies above them.
ROW, HEAD = 66, 52
WIDTHS = {"行动": 136, "状态": 60, "责任领导岗位": 110, "目标": 132, "里程碑": 146, "完成期限": 108, "进展佐证": 70}


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
    return actions.actions(_source("actions.list"), _source.about)


def _draw(held: Chart) -> None:
    if held.empty:
        st.text("请用「minxin template action」生成填报模板，填好后在「数据导入」页导入。")
        return
    left, right = st.columns([4, 8], vertical_alignment="bottom")
    with left:
        panels.picture(held, "actions", height=HEAD + ROW * len(held.rows))
    with right:
        st.dataframe(
            panels.written(held)[["行动", *actions.DETAILS.values()]],
            hide_index=True,
            height="content",
            row_height=ROW,
            alt=literal(held.alt),
            placeholder="—",
            key="actions_details",
            column_config={heading: st.column_config.Column(width=wide) for heading, wide in WIDTHS.items()},
        )
