"""One sheet of A4 as an editable presentation of one page, drawn by the renderers of the slides."""

from __future__ import annotations

import io
from typing import Any

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Pt

from minxin.charts.chart import Chart, Kind
from minxin.charts.paper import HIGH, MARGIN, WIDE, Paper, Place
from minxin.charts.words import clean, shorten, wrap
from minxin.exports import slide_charts, slide_shapes
from minxin.exports.deck import (
    HAIRLINE,
    PRIMARY,
    QUIET,
    TEXT,
    TITLE_ONLY,
    new_deck,
    style,
    text_box,
    unstyle,
)
from minxin.exports.slide_charts import no_data
from minxin.exports.slides import SLIDES, Sheet
from minxin.settings import deployment

#: Imported for their renderers.
DRAWN_BY = (slide_charts, slide_shapes)
#: Pictures are drawn as on a slide and made so much smaller, with all their words and lines.
SCALE = 0.6
_INCH = 914400
_CARDS_HIGH = 0.86
#: Attributes that hold lengths of text and lines, in the drawing itself.
_LINES = ("a:ln", "a:lnB", "a:lnL", "a:lnR", "a:lnT")


def one_page(paper: Paper) -> bytes:
    """A PPTX of one upright page: title, message, figures, pictures in their places, source line."""
    deck = new_deck(WIDE, HIGH)
    deck.core_properties.title = clean(paper.title)
    deck.core_properties.author = clean(paper.owner)
    deck.core_properties.language = "zh-CN"
    slide = deck.slides.add_slide(deck.slide_layouts.get_by_name(TITLE_ONLY))
    _head(slide, paper)
    room = WIDE - 2 * MARGIN
    for number, chart in enumerate(paper.figures):
        top = paper.figures_top + number * (_CARDS_HIGH + 0.06)
        _draw(slide, chart, (MARGIN, top, room, _CARDS_HIGH))
    for place in paper.places:
        _placed(slide, place)
    _rule(slide, HIGH - 0.42)
    text_box(slide.shapes, MARGIN, HIGH - 0.37, room, 0.2, [shorten(clean(paper.foot), room * 72 / 7.2)], 6.2, QUIET)
    slide.notes_slide.notes_text_frame.text = "\n".join(
        dict.fromkeys(clean(t) for c in (*paper.figures, *(p.chart for p in paper.places)) for t in (c.title, c.alt))
    )
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def _head(slide: Any, paper: Paper) -> None:
    room = WIDE - 2 * MARGIN
    title = slide.shapes.title
    title.left, title.top, title.width, title.height = (int(v * _INCH) for v in (MARGIN, 0.32, room * 0.62, 0.42))
    frame = title.text_frame
    frame.word_wrap = True
    frame.margin_left = 0
    frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    run = frame.paragraphs[0].add_run()
    run.text = shorten(clean(paper.title), room * 0.62 * 72 / 18)
    style(run.font, 18, TEXT, True)
    frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    stamp = " · ".join(t for t in (clean(paper.owner), "模拟数据，仅供演示" if paper.simulated else "") if t)
    text_box(slide.shapes, MARGIN + room * 0.62, 0.5, room * 0.38, 0.22, [shorten(stamp, 26)], 8, QUIET,
             align=PP_ALIGN.RIGHT)  # fmt: skip
    _rule(slide, 0.8, PRIMARY, 1.25)
    top = 0.88
    for word, sentence in paper.lines:
        lines = wrap(clean(sentence), (room - 0.5) * 72 / 8.8, 2)
        text_box(slide.shapes, MARGIN, top, 0.5, 0.18, [clean(word)], 8.8, PRIMARY, True)
        text_box(slide.shapes, MARGIN + 0.5, top, room - 0.5, 0.17 * len(lines), lines, 8.8, TEXT, True, wrap=False)
        top += 0.17 * len(lines) + 0.02


def _rule(slide: Any, top: float, colour: Any = HAIRLINE, weight: float = 0.75) -> None:
    line = slide.shapes.add_connector(1, *(int(v * _INCH) for v in (MARGIN, top, WIDE - MARGIN, top)))
    line.line.width = Pt(weight)
    colour.apply(line.line.color)
    unstyle(line)


def _placed(slide: Any, place: Place) -> None:
    left, room = MARGIN + place.left, place.wide * 72
    titles = wrap(clean(place.chart.title), room / 9.8, 2)
    text_box(slide.shapes, left, place.top, place.wide, 0.16 * len(titles), titles, 9, TEXT, True, wrap=False)
    top = place.top + 0.16 * len(titles)
    text_box(slide.shapes, left, top, place.wide, 0.13, [shorten(clean(place.chart.subtitle), room / 7.1)], 6.2, QUIET,
             wrap=False)  # fmt: skip
    top += 0.15
    _draw(slide, place.chart, (left, top, place.wide, place.top + place.high - top))


def _draw(slide: Any, chart: Chart, box: tuple[float, float, float, float]) -> None:
    """Draw on a slide that is so much larger, then make what was added smaller."""
    before = len(slide.shapes)
    here = deployment()
    large = tuple(v / SCALE for v in box)
    rows = (0, min(len(chart.rows), max(1, int(large[3] / 0.26) - 1)))
    sheet = Sheet(slide, chart, here.shapes, here.geometry_note, rows, large)  # type: ignore[arg-type]
    if not chart.empty:
        SLIDES.of(chart.kind)(sheet)
    elif chart.kind is not Kind.TABLE:  # the title of an empty list says that nothing is in it
        no_data(sheet)
    for shape in list(slide.shapes)[before:]:
        _shrink(shape)


def _shrink(shape: Any) -> None:
    for name in ("left", "top", "width", "height"):
        setattr(shape, name, int(getattr(shape, name) * SCALE))
    _smaller(shape._element)
    if getattr(shape, "has_chart", False) and shape.has_chart:
        _smaller(shape.chart._chartSpace)
        for size in shape.chart._chartSpace.iter(qn("c:size")):
            size.set("val", str(max(2, round(int(size.get("val")) * SCALE))))
    if getattr(shape, "has_table", False) and shape.has_table:
        for part in (*shape.table.columns, *shape.table.rows):
            name = "width" if hasattr(part, "width") else "height"
            setattr(part, name, int(getattr(part, name) * SCALE))
        for cell in shape._element.iter(qn("a:tcPr")):
            for side in ("marL", "marR", "marT", "marB"):
                if cell.get(side):
                    cell.set(side, str(int(int(cell.get(side)) * SCALE)))


def _smaller(element: Any) -> None:
    """Sizes of text and widths of lines."""
    for part in element.iter(qn("a:rPr"), qn("a:defRPr"), qn("a:endParaRPr")):
        if part.get("sz"):
            part.set("sz", str(max(400, round(int(part.get("sz")) * SCALE / 10) * 10)))
    for name in _LINES:
        for line in element.iter(qn(name)):
            if line.get("w"):
                line.set("w", str(int(int(line.get("w")) * SCALE)))
