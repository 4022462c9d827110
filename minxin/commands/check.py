"""``minxin check``: configuration, calendar years, indicators, mappings, snapshots, what people decided."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from minxin import calendar, queries, settings, tables
from minxin.access import rules as access_rules
from minxin.analysis import indicators
from minxin.analysis.assessment import rules as assessment_rules
from minxin.analysis.inspection import rules as inspection_rules
from minxin.charts import boards
from minxin.charts.credit.risk_board import risk_board
from minxin.commands import pages
from minxin.ingest import mapping
from minxin.warehouse import disclosure_rules, policies, repair_rules, risk_rules
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshots, fingerprint
from minxin.warehouse.visibility import Revocations

OK, WARN, WRONG = "ok", "warn", "wrong"
WORDS = {OK: "正常", WARN: "注意", WRONG: "有误"}


@dataclass(frozen=True)
class Finding:
    """What one check found: ``status`` is ok, warn or wrong."""

    check: str
    status: str
    message: str


def register(subparsers: Any) -> None:
    """Add ``check`` to the command line."""
    parser = subparsers.add_parser("check", help="检查配置、日历、口径、映射与快照完整性", description=__doc__)
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print every finding; 1 where something is wrong."""
    found = findings()
    if args.json:
        print(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=1))
    else:
        for finding in found:
            print(f"{WORDS[finding.status]}  {finding.check}  {finding.message}")
    return 1 if any(finding.status == WRONG for finding in found) else 0


def findings() -> list[Finding]:
    """All checks in order; a check that refuses to run is a finding of its own."""
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "部署配置": _deployment,
        "数据表声明": _tables,
        "命名查询": _queries,
        "日历": _calendar,
        "指标口径": _indicators,
        "映射": _mappings,
        "页面": _pages,
        "规则文件": _rules,
        "撤销名单": _revocations,
        "快照": _snapshots,
        "数据湖": _lake,
        "操作库": _store,
    }
    found: list[Finding] = []
    for name, check in checks.items():
        try:
            found.extend(check())
        except (settings.Refused, settings.Unusable) as error:
            found.append(Finding(name, WRONG, str(error)))
    return found


def _deployment() -> Iterator[Finding]:
    deployment = settings.deployment()
    codes = {c.code for c in deployment.communities}
    shapes = [f.get("properties", {}).get("code") for f in deployment.shapes["features"]]
    for code in sorted(codes - set(shapes)) if shapes else []:
        yield Finding("部署配置", WARN, f"{deployment.area_word} {code} 在边界文件中没有图形，地图上不显示。")
    for code in sorted({str(s) for s in shapes} - codes):
        yield Finding("部署配置", WRONG, f"边界文件中的 {code} 不在 communities.csv 中，请补上或删去。")
    if not shapes:
        yield Finding("部署配置", WARN, "没有边界文件，地图不可用。")
    unknown = sum(c.population is None for c in deployment.communities)
    if unknown:
        yield Finding("部署配置", WARN, f"{unknown} 个{deployment.area_word}缺人口数，万人诉求量不计算。")
    yield Finding(
        "部署配置", OK, f"{deployment.name}，{len(codes)} 个{deployment.area_word}，时区 {deployment.timezone}。"
    )


def _tables() -> Iterator[Finding]:
    declared = tables.tables()
    for table in declared.values():
        for name in (*table.key, *((table.month,) if table.month else ())):
            if name not in table.names:
                yield Finding("数据表声明", WRONG, f"表 {table.name} 的键或月份列 {name} 未声明。")
    yield Finding("数据表声明", OK, f"{len(declared)} 张表。")


def _queries() -> Iterator[Finding]:
    blocks = queries.blocks()
    for block in blocks.values():
        if not block.row:
            yield Finding("命名查询", WRONG, f"查询 {block.name} 没有说明一行是什么，请补注释。")
    yield Finding("命名查询", OK, f"{len(blocks)} 个。")


def _calendar() -> Iterator[Finding]:
    """The days the board is about to speak of: this year of the data and the year after."""
    snapshot = Snapshots(settings.home()).current()
    day = snapshot.as_of.date() if snapshot else date.today()
    frame = calendar.calendar_frame(date(day.year, 1, 1), date(day.year + 2, 1, 1) - timedelta(days=1))
    presumed = sorted({int(str(d)[:4]) for d in frame.loc[frame["is_presumed"], "day"]})
    if presumed and calendar.calendar().has_notices:
        years = "、".join(map(str, presumed))
        yield Finding("日历", WARN, f"{years} 年的节假日安排尚未公布，暂按周末推定；公布后请填入日历文件。")
    elif presumed:
        yield Finding("日历", WARN, "本部署没有节假日表，一律按周末推定；需要时请在部署目录放入日历文件。")
    yield Finding("日历", OK, f"覆盖 {day.year} 至 {day.year + 1} 年。")


