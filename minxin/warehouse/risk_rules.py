"""Rules of the risk classes (``data/rules/risk.toml``), read and checked; the build turns them into tables.

They stand here and not in the analysis because a build is made from them: what a snapshot holds must
come from the very rules that are explained on the pages.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from minxin.rulefile import check, day, flag, number, read, section, sections, text, texts, whole
from minxin.settings import ROOT, Deployment

#: Classes from the lowest risk to the highest; their rank is the place in this text, from 1.
CLASSES = "ABCD"
#: What ``queries/staging/int_risk_fact.sql`` can tell of a firm.
FACTS = (
    "registered", "capital", "shell", "revoked", "firm",
    "penalty_light", "penalty_ordinary", "penalty_serious", "penalty_unfulfilled", "penalty_banned",
    "penalty_food", "penalty_drug", "penalty_equipment", "penalty_safety", "penalty_fire",
    "problem", "blacklist", "redlist", "record", "complaints",
    "debtor_open", "debtor_promised", "debtor_punished",
    "tax_arrears", "contract_breach", "payment_arrears", "wage_arrears",
)  # fmt: skip
#: Months of history that a build works out, the newest included.
MONTHS = 24
_FILE = ("rules", "risk.toml")
_CODE = re.compile(r"[RZ]\d{3}")


@dataclass(frozen=True)
class Reason:
    """Why points are given: a fact, what is said of it, where the rule comes from.

    ``least`` ≤ value < ``below`` limits the fact's value (None = no limit); ``types`` names the kinds of
    public record that the fact ``record`` must be of; ``sectors`` makes it a rule of those supervised
    sectors alone.
    """

    code: str
    dimension: str
    name: str
    wording: str
    fact: str
    source: str
    assumption: bool
    least: float | None = None
    below: float | None = None
    types: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """``general`` or ``sector``; the letter of the code says which."""
        return "sector" if self.code.startswith("Z") else "general"


@dataclass(frozen=True)
class Rule:
    """Points of one reason in one version: ``points`` for each fact, ``most`` for all of them together.

    ``lasts_days`` ends a fact so many days after it happened; ``floor`` is the class a firm is in at least
    ('' for none); ``veto`` puts it in D whatever the points.
    """

    reason: Reason
    points: int
    most: int
    decays: bool = True
    lasts_days: int | None = None
    floor: str = ""
    veto: bool = False


@dataclass(frozen=True)
class Version:
    """All rules in force from a day on. ``limits``: points from which B, C and D begin; ``decay``: (days, percent)."""

    name: str
    title: str
    start: dt.date
    limits: Mapping[str, int]
    decay: tuple[tuple[int, int], ...]
    rules: tuple[Rule, ...]

    @property
    def digest(self) -> str:
        """Fingerprint of everything that bears on a class: 16 hexadecimal digits. Wording does not."""
        said = {
            "start": self.start.isoformat(),
            "limits": dict(self.limits),
            "decay": self.decay,
            "rules": [
                [
                    r.reason.code, r.reason.fact, r.reason.least, r.reason.below, sorted(r.reason.types),
                    sorted(r.reason.sectors), r.points, r.most, r.decays, r.lasts_days, r.floor, r.veto,
                ]
                for r in sorted(self.rules, key=lambda rule: rule.reason.code)
            ],
        }  # fmt: skip
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Rules:
    """The file: dimensions (code → name), reasons by code, versions in order of their days."""

    dimensions: Mapping[str, str]
    reasons: Mapping[str, Reason]
    versions: tuple[Version, ...]

    def on(self, day: dt.date) -> Version | None:
        """The version in force on a day, None before the first."""
        begun = [v for v in self.versions if v.start <= day]
        return begun[-1] if begun else None

    def for_month(self, month_start: dt.date) -> Version | None:
        """The version that a month is classified by, for ever: the one in force on its last day."""
        return self.on(next_month(month_start) - dt.timedelta(days=1))


def next_month(day: dt.date) -> dt.date:
    """The first day of the month after."""
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_before(day: dt.date, count: int = 1) -> dt.date:
    """The first day of the month so many months before."""
    months = day.year * 12 + day.month - 1 - count
    return dt.date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True)
class Month:
    """A month to classify: what was known before the day ``known_before`` counts."""

    start: dt.date
    known_before: dt.date


def months(as_of: dt.datetime, count: int = MONTHS) -> list[Month]:
    """The last months that the data reach into, oldest first; the last one counts up to the data time."""
    day = as_of.date()
    last_day = day if as_of > dt.datetime.combine(day, dt.time()) else day - dt.timedelta(days=1)
    newest = last_day.replace(day=1)
    starts = [month_before(newest, back) for back in reversed(range(count))]
    ends = last_day + dt.timedelta(days=1)
    return [Month(start, min(next_month(start), ends)) for start in starts]


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def _limit(value: Any, where: str) -> float | None:
    return None if value is None else number(value, where)


def _reason(raw: Any, dimensions: Mapping[str, str]) -> Reason:
    needed = ("code", "dimension", "name", "wording", "fact", "source", "assumption")
    given = section(raw, "[[reason]]", needed, ("least", "below", "types", "sectors"))
    code = text(given["code"], "原因的 code")
    where = f"原因 {code}"
    check(_CODE.fullmatch(code) is not None, f"{where} 的 code 应为 R 或 Z 加三位数字")
    words = {n: text(given[n], f"{where} 的 {n}") for n in ("dimension", "name", "wording", "source", "fact")}
    check(words["dimension"] in dimensions, f"{where} 的维度 {words['dimension']} 没有定义")
    check(words["fact"] in FACTS, f"{where} 的事实 {words['fact']} 不是引擎认得的：{'、'.join(FACTS)}")
    types, sectors = (texts(given.get(n, []), f"{where} 的 {n}") for n in ("types", "sectors"))
    check((words["fact"] == "record") == bool(types), f"{where}：信用信息记录（record）须写明 types，其他事实不得写")
    check(code.startswith("Z") == bool(sectors), f"{where}：专业规则（Z）须写明 sectors，通用规则（R）不得写")
    least, below = _limit(given.get("least"), f"{where} 的 least"), _limit(given.get("below"), f"{where} 的 below")
    check(least is None or below is None or least < below, f"{where} 的 least 应小于 below")
    assumption = flag(given["assumption"], f"{where} 的 assumption")
    return Reason(code, assumption=assumption, least=least, below=below, types=types, sectors=sectors, **words)


def _rule(raw: Any, reasons: Mapping[str, Reason], where: str) -> Rule:
    given = section(raw, f"{where} 的规则", ("reason", "points", "most"), ("decays", "lasts_days", "floor", "veto"))
    code = text(given["reason"], f"{where} 的规则的 reason")
    check(code in reasons, f"{where} 的原因 {code} 没有定义")
    where = f"{where} 的 {code}"
    points, most = whole(given["points"], f"{where} points"), whole(given["most"], f"{where} most")
    check(points != 0 and abs(points) <= 100, f"{where} 的 points 应在 −100 与 100 之间且不为零")
    check(abs(points) <= most <= 100, f"{where} 的 most 应不小于一次的分值且不大于 100")
    lasts = given.get("lasts_days")
    check(lasts is None or whole(lasts, f"{where} lasts_days") > 0, f"{where} 的 lasts_days 应为正数")
    floor, veto = given.get("floor", ""), flag(given.get("veto", False), f"{where} 的 veto")
    check(floor in ("", "B", "C", "D"), f"{where} 的 floor 应为 B、C 或 D")
    check(points > 0 or not (floor or veto), f"{where}：抵减的规则不能有 floor 或 veto")
    return Rule(reasons[code], points, most, flag(given.get("decays", True), f"{where} decays"), lasts,
                floor, veto)  # fmt: skip


def _version(raw: Any, reasons: Mapping[str, Reason]) -> Version:
    given = section(raw, "[[version]]", ("name", "title", "from", "limits", "decay", "rules"), ("sealed",))
    where = f"版本 {given['name']}"
    start = day(given["from"], f"{where} 的 from")
    limits = section(given["limits"], f"{where} 的 limits", ("B", "C", "D"))
    steps = [whole(limits[c], f"{where} 的 limits.{c}") for c in "BCD"]
    check(0 < steps[0] < steps[1] < steps[2], f"{where} 的 limits 应为正数且由 B 到 D 递增")
    decay = given["decay"]
    ok = isinstance(decay, list) and all(isinstance(s, list) and len(s) == 2 for s in decay) and bool(decay)
    check(ok, f"{where} 的 decay 每档应写成天数和百分数两个整数")
    held = tuple((whole(days, f"{where} decay"), whole(share, f"{where} decay")) for days, share in decay)
    check(held[0][0] == 0 and all(a[0] < b[0] for a, b in pairwise(held)),
           f"{where} 的 decay 应从第 0 天起递增")  # fmt: skip
    shares = [share for _, share in held]
    check(all(0 <= s <= 100 for s in shares) and shares == sorted(shares, reverse=True),
           f"{where} 的 decay 百分数应在 0 与 100 之间且不增")  # fmt: skip
    rules = tuple(_rule(r, reasons, where) for r in sections(given, "rules"))
    codes = [r.reason.code for r in rules]
    check(len(set(codes)) == len(codes), f"{where} 中同一原因写了两次")
    made = Version(text(given["name"], "版本的 name"), text(given["title"], f"{where} 的 title"), start,
                   dict(zip("BCD", steps, strict=True)), held, rules)  # fmt: skip
    sealed = given.get("sealed")
    check(
        sealed in (None, made.digest),
        f"{where} 已封存，内容却有改动（现指纹 {made.digest}）；请恢复原文，另立一版",
    )
    return made


def _merged(raw: Any, before: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A version with what it takes over from the one that ``like`` names; rules reason by reason."""
    if "like" not in raw:
        return dict(raw)
    like = text(raw["like"], "[[version]] 的 like")
    check(like in before, f"like 所指的版本 {like} 不在前面")
    base = {k: v for k, v in before[like].items() if k not in ("sealed", "from", "title")}
    own = [section(r, "[[version]] 的规则", ("reason",), None) for r in sections(raw, "rules")]
    rules = {text(r["reason"], "[[version]] 的规则的 reason"): r for r in [*base["rules"], *own]}
    return {**base, **{k: v for k, v in raw.items() if k != "like"}, "rules": list(rules.values())}


