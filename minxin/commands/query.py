"""``minxin query``: run a named block and print its rows."""

from __future__ import annotations

import argparse
import csv
import difflib
import io
import json
import re
import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from minxin import access, queries, settings

#: Parameters that are text whatever they look like (a number of a petition is no number).
TEXT = re.compile(r"(?:.*_)?(?:id|code|name|category(?:_\d)?|state|unit|channel)$")
#: Parameters that are lists of text, also with one element or none.
LISTS = frozenset({"communities"})


def register(subparsers: Any) -> None:
    """Add ``query`` to the command line."""
    parser = subparsers.add_parser("query", help="运行一个命名查询，输出结果", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="查询名称，如 published.check")
    parser.add_argument("--set", action="append", default=[], metavar="k=v", help="参数，可重复；日期写作 2023-06-26")
    parser.add_argument("--format", choices=["csv", "json", "table"], default="table", help="输出格式，默认 table")
    parser.add_argument("--bom", action="store_true", help="CSV 前加 BOM，供 Excel 直接打开")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the rows of ``args.name``; 2 where the block or a parameter is unusable."""
    _known(args.name)
    asked = queries.current(settings.home())
    if asked is None:
        raise settings.Refused("尚无已发布的数据；请先运行 minxin demo 或 minxin import 与 minxin build。")
    frame = asked.run(args.name, access.Viewer.local(settings.deployment()), **parameters(args.set))
    _write(rendered(frame, args.format, bom=args.bom))
    return 0


def _known(name: str) -> None:
    """Refuse a block that does not exist, naming those that look like it."""
    names = sorted(queries.blocks())
    if name in names:
        return
    topic = name.split(".")[0]
    near = difflib.get_close_matches(name, names, n=5, cutoff=0.5) or [n for n in names if n.split(".")[0] == topic]
    raise settings.Unusable(f"没有名为 {name} 的查询；相近的查询：{'、'.join(near or names)}。")


def parameters(pairs: Sequence[str]) -> dict[str, Any]:
    """``k=v`` texts as typed values: ISO dates and times, numbers, true/false, lists by comma.

    Ids, codes and other names stay text; a value in double quotes is text, too. Unusable where a
    pair has no ``=`` or a name comes twice.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name.isidentifier():
            raise settings.Unusable(f"参数「{pair}」写法不对，应为 名称=值，例如 --set start=2023-06-26。")
        if name in found:
            raise settings.Unusable(f"参数 {name} 给了两次，请只保留一次。")
        found[name] = _value(name, text)
    return found


def _value(name: str, text: str) -> Any:
    if name in LISTS:
        return [part.strip() for part in re.split("[,，]", text) if part.strip()]
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if TEXT.fullmatch(name):
        return text
    if "," in text:
        return [_scalar(part.strip()) for part in text.split(",") if part.strip()]
    return _scalar(text)


def _scalar(text: str) -> Any:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?", text):
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise settings.Unusable(f"日期「{text}」不存在，请按 2023-06-26 的写法给出。") from error
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[+-]?\d+\.\d+", text):
        return float(text)
    if text in ("true", "false"):
        return text == "true"
    return text


def rendered(frame: pd.DataFrame, form: str, bom: bool = False) -> str:
    """Rows as ``csv`` (formulas neutralised), ``json`` (a list of objects) or an aligned ``table``."""
    rows = [[_plain(value) for value in row] for row in frame.astype(object).itertuples(index=False, name=None)]
    names = [str(name) for name in frame.columns]
    if form == "json":
        return json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False, indent=1) + "\n"
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows([access.harmless(value) for value in row] for row in rows)
        return ("\ufeff" if bom else "") + out.getvalue()
    return _table(names, rows)


def _plain(value: Any) -> Any:
    """A value as JSON knows it: times as ISO text, missing as None."""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "ndarray":
        return [_plain(v) for v in value]
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _table(names: list[str], rows: list[list[Any]]) -> str:
    texts = [names] + [["" if v is None else str(v).replace("\n", " ") for v in row] for row in rows]
    widths = [max(_width(row[i]) for row in texts) for i in range(len(names))]
    lines = ["  ".join(t + " " * (w - _width(t)) for t, w in zip(row, widths, strict=True)).rstrip() for row in texts]
    return (
        "\n".join([*lines[:1], *("" if not names else "─" * min(sum(widths) + 2 * len(widths), 160),), *lines[1:]])
        + "\n"
    )


def _write(text: str) -> None:
    """Write to standard output in UTF-8 with the line ends as they are."""
    sys.stdout.flush()
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text)
