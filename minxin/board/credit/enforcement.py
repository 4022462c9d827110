"""Parts of the page 失信监控与双向督促 that only it has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import streamlit as st

from minxin.access import Viewer, may
from minxin.board import ahead, cards, filters, panel, picking
from minxin.board.credit import asked, firms
from minxin.board.credit.asked import Chosen
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit.enforcement import ARREARS, EXECUTED, Enforcement
from minxin.charts.credit.question import Question

PAGE = "enforcement"
KINDS = {"": "全部线索", **{kind: kind for kind in (EXECUTED, "拖欠工资", "欠税", "合同违约", ARREARS)}}
_DEFINITIONS = {
    "open": "**在办线索**：发现以后还没有办结的。停留时间从进入当前环节那天算起。",
    "left": "**退出率**：所选时段办结的失信被执行中，主动退出 ÷ 办结，95% 区间按威尔逊法。"
    "原文 70.37% 没有公布分子分母，不可直接比较。",
    "arrears": "**账款拖欠未清**：拖欠中小企业账款、还没有清偿的件数，下面是涉及金额；目标是动态清零。",
    "government": "**机关事业失信未清**：债务主体是机关事业单位、还没有办结的；目标是零。",
    "lapsed": "**承诺逾期未办结**：承诺期限已过、既未办结也未再提醒的，应当在惩戒前再提醒。",
}


def kind() -> str:
    """The kind of case that is looked at, '' for all."""
    return filters.one_of("线索类型", KINDS, "kind", "")


def answer(source: Source, question: Question, chosen: str) -> Enforcement:
    """The page for what was asked; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, panel.theme()))
    return _kept(source.key, question, chosen, source)


def _ahead(source: Source, look: str) -> Iterator[ahead.Answer]:
    """All kinds in every span and county, then every kind."""
    opening, *others = asked.near(source)
    for question, of in [(opening, ""), *((q, "") for q in others), *((opening, kind) for kind in KINDS if kind)]:
        yield partial(_answer_whole, source, question, of, look)


def _answer_whole(source: Source, question: Question, chosen: str, look: str) -> None:
    page = _kept(source.key, question, chosen, source)
    panel.draw_ahead(page.charts(source.viewer.detail != "aggregate"), look)
    _ = page.headline


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(key: tuple[str, ...], question: Question, chosen: str, _source: Source) -> Enforcement:
    return Enforcement(_source, question, _source.about, chosen)


def headline(page: Enforcement, chosen: Chosen, viewer: Viewer) -> None:
    """The messages of the page and, in the line of filters, its export."""
    if may(viewer, PAGE, "export"):
        with chosen.rest:
            _export(page, viewer)
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))


@part
def _export(page: Enforcement, viewer: Viewer) -> None:
    panel.export_menu(lambda: page.charts(viewer.detail != "aggregate"), "page", "失信监控与双向督促", label="导出")


def figures(page: Enforcement) -> None:
    """What stands today."""
    cards.kpi_row(page.figures, _DEFINITIONS)


def both_ways(page: Enforcement, viewer: Viewer) -> None:
    """挖推警治示 beside 提示承诺再提醒."""
    _beside(page.chain, page.urging, viewer)


def ends(page: Enforcement, viewer: Viewer) -> None:
    """How the cases end, and how long each step takes."""
    _beside(page.exits, page.speed, viewer)


def zero(page: Enforcement, viewer: Viewer) -> None:
    """Arrears and debts of offices: at zero or not; what came and what was closed."""
    _beside(page.arrears, page.stock, viewer)


def _beside(one: Chart, other: Chart, viewer: Viewer) -> None:
    left, right = st.columns(2)
    with left:
        panel.panel(one, viewer, PAGE)
    with right:
        panel.panel(other, viewer, PAGE)


def stuck(page: Enforcement, viewer: Viewer) -> None:
    """Where the open cases stand, and which of them stand there longest."""
    if viewer.detail == "aggregate":
        panel.panel(page.standing, viewer, PAGE)
        return
    left, right = st.columns(2)
    with left:
        panel.panel(page.standing, viewer, PAGE)
    with right:
        panel.panel(page.stuck, viewer, PAGE, draw=partial(_pick, viewer=viewer))


def _pick(chart: Chart, viewer: Viewer) -> None:
    if chart.empty:
        st.text("没有在办线索。")
        return
    st.caption("点一行，打开企业画像。")
    codes = chart.rows["uscc"].tolist()
    picking.rows_to_pick(panel.written(chart), codes, chart.id, firms.open_later, chart.alt, height=320)
    firms.open_picked(viewer)
