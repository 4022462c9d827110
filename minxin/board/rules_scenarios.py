"""Scenarios of the page 规则推演: rules that were tried out and kept under a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis.assessment import rules as rule_file
from minxin.analysis.assessment import trial, trial_words
from minxin.board import filters, operations, rules_controls
from minxin.board.rules_chosen import AGAIN, AGAINST, PAGE, TRIAL, Candidate, Chosen
from minxin.board.shell import part
from minxin.charts.rules import Rules
from minxin.charts.words import clean
from minxin.settings import Refused, Unusable

if TYPE_CHECKING:
    from minxin.operations import Store

_SAID = "rules_said"


def _said(kind: str, text: str) -> None:
    st.session_state[_SAID] = (kind, text)


def whole_again() -> None:
    """After a click in a part that redraws alone: what it changed is chosen for the whole page."""
    if st.session_state.get(AGAIN):
        st.rerun()


def say() -> None:
    """What came of the last click on a scenario."""
    kind, text = st.session_state.pop(_SAID, ("", ""))
    if kind == "error":
        st.error(text, icon=":material/block:")
    elif kind:
        st.success(text, icon=":material/check:")


def _act(viewer: Viewer, do: Callable[[Store, Any], str]) -> None:
    """Do something in the store as whoever stands there; what came of it is said when the page is drawn again."""
    st.session_state[AGAIN] = True
    try:
        _said("done", do(operations.store(), operations.actor(viewer)))
    except (Refused, Unusable) as error:
        _said("error", str(error))


def save_menu(page: Rules, viewer: Viewer) -> None:
    menu = st.popover("保存方案", icon=":material/bookmark_add:", type="tertiary", key="save", on_change="rerun")
    if not menu.open:
        return
    with menu, st.form("save_form", border=False):
        st.text_input("方案名称", key="scenario_name", max_chars=60, placeholder="例如：解决率为重")
        operations.ask_operator(viewer, "save")
        payload = trial.settings(page.trial.new)
        st.form_submit_button("保存", type="primary", on_click=_save, args=(viewer, payload, page.about.snapshot))


def _save(viewer: Viewer, payload: dict[str, Any], snapshot: str) -> None:
    operations.take_operator("save")
    name = str(st.session_state.get("scenario_name", ""))

    def do(store: Store, actor: Any) -> str:
        made = store.scenarios.save(actor, name, payload, snapshot)
        st.session_state["save"] = False  # the menu closes
        st.session_state[TRIAL] = made.id
        rules_controls.show(trial.from_settings(made.payload, rule_file.load()))
        return f"已保存为「{clean(made.name)}」（{made.id}），可在「试算」「对照」中选用。"

    _act(viewer, do)


@part
def scenarios(page: Rules, chosen: Chosen, viewer: Viewer) -> None:
    """The saved scenarios: try one, hold against one, rename, replace, delete."""
    held = {code: c for code, c in chosen.candidates.items() if c.is_saved}
    lot = st.expander(
        f"已存方案（{len(held)}）", icon=":material/bookmarks:", key="saved", on_change="rerun", bind="query-params"
    )
    if not lot.open:
        return
    with lot:
        if not held:
            st.text(_why_none())
            return
        _list(held)
        _one(page, held, viewer)


def _why_none() -> str:
    try:
        operations.reading()
    except (Refused, Unusable) as error:
        return str(error)
    return "还没有保存的方案。调好试算规则后，点页面上方的「保存方案」。"


def _list(held: Mapping[str, Candidate]) -> None:
    rows = [{"编号": c.code, "名称": clean(c.name), "保存人": clean(c.owner)} for c in held.values()]
    settings = [trial_words.settings(c.rule) for c in held.values()]
    st.dataframe(
        pd.DataFrame([row | said for row, said in zip(rows, settings, strict=True)]), hide_index=True, key="scenarios"
    )


def _one(page: Rules, held: Mapping[str, Candidate], viewer: Viewer) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        code = st.selectbox("方案", list(held), format_func=lambda code: held[code].label, key="scenario", width=280)
        one = held[filters.allowed(code, list(held), next(iter(held)))]
        st.button("作为试算", icon=":material/science:", on_click=_use, args=(TRIAL, one))
        st.button("作为对照", icon=":material/compare_arrows:", on_click=_use, args=(AGAINST, one))
    if may(viewer, PAGE, "write"):
        _change_form(page, one, viewer)
    whole_again()


def _change_form(page: Rules, one: Candidate, viewer: Viewer) -> None:
    form = st.form(f"change_{one.code}", border=False, enter_to_submit=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("改名为", value=one.name, key=f"name_{one.code}", max_chars=60, width=280)
        operations.ask_operator(viewer, "change")
        settings = trial.settings(page.trial.new)
        for words, what, icon in (
            ("改名", "name", ":material/edit:"),
            ("换成当前设置", "payload", ":material/save:"),
            ("删除", "delete", ":material/delete:"),
        ):
            st.form_submit_button(
                words, on_click=_change, args=(viewer, one, what, settings, page.about.snapshot), icon=icon
            )


def _use(key: str, one: Candidate) -> None:
    st.session_state[AGAIN] = True
    st.session_state[key] = one.code
    if key == TRIAL:
        rules_controls.show(one.rule)


def _change(viewer: Viewer, one: Candidate, what: str, settings: dict[str, Any], snapshot: str) -> None:
    operations.take_operator("change")
    name = str(st.session_state.get(f"name_{one.code}", ""))

    def do(store: Store, actor: Any) -> str:
        if what == "delete":
            store.scenarios.delete(actor, one.code, one.version)
            return f"已删除「{clean(one.name)}」（{one.code}）。"
        if what == "name":
            made = store.scenarios.change(actor, one.code, one.version, name=name)
            return f"{one.code} 已改名为「{clean(made.name)}」。"
        store.scenarios.change(actor, one.code, one.version, payload=settings, snapshot=snapshot)
        return f"「{clean(one.name)}」（{one.code}）已换成当前设置。"

    _act(viewer, do)
