"""Parts of the page 数据质量: batches, fields, reasons of rejection, petitions of no community."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from minxin.access import Viewer
from minxin.analysis import wording
from minxin.board.frames import Source
from minxin.board.panel import panel
from minxin.charts.chart import PLAIN_COUNT, Encoding, Kind, Unit
from minxin.charts.words import clean
from minxin.settings import deployment
from minxin.tables import tables

PAGE = "quality"
_MOST = 15


def overview(batches: pd.DataFrame) -> None:
    """Rows at the door and what became of them, batches in force."""
    held = batches[~batches["is_withdrawn"].astype(bool)]
    rows = int(held["rows"].sum())
    named = [
        ("有效批次", f"{len(held)} 个", f"已撤回 {len(batches) - len(held)} 个"),
        ("导入行数", wording.count_text(rows, "行"), "各批次行数合计"),
        ("退回", _share(held["rejected"].sum(), rows), f"{int(held['rejected'].sum()):,} 行不合格，已退回修改"),
        ("重复", _share(held["repeated"].sum(), rows), f"{int(held['repeated'].sum()):,} 行与已有数据完全相同"),
        (
            "未归属",
            _share(held["unlocated"].sum(), rows),
            f"{int(held['unlocated'].sum()):,} 行无法确定{deployment().area_word}",
        ),
    ]
    for column, (name, value, words) in zip(st.columns(len(named)), named, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(name, value)
            st.caption(words)


def _share(part: float, whole: float) -> str:
    return wording.rate_text(part / whole) if whole else "—"


def batch_list(batches: pd.DataFrame, source: Source, viewer: Viewer) -> None:
    """One batch a row with its counts."""
    labels = {t.name: t.label for t in tables().values()}
    data = batches.assign(
        table=[labels.get(t, t) for t in batches["table_name"]],
        state=["已撤回" if w else "有效" for w in batches["is_withdrawn"]],
        delay=[_delay(a, b) for a, b in zip(batches["imported_at"], batches["last_created_at"], strict=True)],
    )
    panel(
        source.about.chart(
            "quality_batches",
            Kind.TABLE,
            data,
            Encoding(),
            Unit("count", "行"),
            title=f"共 {len(batches)} 个导入批次，最近一次为「{clean(batches['source'].iloc[0])}」"
            if len(batches)
            else "尚无导入批次",
            subtitle="每批行数 = 新增 + 更新 + 重复 + 退回",
            headings={
                "batch_id": "批次",
                "table": "数据表",
                "source": "来源文件",
                "state": "状态",
                "imported_at": "导入时间",
                "imported_by": "导入人",
                "rows": "行数",
                "accepted": "新增",
                "replaced": "更新",
                "repeated": "重复",
                "rejected": "退回",
                "unlocated": "未归属",
                "delay": "最新一件至导入相隔",
            },
            units=dict.fromkeys(("rows", "accepted", "replaced", "repeated", "rejected", "unlocated"), PLAIN_COUNT),
        ),
        viewer,
        PAGE,
    )


def _delay(imported: Any, latest: Any) -> str:
    if pd.isna(imported) or pd.isna(latest):
        return "—"
    return wording.age_text((pd.Timestamp(imported) - pd.Timestamp(latest)).total_seconds() / 3600)


def chooser(batches: pd.DataFrame) -> str:
    """The chosen batch, or '' for all in force."""
    names = {b: f"{b}　{clean(s)}" for b, s in zip(batches["batch_id"], batches["source"], strict=True)}
    chosen = st.selectbox(
        "批次",
        ["", *names],
        format_func=lambda b: names.get(b, "全部有效批次"),
        key="batch",
        bind="query-params",
        label_visibility="collapsed",
        width=460,
    )
    return chosen if chosen in names else ""


def halves() -> tuple[Any, Any]:
    """Two columns of equal width."""
    left, right = st.columns(2)
    return left, right


def fields(held: pd.DataFrame, batch: str, source: Source, viewer: Viewer) -> None:
    """Fields by the share of rows in which they are missing."""
    rows = held[held["batch_id"] == batch] if batch else held
    labels = {t.name: t.label for t in tables().values()}
    summed = rows.groupby(["table_name", "field", "label"], as_index=False, sort=False)[
        ["rows", "missing", "odd"]
    ].sum()
    summed["name"] = [f"{labels.get(t, t)}·{n}" for t, n in zip(summed["table_name"], summed["label"], strict=True)]
    known = summed["rows"].astype("float64").where(summed["rows"] > 0)
    summed["share"], summed["odd_share"] = summed["missing"] / known, summed["odd"] / known
    worst = (
        summed.sort_values(["share", "odd_share"], ascending=False, kind="stable").head(_MOST).reset_index(drop=True)
    )
    empty = worst.empty or not float(worst["share"].fillna(0).iloc[0])
    first = (
        "各字段均无缺失" if empty else f"{worst['name'].iloc[0]}缺失最多，{wording.rate_text(worst['share'].iloc[0])}"
    )
    panel(
        source.about.chart(
            "quality_fields",
            Kind.BAR,
            worst,
            Encoding(x="name", y="share", n="rows"),
            Unit("rate"),
            title=first,
            subtitle=f"各字段缺失率，最高的 {len(worst)} 个；不规范指有值但无法采用",
            headings={
                "name": "字段",
                "share": "缺失率",
                "odd_share": "不规范率",
                "missing": "缺失行数",
                "odd": "不规范行数",
            },
            units={"odd_share": Unit("rate"), "missing": PLAIN_COUNT, "odd": PLAIN_COUNT},
        ),
        viewer,
        PAGE,
    )


def reasons(held: pd.DataFrame, batch: str, source: Source, viewer: Viewer) -> None:
    """Why rows were rejected, the most frequent first."""
    rows = held[held["batch_id"] == batch] if batch else held
    summed = rows.groupby("reason", as_index=False)["rows"].sum().sort_values("rows", ascending=False, kind="stable")
    top = summed.head(_MOST).reset_index(drop=True)
    title = "没有退回的数据" if top.empty else f"退回原因最多的是：{clean(top['reason'].iloc[0])}"
    panel(
        source.about.chart(
            "quality_reasons",
            Kind.BAR,
            top,
            Encoding(x="reason", y="rows"),
            Unit("count", "行"),
            title=title,
            subtitle="退回行数按原因，一行可有多个原因",
            headings={"reason": "退回原因", "rows": "行数"},
        ),
        viewer,
        PAGE,
    )


def unlocated(weeks: pd.DataFrame, source: Source, viewer: Viewer) -> None:
    """The share of petitions of no community, week by week."""
    data = weeks.assign(
        week_start=pd.to_datetime(weeks["week_start"]).dt.date,
        share=weeks["n"] / weeks["accepted"].astype("float64").where(weeks["accepted"] > 0),
    ).tail(104)
    total, whole = float(weeks["n"].sum()), float(weeks["accepted"].sum())
    place = deployment().area_word
    title = (
        "全部诉求均已归属"
        if not total
        else f"{int(total):,} 件诉求未归属{place}，占 {wording.rate_text(total / whole)}"
    )
    panel(
        source.about.chart(
            "quality_unlocated",
            Kind.LINE,
            data,
            Encoding(x="week_start", y="share", n="accepted"),
            Unit("rate"),
            title=title,
            subtitle=f"每周受理诉求中无法确定{place}的比例，近两年",
            headings={"week_start": "周（起始日）", "share": "未归属比例", "n": "未归属件数", "accepted": "受理量"},
            units={"n": PLAIN_COUNT, "accepted": PLAIN_COUNT},
        ),
        viewer,
        PAGE,
    )
