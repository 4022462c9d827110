"""A record opened beside its list: the list to pick it from, what its steps said, its moves and its history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.board import filters, noting, operations, panel, records, registry
from minxin.board.frames import Source
from minxin.board.picking import rows_to_pick
from minxin.board.shell import link
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.decisions import minute
from minxin.charts.words import clean
from minxin.settings import Refused, Unusable

if TYPE_CHECKING:
    from minxin.operations import Actor, View
    from minxin.operations.rules import Move

PAGE = "decisions"
_SAID, _PICKED = "decisions_said", "decisions_picked"
STEPS = {"create": "记录", "change": "修改"}
#: Fields of the history that say what the drawer above says in words.
_UNREAD = ["view_address", "view_chart"]


def close() -> None:
    """Open nothing any more."""
    st.query_params.pop("id", None)
    st.session_state.pop(_SAID, None)


def places() -> tuple[Any, DeltaGenerator | None]:
    """Where the list stands, and where what is opened does."""
    if not st.query_params.get("id"):
        return st.container(), None
    left, right = st.columns([5, 7])
    return left, right


def pick(chart: Chart, narrow: Sequence[str] | None) -> None:
    """A list whose rows open beside it; ``narrow``: the headings that stay where something is open already."""
    if chart.empty:
        st.text("没有需要列出的内容。")
        return
    shown = panel.written(chart)
    rows_to_pick(
        shown[list(narrow)] if narrow else shown,
        chart.rows["id"].tolist(),
        chart.id,
        _opened,
        chart.alt,
        "content" if len(shown) <= 12 else 460,
        {"批示内容": 320, "期限": 190},
    )
    if st.session_state.pop(_PICKED, False):
        st.rerun()


def _opened(record: str) -> None:
    open_one(record)
    st.session_state[_PICKED] = True


def open_one(record: str) -> None:
    """Open a record (in a callback); the address then opens it, too."""
    st.query_params["id"] = record
    st.session_state.pop(_SAID, None)


def tell(kind: str, line: str) -> None:
    """What the opened record says at the next run: ``success``, ``error`` or ``stale``."""
    st.session_state[_SAID] = kind, line


def told() -> None:
    """Show what the last step said, once."""
    kind, line = st.session_state.pop(_SAID, ("", ""))
    if kind == "stale":
        st.warning(line, icon=":material/sync_problem:")
        st.caption("下面已是最新状态，您填写的内容还在，请核对后重新提交。")
    elif kind == "success":
        st.success(line, icon=":material/task_alt:")
    elif kind:
        st.error(line, icon=":material/block:")


def step(act: Callable[[], str], *cleared: str) -> None:
    """Do one step in a callback; what was typed is forgotten only where it was saved."""
    from minxin.operations import Stale

    try:
        line = act()
    except Stale as error:
        tell("stale", str(error))
    except (Refused, Unusable) as error:
        tell("error", str(error))
    else:
        tell("success", line)
        for key in cleared:
            st.session_state[key] = ""


def listed(said: dict[str, str]) -> None:
    """Facts line by line, as plain text."""
    st.text("\n".join(f"{name}：{clean(value)}" for name, value in said.items() if clean(value)))


def seen_on(view: View, source: Source) -> None:
    """The view that something was made on: which, on which data, and the way back to it."""
    pages = {e.id: e for e in registry.entries()}
    page = pages.get(view.page)
    what = f"工单 {view.record}" if view.record else f"「{view.title}」" if view.title else ""
    now = source.snapshot.id
    same = "即当前快照" if view.snapshot == now else f"当前为 {now}，数字可能已有变化"
    data = f"快照 {view.snapshot}，{same}" if view.snapshot else ""
    listed({"所看画面": "，".join(filter(None, (page.title if page else view.page, what))), "所看数据": data})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if page is not None and page.id != PAGE:
            asked = dict(parse_qsl(view.address))
            link(page.id, "回到当时的画面", "undo", asked)
        if view.record:
            st.button(
                "查看这件诉求",
                icon=":material/article:",
                type="tertiary",
                on_click=records.open_later,
                args=(view.record,),
            )


def acting(viewer: Viewer) -> Actor | None:
    """Who acts, or None after saying what is missing."""
    if not noting.allowed(viewer) and not may(viewer, PAGE, "approve") and not may(viewer, PAGE, "second_check"):
        return None
    if not operations.is_known(viewer):
        with st.form("operator_here", border=False, enter_to_submit=False):
            operations.ask_operator(viewer, "here")
            st.form_submit_button("填好后办理", on_click=operations.take_operator, args=("here",))
        return None
    return operations.actor(viewer)


def moves_form(record: str, possible: Sequence[Move], act: Callable[[Move, str], str]) -> None:
    """The steps that may be made now, one of them chosen, with the text that it needs."""
    names = {m.code: m for m in possible}
    chosen = st.segmented_control(
        "办理",
        list(names),
        default=next(iter(names)),
        required=True,
        format_func=lambda code: names[code].label if code in names else str(code),
        key=f"move_{record}_{'_'.join(names)}",
        label_visibility="collapsed",
    )
    move = names[filters.allowed(chosen, list(names), next(iter(names)))]
    key = f"said_{record}"

    def take() -> None:
        step(lambda: act(move, str(st.session_state.get(key) or "")), key)

    with st.form(f"move_form_{record}", border=False, enter_to_submit=False):
        st.text_area(move.needs or "说明（可不填）", key=key, height=80)
        st.form_submit_button(move.label, type="primary", on_click=take)


def listed_notes(notes: pd.DataFrame) -> None:
    """Notes, the latest first."""
    for note in notes.iloc[::-1].to_dict("records"):
        with st.container(gap=None):
            st.caption(literal(f"{note['who']}，{minute(note['at'])}"))
            if note["text"]:
                st.text(note["text"])


def history(record: str, part: Any, viewer: Viewer, steps: dict[str, str]) -> None:
    """Every change of a record, asked for when somebody opens it."""
    lot = st.expander("全部经过", icon=":material/history:", key=f"history_{record}", on_change="rerun")
    if not lot.open:
        return
    held = part.history(viewer, record)
    words = STEPS | steps
    fields = held["field"].replace("", None).notna()
    shown = pd.DataFrame(
        {
            "时间": held["at"].map(minute),
            "何人": [w if v else f"{w}（未经登录核实）" for w, v in zip(held["who"], held["verified"], strict=True)],
            "步骤": held["action"].map(lambda a: words.get(a, a)),
            "版本": held["version"],
            "项目": held["label"].where(fields, "—"),
            "由": held["before"].fillna("—"),
            "改为": held["after"].fillna("—"),
        }
    )
    with lot:
        st.dataframe(
            shown[~held["field"].isin(_UNREAD)],
            hide_index=True,
            alt="这条记录的全部变更",
            height="content",
            placeholder="—",
        )
