"""How a community stands: its rates beside the street's, among its peers, month by month."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from minxin.analysis import indicators, wording
from minxin.analysis.assessment import messages, profile
from minxin.analysis.assessment.rules import RATES
from minxin.analysis.assessment.signs import ASSURANCE_NAMES, VARIATION_NAMES
from minxin.charts import figures
from minxin.charts.chart import RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.scorecard_units import SCORE
from minxin.charts.weekly_figures import unit as unit_of

if TYPE_CHECKING:
    from minxin.charts.community import Profile


def rates(page: Profile) -> Chart | None:
    """The score, the three rates and the intake of the month as a row of figures."""
    if not page.has_rates or not page.row:
        return None
    row, street = page.row, page.result.street
    apart = page.against_rest.set_index("rate")
    note = f"近 {page.rule.window_months} 个月"
    status = "none" if row["status"] == "none" else "ok"
    rows: list[dict[str, Any]] = [
        {
            "code": "score",
            "name": "综合得分",
            "value": row["score"] * 100,
            "low": row["score_low"] * 100,
            "high": row["score_high"] * 100,
            "change": (row["score"] - street["score"]["value"]) * 100,
            "verdict": "",
            "unit": SCORE,
        }
    ]
    for rate in RATES:
        value = row[f"{rate}_rate"]
        rows.append(
            {
                "code": f"{rate}_rate",
                "name": messages.RATE_NAMES[rate],
                "value": value,
                "low": row[f"{rate}_low"],
                "high": row[f"{rate}_high"],
                "change": value - street[f"{rate}_rate"]["value"],
                "verdict": figures.APART[bool(apart.loc[rate, "is_different"])],
                "unit": RATE,
            }
        )
    data = pd.DataFrame(rows).assign(
        n=row["n_valid"],
        status=status,
        note=note,
        change_word=f"比{page.whole}",
        target=[_target(page, r["code"]) for r in rows],
    )
    data = pd.concat([data, _intake(page)], ignore_index=True)
    return page.chart(
        "rates",
        Kind.KPI_ROW,
        data.assign(position=range(len(data))),
        figures.encoding(data),
        Unit(),
        page.headline[0][1],
        f"{page.name}三率与{page.whole}比较，{page.card.span}，{page.rule.confidence:.0%}区间；受理量为当月",
        ("response_rate", "resolution_rate", "satisfaction_rate"),
        headings={"name": "指标", "value": "数值"},
        confidence=page.rule.confidence,
    )  # fmt: skip


def _target(page: Profile, code: str) -> float:
    held = indicators.load().get(code)
    target = held.target(page.period.last) if held else None
    return target.value if target else np.nan


def _intake(page: Profile) -> pd.DataFrame:
    rows = page.week.measured
    return rows.loc[rows["code"] == "intake", [c for c in rows.columns if c != "has_data"]]


def peers(page: Profile, measure: str) -> Chart:
    """All communities sorted by score or one rate, this one in primary colour."""
    chart = page.card.ranking if measure not in RATES else _by_rate(page, measure)
    name = page.measures.get(measure, page.card.measure_name)
    own = chart.data.loc[chart.data["code"].astype(str) == page.code]
    title = f"{page.name}{name}无数据"
    if len(own) and own["status"].iloc[0] != "none":
        value = own["value"].iloc[0]
        # A rate has no places of its own: the ranks are those of the assessed measure.
        where = profile.place_text(page.result, page.code) if measure not in RATES else _apart(page, measure)
        title = f"{page.name}{name} {chart.unit.format(value)}，{where}"
    return replace(
        chart,
        id=f"peers_{measure}",
        title=title,
        alt=f"{title}。{chart.subtitle}",
        filters=(*chart.filters[:2], page.name),
        encoding=replace(chart.encoding, emphasis=(page.code,)),
    )


def _apart(page: Profile, rate: str) -> str:
    found = page.against_rest.set_index("rate").loc[rate]
    if not found["is_different"]:
        return f"与其他{page.place.area_word}没有显著差异"
    side = "高于" if found["difference"] > 0 else "低于"
    return f"显著{side}其他{page.place.area_word}（{wording.rate_text(found['rest'])}）"


def _by_rate(page: Profile, rate: str) -> Chart:
    units, card = page.result.units, page.card
    data = pd.DataFrame(
        {
            "name": units["name"],
            "code": units["code"],
            "value": units[f"{rate}_rate"],
            "low": units[f"{rate}_low"],
            "high": units[f"{rate}_high"],
            "n": units["n_valid"],
            "status": units["status"],
        }
    )
    line = float(page.result.street[f"{rate}_rate"]["value"])
    name = messages.RATE_NAMES[rate]
    return card.chart(
        f"peers_{rate}",
        Kind.DOT_INTERVAL,
        data,
        Encoding(x="name", y="value", low="low", high="high", n="n", status="status", key="code"),
        RATE,
        name,
        f"各{card.word}{name}与{card.rule.confidence:.0%}区间，{card.span}",
        (f"{rate}_rate",),
        headings={"name": card.word, "value": name},
        annotations=(Annotation(line, f"{page.whole} {RATE.format(line)}"),) if line == line else (),
    )


# ── months ──────────────────────────────────────────────────────────────────────────────────────


def trend(page: Profile, code: str) -> Chart:
    """This community, the street, and between which limits half of the others lie, month by month."""
    own, whole, limits = _rolling(page, code) if code in RATES else _monthly(page, code)
    name = page.trend_choices.get(code) or indicators.load()[code].name
    unit, counting = RATE, False
    if code not in RATES:
        indicator = indicators.load()[code]
        unit, counting = unit_of(indicator), indicator.kind == "count"
    words = page.everyone.month_words
    mine = pd.DataFrame({"month": words, "series": page.name, **own, "low": limits[0], "high": limits[1]})
    parts = [mine]
    # a sum over all communities is no line to hold one of them against
    if not counting:
        parts.insert(0, pd.DataFrame({"month": words, "series": page.whole, **whole, "low": np.nan, "high": np.nan}))
    rolls = f"，每点为截至该月的 {page.board.rolling_months} 个月合计" if code in RATES else ""
    band = f"，范围带为其他{page.place.area_word}的中间一半" if not np.isnan(limits[0]).all() else ""
    return page.chart(
        f"trend_{code}",
        Kind.LINE,
        pd.concat(parts, ignore_index=True),
        Encoding(
            x="month", y="value", series="series", low="low", high="high", status="status", n="n",
            emphasis=(page.name,),
        ),
        unit,
        _trend_title(page, name, unit, own, limits),
        f"{page.name}近 {len(words)} 个月{name}（{unit.word}）{rolls}{band}",
        (code if code not in RATES else f"{code}_rate",),
        headings={"month": "考核月", "series": "范围", "value": name, "low": "中间一半下限", "high": "中间一半上限"},
    )  # fmt: skip


Points = dict[str, np.ndarray]


def _rolling(page: Profile, rate: str) -> tuple[Points, Points, tuple[np.ndarray, np.ndarray]]:
    own: list[tuple[float, float]] = []
    whole: list[tuple[float, float]] = []
    halves: list[tuple[float, float]] = []
    for codes, x, n in page.everyone.rolled(rate):
        here = codes == page.code
        own.append((float(x[here].sum()), float(n[here].sum())))
        whole.append((float(x.sum()), float(n.sum())))
        enough = ~here & (n >= page.rule.smallest_n)
        halves.append(profile.middle_half(x[enough] / n[enough]))
    return _points(own, page.rule.smallest_n), _points(whole, page.rule.smallest_n), _limits(halves)


def _points(held: list[tuple[float, float]], smallest: int) -> Points:
    x, n = np.array(held, dtype="float64").reshape(-1, 2).T
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(n > 0, x / n, np.nan)
    return {"value": value, "n": n, "status": np.select([n <= 0, n < smallest], ["none", "few"], "ok")}


def _limits(halves: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.array(halves, dtype="float64").reshape(-1, 2).T
    return low, high


def _monthly(page: Profile, code: str) -> tuple[Points, Points, tuple[np.ndarray, np.ndarray]]:
    rows, whole = page.everyone.measured(indicators.load()[code])
    length = len(page.everyone.months)
    peers = rows[(rows["community_code"] != page.code) & rows["community_code"].isin(list(page.review.names))]
    known = peers[peers["status"] == "ok"]
    halves = [profile.middle_half(known.loc[known["at"] == i, "value"].to_numpy("float64")) for i in range(length)]
    own = rows[rows["community_code"] == page.code]
    return _placed(own, length), _placed(whole, length), _limits(halves)


def _placed(rows: pd.DataFrame, length: int) -> Points:
    held = rows.set_index("at").reindex(range(length))
    return {
        "value": held["value"].to_numpy("float64"),
        "n": held["n"].to_numpy("float64"),
        "status": held["status"].fillna("none").to_numpy(dtype=object),
    }


def _trend_title(page: Profile, name: str, unit: Unit, own: Points, limits: tuple[np.ndarray, np.ndarray]) -> str:
    """Where the last month lies among the others."""
    value, status = float(own["value"][-1]), str(own["status"][-1])
    if status == "few":
        return f"{page.name}最近一期{name}{wording.few_text(float(own['n'][-1]))}"
    if status != "ok" or value != value:
        return f"{page.name}{page.month_name}{name}无数据"
    said = f"{page.name}{name} {unit.format(value)}"
    if np.isnan(limits[0][-1]):
        return said
    outside = [
        "below" if v < a else "above" if v > b else ""
        for v, a, b in zip(own["value"], limits[0], limits[1], strict=True)
    ]
    run = 1
    while run < len(outside) and outside[-1] and outside[-1 - run] == outside[-1]:
        run += 1
    if not outside[-1]:
        return f"{said}，在各{page.place.area_word}中居中"
    side = "低于" if outside[-1] == "below" else "高于"
    return f"{said}，{f'连续 {run} 个月' if run > 1 else ''}{side}约四分之三的{page.place.area_word}"


def signs_table(page: Profile) -> Chart:
    """Variation and assurance of each rate over the months, then shares that are worth looking into."""
    rows = [
        {
            "name": name,
            "variation": found.words,
            "assurance": ASSURANCE_NAMES[found.assurance],
            "why": "；".join(found.reasons) or "—",
        }
        for name, found in page.rate_signs.items()
    ]
    rows += [
        {
            "name": r["label"],
            "variation": "建议核实",
            "assurance": "—",
            "why": f"{wording.rate_text(r['share'])}，{page.whole} {wording.rate_text(r['street'])}",
        }
        for r in page.flagged.to_dict("records")
    ]
    data = pd.DataFrame(rows, columns=["name", "variation", "assurance", "why"])
    marked = ("建议核实", VARIATION_NAMES["concern"])
    wanted = data.loc[data["variation"].str.startswith(marked), "name"].tolist()
    known = data["variation"] != VARIATION_NAMES["few"]
    title = f"需要关注：{wording.names_text(wanted, 3)}" if wanted else "各项走势均在正常波动范围内"
    if not known.any():
        title = "月份不足，暂不判断走势"
    return page.chart(
        "signs",
        Kind.TABLE,
        data,
        Encoding(),
        Unit(),
        title,
        f"{page.name}近 {len(page.everyone.months)} 个月逐月判断：走势看是否超出正常波动，达标看目标是否靠得住",
        headings={"name": "指标", "variation": "走势", "assurance": "达标", "why": "依据"},
    )
