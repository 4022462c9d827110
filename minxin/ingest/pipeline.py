"""The second half of an import: from the rows of an opened file to a batch of the lake.

One pass types, places, judges and masks the rows and writes the good ones as Parquet; all that
follows (what is new, what repeats, what is missing, what is rejected and why) looks at narrow columns
or at the rows that were left out. A clean file is thus read once and written once.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from minxin.ingest import rejects, steps
from minxin.ingest.engine import engine, single
from minxin.ingest.mapping import Mapping, available, mapping_for_template
from minxin.ingest.names import shown
from minxin.ingest.readers import Source, open_source
from minxin.ingest.row_keys import RowKey, row_key
from minxin.ingest.rows_sql import Plan
from minxin.settings import Home, Unusable
from minxin.tables import table, tables
from minxin.texts.masking import offer_key, withdraw_key
from minxin.warehouse.lake import BatchWriter, Lake
from minxin.warehouse.lock import writing

log = logging.getLogger(__name__)
Progress = Callable[[float, str], None]

#: Working folders of previews and trial runs that nobody finished are swept after this time.
_STALE_SECONDS = 24 * 3600
_LONGEST_NAME = 120


@dataclass(frozen=True)
class ImportResult:
    """What an import did: ``rows = accepted + replaced + repeated + rejected``.

    ``batch`` is None for a trial run; ``reasons`` counts rows per fault (a row may have several);
    ``located`` counts the stored rows by the way their community was found.
    """

    batch: str | None
    rows: int
    accepted: int
    rejected: int
    replaced: int
    repeated: int
    reasons: dict[str, int] = field(default_factory=dict)
    unlocated: int = 0
    located: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The result as a dictionary that ``json`` can write."""
        return {**asdict(self), "notes": list(self.notes)}


@dataclass(frozen=True)
class _Counts:
    """What the steps found out about a file."""

    rows: int
    accepted: int
    replaced: int
    repeated: int
    rejected: int
    reasons: dict[str, int]
    fields: list[dict[str, Any]]
    located: dict[str, int]
    notes: tuple[str, ...]
    delivered: list[str]
    keeps: list[str]
    row_key: RowKey

    @property
    def unlocated(self) -> int:
        return self.located.get("none", 0)


def run_import(
    file: Path,
    mapping: Mapping | None,
    home: Home,
    *,
    name: str = "",
    who: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
    rejects_to: Path | None = None,
) -> ImportResult:
    """Import one file as one batch.

    ``mapping=None`` takes the one that fits the columns of the file. ``name`` is what an upload was
    called. ``dry_run`` counts and stores nothing. ``rejects_to`` (.xlsx or .csv) receives the rejected
    rows as they stand in the file, for mending; it is kept nowhere else. Raises Unusable for a file
    nobody can use and Refused when another process is writing; then nothing has changed.
    """
    say = progress or (lambda share, text: None)
    home = home.open()
    called = clean_file_name(name or file.name)
    if dry_run:
        with working_folder(home, "trial") as work:
            say(0.01, "识别文件")
            source, mapping = open_for(file, mapping, work, called)
            counts = _import(source, mapping, home, work, None, rejects_to, say)
        say(1.0, "试运行完成")
        return _result(None, counts)
    lake = Lake(home)
    with writing(home), working_folder(home, "import") as work:
        _sweep(home, work)
        say(0.01, "识别文件")
        source, mapping = open_for(file, mapping, work, called)
        # Only now: a file nobody can use leaves no home behind.
        home.open("real")
        about = {"source": called, "source_sha256": source.sha256, "mapping": mapping.name, "table": mapping.table}
        with lake.writer(who=who or "未注明", **about) as batch:
            counts = _import(source, mapping, home, work, batch, rejects_to, say)
            batch.finish(
                rows=counts.rows,
                accepted=counts.accepted,
                replaced=counts.replaced,
                repeated=counts.repeated,
                rejected=counts.rejected,
                reasons=counts.reasons,
                fields=counts.fields,
                unlocated=counts.unlocated,
                located=counts.located,
                notes=counts.notes,
                delivered=counts.delivered,
                keeps=counts.keeps,
                headings=counts.row_key.headings,
                key_headings=counts.row_key.key_headings,
            )
    say(1.0, "导入完成")
    return _result(batch.id, counts)


def _result(batch: str | None, counts: _Counts) -> ImportResult:
    assert counts.accepted + counts.replaced + counts.repeated + counts.rejected == counts.rows
    return ImportResult(
        batch=batch,
        rows=counts.rows,
        accepted=counts.accepted,
        rejected=counts.rejected,
        replaced=counts.replaced,
        repeated=counts.repeated,
        reasons=counts.reasons,
        unlocated=counts.unlocated,
        located=counts.located,
        notes=counts.notes,
    )


def clean_file_name(name: str) -> str:
    """The base name of a stranger's file, in one line, whichever system it comes from."""
    return shown(name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1], _LONGEST_NAME) or "未命名"


