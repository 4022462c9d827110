"""A small deployment and hand-written lake rows, built by the real build: what the tests of the SQL share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from minxin.access import Viewer
from minxin.queries import Queries, connection
from minxin.settings import Home, load_deployment
from minxin.tables import table
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake, key_sql

COMMUNITIES = (
    "code,name,aliases,population,population_source,longitude,latitude\nA,甲社区,,30000,普查,,\nB,乙社区,,,,,\n"
)
RULES = {
    "first_contact_minutes": "15",
    "simple_hours": "24",
    "complex_hours": "72",
    "complex_workdays": "3",
    "time_base": '"natural"',
    "given_due_first": "true",
    "due_soon_share": "0.25",
}
AS_OF = "2023-06-15 00:00:00"


@dataclass
class World:
    """A home below ``folder`` to which rows can be added, and what a build makes of them."""

    folder: Path
    as_of: str = AS_OF
    rules: Mapping[str, str] = field(default_factory=dict)
    figures: str = ""

    def __post_init__(self) -> None:
        config = self.folder / "config"
        config.mkdir(parents=True)
        stated = "\n".join(f"{name} = {value}" for name, value in (RULES | dict(self.rules)).items())
        (config / "deployment.toml").write_text(
            f'id = "small"\nname = "小街道"\n[clock]\nas_of = "{self.as_of}"\n[deadlines]\n{stated}\n', encoding="utf-8"
        )
        (config / "communities.csv").write_text(COMMUNITIES, encoding="utf-8")
        if self.figures:
            (config / "published_figures.csv").write_text(self.figures, encoding="utf-8")
        self.deployment = load_deployment(config)
        self.home = Home(self.folder / "home", self.deployment).open("real")

    def add(
        self,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        mapping: str = "手工",
        status: str = "accepted",
        filled: Sequence[str] = (),
    ) -> str:
        """One batch of rows of a lake table; columns left out are null. Returns the batch.

        ``filled`` names columns that the batch's file had, as an import records them.
        """
        declared = table(name)
        columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in declared.columns)
        names = declared.names
        with (
            duckdb.connect() as memory,
            Lake(self.home).writer(source=f"{name}.csv", mapping=mapping, who="测试", table=name) as batch,
        ):
            memory.execute(f"create table rows ({columns})")
            marks = ", ".join("?" for _ in names)
            if rows:
                memory.executemany(f"insert into rows values ({marks})", [[row.get(n) for n in names] for row in rows])
            target = (batch.month_folder(name) / "part-0.parquet").as_posix()
            memory.execute(
                f"copy (select *, row_number() over () as _line, '{status}' as _status, {key_sql(declared.key)} as _key"
                f", cast(0 as ubigint) as _content from rows) to '{target}' (format parquet)"
            )
            accepted = len(rows) if status == "accepted" else 0
            fields = [{"field": f, "label": f, "rows": len(rows), "missing": 0, "odd": 0} for f in filled]
            counts = {"rows": len(rows), "accepted": accepted, "replaced": len(rows) - accepted}
            batch.finish(**counts, repeated=0, rejected=0, fields=fields)
        return batch.id

    def petitions(self, *rows: Mapping[str, Any], mapping: str = "手工", filled: Sequence[str] = ()) -> str:
        """One batch of petitions; numbers and community are filled in where left out."""
        whole = [
            {"petition_id": f"p{i}", "community_code": "A", "category_1": "噪声", **row} for i, row in enumerate(rows)
        ]
        return self.add("petition", whole, mapping=mapping, filled=filled)

    def build(self) -> Published:
        """Build and publish what has been added."""
        return Published(Queries(self.home, build(self.home)), Viewer.local(self.deployment))


@dataclass(frozen=True)
class Published:
    """A published snapshot and somebody who may see all of it."""

    queries: Queries
    viewer: Viewer

    def run(self, name: str, **parameters: Any) -> pd.DataFrame:
        """A block as a viewer of every community gets it."""
        return self.queries.run(name, self.viewer, **parameters)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the snapshot itself, to look at marts."""
        with connection(self.queries.snapshot).cursor() as cursor:
            return cursor.execute(sql).fetchall()

    def petition(self, petition_id: str, *columns: str) -> tuple[Any, ...]:
        """Some columns of one petition."""
        [row] = self.rows(f"select {', '.join(columns)} from fct_petition where petition_id = '{petition_id}'")
        return row


def at(text: str) -> datetime:
    """A moment of June 2023: ``"03 08:15"``."""
    return datetime.fromisoformat(f"2023-06-{text}")
