"""The model's advice beside the rules as chart descriptions: how well it tells firms apart, and whom to look at."""

from __future__ import annotations

import pandas as pd

from minxin.analysis import wording
from minxin.analysis.credit.advice import HORIZON, Advice
from minxin.analysis.credit.classes import label
from minxin.charts.about import About
from minxin.charts.chart import Chart, Encoding, Kind, Unit

#: What it is for and what it is not for; stands on every picture of it.
LIMITS = "只用于挑选企业供人复核和检查规则缺口；不改变类别，不得据此奖惩、放贷或单独确定检查对象"


def sentence(advice: Advice) -> str:
    """How well the model told firms apart in the later period, and the rules beside it."""
    m = advice.judged
    return (
        f"以 {advice.learned_on:%Y-%m-%d} 的情况学习、以 {advice.judged_on:%Y-%m-%d} 的情况检验："
        f"{m.n:,} 家中有 {m.bad:,} 家在其后 {HORIZON} 个月内出现严重事项；模型区分能力（AUC）{m.auc:.3f}"
        f"（95%区间 {m.auc_low:.3f}—{m.auc_high:.3f}），只按规则排序为 {advice.by_rules:.3f}；"
        f"校准斜率 {m.calibration_slope:.2f}，预计与实际平均相差 {m.ece * 100:.2f} 个百分点。"
        "模型只见过被查处的情况，没有人查过的，它也不知道。"
    )


def disagreements(advice: Advice, about: About, most: int) -> Chart:
    """Firms on which rules and model are two classes or more apart."""
    held = advice.disagreements
    low = int((held["gap"] > 0).sum())
    shown = held.head(most)
    data = pd.DataFrame(
        {
            "uscc": shown["uscc"],
            "rule": [label(c) for c in shown["risk_class"]],
            "model": [label(c) for c in shown["advised"]],
            "chance": [wording.rate_text(p) for p in shown["probability"]],
            "score": [f"{s:.1f}" for s in shown["score"]],
            "fined": [f"{int(a + b)}" for a, b in zip(shown["n_fined"], shown["n_serious"], strict=True)],
            "unpaid": shown["n_unpaid"].astype("int64").astype(str),
            "bad": shown["n_bad"].astype("int64").astype(str),
            "problems": shown["n_problems"].astype("int64").astype(str),
        }
    )
    title = "模型与规则没有相差两类的企业"
    if len(held):
        title = f"{len(held):,} 家相差两类以上，其中 {low:,} 家规则可能看低了风险"
    return about.chart(
        "advice", Kind.TABLE, data, Encoding(), Unit("count", "家"), title, LIMITS,
        headings={"uscc": "统一社会信用代码", "rule": "规则归类", "model": "模型看法", "chance": "推测概率",
                  "score": "规则得分", "fined": "处罚", "unpaid": "未履行", "bad": "失信信息", "problems": "检查问题"},
    )  # fmt: skip
