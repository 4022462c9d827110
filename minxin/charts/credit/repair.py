"""信用修复 as chart descriptions: who can apply from when, how far penalties came, how long it takes, what is open."""

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
from minxin.charts.once import once
from minxin.warehouse.repair_rules import RepairRules

DAYS = Unit("number", "天", 0)
STEPS = {"accept": "申请到受理", "decide": "受理到决定", "whole": "申请到决定"}
#: How many penalties a list holds at most, and how many weeks and months are looked at.
LISTED, WEEKS, MONTHS = 200, 13, 24
#: A share of fewer decisions is not said.
SMALLEST = 30


def state_names(rules: RepairRules) -> dict[str, str]:
    """State of repair → what officials read, in the order in which one acts."""
    far, near = rules.reminders
    return {
        "ready": "可以申请",
        "near": f"{near}天内可申请",
        "soon": f"{far}天内可申请",
        "owing": "待改正或履行",
        "pending": "办理中",
        "waiting": "未满最短公示期",
    }


def _card(code: str, name: str, value: float, note: str) -> dict[str, Any]:
    return figures.figure(code, name, value, Unit(), note, change=np.nan, change_word="")


class Repair:
    """The page for one question. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, ask: Ask, question: Question, about: About, rules: RepairRules) -> None:
        self.ask, self.question, self.rules = ask, question, rules
        self.today = about.of("公示中的处罚", question.place)
        self.about = about.of(question.label, question.place)
        self.names = state_names(rules)

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def states(self) -> pd.DataFrame:
        """One state a row with penalties and firms; all states, in order."""
        found = self.question.within(self.ask("repair.states"))
        summed = found.groupby("state")[["n", "firms", "n_before"]].sum()
        return summed.reindex(list(self.names), fill_value=0).reset_index()

    def _n(self, *states: str, column: str = "n") -> int:
        return int(self.states.set_index("state")[column].loc[list(states)].sum())

    def _stock(self, code: str, name: str, note: str, *states: str) -> dict[str, Any]:
        """A card of what stands today beside what stood 30 days ago."""
        now = self._n(*states)
        change = now - self._n(*states, column="n_before")
        return _card(code, name, now, note) | {"change": change, "change_word": "比30天前"}

    @cached_property
    def steps(self) -> pd.DataFrame:
        """One county and class of the penalties decided in the span with how many came how far."""
        return self._asked("repair.steps")

    @cached_property
    def waits(self) -> dict[str, Curve]:
        """The steps of the applications made in the span."""
        found = self._asked("repair.waits")
        return {step: curve(found[found["step"] == step]) for step in STEPS}

    @cached_property
    def flow(self) -> pd.DataFrame:
        """The last whole months with what came, was decided, and stood open as they ended."""
        as_of = self.about.as_of.date()
        end = as_of.replace(day=1)
        start = (end - dt.timedelta(days=1)).replace(day=1)
        for _ in range(MONTHS - 1):
            start = (start - dt.timedelta(days=1)).replace(day=1)
        return self.question.summed(self.ask("repair.months", start=start, end=end), "month_start", every=True)

    @cached_property
    def queue(self) -> pd.DataFrame:
        """Open applications, the longest waiting on top."""
        return self.question.within(self.ask("repair.backlog", limit=LISTED)).head(LISTED)

    def _asked(self, block: str) -> pd.DataFrame:
        q = self.question
        return q.within(self.ask(block, start=q.start, end=q.end))

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def applied(self) -> tuple[int, int]:
        """Of the penalties decided in the span that were ready, how many were applied for."""
        return int(self.steps["n_applied"].sum()), int(self.steps["n_ready"].sum())

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: what can be done now, whom to remind, how long it takes."""
        ready, coming, near = self._n("ready"), self._n("near", "soon"), self._n("near")
        x, n = self.applied
        q = self.question
        said = f"{q.count(ready)}处罚今天已可申请修复" if ready else "今天没有可申请修复而未申请的处罚"
        if ready and n and not q.few_of(x, n):
            said += f"；{q.label}作出、已可申请的，提出过申请的占 {wording.rate_text(x / n)}"
        far, close = self.rules.reminders
        remind = f"{far} 天内将有 {q.count(coming)}满最短公示期" if coming else f"{far} 天内没有处罚满最短公示期"
        remind += f"，其中 {close} 天内 {q.count(near)}，应再次提醒" if near else ""
        return (("可修复", said), ("提醒", remind), ("办理", self._speed()))

    def _speed(self) -> str:
        held, open_ = self.waits["whole"], self.total_open
        said = f"申请到决定{self.question.median_text(held)}" if held.n else f"{self.question.label}没有修复申请"
        if open_:
            said += f"，在办 {self.question.count(open_)}，最久已等 {int(self.queue['days'].max())} 天"
        return said

    @property
    def total_open(self) -> int:
        """Applications not decided yet whose penalty is still shown."""
        held = self.question.within(self.ask("repair.backlog", limit=LISTED))
        return int(held.groupby("county_code")["total"].first().sum())

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def figures(self) -> Chart:
        """What stands today, and how applications end."""
        held, q = self.states.set_index("state"), self.question
        granted, refused = int(self.steps["n_granted"].sum()), int(self.steps["n_refused"].sum())
        share = rates.wilson(granted, granted + refused)
        far, close = self.rules.reminders
        waiting = f"{q.count(self._unaccepted)}尚未受理" if self._unaccepted else "均已受理"
        soon = f"其中 {close} 天内 {q.count(self._n('near'))}"
        firms = f"涉及 {q.count(held['firms']['ready'], '家企业')}"
        rows = [
            self._stock("ready", "可以申请", firms, "ready"),
            self._stock("soon", f"{far} 天内可申请", soon, "near", "soon"),
            self._stock("owing", "待改正或履行", "已满最短公示期", "owing"),
            self._stock("pending", "在办申请", waiting, "pending"),
            _card("granted", "同意率", float(share.value), q.label)
            | {"low": float(share.low), "high": float(share.high), "n": granted + refused, "unit": RATE},
        ]
        data = q.cards(rows, SMALLEST, {"granted": (granted, granted + refused)})
        return self.today.chart(
            "repair_figures", Kind.KPI_ROW, data,
            figures.encoding(data),
            Unit(), self.headline[0][1], f"公示中的处罚按今天的状态，{self.question.place}",
            headings={"name": "项目", "value": "数值"},
        )  # fmt: skip

    @property
    def _unaccepted(self) -> int:
        return int(self.queue["accepted_on"].isna().sum())

    @cached_property
    def funnel(self) -> Chart:
        """How far the penalties decided in the span came on the way to repair."""
        names = {
            "n_public": "公示",
            "n_reached": "满最短公示期",
            "n_ready": "可以申请",
            "n_applied": "已申请",
            "n_accepted": "已受理",
            "n_granted": "已同意",
        }
        counts = self.steps[list(names)].sum()
        rows = pd.DataFrame({"name": list(names.values()), "n": counts.to_numpy(), "position": range(len(names))})
        before = rows["n"].shift()
        share = rates.wilson(rows["n"], before)
        rows["share"], rows["low"], rows["high"] = share.value, share.low, share.high
        rows["interval"] = [wording.interval_text(a, b) for a, b in zip(share.low, share.high, strict=True)]
        data = self.question.steps(rows, before, range(-1, len(rows) - 1), "share", "low", "high", "interval")
        data["before"] = before.where((before >= self.question.hidden_below) & data["n"].shift().notna())
        x, n = self.applied
        title = f"{self.question.label}作出的处罚中还没有可以申请修复的"
        if n:
            held = rates.wilson(x, n)
            interval = wording.interval_text(float(held.low), float(held.high))
            title = f"已可申请的 {self.question.count(n)}"
            if not self.question.few_of(x, n):
                title += f"中申请过 {self.question.count(x)}，占 {wording.rate_text(x / n)}（95%区间 {interval}）"
            elif self.question.any_few(x) or not x:
                title += f"中申请过 {self.question.count(x)}"
        return self.about.chart(
            "repair_funnel", Kind.BAR, data,
            Encoding(x="name", y="n", order="position", status="status", label=SHOWN),
            Unit(), title, f"处罚件数，不含不予公示的；{self.question.days}作出的处罚",
            headings={
                "name": "环节", "n": "件数", "before": "上一环节件数", "share": "占上一环节", "interval": "95%区间",
            },
            units={"before": Unit(), "share": RATE},
        )  # fmt: skip

    @cached_property
    def speed(self) -> Chart:
        """The median days of each step with its interval; open applications count as not done yet."""
        data = self.question.medians(self.waits, STEPS)
        return self.about.chart(
            "repair_speed", Kind.DOT_INTERVAL, data,
            Encoding(
                x="name", y="days", low="low", high="high", n="n", status="status", label="said", order="position"
            ),
            DAYS, self._speed(), f"中位天数与95%区间，未办结的按已等天数计入；{self.question.days}提出的申请",
            headings={"name": "环节", "days": "中位天数", "slow": "九成不超过", "open": "其中未完成"},
            units={"slow": DAYS, "open": Unit(), "n": PLAIN_COUNT},
        )  # fmt: skip

    @cached_property
    def coming(self) -> Chart:
        """The weeks ahead with the penalties that reach their shortest publicity, done with or not."""
        found = self.question.summed(self.ask("repair.coming", weeks=WEEKS), "week_start")
        parts = {"已改正并履行": found["n_done"], "尚未改正或履行": found["n"] - found["n_done"]}
        weeks = [f"{d.month}月{d.day}日" for d in pd.to_datetime(found["week_start"])]
        data = pd.concat(
            [pd.DataFrame({"week": weeks, "part": part, "n": n.to_numpy()}) for part, n in parts.items()],
            ignore_index=True,
        )
        total, done, q = int(found["n"].sum()), int(found["n_done"].sum()), self.question
        # The title says what each part comes to.
        few = small.with_partner(q.is_few(data["n"]), data["n"], data["part"])
        title = f"未来 {WEEKS} 周没有处罚满最短公示期"
        if total and q.any_few(total - done):
            title = f"未来 {WEEKS} 周将满最短公示期的处罚中，{q.count(total - done)}尚未改正或履行"
        elif total:
            title = (
                f"未来 {WEEKS} 周将有 {self.question.count(total)}满最短公示期，"
                f"{self.question.count(total - done)}尚未改正或履行"
            )
        return self.today.chart(
            "repair_coming", Kind.STACKED_COLUMN, q.hidden(data, "n", also=few),
            Encoding(x="week", y="n", series="part", status="status", label=SHOWN), Unit(), title,
            f"按最早可申请日所在周（周一日期），{self.question.place}",
            headings={"week": "周", "part": "是否完成", "n": "件数"},
        )  # fmt: skip

    @cached_property
    def months(self) -> Chart:
        """Applications that came and were decided month by month, and those open as each month ended."""
        found = self.flow
        parts = {"n_applied": "当月申请", "n_decided": "当月办结", "n_open": "月末在办"}
        data = found.melt("month_start", list(parts), "part", "n")
        few = self._hidden_months(found).melt(value_vars=list(parts), value_name="few")["few"]
        data["part"] = data["part"].map(parts)
        data["month"] = pd.to_datetime(data["month_start"]).dt.date
        title = "近两年没有修复申请"
        if len(found) and found["n_applied"].sum():
            last = found.iloc[-1]
            year = found.tail(12)
            month = f"{pd.Timestamp(last['month_start']).month}月末"
            came, done = (self.question.count(year[c].sum()) for c in ("n_applied", "n_decided"))
            title = f"{month}在办 {self.question.count(last['n_open'])}，近 12 个月申请 {came}、办结 {done}"
        return self.today.chart(
            "repair_months", Kind.LINE, self.question.hidden(data[["month", "part", "n"]], "n", also=few),
            Encoding(x="month", y="n", series="part", status="status", label=SHOWN, emphasis=("月末在办",)),
            Unit(), title,
            f"修复申请件数，近 {MONTHS} 个整月，{self.question.place}",
            headings={"month": "月份", "part": "项目", "n": "件数"},
        )  # fmt: skip

    def _hidden_months(self, found: pd.DataFrame) -> pd.DataFrame:
        """Which counts of each month are hidden.

        What is open as a month ends is what was, and what came, less what was decided: where one of them is small,
        coming and decided are hidden together. The title says what the last twelve months come to.
        """
        few = pd.DataFrame({c: self.question.is_few(found[c]) for c in ("n_applied", "n_decided", "n_open")})
        moved = few.any(axis=1) | few["n_open"].shift(fill_value=False)
        last = pd.Series(range(len(found)), index=found.index) >= len(found) - 12
        known = found["month_start"].astype(str).mask(last, "")
        moved = small.with_partner(moved, found["n_applied"] + found["n_decided"], known)
        return few.assign(n_applied=moved, n_decided=moved)

    @property
    def backlog(self) -> Chart:
        """Open applications, the longest waiting on top."""
        total, late = self.total_open, self._unaccepted
        title = "没有在办的修复申请"
        if total:
            title = f"在办 {total} 件，最久已等 {int(self.queue['days'].max())} 天"
            title += f"，{late} 件尚未受理" if late else "，均已受理"
        return self.today.chart(
            "repair_backlog", Kind.TABLE, dated(self.queue, "applied_on", "accepted_on"),
            Encoding(key="penalty_id"), Unit(), title, "按申请日期排列，最久的在前",
            headings={
                "enterprise_name": "企业", "county_name": "县区", "class_name": "类别", "authority": "处罚机关",
                "applied_on": "申请日期", "accepted_on": "受理日期", "days": "已等天数",
            },
            units={"days": DAYS},
        )  # fmt: skip

    @once
    def listed(self, state: str) -> Chart:
        """The penalties in one state, those that can be applied for first on top; pending ones by their waiting."""
        if state == "pending":
            return self.backlog
        found = self.ask("repair.list", county=self.question.county, state=state, limit=LISTED, skip=0)
        total = self._n(state)
        name = self.names[state]
        title = f"{name} {wording.count_text(total, '件')}" if total else f"没有「{name}」的处罚"
        rest = f"，列出最早的 {len(found)} 件" if total > len(found) else ""
        return self.today.chart(
            f"repair_list_{state}", Kind.TABLE, dated(found, "decided_on", "apply_from", "ready_on", "ends_on"),
            Encoding(key="penalty_id"), Unit(), title,
            f"按最早可申请日排列{rest}",
            headings={
                "enterprise_name": "企业", "county_name": "县区", "document_no": "决定书文号", "kind": "处罚种类",
                "class_name": "类别", "decided_on": "决定日期", "apply_from": "最早可申请", "ready_on": "条件齐备",
                "ends_on": "停止公示日",
            },
        )  # fmt: skip

    def charts(self, with_records: bool = True) -> list[Chart]:
        """Everything on the page in its order, for the export of the whole page."""
        held = [self.figures, self.funnel, self.coming, self.speed, self.months]
        return [*held, self.backlog] if with_records else held
