"""The model's white list beside what the banks did: how good it is, whom it recommends and why, where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import wording
from minxin.analysis.whitelist import firms, measures, reasons, run
from minxin.analysis.whitelist.files import Folder
from minxin.analysis.whitelist.run import Scored
from minxin.analysis.whitelist.training import MODELS
from minxin.charts.about import About
from minxin.charts.chart import PLAIN_COUNT, RATE, Chart, Encoding, Kind, Unit
from minxin.charts.credit.lending import FIRMS, RECOMMENDED
from minxin.charts.credit.question import Question
from minxin.charts.figures import SHOWN
from minxin.charts.once import once

POINTS = Unit("number", "分", 0)
#: Firms a list holds at most.
LISTED = 200
#: What lists of firms there are: code → name and what it is made of.
LISTS = {
    "new": "模型推荐、尚未获授信",
    "doubt": "在白名单、模型不推荐",
    "risky": "已获授信、模型列入风险最高一成",
}
_USABLE = 0.5
_SAID = ("模型推荐", "居中", "风险最高一成")
_BANKS = ("白名单内、已授信", "白名单内、未授信", "白名单外、已授信", "白名单外、未授信")


def _month(text: str) -> str:
    """The month from which rows were kept for the test, as people write it; another kind of time as it is."""
    year, _, month = text.partition("-")
    return f"{year}年{int(month)}月" if len(year) == 4 and len(month) == 2 and month.isdigit() else f"{text} "


@dataclass(frozen=True)
class Standing:
    """Firms of all counties scored: the model's folder, their rows, how it scored them."""

    folder: Folder
    rows: pd.DataFrame
    scored: Scored

    @classmethod
    def of(cls, folder: Folder, rows: pd.DataFrame) -> Standing:
        """Score the rows of the block that a model of firms was made from."""
        return cls(folder, rows, run.apply(folder, firms.prepared(rows), "快照"))

    @cached_property
    def people(self) -> pd.DataFrame:
        """One firm a row, the one least likely to fail on top; of equal ones by number, so that a list stays."""
        rows = self.rows
        found = rows[["loan_id", "uscc", "enterprise_name", "county_name", "industry_name", "bank"]].assign(
            is_listed=rows["whitelisted_on"].notna(),
            is_granted=rows["granted_on"].notna(),
            points=self.scored.points,
            probability=self.scored.probability,
        )
        return found.iloc[np.lexsort((found["loan_id"].to_numpy(), found["probability"].to_numpy()))]

    @cached_property
    def counties(self) -> dict[str, pd.DataFrame]:
        """The same by the name of their county."""
        return dict(iter(self.people.groupby("county_name", sort=False)))


