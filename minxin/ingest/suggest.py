"""A first proposal of a mapping for a file nobody has mapped: from its column names and a sample of its values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from rapidfuzz import fuzz

from minxin.ingest.mapping import WHOLE_ROW, FieldRule, Mapping, available
from minxin.ingest.names import plain_name, shown
from minxin.ingest.readers import Source
from minxin.tables import Column, Table

SAMPLE = 300
#: A proposal less sure than this is not made.
LEAST_SURE = 0.55
_FUZZY_FROM = 82
_YEAR_FIRST = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}.*|\d{8}(\d{6})?|[2-7]\d{4}(\.\d+)?")
_NUMBER = re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?%?|[+-]?\d+(\.\d+)?%?")
# fmt: off
_YES = frozenset((
    "是", "有", "对", "1", "1.0", "y", "yes", "t", "true", "√",
    "已", "成功", "有效", "接通", "已接通", "已解决", "已联系", "满意", "按期",
))
_NO = frozenset((
    "否", "无", "错", "0", "0.0", "n", "no", "f", "false", "×",
    "未", "失败", "无效", "未接通", "未解决", "未联系", "不满意", "逾期", "超期",
))
# fmt: on
#: Ways of writing a time that are not read without being asked for, since another could read them differently.
_ASKED_FOR = tuple(
    f"{day}{time}"
    for time in (" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "")
    for day in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %B %Y")
)


@dataclass(frozen=True)
class Suggestion:
    """A proposed mapping and, for each target column in it, how sure it is (0 to 1)."""

    mapping: Mapping
    confidence: dict[str, float]


@dataclass(frozen=True)
class _Match:
    score: float
    target: str
    source: str
    rule: FieldRule


def suggest(source: Source, table: Table) -> Suggestion:
    """Propose a mapping of an opened file to a declared table.

    A mapping file that fits the heading nearly whole is proposed as it is. Otherwise every pair of a
    file's column and a target is scored by name (labels, names and the aliases of all mapping files of
    the table, exact or near) and by whether the values are of the target's type; the best pairs win,
    one column for one target. A file without the key of the table gets the whole row as its key.
    """
    known = available(table.name)
    if fitting := _fitting(known, source.columns):
        filled = fitting.sources(source.columns)
        rules = {target: rule for target, rule in fitting.columns.items() if target in filled}
        return Suggestion(replace(fitting, columns=rules), {target: 1.0 for target in rules})
    sample = source.head(SAMPLE)
    matches = _pairs(source.columns, sample, table, known)
    chosen: dict[str, _Match] = {}
    taken: set[str] = set()
    for match in matches:
        if match.target not in chosen and match.source not in taken:
            chosen[match.target] = match
            taken.add(match.source)
    for column in table.columns:
        # A required column may share its source: 受理时间 is also when a petition began, if nothing else says so.
        if column.required and column.name not in chosen:
            shared = next((m for m in matches if m.target == column.name and m.score >= 0.85), None)
            if shared is not None:
                chosen[column.name] = shared
    rules = {column.name: chosen[column.name].rule for column in table.columns if column.name in chosen}
    mapping = Mapping(
        name="suggested",
        label=f"按「{shown(source.name, 40)}」的列名推断",
        table=table.name,
        description="由系统按列名和样本推断，请逐项核对后再导入。",
        key=() if set(table.key) <= set(rules) else WHOLE_ROW,
        columns=rules,
    )
    return Suggestion(mapping, {target: round(chosen[target].score, 2) for target in rules})


def _fitting(known: Iterable[Mapping], columns: Sequence[str]) -> Mapping | None:
    """The mapping file that a heading was made for: nothing needed is missing, at least 80 % of it is there."""
    best: tuple[float, int, Mapping] | None = None
    for mapping in known:
        asked = [target for target, rule in mapping.columns.items() if rule.constant is None]
        filled = mapping.sources(columns)
        share = sum(target in filled for target in asked) / max(len(asked), 1)
        used = len({name for names in filled.values() for name in names})
        if share >= 0.8 and not mapping.unmet(columns) and (best is None or (share, used) > best[:2]):
            best = share, used, mapping
    return best[2] if best else None


def _pairs(columns: Sequence[str], sample: pd.DataFrame, table: Table, known: Sequence[Mapping]) -> list[_Match]:
    """All likely pairs, best first; equal scores in declared order."""
    found = []
    for column in table.columns:
        if column.derived:
            continue
        aliases = _aliases(column, known)
        for name in columns:
            by_name, rule = _named(name, column, aliases)
            if by_name <= 0:
                continue
            values = [text for text in sample[name].dropna().astype(str).str.strip() if text]
            by_value, fitted = _valued(values, column, rule)
            score = by_name * by_value
            if score >= LEAST_SURE:
                found.append(_Match(score, column.name, name, replace(fitted, source=(name,), join=None)))
    order = {column.name: i for i, column in enumerate(table.columns)}
    return sorted(found, key=lambda match: (-match.score, order[match.target]))


def _aliases(column: Column, known: Sequence[Mapping]) -> dict[str, tuple[float, FieldRule]]:
    """Plain name → how sure it means this column, and the rule it is known by."""
    aliases: dict[str, tuple[float, FieldRule]] = {}
    for mapping in known:
        rule = mapping.columns.get(column.name)
        for position, alias in enumerate(rule.source if rule else ()):
            # Earlier aliases of a list are the better ones.
            sure = 0.96 - 0.005 * min(position, 20)
            plain = plain_name(alias)
            if rule is not None and (plain not in aliases or aliases[plain][0] < sure):
                aliases[plain] = sure, rule
    own = next(iter(rule for _, rule in aliases.values()), FieldRule())
    aliases[plain_name(column.label)] = 1.0, aliases.get(plain_name(column.label), (0.0, own))[1]
    aliases.setdefault(plain_name(column.name), (0.98, FieldRule()))
    return aliases


def _named(name: str, column: Column, aliases: dict[str, tuple[float, FieldRule]]) -> tuple[float, FieldRule]:
    plain = plain_name(name)
    if plain in aliases:
        return aliases[plain]
    near, rule = 0.0, FieldRule()
    for alias, (sure, known) in aliases.items():
        if len(alias) >= 3 and len(plain) >= 3 and (score := fuzz.ratio(plain, alias)) >= _FUZZY_FROM:
            if score / 100 * sure * 0.85 > near:
                near, rule = score / 100 * sure * 0.85, known
        elif len(alias) >= 4 and len(plain) <= 2 * len(alias) and alias in plain and 0.72 * sure > near:
            near, rule = 0.72 * sure, known
    return near, rule


def _share(values: Sequence[str], fits: Iterable[bool]) -> float:
    return sum(fits) / len(values)


def _valued(values: Sequence[str], column: Column, rule: FieldRule) -> tuple[float, FieldRule]:
    """How far the values are of the column's type (1 where there are none), and the rule fitted to them."""
    kept = [value for value in values if value not in rule.missing]
    if not kept:
        return 1.0, rule
    if column.type in ("timestamp", "date"):
        return _timed(kept, rule)
    if column.type in ("integer", "decimal"):
        return _share(kept, (bool(_NUMBER.fullmatch(value)) for value in kept)), rule
    if column.type == "boolean":
        return _yes_or_no(kept, rule)
    if column.values:
        return _listed(kept, column, rule)
    return 1.0, rule


