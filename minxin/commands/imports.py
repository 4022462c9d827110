"""``import`` and ``withdraw``."""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minxin.ingest.mapping import load_mapping
from minxin.ingest.pipeline import ImportResult, run_import
from minxin.settings import Unusable, home
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake, later_repeats
from minxin.warehouse.snapshots import Snapshots

log = logging.getLogger(__name__)


def register(commands: Any) -> None:
    """Add the commands of this module."""
    one = commands.add_parser("import", help="导入一个数据文件")
    one.add_argument("file", metavar="文件", type=Path)
    one.add_argument("--mapping", default="", metavar="映射", help="映射名称或 .toml 路径；不写则按列名选择最合适的")
    one.add_argument("--who", default="", metavar="姓名", help="导入人，记入批次；不写则取登录名")
    one.add_argument("--rejects", type=Path, metavar="文件", help="把退回的行写成 .xlsx 或 .csv，改正后可再次导入")
    one.add_argument("--dry-run", action="store_true", help="只检查和计数，不入库")
    one.add_argument("--build", action="store_true", help="导入后随即构建并发布")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_import)
    back = commands.add_parser("withdraw", help="撤回一个批次")
    back.add_argument("batch", metavar="批次")
    back.add_argument("--reason", default="", metavar="原因")
    back.add_argument("--who", default="", metavar="姓名")
    back.add_argument("--json", action="store_true")
    back.set_defaults(run=_withdraw)


def _person(given: str) -> str:
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        log.info("no login name found")
        return ""


def _teller() -> Callable[[float, str], None]:
    """Progress to standard error, a line whenever the step changes or two seconds have passed."""
    last_text, last_at = "", 0.0

    def tell(share: float, text: str) -> None:
        nonlocal last_text, last_at
        now = time.monotonic()
        if text != last_text or now - last_at > 2:
            last_text, last_at = text, now
            print(f"{share:4.0%} {text}", file=sys.stderr)

    return tell


def _import(arguments: argparse.Namespace) -> int:
    mapping = load_mapping(arguments.mapping) if arguments.mapping else None
    target: Path | None = arguments.rejects
    if target is not None and target.suffix.lower() not in (".xlsx", ".csv"):
        raise Unusable(f"退回数据的文件名「{target.name}」应以 .xlsx 或 .csv 结尾；请改正后再试。")
    if target is not None and not target.absolute().parent.is_dir():
        raise Unusable(f"退回数据的文件夹「{target.absolute().parent}」不存在；请先建好再试。")
    place = home()
    result = run_import(
        arguments.file,
        mapping,
        place,
        who=_person(arguments.who),
        dry_run=arguments.dry_run,
        progress=_teller(),
        rejects_to=target,
    )
    if arguments.json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        _print(result, target)
    if arguments.build and not arguments.dry_run:
        from minxin.operations import bring  # here: no other command waits for the database's driver

        for problem in bring(place.open()):
            print(problem, file=sys.stderr)
        snapshot = build(place.open(), _teller())
        Snapshots(place).prune()
        print(f"已发布快照 {snapshot.id}，数据截至 {snapshot.as_of:%Y-%m-%d %H:%M}。", file=sys.stderr)
    return 0


def _print(result: ImportResult, target: Path | None) -> None:
    head = f"批次 {result.batch}" if result.batch else "试运行（未入库）"
    print(
        f"{head}：共 {result.rows} 行，新增 {result.accepted}，更新 {result.replaced}，"
        f"重复 {result.repeated}，退回 {result.rejected}。"
    )
    if result.unlocated:
        print(f"其中 {result.unlocated} 行未归属社区。")
    for reason, rows in result.reasons.items():
        print(f"  {rows} 行：{reason}")
    for note in result.notes:
        print(f"  {note}")
    if target is not None and result.rejected:
        print(f"退回的行已写入 {target}，改正后可直接再次导入。")


def _withdraw(arguments: argparse.Namespace) -> int:
    lake = Lake(home().open())
    manifest = lake.withdraw(arguments.batch, _person(arguments.who), arguments.reason)
    again = later_repeats(lake, manifest)
    if arguments.json:
        print(
            json.dumps({"batch": manifest.batch_id, "rows": manifest.rows, "import_again": again}, ensure_ascii=False)
        )
    else:
        print(f"已撤回批次 {manifest.batch_id}（{manifest.source}，{manifest.rows} 行）；下次构建后不再计入。")
        if again:
            print(f"之后的批次 {'、'.join(again)} 曾把相同的行计为重复，如仍需要请重新导入这些文件。")
    return 0
