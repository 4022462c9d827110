"""The pages there are: ``pages/registry.toml``, in the order of the navigation."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from minxin.settings import ROOT


@dataclass(frozen=True)
class Entry:
    """One page; ``needs`` may name ``snapshot``, without which the page only says what to do.

    ``firms``: whether it is about the firms of their cities and not about the deployment's communities.
    """

    section: str
    id: str
    title: str
    url_path: str
    icon: str
    file: str
    needs: tuple[str, ...] = ()
    firms: bool = False

    @property
    def path(self) -> Path:
        return ROOT / "pages" / self.file


@lru_cache
def entries() -> tuple[Entry, ...]:
    """Every page, the one that opens first on top.

    ValueError for a doubled id or address, a missing file, or a file directly in ``pages/`` (which
    could be opened by its address past app.py).
    """
    raw = tomllib.loads((ROOT / "pages" / "registry.toml").read_text(encoding="utf-8"))
    found = tuple(Entry(**{**page, "needs": tuple(page.get("needs", ()))}) for page in raw["page"])
    for name in ("id", "url_path", "file"):
        held = [getattr(e, name) for e in found]
        if len(set(held)) != len(held):
            raise ValueError(f"pages/registry.toml: doubled {name}")
    for entry in found:
        if not entry.path.is_file() or entry.path.parent == ROOT / "pages":
            raise ValueError(f"pages/registry.toml: {entry.file} is no file in a sub-folder of pages/")
    return found


def entry(page_id: str) -> Entry:
    """One page by its id; KeyError where there is none."""
    return {e.id: e for e in entries()}[page_id]
