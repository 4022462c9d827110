"""Answers worked out ahead: what a review asks first, before somebody asks it.

When a page of a snapshot is first opened, a quiet thread answers what is likely to be asked of it
next. It shares the caches of the pages, keyed by the viewer's scope, so nobody sees more by it; it
pauses between answers and stops for good at the first failure, which goes to the log.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterable

from streamlit import runtime
from streamlit.runtime import Runtime

from minxin.board.frames import Source

#: How long the thread rests after each answer.
REST_SECONDS = 0.25
#: How many months are answered ahead where a page is chosen by month: a year, and the month it began with,
#: which the newest is compared with.
MONTHS = 13
#: Answers one question as the page would, down to the figures, and keeps it.
Answer = Callable[[], object]
log = logging.getLogger(__name__)
_begun: set[tuple[str, ...]] = set()
_lock = threading.Lock()
_stop = threading.Event()


def is_served() -> bool:
    """Whether a server runs this script for a browser: neither a test of the script alone nor a command does."""
    # A test of a single script has a stand-in that passes for an instance of the server's runtime.
    return runtime.exists() and type(runtime.get_instance()) is Runtime


def prepare(source: Source, page: str, answers: Callable[[], Iterable[Answer]]) -> None:
    """Begin once per page, snapshot and scope; does nothing where no server runs (tests, commands)."""
    if not is_served():
        return
    with _lock:
        if (page, *source.key) in _begun:
            return
        _begun.add((page, *source.key))
    worker = threading.Thread(target=_work, args=(page, answers), name=f"ahead-{page}", daemon=True)
    worker.start()
    # A thread that the interpreter tears out of a query takes the process down with noise.
    atexit.register(_leave, worker)


def _leave(worker: threading.Thread) -> None:
    _stop.set()
    worker.join(timeout=10)


def _work(page: str, answers: Callable[[], Iterable[Answer]]) -> None:
    begun = time.perf_counter()
    try:
        for answer in answers():
            if _stop.wait(REST_SECONDS):
                return
            answer()
    except Exception:
        # A snapshot may be pruned or a batch withdrawn meanwhile; pages answer for themselves.
        log.exception("answers of %s could not be worked out ahead", page)
    else:
        log.info("answers of %s worked out ahead in %.0f s", page, time.perf_counter() - begun)
