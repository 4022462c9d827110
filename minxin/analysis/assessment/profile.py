"""One unit among the others: how far it lies from them, what is out of proportion, and what to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from minxin.analysis import rates, standouts, wording
from minxin.analysis.assessment.assess import Assessment
from minxin.analysis.assessment.messages import RATE_NAMES, points_text
from minxin.analysis.assessment.rules import RATES, Rule
from minxin.analysis.rates import Array, Interval
from minxin.analysis.unusual import alarms

#: Peers that a middle half needs.
LEAST_PEERS = 4
_COUNTS = ("n_valid", "n_responded", "n_resolved", "n_satisfied", "n_basic")


def against_rest(counts: pd.DataFrame, code: str, rule: Rule, confidence: float = 0.95) -> pd.DataFrame:
    """Each of the three rates of a unit beside that of all the others together.

    ``counts``: as in ``measures``. One row per rate: ``rate, value, rest, difference, low, high,
    is_different`` (the interval of the difference leaves 0 out; MOVER, Newcombe for plain shares); NaN
    and not different where either has no cases.
    """
    own = counts["code"].astype(str) == code
    here = counts.loc[own, list(_COUNTS)].sum()
    rest = counts.loc[~own, list(_COUNTS)].sum()
    rows = []
    for rate in RATES:
        now, other = (_share(part, rate, rule, confidence) for part in (here, rest))
        apart = rates.difference(now, other)
        low, high = float(apart.low), float(apart.high)
        rows.append(
            {
                "rate": rate,
                "value": float(now.value),
                "rest": float(other.value),
                "difference": float(apart.value),
                "low": low,
                "high": high,
                "is_different": low > 0 or high < 0,
            }
        )
    return pd.DataFrame(rows)


def _share(counts: pd.Series, rate: str, rule: Rule, confidence: float) -> Interval:
    n = float(counts["n_valid"])
    if rate == "satisfaction":
        full, basic = float(counts["n_satisfied"]), float(counts["n_basic"])
        worth = rule.basic_value
        return rates.weighted(full + worth * basic, full + worth**2 * basic, n, confidence)
    return rates.wilson(float(counts[{"response": "n_responded", "resolution": "n_resolved"}[rate]]), n, confidence)


def middle_half(values: ArrayLike) -> tuple[float, float]:
    """The quartiles of what is known of the peers; NaN where fewer than four are."""
    held = np.asarray(values, dtype="float64")
    held = held[~np.isnan(held)]
    if len(held) < LEAST_PEERS:
        return float("nan"), float("nan")
    low, high = np.quantile(held, [0.25, 0.75])
    return float(low), float(high)


def in_proportion(exposure: ArrayLike, total: float) -> Array:
    """A total shared out by an exposure (households, everybody's mix); NaN where the exposure is not known."""
    weight = np.asarray(exposure, dtype="float64")
    known = np.where(weight > 0, weight, 0.0)
    if not known.sum() > 0:
        return np.full(weight.shape, np.nan)
    return np.where(np.isnan(weight), np.nan, known / known.sum() * total)


def more_than_its_share(names: list[str], counts: ArrayLike, exposure: ArrayLike) -> list[str]:
    """The names whose count is above its share beyond chance (``standouts.of_counts``), the furthest first."""
    if len(names) < 2:
        return []
    found = standouts.of_counts(counts, exposure)
    return [names[i] for i in found.high]


# ── words ───────────────────────────────────────────────────────────────────────────────────────


def row_of(result: Assessment, code: str) -> dict[str, Any]:
    """The row of a unit; {} where it is not among the assessed."""
    places = (result.units["code"] == code).to_numpy().nonzero()[0]
    return {str(k): v for k, v in result.units.iloc[places[0]].items()} if len(places) else {}


def place_text(result: Assessment, code: str) -> str:
    """The interval of ranks: 第 3—19 名，共 21 个; what stands instead where nobody is ranked."""
    row = row_of(result, code)
    ranked = int(result.units["rank_low"].notna().sum())
    if not row or wording.is_missing(row["rank_low"]) or result.no_difference or ranked < 2:
        return "不排名次"
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return f"第 {low if low == high else f'{low}—{high}'} 名，共 {ranked} 个"


def class_text(result: Assessment, code: str, whole: str, word: str, measure: str = "得分") -> str:
    """Class and why: 整改，得分 81.20，低于全街道 4.10 分，概率 93%; 不归类 where cases are few.

    ``whole``: 全街道; ``word``: 社区; ``measure``: what is assessed where it is no score of three rates.
    """
    row, rule = row_of(result, code), result.rule
    if not row or row["status"] == "none":
        return f"近 {rule.window_months} 个月没有可考核的样本，得分、名次、归类均无数据"
    if row["status"] == "few":
        return f"有效样本 {int(row['n_valid'])} 件，不足 {rule.smallest_n} 件，不排名次、不归类"
    named = str(row["class"])
    return f"{named}，{_reason(named, row, result, whole, word, measure)}；{place_text(result, code)}"


def _reason(named: str, row: Mapping[str, Any], result: Assessment, whole: str, word: str, measure: str) -> str:
    limits = result.rule.classes
    score, line = float(row["score"]), float(result.street["score"]["value"])
    said = f"{measure} {_written(score, measure)}，{whole} {_written(line, measure)}"
    if named in ("整改", "先进"):
        side, p = ("低", row["p_corrective"]) if named == "整改" else ("高", row["p_advanced"])
        return f"{said}，{side} {limits.margin * 100:g} {_points(measure)}以上的概率{_chance(p)}"
    if named == "进步":
        margin = f"{limits.progress_margin * 100:g} {_points(measure)}"
        return f"{said}，比前 {result.rule.window_months} 个月提高 {margin}以上的概率{_chance(row['p_progress'])}"
    if named == "治理":
        return f"万人诉求量连续两期达到{whole}的 {limits.volume_factor:g} 倍，概率{_chance(row['p_governance'])}"
    if result.no_difference:
        return f"{said}，各{word}总体上没有显著差异"
    return f"{said}，相差未达归类界限"


def _chance(p: float) -> str:
    """A probability; nothing that was drawn by chance is certain."""
    return "超过 99%" if p > 0.99 else f" {p:.0%}"


def _written(score: float, measure: str) -> str:
    return points_text(score) if measure == "得分" else wording.rate_text(score)


def _points(measure: str) -> str:
    return "分" if measure == "得分" else "个百分点"


def weakest_text(result: Assessment, code: str, apart: pd.DataFrame, whole: str) -> str:
    """The rate that pulls the score down most, or that none does. ``apart``: rows of ``against_rest``."""
    row = row_of(result, code)
    gaps = {rate: float(row[f"{rate}_gap"]) for rate in RATES} if row else {}
    known = {rate: gap for rate, gap in gaps.items() if gap == gap}
    if not known:
        return "三率无数据"
    rate = min(known, key=lambda r: known[r])
    name, value = RATE_NAMES[rate], wording.rate_text(row[f"{rate}_rate"])
    below = float(result.street[f"{rate}_rate"]["value"]) - float(row[f"{rate}_rate"])
    if known[rate] > -5e-5:
        return f"三率均不低于{whole}，与{whole}最接近的是{name} {value}"
    is_different = bool(apart.set_index("rate").loc[rate, "is_different"])
    tail = "" if is_different else "，未超出偶然波动"
    return f"{name} {value}，低于{whole} {below * 100:.1f} 个百分点，拉低得分 {-known[rate] * 100:.2f} 分{tail}"


def is_above(x: float, n: float, others_x: float, others_n: float) -> bool:
    """Whether a share lies above that of the others beyond chance (Newcombe's interval of the difference)."""
    return bool(rates.newcombe(x, n, others_x, others_n).low > 0)


def unusual_text(found: pd.DataFrame, flagged: pd.DataFrame, concerns: list[str], apart: list[str]) -> str:
    """What is unusual: categories beyond their history, what is apart from others, courses that changed, odd shares.

    ``found``: rows of ``unusual.unusual``; ``flagged``: rows of ``gaming.gaming`` to look into; ``apart``:
    sentences about what is apart from the other units; ``concerns``: rates with their course, 解决率走低.
    """
    held = alarms(found) if len(found) else found
    parts = [
        f"{r['category_1']} {r['observed']:.0f} 件，正常约 {r['expected']:.0f} 件"
        for r in held.head(2).to_dict("records")
    ]
    if len(held) > 2:
        parts[-1] += f"，另有 {len(held) - 2} 类偏多"
    parts += apart
    if concerns:
        parts.append(f"{wording.names_text(concerns, 3)}，值得关注")
    parts += [f"{r['label']}（{wording.rate_text(r['share'])}）" for r in flagged.head(2).to_dict("records")]
    return "；".join(parts) or "未见异常"
