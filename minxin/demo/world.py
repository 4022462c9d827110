"""The simulated place: estates with coordinates, communities' true quality, units, persons by code."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import shapely

from minxin.demo.draw import Floats, Ints, generator, pick, shares
from minxin.demo.scenario import Scenario

#: Points prepared per estate; a petition takes one of them, so none falls outside its community.
POINTS = 32
#: Half the side of the square round an estate in which its points lie, in degrees (about 70 m).
REACH = 0.0007
NUMERALS = "零一二三四五六七八九"
COMMUNITY_UNIT = "社区工作站"


@dataclass(frozen=True)
class World:
    """What stands before the first petition; arrays by community, estate or category position."""

    quality: Floats
    slowness: Floats
    estate_community: Ints
    estate_first: Ints
    estate_names: list[str]
    estate_codes: list[str]
    estate_households: Ints
    estate_weights: Floats
    longitude: Floats
    latitude: Floats
    units: list[str]
    unit_of_subject: Ints
    community_units: Ints

    @property
    def estates(self) -> int:
        return len(self.estate_names)

    def estates_of(self, community: int) -> range:
        """Positions of a community's estates."""
        return range(int(self.estate_first[community]), int(self.estate_first[community + 1]))


def numeral(number: int) -> str:
    """1–99 in Chinese: 一, 十, 十二, 二十三."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else NUMERALS[tens] + "十"
    return head + (NUMERALS[ones] if ones else "")


def short(name: str) -> str:
    """A community's name without its kind."""
    return name.removesuffix("社区")


def make(scenario: Scenario, seed: int) -> World:
    """Build the world of a seed."""
    rng = generator(seed, "world")
    communities = len(scenario.codes)
    quality = rng.permutation(np.asarray(scenario.settings["quality"]["levels"], dtype=np.float64)) / 100
    # A community that solves badly tends to be slow, too, but not always.
    slowness = np.exp(-1.5 * quality + 0.10 * rng.standard_normal(communities))
    count = 4 + shares(int(scenario.settings["estates"]) - 4 * communities, scenario.population)
    community = np.repeat(np.arange(communities), count)
    first = np.r_[0, np.cumsum(count)]
    weights = np.exp(0.55 * rng.standard_normal(len(community)))
    households = np.zeros(len(community), dtype=np.int64)
    names: list[str] = []
    codes: list[str] = []
    for c in range(communities):
        part = slice(int(first[c]), int(first[c + 1]))
        # Four fifths of the households live in estates, the others in single buildings and villages.
        households[part] = shares(int(scenario.households[c] * 0.8), weights[part])
        names += [f"{short(scenario.names[c])}{numeral(i + 1)}苑" for i in range(int(count[c]))]
        codes += [f"{scenario.codes[c]}E{i + 1:02d}" for i in range(int(count[c]))]
    longitude, latitude = _points(scenario, community, rng)
    units, of_subject, of_community = _units(scenario)
    return World(
        quality=quality,
        slowness=slowness,
        estate_community=community,
        estate_first=first,
        estate_names=names,
        estate_codes=codes,
        estate_households=households,
        estate_weights=weights,
        longitude=longitude,
        latitude=latitude,
        units=units,
        unit_of_subject=of_subject,
        community_units=of_community,
    )


def _units(scenario: Scenario) -> tuple[list[str], Ints, Ints]:
    """Names of units, the unit of each category (-1: the community's own), and the communities' own."""
    units = [row["unit"] for row in scenario.units if row["unit"] != COMMUNITY_UNIT]
    position = {name: i for i, name in enumerate(units)}
    of_subject = np.array([position.get(s.unit, -1) for s in scenario.subjects], dtype=np.int64)
    of_community = np.arange(len(scenario.codes), dtype=np.int64) + len(units)
    return units + [f"{short(name)}{COMMUNITY_UNIT}" for name in scenario.names], of_subject, of_community


def _points(scenario: Scenario, community: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Coordinates (estates, POINTS), each inside the polygon of its community; first one the estate itself."""
    shapes = {
        f["properties"]["code"]: shapely.from_geojson(json.dumps(f["geometry"])) for f in scenario.shapes["features"]
    }
    longitude = np.empty((len(community), POINTS))
    latitude = np.empty((len(community), POINTS))
    for c, code in enumerate(scenario.codes):
        shape = shapes[code]
        inner = shape.buffer(-REACH / 2)
        places = _inside(inner if inner.area > shape.area / 4 else shape, int((community == c).sum()), rng)
        for row, (x, y) in zip(np.flatnonzero(community == c), places, strict=True):
            box = shapely.box(x - REACH, y - REACH, x + REACH, y + REACH).intersection(shape)
            around = np.vstack([[(x, y)], _inside(box, POINTS - 1, rng)])
            longitude[row], latitude[row] = around[:, 0], around[:, 1]
    return longitude, latitude


def _inside(shape: shapely.Geometry, count: int, rng: np.random.Generator) -> Floats:
    """``count`` points inside a shape, (count, 2), rounded to 5 decimals (about 1 m)."""
    west, south, east, north = shape.bounds
    found: list[Floats] = []
    held = 0
    while held < count:
        tried = np.round(rng.uniform((west, south), (east, north), (max(64, 4 * count), 2)), 5)
        good = tried[shapely.contains_xy(shape, tried[:, 0], tried[:, 1])]
        found.append(good)
        held += len(good)
    return np.vstack(found)[:count] if found else np.empty((0, 2))


def estate_of(world: World, community: Ints, rng: np.random.Generator) -> Ints:
    """An estate for each community position, by size; -1 where the community is -1."""
    communities = len(world.estate_first) - 1
    widest = int(np.diff(world.estate_first).max())
    table = np.zeros((communities, widest))
    for c in range(communities):
        held = world.estates_of(c)
        table[c, : len(held)] = world.estate_weights[held.start : held.stop]
    known = np.maximum(community, 0)
    return np.where(community >= 0, world.estate_first[known] + pick(rng, table, known), -1)
