"""Titles that say what a chart shows, made from its data by rule; what stands out was tested.

Every function takes the frame of its chart and gives one Chinese line without a full stop.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from minxin.analysis import standouts
from minxin.analysis.indicators import Change, Indicator
from minxin.analysis.periods import BEFORE
from minxin.analysis.unusual import alarms
from minxin.analysis.wording import count_text, names_text, rate_text, share_text
from minxin.settings import NO_COMMUNITY, Deployment, deployment

NOTHING_UNUSUAL = "未见异常"


def _place() -> Deployment:
    return deployment()


def _alike(what: str = "") -> str:
    return f"各{_place().area_word}{what}无显著差异"


def _located(frame: pd.DataFrame) -> pd.DataFrame:
    """Without 未归属, which is no community that could stand out."""
    if "community_code" not in frame:
        return frame.reset_index(drop=True)
    return frame[frame["community_code"] != NO_COMMUNITY].reset_index(drop=True)


# ── the late ────────────────────────────────────────────────────────────────────────────────────


def late_message(frame: pd.DataFrame, exposure: str = "accepted", smallest: int = 0) -> str:
    """Title for the overdue by community: 翻身社区逾期未办 12 件，占全街道三成.

    ``frame``: one row per community with ``community_name``, ``overdue``, and where it is there the
    column ``exposure`` (petitions that could have become overdue), against which the counts are
    judged; without it against equal counts. ``smallest``: counts below are written 「<5」.
    """
    place = _place()
    total = float(frame["overdue"].sum()) if len(frame) else 0.0
    if total == 0:
        return "无逾期未办诉求"
    whole = f"{place.whole_word}逾期未办 {count_text(total, '件', smallest)}"
    located = _located(frame)
    if len(frame) == 1 or len(located) < 2:
        return (
            f"{frame['community_name'].iloc[0]}逾期未办 {count_text(total, '件', smallest)}"
            if len(frame) == 1
            else whole
        )
    counts = located["overdue"].to_numpy(dtype="float64")
    known = exposure in located and (located[exposure] > 0).any()
    # Nobody has fewer petitions that may be late than are late.
    weight = np.maximum(located[exposure].to_numpy(dtype="float64"), counts) if known else None
    found = standouts.of_counts(counts, weight)
    if found.high:
        names = located["community_name"].to_numpy()
        chosen = sorted(found.high, key=lambda i: -counts[i])
        held = counts[list(chosen)].sum()
        share = (
            f"，占{place.whole_word}{share_text(held / total)}" if len(chosen) < len(counts) and held < total else ""
        )
        if held == total:
            share = f"，{place.whole_word}仅此{'一处' if len(chosen) == 1 else '几处'}"
        return f"{names_text([names[i] for i in chosen])}逾期未办 {count_text(held, '件', smallest)}{share}"
    return f"{whole}，{_alike()}" if found.is_alike else f"{whole}，各{place.area_word}有多有少，无特别突出"


def due_soon_message(frame: pd.DataFrame, smallest: int = 0) -> str:
    """Title for those due soon: 26 件即将到期."""
    total = float(frame["due_soon"].sum()) if len(frame) else 0.0
    return f"{count_text(total, '件', smallest)}即将到期" if total else "无即将到期诉求"


# ── what came in ────────────────────────────────────────────────────────────────────────────────


def intake_message(accepted: float, change: Change | None = None, smallest: int = 0) -> str:
    """Title for what came in: 受理 320 件，较上期 +40件（+14.3%）; 受理 320 件，与上期无显著差异."""
    if accepted == 0:
        return "本期无受理诉求"
    text = f"受理 {count_text(accepted, '件', smallest)}"
    return f"{text}，{change.text}" if change is not None and change.difference == change.difference else text


def category_message(frame: pd.DataFrame, column: str = "accepted", smallest: int = 0) -> str:
    """Title for the categories: 物业管理最多，120 件，占三成.

    ``frame``: one row per ``category_1`` with the count. The first is named alone only where it
    exceeds the second beyond chance (binomial test of the two, 5%); else the leading ones together.
    """
    total = float(frame[column].sum()) if len(frame) else 0.0
    if total == 0:
        return "本期无受理诉求"
    ranked = frame.sort_values([column, "category_1"], ascending=[False, True], kind="stable")
    counts, names = ranked[column].to_numpy(dtype="float64"), [str(n) for n in ranked["category_1"]]
    leading = 1 + sum(not _exceeds(counts[0], other) for other in counts[1:])
    if leading == 1:
        return f"{names[0]}最多，{count_text(counts[0], '件', smallest)}，占{share_text(counts[0] / total)}"
    if leading > 3:
        return f"诉求分散，前{leading}类之间没有显著差异"
    return f"{'、'.join(names[:leading])}居前，合计占{share_text(counts[:leading].sum() / total)}"


def _exceeds(one: float, other: float) -> bool:
    """Whether one count exceeds another beyond chance: one-sided exact binomial test at 2.5%, mid-p."""
    n = one + other
    if n == 0:
        return False
    upto, below = (standouts.binomial_upto(k, n, 0.5).item() for k in (other, other - 1))
    return bool((upto + below) / 2 <= 0.025)


# ── on the map ──────────────────────────────────────────────────────────────────────────────────


def map_message(indicator: Indicator, measured: pd.DataFrame) -> str:
    """Title for an indicator by community: 翻身社区办结率 91.2%，明显低于全街道 98.5%.

    ``measured``: one row per community, from ``indicators.measure``, with ``community_name``.
    """
    place = _place()
    located = _located(measured)
    if indicator.kind == "rate":
        return _rates(indicator, located, place)
    if indicator.kind == "per_10000":
        known = located[located["status"] == "ok"].reset_index(drop=True)
        if len(known) < 2:
            return f"{indicator.name}缺人口数，暂不比较各{place.area_word}"
        return _counts(indicator, known, place, known["denominator"].to_numpy(dtype="float64"))
    return _counts(indicator, located, place, None)


def _rates(indicator: Indicator, located: pd.DataFrame, place: Deployment) -> str:
    x, n = (located[c].to_numpy(dtype="float64") for c in ("numerator", "denominator"))
    enough = (located["status"] == "ok").to_numpy()
    if enough.sum() < 2:
        total = np.nansum(n)
        few = f"样本不足，暂不比较各{place.area_word}"
        return f"{indicator.name}{few}" if total > 0 else f"本期无可计算{indicator.name}的诉求"
    found = standouts.of_rates(np.where(enough, x, np.nan), n, indicator.smallest_n)
    whole = rate_text(np.nansum(x) / np.nansum(n))
    worst, best = (found.high, found.low) if indicator.low_is_good else (found.low, found.high)
    chosen, side = (
        (worst, "高" if indicator.low_is_good else "低") if worst else (best, "低" if indicator.low_is_good else "高")
    )
    if chosen:
        names = located["community_name"].to_numpy()
        value = f" {rate_text(x[chosen[0]] / n[chosen[0]])}，" if len(chosen) == 1 else ""
        return f"{names_text([names[i] for i in chosen])}{indicator.name}{value}明显{side}于{place.whole_word} {whole}"
    if found.is_alike:
        return _alike(indicator.name)
    return f"{place.whole_word}{indicator.name} {whole}，各{place.area_word}有高有低，无特别突出"


def _counts(indicator: Indicator, located: pd.DataFrame, place: Deployment, exposure: np.ndarray | None) -> str:
    counts = np.nan_to_num(located["numerator"].to_numpy(dtype="float64"))
    total = counts.sum()
    if total == 0:
        return f"本期{indicator.name}为 0"
    found = standouts.of_counts(counts, exposure)
    if found.is_alike:
        return _alike(indicator.name)
    names = located["community_name"].to_numpy()
    if not found.high:
        return f"各{place.area_word}{indicator.name}有多有少，无特别突出"
    if exposure is not None:
        whole = indicator.text(total / exposure.sum() * 10_000)
        value = f" {indicator.text(located['value'].iloc[found.high[0]])}，" if len(found.high) == 1 else ""
        return f"{names_text([names[i] for i in found.high])}{indicator.name}{value}明显高于{place.whole_word} {whole}"
    chosen = sorted(found.high, key=lambda i: -counts[i])
    held = counts[list(chosen)].sum()
    held_text = f"{count_text(held, indicator.unit)}，占{place.whole_word}{share_text(held / total)}"
    return f"{names_text([names[i] for i in chosen])}{indicator.name} {held_text}"


# ── over time ───────────────────────────────────────────────────────────────────────────────────


def trend_message(band: pd.DataFrame, what: str = "受理") -> str:
    """Title for a weekly line with its band (``trend.band``): what the last whole week was.

    最近一周受理 320 件，高于预期的 210—290 件; 最近一周受理 250 件，在预期范围内.
    """
    judged = band[~band["is_partial"].astype(bool)] if len(band) else band
    if judged.empty:
        return f"{what}尚无整周数据"
    last = judged.iloc[-1]
    text = f"最近一周{what} {count_text(last['n'], '件')}"
    if pd.isna(last["expected"]):
        return f"{text}，历史不足，暂不判断"
    limits = f"{count_text(last['low'])}—{count_text(last['high'])} 件"
    if last["is_high"]:
        return f"{text}，高于预期的 {limits}"
    if last["is_low"]:
        return f"{text}，低于预期的 {limits}"
    run = _run(judged)
    return f"{text}，连续{run}周多于预期中值" if run >= 8 else f"{text}，在预期范围内"


def _run(judged: pd.DataFrame) -> int:
    """Weeks in a row, up to the last, above what was expected (eight by chance: 1 in 256)."""
    above = (judged["n"] > judged["expected"]).to_numpy()[::-1]
    return int(len(above) if above.all() else np.argmin(above))


def unusual_message(frame: pd.DataFrame, smallest: int = 0) -> str:
    """Title for ``unusual``: 翻身社区噪声扰民 15 件，预期 4 件，另有 2 处偏多; 未见异常."""
    if frame.empty:
        return "历史或本期不足整周，暂不判断异常"
    found = alarms(frame)
    if found.empty:
        return NOTHING_UNUSUAL
    first = found.iloc[0]
    awaited = first["expected"]
    usual = f"预期 {count_text(round(awaited), '件')}" if awaited >= 0.5 else "预期不足 1 件"
    count = count_text(float(first["observed"]), "件", smallest)
    text = f"{first['community_name']}{first['category_1']} {count}，{usual}"
    return f"{text}，另有 {len(found) - 1} 处偏多" if len(found) > 1 else text


# ── for a card ──────────────────────────────────────────────────────────────────────────────────


def change_message(indicator: Indicator, change: Change) -> str:
    """One indicator's change: 办结率较上期 +1.2百分点."""
    if change.difference != change.difference:
        return f"{indicator.name}{'与' + BEFORE[change.comparison] if BEFORE[change.comparison] else ''}无可比数据"
    return f"{indicator.name}{change.text}"
