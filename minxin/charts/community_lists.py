"""What a community works on: ledger, repeats, evening talks, sites, and what it was told to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from minxin.analysis import indicators, wording
from minxin.analysis.assessment import profile
from minxin.charts.chart import PLAIN_COUNT, Chart, Encoding, Kind, Unit
from minxin.charts.words import clean, shorten

if TYPE_CHECKING:
    from minxin.charts.community import Profile

NONE = "无数据"
#: What an instruction says of itself, as columns of ``store.instructions.list``.
INSTRUCTIONS = {
    "id": "编号",
    "state_label": "状态",
    "due_on": "期限",
    "level_label": "时限",
    "text": "批示内容",
    "given_at": "批示时间",
    "last_note": "最近进展",
}
#: The columns of a frame without any, where nobody has written yet.
NO_INSTRUCTIONS = [*INSTRUCTIONS, "is_open", "level"]


def work(page: Profile) -> Chart:
    """One matter a row: here, in the whole, what there is to say of it."""
    rows = [*_ledger(page), _repeated(page), _talks(page), _sites(page)]
    data = pd.DataFrame(rows, columns=["matter", "here", "note"])
    return page.chart(
        "work",
        Kind.TABLE,
        data,
        Encoding(),
        Unit(),
        _work_title(rows),
        f"{page.name}挂账、重复诉求、心安夜话和阵地，{page.span}",
        ("repeat_rate",),
        headings={"matter": "事项", "here": page.name, "note": "说明"},
    )


def _work_title(rows: list[tuple[str, str, str]]) -> str:
    """The ledger first, else what is known."""
    if rows[0][1].startswith("0 "):
        return "没有在账的挂账事项"
    if rows[0][1] != NONE:
        return f"挂账在账 {rows[0][1]}，{rows[0][2]}"
    known = [f"{matter} {here}" for matter, here, _ in rows if here != NONE]
    return "、".join(known[:2]) or "挂账、重复、夜话、阵地无数据"


def _count(page: Profile, value: Any, word: str) -> str:
    return wording.count_text(float(value), word, page.smallest)


def _ledger(page: Profile) -> list[tuple[str, str, str]]:
    rows = page.own(page.everyone.ledger)
    if rows.empty or not rows["is_known"].iloc[0]:
        return [("挂账在账", NONE, "来源没有挂账记录"), ("如期销账", NONE, "—")]
    found = rows.iloc[0]
    late = int(found["open_late"])
    standing = f"其中超过承诺日期 {_count(page, late, '件')}" if late else "均未超过承诺日期"
    due, met = int(found["due"]), int(found["due_met"])
    cleared = (f"{_count(page, met, '件')}", f"近 12 个月承诺到期 {_count(page, due, '件')}")
    return [
        ("挂账在账", _count(page, found["open"], "件"), standing if found["open"] else "没有在账事项"),
        ("如期销账", *(cleared if due else ("0 件", "近 12 个月没有到期的承诺"))),
    ]


def _repeated(page: Profile) -> tuple[str, str, str]:
    indicator = indicators.load()["repeat_rate"]
    own = indicators.measure(indicator, page.week.totals).iloc[0]
    whole = indicators.measure(indicator, page.everyone.everywhere.total).iloc[0]
    if own["status"] == "none":
        return "重复诉求", NONE, "来源没有重复关联"
    said = f"{page.whole} {indicator.text(whole['value'], whole['n'], whole['status'])}"
    if repeated_more(page):
        said += "，明显偏高"
    return "重复诉求", indicator.text(own["value"], own["n"], own["status"]), said


def repeated_more(page: Profile) -> bool:
    """Whether more petitions repeat earlier ones here than elsewhere, beyond chance."""
    indicator = indicators.load()["repeat_rate"]
    own, whole = page.week.totals.iloc[0], page.everyone.everywhere.total.iloc[0]
    x, n = float(own[indicator.numerator]), float(own[indicator.denominator])
    others = float(whole[indicator.numerator]) - x, float(whole[indicator.denominator]) - n
    return n >= indicator.smallest_n and profile.is_above(x, n, *others)


def _talks(page: Profile) -> tuple[str, str, str]:
    rows = page.own(page.everyone.night_talks)
    if rows.empty or not rows["is_known"].iloc[0]:
        return "心安夜话", NONE, "来源没有夜话记录"
    found = rows.iloc[0]
    here = f"{int(found['talks_month'])} 场，{_count(page, found['visitors_month'], '人次')}"
    if not found["talks"]:
        return "心安夜话", here, "近 12 个月没有场次"
    last = wording.date_text(pd.Timestamp(found["last_on"]).date())
    return "心安夜话", here, f"近 12 个月 {int(found['talks'])} 场，最近 {last}"


def _sites(page: Profile) -> tuple[str, str, str]:
    found = page.own(page.everyone.sites)
    if found.empty:
        return "阵地", NONE, "来源没有阵地记录"
    rows = found.to_dict("records")
    sums: dict[str, int] = {}
    for r in rows:
        sums[r["level"]] = sums.get(r["level"], 0) + r["n"]
    # larger places first: a community has few of them
    here = "、".join(f"{level}{n}" for level, n in sorted(sorted(sums.items()), key=lambda item: item[1]))
    posts = [r["posts"] for r in rows if not pd.isna(r["posts"])]
    said = [f"岗位 {int(sum(posts))} 个"] if posts else []
    said += [f"{r['level']}{r['status']}{r['n']}" for r in rows if r["status"] not in ("启用", "")]
    return "阵地", here, "，".join(said) or "—"


def repeats(page: Profile) -> Chart:
    """The matters that petitions of the month repeat most often; a click opens the latest of them."""
    e = page.everyone
    found = page.ask("community.repeats", start=e.start, end=e.end, communities=[page.code], limit=page.board.repeats)
    title = "当月没有反复反映的事项"
    if len(found):
        first = found.iloc[0]
        most = (
            f"「{shorten(clean(first['subject']) or clean(first['category_1']), 14)}」当月反复反映 {int(first['n'])} 次"
        )
        title = most if first["n"] > 1 else f"{len(found)} 件事项各反复一次"
    return page.chart(
        "repeats",
        Kind.TABLE,
        found,
        Encoding(),
        Unit(),
        title,
        f"{page.name}{page.month_name}受理的重复诉求，按同一首件归并，列出前 {page.board.repeats} 件事项",
        ("repeat_rate",),
        headings={
            "n": "次数",
            "category_1": "一级分类",
            "subject": "最近一件主题",
            "state": "状态",
            "latest_at": "最近受理",
            "petition_id": "工单编号",
        },
        units={"n": PLAIN_COUNT},
    )


def instructions(page: Profile, found: pd.DataFrame | None) -> Chart:
    """Instructions to this community since the month began, and earlier ones still open."""
    rows = pd.DataFrame(columns=NO_INSTRUCTIONS) if found is None else found
    imported = _imported(page)
    names = {k: v for k, v in INSTRUCTIONS.items() if not page.smallest or k not in ("text", "last_note")}
    data = rows[list(names)].head(page.board.instructions).reset_index(drop=True)
    for column in ("text", "last_note"):
        if column in data:
            data[column] = data[column].fillna("").astype(str).str.slice(0, 60)
    data["level_label"] = data["level_label"].replace("", "—")
    return page.chart(
        "instructions",
        Kind.TABLE,
        data,
        Encoding(),
        Unit(),
        _instruction_title(page, rows if found is not None else None),
        f"{wording.date_text(page.everyone.start, year=True)}以来在本系统交办{page.name}的批示，以及此前尚未办结的"
        + (f"；导入的历史台账{imported}，不在此列" if imported else ""),
        headings=names,
    )


def _imported(page: Profile) -> str:
    """How many instructions of the imported ledger stand beside those of the store: 另有 2 条; '' for none."""
    n = int(page.own(page.everyone.imported)["n_since"].sum())
    return f"另有 {_count(page, n, '条')}" if n else ""


def _instruction_title(page: Profile, rows: pd.DataFrame | None) -> str:
    if rows is None:
        return "批示记录暂时无法读取"
    if rows.empty:
        imported = _imported(page)
        return f"{page.month_name}以来本系统没有交办{page.name}的批示" + (f"，历史台账{imported}" if imported else "")
    running = rows[rows["is_open"].astype(bool)]
    late = int(running["level"].isin(["late", "late_twice"]).sum())
    done = len(rows) - len(running)
    tail = f"，其中逾期 {late} 件" if late else ""
    return f"交办 {len(rows)} 件：办结 {done} 件，在办 {len(running)} 件{tail}"
