"""``minxin demo``: simulate, build, publish."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from minxin.demo import scenario, simulate
from minxin.settings import Refused, Unusable, home
from minxin.warehouse.build import build
from minxin.warehouse.snapshots import Snapshots

SUBJECTS = ("petitions", "credit", "all")


def register(subparsers: Any) -> None:
    """Add ``demo`` to the command line."""
    parser = subparsers.add_parser(
        "demo", help="模拟数据并构建、发布快照", description="模拟数据并构建、发布快照；同一种子结果相同。"
    )
    parser.add_argument("--subject", choices=SUBJECTS, default="all", help="模拟的主题，默认 all（目前只有诉求）")
    parser.add_argument("--petitions", type=int, metavar="N", help="诉求总件数，公开渠道的件数不变，其余渠道随之增减")
    parser.add_argument("--seed", type=int, metavar="S", help="随机种子")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出结果")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Simulate into the home, build and publish; print what came of it."""
    if args.subject == "credit":
        raise Refused("信用主题的模拟尚未提供，请改用 minxin demo --subject petitions。")
    if args.seed is not None and not 0 <= args.seed < 2**63:
        raise Unusable(f"随机种子 {args.seed} 不能使用，请给出不小于 0 的整数。")
    place = home()
    told = scenario.load(place.deployment)
    wanted = simulate.size_for(told, args.petitions)
    if args.petitions is not None and args.petitions < wanted:
        print(f"公开渠道的诉求共 {wanted} 件，不能再少，已按 {wanted} 件模拟。", file=sys.stderr)
    started = time.monotonic()
    manifest = simulate.simulate(place, wanted, args.seed, lambda share, text: _say(share / 2, text))
    simulated = time.monotonic()
    snapshot = build(place, lambda share, text: _say(0.5 + share / 2, text))
    Snapshots(place).prune()
    done = time.monotonic()
    if args.json:
        print(
            json.dumps(
                {
                    "batch": manifest.batch_id,
                    "petitions": manifest.rows,
                    "unlocated": manifest.unlocated,
                    "tables": list(manifest.tables),
                    "snapshot": snapshot.id,
                    "as_of": str(snapshot.as_of),
                    "seconds": {"simulate": round(simulated - started, 2), "build": round(done - simulated, 2)},
                },
                ensure_ascii=False,
            )
        )
    else:
        print(
            f"已模拟诉求 {manifest.rows} 件（未归属社区 {manifest.unlocated} 件），批次 {manifest.batch_id}；"
            f"已发布快照 {snapshot.id}，数据截至 {snapshot.as_of:%Y-%m-%d %H:%M}；"
            f"用时 {done - started:.1f} 秒。"
        )
    return 0


def _say(share: float, text: str) -> None:
    print(f"{share:4.0%} {text}", file=sys.stderr)
