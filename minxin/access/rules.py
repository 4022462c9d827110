"""The table role × page × detail × action of ``data/access.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from minxin.access.viewer import DETAILS, Detail, Viewer
from minxin.rulefile import check, read, section, text
from minxin.settings import deployment

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


def _rules_of(raw: Mapping[str, Any]) -> Rules:
    labels: dict[str, str] = {}
    for role, entry in section(raw.get("roles", {}), "roles", (), None).items():
        check(role in ROLES, f"未知角色 {role}")
        given = section(entry, f"roles.{role}", (), None)
        labels[role] = text(given.get("label", role), f"roles.{role} 的 label")
    pages: dict[str, str] = {}
    allowed: dict[tuple[str, str, str], Detail] = {}
    for page, entry in section(raw.get("pages", {}), "pages", (), None).items():
        actions = section(entry, f"pages.{page}", (), None)
        pages[page] = text(actions.pop("label", page), f"pages.{page} 的 label")
        for action, roles in actions.items():
            check(action in ACTIONS, f"页面 {page} 的操作 {action} 不存在")
            for role, detail in section(roles, f"pages.{page}.{action}", (), None).items():
                check(role in labels, f"页面 {page} 用到未登记的角色 {role}")
                check(detail in DETAILS, f"页面 {page} 的详细程度 {detail} 不存在")
                allowed[page, action, role] = cast(Detail, detail)
    return Rules(labels, pages, allowed)


def read_rules(file: Path) -> Rules:
    """Read and validate an access table. Raises Unusable."""
    return read(file, "权限表", _rules_of)


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
