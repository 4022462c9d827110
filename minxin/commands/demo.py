"""``minxin demo``: simulate, build, publish, and train the white list of the simulated firms."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from minxin.commands import whitelist
from minxin.demo import scenario, simulate
from minxin.demo.credit import settings as credit_settings
from minxin.demo.credit import simulate as credit
from minxin.settings import Home, Refused, Unusable, home
from minxin.warehouse.build import build
from minxin.warehouse.lake import Manifest
from minxin.warehouse.snapshots import Snapshots

SUBJECTS = ("petitions", "credit", "all")


def register(subparsers: Any) -> None:
    """Add ``demo`` to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="模拟数据并构建、发布快照",
        description="模拟数据，构建并发布快照，训练白名单模型；同一种子结果相同。",
    )
    parser.add_argument(
        "--subject", choices=SUBJECTS, default="all", help="模拟的主题：petitions 诉求、credit 信用、all 两者，默认 all"
    )
    parser.add_argument("--petitions", type=int, metavar="N", help="诉求总件数，公开渠道的件数不变，其余渠道随之增减")
    parser.add_argument("--enterprises", type=int, metavar="N", help="企业数，默认 140000；公开数字随之按比例增减")
    parser.add_argument("--credit-records", type=int, metavar="N", help="信用信息条数，默认 3000000")
    parser.add_argument("--seed", type=int, metavar="S", help="随机种子")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出结果")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Simulate into the home, build and publish, train the white list of firms; print what came of it."""
    if args.seed is not None and not 0 <= args.seed < 2**63:
        raise Unusable(f"随机种子 {args.seed} 不能使用，请给出不小于 0 的整数。")
    place = home()
    told, firms = _told(args, place)
    started = time.monotonic()
    made = {}
    if told is not None:
        wanted = simulate.size_for(told, args.petitions)
        if args.petitions is not None and args.petitions < wanted:
            print(f"公开渠道的诉求共 {wanted} 件，不能再少，已按 {wanted} 件模拟。", file=sys.stderr)
        end = 0.25 if firms else 0.5
        made["petitions"] = simulate.simulate(place, wanted, args.seed, lambda share, text: _say(share * end, text))
    if firms is not None:
        begin = 0.25 if told else 0.0
        made["credit"] = credit.simulate(place, firms, lambda share, text: _say(begin + share * (0.5 - begin), text))
    simulated = time.monotonic()
    end = 0.9 if firms else 1.0
    snapshot = build(place, lambda share, text: _say(0.5 + share * (end - 0.5), text))
    Snapshots(place).prune()
    built = time.monotonic()
    listed = _white_list(place) if firms else ""
    done = time.monotonic()
    if args.json:
        answer = {
            **_counted(made),
            "snapshot": snapshot.id,
            "as_of": str(snapshot.as_of),
            **({"whitelist": not listed} if firms else {}),
            "seconds": {"simulate": round(simulated - started, 2), "build": round(built - simulated, 2)},
        }
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print(
            f"{''.join(_told_of(subject, manifest) for subject, manifest in made.items())}"
            f"已发布快照 {snapshot.id}，数据截至 {snapshot.as_of:%Y-%m-%d %H:%M}；"
            f"{listed}用时 {done - started:.1f} 秒。"
        )
    return 0


def _white_list(place: Home) -> str:
    """Train what the page 信易贷与白名单 shows; in words why not, where so few firms lend that nothing is learned."""
    _say(0.9, "训练白名单模型")
    try:
        whitelist.train_firms(place, whitelist.OF_FIRMS, lambda text: None)
    except (Refused, Unusable) as error:
        print(f"没有训练白名单模型：{error}", file=sys.stderr)
        return "没有训练白名单模型，"
    _say(1.0, "白名单模型完成")
    return ""


def _told(args: argparse.Namespace, place: Home) -> tuple[scenario.Scenario | None, credit_settings.Told | None]:
    """The settings of the subjects asked for; options of a subject that is not simulated are refused."""
    petitions = scenario.load(place.deployment) if args.subject != "credit" else None
    firms = None
    if args.subject != "petitions":
        firms = credit_settings.load(place.deployment, args.enterprises, args.credit_records, args.seed)
    elif args.enterprises is not None or args.credit_records is not None:
        raise Unusable("只模拟诉求时不能给出 --enterprises 或 --credit-records，请去掉或改用 --subject all。")
    if petitions is None and args.petitions is not None:
        raise Unusable("只模拟信用时不能给出 --petitions，请去掉或改用 --subject all。")
    return petitions, firms


def _counted(made: dict[str, Manifest]) -> dict[str, Any]:
    """What was simulated, for machines; of two subjects ``batch`` is that of the petitions."""
    found: dict[str, Any] = {}
    if credit_batch := made.get("credit"):
        found |= {"batch": credit_batch.batch_id, "credit_batch": credit_batch.batch_id}
        found |= {"enterprises": credit_batch.rows, "tables": list(credit_batch.tables)}
    if batch := made.get("petitions"):
        tables = sorted({*found.get("tables", []), *batch.tables})
        found |= {"batch": batch.batch_id, "petitions": batch.rows, "unlocated": batch.unlocated, "tables": tables}
    return found


def _told_of(subject: str, manifest: Manifest) -> str:
    if subject == "petitions":
        return f"已模拟诉求 {manifest.rows} 件（未归属社区 {manifest.unlocated} 件），批次 {manifest.batch_id}；"
    return f"已模拟企业 {manifest.rows} 家（含已注销、迁出），批次 {manifest.batch_id}；"


def _say(share: float, text: str) -> None:
    print(f"{share:4.0%} {text}", file=sys.stderr)
