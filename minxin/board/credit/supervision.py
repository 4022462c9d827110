"""Parts of the page 分级监管与双随机 that only it has: what is asked, what was found, coverage, the visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.analysis.inspection import rules
from minxin.board import ahead, cards, columns, filters, panel
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import PLAIN_COUNT, Chart, Encoding, Kind
from minxin.charts.credit import supervision_plan
from minxin.charts.credit.supervision import Question, Supervision
from minxin.charts.credit.supervision_words import ARMS, BEFORE, FIRMS

PAGE = "supervision"
VIEWS = {"found": "检查成效", "round": "本轮抽取"}
#: Visits that the list shows at most.
LISTED = 100
FOUND = {"": "全部结果", "是": "发现问题", "否": "未发现问题"}
_DEFINITIONS = {
    "risk": "**按风险抽查检出率**：风险组中发现问题的户数 ÷ 风险组检查户数，95% 区间按威尔逊法。",
    "random": "**随机组检出率**：从全部企业等概率抽出的随机组中，发现问题的户数 ÷ 检查户数。",
    "lift": "**提升倍数**：风险组检出率 ÷ 同期随机组检出率，区间按库普曼得分法。大于 1 才说明按风险抽查更有效。",
    "population": "**推算全部企业问题率**：每户按抽中概率的倒数加权，推算全部企业中有问题的比例。",
    "saved": "**合并减少上门**：几个部门联合一次上门，比各部门分别上门少去的家次。"
    "原文“减少打扰企业7842家次”未说明基准，不可比。",
}


@dataclass(frozen=True)
class Chosen:
    """What is asked: the view, the days and the county; ``rest`` ends the line of filters."""

    view: str
    question: Question
    rest: DeltaGenerator


def bar(source: Source) -> Chosen:
    """The line of filters under the title, each of them in the address."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        view = filters.beside("看什么", VIEWS, "view", "found")
        spans = _spans(source)
        counties = _counties(source)
        span, county = next(iter(spans)), ""
        if view == "found":
            span = filters.one_of("时段", {code: s[2] for code, s in spans.items()}, "span", span)
            county = filters.one_of("县区", {"": "全部县区", **counties}, "county", "")
        rest = filters.line_end()
    start, end, label = spans[span]
    return Chosen(view, Question(start, end, label, county, counties.get(county, ""), source.hidden_below), rest)


def _spans(source: Source) -> dict[str, tuple[dt.date, dt.date, str]]:
    """Code → first day, day after the last, words; the days since the pilot first where there was one."""
    end = (source.snapshot.as_of - dt.timedelta(microseconds=1)).date() + dt.timedelta(days=1)
    visits = source("inspection.visits")
    after = visits[visits["stage"].notna() & (visits["stage"] != BEFORE)]
    found: dict[str, tuple[dt.date, dt.date, str]] = {}
    if len(after):
        found["pilot"] = (_month(after), end, "试点以来")
    found["year"] = ((pd.Timestamp(end) - pd.DateOffset(months=12)).date(), end, "近 12 个月")
    found["this"] = (dt.date((end - dt.timedelta(days=1)).year, 1, 1), end, "今年以来")
    if len(visits):
        found["all"] = (_month(visits), end, "全部时间")
    return found


def _month(visits: pd.DataFrame) -> dt.date:
    """The first day of the month of the earliest visit."""
    return pd.Timestamp(visits["inspected_on"].min()).date().replace(day=1)


def _counties(source: Source) -> dict[str, str]:
    """Code → name of the counties that have firms."""
    held = source("inspection.base")[["county_code", "county_name"]].drop_duplicates()
    return dict(zip(held["county_code"], held["county_name"], strict=True))


