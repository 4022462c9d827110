"""Streamlit's collection of garbage after every run, kept short.

Streamlit collects all generations when a script has run; until that is done, the last of the page is
not sent and nobody else's script goes on. It grows with what the process keeps: a tenth of a second for
the imports and answers of this board. What a long collection leaves is therefore put aside; once in a
while all of it is looked through again, so that nothing is kept for ever.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

#: A collection that took longer puts aside what it left.
LONG_SECONDS = 0.015
#: How often what was put aside is looked through again.
AGAIN_SECONDS = 1800.0


class Aside:
    """Watches the collections of the oldest generation; one for the process."""

    def __init__(
        self,
        long: float = LONG_SECONDS,
        again: float = AGAIN_SECONDS,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._long, self._again, self._clock = long, again, clock
        self._begun = self._looked_through = clock()

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """What Python calls at the start and the stop of each collection (``gc.callbacks``)."""
        if info["generation"] != 2:
            return
        now = self._clock()
        if phase == "start":
            self._begun = now
            if now - self._looked_through > self._again:
                gc.unfreeze()
                self._looked_through = now
        elif now - self._begun > self._long:
            gc.freeze()


def watch() -> Callable[[], None]:
    """Begin to watch; returns what ends it and gives everything back to Python."""
    aside = Aside()
    gc.callbacks.append(aside)

    def leave() -> None:
        gc.callbacks.remove(aside)
        gc.unfreeze()

    return leave
