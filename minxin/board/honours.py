"""Parts of the page 先锋与案例 that only it has: what is asked, the evidence, the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer
from minxin.analysis.honours import MEASURES
from minxin.board import ahead, cards, filters, panel, records
from minxin.board.frames import Source
from minxin.board.picking import remember, rows_to_pick
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts import cases as case_charts
from minxin.charts.cases import Case, Cases, Story
from minxin.charts.chart import Chart
from minxin.charts.honours import Evidence, Span

PAGE = "honours"
ABOUT = {"unit": "单位", "person": "人员", "case": "案例"}
SUBJECT = "subject"
#: Columns of the table of evidence in px.
WIDTHS = {"unit": (116, 66, 150, 150, 150), "person": (150, 58, 142, 142, 144)}
#: Years and months to choose from.
YEARS, MONTHS = 6, 24


@dataclass(frozen=True)
class Chosen:
    """What is asked: units, people or cases; the span; what sorts; ``rest`` ends the line of filters."""

    about: str
    span: Span
    sort: str
    rest: DeltaGenerator


def bar(source: Source) -> Chosen:
    """The line of filters under the title, each of them in the address."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        about = filters.beside("看什么", ABOUT, "about", "unit")
        held = spans(filters.first_day_of(source), source.snapshot.as_of)
        span = held[filters.one_of("时段", {c: s.label for c, s in held.items()}, "span", next(iter(held)), width=220)]
        words = case_charts.SORTS if about == "case" else {m.code: m.name for m in MEASURES.values()}
        options = {code: f"依{word}排列" for code, word in words.items()}
        # A word that sorts cases does not sort units.
        _only_of(options, "sort")
        sort = filters.one_of("排列", options, "sort", next(iter(options)), width=190)
        rest = filters.line_end()
    return Chosen(about, span, sort, rest)


def _only_of(options: Mapping[str, str], key: str) -> None:
    """Choose the first option where what a control holds is none of them any more.

    It is set and not forgotten: a control that is told nothing keeps the old words in the browser.
    """
    if options and st.session_state.get(key) not in (None, *options):
        st.session_state[key] = next(iter(options))


