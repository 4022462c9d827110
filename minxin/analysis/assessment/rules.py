"""Rules of assessment (``data/rules/assessment.toml``): what is in force on a day, and what one may try out."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_type_hints

from minxin import rulefile, tables
from minxin.analysis.assessment.posterior import Prior
from minxin.rulefile import check, read
from minxin.settings import Unusable, deployment

#: The three rates in the order in which everything here holds them, with their names.
RATES = ("response", "resolution", "satisfaction")
RATE_NAMES = {"response": "响应率", "resolution": "解决率", "satisfaction": "满意率"}
COUNTED_BY = ("accepted_at", "created_at")
WHICH = ("last_valid", "first_valid")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_FILE = ("rules", "assessment.toml")


@dataclass(frozen=True)
class Weights:
    """A named set of weights of the three rates; they sum to 1."""

    name: str
    label: str
    response: float
    resolution: float
    satisfaction: float
    source: str

    @property
    def values(self) -> tuple[float, float, float]:
        """In the order of ``RATES``."""
        return self.response, self.resolution, self.satisfaction


@dataclass(frozen=True)
class Exclusion:
    """A reason for which a petition leaves the assessment, and who may approve it."""

    code: str
    label: str
    approved_by: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Point:
    """What adds (or takes) so many points a case, shown apart from the score."""

    code: str
    label: str
    value: float


@dataclass(frozen=True)
class Valid:
    """What counts as a valid call-back, and which one of several stands for the petition."""

    methods: tuple[str, ...]
    needs_connection: bool = True
    needs_answer: bool = True
    which: str = "last_valid"


@dataclass(frozen=True)
class Classes:
    """Limits of the classes; ``cut`` is the probability that a class, and any difference, must reach."""

    margin: float
    cut: float
    progress_margin: float
    volume_factor: float


@dataclass(frozen=True)
class Funnel:
    """Levels of the inner and the outer funnel limits."""

    warning: float
    action: float


@dataclass(frozen=True)
class Gaming:
    """Shares from which a sign is worth looking into, and the hours after which a change counts as late."""

    excluded_share: float
    invalid_share: float
    late_change_share: float
    denied_share: float
    late_hours: float


@dataclass(frozen=True)
class Rule:
    """One version of the rules; ``start`` is None for one that may only be tried out.

    ``period_first_day``: first day of the assessed month, 19 = from the 19th of the month before.
    ``window_months``: so many assessed months, the named one last, are what an assessment rests on.
    ``exclusions`` and ``points`` are those in use. Probabilities and shares in [0, 1]; points in points.
    """

    name: str
    title: str
    start: dt.date | None
    weights: Weights
    basic_value: float
    period_first_day: int
    counted_by: str
    window_months: int
    windows_beside: tuple[int, ...]
    exclusions: tuple[Exclusion, ...]
    smallest_n: int
    points: tuple[Point, ...]
    points_cap: float
    confidence: float
    valid: Valid
    classes: Classes
    prior: Prior
    funnel: Funnel
    gaming: Gaming

    @property
    def digest(self) -> str:
        """Fingerprint of everything that bears on results: 16 hexadecimal digits."""
        said = {name: value for name, value in _said(self).items() if name != "title"}
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]

    def month(self, year: int, month: int) -> tuple[dt.date, dt.date]:
        """The half-open days of the assessed month of that name: 2023-06 may be 19 May to 18 June."""
        return self.window(year, month, 1)

    def window(self, year: int, month: int, months: int | None = None) -> tuple[dt.date, dt.date]:
        """The half-open days of the last so many assessed months (default: what the assessment rests on)."""
        count = self.window_months if months is None else months
        late = 1 if self.period_first_day == 1 else 0
        return _first(year, month + late - count, self.period_first_day), _first(
            year, month + late, self.period_first_day
        )

    def window_before(self, year: int, month: int) -> tuple[dt.date, dt.date]:
        """The window of the same length just before, which progress is measured against."""
        return self.window(year, month - self.window_months)

    def month_of(self, day: dt.date) -> tuple[int, int]:
        """Year and month of the assessed month in which a day lies."""
        late = self.period_first_day > 1 and day.day >= self.period_first_day
        first = _first(day.year, day.month + late, 1)
        return first.year, first.month

    def changed(self, **changes: Any) -> Rule:
        """A copy to try out: never in force, named after what it came from."""
        return dataclasses.replace(self, **{"start": None, "name": f"{self.name}*", **changes})


def _said(value: Any) -> Any:
    """What a rule says; values that a field has anyway are left out, so that new fields leave old digests alone."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = {f.name: (getattr(value, f.name), f.default) for f in fields(value)}
        return {name: _said(own) for name, (own, default) in held.items() if own != default}
    if isinstance(value, tuple):
        return [_said(item) for item in value]
    return value


