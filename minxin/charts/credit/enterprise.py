"""企业画像 as chart descriptions: one firm's class with its reasons, its history, and all that may be shown of it."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import pandas as pd

from minxin.analysis.credit.classes import CODES, COLOURS, SHAPES, label
from minxin.analysis.credit.repair import judge
from minxin.charts.about import About
from minxin.charts.chart import Chart, Encoding, Kind, Unit
from minxin.charts.credit.question import Ask
from minxin.charts.credit.repair_case import case_of
from minxin.charts.credit.risk_board import RiskBoard

POINTS = Unit("number", "分")
YUAN = Unit("count", "元")
#: Columns of a table: the first two are what a chart needs to know of it.
Columns = dict[str, str]


def _day(value: Any) -> str:
    return "—" if pd.isna(value) else f"{pd.Timestamp(value):%Y-%m-%d}"


def _last(value: Any) -> str:
    """The last day on which a record is shown, from the first on which it is not."""
    return "长期" if pd.isna(value) else _day(pd.Timestamp(value) - pd.Timedelta(days=1))


def _money(value: Any) -> str:
    return "—" if pd.isna(value) else YUAN.format(value)


class Enterprise:
    """One firm as a snapshot knows it. Every part is worked out when it is first asked for, and kept."""

    def __init__(self, ask: Ask, code: str, about: About, board: RiskBoard) -> None:
        self.ask, self.code, self.board = ask, code, board
        found = ask("enterprise.one", uscc=code)
        self.found = not found.empty
        self.firm: dict[str, Any] = found.iloc[0].to_dict() if self.found else {}
        self.about = about.of(str(self.firm.get("name", code)))

    @property
    def name(self) -> str:
        return str(self.firm["name"])

    @property
    def risk_class(self) -> str:
        """The letter, '' where the firm is not classified."""
        return str(self.firm["risk_class"])

    @cached_property
    def month(self) -> str:
        """The month of the newest class."""
        day = pd.Timestamp(self.firm["month_start"])
        return f"{day.year}年{day.month}月"

    @cached_property
    def facts(self) -> list[tuple[str, str]]:
        """Name and value of what the register says."""
        f = self.firm
        capital = "—" if pd.isna(f["capital"]) else YUAN.format(float(f["capital"]) * 10_000)
        staff = "—" if pd.isna(f["staff"]) else f"{int(f['staff']):,} 人"
        place = "、".join(w for w in (f["county_name"], f["community_name"], f["park_name"]) if w and w != "未归属")
        kind = "、".join(w for w in (f["industry_name"], f["division_name"], f["sector_name"]) if w)
        return [
            ("统一社会信用代码", self.code), ("登记状态", str(f["status"])), ("成立日期", _day(f["registered_on"])),
            ("注册资本", capital), ("从业人数", staff), ("规模", str(f["size"] or "—")), ("所在地", place or "—"),
            ("行业与监管领域", kind or "—"),
        ]  # fmt: skip

    # ── class and reasons ───────────────────────────────────────────────────────────────────────

    @cached_property
    def held(self) -> pd.DataFrame:
        """The reasons that may be shown today."""
        return self.ask("enterprise.reasons", uscc=self.code)

    @cached_property
    def gone(self) -> int:
        """How many records behind the stored class may not be shown any more."""
        return int(self.ask("enterprise.gone", uscc=self.code)["n"].sum())

    @cached_property
    def headline(self) -> str:
        """The class and its heaviest reasons in one sentence."""
        if not self.risk_class:
            return f"登记状态为{self.firm['status']}，不作信用风险分类"
        said = f"{self.month}归入{label(self.risk_class)}（得分 {float(self.firm['score']):.1f}）"
        bad = self.held[self.held["points"] > 0]
        if bad.empty:
            return f"{said}，没有可见的扣分事项" if not self.gone else said
        vetoes = bad[bad["is_veto"]]
        if len(vetoes):
            return f"{said}：{vetoes.iloc[0]['name']}，一票否决"
        return f"{said}：{'、'.join(bad['name'].head(2))}{'等' if len(bad) > 2 else ''}"

    @cached_property
    def reasons(self) -> Chart:
        """Why the firm is in its class."""
        held = self.held
        data = pd.DataFrame(
            {
                "reason": held["name"].tolist(),
                "dimension": held["dimension"],
                "points": [f"{p:+.1f}".replace("-", "−") for p in held["points"]],
                "effect": [
                    "一票否决，归入" + label("D") if v else (f"至少归入{label(f)}" if f else "")
                    for v, f in zip(held["is_veto"], held["floor_class"], strict=True)
                ],
                "facts": [str(int(n)) if n else "登记事项" for n in held["facts"]],
                "last_on": [_day(d) for d in held["last_on"]],
                "next_end": [_day(d) for d in held["next_end"]],
            }
        )
        n = int((held["points"] > 0).sum())
        title = f"归类原因 {n} 项" if n else "没有可见的扣分事项"
        rule = f"按「{self.firm['rule_title']}」" if self.firm["rule_title"] else ""
        return self.about.chart(
            "firm_reasons", Kind.TABLE, data, Encoding(), POINTS, title,
            f"{rule}计分，正分为风险、负分为抵减；事实随时间衰减，到期或修复后不再显示",
            headings={"reason": "原因", "dimension": "维度", "points": "计分", "effect": "作用", "facts": "记录",
                      "last_on": "最近发生", "next_end": "最早到期"},
        )  # fmt: skip

    @cached_property
    def history(self) -> Chart:
        """The class of each month as a calendar."""
        held = self.ask("enterprise.history", uscc=self.code)
        days = [pd.Timestamp(m) for m in held["month_start"]]
        classes = held["risk_class"].astype(str).tolist()
        data = pd.DataFrame(
            {
                "month": [f"{d.month}月" for d in days],
                "year": [f"{d.year}年" for d in days],
                "rank": [CODES.index(c) + 1 for c in classes],
                "said": [f"{SHAPES[c]}{c}" for c in classes],
                "class": [label(c) for c in classes],
                "score": held["score"],
            }
        )
        # every column is there, in the order of the calendar, also where the first year begins late
        years = list(dict.fromkeys(data["year"]))
        whole = pd.MultiIndex.from_product([years, [f"{m}月" for m in range(1, 13)]], names=["year", "month"])
        data = data.set_index(["year", "month"]).reindex(whole).reset_index()
        return self.about.chart(
            "firm_history", Kind.HEATMAP, data,
            Encoding(x="month", y="rank", series="year", label="said"), Unit("number", "", 0),
            self._history_title(days, classes), "各月类别，按当月适用的规则；横线为尚未归类",
            headings={"month": "月", "year": "年", "rank": "类别序号", "class": "类别", "score": "得分"},
            units={"score": POINTS},
        )  # fmt: skip

    def _history_title(self, days: list[pd.Timestamp], classes: list[str]) -> str:
        if not classes:
            return "没有归类记录"
        moves = [(d, a, b) for d, a, b in zip(days[1:], classes, classes[1:], strict=False) if a != b]
        if not moves:
            return f"{len(classes)} 个月一直在{label(classes[0])}"
        day, before, after = moves[-1]
        word = "变差" if after > before else "好转"
        arrow = f"由{COLOURS[before]}{before}到{COLOURS[after]}{after}"
        return f"{len(classes)} 个月变动 {len(moves)} 次，最近一次{day.year}年{day.month}月{word}，{arrow}"

    # ── records ─────────────────────────────────────────────────────────────────────────────────

    def _table(self, name: str, columns: Columns, data: dict[str, list[Any]], title: str, subtitle: str) -> Chart:
        frame = pd.DataFrame({c: data[c] for c in columns}, columns=list(columns))
        return self.about.chart(
            name, Kind.TABLE, frame, Encoding(), Unit("count", "条"), title, subtitle, headings=columns
        )

    @cached_property
    def timeline(self) -> Chart:
        """Every record that may be shown today, the latest first."""
        held = self.ask("enterprise.timeline", uscc=self.code)
        title = "没有可查看的信用记录"
        if len(held):
            whole, bad = int(held["total"].iloc[0]), int(held["total_bad"].iloc[0])
            more = f"，列出最近 {len(held)} 条" if whole > len(held) else ""
            title = f"可查看的信用记录 {whole} 条，其中失信 {bad} 条{more}"
        return self._table(
            "firm_timeline",
            {"on": "日期", "kind": "类别", "title": "事项", "polarity": "性质", "severity": "轻重", "amount": "金额",
             "authority": "认定单位", "until": "展示至"},
            {
                "on": [_day(d) for d in held["happened_on"]],
                "kind": held["kind"].tolist(),
                "title": held["title"].tolist(),
                "polarity": held["polarity"].tolist(),
                "severity": [s or "—" for s in held["severity"]],
                "amount": [_money(a) for a in held["amount"]],
                "authority": [a or "—" for a in held["authority"]],
                "until": [_last(d) for d in held["visible_until"]],
            },
            title,
            "处罚、名单、失信线索和重要信息，按发生日期由近到远；已修复、到期或撤回的不显示",
        )  # fmt: skip

    def repairs(self, today: dt.date) -> Chart:
        """Penalties that are still shown, with the day from which repair can be asked for."""
        held = self.ask("enterprise.repairs", uscc=self.code)
        states = [_repair_state(row, today) for row in held.to_dict("records")]
        ready = sum(s == "可以申请" for s in states)
        if not len(held):
            title = "没有在公示期内的处罚"
        else:
            title = f"{ready} 件处罚可以申请修复" if ready else f"{len(held)} 件处罚在公示期内，暂不能申请修复"
        return self._table(
            "firm_repairs",
            {"document": "决定书", "kind": "种类", "class": "失信程度", "on": "决定日", "from": "可申请日",
             "until": "展示至", "state": "修复情况"},
            {
                "document": [d or "—" for d in held["document_no"]],
                "kind": [f"{k}（{f}）" for k, f in zip(held["kind"], held["field"], strict=True)],
                "class": [c or s for c, s in zip(held["class_name"], held["severity"], strict=True)],
                "on": [_day(d) for d in held["decided_on"]],
                "from": [_day(d) for d in held["apply_from"]],
                "until": [_last(d) for d in held["ends_on"]],
                "state": states,
            },
            title,
            "期限按处罚决定时适用的修复规则计算，详见信用修复页",
        )  # fmt: skip

    @cached_property
    def inspections(self) -> Chart:
        """Visits to the firm."""
        held = self.ask("enterprise.inspections", uscc=self.code)
        found = int(held["has_problem"].fillna(False).sum())
        title = f"检查 {len(held)} 次，发现问题 {found} 次" if len(held) else "没有检查记录"
        return self._table(
            "firm_inspections",
            {"on": "日期", "arm": "抽取方式", "departments": "联合部门", "problem": "发现问题", "action": "处置"},
            {
                "on": [_day(d) for d in held["inspected_on"]],
                "arm": held["arm"].tolist(),
                "departments": ["—" if pd.isna(n) else f"{int(n)} 个" for n in held["departments"]],
                "problem": [
                    (p or "是") if y is True or y == 1 else ("否" if y is not None and not pd.isna(y) else "—")
                    for y, p in zip(held["has_problem"], held["problem_kind"], strict=True)
                ],
                "action": [a or "—" for a in held["action"]],
            },
            title,
            "双随机与其他检查，由近到远",
        )  # fmt: skip

    @cached_property
    def loans(self) -> Chart:
        """The firm on the lending platform."""
        held = self.ask("enterprise.loans", uscc=self.code)
        granted = float(held["granted_amount"].sum()) if len(held) else 0.0
        title = f"信易贷 {len(held)} 笔，授信 {YUAN.format(granted)}" if len(held) else "没有信易贷业务"
        return self._table(
            "firm_loans",
            {"bank": "银行", "product": "产品", "registered": "登记", "granted": "授信", "amount": "授信金额",
             "drawn": "放款金额", "due": "到期", "overdue": "逾期天数"},
            {
                "bank": [b or "—" for b in held["bank"]],
                "product": [p or "—" for p in held["product"]],
                "registered": [_day(d) for d in held["registered_on"]],
                "granted": [_day(d) for d in held["granted_on"]],
                "amount": [_money(a) for a in held["granted_amount"]],
                "drawn": [_money(a) for a in held["drawn_amount"]],
                "due": [_day(d) for d in held["due_on"]],
                "overdue": ["—" if pd.isna(n) else str(int(n)) for n in held["overdue_days"]],
            },
            title,
            "融资信用平台登记的业务；贷款情况不计入信用风险分类",
        )  # fmt: skip

    @cached_property
    def petitions(self) -> Chart | None:
        """What citizens of the firm's community asked for in the last twelve months; None outside the communities."""
        community = str(self.firm["community_code"])
        if community in ("none", ""):
            return None
        since = (self.about.as_of - dt.timedelta(days=365)).date()
        held = self.ask("enterprise.petitions", community=community, since=since)
        n = int(held["n"].sum())
        title = f"所在{self.firm['community_name']}近一年诉求 {n:,} 件" if n else "所在社区近一年没有诉求"
        return self.about.chart(
            "firm_petitions", Kind.BAR, held.head(8), Encoding(x="category_1", y="n"), Unit("count", "件"), title,
            f"{self.firm['community_name']}按一级分类，{_day(since)}以来受理；诉求不指明企业，只作背景参考",
            headings={"category_1": "分类", "n": "诉求", "n_open": "未办结"}, units={"n_open": Unit("count", "件")},
        )  # fmt: skip

    def charts(self, today: dt.date) -> list[Chart]:
        """Everything on the page in its order."""
        held = [self.reasons, self.history, self.timeline, self.repairs(today), self.inspections, self.loans]
        return [*held, self.petitions] if self.petitions is not None else held


def _repair_state(row: dict[str, Any], today: dt.date) -> str:
    """Where a penalty stands on its way to repair, in a few words."""
    if row["result"] == "办理中":
        return f"已申请（{_day(row['applied_on'])}），办理中"
    if row["result"] == "不同意":
        return f"申请未获同意（{_day(row['applied_on'])}）"
    if pd.isna(row["apply_from"]):
        return "期限待定"
    own = judge(case_of(row), today)
    # What a class does not ask for is not missing: a light penalty need not be corrected.
    named = (("corrected", "纠正", "corrected_on"), ("fulfilled", "履行", "fulfilled_on"))
    owed = "、".join(word for name, word, day in named if name in own.term.conditions and pd.isna(row[day]))
    start = pd.Timestamp(row["apply_from"]).date()
    if start > today:
        return f"还需 {(start - today).days} 天" + (f"，尚未{owed}" if owed else "")
    return f"期限已到，尚未{owed}" if owed else "可以申请"
