"""A simulation of the default size, written once per worker into a folder and opened with DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from minxin.demo import scenario, simulate
from minxin.settings import load_deployment
from minxin.tables import tables
from tests.support import ROOT


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
    """The folder of a simulation of the default size."""
    folder = tmp_path_factory.mktemp("simulated")
    simulate.write(folder, load_deployment(ROOT / "data"))
    return folder


@pytest.fixture(scope="session")
def rows(simulated: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The simulation of the default size, by table name."""
    connection = opened(simulated)
    yield connection
    connection.close()
