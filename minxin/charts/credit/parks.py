"""信用园区与信易+ as chart descriptions: parks, their money, scenes, merchants, and policies held against firms."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, standouts, wording
from minxin.charts import figures
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.credit.counts import TOGETHER, Counts
from minxin.charts.credit.question import Ask
from minxin.charts.once import once

FIRMS, MONEY, TIMES, SHOPS = Unit("count", "家"), Unit("count", "元"), Unit("count", "人次"), Unit("count", "家")
#: Ten thousands of 元: what a column of sums is read in.
LARGE_MONEY = Unit("number", "万元", 1)
KINDS = {"loans": "信用贷款", "refund": "留抵退税", "budget": "中央预算内资金"}
#: Scenes in the picture; the table has all.
SCENES = 12
LISTED = 200


class Parks(Counts):
    """The page. ``hidden_below``: counts of firms below it are hidden (0: none)."""

    def __init__(self, ask: Ask, today: dt.date, about: About, hidden_below: int = 0) -> None:
        self.ask, self.today, self.hidden_below = ask, today, hidden_below
        self.about = about

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def parks(self) -> pd.DataFrame:
        """One park with the share of green firms and its interval."""
        found = self.ask("parks.parks")
        share = rates.wilson(found["n_a"], found["firms"])
        return found.assign(share=share.value, low=share.low, high=share.high)

    @cached_property
    def whole(self) -> tuple[int, int]:
        """Green firms and all firms."""
        row = self.ask("parks.whole").iloc[0]
        return int(row["n_a"]), int(row["firms"])

    @cached_property
    def scenes(self) -> pd.DataFrame:
        """One scene with its uses of the last twelve whole months and of the twelve before."""
        end = self.today.replace(day=1)
        return self.ask("parks.scenes", start=_back(end, 24), middle=_back(end, 12), end=end)

    @cached_property
    def policies(self) -> pd.DataFrame:
        """One policy with how much of what fits has been told and served."""
        found = self.ask("parks.policies")
        served = rates.wilson(found["n_fitting_served"], found["n_fitting"])
        return found.assign(share=served.value, low=served.low, high=served.high)

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: the parks, the money, the policies."""
        return (("园区", self._parks_said), ("惠企", self._money_said), ("政策", self._policies_said))

    @property
    def _parks_said(self) -> str:
        x, n = int(self.parks["n_a"].sum()), int(self.parks["firms"].sum())
        if not n:
            return "没有园区企业"
        green, all_ = self.whole
        inside, rest = rates.wilson(x, n), (green - x, all_ - n)
        said = f"{len(self.parks)} 个园区 {self.count(n)}企业"
        if self.any_few(x, n - x):
            return said
        said += f"，绿A占 {wording.rate_text(float(inside.value))}"
        if rest[1] <= 0 or self.any_few(rest[0], rest[1] - rest[0]):
            return said
        gap = rates.newcombe(x, n, *rest)
        outside = wording.rate_text(rest[0] / rest[1])
        if float(gap.low) <= 0 <= float(gap.high):
            return f"{said}，与园区外（{outside}）没有显著差异"
        return f"{said}，{'高' if float(gap.low) > 0 else '低'}于园区外（{outside}）"

    @property
    def _money_said(self) -> str:
        total = self.parks["amount"].sum()
        if not total:
            return "没有园区惠企资金"
        parts = "、".join(f"{name}{MONEY.format(self.parks[code].sum())}" for code, name in KINDS.items())
        return f"园区企业累计获得{parts}"

    @property
    def _policies_said(self) -> str:
        fit, served = int(self.policies["n_fitting"].sum()), int(self.policies["n_fitting_served"].sum())
        if not fit:
            return "没有符合政策条件的企业"
        said = f"{len(self.policies)} 项政策符合 {self.count(fit, '家次')}"
        if self.any_few(served, fit - served):
            return said
        return f"{said}，已送达 {wording.rate_text(served / fit)}，尚有 {self.count(fit - served, '家次')}未送达"

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def figures(self) -> Chart:
        """What the parks, scenes, merchants and policies come to."""
        rows: list[dict[str, Any]] = []

        def card(*given: Any, **more: Any) -> None:
            rows.append(figures.figure(*given, **more))

        x, n = int(self.parks["n_a"].sum()), int(self.parks["firms"].sum())
        share = rates.wilson(x, n)
        card(
            "green",
            "园区绿A企业占比",
            share,
            RATE,
            f"{len(self.parks)} 个园区",
            n,
            "few" if self.any_few(x, n - x) else "ok" if n else "none",
        )
        card(
            "money",
            "园区惠企资金",
            float(self.parks["amount"].sum()),
            MONEY,
            f"惠及 {self.count(self.parks['helped'].sum())}",
        )
        uses, before = self.scenes["uses"].sum(), self.scenes["before"].sum()
        card(
            "scenes",
            "信易+使用",
            float(uses),
            TIMES,
            f"{len(self.scenes)} 个场景，近 12 个月，上年同期 {TIMES.format(before)}",
        )
        shops = self.ask("parks.merchants")
        bad, total = int(shops["n_bad"].sum()), int(shops["n"].sum())
        card(
            "shops",
            "诚信商户",
            total,
            SHOPS,
            f"其中风险已转橙、红的 {self.count(bad)}，应复核" if bad else "没有转橙、红的",
            status="few" if self.any_few(total) else "ok",
        )
        fit, served = int(self.policies["n_fitting"].sum()), int(self.policies["n_fitting_served"].sum())
        held = rates.wilson(served, fit)
        card(
            "served",
            "政策送达率",
            held,
            RATE,
            f"{len(self.policies)} 项政策",
            fit,
            "few" if self.any_few(served, fit - served) else "ok" if fit else "none",
        )
        data = pd.DataFrame(rows).assign(change=np.nan, change_word="", position=range(len(rows)))
        few = data["status"] == "few"
        data = data.assign(**{column: data[column].mask(few) for column in ("value", "low", "high")})
        data["n"] = data["n"].mask(self.is_few(data["n"]))
        return self.about.chart(
            "parks_figures",
            Kind.KPI_ROW,
            data,
            figures.encoding(data),
            Unit(),
            self._parks_said,
            "信用园区、信易+场景、诚信商户与政策直达",
            headings={"name": "项目", "value": "数值"},
        )

    @cached_property
    def classes(self) -> Chart:
        """The parks by their share of green firms."""
        green, n = self.whole
        data = self.parks.assign(status=np.where(self.parks["firms"] >= 5, "ok", "few"))
        if self.hidden_below and len(data):
            data = self._with_few_hidden(data)
        title = self._parks_said
        if n:
            found = standouts.against(self.parks["n_a"].mask(data["status"] != "ok"), self.parks["firms"], green / n)
            low, high = ([str(data["name"].iloc[i]) for i in side] for side in (found.low, found.high))
            whole = wording.rate_text(green / n)
            title = f"各园区绿A企业占比与全部企业（{whole}）没有显著差异"
            if low:
                title = f"{wording.names_text(low)}绿A企业占比低于全部企业（{whole}）"
            elif high:
                title = f"{wording.names_text(high)}绿A企业占比高于全部企业（{whole}），没有园区明显偏低"
        return self.about.chart(
            "parks_classes",
            Kind.DOT_INTERVAL,
            data,
            Encoding(x="name", y="share", low="low", high="high", n="firms", status="status"),
            RATE,
            title,
            f"绿A企业占园区企业的比率与95%区间，{TOGETHER}；最新月份",
            headings={
                "name": "园区",
                "county_name": "县区",
                "firms": "企业数",
                "n_a": "绿A",
                "n_b": "黄B",
                "n_c": "橙C",
                "n_d": "红D",
            },
            units={"firms": FIRMS, **dict.fromkeys(("n_a", "n_b", "n_c", "n_d"), FIRMS)},
            annotations=(Annotation(green / n, "全部企业"),) if n else (),
        )

    def _with_few_hidden(self, parks: pd.DataFrame) -> pd.DataFrame:
        """The parks without the classes of few firms, nor what they follow from."""
        parts = ["n_a", "n_b", "n_c", "n_d"]
        hidden = small.parts_few(parks, parts, self.hidden_below)
        rest = parks["firms"] - parks["n_a"]
        few = hidden["n_a"] | self.is_few(rest) | (parks["firms"] < self.hidden_below)
        written = {p: parks[p].astype("object").mask(hidden[p], small.WITHHELD) for p in parts}
        return parks.assign(
            **{p: column.mask(self.is_few(parks[p]), f"<{self.hidden_below}")
               for p, column in written.items()},
            **{column: parks[column].mask(few) for column in ("share", "low", "high")},
            firms=parks["firms"].mask(self.is_few(parks["firms"])),
            status=parks["status"].mask(few, "few"),
        )  # fmt: skip

    @cached_property
    def money(self) -> Chart:
        """The money of the parks, by kind in the table."""
        data = self.parks[self.parks["amount"] > 0]
        title = self._money_said
        few = self.is_few(data["helped"])
        told = data[~few]
        if len(told) and len(data) > 1:
            first = told.loc[told["amount"].idxmax()]
            share = wording.rate_text(first["amount"] / data["amount"].sum())
            title = f"{first['name']}最多，{MONEY.format(first['amount'])}，占全部园区的 {share}"
        # What one of few firms got is its own affair.
        data = small.withheld(data, self.hidden_below, {"helped": ("amount", *KINDS)}).assign(
            status=np.where(few, "few", "ok"), said=np.where(few, f"<{self.hidden_below} 家", "")
        )
        return self.about.chart(
            "parks_money",
            Kind.BAR,
            data,
            Encoding(x="name", y="amount", status="status", label="said"),
            MONEY,
            title,
            "累计兑现金额，分类型见表；园区信用贷款与信易贷放款是否重叠未说明，不相加",
            headings={"name": "园区", "helped": "惠及企业", **KINDS},
            units={"helped": FIRMS, **dict.fromkeys(KINDS, MONEY)},
        )

    @cached_property
    def uses(self) -> Chart:
        """The scenes that are used most."""
        found = self.scenes
        growth = (found["uses"] / found["before"].astype("Float64")).astype("float64") - 1
        data = found.assign(growth=growth).head(SCENES)
        title = "没有信易+场景"
        if len(found):
            top = found.head(3)
            share = top["uses"].sum() / max(found["uses"].sum(), 1)
            title = f"{'、'.join(top['name'])}三个场景占全部使用的 {wording.rate_text(share)}"
        return self.about.chart(
            "parks_scenes",
            Kind.BAR,
            data,
            Encoding(x="name", y="uses"),
            TIMES,
            title,
            f"近 12 个整月使用人次，{len(found)} 个场景中最多的 {len(data)} 个",
            headings={"name": "场景", "threshold": "享受条件", "before": "上年同期", "growth": "增减"},
            units={"before": TIMES, "growth": RATE},
        )

    @cached_property
    def merchants(self) -> Chart:
        """Honest merchants by grade."""
        found = self.ask("parks.merchants")
        data = found.assign(each=found["complaints"] / found["n"])
        title = "没有诚信商户"
        if len(found):
            bad = int(found["n_bad"].sum())
            title = f"诚信商户 {self.count(found['n'].sum())}，风险已转橙、红的 {self.count(bad)}"
            title += "，应复核" if bad else ""
        if self.hidden_below and len(found):
            for name in ("n", "n_bad"):
                few = small.with_partner(self.is_few(found[name]), found[name])
                data[name] = found[name].astype("object").mask(few, small.WITHHELD)
                data[name] = data[name].mask(self.is_few(found[name]), f"<{self.hidden_below}")
                if name == "n":
                    for column in ("score", "complaints", "each"):
                        data[column] = data[column].mask(few)
        return self.about.chart(
            "parks_merchants",
            Kind.TABLE,
            data,
            Encoding(key="grade"),
            SHOPS,
            title,
            "按等级；投诉为评价期内累计",
            headings={
                "grade": "等级",
                "n": "商户数",
                "score": "平均评分",
                "complaints": "投诉数",
                "each": "户均投诉",
                "n_bad": "橙、红",
            },
            units={
                "n": SHOPS,
                "score": Unit("number", "分", 1),
                "complaints": PLAIN_COUNT,
                "each": Unit("number", "件", 2),
                "n_bad": SHOPS,
            },
        )

    @cached_property
    def direct(self) -> Chart:
        """The policies: who fits, who was served, with what money."""
        data = self.policies.assign(
            left=self.policies["n_fitting"] - self.policies["n_fitting_served"],
            interval=[
                wording.interval_text(a, b) for a, b in zip(self.policies["low"], self.policies["high"], strict=True)
            ],
        )
        data["amount"] = data["amount"] / 10_000
        served = ("share", "interval")
        counts = {"n_fitting": (*served, "left"), "n_fitting_served": (*served, "left"), "n_gone": ()}
        # The sum of both is known: with the one the other goes.
        left = self.is_few(data["left"])
        data = small.withheld(data, self.hidden_below, {**counts, "n_served": ("amount",)})
        data = data.assign(**{column: data[column].mask(left) for column in (*served, "n_fitting_served", "left")})
        return self.about.chart(
            "parks_policies",
            Kind.TABLE,
            data,
            Encoding(key="policy_id"),
            FIRMS,
            self._policies_said,
            "条件逐条核对，全部符合才算命中；政策条款为演示假设，点一行看条件与未送达企业",
            headings={
                "policy_name": "政策",
                "department": "主管部门",
                "service": "方式",
                "n_fitting": "符合",
                "n_fitting_served": "已送达",
                "share": "送达率",
                "interval": "95%区间",
                "left": "未送达",
                "n_gone": "曾匹配现不符",
                "amount": "已兑现金额",
            },
            units={
                "n_fitting": FIRMS,
                "n_fitting_served": FIRMS,
                "share": RATE,
                "left": FIRMS,
                "n_gone": FIRMS,
                "amount": LARGE_MONEY,
            },
        )

    @once
    def steps(self, policy_id: str) -> Chart:
        """Where firms fall out of a policy, condition by condition."""
        found = self.ask("parks.steps", policy_id=policy_id)
        held = self.policies.set_index("policy_id")
        name = str(held.loc[policy_id, "policy_name"])
        first = pd.DataFrame(
            [{"wording": "全部在册企业", "n": int(found["firms"].iloc[0]) if len(found) else 0, "number": 0}]
        )
        data = pd.concat([first, found[["wording", "n", "number"]]], ignore_index=True)
        served = pd.DataFrame(
            [{"wording": "其中已送达", "n": int(held.loc[policy_id, "n_fitting_served"]), "number": 99}]
        )
        data = pd.concat([data, served], ignore_index=True)
        data["lost"] = (data["n"].shift() - data["n"]).astype("Float64")
        left = int(data["n"].iloc[-2])
        few = self.is_few(data["n"]) | self.is_few(data["lost"])
        title = f"{name}：没有在册企业"
        if data["n"].iloc[0]:
            worst = data.iloc[1:-1].sort_values("lost", ascending=False).iloc[0]
            count = self.count(left) if self.any_few(left) else FIRMS.format(left)
            title = f"{name}：{count}符合，「{worst['wording']}」一条排除最多"
        data = data.assign(
            n=data["n"].mask(few),
            # What the next condition excludes tells this count, too.
            lost=data["lost"].mask(few | few.shift(fill_value=False)),
            status=np.where(few, "few", "ok"),
            said=np.where(few, np.where(self.is_few(data["n"]), f"<{self.hidden_below}", small.WITHHELD), ""),
        )
        return self.about.chart(
            "parks_steps",
            Kind.BAR,
            data,
            Encoding(x="wording", y="n", order="number", status="status", label="said"),
            FIRMS,
            title,
            "逐条累计符合的企业数，末行为其中已送达的",
            headings={"wording": "条件", "lost": "本条排除"},
            units={"lost": FIRMS},
        )

    @once
    def unserved(self, policy_id: str) -> Chart:
        """Firms that fit and were not served, those told longest ago on top."""
        found = self.ask("parks.unserved", policy_id=policy_id, limit=LISTED)
        name = str(self.policies.set_index("policy_id").loc[policy_id, "policy_name"])
        total = int(found["total"].iloc[0]) if len(found) else 0
        title = f"{name}：符合而未送达 {wording.count_text(total, '家')}" if total else f"{name}：符合的企业均已送达"
        data = found.assign(matched_on=pd.to_datetime(found["matched_on"]).dt.strftime("%Y-%m-%d"))
        return self.about.chart(
            "parks_unserved",
            Kind.TABLE,
            data,
            Encoding(key="uscc"),
            FIRMS,
            title,
            f"匹配最早的在前{f'，列出 {len(found)} 家' if total > len(found) else ''}；点一行可打开企业画像",
            headings={
                "enterprise_name": "企业",
                "county_name": "县区",
                "state": "状态",
                "matched_on": "匹配日期",
                "industry_name": "行业",
                "park_name": "园区",
            },
        )

    def charts(self) -> list[Chart]:
        """Everything on the page in its order, for the export of the whole page."""
        return [self.figures, self.classes, self.money, self.uses, self.merchants, self.direct]


def _back(day: dt.date, months: int) -> dt.date:
    return (pd.Timestamp(day) - pd.DateOffset(months=months)).date()
