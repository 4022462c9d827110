"""The map of the communities on a page: Folium without any request to the outside, a click filters.

Folium takes about a tenth of a second to write a layer as JavaScript. What a layer says depends on
its chart and the theme alone, so it is written once and kept, and the empty map under it never
changes: the frame in the browser stays mounted and only its layer is exchanged.
"""

from __future__ import annotations

import functools
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


class _Written(folium.FeatureGroup):
    """A layer whose JavaScript was written before; it leaves the map under it as it is."""

    def __init__(self, script: str) -> None:
        super().__init__(name="communities")
        self._template = SimpleNamespace(module=SimpleNamespace(script=lambda _: script))

    def add_to(self, parent: Any, *_: Any, **__: Any) -> _Written:
        self._parent = parent
        return self

    def render(self, **_: Any) -> None:
        """Nothing to do: the script is there."""


@functools.lru_cache(maxsize=8)
def _base(look: str, folder: str) -> maps.OfflineMap:  # noqa: ARG001  the folder of the deployment is part of the key
    drawn = maps.base_map(deployment().shapes, look)
    drawn.get_root().render()
    return drawn


@functools.lru_cache(maxsize=512)
def _script(chart: Chart, look: str, size: tuple[int, int]) -> str:
    layer = maps.community_layer(chart, deployment().shapes, look, size)
    layer._id = "feature_group_0"
    layer.add_to(maps.base_map({}, look))
    layer.render()
    return streamlit_folium.generate_leaflet_string(layer, base_id="feature_group_0").replace(
        streamlit_folium.get_full_id(layer._parent), "map_div"
    )


def draw(chart: Chart, size: tuple[int, int]) -> None:
    """The map with its legend; a click on a community chooses it for the whole page."""
    look = theme()
    streamlit_folium.st_folium(
        _base(look, str(deployment().folder)),
        key=KEY,
        height=size[1],
        use_container_width=True,
        returned_objects=list(RETURNED),
        feature_group_to_add=_Written(_script(chart, look, size)),
        render=False,
        on_change=_clicked,
    )
    st.html(_legend(chart, look))


def _clicked() -> None:
    code = maps.clicked(st.session_state.get(KEY), deployment().community_codes)
    if code:
        filters.choose_community(code)
        st.rerun()


@functools.lru_cache(maxsize=512)
def _legend(chart: Chart, look: str) -> str:
    return maps.legend_html(maps.legend(chart, look), look)
