"""Parts of the page 信用热力图."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis.credit import grid
from minxin.analysis.credit.classes import CODES, label
from minxin.board import ahead, cards, community_map, filters, panel
from minxin.board.credit import firms
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit.heatmap import BETWEEN, Heatmap, Question, month_name
from minxin.charts.credit.risk_board import risk_board
from minxin.warehouse.risk_rules import month_before

PAGE = "heatmap"
MAP_SIZE = (560, 470)
#: Key of the cell that was clicked last: which two dimensions, and the codes of both.
CELL = "heatmap_cell"
COMPARED = {"year": "比去年同月", "month": "比上月"}


def bar(source: Source) -> Question | None:
    """The line of filters: rows, columns, measure, month, comparison; None while no firm is classified."""
    months = _months(source)
    if not months:
        return None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        rows = {d: f"行：{w}" for d, w in grid.DIMENSIONS.items() if d != "month"}
        by_row = filters.one_of("行", rows, "rows", "industry", 165)
        offered = {**grid.DIMENSIONS, **(grid.PENALTIES if by_row not in ("class", "park") else {})}
        columns = {d: f"列：{w}" for d, w in offered.items() if d != by_row}
        start = "county" if "county" in columns else "class"
        by_column = filters.one_of("列", columns, "columns", start, 165)
        measure = "count"
        if by_column not in grid.PENALTIES:
            measure = filters.one_of("数值", grid.MEASURES, "measure", "share", 120)
        named = {m.isoformat(): month_name(m) for m in reversed(months)}
        month = dt.date.fromisoformat(filters.one_of("月份", named, "month", months[-1].isoformat(), 130))
        compared = filters.one_of("比较", COMPARED, "compare", "year", 130)
    before = month_before(month, 12 if compared == "year" else 1)
    return Question(by_row, by_column, measure, month, before)


def _months(source: Source) -> list[dt.date]:
    return [pd.Timestamp(m).date() for m in sorted(source("risk.months")["month_start"].unique())]


def answer(source: Source, question: Question) -> Heatmap:
    """The page for what was chosen; kept for whoever asks the same of the same snapshot within the same scope.

    What no dimension changes is kept by its months alone: with other rows, columns or values only the grid is new.
    """
    ahead.prepare(source, PAGE, partial(_ahead, source, question, panel.theme()))
    return _of(source, question)


def _of(source: Source, question: Question) -> Heatmap:
    whole = _kept(source.key, question.of_months, source, None)
    return _kept(source.key, question, source, whole)


def _ahead(source: Source, opening: Question, look: str) -> Iterator[ahead.Answer]:
    """The newest months, then other rows, columns and measures of the month the page opened with."""
    for month in _months(source)[-ahead.MONTHS :][::-1]:
        yield partial(_answer_whole, source, replace(opening, month=month, before=month_before(month, 12)), look)
    others = [replace(opening, by_row=d) for d in grid.DIMENSIONS if d not in ("month", opening.by_column)]
    others += [replace(opening, by_column=d) for d in (*grid.DIMENSIONS, *grid.PENALTIES) if d != opening.by_row]
    others += [replace(opening, measure=measure) for measure in grid.MEASURES]
    others += [replace(opening, before=month_before(opening.month, 1))]
    for question in others:
        of_penalties = question.by_column in grid.PENALTIES
        yield partial(_answer_whole, source, replace(question, measure="count") if of_penalties else question, look)


def _answer_whole(source: Source, question: Question, look: str) -> None:
    page = _of(source, question)
    panel.draw_ahead(page.charts(), look, partial(community_map.written, look=look, size=MAP_SIZE))
    _ = page.whole.headline


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(key: tuple[str, ...], question: Question, _source: Source, _whole: Heatmap | None) -> Heatmap:
    return Heatmap(_source, question, _source.about, risk_board(), _source.hidden_below, _whole)


def nothing() -> None:
    """What to do where no firm was imported."""
    with st.container(border=True, width=760):
        st.subheader("还没有企业数据", anchor=False)
        st.text("请先在「数据导入」中导入企业名录和信用信息，构建后这里会显示信用风险分类。")


def headline(page: Heatmap, viewer: Viewer) -> None:
    """The message of the page, its export, and the classes in figures."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{literal(page.whole.headline)}**", width="stretch")
        if may(viewer, PAGE, "export"):
            panel.export_menu(page.charts, "page", f"信用热力图{page.now}", label="导出")
    said = {c: f"**{literal(label(c))}**：按当月适用的分类规则归入此类的企业占全部归类企业的比例。" for c in CODES}
    cards.kpi_row(page.whole.classes, said, places=4)


