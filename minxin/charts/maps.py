"""The map of the communities with Folium, without any request to the outside."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import folium
from branca.element import Element

from minxin.access import escape
from minxin.charts import geometry
from minxin.charts.chart import Chart
from minxin.charts.fills import Legend, fills, short_names
from minxin.charts.fills import legend as describe
from minxin.charts.palette import FONTS, Colours, Theme, colours, text_on

#: Where Streamlit serves ``static/`` (server.enableStaticServing).
STATIC_URL = "/app/static/leaflet"
#: Shown with every map; the outlines are no official boundaries.
NOTE = "示意图，不作边界依据"
_FILES = ("leaflet.js", "leaflet.css", "images/layers.png", "images/layers-2x.png", "images/marker-icon.png",
          "images/marker-icon-2x.png", "images/marker-shadow.png")  # fmt: skip
#: The id of the hatch for areas without a value, defined once beside the map.
_HATCH = "minxin-no-value"


def install_leaflet(static_folder: Path) -> Path:
    """Copy Leaflet from the package XStatic-Leaflet to ``static_folder/leaflet``; nothing is done when it is there.

    Returns the folder. Several processes may do so at once: each file is replaced in one step.
    """
    target = static_folder / "leaflet"
    with as_file(files("xstatic.pkg.leaflet") / "data") as source:
        for name in _FILES:
            held, wanted = target / name, Path(source) / name
            if held.exists() and held.stat().st_size == wanted.stat().st_size:
                continue
            held.parent.mkdir(parents=True, exist_ok=True)
            part = held.with_name(f".{held.name}.part")
            shutil.copyfile(wanted, part)
            part.replace(held)
    return target


class OfflineMap(folium.Map):
    """A Folium map whose scripts and styles come from our own static folder, without tiles and controls."""

    default_js = [("leaflet", f"{STATIC_URL}/leaflet.js")]  # noqa: RUF012  the names that folium reads
    default_css = [("leaflet_css", f"{STATIC_URL}/leaflet.css")]  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(
            tiles=None,
            zoom_control=False,
            attribution_control=False,
            scroll_wheel_zoom=False,
            double_click_zoom=False,
            dragging=False,
            box_zoom=False,
            touch_zoom=False,
            keyboard=False,
            zoom_snap=0,
            zoom_animation=False,
            **options,
        )


def base_map(shapes: Mapping[str, Any], theme: Theme | str = Theme.LIGHT) -> OfflineMap:
    """The empty map of an area: give it to ``st_folium`` unchanged, so that the frame is not mounted anew.

    What changes goes into ``feature_group_to_add`` (``community_layer``).
    """
    c = colours(theme)
    result = OfflineMap()
    limits = geometry.bounds(shapes)
    if limits:
        west, south, east, north = limits
        result.fit_bounds([[south, west], [north, east]], padding=(6, 6))
    root: Any = result.get_root()
    root.header.add_child(Element(_style(c)), name="minxin_style")
    root.html.add_child(Element(_hatch(c)), name="minxin_hatch")
    return result


def _style(c: Colours) -> str:
    return f"""<style>
html, body {{ background: {c.page}; }}
.leaflet-container {{ background: {c.page}; font-family: {FONTS}; outline: none; }}
.leaflet-container path:focus {{ outline: none; }}
.leaflet-container path:focus-visible {{ stroke: {c.primary}; stroke-width: 3px; }}
.minxin-name {{ pointer-events: none; white-space: nowrap; text-align: center; line-height: 1.2;
  font-size: 12px; font-variant-numeric: tabular-nums; }}
.minxin-name div {{ position: absolute; transform: translate(-50%, -50%); }}
.leaflet-tooltip {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.hairline}; box-shadow: none;
  font-size: 13px; line-height: 1.5; font-variant-numeric: tabular-nums; }}
