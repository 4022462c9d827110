"""Parts of the page 批示督办: what was proposed to change facts, and the decision about it by another person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from minxin import tables
from minxin.access import Viewer
from minxin.analysis.assessment import rules as assessment_rules
from minxin.board import filters, opened, operations, panel
from minxin.board.frames import Source
from minxin.board.operations import Reading
from minxin.board.text import literal
from minxin.charts import decisions as charts
from minxin.charts.decisions import minute
from minxin.charts.words import clean
from minxin.settings import Refused, Unusable, deployment

if TYPE_CHECKING:
    from minxin.operations.proposals import Proposal
    from minxin.operations.rules import Move

_ALL = "all"


def listing(found: Reading | None, source: Source, viewer: Viewer) -> None:
    """The proposals of the chosen state, and the one that is opened beside them."""
    if found is None:
        st.info(
            "还没有提请。在一件诉求的详情里点「提请审批」，可以提请剔除、挂账、销账或延期，由另一人审批。",
            icon=":material/approval:",
        )
        return
    machine = found.store.rules.proposal
    states = {_ALL: "全部状态"} | {s.code: s.label for s in machine.states.values()}
    kinds = {"": "全部事项"} | {k.code: k.label for k in found.store.rules.kinds.values()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state = filters.one_of("状态", states, "proposal_state", _ALL)
        kind = filters.one_of("事项", kinds, "kind", "")
    rows = operations.proposals(found, viewer)
    rows = rows if state == _ALL else rows[rows["state"] == state]
    rows = rows[rows["kind"] == kind] if kind else rows
    words = [states[state], *([kinds[kind]] if kind else [])]
    names = {c.code: c.name for c in deployment().communities}
    chart = charts.proposals(rows, names, [machine.start], source.about.of(*words))
    left, right = opened.places()
    with left:
        narrow = charts.NARROW_PROPOSALS if right else None
        panel.panel(chart, viewer, opened.PAGE, draw=lambda c: opened.pick(c, narrow))
    if right is not None:
        with right.container(border=True, key="opened"):
            one(str(st.query_params.get("id", "")), found, source, viewer)


def one(record: str, found: Reading, source: Source, viewer: Viewer) -> None:
    """One proposal: what it would change, on what grounds, and the decision."""
    heading = st.container(horizontal=True, vertical_alignment="center", gap="small")
    try:
        held = found.store.proposals.one(viewer, record)
    except (Refused, Unusable) as error:
        heading.button("关闭", icon=":material/close:", on_click=opened.close, type="tertiary")
        st.warning(str(error), icon=":material/block:")
        return
    heading.subheader(literal(held.id), anchor=False, width="content")
    heading.markdown(f":blue-badge[{literal(held.state_label)}] :gray-badge[{literal(held.kind_label)}]")
    with heading.container(horizontal=True, horizontal_alignment="right"):
        st.button("关闭", icon=":material/close:", on_click=opened.close, type="tertiary")
    opened.told()
    _facts(held, found, viewer)
    opened.seen_on(held.view, source)
    actor = opened.acting(viewer)
    if actor is not None:
        possible = found.store.proposals.moves(actor, held.id)
        if possible:
            opened.moves_form(held.id, possible, lambda move, said: _decide(held, move, said, viewer))
        elif held.state == found.store.rules.proposal.start:
            st.caption("等待另一人审批：提请的人不能批准自己的提请。")
    machine = found.store.rules.proposal
    steps = {m.code: m.label for m in machine.moves.values()} | {"create": "提请"}
    opened.history(held.id, found.store.proposals, viewer, steps)


def _facts(held: Proposal, found: Reading, viewer: Viewer) -> None:
    kind = found.store.rules.kinds.get(held.kind)
    labels: Mapping[str, str] = {c.name: c.label for c in tables.table(kind.table).columns} if kind else {}
    names = {c.code: c.name for c in deployment().communities}
    row = operations.proposals(found, viewer)
    batch = row.loc[row["id"] == held.id, "batch"].iloc[0]
    opened.listed(
        {
            "事项": f"提请{held.kind_label}，工单 {held.petition}（{names.get(held.community, '未归属')}）",
            **{labels.get(name, name): value for name, value in held.facts.items()},
            "理由": held.grounds,
            "有权批准": _may_approve(held),
            "提请人": f"{held.proposed_by}，{minute(held.proposed_at)}",
            "审批人": f"{held.decided_by}，{minute(held.decided_at)}" if held.decided_by else "",
            "撤销人": f"{held.revoked_by}，{minute(held.revoked_at)}" if held.revoked_by else "",
            "写入批次": clean(batch),
        }
    )


def _may_approve(held: Proposal) -> str:
    """The posts that the assessment's rules name for the reason of an exclusion; '' for everything else."""
    reason = assessment_rules.load().exclusions.get(str(held.facts.get("reason_code", "")))
    return "、".join(reason.approved_by) if reason else ""


def _decide(held: Proposal, move: Move, said: str, viewer: Viewer) -> str:
    """Make the step; what changes facts goes to the lake at once, so that the next build has it."""
    store = operations.store()
    part, actor = store.proposals, operations.actor(viewer)
    if move.code == "approve":
        part.approve(actor, held.id, held.version, said)
    elif move.code == "refuse":
        part.refuse(actor, held.id, held.version, said)
    elif move.code == "take_back":
        part.take_back(actor, held.id, held.version, said)
    else:
        part.revoke(actor, held.id, held.version, said)
    line = f"{literal(held.id)} 已「{move.label}」。"
    return line + (_export(held.id) if move.code in ("approve", "revoke") else "")


def _export(record: str) -> str:
    try:
        done = {one.record: one for one in operations.store().proposals.export()}
    except (Refused, Unusable) as error:
        return f"暂未写入数据湖，下次构建前会自动写入：{literal(str(error))}"
    own = done.get(record)
    if own is not None and own.problem:
        return f"未能写入数据湖：{literal(own.problem)}。"
    if own is not None and own.action == "withdraw":
        return f"批次 {literal(own.batch)} 已撤回，所写的记录不再显示，统计数在下次构建后更新。"
    return f"已写入数据湖{f'（批次 {literal(own.batch)}）' if own else ''}，下次构建后计入统计。"
