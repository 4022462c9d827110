"""Parts of the page 信易贷与白名单: what the banks did, and the model's recommendation beside it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from minxin import settings
from minxin.access import Viewer, may
from minxin.analysis.whitelist import files, firms
from minxin.board import ahead, cards, filters, panel, picking, shell
from minxin.board.credit import asked
from minxin.board.credit.asked import Chosen
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit.lending import GROUPS, MEASURES, RECOMMENDED, Lending
from minxin.charts.credit.question import Question
from minxin.charts.credit.whitelist import LISTS, Standing, Whitelist
from minxin.settings import Unusable

PAGE = "lending"
#: The span that the page opens with: what was lent earlier has come due.
SPAN = "three"
FIRM = "lending_firm"
_DEFINITIONS = {
    "registered": "**平台注册**：所选时段内在信易贷平台注册的企业，至数据时间；一户申请几笔只计一户。",
    "listed": "**白名单**：其中列入白名单、推送给银行的企业。",
    "granted": "**授信金额**：其中获得授信的企业的授信额之和；不在白名单的企业也可由银行授信。",
    "drawn": "**放款金额**：其中已放款的金额之和，一户有几笔的合计；与授信金额之比为用信比例。",
    "overdue": "**逾期率**：到期日已过的贷款（按笔）中，没有在到期日结清的占比，95% 区间按威尔逊法；还没有到期的不计。",
}
_CARD = {
    "模型": 84,
    "区分能力（AUC）": 126,
    "最大差距（KS）": 108,
    "概率改进（Brier）": 126,
    "校准斜率": 126,
    "稳定性（PSI）": 102,
}
log = logging.getLogger(__name__)


def answer(source: Source, question: Question) -> Lending:
    """The page for what was asked; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, panel.theme()))
    return _kept(source.key, question, source)


def _ahead(source: Source, look: str) -> Iterator[ahead.Answer]:
    yield from (partial(_answer_whole, source, question, look) for question in asked.near(source, SPAN))


def _answer_whole(source: Source, question: Question, look: str) -> None:
    page, model = _kept(source.key, question, source), recommendation(source, question)
    panel.draw_ahead([*page.charts(), *(model.charts() if model else [])], look)
    _ = page.headline, model and model.headline


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(key: tuple[str, ...], question: Question, _source: Source) -> Lending:
    return Lending(_source, question, _source.about)


def recommendation(source: Source, question: Question) -> Whitelist | None:
    """The model's white list of who is registered today; None while no model of these firms was trained.

    A folder that cannot be read is said in one line, and the rest of the page goes on.
    """
    file = firms.folder(settings.home()) / files.MODEL
    if not file.is_file():
        return None
    try:
        held = _scored(source.key, str(file), file.stat().st_mtime_ns, source)
    except Unusable as error:
        log.warning("the white list's model cannot be used: %s", error)
        st.error(literal(error), icon=":material/block:")
        return None
    # It speaks of who is registered today: whatever the span, it says the same of a county.
    place = replace(question, start=dt.date.min, end=dt.date.max, label="")
    return _beside(source.key, file.stat().st_mtime_ns, place, held, source) if held else None


@st.cache_resource(max_entries=4, show_spinner="正在给企业评分…")
def _scored(key: tuple[str, ...], file: str, written: int, _source: Source) -> Standing | None:
    rows = _source(firms.BLOCK, purpose="score", county="")
    return None if rows.empty else Standing.of(files.load(Path(file).parent), rows)


@st.cache_resource(max_entries=32, show_spinner=False)
def _beside(key: tuple[str, ...], written: int, question: Question, _held: Standing, _source: Source) -> Whitelist:
    return Whitelist(_held, question, _source.about)


def headline(page: Lending, model: Whitelist | None, chosen: Chosen, viewer: Viewer) -> None:
    """The messages of the page and, in the line of filters, its export."""
    if may(viewer, PAGE, "export"):
        with chosen.rest:
            _export(page, model)
    said = (*page.headline, *((model.headline,) if model else ()))
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in said))


