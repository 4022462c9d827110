"""The periods a board can show, what they are compared with, and how both are written."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal, get_args

from minxin.analysis.wording import days_text
from minxin.settings import Unusable

Kind = Literal["week", "month", "quarter", "year", "range"]
KINDS: dict[Kind, str] = {"week": "周", "month": "月", "quarter": "季度", "year": "年", "range": "自选时段"}
Comparison = Literal["previous", "year_ago", "none"]
#: How a comparison is offered.
COMPARISONS: dict[Comparison, str] = {
    "previous": "环比（与上期比）",
    "year_ago": "同比（与去年同期比）",
    "none": "不比较",
}
#: The word for the change, and for what it is compared with.
WORDS: dict[Comparison, str] = {"previous": "环比", "year_ago": "同比", "none": ""}
BEFORE: dict[Comparison, str] = {"previous": "上期", "year_ago": "去年同期", "none": ""}

_ONE = dt.timedelta(days=1)
_YEARS = range(1900, 2201)
_PATTERN = re.compile(
    r"(?P<year>\d{4})(-W(?P<week>\d{2})|-(?P<month>\d{2})|-Q(?P<quarter>[1-4]))?"
    r"|(?P<first>\d{4}-\d{2}-\d{2})\.\.(?P<last>\d{4}-\d{2}-\d{2})",
    re.ASCII,
)
_QUARTERS = "一二三四"


@dataclass(frozen=True)
class Period:
    """The days of [start, end). A week is an ISO week, Monday to Sunday."""

    kind: Kind
    start: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown kind of period: {self.kind!r}")
        if self.end <= self.start:
            raise ValueError(f"a period must have at least one day: {self.start}..{self.end}")

    # ── making ──────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def week(cls, year: int, week: int) -> Period:
        """An ISO week; ValueError where the year has no such week."""
        start = dt.date.fromisocalendar(year, week, 1)
        return cls("week", start, start + dt.timedelta(days=7))

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        """A calendar month."""
        return cls("month", dt.date(year, month, 1), _month_start(year, month + 1))

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Period:
        """A quarter of a year, 1 to 4."""
        return cls("quarter", _month_start(year, 3 * quarter - 2), _month_start(year, 3 * quarter + 1))

    @classmethod
    def year(cls, year: int) -> Period:
        """A calendar year."""
        return cls("year", dt.date(year, 1, 1), dt.date(year + 1, 1, 1))

    @classmethod
    def range(cls, first: dt.date, last: dt.date) -> Period:
        """Any days, both ends included."""
        return cls("range", first, last + _ONE)

    @classmethod
    def containing(cls, kind: Kind, day: dt.date) -> Period:
        """The period of a kind in which a day lies; of kind range, that day alone."""
        if kind == "week":
            iso = day.isocalendar()
            return cls.week(iso.year, iso.week)
        if kind == "month":
            return cls.month(day.year, day.month)
        if kind == "quarter":
            return cls.quarter(day.year, (day.month + 2) // 3)
        if kind == "year":
            return cls.year(day.year)
        return cls.range(day, day)

    @classmethod
    def parse(cls, code: str) -> Period:
        """Read ``2023-W26``, ``2023-06``, ``2023-Q2``, ``2023`` or ``2023-06-01..2023-06-15``.

        Raises Unusable for anything else.
        """
        found = _PATTERN.fullmatch(code.strip()) if isinstance(code, str) else None
        try:
            if found is None:
                raise ValueError("not a code of a period")
            period = cls._from(found)
            if period.start.year not in _YEARS or period.end.year not in _YEARS:
                raise ValueError("year out of range")
        except (ValueError, OverflowError) as error:
            shown = str(code)[:40]
            raise Unusable(
                f"时段「{shown}」无法识别：请写成 2023-W26（周）、2023-06（月）、2023-Q2（季度）、2023（年）"
                "或 2023-06-01..2023-06-15（起止日期）。"
            ) from error
        return period

    @classmethod
    def _from(cls, found: re.Match[str]) -> Period:
        part = found.groupdict()
        if part["first"]:
            return cls.range(dt.date.fromisoformat(part["first"]), dt.date.fromisoformat(part["last"]))
        year = int(part["year"])
        if part["week"]:
            return cls.week(year, int(part["week"]))
        if part["month"]:
            return cls.month(year, int(part["month"]))
        if part["quarter"]:
            return cls.quarter(year, int(part["quarter"]))
        return cls.year(year)

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    @property
    def last(self) -> dt.date:
        """The last day, included."""
        return self.end - _ONE

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def code(self) -> str:
        """The text that ``parse`` reads, for addresses and file names."""
        if self.kind == "week":
            iso = self.start.isocalendar()
            return f"{iso.year:04d}-W{iso.week:02d}"
        if self.kind == "month":
            return f"{self.start:%Y-%m}"
        if self.kind == "quarter":
            return f"{self.start.year:04d}-Q{self._quarter}"
        if self.kind == "year":
            return f"{self.start.year:04d}"
        return f"{self.start.isoformat()}..{self.last.isoformat()}"

    @property
    def _quarter(self) -> int:
        return (self.start.month + 2) // 3

    @property
    def name(self) -> str:
        """Without the days: 2023年第26周, 2023年6月, 2023年二季度, 2023年, 2023年6月1日—6月15日."""
        if self.kind == "week":
            iso = self.start.isocalendar()
            return f"{iso.year}年第{iso.week}周"
        if self.kind == "month":
            return f"{self.start.year}年{self.start.month}月"
        if self.kind == "quarter":
            return f"{self.start.year}年{_QUARTERS[self._quarter - 1]}季度"
        if self.kind == "year":
            return f"{self.start.year}年"
        return days_text(self.start, self.end, year=True)

    @property
    def days_label(self) -> str:
        """The days: 6月26日—7月2日."""
        return days_text(self.start, self.end)

    @property
    def label(self) -> str:
        """The name, for a week with its days: 2023年第26周（6月26日—7月2日）."""
        return f"{self.name}（{self.days_label}）" if self.kind == "week" else self.name

    # ── neighbours ──────────────────────────────────────────────────────────────────────────────

    def previous(self) -> Period:
        """The period of the same kind just before; for a range as many days just before."""
        if self.kind == "range":
            return Period("range", self.start - (self.end - self.start), self.start)
        return Period.containing(self.kind, self.start - _ONE)

    def year_ago(self) -> Period:
        """The same period a year earlier.

        Week 53 is compared with the last week of the year before; 29 February with the 28th.
        """
        if self.kind == "week":
            iso = self.start.isocalendar()
            return Period.week(iso.year - 1, min(iso.week, weeks_of(iso.year - 1)))
        if self.kind == "range":
            return Period.range(_year_earlier(self.start), _year_earlier(self.last))
        return Period.containing(self.kind, _year_earlier(self.start))

    def first_days(self, count: int) -> Period:
        """The first days of the period as a range; the period itself where it is not longer."""
        return (
            self if count >= self.days else Period("range", self.start, self.start + dt.timedelta(days=max(count, 1)))
        )

    def compared(self, comparison: Comparison, as_of: dt.datetime | None = None) -> Period | None:
        """What the period is compared with, or None for ``none``.

        Where the period is still running at ``as_of`` only as many days of the other are taken as
        have begun: like is compared with like.
        """
        if comparison == "none":
            return None
        other = self.previous() if comparison == "previous" else self.year_ago()
        if as_of is None or not self.is_partial(as_of):
            return other
        return other.first_days(self.elapsed_days(as_of))

    # ── against the clock of the data ───────────────────────────────────────────────────────────

    def is_partial(self, as_of: dt.datetime) -> bool:
        """Whether days of the period are still to come, or not over, at ``as_of``."""
        return as_of < dt.datetime.combine(self.end, dt.time())

    def elapsed_days(self, as_of: dt.datetime) -> int:
        """Days of the period that have begun before ``as_of``."""
        begun = -((dt.datetime.combine(self.start, dt.time()) - as_of) // _ONE)
        return max(0, min(self.days, begun))


def _month_start(year: int, month: int) -> dt.date:
    return dt.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _year_earlier(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def weeks_of(year: int) -> int:
    """52 or 53: ISO weeks of a year."""
    return dt.date(year, 12, 28).isocalendar().week


def latest_complete(kind: Kind, as_of: dt.datetime) -> Period:
    """The last period of a kind that was over at ``as_of``; for a range the last seven whole days."""
    if kind == "range":
        return Period("range", as_of.date() - dt.timedelta(days=7), as_of.date())
    return Period.containing(kind, as_of.date()).previous()


def choices(kind: Kind, first_day: dt.date, as_of: dt.datetime, most: int = 260) -> list[Period]:
    """Periods to choose from, the newest first: from the one that holds ``first_day`` to the running one."""
    newest = Period.containing(kind, (as_of - dt.timedelta(microseconds=1)).date())
    found: list[Period] = []
    period = newest
    while len(found) < most and period.end > first_day:
        found.append(period)
        period = period.previous()
    return found
