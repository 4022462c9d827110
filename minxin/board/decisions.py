"""Parts of the page 批示督办: figures, the list, one instruction with what may be done about it, what came before."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis import wording
from minxin.board import filters, instruction, noting, opened, operations, panel, records
from minxin.board.frames import Source
from minxin.board.operations import Reading
from minxin.board.shell import link
from minxin.charts import decisions as charts
from minxin.charts.decisions import Standing
from minxin.charts.words import clean
from minxin.settings import Refused, Unusable

PAGE = opened.PAGE
SHOWS = {"instructions": "批示", "proposals": "提请审批", "past": "历史批示"}
#: How many instructions of the imported ledger are listed.
PAST_ROWS = 300
PAST_HEIGHT = 480
#: States that are no states of the machine, but often asked for.
_OPEN, _ALL = "open", "all"
_BEYOND = {_OPEN: "未办结", "due_soon": "临期", "late": "逾期", "late_twice": "再次逾期"}


# ── opening ─────────────────────────────────────────────────────────────────────────────────────


def opening(viewer: Viewer) -> tuple[Reading | None, bool]:
    """The store as it stands, None where nobody wrote yet, and whether it can be used: else one line says why not."""
    try:
        return operations.reading(), True
    except (Refused, Unusable) as error:
        st.error(str(error), icon=":material/block:")
        return None, False


def figures(found: Reading | None, viewer: Viewer) -> None:
    """The page's own line of figures."""
    held = _standing(found, viewer)
    for column, (name, n, told) in zip(
        st.columns(5),
        (
            ("未办结", held.open, "没有办结也没有撤销的批示，含待核查"),
            ("临期", held.due_soon, "离期限只剩规定的工作日，缓急不同规定不同"),
            ("逾期", held.late, "期限当日过完仍在办理，含再次逾期；待核查的不算逾期"),
            ("再次逾期", held.late_twice, "改期后又逾期，或逾期满规定的工作日"),
            ("待核查", held.checking, "已申请办结，等另一人核查"),
        ),
        strict=True,
    ):
        column.metric(name, f"{n}条", border=True, help=told)


def imported(source: Source, viewer: Viewer) -> None:
    """What the figures above leave out: the instructions of the imported ledger, and how many of them still run."""
    held = source("decisions.past_counts", start=source.snapshot.as_of.date())
    n, running = int(held["n"].sum()), int(held["n_open"].sum())
    if not n:
        return
    smallest = source.hidden_below
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="imported"):
        st.caption(
            f"以上只计在本系统记下的批示。导入的历史台账另有 {wording.count_text(n, '条', smallest)}，"
            f"其中未落实 {wording.count_text(running, '条', smallest)}，不计入。"
        )
        if viewer.detail != "aggregate":
            st.button("看历史批示", icon=":material/history:", type="tertiary", key="see_past", on_click=_see_past)


def _see_past() -> None:
    opened.close()
    st.session_state["show"] = "past"


def _standing(found: Reading | None, viewer: Viewer) -> Standing:
    if found is None:
        return Standing(0, 0, 0, 0, 0, 0)
    machine = found.store.rules.instruction
    return Standing.of(operations.instructions(found, viewer), machine.in_role("check"), machine.in_role("done"))


def choose(found: Reading | None, viewer: Viewer) -> str:
    """Which of the three lists is looked at; who acts stands at the end of the line."""
    waiting = 0
    if found is not None:
        held = operations.proposals(found, viewer)
        waiting = int((held["state"] == found.store.rules.proposal.start).sum())
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        chosen = st.segmented_control(
            "内容",
            list(SHOWS),
            default="instructions",
            required=True,
            format_func=lambda code: SHOWS.get(code, str(code)),
            key="show",
            bind="query-params",
            label_visibility="collapsed",
            on_change=opened.close,
        )
        if waiting:
            st.markdown(f":blue-badge[{waiting} 件待审批]")
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
            if noting.allowed(viewer):
                operations.operator_menu(viewer)
    return filters.allowed(chosen, list(SHOWS), "instructions")


# ── the list ────────────────────────────────────────────────────────────────────────────────────


