"""The model card as files: a page to print, a document to edit, plain text to keep beside the model."""

from __future__ import annotations

import io
from pathlib import Path

from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from minxin import access
from minxin.analysis.whitelist.card import Block, Card
from minxin.analysis.whitelist.files import CARDS
from minxin.charts import palette
from minxin.charts.words import clean
from minxin.settings import Unusable, in_one_step

_FONT = "Microsoft YaHei"


def write(folder: Path, card: Card) -> list[str]:
    """Write the card in three forms into a folder, all or none; returns the names. Unusable where it cannot."""
    made = dict(zip(CARDS, (page(card).encode(), document(card), text(card).encode()), strict=True))
    try:
        with in_one_step(*(folder / name for name in made)) as parts:
            for part, content in zip(parts, made.values(), strict=True):
                part.write_bytes(content)
    except OSError as error:
        raise Unusable(f"无法写入文件夹 {folder.name}，请核对路径与权限。") from error
    return list(made)


def page(card: Card) -> str:
    """One printable HTML page that asks for nothing outside itself."""
    light = palette.colours()
    style = (
        "body{font:15px/1.7 'Microsoft YaHei','PingFang SC','Noto Sans CJK SC',sans-serif;max-width:900px;"
        f"margin:32px auto;padding:0 24px;color:{light.text}}}"
        f"h1{{font-size:28px;margin:0 0 4px}}"
        f"h2{{font-size:20px;margin:28px 0 6px;border-bottom:1px solid {light.hairline}}}"
        "h3{font-size:16px;margin:18px 0 4px}p{margin:4px 0}"
        f".stamp{{color:{light.primary};font-weight:600}}"
        "table{border-collapse:collapse;width:100%;margin:8px 0;font-variant-numeric:tabular-nums;font-size:14px}"
        f"th,td{{border-bottom:1px solid {light.hairline};padding:3px 8px;text-align:left}}"
        f"th{{background:{light.surface}}}"
        "th{white-space:nowrap}"
        "tr,h2,h3{break-inside:avoid}h2,h3{break-after:avoid}@page{size:A4;margin:16mm}@media print{body{margin:0}}"
    )
    parts = [f"<h1>{_html(card.title)}</h1>", f'<p class="stamp">{_html(card.stamp)}</p>']
    for block in card.blocks:
        tag = "h3" if block.is_part else "h2"
        parts.append(f"<{tag}>{_html(block.title)}</{tag}>")
        parts += [f"<p>{_html(line)}</p>" for line in block.lines]
        if block.head and block.rows:
            head = "".join(f"<th>{_html(cell)}</th>" for cell in block.head)
            rows = "".join("<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>" for row in block.rows)
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{_html(card.title)}</title><style>{style}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _html(words: str) -> str:
    return str(access.escape(clean(words)))


def text(card: Card) -> str:
    """Markdown; what would format or link is written literally."""
    parts = [f"# {_plain(card.title)}", _plain(card.stamp)]
    for block in card.blocks:
        parts.append(f"{'###' if block.is_part else '##'} {_plain(block.title)}")
        parts += [_plain(line) for line in block.lines]
        if block.head and block.rows:
            rows = [block.head, ("---",) * len(block.head), *block.rows]
            parts.append("\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows))
    return "\n\n".join(parts) + "\n"


def _plain(words: str) -> str:
    said = clean(words)
    for mark in "\\`*_[]<>#|":
        said = said.replace(mark, "\\" + mark)
    return said


def _cell(words: str) -> str:
    return words if words == "---" else _plain(words)


def document(card: Card) -> bytes:
    """A DOCX of A4 pages in the fonts of an office."""
    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    normal = made.styles["Normal"]
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        style = made.styles[name]
        style.font.name = _FONT
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
        style.font.color.rgb = RGBColor.from_string(palette.colours().text.lstrip("#"))
    normal.font.size = Pt(10.5)
    made.add_heading(clean(card.title), 0)
    made.add_paragraph().add_run(clean(card.stamp)).bold = True
    for block in card.blocks:
        made.add_heading(clean(block.title), 2 if block.is_part else 1)
        for line in block.lines:
            made.add_paragraph(clean(line))
        if block.head and block.rows:
            _table(made, block)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _table(made: object, block: Block) -> None:
    table = made.add_table(rows=0, cols=len(block.head))  # type: ignore[attr-defined]
    table.style = "Light Grid Accent 1"
    for row in (block.head, *block.rows):
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = clean(words)
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_after = Pt(0)
                for run in paragraph.runs:
                    run.font.size = Pt(9)
