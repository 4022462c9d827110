"""信用总览 as chart descriptions: index and rank, what is collected and how well, lists, systems, mechanisms."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, wording
from minxin.charts import figures
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.credit.counts import Counts
from minxin.charts.credit.question import Ask
from minxin.charts.figures import SHOWN
from minxin.warehouse.disclosure_rules import load

SCORE, RANK, RECORDS, FIRMS, TIMES = (
    Unit("score", "分"),
    Unit("rank", "名"),
    Unit("count", "条"),
    Unit("count", "家"),
    Unit("count", "次"),
)
#: A difference of shares smaller than this is not called one of kinds.
KINDS_TOLD = 2
POLARITIES = ("守信", "中性", "失信")
CALLS = {"checks": "核查", "promises": "承诺", "shared": "共享", "feedback": "反馈"}


def _month(day: Any) -> str:
    """2023年6月."""
    moment = pd.Timestamp(day)
    return f"{moment.year}年{moment.month}月"


class Overview(Counts):
    """The page for the whole months of one span, small counts hidden; every part is kept once it is worked out."""

    def __init__(self, ask: Ask, start: dt.date, end: dt.date, label: str, about: About, hidden_below: int = 0) -> None:
        self.ask, self.start, self.end, self.label, self.hidden_below = ask, start, end, label, hidden_below
        self.about, self.plain = about.of(label), about
        #: Working days within which information is to be published, by the rule of the span's last day.
        self.workdays = load().workdays(end - dt.timedelta(days=1))
        self.in_time = f"{self.workdays}个工作日内"

    def _asked(self, block: str) -> pd.DataFrame:
        return self.ask(block, start=self.start, end=self.end)

    @property
    def days(self) -> str:
        """The span in words with its days."""
        return f"{self.label}（{wording.days_text(self.start, self.end, year=True)}）"

    def _late(self, months: pd.Series) -> str:
        """From when there are data, where they begin after the span; '' else."""
        first = months.min()
        return f"数据自{_month(first)}起" if len(months) and pd.Timestamp(first).date() > self.start else ""

    def _dated(self, months: pd.Series) -> str:
        """The span with its days, with what the data of these months cover of it."""
        late = self._late(months)
        return f"{self.days.removesuffix('）')}，{late}）" if late else self.days

    @property
    def collected(self) -> str:
        """The span in words as far as there is collected information of it."""
        late = self._late(self.months["month_start"])
        return f"{self.label}（{late}）" if late else self.label

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def index(self) -> pd.DataFrame:
        """One month of the index up to the end of the span, the last 24 of them."""
        found = self.ask("overview.index")
        return found[pd.to_datetime(found["month"]) < pd.Timestamp(self.end)].tail(24).reset_index(drop=True)

    @cached_property
    def months(self) -> pd.DataFrame:
        """One month and polarity of what was collected in the span."""
        return self._asked("overview.months")

    @cached_property
    def kinds(self) -> pd.DataFrame:
        """One of the ten kinds with the share published in time, and its interval."""
        found = self._asked("overview.kinds")
        share = rates.wilson(found["on_time"], found["due"])
        whole = rates.wilson(found["complete"], found["n"])
        return found.assign(share=share.value, low=share.low, high=share.high, whole=whole.value)

    @cached_property
    def lists(self) -> pd.DataFrame:
        """One list and month with entries, endings and stock."""
        return self._asked("overview.lists")

    # ── what may not be told ────────────────────────────────────────────────────────────────────

    def _said(self, n: int, unit: Unit = RECORDS) -> str:
        """A count with its word as it may be said."""
        return self.count(n, unit.word.strip()) if self.any_few(n) else unit.format(n)

    @cached_property
    def few_kinds(self) -> pd.DataFrame:
        """Row of ``kinds`` × what may not be shown; what all kinds come to stands in the figures."""
        held, few = self.kinds, pd.DataFrame(index=self.kinds.index)
        few["n"] = small.with_partner(self.is_few(held["n"]), held["n"])
        few["due"] = small.with_partner(self.is_few(held["due"]) | self.is_few(held["n"] - held["due"]), held["due"])
        late = self.is_few(held["on_time"]) | self.is_few(held["due"] - held["on_time"]) | few["due"]
        few["on_time"] = small.with_partner(late, held["on_time"])
        few["published"] = self.is_few(held["published"]) | self.is_few(held["n"] - held["published"]) | few["n"]
        whole = self.is_few(held["complete"]) | self.is_few(held["n"] - held["complete"]) | few["n"]
        few["whole"] = small.with_partner(whole, held["complete"])
        for column in ("share", "low", "high"):
            few[column] = few["on_time"]
        return few

    @cached_property
    def few_months(self) -> pd.Series:
        """Which rows of ``months`` may not be shown: all of them, and those of a polarity, stand in the title."""
        held = self.months
        return small.with_partners(self.is_few(held["n"]), held["n"], held["polarity"], None)

    @cached_property
    def few_flow(self) -> pd.Series:
        """Which rows of ``lists`` may not say what came and left: two stocks tell what came less what left."""
        held = self.lists
        standing = self.is_few(held["n_standing"])
        after = standing.groupby(held["list"]).shift(fill_value=False).astype(bool)
        few = self.is_few(held["n_entered"]) | self.is_few(held["n_left"]) | standing | after
        return small.with_partner(few, held["n_entered"] + held["n_left"], held["list"])

    def _moved(self, rows: pd.DataFrame) -> tuple[int, int, bool]:
        """What came onto a list in the span and what left it, and whether both may be told."""
        came, left = int(rows["n_entered"].sum()), int(rows["n_left"].sum())
        return came, left, not self.any_few(came, left)

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: the index, what was collected, the lists."""
        return (("指数", self._index_said), ("归集", self._collected_said), ("名单", self._lists_said))

    @property
    def _index_said(self) -> str:
        if self.index.empty:
            return "尚未导入城市信用指数"
        last = self.index.iloc[-1]
        said = (
            f"{_month(last['month'])}综合信用指数 {last['score']:.2f} 分，"
            f"全省第 {int(last['rank_province'])} 名、全国第 {int(last['rank_nation'])} 名"
        )
        before = self.index[self.index["method_version"] == last["method_version"]]
        if len(before) > 1:
            moved = int(before["rank_nation"].iloc[0]) - int(last["rank_nation"])
            first = f"{pd.Timestamp(before['month'].iloc[0]).month}月"
            word = "前进" if moved > 0 else "后退"
            said += f"，比{first}{word} {abs(moved)} 名" if moved else f"，全国名次与{first}相同"
        return said

    @property
    def _collected_said(self) -> str:
        n = int(self.months["n"].sum())
        if not n:
            return f"{self.label}没有归集信用信息"
        on_time, due = int(self.months["on_time"].sum()), int(self.months["due"].sum())
        types = int(self.kinds["types"].sum())
        rate = f"{self.in_time}公示 {wording.rate_text(on_time / due)}" if due else "公示时限都还没有到"
        said, complete = [f"{self.collected}归集 {types} 类 {self._said(n)}"], int(self.months["complete"].sum())
        if not self.few_of(on_time, due):
            said.append(rate)
        if not self.few_of(complete, n):
            said.append(f"要素齐全 {wording.rate_text(complete / n)}")
        return "，".join(said)

    @property
    def _lists_said(self) -> str:
        if self.lists.empty:
            return "没有红黑名单"
        said = []
        for name in ("红名单", "黑名单"):
            rows = self.lists[self.lists["list"] == name]
            if len(rows):
                net = int(
                    rows["n_standing"].iloc[-1]
                    - (rows["n_standing"].iloc[0] - rows["n_entered"].iloc[0] + rows["n_left"].iloc[0])
                )
                word = f"净增 {net}" if net > 0 else f"净减 {-net}" if net < 0 else "持平"
                standing = int(rows["n_standing"].iloc[-1])
                told = self._moved(rows)[2] and not self.any_few(abs(net), standing, standing - net)
                said.append(f"{name}存量 {self._exact(standing)}" + (f"（{word}）" if told else ""))
        return "，".join(said)

    def _exact(self, n: int) -> str:
        """Records in full as they may be said."""
        return self.exact(n, "条")

    def _number(self, n: int) -> str:
        """The same without the word, within a sentence."""
        return self.exact(n, "").strip()

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def figures(self) -> Chart:
        """The newest figures: index, rank, records, in time, lists."""
        rows: list[dict[str, Any]] = []

        def card(*given: Any, **more: Any) -> None:
            rows.append(figures.figure(*given, **more))

        last = self.index.iloc[-1] if len(self.index) else None
        month = _month(last["month"]) if last is not None else ""
        version = f"{last['method_version']}方法，跨年只比名次" if last is not None else ""
        card(
            "index",
            "综合信用指数",
            float(last["score"]) if last is not None else np.nan,
            SCORE,
            f"{month}，{version}",
            status="ok" if last is not None else "none",
        )
        card(
            "rank",
            "全国名次",
            float(last["rank_nation"]) if last is not None else np.nan,
            RANK,
            f"全省第 {int(last['rank_province'])} 名" if last is not None else "",
            status="ok" if last is not None else "none",
        )
        n, due, on_time = (int(self.months[name].sum()) for name in ("n", "due", "on_time"))
        share = rates.wilson(on_time, due)
        late = self.few_of(on_time, due)
        card("records", "归集信用信息", n, RECORDS, self.collected)
        card(
            "on_time",
            f"{self.in_time}公示率",
            rates.wilson(np.nan, due) if late else share,
            RATE,
            f"{self.collected}，不含未到期 {self._said(n - due)}" if n > due else self.collected,
            np.nan if self.any_few(due, n - due) else due,
            "few" if late else "ok" if due else "none",
        )
        held = {name: self.lists[self.lists["list"] == name] for name in ("红名单", "黑名单")}
        standing = {name: int(rows["n_standing"].iloc[-1]) if len(rows) else 0 for name, rows in held.items()}
        came, left, told = self._moved(held["黑名单"])
        note = f"列入 {came:,}、退出 {left:,}；" if told else ""
        note += f"红名单存量 {self._number(standing['红名单'])}"
        card("black", "黑名单存量", standing["黑名单"], RECORDS, note)
        data = pd.DataFrame(rows).assign(change=np.nan, change_word="", position=range(len(rows)))
        counted = data["code"].isin(["records", "black"])
        few = counted & self.is_few(data["value"])
        if few.any() or late:
            data[SHOWN] = np.where(few, f"<{self.hidden_below}", "")
            data.loc[data["code"] == "on_time", SHOWN] = small.WITHHELD if late else ""
            data["value"], data["status"] = data["value"].mask(few), data["status"].mask(few, "few")
        return self.about.chart(
            "overview_figures",
            Kind.KPI_ROW,
            data,
            figures.encoding(data),
            Unit(),
            self._index_said,
            self._dated(self.months["month_start"]),
            headings={"name": "项目", "value": "数值"},
        )

    @cached_property
    def ranks(self) -> Chart:
        """Ranks month by month: they can be compared across the years, scores cannot."""
        found = self.index
        names = {"rank_nation": "全国名次", "rank_province": "全省名次"}
        data = found.melt("month", list(names), "part", "rank").assign(part=lambda d: d["part"].map(names))
        n_best = int((found["rank_nation"] <= 4).sum())
        title = "没有城市信用指数名次"
        shown = ""
        if len(found):
            first, last = (_month(found["month"].iloc[i]) for i in (0, -1))
            shown = f"{first}—{last}" if first != last else first
            best = "没有一个月" if not n_best else "各月都" if n_best == len(found) else f"{n_best} 个月"
            low, high = int(found["rank_nation"].min()), int(found["rank_nation"].max())
            between = f"在第 {low} 至第 {high} 名之间" if low < high else f"均为第 {low} 名"
            title = f"{shown}全国名次{between}，{best}居前四"
        # The months up to the end of the span, whenever it began: so many make a line.
        return self.plain.of(shown).chart(
            "overview_ranks",
            Kind.LINE,
            data,
            Encoding(x="month", y="rank", series="part", emphasis=("全国名次",)),
            RANK,
            title,
            "综合信用指数月度名次，越高越好；方法逐年调整，名次可以跨年比较",
            headings={"month": "月份", "part": "名次", "rank": "名次数"},
            ranks=True,
        )

    @cached_property
    def dimensions(self) -> Chart:
        """The five dimensions of the newest month."""
        found = self.ask("overview.dimensions", end=self.end)
        same = found["method_version"] == found["earlier_version"]
        data = found.assign(
            earlier_score=found["earlier_score"].where(same),
            moved=(found["earlier_rank"] - found["rank_nation"]).astype("Float64"),
        )
        title = "没有五个维度的得分"
        if len(found):
            best, worst = found.iloc[0], found.iloc[-1]
            title = f"「{best['dimension']}」得分最高（{best['score']:.2f}）"
            title += f"，「{worst['dimension']}」最低（{worst['score']:.2f}）"
        month = _month(found["month"].iloc[0]) if len(found) else self.label
        return self.plain.of(month).chart(
            "overview_dimensions",
            Kind.TABLE,
            data,
            Encoding(),
            SCORE,
            title,
            f"{month}；名次变化与一年前同月相比，正数为前进",
            headings={"dimension": "维度", "score": "得分", "rank_nation": "全国名次", "moved": "名次变化"},
            units={"score": SCORE, "rank_nation": PLAIN_COUNT, "moved": PLAIN_COUNT},
        )

    @cached_property
    def collection(self) -> Chart:
        """Records month by month by polarity."""
        data = self.months.assign(
            month=lambda d: wording.month_texts(d["month_start"]), shown=self.months["n"].mask(self.few_months)
        )
        order = {p: i for i, p in enumerate(POLARITIES)}
        data = data.assign(at=data["polarity"].map(order)).sort_values(["month_start", "at"])
        total = data.groupby("polarity")["n"].sum()
        title = self._collected_said
        if total.sum():
            bad = total.get("失信", 0)
            title = (
                f"{self.collected}归集 {RECORDS.format(total.sum())}，失信信息占 {wording.rate_text(bad / total.sum())}"
            )
            if self.few_of(bad, total.sum()):
                title = f"{self.collected}归集 {self._said(int(total.sum()))}"
        return self.about.chart(
            "overview_collection",
            Kind.STACKED_COLUMN,
            data.assign(n=data["shown"])[["month", "polarity", "n"]],
            Encoding(x="month", y="n", series="polarity"),
            RECORDS,
            title,
            f"按产生月份与信息性质，{self._dated(self.months['month_start'])}",
            headings={"month": "月份", "polarity": "性质", "n": "条数"},
        )

    @cached_property
    def timeliness(self) -> Chart:
        """The ten kinds by the share published in time."""
        few = self.few_kinds
        data = self.kinds.assign(status=np.where(self.kinds["due"] > 0, "ok", "none"))
        on_time, due = int(data["on_time"].sum()), int(data["due"].sum())
        data = data.assign(**{c: data[c].mask(few[c]) for c in few})
        data["status"] = data["status"].mask(few["share"], "few")
        data[SHOWN] = np.where(few["share"], small.WITHHELD, "")
        title = f"{self.label}没有归集信用信息"
        marks: tuple[Annotation, ...] = ()
        if len(data) and not due:
            title = f"{self.label}归集的信用信息公示时限都还没有到"
        elif len(data) and self.few_of(on_time, due):
            title = f"{self.in_time}公示或未公示的不足 {self.hidden_below} 条，不比较"
        elif len(data):
            total = rates.wilson(on_time, due)
            marks = (Annotation(float(total.value), f"全部 {wording.rate_text(float(total.value))}"),)
            below = data[data["high"] < float(total.value) - 0.001].sort_values("share")
            title = "十公示各类的及时率没有显著低于总体的"
            if len(below):
                names = "、".join(below["disclosure_name"].head(KINDS_TOLD))
                names += f"等 {len(below)} 类" if len(below) > KINDS_TOLD else ""
                title = f"{names}的{self.in_time}公示率低于总体（{wording.rate_text(float(total.value))}）"
        return self.about.chart(
            "overview_timeliness",
            Kind.DOT_INTERVAL,
            data,
            Encoding(
                x="disclosure_name",
                y="share",
                low="low",
                high="high",
                n="due",
                status="status",
                order="position",
                label=SHOWN,
            ),
            RATE,
            title,
            f"产生后{self.in_time}公示的比率与95%区间，到期未公示的计入分母，未到期的不计，竖线为全部；"
            f"{self._dated(self.months['month_start'])}",
            annotations=marks,
            headings={
                "disclosure_name": "类别",
                "types": "信息类数",
                "due": "到期",
                "on_time": f"{self.in_time}公示",
                "published": "已公示",
                "n": "归集",
                "whole": "要素齐全率",
            },
            units={"types": PLAIN_COUNT, "whole": RATE, **dict.fromkeys(("due", "on_time", "published", "n"), RECORDS)},
        )

    @cached_property
    def stock(self) -> Chart:
        """The lists as stock, month by month."""
        data = self.lists.assign(month=pd.to_datetime(self.lists["month_start"]).dt.date)
        return self.about.chart(
            "overview_stock",
            Kind.LINE,
            data.assign(n_standing=data["n_standing"].mask(self.is_few(data["n_standing"])))[
                ["month", "list", "n_standing"]
            ],
            Encoding(x="month", y="n_standing", series="list", emphasis=("黑名单",)),
            RECORDS,
            self._lists_said,
            f"月末仍在名单中的条数，到期或移出的不计；{self.days}",
            headings={"month": "月份", "list": "名单", "n_standing": "月末存量"},
        )

    @cached_property
    def flow(self) -> Chart:
        """The black list as flow: what came and what left."""
        rows = self.lists[self.lists["list"] == "黑名单"]
        months = wording.month_texts(rows["month_start"])
        data = pd.concat(
            [
                pd.DataFrame({"month": months, "part": "列入", "n": rows["n_entered"].to_numpy()}),
                pd.DataFrame({"month": months, "part": "退出", "n": -rows["n_left"].to_numpy()}),
            ],
            ignore_index=True,
        )
        came, left, told = self._moved(rows)
        net = data.groupby("month")["n"].transform("sum") if len(data) else pd.Series(dtype="float64")
        title = "没有黑名单" if rows.empty else f"{self.label}黑名单列入 {came:,} 条、到期或移出 {left:,} 条"
        if not told:
            title = f"{self.label}黑名单列入或退出的不足 {self.hidden_below} 条"
        few = pd.concat([self.few_flow[rows.index]] * 2, ignore_index=True)
        data, net = data.assign(n=data["n"].mask(few)), net.mask(few)
        return self.about.chart(
            "overview_flow",
            Kind.DIVERGING,
            data.assign(net=net),
            Encoding(x="month", y="n", series="part", change="net"),
            RECORDS,
            title,
            f"右侧为列入，左侧为到期或移出；{self.days}",
            headings={"month": "月份", "part": "变动", "n": "条数", "net": "净变动"},
        )

    @cached_property
    def calls(self) -> Chart:
        """The business systems by what they asked and gave."""
        found = self._asked("overview.calls")
        title = f"{self.label}没有业务系统调用"
        if len(found):
            sums = {word: self._said(int(found[code].sum()), TIMES) for code, word in CALLS.items()}
            title = f"{len(found)} 个系统，" + "、".join(f"{word} {said}" for word, said in sums.items())
        data = found
        for code in CALLS if self.hidden_below else ():
            few = small.with_partner(self.is_few(found[code]), found[code])
            words = np.where(self.is_few(found[code]), f"<{self.hidden_below}", small.WITHHELD)
            data = data.assign(**{code: found[code].astype("object").mask(few, pd.Series(words, index=found.index))})
        return self.about.chart(
            "overview_calls",
            Kind.TABLE,
            data,
            Encoding(key="system"),
            TIMES,
            title,
            f"按核查次数排列，{self._dated(found['since'])}",
            headings={"system": "业务系统", **CALLS},
            units=dict.fromkeys(CALLS, TIMES),
        )

    @cached_property
    def mechanisms(self) -> Chart:
        """How often each of the mechanisms ran."""
        found = self._asked("overview.mechanisms")
        few = self.is_few(found["n"])
        idle = found[found["n"] == 0]["kind"].tolist()
        title = "没有机制运行记录" if found.empty else f"{len(found)} 项机制{self.label}均有运行"
        if idle:
            title = f"{self.label}没有运行的机制：{'、'.join(idle)}"
        return self.about.chart(
            "overview_mechanisms",
            Kind.BAR,
            found.assign(
                n=found["n"].mask(few),
                status=np.where(few, "few", "ok"),
                **{SHOWN: np.where(few, f"<{self.hidden_below}", "")},
            ),
            Encoding(x="kind", y="n", status="status", label=SHOWN),
            TIMES,
            title,
            self.days,
            headings={"kind": "机制", "n": "次数", "last_on": "最近一次"},
        )

    def charts(self) -> list[Chart]:
        """Everything on the page in its order, for the export of the whole page."""
        return [
            self.figures,
            self.ranks,
            self.dimensions,
            self.collection,
            self.timeliness,
            self.stock,
            self.flow,
            self.calls,
            self.mechanisms,
        ]
