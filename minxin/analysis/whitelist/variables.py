"""What is known of variables beforehand: their names in Chinese, what experts insist on, what is forbidden.

``whitelist/variables.toml`` of the deployment: ``[[variable]]`` with ``name``, ``label``, ``direction``
(``better``: a higher value must not raise the risk; ``worse``: must not lower it; absent: nobody insists),
optional wordings ``high``, ``low``, ``missing`` of the reason; ``[forbidden] names`` of personal attributes.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from minxin.settings import Unusable, deployment

DIRECTIONS = ("", "better", "worse")


@dataclass(frozen=True)
class Variable:
    """One variable as people speak of it."""

    name: str
    label: str = ""
    direction: str = ""
    high: str = ""
    low: str = ""
    missing: str = ""

    @property
    def called(self) -> str:
        return self.label or self.name


@dataclass(frozen=True)
class Knowledge:
    """All that is known; ``variable(name)`` is a bare one where nothing is."""

    variables: dict[str, Variable] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()

    def variable(self, name: str) -> Variable:
        return self.variables.get(name) or self.variables.get(_plain(name)) or Variable(name)

    def check(self, names: list[str]) -> None:
        """Unusable where a column is a personal attribute."""
        for name in names:
            for word in self.forbidden:
                if _plain(word) == _plain(name) or (not word.isascii() and word in name):
                    raise Unusable(f"“{name}”属于个人属性，不得用于白名单模型；请从文件中去掉这一列。")


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").split())


def load(file: Path | None = None) -> Knowledge:
    """The deployment's file, or another; nothing known where the deployment has none. Unusable if it is wrong."""
    here = file or deployment().folder / "whitelist" / "variables.toml"
    if not here.is_file():
        if file is None:
            return Knowledge()
        raise Unusable(f"找不到变量说明文件 {file.name}，请核对路径。")
    try:
        raw = tomllib.loads(here.read_text(encoding="utf-8"))
        held = [Variable(**entry) for entry in raw.get("variable", [])]
        forbidden = tuple(map(str, raw.get("forbidden", {}).get("names", ())))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise Unusable(f"变量说明文件 {here.name} 写法不对（{error}），请改正后再试。") from error
    wrong = [v.name for v in held if v.direction not in DIRECTIONS]
    if wrong:
        raise Unusable(f"变量说明文件中“{wrong[0]}”的 direction 应为 better 或 worse。")
    known = {v.name: v for v in held}
    return Knowledge(known | {_plain(v.name): v for v in held}, forbidden)