def _first(year: int, month: int, day: int) -> dt.date:
    return dt.date(year + (month - 1) // 12, (month - 1) % 12 + 1, day)


@dataclass(frozen=True)
class Rules:
    """All versions of a deployment, those in force in order of their days."""

    versions: tuple[Rule, ...]
    weights: Mapping[str, Weights] = field(default_factory=dict)
    exclusions: Mapping[str, Exclusion] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [rule.name for rule in self.versions]

    def rule_on(self, day: dt.date) -> Rule:
        """The rule in force on a day; Unusable before the first."""
        begun = [rule for rule in self.versions if rule.start is not None and rule.start <= day]
        if not begun:
            raise Unusable(f"{day.isoformat()} 尚无生效的考核规则，请在 rules/assessment.toml 中补上，或另选日期。")
        return max(begun, key=lambda rule: rule.start or dt.date.min)

    def for_month(self, year: int, month: int) -> Rule:
        """The rule that a month is assessed by: the one in force on the last day of its calendar month."""
        return self.rule_on(_first(year, month + 1, 1) - dt.timedelta(days=1))

    def nearest(self, year: int, month: int) -> tuple[Rule, bool]:
        """The rule that a month is assessed by; before the first one that first one, and True: then it is a trial."""
        try:
            return self.for_month(year, month), False
        except Unusable:
            return min((r for r in self.versions if r.start), key=lambda r: r.start or dt.date.max), True

    def named(self, name: str) -> Rule:
        """The rule of a name, in force or not; Unusable where there is none."""
        for rule in self.versions:
            if rule.name == name:
                return rule
        raise Unusable(f"没有名为「{name}」的考核规则，可选：{'、'.join(self.names)}。")


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


#: What reads a value of the type that a field declares.
_READ: Mapping[Any, Callable[[Any, str], Any]] = {
    bool: rulefile.flag,
    int: rulefile.whole,
    float: rulefile.number,
    str: rulefile.text,
    tuple[str, ...]: rulefile.texts,
}


def _value(raw: Any, kind: Any, where: str) -> Any:
    """A value of the file as the type that a field declares."""
    if kind in _READ:
        return _READ[kind](raw, where)
    check(isinstance(raw, list), f"{where} 应为列表")
    return tuple(_value(item, get_args(kind)[0], where) for item in raw)


_T = TypeVar("_T")


def _made(kind: type[_T], raw: Any, where: str) -> _T:
    """An instance of a plain dataclass from a table of the file."""
    declared = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    needed = [name for name, f in declared.items() if f.default is dataclasses.MISSING]
    given = rulefile.section(raw, where, needed, declared)
    hints = get_type_hints(kind)
    return kind(**{name: _value(value, hints[name], f"{where} 的 {name}") for name, value in given.items()})


def _named(raw: Mapping[str, Any], table: str, kind: type[_T], key: str) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for entry in rulefile.sections(raw, table):
        own = entry.get(key)
        made = _made(kind, entry, f"[[{table}]] {own}" if isinstance(own, str) else f"[[{table}]]")
        name = getattr(made, key)
        check(name not in found, f"[[{table}]] 中 {name} 重复")
        found[name] = made
    return found


def _picked(raw: Any, held: Mapping[str, _T], where: str) -> tuple[_T, ...]:
    names = _value(raw, tuple[str, ...], where)
    unknown = [name for name in names if name not in held]
    check(not unknown, f"{where} 中的 {'、'.join(unknown)} 没有定义")
    check(len(set(names)) == len(names), f"{where} 中有重复")
    return tuple(held[name] for name in names)


def _share(value: float, where: str) -> None:
    check(0 <= value <= 1, f"{where} 应在 0 与 1 之间")


def _sound(rule: Rule) -> None:
    """Whether the values of a rule make sense together."""
    where = f"规则 {rule.name}"
    check(_NAME.fullmatch(rule.name) is not None, f"{where} 的 name 只用小写字母、数字和连字符")
    _share(rule.basic_value, f"{where} 的 basic_value")
    check(1 <= rule.period_first_day <= 28, f"{where} 的 period_first_day 应在 1 与 28 之间")
    check(rule.counted_by in COUNTED_BY, f"{where} 的 counted_by 应为 {'、'.join(COUNTED_BY)} 之一")
    check(1 <= rule.window_months <= 36, f"{where} 的 window_months 应在 1 与 36 之间")
    check(all(1 <= m <= 36 for m in rule.windows_beside), f"{where} 的 windows_beside 应在 1 与 36 之间")
    rulefile.whole(rule.smallest_n, f"{where} 的 smallest_n", 1, 1_000_000)
    rulefile.number(rule.points_cap, f"{where} 的 points_cap", 0, 1_000)
    for value, name in (
        (rule.confidence, "confidence"),
        (rule.classes.cut, "classes.cut"),
        (rule.funnel.warning, "funnel.warning"),
        (rule.funnel.action, "funnel.action"),
    ):
        check(0.5 <= value < 1, f"{where} 的 {name} 应在 0.5 与 1 之间")
    check(rule.funnel.warning < rule.funnel.action, f"{where} 的漏斗外线应宽于内线")
    check(rule.valid.which in WHICH, f"{where} 的 valid.which 应为 {'、'.join(WHICH)} 之一")
    _share(rule.classes.margin, f"{where} 的 classes.margin")
    _share(rule.classes.progress_margin, f"{where} 的 classes.progress_margin")
    check(1 < rule.classes.volume_factor <= 1_000, f"{where} 的 classes.volume_factor 应大于 1，不大于 1000")
    for name in ("excluded_share", "invalid_share", "late_change_share", "denied_share"):
        _share(getattr(rule.gaming, name), f"{where} 的 gaming.{name}")
    prior = rule.prior
    kinds = (prior.alike, prior.few, prior.degrees, prior.both)
    check(min(kinds) > 0 and abs(sum(kinds) - 1) < 1e-9, f"{where} 的 prior 四种概率应为正数且合计为 1")
    # On the logit: from 5 on there is hardly anything between 0 and 100 %.
    for name in ("spread", "apart"):
        check(0 < getattr(prior, name) <= 5, f"{where} 的 prior.{name} 应大于 0，不大于 5")
    rulefile.number(rule.gaming.late_hours, f"{where} 的 gaming.late_hours", 0, 8_760)
    known = tables.table("followup").column("method").values
    rulefile.texts(list(rule.valid.methods), f"{where} 的 valid.methods", known, empty=False)
    check(len(set(rule.valid.methods)) == len(rule.valid.methods), f"{where} 的 valid.methods 中有重复")


_PLAIN = {
    "basic_value": float,
    "period_first_day": int,
    "counted_by": str,
    "window_months": int,
    "windows_beside": tuple[int, ...],
    "smallest_n": int,
    "points_cap": float,
    "confidence": float,
}
_PARTS = {"valid": Valid, "classes": Classes, "prior": Prior, "funnel": Funnel, "gaming": Gaming}


def _merged(raw: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A rule with what it takes over from the one that ``like`` names; sections key by key."""
    if "like" not in raw:
        return dict(raw)
    like = rulefile.text(raw["like"], "[[rule]] 的 like")
    check(like in before, f"like 所指的规则 {like} 不在前面")
    base = {k: v for k, v in before[like].items() if k not in ("from", "sealed", "title")}
    for name, value in raw.items():
        base[name] = {**base[name], **value} if name in _PARTS and isinstance(value, dict) else value
    base.pop("like")
    return base


def _rule(raw: Mapping[str, Any], held: Mapping[str, Mapping[str, Any]]) -> Rule:
    where = f"规则 {raw.get('name', '')}"
    needed = {"name", "title", "weights", "exclusions", "points", *_PLAIN, *_PARTS}
    raw = rulefile.section(raw, where, needed, ("from", "sealed"))
    start = rulefile.day(raw["from"], f"{where} 的 from") if "from" in raw else None
    weights = rulefile.text(raw["weights"], f"{where} 的 weights")
    check(weights in held["weights"], f"{where} 的权重 {weights} 没有定义，可选 {'、'.join(held['weights'])}")
    plain = {name: _value(raw[name], kind, f"{where} 的 {name}") for name, kind in _PLAIN.items()}
    parts: dict[str, Any] = {name: _made(kind, raw[name], f"{where} 的 [rule.{name}]") for name, kind in _PARTS.items()}
    rule = Rule(
        name=_value(raw["name"], str, "规则的 name"),
        title=_value(raw["title"], str, f"{where} 的 title"),
        start=start,
        weights=held["weights"][weights],
        exclusions=_picked(raw["exclusions"], held["exclusion"], f"{where} 的 exclusions"),
        points=_picked(raw["points"], held["point"], f"{where} 的 points"),
        **plain,
        **parts,
    )
    _sound(rule)
    sealed = raw.get("sealed")
    check(
        sealed is None or sealed == rule.digest,
        f"{where} 已封存，内容却有改动（现指纹 {rule.digest}）；请恢复原文，另立一版",
    )
    return rule


def _rules(raw: Mapping[str, Any]) -> Rules:
    rulefile.section(raw, "文件", (), ("weights", "exclusion", "point", "rule"))
    weights = _named(raw, "weights", Weights, "name")
    for entry in weights.values():
        check(min(entry.values) >= 0 and abs(sum(entry.values) - 1) < 1e-9, f"权重 {entry.name} 应为非负数且合计为 1")
    exclusions = _named(raw, "exclusion", Exclusion, "code")
    for reason in exclusions.values():
        check(bool(reason.approved_by), f"剔除原因 {reason.code} 没有写明谁可批准")
    held: dict[str, Mapping[str, Any]] = {
        "weights": weights,
        "exclusion": exclusions,
        "point": _named(raw, "point", Point, "code"),
    }
    for point in held["point"].values():
        rulefile.number(point.value, f"[[point]] {point.code} 的 value", -100, 100)
    before: dict[str, Mapping[str, Any]] = {}
    found: list[Rule] = []
    for given in rulefile.sections(raw, "rule", empty=False):
        merged = _merged(given, before)
        rule = _rule(merged, held)
        check(rule.name not in before, f"规则 {rule.name} 重复")
        before[rule.name] = merged
        found.append(rule)
    starts = [rule.start for rule in found if rule.start is not None]
    check(bool(starts), "没有一条规则写明生效日期 from")
    check(len(set(starts)) == len(starts), "两条规则同日生效")
    found.sort(key=lambda rule: (rule.start is None, rule.start or dt.date.min))
    return Rules(tuple(found), MappingProxyType(weights), MappingProxyType(exclusions))


def read_rules(file: Path) -> Rules:
    """Read and validate a file of rules.

    Raises Unusable with one Chinese line.
    """
    return read(file, "考核规则", _rules)


@lru_cache(maxsize=8)
def _load(file: Path) -> Rules:
    return read_rules(file)


def load() -> Rules:
    """The rules of the deployment, or the project's own where it has none."""
    return _load(deployment().path(*_FILE))


def rule_on(day: dt.date) -> Rule:
    """The deployment's rule in force on a day; Unusable before the first."""
    return load().rule_on(day)


def trial_weights(values: Sequence[float], name: str = "trial", label: str = "试算权重") -> Weights:
    """Weights to try out, brought to sum 1; ValueError where they are negative or all 0."""
    total = float(sum(values))
    if len(values) != len(RATES) or min(values) < 0 or total <= 0:
        raise ValueError(f"three weights that are not negative, some positive: {values}")
    response, resolution, satisfaction = (float(v) / total for v in values)
    return Weights(name, label, response, resolution, satisfaction, "试算")
