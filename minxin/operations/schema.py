"""The tables of the operations store as SQLAlchemy Core sees them; ``migrations`` makes them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Moment(TypeDecorator[dt.datetime]):
    """A moment in UTC: ISO text of one width in SQLite (it sorts as time does), timestamptz in PostgreSQL."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(dt.UTC)
        return moment if dialect.name == "postgresql" else moment.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
        return moment.astimezone(dt.UTC)


metadata = MetaData()
_Number = BigInteger().with_variant(Integer(), "sqlite")


def _record(name: str, *columns: Column[Any]) -> Table:
    """A table of records: the human-readable id, the version that updates name, the state."""
    return Table(
        name,
        metadata,
        Column("id", String, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("state", String, nullable=False),
        Column("created_by", String, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        *columns,
    )


def _view() -> list[Column[Any]]:
    """What was looked at: the page, its address, the snapshot, the chart or record."""
    names = ("view_page", "view_address", "view_snapshot", "view_chart", "view_title", "view_record")
    return [Column(name, String, nullable=False) for name in names]


def _log(name: str, *columns: Column[Any]) -> Table:
    """A table that is only ever added to; the database itself refuses to change or remove a row."""
    return Table(
        name,
        metadata,
        Column("number", _Number, primary_key=True, autoincrement=True),
        Column("at", Moment, nullable=False),
        Column("who", String, nullable=False),
        Column("verified", Boolean, nullable=False),
        Column("record", String, nullable=False),
        *columns,
    )


schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", Moment, nullable=False),
)
about = Table("about", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False))
counter = Table("counter", metadata, Column("series", String, primary_key=True), Column("last", Integer))

instruction = _record(
    "instruction",
    Column("text", Text, nullable=False),
    Column("urgency", String, nullable=False),
    Column("given_by", String, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("unit_kind", String, nullable=False),
    Column("unit_code", String, nullable=False),
    Column("unit_name", String, nullable=False),
    Column("co_units", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("missed_on", Date),
    Column("evidence", Text),
    Column("asked_by", String),
    Column("asked_at", Moment),
    Column("checked_by", String),
    Column("checked_at", Moment),
    *_view(),
)
proposal = _record(
    "proposal",
    Column("kind", String, nullable=False),
    Column("petition", String, nullable=False),
    Column("community", String, nullable=False),
    Column("grounds", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("slot", String, unique=True),
    Column("token", String, nullable=False),
    Column("proposed_at", Moment, nullable=False),
    Column("decided_by", String),
    Column("decided_at", Moment),
    Column("revoked_by", String),
    Column("revoked_at", Moment),
    *_view(),
)
scenario = _record(
    "scenario",
    Column("name", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("view_snapshot", String, nullable=False),
)
nomination = _record(
    "nomination",
    Column("subject_kind", String, nullable=False),
    Column("subject_code", String, nullable=False),
    Column("subject_name", String, nullable=False),
    Column("community", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("grounds", Text, nullable=False),
    Column("slot", String, unique=True),
    *_view(),
)
RECORDS = {table.name: table for table in (instruction, proposal, scenario, nomination)}

change = _log(
    "change",
    Column("kind", String, nullable=False),
    Column("action", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("based_on", Integer, nullable=False),
    Column("field", String, nullable=False),
    Column("before", Text),
    Column("after", Text),
)
note = _log("note", Column("kind", String, nullable=False), Column("text", Text, nullable=False))
reminder = _log(
    "reminder",
    Column("level", String, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("channel", String, nullable=False),
)
seconding = _log("seconding", Column("person", String, nullable=False), Column("text", Text, nullable=False))
export = _log("export", Column("action", String, nullable=False), Column("batch", String, nullable=False))
