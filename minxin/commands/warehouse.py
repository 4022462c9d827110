"""``build``, ``snapshots``, ``rollback``, ``prune`` and ``batches``."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from minxin.settings import Refused, home
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshot, Snapshots


def register(commands: Any) -> None:
    """Add the commands of this module."""
    one = commands.add_parser("build", help="由数据湖构建并发布快照")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_build)
    many = commands.add_parser("snapshots", help="列出快照")
    many.add_argument("--json", action="store_true")
    many.set_defaults(run=_snapshots)
    back = commands.add_parser("rollback", help="退回到较早的快照")
    back.add_argument("snapshot", metavar="快照")
    back.set_defaults(run=_rollback)
    commands.add_parser("prune", help="只保留规定数量的快照").set_defaults(run=_prune)
    batches = commands.add_parser("batches", help="列出导入批次")
    batches.add_argument("--json", action="store_true")
    batches.set_defaults(run=_batches)


def _as_row(snapshot: Snapshot, current: str) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "as_of": str(snapshot.as_of),
        "built_at": str(snapshot.built_at),
        "kind": snapshot.kind,
        "current": snapshot.id == current,
        "sha256": snapshot.sha256,
    }


def _build(arguments: argparse.Namespace) -> int:
    place = home()
    if place.kind is None:
        raise Refused("还没有数据，无法构建；请先运行 minxin demo 或 minxin import。")
    place.open()
    from minxin.operations import bring  # here: no other command waits for the database's driver

    for problem in bring(place):
        print(problem, file=sys.stderr)
    snapshot = build(place, lambda share, text: print(f"{share:4.0%} {text}", file=sys.stderr))
    Snapshots(place).prune()
    if arguments.json:
        print(json.dumps(_as_row(snapshot, snapshot.id), ensure_ascii=False))
    else:
        print(f"已发布快照 {snapshot.id}，数据截至 {snapshot.as_of:%Y-%m-%d %H:%M}。")
    return 0


def _snapshots(arguments: argparse.Namespace) -> int:
    place = home().open()
    found = Snapshots(place)
    current = found.current()
    rows = [_as_row(s, current.id if current else "") for s in found.all()]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            print(f"{'*' if row['current'] else ' '} {row['id']}  截至 {row['as_of']}  构建于 {row['built_at']}")
        if not rows:
            print("还没有快照；请先运行 minxin build。", file=sys.stderr)
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    snapshot = Snapshots(home().open()).rollback(arguments.snapshot)
    print(f"已退回快照 {snapshot.id}，数据截至 {snapshot.as_of:%Y-%m-%d %H:%M}。")
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    removed = Snapshots(home().open()).prune()
    print(f"已清理 {len(removed)} 个旧快照。")
    return 0


def _batches(arguments: argparse.Namespace) -> int:
    found = Lake(home().open()).batches(withdrawn=True)
    if arguments.json:
        rows = [
            {
                "batch": m.batch_id, "source": m.source, "mapping": m.mapping, "imported_at": m.imported_at,
                "rows": m.rows, "accepted": m.accepted, "replaced": m.replaced, "repeated": m.repeated,
                "rejected": m.rejected, "withdrawn": m.withdrawn,
            }
            for m in found
        ]  # fmt: skip
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for m in found:
            state = "已撤回" if m.withdrawn else "有效"
            print(
                f"{m.batch_id}  {m.imported_at}  {m.source}  {m.rows} 行  新增 {m.accepted}  更新 {m.replaced}  {state}"
            )
    return 0
