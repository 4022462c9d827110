"""批示督办 as chart descriptions: the lists of instructions, proposals and past instructions, titled by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from minxin.charts.about import About
from minxin.charts.chart import Chart, Encoding, Kind, Unit
from minxin.charts.words import clean, missing
from minxin.settings import deployment

#: Levels that count as late; the second one is the worse.
LATE = ("late", "late_twice")
INSTRUCTIONS = {
    "id": "编号",
    "state_label": "状态",
    "term": "期限",
    "unit_name": "承办单位",
    "urgency_label": "缓急",
    "text": "批示内容",
    "given_by": "批示人",
    "given_at": "批示时间",
    "progress": "最近进展",
}
#: What stays of the list beside an opened instruction.
NARROW = ("编号", "状态", "期限", "承办单位")
PROPOSALS = {
    "id": "编号",
    "state_label": "状态",
    "kind_label": "事项",
    "petition": "工单编号",
    "community_name": "社区",
    "grounds": "理由",
    "created_by": "提请人",
    "proposed_at": "提请时间",
    "decided_by": "审批人",
    "batch": "写入批次",
}
NARROW_PROPOSALS = ("编号", "状态", "事项", "工单编号")
PAST = {
    "instruction_id": "批示编号",
    "state": "落实情况",
    "unit": "责任单位",
    "community_name": "社区",
    "requirement": "要求",
    "given_by": "批示岗位",
    "given_at": "批示时间",
    "due_on": "期限",
    "done_at": "落实时间",
    "petition_id": "工单编号",
}


def day(value: object) -> str:
    """7月10日, with the year: 2023年7月10日; — for nothing."""
    if missing(value):
        return "—"
    moment = pd.Timestamp(value)  # type: ignore[arg-type]
    return f"{moment.year}年{moment.month}月{moment.day}日"


def minute(value: object) -> str:
    """2023年7月10日 09:30; — for nothing."""
    return "—" if missing(value) else f"{day(value)} {pd.Timestamp(value):%H:%M}"  # type: ignore[arg-type]


def term(due_on: object, level: str, level_label: str, workdays: object) -> str:
    """7月10日，剩 3 个工作日 or 7月10日，逾期 2 个工作日; the day alone where no term is running."""
    if missing(due_on):
        return "—"
    moment = pd.Timestamp(due_on)  # type: ignore[arg-type]
    said = f"{moment.month}月{moment.day}日"
    if missing(workdays):
        return said
    left = int(workdays)  # type: ignore[call-overload]
    if level in LATE:
        return f"{said}，{level_label} {-left} 个工作日" if left else f"{said}，{level_label}"
    told = f"剩 {left} 个工作日" if left else "今天到期"
    return f"{said}，{told}{f'（{level_label}）' if level else ''}"


@dataclass(frozen=True)
class Standing:
    """How many instructions stand how; ``late`` includes those late twice."""

    open: int
    due_soon: int
    late: int
    late_twice: int
    checking: int
    closed: int

    @classmethod
    def of(cls, found: pd.DataFrame, checking: Sequence[str], done: Sequence[str]) -> Standing:
        """Counted from ``store.instructions.list``; ``checking`` and ``done`` are states of those roles."""
        level = found["level"]
        return cls(
            open=int(found["is_open"].sum()),
            due_soon=int((level == "due_soon").sum()),
            late=int(level.isin(list(LATE)).sum()),
            late_twice=int((level == "late_twice").sum()),
            checking=int(found["state"].isin(list(checking)).sum()),
            closed=int(found["state"].isin(list(done)).sum()),
        )


def instructions(found: pd.DataFrame, urgencies: Mapping[str, str], about: About) -> Chart:
    """The list of instructions (rows of ``store.instructions.list``), worst first among the open ones."""
    order = {"late_twice": 0, "late": 1, "due_soon": 2}
    rank = found["level"].map(order).fillna(3).where(found["is_open"], 4)
    rows = found.assign(_rank=rank).sort_values(
        ["_rank", "due_on", "given_at"], ascending=[True, True, False], kind="stable"
    )
    rows = rows.assign(
        term=[
            term(d, v, w, n)
            for d, v, w, n in zip(rows["due_on"], rows["level"], rows["level_label"], rows["workdays"], strict=True)
        ],
        unit_name=[
            "、".join(filter(None, (clean(u), clean(c))))
            for u, c in zip(rows["unit_name"], rows["co_units"], strict=True)
        ],
        urgency_label=rows["urgency"].map(urgencies).fillna(rows["urgency"]),
        given_at=rows["given_at"].map(day),
        progress=[_progress(t, n) for t, n in zip(rows["last_note"], rows["notes"], strict=True)],
    )
    title = _standing_title(found)
    return _table(
        "instructions",
        rows,
        INSTRUCTIONS,
        title,
        f"批示 {len(rows)} 条，逾期的在前；按工作日计算" + ("，演示的今天是数据时间" if about.simulated else ""),
        about,
    )


def _units(unit: object, others: object) -> str:
    return "、".join(filter(None, (clean(unit), clean(others))))


def _progress(text: object, notes: int) -> str:
    return f"{clean(text)}（共 {notes} 条）" if notes else "—"


def _standing_title(found: pd.DataFrame) -> str:
    late = found[found["level"].isin(list(LATE))]
    if len(late):
        worst = late.sort_values(["workdays", "id"]).iloc[0]
        twice = int((late["level"] == "late_twice").sum())
        again = f"，其中 {twice} 条再次逾期" if twice else ""
        longest = f"最久的由{clean(worst['unit_name'])}承办，已逾期 {-int(worst['workdays'])} 个工作日"
        head = f"{twice} 条批示再次逾期" if twice == len(late) else f"{len(late)} 条批示逾期{again}"
        return f"{head}，{longest}"
    soon = found[found["level"] == "due_soon"]
    if len(soon):
        first = soon.sort_values(["workdays", "id"]).iloc[0]
        until = f"{_month_day(first['last_day'])}到期"
        return f"没有逾期，{len(soon)} 条批示临期，最早的{until}，由{clean(first['unit_name'])}承办"
    still = int(found["is_open"].sum())
    if still:
        return f"{still} 条批示未办结，都在期限之内"
    return "所列批示都已办结或撤销" if len(found) else "没有符合条件的批示"


def _month_day(value: object) -> str:
    moment = pd.Timestamp(value)  # type: ignore[arg-type]
    return f"{moment.month}月{moment.day}日"


def proposals(found: pd.DataFrame, communities: Mapping[str, str], waiting: Sequence[str], about: About) -> Chart:
    """The list of proposals (rows of ``store.proposals.list``), undecided first; ``waiting``: their states."""
    is_waiting = found["state"].isin(list(waiting))
    rows = found.assign(_rank=(~is_waiting).astype(int)).sort_values(
        ["_rank", "created_at"], ascending=[True, False], kind="stable"
    )
    rows = rows.assign(
        community_name=rows["community"].map(communities).fillna("未归属"),
        proposed_at=rows["proposed_at"].map(minute),
        decided_by=rows["decided_by"].map(lambda who: clean(who) or "—"),
        batch=[
            "—" if not b else f"{b}（已撤回）" if w else b
            for b, w in zip(rows["batch"], rows["withdrawn"], strict=True)
        ],
    )
    n = int(is_waiting.sum())
    if n:
        kinds = found.loc[is_waiting, "kind_label"].value_counts(sort=False)
        title = f"{n} 件提请等待审批：" + "、".join(f"{kind} {count} 件" for kind, count in kinds.items())
    else:
        title = "没有等待审批的提请" if len(found) else "没有符合条件的提请"
    return _table(
        "proposals",
        rows,
        PROPOSALS,
        title,
        f"提请 {len(rows)} 件，待审批的在前；批准后写入数据湖，下次构建计入统计",
        about,
    )


def past(found: pd.DataFrame, about: About) -> Chart:
    """Instructions of the imported ledger (block ``decisions.past``): read only."""
    held = found["state"].value_counts()
    rows = found.assign(
        given_at=found["given_at"].map(minute), due_on=found["due_on"].map(day), done_at=found["done_at"].map(minute)
    )
    done = [f"{word} {int(held[word])} 条" for word in ("按期落实", "逾期落实", "逾期未落实", "办理中") if word in held]
    title = f"历史批示 {len(found)} 条：{'、'.join(done)}" if len(found) else "导入的数据中没有批示"
    return _table(
        "past_instructions", rows, PAST, title, "来自导入的领导批示台账，按批示时间排列；只能查看，不在本页办理", about
    )


def _table(name: str, rows: pd.DataFrame, headings: Mapping[str, str], title: str, said: str, about: About) -> Chart:
    headings = {column: deployment().area_word if word == "社区" else word for column, word in headings.items()}
    shown = rows[[*headings]].reset_index(drop=True)
    return about.chart(
        name,
        Kind.TABLE,
        shown.map(lambda cell: "—" if missing(cell) or cell == "" else clean(cell)),
        Encoding(),
        Unit(),
        title,
        said,
        headings=headings,
    )
