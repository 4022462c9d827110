"""诉求信用联动 as chart descriptions: the two subjects meet by community, sector, estate and in property companies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, standouts, wording
from minxin.analysis.credit.classes import label
from minxin.analysis.credit.linkage import Correlation, rank_correlation
from minxin.analysis.inspection import rules
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, STATUS_WORDS, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.credit.counts import TOGETHER, Counts
from minxin.charts.credit.question import Ask

FIRMS, PETITIONS = Unit("count", "家"), Unit("count", "件")
ESTATES, LISTED = 15, 100
COMPANIES = ("property_firms", "property_bad")
#: Counts of a community of which the table of sectors tells the sum.
SUMMED = ("property_petitions", *COMPANIES)


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

    def _counted(
        self,
        rows: pd.DataFrame,
        units: dict[str, Unit],
        hidden: Mapping[str, pd.Series],
        derived: Mapping[str, Sequence[str]],
    ) -> dict[str, Any]:
        """Rows and units for a table: counts that are ``hidden`` in words, what is made of them (``derived``) empty."""
        if not self.hidden_below:
            return {"data": rows, "units": units}
        few = f"<{self.hidden_below}"
        held = rows.assign(
            **{
                name: [
                    f"{int(v):,}" if not hide else few if v < self.hidden_below else small.WITHHELD
                    for hide, v in zip(hidden[name], rows[name], strict=True)
                ]
                for name in hidden
            }
        )
        for name, columns in derived.items():
            held = held.assign(**{column: held[column].mask(hidden[name]) for column in columns})
        return {"data": held, "units": {name: unit for name, unit in units.items() if name not in hidden}}

    def _left_few(self, parts: pd.Series, whole: pd.Series) -> pd.Series:
        """Which parts tell a small count: theirs, that of the rest, or that of all."""
        return self.is_few(parts) | self.is_few(whole - parts) | self.is_few(whole)

    def _petitions(self, n: float) -> str:
        """A count of petitions as it may be said."""
        return self.count(n, "件") if self.any_few(n) else PETITIONS.format(n)

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
    def few_of_places(self) -> pd.DataFrame:
        """Row of ``communities`` × count: whether it may not be shown.

        What the communities come to stands in the table of sectors, so a single hidden one takes a second with it.
        """
        held = self.communities
        few = {c: small.with_partner(self.is_few(held[c]), held[c]) for c in SUMMED}
        # Of few companies, what they are is not said either.
        small_firms = self.is_few(held["property_firms"])
        few["property_bad"] |= small_firms | self.is_few(held["property_firms"] - held["property_bad"])
        few["property_not_green"] = self._left_few(held["property_not_green"], held["property_firms"])
        return pd.DataFrame(few)

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
        if self.few_of(row["found"], row["visits"]):
            visits, found = (self.count(row[c], "家次") for c in ("visits", "found"))
            told = row["found"] < self.hidden_below or not self.any_few(row["visits"] - row["found"])
            return f"检查物业企业 {visits}" + (f"，发现问题 {found}" if told else "")
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
        few = self._left_few(held["bad"], held["firms"])
        data = held.assign(
            status=np.where((held["firms"] >= self.smallest_n) & ~few, "ok", "few"),
            firms=held["firms"].mask(self.is_few(held["firms"])),
            petitions=held["petitions"].mask(self.is_few(held["petitions"])),
            **{column: held[column].mask(few) for column in ("bad", "share", "low", "high")},
        )
        bad, n = int(held["bad"].sum()), int(held["firms"].sum())
        title = "社区内没有在册企业"
        # The share of all less those of the others is that of a single hidden one.
        is_told = bool(n) and not self.few_of(bad, n) and few.sum() != 1
        whole = f"全部社区（{wording.rate_text(bad / n)}）" if is_told else "全部社区"
        if n:
            found = standouts.against(held["bad"].mask(few), held["firms"], bad / n, self.smallest_n)
            above = data.iloc[list(found.high)].sort_values("share", ascending=False)
            title = f"各社区橙C、红D企业占比没有显著高于{whole}的"
            if len(above):
                names = wording.names_text(above["community_name"].tolist(), 3)
                title = f"{names}的橙C、红D企业占比高于{whole}"
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
            annotations=(Annotation(bad / n, "全部社区"),) if is_told else (),
        )

    @cached_property
    def places(self) -> Chart:
        """One community a row with both subjects side by side, most property petitions first."""
        data = self.communities.sort_values("per_10000", ascending=False, na_position="last")
        data = data.assign(weak=data["weak"].where(data["property_firms"] >= self.smallest_n))
        units = dict.fromkeys(("property_petitions", "property_firms", "property_not_green"), PLAIN_COUNT)
        units |= {"per_10000": Unit("per_10000", ""), "weak": RATE}
        few = self.few_of_places.loc[data.index]
        held = self._counted(
            data, units, {c: few[c] for c in ("property_petitions", "property_firms", "property_not_green")},
            {"property_petitions": ("per_10000",), "property_firms": ("weak",), "property_not_green": ("weak",)},
        )  # fmt: skip
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
        few = self._left_few(held["found"], held["visits"])
        if len(data):
            first = data.iloc[0]
            title = f"{first['sector_name']}诉求最多（{self._petitions(first['petitions'])}）"
            whole = data["found"].sum() / max(data["visits"].sum(), 1)
            apart = standouts.against(data["found"].mask(few), data["visits"], whole, self.smallest_n)
            if apart.high:
                names = wording.names_text(data["sector_name"].iloc[list(apart.high)].tolist())
                title += f"，{names}检出率高于合计" + (f"（{wording.rate_text(whole)}）" if few.sum() != 1 else "")
            elif not few.any():
                title += "，" + self._no_sector_said(int(enough.sum()))
        units = dict.fromkeys(("petitions", "firms", "visits"), PLAIN_COUNT)
        # A visit that found something is a firm with a problem: few of them are as telling as few firms.
        data = data.assign(share=data["share"].mask(self._left_few(held["bad"], held["firms"])),
                           **{c: data[c].mask(few) for c in ("detected", "interval")})  # fmt: skip
        counted = self._counted(data, units, {c: self.is_few(held[c]) for c in ("petitions", "firms", "visits")}, {})
        return self.about.chart(
            "linkage_topics",
            Kind.TABLE,
            counted["data"],
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
            units=counted["units"],
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
        few = self._few_of_estates(data)
        title = f"{self.label}没有指明小区的物业诉求"
        if len(data):
            first = data.iloc[0]
            title = f"{first['name']}物业诉求最多（{self._petitions(first['petitions'])}）"
            n, bad = (self.count(first[c]) for c in COMPANIES)
            # A count that is not small but tells a small one is not said.
            if not any(few[c].iloc[0] and first[c] >= self.hidden_below for c in COMPANIES):
                title += f"，所在{first['community_name']}有物业企业 {n}，"
                title += f"橙、红 {bad}" if first["property_bad"] else "没有橙、红的"
        units = dict.fromkeys(("petitions", "open", "property_firms", "property_bad"), PLAIN_COUNT)
        held = self._counted(
            data.assign(repeat=data["repeat"].mask(self._left_few(data["repeats"], data["petitions"]))),
            units | {"each": Unit("number", "", 1), "repeat": RATE}, few, {"petitions": ("each",)},
        )  # fmt: skip
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

    def _few_of_estates(self, rows: pd.DataFrame) -> dict[str, pd.Series]:
        """Which counts of an estate, and of the community that it lies in, may not be shown."""
        places = self.few_of_places.groupby(self.communities["community_name"]).any()
        # An estate may lie in a community that is not counted here: nothing is known of its sums.
        places = places.reindex(rows["community_name"], fill_value=bool(self.hidden_below)).set_axis(rows.index)
        return {
            "petitions": self.is_few(rows["petitions"]),
            "open": self._left_few(rows["open"], rows["petitions"]),
            **{c: places[c] for c in COMPANIES},
        }

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
            class_word=found["risk_class"].map(label),
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
