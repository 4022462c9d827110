"""Short collections: what a long one leaves is put aside, and nothing is kept for ever."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from minxin.board import garbage


class Ring:
    """Part of a cycle: only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def clock() -> Iterator[list[float]]:
    """A clock that the test sets; whatever was put aside before comes back afterwards."""
    gc.collect()
    yield [0.0]
    gc.unfreeze()


def run(aside: garbage.Aside, clock: list[float], seconds: float) -> None:
    """A full collection that takes so long by the clock."""
    aside("start", {"generation": 2})
    gc.collect()
    clock[0] += seconds
    aside("stop", {"generation": 2})


def test_a_long_collection_puts_aside_what_it_leaves_and_a_short_one_does_not(clock: list[float]) -> None:
    aside = garbage.Aside(long=0.1, again=100, clock=lambda: clock[0])
    before = gc.get_freeze_count()
    run(aside, clock, 0.05)
    assert gc.get_freeze_count() == before
    run(aside, clock, 0.2)
    assert gc.get_freeze_count() > before


def test_younger_generations_are_left_alone(clock: list[float]) -> None:
    aside = garbage.Aside(long=0.1, again=100, clock=lambda: clock[0])
    before = gc.get_freeze_count()
    aside("start", {"generation": 1})
    clock[0] += 5
    aside("stop", {"generation": 1})
    assert gc.get_freeze_count() == before


def test_what_was_put_aside_is_freed_when_it_is_looked_through_again(clock: list[float]) -> None:
    aside = garbage.Aside(long=0.1, again=100, clock=lambda: clock[0])
    ring = Ring()
    gone = weakref.ref(ring)
    run(aside, clock, 0.2)
    del ring
    run(aside, clock, 0.2)
    assert gone() is not None, "what was put aside is not looked at"
    clock[0] += 101
    run(aside, clock, 0.2)
    assert gone() is None


def test_watching_ends_where_it_began() -> None:
    before = list(gc.callbacks)
    leave = garbage.watch()
    assert len(gc.callbacks) == len(before) + 1
    leave()
    assert gc.callbacks == before
    assert gc.get_freeze_count() == 0
