"""Policies as rules (``data/policies/*.toml``), read and checked; the build turns them into tables."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from minxin.settings import Deployment, Unusable

#: What a condition can ask of a firm: texts by their values, numbers by their limits.
TEXTS = {
    "size": "企业规模",
    "county_code": "县区",
    "industry_section": "行业门类",
    "sector_code": "监管行业领域",
    "risk_class": "信用风险",
    "in_park": "在园区内",
    "merchant": "诚信商户",
    "redlisted": "在红名单内",
    "blacklisted": "在黑名单内",
    "borrower": "已放款",
    "wage_arrears": "拖欠工资",
}
NUMBERS = {"years": "成立年数", "staff": "从业人数", "capital": "注册资本（万元）"}
SERVICES = ("培训", "代办", "直达")


@dataclass(frozen=True)
class Condition:
    """One thing asked of a firm; ``within`` for texts, ``least`` and ``most`` (inclusive) for numbers."""

    field: str
    wording: str
    within: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Policy:
    """One policy; ``amount`` is the most a firm can get, in yuan, 0 where it is not about money."""

    id: str
    name: str
    department: str
    start: dt.date
    service: str
    amount: float
    source: str
    assumption: bool
    conditions: tuple[Condition, ...]


def load(deployment: Deployment) -> tuple[Policy, ...]:
    """The policies of a deployment by their ids; none where it keeps none.

    Raises Unusable with file and fault for a file that cannot be used.
    """
    return _load(deployment.folder / "policies")


@lru_cache(maxsize=8)
def _load(folder: Path) -> tuple[Policy, ...]:
    found = [_read(file) for file in sorted(folder.glob("*.toml"))]
    ids = [p.id for p in found]
    if len(set(ids)) != len(ids):
        raise Unusable(f"政策规则目录 {folder} 中有重复的 id，请改正后再试。")
    return tuple(sorted(found, key=lambda p: p.id))


def _read(file: Path) -> Policy:
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise Unusable(f"政策规则 {file.name} 无法读取，请确认它是 UTF-8 编码的 TOML 文件。") from None
    try:
        policy = Policy(
            id=str(raw["id"]),
            name=str(raw["name"]),
            department=str(raw["department"]),
            start=raw["from"],
            service=str(raw["service"]),
            amount=float(raw["amount"]),
            source=str(raw["source"]),
            assumption=bool(raw["assumption"]),
            conditions=tuple(_condition(c) for c in raw["condition"]),
        )
        if not isinstance(policy.start, dt.date) or isinstance(policy.start, dt.datetime):
            raise ValueError("from 应为日期")
        if policy.service not in SERVICES or policy.amount < 0 or not policy.conditions:
            raise ValueError("service、amount 或 condition 不可用")
    except KeyError as error:
        raise Unusable(f"政策规则 {file.name} 缺少 {error.args[0]}，请补上后再试。") from None
    except (TypeError, ValueError) as error:
        raise Unusable(f"政策规则 {file.name} 有误（{error}），请改正后再试。") from None
    return policy


def _condition(raw: dict[str, Any]) -> Condition:
    made = Condition(
        field=str(raw["field"]),
        wording=str(raw["wording"]),
        within=tuple(str(v) for v in raw.get("within", ())),
        least=None if raw.get("least") is None else float(raw["least"]),
        most=None if raw.get("most") is None else float(raw["most"]),
    )
    if unknown := set(raw) - {"field", "wording", "within", "least", "most"}:
        raise ValueError(f"不认识 {sorted(unknown)[0]}")
    limited = made.least is not None or made.most is not None
    if (made.field in TEXTS) == limited or (made.field in NUMBERS) == bool(made.within):
        raise ValueError(f"{made.field} 的条件写法不对")
    if made.field not in TEXTS and made.field not in NUMBERS:
        raise ValueError(f"没有名为 {made.field} 的条件")
    return made


def policy_tables(connection: duckdb.DuckDBPyConnection, deployment: Deployment) -> None:
    """Make ``config_policy``, ``config_policy_condition`` and ``config_policy_value`` (one allowed text a row)."""
    connection.execute(
        "create temp table config_policy (policy_id varchar, policy_name varchar, department varchar,"
        " start_on date, service varchar, amount double, source varchar, conditions bigint)"
    )
    connection.execute(
        "create temp table config_policy_condition (policy_id varchar, number bigint, field varchar,"
        " wording varchar, least double, most double)"
    )
    connection.execute("create temp table config_policy_value (policy_id varchar, number bigint, value varchar)")
    for policy in load(deployment):
        connection.execute(
            "insert into config_policy values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                policy.id, policy.name, policy.department, policy.start, policy.service, policy.amount,
                policy.source, len(policy.conditions),
            ],
        )  # fmt: skip
        for number, condition in enumerate(policy.conditions, start=1):
            connection.execute(
                "insert into config_policy_condition values (?, ?, ?, ?, ?, ?)",
                [policy.id, number, condition.field, condition.wording, condition.least, condition.most],
            )
            for value in condition.within:
                connection.execute("insert into config_policy_value values (?, ?, ?)", [policy.id, number, value])
