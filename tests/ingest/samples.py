"""A small mapping and the ways of the tests to write a file, bring it and look at what the lake then says."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from minxin.ingest.mapping import Mapping, parse_mapping
from minxin.ingest.pipeline import ImportResult, run_import
from minxin.settings import Home
from minxin.tables import table
from minxin.warehouse.lake import Lake
from minxin.warehouse.views import make_lake_view

#: Target column → heading in the files of these tests.
FIELDS = {
    "petition_id": "编号",
    "created_at": "时间",
    "community_name": "社区",
    "subject": "主题",
    "content": "内容",
    "satisfaction": "满意度",
    "likes": "点赞",
    "closed_at": "办结",
    "longitude": "经度",
    "latitude": "纬度",
}


def mapping_of(*headings: str, name: str = "", key: Sequence[str] = (), **rules: dict[str, Any]) -> Mapping:
    """The mapping of the columns with these headings; ``rules`` add to a column's rule."""
    columns = {t: {"from": [h]} | rules.get(t, {}) for t, h in FIELDS.items() if h in headings}
    raw = {"table": "petition", "key": list(key), "columns": columns}
    return parse_mapping(raw, name or f"m{len(headings)}", "m.toml")


def write_csv(file: Path, headings: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> Path:
    with file.open("w", encoding=encoding, newline="") as out:
        csv.writer(out).writerows([headings, *rows])
    return file


def bring(home: Home, file: Path, headings: str, *rows: str, mapping: Mapping | None = None) -> ImportResult:
    """Import rows written as ``P1|2023-05-01|…`` under headings written alike."""
    names = headings.split("|")
    return run_import(write_csv(file, names, [r.split("|") for r in rows]), mapping or mapping_of(*names), home)


def counts(result: ImportResult) -> tuple[int, int, int, int, int]:
    return result.rows, result.accepted, result.replaced, result.repeated, result.rejected


def current(home: Home, columns: str = "petition_id, subject", name: str = "petition") -> list[tuple]:
    """The current rows as the build's view gives them."""
    lake = Lake(home)
    with duckdb.connect() as connection:
        replaced = any(m.replaced for m in lake.batches())
        make_lake_view(connection, table(name), lake.files(name), replaced, lake.delivered(name))
        return connection.execute(f"select {columns} from lake_{name} order by _key").fetchall()