def spans(first_day: dt.date, as_of: dt.datetime) -> dict[str, Span]:
    """Years and months that the data reach, the latest first; the running ones say so."""
    newest = max((as_of - dt.timedelta(microseconds=1)).date(), first_day)
    found: dict[str, Span] = {}
    for year in range(newest.year, max(first_day.year, newest.year - YEARS + 1) - 1, -1):
        running = "（至今）" if year == newest.year and newest < dt.date(year, 12, 31) else ""
        found[str(year)] = Span(str(year), f"{year}年{running}", dt.date(year, 1, 1), dt.date(year + 1, 1, 1))
    place = newest.year * 12 + newest.month - 1
    for month in range(place, max(place - MONTHS, first_day.year * 12 + first_day.month - 2), -1):
        start = dt.date(month // 12, month % 12 + 1, 1)
        end = dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
        running = "（至今）" if end > newest + dt.timedelta(days=1) else ""
        found[f"{start:%Y-%m}"] = Span(f"{start:%Y-%m}", f"{start.year}年{start.month}月{running}", start, end)
    return found


# ── people and units ────────────────────────────────────────────────────────────────────────────


def prepare(source: Source) -> None:
    """What is asked first, answered before somebody asks it."""
    held = spans(filters.first_day_of(source), source.snapshot.as_of)
    ahead.prepare(source, PAGE, partial(_ahead, source, list(held.values()), panel.theme()))


def _ahead(source: Source, held: list[Span], look: str) -> Iterator[ahead.Answer]:
    """Years and the newest months; of the newest year also by the other measures, and every unit."""
    kinds, (sort, *others) = ("unit", "person"), MEASURES
    years, months = [s for s in held if s.is_year], [s for s in held if not s.is_year]
    newest = years[0]
    for span in [*years, *months[: ahead.MONTHS]]:
        yield from (partial(_answer_whole, source, by, span, sort, look) for by in kinds)
        yield partial(_answer_case, source, span, look)
    yield from (partial(_answer_whole, source, by, newest, other, look) for by in kinds for other in others)
    units = evidence(source, "unit", newest).names(sort)
    yield from (partial(_answer_whole, source, "unit", newest, sort, look, subject) for subject in units)


def _answer_whole(source: Source, by: str, span: Span, sort: str, look: str, subject: str = "") -> None:
    found = evidence(source, by, span)
    if names := found.names(sort):
        panel.draw_ahead(found.charts(sort, subject or next(iter(names))), look)


def _answer_case(source: Source, span: Span, look: str) -> None:
    found = cases(source, span)
    sort = next(iter(case_charts.SORTS))
    panel.draw_ahead([found.listed(sort)], look)
    if names := found.names(sort):
        told = story(source, found.of(next(iter(names))))
        panel.draw_ahead(told.charts(with_records=False), look)


def evidence(source: Source, by: str, span: Span) -> Evidence:
    """The evidence of a span, kept for whoever asks the same of the same snapshot within the same scope."""
    return _evidence(source.key, by, span, source)


@st.cache_resource(max_entries=64, show_spinner=False)
def _evidence(key: tuple[str, ...], by: str, span: Span, _source: Source) -> Evidence:
    return Evidence(_source, "person" if by == "person" else "unit", span, _source.about)


def chosen_subject(found: Evidence, sort: str, bar_rest: DeltaGenerator) -> str:
    """The subject looked at: chosen by name here or by a click in the list; '' where there is none."""
    names = found.names(sort)
    if not names:
        return ""
    _only_of(names, SUBJECT)
    with bar_rest:
        return filters.one_of("对象", names, SUBJECT, next(iter(names)), width=230)


def ranked(found: Evidence, sort: str, subject: str, viewer: Viewer) -> None:
    """One measure as a picture, and beside it all four as a table whose rows choose the subject."""
    if found.caveat:
        st.caption(literal(found.caveat))
    left, right = st.columns([5, 7])
    with left:
        panel.panel(found.ranking(sort, subject), viewer, PAGE, name="ranking")
    with right:
        panel.panel(
            found.beside(sort),
            viewer,
            PAGE,
            draw=partial(_pick, name="evidence", key="code", into=SUBJECT, widths=WIDTHS[found.by]),
        )


def about_subject(found: Evidence, subject: str, viewer: Viewer) -> None:
    """The four kinds of evidence on one subject, and its months."""
    row = found.cards(subject)
    st.subheader(literal(row.title), anchor=False)
    cards.kpi_row(row, {m.code: f"**{m.name}**：{m.meaning}" for m in MEASURES.values()}, places=4)
    panel.panel(found.months(subject), viewer, PAGE, name="months")


# ── cases ───────────────────────────────────────────────────────────────────────────────────────


def cases(source: Source, span: Span, case_id: str = "") -> Cases:
    """The cases of a span, or the one of that number; kept like the evidence."""
    return _cases(source.key, span, case_id, source)


@st.cache_resource(max_entries=64, show_spinner=False)
def _cases(key: tuple[str, ...], span: Span, case_id: str, _source: Source) -> Cases:
    return Cases(_source, span, _source.about, case_id)


def chosen_case(found: Cases, sort: str, viewer: Viewer, bar_rest: DeltaGenerator) -> Case | None:
    """The list of cases, and the one that is looked at; None where there is none."""
    names = found.names(sort)
    _only_of(names, "case")
    panel.panel(found.listed(sort), viewer, PAGE, draw=partial(_pick, name="cases", key="key", into="case", rows=7))
    if not names:
        return None
    with bar_rest:
        return found.of(filters.one_of("案例", names, "case", next(iter(names)), width=330))


def story(source: Source, case: Case, done: dt.date | None = None) -> Story:
    """What is known of a case, kept like the evidence."""
    return _story(source.key, case, done, source)


@st.cache_resource(max_entries=128, show_spinner=False)
def _story(key: tuple[str, ...], case: Case, done: dt.date | None, _source: Source) -> Story:
    return Story(_source, case, _source.about, filters.first_day_of(_source), done)


def about_case(source: Source, case: Case, viewer: Viewer) -> None:
    """What was done in a case, and the same kind of petitions before and after."""
    st.subheader(literal(case.name), anchor=False)
    told = story(source, case)
    panel.chosen_panel(partial(_before_after, source, case), viewer, PAGE, "before_after")
    left, right = st.columns([5, 7])
    with left:
        panel.panel(told.methods, viewer, PAGE)
    with right:
        panel.panel(told.units, viewer, PAGE)
    if viewer.detail != "aggregate":
        _petitions(source, case, viewer)


def _before_after(source: Source, case: Case) -> Chart:
    first = story(source, case)
    levels = first.levels() or {"1": "一级分类"}
    level = filters.one_of(
        "同类口径", levels, "level", first.level if first.level in levels else next(iter(levels)), width=190
    )
    # Not before all was closed is anything compared, unless somebody names the day from which it counts as done.
    newest = (source.snapshot.as_of - dt.timedelta(microseconds=1)).date()
    given = st.date_input(
        "办理完成日",
        value=case.closed_on,
        min_value=case.first_day,
        max_value=max(newest, case.first_day),
        format="YYYY-MM-DD",
        key=f"done_{case.code}_{case.community}",
        help="默认为本案最后一件办结之日；整治、修复另有完成日的，改为那一天再比较。",
        width=150,
        label_visibility="collapsed",
    )
    is_day = isinstance(given, dt.date) and case.first_day <= given <= max(newest, case.first_day)
    return story(source, case, given if is_day and given != case.closed_on else None).series(level)


@part
def _petitions(source: Source, case: Case, viewer: Viewer) -> None:
    lot = st.expander(f"本案 {case.n} 件诉求及处理结果", icon=":material/list:", key="petitions", on_change="rerun")
    if lot.open:
        with lot:
            held = story(source, case).listed
            panel.panel(held, viewer, PAGE, draw=partial(records.list_to_pick_from, source=source))


def _pick(chart: Chart, name: str, key: str, into: str, rows: int | None = None, widths: tuple[int, ...] = ()) -> None:
    """A table whose rows choose what the page is about; ``rows`` shown at once, ``widths`` in px."""
    if chart.empty:
        st.text("没有需要列出的内容。")
        return
    shown = panel.written(chart)
    rows_to_pick(
        shown,
        chart.rows[key].tolist(),
        name,
        remember(into),
        chart.alt,
        35 * (min(len(shown), rows) + 1) + 3 if rows else "content",
        dict(zip(shown.columns, widths, strict=False)),
    )
