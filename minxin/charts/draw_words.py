"""Words on screen for pictures: KPI cards and tables (pages lay these out with Streamlit's own parts)."""

from __future__ import annotations

from minxin.charts.canvas import SCREEN, Canvas, safe
from minxin.charts.cards import cards
from minxin.charts.chart import Kind
from minxin.charts.tables import columns
from minxin.charts.words import shorten, width


@SCREEN.draws(Kind.KPI_ROW)
def kpi_row(canvas: Canvas) -> None:
    """Cards side by side: name, figure, target and change, interval and cases, freshness."""
    c, held = canvas.colours, cards(canvas.chart)
    share, gap = 1 / max(len(held), 1), 0.012
    for i, card in enumerate(held):
        left, right = i * share + (gap if i else 0), (i + 1) * share
        canvas.shape(
            type="rect", xref="paper", yref="paper", x0=left, x1=right, y0=0, y1=1, fillcolor=c.surface,
            line={"color": c.primary if card.strong else c.hairline, "width": 1}, layer="below",
        )  # fmt: skip
        large = min(1.6 if card.unknown else 2.6, 130 / canvas.font / max(width(card.figure), 1))
        figure = safe(card.figure) if card.unknown else f"<b>{safe(card.figure)}</b>"
        texts = (
            (safe(shorten(card.name, 9)), 0.95, canvas.font, c.quiet),
            (figure, 0.81, canvas.font * large, c.quiet if card.unknown else c.text),
            (safe(card.change), 0.50, canvas.font * 0.94, c.text),
            (safe(" · ".join(t for t in (card.verdict, card.target) if t)), 0.37, canvas.small, c.quiet),
            (safe(card.interval), 0.25, canvas.small, c.quiet),
            (safe(" · ".join(t for t in (card.cases, card.note) if t)), 0.13, canvas.small, c.quiet),
        )
        for text, height, size, colour in texts:
            if text:
                canvas.note(
                    text=text, x=left, xref="paper", xanchor="left", xshift=12, y=height, yref="paper", yanchor="top",
                    showarrow=False, font={"size": size, "color": colour},
                )  # fmt: skip
    canvas.lay(xaxis={"visible": False}, yaxis={"visible": False}, height=canvas.font * 12)
    canvas.margins(l=4, r=4, t=4, b=4)


@SCREEN.draws(Kind.TABLE)
def table(canvas: Canvas) -> None:
    """The table, numbers at the right."""
    c, held = canvas.colours, columns(canvas.chart)
    align = ["right" if column.unit else "left" for column in held]
    canvas.trace(
        "table",
        header={
            "values": [f"<b>{safe(column.heading)}</b>" for column in held],
            "align": align,
            "fill": {"color": c.surface},
            "line": {"color": c.hairline},
            "font": {"color": c.text, "size": canvas.font * 0.94},
            "height": canvas.font * 2,
        },
        cells={
            "values": [[safe(shorten(cell, 30)) for cell in column.written] for column in held],
            "align": align,
            "fill": {"color": c.page},
            "line": {"color": c.hairline},
            "font": {"color": c.text, "size": canvas.font * 0.94},
            "height": canvas.font * 2,
        },
    )
    canvas.lay(height=(len(canvas.chart.rows) + 1) * canvas.font * 2 + 16)
    canvas.margins(l=4, r=4, t=4, b=4)
