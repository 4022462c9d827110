"""Parts of the page 社区画像 that only it has, and the link that leads there from anywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis import indicators
from minxin.analysis.assessment.rules import Rule
from minxin.board import ahead, assessment, cards, filters, operations, panel, records, registry
from minxin.board.assessment import Chosen
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts import boards
from minxin.charts.chart import Chart
from minxin.charts.community import Everyone, Profile
from minxin.charts.community_lists import NO_INSTRUCTIONS
from minxin.charts.community_sheet import sheet
from minxin.charts.scorecard import Scorecard
from minxin.settings import NO_COMMUNITY, Refused, Unusable, deployment

PAGE = "community"
_WANTED = "community_wanted"
log = logging.getLogger(__name__)


# ── the way there ───────────────────────────────────────────────────────────────────────────────


def link(code: str, viewer: Viewer) -> None:
    """A small link to the page of a community; nothing for the whole, for 未归属 and for who may not see it."""
    names = dict(zip(deployment().community_codes, (c.name for c in deployment().communities), strict=False))
    if not code or code == NO_COMMUNITY or code not in viewer.communities or not may(viewer, PAGE, "see"):
        return
    if code in names:
        entry = registry.entry(PAGE)
        st.page_link(
            entry.path,
            label=entry.title,
            icon=f":material/{entry.icon}:",
            # the address names a choice as the list shows it
            query_params={filters.COMMUNITY: names[code]},
        )


def open_later(code: str) -> None:
    """Have the page of a community opened by the next ``open_picked`` (in a callback)."""
    st.session_state[_WANTED] = code


def open_picked(viewer: Viewer) -> None:
    """Go to the page of the community that was just clicked, once; nothing for who may not see it."""
    code = st.session_state.pop(_WANTED, None)
    names = {c.code: c.name for c in deployment().communities}
    if code in names and code in viewer.communities and may(viewer, PAGE, "see"):
        st.switch_page(registry.entry(PAGE).path, query_params={filters.COMMUNITY: names[code]})


# ── what is asked ───────────────────────────────────────────────────────────────────────────────


def choose(source: Source) -> str:
    """The community of the page; stops, saying so, where the viewer may see none."""
    names = {code: name for code, name in filters.community_names(source).items() if code != NO_COMMUNITY}
    if not names:
        st.info(f"您的查看范围内没有{deployment().area_word}。", icon=":material/info:")
        st.stop()
    # Going from page to page Streamlit drops what stands in the address for a control that both have; the
    # choice made on the page before is still there at the first run.
    if st.session_state.get(filters.COMMUNITY) in names:
        st.session_state[filters.COMMUNITY] = st.session_state[filters.COMMUNITY]
    return filters.one_of(deployment().area_word, names, filters.COMMUNITY, next(iter(names)))


def answer(source: Source, chosen: Chosen, code: str) -> Profile:
    """The page for what was chosen; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, assessment.newest(source), code, panel.theme()))
    review = assessment.reviewed(source, chosen.month, chosen.rule)
    everyone = _everyone(source.key, chosen.month, chosen.rule.digest, source, review)
    return _kept(source.key, chosen.month, chosen.rule.digest, code, everyone, source.hidden_below)


def _ahead(
    source: Source, months: Sequence[tuple[tuple[int, int], Rule]], opening: str, look: str
) -> Iterator[ahead.Answer]:
    """Every community in the newest month, then the one that was opened in earlier months and by other rules."""
    for month, rule in months[:1]:
        codes = [code for code in source.viewer.communities if code != NO_COMMUNITY]
        yield from (partial(_answer_whole, source, month, rule, code, look) for code in codes)
    yield from (partial(_answer_whole, source, month, rule, opening, look) for month, rule in months[1:])
    for month, rule in months[:1]:
        others = [r for r in assessment.usable_rules() if r != rule]
        yield from (partial(_answer_whole, source, month, other, opening, look) for other in others)


def _answer_whole(source: Source, month: tuple[int, int], rule: Rule, code: str, look: str) -> None:
    everyone = _everyone(source.key, month, rule.digest, source, assessment.reviewed(source, month, rule))
    page = _kept(source.key, month, rule.digest, code, everyone, source.hidden_below)
    panel.draw_ahead(page.measured(source.viewer.detail != "aggregate"), look)
    _ = page.headline, page.everyone.imported


