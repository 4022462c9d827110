"""The line of filters of the credit pages: a span, a county, checked here again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.board import filters
from minxin.board.frames import Source
from minxin.charts.credit.question import Question

#: Calendar years that can be chosen beside the rolling spans.
YEARS = 3


@dataclass(frozen=True)
class Chosen:
    """What is asked; ``more`` is what a page asks besides ('' for nothing), ``rest`` the end of the line."""

    question: Question
    more: str
    rest: DeltaGenerator


def bar(source: Source, span: str = "year", more: Callable[[], str] | None = None) -> Chosen:
    """The line of filters under the title, each in the address; ``more`` draws one that only this page has."""
    held, counties = spans(source.snapshot.as_of), _counties(source)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        code = filters.one_of("时段", {code: label for code, (_, _, label) in held.items()}, "span", span)
        county = filters.one_of("县区", {"": "全部县区", **counties}, "county", "")
        also = more() if more else ""
        rest = filters.line_end()
    return Chosen(Question(*held[code], county, counties.get(county, ""), source.hidden_below), also, rest)


def near(source: Source, span: str = "year") -> Iterator[Question]:
    """The question that a page opens with, then those that a change of its span or of its county leads to."""
    held, counties = spans(source.snapshot.as_of), _counties(source)
    for code in (span, *(other for other in held if other != span)):
        yield Question(*held[code], hidden_below=source.hidden_below)
    for county, name in counties.items():
        yield Question(*held[span], county, name, source.hidden_below)


def span(source: Source) -> tuple[dt.date, dt.date, str, DeltaGenerator]:
    """The line of filters of a page without counties: first day, day after the last, words, the end of the line."""
    held = spans(source.snapshot.as_of)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        code = filters.one_of("时段", {code: label for code, (_, _, label) in held.items()}, "span", "year")
        return (*held[code], filters.line_end())


def spans(as_of: dt.datetime) -> dict[str, tuple[dt.date, dt.date, str]]:
    """Code → first day, day after the last, words."""
    end = (as_of - dt.timedelta(microseconds=1)).date() + dt.timedelta(days=1)
    last = end - dt.timedelta(days=1)
    found = {
        code: ((pd.Timestamp(end) - pd.DateOffset(months=months)).date(), end, f"近 {months} 个月")
        for code, months in (("year", 12), ("two", 24), ("three", 36))
    }
    for year in range(last.year, last.year - YEARS, -1):
        whole = dt.date(year + 1, 1, 1) <= end
        label = f"{year}年" if whole else f"{year}年以来"
        found[str(year)] = (dt.date(year, 1, 1), dt.date(year + 1, 1, 1) if whole else end, label)
    return found


def _counties(source: Source) -> dict[str, str]:
    held = source("repair.counties")
    return dict(zip(held["county_code"], held["county_name"], strict=True))
