"""The files of a new deployment folder, made from the GeoJSON of its areas."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import polylabel

from minxin.ingest import coordinates
from minxin.settings import NO_COMMUNITY, Unusable, load_deployment

#: Above this many points in all, outlines are simplified: a browser draws them at every look.
POINTS = 8000
#: Simplification in degrees starts at about 1 m and never goes beyond about 20 m.
FINEST, COARSEST = 0.00001, 0.0002
PLACES = 6


@dataclass(frozen=True)
class About:
    """What ``deployment.toml`` says of the new deployment."""

    id: str
    name: str
    short_name: str
    timezone: str
    area_word: str
    whole_word: str


@dataclass(frozen=True)
class Area:
    """One area: code, name and outline (WGS84 degrees)."""

    code: str
    name: str
    outline: BaseGeometry

    @property
    def points(self) -> int:
        return int(shapely.get_num_coordinates(self.outline))

    @property
    def label_point(self) -> tuple[float, float]:
        """A point well inside the largest part: where the name is written."""
        parts = list(getattr(self.outline, "geoms", [self.outline]))
        largest = max(parts, key=lambda part: part.area)
        point = polylabel(largest, tolerance=math.sqrt(largest.area) / 100)
        return round(point.x, PLACES), round(point.y, PLACES)


def identity(text: str) -> str:
    """A usable deployment id; Unusable where the text cannot be one."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", text):
        raise Unusable(f"部署编号「{text}」不可用，只能用小写字母、数字和连字符；请用 --id 另给一个。")
    return text


def read_areas(file: Path, name_field: str, code_field: str = "", system: str = "wgs84") -> list[Area]:
    """The areas of a GeoJSON FeatureCollection in the order of the file, outlines in WGS84.

    Raises Unusable where the file, a field, a name, a code or an outline cannot be used.
    """
    features = _features(file)
    names = [_field(file, number, feature, name_field) for number, feature in enumerate(features, 1)]
    _no_twice(file, name_field, names)
    if code_field:
        codes = [_field(file, number, feature, code_field) for number, feature in enumerate(features, 1)]
    else:
        codes = _codes_from(names)
    _no_twice(file, code_field or "代码", codes)
    if NO_COMMUNITY in codes:
        raise Unusable(f"{file.name} 中使用了保留代码 {NO_COMMUNITY}，请改用别的代码。")
    return [
        Area(code, name, _outline(file, name, feature.get("geometry"), system))
        for code, name, feature in zip(codes, names, features, strict=True)
    ]


def _features(file: Path) -> list[dict[str, Any]]:
    try:
        raw = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Unusable(f"无法读取 {file}:{error.strerror or error}；请检查路径。") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Unusable(f"{file.name} 不是 UTF-8 编码的 GeoJSON 文件，请重新导出。") from error
    features = raw.get("features") if isinstance(raw, dict) else None
    if not isinstance(features, list) or not features or not all(isinstance(f, dict) for f in features):
        raise Unusable(f"{file.name} 中没有区域（应为 GeoJSON 的 FeatureCollection），请重新导出。")
    return features


def _field(file: Path, number: int, feature: dict[str, Any], name: str) -> str:
    properties = feature.get("properties") or {}
    if name not in properties:
        known = "、".join(sorted(map(str, properties))) or "无"
        raise Unusable(f"{file.name} 第 {number} 个区域没有字段 {name}；现有字段：{known}。")
    value = properties[name]
    text = "" if value is None else re.sub(r"[\x00-\x1f\x7f]+", " ", str(value)).strip()
    if not text:
        raise Unusable(f"{file.name} 第 {number} 个区域的 {name} 为空，请补全后再试。")
    return text


def _no_twice(file: Path, field: str, values: Sequence[str]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise Unusable(f"{file.name} 的 {field} 有重复：{'、'.join(twice[:5])}；请先合并或改名。")


def _codes_from(names: Sequence[str]) -> list[str]:
    """Codes that stay when the file is sorted anew: the name in ASCII, or a running number."""
    slugs = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in names]
    plain = all(name.isascii() for name in names) and len(set(slugs)) == len(slugs) and all(slugs)
    return slugs if plain else [f"a{number:03d}" for number in range(1, len(names) + 1)]


def _outline(file: Path, name: str, geometry: Any, system: str) -> BaseGeometry:
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise Unusable(f"{file.name} 中「{name}」不是面（Polygon 或 MultiPolygon），无法画出区域。")
    try:
        outline = shapely.force_2d(shape(geometry))
    except (ValueError, TypeError, KeyError, IndexError, shapely.errors.ShapelyError) as error:
        raise Unusable(f"{file.name} 中「{name}」的边界坐标有误，请重新导出。") from error
    bounds = outline.bounds
    if outline.is_empty or not all(map(math.isfinite, bounds)):
        raise Unusable(f"{file.name} 中「{name}」的边界为空或坐标有误，请重新导出。")
    if bounds[0] < -180 or bounds[2] > 180 or bounds[1] < -90 or bounds[3] > 90:
        raise Unusable(f"{file.name} 中「{name}」的坐标不是经纬度（度），请先转换为经纬度再试。")
    if system != "wgs84":
        outline = shapely.transform(outline, lambda points: _to_wgs84(points, system))
    return _polygons(file, name, outline)


