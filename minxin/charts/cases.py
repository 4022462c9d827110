"""先锋与案例, cases: which there were, what was done, and the same kind of petitions before and after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import interrupted, wording
from minxin.analysis.interrupted import Change
from minxin.analysis.rates import wilson
from minxin.charts.about import About
from minxin.charts.chart import Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.honours import Span
from minxin.charts.once import once
from minxin.charts.weekly_everywhere import Ask
from minxin.settings import deployment

#: Cases listed at most; call-backs from which a share resolved is told; weeks looked at before and after.
MOST, SMALLEST, BEFORE, AFTER = 100, 5, 104, 26
SORTS = {"n": "件数", "first_day": "发生时间", "resolved": "回访解决率"}
#: Petitions of a case listed at most.
PETITIONS = 200
LEVELS = {"3": "三级分类", "2": "二级分类", "1": "一级分类"}
#: Weekly cases before, from which a finer category is taken.
_ENOUGH = 0.5
_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Case:
    """One case of the list."""

    code: str
    community: str
    name: str
    kinds: tuple[str, str, str]
    n: int
    n_open: int
    first_day: dt.date
    last_day: dt.date
    closed_on: dt.date | None


class Cases:
    """The cases that began in a span, or the one of a number."""

    def __init__(self, ask: Ask, span: Span, about: About, case_id: str = "") -> None:
        self.ask = ask
        self.case_id = case_id
        self.span = span
        self.about = about

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One case a row; ``key`` tells a case in one community from the same in another."""
        found = self.ask("honours.cases", start=self.span.start, end=self.span.end, case_id=self.case_id, limit=MOST)
        found["key"] = found["case_id"].astype(str) + "@" + found["community_code"].astype(str)
        found["kind"] = [_finest(r) for r in found.to_dict("records")]
        share = wilson(found["n_resolved"], found["n_valid"])
        found["resolved"] = np.where(found["n_valid"] >= SMALLEST, share.value, np.nan)
        found["resolved_said"] = [
            "—" if not n else wording.few_text(n) if n < SMALLEST
            else f"{wording.rate_text(v)}（{wording.interval_text(a, b)}，n={n:.0f}）"
            for v, a, b, n in zip(*share, found["n_valid"].astype("float64"), strict=True)
        ]  # fmt: skip
        return found

    def ordered(self, sort: str) -> pd.DataFrame:
        """The cases by one column, highest or latest on top."""
        return self.rows.sort_values(sort, ascending=False, kind="stable", na_position="last", ignore_index=True)

    @once
    def names(self, sort: str) -> dict[str, str]:
        """Key → name in that order; not to be changed."""
        return {key: self._held[key].name for key in self.ordered(sort)["key"]}

    def of(self, key: str) -> Case:
        """One case of the list; KeyError where there is none."""
        return self._held[key]

    @cached_property
    def _held(self) -> dict[str, Case]:
        return {str(row["key"]): _case(row) for row in self.rows.to_dict("records")}

    @once
    def listed(self, sort: str) -> Chart:
        """The list of cases."""
        rows = self.ordered(sort)
        title = "所选时段没有两件以上的同一诉求"
        if len(rows):
            top = self.rows.loc[self.rows["n"].idxmax()]
            count = f"{len(rows)} 起以上" if len(rows) == MOST else f"{len(rows)} 起"
            title = f"{count}案件，最大的是{top['community_name']}「{top['kind']}」{int(top['n'])} 件"
        more = f"，列出最大的 {MOST} 起" if len(rows) == MOST else ""
        return self.about.of(self.span.label).chart(
            "cases", Kind.TABLE, rows, Encoding(), Unit(), title,
            f"说的是同一件事的诉求为一起案件，{self.span.label}{more}",
            headings={
                "kind": "事由", "community_name": deployment().area_word, "n": "诉求", "first_day": "首件",
                "closed_on": "全部办结", "resolved_said": "回访说已解决", "unit": "首办单位",
            },
            units={"n": Unit()},
        )  # fmt: skip


