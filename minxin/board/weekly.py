"""Parts of the page 每周会商 that only it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis import indicators, periods
from minxin.analysis.periods import Comparison, Period
from minxin.board import ahead, cards, community, community_map, filters, panel, records
from minxin.board.filters import Chosen
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts import boards
from minxin.charts.chart import Chart
from minxin.charts.weekly import Question, Weekly
from minxin.charts.weekly_everywhere import Everywhere

PAGE = "weekly"
#: The frame of the map in px: labels are fitted for it.
MAP_SIZE = (660, 560)
#: How many of the newest periods of each kind are worked out ahead.
NEWEST: dict[periods.Kind, int] = {"week": 12, "month": 4, "quarter": 2, "year": 1}


def answer(source: Source, chosen: Chosen) -> Weekly:
    """The page for what was chosen; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, filters.first_day_of(source), panel.theme()))
    return _kept(source.key, Question(chosen.period, chosen.comparison, chosen.community), source)


def _ahead(source: Source, first_day: date, look: str) -> Iterator[ahead.Answer]:
    """What is asked first: the newest complete periods of the whole and the one that runs, then each community's week.

    The periods of a kind stand in the order of their likelihood: the last complete one is the page's own.
    """
    as_of = source.snapshot.as_of
    for kind, most in NEWEST.items():
        newest = periods.latest_complete(kind, as_of)
        held = periods.choices(kind, first_day, as_of)
        complete, running = [p for p in held if p.start <= newest.start], [p for p in held if p.start > newest.start]
        for period in [*complete[:1], *running, *complete[1:most]]:
            yield partial(_answer_whole, source, look, Question(period))
    week = periods.latest_complete("week", as_of)
    for code in source.viewer.communities:
        yield partial(_answer_whole, source, look, Question(week, community=code))


def _answer_whole(source: Source, look: str, question: Question) -> None:
    """Work out everything the page shows at first for a question, so that it is there when asked for."""
    page = _kept(source.key, question, source)
    panel.draw_ahead(page.charts(), look, partial(community_map.written, look=look, size=MAP_SIZE))
    _ = page.headline, page.more_kpis, page.category_names


@st.cache_resource(max_entries=256, show_spinner=False)
def _kept(key: tuple[str, ...], question: Question, _source: Source) -> Weekly:
    everywhere = _everywhere(key, question.period, question.comparison, _source)
    return Weekly(_source, question, _source.about, everywhere=everywhere)


@st.cache_resource(max_entries=64, show_spinner=False)
def _everywhere(key: tuple[str, ...], period: Period, comparison: Comparison, _source: Source) -> Everywhere:
    return Everywhere(_source, period, comparison, _source.snapshot.as_of, boards.weekly())


def headline(page: Weekly, chosen: Chosen, viewer: Viewer) -> bool:
    """The message of the page and, in the line of filters, its export; returns whether more indicators are wanted."""
    with chosen.rest:
        is_more = page.more_kpis is not None and st.toggle("更多指标", key="more", bind="query-params")
        if may(viewer, PAGE, "export"):
            _export(page, viewer)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        message = "　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline)
        st.markdown(message, width="stretch" if not chosen.community else "content")
        community.link(chosen.community, viewer)
    return bool(is_more)


@part
def _export(page: Weekly, viewer: Viewer) -> None:
    held = partial(page.charts, with_records=viewer.detail != "aggregate")
    panel.export_menu(held, "page", f"每周会商{page.period.name}", label="导出")


def figures(page: Weekly, is_more: bool) -> None:
    """The row of figures, and the others where they are wanted."""
    cards.kpi_row(page.kpis, _definitions())
    if is_more and page.more_kpis is not None:
        cards.kpi_row(page.more_kpis, _definitions())


def _definitions() -> dict[str, str]:
    """Code → what appears on hover over a card: 口径."""
    return {
        code: f"**{literal(i.name)}**：{literal(i.definition)}"
        + (f"\n\n剔除：{literal(i.excluded)}" if i.excluded else "")
        + f"\n\n依据：{literal(i.source)}"
        for code, i in indicators.load().items()
    }


@part
def by_community(page: Weekly, viewer: Viewer) -> None:
    """Map and ranking by one indicator; a click on the map chooses the community."""
    left, right = st.columns([7, 5])
    pair: list[Chart] = []

    def choose() -> Chart:
        options = page.choices(page.board.map)
        pair[:] = page.by_community(filters.one_of("地图指标", options, "indicator", next(iter(options))))
        return pair[0]

    with left.container(border=True, height="stretch", gap="xsmall", key="panel_map"):
        panel.contents(choose, viewer, PAGE, "map", draw=partial(community_map.draw, size=MAP_SIZE))
    with right:
        panel.panel(pair[1], viewer, PAGE, name="ranking")


def over_time(page: Weekly, viewer: Viewer) -> None:
    """The trend of one indicator."""

    def choose() -> Chart:
        options = page.choices(page.board.trend)
        return page.over_time(filters.one_of("趋势指标", options, "trend", next(iter(options))))

    panel.chosen_panel(choose, viewer, PAGE, "trend")


def picked_from(source: Source) -> Callable[[Chart], None]:
    """How a list of petitions is drawn: rows open their record."""
    return partial(records.list_to_pick_from, source=source)
