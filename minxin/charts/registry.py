"""Renderers by kind: one function a kind and medium, open for more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from minxin.charts.chart import Kind

F = TypeVar("F", bound=Callable[..., object])


class Renderers(Generic[F]):
    """The drawing functions of one medium; ``@renderers.draws(Kind.BAR)`` adds one."""

    def __init__(self, medium: str) -> None:
        self.medium = medium
        self._held: dict[Kind, F] = {}

    def draws(self, *kinds: Kind) -> Callable[[F], F]:
        """Register a function for one or more kinds. ValueError when one is taken."""

        def add(function: F) -> F:
            for kind in kinds:
                if kind in self._held:
                    raise ValueError(f"{self.medium}: {kind} is drawn already")
                self._held[kind] = function
            return function

        return add

    def of(self, kind: Kind) -> F:
        """The function for a kind. LookupError where the medium has none."""
        if kind not in self._held:
            raise LookupError(f"{self.medium} cannot draw {kind}")
        return self._held[kind]

    @property
    def kinds(self) -> set[Kind]:
        return set(self._held)
