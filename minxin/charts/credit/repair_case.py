"""One penalty under every version of the repair rules, side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from minxin.analysis import wording
from minxin.analysis.credit.repair import Case, Standing, judge
from minxin.charts.about import About
from minxin.charts.chart import Chart, Encoding, Kind, Unit
from minxin.charts.words import clean, missing
from minxin.warehouse.repair_rules import RepairRules

PUBLICITY = {"none": "不予公示", "exception": "原则上不公示", "always": "公示"}


def case_of(row: Mapping[str, Any]) -> Case:
    """The case that a row of ``repair.one`` describes."""

    def date(name: str) -> dt.date | None:
        return None if missing(row[name]) else pd.Timestamp(row[name]).date()

    decided = date("decided_on")
    assert decided is not None, "a penalty always has its day"
    return Case(
        decided,
        clean(row["kind"]),
        clean(row["field"]),
        clean(row["severity"]),
        bool(row["is_summary"]) if not missing(row["is_summary"]) else False,
        date("published_on"),
        date("corrected_on"),
        date("fulfilled_on"),
        date("repaired_on"),
    )


def versions(
    case: Case,
    today: dt.date,
    rules: RepairRules,
    about: About,
    name: str = "repair_case",
    applied_on: dt.date | None = None,
) -> Chart:
    """What each version says of a case on a day; the title says which one applies and from when on.

    ``applied_on``: the day of an application that is not decided yet.
    """
    held = {rule.name: judge(case, today, rules, rule.name) for rule in rules.versions}
    own = rules.on(case.decided_on)
    rows = pd.DataFrame({"item": list(_lines(held[own.name]))})
    headings = {"item": "项目"}
    for rule in rules.versions:
        rows[rule.name] = list(_lines(held[rule.name]).values())
        headings[rule.name] = rule.short + ("（适用）" if rule is own else "（仅供对照）")
    early = "；早于该办法施行的一并按其计算（待核）" if case.decided_on < own.start else ""
    days = (wording.date_text(day, True) for day in (case.decided_on, today))
    return about.chart(
        name, Kind.TABLE, rows, Encoding(), Unit(), _title(held[own.name], applied_on),
        "决定书日期 {}：{how}；状态按 {} 计".format(*days, how=own.transition + early),
        headings=headings,
    )  # fmt: skip


def _title(own: Standing, applied_on: dt.date | None) -> str:
    short = own.rule.short
    if applied_on is not None:
        return f"{wording.date_text(applied_on, True)}已申请修复，正在办理"
    if not own.is_public:
        return f"按{short}不予公示，无需修复"
    if own.can_apply:
        return f"按{short}今天即可申请修复"
    assert own.apply_from is not None
    if own.day < own.apply_from:
        return f"按{short}{wording.date_text(own.apply_from, True)}起可申请修复"
    return f"按{short}已满最短公示期，{'、'.join(own.missing)}" if own.missing else f"按{short}{own.state.label}"


def _lines(said: Standing) -> dict[str, str]:
    def day(value: dt.date | None) -> str:
        return wording.date_text(value, True) if value else "—"

    remind = "、".join(day(d) for d in said.remind_on) or "—"
    return {
        "类别": said.term.label,
        "是否公示": "公示" if said.is_public else PUBLICITY[said.term.publicity],
        "最短公示期": f"{said.term.minimum} 个月" if said.term.minimum else "无",
        "最短公示期届满": day(said.minimum_last),
        "最早可申请": day(said.apply_from),
        "提醒企业": remind,
        "最长公示期": f"{said.term.maximum} 个月" if said.term.maximum else "—",
        "最长公示期届满": day(said.maximum_last) if said.is_public else "—",
        "今天的状态": said.state.label,
        "还差什么": "；".join(said.missing) or "—",
        "申请材料": "、".join(said.term.papers) or "—",
    }
