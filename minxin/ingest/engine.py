"""The DuckDB that an import works in: a temporary file of its own, bounded memory, nothing downloaded."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

#: Without a setting an import takes no more than this; the rest is spilled to the temporary folder.
DEFAULT_MEMORY = "2GB"
#: The optimizer would evaluate every conversion twice to filter early, and might put the wide rows of
#: the file on the side of a join that is held in memory.
_WRITTEN_AS_IT_SHALL_RUN = "filter_pushdown,join_order,build_side_probe_side"


@contextmanager
def engine(work: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose data and spilled data lie in ``work``."""
    limits: dict[str, Any] = {
        "temp_directory": str(work / "spilled"),
        "memory_limit": os.environ.get("MINXIN_MEMORY_LIMIT") or DEFAULT_MEMORY,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    work.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(work / "import.duckdb"), config=limits) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        yield connection


@contextmanager
def as_written(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Statements inside run in the order they are written in."""
    connection.execute(f"set disabled_optimizers = '{_WRITTEN_AS_IT_SHALL_RUN}'")
    try:
        yield
    finally:
        connection.execute("set disabled_optimizers = ''")


def run(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    tell: Callable[[float], None] | None = None,
    parameters: Sequence[Any] | None = None,
) -> list[tuple[Any, ...]]:
    """Run one statement to its end and return its rows; ``tell`` hears the share that is done.

    The statement runs in a thread of its own; an interruption of this one stops it.
    """
    if tell is None:
        return connection.execute(sql, parameters).fetchall()
    rows: list[tuple[Any, ...]] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            rows.extend(connection.execute(sql, parameters).fetchall())
        except BaseException as error:  # raised again by the caller's thread below
            failure.append(error)

    thread = threading.Thread(target=work, name="import")
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
            if thread.is_alive() and (percent := connection.query_progress()) > 0:
                tell(min(percent / 100, 1.0))
    except BaseException:
        connection.interrupt()
        thread.join()
        raise
    if failure:
        raise failure[0]
    tell(1.0)
    return rows


def single(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The one value of a one-row, one-column query."""
    return connection.execute(sql).fetchall()[0][0]
