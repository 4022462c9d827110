"""What two rules on the same month say of each other in one sentence, made from the numbers by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from minxin.analysis import wording
from minxin.analysis.assessment.rules import Rule, Weights
from minxin.analysis.assessment.scenarios import Part
from minxin.analysis.assessment.trial import WHOLE, Trial

#: A probability from which a move is worth naming although it is not sure.
LIKELY = 0.5
SAME = "两套规则的得分相同"


def plain(points: float) -> str:
    """A score in points: 87.01."""
    return wording.MISSING if points != points else f"{points:.2f}"


def weights(held: Weights) -> str:
    """响应10%、解决50%、满意40%."""
    return "、".join(
        f"{word}{share * 100:g}%" for word, share in zip(("响应", "解决", "满意"), held.values, strict=True)
    )


def settings(rule: Rule) -> dict[str, str]:
    """Each thing that can be tried out, as words; the same keys for every rule."""
    day = rule.period_first_day
    return {
        "权重": weights(rule.weights),
        "基本满意折算": f"每件计 {rule.basic_value:g} 件满意",
        "剔除": "、".join(reason.code for reason in rule.exclusions) or "不剔除",
        "最小样本": f"有效回访 {rule.smallest_n} 件",
        "考核月起止": "自然月" if day == 1 else f"上月{day}日至本月{day - 1}日",
        "滚动月数": f"{rule.window_months} 个月",
        "归入考核月": "按受理时间" if rule.counted_by == "accepted_at" else "按创建时间",
    }  # fmt: skip


def made_of(row: Mapping[str, Any], parts: Sequence[Part]) -> str:
    """What a difference (a row of ``Trial.differences``) is made of, the largest part first: 权重 +1.90、剔除 −0.11."""
    held = sorted(((float(row[part.code]), part.label) for part in parts), key=lambda pair: -abs(pair[0]))
    return "、".join(f"{label} {wording.signed_text(value)}" for value, label in held if value) or "各项均为 0"


def whole(trial: Trial) -> str:
    """The score of all units together by both rules, and why."""
    row = trial.differences[trial.differences["code"] == WHOLE].iloc[0]
    if row["old"] != row["old"] or row["new"] != row["new"]:
        return f"{row['name']}没有有效回访，得分无从计算"
    if not row["difference"]:
        return f"{row['name']}得分均为 {plain(row['old'])}"
    moved = (
        f"{row['name']}得分由 {plain(row['old'])} 变为 {plain(row['new'])}（{wording.signed_text(row['difference'])}）"
    )
    return f"{moved}：{made_of(row, trial.parts)}"


def _named(rows: pd.DataFrame, column: str) -> str:
    ordered = rows.sort_values(column, ascending=False, kind="stable")
    if len(ordered) == 1:
        return f"{ordered['name'].iloc[0]}（{ordered[column].iloc[0]:.0%}）"
    return wording.names_text(ordered["name"].tolist())


def movers(trial: Trial, word: str) -> str:
    """Who moves, and how surely; ``word``: 社区 or 单位."""
    moves, cut = trial.moves, trial.old.classes.cut
    if len(moves) < 2:
        return f"两套规则下够样本的{word}不足两个，不比较名次"
    if not trial.is_ranked:
        return f"两套规则下各{word}都没有显著差异，不排名次"
    ups, downs = moves[moves["p_up"] >= cut], moves[moves["p_down"] >= cut]
    if len(ups) or len(downs):
        said = [f"{_named(rows, column)}{way}" for rows, column, way in
                ((ups, "p_up", "上升"), (downs, "p_down", "下降")) if len(rows)]  # fmt: skip
        return f"名次会变的（把握 {cut:.0%} 以上）：{'，'.join(said)}"
    ups, downs = moves[moves["p_up"] >= LIKELY], moves[moves["p_down"] >= LIKELY]
    if len(ups) or len(downs):
        said = [f"{_named(rows, column)}可能{way}" for rows, column, way in
                ((ups, "p_up", "上升"), (downs, "p_down", "下降")) if len(rows)]  # fmt: skip
        return f"没有{word}的名次一定会变；{'，'.join(said)}"
    return f"各{word}的名次都不大会变，变动的把握均不到 {LIKELY:.0%}"


def classes(trial: Trial, word: str) -> str:
    """Whose class changes."""
    old, new = (
        dict(zip(result.units["code"], result.units["class"], strict=True)) for result in (trial.before, trial.after)
    )
    names = dict(zip(trial.before.units["code"], trial.before.units["name"], strict=True))
    said = [
        f"{names[code]}由{old[code] or '不归类'}改为{new[code] or '不归类'}"
        for code in names
        if code in new and old[code] != new[code]
    ]
    if not said:
        return f"各{word}归类均不变"
    return wording.names_text(said, 3) if len(said) <= 3 else f"{'，'.join(said[:3])}，另有 {len(said) - 3} 个"


def explained(trial: Trial, word: str) -> str:
    """Which part matters most, and for whom."""
    units = trial.differences[trial.differences["code"] != WHOLE]
    known = units[units["difference"].notna()]
    if not trial.parts or not len(known):
        return SAME
    weight = {part.label: float(known[part.code].abs().mean()) for part in trial.parts}
    label, size = max(weight.items(), key=lambda pair: pair[1])
    if size < 0.005:
        return f"规则改动几乎不影响得分，各{word}变动均不到 0.01 分" if known["difference"].abs().max() < 0.01 else SAME
    most = known.loc[known["difference"].abs().idxmax()]
    only = "全部来自" if len(trial.parts) == 1 else "主要来自"
    moved = wording.signed_text(most["difference"])
    return f"得分变动{only}{label}，平均 {size:.2f} 分；{most['name']}变动最大（{moved} 分）"


def listed(trial: Trial, word: str) -> str:
    """The range of the differences, and that the parts sum to them."""
    units = trial.differences[trial.differences["code"] != WHOLE]
    known = units["difference"].dropna()
    if not trial.parts or not len(known):
        return SAME
    low, high = wording.signed_text(known.min()), wording.signed_text(known.max())
    return f"{len(known)} 个{word}得分变动 {low} 至 {high} 分，逐项相加正好等于变动"


def tornado(frame: pd.DataFrame, word: str, by_rank: bool) -> str:
    """Which assumption moves the result most."""
    stem = "shift_" if by_rank else ""
    if frame.empty:
        return "没有可以试的改动"
    sizes = frame[[f"{stem}low", f"{stem}high"]].max(axis=1)
    place = sizes.idxmax()
    if sizes[place] < 0.005:
        return f"上下试改，{'名次' if by_rank else '得分'}都不变"
    label = frame.loc[place, "label"].split("（")[0]
    size = f"名次平均移动 {sizes[place]:.2f} 位" if by_rank else f"得分平均变动 {sizes[place] * 100:.2f} 分"
    moved = int(frame[["classes_low", "classes_high"]].to_numpy().max())
    tail = f"；归类最多变 {moved} 个{word}" if moved else f"；怎么改，各{word}归类都不变"
    return f"影响最大的是{label}：{size}{tail}"


def acceptability(units: pd.DataFrame, word: str) -> str:
    """Who comes first and last whatever the weights."""
    if len(units) < 2:
        return f"够样本的{word}不足两个，不排名次"
    first, last = units.loc[units["first"].idxmax()], units.loc[units["last"].idxmax()]
    said = []
    for row, column, way in ((first, "first", "居首"), (last, "last", "居末")):
        sure = "权重怎么定都" if row[column] >= 0.95 else "多数权重下" if row[column] >= 0.5 else "最常"
        said.append(f"{row['name']}{sure}{way}（{row[column]:.0%}）")
    return "，".join(said)
