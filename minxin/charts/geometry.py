"""Areas of a deployment on a flat picture: outlines, places for labels, a grid of equal tiles."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment
from shapely.geometry import MultiPolygon, Polygon, box, shape
from shapely.ops import polylabel
from shapely.prepared import prep as prepared

from minxin.charts.words import clean, width

Point = tuple[float, float]
Limits = tuple[float, float, float, float]
Held = TypeVar("Held")


@dataclass(frozen=True, eq=False)
class Area:
    """One area in picture units, y downwards. ``polygons``: each an outer ring and its holes.

    Areas compare by identity: to hash every point of an outline would take longer than to draw it.
    """

    key: str
    name: str
    polygons: tuple[tuple[tuple[Point, ...], ...], ...]
    anchor: Point
    body: Polygon


@lru_cache(maxsize=4096)
def _room(area: Area, text_width: float, text_height: float) -> Point | None:
    west, north, east, south = area.body.bounds
    within = prepared(area.body)
    half, tall = text_width / 2, text_height / 2
    steps = [(i / 24, j / 24) for i in range(25) for j in range(25)]
    places = [area.anchor] + [(west + i * (east - west), north + j * (south - north)) for i, j in steps]
    places.sort(key=lambda p: (p[0] - area.anchor[0]) ** 2 + (p[1] - area.anchor[1]) ** 2)
    for x, y in places:
        if x - half < west or x + half > east or y - tall < north or y + tall > south:
            continue
        if within.contains(box(x - half, y - tall, x + half, y + tall)):
            return x, y
    return None


@dataclass(frozen=True)
class Label:
    """Lines of text round a point."""

    lines: tuple[str, ...]
    x: float
    y: float


#: What was worked out of a collection lately, with the collection itself (held, so that its id stays its own).
_known: OrderedDict[tuple[Any, ...], tuple[Mapping[str, Any], Any]] = OrderedDict()


def _once(shapes: Mapping[str, Any], of: tuple[Any, ...], make: Callable[[], Held]) -> Held:
    """What ``make`` gives, worked out once for a collection."""
    key = (id(shapes), *of)
    known = _known.get(key)
    if known is None:
        known = _known[key] = (shapes, make())
        if len(_known) > 64:
            _known.popitem(last=False)
    held: Held = known[1]
    return held


def features(shapes: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Code, name and geometry of each polygon feature of a GeoJSON collection (properties ``code``, ``name``)."""
    result = []
    for feature in shapes.get("features", []):
        held, geometry = feature.get("properties") or {}, feature.get("geometry")
        if geometry and geometry.get("type") in ("Polygon", "MultiPolygon"):
            code = str(held.get("code", ""))
            result.append((code, clean(held.get("name")) or code, geometry))
    return result


def bounds(shapes: Mapping[str, Any]) -> Limits | None:
    """West, south, east, north of all areas, or None where there are none; remembered like ``outline``."""
    return _once(shapes, ("bounds",), lambda: _bounds(shapes))


def _bounds(shapes: Mapping[str, Any]) -> Limits | None:
    boxes = [shape(g).bounds for _, _, g in features(shapes)]
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _largest(geometry: Any) -> Polygon:
    return max(geometry.geoms, key=lambda p: p.area) if isinstance(geometry, MultiPolygon) else geometry


def outline(shapes: Mapping[str, Any], wide: float, high: float, margin: float = 0.0) -> list[Area]:
    """All areas fitted into ``wide`` × ``high`` picture units, undistorted at their middle latitude.

    The anchor is the point farthest from the edge of the largest part (pole of inaccessibility).
    Remembered by collection: a collection must not be changed after it was drawn.
    """
    return _once(shapes, ("outline", wide, high, margin), lambda: _outline(shapes, wide, high, margin))