class Whitelist:
    """What the trained model says of who is registered today. Parts are worked out when first asked for."""

    def __init__(self, held: Standing, question: Question, about: About) -> None:
        self.held, self.folder, self.question = held, held.folder, question
        self.about = about.of("平台注册、存续的企业", question.place)
        self.tested = about.of("白名单模型检验样本")

    @property
    def name(self) -> str:
        """The model's name."""
        return MODELS[str(self.folder.about["model"])]

    @cached_property
    def measured(self) -> dict[str, Any]:
        """Measures of the model that scores."""
        return dict(self.folder.about["measures"][str(self.folder.about["model"])])

    @property
    def is_usable(self) -> bool:
        """Whether the model tells more than chance on rows that it did not see."""
        return bool(self.measured["auc_low"] > _USABLE and self.measured["brier_skill"] > 0)

    # ── who is recommended ──────────────────────────────────────────────────────────────────────

    @cached_property
    def people(self) -> pd.DataFrame:
        """One firm a row, the best on top, with its ``place``, whether it ``is_recommended`` and ``is_risky``.

        As many are recommended as stand on the banks' white list today (a tenth where there is none), by
        points; firms of equal points by their number, so that a list is the same tomorrow.
        """
        held, q = self.held, self.question
        found = held.counties.get(q.county_name, held.people.iloc[:0]) if q.county else held.people
        place = np.arange(len(found))
        wanted = int(found["is_listed"].sum()) or len(found) // 10
        return found.assign(place=place, is_recommended=place < wanted, is_risky=place >= len(found) * 0.9)

    @cached_property
    def crossed(self) -> pd.DataFrame:
        """What the banks did × what the model says, every pair with how many."""
        p = self.people
        listed, granted = p["is_listed"].to_numpy(), p["is_granted"].to_numpy()
        banks = (listed & granted, listed & ~granted, ~listed & granted, ~listed & ~granted)
        wanted, risky = p["is_recommended"].to_numpy(), p["is_risky"].to_numpy()
        says = (wanted, ~wanted & ~risky, ~wanted & risky)
        return pd.DataFrame(
            [
                (bank, said, int((of & so).sum()))
                for bank, of in zip(_BANKS, banks, strict=True)
                for said, so in zip(_SAID, says, strict=True)
            ],
            columns=["bank", "model", "n"],
        )

    @cached_property
    def headline(self) -> tuple[str, str]:
        """Word and sentence: whether the model can be used, and how far it and the banks agree."""
        m = self.measured
        auc = f"{m['auc']:.2f}（95%区间 {m['auc_low']:.2f}—{m['auc_high']:.2f}）"
        if not self.is_usable:
            return "模型", f"{self.name}在后来的贷款上区分能力（AUC）{auc}，区分能力不足，不建议据此推荐"
        p = self.people
        if p.empty:
            return "模型", self._nobody
        both = int((p["is_recommended"] & p["is_listed"]).sum())
        return (
            "模型",
            f"{self.name}在后来的贷款上区分能力（AUC）{auc}；"
            f"推荐 {self.question.count(int(p['is_recommended'].sum()), '户')}，"
            f"其中 {self.question.count(both, '户')}已在白名单",
        )

    @property
    def _nobody(self) -> str:
        return f"{self.question.place}没有在平台注册、存续的企业，模型没有推荐"

    # ── charts ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def card(self) -> Chart:
        """The measures of the three models side by side on loans that none of them saw."""
        rows = []
        for name, m in self.folder.about["measures"].items():
            rows.append(
                {
                    "name": MODELS[name].split("（")[0],
                    "auc": f"{m['auc']:.2f}（{m['auc_low']:.2f}—{m['auc_high']:.2f}）", "ks": f"{m['ks']:.2f}",
                    "skill": f"{m['brier_skill']:.3f}".replace("-", "−"),
                    "slope": f"{m['calibration_slope']:.2f}（{m['calibration_slope_low']:.2f}—"
                    f"{m['calibration_slope_high']:.2f}）".replace("-", "−"),
                    "psi": f"{m['psi']:.3f} {measures.psi_word(m['psi'])}",
                }
            )  # fmt: skip
        about = self.folder.about
        shift = self.held.scored.shift
        title = f"模型卡：{self.name}{'可用' if self.is_usable else '区分能力不足'}，今日企业与训练样本相比"
        title += measures.psi_word(shift)
        return self.tested.chart(
            "whitelist_card", Kind.TABLE, pd.DataFrame(rows), Encoding(), Unit(), title,
            f"训练 {about['rows_seen']:,} 笔（不良 {about['bad_seen']:,}），{_month(about['cut'])}起授信的企业 "
            f"{about['rows'] - about['rows_seen']:,} 笔检验；不良为逾期超过 30 天；没有获贷的企业从未检验；"
            f"括号内为95%区间；今日企业与训练样本的稳定性（PSI）{shift:.3f}",
            headings={
                "name": "模型", "auc": "区分能力（AUC）", "ks": "最大差距（KS）", "skill": "概率改进（Brier）",
                "slope": "校准斜率", "psi": "稳定性（PSI）",
            },
        )  # fmt: skip

    @cached_property
    def reliability(self) -> Chart:
        """Predicted against actual share of bad loans in ten parts of equal size."""
        found = pd.DataFrame(self.folder.about["reliability"][str(self.folder.about["model"])])
        found["name"] = [f"第{p}组" for p in found["part"]]
        off = ~found["predicted"].between(found["low"], found["high"])
        said = measures.verdict(self.measured)
        title = f"{said}：预计 {wording.rate_text(self.measured['predicted'])}，实际 "
        title += wording.rate_text(self.measured["actual"])
        title += f"，{int(off.sum())} 组在区间之外" if off.any() else "，十组都在区间之内"
        return self.tested.chart(
            "whitelist_reliability", Kind.DOT_INTERVAL, found,
            Encoding(x="name", y="actual", low="low", high="high", n="n", target="predicted", order="part"), RATE,
            title, "按预计概率由低到高等分十组，点为实际不良率与95%区间，竖线为预计；后来的贷款",
            headings={"name": "组", "actual": "实际不良率", "predicted": "预计", "bad": "不良"},
            units={"bad": PLAIN_COUNT, "n": PLAIN_COUNT},
        )  # fmt: skip

    @cached_property
    def agreement(self) -> Chart:
        """What the model says × what the banks did."""
        found = self.crossed
        p = self.people
        if p.empty:
            found = found.iloc[:0]
        fresh = int((p["is_recommended"] & ~p["is_granted"]).sum())
        doubt = int((p["is_listed"] & ~p["is_recommended"]).sum())
        named = (("模型推荐而未获授信", fresh), ("在白名单而模型不推荐", doubt))
        parts = [f"{what} {self.question.count(n, '户')}" for what, n in named if n]
        title = "，".join((*parts, "请逐户核对")) if parts else "模型推荐的均已获授信，白名单企业均获模型推荐"
        title = self._nobody if p.empty else title
        return self.about.chart(
            "whitelist_agreement", Kind.HEATMAP, self.question.hidden(found, "n"),
            Encoding(x="model", y="n", series="bank", status="status", label=SHOWN), FIRMS, title,
            f"{RECOMMENDED}；模型按今日公开信用记录排序，推荐户数与现有白名单相同；{self.question.place}",
            headings={"bank": "银行的做法", "model": "模型", "n": "户数"},
        )  # fmt: skip

    @cached_property
    def causes(self) -> Chart:
        """How often each reason is among the first four of the firms listed as risky."""
        # In the order of their numbers: reasons of equally many firms stand as they come.
        held = self.people[self.people["is_risky"]].sort_index()
        said = self._said(held)
        words = pd.Series([f"{text}（{code}）" for row in said for code, text in row], dtype=object).value_counts()
        data = pd.DataFrame({"name": words.index.astype(str), "n": words.to_numpy()}).head(10)
        top = str(data["name"].iloc[0]).rpartition("（")[0] if len(data) else ""
        title = f"风险最高一成企业最常见的原因是{top}" if top else "风险最高一成企业没有突出的原因"
        title = self._nobody if self.people.empty else title
        return self.about.chart(
            "whitelist_causes", Kind.BAR, self.question.hidden(data, "n"),
            Encoding(x="name", y="n", status="status", label=SHOWN), FIRMS, title,
            f"每户至多 {reasons.MOST} 条原因，按出现户数排列；{self.question.place}",
            headings={"name": "原因", "n": "户数"},
        )  # fmt: skip

    def _said(self, rows: pd.DataFrame) -> list[list[tuple[str, str]]]:
        frame = self.held.scored.frame.loc[rows.index]
        return reasons.said(self.held.scored.model, self.folder.fitted, frame, self.folder.knowledge)

    @once
    def listing(self, which: str) -> Chart:
        """Firms of one kind with points and at most four reasons, those to be looked at first on top."""
        p = self.people
        chosen = {
            "new": p["is_recommended"] & ~p["is_granted"],
            "doubt": p["is_listed"] & ~p["is_recommended"],
            "risky": p["is_risky"] & p["is_granted"],
        }[which]
        held = p[chosen].sort_values("place", ascending=which == "new", kind="stable")
        shown = held.head(LISTED)
        data = shown[
            ["uscc", "enterprise_name", "county_name", "industry_name", "bank", "points", "probability"]
        ].assign(
            bank=shown["bank"].fillna("—"),
            reasons=[
                "；".join(f"{text}（{code}）" for code, text in row) or "没有突出的扣分" for row in self._said(shown)
            ],
        )
        title = f"{LISTS[which]} {len(held):,} 户" if len(held) else f"没有「{LISTS[which]}」的企业"
        rest = f"，列出前 {LISTED} 户" if len(held) > LISTED else ""
        return self.about.chart(
            f"whitelist_{which}", Kind.TABLE, data, Encoding(key="uscc"), Unit(), title,
            f"{RECOMMENDED}{rest}；原因至多 {reasons.MOST} 条，按该项若处在最好一档可多得的分排列；点一行看企业画像",
            headings={
                "enterprise_name": "企业", "points": "分数", "probability": "预计不良", "reasons": "扣分原因",
                "county_name": "县区", "industry_name": "行业", "bank": "授信银行",
            },
            units={"points": POINTS, "probability": RATE},
        )  # fmt: skip

    def charts(self) -> list[Chart]:
        """What goes into files with the page; lists of firms are taken one by one."""
        return [self.card, self.reliability, self.agreement, self.causes]