.leaflet-tooltip {{ opacity: 1 !important; }}
.leaflet-tooltip::before {{ display: none; }}
</style>"""


def _hatch(c: Colours) -> str:
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
        f'<pattern id="{_HATCH}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="7" height="7" fill="{c.few}"/><line x1="0" y1="0" x2="0" y2="7" stroke="{c.page}" '
        'stroke-width="2.4"/></pattern></defs></svg>'
    )


def community_layer(
    chart: Chart, shapes: Mapping[str, Any], theme: Theme | str = Theme.LIGHT, size: tuple[int, int] = (620, 460)
) -> folium.FeatureGroup:
    """The filled communities with labels where they fit, for ``feature_group_to_add``.

    A click comes back as ``last_active_drawing["properties"]["code"]`` (``clicked``). ``size`` is the
    frame in px that labels are fitted for. Areas without a value are hatched grey.
    """
    c = colours(theme)
    filled = fills(chart, c)
    strong = {k for k, s in zip(chart.keys, chart.strong, strict=True) if s and chart.encoding.emphasis}
    said = dict(zip(chart.keys, _tooltips(chart), strict=True))
    held = geometry.features(shapes)
    styles: dict[str, dict[str, Any]] = {}
    collection = []
    # chosen areas last, so that their outline is not covered by a neighbour
    for code, name, shape in sorted(held, key=lambda f: f[0] in strong):
        fill = filled.get(code)
        known = fill is not None and fill.step is not None
        styles[code] = {
            "fillColor": fill.colour if fill is not None and known else f"url(#{_HATCH})",
            "fillOpacity": 1,
            "color": c.text if code in strong else c.page,
            "weight": 3 if code in strong else 1.2,
            "opacity": 1,
        }
        collection.append(
            {
                "type": "Feature",
                "properties": {"code": code, "said": said.get(code, f"<b>{escape(name)}</b><br>无数据")},
                "geometry": shape,
            }
        )
    group = folium.FeatureGroup(name="communities")
    if not collection:
        return group
    folium.GeoJson(
        {"type": "FeatureCollection", "features": collection},
        style_function=lambda feature: styles[feature["properties"]["code"]],
        tooltip=folium.GeoJsonTooltip(fields=["said"], labels=False, sticky=True),
    ).add_to(group)
    limits = geometry.bounds(shapes)
    assert limits is not None
    areas = geometry.outline(shapes, *size, 8)
    names = short_names([a.name for a in areas])
    for area, name in zip(areas, names, strict=True):
        fill = filled.get(area.key)
        ink = text_on(fill.colour if fill else c.few)
        label = geometry.label(area, name, fill.text if fill and fill.step is not None else "", 12)
        if label is None:
            continue
        words = "<br>".join(escape(line) for line in label.lines)
        folium.Marker(
            geometry.unplace(shapes, *size, 8, (label.x, label.y)),
            icon=folium.DivIcon(
                html=f'<div style="color:{ink}">{words}</div>', class_name="minxin-name", icon_size=(0, 0)
            ),
            interactive=False,
            keyboard=False,
        ).add_to(group)
    return group


def _tooltips(chart: Chart) -> list[str]:
    """Name, value, interval and cases as HTML; every data text is escaped."""
    lows, highs, cases = chart.column("low"), chart.column("high"), chart.column("n")
    targets = chart.column("target")
    result = []
    for i, (name, value) in enumerate(zip(chart.names, chart.values, strict=True)):
        unit = chart.row_unit(i)
        lines = [f"<b>{escape(name)}</b>", f"{escape(chart.heading(chart.encoding.y))} {escape(value)}"]
        if lows and highs and lows[i] is not None and highs[i] is not None:
            lines.append(escape(f"区间 {unit.format(lows[i])}—{unit.format(highs[i])}"))
        if targets and targets[i] is not None:
            lines.append(escape(f"目标 {unit.format(targets[i])}"))
        if cases and cases[i] is not None:
            lines.append(escape(f"n={cases[i]:,.0f}"))
        result.append("<br>".join(lines))
    return result


def clicked(returned: Mapping[str, Any] | None, codes: list[str]) -> str:
    """The community code of a click as ``st_folium`` returns it, or ''; only codes in ``codes`` count."""
    drawing = (returned or {}).get("last_active_drawing") or {}
    code = str((drawing.get("properties") or {}).get("code", ""))
    return code if code in codes else ""


def legend(chart: Chart, theme: Theme | str = Theme.LIGHT, note: str = NOTE) -> Legend:
    """The legend as data, for a page to lay out beside the map."""
    return describe(chart, colours(theme), note)


def legend_html(held: Legend, theme: Theme | str = Theme.LIGHT) -> str:
    """The legend as one line of swatches for ``st.html`` (which drops SVG), every text escaped."""
    c = colours(theme)
    hatch = f"repeating-linear-gradient(45deg, {c.few} 0 4px, {c.page} 4px 6px)"
    swatches = [(step.colour, step.words) for step in held.steps] + [(hatch, step.words) for step in held.missing]
    parts = [
        '<span style="display:inline-flex;align-items:center;gap:6px;white-space:nowrap">'
        f'<span style="width:18px;height:12px;border:1px solid {c.hairline};background:{fill}"></span>'
        f"{escape(words)}</span>"
        for fill, words in swatches
    ]
    if held.note:
        parts.append(f'<span style="color:{c.quiet}">{escape(held.note)}</span>')
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;line-height:1.5;color:{c.text};'
        f'font-variant-numeric:tabular-nums">{"".join(parts)}</div>'
    )
