"""Parts of the page 信用修复 that only it has: who can apply, the way to repair, one case under both rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from minxin import settings
from minxin.access import Viewer, may
from minxin.analysis import wording
from minxin.analysis.credit.repair import Case
from minxin.board import ahead, cards, columns, filters, operations, panel, picking, shell
from minxin.board.credit import asked
from minxin.board.credit.asked import Chosen
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.credit import repair_case
from minxin.charts.credit.question import Question
from minxin.charts.credit.repair import Repair, state_names
from minxin.charts.words import clean, is_moment, missing
from minxin.settings import Refused
from minxin.warehouse import repair_rules
from minxin.warehouse.visibility import Revocations, today

PAGE = "repair"
CASE = "penalty"
#: The span that the page opens with: repairs take their time.
SPAN = "two"
#: States whose penalties can be listed, in the order of the menu.
LISTED = ("ready", "near", "soon", "owing", "pending")
#: Px of the table of a case: its eleven lines and the heading.
HEIGHT = columns.whole(11)
_DONE = "repair_done"
_DEFINITIONS = {
    "ready": "**可以申请**：满最短公示期，已改正并履行完毕，还没有申请的公示中处罚。",
    "soon": "**即将可申请**：距最早可申请日不足规定的提醒天数，应提醒企业备好材料。",
    "owing": "**待改正或履行**：已满最短公示期，但还没有改正违法行为或履行完处罚义务。",
    "pending": "**在办申请**：已经申请、还没有决定的。",
    "granted": "**同意率**：同意件数 ÷（同意 + 不同意），95% 区间按威尔逊法；在办的不计。",
}


def answer(source: Source, question: Question) -> Repair:
    """The page for what was asked; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, panel.theme()))
    return _kept(source.key, question, source)


def _ahead(source: Source, look: str) -> Iterator[ahead.Answer]:
    yield from (partial(_answer_whole, source, question, look) for question in asked.near(source, SPAN))


def _answer_whole(source: Source, question: Question, look: str) -> None:
    page = _kept(source.key, question, source)
    listed = [page.listed(LISTED[0])] if source.viewer.detail != "aggregate" else []
    panel.draw_ahead([page.figures, page.funnel, page.coming, page.speed, page.months, *listed], look)
    _ = page.headline


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(key: tuple[str, ...], question: Question, _source: Source) -> Repair:
    return Repair(_source, question, _source.about, repair_rules.load())


def headline(page: Repair, chosen: Chosen, viewer: Viewer) -> None:
    """The messages of the page and, in the line of filters, its export; what was just decided on top."""
    if may(viewer, PAGE, "export"):
        with chosen.rest:
            _export(page, viewer)
    if said := st.session_state.pop(_DONE, ""):
        st.success(literal(said), icon=":material/check_circle:")
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))


@part
def _export(page: Repair, viewer: Viewer) -> None:
    panel.export_menu(lambda: page.charts(viewer.detail != "aggregate"), "page", "信用修复", label="导出")


def figures(page: Repair) -> None:
    """What stands today."""
    cards.kpi_row(page.figures, _DEFINITIONS)


def way(page: Repair, viewer: Viewer) -> None:
    """How far penalties came and how long each step took; what is coming, and how the stock moves."""
    for pair in ((page.funnel, page.speed), (page.coming, page.months)):
        for column, chart in zip(st.columns(2), pair, strict=True):
            with column:
                panel.panel(chart, viewer, PAGE)


# ── single penalties ────────────────────────────────────────────────────────────────────────────


def drill(page: Repair, viewer: Viewer) -> None:
    """Penalties by state, those in hand by how long they wait; a click chooses the case below."""
    panel.chosen_panel(partial(_list, page), viewer, PAGE, "list", draw=_pick)


def _list(page: Repair) -> Chart:
    names = state_names(page.rules)
    return page.listed(filters.one_of("状态", {s: names[s] for s in LISTED}, "state", "ready"))


def _pick(chart: Chart) -> None:
    if chart.empty:
        st.text("没有需要列出的处罚。")
        return
    ids = chart.rows["penalty_id"].tolist()
    st.caption("点一行，看该件在两版规则下各从何时起可以申请。")
    # The whole page follows from a choice, not only its panel.
    picking.rows_to_pick(panel.written(chart), ids, chart.id, picking.remember(CASE), chart.alt, height=320)
    if st.session_state.get(f"{CASE}_shown") != st.session_state.get(CASE):
        st.session_state[f"{CASE}_shown"] = st.session_state.get(CASE)
        st.rerun()


