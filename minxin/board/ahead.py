"""Answers worked out ahead: what a review asks first, before somebody asks it.

After a new snapshot is opened, one quiet thread answers the newest periods, and every community for
the newest week. It shares the caches of the pages, keyed by the viewer's scope, so nobody sees more
by it; it pauses between answers and stops for good at the first failure, which goes to the log.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date

from streamlit import runtime
from streamlit.runtime import Runtime

from minxin.analysis import periods
from minxin.analysis.periods import Kind
from minxin.board.frames import Source
from minxin.charts.weekly import Question

#: How many of the newest periods of each kind, and how long the thread rests after each answer.
NEWEST: dict[Kind, int] = {"week": 12, "month": 4, "quarter": 2, "year": 1}
REST_SECONDS = 0.25
#: Answers a question as the page would, down to the figures.
Answer = Callable[[Question], None]
log = logging.getLogger(__name__)
_begun: set[tuple[str, ...]] = set()
_lock = threading.Lock()
_stop = threading.Event()


def is_served() -> bool:
    """Whether a server runs this script for a browser: neither a test of the script alone nor a command does."""
    # A test of a single script has a stand-in that passes for an instance of the server's runtime.
    return runtime.exists() and type(runtime.get_instance()) is Runtime


def prepare(source: Source, first_day: date, answer: Answer) -> None:
    """Begin once per snapshot and scope; does nothing where no server runs (tests, commands)."""
    if not is_served():
        return
    with _lock:
        if source.key in _begun:
            return
        _begun.add(source.key)
    worker = threading.Thread(target=_work, args=(source, first_day, answer), name="ahead", daemon=True)
    worker.start()
    # A thread that the interpreter tears out of a query takes the process down with noise.
    atexit.register(_leave, worker)


def _leave(worker: threading.Thread) -> None:
    _stop.set()
    worker.join(timeout=10)


def questions(source: Source, first_day: date) -> Iterator[Question]:
    """What is asked first: the newest complete periods of the whole, then each community's newest week."""
    as_of = source.snapshot.as_of
    for kind, most in NEWEST.items():
        newest = periods.latest_complete(kind, as_of)
        held = [p for p in periods.choices(kind, first_day, as_of) if p.start <= newest.start]
        yield from (Question(period) for period in held[:most])
    week = periods.latest_complete("week", as_of)
    yield from (Question(week, community=code) for code in source.viewer.communities)


def _work(source: Source, first_day: date, answer: Answer) -> None:
    begun = time.perf_counter()
    try:
        for question in questions(source, first_day):
            if _stop.wait(REST_SECONDS):
                return
            answer(question)
    except Exception:
        # A snapshot may be pruned or a batch withdrawn meanwhile; pages answer for themselves.
        log.exception("answers could not be worked out ahead")
    else:
        log.info("answers worked out ahead in %.0f s", time.perf_counter() - begun)
