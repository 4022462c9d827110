"""``minxin draw``: freeze a frame and publish its hash, draw from a public seed, repeat a draw."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from minxin import access, queries, settings
from minxin.analysis.inspection import allocation, frame, protocol, rules
from minxin.analysis.inspection import draw as drawing
from minxin.settings import Refused, Unusable


def register(subparsers: Any) -> None:
    """Add ``draw`` to the command line."""
    parser = subparsers.add_parser(
        "draw", help="双随机抽查：公布抽样框及哈希值，用公开种子抽取，任何人可以复核", description=__doc__
    )
    parser.add_argument("step", nargs="?", choices=["freeze"], help="freeze 只公布抽样框及其哈希值，不抽取")
    parser.add_argument("--frame", type=Path, metavar="FILE", help="抽样框 CSV；不给则取自当前快照")
    parser.add_argument("--round", metavar="NAME", help="轮次名称，如 2023年第三季度")
    parser.add_argument("--seed", metavar="TEXT", help="公开产生的种子，如当众掷出的 20 位数字")
    parser.add_argument("--size", type=int, metavar="N", help="抽查户数；不给则按规则的各类比例")
    parser.add_argument("--out", type=Path, metavar="DIR", help="存放本轮文件的目录")
    parser.add_argument("--verify", type=Path, metavar="DIR", help="由哈希值和种子重抽一遍，核对名单")
    parser.add_argument("--rules", metavar="NAME", help="抽查规则名称；默认为当日适用的规则")
    parser.add_argument("--staff", type=Path, metavar="FILE", help="执法人员 CSV：执法人员、回避企业")
    parser.add_argument("--source", default="", metavar="TEXT", help="种子的来源，如当众掷骰子")
    parser.add_argument("--witness", action="append", default=[], metavar="NAME", help="见证人代号，可多次给出")
    parser.add_argument(
        "--seed-at", metavar="TIME", help="种子产生的时间，如 2023-07-05T10:00；不得早于公布抽样框，也不得晚于现在"
    )
    parser.add_argument("--h0", default="", metavar="HASH", help="复核时对照另行公布的哈希值")
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """One of the three: freeze, draw, verify; 1 where something is refused or not the same, 2 unusable."""
    if args.verify is not None:
        return _verify(args)
    if args.step == "freeze":
        if args.seed is not None:
            raise Refused("公布抽样框之前不能有种子；请先公布，再当众产生种子，用 minxin draw --seed 抽取。")
        if args.out is None:
            raise Unusable("请用 --out 指定存放本轮文件的目录。")
        made = _freeze(args, args.out, rehearsal=False)
        return _say(args, _frozen(made, args.out), protocol.notice(made))
    return _draw(args)


# ── steps ───────────────────────────────────────────────────────────────────────────────────────


def _now() -> dt.datetime:
    return dt.datetime.now(settings.deployment().zone).replace(tzinfo=None)


def _freeze(args: argparse.Namespace, out: Path, rehearsal: bool) -> protocol.Protocol:
    if not args.round:
        raise Unusable("请用 --round 写明轮次名称，如 2023年第三季度。")
    if args.size is not None and args.size < 1:
        raise Unusable(f"抽查户数应为正整数，现为 {args.size}。")
    plan = _plan(args)
    people = None
    if args.staff is not None:
        try:
            people = protocol.staff(args.staff.read_bytes(), str(args.staff))
        except OSError as error:
            raise Unusable(f"执法人员名单 {args.staff} 无法读取，请检查文件路径。") from error
    return protocol.freeze(out, plan, args.round, _now(), people, rehearsal)


def _plan(args: argparse.Namespace) -> allocation.Plan:
    held = rules.load()
    rule = held.named(args.rules) if args.rules else held.on(_now().date())
    given = frame.read(args.frame) if args.frame is not None else _of_snapshot(rule)
    return allocation.plan(given, rule, args.size)


def _of_snapshot(rule: rules.Rule) -> pd.DataFrame:
    asked = queries.current(settings.home())
    if asked is None:
        raise Refused("尚无已发布的数据；请用 --frame 指定抽样框，或先运行 minxin demo 或 minxin build。")
    viewer = access.Viewer.local(settings.deployment())
    rows = asked.run("inspection.frame", viewer, at=asked.snapshot.as_of.date(), months=rule.cap_months)
    return frame.of_snapshot(rows)


def _draw(args: argparse.Namespace) -> int:
    if args.seed is None:
        raise Unusable("请用 --seed 给出公开产生的种子；只公布抽样框请用 minxin draw freeze。")
    seed = protocol.checked_seed(args.seed)
    rule = rules.load().on(_now().date())
    if len(seed) < rule.seed_length:
        print(f"提示：种子不足 {rule.seed_length} 位，正式抽取宜用当众产生的 20 位数字。", file=sys.stderr)
    happened = _time(args.seed_at) if args.seed_at else None
    protocol.checked_moment(happened, _now())
    if args.out is not None and (args.out / protocol.PROTOCOL).exists():
        _same_frame(args)
    else:
        out = args.out
        if out is None:
            out = Path(f"draw-{_now():%Y%m%d-%H%M%S}")
            args.out = out
        print("提示：种子与抽样框同时给出，不能证明先后，记为试抽；正式抽取请先 minxin draw freeze。", file=sys.stderr)
        _freeze(args, out, rehearsal=True)
    made = protocol.take(args.out, seed, _now(), happened, args.source, args.witness)
    return _say(args, _result(made, args.out), _lines(made, args.out))


def _same_frame(args: argparse.Namespace) -> None:
    """Whatever is given beside a frozen round must be what was frozen."""
    held = protocol.read(args.out)
    step = held.step(protocol.FREEZE) or {}
    if args.round and args.round.strip() != held.round:
        raise Refused(f"目录 {args.out} 的轮次是「{access.visible(held.round)}」，与给出的不符。")
    if args.size is not None and args.size != step.get("size"):
        raise Refused(f"已公布抽查 {step.get('size')} 户，不能改为 {args.size} 户；新的一轮请另用目录。")
    if args.frame is not None:
        rule = rules.load().named(str(step.get("rule")))
        plan = allocation.plan(frame.read(args.frame), rule, int(step["size"]))
        if frame.digest(frame.published(plan.firms)) != held.h0:
            raise Refused(f"抽样框 {args.frame} 与已公布的不同，不能用于本轮；新的一轮请另用目录。")


def _time(text: str) -> dt.datetime:
    try:
        given = dt.datetime.fromisoformat(text)
        if given.tzinfo is not None:
            given = given.astimezone(settings.deployment().zone).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise Unusable(f"种子产生的时间「{text}」写法不对，应为 2023-07-05T10:00。") from error
    return given


def _verify(args: argparse.Namespace) -> int:
    found = protocol.verify(args.verify, args.h0, args.seed or "")
    said = {
        "same": found.same,
        "round": found.protocol.round,
        "h0": found.protocol.h0,
        "seed": found.protocol.seed,
        "drawn": found.drawn,
        "rehearsal": found.protocol.rehearsal,
        "problems": list(found.problems),
    }
    lines = "\n".join(found.problems)
    if found.same:
        lines = f"复核一致：由公布的哈希值和种子重抽，{found.drawn} 户与名单相同。"
        if found.protocol.rehearsal:
            lines += "\n本轮为试抽：种子与抽样框同时给出，不能证明先后。"
    _say(args, said, lines)
    if not found.same and args.json:
        print(lines, file=sys.stderr)
    return 0 if found.same else 1


# ── what is said ────────────────────────────────────────────────────────────────────────────────


def _say(args: argparse.Namespace, said: dict[str, Any], lines: str) -> int:
    text = json.dumps(said, ensure_ascii=False, indent=2) if args.json else lines.rstrip("\n")
    sys.stdout.write(text + "\n")
    return 0


def _frozen(made: protocol.Protocol, out: Path) -> dict[str, Any]:
    step = made.step(protocol.FREEZE) or {}
    said = {k: step[k] for k in ("h0", "firms", "eligible", "size", "random", "classes", "rule", "rule_digest")}
    return {"round": made.round, "out": str(out), **said, "rehearsal": made.rehearsal}


def _result(made: protocol.Protocol, out: Path) -> dict[str, Any]:
    found = protocol.drawn(out, made)
    columns = ["uscc", "risk_class", "arm", "place", "pi", "u"]
    visited, reserve = (
        found.loc[(found["arm"] == drawing.RESERVE) == spare, columns].to_dict("records") for spare in (False, True)
    )
    return {**_frozen(made, out), "seed": made.seed, "drawn": len(visited), "firms_drawn": visited, "reserve": reserve}


def _lines(made: protocol.Protocol, out: Path) -> str:
    step = made.step(protocol.FREEZE) or {}
    trial = "（试抽）" if made.rehearsal else ""
    rows = [f"{access.visible(made.round)}：已抽取 {step['size']} 户，其中随机组 {step['random']} 户{trial}。"]
    for code, held in step["classes"].items():
        if held["firms"]:
            share = f"{100 * held['drawn'] / held['firms']:.1f}%"
            rows.append(f"{rules.CLASS_WORDS[code]}\t{held['firms']} 户中抽 {held['drawn']} 户\t抽中概率平均 {share}")
    rows.append(f"抽样框 SHA-256：{made.h0}")
    rows.append(f"名单、备选和抽取记录在 {out}；复核用 minxin draw --verify {out}。")
    return "\n".join(rows)