def case(source: Source, page: Repair, viewer: Viewer) -> None:
    """The penalty chosen in the list or named in the address under both rules; its firm, the decision on its repair."""
    chosen = str(st.session_state.get(CASE) or st.query_params.get(CASE, ""))
    if not chosen:
        return
    found = source("repair.one", penalty_id=chosen)
    if found.empty:
        st.caption("所选处罚已不再展示（已修复、公示期满或已撤销）。")
        return
    row = found.iloc[0].to_dict()
    about = page.today.of(str(row["enterprise_name"]), str(row["document_no"] or chosen))
    st.subheader(f"{literal(row['enterprise_name'])}：{literal(row['document_no'] or chosen)}", anchor=False)
    left, right = st.columns([8, 4])
    with left:
        applied = None if missing(row["applied_on"]) else pd.Timestamp(row["applied_on"]).date()
        now = today(source.queries.home)
        held = repair_case.versions(repair_case.case_of(row), now, page.rules, about, applied_on=applied)
        panel.panel(held, viewer, PAGE, draw=partial(panel.table, name="case", height=HEIGHT))
    with right.container(border=True, height="stretch", key="case_side"):
        _facts(row)
        shell.link("enterprise", "打开企业画像", "domain", {"uscc": str(row["uscc"])})
        if may(viewer, PAGE, "approve"):
            _decide(chosen, viewer)


def _facts(row: dict[str, Any]) -> None:
    named = {
        "authority": "处罚机关", "kind": "处罚种类", "field": "领域", "severity": "违法程度", "decided_on": "决定日期",
        "published_on": "公示日期", "corrected_on": "改正日期", "fulfilled_on": "履行完毕", "applied_on": "申请日期",
        "county_name": "县区",
    }  # fmt: skip
    for name, label in named.items():
        value = row[name]
        said = "—" if missing(value) else wording.date_text(value, True) if is_moment(value) else clean(value)
        st.text(f"{label}：{said}")


@part
def _decide(penalty_id: str, viewer: Viewer) -> None:
    menu = st.popover("登记同意修复", icon=":material/verified:", key="decide", on_change="rerun")
    if not menu.open:
        return
    with menu, st.form("decide_form", border=False, enter_to_submit=False):
        operations.ask_operator(viewer, "repair")
        st.text_input("依据（修复决定文号或理由）", key="repair_reason", max_chars=200)
        st.caption("登记后该件立即从各页面、新导出的文件和各快照中消失；写错了由管理员用命令恢复。")
        st.form_submit_button("确认停止公示", type="primary", on_click=_granted, args=(penalty_id, viewer))
    if st.session_state.get(_DONE) and not st.session_state.get(CASE):
        st.rerun()


def _granted(penalty_id: str, viewer: Viewer) -> None:
    """In the callback: the decision is written, or what is wrong with it is said."""
    with shell.shown_errors():
        if not may(viewer, PAGE, "approve"):
            raise Refused("您没有登记修复决定的权限，请联系管理员。")
        operations.take_operator("repair")
        if not operations.is_known(viewer):
            raise Refused("请先填写您的岗位或工号，再登记。")
        who = operations.operator() or viewer.identity
        reason = str(st.session_state.get("repair_reason", ""))
        Revocations(settings.home()).revoke(penalty_id, who, f"同意修复：{reason.strip()}" if reason.strip() else "")
        st.session_state[_DONE] = f"已登记同意修复，{penalty_id} 不再展示。"
        # Nothing is chosen any more, and the list knows it: else it would run the page again and take the word away.
        for name in (CASE, f"{CASE}_shown"):
            st.session_state.pop(name, None)
        st.query_params.pop(CASE, None)


# ── rules ───────────────────────────────────────────────────────────────────────────────────────


@part
def tried(page: Repair, source: Source, viewer: Viewer) -> None:
    """Any penalty by hand under both rules, and what of the rules is not verified."""
    lot = st.expander("按规则试算与待核事项", icon=":material/rule:", key="tried", on_change="rerun")
    if not lot.open:
        return
    with lot:
        allowed = repair_rules.values()
        now = today(source.queries.home)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            decided = st.date_input("决定书日期", dt.date(2026, 3, 31), format="YYYY-MM-DD", key="try_day", width=150)
            kind = _choice("处罚种类", allowed["kind"], "罚款", "try_kind")
            field = _choice("领域", allowed["field"], "一般", "try_field")
            severity = _choice("违法程度", allowed["severity"], "一般", "try_severity")
            summary = st.toggle("简易程序", key="try_summary")
        day = decided if isinstance(decided, dt.date) else now
        tried_case = Case(day, kind, field, severity, bool(summary), published_on=day)
        held = repair_case.versions(tried_case, now, page.rules, page.today.of("试算"), "repair_tried")
        panel.panel(held, viewer, PAGE, draw=partial(panel.table, name="tried", height=HEIGHT))
        st.caption("待核：以下各项没有可靠出处，为本项目假定，请以处罚机关和公布文本为准。")
        for text in page.rules.assumptions.values():
            st.text(f"· {text}")


def _choice(label: str, options: tuple[str, ...], default: str, key: str) -> str:
    chosen = st.selectbox(label, options, index=options.index(default), key=key, width=140)
    return filters.allowed(chosen, options, default)
