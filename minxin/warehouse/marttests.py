"""The tests a mart declares beside itself; a build publishes only what passes them.

``[[test]]`` tables of ``queries/marts/<mart>.toml``: ``kind`` is ``unique`` or ``not_null`` (with
``columns``), ``accepted_values`` (``column``, ``values``), ``relationship`` (``column``, ``to`` =
``mart.column``) or ``expression`` (``condition`` that every row must fulfil).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import duckdb


def check_mart(connection: duckdb.DuckDBPyConnection, mart: str, declaration: Path) -> list[str]:
    """Run a mart's declared tests; return one Chinese line per failed test.

    Raises ValueError for a test nobody can run, FileNotFoundError where nothing is declared.
    """
    declared = tomllib.loads(declaration.read_text(encoding="utf-8"))
    faults = []
    for test in declared.get("test", []):
        sql, said = _offenders(mart, test)
        [(count,)] = connection.execute(sql, test.get("values") and [test["values"]]).fetchall()
        if count:
            faults.append(f"{said}：{count} 行不符")
    return faults


def _offenders(mart: str, test: dict[str, Any]) -> tuple[str, str]:
    """SQL that counts the rows that break a test, and the test in Chinese."""
    kind = test["kind"]
    columns = test.get("columns") or ([test["column"]] if "column" in test else [])
    listed = ", ".join(columns)
    if kind == "unique":
        return (
            f"select count(*) from (select {listed} from {mart} group by all having count(*) > 1)",
            f"{listed} 应当唯一",
        )
    if kind == "not_null":
        missing = " or ".join(f"{c} is null" for c in columns)
        return f"select count(*) from {mart} where {missing}", f"{listed} 不应为空"
    if kind == "accepted_values":
        return (
            f"select count(*) from {mart} where {listed} is not null and not list_contains($1, {listed})",
            f"{listed} 应在允许值之内",
        )
    if kind == "relationship":
        other, column = test["to"].split(".")
        return (
            f"select count(*) from {mart} where {listed} is not null and {listed} not in"
            f" (select {column} from {other} where {column} is not null)",
            f"{listed} 应能在 {test['to']} 中找到",
        )
    if kind == "expression":
        return (
            f"select count(*) from {mart} where not coalesce({test['condition']}, false)",
            f"应满足 {test['condition']}",
        )
    raise ValueError(f"{mart}: unknown test kind {kind!r}")
