"""Nominations on the page 先锋与案例: nominate, second, decide, take the dossier away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.board import filters, honours, operations, panel
from minxin.board.frames import Source
from minxin.board.honours import PAGE
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts import nominations
from minxin.charts.cases import Case
from minxin.charts.chart import Chart
from minxin.charts.honours import Evidence, Span
from minxin.charts.words import clean
from minxin.settings import NO_COMMUNITY, Refused, Unusable

if TYPE_CHECKING:
    from minxin.operations.honours import Honours, Nomination
    from minxin.operations.rules import Move

_ENDED = "nomination_ended"
#: From and to when a case may have begun that somebody nominated once.
_EVER = Span("", "", dt.date(1900, 1, 1), dt.date(2200, 1, 1))


@dataclass(frozen=True)
class Subject:
    """Who or what is nominated; ``community`` is '' where it is nobody's alone."""

    kind: str
    code: str
    name: str
    community: str = ""


def of_evidence(found: Evidence, subject: str) -> Subject:
    """A unit or a person of the evidence."""
    row = found.rows[found.rows["code"] == subject].iloc[0]
    return Subject(found.by, subject, str(row["name"]))


def of_case(case: Case) -> Subject:
    """A case within its community."""
    return Subject("case", case.code, case.name, "" if case.community == NO_COMMUNITY else case.community)


def nominate(source: Source, subject: Subject, year: int, viewer: Viewer) -> None:
    """The form for a nomination, as it is opened; nothing for who may not write."""
    if may(viewer, PAGE, "write"):
        _nominate(source, subject, year, viewer)


@part
def _nominate(source: Source, subject: Subject, year: int, viewer: Viewer) -> None:
    lot = st.expander(f"提名{clean(subject.name)}", icon=":material/military_tech:", key="nominate", on_change="rerun")
    if not lot.open:
        return
    with lot:
        _told("nominate")
        with st.form("nominate_form", border=False, enter_to_submit=False, clear_on_submit=False):
            st.text_area(
                "提名理由",
                key="nominate_grounds",
                height=110,
                placeholder="写明做了什么、难在哪里、群众怎么说，不写姓名",
            )
            operations.ask_operator(viewer, "nominate")
            st.form_submit_button(
                f"提名（{year}年度）", type="primary", on_click=_give, args=(source.snapshot.id, subject, year, viewer)
            )


def _give(snapshot: str, subject: Subject, year: int, viewer: Viewer) -> None:
    operations.take_operator("nominate")

    def give() -> str:
        from minxin.operations import View

        made = operations.store().honours.nominate(
            operations.actor(viewer),
            subject.kind,
            subject.code,
            str(st.session_state.get("nominate_grounds") or ""),
            View(page=PAGE, address=filters.address(), snapshot=snapshot, title=subject.name),
            year=year,
            community=subject.community,
            subject_name=subject.name,
        )
        st.session_state["nomination"] = made.id
        st.session_state["nominate_grounds"] = ""
        return f"{made.id} 已提名，请另一位同事在下方「提名与附议」中附议。"

    _try("nominate", give)


def _try(name: str, act: Callable[[], str]) -> None:
    """Do what a form asks for and remember how it ended; what was typed stays where it was refused."""
    try:
        st.session_state[_ENDED] = name, True, act()
    except (Refused, Unusable) as error:
        st.session_state[_ENDED] = name, False, str(error)


def _told(name: str) -> None:
    """How that form ended, once."""
    ended = st.session_state.get(_ENDED)
    if not ended or ended[0] != name:
        return
    del st.session_state[_ENDED]
    if ended[1]:
        st.success(literal(ended[2]), icon=":material/task_alt:")
    else:
        st.error(literal(ended[2]), icon=":material/block:")


# ── what was nominated ──────────────────────────────────────────────────────────────────────────


@part
def listed(source: Source, year: int, viewer: Viewer) -> None:
    """The nominations of a year, most seconded first, and what can be done with one of them."""
    with st.container(border=True, gap="small", key="panel_nominations"):
        st.subheader("提名与附议", anchor=False)
        read = operations.reading()
        found = pd.DataFrame() if read is None else read.store.honours.list(viewer, year=year)
        if read is None or found.empty:
            st.caption(
                f"{year}年度还没有提名。选好对象，看过证据，再写理由提名；须另有两人附议，并由有权限的另一人决定。"
            )
            return
        store = read.store.honours
        st.caption(
            f"{year}年度共 {len(found)} 项提名，附议多的在前；入选须有 {store.tools.rules.seconds} 人附议，不由分数决定"
        )
        _table(found, store)
        ids = {str(r["id"]): f"{r['id']} {r['subject_name']}" for r in found.to_dict("records")}
        if st.session_state.get("nomination") not in (None, *ids):
            del st.session_state["nomination"]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            record = filters.one_of("提名", ids, "nomination", next(iter(ids)), width=460)
            rest = st.container(horizontal=True, horizontal_alignment="right", gap="small")
        _one(source, store, record, viewer, rest)


