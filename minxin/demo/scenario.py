"""What the simulation is told: the files below ``data/demo``, read and checked."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from minxin.demo.draw import DAY, Floats, Ints
from minxin.settings import Deployment, Refused, Unusable

KINDS = ("投诉", "咨询", "求助", "建议", "举报", "表扬", "其他")


@dataclass(frozen=True)
class Channel:
    """One channel; ``total`` is the published count, or None where ``share`` lets it grow."""

    name: str
    prefix: str
    since: date
    hours: str
    kinds: Mapping[str, float]
    total: int | None = None
    share: float = 0.0
    closed: int | None = None
    followed_up: int | None = None
    replies: bool = False
    likes: bool = False
    city_number: bool = False
    households: int | None = None
    sessions: Mapping[str, Any] = field(default_factory=dict)
    boost_2: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """One third-level category and how it is complained about."""

    category_1: str
    category_2: str
    category_3: str
    weight: float
    complex_share: float
    season: str
    clock: str
    unit: str
    problems: tuple[str, str]
    question: str


@dataclass(frozen=True)
class Incident:
    """A planted event; ``community`` and ``estate`` are positions, -1 where it is everywhere."""

    name: str
    community: int
    estate: int
    first: int
    last: int
    cases: int
    categories: Mapping[int, float]
    hours: tuple[int, ...]


@dataclass(frozen=True)
class Scenario:
    """All settings; days count from 1970-01-01, ``last`` is the first day no longer simulated."""

    first: int
    last: int
    channels: tuple[Channel, ...]
    subjects: tuple[Subject, ...]
    incidents: tuple[Incident, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    population: Ints
    households: Ints
    appetite: Floats
    profile: tuple[str, ...]
    units: tuple[Mapping[str, str], ...]
    actions: tuple[Mapping[str, str], ...]
    phrases: Mapping[str, Any]
    settings: Mapping[str, Any]
    shapes: Mapping[str, Any]

    @property
    def end(self) -> int:
        """The data time in seconds since 1970."""
        return self.last * DAY

    @property
    def published(self) -> tuple[Channel, ...]:
        """Channels with a published count."""
        return tuple(c for c in self.channels if c.total is not None)

    @property
    def growing(self) -> tuple[Channel, ...]:
        """Channels that make up the rest."""
        return tuple(c for c in self.channels if c.total is None)

    @property
    def fewest(self) -> int:
        """Petitions of the published channels: there cannot be fewer."""
        return sum(c.total or 0 for c in self.channels)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def load(deployment: Deployment) -> Scenario:
    """The scenario of a deployment.

    Raises Refused when the scenario was not written for its communities, Unusable when a file is faulty.
    """
    folder = deployment.path("demo")
    try:
        settings = _toml(folder / "demo.toml")
        places = {row["code"]: row for row in _rows(folder / "communities.csv")}
        codes = tuple(c.code for c in deployment.communities)
        if set(places) != set(codes):
            raise Refused(
                f"部署「{deployment.id}」没有模拟方案（{folder / 'communities.csv'} 与社区名单不符），"
                "请改用 minxin import 导入数据。"
            )
        rows = [places[code] for code in codes]
        subjects = _subjects(folder, deployment.path("categories.csv"))
        return Scenario(
            first=day_number(settings["start"]),
            last=day_number(settings["end"]),
            channels=tuple(_channel(raw) for raw in settings["channel"]),
            subjects=subjects,
            incidents=_incidents(folder, codes, subjects),
            codes=codes,
            names=tuple(c.name for c in deployment.communities),
            population=np.array([int(r["population"]) for r in rows], dtype=np.int64),
            households=np.array([int(r["households"]) for r in rows], dtype=np.int64),
            appetite=np.array([float(r["appetite"]) for r in rows]),
            profile=tuple(r["profile"] for r in rows),
            units=tuple(_rows(folder / "units.csv")),
            actions=tuple(_rows(folder / "actions.csv")),
            phrases=_toml(folder / "phrases.toml"),
            settings=settings,
            shapes=deployment.shapes,
        )
    except FileNotFoundError as error:
        raise Unusable(f"模拟方案缺少文件 {error.filename}，请恢复后再试。") from error
    except (KeyError, ValueError, StopIteration) as error:
        raise Unusable(f"模拟方案 {folder} 有误：{error}，请改正后再试。") from error


def _channel(raw: dict[str, Any]) -> Channel:
    known = {k: v for k, v in raw.items() if k != "from"}
    channel = Channel(since=raw["from"], **known)
    if unknown := set(channel.kinds) - set(KINDS):
        raise ValueError(f"{channel.name} 的诉求类型 {unknown}")
    if channel.total is not None and sum(channel.kinds.values()) != channel.total:
        raise ValueError(f"{channel.name} 各类型之和不等于 {channel.total}")
    return channel


def _subjects(folder: Path, tree: Path) -> tuple[Subject, ...]:
    known = {row["category_3"]: row for row in _rows(folder / "subjects.csv")}
    found = []
    for node in _rows(tree):
        row = known[node["category_3"]]
        found.append(
            Subject(
                category_1=node["category_1"],
                category_2=node["category_2"],
                category_3=node["category_3"],
                weight=float(row["weight"]),
                complex_share=float(row["complex_percent"]) / 100,
                season=row["season"],
                clock=row["clock"],
                unit=row["unit"],
                problems=(row["problem_1"], row["problem_2"]),
                question=row["question"],
            )
        )
    return tuple(found)


def _incidents(folder: Path, codes: tuple[str, ...], subjects: tuple[Subject, ...]) -> tuple[Incident, ...]:
    position = {s.category_3: i for i, s in enumerate(subjects)}
    return tuple(
        Incident(
            name=raw["name"],
            community=codes.index(raw["community"]) if "community" in raw else -1,
            estate=int(raw.get("estate", -1)),
            first=day_number(raw["from"]),
            last=day_number(raw["to"]),
            cases=int(raw["cases"]),
            categories={position[name]: float(weight) for name, weight in raw["categories"].items()},
            hours=tuple(raw["hours"]),
        )
        for raw in _toml(folder / "incidents.toml")["incident"]
    )
