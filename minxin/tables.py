"""The declared tables of the lake, read from ``queries/staging/<table>.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache

from minxin.settings import ROOT

#: Declared type → type in DuckDB and in the Parquet files of the lake.
SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}
#: What the lake adds to every row: line in its file, accepted|replaced, key, fingerprint of content.
SYSTEM_COLUMNS = {"_line": "BIGINT", "_status": "VARCHAR", "_key": "UBIGINT", "_content": "UBIGINT"}


@dataclass(frozen=True)
class Column:
    """One declared column; ``personal`` is '' or what happens at the door: mask, hash or drop.

    ``format`` names a code with rules of its own (``uscc``, ``industry``), ``reference`` a list of the
    deployment (``credit/<reference>.csv``) whose first column knows all codes; ``past`` dates cannot lie
    after the import.
    """

    name: str
    label: str
    type: str
    required: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    after: str = ""
    personal: str = ""
    derived: bool = False
    format: str = ""
    reference: str = ""
    past: bool = False

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One declared table; ``month`` names the time column that partitions it, or ''."""

    name: str
    label: str
    row: str
    key: tuple[str, ...]
    month: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    @property
    def located(self) -> bool:
        """Whether rows belong to a community."""
        return "community_code" in self.names


@lru_cache
def tables() -> dict[str, Table]:
    """All declared tables by name."""
    found = {}
    for file in sorted((ROOT / "queries" / "staging").glob("*.toml")):
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        columns = tuple(Column(**{**c, "values": tuple(c.get("values", ()))}) for c in raw["column"])
        found[raw["table"]] = Table(raw["table"], raw["label"], raw["row"], tuple(raw["key"]), raw["month"], columns)
    return found


def table(name: str) -> Table:
    """One declared table; KeyError where there is none."""
    return tables()[name]
