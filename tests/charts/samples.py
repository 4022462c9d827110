"""Sample charts of every kind, calm and hostile, for the tests of charts and exports."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd

from minxin.charts import COUNT, PER_10000, RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.settings import deployment

COMMUNITIES = [(c.code, c.name) for c in deployment().communities]
HOSTILE = "<script>alert(1)</script>"
FORMULA = '=cmd|" /C calc"!A0'
LONG = "深圳市宝安区新安街道某某某某某某某某某某超长名称社区党群服务中心暨民生诉求综合受理窗口第二工作站"
SAID: dict[str, Any] = {
    "indicators": ("closing_rate",),
    "filters": ("全街道", "6月26日—7月2日"),
    "as_of": "7月4日 00:00",
    "snapshot": "s000007",
    "simulated": True,
}


def by_community() -> pd.DataFrame:
    """One row a community: rate with interval, cases; the sixth has too few, the ninth none."""
    rows = []
    for i, (code, name) in enumerate(COMMUNITIES):
        n = 40 + (i * 37) % 160
        rate = 0.86 + 0.13 * ((i * 7919) % 101) / 101
        half = 1.96 * math.sqrt(rate * (1 - rate) / n)
        status = "few" if i == 5 else "none" if i == 8 else "ok"
        rows.append(
            {
                "code": code,
                "name": name,
                "rate": rate,
                "low": rate - half,
                "high": min(1.0, rate + half),
                "n": 7 if i == 5 else 0 if i == 8 else n,
                "status": status,
                "overdue": (i * 7) % 13,
                "limit_low": 0.93 - 1.96 * math.sqrt(0.93 * 0.07 / n),
                "limit_high": min(1.0, 0.93 + 1.96 * math.sqrt(0.93 * 0.07 / n)),
                "outer_low": 0.93 - 3.09 * math.sqrt(0.93 * 0.07 / n),
                "outer_high": min(1.0, 0.93 + 3.09 * math.sqrt(0.93 * 0.07 / n)),
                "target": 0.99,
                "whole": 0.93,
            }
        )
    return pd.DataFrame(rows)


def by_week(weeks: int = 26) -> pd.DataFrame:
    """One row a week: petitions, rate with interval."""
    start = dt.date(2023, 1, 2)
    return pd.DataFrame(
        [
            {
                "week": start + dt.timedelta(days=7 * i),
                "n": 240 + round(60 * math.sin(i / 3)) + (i * 13) % 29,
                "rate": 0.93 + 0.03 * math.sin(i / 4),
                "low": 0.91 + 0.03 * math.sin(i / 4),
                "high": 0.95 + 0.03 * math.sin(i / 4),
            }
            for i in range(weeks)
        ]
    )


def kpi() -> Chart:
    data = pd.DataFrame(
        [
            ["intake", "受理量", 12500, COUNT, None, 820, None, None, None, "环比", ""],
            ["closing", "办结率", 0.953, RATE, 0.99, 0.012, 0.941, 0.963, 1204, "环比", "好转"],
            ["contact", "15分钟首联率", 0.871, RATE, 0.95, -0.024, 0.85, 0.89, 1204, "环比", "变差"],
            ["per", "万人诉求量", None, PER_10000, None, None, None, None, None, "环比", ""],
            ["overdue", "逾期未办", 12, COUNT, 0, 0, None, None, None, "环比", "持平"],
        ],
        columns=["key", "name", "value", "unit", "target", "change", "low", "high", "n", "word", "verdict"],
    )
    data["status"] = ["ok", "ok", "ok", "no_population", "ok"]
    return Chart(
        id="kpi",
        kind=Kind.KPI_ROW,
        data=data,
        encoding=Encoding(
            x="name", y="value", key="key", unit="unit", target="target", change="change", change_word="word",
            verdict="verdict", low="low", high="high", n="n", status="status",
        ),
        unit=COUNT,
        title="本周办结率 95.3%，较上周提高 1.2 个百分点，距目标 99% 尚差 3.7 个百分点",
        subtitle="6月26日—7月2日，全街道",
        alt="本周办结率 95.3%。",
        headings={"name": "指标", "value": "本期", "change": "环比"},
        **SAID,
    )  # fmt: skip


POINTS = Unit("score", "分")
SIGNED = Encoding(x="name", y="points", series="part", key="code", change="together")


def signed(count: int = 21) -> pd.DataFrame:
    """One row a community and part of a difference, to both sides of zero, with what they come to."""
    rows = []
    for i, (code, name) in enumerate(COMMUNITIES[:count]):
        held = {"权重": 1.2 + (i % 5) / 10, "基本满意折算": 0.4, "剔除": -0.1 * (i % 4)}
        rows += [
            {"code": code, "name": name, "part": part, "points": value, "together": sum(held.values())}
            for part, value in held.items()
        ]
    return pd.DataFrame(rows)


def chart(kind: Kind) -> Chart:
    """A well-behaved chart of a kind, on the deployment's communities."""
    areas, weeks = by_community(), by_week()
    named = {"name": "社区", "overdue": "逾期未办", "rate": "办结率", "week": "周", "n": "受理量"}

    def make(data: pd.DataFrame, encoding: Encoding, unit: Unit, title: str, subtitle: str, **more: Any) -> Chart:
        held = {c: h for c, h in named.items() if c in encoding.columns.values()}
        return Chart(
            id=str(kind), kind=kind, data=data, encoding=encoding, unit=unit, title=title, subtitle=subtitle,
            alt=title, headings=held, **SAID, **more,
        )  # fmt: skip

    rated = Encoding(
        x="name", y="rate", low="low", high="high", n="n", key="code", status="status", target="target",
        emphasis=("440306017017",),
    )  # fmt: skip
    if kind is Kind.KPI_ROW:
        return kpi()
    if kind is Kind.BAR:
        encoding = Encoding(x="name", y="overdue", key="code", emphasis=("440306017017", "440306017020"))
        return make(areas, encoding, COUNT, "翻身社区逾期未办 12 件，占全街道一成", "各社区逾期未办件数，截至7月4日")
    if kind is Kind.BULLET:
        return make(areas.head(8), rated, RATE, "八个社区均未达到 99% 的目标", "各社区办结率与目标，6月26日—7月2日")
    if kind is Kind.COLUMN:
        encoding = Encoding(x="week", y="n", emphasis=("6月26日",))
        note = (Annotation(dt.date(2023, 4, 3), "考核激励增效行动启动"), Annotation(240.0, "上年周均 240件"))
        return make(weeks, encoding, COUNT, "上周受理 254 件，与近半年周均持平", "每周受理量", annotations=note)
    if kind is Kind.STACKED_COLUMN:
        parts = [
            {"week": week, "part": part, "n": n // (2 + j)}
            for week, n in zip(weeks["week"].tail(8), weeks["n"].tail(8), strict=True)
            for j, part in enumerate(("城市管理", "住房建设", "劳动社保", "交通出行", "其他"))
        ]
        encoding = Encoding(x="week", y="n", series="part")
        return make(pd.DataFrame(parts), encoding, COUNT, "城市管理类占受理量四成", "近八周受理量，按一级类别")
    if kind is Kind.LINE:
        note = (Annotation(dt.date(2023, 4, 6), "考核激励增效行动启动"),)
        encoding = Encoding(x="week", y="rate", low="low", high="high")
        data = weeks.assign(target=0.95)
        encoding = Encoding(x="week", y="rate", low="low", high="high", target="target")
        return make(data, encoding, RATE, "办结率回升至 92.9%", "每周办结率，阴影为95%区间", annotations=note)
    if kind is Kind.DOT_INTERVAL:
        note = (Annotation(0.93, "全街道 93.0%"),)
        title = "翻身社区办结率与全街道无显著差异"
        return make(areas, rated, RATE, title, "各社区办结率与95%区间", annotations=note)
    if kind in (Kind.MAP, Kind.TILE_GRID):
        title = "海华、甲岸办结率最低，集中在街道南部"
        return make(areas, rated, RATE, title, "各社区办结率，6月26日—7月2日")
    if kind is Kind.TABLE:
        data = areas[["name", "overdue", "rate", "n"]].assign(due=dt.datetime(2023, 6, 28, 18, 0))
        return Chart(
            id="table", kind=kind, data=data, encoding=Encoding(), unit=COUNT, title="21 个社区本周办理情况",
            subtitle="6月26日—7月2日", alt="各社区办理情况表。",
            headings={"name": "社区", "overdue": "逾期未办", "rate": "办结率", "n": "受理量", "due": "最近到期"},
            units={"overdue": COUNT, "rate": RATE, "n": COUNT}, **SAID,
        )  # fmt: skip
    if kind is Kind.HEATMAP:
        cells = [
            {"name": name, "day": day, "n": (i * 5 + j * 3) % 17}
            for i, (_, name) in enumerate(COMMUNITIES[:12])
            for j, day in enumerate(("周一", "周二", "周三", "周四", "周五", "周六", "周日"))
        ]
        encoding = Encoding(x="day", y="n", series="name")
        return make(pd.DataFrame(cells), encoding, COUNT, "周一与周四受理最多", "各社区受理量，按星期")
    if kind is Kind.SMALL_MULTIPLES:
        cells = [
            {"name": name, "code": code, "week": w, "rate": max(0.0, min(1.0, r + 0.05 * math.sin(i + k)))}
            for i, (code, name) in enumerate([*COMMUNITIES, ("", "")])
            for k, (w, r) in enumerate(zip(weeks["week"].tail(12), weeks["rate"].tail(12), strict=True))
        ]
        encoding = Encoding(x="week", y="rate", series="name", key="code", emphasis=("440306017017",))
        title = "翻身社区近三周连续下降"
        return make(pd.DataFrame(cells), encoding, RATE, title, "各社区每周办结率，近12周")
    if kind is Kind.DIVERGING:
        return make(signed(), SIGNED, POINTS, "换规则后各社区得分均上升", "各社区得分变化，按规则各处改动")
    assert kind is Kind.FUNNEL_PLOT
    encoding = Encoding(
        x="name", y="rate", low="limit_low", high="limit_high", outer_low="outer_low", outer_high="outer_high",
        n="n", key="code", target="whole", status="status",
    )  # fmt: skip
    return make(areas, encoding, RATE, "三个社区超出偶然波动的范围", "各社区办结率与受理量，虚线为95%与99.8%界限")


def variant(kind: Kind, how: str) -> Chart:
    """A chart of a kind with ``one`` row, ``none``, ``nulls`` or ``hostile`` text."""
    from dataclasses import replace

    base = chart(kind)
    data, e = base.data.copy(), base.encoding
    if how == "one":
        return replace(base, data=data.head(1))
    if how == "none":
        return replace(base, data=data.head(0))
    if how == "nulls":
        columns = [c for r, c in e.columns.items() if r not in ("x", "series", "key", "unit")]
        columns = columns or list(data.columns[1:])
        for column in columns:
            data[column] = pd.Series([None] * len(data), dtype="object")
        return replace(base, data=data)
    texts = [
        HOSTILE,
        FORMULA,
        LONG,
        "+1",
        "-2",
        "@x",
        "\t\r\n\x00\x0b危险\ufffe",
        "a&b</text>\"'",
        "$x$ {{7*7}} %{x}",
    ]
    column = e.series if kind in (Kind.STACKED_COLUMN, Kind.HEATMAP, Kind.SMALL_MULTIPLES, Kind.DIVERGING) else e.x
    if kind is Kind.TABLE:
        column = "name"
    held = list(dict.fromkeys(data[column]))
    swap = {name: texts[i] for i, name in enumerate(held) if i < len(texts) and name}
    data[column] = [swap.get(v, v) for v in data[column]]
    return replace(base, data=data, title=f"{HOSTILE} \ud800{LONG}", subtitle=FORMULA, filters=(HOSTILE, "=1+1"))
