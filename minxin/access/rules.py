"""The table role × page × detail × action of ``data/access.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from minxin.access.viewer import DETAILS, Detail, Viewer
from minxin.settings import Unusable, deployment

Action = Literal["see", "export", "write", "approve", "second_check", "import"]
ACTIONS: tuple[Action, ...] = get_args(Action)
ROLES = ("leader", "analyst", "clerk", "administrator", "local")


@dataclass(frozen=True)
class Rules:
    """What is allowed; what is not listed is denied.

    ``allowed`` gives for (page, action, role) the greatest level of detail.
    """

    labels: Mapping[str, str]
    pages: Mapping[str, str]
    allowed: Mapping[tuple[str, str, str], Detail]

    def greatest(self, roles: tuple[str, ...], page: str, action: str) -> Detail | None:
        """The greatest level of detail that any of the roles has there, or None: denied."""
        found = [self.allowed[key] for role in roles if (key := (page, action, role)) in self.allowed]
        return max(found, key=DETAILS.index) if found else None


def _wrong(file: Path, what: str) -> Unusable:
    return Unusable(f"权限表 {file} 有误：{what}，请改正后再试。")


def _table(file: Path, where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(file, f"{where} 应为表")
    return value


def read_rules(file: Path) -> Rules:
    """Read and validate an access table. Raises Unusable."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _wrong(file, "文件不存在") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(file, f"不是有效的 TOML（{error}）") from error
    labels: dict[str, str] = {}
    for role, entry in _table(file, "roles", raw.get("roles", {})).items():
        if role not in ROLES:
            raise _wrong(file, f"未知角色 {role}")
        labels[role] = str(_table(file, f"roles.{role}", entry).get("label", role))
    pages: dict[str, str] = {}
    allowed: dict[tuple[str, str, str], Detail] = {}
    for page, entry in _table(file, "pages", raw.get("pages", {})).items():
        actions = dict(_table(file, f"pages.{page}", entry))
        pages[page] = str(actions.pop("label", page))
        for action, roles in actions.items():
            if action not in ACTIONS:
                raise _wrong(file, f"页面 {page} 的操作 {action} 不存在")
            for role, detail in _table(file, f"pages.{page}.{action}", roles).items():
                if role not in labels:
                    raise _wrong(file, f"页面 {page} 用到未登记的角色 {role}")
                if detail not in DETAILS:
                    raise _wrong(file, f"页面 {page} 的详细程度 {detail} 不存在")
                allowed[page, action, role] = cast(Detail, detail)
    return Rules(labels, pages, allowed)


@lru_cache(maxsize=8)
def _rules(file: Path) -> Rules:
    return read_rules(file)


def rules() -> Rules:
    """The access table of the deployment, or the project's where the deployment has none."""
    return _rules(deployment().path("access.toml"))


def may(viewer: Viewer, page: str, action: str) -> bool:
    """Whether the viewer may do this on that page at the viewer's level of detail.

    Unknown pages, actions and roles are denied.
    """
    greatest = rules().greatest(viewer.roles, page, action)
    return greatest is not None and DETAILS.index(viewer.detail) <= DETAILS.index(greatest)