@part
def _export(page: Lending, model: Whitelist | None) -> None:
    more = model.charts if model else list
    panel.export_menu(lambda: [*page.charts(), *more()], "page", "信易贷与白名单", label="导出")


def figures(page: Lending) -> None:
    """Registered, listed, granted, drawn, overdue."""
    cards.kpi_row(page.figures, _DEFINITIONS)


def way(page: Lending, viewer: Viewer) -> None:
    """How far firms came, and how long each step takes."""
    left, right = st.columns(2)
    with left:
        panel.panel(page.funnel, viewer, PAGE)
    with right:
        panel.panel(page.speed, viewer, PAGE)


def groups(page: Lending, viewer: Viewer) -> None:
    """The money month by month, and who falls overdue, is granted or draws more or less often."""
    left, right = st.columns(2)
    with left:
        panel.panel(page.months, viewer, PAGE)
    with right:
        panel.chosen_panel(partial(_groups, page), viewer, PAGE, "groups")


def _groups(page: Lending) -> Chart:
    options = {f"{m}_{by}": f"{MEASURES[m][2]}·{GROUPS[by]}" for by in GROUPS for m in MEASURES}
    measure, _, by = filters.one_of("比较", options, "compared", "overdue_size", width=145).partition("_")
    return page.groups(by, measure)


# ── the model beside ────────────────────────────────────────────────────────────────────────────


def whitelist(model: Whitelist | None, viewer: Viewer) -> None:
    """How good the model is, where it and the banks differ, why; or how to train one."""
    st.subheader(f"模型白名单（{RECOMMENDED}）", anchor=False)
    if model is None:
        _untrained()
        return
    left, right = st.columns(2)
    with left:
        panel.panel(model.agreement, viewer, PAGE)
    with right:
        panel.panel(model.causes, viewer, PAGE)
    # Terms and symbols of six measures stand side by side in a little more than half.
    left, right = st.columns([7, 5])
    with left:
        panel.panel(model.card, viewer, PAGE, draw=_card)
    with right:
        panel.panel(model.reliability, viewer, PAGE)


def _card(chart: Chart) -> None:
    panel.table(chart, chart.id, widths=_CARD)
    file = firms.folder(settings.home()) / "card.html"
    if file.is_file():
        st.download_button(
            "下载完整模型卡（可打印）", file.read_bytes, file_name="白名单模型卡.html", mime="text/html",
            icon=":material/description:", on_click="ignore", key="lending_card",
        )  # fmt: skip


def _untrained() -> None:
    with st.container(border=True, width=760):
        st.markdown(
            "还没有为本平台的企业训练模型。请在安装目录运行 `python -m minxin whitelist firms`，"
            "用快照里已到期的贷款训练，约半分钟后刷新本页。\n\n"
            "训练只用授信之前公开的信用记录，按授信月份先后划分：先前的训练，后来的检验；"
            "不使用性别、年龄、民族等个人属性。"
        )


def drill(model: Whitelist | None, viewer: Viewer) -> None:
    """Single firms with their points and reasons, by how the model and the banks differ."""
    if model is not None:
        panel.chosen_panel(partial(_list, model), viewer, PAGE, "firms", draw=_pick)


def _list(model: Whitelist) -> Chart:
    return model.listing(filters.one_of("清单", LISTS, "list", "new", width=250))


def _pick(chart: Chart) -> None:
    if chart.empty:
        st.text("没有需要列出的企业。")
        return
    ids = chart.rows["uscc"].tolist()
    named = dict(zip(ids, chart.rows["enterprise_name"].tolist(), strict=True))
    picking.rows_to_pick(
        panel.written(chart), ids, chart.id, picking.remember(FIRM), chart.alt, height=380,
        widths={"扣分原因": 560},
    )  # fmt: skip
    chosen = st.session_state.get(FIRM)
    if chosen in named:
        shell.link("enterprise", f"打开企业画像：{literal(named[chosen])}", "domain", {"uscc": str(chosen)})
