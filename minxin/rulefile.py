"""Reading a file of rules or definitions in TOML: checked whole, or refused in one Chinese line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from minxin.settings import Unusable

Made = TypeVar("Made")


class Faulty(ValueError):
    """What is wrong in a file, in Chinese."""


def check(condition: bool, message: str) -> None:
    """Raise Faulty with the message where the condition does not hold."""
    if not condition:
        raise Faulty(message)


def read(file: Path, what: str, make: Callable[[dict[str, Any]], Made]) -> Made:
    """What ``make`` makes of the file's content; ``what`` names the kind of file in Chinese.

    Raises Unusable where the file cannot be read, or ``make`` finds a fault (Faulty).
    """
    try:
        return make(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"{what} {file} 无法读取（{error}），请改正后再试。") from error
    except Faulty as error:
        raise Unusable(f"{what} {file} 有误：{error}。请改正后再试。") from error