def _fit(limits: Limits, wide: float, high: float, margin: float) -> tuple[float, ...]:
    """West, north, squeeze of longitudes, scale, left and top of a collection fitted into a picture."""
    west, south, east, north = limits
    squeeze = math.cos(math.radians((south + north) / 2))
    across, down = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min((wide - 2 * margin) / across, (high - 2 * margin) / down)
    return west, north, squeeze, scale, (wide - across * scale) / 2, (high - down * scale) / 2


def unplace(shapes: Mapping[str, Any], wide: float, high: float, margin: float, point: Point) -> Point:
    """Latitude and longitude of a picture point of ``outline``. ValueError where there are no areas."""
    limits = bounds(shapes)
    if limits is None:
        raise ValueError("no areas")
    west, north, squeeze, scale, left, top = _fit(limits, wide, high, margin)
    return north - (point[1] - top) / scale, west + (point[0] - left) / (scale * squeeze)


def _outline(shapes: Mapping[str, Any], wide: float, high: float, margin: float) -> list[Area]:
    limits = bounds(shapes)
    if limits is None:
        return []
    west, north, squeeze, scale, left, top = _fit(limits, wide, high, margin)

    def place(point: Sequence[float]) -> Point:
        return left + (point[0] - west) * squeeze * scale, top + (north - point[1]) * scale

    result = []
    for key, name, geometry in features(shapes):
        parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        polygons = tuple(tuple(tuple(place(p) for p in ring) for ring in part) for part in parts)
        body = _largest(MultiPolygon([(p[0], p[1:]) for p in polygons]).buffer(0))
        anchor = _anchor(body, tolerance=max(wide, high) / 400)
        result.append(Area(key, name, polygons, anchor, body))
    return result


def _anchor(body: Polygon, tolerance: float) -> Point:
    """The middle of the widest room for a line of text: squeezed sideways, a wide box is a round one."""
    ratio = 2.0
    squeezed = Polygon([(x / ratio, y) for x, y in body.exterior.coords])
    if not squeezed.is_valid:
        squeezed = _largest(squeezed.buffer(0))
    point = polylabel(squeezed, tolerance)
    return point.x * ratio, point.y


def label(area: Area, name: str, value: str, size: float) -> Label | None:
    """What of name and value fits into an area at a font size: both, the name, or nothing."""
    for texts in ((name, value), (name,)):
        lines = tuple(t for t in texts if t)
        if not lines:
            continue
        # glyphs do not fill their box: a tenth may touch the edge
        place = _room(area, max(map(width, lines)) * size * 0.9, len(lines) * size * 1.15 * 0.9)
        if place is not None:
            return Label(lines, *place)
    return None


@lru_cache(maxsize=32)
def _tiles(points: tuple[Point, ...], columns: int) -> tuple[tuple[int, int], ...]:
    rows = math.ceil(len(points) / columns)
    xs, ys = np.array([p[0] for p in points]), np.array([p[1] for p in points])

    def spread(values: np.ndarray, steps: int) -> np.ndarray:
        extent = float(values.max() - values.min()) or 1.0
        return (values - values.min()) / extent * (steps - 1)

    cells = [(r, c) for r in range(rows) for c in range(columns)]
    across, down = spread(xs, columns), spread(-ys, rows)
    cost = np.array([[(across[i] - c) ** 2 + (down[i] - r) ** 2 for r, c in cells] for i in range(len(points))])
    _, chosen = linear_sum_assignment(cost)
    return tuple(cells[j] for j in chosen)


def tiles(shapes: Mapping[str, Any], columns: int = 0) -> dict[str, tuple[int, int]]:
    """Area code → (row, column) of an equal-tile grid that keeps neighbours near.

    Least sum of squared moves from the true place (linear assignment; Kuhn 1955). ``columns`` 0 takes
    a grid as wide as high.
    """
    held = [(key, shape(geometry).representative_point()) for key, _, geometry in features(shapes)]
    if not held:
        return {}
    count = columns or math.ceil(math.sqrt(len(held)))
    places = _tiles(tuple((p.x, p.y) for _, p in held), count)
    return dict(zip((key for key, _ in held), places, strict=True))
