"""What stands on a page, read from ``data/boards``: which indicators, how many rows, which days are marked."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from minxin.analysis import indicators
from minxin.charts.chart import Annotation
from minxin.settings import Deployment, Unusable, deployment


@dataclass(frozen=True)
class WeeklyBoard:
    """The weekly page: codes of indicators in order of preference, and numbers of rows and weeks."""

    kpi: tuple[str, ...]
    kpi_row: int
    map: tuple[str, ...]
    trend: tuple[str, ...]
    trend_weeks: int
    categories_most: int
    late: int
    due_soon: int
    records: int
    unusual_weeks: int
    unusual_most: int


def weekly() -> WeeklyBoard:
    """The weekly page of the deployment; Unusable where the file is faulty."""
    place = deployment()
    return _weekly(place.path("boards", "weekly.toml"), place.id)


@lru_cache(maxsize=8)
def _weekly(file: Path, place: str) -> WeeklyBoard:
    raw = _read(file)
    try:
        board = WeeklyBoard(
            kpi=tuple(raw["kpi"]["indicators"]),
            kpi_row=int(raw["kpi"]["row"]),
            map=tuple(raw["map"]["indicators"]),
            trend=tuple(raw["trend"]["indicators"]),
            trend_weeks=int(raw["trend"]["weeks"]),
            categories_most=int(raw["categories"]["most"]),
            late=int(raw["lists"]["late"]),
            due_soon=int(raw["lists"]["due_soon"]),
            records=int(raw["lists"]["records"]),
            unusual_weeks=int(raw["unusual"]["weeks"]),
            unusual_most=int(raw["unusual"]["most"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable(f"页面配置 {file} 缺少或写错 {error}，请改正后再试。") from error
    unknown = sorted({*board.kpi, *board.map, *board.trend} - set(indicators.load()))
    if unknown or not (board.kpi and board.map and board.trend):
        raise Unusable(f"页面配置 {file} 中的指标 {'、'.join(unknown) or '为空'}，请改为 indicators 目录中已有的指标。")
    return board


@dataclass(frozen=True)
class ScorecardBoard:
    """The scorecard: rates that stand in for the score, indicators held against targets, rows of a list."""

    single: tuple[str, ...]
    targets: tuple[str, ...]
    records: int


def scorecard() -> ScorecardBoard:
    """The scorecard of the deployment; Unusable where the file is faulty."""
    return _scorecard(deployment().path("boards", "scorecard.toml"))


@lru_cache(maxsize=8)
def _scorecard(file: Path) -> ScorecardBoard:
    raw = _read(file)
    try:
        board = ScorecardBoard(
            tuple(raw["single"]["indicators"]), tuple(raw["targets"]["indicators"]), int(raw["lists"]["records"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable(f"页面配置 {file} 缺少或写错 {error}，请改正后再试。") from error
    held = indicators.load()
    wrong = sorted(c for c in {*board.single, *board.targets} if c not in held or held[c].kind != "rate")
    if wrong:
        raise Unusable(f"页面配置 {file} 中的 {'、'.join(wrong)} 不是比率指标，请改为 indicators 目录中已有的比率。")
    return board


@dataclass(frozen=True)
class CommunityBoard:
    """The page of one community: codes of indicators, months that a rate rolls over, rows of its lists."""

    kpi: tuple[str, ...]
    kpi_row: int
    trend: tuple[str, ...]
    rolling_months: int
    categories: int
    estates: int
    repeats: int
    instructions: int


def community() -> CommunityBoard:
    """The page of one community in this deployment; Unusable where the file is faulty."""
    return _community(deployment().path("boards", "community.toml"))


@lru_cache(maxsize=8)
def _community(file: Path) -> CommunityBoard:
    raw = _read(file)
    try:
        lists = {name: int(raw["lists"][name]) for name in ("categories", "estates", "repeats", "instructions")}
        board = CommunityBoard(
            kpi=tuple(raw["kpi"]["indicators"]),
            kpi_row=int(raw["kpi"]["row"]),
            trend=tuple(raw["trend"]["indicators"]),
            rolling_months=int(raw["trend"]["rolling_months"]),
            **lists,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable(f"页面配置 {file} 缺少或写错 {error}，请改正后再试。") from error
    held = indicators.load()
    wrong = sorted({*board.kpi, *board.trend} - set(held))
    # stocks and numbers per head have no monthly counts
    wrong += [c for c in board.trend if c in held and held[c].kind not in ("rate", "count")]
    if wrong or not board.kpi or board.rolling_months < 1:
        raise Unusable(f"页面配置 {file} 中的指标 {'、'.join(wrong) or '或月数'} 有误，请改正后再试。")
    return board


def marked_days(start: dt.date, end: dt.date) -> tuple[Annotation, ...]:
    """The marked days of [start, end) for this deployment, in order."""
    place = deployment()
    held = [a for a in _annotations(place.path("boards", "annotations.toml"), place) if start <= a.at < end]
    return tuple(sorted(held, key=lambda a: a.at))


def _annotations(file: Path, place: Deployment) -> list[Annotation]:
    try:
        return [
            Annotation(entry["on"], entry["text"])
            for entry in _read(file).get("annotation", [])
            if entry.get("deployment", "") in ("", place.id)
        ]
    except (KeyError, TypeError) as error:
        raise Unusable(f"页面配置 {file} 缺少或写错 {error}，请改正后再试。") from error


@lru_cache(maxsize=16)
def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"页面配置 {file} 无法读取（{error}），请恢复该文件后再试。") from error
