"""诉求信用联动 as chart descriptions: the two subjects meet by community, sector, estate and in property companies."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, standouts, wording
from minxin.analysis.credit.linkage import Correlation, rank_correlation
from minxin.analysis.inspection import rules
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, STATUS_WORDS, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.credit.counts import TOGETHER, Counts
from minxin.charts.credit.question import Ask

FIRMS, PETITIONS = Unit("count", "家"), Unit("count", "件")
CLASS_WORDS = {"A": "绿●A低", "B": "黄▲B一般", "C": "橙◆C较高", "D": "红■D高"}
ESTATES, LISTED = 15, 100
COMPANIES = ("property_firms", "property_bad")
#: Columns that are shares of firms, and the counts that could be worked out from them.
SHARES = {"weak": "property_not_green", "share": "bad"}


class Linkage(Counts):
    """The page for one span, counts of firms below ``hidden_below`` hidden; every part is kept once worked out."""

    def __init__(self, ask: Ask, start: dt.date, end: dt.date, label: str, about: About, hidden_below: int = 0) -> None:
        self.ask, self.start, self.end, self.label, self.hidden_below = ask, start, end, label, hidden_below
        self.about = about.of(label)
        # Property companies of a community, or visits of a sector, below which no rate is said: the page on
        # inspections asks as many. A span that ends before the first version is held to that one.
        versions = rules.load()
        self.smallest_n = versions.on(max(end, versions.versions[0].start)).smallest_n

    def _asked(self, block: str, **more: int) -> pd.DataFrame:
        return self.ask(block, start=self.start, end=self.end, **more)

    def _counted(self, rows: pd.DataFrame, units: dict[str, Unit], firms: str, *parts: str) -> dict[str, Any]:
        """Rows and units for a table in which small counts of firms, and the shares made of them, are hidden."""
        held, written = rows, dict(units)
        if self.hidden_below:
            few = f"<{self.hidden_below}"
            small = self.is_few(rows[firms])
            for name in (firms, *parts):
                low = small | self.is_few(rows[SHARES.get(name, name)])
                if name in SHARES:
                    held = held.assign(**{name: held[name].where(~low)})
                else:
                    words = [few if hide else f"{int(v):,}" for hide, v in zip(low, held[name], strict=True)]
                    held = held.assign(**{name: words})
                    written.pop(name, None)
        return {"data": held, "units": written}

    @property
    def days(self) -> str:
        """The span in words with its days."""
        return f"{self.label}（{wording.days_text(self.start, self.end, year=True)}）"

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def communities(self) -> pd.DataFrame:
        """One community with its rates of petitions and its shares of firms in C and D, with intervals."""
        found = self._asked("linkage.communities")
        people = found["population"].astype("Float64")
        share = rates.wilson(found["bad"], found["firms"])
        weak = rates.wilson(found["property_not_green"], found["property_firms"])
        seen = rates.wilson(found["found"], found["visits"])
        return found.assign(
            per_10000=(found["property_petitions"] / people * 10_000).astype("float64"),
            share=share.value,
            low=share.low,
            high=share.high,
            weak=weak.value,
            detected=seen.value,
        )

    @cached_property
    def sectors(self) -> pd.DataFrame:
        """One sector that petitions speak of."""
        found = self._asked("linkage.sectors")
        bad, seen = rates.wilson(found["bad"], found["firms"]), rates.wilson(found["found"], found["visits"])
        return found.assign(share=bad.value, detected=seen.value, low=seen.low, high=seen.high)

    @cached_property
    def together(self) -> Correlation:
        """Whether communities with many property petitions have weak property companies."""
        return rank_correlation(self.communities["per_10000"], self.communities["weak"])

    @cached_property
    def hot(self) -> pd.DataFrame:
        """Communities in the upper third by both measures, of those with property companies enough to be judged."""
        held = self.communities[self.communities["property_firms"] >= self.smallest_n]
        if held.empty:
            return held
        both = (held["per_10000"] >= held["per_10000"].quantile(2 / 3)) & (held["weak"] >= held["weak"].quantile(2 / 3))
        return held[both].sort_values("per_10000", ascending=False)

    @property
    def has_few_companies(self) -> bool:
        """Whether no community has property companies enough for a share of them to be said."""
        return bool((self.communities["property_firms"] < self.smallest_n).all())

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: whether the two go together, where both are bad, what inspections found."""
        return (("关系", self._together_said), ("重叠", self._hot_said), ("检查", self._inspected_said))

    @property
    def _together_said(self) -> str:
        held = self.together
        if not held.is_known:
            return "社区太少，看不出物业诉求与物业企业信用的关系"
        limits = f"秩相关 {held.rho:.2f}，95%区间 {held.low:.2f} 至 {held.high:.2f}".replace("-", "−")
        if not held.is_clear:
            return f"社区物业诉求多少与物业企业信用没有显著关系（{limits}）"
        return f"物业诉求多的社区，物业企业信用{'较差' if held.rho > 0 else '反而较好'}（{limits}）"

    @property
    def _hot_said(self) -> str:
        if self.has_few_companies:
            return f"各社区物业企业均不足 {self.smallest_n} 家，不按占比点名社区"
        if self.hot.empty:
            return "没有社区在物业诉求率和物业企业非绿占比上同时居前三分之一"
        names = "、".join(self.hot["community_name"].head(4))
        return f"{names}两项同时居前三分之一，建议优先联合检查"

    @property
    def _inspected_said(self) -> str:
        held = self.sectors
        if held.empty or not held["visits"].sum():
            return f"{self.label}没有检查记录"
        own = held[held["sector_code"] == "S01"]
        if own.empty or not own["visits"].iloc[0]:
            return f"{self.label}没有检查物业企业"
        row = own.iloc[0]
        if self.is_few(own["found"]).any() or self.is_few(own["visits"]).any():
            visits, found = (self.count(row[c], "家次") for c in ("visits", "found"))
            return f"检查物业企业 {visits}，发现问题 {found}"
        said = f"检查物业企业 {int(row['visits'])} 家次，发现问题 {int(row['found'])} 家次"
        if row["visits"] < self.smallest_n:
            return f"{said}，样本不足，不算检出率"
        limits = wording.interval_text(row["low"], row["high"])
        return f"{said}，检出率 {wording.rate_text(row['detected'])}（95%区间 {limits}）"

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def shares(self) -> Chart:
        """The communities by their share of firms in C and D."""
        held = self.communities
        few = self.is_few(held["bad"])
        data = held.assign(
            status=np.where((held["firms"] >= self.smallest_n) & ~few, "ok", "few"),
            firms=held["firms"].mask(self.is_few(held["firms"])),
            **{column: held[column].mask(few) for column in ("bad", "share", "low", "high")},
        )
        bad, n = int(held["bad"].sum()), int(held["firms"].sum())
        title = "社区内没有在册企业"
        if n:
            found = standouts.against(held["bad"].mask(few), held["firms"], bad / n, self.smallest_n)
            above = data.iloc[list(found.high)].sort_values("share", ascending=False)
            title = f"各社区橙C、红D企业占比没有显著高于全部社区（{wording.rate_text(bad / n)}）的"
            if len(above):
                names = wording.names_text(above["community_name"].tolist(), 3)
                title = f"{names}的橙C、红D企业占比高于全部社区（{wording.rate_text(bad / n)}）"
        return self.about.chart(
            "linkage_shares",
            Kind.DOT_INTERVAL,
            data,
            Encoding(x="community_name", y="share", low="low", high="high", n="firms", status="status"),
            RATE,
            title,
            f"橙C、红D企业占社区在册企业的比率与95%区间，{TOGETHER}；最新月份",
            headings={"community_name": "社区", "bad": "橙C、红D", "petitions": "诉求量"},
            units={"bad": FIRMS, "petitions": PETITIONS, "firms": FIRMS},
            annotations=(Annotation(bad / n, "全部社区"),) if n else (),
        )

    @cached_property
    def places(self) -> Chart:
        """One community a row with both subjects side by side, most property petitions first."""
        data = self.communities.sort_values("per_10000", ascending=False, na_position="last")
        data = data.assign(weak=data["weak"].where(data["property_firms"] >= self.smallest_n))
        units = dict.fromkeys(("property_petitions", "property_firms", "property_not_green"), PLAIN_COUNT)
        units |= {"per_10000": Unit("per_10000", ""), "weak": RATE}
        held = self._counted(data, units, "property_firms", "property_not_green", "weak")
        return self.about.chart(
            "linkage_places",
            Kind.TABLE,
            held["data"],
            Encoding(key="community_code"),
            PETITIONS,
            self._together_said,
            f"按每万人物业诉求排列；{self.days}，企业按最新月份，不足 {self.smallest_n} 家不算占比",
            headings={
                "community_name": "社区",
                "property_petitions": "物业诉求",
                "per_10000": "每万人",
                "property_firms": "物业企业",
                "property_not_green": "其中非绿",
                **({} if self.has_few_companies else {"weak": "非绿占比"}),
            },
            units=held["units"],
        )

    @cached_property
    def topics(self) -> Chart:
        """The sectors that petitions speak of, with their firms and what inspections found."""
        held = self.sectors
        enough = held["visits"] >= self.smallest_n
        data = held.assign(
            share=self._rates(held["share"], held["firms"]),
            detected=self._rates(held["detected"], held["visits"]),
            interval=[
                wording.interval_text(a, b) if known else ""
                for a, b, known in zip(held["low"], held["high"], enough, strict=True)
            ],
        )
        title = f"{self.label}没有可对应到监管行业的诉求"
        if len(data):
            first = data.iloc[0]
            title = f"{first['sector_name']}诉求最多（{PETITIONS.format(first['petitions'])}）"
            whole = data["found"].sum() / max(data["visits"].sum(), 1)
            few = self.is_few(data["found"])
            apart = standouts.against(data["found"].mask(few), data["visits"], whole, self.smallest_n)
            if apart.high:
                names = wording.names_text(data["sector_name"].iloc[list(apart.high)].tolist())
                title += f"，{names}检出率高于合计（{wording.rate_text(whole)}）"
            elif not few.any():
                title += "，" + self._no_sector_said(int(enough.sum()))
        units = dict.fromkeys(("petitions", "firms", "visits"), PLAIN_COUNT)
        counted = self._counted(data, units, "firms", "share")
        # A visit that found something is a firm with a problem: few of them are as telling as few firms.
        visited = small.withheld(
            counted["data"].assign(found_n=data["found"]), self.hidden_below,
            {"visits": ("detected", "interval"), "found_n": ("detected", "interval")},
        )  # fmt: skip
        return self.about.chart(
            "linkage_topics",
            Kind.TABLE,
            visited,
            Encoding(key="sector_code"),
            PETITIONS,
            title,
            f"诉求与企业限于各社区，检查含未归属社区的企业；不足 {self.smallest_n} 家（次）不算占比，"
            f"{TOGETHER}；{self.days}",
            headings={
                "sector_name": "行业领域",
                "topics": "诉求分类",
                "petitions": "诉求",
                "firms": "企业",
                "share": "橙红占比",
                "visits": "检查",
                "detected": "检出率",
                "interval": "95%区间",
            },
            units=units,
        )

    def _rates(self, values: pd.Series, cases: pd.Series) -> list[str]:
        """Shares in words; of too few cases, whose number stands in the column before, that they are too few."""
        few = (cases > 0) & (cases < self.smallest_n)
        written = [wording.rate_text(value) for value in values]
        return [STATUS_WORDS["few"] if is_few else said for is_few, said in zip(few, written, strict=True)]

    def _no_sector_said(self, enough: int) -> str:
        if enough < 2:
            return "各行业检查户次不足，不比较检出率"
        return f"检查满 {self.smallest_n} 家次的 {enough} 个行业检出率没有显著差异"

    @cached_property
    def estates(self) -> Chart:
        """The estates with most petitions about property management."""
        found = self._asked("linkage.estates", limit=ESTATES)
        data = found.assign(
            each=found["petitions"] / found["households"] * 1000, repeat=found["repeats"] / found["petitions"]
        )
        title = f"{self.label}没有指明小区的物业诉求"
        if len(data):
            first = data.iloc[0]
            title = f"{first['name']}物业诉求最多（{PETITIONS.format(first['petitions'])}），"
            n, bad = (self.count(first[c]) for c in COMPANIES)
            title += f"所在{first['community_name']}有物业企业 {n}，"
            title += f"橙、红 {bad}" if first["property_bad"] else "没有橙、红的"
        units = dict.fromkeys(("petitions", "open", "property_firms", "property_bad"), PLAIN_COUNT)
        held = self._counted(
            data, units | {"each": Unit("number", "", 1), "repeat": RATE}, "property_firms", "property_bad"
        )
        return self.about.chart(
            "linkage_estates",
            Kind.TABLE,
            held["data"],
            Encoding(key="estate_code"),
            PETITIONS,
            title,
            f"物业诉求最多的 {len(data)} 个小区；小区由哪家企业管理没有登记，只能看到所在社区的物业企业；{self.days}",
            headings={
                "name": "小区",
                "community_name": "社区",
                "petitions": "诉求",
                "each": "每千户",
                "repeat": "重复率",
                "open": "在办",
                "property_firms": "物业企业",
                "property_bad": "橙红",
            },
            units=held["units"],
        )

    @cached_property
    def companies(self) -> Chart:
        """Property companies that are not green, the worst class first."""
        found = self._asked("linkage.firms", limit=LISTED)
        total = int(found["total"].iloc[0]) if len(found) else 0
        worst = int((found["risk_class"].isin(["C", "D"])).sum())
        title = "各社区没有非绿的物业企业"
        if total:
            title = f"非绿物业企业 {total:,} 家，其中橙、红 {worst} 家"
            title += "，均未检查过" if found["inspected_on"].isna().all() else ""
        data = found.assign(
            class_word=found["risk_class"].map(CLASS_WORDS),
            inspected_on=pd.to_datetime(found["inspected_on"]).dt.strftime("%Y-%m-%d"),
        )
        return self.about.chart(
            "linkage_companies",
            Kind.TABLE,
            data,
            Encoding(key="uscc"),
            FIRMS,
            title,
            f"先按风险类别、再按所在社区物业诉求排列；点一行可打开企业画像；{self.days}",
            headings={
                "name": "企业",
                "community_name": "社区",
                "class_word": "风险类别",
                "score": "风险分",
                "petitions": "社区物业诉求",
                "inspected_on": "最近检查",
                "found": "检查结果",
            },
            units={"score": Unit("number", "分", 1), "petitions": PLAIN_COUNT},
        )

    def charts(self) -> list[Chart]:
        """Everything on the page that names no single firm, in its order, for the export of the whole page."""
        return [self.shares, self.places, self.topics, self.estates]
