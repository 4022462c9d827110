"""分级监管与双随机 as chart descriptions: what inspections found, against the uniform random arm of the same rounds."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from minxin.analysis import rates, wording
from minxin.analysis.inspection import evaluate
from minxin.analysis.inspection.rules import CLASSES, Rule
from minxin.analysis.inspection.visits import Saved
from minxin.analysis.inspection.visits import saved as spared
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Chart, Encoding, Kind, Unit
from minxin.charts.credit import supervision_cover
from minxin.charts.credit.question import Ask, Question
from minxin.charts.credit.supervision_words import ARMS, BEFORE, RANDOM, RISK, TIMES, VISITS, class_name, short_name

#: What a difference of two rates is planned to be found with.
POWER = 0.8
#: Below this probability a trend over the classes is no accident.
TREND = 0.05


class Supervision:
    """What was found in the days asked for. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, ask: Ask, question: Question, about: About, rule: Rule) -> None:
        self.ask, self.question, self.rule = ask, question, rule
        self.about = about.of(question.label, question.place)
        self.span = f"{question.place}，{question.label}"
        self.days = wording.days_text(question.start, question.end, year=True)

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def every(self) -> pd.DataFrame:
        """All visits of the county, whenever they were."""
        held = self.ask("inspection.visits")
        held = held[held["has_problem"].notna()]
        if self.question.county:
            held = held[held["county_code"] == self.question.county]
        return held.assign(has_problem=held["has_problem"].astype("int64"), arm=held["arm"].astype(object))

    @cached_property
    def visits(self) -> pd.DataFrame:
        """Those of the days asked for, without what was before the pilot: that is another way of drawing."""
        held = self.every
        day = pd.to_datetime(held["inspected_on"])
        inside = (day >= pd.Timestamp(self.question.start)) & (day < pd.Timestamp(self.question.end))
        return held[inside & (held["stage"].fillna("") != BEFORE)]

    @cached_property
    def routine(self) -> pd.DataFrame:
        """What was drawn by either arm; complaints and full coverage are no draw."""
        return self.visits[self.visits["arm"].isin([RISK, RANDOM])]

    @cached_property
    def lift(self) -> evaluate.Lift:
        """The risk arm against the random arm."""
        counts = evaluate.by(self.routine, "arm", (RISK, RANDOM))
        (x1, n1), (x0, n0) = zip(counts["x"], counts["n"], strict=True)
        return evaluate.lift(x1, n1, x0, n0)

    @cached_property
    def arm_sizes(self) -> tuple[int, int]:
        """Visits of the risk arm and of the random arm."""
        counts = self.routine["arm"].value_counts()
        return int(counts.get(RISK, 0)), int(counts.get(RANDOM, 0))

    @cached_property
    def classes_table(self) -> pd.DataFrame:
        """Detection by the class that the firm had before the visit."""
        return evaluate.by(self.routine.dropna(subset=["risk_class"]), "risk_class", CLASSES)

    @cached_property
    def saved(self) -> Saved:
        """Visits that firms were spared, against every department going by itself."""
        return spared(self.visits["departments"])

    @property
    def enough(self) -> bool:
        """Whether both arms have as many visits as the rules ask for, and findings that may be shown."""
        found = self.routine.groupby("arm")["has_problem"].sum()
        few = self.question.any_few(*found)
        return min(self.arm_sizes) >= self.rule.smallest_n and not few

    def status(self, n: pd.Series) -> np.ndarray:
        few = np.where(n > 0, "few", "none")
        return np.where(n >= self.rule.smallest_n, "ok", few)

    def hidden(self, data: pd.DataFrame) -> pd.DataFrame:
        """The rows without ``x`` and its rate where found in fewer firms than may be shown; ``label`` says so."""
        below = self.question.hidden_below
        few = (data["x"] > 0) & (data["x"] < below)
        return data.assign(
            x=data["x"].where(~few),
            status=np.where(few, "few", data["status"]),
            label=np.where(few, f"<{below}", ""),
        )

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: the lift, then the order of the classes."""
        return (("成效", self.lift_message), ("分级", self.order_message))

    @cached_property
    def lift_message(self) -> str:
        """Whether drawing by risk finds more than drawing at random, as surely as it can be said."""
        if not self.enough:
            return f"按风险抽查 {self.arm_sizes[0]} 户、随机组 {self.arm_sizes[1]} 户，样本不足，不能比较"
        found = self.lift
        one, two = wording.rate_text(float(found.risk.value)), wording.rate_text(float(found.random.value))
        low, high = float(found.ratio.low), float(found.ratio.high)
        between = f"{TIMES.format(float(found.ratio.value))}（95%区间 {low:.2f}—{high:.2f}）"
        if low > 1:
            return f"按风险抽查检出率 {one}，是随机组 {two} 的 {between}"
        if high < 1:
            return f"按风险抽查检出率 {one}，低于随机组 {two}，分类需要检查"
        return f"按风险抽查检出率 {one}，与随机组 {two} 没有显著差异，为 {between}"

    @cached_property
    def order_message(self) -> str:
        """Whether detection rises with the class."""
        found = evaluate.order(self.classes_table, self.rule.smallest_n)
        held = self.classes_table[self.classes_table["n"] >= self.rule.smallest_n]
        if len(held) < 2:
            return "各类别检查户数不足，不能判断检出率是否逐级上升"
        ends = "，".join(
            f"{short_name(r.risk_class)} {wording.rate_text(r.value)}" for r in held.iloc[[0, -1]].itertuples()
        )
        few = len(CLASSES) - len(held)
        rest = f"，另有 {few} 类样本不足" if few else ""
        if found.verdict == "rising" and found.p < TREND:
            return f"风险越高检出越多：{ends}{rest}"
        if found.verdict == "broken":
            wrong = found.steps[found.steps["high"] < 0].iloc[0]
            return f"{short_name(wrong['upper'])}检出率反而低于{short_name(wrong['lower'])}，分类需要检查{rest}"
        if found.p < TREND:
            alike = found.steps[found.steps["low"] <= 0]
            pairs = [f"{short_name(s.lower)}与{short_name(s.upper)}" for s in alike.itertuples()]
            return f"检出率总体随风险上升：{ends}（{'、'.join(pairs)}相近）{rest}"
        return f"看不出检出率随风险上升（差异不显著）：{ends}{rest}"

    # ── pictures ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def figures(self) -> Chart:
        """The page in figures: both arms, the lift, all firms, visits saved."""
        found, (n1, n0) = self.lift, self.arm_sizes
        everybody = evaluate.population(self.routine.dropna(subset=["risk_class"]))
        n_known = int((self.routine["risk_class"].notna() & (self.routine["pi"] > 0)).sum())
        arms = evaluate.by(self.routine, "arm", (RISK, RANDOM))
        of_risk, of_random = self.hidden(arms.assign(status=self.status(arms["n"])))["status"]
        state = "ok" if self.enough else "few" if len(self.routine) else "none"

        def row(
            key: str, name: str, unit: Unit, value: rates.Interval, n: int, note: str, status: str
        ) -> dict[str, object]:
            held = {part: float(getattr(value, part)) for part in ("value", "low", "high")}
            return {"key": key, "name": name, "unit": unit, "n": n, "note": note, "status": status, **held}

        some = "ok" if len(self.visits) else "none"
        known = "ok" if n_known >= self.rule.smallest_n else "few" if n_known else "none"
        fewer = rates.Interval(*(np.array(v) for v in (float(self.saved.saved), np.nan, np.nan)))
        rows = [
            row("risk", "按风险抽查检出率", RATE, found.risk, n1, "风险组", of_risk),
            row("random", "随机组检出率", RATE, found.random, n0, "全部企业等概率抽取", of_random),
            row("lift", "提升倍数", TIMES, found.ratio, n1 + n0, "风险组比随机组", state),
            row("population", "推算全部企业问题率", RATE, everybody, n_known, "按抽中概率加权", known),
            row("saved", "合并减少上门", VISITS, fewer, len(self.visits), "基准：各部门分别上门", some),
        ]
        data = pd.DataFrame(rows)
        data["change"], data["word"], data["verdict"] = zip(*self._changes(), strict=True)
        return self.about.chart(
            "figures",
            Kind.KPI_ROW,
            data,
            Encoding(
                x="name", y="value", low="low", high="high", n="n", status="status", unit="unit", note="note",
                key="key", change="change", change_word="word", verdict="verdict",
            ),
            Unit(),
            self.lift_message,
            f"{self.span}（{self.days}），区间为 95%",
            headings={"name": "指标", "value": "数值"},
        )  # fmt: skip

    def _changes(self) -> list[tuple[float, str, str]]:
        """Difference, what it is a difference to, and whether it can be chance, of each figure in its order."""
        nothing = (float("nan"), "", "")
        if not self.enough:
            return [nothing] * 5
        found, earlier = self.lift, self.every[self.every["stage"] == BEFORE]
        uniform = earlier[earlier["arm"] == RANDOM]
        rows = [_told(found.difference, "比随机组"), nothing, (float(found.ratio.value) - 1, "比随机抽查", ""), nothing]
        if len(uniform) >= self.rule.smallest_n:
            then = rates.wilson(uniform["has_problem"].sum(), len(uniform))
            rows[1] = _told(rates.difference(found.random, then), "比试点前")
        everybody = float(evaluate.population(self.routine.dropna(subset=["risk_class"])).value)
        rows[3] = (everybody - float(found.random.value), "比随机组", "")
        # Visits saved are a sum over the days asked for: the time before the pilot was of another length.
        return [*rows, nothing]

    @cached_property
    def classes(self) -> Chart:
        """Detection by class with intervals, from low risk to high."""
        table = self.classes_table
        data = table.assign(
            name=[class_name(c) for c in table["risk_class"]], status=self.status(table["n"]), place=range(len(table))
        )
        data = self.hidden(data)
        unknown = int(self.routine["risk_class"].isna().sum())
        aside = f"；另有 {unknown} 户查时尚无类别，未计" if unknown else ""
        return self.about.chart(
            "classes",
            Kind.DOT_INTERVAL,
            data,
            Encoding(
                x="name",
                y="value",
                low="low",
                high="high",
                n="n",
                status="status",
                label="label",
                key="risk_class",
                order="place",
            ),
            RATE,
            self.order_message,
            f"各类别检出率与 95% 区间，类别取检查前一月末，{self.days}{aside}",
            headings={"name": "信用风险类别", "value": "检出率", "x": "发现问题（户）", "n": "检查（户）"},
            units={"x": PLAIN_COUNT, "n": PLAIN_COUNT},
        )

    @cached_property
    def arms(self) -> Chart:
        """Detection by the way of coming to be inspected, with what the next round needs to tell them apart."""
        table = evaluate.by(self.visits, "arm", tuple(ARMS))
        data = table.assign(
            name=table["arm"].map(ARMS), status=self.status(table["n"]), place=range(len(table)), key=table["arm"]
        )
        data = self.hidden(data)
        return self.about.chart(
            "arms",
            Kind.DOT_INTERVAL,
            data[data["n"] > 0] if (data["n"] > 0).any() else data,
            Encoding(
                x="name", y="value", low="low", high="high", n="n", status="status", label="label", key="key",
                order="place", emphasis=(RISK,),
            ),
            RATE,
            self.lift_message,
            f"各种来源检出率与 95% 区间；投诉举报和全覆盖不是抽取的，不参与比较{self._needed}",
            headings={"name": "来源", "value": "检出率", "x": "发现问题（户）", "n": "检查（户）"},
            units={"x": PLAIN_COUNT, "n": PLAIN_COUNT},
        )  # fmt: skip

    @property
    def _needed(self) -> str:
        if not self.enough:
            return ""
        one, two = float(self.lift.random.value), float(self.lift.risk.value)
        if one == two or not 0 < one < 1 or not 0 < two < 1:
            return ""
        needed = evaluate.needed(one, two, POWER)
        word = "已够" if min(self.arm_sizes) >= needed else f"随机组现有 {self.arm_sizes[1]} 户"
        return f"；每组 {needed} 户才有八成把握分辨，{word}"

    @cached_property
    def stages(self) -> Chart | None:
        """Before and after the pilot, with the warning that this is no evaluation; None without both."""
        held = self.every[self.every["arm"].isin([RISK, RANDOM]) & self.every["stage"].notna()]
        table = evaluate.by(held, "stage", (BEFORE, "试点后"))
        if table["n"].min() < self.rule.smallest_n:
            return None
        one, two = table["value"]
        gap = rates.newcombe(table["x"].iloc[1], table["n"].iloc[1], table["x"].iloc[0], table["n"].iloc[0])
        points = wording.points_text(two - one)
        words = f"试点后检出率 {wording.rate_text(two)}，试点前 {wording.rate_text(one)}"
        alike = float(gap.low) <= 0 <= float(gap.high)
        title = f"{words}，没有显著差异" if alike else f"{words}，相差 {points}，不能都归功于新办法"
        return self.about.chart(
            "stages",
            Kind.DOT_INTERVAL,
            table.assign(place=range(len(table)), status="ok"),
            Encoding(x="stage", y="value", low="low", high="high", n="n", status="status", key="stage", order="place"),
            RATE,
            title,
            "试点前后查的企业、年份、检查范围和认定口径都不同，前后相比有混杂；说明办法好坏只看同期的随机组",
            headings={"stage": "阶段", "value": "检出率", "x": "发现问题（户）", "n": "检查（户）"},
            units={"x": PLAIN_COUNT, "n": PLAIN_COUNT},
        )

    @cached_property
    def gain(self) -> Chart | None:
        """How much of all problems the riskiest firms hold, if visited first; None where it cannot be said."""
        held = self.routine.dropna(subset=["risk_class"])
        found = evaluate.gain(held)
        if not self.enough or len(found) < 2:
            return None
        found = found.iloc[:-1]  # whoever visits everybody finds everything
        data = found.assign(
            name=[f"查到{class_name(c)}" for c in found["risk_class"]], place=range(len(found)), target=found["firms"]
        )
        top = data[data["risk_class"].isin(["C", "D"])]
        title = "各类别都查才能查全"
        if len(top):
            last = top.iloc[-1]
            title = (
                f"先查风险较高和高的 {wording.rate_text(last['firms'])} 企业，"
                f"可查出 {wording.rate_text(last['problems'])} 的问题"
            )
        return self.about.chart(
            "gain",
            Kind.BULLET,
            data,
            Encoding(x="name", y="problems", target="target", key="risk_class", order="place"),
            RATE,
            title,
            "由高到低逐类查下去：横条为查出的问题占比，竖线为查到的企业占比，即随机查能查出的；按抽中概率加权",
            headings={"name": "查到哪一类", "problems": "问题占比", "target": "企业占比", "lift": "倍数"},
            units={"lift": TIMES},
        )

    # ── coverage ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def joint(self) -> Chart:
        """Visits by the number of departments that came together, and what that spared."""
        return supervision_cover.joint(self)

    @cached_property
    def caps(self) -> Chart:
        """Firms by how often they were routinely inspected within the months of the cap."""
        return supervision_cover.caps(self)

    @cached_property
    def base(self) -> pd.DataFrame:
        """Firms of the county by size, industry and class."""
        held = self.ask("inspection.base")
        return held[held["county_code"] == self.question.county] if self.question.county else held

    @cached_property
    def sizes(self) -> Chart:
        """Share of each size among the firms drawn, against its share of all firms."""
        return supervision_cover.equity(self, "size")

    @cached_property
    def industries(self) -> Chart:
        """Share of each industry among the firms drawn, against its share of all firms."""
        return supervision_cover.equity(self, "industry_name")

    @cached_property
    def severity(self) -> Chart:
        """How grave what was found is, by arm."""
        return supervision_cover.severity(self)

    def charts(self) -> list[Chart]:
        """Everything of the page, in its order."""
        held = [self.figures, self.classes, self.arms, self.stages, self.gain, self.joint, self.caps]
        held += [self.sizes, self.industries, self.severity]
        return [chart for chart in held if chart is not None]


def _told(found: rates.Interval, word: str) -> tuple[float, str, str]:
    """A difference with a word for it where it can be chance."""
    alike = float(found.low) <= 0 <= float(found.high)
    return float(found.value), word, "不显著" if alike else ""
