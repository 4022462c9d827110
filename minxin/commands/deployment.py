"""``minxin deployment new``: the folder of another city, made from its boundaries."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from minxin.commands import _new_deployment as new
from minxin.settings import Refused, Unusable


def register(subparsers: Any) -> None:
    """Add ``deployment new`` to the command line."""
    parser = subparsers.add_parser("deployment", help="部署配置", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="动作", required=True)
    make = actions.add_parser("new", help="由边界文件新建一个部署目录")
    make.add_argument("--from-geojson", type=Path, required=True, metavar="FILE", help="区域边界，GeoJSON")
    make.add_argument("--name-field", required=True, metavar="F", help="边界文件中存放区域名称的字段")
    make.add_argument("--code-field", default="", metavar="F", help="存放区域代码的字段；不给则由名称生成")
    make.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="新部署目录")
    make.add_argument("--id", default="", help="部署编号（小写字母、数字、连字符），默认取目录名")
    make.add_argument("--name", default="", help="部署全称，显示在页面上")
    make.add_argument("--short-name", default="", help="简称，用于标题")
    make.add_argument("--timezone", default="Asia/Shanghai", help="时区，如 Asia/Shanghai")
    make.add_argument("--area-word", default="社区", help="区域的叫法，如 社区、街区、区县")
    make.add_argument("--whole-word", default="全市", help="全部区域的叫法，如 全街道、全市")
    make.add_argument(
        "--coordinates", choices=["wgs84", "gcj02", "bd09"], default="wgs84", help="边界文件的坐标系，默认 wgs84"
    )
    make.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the folder and print its path; 1 where it exists already, 2 where the file is unusable."""
    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        raise Refused(f"目录 {args.out} 已存在且不为空，不会覆盖；请换一个目录。")
    identity = new.identity(args.id or args.out.resolve().name)
    about = new.About(
        id=identity,
        name=args.name or identity,
        short_name=args.short_name or args.name or identity,
        timezone=args.timezone,
        area_word=args.area_word,
        whole_word=args.whole_word,
    )
    areas = new.read_areas(args.from_geojson, args.name_field, args.code_field, args.coordinates)
    before = sum(area.points for area in areas)
    areas = new.simplified(areas)
    after = sum(area.points for area in areas)
    try:
        new.write(args.out, about, areas)
    except OSError as error:
        raise Unusable(f"无法写入 {args.out}:{error.strerror or error}；请检查是否有权限。") from error
    print(args.out)
    note = f"，边界由 {before} 点简化为 {after} 点" if after < before else ""
    print(f"已新建部署「{about.name}」，{len(areas)} 个{about.area_word}{note}。", file=sys.stderr)
    print("下一步：设置 MINXIN_CONFIG 为该目录、MINXIN_HOME 为新的数据目录，再导入数据。", file=sys.stderr)
    return 0
