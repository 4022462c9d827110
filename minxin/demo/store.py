"""Parquet files of a simulated batch: one file per table and month, held back until the month is complete."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from minxin.demo.draw import Ints
from minxin.demo.texts import same
from minxin.tables import SYSTEM_COLUMNS
from minxin.tables import table as declared_table
from minxin.warehouse.lake import key_sql

NO_MONTH = "all"
#: Rows that must wait before months are written: small runs are hashed in one go, large ones stay bounded.
ENOUGH = 1_000_000


class Store:
    """Takes rows in any order of months and writes each month once, when nothing can follow for it.

    ``rows`` counts what was written by table; ``fields`` what is missing in the ``main`` one.
    """

    def __init__(self, folder: Path, main: str = "petition") -> None:
        self.folder = folder
        self.main = main
        self.rows: dict[str, int] = defaultdict(int)
        self.missing: dict[str, int] = defaultdict(int)
        self.unlocated = 0
        self._waiting: dict[tuple[str, str], list[pa.Table]] = defaultdict(list)
        self._connection = duckdb.connect()

    def add(self, name: str, table: pa.Table, days: Ints | None) -> None:
        """Keep rows for their months; ``days`` counts from 1970, None for a table without months."""
        if days is None:
            self._waiting[name, NO_MONTH].append(table)
            return
        if not len(days):
            return
        month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        order = np.argsort(month, kind="stable")
        ordered = month[order]
        edges = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        if len(edges) == 1:
            self._waiting[name, _label(int(ordered[0]))].append(table)
            return
        for start, stop in zip(edges, [*edges[1:], len(order)], strict=True):
            self._waiting[name, _label(int(ordered[start]))].append(table.take(pa.array(order[start:stop])))

    def write_before(self, month: str | None) -> None:
        """Write all months before ``month`` (``YYYY-MM``) if enough rows wait, or everything for None."""
        if month is not None and sum(t.num_rows for held in self._waiting.values() for t in held) < ENOUGH:
            return
        ready = sorted(key for key in self._waiting if month is None or key[1] < month)
        for name, keys in groupby(ready, key=lambda key: key[0]):
            labels = [label for _, label in keys]
            self._write(name, labels, [pa.concat_tables(self._waiting.pop((name, label))) for label in labels])

    def close(self) -> None:
        """Write what is left and release the engine."""
        self.write_before(None)
        self._connection.close()

    def _write(self, name: str, labels: list[str], parts: list[pa.Table]) -> None:
        """One file per month; keys and fingerprints are computed once for all of them."""
        rows = pa.concat_tables(parts)
        self._count(name, rows)
        finished = self._finished(name, rows)
        start = 0
        for label, part in zip(labels, parts, strict=True):
            file = self.folder / name / f"month={label}" / "part-0.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(finished.slice(start, part.num_rows), file, compression="zstd")
            start += part.num_rows

    def _finished(self, name: str, rows: pa.Table) -> pa.Table:
        """The rows with what the lake adds to each: line, status, key, fingerprint of the content."""
        declared = declared_table(name)
        first = self.rows[name] - rows.num_rows + 1
        self._connection.register("rows", rows)
        hashed = self._connection.sql(
            f"select {key_sql(declared.key)} as _key, {key_sql(declared.names)} as _content from rows"
        ).to_arrow_table()
        self._connection.unregister("rows")
        added = {
            "_line": pa.array(np.arange(first, first + rows.num_rows)),
            "_status": same("accepted", rows.num_rows),
            "_key": hashed["_key"],
            "_content": hashed["_content"],
        }
        for column in SYSTEM_COLUMNS:
            rows = rows.append_column(column, added[column])
        return rows

    def _count(self, name: str, rows: pa.Table) -> None:
        self.rows[name] += rows.num_rows
        if name == self.main:
            for column in declared_table(name).names:
                self.missing[column] += rows[column].null_count
            self.unlocated += pc.sum(pc.equal(rows["community_source"], "none")).as_py() or 0

    def fields(self) -> list[dict[str, Any]]:
        """Missing values per column of the main table, as a manifest wants them."""
        return [
            {
                "table": self.main,
                "field": column.name,
                "label": column.label,
                "rows": self.rows[self.main],
                "missing": self.missing[column.name],
                "odd": 0,
            }
            for column in declared_table(self.main).columns
        ]


def _label(month: int) -> str:
    """``YYYY-MM`` of a month counted from 1970-01."""
    return f"{1970 + month // 12}-{month % 12 + 1:02d}"
