"""What stands on the pages about risk classes, read from ``data/boards/risk.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from minxin.settings import Unusable, deployment


@dataclass(frozen=True)
class RiskBoard:
    """Most rows, columns and months of a grid, lengths of lists, and the counties as equal tiles (code → place)."""

    rows: int
    columns: int
    months: int
    firms: int
    found: int
    timeline: int
    tiles: Mapping[str, tuple[str, str]]


def risk_board() -> RiskBoard:
    """The board of the deployment; Unusable where the file is faulty."""
    return _read(deployment().path("boards", "risk.toml"))


@lru_cache(maxsize=8)
def _read(file: Path) -> RiskBoard:
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        grid, lists = raw["grid"], raw["lists"]
        tiles = {str(code): (str(row), str(column)) for code, (row, column) in raw.get("tiles", {}).items()}
        return RiskBoard(
            int(grid["rows"]), int(grid["columns"]), int(grid["months"]), int(lists["firms"]), int(lists["found"]),
            int(lists["timeline"]), tiles,
        )  # fmt: skip
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise Unusable(f"页面配置 {file} 缺少或写错 {error}，请改正后再试。") from error
