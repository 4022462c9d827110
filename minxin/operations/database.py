"""The database behind the store: SQLite in the home, or the PostgreSQL that ``MINXIN_OPERATIONS_URL`` names."""

from __future__ import annotations

import datetime as dt
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, exc, insert, select
from sqlalchemy.engine import URL, Engine, make_url

from minxin.operations import migrations
from minxin.operations.schema import about
from minxin.settings import Home, Refused, Unusable

log = logging.getLogger(__name__)

SETTING = "MINXIN_OPERATIONS_URL"
FILE = "operations.sqlite"
#: How long a writer waits for another one before it gives up.
WAIT_SECONDS = 20.0
_WRITING = {"minxin_writing": True}


def address(home: Home) -> URL:
    """Where the store of a home is. Raises Unusable for an address that is no PostgreSQL's."""
    named = os.environ.get(SETTING, "").strip()
    if not named:
        return URL.create("sqlite", database=str(home.operations / FILE))
    wrong = Unusable(f"环境变量 {SETTING} 应为 postgresql://user:password@host:5432/database，请改正后再试。")
    try:
        url = make_url(named)
    except (exc.ArgumentError, ValueError):
        raise wrong from None  # the cause would print the password
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg") or not url.database:
        raise wrong
    return url.set(drivername="postgresql+psycopg")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # Transactions are begun below, not by the driver, which would begin them too late.
        connection.isolation_level = None
        _write_ahead(connection)
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock before it reads, so that nothing changes between reading and writing.
        writing = connection.get_execution_options().get("minxin_writing")
        connection.exec_driver_sql("begin immediate" if writing else "begin")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Keep readers and the writer out of each other's way; the file remembers it.

    Changing the mode needs the file alone and does not wait by itself, so two first openers take turns.
    """
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            if connection.execute("pragma journal_mode = wal").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
        if time.monotonic() > end:
            raise sqlite3.OperationalError("database is locked")
        time.sleep(0.02)


def _postgresql(url: URL) -> Engine:
    milliseconds = int(WAIT_SECONDS * 1000)
    options = (
        f"-c timezone=UTC -c lock_timeout={milliseconds} -c statement_timeout={2 * milliseconds}"
        f" -c idle_in_transaction_session_timeout={2 * milliseconds}"
    )
    try:
        return create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "options": options, "application_name": "minxin"},
        )
    except ModuleNotFoundError as error:
        raise Unusable(
            '使用 PostgreSQL 需要安装 psycopg：请运行 pip install -c constraints.txt "psycopg[binary]" 后再试。'
        ) from error


def _said(connection: Connection) -> dict[str, str]:
    """What the store says of itself."""
    return {row.name: row.value for row in connection.execute(select(about.c.name, about.c.value))}


class Database:
    """One engine for a process; every call is one short transaction."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _sqlite(url) if self.is_sqlite else _postgresql(url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, all of it from one moment. Raises Refused where no database answers.

        SQLite reads so by itself. PostgreSQL would let every statement see what was committed just before
        it, so that records and their history, read one after the other, need not fit together.
        """
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with (
            self._errors(""),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it or nothing. Raises Refused where it cannot."""
        with (
            self._errors("，没有保存"),
            self.engine.connect().execution_options(**_WRITING) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _errors(self, lost_work: str) -> Iterator[None]:
        """What the driver raises as one Chinese line; ``lost_work`` says what became of what was written."""
        try:
            yield
        except (exc.DBAPIError, exc.TimeoutError, sqlite3.Error) as error:
            # What a statement itself did wrong (a number taken twice) is for the caller to judge.
            troubles = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, sqlite3.Error)
            is_lost = isinstance(error, exc.DBAPIError) and error.connection_invalidated
            if not (isinstance(error, troubles) or is_lost or type(error) is exc.DatabaseError):
                raise
            cause = getattr(error, "orig", None) or error
            kind = type(cause).__name__
            # The type alone: statements and their values stay out of the log.
            log.warning("operations store: %s", getattr(cause, "sqlite_errorname", kind))
            if not self.is_sqlite:
                raise Refused(
                    f"操作库（PostgreSQL）暂时无法使用{lost_work}：请稍后再试，或请管理员检查数据库。"
                ) from error
            if kind == "DatabaseError":
                raise Unusable(f"操作库 {self.url.database} 已损坏：请从备份恢复，不要删除。") from error
            if isinstance(error, exc.TimeoutError) or "locked" in str(cause):
                raise Refused(f"操作库正忙{lost_work}：请稍后再试。") from error
            raise Unusable(f"操作库 {self.url.database} 无法读写：请检查磁盘空间和文件权限后再试。") from error

    def prepare(self, home: Home, now: Callable[[], dt.datetime]) -> None:
        """Bring the schema up to date and see that the store is this home's.

        Raises Refused for a store of another deployment, of the other kind of data, or of a later version.
        """
        if self.is_sqlite:
            home.operations.mkdir(parents=True, exist_ok=True)
        with self.reading() as connection:
            current = migrations.version(connection) == migrations.CURRENT
        if not current:
            with self.writing() as connection:
                before = migrations.migrate(connection, now())
                said = _said(connection)
                if not said:
                    told = {"deployment": home.deployment.id, "kind": str(home.kind)}
                    connection.execute(insert(about), [{"name": n, "value": v} for n, v in told.items()])
            log.info("operations store brought from version %d to %d", before, migrations.CURRENT)
        with self.reading() as connection:
            said = _said(connection)
        if said["deployment"] != home.deployment.id:
            raise Refused(
                f"操作库属于部署「{said['deployment']}」，当前部署是「{home.deployment.id}」；"
                f"请用 {SETTING} 指定另一个数据库。"
            )
        if said["kind"] != home.kind:
            words = {"demo": "模拟", "real": "真实"}
            there, here = words.get(said["kind"], said["kind"]), words.get(str(home.kind), str(home.kind))
            raise Refused(f"操作库存的是{there}数据的批示，数据目录是{here}数据；请用 {SETTING} 指定另一个数据库。")

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()