def crossed(page: Heatmap, source: Source, viewer: Viewer) -> None:
    """The grid beside the classes over time and the counties; a click on a cell lists its firms below.

    Who sees sums only gets the grid as a picture like any other: there are no firms to list.
    """
    lists_firms = viewer.detail != "aggregate"
    left, right = st.columns([7, 5])
    with left:
        panel.panel(page.grid, viewer, PAGE, draw=partial(_clickable, page) if lists_firms else None)
    with right:
        panel.panel(page.whole.trend, viewer, PAGE)
        panel.panel(page.whole.counties, viewer, PAGE)
    if lists_firms:
        _cell(page, source)


def _clickable(page: Heatmap, chart: Chart) -> None:
    event = st.plotly_chart(
        panel.figure(chart, panel.theme(), None), theme=None, key="figure_grid", alt=literal(chart.alt),
        config=panel.charts.config(chart), on_select="rerun", selection_mode="points",
    )  # fmt: skip
    if page.question.of_penalties:
        return
    st.caption("点击一格，在下方列出其中的企业。")
    points = event["selection"]["points"] if event else []
    cell = (page.question.by_row, page.question.by_column, str(points[0].get("customdata", "")) if points else "")
    if points and st.session_state.get(CELL) != cell:
        st.session_state[CELL] = cell
        # the list stands outside the part that redraws alone
        st.rerun()


def _cell(page: Heatmap, source: Source) -> None:
    """The firms of the chosen cell; before any click nobody is named."""
    q = page.question
    by_row, by_column, key = st.session_state.get(CELL, ("", "", ""))
    if q.of_penalties or (by_row, by_column) != (q.by_row, q.by_column) or key not in page.grid.keys:
        return
    names = ("risk_class", "county", "community", "industry", "sector", "park")
    asked = dict.fromkeys(names, "")
    month, words = q.month, []
    for dimension, code in zip((q.by_row, q.by_column), key.split(BETWEEN), strict=True):
        words.append(page.name(dimension, code))
        if dimension == "month":
            month = dt.date.fromisoformat(code)
        else:
            asked["risk_class" if dimension == "class" else dimension] = code
    held = source("risk.firms", month=month, before=q.before, limit=page.board.firms, **asked)
    firms.listing(held, "、".join(words), page.board.firms, page.earlier)


def movement(page: Heatmap, viewer: Viewer) -> None:
    """The communities on the map; who moved between the classes, and why firms are in C and D."""
    whole = page.whole
    left, right = st.columns([6, 6])
    with left:
        if len(whole.communities.rows):
            panel.panel(whole.communities, viewer, PAGE, draw=_map)
        else:
            panel.panel(whole.reasons, viewer, PAGE)
    with right:
        panel.panel(whole.moves, viewer, PAGE)
        if len(whole.communities.rows):
            panel.panel(whole.reasons, viewer, PAGE)


def _map(chart: Chart) -> None:
    community_map.draw(chart, size=MAP_SIZE, chosen=_nothing)


def _nothing(code: str) -> None:
    """A click on a community opens nothing here; its firms are in the grid."""


@part
def rules(source: Source) -> None:
    """The versions of the rules that the months were classified by, when somebody opens them."""
    lot = st.expander("分类规则：版本与依据", icon=":material/rule:", key="rules", on_change="rerun")
    if not lot.open:
        return
    held = source("risk.versions")
    shown = pd.DataFrame(
        {
            "版本": held["title"],
            "生效日": [f"{pd.Timestamp(d):%Y-%m-%d}" for d in held["starts_on"]],
            "B起点": held["limit_b"], "C起点": held["limit_c"], "D起点": held["limit_d"],
            "内容指纹": held["rule_hash"],
        }
    )  # fmt: skip
    with lot:
        st.dataframe(shown, hide_index=True)
        st.caption(
            "分值越高风险越大；每月按当月适用的版本归类，之后不再改变。五个维度见国市监信发〔2022〕6号，"
            "分值、衰减与分档为本项目设定，正式使用前须由主管部门确认。"
        )
