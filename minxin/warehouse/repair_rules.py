"""The dated rules of credit repair (``data/rules/repair.toml``): read, checked, and as rows for the build.

Pages and marts work from the same file: the build gets a row for each combination of what a penalty can be
(``config_repair_term``), made by the same matching that ``RepairRule.term`` does for one penalty.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from minxin.rulefile import check, day, flag, read, section, text, texts, whole
from minxin.settings import Deployment, Unusable, deployment
from minxin.tables import table

PUBLICITY = ("none", "exception", "always")
CONDITIONS = ("minimum", "corrected", "fulfilled")
UNCORRECTED = ("stops", "stays")
_FILE = ("rules", "repair.toml")
_MATCHED = {"kinds": "kind", "fields": "field", "severities": "severity"}
_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Match:
    """Values that a penalty may have; what is empty or None is not asked."""

    kinds: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    summary: bool | None = None

    def fits(self, kind: str, field: str, severity: str, is_summary: bool) -> bool:
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.fields or field in self.fields)
            and (not self.severities or severity in self.severities)
            and (self.summary is None or self.summary == is_summary)
        )


@dataclass(frozen=True)
class Term:
    """How long a class of penalties is public: ``minimum`` and ``maximum`` in months, what repair asks for."""

    code: str
    label: str
    match: tuple[Match, ...]
    publicity: str
    minimum: int
    maximum: int
    conditions: tuple[str, ...]
    papers: tuple[str, ...]


@dataclass(frozen=True)
class RepairRule:
    """One version: in force for documents from ``start`` on."""

    name: str
    start: dt.date
    title: str
    short: str
    number: str
    transition: str
    first_day_counts: bool
    uncorrected: str
    assumptions: tuple[str, ...]
    terms: tuple[Term, ...]

    def term(self, kind: str, field: str, severity: str, is_summary: bool) -> Term:
        """The first term that fits; '' stands for what is not known."""
        return next(t for t in self.terms if any(m.fits(kind, field, severity, is_summary) for m in t.match))


@dataclass(frozen=True)
class RepairRules:
    """All versions in the order of their days, the days of the reminders, the texts of what is assumed."""

    versions: tuple[RepairRule, ...]
    reminders: tuple[int, int]
    assumptions: Mapping[str, str]

    def on(self, document: dt.date) -> RepairRule:
        """The version for a document of that day; the first one also for all before it."""
        held = [rule for rule in self.versions if rule.start <= document]
        return held[-1] if held else self.versions[0]

    def named(self, name: str) -> RepairRule:
        """The version of a name; Unusable where there is none."""
        for rule in self.versions:
            if rule.name == name:
                return rule
        names = "、".join(rule.name for rule in self.versions)
        raise Unusable(f"没有名为「{name}」的修复规则，可选：{names}。")

    def rule_rows(self) -> list[tuple[Any, ...]]:
        """``config_repair_rule``: name, first and last day of its documents, how days count, days of the reminders."""
        starts = [dt.date.min, *(rule.start for rule in self.versions[1:])]
        ends = [*(start - dt.timedelta(days=1) for start in starts[1:]), dt.date.max]
        return [
            (rule.name, start, end, rule.first_day_counts, rule.uncorrected == "stays", *self.reminders)
            for rule, start, end in zip(self.versions, starts, ends, strict=True)
        ]

    def term_rows(self) -> list[tuple[Any, ...]]:
        """``config_repair_term``: rule, kind, field, severity, is_summary ('' for unknown), and the term of each."""
        return [
            (
                *(rule.name, *what, term.code, term.label, term.publicity, term.minimum, term.maximum),
                *(condition in term.conditions for condition in CONDITIONS),
            )
            for rule in self.versions
            for what in _combinations()
            for term in (rule.term(*what),)
        ]


#: Columns of ``RepairRules.rule_rows`` and ``term_rows`` with their types in DuckDB.
RULE_COLUMNS = {
    "rule": "varchar",
    "first_document": "date",
    "last_document": "date",
    "first_day_counts": "boolean",
    "uncorrected_stays": "boolean",
    "remind_days": "integer",
    "remind_again_days": "integer",
}
TERM_COLUMNS = {
    "rule": "varchar",
    "kind": "varchar",
    "field": "varchar",
    "severity": "varchar",
    "is_summary": "boolean",
    "class_code": "varchar",
    "class_name": "varchar",
    "publicity": "varchar",
    "minimum_months": "integer",
    "maximum_months": "integer",
    "needs_minimum": "boolean",
    "needs_corrected": "boolean",
    "needs_fulfilled": "boolean",
}


def repair_tables(connection: duckdb.DuckDBPyConnection, rules: RepairRules) -> None:
    """Make ``config_repair_rule`` and ``config_repair_term`` of the build."""
    for name, columns, rows in (
        ("config_repair_rule", RULE_COLUMNS, rules.rule_rows()),
        ("config_repair_term", TERM_COLUMNS, rules.term_rows()),
    ):
        connection.register("repair_rows", pd.DataFrame(rows, columns=list(columns)))
        cast = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in columns.items())
        connection.execute(f"create temp table {name} as select {cast} from repair_rows")
        connection.unregister("repair_rows")


def values() -> dict[str, tuple[str, ...]]:
    """What the table of penalties allows as kind, field and severity."""
    declared = table("penalty")
    return {name: declared.column(name).values for name in _MATCHED.values()}


def _combinations() -> Iterator[tuple[str, str, str, bool]]:
    allowed = values()
    yield from itertools.product(
        (*allowed["kind"], ""), (*allowed["field"], ""), (*allowed["severity"], ""), (False, True)
    )


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def _match(raw: Any, where: str) -> Match:
    section(raw, where, (), {*_MATCHED, "summary"})
    allowed = values()
    given = {name: texts(raw.get(name, []), f"{where} 的 {name}") for name in _MATCHED}
    for name, column in _MATCHED.items():
        unknown = [value for value in given[name] if value not in allowed[column]]
        check(not unknown, f"{where} 的 {name} 中 {'、'.join(unknown)} 不是处罚表的取值")
    summary = raw.get("summary")
    if summary is not None:
        flag(summary, f"{where} 的 summary")
    return Match(**given, summary=summary)


def _term(raw: Any, where: str) -> Term:
    wanted = {"code", "label", "match", "publicity", "minimum", "maximum", "conditions", "papers"}
    section(raw, where, wanted)
    where = f"{where} {raw['code']}"
    check(isinstance(raw["match"], list) and bool(raw["match"]), f"{where} 的 match 应为列表且不为空")
    check(raw["publicity"] in PUBLICITY, f"{where} 的 publicity 应为 {'、'.join(PUBLICITY)} 之一")
    conditions = texts(raw["conditions"], f"{where} 的 conditions")
    unknown = [c for c in conditions if c not in CONDITIONS]
    check(not unknown, f"{where} 的 conditions 中 {'、'.join(unknown)} 无法识别")
    term = Term(
        code=text(raw["code"], f"{where} 的 code"),
        label=text(raw["label"], f"{where} 的 label"),
        match=tuple(_match(m, f"{where} 的 match") for m in raw["match"]),
        publicity=raw["publicity"],
        minimum=whole(raw["minimum"], f"{where} 的 minimum", 0, 120),
        maximum=whole(raw["maximum"], f"{where} 的 maximum", 0, 120),
        conditions=conditions,
        papers=texts(raw["papers"], f"{where} 的 papers"),
    )
    check(term.minimum <= term.maximum, f"{where} 的最短公示期长于最长公示期")
    check((term.maximum == 0) == (term.publicity == "none"), f"{where} 不公示的应写 0 个月，公示的应大于 0")
    return term


def _rule(raw: Any, assumed: Mapping[str, str]) -> RepairRule:
    words = ("name", "title", "short", "number", "transition")
    section(raw, "[[rule]]", {*words, "from", "first_day_counts", "uncorrected", "assumptions", "term"})
    where = f"规则 {raw['name']}"
    given = {name: text(raw[name], f"{where} 的 {name}") for name in words}
    check(_NAME.fullmatch(given["name"]) is not None, f"{where} 的 name 只用小写字母、数字和连字符")
    check(raw["uncorrected"] in UNCORRECTED, f"{where} 的 uncorrected 应为 {'、'.join(UNCORRECTED)} 之一")
    assumptions = texts(raw["assumptions"], f"{where} 的 assumptions")
    unknown = [a for a in assumptions if a not in assumed]
    check(not unknown, f"{where} 的 assumptions 中 {'、'.join(unknown)} 没有定义")
    check(isinstance(raw["term"], list) and bool(raw["term"]), f"{where} 没有 [[rule.term]]")
    terms = tuple(_term(term, where) for term in raw["term"])
    codes = [term.code for term in terms]
    check(len(set(codes)) == len(codes), f"{where} 的类别代码有重复")
    check(Match() in terms[-1].match, f"{where} 的最后一类应有空的 match，使每件处罚都有归类")
    return RepairRule(
        start=day(raw["from"], f"{where} 的 from"),
        first_day_counts=flag(raw["first_day_counts"], f"{where} 的 first_day_counts"),
        uncorrected=raw["uncorrected"],
        assumptions=assumptions,
        terms=terms,
        **given,
    )


def _rules(raw: Mapping[str, Any]) -> RepairRules:
    section(raw, "文件", {"rule", "reminders", "assumption"})
    check(isinstance(raw["assumption"], list), "assumption 应写成 [[assumption]]")
    assumed: dict[str, str] = {}
    for entry in raw["assumption"]:
        section(entry, "[[assumption]]", {"code", "text"})
        check(entry["code"] not in assumed, f"[[assumption]] 中 {entry['code']} 重复")
        assumed[text(entry["code"], "[[assumption]] 的 code")] = text(entry["text"], "[[assumption]] 的 text")
    check(isinstance(raw["rule"], list) and bool(raw["rule"]), "没有 [[rule]]")
    versions = sorted((_rule(entry, assumed) for entry in raw["rule"]), key=lambda rule: rule.start)
    check(len({rule.name for rule in versions}) == len(versions), "规则名称有重复")
    check(len({rule.start for rule in versions}) == len(versions), "两版规则同日生效")
    section(raw["reminders"], "[reminders]", {"days"})
    days = raw["reminders"]["days"]
    sound = isinstance(days, list) and len(days) == 2 and all(type(d) is int and d > 0 for d in days)
    check(sound and days[0] > days[1], "[reminders] 的 days 应为两个正整数，由大到小")
    return RepairRules(tuple(versions), (days[0], days[1]), assumed)


def read_rules(file: Path) -> RepairRules:
    """Read and validate a file of repair rules. Raises Unusable with one Chinese line."""
    return read(file, "修复规则", _rules)


@lru_cache(maxsize=8)
def _load(file: Path) -> RepairRules:
    return read_rules(file)


def load(of: Deployment | None = None) -> RepairRules:
    """The rules of a deployment (default: the one in use), or the project's own where it has none."""
    return _load((of or deployment()).path(*_FILE))
