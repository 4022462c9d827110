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

import duckdb

from minxin.ingest import places, rejects
from minxin.ingest.checks import SEPARATOR
from minxin.ingest.engine import as_written, engine, run, single
from minxin.ingest.mapping import Mapping, available, mapping_for_template
from minxin.ingest.masking import masked_sql, offer_key, withdraw_key
from minxin.ingest.names import shown
from minxin.ingest.readers import Source, open_source
from minxin.ingest.rows_sql import Plan
from minxin.ingest.sql_text import literal, quote
from minxin.ingest.statuses import find_special
from minxin.ingest.typing_sql import order_formats, picked_sql
from minxin.settings import Home, Unusable
from minxin.tables import table, tables
from minxin.warehouse.lake import BatchWriter, Lake
from minxin.warehouse.lock import writing

log = logging.getLogger(__name__)
Progress = Callable[[float, str], None]

#: Working folders of previews and trial runs that nobody finished are swept after this time.
_STALE_SECONDS = 24 * 3600
_LONGEST_NAME = 120
_PLACE = ("community_code", "community_name")


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
    """What ``_stage`` and ``_settle`` found out about a file."""

    rows: int
    accepted: int
    replaced: int
    repeated: int
    rejected: int
    reasons: dict[str, int]
    fields: list[dict[str, Any]]
    located: dict[str, int]
    as_of: datetime | None
    notes: tuple[str, ...]

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
                as_of=counts.as_of,
                notes=counts.notes,
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
    return Plan(table(mapping.table), mapping, home.deployment, source.columns, local_now(home))


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
        plan = prepare(connection, plan, "raw", lambda share, text: say(0.35 + 0.1 * share, text))
        offer_key(connection, home.key())
        good = _stage(connection, plan, staged, lambda share: say(0.45 + 0.4 * share, "校验、脱敏、写入"))
        withdraw_key(connection)
        loaded = single(connection, "select count(*) from raw")
        files = f"{staged.as_posix()}/*/*.parquet"
        say(0.86, "比对已有数据")
        located, as_of = _compare(connection, plan, files, good, Lake(home).files(plan.table.name))
        _leave_out(connection, plan, files, good, loaded)
        fields = _fields(connection, plan, files, good)
        special = dict(connection.execute("select status, count(*) from special group by status").fetchall())
        say(0.92, "写入批次")
        _move(connection, plan, staged, files, target, special)
        reasons, rejected = _reasons(connection, batch.rejected_file if batch else None)
        repeated, replaced = special.get("repeated", 0), special.get("replaced", 0)
        if good + rejected != read:
            raise RuntimeError(f"rows lost or doubled: {good} good + {rejected} rejected of {read} read")
        notes = [*source.notes, *_notes(connection, plan, source, home)]
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
        as_of=as_of,
        notes=tuple(notes),
    )


def prepare(connection: duckdb.DuckDBPyConnection, plan: Plan, raw: str, say: Progress) -> Plan:
    """Look at the texts that are few: time formats, community names, points. Makes the tables of ``places``."""
    formats = {}
    for name, rule in plan.rules.items():
        if plan.table.column(name).type in ("timestamp", "date"):
            formats[name] = order_formats(connection, raw, picked_sql(rule, plan.present) or "null", rule.formats)
    plan = replace(plan, formats=formats)
    if not plan.located:
        return plan
    say(0.1, "识别社区")
    code, name = plan.place_columns
    _gather_places(connection, plan, raw)
    said = plan.placed_sql("place_said", only=_PLACE)
    places.resolve_names(connection, plan.deployment, said, code or "null", name or "null")
    asking = raw
    if code or name:
        connection.execute(
            "create or replace temp table place_open as"
            f" select place_said.* from place_said semi join (select said._line from ({said}) as said"
            " anti join place_names on said.place_text = place_names.place_text) as open on place_said._line = open._line"
        )
        same = " and ".join(f"raw.{c} is not distinct from place_open.{c}" for c in _place_sources(plan))
        asking = f"(select raw.* from {raw} as raw semi join place_open on {same})"
    if not (code or name) or single(connection, "select count(*) from place_open"):
        if plan.has_points:
            say(0.4, "按坐标归属社区")
            asked = plan.placed_sql(asking, only=(*_PLACE, "longitude", "latitude"))
            with as_written(connection):
                places.resolve_points(connection, plan.deployment, f"select point_key from ({asked})")
            say(1.0, "识别社区")
            return plan
    say(1.0, "识别社区")
    return replace(plan, asks_points=False)