def answer(source: Source, chosen: Chosen) -> Supervision:
    """The page for what was asked; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, panel.theme()))
    return _of(source, chosen.question)


def _of(source: Source, question: Question) -> Supervision:
    return _kept(source.key, question, rules.load().on(question.end).digest, source)


def _ahead(source: Source, look: str) -> Iterator[ahead.Answer]:
    """All counties in every span, then every county in the first one."""
    held, counties = list(_spans(source).values()), _counties(source)
    questions = [Question(*span, hidden_below=source.hidden_below) for span in held]
    questions += [Question(*held[0], county, name, source.hidden_below) for county, name in counties.items()]
    yield from (partial(_answer_whole, source, question, look) for question in questions)


def _answer_whole(source: Source, question: Question, look: str) -> None:
    page = _of(source, question)
    if not page.visits.empty:
        panel.draw_ahead(page.charts(), look)
        _ = page.headline


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(key: tuple[str, ...], question: Question, digest: str, _source: Source) -> Supervision:
    return Supervision(_source, question, _source.about, rules.load().on(question.end))


# ── what was found ──────────────────────────────────────────────────────────────────────────────


def found(page: Supervision, chosen: Chosen, viewer: Viewer) -> bool:
    """The message and the figures; False, saying why, where there are no visits."""
    if page.visits.empty:
        st.info(
            "所选时段和县区没有检查记录。请另选时段，或在「数据导入」中导入企业检查；抽取本轮名单请选「本轮抽取」。",
            icon=":material/info:",
        )
        return False
    if may(viewer, PAGE, "export"):
        with chosen.rest:
            _export(page)
    st.markdown("  \n".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))
    cards.kpi_row(page.figures, _DEFINITIONS)
    return True


@part
def _export(page: Supervision) -> None:
    panel.export_menu(page.charts, "page", "分级监管与双随机", label="导出")


def compared(page: Supervision, viewer: Viewer) -> None:
    """Classes and arms side by side, then before and after beside the order of visits."""
    left, right = st.columns(2)
    with left:
        panel.panel(page.classes, viewer, PAGE)
    with right:
        panel.panel(page.arms, viewer, PAGE)
    pair = [chart for chart in (page.gain, page.stages) if chart is not None]
    for column, chart in zip(st.columns(2), pair, strict=False):
        with column:
            panel.panel(chart, viewer, PAGE)


@part
def coverage(page: Supervision, viewer: Viewer) -> None:
    """Joint visits, cap, shares by size and industry, severity; worked out when somebody opens them."""
    lot = st.expander("综合查一次、频次上限、公平与轻重", icon=":material/balance:", key="coverage", on_change="rerun")
    if not lot.open:
        return
    with lot:
        for pair in ((page.joint, page.caps), (page.sizes, page.industries)):
            for column, chart in zip(st.columns(2), pair, strict=True):
                with column:
                    panel.panel(chart, viewer, PAGE)
        panel.panel(page.severity, viewer, PAGE)


@part
def ruled(page: Supervision, viewer: Viewer) -> None:
    """The rules of the draw with their sources."""
    lot = st.expander("抽查规则与来源", icon=":material/rule:", key="ruled", on_change="rerun")
    if lot.open:
        with lot:
            panel.panel(supervision_plan.ruled(page.rule, page.about), viewer, PAGE, draw=_whole)


def _whole(chart: Chart) -> None:
    # Every number of the rules at once, the sources in full.
    widths = {"项目": 190, "取值": 260, "来源": 640, "性质": 70}
    panel.table(chart, chart.id, height=columns.whole(len(chart.rows)), widths=widths)


@part
def drill(source: Source, chosen: Chosen, page: Supervision, viewer: Viewer) -> None:
    """The visits behind the rates, the latest first."""
    lot = st.expander("检查记录", icon=":material/list:", key="visits", on_change="rerun", bind="query-params")
    if not lot.open:
        return
    with lot:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            arm = filters.one_of("来源", {"": "全部来源", **ARMS}, "arm", "")
            result = filters.one_of("结果", FOUND, "result", "")
        question = chosen.question
        rows = source(
            "inspection.list",
            start=question.start,
            end=question.end,
            county=question.county,
            arm=arm,
            found=result,
            limit=LISTED,
            skip=0,
        )
        total = int(rows["total"].iloc[0]) if len(rows) else 0
        rest = f"，列出最近 {LISTED} 次" if total > LISTED else ""
        data = rows.assign(
            arm=rows["arm"].map(ARMS), found=rows["has_problem"].map({True: "发现问题", False: "未发现"}).fillna("—")
        )
        chart = page.about.of(question.label, ARMS.get(arm, "全部来源"), FOUND[result]).chart(
            "visit_list",
            Kind.TABLE,
            data.drop(columns=["total", "inspection_id", "has_problem"]),
            Encoding(),
            FIRMS,
            f"共 {PLAIN_COUNT.exact(total)} 次检查{rest}",
            f"每行一次检查，最近的在前，{page.span}",
            headings={
                "inspected_on": "检查日期",
                "enterprise_name": "企业名称",
                "uscc": "统一社会信用代码",
                "county_name": "县区",
                "industry_name": "行业",
                "arm": "来源",
                "departments": "部门数",
                "found": "结果",
                "problem_kind": "问题",
                "action": "处置",
            },
            units={"departments": PLAIN_COUNT},
        )
        panel.panel(chart, viewer, PAGE, draw=_listed)


def _listed(chart: Chart) -> None:
    widths = {"检查日期": 80, "企业名称": 210, "统一社会信用代码": 168, "县区": 70, "行业": 150, "来源": 100}
    panel.table(chart, chart.id, widths=widths | {"部门数": 60, "结果": 80, "问题": 150, "处置": 110})
