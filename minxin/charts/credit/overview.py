"""信用总览 as chart descriptions: index and rank, what is collected and how well, lists, systems, mechanisms."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import rates, wording
from minxin.charts import figures
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.credit.question import Ask
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


class Overview:
    """The page for the whole months of one span. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, ask: Ask, start: dt.date, end: dt.date, label: str, about: About) -> None:
        self.ask, self.start, self.end, self.label = ask, start, end, label
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
        return (
            f"{self.collected}归集 {types} 类 {RECORDS.format(n)}，{rate}，"
            f"要素齐全 {wording.rate_text(self.months['complete'].sum() / n)}"
        )

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
                said.append(f"{name}存量 {int(rows['n_standing'].iloc[-1]):,} 条（{word}）")
        return "，".join(said)

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
        card("records", "归集信用信息", n, RECORDS, self.collected)
        card(
            "on_time",
            f"{self.in_time}公示率",
            share,
            RATE,
            f"{self.collected}，不含未到期 {RECORDS.format(n - due)}" if n > due else self.collected,
            due,
            "ok" if due else "none",
        )
        held = {name: self.lists[self.lists["list"] == name] for name in ("红名单", "黑名单")}
        standing = {name: int(rows["n_standing"].iloc[-1]) if len(rows) else 0 for name, rows in held.items()}
        came, left = int(held["黑名单"]["n_entered"].sum()), int(held["黑名单"]["n_left"].sum())
        note = f"列入 {came:,}、退出 {left:,}；红名单存量 {standing['红名单']:,}"
        card("black", "黑名单存量", standing["黑名单"], RECORDS, note)
        data = pd.DataFrame(rows).assign(change=np.nan, change_word="", position=range(len(rows)))
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
        data = self.months.assign(month=lambda d: wording.month_texts(d["month_start"]))
        order = {p: i for i, p in enumerate(POLARITIES)}
        data = data.assign(at=data["polarity"].map(order)).sort_values(["month_start", "at"])
        total = data.groupby("polarity")["n"].sum()
        title = self._collected_said
        if total.sum():
            bad = total.get("失信", 0)
            title = (
                f"{self.collected}归集 {RECORDS.format(total.sum())}，失信信息占 {wording.rate_text(bad / total.sum())}"
            )
        return self.about.chart(
            "overview_collection",
            Kind.STACKED_COLUMN,
            data[["month", "polarity", "n"]],
            Encoding(x="month", y="n", series="polarity"),
            RECORDS,
            title,
            f"按产生月份与信息性质，{self._dated(self.months['month_start'])}",
            headings={"month": "月份", "polarity": "性质", "n": "条数"},
        )

    @cached_property
    def timeliness(self) -> Chart:
        """The ten kinds by the share published in time."""
        data = self.kinds.assign(status=np.where(self.kinds["due"] > 0, "ok", "none"))
        title = f"{self.label}没有归集信用信息"
        marks: tuple[Annotation, ...] = ()
        if len(data) and not data["due"].sum():
            title = f"{self.label}归集的信用信息公示时限都还没有到"
        elif len(data):
            total = rates.wilson(int(data["on_time"].sum()), int(data["due"].sum()))
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
                x="disclosure_name", y="share", low="low", high="high", n="due", status="status", order="position"
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
            data[["month", "list", "n_standing"]],
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
        came, left = int(rows["n_entered"].sum()), int(rows["n_left"].sum())
        net = data.groupby("month")["n"].transform("sum") if len(data) else pd.Series(dtype="float64")
        title = "没有黑名单" if rows.empty else f"{self.label}黑名单列入 {came:,} 条、到期或移出 {left:,} 条"
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
            sums = {word: TIMES.format(found[code].sum()) for code, word in CALLS.items()}
            title = f"{len(found)} 个系统，" + "、".join(f"{word} {said}" for word, said in sums.items())
        return self.about.chart(
            "overview_calls",
            Kind.TABLE,
            found,
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
        idle = found[found["n"] == 0]["kind"].tolist()
        title = "没有机制运行记录" if found.empty else f"{len(found)} 项机制{self.label}均有运行"
        if idle:
            title = f"{self.label}没有运行的机制：{'、'.join(idle)}"
        return self.about.chart(
            "overview_mechanisms",
            Kind.BAR,
            found,
            Encoding(x="kind", y="n"),
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
