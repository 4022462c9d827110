"""Parts of the page 考核记分卡 that only it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis import indicators
from minxin.analysis.assessment import messages
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.rules import RATES, Rule
from minxin.board import ahead, assessment, cards, columns, community, community_map, filters, panel, records
from minxin.board.assessment import Chosen
from minxin.board.frames import Source
from minxin.board.picking import rows_to_pick
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts import boards
from minxin.charts.chart import Chart
from minxin.charts.scorecard import COMPOSITE, Scorecard
from minxin.settings import deployment

PAGE = "scorecard"
MAP_SIZE = (520, 470)
#: What of a unit's petitions a list shows: answer → words.
ANSWERS = {
    "denied": "未解决",
    "dissatisfied": "不满意",
    "unanswered": "未联系",
    "excluded": "已剔除",
    "uncalled": "办结无有效回访",
}


def answer(source: Source, chosen: Chosen) -> Scorecard:
    """The page for what was chosen; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, assessment.newest(source), panel.theme()))
    review = assessment.reviewed(source, chosen.month, chosen.rule, chosen.by)
    first = _kept(source.key, chosen.month, chosen.rule.digest, chosen.by, "", source, review)
    with chosen.rest:
        measure = filters.one_of("考核指标", first.measures, "measure", next(iter(first.measures)))
    return _kept(source.key, chosen.month, chosen.rule.digest, chosen.by, measure, source, review)


def _ahead(source: Source, months: Sequence[tuple[tuple[int, int], Rule]], look: str) -> Iterator[ahead.Answer]:
    """The newest months by the rule in force, then the newest by other rules and by other indicators."""
    for month, rule in months:
        yield partial(_answer_whole, source, month, rule, look)
    for month, rule in months[:1]:
        yield from (partial(_answer_whole, source, month, r, look) for r in assessment.usable_rules() if r != rule)
        for measure in _first(source, month, rule).measures:
            yield partial(_answer_whole, source, month, rule, look, measure)


def _first(source: Source, month: tuple[int, int], rule: Rule) -> Scorecard:
    review = assessment.reviewed(source, month, rule)
    return _kept(source.key, month, rule.digest, "community", "", source, review)


def _answer_whole(source: Source, month: tuple[int, int], rule: Rule, look: str, measure: str = "") -> None:
    review = assessment.reviewed(source, month, rule)
    measure = measure or next(iter(_first(source, month, rule).measures))
    card = _kept(source.key, month, rule.digest, "community", measure, source, review)
    shown = [card.street, card.ranking, card.map, card.standings, card.funnel("resolution"), card.targets]
    draw_map = partial(community_map.written, look=look, size=MAP_SIZE)
    panel.draw_ahead([chart for chart in shown if chart is not None], look, draw_map)
    _ = card.headline


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(
    key: tuple[str, ...],
    month: tuple[int, int],
    digest: str,
    by: str,
    measure: str,
    _source: Source,
    _review: Review,
) -> Scorecard:
    return Scorecard(_review, _source.about, boards.scorecard(), measure or COMPOSITE)


def headline(card: Scorecard, chosen: Chosen, viewer: Viewer) -> None:
    """The message of the page, whether it is a trial, and the export of the whole page."""
    if chosen.is_trial:
        st.caption(
            f"试算：{literal(chosen.rule.title)}；正式结果按「{literal(chosen.official.title)}」计算，不受影响。"
        )
    if may(viewer, PAGE, "export"):
        with chosen.rest:
            _export(card, chosen.month_name)
    st.markdown("　".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in card.headline))


@part
def _export(card: Scorecard, month: str) -> None:
    panel.export_menu(card.charts, "page", f"考核记分卡{month}", label="导出")


def street(card: Scorecard) -> None:
    """The whole in figures."""
    held = indicators.load()
    definitions = {c: f"**{literal(i.name)}**：{literal(i.definition)}" for c, i in held.items()}
    weights = literal(card.rule.weights.label)
    definitions["score"] = (
        f"**综合得分**：三率按{weights}加权，满分 100；基本满意按 {card.rule.basic_value:g} 件满意计。"
        f"\n\n依据：{literal(card.rule.weights.source)}"
    )
    cards.kpi_row(card.street, definitions, places=4)
    if card.review.by == "unit":
        area = deployment().area_word
        st.caption(
            f"n 为首办单位有登记的有效回访，含未归属{area}的；"
            f"按{area}考核时只计归属{area}的，不论有无首办单位，两者的 n 因此不同。"
        )


def units(card: Scorecard, viewer: Viewer) -> None:
    """Sorted dots beside the map (of communities) or the funnel (of units)."""
    left, right = st.columns([7, 5])
    with left:
        panel.panel(card.ranking, viewer, PAGE)
    with right:
        if card.map is None:
            _funnel(card, viewer)
        else:
            panel.panel(card.map, viewer, PAGE, draw=partial(_map, viewer=viewer))


