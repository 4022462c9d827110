"""``minxin template``: a workbook to fill for one table of the lake."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from minxin import tables
from minxin.settings import Refused, Unusable


def register(subparsers: Any) -> None:
    """Add ``template`` to the command line."""
    parser = subparsers.add_parser("template", help="生成一张表的填报模板（xlsx）", description=__doc__)
    parser.add_argument("table", metavar="TABLE", help="表名，如 petition、population")
    parser.add_argument("--out", type=Path, metavar="FILE", help="输出文件，默认 <表名>模板.xlsx")
    parser.add_argument("--force", action="store_true", help="覆盖已有文件")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the workbook and print its path; 2 for an unknown table, 1 where the file is there already."""
    declared = tables.tables()
    if args.table not in declared:
        known = "、".join(f"{t.name}（{t.label}）" for t in declared.values())
        raise Unusable(f"没有名为 {args.table} 的表；可用的表：{known}。")
    out = args.out or Path(f"{declared[args.table].label}模板.xlsx")
    if out.exists() and not args.force:
        raise Refused(f"文件 {out} 已存在；请换一个名称，或加 --force 覆盖。")
    from minxin.ingest import templates  # what writes workbooks is loaded by this command only

    content = templates.template(args.table)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Unusable(f"无法写入 {out}:{error.strerror or error}；请检查文件夹是否存在、是否有权限。") from error
    print(out)
    print("填写后用 minxin import 或「数据导入」页导入。", file=sys.stderr)
    return 0