def _rules(raw: Mapping[str, Any]) -> Rules:
    section(raw, "文件", (), ("dimension", "reason", "version"))
    dimensions: dict[str, str] = {}
    for entry in sections(raw, "dimension"):
        given = section(entry, "[[dimension]]", ("code", "name"))
        code = text(given["code"], "维度的 code")
        check(code not in dimensions, f"维度 {code} 重复")
        dimensions[code] = text(given["name"], "维度的 name")
    reasons: dict[str, Reason] = {}
    for entry in sections(raw, "reason"):
        reason = _reason(entry, dimensions)
        check(reason.code not in reasons, f"原因 {reason.code} 重复")
        reasons[reason.code] = reason
    before: dict[str, Mapping[str, Any]] = {}
    versions: list[Version] = []
    for entry in sections(raw, "version"):
        merged = _merged(entry, before)
        version = _version(merged, reasons)
        check(version.name not in before, f"版本 {version.name} 重复")
        before[version.name] = merged
        versions.append(version)
    check(bool(versions), "没有 [[version]]")
    starts = [v.start for v in versions]
    check(len(set(starts)) == len(starts), "两个版本同日生效")
    return Rules(dimensions, reasons, tuple(sorted(versions, key=lambda v: v.start)))


def read_rules(file: Path) -> Rules:
    """Read and check a file of rules.

    Raises Unusable with one Chinese line.
    """
    return read(file, "企业信用风险分类规则", _rules)


