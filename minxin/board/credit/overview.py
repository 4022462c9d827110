"""Parts of the page 信用总览 that only it has: index, collection, lists, systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.board import ahead, cards, panel
from minxin.board.credit import asked
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit.overview import Overview

PAGE = "overview"
_DEFINITIONS = {
    "index": "**综合信用指数**：外部评价机构按月发布，方法逐年调整，跨年只比名次。",
    "rank": "**全国名次**：综合信用指数在同类城市中的名次，越小越好。",
    "records": "**归集信用信息**：按产生日期计，含守信、中性、失信三种性质，不含自然人信息。",
    "on_time": "**公示率**：产生次日起规定的工作日内公示的条数 ÷ 到期的条数。到期未公示的计入分母，"
    "数据截止时还没有到期的不计，公示了的也不计；工作日扣除法定节假日、计入调休上班日；95% 区间按威尔逊法。"
    "7个工作日出自国办发〔2015〕51号对行政许可、行政处罚的要求，其余各类一并按此计，待核。",
    "black": "**黑名单存量**：月末仍在名单中、没有到期也没有移出的条数。",
}


def bar(source: Source) -> tuple[dt.date, dt.date, str, DeltaGenerator]:
    """The line of filters: whole months of a span; first day, day after the last, words, the end of the line."""
    start, end, label, rest = asked.span(source)
    return (*_whole_months(source, start, end), label, rest)


def _whole_months(source: Source, start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """What comes by months is compared by whole months: the running one would look like a fall."""
    first, last = start.replace(day=1), min(end, source.snapshot.as_of.date().replace(day=1))
    return (first, last) if first < last else (start, end)


def answer(source: Source, start: dt.date, end: dt.date, label: str) -> Overview:
    """The page for a span; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, panel.theme()))
    return _kept(source.key, start, end, label, source)


def _ahead(source: Source, look: str) -> Iterator[ahead.Answer]:
    """The page for every span."""
    for start, end, label in asked.spans(source.snapshot.as_of).values():
        yield partial(_answer_whole, source, *_whole_months(source, start, end), label, look)


def _answer_whole(source: Source, start: dt.date, end: dt.date, label: str, look: str) -> None:
    page = _kept(source.key, start, end, label, source)
    panel.draw_ahead(page.charts(), look)
    _ = page.headline


@st.cache_resource(max_entries=32, show_spinner=False)
def _kept(key: tuple[str, ...], start: dt.date, end: dt.date, label: str, _source: Source) -> Overview:
    return Overview(_source, start, end, label, _source.about, _source.hidden_below)


def headline(page: Overview, rest: DeltaGenerator, viewer: Viewer) -> None:
    """The messages of the page and, in the line of filters, its export."""
    if may(viewer, PAGE, "export"):
        with rest:
            _export(page)
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))


@part
def _export(page: Overview) -> None:
    panel.export_menu(page.charts, "page", "信用总览", label="导出")


def figures(page: Overview) -> None:
    """The newest figures."""
    cards.kpi_row(page.figures, _DEFINITIONS)


def _pair(viewer: Viewer, left: Chart, right: Chart) -> None:
    columns = st.columns(2)
    for column, chart in zip(columns, (left, right), strict=True):
        with column:
            panel.panel(chart, viewer, PAGE)


def index(page: Overview, viewer: Viewer) -> None:
    """Ranks, which can be compared across years, beside the newest scores of the five dimensions."""
    _pair(viewer, page.ranks, page.dimensions)


def collection(page: Overview, viewer: Viewer) -> None:
    """What is collected, and how timely."""
    _pair(viewer, page.collection, page.timeliness)


def lists(page: Overview, viewer: Viewer) -> None:
    """Both lists as stock, the black one as flow."""
    _pair(viewer, page.stock, page.flow)


def systems(page: Overview, viewer: Viewer) -> None:
    """The business systems' calls beside the mechanisms."""
    _pair(viewer, page.calls, page.mechanisms)
