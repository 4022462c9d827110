"""``minxin revoke``: take one record away from every page, export and snapshot at once, or undo a mistake."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from dataclasses import asdict
from typing import Any

from minxin import access, queries, settings
from minxin.settings import Home, Refused
from minxin.warehouse.visibility import Revocations


def register(subparsers: Any) -> None:
    """Add ``revoke`` to the command line."""
    parser = subparsers.add_parser("revoke", help="使一条记录立即不再展示（已修复、应删除的）", description=__doc__)
    parser.add_argument("record", metavar="ID", help="处罚、名单、线索或信息的编号")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="原因，如“修复已批准”")
    parser.add_argument("--who", default="", metavar="NAME", help="经办人，默认为登录名")
    parser.add_argument("--restore", action="store_true", help="撤销有误，恢复展示")
    parser.add_argument("--force", action="store_true", help="当前快照中没有此编号也照样登记")
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write one decision into the home's list; 1 where the record is unknown or was taken away before."""
    home = settings.home()
    if home.kind is None:
        raise Refused("还没有数据，无从撤销；请先运行 minxin demo 或 minxin import。")
    home.open()
    held, who = Revocations(home), args.who.strip() or getpass.getuser()
    if not (args.restore or args.force) and args.record.strip() and not _is_known(home, args.record.strip()):
        raise Refused(f"当前快照中没有编号为 {args.record.strip()} 的记录；请核对编号，确需登记的加 --force。")
    done = (held.restore if args.restore else held.revoke)(args.record, who, args.reason)
    if args.json:
        sys.stdout.write(json.dumps(asdict(done), ensure_ascii=False) + "\n")
    elif args.restore:
        print(f"已恢复展示记录 {done.record}。")
    else:
        print(f"记录 {done.record} 即刻起不再展示，较早的快照同样适用；汇总数字在下次构建后更新。")
        print("已被取走的文件（幻灯片、工作簿、截图）无法收回，请通知持有人删除。", file=sys.stderr)
    return 0


def _is_known(home: Home, record: str) -> bool:
    asked = queries.current(home)
    if asked is None:
        return False
    viewer = access.Viewer.local(settings.deployment())
    return not asked.run("visibility.known", viewer, record_id=record).empty