def _to_wgs84(points: np.ndarray, system: str) -> np.ndarray:
    """Points (n × 2, degrees) of a Chinese map service as WGS84, in the same order."""
    given = pd.DataFrame({"n": np.arange(len(points)), "x": points[:, 0], "y": points[:, 1]})
    with duckdb.connect() as connection:
        connection.register("given", given)
        moved = connection.execute(f"select x, y from ({coordinates.to_wgs84_sql('given', system)}) order by n").df()
    return moved.to_numpy(dtype=float)


def _polygons(file: Path, name: str, outline: BaseGeometry) -> BaseGeometry:
    """The valid polygons of an outline, lines and points that repair leaves behind dropped."""
    if not outline.is_valid:
        outline = shapely.make_valid(outline)
    parts = [part for part in _parts(outline) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        raise Unusable(f"{file.name} 中「{name}」的边界没有面积，请重新导出。")
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _parts(outline: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in getattr(outline, "geoms", [outline]):
        if hasattr(part, "geoms"):
            yield from _parts(part)
        else:
            yield part


def simplified(areas: Sequence[Area], limit: int = POINTS) -> list[Area]:
    """Areas with at most about ``limit`` points in all; common borders stay common.

    Visvalingam–Whyatt on the coverage (shapely.coverage_simplify), tolerance doubled until the
    limit is met or ``COARSEST`` is reached.
    """
    result, tolerance = list(areas), FINEST
    while sum(area.points for area in result) > limit and tolerance <= COARSEST:
        outlines = shapely.coverage_simplify([area.outline for area in areas], tolerance)
        if not all(outline.is_valid and outline.area > 0 for outline in outlines):
            break
        result = [replace(area, outline=outline) for area, outline in zip(areas, outlines, strict=True)]
        tolerance *= 2
    return result


def write(folder: Path, about: About, areas: Sequence[Area]) -> None:
    """Write the deployment folder in one step and read it back; Unusable where that fails."""
    try:
        ZoneInfo(about.timezone)
    except (KeyError, ValueError, OSError) as error:
        raise Unusable(f"没有时区「{about.timezone}」，请写成 Asia/Shanghai 的形式。") from error
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        (part / "deployment.toml").write_text(_settings(about), encoding="utf-8", newline="\n")
        _write_communities(part / "communities.csv", areas)
        (part / "communities.geojson").write_text(_shapes(areas), encoding="utf-8", newline="\n")
        load_deployment(part)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_communities(file: Path, areas: Sequence[Area]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["code", "name", "aliases", "population", "population_source", "longitude", "latitude"])
        for area in areas:
            writer.writerow([area.code, area.name, "", "", "", *area.label_point])


def _shapes(areas: Sequence[Area]) -> str:
    features = []
    for area in areas:
        longitude, latitude = area.label_point
        rounded = shapely.transform(area.outline, lambda points: np.round(points, PLACES))
        geometry = mapping(rounded if rounded.is_valid else area.outline)
        properties = {"code": area.code, "name": area.name, "lon": longitude, "lat": latitude}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'


def _settings(about: About) -> str:
    def quoted(text: str) -> str:
        return json.dumps(re.sub(r"[\x00-\x1f\x7f]+", " ", text), ensure_ascii=False)

    return f"""# 本部署的设置；改动后重新运行 minxin build。口径、映射等沿用项目自带的文件，
# 需要自己的版本时，把同名文件放进本目录即可（如 indicators/、mappings/）。
id = {quoted(about.id)}
name = {quoted(about.name)}
short_name = {quoted(about.short_name)}
area_word = {quoted(about.area_word)}
whole_word = {quoted(about.whole_word)}
timezone = {quoted(about.timezone)}
stale_after_hours = 36
snapshots_to_keep = 8
smallest_cell = 5
coordinate_system = "wgs84"
geometry = "communities.geojson"
geometry_note = "示意图，不作边界依据"

[clock]
as_of = "latest_created"

[deadlines]
# 数据自带要求办结时间的，以数据为准；没有的，按下列时限推算。未写明的时限不考核。
given_due_first = true
due_soon_share = 0.25
time_base = "natural"      # natural（自然时）或 working（工作日）
# first_contact_minutes = 15
# simple_hours = 24
# complex_hours = 72
# complex_workdays = 3
"""
