"""An empty 16:9 deck in our theme, and how text and colour are put on its slides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from pptx import Presentation
from pptx.dml.color import ColorFormat, RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from minxin.charts.palette import FILE_FONT, Colours, Theme, colours
from minxin.charts.words import clean, shorten, width

WIDE, HIGH = 13.333, 7.5
MARGIN = 0.6
#: Where the picture of a slide stands: left, top, width, height in inches.
BODY = (MARGIN, 1.85, WIDE - 2 * MARGIN, 4.85)
TITLE_SLIDE, TITLE_ONLY = "Title Slide", "Title Only"
INK: Colours = colours(Theme.PRINT)
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


@dataclass(frozen=True)
class Colour:
    """A colour of the file's theme, so that an office can restyle the deck; ``rgb`` for the ramp alone."""

    theme: Any = None
    rgb: str = ""
    brightness: float = 0.0

    def apply(self, target: ColorFormat) -> None:
        if self.rgb:
            target.rgb = RGBColor.from_string(self.rgb.lstrip("#"))
        else:
            target.theme_color = self.theme
            if self.brightness:
                target.brightness = self.brightness


TEXT = Colour(MSO_THEME_COLOR.TEXT_1)
PAGE = Colour(MSO_THEME_COLOR.BACKGROUND_1)
QUIET = Colour(MSO_THEME_COLOR.TEXT_2)
SURFACE = Colour(MSO_THEME_COLOR.BACKGROUND_2)
HAIRLINE = Colour(MSO_THEME_COLOR.BACKGROUND_2, brightness=-0.12)
PRIMARY = Colour(MSO_THEME_COLOR.ACCENT_6)
CALM = Colour(MSO_THEME_COLOR.ACCENT_5)
CATEGORIES = tuple(
    Colour(c)
    for c in (
        MSO_THEME_COLOR.ACCENT_1,
        MSO_THEME_COLOR.ACCENT_2,
        MSO_THEME_COLOR.ACCENT_3,
        MSO_THEME_COLOR.ACCENT_4,
        MSO_THEME_COLOR.ACCENT_5,
    )
)


def rgb(colour: str) -> Colour:
    """A fixed colour, #RRGGBB."""
    return Colour(rgb=colour)


