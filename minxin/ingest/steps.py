"""The steps of an import, each a question to DuckDB about the raw rows or about what was made of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from minxin.ingest import places
from minxin.ingest.checks import SEPARATOR
from minxin.ingest.engine import as_written, run, single
from minxin.ingest.names import REASON_COLUMN, shown
from minxin.ingest.readers import Source
from minxin.ingest.row_keys import row_key_sql
from minxin.ingest.rows_sql import Plan
from minxin.ingest.statuses import Columns, find_special
from minxin.ingest.typing_sql import order_formats, picked_sql
from minxin.settings import Home, Refused
from minxin.texts.masking import masked_sql
from minxin.texts.sql_text import literal, quote
from minxin.warehouse.lake import Lake

_PLACE = ("community_code", "community_name")


def prepare(connection: duckdb.DuckDBPyConnection, plan: Plan, raw: str, say: Callable[[float, str], None]) -> Plan:
    """Look at the texts that are few: time formats, community names, points. Makes the tables of ``places``."""
    formats = {}
    for target, rule in plan.rules.items():
        if plan.table.column(target).type in ("timestamp", "date"):
            formats[target] = order_formats(connection, raw, picked_sql(rule, plan.present) or "null", rule.formats)
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
            " anti join place_names on said.place_text = place_names.place_text) as unknown"
            " on place_said._line = unknown._line"
        )
        same = " and ".join(f"raw.{c} is not distinct from place_open.{c}" for c in _place_sources(plan))
        asking = f"(select raw.* from {raw} as raw semi join place_open on {same})"
    open_texts = single(connection, "select count(*) from place_open") if code or name else 1
    if open_texts and plan.has_points:
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


def stage(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Path, tell: Callable[[float], None]) -> int:
    """Write the good rows below ``staged/month=…/``; returns how many."""
    good = plan.stored_sql(f"select * from ({plan.judged_sql('raw', to_store=True)}) where _ok")
    with as_written(connection):
        written = run(connection, _copy(good, staged), tell)
    return int(written[0][0])


def _copy(query: str, folder: Path) -> str:
    return (
        f"copy ({query}) to {literal(folder.as_posix())}"
        " (format parquet, partition_by (month), filename_pattern 'part-{i}', overwrite_or_ignore true,"
        " dictionary_size_limit 4096)"
    )


def keep_apart(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Refuse to number rows by an earlier batch's columns where only others tell them apart; needs ``offer_key``."""
    fixed = plan.row_key
    more = [name for name in plan.mapped_columns if name not in fixed.columns]
    if not fixed.fixed_by or not more:
        return
    mended = REASON_COLUMN in plan.present
    few, many = row_key_sql(fixed.columns, mended), row_key_sql([*fixed.columns, *more], mended)
    lost = single(connection, f"select count(distinct {many}) - count(distinct {few}) from raw")
    if lost:
        raise Refused(
            f"本表没有编号列，批次 {fixed.fixed_by} 导入时没有对应「{shown(more[0], 20)}」等列，"
            f"有 {lost} 行与其他行只在这些列上不同；请先撤回该批次，再导入此文件。"
        )


def compare(
    connection: duckdb.DuckDBPyConnection, plan: Plan, files: str, good: int, lake: Lake
) -> tuple[dict[str, int], list[str]]:
    """Make ``special``; count the rows to be stored by the way of their community.

    Also the batches whose values the stored rows keep. A row that replaces keeps its community where
    the file does not speak of it, and is not counted then.
    """
    if not good:
        connection.execute("create or replace temp table special (_line bigint, status varchar)")
        return (places.count_ways([]) if plan.located else {}), []
    name = plan.table.name
    keeps = find_special(connection, files, lake.files(name), Columns(plan.table, plan.delivered, lake.delivered(name)))
    if not plan.located:
        return {}, keeps
    speaks = plan.has_points or set(_PLACE) & set(plan.rules)
    ways = connection.execute(
        f"select community_source, count(*) from read_parquet({literal(files)}, hive_partitioning = false) as staged"
        f" anti join (select _line from special where status = 'repeated' or {not speaks}) as uncounted"
        " on staged._line = uncounted._line"
        " group by community_source"
    ).fetchall()
    return places.count_ways(ways), keeps


