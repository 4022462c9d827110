"""The page 规则推演 as chart descriptions: one month by two rules; page and pack both use it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from minxin.analysis import wording
from minxin.analysis.assessment import messages
from minxin.analysis.assessment import trial_words as words
from minxin.analysis.assessment.rules import RATES
from minxin.analysis.assessment.trial import EXACT, QUICK, WHOLE, Trial
from minxin.charts.about import About
from minxin.charts.chart import Chart, Encoding, Kind, Unit
from minxin.charts.once import once
from minxin.settings import deployment

POINTS = Unit("score", "分")
PLACES = Unit("number", "位", 2)
CHANCE = Unit("rate", places=0)
UP, DOWN = "名次上升", "名次下降"
LOWER, RAISED = "调低", "调高"
#: Chances below this are not drawn.
QUIET = 0.01


class Rules:
    """Charts of one trial. ``names``: what the old and the new rule are called. Parts are made when asked for."""

    def __init__(self, trial: Trial, about: About, names: tuple[str, str]) -> None:
        self.trial = trial
        self.about = about
        self.names = names
        self.place = deployment()
        self.word = self.place.area_word if trial.review.by == "community" else "单位"
        year, month = trial.review.month
        self.month_name = f"{year}年{month}月考核"

    @cached_property
    def _chart(self) -> Callable[..., Chart]:
        return self.about.of(self.month_name, f"对照：{self.names[0]}", f"试算：{self.names[1]}").chart

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: the score of the whole, who moves, whose class changes."""
        if not self.has_scores:
            return (("得分", "所选月份没有有效回访，三率和得分无从计算"),)
        return (
            ("得分", words.whole(self.trial)),
            ("名次", words.movers(self.trial, self.word)),
            ("归类", words.classes(self.trial, self.word)),
        )

    @cached_property
    def has_scores(self) -> bool:
        """Whether there is a call-back to assess by both rules."""
        street = (self.trial.before.street, self.trial.after.street)
        return all(side["score"]["value"] == side["score"]["value"] for side in street)

    # ── what differs ────────────────────────────────────────────────────────────────────────────

    @cached_property
    def settings(self) -> Chart:
        """What the two rules say, setting by setting."""
        old, new = words.settings(self.trial.old), words.settings(self.trial.new)
        changed = [name for name in old if old[name] != new[name]]
        data = pd.DataFrame(
            {
                "setting": list(old),
                "old": list(old.values()),
                "new": list(new.values()),
                "changed": ["不同" if name in changed else "" for name in old],
            }
        )
        title = f"两套规则有 {len(changed)} 处不同：{'、'.join(changed)}" if changed else "两套规则相同"
        headings = {"setting": "设置", "old": self.names[0], "new": self.names[1], "changed": "是否不同"}
        subtitle = f"{self.month_name}，同一份数据；归类界限等其余各项以规则文件为准"
        return self._chart("settings", Kind.TABLE, data, Encoding(), POINTS, title, subtitle, headings=headings)

    # ── who moves ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def moves(self) -> Chart:
        """The probability that each unit rises or falls, those that gain most on top."""
        rows = self.trial.moves.sort_values("shift", ascending=False, kind="stable")
        if not self.trial.is_ranked:
            rows = rows.head(0)
        subtitle = f"换用试算规则后名次升降的概率（按真实水平，同一份数据），{self.month_name}"
        if {part.code for part in self.trial.parts} & {"period", "window"}:
            subtitle += "；两套规则用的数据不同，概率偏于肯定，只作参考"
        parts = []
        for side, column, sign in ((DOWN, "p_down", -1.0), (UP, "p_up", 1.0)):
            share = rows[column].to_numpy("float64")
            parts.append(
                pd.DataFrame(
                    {
                        "code": rows["code"].to_numpy(),
                        "name": rows["name"].to_numpy(),
                        "side": side,
                        "share": np.where(share < QUIET, 0.0, sign * share),
                        "said": [f"{p:.0%}" for p in share],
                        "rank": rows["rank"].to_numpy(),
                        "rank_new": rows["rank_new"].to_numpy(),
                    }
                )
            )
        data = pd.concat(parts, ignore_index=True)
        return self._chart(
            "moves",
            Kind.DIVERGING,
            data,
            Encoding(x="name", y="share", series="side", key="code", label="said"),
            CHANCE,
            words.movers(self.trial, self.word),
            subtitle,
            headings={
                "name": self.word,
                "share": "概率",
                "side": "变动",
                "rank": "对照名次中位数",
                "rank_new": "试算名次中位数",
            },
        )

    # ── where the difference comes from ─────────────────────────────────────────────────────────

    @cached_property
    def explained(self) -> Chart:
        """The difference of each unit's score, divided among what was changed; the largest on top."""
        rows = self.trial.differences
        rows = rows[rows["difference"].notna() & (rows["code"] != WHOLE)]
        rows = rows.sort_values("difference", ascending=False, kind="stable")
        rows = pd.concat([self.trial.differences[self.trial.differences["code"] == WHOLE], rows])
        parts = [
            rows[["code", "name", "difference"]].assign(
                part=part.label, points=rows[part.code], said=rows[part.code].map(wording.signed_text)
            )
            for part in self.trial.parts
        ]
        columns = ["code", "name", "difference", "part", "points", "said"]
        data = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
        return self._chart(
            "explained",
            Kind.DIVERGING,
            data,
            Encoding(x="name", y="points", series="part", key="code", change="difference", label="said"),
            POINTS,
            words.explained(self.trial, self.word),
            f"试算得分减对照得分（分），按规则各处改动分解，{self.month_name}",
            headings={"name": self.word, "points": "得分变动", "part": "来自", "difference": "合计变动"},
            codes=tuple(f"{rate}_rate" for rate in RATES),
        )

    @cached_property
    def listed(self) -> Chart:
        """The same unit by unit in figures that add up, with ranks and classes by both rules."""
        differences, parts = self.trial.differences, self.trial.parts
        order = np.lexsort((-differences["difference"].fillna(-np.inf), differences["code"] != WHOLE))
        rows = differences.iloc[order].reset_index(drop=True)
        data = pd.DataFrame({"name": rows["name"], "old": rows["old"]})
        for part in parts:
            data[part.code] = rows[part.code].map(wording.signed_text)
        data["difference"] = rows["difference"].map(wording.signed_text)
        data["new"] = rows["new"]
        for side, result in (("old", self.trial.before), ("new", self.trial.after)):
            units = result.units
            held = dict(
                zip(units["code"], zip(units["rank_low"], units["rank_high"], units["class"], strict=True), strict=True)
            )
            found = [held.get(code, (np.nan, np.nan, None)) for code in rows["code"]]
            data[f"rank_{side}"] = [
                "—" if result.no_difference or low != low else messages.places_text(low, high) for low, high, _ in found
            ]
            data[f"class_{side}"] = [name if isinstance(name, str) else "—" for *_, name in found]
        headings = {"name": self.word, "old": "对照得分"}
        headings |= {part.code: part.label for part in parts}
        headings |= {"difference": "合计变动", "new": "试算得分", "rank_old": "对照名次", "rank_new": "试算名次"}
        headings |= {"class_old": "对照归类", "class_new": "试算归类"}
        return self._chart(
            "listed",
            Kind.TABLE,
            data[list(headings)],
            Encoding(),
            POINTS,
            words.listed(self.trial, self.word),
            "对照得分＋各项变动＝试算得分（分）；各项取各种改动次序的平均（夏普利分解），名次为区间",
            headings=headings,
            units={"old": Unit("score", ""), "new": Unit("score", "")},
        )

    # ── what matters ────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _sensitivities(self) -> pd.DataFrame:
        return self.trial.tornado()

    @once
    def tornado(self, by_rank: bool = False) -> Chart:
        """How much each assumption of the trial rule, lowered and raised by itself, moves scores or ranks."""
        frame, stem = self._sensitivities, "shift_" if by_rank else ""
        scale = 1.0 if by_rank else 100.0
        sides = {LOWER: (f"{stem}low", -scale), RAISED: (f"{stem}high", scale)}
        size = frame[[f"{stem}low", f"{stem}high"]].max(axis=1)
        rows = frame.loc[size.sort_values(ascending=False, kind="stable").index]
        data = pd.concat(
            [
                pd.DataFrame(
                    {
                        "label": rows["label"],
                        "side": side,
                        "size": rows[column] * sign,
                        "said": [f"{value * abs(sign):.2f}" for value in rows[column]],
                        "classes": rows[f"classes_{'low' if side == LOWER else 'high'}"],
                    }
                )
                for side, (column, sign) in sides.items()
            ],
            ignore_index=True,
        )
        what = f"{self.word}名次平均移动几位" if by_rank else f"{self.word}得分平均变动几分"
        return self._chart(
            "tornado",
            Kind.DIVERGING,
            data,
            Encoding(x="label", y="size", series="side", label="said"),
            PLACES if by_rank else POINTS,
            words.tornado(frame, self.word, by_rank),
            f"在试算规则上单独改一项：权重、折算各增减 0.10，最小样本减半或加倍，{what}",
            headings={"label": "单独改动", "size": "变动", "side": "方向", "classes": "归类变动数"},
        )

    @once
    def acceptability(self, is_exact: bool = False) -> Chart:
        """How often each unit takes each rank over all weights and over chance."""
        size = EXACT if is_exact else QUICK
        found = self.trial.acceptability(size)
        mean = (found.ranks["rank"] * found.ranks["share"]).groupby(found.ranks["code"]).sum()
        order = {code: i for i, code in enumerate(mean.sort_values(kind="stable").index)}
        data = found.ranks.assign(
            share=found.ranks["share"].where(found.ranks["share"] >= QUIET),
            said=[f"{share * 100:.0f}" for share in found.ranks["share"]],
            place=found.ranks["code"].map(order),
        )
        # Small cells are left out; the first unit keeps all its ranks, which say their order.
        data = data[data["share"].notna() | (data["place"] == 0)]
        data = data.sort_values(["place", "rank"], ignore_index=True)
        data = data.assign(
            said=data["said"].where(data["share"].notna(), ""), rank=[f"{rank}" for rank in data["rank"]]
        )
        return self._chart(
            "acceptability",
            Kind.HEATMAP,
            data[["name", "rank", "share", "said", "code"]],
            Encoding(x="rank", y="share", series="name", label="said"),
            CHANCE,
            words.acceptability(found.units, self.word),
            f"权重取遍所有可能（{size[0]} 组，各抽 {size[1]} 次），各{self.word}列各名次的占比（%）；空白不足 1%",
            headings={"name": self.word, "rank": "名次", "share": "占比"},
        )

    # ── files ───────────────────────────────────────────────────────────────────────────────────

    def charts(self) -> list[Chart]:
        """Everything that is taken away: what differs, the explanation in picture and figures, moves, sensitivity."""
        held = [self.settings, self.explained, self.listed, self.moves]
        return [*held, self.tornado(), self.acceptability(True)] if self.has_scores else [self.settings]
