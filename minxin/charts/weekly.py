"""The weekly page as chart descriptions, from the frames of named queries; page and pack both use it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from minxin.analysis import indicators, messages, trend, unusual, wording
from minxin.analysis.indicators import Change, Indicator
from minxin.analysis.periods import BEFORE, WORDS, Comparison, Period
from minxin.charts import boards
from minxin.charts.boards import WeeklyBoard
from minxin.charts.chart import Annotation, Chart, Encoding, Kind, Unit
from minxin.settings import NO_COMMUNITY, deployment

_WEEK = dt.timedelta(days=7)
#: A year back in whole weeks, so that Mondays stay Mondays.
_YEAR = 52 * _WEEK


class Ask(Protocol):
    """Runs a named block within the viewer's scope."""

    def __call__(self, block: str, /, **parameters: Any) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Question:
    """What a page shows: a period, what it is compared with, one community or the whole ('')."""

    period: Period
    comparison: Comparison = "previous"
    community: str = ""


@dataclass(frozen=True)
class About:
    """Where the rows come from; it stands in every footer."""

    as_of: dt.datetime
    snapshot: str
    simulated: bool


def unit(indicator: Indicator) -> Unit:
    """How values of an indicator are written."""
    return Unit.of(indicator.kind, indicator.unit)


