"""失信监控与双向督促 as chart descriptions: both ways step by step, how they end, arrears, what is stuck."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, wording
from minxin.analysis.survival import Curve, curve
from minxin.charts import figures
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Chart, Encoding, Kind, Unit
from minxin.charts.credit.question import Ask, Question, dated
from minxin.charts.figures import SHOWN

DAYS = Unit("number", "天", 0)
YUAN = Unit("number", "元", 0)
#: The kind that the courts deal with: it alone is urged both ways.
EXECUTED, ARREARS = "失信被执行", "账款拖欠"
STEPS = {
    "push": "发现到推送",
    "warn": "推送到预警",
    "treat": "预警到治理",
    "commit": "提示到承诺",
    "settle": "承诺到办结",
    "close": "发现到办结",
}
#: Where an open case can stand, in the order of the way (queries/enforcement.sql).
WAY = ("待推送", "待预警", "待治理", "治理中", "待承诺", "承诺期内", "再提醒后")
LISTED, MONTHS, SMALLEST = 200, 24, 30
#: A case that stands at one step for longer is said to be stuck.
STUCK_DAYS = 180


class Enforcement:
    """The page for one question and one kind of case ('' for all). Every part is worked out when first asked for."""

    def __init__(self, ask: Ask, question: Question, about: About, kind: str = "") -> None:
        self.ask, self.question, self.kind = ask, question, kind
        what = kind or "全部线索"
        self.about = about.of(question.label, question.place, what)
        self.today = about.of("在办线索", question.place, what)
        #: Of the cases of the courts, whichever kind is looked at.
        self.courts = about.of(question.label, question.place, EXECUTED)

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    def _asked(self, block: str) -> pd.DataFrame:
        q = self.question
        return q.within(self.ask(block, start=q.start, end=q.end))

    def _of_kind(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[rows["kind"] == self.kind] if self.kind else rows

    @cached_property
    def every(self) -> pd.DataFrame:
        """One county × kind × debtor of the cases found in the span."""
        return self._asked("enforcement.funnel")

    @cached_property
    def found(self) -> pd.DataFrame:
        """The same, of the kind that is looked at."""
        return self._of_kind(self.every)

    @cached_property
    def executed(self) -> pd.Series[Any]:
        """The cases of the courts, in one row of counts."""
        rows = self.every[self.every["kind"] == EXECUTED]
        return rows.drop(columns=["county_code", "kind", "debtor_kind"]).sum()

    @cached_property
    def ends(self) -> pd.DataFrame:
        """One kind of the cases closed in the span; among those just found the quick leavers would stand out."""
        q = self.question
        return q.summed(self.ask("enforcement.ends", start=q.start, end=q.end), "kind")

    @cached_property
    def left(self) -> pd.Series[Any]:
        """The closed cases of the courts, in one row of counts."""
        return self.ends[self.ends["kind"] == EXECUTED].drop(columns="kind").sum()

    @cached_property
    def ends_hidden(self) -> pd.Series[Any]:
        """Which of the ends tell how few left or did not; a single one with the least other, as all are known."""
        rows, q = self.ends, self.question
        few = q.is_few(rows["n_left"]) | q.is_few(rows["n_closed"] - rows["n_left"]) | q.is_few(rows["n_closed"])
        return small.with_partner(few, rows["n_left"])

    @property
    def left_hidden(self) -> bool:
        """Whether it may not be said how many of the courts' cases left."""
        return bool(self.ends_hidden[self.ends["kind"] == EXECUTED].any())

    @cached_property
    def waits(self) -> dict[str, Curve]:
        """Every step of the cases found in the span."""
        found = self._of_kind(self._asked("enforcement.waits"))
        return {step: curve(found[found["step"] == step]) for step in STEPS}

    @cached_property
    def flow(self) -> pd.DataFrame:
        """The last whole months, and the running one where it has begun."""
        as_of = self.about.as_of.date()
        start = as_of.replace(day=1)
        for _ in range(MONTHS):
            start = (start - dt.timedelta(days=1)).replace(day=1)
        found = self.question.summed(self.ask("enforcement.months", start=start, end=as_of), "month_start", every=True)
        return found.assign(month=pd.to_datetime(found["month_start"]).dt.date)

    @cached_property
    def whole_months(self) -> pd.DataFrame:
        """The months that are over at the data time."""
        return self.flow[self.flow["month"] < self.about.as_of.date().replace(day=1)]

    @cached_property
    def stuck_rows(self) -> pd.DataFrame:
        """Open cases, those that stand at their step for longest on top."""
        return self._of_kind(self.question.within(self.ask("enforcement.stuck", limit=LISTED))).head(LISTED)

    @cached_property
    def stands(self) -> pd.DataFrame:
        """One step with the open cases that stand at it, the most on top."""
        rows = self._of_kind(self.question.within(self.ask("enforcement.stands", long_days=STUCK_DAYS)))
        held = rows.groupby("stands").agg({"n": "sum", "n_long": "sum", "n_lapsed": "sum", "days": "max"})
        return held.sort_values("n", ascending=False, kind="stable").reset_index()

    @property
    def total_open(self) -> int:
        """Open cases that may be shown."""
        return int(self.stands["n"].sum())

    @property
    def _now(self) -> pd.Series[Any]:
        return self.flow.iloc[-1] if len(self.flow) else pd.Series({c: 0 for c in self.flow.columns})

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: how the courts' cases end, what stands still, arrears and debts of offices."""
        return (("退出", self._exit()), ("堵点", self._stuck()), ("拖欠", self._arrears()))

    def _exit(self) -> str:
        x, n, q = int(self.left["n_left"]), int(self.left["n_closed"]), self.question
        if n < SMALLEST:
            return f"{q.label}{EXECUTED}办结 {q.exact(n)}，样本不足，不计退出率"
        if self.left_hidden:
            few = f"主动退出 {q.exact(x)}" if q.any_few(x) else "退出率不显示"
            return f"{EXECUTED}办结 {q.exact(n)}，{few}"
        held = rates.wilson(x, n)
        interval = wording.interval_text(float(held.low), float(held.high))
        said = f"{EXECUTED}办结 {n:,} 件，主动退出 {x:,} 件，占 {wording.rate_text(x / n)}（95%区间 {interval}）"
        noticed = int(self.left["n_left_noticed"])
        if not noticed or (q.any_few(x - noticed) and not q.any_few(noticed)):
            return said
        return said + ("，均在风险提示之后" if noticed == x else f"，其中 {q.exact(noticed)}在风险提示之后")

    def _stuck(self) -> str:
        rows, count = self.stands, self.question.count
        if not len(rows):
            return "没有在办线索"
        long = int(rows["n_long"].sum())
        said = f"在办 {count(self.total_open)}，停在「{rows['stands'].iloc[0]}」的最多，{count(rows['n'].iloc[0])}"
        return said + (f"；停在同一环节超过 {STUCK_DAYS} 天的 {count(long)}" if long else "")

    def _arrears(self) -> str:
        row = self._now
        open_, offices = int(row["n_arrears"]), int(row["n_government"])
        amount = f"、{self._amount}" if self._amount else ""
        said = f"账款拖欠未清 {self.question.count(open_)}{amount}" if open_ else "账款拖欠已清零"
        return said + (
            f"；机关事业单位失信未清 {self.question.count(offices)}" if offices else "；机关事业单位失信为零"
        )

    @property
    def _amount(self) -> str:
        """The money in arrears today; '' where it would be that of few."""
        row = self._now
        few = self.question.any_few(row["n_arrears"])
        return "" if few else wording.count_text(float(row["amount_arrears"]), "元")

    def _arrears_ended(self, held: pd.DataFrame) -> str:
        """As the last whole month ended, which is where the lines end: today's cases are in the headline."""
        if held.empty:
            return "没有整月的账款拖欠记录"
        last, count = held.iloc[-1], self.question.count
        open_, offices = int(last["n_arrears"]), int(last["n_government"])
        said = (
            f"{last['month'].month}月末账款拖欠未清 {count(open_)}"
            if open_
            else f"{last['month'].month}月末账款拖欠已清零"
        )
        if len(held) > 12:
            year_ago = int(held.iloc[-13]["n_arrears"])
            if (moved := open_ - year_ago) and not self.question.any_few(open_, year_ago):
                said += f"，比一年前{'增加' if moved > 0 else '减少'} {count(abs(moved))}"
        return said + (f"；机关事业单位失信 {count(offices)}" if offices else "；机关事业单位失信为零")

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def figures(self) -> Chart:
        """What stands today, and how the courts' cases end."""
        row, q = self._now, self.question
        x, n = int(self.left["n_left"]), int(self.left["n_closed"])
        share = rates.wilson(x, n)
        before = self.whole_months.iloc[-1] if len(self.whole_months) else row
        lapsed, long = int(self.stands["n_lapsed"].sum()), int(self.stands["n_long"].sum())
        stays = f"{q.count(long)}停留超 {STUCK_DAYS} 天"
        rows = [
            # The months hold all kinds together: of one kind nothing is known of how many there were before.
            _card(
                "open", f"{self.kind}在办" if self.kind else "在办线索",
                self.total_open if self.kind else row["n_open"], stays,
                np.nan if self.kind else row["n_open"] - before["n_open"],
            ),
            _card("left", f"{EXECUTED}退出率", float(share.value), q.label),
            _card("arrears", "账款拖欠未清", row["n_arrears"], self._amount, row["n_arrears"] - before["n_arrears"]),
            _card(
                "government", "机关事业失信未清", row["n_government"],
                "已清零" if not row["n_government"] else "应当清零", row["n_government"] - before["n_government"],
            ),
            _card("lapsed", "承诺逾期未办结", lapsed, "承诺期限已过，未再提醒"),
        ]  # fmt: skip
        rows[1] |= {"low": float(share.low), "high": float(share.high), "n": n, "unit": RATE}
        data = q.cards(rows, SMALLEST, {"left": (x, n)})
        if self.left_hidden:
            # The rate would tell that of another kind.
            data.loc[1, ["status", "value", "low", "high"]] = ["few", np.nan, np.nan, np.nan]
        return self.today.chart(
            "enforcement_figures", Kind.KPI_ROW, data,
            figures.encoding(data),
            Unit(), self.headline[0][1], f"在办按数据截止时的状态，{q.place}",
            headings={"name": "项目", "value": "数值"},
        )  # fmt: skip

    @cached_property
    def chain(self) -> Chart:
        """挖、推、警、治、示: how far the cases found in the span came."""
        names = {
            "n": "挖（发现）", "n_pushed": "推（推送）", "n_warned": "警（预警）", "n_treated": "治（治理）",
            "n_closed": "办结", "n_shown": "示（公示惩戒）",
        }  # fmt: skip
        counts = self.found[[*names, "n_punished"]].sum()
        n, closed, q = int(counts["n"]), int(counts["n_closed"]), self.question
        title = f"{self.question.label}没有发现线索"
        if n:
            held = rates.wilson(closed, n)
            interval = wording.interval_text(float(held.low), float(held.high))
            title = self._said(f"发现 {q.exact(n)}", f"，其中办结 {q.exact(closed)}", closed, n, interval)
        return self._funnel(
            self.about,
            "enforcement_chain",
            names,
            counts,
            title,
            "线索件数；只有受到惩戒的才公示，退出的不公示",
            {"n_pushed": "n", "n_warned": "n", "n_treated": "n", "n_closed": "n", "n_shown": "n_punished"},
        )

    @cached_property
    def urging(self) -> Chart:
        """提示、承诺、再提醒: both ways of urging on the cases of the courts."""
        names = {
            "n": "发现", "n_noticed": "提示（执行前）", "n_committed": "承诺（暂缓惩戒）",
            "n_left_committed": "承诺后退出", "n_reminded": "再提醒（惩戒前）", "n_punished": "惩戒",
        }  # fmt: skip
        counts = self.executed.reindex(list(names), fill_value=0)
        noticed, committed, q = int(counts["n_noticed"]), int(counts["n_committed"]), self.question
        title = f"{self.question.label}发现的{EXECUTED}都没有作风险提示"
        if noticed:
            held = rates.wilson(committed, noticed)
            interval = wording.interval_text(float(held.low), float(held.high))
            title = self._said(
                f"作了提示的 {q.exact(noticed)}", f"中 {q.exact(committed)}作出承诺", committed, noticed, interval
            )
        return self._funnel(
            self.courts, "enforcement_urging", names, counts, title, f"{EXECUTED}件数；承诺期内暂缓惩戒，惩戒前再提醒",
            {"n_noticed": "n", "n_committed": "n_noticed", "n_left_committed": "n_committed",
             "n_reminded": "n_noticed", "n_punished": "n"},
        )  # fmt: skip

    def _said(self, all_: str, some: str, x: int, n: int, interval: str) -> str:
        """How many of how many with their share, as far as it may be said."""
        if not self.question.few_of(x, n):
            return f"{all_}{some}，占 {wording.rate_text(x / n)}（95%区间 {interval}）"
        return all_ + some if self.question.any_few(x) or not x else all_

    def _funnel(
        self,
        about: About,
        name: str,
        names: dict[str, str],
        counts: pd.Series[Any],
        title: str,
        what: str,
        of: dict[str, str],
    ) -> Chart:
        """Steps with their share of the step that they come from, and its interval."""
        rows = pd.DataFrame({"step": list(names), "name": list(names.values()), "n": counts[list(names)].to_numpy()})
        order = list(names)
        base = pd.Series([float(counts[of[step]]) if step in of else np.nan for step in order])
        place = [order.index(of[step]) if of.get(step) in names else -1 for step in order]
        share = rates.wilson(rows["n"].astype("float64"), base)
        rows["of"] = [{**names, "n_punished": "惩戒"}[of[step]] if step in of else "—" for step in names]
        rows["share"] = share.value
        rows["interval"] = [wording.interval_text(a, b) for a, b in zip(share.low, share.high, strict=True)]
        return about.chart(
            name, Kind.BAR,
            self.question.steps(rows.assign(position=range(len(rows))), base, place, "share", "interval"),
            Encoding(x="name", y="n", order="position", status="status", label=SHOWN), Unit(), title,
            f"{what}；{self.question.days}发现的",
            headings={"name": "环节", "n": "件数", "of": "以何为基数", "share": "占比", "interval": "95%区间"},
            units={"share": RATE},
        )  # fmt: skip

    @cached_property
    def speed(self) -> Chart:
        """The median days of every step with its interval."""
        close = self.waits["close"]
        title = f"发现到办结{self.question.median_text(close)}" if close.n else f"{self.question.label}没有发现线索"
        if close.n_open:
            title += f"，{self.question.count(close.n_open)}还没有办结"
        steps = {s: n for s, n in STEPS.items() if self.waits[s].n}
        return self.about.chart(
            "enforcement_speed", Kind.DOT_INTERVAL,
            self.question.medians(self.waits, steps or {"close": STEPS["close"]}),
            Encoding(
                x="name", y="days", low="low", high="high", n="n", status="status", label="said", order="position"
            ),
            DAYS, title, f"中位天数与95%区间，未完成的按已等天数计入；{self.question.days}发现的",
            headings={"name": "环节", "days": "中位天数", "slow": "九成不超过", "open": "其中未完成"},
            units={"slow": DAYS, "open": Unit(), "n": PLAIN_COUNT},
        )  # fmt: skip

    @cached_property
    def exits(self) -> Chart:
        """How large a share of the closed cases of each kind left by themselves, with its interval."""
        rows, q, hide = self.ends.copy(), self.question, self.ends_hidden
        share = rates.wilson(rows["n_left"], rows["n_closed"])
        rows["share"], rows["low"], rows["high"] = share.value, share.low, share.high
        rows["status"] = np.select([rows["n_closed"] == 0, rows["n_closed"] < SMALLEST], ["none", "few"], "ok")
        whole_x, whole_n = float(rows["n_left"].sum()), float(rows["n_closed"].sum())
        # With a single kind, or none beside the hidden one that left, the whole is that kind.
        told = q.few_of(whole_x, whole_n) or hide.sum() == 1
        rows["whole"] = whole_x / whole_n if whole_n and not told else np.nan
        if hide.any():
            few_n = small.with_partner(q.is_few(rows["n_closed"]), rows["n_closed"])
            shown = {c: rows[c].mask(hide) for c in ("n_left", "share", "low", "high")}
            rows = rows.assign(**shown, n_closed=rows["n_closed"].mask(few_n), status=rows["status"].mask(hide, "few"))
        rows = rows.drop(columns=["n_punished", "n_left_noticed"])
        return self.about.of(self.question.label, self.question.place).chart(
            "enforcement_exits", Kind.DOT_INTERVAL, rows,
            Encoding(x="kind", y="share", low="low", high="high", n="n_closed", status="status", target="whole"),
            RATE, _differing(rows), f"主动退出占办结的比率与95%区间，竖线为全部；{self.question.days}办结的",
            headings={"kind": "线索类型", "share": "退出率", "n_closed": "办结", "n_left": "退出", "whole": "全部"},
            units={"n_left": PLAIN_COUNT, "n_closed": PLAIN_COUNT},
        )  # fmt: skip

    @cached_property
    def arrears(self) -> Chart:
        """Arrears and the debts of offices as each month ended: at zero or not."""
        parts = {"n_arrears": "账款拖欠", "n_government": "机关事业失信"}
        held = self.whole_months
        data = held.melt("month", list(parts), "part", "n")
        data["part"] = data["part"].map(parts)
        return self.about.of(f"近 {MONTHS} 个整月", self.question.place).chart(
            "enforcement_arrears", Kind.LINE, self.question.hidden(data[["month", "part", "n"]], "n"),
            Encoding(x="month", y="n", series="part", status="status", label=SHOWN, emphasis=("账款拖欠",)),
            Unit(), self._arrears_ended(held),
            f"各月末未清件数，{self.question.place}",
            headings={"month": "月份", "part": "项目", "n": "月末未清"},
        )  # fmt: skip

    @cached_property
    def stock(self) -> Chart:
        """What was found and closed in each whole month."""
        found = self.whole_months
        parts = {"n_found": "当月发现", "n_closed": "当月办结", "n_left": "其中退出"}
        data = found.melt("month", list(parts), "part", "n")
        year, q = found.tail(12), self.question
        punished = data["month"].map(found.set_index("month")["n_closed"]) - data["n"]
        few = q.is_few(data["n"]) | ((data["part"] == "n_left") & q.is_few(punished))
        # The title says what the last twelve come to; of those before nothing does.
        known = data["part"] + data["month"].astype(str).mask(data["month"].isin(year["month"]), "")
        few = small.with_partner(few, data["n"], known)
        data["part"] = data["part"].map(parts)
        came, done = int(year["n_found"].sum()), int(year["n_closed"].sum())
        title = f"近 12 个整月发现 {q.exact(came)}、办结 {q.exact(done)}（不论何时发现）"
        if not q.any_few(came, done):
            moved = "在办增加" if came > done else "在办减少" if came < done else "在办持平"
            title += f"，{moved}" + (f" {q.exact(abs(came - done))}" if came != done else "")
        return self.about.of(f"近 {MONTHS} 个整月", self.question.place).chart(
            "enforcement_months", Kind.LINE, q.hidden(data[["month", "part", "n"]], "n", also=few),
            Encoding(x="month", y="n", series="part", status="status", label=SHOWN, emphasis=("当月办结",)),
            Unit(), title,
            f"全部线索按月件数，{self.question.place}",
            headings={"month": "月份", "part": "项目", "n": "件数"},
        )  # fmt: skip

    @cached_property
    def standing(self) -> Chart:
        """At which step the open cases stand, and how many of them for long."""
        # In the order of the way, not by how many stand there.
        rows = self.stands.set_index("stands").reindex(WAY).dropna().astype("int64").reset_index()
        parts = {f"超过 {STUCK_DAYS} 天": rows["n_long"], f"{STUCK_DAYS} 天以内": rows["n"] - rows["n_long"]}
        data = pd.concat(
            [pd.DataFrame({"stands": rows["stands"], "part": p, "n": n}) for p, n in parts.items()],
            ignore_index=True,
        )
        # The headline says what stands at a step, and how many for long.
        few = small.with_partners(self.question.is_few(data["n"]), data["n"], data["stands"], data["part"])
        return self.today.chart(
            "enforcement_standing", Kind.STACKED_COLUMN, self.question.hidden(data, "n", also=few),
            Encoding(x="stands", y="n", series="part", status="status", label=SHOWN), Unit(), self._stuck(),
            f"在办线索停在哪一环节、停了多久，{self.question.place}",
            headings={"stands": "环节", "part": "停留时间", "n": "件数"},
        )  # fmt: skip

    @cached_property
    def stuck(self) -> Chart:
        """Open cases, those that stand at their step for longest on top."""
        total, listed = self.total_open, len(self.stuck_rows)
        rest = f"，列出最久的 {listed} 件" if total > listed else ""
        title = f"最久的一件已停 {int(self.stuck_rows['days'].max()):,} 天" if listed else "没有在办线索"
        data = dated(self.stuck_rows, "since", "discovered_on").assign(
            lapsed=np.where(self.stuck_rows["is_lapsed"].astype(bool), "承诺已逾期", "—")
        )
        return self.today.chart(
            "enforcement_stuck", Kind.TABLE, data, Encoding(key="case_id"), Unit(), title,
            f"按停在当前环节的时间排列{rest}",
            headings={
                "enterprise_name": "企业", "kind": "类型", "stands": "停在", "days": "已停天数", "since": "停留自",
                "amount": "涉及金额", "county_name": "县区", "discovered_on": "发现日期", "lapsed": "提示",
            },
            units={"days": DAYS, "amount": YUAN},
        )  # fmt: skip

    def charts(self, with_records: bool = True) -> list[Chart]:
        """Everything on the page in its order, for the export of the whole page."""
        held = [self.figures, self.chain, self.urging, self.speed, self.exits, self.arrears, self.stock, self.standing]
        return [*held, self.stuck] if with_records else held


def _card(code: str, name: str, value: float, note: str, change: float = np.nan) -> dict[str, Any]:
    word = "比上月末" if change == change else ""
    return figures.figure(code, name, value, Unit(), note, change=change, change_word=word)


def _differing(rows: pd.DataFrame) -> str:
    """Which kind differs from all the others together, its interval of the difference lying off zero; else none."""
    known = rows[rows["status"] == "ok"]
    if len(known) < 2:
        return "各类线索办结太少，不比较退出率"
    x, n = known["n_left"].to_numpy(dtype="float64"), known["n_closed"].to_numpy(dtype="float64")
    # As many comparisons as kinds: the level is divided among them (Bonferroni).
    apart = rates.newcombe(x, n, x.sum() - x, n.sum() - n, confidence=1 - 0.05 / len(known))
    lower, higher = known["kind"][apart.high < 0].tolist(), known["kind"][apart.low > 0].tolist()
    said = [
        f"{wording.names_text(names)}退出率明显{word}于其他类型"
        for names, word in ((higher, "高"), (lower, "低"))
        if names
    ]
    return "，".join(said) or "各类线索的退出率没有显著差异"
