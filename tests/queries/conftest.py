"""Fixtures of the tests of the SQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.queries.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty small deployment at its data time of 15 June 2023."""
    return World(tmp_path / "world")


@pytest.fixture
def worlds(tmp_path: Path) -> Callable[..., World]:
    """Maker of small deployments with rules, figures or a data time of their own."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        made.append(World(tmp_path / f"world-{len(made)}", **settings))
        return made[-1]

    return make
