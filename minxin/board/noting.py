"""「记一条批示」 and 「提请审批」: forms that stand wherever a chart or a record is looked at."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from minxin import tables
from minxin.access import Viewer, may
from minxin.board import filters, operations, registry
from minxin.board.frames import Source
from minxin.board.frames import source as published
from minxin.board.shell import link
from minxin.board.text import literal
from minxin.calendar import calendar
from minxin.charts.chart import Chart
from minxin.charts.words import clean
from minxin.settings import NO_COMMUNITY, Refused, Unusable, deployment
from minxin.tables import Column

if TYPE_CHECKING:
    from minxin.operations import Unit, View
    from minxin.operations.rules import Kind

PAGE = "decisions"
#: Working days until the due date that stands in the form at first.
TERM = 5
_DONE, _TROUBLE = "noting_done", "noting_trouble"
#: A code of a community and a department's name never meet: both are told apart by what stands before.
_COMMUNITY, _DEPARTMENT = "community:", "department:"
_NO_CODE = re.compile(r"[^\w.:/+\-]+")


def allowed(viewer: Viewer) -> bool:
    """Whether the viewer may note instructions and propose."""
    return may(viewer, PAGE, "write")


# ── an instruction ──────────────────────────────────────────────────────────────────────────────


def begin() -> None:
    """Forget how the last form ended; the callback of whatever opens a new one."""
    st.session_state.pop(_DONE, None)
    st.session_state.pop(_TROUBLE, None)


def about_chart(chart: Chart, page: str, viewer: Viewer) -> None:
    """Open the dialog for an instruction on a chart."""
    _dialog(page, filters.address(), chart.snapshot, chart.id, chart.title, viewer)


@st.dialog("记一条批示", width="medium")
def _dialog(page: str, address: str, snapshot: str, chart: str, title: str, viewer: Viewer) -> None:
    from minxin.operations import View

    said = clean(st.session_state.get(filters.COMMUNITY, ""))
    view = View(page=page, address=address, snapshot=snapshot, chart=chart, title=title)
    instruction_form(viewer, view, said if said in deployment().community_codes else "", "chart")


def instruction_form(viewer: Viewer, view: View, community: str, name: str) -> None:
    """The form; ``community`` is who it is addressed to at first, ``name`` tells forms apart."""
    if _ended(name):
        return
    found = published(viewer)
    units = _units(found) if found is not None else {}
    first = f"{_COMMUNITY}{community}" if f"{_COMMUNITY}{community}" in units else None
    today = _today()
    with st.form(f"instruct_{name}", border=False, enter_to_submit=False):
        st.caption(f"依据：{literal(_view_words(view))}")
        st.text_area("批示内容", key=f"instruct_text_{name}", height=110, placeholder="写明要做什么、做到什么程度")
        left, right = st.columns(2)
        with left:
            st.selectbox(
                "承办单位",
                list(units),
                index=list(units).index(first) if first else None,
                format_func=lambda code: units.get(code, str(code)),
                placeholder="请选择",
                key=f"instruct_unit_{name}",
            )
            st.date_input(
                "期限",
                value=calendar(deployment()).add_workdays(today, TERM),
                min_value=today,
                format="YYYY-MM-DD",
                key=f"instruct_due_{name}",
                help=f"先填好的是 {TERM} 个工作日后，可改。",
            )
        with right:
            st.text_input("列表中没有的单位", key=f"instruct_other_{name}", max_chars=60, placeholder="填了以此为准")
            _urgency_control(f"instruct_urgency_{name}")
        st.multiselect(
            "协办单位（可不填）",
            list(units),
            format_func=lambda code: units.get(code, str(code)),
            placeholder="可选多个",
            key=f"instruct_others_{name}",
        )
        left, right = st.columns(2)
        with left:
            st.text_input("批示人（不填即为记录人）", key=f"instruct_by_{name}", max_chars=40)
        with right:
            operations.ask_operator(viewer, f"instruct_{name}")
        st.form_submit_button(
            "保存批示", type="primary", on_click=_give, args=(viewer, view, name, tuple(units.items()))
        )


def _urgency_control(key: str, default: str = "normal") -> None:
    words = urgencies()
    st.segmented_control(
        "缓急",
        list(words),
        default=default if default in words else next(iter(words)),
        required=True,
        format_func=lambda code: words.get(code, str(code)),
        key=key,
    )


def urgencies() -> dict[str, str]:
    """Code → word of the urgencies."""
    from minxin.operations.rules import rules

    return {u.code: u.label for u in rules(deployment()).urgencies.values()}


def _today() -> dt.date:
    """The day it is for the store, which need not be there yet."""
    from minxin import settings
    from minxin.operations import clock_of

    return clock_of(settings.home())().astimezone(deployment().zone).date()


def _units(source: Source) -> dict[str, str]:
    """Who can be asked: the communities in scope, then departments of the data."""
    places = {f"{_COMMUNITY}{c}": n for c, n in filters.community_names(source).items() if c != NO_COMMUNITY}
    return places | {f"{_DEPARTMENT}{clean(n)}": clean(n) for n in source("decisions.departments")["unit"] if clean(n)}


def unit_of(said: str) -> Unit:
    """A choice of ``_units``, or the name of another department, as the store knows units."""
    from minxin.operations import Unit

    if said.startswith(_COMMUNITY):
        return Unit("community", said.removeprefix(_COMMUNITY))
    name = said.removeprefix(_DEPARTMENT)
    return Unit("department", _NO_CODE.sub("-", name).strip("-")[:100], name)


def _give(viewer: Viewer, view: View, name: str, units: tuple[tuple[str, str], ...]) -> None:
    held, known = st.session_state, dict(units)
    operations.take_operator(f"instruct_{name}")
    other = clean(held.get(f"instruct_other_{name}"))
    chosen = str(held.get(f"instruct_unit_{name}") or "")

    def give() -> str:
        if not other and chosen not in known:
            raise Refused("请选择「承办单位」后再提交。")
        due = held.get(f"instruct_due_{name}")
        if not isinstance(due, dt.date):
            raise Refused("请填写「期限」后再提交。")
        made = operations.store().instructions.give(
            operations.actor(viewer),
            str(held.get(f"instruct_text_{name}") or ""),
            unit_of(other or chosen),
            due,
            view,
            given_by=str(held.get(f"instruct_by_{name}") or ""),
            urgency=str(held.get(f"instruct_urgency_{name}") or "normal"),
            co_units=[unit_of(code) for code in held.get(f"instruct_others_{name}") or [] if code in known],
        )
        return made.id

    _try(name, give, "已保存，可在「批示督办」跟踪办理。")


def _try(name: str, act: Any, words: str) -> None:
    """Do what a form asks for and remember how it ended: what was typed stays where it was refused."""
    try:
        record = act()
    except (Refused, Unusable) as error:
        st.session_state[_TROUBLE] = name, str(error)
    else:
        st.session_state.pop(_TROUBLE, None)
        st.session_state[_DONE] = name, record, words


def _ended(name: str) -> bool:
    """Show how the form ended; whether it is done with."""
    trouble = st.session_state.get(_TROUBLE)
    if trouble and trouble[0] == name:
        st.error(trouble[1], icon=":material/block:")
    done = st.session_state.get(_DONE)
    if not done or done[0] != name:
        return False
    st.success(f"{literal(done[1])} {done[2]}", icon=":material/task_alt:")
    kind = {"show": "提请审批"} if done[1].startswith("提请") else {}
    link(PAGE, "去「批示督办」查看", "arrow_forward", {**kind, "id": done[1]})
    return True


def _view_words(view: View) -> str:
    """每周会商 · 「…」 · 快照 s000003."""
    names = {e.id: e.title for e in registry.entries()}
    what = f"工单 {view.record}" if view.record else f"「{view.title}」" if view.title else ""
    return " · ".join(filter(None, (names.get(view.page, view.page), what, f"快照 {view.snapshot}")))


# ── a proposal ──────────────────────────────────────────────────────────────────────────────────


def about_record(row: Mapping[Any, Any], page: str, snapshot: str, viewer: Viewer) -> None:
    """In the drawer of a record: the two forms, each as it is opened; nothing for who may not write."""
    if not allowed(viewer) or viewer.detail == "aggregate":
        return
    from minxin.operations import View

    petition, community = clean(row["petition_id"]), clean(row["community_code"])
    options = {"instruct": "记一条批示", "propose": "提请审批"}
    chosen = st.segmented_control(
        "办理",
        list(options),
        format_func=lambda code: options.get(code, str(code)),
        key=f"record_act_{petition}",
        label_visibility="collapsed",
        on_change=begin,
    )
    if chosen not in options:
        return
    view = View(page=page, address=filters.address(), snapshot=snapshot, record=petition)
    with st.container(border=True):
        if chosen == "instruct":
            instruction_form(viewer, view, community, "record")
        else:
            _proposal_form(viewer, view, petition, community)


def _proposal_form(viewer: Viewer, view: View, petition: str, community: str) -> None:
    from minxin.operations.rules import rules

    if _ended("propose"):
        return
    kinds = rules(deployment()).kinds
    code = st.segmented_control(
        "事项",
        list(kinds),
        default=next(iter(kinds)),
        required=True,
        format_func=lambda c: f"提请{kinds[c].label}" if c in kinds else str(c),
        key="propose_kind",
        label_visibility="collapsed",
    )
    kind = kinds[filters.allowed(code, list(kinds), next(iter(kinds)))]
    declared = tables.table(kind.table)
    with st.form("propose", border=False, enter_to_submit=False):
        for name in (*kind.ask, *kind.optional):
            _field(kind, declared.column(name), name in kind.ask)
        st.text_area("理由", key="propose_grounds", height=90, placeholder="写明依据；不要写姓名、电话、门牌")
        operations.ask_operator(viewer, "propose")
        st.caption("由另一人批准后写入数据湖，下次构建计入统计；批准后可以撤销。")
        st.form_submit_button(
            f"提请{kind.label}", type="primary", on_click=_propose, args=(viewer, view, kind, petition, community)
        )


def _field(kind: Kind, column: Column, required: bool) -> None:
    label = column.label if required else f"{column.label}（可不填）"
    key = f"propose_{kind.code}_{column.name}"
    if column.values:
        st.selectbox(label, list(column.values), index=None, placeholder="请选择", key=key)
    elif column.type in ("date", "timestamp"):
        st.date_input(label, value=_today(), format="YYYY-MM-DD", key=key)
    else:
        st.text_input(label, key=key, max_chars=120)


def _propose(viewer: Viewer, view: View, kind: Kind, petition: str, community: str) -> None:
    operations.take_operator("propose")
    declared = tables.table(kind.table)

    def propose() -> str:
        facts: dict[str, str | dt.date | dt.datetime] = {}
        for name in (*kind.ask, *kind.optional):
            value = st.session_state.get(f"propose_{kind.code}_{name}")
            if isinstance(value, dt.date) and declared.column(name).type == "timestamp":
                # A term that ends on a day ends with that day.
                value = dt.datetime.combine(value, dt.time(23, 59, 59))
            if value not in (None, ""):
                facts[name] = value if isinstance(value, dt.date) else str(value)
        grounds = str(st.session_state.get("propose_grounds") or "")
        made = operations.store().proposals.propose(
            operations.actor(viewer), kind.code, petition, community, grounds, facts, view
        )
        return made.id

    _try("propose", propose, "已提请，等待另一人审批。")
