"""先锋与案例, people and units: the evidence as charts. One measure sorts, all four are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from minxin.analysis import honours, wording
from minxin.analysis.assessment import rules
from minxin.analysis.assessment.rules import Rule
from minxin.analysis.honours import MEASURES, Measure
from minxin.charts import figures
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Chart, Encoding, Kind, Unit
from minxin.charts.once import once
from minxin.charts.weekly_everywhere import Ask
from minxin.settings import deployment

By = Literal["person", "unit"]
WORDS: dict[By, str] = {"person": "人员", "unit": "单位"}
#: Subjects drawn and listed at once.
MOST = 20


@dataclass(frozen=True)
class Span:
    """The days of [start, end) that evidence is taken from: a year, or a month."""

    code: str
    label: str
    start: dt.date
    end: dt.date

    @property
    def is_year(self) -> bool:
        return self.end.month == self.start.month


class Evidence:
    """People or units over one span. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, ask: Ask, by: By, span: Span, about: About) -> None:
        self.ask = ask
        self.by = by
        self.span = span
        self.about = about
        self.word = WORDS[by]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One subject a row with counts and measures."""
        block = "honours.people" if self.by == "person" else "honours.units"
        found = self.ask(block, start=self.span.start, end=self.span.end)
        return honours.measured(honours.labelled(found) if self.by == "person" else found, self._rule[0].basic_value)

    @cached_property
    def whole(self) -> pd.Series[Any]:
        """All subjects together, in one row of measures."""
        counts = [c for c in self.rows.columns if c.startswith("n_")]
        summed = pd.DataFrame([self.rows[counts].sum()])
        return honours.measured(summed, self._rule[0].basic_value).iloc[0]

    @cached_property
    def _rule(self) -> tuple[Rule, bool]:
        """The rule that says what 基本满意 counts, and whether it came into force only later."""
        last = self.span.end - dt.timedelta(days=1)
        return rules.load().nearest(last.year, last.month)

    @property
    def caveat(self) -> str:
        """What has to be said of the rule; '' where it was in force."""
        rule, is_before = self._rule
        return f"该时段尚无生效的考核规则，基本满意按最早一版「{rule.title}」折算。" if is_before else ""

    def _caveat_of(self, measure: Measure) -> str:
        return f"；{self.caveat.rstrip('。')}" if self.caveat and measure.code == "satisfaction" else ""

    @once
    def names(self, sort: str) -> dict[str, str]:
        """Code → name in the order of one measure; not to be changed."""
        ordered = honours.ordered(self.rows, MEASURES[sort])
        return dict(zip(ordered["code"], ordered["name"], strict=True))

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @once
    def ranking(self, sort: str, subject: str = "") -> Chart:
        """The first subjects by one measure, rates with their interval beside the value of all."""
        measure = MEASURES[sort]
        rows = honours.ordered(self.rows, measure).head(MOST).reset_index(drop=True)
        rows["position"] = range(len(rows))
        counter = "名" if self.by == "person" else "个"
        rest = f"，共 {len(self.rows)} {counter}，列出前 {len(rows)} {counter}" if len(self.rows) > len(rows) else ""
        more: dict[str, Any] = {"headings": self._headings(rows), "units": self._units()}
        emphasis = (subject,) if subject in set(rows["code"]) else ()
        if not measure.base:
            encoding = Encoding(x="name", y=sort, key="code", order="position", emphasis=emphasis)
            kind, unit = Kind.BAR, Unit()
        else:
            rows["whole"] = self.whole[sort] if self.whole[f"{sort}_status"] == "ok" else np.nan
            encoding = Encoding(
                x="name", y=sort, low=f"{sort}_low", high=f"{sort}_high", n=f"{sort}_n", status=f"{sort}_status",
                key="code", order="position", target="whole", emphasis=emphasis,
            )  # fmt: skip
            kind, unit = Kind.DOT_INTERVAL, RATE
            more["headings"] |= {"whole": "全体"}
        return self._chart(
            f"ranking_{sort}", kind, rows, encoding, unit,
            honours.message(self.rows, measure, self.word),
            f"{measure.meaning}，{self.span.label}{rest}{self._caveat_of(measure)}", **more,
        )  # fmt: skip

    @once
    def beside(self, sort: str) -> Chart:
        """The same subjects with all four measures as a table: none is made of the others."""
        rows = honours.ordered(self.rows, MEASURES[sort]).head(MOST).reset_index(drop=True)
        for m in MEASURES.values():
            if m.base:
                rows[f"{m.code}_said"] = [_short(row, m) for row in rows.to_dict("records")]
        headings = {"name": self.word, "n_first_hand": "首办办结"}
        headings |= {f"{m.code}_said": m.name for m in MEASURES.values() if m.base}
        return self._chart(
            "evidence", Kind.TABLE, rows, Encoding(), Unit(),
            "四项证据并列，不合成总分",
            f"依{MEASURES[sort].name}排列，点一行看该{self.word}；括号内为区间，{self.span.label}",
            headings=headings, units={"n_first_hand": PLAIN_COUNT},
        )  # fmt: skip

    @once
    def cards(self, subject: str) -> Chart:
        """What stands for one subject, each measure beside all subjects together."""
        row, rows = self._of(subject), []
        for position, m in enumerate(MEASURES.values()):
            status = row[f"{m.code}_status"] if m.base else "ok"
            whole = float(self.whole[m.code]) if m.base else float(self.rows[m.code].mean())
            value = float(row[m.code])
            apart = honours.is_apart(self.rows, subject, m, self._rule[0].basic_value)
            rows.append(
                {
                    "code": m.code,
                    "name": m.name,
                    "value": value,
                    "low": row[f"{m.code}_low"] if m.base and status == "ok" else np.nan,
                    "high": row[f"{m.code}_high"] if m.base and status == "ok" else np.nan,
                    "n": row[f"{m.code}_n"] if m.base else np.nan,
                    "status": status,
                    "unit": RATE if m.base else Unit(),
                    "change": value - whole if status == "ok" else np.nan,
                    "change_word": "比全体" if m.base else "比平均",
                    "verdict": "" if apart is None else figures.APART[apart],
                    "note": wording.moment_text(self.about.as_of),
                    "position": position,
                }
            )
        data = pd.DataFrame(rows)
        title = f"{row['name']}：首办办结 {wording.count_text(float(row['first_hand']), '件')}"
        satisfied = MEASURES["satisfaction"]
        if row["satisfaction_status"] == "ok":
            title += f"，满意率 {_short(row, satisfied)}"
        return self._chart(
            "subject", Kind.KPI_ROW, data,
            figures.encoding(data),
            Unit(), title, f"{row['name']}四项证据，{self.span.label}", headings={"name": "证据", "value": "数值"},
        )  # fmt: skip

    @once
    def months(self, subject: str) -> Chart:
        """The first-hand closings of one subject month by month, over a year and the last month of the span."""
        row = self._of(subject)
        end = self.span.end
        last = min(end, self.about.as_of.date()) - dt.timedelta(days=1)
        start = dt.date(last.year - 1, last.month, 1)
        who = {"unit": "", "person": ""} | {self.by: subject}
        found = self.ask("honours.months", start=start, end=end, **who)
        held = dict(zip(pd.to_datetime(found["month_start"]).dt.date, found["n_first_hand"], strict=True))
        known = [m for m in _months(start, min(end, self.about.as_of.date())) if not held or m >= min(held)]
        rows = pd.DataFrame(
            {"month": [f"{m.year % 100}年{m.month}月" for m in known], "n": [held.get(m, 0) for m in known]}
        )
        rows["position"] = range(len(rows))
        is_running = bool(known) and end > self.about.as_of.date()
        counts = rows["n"].astype("float64")[: len(rows) - 1 if is_running and len(rows) > 1 else None]
        title = f"{row['name']}没有首办办结的月份记录"
        if len(counts):
            top = int(counts.to_numpy().argmax())
            title = (
                f"{row['name']}月均首办办结 {counts.mean():.1f} 件，最多的是{rows['month'][top]} {counts[top]:.0f} 件"
            )
        return self._chart(
            "months", Kind.COLUMN, rows, Encoding(x="month", y="n", order="position"), Unit(), title,
            "各月首办办结件数，按办结月" + ("，末月未满、不计入月均" if is_running else ""),
            headings={"month": "月份", "n": "首办办结"},
        )  # fmt: skip

    def charts(self, sort: str, subject: str) -> list[Chart]:
        """What the page shows of a subject."""
        return [self.ranking(sort, subject), self.beside(sort), self.cards(subject), self.months(subject)]

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _of(self, subject: str) -> pd.Series[Any]:
        found = self.rows[self.rows["code"] == subject]
        if len(found):
            return found.iloc[0]
        nothing = pd.DataFrame([{c: 0 for c in self.rows.columns if c.startswith("n_")}])
        empty = honours.measured(nothing, 1.0).iloc[0]
        return pd.concat([pd.Series({"code": subject, "name": subject if self.by == "unit" else "该人员"}), empty])

    def _headings(self, rows: pd.DataFrame) -> dict[str, str]:
        heads = {"name": self.word} | ({"unit": "首办单位"} if self.by == "person" else {})
        heads |= {"n_closed": "办结", "n_first_hand": "首办办结"}
        for m in MEASURES.values():
            if m.base:
                rows[f"{m.code}_said"] = [_rate(row, m) for row in rows.to_dict("records")]
                heads[f"{m.code}_said"] = f"{m.name}与区间"
        return heads

    @staticmethod
    def _units() -> dict[str, Unit]:
        return {"n_closed": Unit(), "n_first_hand": Unit()}

    @cached_property
    def _chart(self) -> Callable[..., Chart]:
        return self.about.of(self.span.label, deployment().whole_word).chart


def _rate(row: Any, m: Measure) -> str:
    """96.0%（93.1%—97.7%，n=212）, 样本不足（n=7）, — where there is nothing."""
    n = row[f"{m.code}_n"]
    if not n:
        return "—"
    if row[f"{m.code}_status"] != "ok":
        return wording.few_text(float(n))
    interval = wording.interval_text(row[f"{m.code}_low"], row[f"{m.code}_high"])
    return f"{wording.rate_text(row[m.code])}（{interval}，n={n:,.0f}）"


def _short(row: Any, m: Measure) -> str:
    """96.0%（93.1—97.7）, 样本不足（n=7）, — where there is nothing."""
    if not row[f"{m.code}_n"] or row[f"{m.code}_status"] != "ok":
        return _rate(row, m)
    low, high = (wording.rate_text(row[f"{m.code}_{end}"]).removesuffix("%") for end in ("low", "high"))
    return f"{wording.rate_text(row[m.code])}（{low}—{high}）"


def _months(start: dt.date, end: dt.date) -> list[dt.date]:
    found, place = [], start.year * 12 + start.month - 1
    while dt.date(place // 12, place % 12 + 1, 1) < end:
        found.append(dt.date(place // 12, place % 12 + 1, 1))
        place += 1
    return found
