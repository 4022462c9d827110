"""``minxin assess``: the three rates, score, rank interval and class of each unit for one month."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from functools import partial
from typing import Any

from minxin import access, queries, settings
from minxin.analysis import wording
from minxin.analysis.assessment import counted, messages, review, rules, trial_words
from minxin.analysis.assessment.assess import STATUSES, Assessment
from minxin.analysis.assessment.rules import Rule
from minxin.analysis.assessment.trial import Trial


def register(subparsers: Any) -> None:
    """Add ``assess`` to the command line."""
    parser = subparsers.add_parser(
        "assess", help="按考核规则计算某月各社区（或单位）的三率、得分和归类", description=__doc__
    )
    parser.add_argument("--month", metavar="YYYY-MM", help="考核月，如 2023-06；默认为最近一个满月")
    parser.add_argument("--rules", metavar="NAME", help="规则名称；默认为该月适用的规则，另选的只作试算")
    parser.add_argument("--against", metavar="NAME", help="再按另一套规则计算，逐单位说明得分差别从何而来")
    parser.add_argument("--by", choices=["community", "unit"], default="community", help="按社区（默认）或按首办单位")
    parser.add_argument("--json", action="store_true", help="输出 JSON，比率和得分均为 0—1 的小数")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the assessment; 1 where nothing is published, 2 for a month or rule that there is not."""
    asked = queries.current(settings.home())
    if asked is None:
        raise settings.Refused("尚无已发布的数据；请先运行 minxin demo 或 minxin import 与 minxin build。")
    held = rules.load()
    named = held.named(args.rules) if args.rules else None
    month, rule = _asked(args.month, named, held, asked.snapshot.as_of)
    other = held.named(args.against) if args.against else None
    for named in filter(None, (rule, other)):
        _possible(named)
    here = settings.deployment()
    reviewed = review.Review(partial(_ask, asked, access.Viewer.local(here)), month, rule, args.by)
    result = reviewed.assessed()
    trial = Trial(reviewed, other, rule, here.whole_word) if other else None
    if args.json:
        said = result.as_dict() | ({"against": trial.as_dict()} if trial else {})
        text = json.dumps(said, ensure_ascii=False, indent=2)
    else:
        text = _table(result) + (f"\n\n{_explanation(trial)}" if trial else "")
    sys.stdout.write(text + "\n")
    return 0


def _asked(text: str | None, named: Rule | None, held: rules.Rules, as_of: datetime) -> tuple[tuple[int, int], Rule]:
    """The month and the rule it is assessed by; Unusable for a month that is none, or is not over."""
    newest = review.latest_month(named or held.nearest(as_of.year, as_of.month)[0], as_of)
    month = newest if text is None else _month(text)
    if month <= newest:
        rule = named or held.for_month(*month)
        if month <= review.latest_month(rule, as_of):
            return month, rule
    asked, last = (f"{year:04d}-{number:02d}" for year, number in (month, newest))
    raise settings.Unusable(f"考核月 {asked} 尚未结束（数据截至 {as_of:%Y-%m-%d %H:%M}），请选 {last} 或更早的月份。")


def _possible(rule: Rule) -> None:
    if rule.period_first_day not in counted.FIRST_DAYS:
        raise settings.Unusable(f"规则 {rule.name} 的考核月首日应为 1 日或 19 日，请改正后再试。")


def _ask(asked: queries.Queries, viewer: access.Viewer, block: str, /, **given: Any) -> Any:
    return asked.run(block, viewer, **given)


def _month(text: str) -> tuple[int, int]:
    try:
        return review.parse_month(text)
    except ValueError as error:
        raise settings.Unusable(f"考核月「{text}」写法不对，应为 2023-06 这样的年月。") from error


def _table(result: Assessment) -> str:
    """The result as lines for people, the highest score first."""
    rule = result.rule
    lines = [
        f"{result.period} 考核（规则：{rule.title}，{rule.weights.label}，滚动 {rule.window_months} 个月）",
        "各单位总体上没有显著差异，证据不足以排出名次。" if result.no_difference else "名次为区间，不分先后者并列。",
        "名称\t有效回访\t响应率\t解决率\t满意率\t得分\t区间\t名次\t归类",
    ]
    for row in result.units.sort_values("score", ascending=False, kind="stable").to_dict("records"):
        shares = [wording.rate_text(row[f"{rate}_rate"]) for rate in rules.RATES]
        ranked = row["rank_low"] == row["rank_low"] and not result.no_difference
        cells = [
            row["name"],
            str(row["n_valid"]),
            *shares,
            messages.points_text(row["score"]),
            f"{messages.points_text(row['score_low'])}—{messages.points_text(row['score_high'])}",
            messages.places_text(row["rank_low"], row["rank_high"]) if ranked else "—",
            row["class"] or STATUSES[row["status"]],
        ]
        lines.append("\t".join(cells))
    return "\n".join(lines)


def _explanation(trial: Trial) -> str:
    """Where the difference to the other rule comes from: all units together, then each, the largest gain first."""
    lines = [
        f"与「{trial.old.title}」（{trial.old.weights.label}）相比，各项相加等于变动：",
        "\t".join(["名称", "对照得分", *(part.label for part in trial.parts), "变动", "得分"]),
    ]
    frame = trial.differences
    rows = [frame.head(1), frame.iloc[1:].sort_values("difference", ascending=False, kind="stable")]
    for row in [row for part in rows for row in part.to_dict("records")]:
        parts = [wording.signed_text(row[part.code]) for part in trial.parts]
        ends = trial_words.plain(row["old"]), wording.signed_text(row["difference"]), trial_words.plain(row["new"])
        lines.append("\t".join([row["name"], ends[0], *parts, *ends[1:]]))
    return "\n".join(lines)