def _place_sources(plan: Plan) -> list[str]:
    """The columns of the file that name the community, quoted."""
    found = [name for target in _PLACE if target in plan.rules for name in plan.rules[target].present(plan.present)]
    return [quote(name) for name in dict.fromkeys(found)]


def _gather_places(connection: duckdb.DuckDBPyConnection, plan: Plan, raw: str) -> None:
    """Make ``place_said``: what the file says of communities, each text once, with the rows that say it."""
    columns = _place_sources(plan)
    listed = "".join(f", {c}" for c in columns)
    grouping = f"select count(*) as n{listed} from {raw}" + (f" group by {', '.join(columns)}" if columns else "")
    connection.execute(
        f"create or replace temp table place_said as select row_number() over () as _line, n{listed} from ({grouping})"
    )


def _stage(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Path, tell: Callable[[float], None]) -> int:
    """Write the good rows below ``staged/month=…/``; returns how many."""
    good = plan.stored_sql(f"select * from ({plan.judged_sql('raw')}) where _ok")
    with as_written(connection):
        written = run(connection, _copy(good, staged), tell)
    return int(written[0][0])


def _copy(query: str, folder: Path) -> str:
    return (
        f"copy ({query}) to {literal(folder.as_posix())}"
        " (format parquet, partition_by (month), filename_pattern 'part-{i}', overwrite_or_ignore true,"
        " dictionary_size_limit 4096)"
    )


def _compare(
    connection: duckdb.DuckDBPyConnection, plan: Plan, files: str, good: int, held: list[str]
) -> tuple[dict[str, int], datetime | None]:
    """Make ``special``; count the rows to be stored by the way of their community; the latest time."""
    if not good:
        connection.execute("create or replace temp table special (_line bigint, status varchar)")
        return (places.count_ways([]) if plan.located else {}), None
    find_special(connection, files, held)
    staged = f"read_parquet({literal(files)}, hive_partitioning = false)"
    located: dict[str, int] = {}
    if plan.located:
        ways = connection.execute(
            f"select community_source, count(*) from {staged} as staged"
            " anti join (select _line from special where status = 'repeated') as repeated on staged._line = repeated._line"
            " group by community_source"
        ).fetchall()
        located = places.count_ways(ways)
    as_of = None
    if plan.table.month:
        as_of = single(connection, f"select cast(max({quote(plan.table.month)}) as timestamp) from {staged}")
    return located, as_of


def _leave_out(connection: duckdb.DuckDBPyConnection, plan: Plan, files: str, good: int, loaded: int) -> None:
    """Make ``left_out``: the loaded rows that were not stored, judged, with the reason in ``_problem``."""
    relation = "raw"
    if good == loaded:
        relation = "(select * from raw limit 0)"
    elif good:
        lines = f"(select _line from read_parquet({literal(files)}, hive_partitioning = false))"
        relation = f"(select raw.* from raw anti join {lines} as stored on raw._line = stored._line)"
    with as_written(connection):
        connection.execute(f"create or replace temp table left_out as {plan.reasons_sql(relation)}")
    if unexplained := single(connection, "select count(*) from left_out where _problem = ''"):
        raise RuntimeError(f"{unexplained} rows were left out without a reason")


def _fields(connection: duckdb.DuckDBPyConnection, plan: Plan, files: str, good: int) -> list[dict[str, Any]]:
    """Per filled column: rows looked at, rows without a value, rows with one that could not be taken."""
    names = list(plan.rules)
    stored = _stored_missing(connection, plan, files, good)
    columns = {row[0] for row in connection.execute("describe left_out").fetchall()}
    parts = []
    for name in names:
        parts.append(f"count(*) filter (where {quote(f't_{name}')} is null)")
        odd = f"odd_{name}"
        parts.append(f"count(*) filter (where {quote(odd)})" if odd in columns else "0")
    out = connection.execute(f"select count(*), {', '.join(parts)} from left_out").fetchall()[0]
    found = []
    for position, name in enumerate(names):
        found.append(
            {
                "field": name,
                "label": plan.table.column(name).label,
                "rows": int(good + out[0]),
                "missing": int(stored[name] + out[1 + 2 * position]),
                "odd": int(out[2 + 2 * position]),
            }
        )
    return found


