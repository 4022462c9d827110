"""Who acts on the operations store, and what that person may do and see there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minxin.access import Viewer, may
from minxin.settings import Deployment, Refused
from minxin.texts.written import identity

LOCAL = "local"


@dataclass(frozen=True)
class Actor:
    """A viewer who does something; ``who`` is what the history says.

    Where nobody signs in, several people may stand at one computer: each gives a post or staff code, and
    the history notes that it was not verified.
    """

    who: str
    viewer: Viewer
    verified: bool

    @classmethod
    def of(cls, viewer: Viewer, name: str = "") -> Actor:
        """The signed-in person, or the ``name`` that the person at this computer gives. Raises Refused."""
        if viewer.identity != LOCAL:
            return cls(identity(viewer.identity), viewer, True)
        said = identity(name)
        if not said:
            raise Refused("本机没有登录：请先填写您的岗位或工号，再提交。")
        return cls(said, viewer, False)


def allow(viewer: Viewer, page: str, actions: Iterable[str], what: str) -> None:
    """Raises Refused where none of the actions is the viewer's on that page."""
    if not any(may(viewer, page, action) for action in actions):
        raise Refused(f"您没有「{what}」的权限：请联系管理员在权限表 access.toml 中开通。")


def sees(viewer: Viewer, deployment: Deployment, communities: Iterable[str]) -> bool:
    """Whether a record of these communities is in the viewer's scope.

    What belongs to no single community (a department's) is for those whose scope is the whole deployment.
    """
    scope = set(viewer.communities)
    named = set(communities)
    return bool(named & scope) if named else set(deployment.community_codes) <= scope
