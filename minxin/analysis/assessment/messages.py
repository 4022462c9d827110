"""What an assessment says in one sentence, made from the numbers by rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from minxin.analysis import wording
from minxin.analysis.assessment.assess import CLASSES, STEADY, Assessment
from minxin.analysis.assessment.rules import RATES

RATE_NAMES = {"response": "响应率", "resolution": "解决率", "satisfaction": "满意率"}


def points_text(score: float) -> str:
    """A score in [0, 1] as points: 87.01; — where there is none."""
    return "—" if score != score else f"{score * 100:.2f}"


def standing(result: Assessment, word: str) -> str:
    """How the units stand: who is in which class, or that nothing tells them apart. ``word``: 社区 or 单位."""
    units = result.units
    rows = zip(units["class"].tolist(), units["score"].tolist(), units["name"].tolist(), strict=True)
    judged = [row for row in rows if isinstance(row[0], str)]
    if not judged:
        return f"有效样本不足，各{word}均不归类"
    parts = []
    for name in CLASSES:
        held = [row for row in judged if row[0] == name]
        if held:
            held.sort(key=lambda row: row[1], reverse=name not in ("整改", "治理"))
            parts.append(f"{name} {len(held)} 个（{wording.names_text([row[2] for row in held])}）")
    if result.no_difference:
        # Too little to tell them apart does not mean that they are alike: one rate may set one apart.
        said = f"{len(judged)} 个{word}的得分总体上没有显著差异，证据不足以排出名次"
        return said + ("；" + "，".join(parts) if parts else "")
    steady = sum(row[0] == STEADY for row in judged)
    return "，".join([*parts, f"{'其余 ' if parts else ''}{steady} 个{STEADY}"])


def street(result: Assessment, name: str, span: str) -> str:
    """The line of the whole: score with its interval and the three rates."""
    score = result.street["score"]
    if score["value"] != score["value"]:
        return f"{name}{span}没有有效回访，三率无从计算"
    level = f"{result.rule.confidence:.0%}"
    rates = "、".join(
        f"{RATE_NAMES[rate]} {wording.rate_text(result.street[f'{rate}_rate']['value'])}" for rate in RATES
    )
    return (
        f"{name}{span}综合得分 {points_text(score['value'])}"
        f"（{level}区间 {points_text(score['low'])}—{points_text(score['high'])}），{rates}"
    )


def ranking(result: Assessment, word: str) -> str:
    """What the sorted dots say: first and last with their intervals of ranks, or that there is no order."""
    ranked = result.units[result.units["rank_low"].notna()]
    if result.no_difference or len(ranked) < 2:
        alike = f"各{word}总体上没有显著差异，证据不足以排出名次"
        return alike if len(ranked) >= 2 else f"够样本的{word}不足两个，不作比较"
    first, last = ranked.loc[ranked["rank_median"].idxmin()], ranked.loc[ranked["rank_median"].idxmax()]
    ends = [f"（第 {places_text(row['rank_low'], row['rank_high'])} 名）" for row in (first, last)]
    return f"{first['name']}居前{ends[0]}，{last['name']}居后{ends[1]}，名次区间重叠的不分先后"


def places_text(low: float, high: float) -> str:
    """An interval of ranks: 2—7, or 1."""
    return f"{low:.0f}" if low == high else f"{low:.0f}—{high:.0f}"


def extremes(units: pd.DataFrame, column: str, write: Callable[[float], str]) -> str:
    """The highest and the lowest of a column, as ``write`` writes it."""
    known = units[units["status"] == "ok"].sort_values(column, ascending=False, kind="stable")
    if len(known) < 2:
        return "够样本的不足两个，不作比较"
    first, last = known.iloc[0], known.iloc[-1]
    return f"最高{first['name']} {write(first[column])}，最低{last['name']} {write(last[column])}"


def worst_parts(row: dict[str, Any], single: bool = False) -> str:
    """The three rates of a unit in points, the one that pulls its score down most first: 满意率 −1.20、解决率 −0.80."""
    if single:
        return "—"
    held = [(float(row[f"{rate}_gap"]) * 100, RATE_NAMES[rate]) for rate in RATES]
    known = sorted((gap, name) for gap, name in held if gap == gap)
    return "、".join(f"{name} {wording.signed_text(gap)}" for gap, name in known) or "—"


def funnel(frame: pd.DataFrame, name: str, word: str) -> str:
    """Who lies beyond the limits of a funnel (``funnel.funnel``)."""
    low = frame.loc[frame["place"] == "action_low", "name"].tolist()
    high = frame.loc[frame["place"] == "action_high", "name"].tolist()
    parts = []
    if low:
        parts.append(f"{wording.names_text(low)}{name}低于偶然波动的范围")
    if high:
        parts.append(f"{wording.names_text(high)}高于偶然波动的范围")
    return "，".join(parts) or f"各{word}{name}都在偶然波动的范围内"


def gaming(frame: pd.DataFrame) -> str:
    """What is worth looking into among the signs."""
    flagged = frame[frame["is_flagged"].astype(bool)] if len(frame) else frame
    if not len(flagged):
        return "没有发现需要核实的异常占比"
    return f"{len(flagged)} 处值得核实：" + wording.names_text(
        [f"{r['name']}{r['label']}" for _, r in flagged.iterrows()]
    )
