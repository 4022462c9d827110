"""Parts of the page 批示督办: figures, the list, one instruction with what may be done about it, what came before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.board import filters, noting, operations, panel, records, registry
from minxin.board.frames import Source
from minxin.board.operations import Reading
from minxin.board.shell import link
from minxin.board.text import literal
from minxin.charts import decisions as charts
from minxin.charts.chart import Chart
from minxin.charts.decisions import Standing, day, minute
from minxin.charts.words import clean
from minxin.settings import Refused, Unusable

if TYPE_CHECKING:
    from minxin.operations import Actor, View
    from minxin.operations.instructions import Instruction
    from minxin.operations.rules import Move

PAGE = "decisions"
SHOWS = {"instructions": "批示", "proposals": "提请审批", "past": "历史批示"}
_SAID, _PICKED = "decisions_said", "decisions_picked"
#: How many instructions of the imported ledger are listed.
PAST_ROWS = 300
PAST_HEIGHT = 480
#: States that are no states of the machine, but often asked for.
_OPEN, _ALL = "open", "all"
_BEYOND = {_OPEN: "未办结", "due_soon": "临期", "late": "逾期", "late_twice": "再次逾期"}
STEPS = {"create": "记录", "change": "修改"}


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
            on_change=close,
        )
        if waiting:
            st.markdown(f":blue-badge[{waiting} 件待审批]")
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
            if noting.allowed(viewer):
                operations.operator_menu(viewer)
    return filters.allowed(chosen, list(SHOWS), "instructions")


def close() -> None:
    """Open nothing any more."""
    st.query_params.pop("id", None)
    st.session_state.pop(_SAID, None)


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
    left, right = places()
    with left:
        panel.panel(chart, viewer, PAGE, draw=lambda c: pick(c, charts.NARROW if right else None))
    if right is not None:
        with right.container(border=True, key="opened"):
            one(str(st.query_params.get("id", "")), found, source, viewer)


def places() -> tuple[Any, DeltaGenerator | None]:
    """Where the list stands, and where what is opened does."""
    if not st.query_params.get("id"):
        return st.container(), None
    left, right = st.columns([5, 7])
    return left, right


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


def pick(chart: Chart, narrow: Sequence[str] | None) -> None:
    """A list whose rows open beside it; ``narrow``: the headings that stay where something is open already."""
    if chart.empty:
        st.text("没有需要列出的内容。")
        return
    shown = panel.written(chart)
    ids = chart.rows["id"].tolist()
    st.dataframe(
        shown[list(narrow)] if narrow else shown,
        hide_index=True,
        on_select=lambda: _opened(f"picked_{chart.id}", ids),
        selection_mode="single-row",
        key=f"picked_{chart.id}",
        alt=literal(chart.alt),
        placeholder="—",
        height="content" if len(shown) <= 12 else 460,
        column_config={"批示内容": st.column_config.Column(width=320), "期限": st.column_config.Column(width=190)},
    )
    if st.session_state.pop(_PICKED, False):
        st.rerun()


def _opened(key: str, ids: list[str]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    if rows and 0 <= rows[0] < len(ids):
        open_one(ids[rows[0]])
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


# ── one instruction ─────────────────────────────────────────────────────────────────────────────


def one(record: str, found: Reading, source: Source, viewer: Viewer) -> None:
    """One instruction: what, by whom, on which view, what may be done now, how it went."""
    heading = st.container(horizontal=True, vertical_alignment="center", gap="small")
    try:
        held = found.store.instructions.one(viewer, record)
    except (Refused, Unusable) as error:
        heading.button("关闭", icon=":material/close:", on_click=close, type="tertiary")
        st.warning(str(error), icon=":material/block:")
        return
    listed = operations.instructions(found, viewer)
    row = listed[listed["id"] == held.id].iloc[0]
    heading.subheader(literal(held.id), anchor=False, width="content")
    heading.markdown(_badges(held, row))
    with heading.container(horizontal=True, horizontal_alignment="right"):
        st.button("关闭", icon=":material/close:", on_click=close, type="tertiary")
    told()
    if held.text:
        st.text(held.text)
    _facts(held, row)
    seen_on(held.view, source)
    _moves(held, found, viewer)
    _progress(held, row, found, viewer)
    _edit(held, found, viewer)
    history(
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
    listed(said)


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


def _moves(held: Instruction, found: Reading, viewer: Viewer) -> None:
    actor = acting(viewer)
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

    moves_form(held.id, possible, act)


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


def _progress(held: Instruction, row: pd.Series, found: Reading, viewer: Viewer) -> None:
    notes = found.store.instructions.notes(viewer, held.id) if row["notes"] else pd.DataFrame()
    if len(notes):
        st.markdown("**办理进展**")
        listed_notes(notes)
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
        st.form_submit_button("记下进展", on_click=lambda: step(add, key))
    if row["level"]:
        times = int(row["reminders"])
        st.button(
            f"记一次催办（{row['level_label']}）",
            icon=":material/notifications:",
            on_click=lambda: step(remind),
            key=f"remind_{held.id}",
            help=f"已催办 {times} 次" if times else "还没有催办过",
        )


def listed_notes(notes: pd.DataFrame) -> None:
    """Notes, the latest first."""
    for note in notes.iloc[::-1].to_dict("records"):
        with st.container(gap=None):
            st.caption(literal(f"{note['who']}，{minute(note['at'])}"))
            if note["text"]:
                st.text(note["text"])


# ── changing an instruction ─────────────────────────────────────────────────────────────────────


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
            "保存修改", on_click=lambda: step(lambda: _change(held, keys, now, viewer), f"edit_reason_{held.id}")
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


# ── how it went ─────────────────────────────────────────────────────────────────────────────────


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


#: Fields of the history that say what the drawer above says in words.
_UNREAD = ["view_address", "view_chart"]


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
