"""A risk class as a coloured badge: colour always with shape, letter and word."""

from __future__ import annotations

from minxin.analysis.credit.classes import WORDS, label
from minxin.charts.palette import Theme, colours, risk_of


def badge(code: str, theme: Theme | str = Theme.LIGHT) -> str:
    """HTML of a badge such as 红■D高 on its colour, with a dark edge so that yellow stands on white; '' for none."""
    if code not in WORDS:
        return ""
    held = colours(theme)
    risk = risk_of(label(code), held)
    assert risk is not None
    look = (
        f"background:{risk.colour};color:{risk.text};border:1.5px solid {held.text};border-radius:6px;"
        "padding:4px 14px;font-size:20px;font-weight:600;white-space:nowrap"
    )
    return f'<span style="{look}">{label(code)}</span>'
