"""``minxin deployment new``: another city is another folder."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Point, shape

from minxin.settings import Home, load_deployment
from tests import support

SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
NEXT = [[[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]
BOW_TIE = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]


def _file(folder: Path, *features: tuple[Any, Any, Any], **more: Any) -> Path:
    """A GeoJSON file of (name, code, rings) polygons."""
    raw = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"label": name, "number": code},
                "geometry": {"type": "Polygon", "coordinates": rings},
            }
            for name, code, rings in features
        ],
        **more,
    }
    file = folder / "areas.geojson"
    file.write_text(json.dumps(raw), encoding="utf-8")
    return file


def _new(file: Path, out: Path, *more: str) -> Any:
    return support.here("deployment", "new", "--from-geojson", file, "--name-field", "label", "--out", out, *more)


def test_a_folder_that_the_board_can_be_started_with(tmp_path: Path, tmp_home: Home) -> None:
    file = _file(tmp_path, ("East Side", 7, SQUARE), ("Old Town", 9, NEXT))
    out = tmp_path / "new city"
    done = _new(file, out, "--id", "city", "--name", '某"市\\', "--timezone", "Europe/Berlin", "--area-word", "街区")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out)
    made = load_deployment(out)
    assert (made.id, made.name, made.area_word, made.timezone) == ("city", '某"市\\', "街区", "Europe/Berlin")
    assert made.community_codes == ["east-side", "old-town", "none"]
    for community, feature in zip(made.communities, made.shapes["features"], strict=True):
        assert set(feature["properties"]) >= {"code", "name"}
        assert feature["properties"]["code"] == community.code
        assert shape(feature["geometry"]).contains(Point(community.longitude, community.latitude))
    checked = support.must_json("check", "--json", env=support.environment(tmp_path / "home2", out))
    assert not [finding for finding in checked if finding["status"] == "wrong"]


def test_codes_come_from_their_field_or_are_numbers_where_names_are_chinese(tmp_path: Path, tmp_home: Home) -> None:
    file = _file(tmp_path, ("鹤山区", 410602, SQUARE), ("淇县", 410622, NEXT))
    assert _new(file, tmp_path / "a", "--code-field", "number").returncode == 0
    assert load_deployment(tmp_path / "a").community_codes == ["410602", "410622", "none"]
    assert _new(file, tmp_path / "b").returncode == 0
    assert load_deployment(tmp_path / "b").community_codes == ["a001", "a002", "none"]


@pytest.mark.parametrize(
    ("features", "more", "word"),
    [
        ([("A", 1, SQUARE), ("A", 2, NEXT)], [], "重复"),
        ([("A", 1, SQUARE), ("B", 1, NEXT)], ["--code-field", "number"], "重复"),
        ([("A", "none", SQUARE)], ["--code-field", "number"], "none"),
        ([("", 1, SQUARE)], [], "为空"),
        ([("A", 1, SQUARE)], ["--code-field", "missing"], "missing"),
        ([("A", 1, [[[500000, 2500000], [500001, 2500000], [500001, 2500001], [500000, 2500000]]])], [], "经纬度"),
        ([("A", 1, [[[0, 0], [1, 1]]])], [], "边界"),
        ([("A", 1, [])], [], "边界"),
        ([("A", 1, "text")], [], "边界"),
        ([("A", 1, [[[0, 0], [1, 0], [2, 0], [0, 0]]])], [], "面积"),
        ([("A", 1, SQUARE)], ["--timezone", "Mars/Olympus"], "时区"),
        ([("A", 1, SQUARE)], ["--id", "../x"], "编号"),
        ([], [], "没有区域"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_left(
    tmp_path: Path, tmp_home: Home, features: list[Any], more: list[str], word: str
) -> None:
    out = tmp_path / "made"
    done = _new(_file(tmp_path, *features), out, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00", b'{"features": [1]}', b"[" * 100_000])
def test_a_file_that_is_no_geojson_is_unusable(tmp_path: Path, tmp_home: Home, content: bytes) -> None:
    file = tmp_path / "broken.geojson"
    file.write_bytes(content)
    done = _new(file, tmp_path / "made")
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_nothing_is_overwritten(tmp_path: Path, tmp_home: Home) -> None:
    out = tmp_path / "made"
    out.mkdir()
    kept = out / "deployment.toml"
    kept.write_text("id = 'mine'", encoding="utf-8")
    done = _new(_file(tmp_path, ("A", 1, SQUARE)), out)
    assert done.returncode == 1
    assert kept.read_text(encoding="utf-8") == "id = 'mine'"


def test_a_crossed_outline_is_mended(tmp_path: Path, tmp_home: Home) -> None:
    assert _new(_file(tmp_path, ("A", 1, BOW_TIE)), tmp_path / "made").returncode == 0
    (feature,) = load_deployment(tmp_path / "made").shapes["features"]
    assert shape(feature["geometry"]).is_valid


def test_a_large_file_is_simplified_and_places_stay_where_they_are(
    tmp_path: Path, tmp_home: Home, inputs: Path
) -> None:
    file = inputs / "communities" / "boston_neighborhoods.geojson"
    done = support.here(
        *("deployment", "new", "--from-geojson", file, "--name-field", "name", "--out", tmp_path / "boston"),
    )
    assert done.returncode == 0, done.stderr
    before = {f["properties"]["name"]: shape(f["geometry"]) for f in json.loads(file.read_text("utf-8"))["features"]}
    made = load_deployment(tmp_path / "boston")
    assert len(made.communities) == 26
    after = {f["properties"]["name"]: shape(f["geometry"]) for f in made.shapes["features"]}
    assert set(after) == set(before)
    for name, outline in after.items():
        assert outline.is_valid
        assert abs(outline.area / before[name].area - 1) < 0.01, name
        assert outline.symmetric_difference(before[name].buffer(0)).area / before[name].area < 0.02, name
    assert (tmp_path / "boston" / "communities.geojson").stat().st_size < 400_000


def test_coordinates_of_the_chinese_map_services_are_converted(tmp_path: Path, tmp_home: Home, inputs: Path) -> None:
    file = inputs / "communities" / "hebi_counties_gcj02.geojson"
    new = ("deployment", "new", "--from-geojson", file, "--name-field", "name", "--code-field", "adcode", "--out")
    assert support.here(*new, tmp_path / "hebi", "--coordinates", "gcj02", "--area-word", "区县").returncode == 0
    assert support.here(*new, tmp_path / "plain").returncode == 0
    moved = load_deployment(tmp_path / "hebi").communities
    plain = load_deployment(tmp_path / "plain").communities
    for a, b in zip(moved, plain, strict=True):
        assert a.longitude and a.latitude and b.longitude and b.latitude
        # In Henan, GCJ-02 lies some hundred metres from WGS84.
        moved_by = math.hypot(b.longitude - a.longitude, b.latitude - a.latitude)
        assert 0.001 < moved_by < 0.01, a.name


def test_the_communities_file_opens_in_excel_style_readers(tmp_path: Path, tmp_home: Home) -> None:
    _new(_file(tmp_path, ("A, B", 1, SQUARE)), tmp_path / "made")
    with (tmp_path / "made" / "communities.csv").open(encoding="utf-8", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert row["name"] == "A, B"
    assert row["population"] == ""
