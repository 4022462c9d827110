"""A store of each kind, and the people who write into it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from minxin.access import Viewer
from minxin.operations import Actor, Store, Unit, View
from minxin.operations.database import SETTING
from minxin.settings import Home, deployment
from tests.operations.servers import Server, start

SHANGHAI = ZoneInfo("Asia/Shanghai")
VIEW = View(
    page="weekly",
    address="period=2023-W26&community=440306017001",
    snapshot="s000007-1a2b3c",
    chart="late_by_community",
    title="逾期件数（各社区）",
)


class Clock:
    """A clock that stands still until it is set: local times of the deployment."""

    def __init__(self) -> None:
        self.at("2023-07-04 10:00")

    def at(self, text: str) -> None:
        self.now = dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


def person(
    name: str, role: str = "leader", communities: tuple[str, ...] | None = None, detail: str = "masked"
) -> Actor:
    """Somebody who is signed in."""
    everywhere = tuple(deployment().community_codes)
    return Actor.of(Viewer(name, (role,), everywhere if communities is None else communities, detail))


LEADER = ("leader-01", "leader")
CLERK = ("clerk-01", "clerk")
OTHER = ("clerk-02", "clerk")


@pytest.fixture
def leader() -> Actor:
    return person(*LEADER)


@pytest.fixture
def clerk() -> Actor:
    return person(*CLERK)


@pytest.fixture
def other() -> Actor:
    return person(*OTHER)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A real server, one per worker; skips with the reason where there is none."""
    server = start()
    if isinstance(server, str):
        pytest.skip(server)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_home(request: pytest.FixtureRequest, tmp_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose store is SQLite, then one whose store is PostgreSQL."""
    monkeypatch.delenv(SETTING, raising=False)
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        monkeypatch.setenv(SETTING, server.database(f"store-{secrets.token_hex(6)}"))
    return tmp_home.open("real")


@pytest.fixture
def store(any_home: Home, clock: Clock) -> Iterator[Store]:
    """An empty store of either kind; whole when the test is over."""
    with Store.open(any_home, clock) as opened:
        yield opened
        assert opened.problems() == []


@pytest.fixture
def quick(tmp_home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty SQLite store, for what does not depend on the database."""
    monkeypatch.delenv(SETTING, raising=False)
    with Store.open(tmp_home.open("real"), clock) as opened:
        yield opened
        assert opened.problems() == []


def community(place: int = 0) -> Unit:
    return Unit("community", deployment().communities[place].code)
