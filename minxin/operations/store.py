"""The operations store of a home: instructions, proposals, scenarios, nominations."""

from __future__ import annotations

import datetime as dt
from types import TracebackType

from minxin.operations import history
from minxin.operations.database import Database, address
from minxin.operations.honours import Honours
from minxin.operations.instructions import Instructions
from minxin.operations.proposals import Proposals
from minxin.operations.records import Clock, Tools
from minxin.operations.rules import rules
from minxin.operations.scenarios import Scenarios
from minxin.settings import Home, Refused


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Store:
    """What people decided; open one per process and keep it, its parts may be used from any thread."""

    def __init__(self, home: Home, database: Database, clock: Clock) -> None:
        tools = Tools(database, home.deployment, rules(home.deployment), clock)
        self.database = database
        self.instructions = Instructions(tools)
        self.proposals = Proposals(tools, home)
        self.scenarios = Scenarios(tools)
        self.honours = Honours(tools)

    @classmethod
    def open(cls, home: Home, clock: Clock = _utc_now) -> Store:
        """Open the store of a home, made or brought up to date where needed.

        It is SQLite in the home, or what ``MINXIN_OPERATIONS_URL`` names. ``clock`` gives the present moment
        with its time zone. Raises Refused (no data yet, another deployment, the other kind of data, a later
        version, nobody answers) and Unusable (settings, a damaged file).
        """
        home = home.open()
        if home.kind is None:
            raise Refused("还没有数据，不能记批示；请先运行 minxin demo 或 minxin import。")
        database = Database(address(home))
        try:
            database.prepare(home, clock)
            return cls(home, database, clock)
        except BaseException:
            database.close()
            raise

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