def listing(found: Reading | None, source: Source, viewer: Viewer) -> None:
    """The instructions of the chosen state, unit and urgency, and the one that is opened beside them."""
    if found is None:
        st.info(
            "还没有批示。在任一图表右上角的菜单里、或在一件诉求的详情里点「记一条批示」，即可从所看的画面记下。",
            icon=":material/edit_note:",
        )
        return
    rows, words = _narrowed(found, operations.instructions(found, viewer))
    chart = charts.instructions(rows, noting.urgencies(), source.about.of(*words))
    left, right = opened.places()
    with left:
        panel.panel(chart, viewer, PAGE, draw=lambda c: opened.pick(c, charts.NARROW if right else None))
    if right is not None:
        with right.container(border=True, key="opened"):
            instruction.one(str(st.query_params.get("id", "")), found, source, viewer)


def _narrowed(found: Reading, held: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    machine = found.store.rules.instruction
    states = _BEYOND | {s.code: s.label for s in machine.states.values()} | {_ALL: "全部状态"}
    units = {"": "全部单位"} | dict(sorted(zip(held["unit_code"], held["unit_name"], strict=True), key=lambda u: u[1]))
    urgencies = {"": "不论缓急"} | noting.urgencies()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state = filters.one_of("状态", states, "state", _OPEN)
        unit = filters.one_of("承办单位", units, "unit", "", width=220)
        urgency = filters.one_of("缓急", urgencies, "urgency", "", width=130)
    rows = held
    if state == _OPEN:
        rows = rows[rows["is_open"]]
    elif state == "late":
        rows = rows[rows["level"].isin(list(charts.LATE))]
    elif state in _BEYOND:
        rows = rows[rows["level"] == state]
    elif state != _ALL:
        rows = rows[rows["state"] == state]
    if unit:
        rows = rows[rows["unit_code"] == unit]
    if urgency:
        rows = rows[rows["urgency"] == urgency]
    said = [states[state], *([clean(units[unit])] if unit else []), *([urgencies[urgency]] if urgency else [])]
    return rows, said


# ── what came before ────────────────────────────────────────────────────────────────────────────


def past(source: Source, viewer: Viewer) -> None:
    """The instructions of the imported ledger; a row opens its petition."""
    if viewer.detail == "aggregate":
        st.text("您的权限只能查看汇总数，不列出历史批示。")
        return
    found = source("decisions.past", limit=PAST_ROWS)
    chart = charts.past(found, source.about)
    panel.panel(chart, viewer, PAGE, draw=lambda c: records.list_to_pick_from(c, source, PAST_HEIGHT))


# ── on the weekly page ──────────────────────────────────────────────────────────────────────────


def strip(viewer: Viewer) -> None:
    """What was ordered since the Monday of last week and how it stands, in one line; nothing where there is none."""
    if not may(viewer, PAGE, "see"):
        return
    try:
        found = operations.reading()
        held = operations.instructions(found, viewer) if found is not None else None
    except (Refused, Unusable) as error:
        st.warning(str(error), icon=":material/block:")
        return
    if found is None or held is None or held.empty:
        return
    said = _strip_words(held, found)
    if said:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="last_week"):
            st.markdown(said)
            link(PAGE, "去督办", "arrow_forward")


def _strip_words(held: pd.DataFrame, found: Reading) -> str:
    machine = found.store.rules.instruction
    monday = pd.Timestamp(found.today - dt.timedelta(days=found.today.weekday() + 7))
    counted = held[held["is_open"] | held["state"].isin(machine.in_role("done"))]
    recent = counted[counted["given_at"] >= monday]
    stand = Standing.of(recent, machine.in_role("check"), machine.in_role("done"))
    older = int(counted.loc[counted["given_at"] < monday, "level"].isin(list(charts.LATE)).sum())
    parts = []
    if len(recent):
        running = stand.open - stand.checking - stand.late
        late = f"**逾期 {stand.late}**" if stand.late else "逾期 0"
        told = [f"已办结 {stand.closed}", f"办理中 {running}", f"待核查 {stand.checking}", late]
        kept = [t for t, n in zip(told, (1, 1, stand.checking, 1), strict=True) if n]
        parts.append(f"上周以来批示 {len(recent)} 条：{'、'.join(kept)}")
    if older:
        parts.append(f"更早的批示还有 **{older} 条逾期**")
    return f":gray-badge[批示] {'；'.join(parts)}" if parts else ""
