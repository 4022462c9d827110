"""``minxin pages``: every page of the board with id, title and URL path."""

from __future__ import annotations

import argparse
import json
import tomllib
from typing import Any

from minxin.settings import ROOT, Unusable


def register(subparsers: Any) -> None:
    """Add ``pages`` to the command line."""
    parser = subparsers.add_parser("pages", help="列出全部页面", description=__doc__)
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(run=run)


def registered() -> list[dict[str, Any]]:
    """The pages of ``pages/registry.toml`` in the order of the navigation."""
    file = ROOT / "pages" / "registry.toml"
    try:
        return list(tomllib.loads(file.read_text(encoding="utf-8"))["page"])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"页面登记表 {file} 无法读取：{error}，请恢复该文件。") from error


def run(args: argparse.Namespace) -> int:
    """Print the pages: section, id, title, URL path, file."""
    rows = [
        {
            "id": page["id"],
            "title": page["title"],
            "section": page.get("section", ""),
            "path": "/" + page["url_path"],
            "file": f"pages/{page['file']}",
        }
        for page in registered()
    ]
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for row in rows:
            print(f"{row['id']:<14}{row['path']:<16}{row['section']} · {row['title']}")
    return 0
