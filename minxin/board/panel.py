"""One chart on a page: message, what is plotted, picture or table, export, footer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from minxin import charts
from minxin.access import Viewer, may
from minxin.analysis import indicators
from minxin.board import columns, frames, noting
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart, Encoding, Kind, Unit

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PICTURE, TABLE = "picture", "table"
_ICONS = {PICTURE: ":material/bar_chart:", TABLE: ":material/table_rows:"}
#: The panel whose dialog for an instruction opens as it is drawn next.
_NOTED = "panel_noted"
_FORMATS = {"png": "PNG", "svg": "SVG"}
Draw = Callable[[Chart], None]
Charts = Callable[[], list[Chart]]
#: What controls of a panel choose: they stand in its heading, and the chart follows from them.
Choose = Callable[[], Chart]


def panel(chart: Chart, viewer: Viewer, page: str, draw: Draw | None = None, name: str = "") -> None:
    """A chart in its frame; redraws alone when its own controls are used.

    ``draw`` draws the picture where it is no Plotly figure (the map, a list to pick from).
    """
    chosen_panel(lambda: chart, viewer, page, name or chart.id, draw)


def chosen_panel(choose: Choose, viewer: Viewer, page: str, name: str, draw: Draw | None = None) -> None:
    """A panel whose heading has controls of its own: ``choose`` draws them and gives the chart."""
    # The frame stands outside the part that redraws, so that panels side by side grow to one height.
    with st.container(border=True, height="stretch", gap="xsmall", key=f"panel_{name}"):
        _redrawn(choose, viewer, page, name, draw)


@part
def _redrawn(choose: Choose, viewer: Viewer, page: str, name: str, draw: Draw | None) -> None:
    contents(choose, viewer, page, name, draw)


def contents(choose: Choose, viewer: Viewer, page: str, name: str, draw: Draw | None = None) -> Chart:
    """What stands in the frame: heading with controls, picture or table, footer. Returns the chart."""
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="top", gap="small"):
            words = st.container(gap=None)
            chart = choose()
            shown = _switch(chart, name)
            picture_format = _export(chart, viewer, page, name)
        words.subheader(literal(chart.title), anchor=False)
        # Across the whole panel: beside the controls it would break into twice the lines.
        st.caption(literal(chart.subtitle))
    if draw is not None and shown == PICTURE:
        draw(chart)
    elif shown == TABLE or chart.kind is Kind.TABLE:
        table(chart, name)
    else:
        picture(chart, name, picture_format)
    st.caption(literal(chart.footer()))
    return chart


def _switch(chart: Chart, name: str) -> str:
    if chart.kind is Kind.TABLE:
        return PICTURE
    chosen = st.segmented_control(
        "图形或表格",
        [PICTURE, TABLE],
        default=PICTURE,
        required=True,
        format_func=_ICONS.__getitem__,
        key=f"shown_{name}",
        label_visibility="collapsed",
    )
    return TABLE if chosen == TABLE else PICTURE


def picture(chart: Chart, name: str, picture_format: str = "png", height: int | None = None) -> None:
    """The Plotly figure of a chart in the theme of the browser."""
    st.plotly_chart(
        figure(chart, theme(), height),
        theme=None,
        key=f"figure_{name}",
        config=charts.config(chart, picture_format),
        alt=literal(chart.alt),
    )


def table(chart: Chart, name: str, height: int | None = None, widths: Mapping[str, int] | None = None) -> None:
    """The same rows as a table, in Chinese headings and written values.

    ``height`` in px is at most so much, in whole rows; ``widths`` in px by heading.
    """
    if chart.empty:
        st.text("没有需要列出的内容。")
        return
    shown = written(chart)
    st.dataframe(
        shown,
        hide_index=True,
        height=columns.height(height or "auto", len(shown)),
        alt=literal(chart.alt),
        placeholder="—",
        key=f"table_{name}",
        column_config=columns.config(shown, widths),
    )


@functools.lru_cache(maxsize=512)
def written(chart: Chart) -> pd.DataFrame:
    """The table of a chart, kept with it; not to be changed."""
    return charts.table(chart)


def _export(chart: Chart, viewer: Viewer, page: str, name: str) -> str:
    """The menu of one chart: export and 「记一条批示」, each where the viewer may; returns the picture format."""
    may_export, may_note = may(viewer, page, "export"), page != noting.PAGE and noting.allowed(viewer)
    if not (may_export or may_note):
        return "png"
    has_figure = may_export and chart.kind not in (Kind.TABLE, Kind.MAP)
    note = functools.partial(_note, name) if may_note else None
    said = export_menu(lambda: [chart] if may_export else [], name, chart.title, "", has_figure, note, may_export)
    if may_note and st.session_state.get(_NOTED) == name:
        del st.session_state[_NOTED]
        noting.about_chart(chart, page, viewer)
    return said


def _note(name: str) -> None:
    words, icon = "记一条批示", ":material/edit_note:"
    st.button(words, icon=icon, key=f"note_{name}", width="stretch", on_click=_begin_note, args=(name,))


def _begin_note(name: str) -> None:
    noting.begin()
    st.session_state[_menu(name)] = False  # the menu closes: it would lie over the dialog
    st.session_state[_NOTED] = name


def _menu(name: str) -> str:
    return f"export_{name}"


def export_menu(
    held: Charts,
    name: str,
    title: str,
    label: str = "",
    picture_choice: bool = False,
    more: Callable[[], None] | None = None,
    files: bool = True,
) -> str:
    """Slides and workbook of some charts, made at the click and not before; what is in the menu comes as it opens.

    ``more`` draws what else stands in the menu, on top; without ``files`` nothing else does.
    """
    words = "、".join(filter(None, ("导出" if files else "", "记一条批示" if more else "")))
    menu = st.popover(
        label,
        icon=":material/download:" if files else ":material/edit_note:",
        type="tertiary",
        help=None if label else words,
        key=_menu(name),
        on_change="rerun",
    )
    # Kept under a name of its own: what a control chose is forgotten while it is not shown.
    chosen = f"picture_format_{name}"
    if menu.open:
        with menu:
            if more is not None:
                more()
            if files:
                _files(held, name, title)
            if picture_choice:
                st.session_state[chosen] = _picture_format(name, st.session_state.get(chosen, "png"))
    return str(st.session_state.get(chosen, "png"))


def _files(held: Charts, name: str, title: str) -> None:
    held = functools.partial(_still, held, frames.standing())
    for words, make, ending, kind, icon in (
        ("幻灯片（PPTX，可编辑）", _slides, "pptx", PPTX, ":material/slideshow:"),
        ("工作簿（XLSX，含原生图表）", _workbook, "xlsx", XLSX, ":material/table_view:"),
    ):
        st.download_button(
            words,
            functools.partial(make, held, title),
            file_name=f"{file_name(title)}.{ending}",
            mime=kind,
            on_click="ignore",
            key=f"{ending}_{name}",
            icon=icon,
            width="stretch",
        )


def _still(held: Charts, stood: str) -> list[Chart]:
    """The charts as they were drawn, or one line instead where something on them may not be shown any more."""
    if frames.standing() == stood:
        return held()
    said = "数据刚有更新，请刷新页面后重新导出"
    line = pd.DataFrame({"note": ["页面打开后有记录到期、修复或撤销，原页面的内容不再导出。"]})
    return [Chart("outdated", Kind.TABLE, line, Encoding(), Unit(), said, "", said, headings={"note": "说明"})]


def _picture_format(name: str, now: str) -> str:
    chosen = st.segmented_control(
        "图片格式（移到图上，点右上角按钮保存）",
        list(_FORMATS),
        default=now,
        required=True,
        format_func=_FORMATS.__getitem__,
        key=f"format_{name}",
    )
    return "svg" if chosen == "svg" else "png"


def _slides(held: Charts, title: str) -> bytes:
    from minxin.exports import presentation  # at the click: no page waits for it

    return presentation(held(), title, definitions=_definitions())


def _workbook(held: Charts, title: str) -> bytes:
    from minxin.exports import workbook

    return workbook(held(), title, definitions=_definitions())


def _definitions() -> dict[str, str]:
    return {i.name: i.definition for i in indicators.load().values()}


def file_name(title: str) -> str:
    return "".join(c for c in title if c.isalnum() or c in "—、，-_ ").strip()[:60] or "图表"


def theme() -> str:
    """``light`` or ``dark``, as the browser shows the board."""
    return "dark" if st.context.theme.type == "dark" else "light"


def draw_ahead(held: Iterable[Chart], look: str, draw_map: Callable[[Chart], object] | None = None) -> None:
    """Draw what ``picture``, ``table`` and the map of a page will ask for, and keep it."""
    for chart in held:
        if chart.kind is Kind.MAP:
            if draw_map is not None:
                draw_map(chart)
        elif chart.kind is Kind.TABLE:
            written(chart)
        elif chart.kind is not Kind.KPI_ROW:
            figure(chart, look, None)


@functools.lru_cache(maxsize=2048)
def figure(chart: Chart, look: str, height: int | None) -> go.Figure:
    """The figure of a chart; charts compare by identity, so a kept page keeps its figures."""
    drawn = charts.figure(chart, look)
    if height:
        drawn.update_layout(height=height)
    # Streamlit asks a figure for its description at every run, and gets a deep copy each time; this one
    # does not change any more.
    described = drawn.to_dict()
    drawn.to_dict = lambda: described  # type: ignore[method-assign]
    return drawn
