"""Which rows of a file are new, replace what is held, or repeat it.

Only keys, fingerprints and line numbers are looked at, never the rows themselves. A row is compared
with the state before it: the earlier row of its key in the file, else what the lake holds; and only in
the columns that the file delivers, since what it does not speak of stays as it is. Two cases
follow from that. A key that ends in the file as the lake holds it, all of whose rows the lake has
already, is repeated throughout: so the same file again changes nothing, even when it contradicts
itself. And a key that goes from A to B and back to A ends as A.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from minxin.tables import Table
from minxin.texts.sql_text import literal, literals, quote
from minxin.warehouse.merging import Share, shares

_BATCH = "regexp_extract(_file, 'batches/(b[0-9]+-[0-9a-f]+)/', 1)"
#: Stands for the file in hand among the batches.
_HERE = "here"


@dataclass(frozen=True)
class Columns:
    """Who speaks of which columns: the file in hand, and each batch in force (none named means all)."""

    table: Table
    here: Collection[str]
    batches: Mapping[str, Collection[str]]

    def differs(self, batch: str) -> bool:
        """Whether a batch delivers other columns than the file in hand."""
        return set(self.batches.get(batch) or self.table.names) != set(self.here)

    def shares(self, batches: Collection[str]) -> list[Share]:
        """The columns that the file in hand delivers, grouped by which of the ``batches`` do, too."""
        delivered = {_HERE: self.here} | {b: self.batches.get(b, ()) for b in batches}
        wanted = [c.name for c in self.table.columns if c.personal != "drop" and c.name not in self.table.key]
        return [s for s in shares(self.table, delivered, wanted) if _HERE in s.always | s.found]

    def has_more(self, batch: str) -> bool:
        """Whether a batch delivers a column that the file in hand does not."""
        return not set(self.batches.get(batch) or self.table.names) <= set(self.here)


def find_special(
    connection: duckdb.DuckDBPyConnection, staged: str, held: Sequence[str], columns: Columns | None = None
) -> list[str]:
    """Make the temporary table ``special(_line, status)``: all rows but the plainly accepted ones.

    ``staged`` is a glob of Parquet files with ``_line, _key, _content``; ``held`` the lake's files of
    the same table in force, in order of arrival. Without ``columns`` all files deliver the same ones.
    Returns the batches from which replaced rows keep values that the file does not deliver.
    """
    connection.execute(
        "create or replace temp table incoming as"
        f" select _line, _key, _content from read_parquet({literal(staged)}, hive_partitioning = false)"
    )
    connection.execute(
        "create or replace temp table again as select _key from incoming group by _key having count(*) > 1"
    )
    batches = _find_held(connection, held)
    if columns and any(columns.differs(b) for b in batches):
        _compare_by_columns(connection, staged, held, columns, batches)
    connection.execute("""
        create or replace temp table special as
        -- one row is a row of the file whose key stands in it once and is held by the lake
        with single as (
            select
                incoming._line,
                case when incoming._content = held_now._content then 'repeated' else 'replaced' end as status,
            from incoming
            join held_now on incoming._key = held_now._key
            anti join again on incoming._key = again._key
        ),
        -- one row is a row of the file whose key stands in it several times
        several as (
            select incoming._line, incoming._key, incoming._content
            from incoming
            semi join again on incoming._key = again._key
        ),
        -- one row is such a key: its last content, and whether it brings anything the lake has not
        ending as (
            select
                several._key,
                arg_max(several._content, several._line) as last_content,
                bool_and(held_ever._key is not null) as is_known,
            from several
            left join held_ever on several._key = held_ever._key and several._content = held_ever._content
            group by several._key
        ),
        -- one row is such a row with the content before it
        sequence as (
            select
                several._line,
                several._key,
                several._content,
                lag(several._content) over (partition by several._key order by several._line) as earlier_content,
            from several
        ),
        judged as (
            select
                sequence._line,
                case
                    when ending.is_known and ending.last_content = held_now._content then 'repeated'
                    when coalesce(sequence.earlier_content, held_now._content) is null then 'accepted'
                    when coalesce(sequence.earlier_content, held_now._content) = sequence._content then 'repeated'
                    else 'replaced'
                end as status,
            from sequence
            join ending on sequence._key = ending._key
            left join held_now on sequence._key = held_now._key
        )
        select _line, status from single
        union all
        select _line, status from judged where status <> 'accepted'""")
    return _kept(connection, [b for b in batches if columns and columns.has_more(b)])


def _kept(connection: duckdb.DuckDBPyConnection, wider: Sequence[str]) -> list[str]:
    """Those of the ``wider`` batches whose rows are replaced in part only."""
    if not wider:
        return []
    kept = connection.execute(
        """select distinct held_rows.batch_id
        from held_rows
        semi join (
            select incoming._key from incoming join special on incoming._line = special._line
            where special.status = 'replaced'
        ) as replaced on held_rows._key = replaced._key
        where list_contains(?, held_rows.batch_id)
        order by 1""",
        [list(wider)],
    ).fetchall()
    return [batch for (batch,) in kept]


def _find_held(connection: duckdb.DuckDBPyConnection, held: Sequence[str]) -> list[str]:
    """``held_ever(_key, _content)`` and ``held_now(_key, _content)`` for the keys of the file, from ``held_rows``.

    Returns the batches that hold such keys.
    """
    if not held:
        connection.execute("create or replace temp table held_ever (_key ubigint, _content ubigint)")
        connection.execute("create or replace temp table held_now (_key ubigint, _content ubigint)")
        return []
    connection.execute(f"""
        create or replace temp table held_rows as
        select
            held._key,
            held._content,
            held._line,
            {_BATCH} as batch_id,
        from read_parquet([{literals(list(held))}], hive_partitioning = false, filename = '_file') as held
        semi join incoming on held._key = incoming._key""")
    connection.execute("create or replace temp table held_ever as select distinct _key, _content from held_rows")
    connection.execute("""
        create or replace temp table held_now as
        select _key, arg_max(_content, struct_pack(batch_id, _line)) as _content from held_rows group by _key""")
    return [b for (b,) in connection.execute("select distinct batch_id from held_rows order by 1").fetchall()]


def _compare_by_columns(
    connection: duckdb.DuckDBPyConnection, staged: str, held: Sequence[str], columns: Columns, batches: Sequence[str]
) -> None:
    """Put other fingerprints into ``incoming``, ``held_ever`` and ``held_now``: of the file's columns only.

    For each key that the lake holds, the rows there and those of the file follow each other; each
    changes the fingerprints of the shares of columns that it delivers, the others stay. What a row
    leads to is what it is compared by.
    """
    parts = columns.shares(batches)
    here = f"read_parquet({literal(staged)}, hive_partitioning = false)"
    there = (
        f"read_parquet([{literals([f for f in held if any(f'/{b}/' in f for b in batches)])}],"
        " hive_partitioning = false, union_by_name = true, filename = '_file')"
    )
    keys = "semi join (select distinct _key from held_rows) as known on rows._key = known._key"
    prints = [f"h{i}" for i in range(len(parts))]
    connection.execute(f"""
        create or replace temp table timeline as
        select rows._key, false as is_here, rows._batch as batch_id, rows._line
            {_prints(connection, there, columns, parts)}
        from (select *, {_BATCH} as _batch from {there}) as rows {keys}
        union all
        select rows._key, true, '', rows._line
            {_prints(connection, here, columns, parts)}
        from (select *, '{_HERE}' as _batch from {here}) as rows {keys}""")
    nothing = f"(select {content_sql(columns.table, ())})"
    states = ", '-', ".join(f"coalesce(last_value({h} ignore nulls) over earlier, nothing.h)" for h in prints)
    connection.execute(f"""
        create or replace temp table states as
        select _key, is_here, batch_id, _line, cast(md5_number(concat({states})) >> 64 as ubigint) as _content
        from timeline cross join {nothing} as nothing(h)
        window earlier as (
            partition by _key order by is_here, batch_id, _line rows between unbounded preceding and current row
        )""")
    connection.execute("drop table timeline")
    connection.execute("""
        create or replace temp table incoming as
        select incoming._line, incoming._key, coalesce(states._content, incoming._content) as _content
        from incoming left join states on states.is_here and incoming._line = states._line""")
    connection.execute(
        "create or replace temp table held_ever as select distinct _key, _content from states where not is_here"
    )
    connection.execute("""
        create or replace temp table held_now as
        select _key, arg_max(_content, struct_pack(batch_id, _line)) as _content
        from states where not is_here group by _key""")
    connection.execute("drop table states")


def _prints(connection: duckdb.DuckDBPyConnection, relation: str, columns: Columns, parts: Sequence[Share]) -> str:
    """A fingerprint per share of columns, null in rows that do not deliver it."""
    present = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
    found = ""
    for i, part in enumerate(parts):
        names = [name for name in part.columns if name in present]
        found += f", case when {part.condition('rows._batch')} then {content_sql(columns.table, names)} end as h{i}"
    return found


def content_sql(table: Table, filled: Collection[str]) -> str:
    """SQL for ``_content`` (UBIGINT): half of the MD5 of all declared columns as text, each ended by U+001F.

    Columns that are not ``filled`` count as null, so that two files that say the same are the same.
    """
    parts: list[str] = []
    ends = 0
    for column in table.columns:
        if column.name in filled:
            name = quote(column.name)
            parts += [literal("\x1f" * ends)] if ends else []
            parts.append(f"epoch_us({name})" if column.type == "timestamp" else name)
            ends = 0
        ends += 1
    parts.append(literal("\x1f" * ends))
    return f"cast(md5_number(concat({', '.join(parts)})) >> 64 as ubigint)"
