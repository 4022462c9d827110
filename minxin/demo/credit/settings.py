"""What the simulation of the credit half is told: the files below ``data/demo/credit``, read and checked."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from minxin.demo.scenario import day_number
from minxin.settings import Deployment, Refused, Unusable
from minxin.warehouse.policies import Policy
from minxin.warehouse.policies import load as load_policies

MOST_FIRMS = 2_000_000
FEWEST_FIRMS = 500
MOST_RECORDS = 400_000_000


@dataclass(frozen=True)
class Told:
    """All settings of one run; days count from 1970-01-01, ``last`` is the first day no longer simulated."""

    firms: int
    records: int
    seed: int
    first: int
    events_from: int
    last: int
    settings: Mapping[str, Any]
    industries: tuple[Mapping[str, str], ...]
    parks: tuple[Mapping[str, str], ...]
    scenes: tuple[Mapping[str, str], ...]
    record_types: tuple[Mapping[str, str], ...]
    sectors: tuple[Mapping[str, str], ...]
    #: Communities with their code, name and weight of firms.
    communities: tuple[tuple[str, str, float], ...]
    policies: tuple[Policy, ...]
    #: Office by the kind of record, or by the field which the names of several kinds begin with.
    authorities: Mapping[str, str]

    def authority(self, type_name: str) -> str:
        """The office of the city that a kind of record comes from; KeyError where none is told."""
        field, between, _ = type_name.partition("领域")
        return f"鹤壁市{self.authorities[field + between if between else type_name]}"

    def scaled(self, name: str) -> int:
        """A published number in proportion to the number of firms, at least one; exact at the default."""
        whole = int(self.settings["published"][name])
        return max(1, round(whole * self.firms / int(self.settings["default_enterprises"])))


def _rows(file: Path) -> tuple[Mapping[str, str], ...]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return tuple(csv.DictReader(lines))


#: Weight of firms per inhabitant by the kind of community.
_BUSY = {"商业商务": 2.6, "产业园区": 2.0, "综合": 1.1, "城中村": 0.9, "老旧住宅": 0.6, "新建住宅": 0.7}


def load(deployment: Deployment, firms: int | None = None, records: int | None = None, seed: int | None = None) -> Told:
    """The settings of a run.

    Raises Refused when the deployment has no scenario for credit, Unusable when a file or number is faulty.
    """
    folder = deployment.path("demo")
    if not (folder / "credit").is_dir():
        raise Refused(f"部署「{deployment.id}」没有信用主题的模拟方案，请改用 minxin import 导入数据。")
    try:
        settings = tomllib.loads((folder / "credit" / "credit.toml").read_text(encoding="utf-8"))
        places = {row["code"]: row for row in _rows(folder / "communities.csv")}
        told = Told(
            firms=int(settings["default_enterprises"]) if firms is None else firms,
            records=int(settings["default_records"]) if records is None else records,
            seed=int(settings["seed"]) if seed is None else seed,
            first=day_number(settings["first"]),
            events_from=day_number(settings["events_from"]),
            last=day_number(settings["end"]),
            settings=settings,
            industries=_rows(folder / "credit" / "industries.csv"),
            parks=_rows(folder / "credit" / "parks.csv"),
            scenes=_rows(folder / "credit" / "scenes.csv"),
            record_types=_rows(deployment.path("credit/record_types.csv")),
            sectors=_rows(deployment.path("credit/sectors.csv")),
            communities=tuple(
                (c.code, c.name, int(places[c.code]["population"]) * _BUSY[places[c.code]["profile"]])
                for c in deployment.communities
            ),
            policies=load_policies(deployment),
            authorities={row["of"]: row["authority"] for row in _rows(folder / "credit" / "authorities.csv")},
        )
        for kind in told.record_types:
            told.authority(kind["type_name"])
    except FileNotFoundError as error:
        raise Unusable(f"信用主题的模拟方案缺少文件 {error.filename}，请恢复后再试。") from error
    except (KeyError, ValueError) as error:
        raise Unusable(f"信用主题的模拟方案 {folder / 'credit'} 有误：{error}，请改正后再试。") from error
    if not FEWEST_FIRMS <= told.firms <= MOST_FIRMS:
        raise Unusable(f"企业数 {told.firms} 不能使用，请给出 {FEWEST_FIRMS} 至 {MOST_FIRMS} 之间的整数。")
    if not 0 <= told.records <= MOST_RECORDS:
        raise Unusable(f"信用信息条数 {told.records} 不能使用，请给出 0 至 {MOST_RECORDS} 之间的整数。")
    return told


def month_days(first: int, last: int) -> list[tuple[date, int, int]]:
    """Calendar months between two days: the month's first day and its half-open range of days."""
    found = []
    start = first
    while start < last:
        day = date.fromordinal(start + date(1970, 1, 1).toordinal())
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        stop = min(day_number(following), last)
        found.append((day.replace(day=1), start, stop))
        start = stop
    return found
