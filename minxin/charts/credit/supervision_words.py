"""Names and units that the charts about inspections share."""

from __future__ import annotations

from minxin.charts import palette
from minxin.charts.chart import Unit

BEFORE = "试点前"
RISK, RANDOM = "风险", "随机"
#: Ways in which a firm comes to be inspected → the words of a chart.
ARMS = {"风险": "按风险抽查", "随机": "随机组", "举报": "投诉举报", "全覆盖": "重点领域全覆盖"}
SIZES = ("大型", "中型", "小型", "微型")
TIMES = Unit("number", "倍", places=2)
VISITS = Unit("count", "家次")
FIRMS = Unit("count", "户")
POINTS = Unit("number", "分", places=2)
_LEVELS = {"A": "低", "B": "一般", "C": "较高", "D": "高"}


def class_name(letter: str) -> str:
    """A risk class with colour word, shape, letter and level: 绿●A低."""
    return f"{short_name(letter)}{_LEVELS[letter]}"


def short_name(letter: str) -> str:
    """The same without the level, for titles: 绿●A."""
    risk = next(r for r in palette.colours().risks if r.letter == letter)
    return f"{risk.word}{risk.shape}{risk.letter}"