def _case(row: Any) -> Case:
    closed = None if pd.isna(row["closed_on"]) else pd.Timestamp(row["closed_on"]).date()
    first, last = pd.Timestamp(row["first_day"]).date(), pd.Timestamp(row["last_day"]).date()
    n = int(row["n"])
    return Case(
        code=str(row["case_id"]),
        community=str(row["community_code"]),
        name=f"{row['kind']}·{row['community_name']}·{first.year}年{first.month}月·{n} 件",
        kinds=(str(row["category_1"]), str(row["category_2"]), str(row["category_3"])),
        n=n,
        n_open=n - int(row["n_closed"]),
        first_day=first,
        last_day=last,
        closed_on=closed,
    )


class Story:
    """One case: its petitions, who did what, and the weeks before and after ``done``."""

    def __init__(self, ask: Ask, case: Case, about: About, data_from: dt.date, done: dt.date | None = None) -> None:
        self.ask = ask
        self.case = case
        self.about = about
        self.done = done or case.closed_on
        self.data_from = data_from

    @cached_property
    def petitions(self) -> pd.DataFrame:
        """Its petitions, the first on top."""
        end = self.case.last_day + dt.timedelta(days=1)
        return self._own("honours.case_petitions", start=self.case.first_day, end=end, limit=PETITIONS)

    @cached_property
    def dispatches(self) -> pd.DataFrame:
        """Who was asked to do something."""
        return self._own("honours.case_dispatches", start=self.case.first_day)

    def _own(self, block: str, **more: Any) -> pd.DataFrame:
        return self.ask(block, case_id=self.case.code, communities=[self.case.community], **more)

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """Whole weeks round the case with the petitions of its kind: ``week_start, n_1, n_2, n_3``."""
        first = _monday(self.case.first_day) - BEFORE * _WEEK
        first = max(first, _monday(self.data_from + dt.timedelta(days=6)))
        end = _monday(self.about.as_of.date())
        if self.done is not None:
            end = min(end, _monday(self.done) + (AFTER + 1) * _WEEK)
        mondays = [first + i * _WEEK for i in range(max((end - first).days // 7, 0))]
        kinds = {f"category_{i + 1}": kind for i, kind in enumerate(self.case.kinds)}
        found = self.ask(
            "honours.same_kind", start=first, end=max(end, first), communities=[self.case.community], **kinds
        )
        found.index = pd.Index(pd.to_datetime(found["week_start"]).dt.date)
        held = found[["n_1", "n_2", "n_3"]].reindex(mondays).fillna(0).astype("int64")
        return held.rename_axis("week_start").reset_index()

    @cached_property
    def before(self) -> int:
        """How many weeks lie before the one of the first petition."""
        return int((self.weeks["week_start"] < _monday(self.case.first_day)).sum())

    @cached_property
    def after_from(self) -> int:
        """Position of the first week after the one in which all was done."""
        if self.done is None:
            return len(self.weeks)
        return int((self.weeks["week_start"] <= _monday(self.done)).sum())

    @cached_property
    def level(self) -> str:
        """The finest category with enough petitions before."""
        for level in ("3", "2"):
            counts = self.weeks[f"n_{level}"].to_numpy()
            is_known = bool(self.case.kinds[int(level) - 1]) and not interrupted.reason(
                counts, self.before, self.after_from
            )
            if is_known and counts[: self.before].mean() >= _ENOUGH:
                return level
        return "1"

    def levels(self) -> dict[str, str]:
        """The categories that the case has, finest first."""
        return {c: f"{w}：{self.case.kinds[int(c) - 1]}" for c, w in LEVELS.items() if self.case.kinds[int(c) - 1]}

    def change(self, level: str) -> tuple[Change | None, str]:
        """What changed, and the sentence that may be said of it."""
        counts = self.weeks[f"n_{level}"]
        if self.done is None:
            return None, f"本案尚有 {self.case.n_open} 件未办结，还不能比较办理前后"
        found = interrupted.compare(counts, self.before, self.after_from)
        return found, interrupted.sentence(found, interrupted.reason(counts, self.before, self.after_from))

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @once
    def series(self, level: str) -> Chart:
        """The weeks before and after with what the weeks before let expect."""
        change, title = self.change(level)
        weeks = self.weeks
        actual = pd.DataFrame({"week_start": weeks["week_start"], "value": weeks[f"n_{level}"].astype("float64")})
        parts = [actual.assign(series="实际", low=np.nan, high=np.nan)]
        said = ""
        if change is not None:
            awaited = pd.DataFrame(
                {
                    "week_start": weeks["week_start"],
                    "value": change.awaited,
                    "low": change.awaited_low,
                    "high": change.awaited_high,
                    "series": "按原走势",
                }
            )
            parts.append(awaited[np.isfinite(awaited["value"])])
            slope = change.slope
            said = f"；水平变为 {change.level.value:.2f} 倍（{change.level.low:.2f}—{change.level.high:.2f}）"
            if slope.value == slope.value:
                said += f"，走势每周变为 {slope.value:.3f} 倍（{slope.low:.3f}—{slope.high:.3f}）"
            said += "；已计季节" if change.has_season else "；前期不足一年，未计季节"
        rows = pd.concat(parts, ignore_index=True)
        # What was counted is whole; only what was to be expected has decimals.
        rows["said"] = [
            Unit().format(v) if s == "实际" else "" for v, s in zip(rows["value"], rows["series"], strict=True)
        ]
        kind = self.levels().get(level, "一级分类")
        marks = [Annotation(self.case.first_day, "首件")]
        if self.done is not None:
            marks.append(Annotation(self.done, "办结"))
        return self.about.of(self.case.name).chart(
            "before_after", Kind.LINE, rows,
            Encoding(x="week_start", y="value", low="low", high="high", series="series", label="said"),
            Unit("number", "件", 1), title,
            f"本{deployment().area_word}每周同类诉求（{kind}），首件至办结的各周不参与估计{said}",
            annotations=tuple(marks), headings={"week_start": "周（周一）", "value": "件数", "series": "系列"},
        )  # fmt: skip

    @cached_property
    def methods(self) -> Chart:
        """How its petitions were closed."""
        end = self.case.last_day + dt.timedelta(days=1)
        found = self._own("honours.case_methods", start=self.case.first_day, end=end)
        held = found[found["method"].notna()].reset_index(drop=True)
        rows = held.assign(method=held["method"].replace("", "未登记"))
        title = "尚无办结的诉求"
        if len(rows):
            whole, closed = int(found["n"].sum()), int(rows["n"].sum())
            title = f"{whole} 件中办结 {closed} 件，最多的是{rows['method'][0]} {rows['n'][0]} 件"
        return self.about.of(self.case.name).chart(
            "methods", Kind.BAR, rows, Encoding(x="method", y="n"), Unit(), title,
            "本案诉求的办结方式", headings={"method": "办结方式", "n": "件数"},
        )  # fmt: skip

    @cached_property
    def units(self) -> Chart:
        """Who was asked, and what came back."""
        rows = self.dispatches
        title = "没有派单记录"
        if len(rows):
            returned = int(rows["n_returned"].sum())
            back = f"退单 {returned} 次" if returned else "没有退单"
            title = f"派给 {rows['unit'].nunique()} 个单位共 {int(rows['n'].sum())} 次，{back}"
        return self.about.of(self.case.name).chart(
            "dispatches", Kind.TABLE, rows, Encoding(), Unit(), title, "本案的派单",
            headings={
                "unit": "承办单位", "role": "角色", "n": "派单", "n_returned": "退单", "n_done": "反馈或办结",
                "first_at": "首次派出", "last_at": "最后反馈或办结",
            },
            units={name: Unit("count", "次") for name in ("n", "n_returned", "n_done")},
        )  # fmt: skip

    @cached_property
    def listed(self) -> Chart:
        """Its petitions with what was done, as masked at the door."""
        rows = self.petitions.assign(day=[pd.Timestamp(t).date() for t in self.petitions["accepted_at"]])
        title = f"本案 {self.case.n} 件诉求及处理结果"
        more = f"，列出前 {len(rows)} 件" if len(rows) < self.case.n else ""
        return self.about.of(self.case.name).chart(
            "case_petitions", Kind.TABLE, rows, Encoding(), Unit(), title,
            f"按受理时间，文字已脱敏{more}",
            headings={
                "petition_id": "工单编号", "day": "受理", "subject": "主题", "close_method": "办结方式",
                "result": "处理结果", "satisfaction": "满意度",
            },
        )  # fmt: skip

    def charts(self, with_records: bool) -> list[Chart]:
        """Everything of the case, for its dossier."""
        sums = [self.series(self.level), self.methods, self.units]
        return [*sums, self.listed] if with_records else sums


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _finest(row: Any) -> str:
    return next((str(row[f"category_{i}"]) for i in (3, 2, 1) if row[f"category_{i}"]), "未分类")
