"""The four risk classes in words, and how firms moved between them."""

from __future__ import annotations

from minxin.warehouse.risk_rules import CLASSES

#: Letters from the lowest risk to the highest.
CODES = tuple(CLASSES)
WORDS = {"A": "低", "B": "一般", "C": "较高", "D": "高"}
COLOURS = {"A": "绿", "B": "黄", "C": "橙", "D": "红"}
SHAPES = {"A": "●", "B": "▲", "C": "◆", "D": "■"}
#: Classes that supervision looks at first.
HIGH = ("C", "D")


def label(code: str) -> str:
    """A class as it is always written: colour, shape, letter, word （红■D高）; — for none."""
    return f"{COLOURS[code]}{SHAPES[code]}{code}{WORDS[code]}" if code in WORDS else "—"
