"""Charts as an editable presentation: one message and one native picture a slide."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Pt

from minxin.charts.chart import Chart, Kind
from minxin.charts.words import clean, shorten
from minxin.exports import slide_charts, slide_shapes
from minxin.exports.deck import (
    HAIRLINE,
    MARGIN,
    PRIMARY,
    QUIET,
    TEXT,
    TITLE_ONLY,
    TITLE_SLIDE,
    WIDE,
    fit_title,
    new_deck,
    number_field,
    style,
    text_box,
    unstyle,
    write,
)
from minxin.exports.slide_charts import no_data
from minxin.exports.slides import SLIDES, Sheet
from minxin.settings import deployment

#: Imported for their renderers.
DRAWN_BY = (slide_charts, slide_shapes)


def presentation(
    charts: Sequence[Chart],
    title: str = "",
    subtitle: str = "",
    source_note: str = "",
    deployment_name: str = "",
    *,
    definitions: Mapping[str, str] | None = None,
    shapes: Mapping[str, Any] | None = None,
) -> bytes:
    """A PPTX with a title slide and one chart a slide (long tables continue on the next).

    ``title`` defaults to the first chart's message, the names and areas to those of the deployment;
    ``definitions`` (indicator code → text) go into the notes. Kinds without a native form: docs/charts.md.
    """
    here = deployment()
    deck = new_deck()
    place = clean(deployment_name) or here.name
    areas = here.shapes if shapes is None else shapes
    heading = clean(title) or (clean(charts[0].title) if charts else place)
    deck.core_properties.title = heading
    deck.core_properties.author = place
    deck.core_properties.language = "zh-CN"
    _first(deck, charts, heading, clean(subtitle), place)
    for chart in charts:
        pages = slide_shapes.table_pages(chart) if chart.kind is Kind.TABLE else [(0, len(chart.rows))]
        for number, rows in enumerate(pages):
            part = f"（续 {number + 1}/{len(pages)}）" if number else ""
            slide = _slide(deck, chart, part, source_note, definitions or {})
            sheet = Sheet(slide, chart, areas, here.geometry_note, rows)
            if chart.empty:
                no_data(sheet)
            else:
                SLIDES.of(chart.kind)(sheet)
        rest = len(chart.rows) - pages[-1][1]
        if rest:
            text_box(slide.shapes, MARGIN, 6.68, WIDE - 2 * MARGIN, 0.25, [f"另有 {rest} 行，见工作簿。"], 10.5, QUIET)
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def _first(deck: Any, charts: Sequence[Chart], heading: str, subtitle: str, place: str) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts.get_by_name(TITLE_SLIDE))
    words, size = fit_title(heading, WIDE - 1.8, (34, 30, 26))
    _fill_title(slide.shapes.title, words, size)
    lines = [subtitle or (clean(charts[0].subtitle) if charts else ""), place]
    write(slide.placeholders[1].text_frame, [shorten(t, 60) for t in lines if t], 18, QUIET)
    bar = slide.shapes.add_connector(1, *(int(v * 914400) for v in (0.9, 3.68, WIDE - 0.9, 3.68)))
    bar.line.width = Pt(1.5)
    PRIMARY.apply(bar.line.color)
    unstyle(bar)
    if any(c.simulated for c in charts):
        text_box(slide.shapes, 0.9, 5.0, WIDE - 1.8, 0.4, ["模拟数据，仅供演示"], 16, TEXT, True)


def _fill_title(shape: Any, words: str, size: float) -> None:
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = 0
    paragraph = frame.paragraphs[0]
    run = paragraph.add_run()
    run.text = words
    style(run.font, size, TEXT, True)
    paragraph.alignment = PP_ALIGN.LEFT


def _slide(deck: Any, chart: Chart, part: str, source_note: str, definitions: Mapping[str, str]) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts.get_by_name(TITLE_ONLY))
    words, size = fit_title(clean(chart.title), end=part)
    _fill_title(slide.shapes.title, words, size)
    text_box(slide.shapes, MARGIN, 1.38, WIDE - 2 * MARGIN, 0.35, [shorten(clean(chart.subtitle), 70)], 14, QUIET)
    line = slide.shapes.add_connector(1, *(int(v * 914400) for v in (MARGIN, 6.95, WIDE - MARGIN, 6.95)))
    line.line.width = Pt(0.75)
    HAIRLINE.apply(line.line.color)
    unstyle(line)
    foot = " · ".join(t for t in (clean(source_note), chart.footer()) if t)
    text_box(slide.shapes, MARGIN, 7.02, WIDE - 2 * MARGIN - 0.8, 0.3, [shorten(foot, 78)], 10.5, QUIET)
    number = text_box(slide.shapes, WIDE - MARGIN - 0.7, 7.02, 0.7, 0.3, [], 10.5, QUIET, anchor=MSO_ANCHOR.TOP)
    number.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT
    number_field(number.text_frame.paragraphs[0])
    notes = [clean(chart.title), clean(chart.subtitle), clean(chart.alt), foot]
    notes += [f"{code}\uff1a{clean(definitions[code])}" for code in chart.indicators if code in definitions]
    notes += [f"标注：{chart.text(a.at)} {clean(a.text)}" for a in chart.annotations if not a.on_value]
    slide.notes_slide.notes_text_frame.text = "\n".join(dict.fromkeys(n for n in notes if n))
    return slide
