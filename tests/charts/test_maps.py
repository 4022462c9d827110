"""The offline map: no request to the outside, hostile texts stay text, clicks name a community."""

from __future__ import annotations

import copy
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from minxin.charts import Encoding, Kind, Theme, geometry, maps
from minxin.charts.fills import fills, short_names
from minxin.charts.palette import colours
from minxin.settings import deployment
from tests.charts import samples

SHAPES = deployment().shapes
CODES = [c.code for c in deployment().communities]


def _page(chart: samples.Chart, theme: Theme = Theme.LIGHT, shapes: dict | None = None) -> str:
    held = SHAPES if shapes is None else shapes
    drawn = maps.base_map(held, theme)
    maps.community_layer(chart, held, theme).add_to(drawn)
    return str(drawn.get_root().render())


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("how", ["", "one", "none", "nulls", "hostile"])
def test_nothing_comes_from_outside(how: str, theme: Theme) -> None:
    page = _page(samples.variant(Kind.MAP, how) if how else samples.chart(Kind.MAP), theme)
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page)) <= {"http://www.w3.org"}
    assert re.findall(r'<script src="([^"]+)"', page) == [f"{maps.STATIC_URL}/leaflet.js"]
    assert re.findall(r'<link rel="stylesheet" href="([^"]+)"', page) == [f"{maps.STATIC_URL}/leaflet.css"]
    assert "color_map" not in page and not re.search(r"d3(?:js)?\.(?:v\d|min|org)", page)


def test_hostile_texts_stay_text() -> None:
    shapes = copy.deepcopy(SHAPES)
    shapes["features"][0]["properties"]["name"] = "</script><script>alert(1)</script>"
    shapes["features"][1]["properties"]["name"] = "<img src=x onerror=alert(1)>`${alert(1)}`"
    page = _page(samples.variant(Kind.MAP, "hostile"), shapes=shapes)
    for raw in ("<script>alert", "<img src=x", "${alert"):
        assert raw not in page
        assert json.dumps(raw)[1:-1].replace("<", "\\u003c") not in page, "nor hidden in the script's own escapes"


def test_the_base_map_does_not_change_with_the_data() -> None:
    def body(page: str) -> str:
        return re.sub(r"[0-9a-f]{32}", "id", page)

    assert body(maps.base_map(SHAPES).get_root().render()) == body(maps.base_map(SHAPES).get_root().render())


def test_leaflet_is_copied_once(tmp_path: Path) -> None:
    folder = maps.install_leaflet(tmp_path / "static")
    assert folder == tmp_path / "static" / "leaflet"
    script = folder / "leaflet.js"
    assert "Leaflet" in script.read_text(encoding="utf-8")[:200]
    assert (folder / "images" / "layers.png").stat().st_size > 100
    before = script.stat().st_mtime_ns
    maps.install_leaflet(tmp_path / "static")
    assert script.stat().st_mtime_ns == before
    script.write_text("broken", encoding="utf-8")
    maps.install_leaflet(tmp_path / "static")
    assert script.stat().st_size > 100_000
    assert not [f for f in folder.rglob("*.part")]


def test_only_known_codes_count_as_a_click() -> None:
    def back(code: object) -> dict:
        return {"last_active_drawing": {"type": "Feature", "properties": {"code": code}}}

    assert maps.clicked(back(CODES[3]), CODES) == CODES[3]
    for nothing in (None, {}, {"last_active_drawing": None}, back("999"), back("<script>"), back(None)):
        assert maps.clicked(nothing, CODES) == ""


def test_the_legend_says_each_step_and_what_is_missing() -> None:
    chart = samples.chart(Kind.MAP)
    held = maps.legend(chart)
    assert sum(s.areas for s in held.steps) == sum(v is not None for v in chart.column("y"))
    assert [s.words for s in held.missing] == ["样本不足", "无数据"]
    assert held.note == "示意图，不作边界依据"
    drawn = maps.legend_html(held)
    assert all(html.escape(s.words) in drawn for s in (*held.steps, *held.missing)) and held.note in drawn


def test_areas_without_a_value_are_hatched() -> None:
    page = _page(samples.chart(Kind.MAP))
    assert page.count("url(#minxin-no-value)") == 1, "one style for both"
    assert "url(#minxin-no-value)" not in _page(
        replace(samples.chart(Kind.MAP), encoding=Encoding("name", "n", key="code"))
    )
    filled = fills(samples.chart(Kind.MAP), colours())
    assert [k for k, f in filled.items() if f.step is None] == [CODES[5], CODES[8]]


def test_labels_stay_inside_their_area() -> None:
    areas = geometry.outline(SHAPES, 620, 460, 8)
    names = short_names([a.name for a in areas])
    assert names[0] == "宝民"
    told = [(a, geometry.label(a, n, "95.3%", 12)) for a, n in zip(areas, names, strict=True)]
    assert sum(label is not None for _, label in told) >= 18
    for area, label in told:
        if label is not None:
            from shapely.geometry import Point

            assert area.body.contains(Point(label.x, label.y))
    huge = geometry.label(areas[0], "某" * 60, "", 12)
    assert huge is None


def test_a_picture_point_goes_back_to_its_place() -> None:
    latitude, longitude = geometry.unplace(SHAPES, 620, 460, 8, geometry.outline(SHAPES, 620, 460, 8)[0].anchor)
    west, south, east, north = geometry.bounds(SHAPES)  # type: ignore[misc]
    assert west < longitude < east and south < latitude < north


def test_tiles_keep_everybody_and_roughly_their_place() -> None:
    places = geometry.tiles(SHAPES)
    assert sorted(places) == sorted(CODES) and len(set(places.values())) == len(CODES)
    north, south = places["440306017011"], places["440306017007"]  # 布心 lies north of 新乐
    assert north[0] < south[0]


def test_no_areas_at_all() -> None:
    none = {"type": "FeatureCollection", "features": []}
    assert geometry.bounds(none) is None and geometry.outline(none, 10, 10) == [] and geometry.tiles(none) == {}
    assert "leaflet" in _page(samples.chart(Kind.MAP), shapes=none)
    with pytest.raises(ValueError, match="no areas"):
        geometry.unplace(none, 10, 10, 0, (1, 1))