def _table(found: pd.DataFrame, store: Honours) -> None:
    words = store.words()
    st.dataframe(
        pd.DataFrame(
            {
                "编号": found["id"],
                "类别": [words.get(kind, kind) for kind in found["subject_kind"]],
                "对象": [clean(name) for name in found["subject_name"]],
                "附议": found["seconds"],
                "状态": found["state_label"],
                "提名人": [clean(who) for who in found["created_by"]],
                "提名理由": [clean(text) for text in found["grounds"]],
            }
        ),
        hide_index=True,
        height="content",
        alt="本年度的提名",
        placeholder="—",
        key="nominations_table",
    )


def _one(source: Source, store: Honours, record: str, viewer: Viewer, rest: DeltaGenerator) -> None:
    one = store.one(viewer, record)
    seconds = store.seconds(viewer, record)
    with rest:
        if may(viewer, PAGE, "export"):
            held = partial(dossier, source, one, store, seconds, viewer)
            panel.export_menu(held, "dossier", f"{one.year}年度提名材料{one.subject_name}", label="导出材料")
    left, right = st.columns([7, 5])
    with left:
        st.caption(
            f"{literal(one.nominated_by)} 提名于 {nominations.day(one.nominated_at)}，{literal(one.state_label)}"
        )
        st.text(one.grounds or "—")
        for second in seconds.to_dict("records"):
            st.text(f"附议：{clean(second['who'])}　{clean(second['text'])}")
    with right:
        _act(store, one, viewer)


def _act(store: Honours, one: Nomination, viewer: Viewer) -> None:
    machine = store.machine
    moves = [m for m in machine.from_state(one.state) if any(may(viewer, PAGE, action) for action in m.by)]
    can_second = one.state == machine.start and may(viewer, PAGE, "write")
    if not moves and not can_second:
        return
    _told("act")
    with st.form("nomination_form", border=False, enter_to_submit=False):
        st.text_area("附议理由或说明", key="nomination_text", height=80, placeholder="不入选、重新提名须写明理由")
        operations.ask_operator(viewer, "nomination")
        with st.container(horizontal=True, gap="small"):
            if can_second:
                st.form_submit_button("附议", type="primary", on_click=_second, args=(one.id, viewer))
            for move in moves:
                st.form_submit_button(move.label, on_click=_move, args=(one.id, one.version, move, viewer))


def _second(record: str, viewer: Viewer) -> None:
    operations.take_operator("nomination")

    def act() -> str:
        said = str(st.session_state.get("nomination_text") or "")
        operations.store().honours.second(operations.actor(viewer), record, said)
        st.session_state["nomination_text"] = ""
        return f"已附议 {record}。"

    _try("act", act)


def _move(record: str, version: int, move: Move, viewer: Viewer) -> None:
    operations.take_operator("nomination")

    def act() -> str:
        said = str(st.session_state.get("nomination_text") or "")
        now = operations.store().honours.move(operations.actor(viewer), record, version, move.code, said)
        st.session_state["nomination_text"] = ""
        return f"{record} 现为「{now.state_label}」。"

    _try("act", act)


# ── the dossier ─────────────────────────────────────────────────────────────────────────────────


def dossier(
    source: Source, one: Nomination, store: Honours, seconds: pd.DataFrame, viewer: Viewer
) -> list[Chart]:  # fmt: skip
    """The nomination with its evidence as the open snapshot has it, for slides and workbook."""
    facts = {
        "年度": f"{one.year}年度",
        "类别": store.words().get(one.subject_kind, one.subject_kind),
        "对象": clean(one.subject_name),
        "编号": one.id,
        "状态": one.state_label,
        "提名人": f"{clean(one.nominated_by)}（{nominations.day(one.nominated_at)}）",
        "提名理由": clean(one.grounds) or "—",
    }
    for number, second in enumerate(seconds.to_dict("records"), 1):
        facts[f"附议 {number}"] = "：".join(filter(None, (clean(second["who"]), clean(second["text"]))))
    facts["提名时所据快照"] = one.view.snapshot or "—"
    text = nominations.text(facts, source.about)
    return [text, *_proof(source, one, viewer)]


def _proof(source: Source, one: Nomination, viewer: Viewer) -> list[Chart]:
    if one.subject_kind == "case":
        held = honours.cases(source, _EVER, one.subject_code).rows
        rows = held[held["community_code"] == (one.community or NO_COMMUNITY)]
        if rows.empty:
            return []
        case = honours.cases(source, _EVER, one.subject_code).of(rows["key"].iloc[0])
        return honours.story(source, case).charts(viewer.detail != "aggregate")
    year = honours.spans(filters.first_day_of(source), source.snapshot.as_of).get(str(one.year))
    if year is None:
        return []
    found = honours.evidence(source, one.subject_kind, year)
    code = one.subject_code
    return [found.cards(code), found.months(code), *(found.ranking(s, code) for s in ("first_hand", "satisfaction"))]
