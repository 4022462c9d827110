"""The tables of the scorecard: standings, signs of the months, shares worth a look, windows side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from minxin.analysis import wording
from minxin.analysis.assessment import messages
from minxin.analysis.assessment.assess import STATUSES
from minxin.analysis.assessment.rules import RATES
from minxin.analysis.assessment.signs import ASSURANCE_NAMES, VARIATION_NAMES, Signs
from minxin.charts.chart import PLAIN_COUNT, RATE, Chart, Encoding, Kind, Unit
from minxin.charts.scorecard_units import POINTS, SCORE

if TYPE_CHECKING:
    from minxin.charts.scorecard import Scorecard


def standings(card: Scorecard) -> Chart:
    """One unit a row: score, interval of ranks, class, what pulls it down, what was left out."""
    units = card.result.units.sort_values("score", ascending=False, kind="stable").reset_index(drop=True)
    single = card.single is not None
    held: dict[str, Any] = {"name": units["name"], "code": units["code"], "n": units["n_valid"]}
    held |= {"score": card.scaled(units["score"]), "estimate": card.scaled(units["estimate"])}
    held["ranks"] = [
        messages.places_text(low, high) if low == low and not card.result.no_difference else "—"
        for low, high in zip(units["rank_low"].tolist(), units["rank_high"].tolist(), strict=True)
    ]
    held["class"] = units["class"].fillna(units["status"].map(STATUSES))
    headings = {
        "name": card.word,
        "class": "归类",
        "ranks": "名次区间",
        "score": card.measure_name,
        "n": "有效样本",
    }
    rated = {"score": card.unit, "estimate": card.unit, "n": PLAIN_COUNT}
    if not single:
        for rate in RATES:
            held[rate] = units[f"{rate}_rate"]
            headings[rate], rated[rate] = messages.RATE_NAMES[rate], RATE
        gaps = units[[f"{rate}_gap" for rate in RATES]].to_dict("records")
        held["worst"] = [messages.worst_parts(row) for row in gaps]
        headings["worst"] = "三率对得分差距的贡献（分，由低到高）"
        left_out = card.review.exclusions
        place = pd.Index(left_out["code"]).get_indexer(units["code"])
        held["excluded"] = left_out["share"].to_numpy()[place]
        held["gain"] = left_out["gain"].to_numpy()[place] * 100
        headings |= {"excluded": "剔除占比", "gain": "剔除后得分变化"}
        rated |= {"excluded": RATE, "gain": POINTS}
        if card.rule.points and units["points"].abs().sum() > 0:
            held["points"] = units["points_held"]
            headings["points"], rated["points"] = "加减分（另列，分）", POINTS
    headings["estimate"] = "收缩估计"
    return card.chart(
        "standings",
        Kind.TABLE,
        pd.DataFrame(held),
        Encoding(key="code"),
        card.unit,
        card.headline[1][1],
        f"{card.span}；有效样本不足 {card.rule.smallest_n} 的不排名、不归类",
        card.codes,
        headings=headings,
        units=rated,
    )


def signs(card: Scorecard) -> Chart:
    """Variation and assurance of the three rates, unit by unit."""
    held: dict[str, dict[str, Signs]] = {rate: card.review.signs(rate, card.target(rate)) for rate in RATES}
    units = card.result.units
    data = pd.DataFrame({"name": units["name"], "code": units["code"]})
    headings = {"name": card.word}
    for rate in RATES:
        name = messages.RATE_NAMES[rate]
        found = [held[rate].get(code) for code in units["code"]]
        data[f"{rate}_variation"] = [s.words if s else "—" for s in found]
        data[f"{rate}_assurance"] = [ASSURANCE_NAMES[s.assurance] if s else "—" for s in found]
        headings |= {f"{rate}_variation": f"{name}：走势", f"{rate}_assurance": f"{name}：达标"}
    concern = VARIATION_NAMES["concern"]
    marked = data.filter(like="_variation").apply(lambda column: column.str.startswith(concern)).any(axis=1)
    names = data.loc[marked, "name"].tolist()
    title = f"{wording.names_text(names)}有指标走低，值得关注" if names else f"各{card.word}三率走势均无需特别关注"
    return card.chart(
        "signs",
        Kind.TABLE,
        data,
        Encoding(key="code"),
        Unit(),
        title,
        f"近 {len(card.review.months)} 个月逐月判断：走势看是否超出正常波动，达标看目标是否靠得住",
        card.codes,
        headings=headings,
    )


def gaming(card: Scorecard) -> Chart:
    """Shares that are worth looking into: many left out, few call-backs, late changes, callers who deny."""
    found = card.review.signs_of_gaming
    data = found.assign(mark=np.where(found["is_flagged"].astype(bool), "建议核实", "—"))
    return card.chart(
        "gaming",
        Kind.TABLE,
        data[["mark", "name", "label", "n", "of", "share", "street"]].head(40),
        Encoding(),
        RATE,
        messages.gaming(found),
        f"占比达到规则界限且超出偶然波动的才提示；只提示核实，不作结论。{card.span}",
        card.codes,
        headings={
            "mark": "提示",
            "name": card.word,
            "label": "迹象",
            "n": "件数",
            "of": "基数",
            "share": "占比",
            "street": card.place.whole_word,
        },
        units={"n": PLAIN_COUNT, "of": PLAIN_COUNT, "share": RATE, "street": RATE},
    )


def windows(card: Scorecard) -> Chart:
    """Score over the rule's windows side by side."""
    found = card.review.beside
    wide = found.pivot(index=["code", "name"], columns="months", values=["score", "n_valid", "status"]).reset_index()
    data = pd.DataFrame({"name": wide["name"], "code": wide["code"]})
    headings: dict[str, str] = {"name": card.word}
    rated: dict[str, Unit] = {}
    for months in card.rule.windows_beside:
        known = wide["status", months] == "ok"
        data[f"score_{months}"] = np.where(known, wide["score", months].astype("float64") * 100, np.nan)
        data[f"n_{months}"] = wide["n_valid", months].astype("int64")
        words = "当月" if months == 1 else f"近 {months} 个月"
        headings |= {f"score_{months}": f"{words}得分", f"n_{months}": f"{words}有效样本"}
        rated |= {f"score_{months}": SCORE, f"n_{months}": PLAIN_COUNT}
    short = int((found.loc[found["months"] == min(card.rule.windows_beside), "status"] != "ok").sum())
    title = f"只看当月有 {short} 个{card.word}样本不足，考核按滚动窗口" if short else "当月、近三个月与近十二个月并列"
    return card.chart(
        "windows", Kind.TABLE, data, Encoding(key="code"), SCORE, title,
        f"窗口越短，偶然波动越大；样本不足 {card.rule.smallest_n} 的不列得分", card.codes,
        headings=headings, units=rated,
    )  # fmt: skip
