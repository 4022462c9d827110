"""A simulation of the default size, written once per worker into a folder and opened with DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from minxin.demo import scenario, simulate
from minxin.demo.credit import settings as credit_settings
from minxin.demo.credit import simulate as credit
from minxin.settings import load_deployment
from minxin.tables import tables
from tests.support import ROOT

#: Enough for every kind of event to happen.
FIRMS, RECORDS = 3_000, 60_000


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a view of every table below ``folder``."""
    connection = duckdb.connect()
    for name in tables():
        if (folder / name).is_dir():
            files = (folder / name / "*" / "*.parquet").as_posix()
            connection.execute(
                f"create view {name} as select * from read_parquet('{files}', hive_partitioning = false)"
            )
    return connection


@pytest.fixture(scope="session")
def told() -> scenario.Scenario:
    """The scenario of the project's own deployment."""
    return scenario.load(load_deployment(ROOT / "data"))


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a simulation: petitions of the default size, a few thousand firms."""
    folder = tmp_path_factory.mktemp("simulated")
    deployment = load_deployment(ROOT / "data")
    simulate.write(folder, deployment)
    credit.write(folder, credit_settings.load(deployment, FIRMS, RECORDS))
    return folder


@pytest.fixture(scope="session")
def rows(simulated: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The simulation of the default size, by table name."""
    connection = opened(simulated)
    yield connection
    connection.close()
