"""How late an instruction is, in working days of the deployment's calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from minxin.calendar import Calendar, Day
from minxin.operations.rules import Urgency


@dataclass(frozen=True)
class Lateness:
    """``level``: '', ``due_soon``, ``late`` or ``late_twice``; ``workdays`` left (negative: past the end).

    ``last_day`` is the working day that the term really ends on; ``presumed`` where nobody has notified the
    calendar of a year in between.
    """

    level: str
    workdays: int
    last_day: dt.date
    presumed: bool


class Days:
    """A calendar that remembers the days it was asked for: a list of instructions asks for the same ones."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._known: dict[dt.date, Day] = {}

    def _between(self, first: dt.date, last: dt.date) -> list[Day]:
        """The days of (first, last]."""
        found = []
        for number in range(first.toordinal() + 1, last.toordinal() + 1):
            day = dt.date.fromordinal(number)
            known = self._known.get(day)
            if known is None:
                known = self._known[day] = self.calendar.day(day)
            found.append(known)
        return found

    def last_day(self, due_on: dt.date) -> dt.date:
        """A term that ends on a day off ends on the next working day (Civil Code of the PRC, article 203)."""
        is_workday = self._between(due_on - dt.timedelta(days=1), due_on)[0].is_workday
        return due_on if is_workday else self.calendar.add_workdays(due_on, 1)

    def lateness(self, due_on: dt.date, missed_on: dt.date | None, today: dt.date, urgency: Urgency) -> Lateness:
        """The level of an instruction whose term is running.

        Late is what is open after its last day. Late twice is what is late again after an earlier due date
        was missed and moved (``missed_on``), or late by as many working days as its urgency allows.
        """
        end = self.last_day(due_on)
        between = self._between(min(today, end), max(today, end))
        count = sum(day.is_workday for day in between)
        presumed = any(day.is_presumed for day in between)
        if today <= end:
            return Lateness("due_soon" if count <= urgency.due_soon else "", count, end, presumed)
        twice = missed_on is not None or count >= urgency.late_twice
        return Lateness("late_twice" if twice else "late", -count, end, presumed)
