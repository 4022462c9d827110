"""``minxin classify``: the risk class of every firm for one month, from the lake, held against the snapshot."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import pandas as pd

from minxin import access, queries, settings
from minxin.analysis import wording
from minxin.analysis.credit import classes
from minxin.warehouse import risk
from minxin.warehouse.risk import Classified


def register(subparsers: Any) -> None:
    """Add ``classify`` to the command line."""
    parser = subparsers.add_parser(
        "classify", help="按信用风险分类规则计算某月全部企业的类别，并与快照核对", description=__doc__
    )
    parser.add_argument("--month", metavar="YYYY-MM", default="", help="月份，如 2023-06；默认为数据截至的月份")
    parser.add_argument("--json", action="store_true", help="输出 JSON，占比为 0—1 的小数")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the classes; 1 where there are no firms or the snapshot says otherwise, 2 for a month that cannot be."""
    home = settings.home()
    if home.kind is None:
        raise settings.Refused("还没有数据，无法分类；请先运行 minxin demo 或 minxin import。")
    done = risk.classify(home.open(), args.month)
    if done.firms.empty:
        raise settings.Refused("数据中没有企业，无法分类；请先用 minxin import 导入企业名录，或运行 minxin demo。")
    stored = _stored(home, done)
    said = _said(done, stored)
    sys.stdout.write((json.dumps(said, ensure_ascii=False, indent=2) if args.json else _text(done, said)) + "\n")
    if said["stored"]["different"]:
        different = said["stored"]["different"]
        print(
            f"有 {different} 家企业的类别与快照不一致：快照之后数据或规则有改动，请重新运行 minxin build。",
            file=sys.stderr,
        )
        return 1
    return 0


def _stored(home: settings.Home, done: Classified) -> pd.DataFrame:
    """The classes that the published snapshot holds for the month; empty while there is none."""
    asked = queries.current(home)
    if asked is None:
        return pd.DataFrame({"uscc": [], "risk_class": []})
    return asked.run("risk.classes", access.Viewer.local(home.deployment), month=done.month.start)


def _said(done: Classified, stored: pd.DataFrame) -> dict[str, Any]:
    counts = {c: int((done.firms["risk_class"] == c).sum()) for c in classes.CODES}
    firms = len(done.firms)
    both = done.firms.merge(stored, on="uscc", how="outer", suffixes=("", "_stored")) if len(stored) else None
    different = 0 if both is None else int((both["risk_class"] != both["risk_class_stored"]).sum())
    return {
        "firms": firms,
        "seconds": round(done.seconds, 3),
        "shares": {c: round(n / firms, 6) for c, n in counts.items()},
        "counts": counts,
        "month": f"{done.month.start:%Y-%m}",
        "known_before": done.month.known_before.isoformat(),
        "as_of": done.as_of.isoformat(sep=" "),
        "version": done.version.name,
        "rule_hash": done.version.digest,
        "prepared_seconds": round(done.prepared, 3),
        "stored": {"firms": len(stored), "different": different},
    }


def _text(done: Classified, said: dict[str, Any]) -> str:
    """The result as lines for people."""
    lines = [
        f"{said['month']} 企业信用风险分类（规则：{done.version.title}，指纹 {done.version.digest}）",
        f"{said['firms']:,} 家企业，用时 {said['seconds']:.1f} 秒（另读取数据湖 {said['prepared_seconds']:.1f} 秒）",
        *(
            f"{classes.label(c)}\t{said['counts'][c]:,} 家\t{wording.rate_text(said['shares'][c])}"
            for c in classes.CODES
        ),
    ]
    kept = said["stored"]
    if not kept["firms"]:
        lines.append("快照中没有这个月的类别，未作核对。")
    elif not kept["different"]:
        lines.append(f"与快照中的 {kept['firms']:,} 家逐一核对，全部一致。")
    return "\n".join(lines)
