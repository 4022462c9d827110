"""The map of the communities on a page: Folium without any request to the outside, a click filters.

Folium takes a while to write a layer as JavaScript, template by template. A layer is therefore
written from what Folium's objects hold, once for each chart and theme; and the empty map under it
never changes, so that the frame in the browser stays mounted and only its layer is exchanged.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import folium
import streamlit as st
import streamlit_folium

from minxin.board import filters
from minxin.board.panel import theme
from minxin.charts import maps
from minxin.charts.chart import Chart
from minxin.settings import deployment

KEY = "community_map"
#: A click gives the area, and the place of the click so that the same area can be clicked again.
RETURNED = ("last_active_drawing", "last_object_clicked")


#: Areas with their tooltip, then labels that no click meets.
_LAYER = """
var feature_group_feature_group_0 = L.featureGroup();
(function (group, said) {
    L.geoJson({type: "FeatureCollection", features: said.areas}, {
        style: function (feature) { return feature.style; },
        onEachFeature: function (feature, layer) { layer.bindTooltip(feature.properties.said, {sticky: true}); }
    }).addTo(group);
    said.labels.forEach(function (label) {
        var icon = L.divIcon({html: label[2], className: label[3], iconSize: [0, 0]});
        L.marker([label[0], label[1]], {icon: icon, interactive: false, keyboard: false}).addTo(group);
    });
})(feature_group_feature_group_0, __SAID__);
"""


class _Written(folium.FeatureGroup):
    """A layer whose JavaScript was written before; it leaves the map under it as it is."""

    def __init__(self, script: str) -> None:
        super().__init__(name="communities")
        self._template = SimpleNamespace(module=SimpleNamespace(script=lambda _: script))

    def add_to(self, parent: Any, *_: Any, **__: Any) -> _Written:
        self._parent = parent
        return self

    def render(self, **_: Any) -> str:
        """Nothing to do: the script is there."""
        return ""


@functools.lru_cache(maxsize=8)
def _base(look: str, folder: str) -> maps.OfflineMap:
    drawn = maps.base_map(deployment().shapes, look)
    drawn.get_root().render()
    return drawn


@functools.lru_cache(maxsize=512)
def written(chart: Chart, look: str, size: tuple[int, int]) -> str:
    """The JavaScript of a layer; its name is the one that streamlit-folium adds to the map."""
    areas: list[dict[str, Any]] = []
    labels: list[list[Any]] = []
    for child in maps.community_layer(chart, deployment().shapes, look, size)._children.values():
        if isinstance(child, folium.GeoJson):
            areas += [feature | {"style": child.style_function(feature)} for feature in child.data["features"]]
        elif isinstance(child, folium.Marker):
            held = getattr(child.icon, "options", {})
            labels.append([*(child.location or ()), held["html"], held["class_name"]])
    # "<" never appears, so that no text can end the script it stands in
    said = json.dumps({"areas": areas, "labels": labels}, ensure_ascii=True).replace("<", "\\u003c")
    return _LAYER.replace("__SAID__", said)


def draw(chart: Chart, size: tuple[int, int], chosen: Callable[[str], None] = filters.choose_community) -> None:
    """The map with its legend; a click on a community chooses it for the whole page, or what ``chosen`` does."""
    look = theme()
    streamlit_folium.st_folium(
        _base(look, str(deployment().folder)),
        key=KEY,
        height=size[1],
        use_container_width=True,
        returned_objects=list(RETURNED),
        feature_group_to_add=_Written(written(chart, look, size)),
        render=False,
        on_change=functools.partial(_clicked, chosen),
    )
    st.html(_legend(chart, look))


def _clicked(chosen: Callable[[str], None]) -> None:
    code = maps.clicked(st.session_state.get(KEY), deployment().community_codes)
    if code:
        chosen(code)
        st.rerun()


@functools.lru_cache(maxsize=512)
def _legend(chart: Chart, look: str) -> str:
    return maps.legend_html(maps.legend(chart, look, deployment().geometry_note or maps.NOTE), look)