@lru_cache(maxsize=8)
def _load(file: Path, _written: float) -> Rules:
    return read_rules(file)


def load(deployment: Deployment) -> Rules:
    """The rules of a deployment, or the project's own where it has none."""
    own = deployment.folder.joinpath(*_FILE)
    file = own if own.exists() else ROOT.joinpath("data", *_FILE)
    return _load(file, file.stat().st_mtime if file.exists() else 0.0)


# ── tables ──────────────────────────────────────────────────────────────────────────────────────

#: config_* table → columns with their types, as the build makes them.
TABLES: dict[str, dict[str, str]] = {
    "config_risk_month": {
        "month_start": "date", "known_before": "date", "version": "varchar", "is_newest": "boolean",
    },
    "config_risk_version": {
        "version": "varchar", "title": "varchar", "starts_on": "date", "ends_on": "date", "limit_b": "bigint",
        "limit_c": "bigint", "limit_d": "bigint", "rule_hash": "varchar",
    },
    "config_risk_decay": {"version": "varchar", "from_days": "bigint", "below_days": "bigint", "percent": "bigint"},
    "config_risk_rule": {
        "version": "varchar", "reason_code": "varchar", "scope": "varchar", "fact": "varchar", "least": "double",
        "below": "double", "points": "bigint", "most": "bigint", "decays": "boolean", "lasts_days": "bigint",
        "floor_rank": "integer", "is_veto": "boolean",
    },
    "config_risk_type": {"reason_code": "varchar", "type_code": "varchar"},
    "config_risk_sector": {"reason_code": "varchar", "sector_code": "varchar"},
    "config_risk_reason": {
        "reason_code": "varchar", "dimension": "varchar", "scope": "varchar", "name": "varchar", "wording": "varchar",
        "source": "varchar", "is_assumption": "boolean",
    },
}  # fmt: skip
#: Days after which nothing ends any more.
NEVER = 1_000_000


def rows(rules: Rules, wanted: list[Month]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the ``config_risk_*`` tables for the months to classify; months before the first version are left out."""
    found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
    for month in wanted:
        version = rules.for_month(month.start)
        if version is not None:
            row = (month.start, month.known_before, version.name, month == wanted[-1])
            found["config_risk_month"].append(row)
    for version, following in zip(rules.versions, (*rules.versions[1:], None), strict=True):
        limits = [version.limits[c] for c in "BCD"]
        ends = following.start if following else None
        found["config_risk_version"].append((version.name, version.title, version.start, ends, *limits, version.digest))
        for step, after in zip(version.decay, (*version.decay[1:], (NEVER, 0)), strict=True):
            found["config_risk_decay"].append((version.name, step[0], after[0], step[1]))
        for rule in version.rules:
            reason = rule.reason
            found["config_risk_rule"].append(
                (version.name, reason.code, reason.scope, reason.fact, reason.least, reason.below, rule.points,
                 rule.most, rule.decays, rule.lasts_days, CLASSES.index(rule.floor or "A") + 1, rule.veto)
            )  # fmt: skip
    for reason in rules.reasons.values():
        name = rules.dimensions[reason.dimension]
        found["config_risk_reason"].append(
            (reason.code, name, reason.scope, reason.name, reason.wording, reason.source, reason.assumption)
        )
        found["config_risk_type"] += [(reason.code, kind) for kind in reason.types]
        found["config_risk_sector"] += [(reason.code, sector) for sector in reason.sectors]
    return found
