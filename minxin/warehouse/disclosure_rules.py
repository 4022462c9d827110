"""The dated rules of disclosure (``data/rules/disclosure.toml``): read, checked, and as rows for the build."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from minxin import rulefile
from minxin.rulefile import check, read
from minxin.settings import Deployment, deployment
from minxin.tables import table

_FILE = ("rules", "disclosure.toml")
#: Tables of the build with their columns, as ``DisclosureRules.rows`` fills them.
TABLES = {
    "config_publish": {"first_day": "date", "last_day": "date", "workdays": "integer"},
    "config_punish": {"kind": "varchar", "first_day": "date", "last_day": "date", "months": "integer"},
}


@dataclass(frozen=True)
class Publish:
    """Within how many working days information issued from ``start`` on is to be published."""

    start: dt.date
    workdays: int
    source: str
    assumption: str


@dataclass(frozen=True)
class Punish:
    """How many months a case of some kinds (none: all the others) is shown that was punished from ``start`` on."""

    start: dt.date
    kinds: tuple[str, ...]
    months: int
    source: str
    assumption: str


@dataclass(frozen=True)
class DisclosureRules:
    """All versions in the order of their days; the first one holds for all before it, too."""

    publish: tuple[Publish, ...]
    punish: tuple[Punish, ...]

    def workdays(self, day: dt.date) -> int:
        """Working days allowed for what is issued on a day."""
        held = [version for version in self.publish if version.start <= day]
        return (held[-1] if held else self.publish[0]).workdays

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Rows of ``TABLES``: each version with its first and last day."""
        return {
            "config_publish": [(first, last, version.workdays) for version, first, last in _spans(self.publish)],
            "config_punish": [
                (kind, first, last, version.months)
                for kind in kinds()
                for version, first, last in _spans(self._punished(kind))
            ],
        }

    def _punished(self, kind: str) -> list[Punish]:
        """The versions for a kind of case: those that name it, else those for all the others."""
        own = [version for version in self.punish if kind in version.kinds]
        return own or [version for version in self.punish if not version.kinds]


def kinds() -> tuple[str, ...]:
    """What the table of cases allows as kind."""
    return table("enforcement").column("kind").values


_Version = TypeVar("_Version", bound=Publish | Punish)


def _spans(versions: Sequence[_Version]) -> list[tuple[_Version, dt.date, dt.date]]:
    """Each version with its first and last day."""
    starts = [dt.date.min, *(version.start for version in versions[1:])]
    ends = [*(day - dt.timedelta(days=1) for day in starts[1:]), dt.date.max]
    return list(zip(versions, starts, ends, strict=True))


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def _entries(raw: Mapping[str, Any], section: str, wanted: set[str]) -> list[dict[str, Any]]:
    """The entries of a section by their days, each with all its keys and no other."""
    held = rulefile.sections(raw, section, empty=False)
    for entry in held:
        rulefile.section(entry, f"[[{section}]]", wanted)
        rulefile.day(entry["from"], f"[[{section}]] 的 from")
        for name in ("source", "assumption"):
            rulefile.text(entry[name], f"[[{section}]] 的 {name}", empty=True)
        check(bool(entry["source"].strip() or entry["assumption"].strip()), f"[[{section}]] 应写明出处或假定")
    return sorted(held, key=lambda entry: entry["from"])


def _whole(entry: Mapping[str, Any], name: str, most: int, section: str) -> int:
    return rulefile.whole(entry[name], f"[[{section}]] 的 {name}", 1, most)


def _rules(raw: Mapping[str, Any]) -> DisclosureRules:
    rulefile.section(raw, "文件", ("publish", "punish"))
    published = [
        Publish(entry["from"], _whole(entry, "workdays", 60, "publish"), entry["source"], entry["assumption"])
        for entry in _entries(raw, "publish", {"from", "workdays", "source", "assumption"})
    ]
    check(len({version.start for version in published}) == len(published), "[[publish]] 有两版同日生效")
    punished = [
        Punish(
            entry["from"], _kinds(entry["kinds"]), _whole(entry, "months", 120, "punish"),
            entry["source"], entry["assumption"],
        )
        for entry in _entries(raw, "punish", {"from", "kinds", "months", "source", "assumption"})
    ]  # fmt: skip
    check(any(not version.kinds for version in punished), "[[punish]] 应有一版的 kinds 为空，使每类线索都有期限")
    named = [(version.start, kind) for version in punished for kind in version.kinds or ("",)]
    check(len(set(named)) == len(named), "[[punish]] 有两版同日对同一类线索生效")
    return DisclosureRules(tuple(published), tuple(punished))


def _kinds(raw: Any) -> tuple[str, ...]:
    return rulefile.texts(raw, "[[punish]] 的 kinds", kinds())


def read_rules(file: Path) -> DisclosureRules:
    """Read and validate a file of rules of disclosure. Raises Unusable with one Chinese line."""
    return read(file, "公示规则", _rules)


@lru_cache(maxsize=8)
def _load(file: Path) -> DisclosureRules:
    return read_rules(file)


def load(of: Deployment | None = None) -> DisclosureRules:
    """The rules of a deployment (default: the one in use), or the project's own where it has none."""
    return _load((of or deployment()).path(*_FILE))
