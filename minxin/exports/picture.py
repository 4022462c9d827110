"""The map as an SVG picture, made on the server without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minxin.access import escape
from minxin.charts import geometry
from minxin.charts.chart import Chart, Kind
from minxin.charts.fills import fills, legend, short_names
from minxin.charts.palette import FONTS, Colours, Theme, colours, text_on
from minxin.charts.words import clean, shorten, width, wrap
from minxin.settings import deployment

WIDE, HIGH = 1200, 860
_EDGE = 40


def picture(chart: Chart, theme: Theme | str = Theme.LIGHT, shapes: Mapping[str, Any] | None = None) -> str:
    """A map or tile grid with message, legend and footer as SVG text; every data text is escaped.

    ``shapes`` default to the deployment's. ValueError for other kinds (the browser makes those).
    """
    if chart.kind not in (Kind.MAP, Kind.TILE_GRID):
        raise ValueError(f"no server picture of {chart.kind}")
    here, c = deployment(), colours(theme)
    areas = here.shapes if shapes is None else shapes
    lines = wrap(clean(chart.title), (WIDE - 2 * _EDGE) / 28, 2)
    parts = [_text(_EDGE, 56 + i * 38, line, 28, c.text, bold=True) for i, line in enumerate(lines)]
    top = 56 + len(lines) * 38 - 6
    parts.append(_text(_EDGE, top, shorten(clean(chart.subtitle), 66), 16, c.quiet))
    room = (_EDGE, top + 20, WIDE - 2 * _EDGE - 250, HIGH - top - 80)
    if chart.empty or not geometry.features(areas):
        parts.append(_text(_EDGE, top + 80, "本期无数据", 20, c.quiet))
    elif chart.kind is Kind.MAP:
        parts += _map(chart, areas, c, room)
        parts += _legend(chart, c, here.geometry_note)
    else:
        parts += _tiles(chart, areas, c, room)
        parts += _legend(chart, c, "")
    parts.append(_text(_EDGE, HIGH - 24, shorten(chart.footer(), 80), 14, c.quiet))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}" '
        f'role="img" font-family="{escape(FONTS)}"><title>{escape(clean(chart.title))}</title>'
        f"<desc>{escape(clean(chart.alt))}</desc>"
        '<defs><pattern id="none" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="7" height="7" fill="{c.few}"/>'
        f'<path d="M0 0V7" stroke="{c.page}" stroke-width="2.4"/></pattern></defs>'
        f'<rect width="{WIDE}" height="{HIGH}" fill="{c.page}"/>{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, words: str, size: float, colour: str, bold: bool = False, middle: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{weight}{anchor}>{escape(words)}</text>'


def _map(chart: Chart, areas: Mapping[str, Any], c: Colours, room: tuple[float, float, float, float]) -> list[str]:
    left, top, wide, high = room
    filled = fills(chart, c)
    strong = {k for k, s in zip(chart.keys, chart.strong, strict=True) if s and chart.encoding.emphasis}
    drawn = geometry.outline(areas, wide, high, 4)
    names = dict(zip((a.key for a in drawn), short_names([a.name for a in drawn]), strict=True))
    outlines, words = [], []
    for area in sorted(drawn, key=lambda a: a.key in strong):
        held = filled.get(area.key)
        known = held is not None and held.step is not None
        path = "".join(
            "M" + "L".join(f"{left + x:.1f} {top + y:.1f}" for x, y in ring) + "Z" for p in area.polygons for ring in p
        )
        edge = (c.text, 3) if area.key in strong else (c.page, 1.5)
        outlines.append(
            f'<path d="{path}" fill="{held.colour if held and known else "url(#none)"}" fill-rule="evenodd" '
            f'stroke="{edge[0]}" stroke-width="{edge[1]}"><title>{escape(area.name)} '
            f"{escape(held.text if held else '无数据')}</title></path>"
        )
        label = geometry.label(area, names[area.key], held.text if held and known else "", 15)
        if label:
            ink = text_on(held.colour if held else c.few)
            first = top + label.y + 15 * 0.36 - (len(label.lines) - 1) * 9
            words += [_text(left + label.x, first + i * 18, t, 15, ink, middle=True) for i, t in enumerate(label.lines)]
    return outlines + words


def _tiles(chart: Chart, areas: Mapping[str, Any], c: Colours, room: tuple[float, float, float, float]) -> list[str]:
    left, top, wide, high = room
    places, filled = geometry.tiles(areas), fills(chart, c)
    step_x = wide / (max((p[1] for p in places.values()), default=0) + 1)
    step_y = min(110.0, high / (max((p[0] for p in places.values()), default=0) + 1))
    parts = []
    for key, name in zip(chart.keys, short_names(chart.names), strict=True):
        if key not in places:
            continue
        x, y = left + places[key][1] * step_x, top + places[key][0] * step_y
        held = filled[key]
        fill, ink = (held.colour if held.step is not None else "url(#none)"), text_on(held.colour)
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{step_x - 5:.1f}" height="{step_y - 5:.1f}" fill="{fill}"/>'
        )
        middle = x + step_x / 2
        parts.append(_text(middle, y + step_y / 2 - 6, shorten(name, step_x / 16 - 1), 16, ink, bold=True, middle=True))
        parts.append(_text(middle, y + step_y / 2 + 16, shorten(held.text, step_x / 15 - 1), 15, ink, middle=True))
    return parts


def _legend(chart: Chart, c: Colours, note: str) -> list[str]:
    held = legend(chart, c, note)
    left, y = WIDE - _EDGE - 220, 190
    parts = [_text(left, y - 26, shorten(held.title, 13), 16, c.text, bold=True)]
    steps = [(s.colour, s.words) for s in reversed(held.steps)] + [("url(#none)", s.words) for s in held.missing]
    for colour, words in steps:
        parts.append(f'<rect x="{left}" y="{y - 13}" width="26" height="16" fill="{colour}" stroke="{c.hairline}"/>')
        parts.append(_text(left + 36, y, words, 15, c.text))
        y += 27
    if held.note:
        size = min(14.0, 220 / max(width(held.note), 1))
        parts.append(_text(left, y + 8, held.note, size, c.quiet))
    return parts
