"""Rules of the draw (``data/rules/inspection.toml``): rates by class, shares, floors, caps, who takes no part."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from minxin.rulefile import check, day, flag, number, read, sections, text, texts, whole
from minxin.settings import Unusable, deployment

#: Risk classes from the lowest to the highest, with the words that officials use.
CLASSES = ("A", "B", "C", "D")
CLASS_WORDS = {"A": "绿A低", "B": "黄B一般", "C": "橙C较高", "D": "红D高"}
_FILE = ("rules", "inspection.toml")
_T = TypeVar("_T")
#: What a random arm may take of a round: less says nothing, more is no longer risk-based.
SHARES = (0.10, 0.20)


@dataclass(frozen=True)
class Said:
    """Where a number of the rules comes from; ``assumption``: set by the project, not by a published document."""

    of: str
    text: str
    assumption: bool


@dataclass(frozen=True)
class Excluded:
    """Firms whose ``field`` is one of the values take no part in the draw."""

    field: str
    values: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Weight:
    """Firms whose ``field`` is one of the values are drawn ``factor`` times as likely as others of their class."""

    field: str
    values: tuple[str, ...]
    factor: float
    reason: str


@dataclass(frozen=True)
class Rule:
    """One version: rates and shares in [0, 1], the cap in visits per ``cap_months`` months."""

    name: str
    title: str
    start: dt.date
    random_share: float
    floor: float
    cap: int
    cap_months: int
    default_class: str
    reserve_share: float
    inspectors: int
    smallest_n: int
    seed_length: int
    rates: Mapping[str, float]
    excluded: tuple[Excluded, ...]
    weights: tuple[Weight, ...]
    severity: Mapping[str, float]
    sources: tuple[Said, ...]

    @property
    def digest(self) -> str:
        """Fingerprint of everything that bears on a draw: 16 hexadecimal digits."""
        left_out = ("title", "sources", "severity", "smallest_n")
        said = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in left_out}
        said["excluded"] = [dataclasses.asdict(e) for e in self.excluded]
        said["weights"] = [dataclasses.asdict(w) for w in self.weights]
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What in the rules is an assumption of the project."""
        return tuple(s.of for s in self.sources if s.assumption)


@dataclass(frozen=True)
class Rules:
    """All versions in the order of their days."""

    versions: tuple[Rule, ...]

    def on(self, day: dt.date) -> Rule:
        """The rule in force on a day; Unusable before the first."""
        begun = [rule for rule in self.versions if rule.start <= day]
        if not begun:
            raise Unusable(f"{day.isoformat()} 尚无生效的抽查规则，请在 rules/inspection.toml 中补上，或另选日期。")
        return begun[-1]

    def named(self, name: str) -> Rule:
        """The rule of a name; Unusable where there is none."""
        for rule in self.versions:
            if rule.name == name:
                return rule
        names = "、".join(rule.name for rule in self.versions)
        raise Unusable(f"没有名为「{name}」的抽查规则，可选：{names}。")


def _get(raw: Mapping[str, Any], key: str, read_value: Callable[[Any, str], _T], where: str) -> _T:
    check(key in raw, f"{where} 缺少 {key}")
    return read_value(raw[key], f"{where} 的 {key}")


def _share(raw: Mapping[str, Any], key: str, where: str, low: float = 0.0, high: float = 1.0) -> float:
    return _get(raw, key, partial(number, low=low, high=high), where)


def _rates(entries: Sequence[Mapping[str, Any]], where: str) -> tuple[dict[str, float], list[Said]]:
    rates, said = {}, []
    for entry in entries:
        code = _get(entry, "class", text, f"{where} 的 [[rule.rate]]")
        check(code in CLASSES and code not in rates, f"{where} 的 [[rule.rate]] 中类别「{code}」有误或重复")
        rates[code] = _share(entry, "rate", f"{where} {code} 类")
        said.append(_said(entry, f"rate {code}", where))
    check(set(rates) == set(CLASSES), f"{where} 应写明 A、B、C、D 四类的抽查比例")
    check(all(rate > 0 for rate in rates.values()), f"{where} 的抽查比例应大于 0，否则有的企业永远抽不到")
    return rates, said


def _entries(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return sections({f"rule.{name}": raw.get(name, [])}, f"rule.{name}")


def _said(entry: Mapping[str, Any], of: str, where: str, key: str = "source") -> Said:
    return Said(of, _get(entry, key, text, where), _get(entry, "assumption", flag, where))


def _rule(raw: Mapping[str, Any]) -> Rule:
    name = _get(raw, "name", text, "[[rule]]")
    where = f"规则 {name}"
    rates, said = _rates(_entries(raw, "rate"), where)
    excluded, weights = [], []
    for entry in _entries(raw, "excluded"):
        reason = _get(entry, "reason", text, where)
        excluded.append(Excluded(_get(entry, "field", text, where), _get(entry, "values", texts, where), reason))
        said.append(_said(entry, reason, where))
    for entry in _entries(raw, "weight"):
        factor, reason = _get(entry, "factor", number, where), _get(entry, "reason", text, where)
        check(0 < factor <= 1_000, f"{where} 的 factor 应大于 0，不大于 1000")
        weights.append(Weight(_get(entry, "field", text, where), _get(entry, "values", texts, where), factor, reason))
        said.append(_said(entry, reason, where))
    said += [_said(entry, _get(entry, "of", text, where), where, "text") for entry in _entries(raw, "source")]
    severity = {
        _get(e, "action", text, where): _share(e, "points", where, high=1_000.0) for e in _entries(raw, "severity")
    }
    default = _get(raw, "default_class", text, where)
    check(default in CLASSES, f"{where} 的 default_class 应为 A、B、C、D 之一")
    counts = {
        key: _get(raw, key, partial(whole, low=1, high=most), where)
        for key, most in (
            ("cap", 1_000),
            ("cap_months", 120),
            ("inspectors", 100),
            ("smallest_n", 1_000_000),
            ("seed_length", 1_000),
        )
    }
    return Rule(
        name=name,
        title=_get(raw, "title", text, where),
        start=_get(raw, "from", day, where),
        random_share=_share(raw, "random_share", where, *SHARES),
        floor=_share(raw, "floor", where),
        reserve_share=_share(raw, "reserve_share", where),
        default_class=default,
        rates=rates,
        excluded=tuple(excluded),
        weights=tuple(weights),
        severity=severity,
        sources=tuple(said),
        **counts,
    )


def _rules(raw: Mapping[str, Any]) -> Rules:
    found = sorted((_rule(entry) for entry in sections(raw, "rule", empty=False)), key=lambda rule: rule.start)
    check(len({r.start for r in found}) == len(found), "两条规则同日生效")
    check(len({r.name for r in found}) == len(found), "两条规则同名")
    return Rules(tuple(found))


def read_rules(file: Path) -> Rules:
    """Read and check a file of rules; Unusable with one Chinese line."""
    return read(file, "抽查规则", _rules)


@lru_cache(maxsize=8)
def _load(file: Path) -> Rules:
    return read_rules(file)


def load() -> Rules:
    """The rules of the deployment, or the project's own where it has none."""
    return _load(deployment().path(*_FILE))
