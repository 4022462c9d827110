"""A chart as a Plotly figure, and what the browser is told about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from minxin.charts import draw_areas, draw_ranks, draw_times, draw_words
from minxin.charts.canvas import SCREEN, Canvas, look, nothing, safe
from minxin.charts.chart import Chart, Kind
from minxin.charts.palette import Theme, colours
from minxin.charts.words import clean, wrap
from minxin.settings import deployment

#: Imported for their renderers.
DRAWN_BY = (draw_areas, draw_ranks, draw_times, draw_words)
#: A picture with its title: 16:9.
PICTURE = (1200, 675)


def figure(
    chart: Chart,
    theme: Theme | str = Theme.LIGHT,
    *,
    with_title: bool = False,
    font: float = 14,
    shapes: Mapping[str, Any] | None = None,
) -> go.Figure:
    """Draw a chart for the screen; clicks return ``encoding.key`` in customdata.

    ``with_title`` adds message, subtitle and footer for a picture that leaves the page; ``font`` is the
    base size in px (larger for projection); ``shapes`` are the areas of maps (default: the deployment's).
    Show it with ``st.plotly_chart(…, theme=None)``, otherwise Streamlit paints over the theme.
    """
    theme = Theme(theme)
    areas = shapes
    if areas is None:
        areas = deployment().shapes if chart.kind in (Kind.MAP, Kind.TILE_GRID) else {}
    canvas = Canvas(chart, colours(theme), font, areas)
    canvas.lay(**look(canvas.colours, font))
    draw = SCREEN.of(chart.kind)
    if chart.empty:
        nothing(canvas)
    else:
        draw(canvas)
    if with_title:
        _title(canvas)
    return canvas.finish()


def _title(canvas: Canvas) -> None:
    chart, c, size = canvas.chart, canvas.colours, canvas.font
    wide, high = PICTURE
    held = canvas.layout
    lines = wrap(clean(chart.title), (wide - 64) / (size * 1.7), 2)
    head = 20 + len(lines) * size * 2.2 + size * 2
    foot = size * 2.4
    inner = held.get("height", 400)
    inside = {side: float(held.get("margin", {}).get(side, 0)) for side in "lrtb"}
    tall = inner + head + foot if chart.kind is Kind.KPI_ROW else max(high, inner + head + foot)
    canvas.lay(
        width=wide,
        height=tall,
        autosize=False,
        margin={"l": inside["l"] + 24, "r": inside["r"] + 24, "t": inside["t"] + head, "b": inside["b"] + foot},
    )
    plot_left, plot_top = inside["l"] + 24, inside["t"] + head
    texts = [("<br>".join(f"<b>{safe(t)}</b>" for t in lines), 20.0, size * 1.7, c.text)]
    texts.append((safe(chart.subtitle), 24 + len(lines) * size * 2.2, size, c.quiet))
    for text, down, points, colour in texts:
        if text:
            canvas.note(
                text=text, x=0, xref="paper", xanchor="left", xshift=32 - plot_left, y=1, yref="paper", yanchor="top",
                yshift=plot_top - down, align="left", showarrow=False, font={"size": points, "color": colour},
            )  # fmt: skip
    if chart.footer():
        canvas.note(
            text=safe(chart.footer()), x=0, xref="paper", xanchor="left", xshift=32 - plot_left, y=0, yref="paper",
            yanchor="bottom", yshift=-(inside["b"] + foot) + 10, showarrow=False,
            font={"size": canvas.small, "color": c.quiet},
        )  # fmt: skip


_WORDS = {
    "Autoscale": "自动缩放",
    "Box Select": "框选",
    "Lasso Select": "圈选",
    "Download plot": "下载图片",
    "Download plot as a PNG": "下载 PNG 图片",
    "Download plot as a png": "下载 PNG 图片",
    "Double-click to zoom back out": "双击复原",
    "Double-click on legend to isolate one trace": "双击图例只看一项",
    "Pan": "平移",
    "Reset": "复原",
    "Reset axes": "复原坐标轴",
    "Zoom": "放大",
    "Zoom in": "放大",
    "Zoom out": "缩小",
    "Snapshot succeeded": "图片已生成",
    "Sorry, there was a problem downloading your snapshot!": "图片未能下载，请重试。",
    "Sorry, there was a problem downloading your image!": "图片未能下载，请重试。",
    "Taking snapshot - this may take a few seconds": "正在生成图片，请稍候。",
    "Toggle Spike Lines": "辅助线",
    "Show closest data on hover": "显示最近数据",
    "Compare data on hover": "对比数据",
    "Click to enter Plot title": "图题",
}
_MONTHS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
_DAYS = ["日", "一", "二", "三", "四", "五", "六"]
LOCALE: dict[str, Any] = {
    "dictionary": _WORDS,
    "format": {
        "days": ["星期" + d for d in _DAYS],
        "shortDays": ["周" + d for d in _DAYS],
        "months": [m + "月" for m in _MONTHS],
        "shortMonths": [f"{i}月" for i in range(1, 13)],
        "date": "%Y年%-m月%-d日",
        "decimal": ".",
        "thousands": ",",
        "grouping": [3],
    },
}


def config(chart: Chart, picture: str = "png") -> dict[str, Any]:
    """Plotly's settings: Chinese, only the download button, ``picture`` png (3×) or svg (text stays text).

    A button cannot be added from Python (it needs JavaScript): a page that offers both lets people choose
    and passes the choice. ValueError for another picture format.
    """
    if picture not in ("png", "svg"):
        raise ValueError(f"unknown picture format {picture!r}")
    name = "".join("_" if c in '\\/:*?"<>|' else c for c in clean(chart.title))[:80].strip(" .") or chart.id
    return {
        "locale": "zh-CN",
        "locales": {"zh-CN": LOCALE},
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "scrollZoom": False,
        "doubleClick": False,
        "toImageButtonOptions": {"format": picture, "filename": name, "scale": 3 if picture == "png" else 1},
    }
