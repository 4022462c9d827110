"""One chart on a page: message, what is plotted, picture or table, export, footer."""

from __future__ import annotations

import functools
from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from minxin import charts
from minxin.access import Viewer, may
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart, Kind

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PICTURE, TABLE = "picture", "table"
_ICONS = {PICTURE: ":material/bar_chart:", TABLE: ":material/table_rows:"}


@part
def panel(
    chart: Chart,
    viewer: Viewer,
    page: str,
    draw: Callable[[Chart], None] | None = None,
    height: int | None = None,
    exports: bool = True,
) -> None:
    """A chart in its frame, switchable to its table; redraws alone when its own controls are used.

    ``draw`` draws the picture where it is no Plotly figure (the map, a list to pick from).
    """
    with st.container(border=True, height="stretch", gap="xsmall", key=f"panel_{chart.id}"):
        shown = _heading(chart, viewer, page, exports)
        if shown == TABLE:
            table(chart, height)
        elif draw is not None:
            draw(chart)
        else:
            picture(chart, height)
        st.caption(literal(chart.footer()))


def _heading(chart: Chart, viewer: Viewer, page: str, exports: bool) -> str:
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        with st.container(gap=None):
            st.subheader(literal(chart.title), anchor=False)
            st.caption(literal(chart.subtitle))
        shown = PICTURE
        if chart.kind is not Kind.TABLE:
            shown = st.segmented_control(
                "图形或表格",
                [PICTURE, TABLE],
                default=PICTURE,
                required=True,
                format_func=_ICONS.__getitem__,
                key=f"shown_{chart.id}",
                label_visibility="collapsed",
            )
        if exports and may(viewer, page, "export"):
            export_menu(lambda: [chart], chart.id, chart.title)
    return TABLE if shown == TABLE else PICTURE


def picture(chart: Chart, height: int | None = None) -> None:
    """The Plotly figure of a chart in the theme of the browser."""
    st.plotly_chart(
        figure(chart, theme(), height), theme=None, key=f"figure_{chart.id}", config=charts.config(chart), alt=literal(chart.alt)
    )


def table(chart: Chart, height: int | None = None) -> None:
    """The same rows as a table, in Chinese headings and written values."""
    st.dataframe(
        charts.table(chart),
        hide_index=True,
        height=height or "auto",
        alt=literal(chart.alt),
        placeholder="—",
        key=f"table_{chart.id}",
    )


Charts = Callable[[], list[Chart]]


def export_menu(held: Charts, name: str, title: str, label: str = "") -> None:
    """Slides and workbook of some charts, made at the click and not before."""
    with st.popover(label, icon=":material/download:", type="tertiary", help="导出幻灯片、工作簿"):
        st.download_button(
            "幻灯片（PPTX,可编辑）",
            functools.partial(_slides, held),
            file_name=f"{_file_name(title)}.pptx",
            mime=PPTX,
            on_click="ignore",
            key=f"pptx_{name}",
            icon=":material/slideshow:",
            width="stretch",
        )
        st.download_button(
            "工作簿（XLSX,含原生图表）",
            functools.partial(_workbook, held),
            file_name=f"{_file_name(title)}.xlsx",
            mime=XLSX,
            on_click="ignore",
            key=f"xlsx_{name}",
            icon=":material/table_view:",
            width="stretch",
        )
        st.caption("图片（PNG、SVG）:把光标移到图上，用图右上角的按钮保存。")


def _slides(held: Charts) -> bytes:
    from minxin.exports import presentation  # at the click: no page waits for it

    return presentation(held())


def _workbook(held: Charts) -> bytes:
    from minxin.exports import workbook

    return workbook(held())


def _file_name(title: str) -> str:
    return "".join(c for c in title if c.isalnum() or c in "—、,-_ ").strip()[:60] or "图表"


def theme() -> str:
    """``light`` or ``dark``, as the browser shows the board."""
    return "dark" if st.context.theme.type == "dark" else "light"


@functools.lru_cache(maxsize=1024)
def figure(chart: Chart, look: str, height: int | None) -> go.Figure:
    """The figure of a chart; charts compare by identity, so a kept page keeps its figures."""
    drawn = charts.figure(chart, look)
    if height:
        drawn.update_layout(height=height)
    return drawn

