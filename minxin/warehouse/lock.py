"""One writer at a time, by a lock of the operating system that a dead process does not keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from minxin.settings import Home, Refused

WAIT_SECONDS = 10.0


@contextmanager
def writing(home: Home, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the home's writer lock; re-entrant within a thread.

    Raises Refused when another process is still writing after ``wait`` seconds.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.path / "writer.lock", is_singleton=True, fallback_to_soft=False)
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise Refused(f"数据目录 {home.path} 正在进行另一项导入或构建，请等它结束后再试。") from error
    try:
        yield
    finally:
        lock.release()
