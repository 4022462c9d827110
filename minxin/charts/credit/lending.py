"""信易贷与白名单 as chart descriptions: from registration to repayment, by industry and size, what fell overdue."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, wording
from minxin.analysis.rates import Interval
from minxin.analysis.survival import Curve, curve
from minxin.charts import figures
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.credit.question import Ask, Question
from minxin.charts.figures import SHOWN
from minxin.charts.once import once

FIRMS = Unit("count", "户")
MONEY = Unit("count", "元")
DAYS = Unit("number", "天", 0)
#: Hundred millions of 元: what an axis of months is read in.
LARGE_MONEY = Unit("number", "亿元", 2)
STEPS = {"list": "注册到列入", "grant": "列入到授信", "draw": "授信到放款"}
GROUPS = {"industry_name": "行业", "size": "规模"}
#: What a row of the steps stands for; all other columns are counts and sums.
GROUPED_BY = ["county_code", "industry_section", "industry_name", "size", "is_listed"]
SIZES = ("大型", "中型", "小型", "微型", "未登记")
#: What can be compared between groups: numerator, denominator, name, what it is of.
MEASURES = {
    "overdue": ("n_overdue", "n_due", "逾期率", "到期贷款"),
    "granted": ("n_granted", "n", "授信率", "注册企业"),
    "drawn": ("n_drawn", "n_granted", "用信率", "授信企业"),
}
#: A rate of fewer cases is not said, nor compared.
SMALLEST = 30
RECOMMENDED = "推荐名单，银行自主审批"


class Lending:
    """The page for one question. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, ask: Ask, question: Question, about: About) -> None:
        self.ask, self.question = ask, question
        self.about = about.of(f"{question.label}注册", question.place)
        self.plain = about

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    def _asked(self, block: str) -> pd.DataFrame:
        q = self.question
        return self.ask(block, start=q.start, end=q.end)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """One county × industry × size × whether listed, with how far its firms came; due and overdue are loans."""
        return self.question.within(self._asked("lending.steps"))

    @cached_property
    def sums(self) -> pd.Series:
        """All of them together."""
        return self.steps.drop(columns=GROUPED_BY).sum()

    @cached_property
    def listed(self) -> pd.Series:
        """The white-listed ones together."""
        held = self.steps[self.steps["is_listed"].astype(bool)]
        return held.drop(columns=GROUPED_BY).sum()

    @cached_property
    def waits(self) -> dict[str, Curve]:
        """The days of each step."""
        found = self.question.within(self._asked("lending.waits"))
        return {step: curve(found[found["step"] == step]) for step in STEPS}

    @cached_property
    def overdue(self) -> Interval:
        """The share of loans that came due and were not repaid on the day."""
        return rates.wilson(self.sums["n_overdue"], self.sums["n_due"])

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: the way, the risk, what the white list is worth."""
        s, q = self.sums, self.question
        if not s["n"]:
            return (("信易贷", self._nobody),)
        way = (
            f"{q.count(s['n'], '户')}注册，{q.count(s['n_granted'], '户')}获授信 {_money(s['granted_amount'])}，"
            f"放款 {_money(s['drawn_amount'])}"
        )
        if s["granted_amount"]:
            way += f"，用信 {wording.rate_text(s['drawn_amount'] / s['granted_amount'])}"
        return (("链路", way), ("逾期", self._overdue_said()), ("白名单", self.beside_said))

    @property
    def _nobody(self) -> str:
        return f"{self.question.place}{self.question.label}没有企业在平台注册"

    def _overdue_said(self) -> str:
        n, x = int(self.sums["n_due"]), int(self.sums["n_overdue"])
        if n < SMALLEST:
            return f"到期贷款只有 {self.question.count(n, '笔')}，不足以判断逾期"
        interval = wording.interval_text(float(self.overdue.low), float(self.overdue.high))
        late = int(self.sums["n_late"])
        if self.question.any_few(x):
            return f"到期 {self.question.count(n, '笔')}，逾期 {self.question.count(x, '笔')}"
        return (
            f"到期 {self.question.count(n, '笔')}，逾期 {self.question.count(x, '笔')}，"
            f"占 {wording.rate_text(x / n)}（95%区间 {interval}），其中超过 90 天 {self.question.count(late, '笔')}"
        )

    @cached_property
    def beside_said(self) -> str:
        """Whether white-listed firms repay better, with the interval of the difference."""
        one, all_ = self.listed, self.sums
        n1, n0 = int(one["n_due"]), int(all_["n_due"] - one["n_due"])
        x1, x0 = int(one["n_overdue"]), int(all_["n_overdue"] - one["n_overdue"])
        if min(n1, n0) < SMALLEST:
            return f"白名单企业到期贷款 {self.question.count(n1, '笔')}，不足以与其他企业比较"
        if self.question.any_few(x1) or self.question.any_few(x0):
            return f"白名单企业或其他企业的逾期不足 {self.question.hidden_below} 笔，不比较"
        found = rates.newcombe(x1, n1, x0, n0)
        shares = f"白名单企业逾期 {wording.rate_text(x1 / n1)}，其他 {wording.rate_text(x0 / n0)}"
        if float(found.low) <= 0 <= float(found.high):
            return f"{shares}，没有显著差异"
        word = "低" if float(found.value) < 0 else "高"
        ends = sorted((abs(float(found.low)), abs(float(found.high))))
        return (
            f"{shares}，{word} {abs(float(found.value)) * 100:.1f} 个百分点"
            f"（95%区间 {ends[0] * 100:.1f}—{ends[1] * 100:.1f}）"
        )

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def figures(self) -> Chart:
        """Five figures of the way."""
        s, q = self.sums, self.question
        if not s["n"]:
            return self._no_figures
        of = rates.wilson(s["n_granted"], s["n"])
        drawn = _share(s["drawn_amount"], s["granted_amount"])
        listed = "" if q.any_few(self.listed["n"]) else f"占注册 {_share(self.listed['n'], s['n'])}"
        granted = "" if q.any_few(s["n_granted"]) else f"，占注册 {wording.rate_text(float(of.value))}"
        rows = [
            figures.figure("registered", "平台注册", s["n"], FIRMS, q.label),
            figures.figure("listed", "白名单", self.listed["n"], FIRMS, listed),
            figures.figure("granted", "授信金额", s["granted_amount"], MONEY,
                           q.count(s["n_granted"], "户") + granted),
            figures.figure("drawn", "放款金额", s["drawn_amount"], MONEY,
                           f"{q.count(s['n_drawn'], '户')}，占授信金额 {drawn}"),
            figures.figure("overdue", "逾期率", self.overdue, RATE, "到期未按期结清 ÷ 到期", s["n_due"]),
        ]  # fmt: skip
        data = pd.DataFrame(rows).assign(position=range(len(rows)))
        data[SHOWN] = ""
        small = (data["unit"].isin([FIRMS])) & (data["value"] > 0) & (data["value"] < q.hidden_below)
        data.loc[small, ["status", SHOWN]] = ["few", f"<{q.hidden_below}"]
        if s["n_due"] < SMALLEST or q.is_few(pd.Series([s["n_overdue"]])).any():
            data.loc[4, "status"] = "few" if s["n_due"] else "none"
        if self.question.any_few(s["n_overdue"]):
            data.loc[4, ["value", "low", "high"]] = np.nan
        data["n"] = data["n"].mask(q.is_few(data["n"]))
        return self.about.chart(
            "lending_figures", Kind.KPI_ROW, data,
            figures.encoding(data),
            Unit(), self.headline[0][1], self.question.days, headings={"name": "项目", "value": "数值"},
        )  # fmt: skip

    @property
    def _no_figures(self) -> Chart:
        """The only figure where nobody registered: the others would be shares of nothing."""
        data = pd.DataFrame([figures.figure("registered", "平台注册", 0, FIRMS, self.question.label)])
        data = data.assign(position=0)
        return self.about.chart(
            "lending_figures", Kind.KPI_ROW, data, figures.encoding(data), Unit(), self._nobody, self.question.days,
            headings={"name": "项目", "value": "数值"},
        )  # fmt: skip

    def _said(self, x: float, n: float) -> str:
        """A share in words, — where it is made of a count that may not be shown."""
        return wording.MISSING if self.question.any_few(x) or self.question.any_few(n) else _share(x, n)

    @cached_property
    def funnel(self) -> Chart:
        """How many firms came how far, and with how much money."""
        s, one = self.sums, self.listed
        rows = pd.DataFrame(
            [
                ("注册", s["n"], one["n"], np.nan, np.nan, np.nan),
                ("列入白名单", one["n"], one["n"], s["n"], one["n"], np.nan),
                ("授信", s["n_granted"], one["n_granted"], s["n"], s["n_granted"], s["granted_amount"]),
                ("放款", s["n_drawn"], one["n_drawn"], s["n_granted"], s["n_drawn"], s["drawn_amount"]),
                ("结清", s["n_repaid"], one["n_repaid"], s["n_drawn"], s["n_repaid"], s["repaid_amount"]),
            ],
            columns=["name", "n", "n_listed", "of", "x", "amount"],
        ).assign(position=range(5))
        share = rates.wilson(rows["x"], rows["of"])
        rows["share"] = share.value
        rows["interval"] = [wording.interval_text(a, b) for a, b in zip(share.low, share.high, strict=True)]
        title = self._nobody
        few = {name: self.question.is_few(rows[name]) for name in ("n_listed", "of")}
        rows["n_listed"], rows["of"] = (rows[name].where(~hide) for name, hide in few.items())
        rows["share"], rows["interval"] = rows["share"].where(~few["of"]), rows["interval"].where(~few["of"])
        if s["n"]:
            title = (
                f"注册企业获授信占 {self._said(s['n_granted'], s['n'])}，"
                f"白名单企业获授信占 {self._said(one['n_granted'], one['n'])}"
            )
        else:
            rows = rows.iloc[:0]
        return self.about.chart(
            "lending_funnel", Kind.BAR, self.question.hidden(rows, "n", "n_listed", "share", "interval", "amount"),
            Encoding(x="name", y="n", order="position", status="status", label=SHOWN), FIRMS, title,
            f"户数，一户有几笔的只计一户、金额合计；未列入白名单的也可由银行授信；{self.question.days}注册的企业",
            headings={
                "name": "环节", "n": "户数", "n_listed": "其中白名单", "of": "基数", "share": "占基数",
                "interval": "95%区间", "amount": "金额（元）",
            },
            units={"n_listed": PLAIN_COUNT, "of": PLAIN_COUNT, "share": RATE, "amount": PLAIN_COUNT},
        )  # fmt: skip

    @cached_property
    def speed(self) -> Chart:
        """The median days of each step of a loan with its interval; what still waits counts as not done yet."""
        held = self.waits["grant"]
        title = f"列入白名单到授信{self.question.median_text(held)}" if held.n else "没有列入白名单的企业"
        data = self.question.medians(self.waits, STEPS)
        if not sum(curve.n for curve in self.waits.values()):
            title, data = self._nobody, data.iloc[:0]
        return self.about.chart(
            "lending_speed", Kind.DOT_INTERVAL, data,
            Encoding(
                x="name", y="days", low="low", high="high", n="n", status="status", label="said", order="position"
            ),
            DAYS, title,
            f"各笔的中位天数与95%区间，未完成的按已等天数计入，注册到列入只看已列入的；{self.question.days}注册",
            headings={"name": "环节", "days": "中位天数", "slow": "九成不超过", "open": "其中未完成"},
            units={"slow": DAYS, "open": Unit(), "n": PLAIN_COUNT},
        )  # fmt: skip

    @once
    def groups(self, by: str, measure: str) -> Chart:
        """A rate by industry or size, with intervals and the whole's line."""
        above, below, name, base = MEASURES[measure]
        found = self.steps.groupby(by, sort=True)[[above, below]].sum().reset_index()
        found = found[found[below] > 0].rename(columns={by: "name", above: "x", below: "n"})
        share = rates.wilson(found["x"], found["n"])
        found = found.assign(value=share.value, low=share.low, high=share.high)
        found["status"] = np.where(found["n"] < SMALLEST, "few", "ok")
        whole = rates.wilson(self.sums[above], self.sums[below])
        few = self.question.is_few(found["x"]) | self.question.is_few(found["n"])
        few = small.with_partner(few, found["x"])
        if few.any():
            hidden = {"x": found["x"].mask(few), "n": found["n"].mask(self.question.is_few(found["n"]))}
            hidden |= {column: found[column].mask(few) for column in ("value", "low", "high")}
            found = found.assign(**hidden, status=found["status"].mask(few, "few"))
        line: tuple[Annotation, ...] = ()
        if self.question.any_few(self.sums[above]):
            whole = rates.wilson(np.nan, np.nan)
        elif self.sums[below]:
            line = (Annotation(float(whole.value), f"全部 {wording.rate_text(float(whole.value))}"),)
        title = (
            self._standing(found, float(whole.value), name, GROUPS[by]) if len(found) else f"没有{base}，不比较{name}"
        )
        return self.about.chart(
            f"lending_{by}_{measure}", Kind.DOT_INTERVAL, found,
            Encoding(x="name", y="value", low="low", high="high", n="n", status="status"), RATE, title,
            f"各{GROUPS[by]}{name}与95%区间，分母为{base}，不足 {SMALLEST} 的不列；{self.question.days}注册的企业",
            headings={"name": GROUPS[by], "value": name, "x": "分子", "n": "分母"},
            units={"x": PLAIN_COUNT, "n": PLAIN_COUNT}, annotations=line,
        )  # fmt: skip

    def _standing(self, found: pd.DataFrame, whole: float, name: str, word: str) -> str:
        """Who stands apart from the others, tested together with Bonferroni's bound; else no difference."""
        held = found[found["status"] == "ok"]
        if held.empty:
            return f"各{word}样本都不足，不比较{name}"
        rest_x, rest_n = held["x"].sum() - held["x"], held["n"].sum() - held["n"]
        apart = rates.newcombe(held["x"], held["n"], rest_x, rest_n, 1 - 0.05 / max(len(held), 1))
        high, low = held.loc[apart.low > 0, "name"].tolist(), held.loc[apart.high < 0, "name"].tolist()
        parts = [
            f"{wording.names_text(list(map(str, names)), 3)}{verb}"
            for names, verb in ((high, "偏高"), (low, "偏低"))
            if names
        ]
        said = "，".join(parts) if parts else f"各{word}没有显著差异"
        return f"{name}{wording.rate_text(whole)}：{said}"

    @cached_property
    def months(self) -> Chart:
        """Credit granted and loans drawn month by month, in hundred millions."""
        found = self.question.summed(self._asked("lending.months"), "month_start")
        found = found.assign(month=pd.to_datetime(found["month_start"]).dt.date)
        whole = found.loc[np.array([_whole(month, self.question.end) for month in found["month"]], dtype=bool)]
        parts = {"granted_amount": "授信", "drawn_amount": "放款"}
        data = whole.melt("month", list(parts), "part", "value")
        data["value"] = data["value"] / 1e8
        data["part"] = data["part"].map(parts)
        title = f"{self.question.label}没有授信和放款"
        if len(whole):
            last = whole.iloc[-1]
            month = wording.date_text(last["month"], year=True).removesuffix("1日")
            title = f"{month}授信 {_money(last['granted_amount'])}，放款 {_money(last['drawn_amount'])}"
            if len(whole) > 12:
                now, before = whole.tail(12)["drawn_amount"].sum(), whole.iloc[-24:-12]["drawn_amount"].sum()
                if len(whole) >= 24 and before:
                    title += f"；近 12 个月放款{_moved(now / before - 1)}"
        return self.plain.of(self.question.label, self.question.place).chart(
            "lending_months", Kind.LINE, data, Encoding(x="month", y="value", series="part", emphasis=("放款",)),
            LARGE_MONEY, title, f"每月授信、放款金额，整月；{self.question.days}",
            headings={"month": "月份", "part": "项目", "value": "金额"},
        )  # fmt: skip

    def charts(self) -> list[Chart]:
        """Everything on the page in its order, for the export of the whole page."""
        return [
            self.figures, self.funnel, self.speed, self.months, self.groups("size", "overdue"),
            self.groups("industry_name", "overdue"),
        ]  # fmt: skip


def _share(x: float, n: float) -> str:
    return wording.rate_text(x / n) if n else "—"


def _money(value: float) -> str:
    return wording.count_text(float(value), "元")


def _moved(share: float) -> str:
    if abs(share) < 0.005:
        return "与上年同期持平"
    return f"比上年同期{'增' if share > 0 else '减'} {abs(share) * 100:.1f}%"


def _whole(month: dt.date, end: dt.date) -> bool:
    """Whether a month has ended before the end of the days asked for."""
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) <= end
