"""Workdays: the notified calendar of the People's Republic of China, and an override file that wins.

Sources: the yearly notices of the General Office of the State Council as coded in chinesecalendar
(2004–2026), and ``calendar_overrides.csv``.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import chinese_calendar
import pandas as pd

from minxin.settings import ROOT, Deployment, Unusable, deployment

#: Time zones in which the notices of the State Council count.
CHINA = frozenset(
    {"Asia/Shanghai", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "Asia/Urumqi", "Asia/Kashgar", "PRC"}
)
OVERRIDES = "calendar_overrides.csv"
_KINDS = ("workday", "holiday", "notified")
_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}

#: How days and moments are written (strptime); read without asking, none of them could be read differently.
TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M:%S.%f",
    "%Y.%m.%d",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y年%m月%d日",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H时%M分",
    "%Y年%m月%d日 %H时%M分%S秒",
    "%Y年%m月%d日 %H时",
    "%Y年%m月%d号",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
)

Moment = TypeVar("Moment", bound=dt.date)


class Day(NamedTuple):
    """One day; ``is_presumed`` where nobody has notified the calendar of its year."""

    day: dt.date
    is_workday: bool
    is_presumed: bool
    note: str


@dataclass(frozen=True)
class Overrides:
    """What an override file says: single days, and years whose notice the file holds entirely."""

    days: Mapping[dt.date, tuple[bool, str]] = field(default_factory=dict)
    years: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Calendar:
    """Workdays of one deployment; ``has_notices`` where the notices of the State Council count."""

    has_notices: bool
    overrides: Overrides

    def day(self, day: dt.date) -> Day:
        """What kind of day this is."""
        if isinstance(day, dt.datetime):
            day = day.date()
        own = self.overrides.days.get(day)
        if own is not None:
            return Day(day, own[0], False, own[1])
        if self.has_notices:
            try:
                is_holiday, name = chinese_calendar.get_holiday_detail(day)
            except NotImplementedError:
                pass
            else:
                return Day(day, not is_holiday, False, _note(day, is_holiday, name))
        is_presumed = day.year not in self.overrides.years
        return Day(day, day.weekday() < 5, is_presumed, "推定" if is_presumed else "")

    def add_workdays(self, moment: Moment, count: int) -> Moment:
        """The same time of day, ``count`` workdays later (earlier where negative).

        The day itself does not count, whether workday or not. Raises OverflowError beyond year 9999.
        """
        step = dt.timedelta(days=1 if count > 0 else -1)
        left = abs(count)
        while left:
            moment += step
            left -= self.day(moment).is_workday
        return moment

    def workdays(self, first: dt.date, last: dt.date) -> int:
        """Number of workdays in [first, last)."""
        return sum(self.day(day).is_workday for day in _days(first, last))

    def touches_presumed(self, first: dt.date, last: dt.date) -> bool:
        """Whether [first, last) has a day whose year has not been notified: 日历为推定."""
        return any(self.day(day).is_presumed for day in _days(first, last))

    def frame(self, first: dt.date, last: dt.date) -> pd.DataFrame:
        """One row per day of [first, last]: ``day`` (date), ``is_workday``, ``is_presumed``, ``note``."""
        rows = [self.day(day) for day in _days(first, last + dt.timedelta(days=1))]
        return pd.DataFrame(
            {
                "day": pd.Series([row.day for row in rows], dtype="object"),
                "is_workday": pd.Series([row.is_workday for row in rows], dtype="bool"),
                "is_presumed": pd.Series([row.is_presumed for row in rows], dtype="bool"),
                "note": pd.Series([row.note for row in rows], dtype="object"),
            }
        )


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range(first.toordinal(), last.toordinal()):
        yield dt.date.fromordinal(number)


def _note(day: dt.date, is_holiday: bool, name: str | None) -> str:
    known = _NAMES.get(name or "", name or "")
    if is_holiday:
        return known
    return f"调休上班（{known}）" if day.weekday() >= 5 and known else ""


def read_overrides(file: Path) -> Overrides:
    """Read an override file with the columns ``day, kind, note``.

    ``kind`` is ``workday`` or ``holiday`` for a day, or ``notified`` for a year (``2027``) whose
    notice the file holds entirely, so that its other days are not presumed. Lines that begin with
    ``#`` are comments. Raises Unusable.
    """
    days: dict[dt.date, tuple[bool, str]] = {}
    years: set[int] = set()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"日历补充文件 {file} 无法读取：请检查文件是否存在、是否为 UTF-8 编码。") from error
    numbered = [
        (number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")
    ]
    rows = csv.DictReader([line for _, line in numbered])
    if rows.fieldnames is None or not {"day", "kind"} <= set(rows.fieldnames):
        raise Unusable(f"日历补充文件 {file} 缺少表头 day,kind,note，请补齐后再试。")
    for (number, _), row in zip(numbered[1:], rows, strict=False):
        kind = (row.get("kind") or "").strip()
        day = (row.get("day") or "").strip()
        try:
            if kind not in _KINDS:
                raise ValueError(kind)
            if kind == "notified":
                years.add(dt.date(int(day), 1, 1).year)
            else:
                days[dt.date.fromisoformat(day)] = (kind == "workday", (row.get("note") or "").strip())
        except ValueError as error:
            raise Unusable(
                f"日历补充文件 {file} 第 {number} 行有误："
                "day 应为 2027-01-01 样式，kind 应为 workday、holiday 或 notified。"
            ) from error
    return Overrides(MappingProxyType(days), frozenset(years))


@lru_cache(maxsize=8)
def _calendar(folder: Path, timezone: str) -> Calendar:
    has_notices = timezone in CHINA
    own = folder / OVERRIDES
    shared = ROOT / "data" / OVERRIDES
    file = own if own.exists() else shared if has_notices and shared.exists() else None
    return Calendar(has_notices, read_overrides(file) if file else Overrides())


def calendar(place: Deployment | None = None) -> Calendar:
    """The calendar of a deployment (default: the present one).

    Outside China Monday to Friday are presumed, but for what the deployment's own file says.
    Raises Unusable when the override file cannot be used.
    """
    place = place or deployment()
    return _calendar(place.folder, place.timezone)


def calendar_frame(first: dt.date, last: dt.date) -> pd.DataFrame:
    """Days first to last, both included: ``day, is_workday, is_presumed, note`` (the table config_calendar)."""
    return calendar().frame(first, last)


def add_workdays(moment: Moment, count: int) -> Moment:
    """A date or moment ``count`` workdays later, in the calendar of the present deployment."""
    return calendar().add_workdays(moment, count)
