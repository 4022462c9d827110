"""When a penalty may be repaired and when it goes by itself: the dated rules applied to one case.

Terms are counted in months as the Civil Code does (articles 201 and 202): the first day does not count, the
last one is the same day of the month, or the last of a shorter month; a version may say that the first day
counts. ``queries/staging/int_penalty_term.sql`` works the same out for all penalties; a test holds both together.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from minxin.warehouse.repair_rules import RepairRule, RepairRules, Term, load

__all__ = ["Case", "Standing", "State", "add_months", "judge", "load"]


class State(StrEnum):
    """Where a case stands on a day; ``label`` is what officials read."""

    UNPUBLISHED = "unpublished"
    REPAIRED = "repaired"
    EXPIRED = "expired"
    READY = "ready"
    OWING = "owing"
    SOON = "soon"
    WAITING = "waiting"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    State.UNPUBLISHED: "不公示",
    State.REPAIRED: "已修复",
    State.EXPIRED: "公示期满",
    State.READY: "可以申请",
    State.OWING: "待改正或履行",
    State.SOON: "即将可申请",
    State.WAITING: "未满最短公示期",
}


@dataclass(frozen=True)
class Case:
    """A penalty as far as repair asks; ``repaired_on`` is the day on which a repair was granted."""

    decided_on: dt.date
    kind: str = ""
    field: str = ""
    severity: str = ""
    is_summary: bool = False
    published_on: dt.date | None = None
    corrected_on: dt.date | None = None
    fulfilled_on: dt.date | None = None
    repaired_on: dt.date | None = None


@dataclass(frozen=True)
class Standing:
    """What a rule says of a case on a day.

    ``minimum_last`` and ``maximum_last`` are the last days of the shortest and the longest publicity,
    ``apply_from`` the first day on which repair can be applied for, ``ends_on`` the first day on which nothing is
    shown any more without repair, ``visible_until`` the same with it (None: not before all is done).
    ``missing`` says in Chinese what stands against an application on that day.
    """

    rule: RepairRule
    term: Term
    day: dt.date
    is_public: bool
    minimum_last: dt.date | None
    maximum_last: dt.date | None
    apply_from: dt.date | None
    remind_on: tuple[dt.date, ...]
    ready_on: dt.date | None
    ends_on: dt.date | None
    visible_until: dt.date | None
    is_visible: bool
    missing: tuple[str, ...]
    state: State

    @property
    def can_apply(self) -> bool:
        return self.state is State.READY


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or its last day where it is shorter (Civil Code, article 202)."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def judge(case: Case, day: dt.date, rules: RepairRules | None = None, version: str = "") -> Standing:
    """Where a case stands on a day by the rule of its document, or by the version of a name.

    What lies after the day (a correction, a repair) is not known yet on it. Unusable for an unknown version.
    """
    held = rules or load()
    rule = held.named(version) if version else held.on(case.decided_on)
    term = rule.term(case.kind, case.field, case.severity, case.is_summary)
    is_public = term.publicity == "always" or (term.publicity == "exception" and case.published_on is not None)
    corrected, fulfilled, repaired = (_known(d, day) for d in (case.corrected_on, case.fulfilled_on, case.repaired_on))
    done = _done_on(case.decided_on, term, corrected, fulfilled)
    if not is_public:
        return Standing(
            rule, term, day, False, None, None, None, (), None, case.decided_on, case.decided_on, False, (),
            State.UNPUBLISHED,
        )  # fmt: skip
    minimum_last = _last_day(case.decided_on, term.minimum, rule)
    maximum_last = _last_day(case.decided_on, term.maximum, rule)
    apply_from = minimum_last + dt.timedelta(days=1) if term.minimum else case.decided_on
    ends_on: dt.date | None = maximum_last + dt.timedelta(days=1)
    if rule.uncorrected == "stays":
        ends_on = max(maximum_last + dt.timedelta(days=1), done) if done else None
    visible_until = min((d for d in (ends_on, repaired) if d is not None), default=None)
    missing = _missing(term, day, apply_from, minimum_last, corrected, fulfilled)
    is_visible = visible_until is None or visible_until > day
    return Standing(
        rule=rule,
        term=term,
        day=day,
        is_public=True,
        minimum_last=minimum_last if term.minimum else None,
        maximum_last=maximum_last,
        apply_from=apply_from,
        remind_on=tuple(apply_from - dt.timedelta(days=d) for d in held.reminders) if term.minimum else (),
        ready_on=max(apply_from, done) if done else None,
        ends_on=ends_on,
        visible_until=visible_until,
        is_visible=is_visible,
        missing=missing if is_visible else (),
        state=_state(day, apply_from, is_visible, visible_until == repaired, missing, held.reminders[0]),
    )


def _known(date: dt.date | None, day: dt.date) -> dt.date | None:
    return date if date is not None and date <= day else None


def _last_day(decided_on: dt.date, months: int, rule: RepairRule) -> dt.date:
    return add_months(decided_on, months) - dt.timedelta(days=int(rule.first_day_counts))


def _done_on(decided_on: dt.date, term: Term, corrected: dt.date | None, fulfilled: dt.date | None) -> dt.date | None:
    """The day on which all that the class asks for was done; None while something is not."""
    asked = [d for name, d in (("corrected", corrected), ("fulfilled", fulfilled)) if name in term.conditions]
    found = [d for d in asked if d is not None]
    return max([decided_on, *found]) if len(found) == len(asked) else None


def _missing(
    term: Term,
    day: dt.date,
    apply_from: dt.date,
    minimum_last: dt.date,
    corrected: dt.date | None,
    fulfilled: dt.date | None,
) -> tuple[str, ...]:
    said = []
    if day < apply_from:
        said.append(f"最短公示期到{minimum_last.year}年{minimum_last.month}月{minimum_last.day}日才满")
    if "corrected" in term.conditions and corrected is None:
        said.append("尚未改正违法行为")
    if "fulfilled" in term.conditions and fulfilled is None:
        said.append("尚未履行完处罚义务")
    return tuple(said)


def _state(
    day: dt.date,
    apply_from: dt.date,
    is_visible: bool,
    is_repaired: bool,
    missing: tuple[str, ...],
    notice: int,
) -> State:
    if not is_visible:
        return State.REPAIRED if is_repaired else State.EXPIRED
    if not missing:
        return State.READY
    if day >= apply_from:
        return State.OWING
    return State.SOON if (apply_from - day).days <= notice else State.WAITING
