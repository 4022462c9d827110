"""Coverage of inspections: joint visits, the cap per firm, who is inspected more than its share, how grave it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, wording
from minxin.analysis.inspection import evaluate
from minxin.charts.chart import PLAIN_COUNT, RATE, Chart, Encoding, Kind
from minxin.charts.credit.supervision_words import ARMS, FIRMS, POINTS, RANDOM, RISK, SIZES, VISITS
from minxin.charts.figures import SHOWN

if TYPE_CHECKING:
    from minxin.charts.credit.supervision import Supervision

#: Groups that a picture of shares shows, the largest first.
MOST_GROUPS = 12


def joint(page: Supervision) -> Chart:
    """Visits by the number of departments that came together, and what that spared."""
    counts, few = page.visits_of_departments["n"], page.visits_of_departments["few"]
    data = pd.DataFrame(
        {"name": [f"{k} 个部门" if k < 5 else "5 个以上" for k in counts.index], "n": counts.to_numpy()}
    )
    data["place"] = range(len(data))
    data = page.question.hidden(data, "n", also=pd.Series(few.to_numpy())) if few.any() else data
    joint = int(counts[counts.index > 1].sum())
    share = joint / len(page.visits) if len(page.visits) else float("nan")
    title = "没有检查记录"
    if len(page.visits):
        title = (
            f"{wording.share_text(share)}检查是综合查一次，减少上门 {VISITS.format(page.saved.saved)}"
            if joint
            else "尚无两个以上部门联合的检查"
        )
        if joint and page.tells_saved:
            title = "有两个以上部门联合的检查"
    return page.about.chart(
        "joint",
        Kind.BAR,
        data,
        Encoding(
            x="name", y="n", order="place", status="status" if few.any() else "", label=SHOWN if few.any() else ""
        ),
        VISITS,
        title,
        f"一次检查由几个部门联合；减少的家次以各部门分别上门为基准，{page.span}",
        headings={"name": "联合部门", "n": "检查"},
    )


def caps(page: Supervision) -> Chart:
    """Firms by how often they were routinely inspected within the months of the cap, up to the end asked for."""
    end = pd.Timestamp(page.question.end)
    begin = end - pd.DateOffset(months=page.rule.cap_months)
    day = pd.to_datetime(page.every["inspected_on"])
    held = page.every[(day >= begin) & (day < end) & page.every["arm"].isin([RISK, RANDOM])]
    times = held.groupby("uscc").size().clip(upper=4).value_counts().sort_index()
    data = pd.DataFrame({"name": [f"{k} 次" if k < 4 else "4 次以上" for k in times.index], "n": times.to_numpy()})
    data["place"] = range(len(data))
    # Those over the cap stand in the title; all together are visits of the figures where the span is the same.
    over_cap = pd.Series(times.index > page.rule.cap)
    few = small.with_partners(page.question.is_few(data["n"]), data["n"], over_cap, None)
    data = page.question.hidden(data, "n", also=few)
    over = int(times[times.index > page.rule.cap].sum())
    many = wording.count_text(over, "户", page.question.hidden_below)
    title = f"近 {page.rule.cap_months} 个月没有企业的例行检查超过 {page.rule.cap} 次上限"
    if over:
        title = f"近 {page.rule.cap_months} 个月有 {many}企业的例行检查超过 {page.rule.cap} 次上限"
    if not len(held):
        title = f"近 {page.rule.cap_months} 个月没有例行检查"
    return page.about.chart(
        "caps",
        Kind.BAR,
        data,
        Encoding(x="name", y="n", status="status", label=SHOWN, order="place"),
        FIRMS,
        title,
        f"一户企业 {page.rule.cap_months} 个月内被例行检查的次数，不含投诉举报和全覆盖；上限为本系统假定，"
        f"{page.about.filters[-1]}",
        headings={"name": "例行检查次数", "n": "企业"},
    )


def equity(page: Supervision, column: str) -> Chart:
    """Share of each size (``size``) or industry (``industry_name``) among the firms drawn by risk, against all firms.

    ``expected`` is the share that the classes alone would give: the firms drawn of each class, spread evenly in it.
    """
    word = {"size": "规模", "industry_name": "行业"}[column]
    base = page.base.groupby(column)["n"].sum().sort_values(ascending=False)
    if column == "size":
        base = base.reindex([s for s in SIZES if s in base.index])
    drawn = page.routine[page.routine["arm"] == RISK]
    found = evaluate.shares(drawn.groupby(column).size(), base)
    found["n_base"], found["expected"] = base.to_numpy(), _expected(page, drawn, column).reindex(base.index).to_numpy()
    found["status"] = np.where(found["n"] < page.rule.smallest_n, "few", "ok")
    few_base = small.with_partner(page.question.is_few(found["n_base"]), found["n_base"])
    # What is drawn comes to the visits of the arm; where those are hidden, a share would tell them.
    of_arm = bool(page.arms_table.set_index("arm")["few_n"][RISK])
    found["few_x"] = small.with_partner(page.question.is_few(found["x"]), found["x"]) | of_arm
    found = page.hidden(found.assign(few_n=False))
    found = found.assign(**{c: found[c].mask(few_base) for c in ("n_base", "base", "expected")})
    found.loc[few_base, "status"] = "few"
    found["said"] = found["verdict"].map({"more": "高于占比", "less": "低于占比", "alike": "无显著差异"})
    found.loc[found["status"] != "ok", "said"] = "—"
    found = found.head(MOST_GROUPS).assign(place=range(min(len(found), MOST_GROUPS)))
    return page.about.chart(
        f"equity_{column}",
        Kind.DOT_INTERVAL,
        found,
        Encoding(
            x="group", y="value", low="low", high="high", target="base", status="status", label="label",
            order="place",
        ),
        RATE,
        _equity_title(page, found, word),
        f"各{word}在按风险抽查中的占比与 95% 区间，竖线为占全部企业的比例；是否由风险解释，看表中「按类别应占」，"
        f"{page.span}",
        headings={
            "group": word, "value": "被查占比", "base": "企业占比", "expected": "按类别应占", "x": "被查（户）",
            "n_base": "企业（户）", "said": "与企业占比相比",
        },
        units={"x": PLAIN_COUNT, "n_base": PLAIN_COUNT, "expected": RATE},
    )  # fmt: skip


def _expected(page: Supervision, drawn: pd.DataFrame, column: str) -> pd.Series:
    """The share of each group if the firms drawn of each class were spread evenly over the class."""
    table = page.base.pivot_table(index=column, columns="risk_class", values="n", aggfunc="sum", fill_value=0)
    counts = drawn["risk_class"].value_counts().reindex(table.columns).fillna(0)
    if not counts.sum():
        return pd.Series(np.nan, index=table.index)
    return (table / table.sum()).mul(counts / counts.sum(), axis=1).sum(axis=1)


def _equity_title(page: Supervision, found: pd.DataFrame, word: str) -> str:
    if found.empty or found["n"].iloc[0] < page.rule.smallest_n:
        return "按风险抽查户数不足，不能判断是否偏重"
    parts = []
    for verdict, said in (("more", "高于企业占比"), ("less", "低于企业占比")):
        names = found[(found["verdict"] == verdict) & (found["status"] == "ok")]["group"].tolist()
        if names:
            parts.append(f"{wording.names_text(names)}被查占比{said}")
    return "，".join(parts) or f"各{word}被查占比与企业占比没有显著差异"


def severity(page: Supervision) -> Chart:
    """How grave what was found is: actions taken by arm, and points a visit with their interval."""
    points = page.visits["action"].map(page.rule.severity)
    graded = page.visits.assign(points=np.where(page.visits["has_problem"] == 1, points.fillna(1.0), 0.0))
    rows = []
    for arm, name in ARMS.items():
        own = graded[graded["arm"] == arm]
        if own.empty:
            continue
        found = evaluate.mean(own["points"])
        enough = len(own) >= page.rule.smallest_n
        counted = own.loc[own["has_problem"] == 1, "action"].value_counts()
        rows.append(
            {
                "name": name,
                "arm": arm,
                "n": len(own),
                "problems": int(own["has_problem"].sum()),
                **{a: int(counted.get(a, 0)) for a in page.rule.severity},
                "points": float(found.value) if enough else np.nan,
                "between": f"{float(found.low):.2f}—{float(found.high):.2f}" if enough else "样本不足",
            }
        )
    graded_by = "、".join(f"{a} {v:g}" for a, v in page.rule.severity.items())
    columns = ["arm", "name", "n", "problems", *page.rule.severity, "points", "between"]
    data, is_told = _graded(page, pd.DataFrame(rows, columns=columns))
    named = {a: f"{a}（户）" for a in page.rule.severity}
    return page.about.chart(
        "severity",
        Kind.TABLE,
        data,
        Encoding(),
        POINTS,
        _severity_title(page, graded) if is_told else "处置户数过少的不显示，不比较问题轻重",
        f"按处置方式计分（{graded_by}，系本系统假定），每户平均与 95% 区间，{page.span}",
        headings={
            "name": "来源",
            "n": "检查（户）",
            "problems": "发现问题（户）",
            **named,
            "points": "每户平均",
            "between": "区间",
        },
        units={
            "n": PLAIN_COUNT,
            "problems": PLAIN_COUNT,
            "points": POINTS,
            **dict.fromkeys(page.rule.severity, PLAIN_COUNT),
        },
    )


def _graded(page: Supervision, rows: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The rows without counts that may not be shown and the points made of them, and whether both arms have points."""
    below, actions = page.question.hidden_below, list(page.rule.severity)
    if not below or rows.empty:
        return rows.drop(columns="arm"), True
    told = page.arms_table.set_index("arm").loc[rows["arm"], ["few_x", "few_n"]].set_axis(rows.index)
    # Actions and problems without one come to the problems.
    parts = rows[actions].assign(none=rows["problems"] - rows[actions].sum(axis=1))
    few = small.parts_few(parts, list(parts), below)
    some = few.any(axis=1) | told.any(axis=1)
    hidden = {a: rows[a].mask(few[a] | (told["few_x"] & (rows["problems"] > 0))) for a in actions}
    hidden |= {"n": rows["n"].mask(told["few_n"]), "problems": rows["problems"].mask(told["few_x"])}
    data = rows.assign(
        **hidden, points=rows["points"].mask(some),
        between=rows["between"].mask(some & rows["points"].notna(), small.WITHHELD),
    )  # fmt: skip
    return data.drop(columns="arm"), not some[rows["arm"].isin([RISK, RANDOM])].any()


def _severity_title(page: Supervision, graded: pd.DataFrame) -> str:
    if not page.enough:
        return "检查户数不足，不比较问题轻重"
    one, two = (evaluate.mean(graded.loc[graded["arm"] == arm, "points"]) for arm in (RISK, RANDOM))
    gap = rates.difference(one, two)
    words = f"按风险抽查每户 {float(one.value):.2f} 分，随机组 {float(two.value):.2f} 分"
    alike = float(gap.low) <= 0 <= float(gap.high)
    return f"{words}，问题轻重没有显著差异" if alike else f"{words}，计入轻重后差别仍在"