def _timed(values: Sequence[str], rule: FieldRule) -> tuple[float, FieldRule]:
    usual = _share(values, (bool(_YEAR_FIRST.fullmatch(value)) for value in values))
    if usual >= 0.5:
        return usual, rule
    # Formats that read something, by how much; where two read everything alike, the first is a guess.
    shares = [(_share(values, (_reads(value, form) for value in values)), form) for form in _ASKED_FOR]
    best = max(share for share, _ in shares)
    if best < 0.3:
        return usual, rule
    first = next(form for share, form in shares if share == best)
    useful = [first] + [form for share, form in shares if share > 0 and form != first and _same_order(form, first)]
    covered = _share(values, (any(_reads(value, form) for form in useful) for value in values))
    guess = sum(share == best for share, _ in shares) > 1
    return covered * (0.8 if guess else 1.0), replace(rule, formats=tuple(useful))


def _same_order(form: str, other: str) -> bool:
    return re.sub(r"%[HIMSp]|[: ]", "", form) == re.sub(r"%[HIMSp]|[: ]", "", other)


def _reads(value: str, form: str) -> bool:
    try:
        dt.datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def _yes_or_no(values: Sequence[str], rule: FieldRule) -> tuple[float, FieldRule]:
    held = sorted(set(values))
    if rule.true or rule.false:
        known = {*rule.true, *rule.false}
        return _share(values, (value in known for value in values)), rule
    true = tuple(value for value in held if value.casefold() in _YES)
    false = tuple(value for value in held if value.casefold() in _NO)
    fits = _share(values, (value.casefold() in _YES | _NO for value in values))
    plain = {"是", "否", "1", "0"}
    return fits, rule if set(held) <= plain else replace(rule, true=true, false=false)


def _listed(values: Sequence[str], column: Column, rule: FieldRule) -> tuple[float, FieldRule]:
    """For a column with a list of values: texts that contain exactly one of them are mapped to it."""
    mapped = dict(rule.values)
    for value in sorted(set(values) - set(column.values) - set(mapped)):
        inside = [allowed for allowed in column.values if allowed in value]
        if len(inside) == 1 and len(value) <= len(inside[0]) + 4 and "不" not in value and "非" not in value:
            mapped[value] = inside[0]
    known = {*column.values, *mapped}
    fits = _share(values, (value in known for value in values))
    kept = {given: meant for given, meant in mapped.items() if given in set(values) or given in rule.values}
    return max(fits, 0.75 if rule.otherwise is not None else 0.0), replace(rule, values=kept)
