"""The current round as chart descriptions: who can be drawn with which probability, the rules, the list."""

from __future__ import annotations

import math

import pandas as pd

from minxin.analysis.inspection import draw, frame
from minxin.analysis.inspection.allocation import Plan
from minxin.analysis.inspection.rules import CLASSES, Rule
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Chart, Encoding, Kind, Unit
from minxin.charts.credit.supervision_words import ARMS, FIRMS, class_name, short_name

#: Rows of the drawn list that the page shows; the file has all.
LISTED = 200
RATE_2 = Unit("rate", "%", places=2)


def planned(plan: Plan, about: About) -> Chart:
    """One class a row: firms, places, the least and the greatest probability in it."""
    inside = plan.firms[plan.firms["reason"] == ""]
    limits = inside.groupby("risk_class")["pi"].agg(["min", "max"])
    rows = []
    for code in CLASSES:
        low, high = limits.loc[code] if code in limits.index else (float("nan"), float("nan"))
        rows.append(
            {
                "name": class_name(code), "firms": plan.sizes[code], "drawn": plan.drawn[code],
                "share": plan.drawn[code] / plan.sizes[code] if plan.sizes[code] else float("nan"),
                "low": low, "high": high, "rate": plan.rule.rates[code],
                "asked": math.floor(plan.sizes[code] * plan.rule.rates[code] + 0.5),
            }
        )  # fmt: skip
    data = pd.DataFrame(rows)
    left_out = len(plan.firms) - plan.eligible
    title = f"{PLAIN_COUNT.exact(plan.eligible)} 户中抽 {PLAIN_COUNT.exact(plan.size)} 户"
    parts = f"其中随机组 {PLAIN_COUNT.exact(plan.n_random)} 户，另有 {PLAIN_COUNT.exact(left_out)} 户不参加"
    short = [code for code in CLASSES if plan.drawn[code] < data["asked"].iloc[CLASSES.index(code)]]
    if short:
        whose = "" if len(short) == (data["asked"] > 0).sum() else f"{'、'.join(map(short_name, short))}的"
        title += f"，达不到{whose}规则比例，各类都达到至少须抽 {PLAIN_COUNT.exact(data['asked'].sum())} 户"
    else:
        title += f"，{parts}"
    return about.chart(
        "planned",
        Kind.TABLE,
        data,
        Encoding(),
        FIRMS,
        title,
        f"{f'{parts}；' if short else ''}按「{plan.rule.title}」；抽中概率为被随机组或风险组抽中的概率，"
        "同类之内因侧重而有高低",
        headings={
            "name": "信用风险类别", "firms": "可抽取（户）", "drawn": "抽查（户）", "share": "平均抽中概率",
            "low": "最低", "high": "最高", "rate": "规则比例", "asked": "按规则（户）",
        },
        units={
            "firms": PLAIN_COUNT, "drawn": PLAIN_COUNT, "share": RATE_2, "low": RATE_2, "high": RATE_2, "rate": RATE,
            "asked": PLAIN_COUNT,
        },
    )  # fmt: skip


def left_out(plan: Plan, about: About) -> Chart:
    """One reason a row: how many firms take no part for it."""
    counts = plan.firms.loc[plan.firms["reason"] != "", "reason"].value_counts()
    data = pd.DataFrame({"reason": counts.index, "n": counts.to_numpy()})
    title = f"{PLAIN_COUNT.exact(int(counts.sum()))} 户不参加抽取，原因逐户写在抽样框里"
    return about.chart(
        "left_out", Kind.TABLE, data, Encoding(), FIRMS, title if len(data) else "没有不参加抽取的企业",
        "不参加抽取的原因与户数", headings={"reason": "原因", "n": "企业（户）"}, units={"n": PLAIN_COUNT},
    )  # fmt: skip


def listed(found: pd.DataFrame, details: pd.DataFrame, round_name: str, about: About, whole: bool = True) -> Chart:
    """The drawn firms, one a row, class by class; the reserve stands in the file only.

    ``whole``: all that were drawn, which the file has, too; else those of some communities.
    """
    visited = found[found["arm"] != draw.RESERVE].sort_values("risk_class", ascending=False, kind="stable")
    known = details.set_index("uscc").reindex(visited["uscc"]).fillna("")
    data = pd.DataFrame(
        {
            "arm": visited["arm"].map(ARMS).to_numpy(),
            "class": [class_name(c) for c in visited["risk_class"]],
            "name": known["name"].to_numpy() if "name" in known else "",
            "uscc": visited["uscc"].to_numpy(),
            "industry": known["industry"].to_numpy() if "industry" in known else "",
            "county": known["county"].to_numpy() if "county" in known else "",
            "pi": visited["pi"].to_numpy(),
            "u": [f"{u:.{frame.PLACES}f}" for u in visited["u"]],
        }
    )
    shown = data.head(LISTED)
    rest = f"，列出前 {LISTED} 户{'，全部在名单文件里' if whole else ''}" if len(data) > LISTED else ""
    where = "" if whole else "可查看的社区中"
    n_random = int((visited["arm"] == draw.RANDOM).sum())
    return about.chart(
        "listed",
        Kind.TABLE,
        shown,
        Encoding(key="uscc"),
        FIRMS,
        f"{round_name}：{where}抽出 {len(data)} 户，其中随机组 {n_random} 户",
        f"由公布的抽样框和种子算出，风险高的在前{rest}",
        headings={
            "arm": "来源", "class": "类别", "name": "企业名称", "uscc": "统一社会信用代码", "industry": "行业",
            "county": "县区", "pi": "抽中概率", "u": "随机数",
        },
        units={"pi": RATE_2},
    )  # fmt: skip


def ruled(rule: Rule, about: About) -> Chart:
    """One number of the rules a row, with where it comes from and whether it is an assumption."""
    said = {s.of: s for s in rule.sources}
    rows = [(f"{class_name(c)}抽查比例", RATE.format(rule.rates[c]), said.get(f"rate {c}")) for c in CLASSES]
    rows += [
        ("随机组占抽查总数", RATE.format(rule.random_share), said.get("random_share")),
        ("覆盖底线（平均概率的倍数）", f"{rule.floor:g}", said.get("floor")),
        (f"{rule.cap_months} 个月内例行检查上限", f"{rule.cap} 次", said.get("cap")),
    ]
    rows += [("不参加抽取", e.reason, said.get(e.reason)) for e in rule.excluded]
    rows += [("同类之内侧重", f"{w.reason}，{w.factor:g} 倍", said.get(w.reason)) for w in rule.weights]
    data = pd.DataFrame(
        [(a, b, s.text if s else "", "假定" if s and s.assumption else "有出处") for a, b, s in rows],
        columns=["name", "value", "source", "kind"],
    )
    assumed = int((data["kind"] == "假定").sum())
    return about.chart(
        "ruled", Kind.TABLE, data, Encoding(), FIRMS,
        f"抽查规则 {len(data)} 项，其中 {assumed} 项为本系统假定，用前须经核定", f"{rule.title}，指纹 {rule.digest}",
        headings={"name": "项目", "value": "取值", "source": "来源", "kind": "性质"},
    )  # fmt: skip
