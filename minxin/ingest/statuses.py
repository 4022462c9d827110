"""Which rows of a file are new, replace what is held, or repeat it.

Only keys, fingerprints and line numbers are looked at, never the rows themselves. A row is compared
with the state before it: the earlier row of its key in the file, else what the lake holds. Two cases
follow from that. A key that ends in the file as the lake holds it, all of whose rows the lake has
already, is repeated throughout: so the same file again changes nothing, even when it contradicts
itself. And a key that goes from A to B and back to A ends as A.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from minxin.ingest.sql_text import literal, literals


def find_special(connection: duckdb.DuckDBPyConnection, staged: str, held: Sequence[str]) -> None:
    """Make the temporary table ``special(_line, status)``: all rows but the plainly accepted ones.

    ``staged`` is a glob of Parquet files with ``_line, _key, _content``; ``held`` the lake's files of
    the same table in force, in order of arrival.
    """
    connection.execute(
        "create or replace temp table incoming as"
        f" select _line, _key, _content from read_parquet({literal(staged)}, hive_partitioning = false)"
    )
    connection.execute(
        "create or replace temp table again as select _key from incoming group by _key having count(*) > 1"
    )
    _find_held(connection, held)
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


def _find_held(connection: duckdb.DuckDBPyConnection, held: Sequence[str]) -> None:
    """``held_ever(_key, _content)`` and ``held_now(_key, _content)`` for the keys of the file."""
    if not held:
        connection.execute("create or replace temp table held_ever (_key ubigint, _content ubigint)")
        connection.execute("create or replace temp table held_now (_key ubigint, _content ubigint)")
        return
    connection.execute(f"""
        create or replace temp table held_rows as
        select
            held._key,
            held._content,
            held._line,
            regexp_extract(held._file, 'batches/(b[0-9]+-[0-9a-f]+)/', 1) as batch_id,
        from read_parquet([{literals(list(held))}], hive_partitioning = false, filename = '_file') as held
        semi join incoming on held._key = incoming._key""")
    connection.execute("create or replace temp table held_ever as select distinct _key, _content from held_rows")
    connection.execute("""
        create or replace temp table held_now as
        select _key, arg_max(_content, struct_pack(batch_id, _line)) as _content from held_rows group by _key""")
    connection.execute("drop table held_rows")
