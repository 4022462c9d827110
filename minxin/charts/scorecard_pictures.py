"""The pictures of the scorecard: the whole, the units sorted and mapped, chance, months, mix, targets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from minxin.analysis import indicators, wording
from minxin.analysis.assessment import funnel, messages
from minxin.analysis.assessment.assess import STATUSES
from minxin.analysis.assessment.review import rate_numerator
from minxin.analysis.assessment.rules import RATES
from minxin.analysis.rates import Interval, difference
from minxin.charts.boards import marked_days
from minxin.charts.chart import RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.scorecard_units import POINTS, SCORE

if TYPE_CHECKING:
    from minxin.charts.scorecard import Scorecard


def street(card: Scorecard) -> Chart:
    """The whole in figures: score and its three rates, or the single rate, against the window before."""
    line, n = card.result.street, int(card.result.units["n_valid"].sum())
    before = card.street_before
    named = {"score": ("score", "综合得分", SCORE, 100.0)} if card.single is None else {}
    if card.single is None:
        named |= {f"{rate}_rate": (f"{rate}_rate", messages.RATE_NAMES[rate], RATE, 1.0) for rate in RATES}
    else:
        named["resolution_rate"] = (card.single.code, card.single.name, RATE, 1.0)
    rows = []
    for position, (key, (code, name, unit, scale)) in enumerate(named.items()):
        now = line[key]
        moved, verdict = _moved(now, None if before is None else before[key])
        rows.append(
            {
                "code": code, "name": name, "unit": unit, "position": position, "change": moved * scale,
                "verdict": verdict, **{part: now[part] * scale for part in ("value", "low", "high")},
            }
        )  # fmt: skip
    note = f"滚动 {card.rule.window_months} 个月"
    data = pd.DataFrame(rows).assign(n=n, note=note, status="ok" if n else "none", word="较上一窗口")
    return card.chart(
        "street",
        Kind.KPI_ROW,
        data,
        Encoding(
            x="name", y="value", low="low", high="high", n="n", status="status", unit="unit", note="note",
            key="code", order="position", change="change", change_word="word", verdict="verdict",
        ),
        Unit(),
        card.headline[0][1],
        f"{card.place.whole_word}，{card.span}",
        card.codes,
        headings={"name": "指标", "value": "数值"},
        confidence=card.rule.confidence,
    )  # fmt: skip


def _moved(now: Mapping[str, float], before: Mapping[str, float] | None) -> tuple[float, str]:
    """Difference to the window before and a word for it; NaN where there is none."""
    if before is None or before["value"] != before["value"]:
        return float("nan"), ""
    one, two = (Interval(*(np.asarray(x[part]) for part in ("value", "low", "high"))) for x in (now, before))
    change = difference(one, two)
    if float(change.low) <= 0 <= float(change.high):
        return float(change.value), "无显著差异"
    return float(change.value), "变好" if float(change.value) > 0 else "变差"


def ranking(card: Scorecard) -> Chart:
    """The units sorted, each with its interval and the line of the whole."""
    units = card.result.units
    key = "score" if card.single is None else "resolution"
    value = "score" if card.single is None else "resolution_rate"
    data = pd.DataFrame(
        {
            "name": units["name"],
            "code": units["code"],
            "value": card.scaled(units[value]),
            "low": card.scaled(units[f"{key}_low"]),
            "high": card.scaled(units[f"{key}_high"]),
            "n": units["n_valid"],
            "status": units["status"],
            "class": units["class"].fillna(units["status"].map(STATUSES)),
        }
    )
    whole = card.result.street["score"]["value"]
    lines: tuple[Annotation, ...] = ()
    if whole == whole:
        at = float(card.scaled(whole))
        lines = (Annotation(at, f"{card.place.whole_word} {card.unit.format(at)}"),)
    return card.chart(
        "ranking",
        Kind.DOT_INTERVAL,
        data,
        Encoding(x="name", y="value", low="low", high="high", n="n", status="status", key="code"),
        card.unit,
        messages.ranking(card.result, card.word),
        f"各{card.word}{card.measure_name}与{card.rule.confidence:.0%}区间，{card.span}",
        card.codes,
        headings={"name": card.word, "value": card.measure_name, "class": "归类"},
        annotations=lines,
    )


def area_map(card: Scorecard) -> Chart | None:
    """The communities on the map by the measure; None for units."""
    if card.review.by != "community":
        return None
    units = card.result.units
    value = "score" if card.single is None else "resolution_rate"
    data = pd.DataFrame(
        {
            "community_name": units["name"],
            "community_code": units["code"],
            "value": card.scaled(units[value]),
            "n": units["n_valid"],
            "status": units["status"],
        }
    )
    return card.chart(
        "map",
        Kind.MAP,
        data,
        Encoding(x="community_name", y="value", n="n", status="status", key="community_code"),
        card.unit,
        messages.extremes(units, value, lambda share: card.unit.format(card.scaled(share))),
        f"各{card.word}{card.measure_name}，{card.span}",
        card.codes,
        headings={"community_name": card.word, "value": card.measure_name},
    )


def against_chance(card: Scorecard, rate: str) -> Chart:
    """One of the rates against the number of cases, with the limits of chance."""
    counts = card.counts
    if card.single is None:
        x, name = rate_numerator(counts, rate, card.rule), messages.RATE_NAMES[rate]
    else:
        x, name = counts["n_resolved"].astype("float64"), card.single.name
    frame = pd.DataFrame({"code": counts["code"], "name": counts["name"], "x": x, "n": counts["n_valid"]})
    found = funnel.funnel(frame, card.rule.funnel.warning, card.rule.funnel.action)
    found["status"] = np.where(found["n"] > 0, "ok", "none")
    return card.chart(
        f"funnel_{rate}",
        Kind.FUNNEL_PLOT,
        found,
        Encoding(
            x="name", y="value", low="warning_low", high="warning_high", outer_low="action_low",
            outer_high="action_high", n="n", key="code", target="target", status="status",
        ),
        RATE,
        messages.funnel(found, name, card.word),
        f"各{card.word}{name}与有效样本数，虚线为 95% 与 99.8% 界限（已计入过度离散），{card.span}",
        card.codes,
        headings={"name": card.word, "value": name, "n": "有效样本"},
    )  # fmt: skip


def months(card: Scorecard, rate: str) -> Chart:
    """One of the three rates month by month, all units on one scale, the whole in grey behind each."""
    rows = card.review.series(rate)
    whole = rows.groupby(["year", "month"], as_index=False)[["x", "n"]].sum().assign(name="", code="")
    whole["value"] = np.where(whole["n"] > 0, whole["x"] / whole["n"].where(whole["n"] > 0), np.nan)
    data = pd.concat([rows, whole], ignore_index=True)
    data["day"] = [dt.date(int(y), int(m), 1) for y, m in zip(data["year"], data["month"], strict=True)]
    signs = card.review.signs(rate, card.target(rate))
    named = {str(c): str(n) for c, n in zip(rows["code"], rows["name"], strict=True)}
    odd = [c for c, s in signs.items() if s.variation == "concern"]
    good = [c for c, s in signs.items() if s.variation == "improvement"]
    parts = []
    if odd:
        parts.append(f"{wording.names_text([named[c] for c in odd])}走低，值得关注")
    if good:
        parts.append(f"{wording.names_text([named[c] for c in good])}持续向好")
    name = messages.RATE_NAMES[rate]
    first = data["day"].min() if len(data) else dt.date(2000, 1, 1)
    last = data["day"].max() if len(data) else first
    return card.chart(
        f"months_{rate}",
        Kind.SMALL_MULTIPLES,
        data[["name", "code", "day", "value", "n"]],
        Encoding(x="day", y="value", series="name", key="code", n="n", emphasis=tuple(odd + good)),
        RATE,
        f"{name}：" + ("，".join(parts) or "各月都是正常波动"),
        f"各{card.word}每月{name}，同一刻度，灰线为{card.place.whole_word}，{len(card.review.months)} 个月",
        (f"{rate}_rate",),
        headings={"name": card.word, "day": "考核月", "value": name},
        annotations=marked_days(first, last + dt.timedelta(days=1)) if len(data) else (),
    )


def adjusted(card: Scorecard) -> Chart | None:
    """The resolution rate beside what everybody's mix of cases would give; None where it cannot be said."""
    found = card.review.adjusted
    if found is None:
        return None
    data = found.assign(name=found["code"].map(card.review.names), difference=found["adjusted"] - found["value"])
    moved = data.loc[data["difference"].abs().idxmax()] if len(data) else None
    title = "按诉求结构调整后，各社区解决率变化不大"
    if moved is not None and abs(moved["difference"]) >= 0.01:
        word = "升" if moved["difference"] > 0 else "降"
        amount = f"{abs(moved['difference']) * 100:.1f}个百分点"
        title = f"按诉求结构调整后，{moved['name']}解决率{word} {amount}，为各{card.word}中变化最大"
    return card.chart(
        "adjusted",
        Kind.DOT_INTERVAL,
        data,
        Encoding(x="name", y="adjusted", low="low", high="high", n="n", key="code"),
        RATE,
        title,
        f"各{card.word}按类型、类别、复杂程度、渠道结构调整后的解决率（应有数法），{card.span}",
        ("resolution_rate",),
        headings={"name": card.word, "adjusted": "调整后", "value": "未调整", "ratio": "实际比应有"},
        units={"value": RATE, "ratio": POINTS},
    )


def targets(card: Scorecard) -> Chart | None:
    """The whole against the targets of the month; None where no indicator has one."""
    start, end = card.rule.month(*card.review.month)
    total = card.review.ask("indicators.totals", start=start, end=end)
    rows, held = [], indicators.load()
    measured = indicators.measure_many((held[code] for code in card.board.targets), total)
    for code in card.board.targets:
        indicator, row = held[code], measured[code][0]
        target = indicator.target(end - dt.timedelta(days=1))
        if target is not None and row["status"] == "ok":
            rows.append(
                {"code": code, "name": indicator.name, "value": row["value"], "n": row["n"], "target": target.value}
            )
    if not rows:
        return None
    data = pd.DataFrame(rows)
    short = data[data["value"] < data["target"] - 1e-12]
    title = "各项目标均已达到" if short.empty else f"{wording.names_text(short['name'].tolist(), 3)}未达到目标"
    return card.chart(
        "targets", Kind.BULLET, data, Encoding(x="name", y="value", target="target", n="n", key="code"), RATE,
        title, f"{card.place.whole_word}{card.month_name}各项时限与目标", tuple(data["code"]),
        headings={"name": "指标", "value": "实际"},
    )  # fmt: skip