def _stored_missing(connection: duckdb.DuckDBPyConnection, plan: Plan, files: str, good: int) -> dict[str, int]:
    """Per filled column the good rows without a value, from what the Parquet files say of themselves.

    Of a community it is the rows that none was found for; of a dropped column nothing is known.
    """
    found = dict.fromkeys(plan.rules, 0)
    if not good:
        return found
    counted = connection.execute(
        f"select path_in_schema, cast(sum(stats_null_count) as bigint) from parquet_metadata({literal(files)}) group by 1"
    ).fetchall()
    found |= {name: n for name, n in counted if name in found and plan.table.column(name).personal != "drop"}
    if plan.located and set(_PLACE) & set(found):
        held = f"read_parquet({literal(files)}, hive_partitioning = false)"
        none = single(connection, f"select count(*) from {held} where community_source = 'none'")
        found |= {name: none for name in _PLACE if name in found}
    return found


def _move(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    staged: Path,
    files: str,
    target: Path,
    special: dict[str, int],
) -> None:
    """The stored rows from ``staged`` to ``target``: by renaming where nothing was special, else rewritten."""
    if not staged.exists() or not any(staged.glob("*/*.parquet")):
        return
    if not special:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(staged, target)
        return
    if special.get("repeated", 0) == single(
        connection, f"select count(*) from read_parquet({literal(files)}, hive_partitioning = false)"
    ):
        return
    kept = f"""
        select staged.* replace (coalesce(special.status, 'accepted') as _status)
        from read_parquet({literal(files)}, hive_partitioning = true, hive_types = {{'month': varchar}}) as staged
        left join special on staged._line = special._line
        where special.status is distinct from 'repeated'"""
    target.mkdir(parents=True, exist_ok=True)
    with as_written(connection):
        connection.execute(_copy(kept, target)).fetchall()


def _reasons(connection: duckdb.DuckDBPyConnection, file: Path | None) -> tuple[dict[str, int], int]:
    """Make ``rejected(line, reason)`` and write it to ``file``; rows per fault, and rejected rows."""
    connection.execute(
        "create or replace temp table rejected as select _line as line, _problem as reason from left_out"
        " union all select line, reason from raw_bad"
    )
    if file is not None:
        connection.execute(
            f"copy (select line, reason from rejected order by line) to {literal(file.as_posix())} (format parquet)"
        )
    counted = connection.execute(
        f"select fault, count(*) as n from (select unnest(string_split(reason, {literal(SEPARATOR)})) as fault from rejected)"
        " group by fault order by n desc, fault"
    ).fetchall()
    return dict(counted), single(connection, "select count(*) from rejected")


def _notes(connection: duckdb.DuckDBPyConnection, plan: Plan, source: Source, home: Home) -> list[str]:
    """What people should know of this import besides its counts."""
    notes = []
    earlier = [m.batch_id for m in Lake(home).batches() if m.source_sha256 == source.sha256 and m.mapping == plan.mapping.name]
    if earlier:
        notes.append(f"同一文件曾以同一映射导入：{'、'.join(earlier[-3:])}")
    unused = [c for t, r in plan.mapping.columns.items() if t not in plan.rules for c in r.source[:1]]
    if unused:
        notes.append(f"文件中没有可选的列：{'、'.join(shown(c, 20) for c in unused[:8])}{'等' if len(unused) > 8 else ''}")
    if plan.located:
        notes += _unknown_places(connection, plan)
    return notes


def _unknown_places(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """The names of communities that no spelling of ours meets, the most frequent first, masked like any text."""
    code, name = plan.place_columns
    if code is None and name is None:
        return []
    said = plan.placed_sql("place_open", only=_PLACE)
    unknown = f"""
        select coalesce({name or "null"}, {code or "null"}) as place, sum(place_open.n) as n
        from ({said}) as said
        join place_open on said._line = place_open._line
        where said.place_text is not null
        group by 1 order by n desc, place limit 5"""
    rows = connection.execute(f"select place, n from ({masked_sql(f'({unknown})', ['place'])}) order by n desc").fetchall()
    if not rows:
        return []
    listed = "、".join(f"{shown(place, 20)}（{n} 行）" for place, n in rows)
    return [f"名称无法对应到社区、改按坐标归属的：{listed}" if plan.has_points else f"名称无法对应到社区的：{listed}"]
