"""What comes of the page 规则推演: two rules side by side, who moves, how surely, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import streamlit as st

from minxin.access import Viewer, may
from minxin.analysis.assessment import rules as rule_file
from minxin.analysis.assessment import trial, trial_words
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.rules import Rule
from minxin.board import ahead, assessment, columns, filters, panel, rules_scenarios
from minxin.board.frames import Source
from minxin.board.rules_chosen import PAGE, Chosen, versions
from minxin.board.rules_controls import LEAST, WINDOWS
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.rules import Rules
from minxin.settings import deployment


def answer(source: Source, chosen: Chosen, new: Rule) -> Rules:
    """The charts of the trial; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, chosen, panel.theme()))
    return _of(source, chosen, new)


def _ahead(source: Source, opening: Chosen, look: str) -> Iterator[ahead.Answer]:
    """The newest months, then the month the page opened with by other rules, smallest numbers and windows."""
    for month, official in assessment.newest(source):
        held = versions(official)
        base, old = held.get(opening.base.code, opening.base), held[official.name]
        yield partial(_answer_whole, source, replace(opening, month=month, official=official, old=old, base=base), look)
    for one in versions(opening.official).values():
        yield partial(_answer_whole, source, replace(opening, base=one), look)
        yield partial(_answer_whole, source, replace(opening, old=one), look)
    changes = [{"smallest_n": n} for n in LEAST] + [{"window_months": n} for n in WINDOWS]
    for change in changes:
        tried = trial.tried(opening.base.rule, rule_file.load(), change)
        yield partial(_answer_whole, source, opening, look, tried)


def _answer_whole(source: Source, chosen: Chosen, look: str, new: Rule | None = None) -> None:
    page = _of(source, chosen, new or chosen.base.rule)
    _ = page.headline
    if page.has_scores:
        explained = [page.explained] if page.trial.parts else []
        panel.draw_ahead([page.moves, *explained, page.listed], look)


def _of(source: Source, chosen: Chosen, new: Rule) -> Rules:
    review = assessment.reviewed(source, chosen.month, chosen.official)
    is_base = new is chosen.base.rule
    name = _short(chosen.base.label)
    names = (_short(chosen.old.label), name if is_base else f"自定（由「{name}」改动）")
    digests = chosen.old.rule.digest, new.digest
    return _kept(source.key, chosen.month, digests, names, source, review, chosen.old.rule, new)


def _short(label: str) -> str:
    return label.removeprefix("试算：").removeprefix("现行：")


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(
    key: tuple[str, ...],
    month: tuple[int, int],
    digests: tuple[str, str],
    names: tuple[str, str],
    _source: Source,
    _review: Review,
    _old: Rule,
    _new: Rule,
) -> Rules:
    return Rules(trial.Trial(_review, _old, _new, deployment().whole_word), _source.about, names)


def headline(page: Rules, chosen: Chosen, viewer: Viewer) -> None:
    """The message of the page, what differs, that nothing official changes; files and saving in the line of filters."""
    with chosen.rest:
        _menus(page, chosen, viewer)
    rules_scenarios.say()
    st.markdown("  \n".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))
    old, new = trial_words.settings(page.trial.old), trial_words.settings(page.trial.new)
    changed = [f"{name}（{old[name]} → {new[name]}）" for name in old if old[name] != new[name]]
    differs = f"两套规则不同之处：{'；'.join(changed)}。" if changed else "两套规则相同。"
    st.caption(literal(f"{differs}推演不改变正式结果：正式结果始终按「{chosen.official.title}」计算，见考核记分卡。"))


@part
def _menus(page: Rules, chosen: Chosen, viewer: Viewer) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        if may(viewer, PAGE, "write"):
            rules_scenarios.save_menu(page, viewer)
        if may(viewer, PAGE, "export"):
            panel.export_menu(page.charts, "page", f"规则推演{chosen.month_name}", label="导出")
    rules_scenarios.whole_again()


def moves(page: Rules, viewer: Viewer) -> None:
    """Who moves, with what probability."""
    if not page.has_scores:
        return
    panel.panel(page.moves, viewer, PAGE)


def explanation(page: Rules, viewer: Viewer) -> None:
    """Where the difference of each unit comes from, in a picture and in figures that add up."""
    if not page.has_scores:
        return
    if page.trial.parts:
        panel.panel(page.explained, viewer, PAGE)
    panel.panel(page.listed, viewer, PAGE, draw=_whole)


def _whole(chart: Chart) -> None:
    # Every unit at once: an explanation that has to be scrolled for is none.
    panel.table(chart, chart.id, height=columns.whole(len(chart.rows)))


@part
def sensitivity(page: Rules, viewer: Viewer) -> None:
    """Which assumption moves the result, worked out when somebody opens it."""
    if not page.has_scores:
        return
    lot = st.expander(
        "哪一项改动影响最大", icon=":material/tune:", key="tornado", on_change="rerun", bind="query-params"
    )
    if not lot.open:
        return

    def choose() -> Chart:
        return page.tornado(filters.one_of("影响", {"score": "看得分", "rank": "看名次"}, "effect", "score") == "rank")

    with lot:
        panel.chosen_panel(choose, viewer, PAGE, "tornado")


@part
def acceptability(page: Rules, viewer: Viewer) -> None:
    """Which rank each unit takes whatever the weights; coarse at first, exact when asked for."""
    if not page.has_scores:
        return
    lot = st.expander(
        "权重怎么定，各排第几", icon=":material/grid_on:", key="smaa", on_change="rerun", bind="query-params"
    )
    if not lot.open:
        return

    def choose() -> Chart:
        return page.acceptability(bool(st.toggle("细算", key="exact", bind="query-params")))

    with lot:
        panel.chosen_panel(choose, viewer, PAGE, "acceptability")
