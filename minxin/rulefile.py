"""Reading a file of rules or definitions in TOML: checked whole, or refused in one Chinese line."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from minxin.settings import Unusable

Made = TypeVar("Made")
#: No value of a rule is larger, unless a file says so: beyond it stands a slip of the pen.
LARGEST = 1_000_000_000


class Faulty(ValueError):
    """What is wrong in a file, in Chinese."""


def check(condition: bool, message: str) -> None:
    """Raise Faulty with the message where the condition does not hold."""
    if not condition:
        raise Faulty(message)


# ── values: each is of the kind that is wanted, or Faulty says where it stands and what is allowed ──


def text(value: Any, where: str, empty: bool = False) -> str:
    """A text without blanks around it, not empty unless that is allowed."""
    check(isinstance(value, str), f"{where} 应为文字")
    check(empty or bool(value.strip()), f"{where} 不能为空")
    return str(value).strip()


def texts(value: Any, where: str, among: Collection[str] | None = None, empty: bool = True) -> tuple[str, ...]:
    """A list of texts, each ``among`` the known ones where these are given."""
    check(isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value), f"{where} 应为文字列表")
    check(empty or bool(value), f"{where} 至少要写一项")
    found = tuple(v.strip() for v in value)
    unknown = [] if among is None else [v for v in found if v not in among]
    check(not unknown, f"{where} 中的 {'、'.join(unknown)} 无法识别，只能是 {'、'.join(among or ())}")
    return found


def one_of(value: Any, where: str, among: Collection[str]) -> str:
    """A text that is one of the known ones; '' only where it is among them."""
    check(isinstance(value, str) and value in among, f"{where} 应为 {'、'.join(a for a in among if a)} 之一")
    return str(value)


def number(value: Any, where: str, low: float = -LARGEST, high: float = LARGEST) -> float:
    """A finite number within the limits, both included."""
    check(isinstance(value, int | float) and not isinstance(value, bool), f"{where} 应为数字")
    check(math.isfinite(value), f"{where} 应为数字，不能是 nan 或 inf")
    check(low <= value <= high, f"{where} 应在 {low:.10g} 与 {high:.10g} 之间")
    return float(value)


def whole(value: Any, where: str, low: int = -LARGEST, high: int = LARGEST) -> int:
    """An integer within the limits, both included."""
    check(isinstance(value, int) and not isinstance(value, bool), f"{where} 应为整数")
    check(low <= value <= high, f"{where} 应在 {low} 与 {high} 之间")
    return int(value)


def flag(value: Any, where: str) -> bool:
    """A truth value."""
    check(isinstance(value, bool), f"{where} 应为 true 或 false")
    return bool(value)


def day(value: Any, where: str) -> dt.date:
    """A date without a time of day."""
    check(type(value) is dt.date, f"{where} 应为日期，如 2022-06-01")
    assert isinstance(value, dt.date)
    return value


def section(value: Any, where: str, needed: Collection[str] = (), more: Collection[str] | None = ()) -> dict[str, Any]:
    """A table of the file with all the keys that are needed and no unknown one; ``more`` None allows any."""
    check(isinstance(value, dict), f"{where} 应为一节")
    unknown = [] if more is None else sorted(set(value) - {*needed, *more})
    missing = sorted(set(needed) - set(value))
    check(not unknown, f"{where} 中的 {'、'.join(unknown)} 无法识别")
    check(not missing, f"{where} 缺少 {'、'.join(missing)}")
    return dict(value)


def sections(raw: Mapping[str, Any], name: str, empty: bool = True) -> list[dict[str, Any]]:
    """The tables of that name, written [[name]] again and again."""
    held = raw.get(name, [])
    check(isinstance(held, list) and all(isinstance(entry, dict) for entry in held), f"{name} 应写成 [[{name}]]")
    check(empty or bool(held), f"没有 [[{name}]]")
    return list(held)


def read(file: Path, what: str, make: Callable[[dict[str, Any]], Made]) -> Made:
    """What ``make`` makes of the file's content; ``what`` names the kind of file in Chinese.

    Raises Unusable where the file cannot be read, or ``make`` finds a fault (Faulty).
    """
    try:
        return make(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise Unusable(f"{what} {file} 不存在，请补上后再试。") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{what} {file} 不是 UTF-8 编码，请另存为 UTF-8 后再试。") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"{what} {file} 无法读取（{error}），请改正后再试。") from error
    except Faulty as error:
        raise Unusable(f"{what} {file} 有误：{error}。请改正后再试。") from error