def _indicators() -> Iterator[Finding]:
    known = indicators.load()
    today = date.today()
    for indicator in known.values():
        if indicator.next_review < today:
            yield Finding("指标口径", WARN, f"{indicator.name} 的口径应于 {indicator.next_review} 前复核。")
    yield Finding("指标口径", OK, f"{len(known)} 个指标。")


def _mappings() -> Iterator[Finding]:
    names = mapping.names()
    for name in names:
        try:
            mapping.load_mapping(name)
        except settings.Unusable as error:
            yield Finding("映射", WRONG, str(error))
    yield Finding("映射", OK, f"{len(names)} 个：{'、'.join(names)}。")


def _pages() -> Iterator[Finding]:
    known = pages.registered()
    for page in known:
        if not (settings.ROOT / "pages" / page["file"]).exists():
            yield Finding("页面", WRONG, f"页面 {page['title']} 的文件 pages/{page['file']} 不存在。")
    yield Finding("页面", OK, f"{len(known)} 个页面。")


def _rules() -> Iterator[Finding]:
    """Every file that decides something is read as the pages and the build read it."""
    from minxin.operations.rules import rules as procedure  # with the store's driver: not for every command

    here = settings.deployment()
    readers: dict[str, Callable[[], object]] = {
        "考核规则": assessment_rules.load,
        "分类规则": lambda: risk_rules.load(here),
        "抽查规则": inspection_rules.load,
        "公示规则": disclosure_rules.load,
        "修复规则": repair_rules.load,
        "政策": lambda: policies.load(here),
        "督办流程": lambda: procedure(here),
        "权限表": access_rules.rules,
        "看板内容": lambda: (boards.weekly(), boards.scorecard(), risk_board()),
    }
    read = []
    for name, reader in readers.items():
        try:
            reader()
            read.append(name)
        except settings.Unusable as error:
            yield Finding(name, WRONG, str(error))
    held = repair_rules.load() if "修复规则" in read else None
    waiting = f"；修复规则待核事项 {len(held.assumptions)} 项" if held and held.assumptions else ""
    yield Finding("规则文件", OK, f"可用的 {len(read)} 类：{'、'.join(read)}{waiting}。")


def _revocations() -> Iterator[Finding]:
    held = Revocations(settings.home())
    yield Finding("撤销名单", OK, f"停止展示的记录 {len(held.ids())} 条，登记 {len(held.entries())} 次。")


def _snapshots() -> Iterator[Finding]:
    home = settings.home().open()
    snapshots = Snapshots(home)
    current = snapshots.current()
    if current is None:
        yield Finding("快照", WARN, "尚无已发布的快照。")
        return
    everything = snapshots.all()
    for snapshot in everything:
        if fingerprint(snapshot.file) != snapshot.sha256:
            advice = (
                "请用 minxin rollback 退回，或 minxin build 重新构建" if snapshot.id == current.id else "请勿退回到它"
            )
            yield Finding("快照", WRONG, f"快照 {snapshot.id} 的文件与发布时不一致，{advice}。")
    yield Finding("快照", OK, f"共 {len(everything)} 个，当前 {current.id}，数据截至 {current.as_of:%Y-%m-%d %H:%M}。")


def _lake() -> Iterator[Finding]:
    lake = Lake(settings.home())
    batches = lake.batches(withdrawn=True)
    for batch in batches:
        for table in batch.tables:
            if not any((lake.folder / batch.batch_id / table).glob("month=*/*.parquet")):
                yield Finding("数据湖", WRONG, f"批次 {batch.batch_id} 的 {table} 数据文件不见了，请从备份恢复。")
    yield Finding("数据湖", OK, f"{len(batches)} 个批次，其中 {sum(b.withdrawn for b in batches)} 个已撤回。")


def _store() -> Iterator[Finding]:
    from minxin.operations import Store, clock_of  # here: no other command waits for the database's driver

    home = settings.home().open()
    if not Store.is_there(home) or home.kind is None:
        yield Finding("操作库", OK, "还没有批示和审批。")
        return
    with Store.open(home, clock_of(home)) as store:
        problems = store.problems()
    for record in dict.fromkeys(problem.split(":")[0] for problem in problems):
        yield Finding("操作库", WRONG, f"{record} 与其变更历史不符，请保留现有数据库备查，并从备份恢复。")
    if not problems:
        yield Finding("操作库", OK, "每条记录都与其变更历史一致。")
