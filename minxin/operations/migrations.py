"""The steps that bring a store of any earlier version to the present one, each run once, forward only.

A step is written once and never changed afterwards: stores in the field have run it. Placeholders stand
for what SQLite and PostgreSQL write differently.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, func, insert, inspect, select

from minxin.operations.schema import schema_version
from minxin.settings import Refused

_WORDS = {
    "sqlite": {"serial": "integer primary key autoincrement", "moment": "varchar(32)", "date": "date"},
    "postgresql": {
        "serial": "bigint generated always as identity primary key",
        "moment": "timestamp with time zone",
        "date": "date",
    },
}
_RECORD = (
    "id varchar primary key, version integer not null, state varchar not null, created_by varchar not null,"
    " created_at {moment} not null, updated_at {moment} not null"
)
_VIEW = (
    "view_page varchar not null, view_address varchar not null, view_snapshot varchar not null,"
    " view_chart varchar not null, view_title varchar not null, view_record varchar not null"
)
_LOG = "number {serial}, at {moment} not null, who varchar not null, verified boolean not null, record varchar not null"
_LOGS = {1: ("change", "note", "reminder"), 2: ("export",), 3: ("seconding",)}

STEPS: dict[int, tuple[str, ...]] = {
    # Instructions, what happened to them, and what holds for every record after them.
    1: (
        "create table about (name varchar primary key, value varchar not null)",
        "create table counter (series varchar primary key, last integer)",
        f"create table instruction ({_RECORD}, text text not null, urgency varchar not null,"
        " given_by varchar not null, given_at {moment} not null,"
        " unit_kind varchar not null, unit_code varchar not null, unit_name varchar not null, co_units text not null,"
        " due_on {date} not null, missed_on {date}, evidence text, asked_by varchar, asked_at {moment},"
        f" checked_by varchar, checked_at {{moment}}, {_VIEW})",
        "create index instruction_given on instruction (given_at)",
        f"create table change ({_LOG}, kind varchar not null, action varchar not null, version integer not null,"
        " based_on integer not null, field varchar not null, before text, after text)",
        "create index change_record on change (record, version)",
        "create unique index change_once on change (record, version, field)",
        f"create table note ({_LOG}, kind varchar not null, text text not null)",
        "create index note_record on note (record)",
        f"create table reminder ({_LOG}, level varchar not null, due_on {{date}} not null, channel varchar not null)",
        "create index reminder_record on reminder (record)",
    ),
    # Proposals that change facts, and what of them went to a lake.
    2: (
        f"create table proposal ({_RECORD}, kind varchar not null, petition varchar not null,"
        " community varchar not null, grounds text not null, facts text not null, slot varchar unique,"
        " token varchar not null, proposed_at {moment} not null,"
        " decided_by varchar, decided_at {moment}, revoked_by varchar, revoked_at {moment},"
        f" {_VIEW})",
        "create index proposal_petition on proposal (petition)",
        f"create table export ({_LOG}, action varchar not null, batch varchar not null)",
        "create unique index export_once on export (record, action, batch)",
    ),
    # Saved scenarios; nominations and who seconds them.
    3: (
        f"create table scenario ({_RECORD}, name varchar not null, payload text not null,"
        " view_snapshot varchar not null)",
        f"create table nomination ({_RECORD}, subject_kind varchar not null, subject_code varchar not null,"
        " subject_name varchar not null, community varchar not null, year integer not null, grounds text not null,"
        f" slot varchar unique, {_VIEW})",
        f"create table seconding ({_LOG}, person varchar not null, text text not null)",
        "create unique index seconding_once on seconding (record, person)",
    ),
}
CURRENT = max(STEPS)
#: Any number that no other program asks this lock for.
_LOCK = 7_305_181_204
_KEEP = (
    "create or replace function minxin_append_only() returns trigger language plpgsql as"
    " $$ begin raise exception 'rows of this table are never changed or removed'; end $$"
)


def _guards(dialect: str, table: str) -> list[str]:
    """What makes the database itself refuse to change or remove a row of a log."""
    if dialect == "postgresql":
        run = "execute function minxin_append_only()"
        return [
            f"create trigger {table}_kept before update or delete on {table} for each row {run}",
            f"create trigger {table}_not_emptied before truncate on {table} for each statement {run}",
        ]
    return [
        f"create trigger {table}_{event}_kept before {event} on {table} begin"
        " select raise(abort, 'rows of this table are never changed or removed'); end"
        for event in ("update", "delete")
    ]


def version(connection: Connection) -> int:
    """The version a store has; 0 for an empty database."""
    if not inspect(connection).has_table(schema_version.name):
        return 0
    return int(connection.execute(select(func.max(schema_version.c.version))).scalar() or 0)


def migrate(connection: Connection, now: dt.datetime, to: int = CURRENT) -> int:
    """Run the missing steps inside the caller's transaction; the version that was there before.

    Two processes that open a store at once run them once: the second waits. Raises Refused for a store of
    a later version than this program knows.
    """
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
    before = version(connection)
    if before > CURRENT:
        raise Refused(f"操作库的结构版本是 {before}，程序只认识到 {CURRENT}：请升级程序后再打开。")
    if before == 0:
        moment = _WORDS[dialect]["moment"]
        connection.exec_driver_sql(
            f"create table if not exists schema_version (version integer primary key, applied_at {moment} not null)"
        )
        if dialect == "postgresql":
            connection.exec_driver_sql(_KEEP)
    for number in range(before + 1, to + 1):
        for statement in STEPS[number]:
            connection.exec_driver_sql(statement.format(**_WORDS[dialect]))
        for table in _LOGS[number]:
            for statement in _guards(dialect, table):
                connection.exec_driver_sql(statement)
        connection.execute(insert(schema_version).values(version=number, applied_at=now))
    return before
