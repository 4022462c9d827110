"""One instruction opened beside its list: what, by whom, on which view, what may be done now, how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from minxin.access import Viewer
from minxin.board import noting, opened, operations
from minxin.board.frames import Source
from minxin.board.operations import Reading
from minxin.board.text import literal
from minxin.charts import decisions as charts
from minxin.charts.decisions import day, minute
from minxin.settings import Refused, Unusable

if TYPE_CHECKING:
    from minxin.operations.instructions import Instruction
    from minxin.operations.rules import Move


def one(record: str, found: Reading, source: Source, viewer: Viewer) -> None:
    """One instruction: what, by whom, on which view, what may be done now, how it went."""
    heading = st.container(horizontal=True, vertical_alignment="center", gap="small")
    try:
        held = found.store.instructions.one(viewer, record)
    except (Refused, Unusable) as error:
        heading.button("关闭", icon=":material/close:", on_click=opened.close, type="tertiary")
        st.warning(str(error), icon=":material/block:")
        return
    listed = operations.instructions(found, viewer)
    row = listed[listed["id"] == held.id].iloc[0]
    heading.subheader(literal(held.id), anchor=False, width="content")
    heading.markdown(_badges(held, row))
    with heading.container(horizontal=True, horizontal_alignment="right"):
        st.button("关闭", icon=":material/close:", on_click=opened.close, type="tertiary")
    opened.told()
    if held.text:
        st.text(held.text)
    _facts(held, row)
    opened.seen_on(held.view, source)
    _moves(held, found, viewer)
    _progress(held, row, found, viewer)
    _edit(held, found, viewer)
    opened.history(
        held.id,
        found.store.instructions,
        viewer,
        {m.code: m.label for m in found.store.rules.instruction.moves.values()},
    )


def _badges(held: Instruction, row: pd.Series) -> str:
    words = noting.urgencies()
    said = [f":blue-badge[{literal(held.state_label)}]"]
    if held.urgency != "normal":
        said.append(f":gray-badge[{literal(words.get(held.urgency, held.urgency))}]")
    if row["level"]:
        said.append(f":orange-badge[{literal(row['level_label'])}]")
    return " ".join(said)


def _facts(held: Instruction, row: pd.Series) -> None:
    by = held.given_by if held.noted_by == held.given_by else f"{held.given_by}（{held.noted_by} 记录）"
    left = charts.term(held.due_on, row["level"], row["level_label"], row["workdays"])
    presumed = "；其中有按周末推定的工作日" if bool(row["presumed"]) else ""
    missed = f"；原期限 {day(held.missed_on)} 已错过" if held.missed_on else ""
    said = {
        "批示人": f"{by}，{minute(held.given_at)}",
        "承办单位": held.unit.name + (f"；协办：{'、'.join(u.name for u in held.co_units)}" if held.co_units else ""),
        "期限": left + missed + presumed,
        "办结依据": held.evidence,
        "申请办结": f"{held.asked_by}，{minute(held.asked_at)}" if held.asked_by else "",
        "核查": f"{held.checked_by}，{minute(held.checked_at)}" if held.checked_by else "",
    }
    opened.listed(said)


def _moves(held: Instruction, found: Reading, viewer: Viewer) -> None:
    actor = opened.acting(viewer)
    if actor is None:
        return
    possible = found.store.instructions.moves(actor, held.id)
    if not possible:
        waits = held.state in found.store.rules.instruction.in_role("check")
        st.caption("等待另一人核查：申请办结的人不能核查自己。" if waits else "您现在没有可以办理的步骤。")
        return

    def act(move: Move, said: str) -> str:
        made = operations.store().instructions.move(operations.actor(viewer), held.id, held.version, move.code, said)
        return f"{literal(made.id)} 已「{move.label}」，现在是「{made.state_label}」。"

    opened.moves_form(held.id, possible, act)


def _progress(held: Instruction, row: pd.Series, found: Reading, viewer: Viewer) -> None:
    notes = found.store.instructions.notes(viewer, held.id) if row["notes"] else pd.DataFrame()
    if len(notes):
        st.markdown("**办理进展**")
        opened.listed_notes(notes)
    if not noting.allowed(viewer) or not operations.is_known(viewer):
        return
    key = f"note_{held.id}"

    def add() -> str:
        operations.store().instructions.note(operations.actor(viewer), held.id, str(st.session_state.get(key) or ""))
        return "进展已记下。"

    def remind() -> str:
        level = operations.store().instructions.remind(operations.actor(viewer), held.id)
        return f"已记一次催办（{found.store.rules.levels.get(level, level)}）。"

    with st.form(f"note_form_{held.id}", border=False, enter_to_submit=False):
        st.text_area("记一条进展", key=key, height=68)
        st.form_submit_button("记下进展", on_click=lambda: opened.step(add, key))
    if row["level"]:
        times = int(row["reminders"])
        st.button(
            f"记一次催办（{row['level_label']}）",
            icon=":material/notifications:",
            on_click=lambda: opened.step(remind),
            key=f"remind_{held.id}",
            help=f"已催办 {times} 次" if times else "还没有催办过",
        )


def _edit(held: Instruction, found: Reading, viewer: Viewer) -> None:
    """Text, due date and urgency; only what was touched is saved, so that nothing of others' is undone."""
    state = found.store.rules.instruction.states.get(held.state)
    if not noting.allowed(viewer) or not operations.is_known(viewer) or viewer.detail == "aggregate":
        return
    if state is None or not state.clock:
        return
    lot = st.expander("修改批示", icon=":material/edit:", key=f"edit_{held.id}", on_change="rerun")
    if not lot.open:
        return
    keys = {name: f"edit_{name}_{held.id}" for name in ("text", "due_on", "urgency")}
    now = {name: getattr(held, name) for name in keys}
    _rebase(held.id, keys, now)
    with lot, st.form(f"edit_form_{held.id}", border=False, enter_to_submit=False):
        st.text_area("批示内容", key=keys["text"], height=100)
        left, right = st.columns(2)
        with left:
            st.date_input("期限", key=keys["due_on"], min_value=held.given_at.date(), format="YYYY-MM-DD")
        with right:
            words = noting.urgencies()
            st.segmented_control(
                "缓急", list(words), required=True, format_func=lambda c: words.get(c, str(c)), key=keys["urgency"]
            )
        st.text_input("修改的说明", key=f"edit_reason_{held.id}", max_chars=120)
        st.form_submit_button(
            "保存修改", on_click=lambda: opened.step(lambda: _change(held, keys, now, viewer), f"edit_reason_{held.id}")
        )


def _rebase(record: str, keys: dict[str, str], now: dict[str, Any]) -> None:
    """Fields that nobody touched follow the newest state; what was typed stays."""
    base = st.session_state.get(f"edit_base_{record}", {})
    for name, key in keys.items():
        if key not in st.session_state or st.session_state[key] == base.get(name):
            st.session_state[key] = now[name]
    st.session_state[f"edit_base_{record}"] = now


def _change(held: Instruction, keys: dict[str, str], base: dict[str, Any], viewer: Viewer) -> str:
    touched = {n: st.session_state.get(k) for n, k in keys.items() if st.session_state.get(k) != base[n]}
    reason = str(st.session_state.get(f"edit_reason_{held.id}") or "")
    if not touched and not reason:
        raise Refused("没有改动，不用保存。")
    if isinstance(due := touched.get("due_on"), (tuple, list, type(None))) and "due_on" in touched:
        raise Refused(f"请填写「期限」后再提交{'' if due is None else '，只填一天'}。")
    made = operations.store().instructions.change(
        operations.actor(viewer), held.id, held.version, reason=reason, **touched
    )
    return f"{literal(made.id)} 的修改已保存。"