def open_for(file: Path, mapping: Mapping | None, work: Path, name: str) -> tuple[Source, Mapping]:
    """The opened file and its mapping; the best fitting one where none is given.

    Raises Unusable where no mapping fits or the file lacks columns that every row needs.
    """
    expected = mapping.expected if mapping else frozenset().union(*(m.expected for m in _candidates()))
    options = asdict(mapping.read) if mapping else {}
    source = open_source(file, work, name=name, expected=expected, **options)
    mapping = mapping or _best(source)
    if unmet := mapping.unmet(source.columns):
        found = "、".join(shown(c, 20) for c in source.columns[:12])
        raise Unusable(
            f"文件「{shown(name)}」缺少必需的列：{'、'.join(unmet)}（文件现有：{found}）；请换用映射或补上这些列后再导入。"
        )
    return source, mapping


def _candidates() -> list[Mapping]:
    return [*available(), *(mapping_for_template(t) for t in tables().values())]


def _best(source: Source) -> Mapping:
    """The mapping that needs nothing the file lacks and uses most of its columns."""
    fitting = [m for m in _candidates() if not m.unmet(source.columns)]
    if not fitting:
        raise Unusable(f"没有适合文件「{shown(source.name)}」的映射；请用 --mapping 指定，或在「数据导入」页对应各列。")
    return max(fitting, key=lambda m: len({c for names in m.sources(source.columns).values() for c in names}))


@contextmanager
def working_folder(home: Home, kind: str) -> Iterator[Path]:
    """A folder for one run, gone after it however it ends."""
    work = home.temporary / f"{kind}-{os.getpid()}-{secrets.token_hex(4)}"
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sweep(home: Home, own: Path) -> None:
    """Remove what killed runs left: imports at once, since we hold the writer lock; the others after a day."""
    for folder in home.temporary.iterdir():
        if folder == own or not folder.is_dir():
            continue
        dead = folder.name.startswith("import-")
        if not dead and folder.name.startswith(("trial-", "preview-")):
            dead = time.time() - folder.stat().st_mtime > _STALE_SECONDS
        if dead:
            shutil.rmtree(folder, ignore_errors=True)


def local_now(home: Home) -> datetime:
    """The moment of an import, on the clock of the deployment."""
    return datetime.now(home.deployment.zone).replace(tzinfo=None, microsecond=0)


def make_plan(source: Source, mapping: Mapping, home: Home) -> Plan:
    """The plan of a file before any of its rows is seen."""
    plan = Plan(table(mapping.table), mapping, home.deployment, source.columns, local_now(home))
    if not plan.whole_row_is_key:
        return plan
    return replace(plan, row_key=row_key(home, mapping.table, source.columns, plan.mapped_columns))


def _import(
    source: Source,
    mapping: Mapping,
    home: Home,
    work: Path,
    batch: BatchWriter | None,
    rejects_to: Path | None,
    say: Progress,
) -> _Counts:
    """All of an import but the publication."""
    plan = make_plan(source, mapping, home)
    staged = work / "staged"
    target = (batch.folder if batch else work) / plan.table.name
    with engine(work) as connection:
        read = source.load(connection, plan.source_columns, lambda share, text: say(0.02 + 0.33 * share, text))
        plan = steps.prepare(connection, plan, "raw", lambda share, text: say(0.35 + 0.1 * share, text))
        offer_key(connection, home.key())
        steps.keep_apart(connection, plan)
        good = steps.stage(connection, plan, staged, lambda share: say(0.45 + 0.4 * share, "校验、脱敏、写入"))
        withdraw_key(connection)
        loaded = single(connection, "select count(*) from raw")
        files = f"{staged.as_posix()}/*/*.parquet"
        say(0.86, "比对已有数据")
        located, keeps = steps.compare(connection, plan, files, good, Lake(home))
        steps.leave_out(connection, plan, files, good, loaded)
        fields = steps.fields(connection, plan, files, good)
        special = dict(connection.execute("select status, count(*) from special group by status").fetchall())
        say(0.92, "写入批次")
        steps.move(connection, plan, staged, files, target, special)
        reasons, rejected = steps.reasons(connection, batch.rejected_file if batch else None)
        repeated, replaced = special.get("repeated", 0), special.get("replaced", 0)
        if good + rejected != read:
            raise RuntimeError(f"rows lost or doubled: {good} good + {rejected} rejected of {read} read")
        notes = [*source.notes, *steps.notes(connection, plan, source, home)]
        if rejects_to is not None and rejected:
            say(0.96, "整理退回数据")
            notes += rejects.write_rejects(connection, source, rejects_to, work)
    return _Counts(
        rows=read,
        accepted=good - repeated - replaced,
        replaced=replaced,
        repeated=repeated,
        rejected=rejected,
        reasons=reasons,
        fields=fields,
        located=located,
        notes=tuple(notes),
        delivered=plan.delivered,
        keeps=keeps,
        row_key=plan.row_key,
    )
