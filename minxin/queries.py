"""The only door to a snapshot: named SQL blocks, parameters only, within the viewer's scope."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiosql
import duckdb
import pandas as pd

from minxin.access import Viewer
from minxin.settings import ROOT, Home, Unusable
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshot, Snapshots
from minxin.warehouse.visibility import Revocations, today

# Frames from here have tens of rows: texts kept by numpy cost a fraction of what pyarrow takes per call.
pd.set_option("mode.string_storage", "python")


@dataclass(frozen=True)
class Block:
    """One named block: what a row is, its SQL with ``$`` parameters, and their names."""

    name: str
    row: str
    sql: str
    parameters: tuple[str, ...]


@lru_cache
def blocks() -> dict[str, Block]:
    """All named blocks of ``queries/*.sql`` as ``<file>.<block>``."""
    found = {}
    for file in sorted((ROOT / "queries").glob("*.sql")):
        loaded = aiosql.from_path(file, "duckdb", mandatory_parameters=False, encoding="utf-8")
        for name in loaded.available_queries:
            if name.endswith("_cursor"):
                continue
            fn = getattr(loaded, name)
            found[f"{file.stem}.{name}"] = Block(
                f"{file.stem}.{name}", (fn.__doc__ or "").strip(), fn.sql, tuple(fn.parameters or ())
            )
    return found


def block(name: str) -> Block:
    """One block by name; Unusable where there is none."""
    try:
        return blocks()[name]
    except KeyError:
        raise Unusable(f"没有名为 {name} 的查询；可用的查询：{'、'.join(sorted(blocks()))}。") from None


class Queries:
    """Named blocks on one snapshot; safe to share between threads (one cursor per call)."""

    def __init__(self, home: Home, snapshot: Snapshot) -> None:
        self.home = home
        self.snapshot = snapshot
        self._connection = connection(snapshot)

    def run(self, name: str, viewer: Viewer, /, **parameters: Any) -> pd.DataFrame:
        """Run a block and return its rows.

        A block that declares ``:communities`` gets the viewer's communities; the argument
        ``communities`` can narrow them, never widen them (an empty list means nothing).
        ``:revoked`` is filled with the batches withdrawn since, and with those that kept values of
        such a one; ``:today`` with the day it is for the home, ``:hidden`` with the records that a decision
        took away (``minxin.warehouse.visibility``). Unusable for a missing or surplus parameter.
        """
        wanted = block(name)
        given = dict(parameters)
        if "communities" in wanted.parameters:
            given["communities"] = _narrowed(viewer.communities, given.get("communities"))
        elif "communities" in given:
            raise Unusable(f"查询 {name} 不按{self.home.deployment.area_word}筛选，请去掉参数 communities。")
        if "revoked" in wanted.parameters:
            given["revoked"] = self._revoked() or [""]
        if "today" in wanted.parameters:
            given["today"] = today(self.home)
        if "hidden" in wanted.parameters:
            given["hidden"] = Revocations(self.home).ids() or [""]
        missing, surplus = set(wanted.parameters) - set(given), set(given) - set(wanted.parameters)
        if missing or surplus:
            wrong = [f"缺少 {'、'.join(sorted(missing))}"] if missing else []
            wrong += [f"多出 {'、'.join(sorted(surplus))}"] if surplus else []
            raise Unusable(
                f"查询 {name} 的参数不符：{';'.join(wrong)}；需要的参数：{'、'.join(wanted.parameters) or '无'}。"
            )
        with self._connection.cursor() as cursor:
            return cursor.execute(wanted.sql, given or None).df()

    def _revoked(self) -> list[str]:
        lake = Lake(self.home)
        withdrawn = lake.withdrawn_ids()
        if not withdrawn:
            return []
        # A snapshot built after a withdrawal no longer holds what other batches kept of it.
        since = set(withdrawn) - _withdrawn_before(self.snapshot)
        return [*withdrawn, *lake.keepers(since)] if since else withdrawn


@lru_cache(maxsize=64)
def _withdrawn_before(snapshot: Snapshot) -> frozenset[str]:
    """The batches that were withdrawn already when a snapshot was built."""
    with connection(snapshot).cursor() as cursor:
        return frozenset(b for (b,) in cursor.execute("select batch_id from mart_batch where is_withdrawn").fetchall())


def _narrowed(allowed: Sequence[str], asked: Sequence[str] | None) -> list[str]:
    chosen = list(allowed) if asked is None else [c for c in allowed if c in set(asked)]
    # An empty list has no type in DuckDB; a code that no community has means nothing just as well.
    return chosen or [""]


#: Snapshots a process keeps open: the current one and those people were just looking at.
KEPT_OPEN = 3
_open: dict[str, duckdb.DuckDBPyConnection] = {}
_guard = threading.Lock()


def connection(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    """A hardened read-only connection, one per snapshot file and process."""
    name = str(snapshot.file)
    with _guard:
        if name not in _open:
            _open[name] = duckdb.connect(
                name,
                read_only=True,
                config={
                    "enable_external_access": False,
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "lock_configuration": True,
                },
            )
            # Only let go: whoever is just asking keeps its database, and the file is free once it has its answer.
            while len(_open) > KEPT_OPEN:
                _open.pop(next(iter(_open)))
        return _open[name]


def current(home: Home) -> Queries | None:
    """Queries on the published snapshot, or None while there is none."""
    snapshot = Snapshots(home).current()
    return Queries(home, snapshot) if snapshot else None