def _map(chart: Chart, viewer: Viewer) -> None:
    community_map.draw(chart, MAP_SIZE, community.open_later)
    community.open_picked(viewer)


def standings(card: Scorecard, viewer: Viewer) -> None:
    """The table of all units with their worst parts."""
    draw = partial(_to_pick_from, viewer=viewer) if card.review.by == "community" else _whole
    panel.panel(card.standings, viewer, PAGE, draw=draw)


def _whole(chart: Chart) -> None:
    panel.table(chart, chart.id, height=_height(chart))


def _to_pick_from(chart: Chart, viewer: Viewer) -> None:
    """The table; a click on a row opens 社区画像."""
    if chart.empty:
        _whole(chart)
        return
    codes = chart.rows["code"].tolist()
    rows_to_pick(panel.written(chart), codes, chart.id, community.open_later, chart.alt, _height(chart))
    community.open_picked(viewer)


def _height(chart: Chart) -> int:
    # Every unit at once: nobody should have to scroll to find out who stands last.
    return columns.whole(len(chart.rows))


def chance(card: Scorecard, viewer: Viewer) -> None:
    """Funnel and targets."""
    left, right = st.columns([7, 5])
    with left:
        if card.map is None:
            panel.panel(card.windows, viewer, PAGE)
        else:
            _funnel(card, viewer)
    with right:
        if card.targets is not None:
            panel.panel(card.targets, viewer, PAGE)
        elif card.single is None and card.adjusted is not None:
            panel.panel(card.adjusted, viewer, PAGE)


def _funnel(card: Scorecard, viewer: Viewer) -> None:
    def choose() -> Chart:
        if card.single is not None:
            return card.funnel("resolution")
        return card.funnel(filters.one_of("漏斗指标", messages.RATE_NAMES, "funnel", "resolution"))

    panel.chosen_panel(choose, viewer, PAGE, "funnel")


@part
def more(card: Scorecard, viewer: Viewer) -> None:
    """Months, windows, mix of cases, signs; worked out when somebody opens them."""
    if card.single is not None:
        return
    lot = st.expander("走势、窗口、结构调整与核实提示", icon=":material/monitoring:", key="more", on_change="rerun")
    if not lot.open:
        return
    with lot:
        _months(card, viewer)
        left, right = st.columns(2)
        with left:
            panel.panel(card.windows, viewer, PAGE)
        with right:
            if card.adjusted is not None and card.targets is not None:
                panel.panel(card.adjusted, viewer, PAGE)
        panel.panel(card.signs, viewer, PAGE)
        panel.panel(card.gaming, viewer, PAGE)


def _months(card: Scorecard, viewer: Viewer) -> None:
    def choose() -> Chart:
        return card.months(filters.one_of("走势指标", messages.RATE_NAMES, "months", RATES[1]))

    panel.chosen_panel(choose, viewer, PAGE, "months")


@part
def drill(source: Source, card: Scorecard, rows: int) -> None:
    """The petitions behind the rates: which unit, and what the caller said; asked for when somebody opens them."""
    lot = st.expander("三率背后的诉求", icon=":material/list:", key="records", on_change="rerun", bind="query-params")
    if not lot.open:
        return
    with lot:
        _petitions(source, card, rows)


def _petitions(source: Source, card: Scorecard, rows: int) -> None:
    review = card.review
    names = dict(zip(card.result.units["code"].astype(str), card.result.units["name"].astype(str), strict=True))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        unit = filters.one_of(card.word, {"": f"全部{card.word}", **names}, "unit", "", width=200)
        said = filters.one_of("回访结果", ANSWERS, "answer", "denied", width=170)
    start, end = review.rule.window(*review.month)
    asked = {
        "start": start,
        "end": end,
        "counted_by": review.rule.counted_by,
        "answer": said,
        "exclusions": [reason.code for reason in review.rule.exclusions] or [""],
        "unit": unit if review.by == "unit" else "",
        "communities": [unit] if unit and review.by == "community" else list(review.names),
    }
    counts = review.counts(review.rule)
    held = counts[counts["code"] == unit] if unit else counts
    records.listing(source, "assessment.records", asked, int(_answers(held)[said].sum()), rows)


def _answers(counts: pd.DataFrame) -> dict[str, pd.Series]:
    """Answer → how many petitions each unit has with it."""
    return {
        "denied": counts["n_valid"] - counts["n_resolved"],
        "dissatisfied": counts["n_valid"] - counts["n_satisfied"] - counts["n_basic"],
        "unanswered": counts["n_valid"] - counts["n_responded"],
        "excluded": counts["n_excluded"],
        "uncalled": counts["n_without_valid"],
    }