class Weekly:
    """One question's answer. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, ask: Ask, question: Question, about: About, board: WeeklyBoard | None = None) -> None:
        self.ask = ask
        self.question = question
        self.about = about
        self.board = board or boards.weekly()
        self.period = question.period
        self.other = question.period.compared(question.comparison, about.as_of)
        self.place = deployment()

    # ── frames ──────────────────────────────────────────────────────────────────────────────────

    def _counts(self, block: str, period: Period, narrowed: bool = True) -> pd.DataFrame:
        return self.ask(f"indicators.{block}", start=period.start, end=period.end, **(self._scope if narrowed else {}))

    @property
    def _scope(self) -> dict[str, Any]:
        return {"communities": [self.question.community]} if self.question.community else {}

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The whole range in one row."""
        return self._counts("totals", self.period)

    @cached_property
    def totals_before(self) -> pd.DataFrame | None:
        """The same for what it is compared with."""
        return self._counts("totals", self.other) if self.other else None

    @cached_property
    def communities(self) -> pd.DataFrame:
        """One community of the viewer's a row, whichever is chosen."""
        return self._counts("by_community", self.period, narrowed=False)

    @cached_property
    def communities_before(self) -> pd.DataFrame | None:
        """The same for what it is compared with."""
        return self._counts("by_community", self.other, narrowed=False) if self.other else None

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """Weeks up to the end of the period, and as many before them as bands and last year need."""
        end = min(self.period.end, (self.about.as_of + dt.timedelta(days=1) - dt.timedelta(microseconds=1)).date())
        end = max(end, self.period.start + dt.timedelta(days=1))
        span = max(self.board.trend_weeks, -(-self.period.days // 7))
        first = (
            end - dt.timedelta(days=1) - dt.timedelta(days=(end - dt.timedelta(days=1)).weekday()) - (span - 1) * _WEEK
        )
        back = max(_YEAR, trend.BASELINE * _WEEK)
        frame = self.ask("indicators.by_week", start=first - back, end=end, **self._scope)
        return frame.assign(week_start=pd.to_datetime(frame["week_start"]).dt.date, is_shown=False).assign(
            is_shown=lambda f: f["week_start"] >= first
        )

    # ── what every chart says of itself ─────────────────────────────────────────────────────────

    @cached_property
    def names(self) -> dict[str, str]:
        """Code → name of the communities in scope."""
        return dict(zip(self.communities["community_code"], self.communities["community_name"], strict=True))

    @property
    def place_name(self) -> str:
        """The chosen community, or the whole."""
        return self.names.get(self.question.community, self.place.whole_word)

    @cached_property
    def freshness(self) -> str:
        return wording.moment_text(self.about.as_of, year=True)

    @cached_property
    def is_partial(self) -> bool:
        return self.period.is_partial(self.about.as_of)

    def _chart(
        self,
        name: str,
        kind: Kind,
        data: pd.DataFrame,
        encoding: Encoding,
        shown: Unit,
        title: str,
        subtitle: str,
        codes: Sequence[str] = (),
        everywhere: bool = False,
        **more: Any,
    ) -> Chart:
        held = indicators.load()
        return Chart(
            id=name,
            kind=kind,
            data=data,
            encoding=encoding,
            unit=shown,
            title=title,
            subtitle=subtitle,
            alt=f"{title}。{subtitle}",
            indicators=tuple(held[c].name for c in codes),
            filters=(self.period.label, self.place.whole_word if everywhere else self.place_name),
            as_of=self.freshness,
            snapshot=self.about.snapshot,
            simulated=self.about.simulated,
            **more,
        )

    @property
    def _span(self) -> str:
        return self.period.label + ("，未满" if self.is_partial else "")

    # ── the row of figures ──────────────────────────────────────────────────────────────────────

    @cached_property
    def _measured(self) -> pd.DataFrame:
        """One indicator of the board a row, those with data first within the board's order."""
        held, rows = indicators.load(), []
        for code in self.board.kpi:
            indicator = held[code]
            now, change = self._change(indicator)
            target = indicators.assess_target(indicator, now, self.period.last)
            rows.append(
                {
                    "code": code,
                    "name": indicator.name,
                    "value": now["value"],
                    "low": now["low"],
                    "high": now["high"],
                    "n": now["n"] if indicator.kind in ("rate", "per_10000") else np.nan,
                    "status": now["status"],
                    "unit": unit(indicator),
                    "target": np.nan if target.target is None else target.target,
                    "change": change.difference,
                    "verdict": change.verdict,
                    "change_word": WORDS[self.question.comparison],
                    "note": self.note,
                }
            )
        frame = pd.DataFrame(rows)
        frame["has_data"] = frame["status"].isin(["ok", "few"])
        return frame.sort_values("has_data", ascending=False, kind="stable").reset_index(drop=True)

    def _change(self, indicator: Indicator) -> tuple[pd.Series, Change]:
        """The measured total of an indicator, and its change."""
        now = indicators.measure(indicator, self.totals).iloc[0]
        before = None if self.totals_before is None else indicators.measure(indicator, self.totals_before).iloc[0]
        return now, indicators.compare(indicator, now, before, self.question.comparison)

    @cached_property
    def note(self) -> str:
        """The freshness line of a card."""
        return wording.moment_text(self.about.as_of) + ("，本期未满" if self.is_partial else "")

    @cached_property
    def kpis(self) -> Chart:
        """The first indicators that have data."""
        return self._kpi_row("kpis", self._measured.head(self.board.kpi_row))

    @cached_property
    def more_kpis(self) -> Chart | None:
        """The other indicators, or None where there are none."""
        rest = self._measured.iloc[self.board.kpi_row :]
        return None if rest.empty else self._kpi_row("more_kpis", rest)

    def _kpi_row(self, name: str, rows: pd.DataFrame) -> Chart:
        compared = f"，比较对象：{BEFORE[self.question.comparison]}（{self.other.days_label}）" if self.other else ""
        data = rows.reset_index(drop=True)
        return self._chart(
            name,
            Kind.KPI_ROW,
            data.assign(position=range(len(data))),
            Encoding(
                x="name",
                y="value",
                low="low",
                high="high",
                n="n",
                status="status",
                unit="unit",
                target="target",
                change="change",
                change_word="change_word",
                verdict="verdict",
                note="note",
                key="code",
                order="position",
            ),
            Unit(),
            self.headline,
            f"{self.place_name}{self._span}主要指标{compared}",
            codes=tuple(data["code"]),
            headings={"name": "指标", "value": "数值"},
        )

    # ── map and ranking ─────────────────────────────────────────────────────────────────────────

    def choices(self, codes: Sequence[str]) -> dict[str, str]:
        """Code → name of those indicators that the source has data for in this period, at least one."""
        held = indicators.load()
        status = dict(zip(self._measured["code"], self._measured["status"], strict=True))
        kept = [c for c in codes if self._known(held[c], status.get(c))]
        return {c: held[c].name for c in kept or codes[:1]}

    def _known(self, indicator: Indicator, status: str | None) -> bool:
        if indicator.kind == "per_10000":
            return bool((indicators.measure(indicator, self.communities)["status"] == "ok").any())
        return status in ("ok", "few") if status else True

    def by_community(self, code: str) -> tuple[Chart, Chart]:
        """Map and ranking of the communities by one indicator."""
        indicator = indicators.load()[code]
        rows = indicators.measure(indicator, self.communities)
        if self.communities_before is not None:
            before = indicators.measure(indicator, self.communities_before)
            rows = indicators.compare_frame(indicator, rows, before, ["community_code"], self.question.comparison)
        else:
            rows = rows.assign(change=np.nan, verdict="", change_text="")
        kept = (rows["community_code"] != NO_COMMUNITY) | (rows["value"].fillna(0) > 0)
        rows = rows[kept].reset_index(drop=True)
        whole = indicators.measure(indicator, self._whole).iloc[0]
        target = indicator.target(self.period.last)
        rows["target"] = target.value if target else np.nan
        title = messages.map_message(indicator, rows)
        if indicator.numerator == "overdue_open":
            title = messages.late_message(rows.assign(overdue=rows["overdue_open"]))
        subtitle = f"各{self.place.area_word}{indicator.name}（{indicator.unit}），{self._span}"
        headings = {"community_name": self.place.area_word, "value": indicator.name}
        if self.other:
            headings["change_text"] = f"与{BEFORE[self.question.comparison]}比较"
        chosen = (self.question.community,) if self.question.community else ()
        encoding = Encoding(
            x="community_name",
            y="value",
            n="n" if indicator.kind == "rate" else "",
            status="status",
            key="community_code",
            target="target" if target else "",
            emphasis=chosen,
        )
        area = self._chart(
            f"map_{code}",
            Kind.MAP,
            rows,
            encoding,
            unit(indicator),
            title,
            f"{subtitle}。{self.place.geometry_note}".rstrip("。"),
            (code,),
            everywhere=True,
            headings=headings,
        )
        lines = ()
        if indicator.kind in ("rate", "per_10000") and whole["status"] == "ok":
            lines = (
                Annotation(float(whole["value"]), f"{self.place.whole_word} {unit(indicator).format(whole['value'])}"),
            )
        ranking = self._chart(
            f"ranking_{code}",
            Kind.DOT_INTERVAL if indicator.kind in ("rate", "per_10000") else Kind.BAR,
            rows,
            Encoding(**{**encoding.__dict__, "low": "low", "high": "high"})
            if indicator.kind in ("rate", "per_10000")
            else encoding,
            unit(indicator),
            self._ranking_title(indicator, rows),
            f"{subtitle}，按数值排序" + ("，横线为95%区间" if indicator.kind in ("rate", "per_10000") else ""),
            (code,),
            everywhere=True,
            headings=headings,
            annotations=lines,
        )
        return area, ranking

    def _ranking_title(self, indicator: Indicator, rows: pd.DataFrame) -> str:
        """What has changed from community to community, else who is first and last."""
        located = rows[rows["community_code"] != NO_COMMUNITY]
        if self.other:
            word = BEFORE[self.question.comparison]
            moved = located[located["significant"].map(lambda s: s is not False) & (located["change"].abs() > 0)]
            parts = [
                f"{len(held)} 个{said}（{wording.names_text(held['community_name'].tolist())}）"
                for said, held in moved.groupby("verdict", sort=True)
                if said
            ]
            if parts:
                return f"{indicator.name}较{word}：{'，'.join(parts)}"
            return f"各{self.place.area_word}{indicator.name}与{word}相比无显著变化"
        known = located[located["status"] == "ok"].sort_values("value", ascending=False, kind="stable")
        if len(known) < 2:
            return f"各{self.place.area_word}{indicator.name}"
        first, last = known.iloc[0], known.iloc[-1]
        return (
            f"{indicator.name}最高 {first['community_name']} {indicator.text(first['value'])}，"
            f"最低 {last['community_name']} {indicator.text(last['value'])}"
        )

    @cached_property
    def _whole(self) -> pd.DataFrame:
        """The whole range over all the viewer's communities."""
        return self.totals if not self.question.community else self._counts("totals", self.period, narrowed=False)

    # ── over time ───────────────────────────────────────────────────────────────────────────────

    def over_time(self, code: str) -> Chart:
        """The weeks up to the end of the period, with what was to be expected or the year before."""
        indicator = indicators.load()[code]
        rows = indicators.measure(indicator, self.weeks)
        shown = rows[rows["is_shown"]].assign(series="本期", low=np.nan, high=np.nan)
        banded = code == self.board.trend[0] and indicator.kind == "count"
        if banded:
            band = trend.band(self.weeks, indicator.numerator, self.about.as_of).set_index("week_start")
            shown = shown.assign(
                low=shown["week_start"].map(band["low"]), high=shown["week_start"].map(band["high"]),
            )
        parts, emphasis = [shown], ("本期",)
        if self.question.comparison == "year_ago":
            earlier = rows.assign(week_start=[day + _YEAR for day in rows["week_start"]], series="去年同期", low=np.nan, high=np.nan)
            parts.insert(0, earlier[earlier["week_start"].isin(set(shown["week_start"]))])
        data = pd.concat(parts, ignore_index=True)
        target = indicator.target(self.period.last)
        data["target"] = target.value if target else np.nan
        first, last = shown["week_start"].min(), shown["week_start"].max()
        return self._chart(
            f"trend_{code}",
            Kind.LINE,
            data,
            Encoding(
                x="week_start",
                y="value",
                series="series",
                low="low" if banded else "",
                high="high" if banded else "",
                status="status",
                n="n" if indicator.kind == "rate" else "",
                target="target" if target else "",
                emphasis=emphasis,
            ),
            unit(indicator),
            self._trend_title(indicator, rows, banded),
            f"{self.place_name}每周{indicator.name}（{indicator.unit}），近{len(shown)}周" + ("，浅色带为按此前各周应有的范围" if banded else ""),
            (code,),
            headings={"week_start": "周（起始日）", "value": indicator.name},
            annotations=boards.annotations(first, last + _WEEK),
        )

    def _trend_title(self, indicator: Indicator, rows: pd.DataFrame, banded: bool) -> str:
        """What the last whole week was, against what was to be expected or the week before."""
        if banded:
            band = trend.band(self.weeks, indicator.numerator, self.about.as_of)
            return messages.trend_message(band[band["week_start"] >= rows["week_start"].min()])
        over = rows[[dt.datetime.combine(day + _WEEK, dt.time()) <= self.about.as_of for day in rows["week_start"]]]
        if len(over) < 2:
            return f"{indicator.name}尚无整周数据"
        last, before = over.iloc[-1], over.iloc[-2]
        change = indicators.compare(indicator, last, before, "previous")
        said = change.text.replace("上期", "上周") if change.difference == change.difference else ""
        value = indicator.text(last["value"], last["n"], last["status"])
        return f"最近一周{indicator.name} {value}" + (f"，{said}" if said else "")

    # ── categories ──────────────────────────────────────────────────────────────────────────────

    @cached_property
    def categories(self) -> Chart:
        """What people asked about, the most frequent first, with the change against the comparison."""
        now = self._counts("by_category", self.period)
        now = now[now["accepted"] > 0]
        rows = now[["category_1", "accepted"]].head(self.board.categories_most).reset_index(drop=True)
        whole = float(now["accepted"].sum())
        rows["share"] = rows["accepted"] / whole if whole else np.nan
        headings = {"category_1": "一级分类", "accepted": "受理量", "share": "占比"}
        units = {"share": Unit("rate")}
        if self.other:
            earlier = self._counts("by_category", self.other).set_index("category_1")["accepted"]
            rows["before"] = rows["category_1"].map(earlier).fillna(0).astype("int64")
            rows["difference"] = rows["accepted"] - rows["before"]
            headings |= {"before": BEFORE[self.question.comparison], "difference": "增减"}
            units |= {"before": Unit(), "difference": Unit()}
        return self._chart(
            "categories",
            Kind.BAR,
            rows,
            Encoding(x="category_1", y="accepted", key="category_1"),
            Unit(),
            messages.category_message(now),
            f"{self.place_name}各类诉求受理量（件），{self._span}",
            ("intake",),
            headings=headings,
            units=units,
        )

    # ── lists ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def late_counts(self) -> pd.DataFrame:
        """One community a row with its open petitions that are overdue, and due soon, at the time of the data."""
        counts = self.ask("weekly.late_counts", **self._scope)
        accepted = self.communities.set_index("community_code")["accepted"]
        return counts.assign(accepted=counts["community_code"].map(accepted).fillna(0))

    @cached_property
    def late(self) -> Chart:
        """The overdue petitions, the longest late on top."""
        rows = self.ask("weekly.late", limit=self.board.late, **self._scope)
        return self._list("late", rows, "hours_late", "已超时", messages.late_message(self.late_counts), ("overdue",))

    @cached_property
    def due_soon(self) -> Chart:
        """The petitions whose time runs out next."""
        rows = self.ask("weekly.due_soon", limit=self.board.due_soon, **self._scope)
        return self._list("due_soon", rows, "hours_left", "剩余", messages.due_soon_message(self.late_counts), ())

    def _list(self, name: str, rows: pd.DataFrame, hours: str, word: str, title: str, codes: Sequence[str]) -> Chart:
        data = rows.assign(age=[wording.age_text(h) for h in rows[hours]])
        return self._chart(
            name,
            Kind.TABLE,
            data,
            Encoding(),
            Unit(),
            title,
            f"{self.place_name}，{self.freshness}，列出前 {len(rows)} 件" if len(rows) else f"{self.place_name}，{self.freshness}",
            codes,
            headings={
                "age": word,
                "community_name": self.place.area_word,
                "category_1": "一级分类",
                "subject": "主题",
                "unit": "承办单位",
                "due_at": "办结期限",
                "petition_id": "工单编号",
            },
        )

    @cached_property
    def unusual(self) -> Chart:
        """Communities × categories that got more than their own history lets expect."""
        first = self.period.start - self.board.unusual_weeks * _WEEK
        history = self.ask("weekly.history", start=first, end=self.period.end, **self._scope)
        history["community_name"] = history["community_code"].map(self.names)
        found = unusual.unusual(history, self.period, self.about.as_of)
        rows = unusual.alarms(found).head(self.board.unusual_most).reset_index(drop=True)
        rows["awaited"] = [f"{e:.1f}" for e in rows["expected"]]
        rows["span"] = [f"{low:.0f}—{high:.0f}" for low, high in zip(rows["low"], rows["high"], strict=True)]
        return self._chart(
            "unusual",
            Kind.TABLE,
            rows,
            Encoding(),
            Unit(),
            messages.unusual_message(found),
            f"{self.place_name}各{self.place.area_word}各类诉求与自身近半年相比，{self._span}",
            ("intake",),
            headings={
                "word": "提示",
                "community_name": self.place.area_word,
                "category_1": "一级分类",
                "observed": "本期件数",
                "awaited": "应有件数",
                "span": "正常范围",
            },
        )

    # ── all of it ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> str:
        """The message of the page: what came in, and what is late."""
        held = indicators.load()
        now, change = self._change(held["intake"])
        intake = messages.intake_message(float(now["value"]), change)
        parts = [f"{self.period.days_label}{self.place_name}{intake}", messages.late_message(self.late_counts)]
        return "；".join(parts)

    @cached_property
    def category_names(self) -> list[str]:
        """First-level categories of the period, the most frequent first."""
        return self.categories.data["category_1"].tolist()

    def charts(self, map_code: str = "", trend_code: str = "") -> list[Chart]:
        """Everything on the page in its order, for the pack and for the export of the whole page."""
        area, ranking = self.by_community(map_code or next(iter(self.choices(self.board.map))))
        over_time = self.over_time(trend_code or next(iter(self.choices(self.board.trend))))
        return [self.kpis, area, ranking, over_time, self.categories, self.late, self.due_soon, self.unusual]
