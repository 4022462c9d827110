"""Communities by code, name, alias and point; coordinates from the Chinese systems to WGS84."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from minxin.ingest.coordinates import SYSTEMS, to_wgs84_sql
from minxin.ingest.places import count_ways, place_text_sql, point_key_sql, resolve_names, resolve_points
from minxin.settings import Deployment, load_deployment


def square(code: str, x: float, y: float, name: str = "") -> dict:
    ring = [[x, y], [x + 0.01, y], [x + 0.01, y + 0.01], [x, y + 0.01], [x, y]]
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


@pytest.fixture
def town(tmp_path: Path) -> Deployment:
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "deployment.toml").write_text(
        'id = "town"\nname = "某市某区新安街道"\nshort_name = "新安街道"\ngeometry = "areas.geojson"\n',
        encoding="utf-8",
    )
    (folder / "communities.csv").write_text(
        "code,name,aliases\nc1,宝民社区,宝民村;Bao Min\nc2,上川社区,\nc3,洪浪社区,共名\nc4,龙井社区,共名\n",
        encoding="utf-8",
    )
    areas = [
        square("c1", 113.88, 22.55),
        square("c2", 113.89, 22.55),
        square("zz", 113.90, 22.55),
        square("", 113.91, 22.55, "龙井社区"),
    ]
    (folder / "areas.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": areas}), encoding="utf-8"
    )
    return load_deployment(folder)


def resolved(town: Deployment, pairs: list[tuple[str | None, str | None]]) -> list[tuple[str | None, str | None]]:
    with duckdb.connect() as connection:
        frame = pd.DataFrame(pairs, columns=["code", "name"]).astype("object")
        connection.register("pairs", frame.assign(n=range(len(pairs))))
        said = f"select n, code, name, {place_text_sql('code', 'name')} as place_text from pairs"
        resolve_names(connection, town, said, "code", "name")
        return connection.execute(
            f"select p.code, p.way from ({said}) as s"
            " left join place_names as p on s.place_text = p.place_text order by s.n"
        ).fetchall()


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("c1", None, ("c1", "code")),
        (" C1 ", None, ("c1", "code")),
        ("c1", "上川社区", ("c1", "code")),
        ("??", "上川社区", ("c2", "name")),
        (None, "宝民社区", ("c1", "name")),
        (None, "宝民", ("c1", "name")),
        (None, "宝 民 社 区", ("c1", "name")),
        (None, "新安街道宝民社区", ("c1", "name")),
        (None, "某市某区新安街道宝民社区居委会", ("c1", "name")),
        (None, "深圳市宝安区新安街道宝民社区工作站", ("c1", "name")),
        (None, "宝民村", ("c1", "alias")),
        (None, "ＢＡＯ　ＭＩＮ", ("c1", "alias")),
        (None, "共名", (None, None)),
        (None, "别的社区", (None, None)),
        (None, "社区", (None, None)),
        (None, None, (None, None)),
        ("宝民社区", None, ("c1", "name")),
        (None, "c2", ("c2", "code")),
        (None, "'; drop table x --", (None, None)),
    ],
)
def test_names(town: Deployment, code: str | None, name: str | None, expected: tuple) -> None:
    assert resolved(town, [(code, name)]) == [expected]


def test_many_names_at_once(town: Deployment) -> None:
    pairs = [(None, f"名{i}") for i in range(500)] + [(None, "上川社区")]
    found = resolved(town, pairs)
    assert found[-1] == ("c2", "name") and all(f == (None, None) for f in found[:-1])


def test_points_fall_into_their_community(town: Deployment) -> None:
    points = [
        (113.885, 22.555, "c1"),
        (113.89, 22.555, "c1"),  # on the border: the first one
        (113.895, 22.555, "c2"),
        (113.905, 22.555, None),  # an area of no community of ours
        (113.915, 22.555, "c4"),  # known by its name
        (0.0, 0.0, None),
        (500.0, 22.0, None),
        (None, 22.0, None),
    ]
    with duckdb.connect() as connection:
        connection.register("points", pd.DataFrame(points, columns=["x", "y", "expected"]).assign(n=range(len(points))))
        keyed = f"select *, {point_key_sql('x', 'y')} as point_key from points"
        resolve_points(connection, town, f"select point_key from ({keyed})")
        rows = connection.execute(
            f"select expected, code from ({keyed}) as k"
            " left join place_points as p on k.point_key = p.point_key order by n"
        ).fetchall()
    assert [code for _, code in rows] == [expected for _, _, expected in points]


def test_every_way_is_named() -> None:
    assert count_ways([("name", 3)]) == {"code": 0, "name": 3, "alias": 0, "point": 0, "none": 0}


# ── coordinates ─────────────────────────────────────────────────────────────────────────────────


def converted(system: str, points: list[tuple[float | None, float | None]]) -> list[tuple[float | None, float | None]]:
    with duckdb.connect() as connection:
        connection.execute("create table given (n integer, x double, y double)")
        connection.executemany("insert into given values (?, ?, ?)", [(n, x, y) for n, (x, y) in enumerate(points)])
        return connection.execute(f"select x, y from ({to_wgs84_sql('given', system)}) order by n").fetchall()


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot((a[0] - b[0]) * 111_320 * math.cos(math.radians(a[1])), (a[1] - b[1]) * 110_574)


def bd09_of(x: float, y: float) -> tuple[float, float]:
    """GCJ-02 → BD-09, the published direction, in Python."""
    turn = math.pi * 3000 / 180
    radius = math.hypot(x, y) + 0.00002 * math.sin(y * turn)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * turn)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def test_golden_points_of_both_systems(inputs: Path) -> None:
    with (inputs / "communities" / "communities_22_statistical.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 22
    wgs = [(float(r["lon_wgs84"]), float(r["lat_wgs84"])) for r in rows]
    gcj = [(float(r["lon_gcj02"]), float(r["lat_gcj02"])) for r in rows]
    assert max(metres(a, b) for a, b in zip(converted("gcj02", gcj), wgs, strict=True)) < 0.3
    assert max(metres(a, b) for a, b in zip(converted("bd09", [bd09_of(*g) for g in gcj]), wgs, strict=True)) < 0.3
    assert converted("wgs84", wgs) == wgs
    # The systems are hundreds of metres apart: the test would see a conversion that does nothing.
    assert min(metres(a, b) for a, b in zip(gcj, wgs, strict=True)) > 300


def test_a_known_point_without_real_inputs() -> None:
    # 宝民: WGS84 and GCJ-02 of the same anchor.
    assert metres(converted("gcj02", [(113.899635, 22.567005)])[0], (113.894762, 22.570055)) < 0.3


def test_far_away_and_missing_points_pass() -> None:
    for system in SYSTEMS:
        assert converted(system, [(None, None)]) == [(None, None)]
        assert converted(system, [(None, 22.0)])[0][0] is None
    assert converted("gcj02", [(-71.06, 42.36)]) == [(-71.06, 42.36)]


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        to_wgs84_sql("given", "mars")
