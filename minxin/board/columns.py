"""How tables of rows stand on a page: whole rows, figures at the right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

Height = int | Literal["content", "auto"]
#: Height of a row in px at the board's font size, the same for the heading.
ROW = 33
#: So many rows stand in full where no height is asked for; of more, ten.
WHOLE, SOME = 14, 10
#: A figure with its unit, an interval of two, or a figure with its interval behind it.
_NUMBER = r"[<≤≥+−-]?\d[\d,]*(\.\d+)?(%|百分点|\D{0,3})"
_FIGURE = re.compile(rf"{_NUMBER}(—{_NUMBER})?(（{_NUMBER}—{_NUMBER}）)?")
#: What may stand in a column of figures instead of one.
_NONE = re.compile(r"|—|样本不足.*|无数据|缺人口数|持平")
#: So many rows are looked at.
_LOOKED_AT = 60


def height(wanted: Height, rows: int) -> Height:
    """The height at which no row is cut and none stands empty: ``wanted`` px at most, or a usual number of rows."""
    if wanted == "content":
        return wanted
    if wanted == "auto":
        return whole(rows if rows <= WHOLE else SOME)
    return whole(min(rows, max(1, (int(wanted) - 2) // ROW - 1)))


def whole(rows: int) -> int:
    """The height in px at which so many rows stand in full under their heading."""
    return ROW * (rows + 1) + 2


def config(shown: pd.DataFrame, widths: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Streamlit's settings of the columns: ``widths`` in px by heading, and figures right-aligned."""
    wide = dict(widths or {})
    right = {str(heading) for heading in shown.columns if is_figures(shown[heading].tolist()[:_LOOKED_AT])}
    return {
        heading: st.column_config.Column(width=wide.get(heading), alignment="right" if heading in right else None)
        for heading in (*wide, *(right - set(wide)))
    }


def is_figures(cells: list[Any]) -> bool:
    """Whether all cells are figures or say that there is none, and one of them is a figure."""
    texts = ["" if pd.isna(cell) else str(cell).strip() for cell in cells]
    told = [text for text in texts if not _NONE.fullmatch(text)]
    return bool(told) and all(map(_FIGURE.fullmatch, told))
