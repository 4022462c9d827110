"""Numbers, times and shares as officials write them; titles, cards, charts and exports all use this."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence

import pandas as pd

MISSING = "—"
_DIGITS = "零一二三四五六七八九十"


def is_missing(value: object) -> bool:
    """None, NaN, NA or NaT."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _plain(value: float, decimals: int, grouped: bool = False) -> str:
    """A number with fixed decimals, half away from zero, and never -0; ``grouped`` with commas: 1,234."""
    scaled = math.floor(abs(value) * 10**decimals + 0.5 + 1e-9) / 10**decimals
    text = f"{scaled:,.{decimals}f}" if grouped else f"{scaled:.{decimals}f}"
    return f"-{text}" if value < 0 and scaled != 0 else text


def _signed(value: float, decimals: int) -> str:
    text = _plain(value, decimals)
    return text if text.startswith("-") else f"+{text}"


def signed_text(points: float) -> str:
    """A difference in points with its sign: +1.52, −0.38; what rounds to nothing has none: 0.00."""
    if points != points:
        return MISSING
    text = f"{abs(points):.2f}"
    sign = "" if not float(text) else "+" if points > 0 else "−"
    return sign + text


def count_text(value: float | None, unit: str = "", smallest: int = 0) -> str:
    """A count: 1,234, 1.2万, 3.1亿; 「<5」 for 1 to ``smallest`` - 1; — where missing.

    ``unit`` follows figures after a space and 万 or 亿 at once: 12 件, 1.2万件.
    """
    if is_missing(value):
        return MISSING
    assert value is not None
    if 0 < value < smallest:
        text = f"<{smallest}"
    elif abs(value) >= 99_995_000:
        text = f"{_plain(value / 1e8, 1)}亿"
    elif abs(value) >= 10_000:
        text = f"{_plain(value / 1e4, 1)}万"
    else:
        text = _plain(value, 0 if float(value).is_integer() or abs(value) >= 100 else 1, grouped=True)
    if not unit:
        return text
    return f"{text}{unit}" if text[-1] in "万亿" else f"{text} {unit}"


def month_texts(months: Iterable[object]) -> list[str]:
    """Months that stand under columns, short: 22年7月."""
    held = pd.DatetimeIndex(pd.to_datetime(list(months)))
    return [f"{m:%y}年{m.month}月" for m in held]


def rate_text(value: float | None, n: float | None = None, smallest_n: float = 0, decimals: int = 1) -> str:
    """A share in [0, 1] as 98.5%; 「样本不足（n=7）」 where n is below ``smallest_n``; — where missing.

    A share just short of 0 or 1 is never rounded to it: 99.96% keeps the decimals it needs.
    """
    if n is not None and not is_missing(n) and 0 < n < smallest_n:
        return few_text(n)
    if is_missing(value):
        return MISSING
    assert value is not None
    text = _plain(value * 100, decimals)
    while 0 < value < 1 and float(text) in (0, 100) and decimals < 4:
        decimals += 1
        text = _plain(value * 100, decimals)
    return f"{text}%"


def few_text(n: float) -> str:
    """What stands instead of a rate of too few cases."""
    return f"样本不足（n={_plain(n, 0)}）"


def per_text(value: float | None, unit: str = "件/万人") -> str:
    """A number per ten thousand people with one decimal and its unit."""
    return MISSING if is_missing(value) else f"{_plain(float(value or 0), 1)} {unit}"


def points_text(difference: float | None, decimals: int = 1) -> str:
    """A difference of two shares as +1.2百分点."""
    return MISSING if is_missing(difference) else f"{_signed(float(difference or 0) * 100, decimals)}百分点"


def change_text(difference: float | None, unit: str = "件") -> str:
    """A difference of two counts as +12件."""
    if is_missing(difference):
        return MISSING
    value = float(difference or 0)
    return f"{'-' if value < 0 else '+'}{count_text(abs(value))}{unit}"


def percent_change_text(relative: float | None) -> str:
    """A relative change as +12.3%."""
    return MISSING if is_missing(relative) else f"{_signed(float(relative or 0) * 100, 1)}%"


def interval_text(low: float | None, high: float | None) -> str:
    """An interval of two shares as 98.9%—99.4%."""
    return MISSING if is_missing(low) or is_missing(high) else f"{rate_text(low)}—{rate_text(high)}"


def share_text(share: float) -> str:
    """A share as people say it: 三成, 近三成, 三成多, 一半, 过半; below one tenth in %."""
    if share < 0.085:
        return rate_text(share)
    if abs(share - 0.5) < 0.015:
        return "一半"
    if 0.5 <= share < 0.55:
        return "过半"
    if share > 0.985:
        return "全部" if share >= 1 else "几乎全部"
    tenths = round(share * 10)
    word = f"{_DIGITS[tenths]}成"
    difference = share - tenths / 10
    if tenths == 10:
        return "九成多"
    if abs(difference) < 0.015:
        return word
    return f"近{word}" if difference < 0 else f"{word}多"


def names_text(names: Sequence[str], shown: int = 2) -> str:
    """Names as 甲、乙 or 甲、乙等5个."""
    listed = "、".join(names[:shown])
    return listed if len(names) <= shown else f"{listed}等{len(names)}个"


def date_text(day: dt.date, year: bool = False) -> str:
    """A day as 6月28日, with its year 2023年6月28日."""
    return f"{day.year}年{day.month}月{day.day}日" if year else f"{day.month}月{day.day}日"


def days_text(start: dt.date, end: dt.date, year: bool = False) -> str:
    """The days of [start, end) as 6月26日—7月2日, with years where they differ or are asked for."""
    last = end - dt.timedelta(days=1)
    if last == start:
        return date_text(start, year)
    years = start.year != last.year
    return f"{date_text(start, year or years)}—{date_text(last, years)}"


def moment_text(moment: dt.datetime | None, year: bool = False) -> str:
    """Freshness: 截至 6月28日 18:00; midnight belongs to the day that ends: 截至 7月3日 24:00."""
    if is_missing(moment) or moment is None:
        return "数据时间不详"
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"截至 {date_text(moment - dt.timedelta(days=1), year)} 24:00"
    return f"截至 {date_text(moment, year)} {moment.hour:02d}:{moment.minute:02d}"


def age_text(hours: float | None) -> str:
    """A duration in hours as 3天4小时, 5小时20分, 12分钟."""
    if is_missing(hours) or hours is None:
        return MISSING
    minutes = math.floor(abs(hours) * 60 + 0.5)
    sign = "-" if hours < 0 and minutes else ""
    if minutes < 60:
        return f"{sign}{minutes}分钟"
    if minutes < 24 * 60:
        rest = minutes % 60
        return f"{sign}{minutes // 60}小时" + (f"{rest}分" if rest else "")
    days, rest = divmod(minutes // 60, 24)
    return f"{sign}{days}天" + (f"{rest}小时" if rest and days < 30 else "")
