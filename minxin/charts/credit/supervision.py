"""分级监管与双随机 as chart descriptions: what inspections found, against the uniform random arm of the same rounds."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, wording
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

    @cached_property
    def arms_table(self) -> pd.DataFrame:
        """Detection by the way of coming to be inspected, as ``withheld`` has it.

        Both arms together and all visits stand in the figures, what both found in the classes.
        """
        table = evaluate.by(self.visits, "arm", tuple(ARMS))
        drawn = table["arm"].isin([RISK, RANDOM])
        return self.withheld(table, (drawn, None), (table["arm"].mask(drawn, ""),))

    @cached_property
    def classes_told(self) -> pd.DataFrame:
        """Detection by class as ``withheld`` has it; firms of no class count for the sum."""
        table = self.classes_table
        unknown = self.routine.loc[self.routine["risk_class"].isna(), "has_problem"]
        rest = pd.DataFrame([{"x": int(unknown.sum()), "n": len(unknown)}])
        every = pd.concat([table, rest], ignore_index=True)
        return table.assign(**self.withheld(every, (None,), (None,)).head(len(table))[["few_x", "few_n"]])

    @property
    def enough(self) -> bool:
        """Whether both arms have as many visits as the rules ask for, and findings that may be shown."""
        drawn = self.arms_table[self.arms_table["arm"].isin([RISK, RANDOM])]
        few = drawn[["few_x", "few_n"]].any(axis=None)
        return min(self.arm_sizes) >= self.rule.smallest_n and not few

    def status(self, n: pd.Series) -> np.ndarray:
        few = np.where(n > 0, "few", "none")
        return np.where(n >= self.rule.smallest_n, "ok", few)

    def withheld(
        self, table: pd.DataFrame, of_n: tuple[pd.Series | None, ...], of_x: tuple[pd.Series | None, ...]
    ) -> pd.DataFrame:
        """Which ``n`` (``few_n``) and which ``x`` with its rate (``few_x``) tell a small count.

        ``of_n`` and ``of_x``: along which groups what they come to is known (``small.with_partners``).
        """
        q, x, n = self.question, table["x"], table["n"]
        few_x = q.is_few(x) | q.is_few(n - x) | q.is_few(n)
        return table.assign(
            few_n=small.with_partners(q.is_few(n), n, *of_n), few_x=small.with_partners(few_x, x, *of_x)
        )

    def hidden(self, data: pd.DataFrame) -> pd.DataFrame:
        """The rows without what ``few_x`` and ``few_n`` forbid, and without the rate made of it; ``label`` says so."""
        few = self.question.is_few(data["x"])
        hide = data["few_x"] | data["few_n"]
        known = np.where(data["status"] == "ok", small.WITHHELD, "")
        return data.assign(
            x=data["x"].mask(data["few_x"]),
            n=data["n"].mask(data["few_n"]),
            status=np.where(hide, "few", data["status"]),
            label=np.where(few, f"<{self.question.hidden_below}", np.where(hide, known, "")),
            **{part: data[part].mask(hide) for part in ("value", "low", "high")},
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
            return f"{self._sizes_said}样本不足，不能比较"
        found = self.lift
        one, two = wording.rate_text(float(found.risk.value)), wording.rate_text(float(found.random.value))
        low, high = float(found.ratio.low), float(found.ratio.high)
        between = f"{TIMES.format(float(found.ratio.value))}（95%区间 {low:.2f}—{high:.2f}）"
        if low > 1:
            return f"按风险抽查检出率 {one}，是随机组 {two} 的 {between}"
        if high < 1:
            return f"按风险抽查检出率 {one}，低于随机组 {two}，分类需要检查"
        return f"按风险抽查检出率 {one}，与随机组 {two} 没有显著差异，为 {between}"

    @property
    def _sizes_said(self) -> str:
        """Visits of both arms as they may be said; nothing of an arm that tells another one."""
        few = self.arms_table.set_index("arm")["few_n"]
        said = [
            f"{ARMS[arm]} {self.question.count(n, '户') if self.question.any_few(n) else f'{n} 户'}"
            for arm, n in zip((RISK, RANDOM), self.arm_sizes, strict=True)
            if not few[arm] or self.question.any_few(n)
        ]
        return f"{'、'.join(said)}，" if said else ""

    @cached_property
    def order_message(self) -> str:
        """Whether detection rises with the class."""
        told = self.classes_told[~self.classes_told[["few_x", "few_n"]].any(axis=1)]
        found = evaluate.order(told, self.rule.smallest_n)
        held = told[told["n"] >= self.rule.smallest_n]
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
        of_known = self.routine.loc[self.routine["risk_class"].notna() & (self.routine["pi"] > 0), "has_problem"]
        n_known, n_other = len(of_known), len(self.visits) - n1 - n0
        arms = self.hidden(self.arms_table.assign(status=self.status(self.arms_table["n"]))).set_index("arm")
        q = self.question
        state = "ok" if self.enough else "few" if len(self.routine) else "none"

        def row(
            key: str,
            name: str,
            unit: Unit,
            value: rates.Interval,
            n: float,
            note: str,
            status: str,
            hide: bool = False,
        ) -> dict[str, object]:
            held = {part: np.nan if hide else float(getattr(value, part)) for part in ("value", "low", "high")}
            said = {"status": "few" if hide else status, "label": small.WITHHELD if hide else ""}
            return {"key": key, "name": name, "unit": unit, "n": n, "note": note, **said, **held}

        some = "ok" if len(self.visits) else "none"
        known = "ok" if n_known >= self.rule.smallest_n else "few" if n_known else "none"
        fewer = rates.Interval(*(np.array(v) for v in (float(self.saved.saved), np.nan, np.nan)))
        rows = [
            row("risk", "按风险抽查检出率", RATE, found.risk, arms["n"][RISK], "风险组", arms["status"][RISK]),
            row(
                "random", "随机组检出率", RATE, found.random, arms["n"][RANDOM], "全部企业等概率抽取",
                arms["status"][RANDOM],
            ),
            row("lift", "提升倍数", TIMES, found.ratio, np.nan if q.any_few(n1 + n0, n_other) else n1 + n0,
                "风险组比随机组", state),
            row("population", "推算全部企业问题率", RATE, everybody,
                np.nan if q.any_few(n_known, n1 + n0 - n_known) else n_known, "按抽中概率加权", known,
                q.few_of(int(of_known.sum()), n_known)),
            row("saved", "合并减少上门", VISITS, fewer, np.nan if q.any_few(len(self.visits)) else len(self.visits),
                "基准：各部门分别上门", some, self.tells_saved),
        ]  # fmt: skip
        for given, arm in zip(rows, (RISK, RANDOM), strict=False):
            given["label"] = arms["label"][arm]
            given |= {part: arms[part][arm] for part in ("value", "low", "high")}
        data = pd.DataFrame(rows)
        data["change"], data["word"], data["verdict"] = zip(*self._changes(), strict=True)
        return self.about.chart(
            "figures",
            Kind.KPI_ROW,
            data,
            Encoding(
                x="name", y="value", low="low", high="high", n="n", status="status", unit="unit", note="note",
                key="key", change="change", change_word="word", verdict="verdict",
                label="label" if data["label"].any() else "",
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
        few = self.question.few_of(uniform["has_problem"].sum(), len(uniform))
        if len(uniform) >= self.rule.smallest_n and not few:
            then = rates.wilson(uniform["has_problem"].sum(), len(uniform))
            rows[1] = _told(rates.difference(found.random, then), "比试点前")
        classed = self.routine.dropna(subset=["risk_class"])
        everybody = float(evaluate.population(classed).value)
        if self.question.few_of(classed["has_problem"].sum(), len(classed)):
            return [*rows, nothing]
        rows[3] = (everybody - float(found.random.value), "比随机组", "")
        # Visits saved are a sum over the days asked for: the time before the pilot was of another length.
        return [*rows, nothing]

    @cached_property
    def classes(self) -> Chart:
        """Detection by class with intervals, from low risk to high."""
        table = self.classes_told
        data = table.assign(
            name=[class_name(c) for c in table["risk_class"]], status=self.status(table["n"]), place=range(len(table))
        )
        data = self.hidden(data)
        unknown = int(self.routine["risk_class"].isna().sum())
        aside = f"；另有 {self._number(unknown)} 户查时尚无类别，未计" if unknown else ""
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
        table = self.arms_table
        data = table.assign(
            name=table["arm"].map(ARMS), status=self.status(table["n"]), place=range(len(table)), key=table["arm"]
        )
        visited = data["n"] > 0
        data = self.hidden(data)
        return self.about.chart(
            "arms",
            Kind.DOT_INTERVAL,
            data[visited] if visited.any() else data,
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
        alone = table["stage"]
        table = self.withheld(table, (alone,), (alone,))
        if table["few_x"].any():
            title = f"试点前或试点后发现问题或未发现的不足 {self.question.hidden_below} 户，不比较"
        data = self.hidden(table.assign(place=range(len(table)), status="ok"))
        return self.about.chart(
            "stages",
            Kind.DOT_INTERVAL,
            data,
            Encoding(
                x="stage", y="value", low="low", high="high", n="n", status="status", label="label", key="stage",
                order="place",
            ),
            RATE,
            title,
            "试点前后查的企业、年份、检查范围和认定口径都不同，前后相比有混杂；说明办法好坏只看同期的随机组",
            headings={"stage": "阶段", "value": "检出率", "x": "发现问题（户）", "n": "检查（户）"},
            units={"x": PLAIN_COUNT, "n": PLAIN_COUNT},
        )  # fmt: skip

    @cached_property
    def gain(self) -> Chart | None:
        """How much of all problems the riskiest firms hold, if visited first; None where it cannot be said."""
        held = self.routine.dropna(subset=["risk_class"])
        found = evaluate.gain(held)
        # Shares of all problems, class by class, tell what a class is hidden for.
        if not self.enough or len(found) < 2 or self.classes_told[["few_x", "few_n"]].any(axis=None):
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

    def _number(self, n: int) -> str:
        """A number that stands within a sentence, as it may be said."""
        return f"<{self.question.hidden_below}" if self.question.any_few(n) else str(n)

    # ── coverage ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def visits_of_departments(self) -> pd.DataFrame:
        """Departments that came together, 5 for more → visits ``n``, and whether they may be shown (``few``)."""
        counts = self.visits["departments"].fillna(1).clip(upper=5).astype(int).value_counts().sort_index()
        return pd.DataFrame({"n": counts, "few": small.with_partner(self.question.is_few(counts), counts)})

    @property
    def tells_saved(self) -> bool:
        """Whether the visits saved would tell a hidden count: they are a second sum over the departments."""
        return bool(self.visits_of_departments["few"].any())

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