def new_deck(wide: float = WIDE, high: float = HIGH) -> Any:
    """An empty presentation: 16:9 or of another size in inches, our colours and fonts as its theme, two layouts."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(wide), Inches(high)
    _restyle(deck)
    _keep_layouts(deck, (TITLE_SLIDE, TITLE_ONLY), wide)
    return deck


def _restyle(deck: Any) -> None:
    part = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    root = etree.fromstring(part.blob)
    root.set("name", "民信台")
    slots = {
        "dk1": INK.text,
        "lt1": INK.page,
        "dk2": INK.quiet,
        "lt2": INK.surface,
        **{f"accent{i}": c for i, c in enumerate(INK.categories, 1)},
        "accent6": INK.primary,
        "hlink": INK.primary,
        "folHlink": INK.quiet,
    }
    scheme = root.find(f".//{_DRAWING}clrScheme")
    scheme.set("name", "民信台")
    for slot, colour in slots.items():
        held = scheme.find(f"{_DRAWING}{slot}")
        for child in list(held):
            held.remove(child)
        etree.SubElement(held, f"{_DRAWING}srgbClr", val=colour.lstrip("#"))
    fonts = root.find(f".//{_DRAWING}fontScheme")
    fonts.set("name", "民信台")
    for which in ("majorFont", "minorFont"):
        group = fonts.find(f"{_DRAWING}{which}")
        for tag in ("latin", "ea"):
            group.find(f"{_DRAWING}{tag}").set("typeface", FILE_FONT)
        for font in group.findall(f"{_DRAWING}font"):
            if font.get("script") == "Hans":
                font.set("typeface", FILE_FONT)
    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _keep_layouts(deck: Any, names: Sequence[str], wide: float) -> None:
    """Drop the layouts that are not used and set the others to the width of the slides."""
    master = deck.slide_master
    for layout in list(deck.slide_layouts):
        if layout.name not in names:
            deck.slide_layouts.remove(layout)
    for holder in [master, *deck.slide_layouts]:
        for placeholder in holder.placeholders:
            stretch = wide / 10
            placeholder.left, placeholder.width = int(placeholder.left * stretch), int(placeholder.width * stretch)
    style = master.element.find(f".//{qn('p:titleStyle')}/{qn('a:lvl1pPr')}")
    style.set("algn", "l")
    run = style.find(qn("a:defRPr"))
    run.set("sz", "2600")
    run.set("b", "1")
    only = deck.slide_layouts.get_by_name(TITLE_ONLY)
    for holder in (master, only):
        _place(holder.placeholders[0], MARGIN, 0.35, wide - 2 * MARGIN, 1.0)
        holder.placeholders[0].text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    first = deck.slide_layouts.get_by_name(TITLE_SLIDE)
    _place(first.placeholders[0], 0.9, 2.0, wide - 1.8, 1.6)
    first.placeholders[0].text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    _place(first.placeholders[1], 0.9, 3.8, wide - 1.8, 0.9)


def _place(shape: Any, left: float, top: float, wide: float, high: float) -> None:
    shape.left, shape.top, shape.width, shape.height = Inches(left), Inches(top), Inches(wide), Inches(high)


def fit_title(
    text: str, wide: float = WIDE - 2 * MARGIN, sizes: Sequence[float] = (26, 23, 20), end: str = ""
) -> tuple[str, float]:
    """A title in at most two lines: the text (cut where it must be, ``end`` kept) and its size in points."""
    room = 0.0
    for size in sizes:
        room = wide * 72 / size * 2 - 2 - width(end)
        if width(text) <= room:
            return text + end, size
    return shorten(text, room) + end, sizes[-1]


def write(
    frame: Any,
    lines: Sequence[str],
    size: float,
    colour: Colour = TEXT,
    bold: bool = False,
    align: Any = PP_ALIGN.LEFT,
    anchor: Any = MSO_ANCHOR.TOP,
    wrap: bool = True,
) -> None:
    """Plain text into a text frame, one paragraph a line, without inner margins; fonts come from the theme."""
    frame.auto_size = MSO_AUTO_SIZE.NONE
    frame.word_wrap = wrap
    frame.vertical_anchor = anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for i, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
        paragraph.alignment = align
        run = paragraph.add_run()
        run.text = clean(line)
        style(run.font, size, colour, bold)


def style(font: Any, size: float, colour: Colour = TEXT, bold: bool = False) -> None:
    """Size, weight, colour and the theme's Latin and East Asian font."""
    font.size, font.bold = Pt(size), bold
    colour.apply(font.color)
    held = font._element
    for tag, face in (("a:latin", "+mn-lt"), ("a:ea", "+mn-ea")):
        for old in held.findall(qn(tag)):
            held.remove(old)
        etree.SubElement(held, qn(tag)).set("typeface", face)


def text_box(shapes: Any, left: float, top: float, wide: float, high: float, lines: Sequence[str], size: float,
             colour: Colour = TEXT, bold: bool = False, align: Any = PP_ALIGN.LEFT, anchor: Any = MSO_ANCHOR.TOP,
             wrap: bool = True) -> Any:  # fmt: skip
    """A text box in inches."""
    box = shapes.add_textbox(Inches(left), Inches(top), Inches(wide), Inches(high))
    write(box.text_frame, lines, size, colour, bold, align, anchor, wrap)
    return box


def fill(shape: Any, colour: Colour, line: Colour | None = None, weight: float = 0.75) -> None:
    """Solid fill; no outline unless ``line`` says so; no shadow."""
    shape.fill.solid()
    colour.apply(shape.fill.fore_color)
    outline(shape, line, weight)
    unstyle(shape)


def unstyle(shape: Any) -> None:
    """Drop the theme's shape style, which adds shadows."""
    held = shape._element.find(qn("p:style"))
    if held is not None:
        shape._element.remove(held)


def outline(shape: Any, line: Colour | None, weight: float = 0.75) -> None:
    if line is None:
        shape.line.fill.background()
    else:
        shape.line.width = Pt(weight)
        line.apply(shape.line.color)


def describe(shape: Any, name: str, alt: str) -> None:
    """Name and alternative text of a shape or graphic frame."""
    held = shape._element.find(f".//{qn('p:cNvPr')}")
    held.set("name", clean(name))
    held.set("descr", clean(alt))


def number_field(paragraph: Any) -> None:
    """The slide's own number as a field."""
    field = etree.SubElement(paragraph._p, qn("a:fld"))
    field.set("id", "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}")
    field.set("type", "slidenum")
    run = etree.SubElement(field, qn("a:rPr"))
    run.set("lang", "zh-CN")
    run.set("sz", "1050")
    etree.SubElement(etree.SubElement(run, qn("a:solidFill")), qn("a:schemeClr")).set("val", "tx2")
    etree.SubElement(field, qn("a:t")).text = "‹#›"


def emu(inches: float) -> Emu:
    return Emu(int(inches * 914400))