@st.cache_resource(max_entries=32, show_spinner=False)
def _everyone(
    key: tuple[str, ...], month: tuple[int, int], digest: str, _source: Source, _review: assessment.Review
) -> Everyone:
    first = Scorecard(_review, _source.about, boards.scorecard())
    measure = next(iter(first.measures))
    card = first if measure == first.measure else Scorecard(_review, _source.about, boards.scorecard(), measure)
    return Everyone(card, boards.community())


@st.cache_resource(max_entries=256, show_spinner=False)
def _kept(
    key: tuple[str, ...], month: tuple[int, int], digest: str, code: str, _everyone: Everyone, _smallest: int
) -> Profile:
    return Profile(_everyone, code, _smallest)


def instructed(page: Profile, viewer: Viewer) -> pd.DataFrame | None:
    """Instructions to the community since the month began, and earlier ones still open; None: not to be read now."""
    try:
        found = operations.reading()
        held = None if found is None else operations.instructions(found, viewer)
    except (Refused, Unusable) as error:
        log.info("instructions cannot be shown: %s", error)
        return None
    if held is None:
        return pd.DataFrame(columns=NO_INSTRUCTIONS)
    own = (held["unit_kind"] == "community") & (held["unit_code"] == page.code)
    recent = pd.to_datetime(held["given_at"]) >= pd.Timestamp(page.everyone.start)
    return held[own & (recent | held["is_open"].astype(bool))].reset_index(drop=True)


# ── what is shown ───────────────────────────────────────────────────────────────────────────────


def headline(page: Profile, chosen: Chosen, viewer: Viewer) -> None:
    """The message of the page, whether it is a trial, and what can be taken away."""
    with chosen.rest:
        if may(viewer, PAGE, "export"):
            _export(page, viewer)
    if chosen.is_trial:
        st.caption(
            f"试算：{literal(chosen.rule.title)}；正式结果按「{literal(chosen.official.title)}」计算，不受影响。"
        )
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))


@part
def _export(page: Profile, viewer: Viewer) -> None:
    with_records = viewer.detail != "aggregate"
    title = f"{page.name}画像{page.month_name}"
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        st.download_button(
            "一张纸",
            partial(_sheet, page, viewer),
            file_name=f"{panel.file_name(title)}.pptx",
            mime=panel.PPTX,
            on_click="ignore",
            key="one_page",
            icon=":material/description:",
            type="tertiary",
            help="竖版 A4 一页，图表和文字都可编辑",
        )
        panel.export_menu(lambda: page.charts(instructed(page, viewer), with_records), "page", title, label="导出")


def _sheet(page: Profile, viewer: Viewer) -> bytes:
    from minxin.exports import one_page  # at the click: no page waits for it

    return one_page(sheet(page, instructed(page, viewer), viewer.detail != "aggregate"))


def figures(page: Profile) -> None:
    """The score and its rates, then the clocks."""
    held = indicators.load()
    said = {
        code: f"**{literal(i.name)}**：{literal(i.definition)}" + (f"\n\n依据：{literal(i.source)}" if i.source else "")
        for code, i in held.items()
    }
    weights = literal(page.rule.weights.label)
    said["score"] = f"**综合得分**：三率按{weights}加权，满分 100。\n\n依据：{literal(page.rule.weights.source)}"
    if page.rates is None:
        st.caption(f"近 {page.rule.window_months} 个月没有有效回访：三率和综合得分无数据。")
    else:
        cards.kpi_row(page.rates, said)
    cards.kpi_row(page.clocks, said)


def among_peers(page: Profile, viewer: Viewer) -> None:
    """All communities by the score or one rate."""

    def pick() -> Chart:
        return page.peers(filters.one_of("比较指标", page.measures, "measure", next(iter(page.measures))))

    panel.chosen_panel(pick, viewer, PAGE, "peers")


def over_time(page: Profile, viewer: Viewer) -> None:
    """Thirteen months of one rate."""

    def pick() -> Chart:
        options = page.trend_choices
        return page.trend(filters.one_of("走势指标", options, "trend", next(iter(options))))

    panel.chosen_panel(pick, viewer, PAGE, "trend")


def told(page: Profile, viewer: Viewer) -> None:
    """What the community was told to do, and how it goes."""
    panel.panel(page.instructions(instructed(page, viewer)), viewer, PAGE)


def came_back(page: Profile, viewer: Viewer, source: Source) -> None:
    """The matters that came back; a row opens the latest petition."""
    panel.panel(page.repeats, viewer, PAGE, draw=partial(records.list_to_pick_from, source=source))
