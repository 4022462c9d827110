"""Parts of the page 诉求信用联动 that only it has: communities, sectors, estates, property companies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.board import ahead, panel, picking, shell
from minxin.board.credit import asked
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit.linkage import Linkage

PAGE = "linkage"
FIRM = "property_firm"
#: Width in px of columns whose cells are longer than their headings.
WIDE = {"社区": 90, "诉求分类": 98, "检出率": 78, "95%区间": 102}


def answer(source: Source, start: dt.date, end: dt.date, label: str) -> Linkage:
    """The page for a span; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, panel.theme()))
    return _kept(source.key, start, end, label, source)


def _ahead(source: Source, look: str) -> Iterator[ahead.Answer]:
    """The page for every span."""
    for start, end, label in asked.spans(source.snapshot.as_of).values():
        yield partial(_answer_whole, source, start, end, label, look)


def _answer_whole(source: Source, start: dt.date, end: dt.date, label: str, look: str) -> None:
    page = _kept(source.key, start, end, label, source)
    firms = [page.companies] if source.viewer.detail != "aggregate" else []
    panel.draw_ahead([*page.charts(), *firms], look)
    _ = page.headline


@st.cache_resource(max_entries=32, show_spinner=False)
def _kept(key: tuple[str, ...], start: dt.date, end: dt.date, label: str, _source: Source) -> Linkage:
    return Linkage(_source, start, end, label, _source.about, _source.hidden_below)


def headline(page: Linkage, rest: DeltaGenerator, viewer: Viewer) -> None:
    """The messages of the page and, in the line of filters, its export."""
    if may(viewer, PAGE, "export"):
        with rest:
            _export(page)
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))


@part
def _export(page: Linkage) -> None:
    panel.export_menu(page.charts, "page", "诉求信用联动", label="导出")


def places(page: Linkage, viewer: Viewer) -> None:
    """Both subjects by community."""
    left, right = st.columns(2)
    with left:
        _table(page.places, viewer, 730)
    with right:
        panel.panel(page.shares, viewer, PAGE)


def sectors(page: Linkage, viewer: Viewer) -> None:
    """Both subjects by sector, and the estates with most petitions about property management."""
    left, right = st.columns(2)
    with left:
        _table(page.topics, viewer, 390)
    with right:
        _table(page.estates, viewer, 390)


def _table(chart: Chart, viewer: Viewer, height: int) -> None:
    # Narrow enough that all columns stand side by side at half the width of a notebook.
    headings = [] if chart.empty else list(panel.written(chart).columns[1:])
    widths = {h: WIDE.get(h, 14 * len(h) + 22) for h in headings}
    panel.panel(chart, viewer, PAGE, draw=partial(panel.table, name=chart.id, height=height, widths=widths))


def companies(page: Linkage, viewer: Viewer) -> None:
    """Property companies that are not green; a click leads to the portrait of one."""
    panel.panel(page.companies, viewer, PAGE, draw=_pick)
    if chosen := str(st.session_state.get(FIRM, "")):
        shell.link("enterprise", "打开所选企业的画像", "domain", {"uscc": chosen})


def _pick(chart: Chart) -> None:
    if chart.empty:
        st.text("没有需要列出的企业。")
        return
    ids = chart.rows["uscc"].tolist()
    picking.rows_to_pick(panel.written(chart), ids, chart.id, picking.remember(FIRM), chart.alt, height=320)
    if st.session_state.get(f"{FIRM}_shown") != st.session_state.get(FIRM):
        st.session_state[f"{FIRM}_shown"] = st.session_state.get(FIRM)
        st.rerun()