def leave_out(connection: duckdb.DuckDBPyConnection, plan: Plan, files: str, good: int, loaded: int) -> None:
    """Make ``left_out``: the loaded rows that were not stored, judged, with the reason in ``_problem``."""
    if good == loaded:
        texts = "".join(f", cast(null as varchar) as {quote(f't_{name}')}" for name in plan.rules)
        connection.execute(
            f"create or replace temp table left_out as select 0 as _line, '' as _problem{texts} where false"
        )
        return
    relation = "raw"
    if good:
        lines = f"(select _line from read_parquet({literal(files)}, hive_partitioning = false))"
        relation = f"(select raw.* from raw anti join {lines} as stored on raw._line = stored._line)"
    with as_written(connection):
        connection.execute(f"create or replace temp table left_out as {plan.reasons_sql(relation)}")
    if unexplained := single(connection, "select count(*) from left_out where _problem = ''"):
        raise RuntimeError(f"{unexplained} rows were left out without a reason")


def fields(connection: duckdb.DuckDBPyConnection, plan: Plan, files: str, good: int) -> list[dict[str, Any]]:
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
        "select path_in_schema, cast(sum(stats_null_count) as bigint)"
        f" from parquet_metadata({literal(files)}) group by path_in_schema"
    ).fetchall()
    found |= {name: n for name, n in counted if name in found and plan.table.column(name).personal != "drop"}
    if plan.located and set(_PLACE) & set(found):
        held = f"read_parquet({literal(files)}, hive_partitioning = false)"
        none = single(connection, f"select count(*) from {held} where community_source = 'none'")
        found |= {name: none for name in _PLACE if name in found}
    return found


def move(
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


def reasons(connection: duckdb.DuckDBPyConnection, file: Path | None) -> tuple[dict[str, int], int]:
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
        "select fault, count(*) as n"
        f" from (select unnest(string_split(reason, {literal(SEPARATOR)})) as fault from rejected)"
        " group by fault order by n desc, fault"
    ).fetchall()
    return dict(counted), single(connection, "select count(*) from rejected")


def notes(connection: duckdb.DuckDBPyConnection, plan: Plan, source: Source, home: Home) -> list[str]:
    """What people should know of this import besides its counts."""
    notes = []
    earlier = [
        m.batch_id for m in Lake(home).batches() if m.source_sha256 == source.sha256 and m.mapping == plan.mapping.name
    ]
    if earlier:
        notes.append(f"同一文件曾以同一映射导入：{'、'.join(earlier[-3:])}")
    unused = [c for t, r in plan.mapping.columns.items() if t not in plan.rules for c in r.source[:1]]
    if unused:
        notes.append(
            f"文件中没有可选的列：{'、'.join(shown(c, 20) for c in unused[:8])}{'等' if len(unused) > 8 else ''}"
        )
    if plan.located:
        notes += _unknown_places(connection, plan)
    return notes


def _unknown_places(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """The names of communities that no spelling of ours meets, the most frequent first, masked like any text."""
    code, name = plan.place_columns
    if code is None and name is None:
        return []
    if not single(connection, "select count(*) from place_open"):
        return []
    said = plan.placed_sql("place_open", only=_PLACE)
    unknown = f"""
        select coalesce({name or "null"}, {code or "null"}) as place, sum(place_open.n) as n
        from ({said}) as said
        join place_open on said._line = place_open._line
        where said.place_text is not null
        group by 1 order by n desc, place limit 5"""
    rows = connection.execute(
        f"select place, n from ({masked_sql(f'({unknown})', ['place'])}) order by n desc"
    ).fetchall()
    if not rows:
        return []
    listed = "、".join(f"{shown(place, 20)}（{n} 行）" for place, n in rows)
    return [f"名称无法对应到社区、改按坐标归属的：{listed}" if plan.has_points else f"名称无法对应到社区的：{listed}"]
