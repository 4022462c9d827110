"""Parts of the page 每周会商 that only it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis import indicators
from minxin.board import cards, community_map, filters, records
from minxin.board.filters import Chosen
from minxin.board.frames import Source
from minxin.board.panel import export_menu, panel
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.weekly import About, Question, Weekly

PAGE = "weekly"
#: The frame of the map in px: labels are fitted for it.
MAP_SIZE = (660, 430)


def answer(source: Source, chosen: Chosen) -> Weekly:
    """The page for what was chosen; kept for whoever asks the same of the same snapshot within the same scope."""
    return _kept(source.key, Question(chosen.period, chosen.comparison, chosen.community), source)


@st.cache_resource(max_entries=256, show_spinner=False)
def _kept(key: tuple[str, ...], question: Question, _source: Source) -> Weekly:  # noqa: ARG001  the key of the cache
    snapshot = _source.snapshot
    return Weekly(_source, question, About(snapshot.as_of, snapshot.id, snapshot.simulated))


def headline(page: Weekly, viewer: Viewer) -> None:
    """The message of the page, and the export of all of it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{literal(page.headline)}**")
        if may(viewer, PAGE, "export"):
            export_menu(page.charts, "page", f"每周会商{page.period.name}", label="导出整页")


def definitions() -> dict[str, str]:
    """Code → what appears on hover over a card: 口径."""
    return {
        code: f"**{literal(i.name)}**：{literal(i.definition)}"
        + (f"\n\n剔除：{literal(i.excluded)}" if i.excluded else "")
        + f"\n\n依据：{literal(i.source)}"
        for code, i in indicators.load().items()
    }


def more(page: Weekly) -> None:
    """The indicators that do not stand in the first row."""
    if page.more_kpis is None:
        return
    shown = st.expander("更多指标", on_change="rerun", key="more_indicators")
    if shown.open:
        with shown:
            cards.kpi_row(page.more_kpis, definitions())


@part
def by_community(page: Weekly, viewer: Viewer) -> None:
    """Map and ranking by one indicator; a click on the map chooses the community."""
    options = page.choices(page.board.map)
    code = filters.one_of("地图指标", options, "indicator", next(iter(options)))
    area, ranking = page.by_community(code)
    left, right = st.columns([7, 5])
    with left:
        panel(area, viewer, PAGE, draw=partial(community_map.draw, size=MAP_SIZE))
    with right:
        panel(ranking, viewer, PAGE)


@part
def over_time(page: Weekly, viewer: Viewer) -> None:
    """The trend of one indicator."""
    options = page.choices(page.board.trend)
    code = filters.one_of("趋势指标", options, "trend", next(iter(options)))
    panel(page.over_time(code), viewer, PAGE)


def unusual(page: Weekly, viewer: Viewer) -> None:
    """What is unusual against its own history."""
    panel(page.unusual, viewer, PAGE)


def picked_from(source: Source) -> Callable[[Chart], None]:
    """How a list of petitions is drawn: rows open their record."""
    return partial(records.list_to_pick_from, source=source)
