"""The person in front of the board, as far as queries and pages need to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from minxin.settings import Deployment

Detail = Literal["aggregate", "masked", "full"]
#: From the least to the most that can be seen.
DETAILS: tuple[Detail, ...] = get_args(Detail)


@dataclass(frozen=True)
class Viewer:
    """Identity, roles and scope; hashable, so that it can be part of the key of a cache.

    ``communities`` are the codes whose rows may be read: an empty tuple means none, and nothing
    means all. ``detail``: ``aggregate`` (no texts, small cells hidden), ``masked``, ``full``.
    """

    identity: str
    roles: tuple[str, ...]
    communities: tuple[str, ...]
    detail: Detail = "masked"

    def __post_init__(self) -> None:
        if self.detail not in DETAILS:
            raise ValueError(f"unknown level of detail: {self.detail!r}")
        for name in ("roles", "communities"):
            if not isinstance(getattr(self, name), tuple):
                raise TypeError(f"{name} must be a tuple of texts")

    @classmethod
    def local(cls, deployment: Deployment) -> Viewer:
        """The person at this computer, where nobody signs in: every community, masked."""
        return cls("local", ("local",), tuple(deployment.community_codes), "masked")

    def narrowed(self, detail: Detail) -> Viewer:
        """The same viewer with at most this level of detail; never more than there was."""
        least = min(DETAILS.index(self.detail), DETAILS.index(detail))
        return replace(self, detail=DETAILS[least])
