"""The operations store of a home: instructions, proposals, scenarios, nominations."""

from __future__ import annotations

import datetime as dt
import os
from types import TracebackType

from sqlalchemy import func, select

from minxin.operations import history
from minxin.operations.database import FILE, SETTING, Database, address
from minxin.operations.honours import Honours
from minxin.operations.instructions import Instructions
from minxin.operations.proposals import Petitions, Proposals
from minxin.operations.records import Clock, Tools
from minxin.operations.rules import rules
from minxin.operations.scenarios import Scenarios
from minxin.operations.schema import change, export, note, reminder, seconding
from minxin.settings import Home, Refused


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Store:
    """What people decided; open one per process and keep it, its parts may be used from any thread."""

    def __init__(self, home: Home, database: Database, clock: Clock, petitions: Petitions | None = None) -> None:
        tools = Tools(database, home.deployment, rules(home.deployment), clock)
        self.database = database
        self.clock = clock
        self.rules = tools.rules
        self.zone = home.deployment.zone
        self.instructions = Instructions(tools)
        self.proposals = Proposals(tools, home, petitions)
        self.scenarios = Scenarios(tools)
        self.honours = Honours(tools)

    @classmethod
    def open(cls, home: Home, clock: Clock = _utc_now, petitions: Petitions | None = None) -> Store:
        """Open the store of a home, made or brought up to date where needed.

        It is SQLite in the home, or what ``MINXIN_OPERATIONS_URL`` names. ``clock`` gives the present moment
        with its time zone. ``petitions`` tells where a petition lies, so that nothing is proposed about one that
        is not there or lies elsewhere; it is asked from above because the store does not look into snapshots.
        Raises Refused (no data yet, another deployment, the other kind of data, a later version, nobody answers)
        and Unusable (settings, a damaged file).
        """
        home = home.open()
        if home.kind is None:
            raise Refused("还没有数据，不能记批示；请先运行 minxin demo 或 minxin import。")
        database = Database(address(home))
        try:
            database.prepare(home, clock)
            return cls(home, database, clock, petitions)
        except BaseException:
            database.close()
            raise

    @staticmethod
    def is_there(home: Home) -> bool:
        """Whether there is a store to read: one in the home, or an address of one; opening it would make one."""
        return bool(os.environ.get(SETTING, "").strip()) or (home.operations / FILE).exists()

    def stamp(self) -> tuple[int, ...]:
        """How far the logs have come, by one query: as long as it stays, so does everything in the store."""
        latest = [
            select(func.max(log.c.number)).scalar_subquery() for log in (change, note, reminder, seconding, export)
        ]
        with self.database.reading() as connection:
            return tuple(int(number or 0) for number in connection.execute(select(*latest)).one())

    def today(self) -> dt.date:
        """The day it is in the deployment, by the store's clock."""
        return self.clock().astimezone(self.zone).date()

    def problems(self) -> list[str]:
        """What does not hold in the store, one English line each without contents; empty when it is whole."""
        with self.database.reading() as connection:
            return history.problems(connection)

    def close(self) -> None:
        """Release every connection."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
