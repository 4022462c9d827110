"""What may not be shown any more: which day it is for a home, and the records that a decision took away.

A record goes in two ways. By date: every fact carries the first day on which it may not be seen, and a
block compares it with ``today``. By decision: its number is written into a list beside the batches, which
holds for every snapshot of the home, older ones too. Both are asked at every question, never kept.

A list that is gone or cut off would show again what was taken away. So the home itself, outside of the lake,
keeps a seal of it: how many bytes it had and their fingerprint. The list is only ever added to, so it is whole
when it begins with these bytes; otherwise nothing is answered that it decides about.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from minxin.settings import Home, Refused, write_atomically
from minxin.texts.written import LONGEST_REASON, identity, one_line, plain_line

WAIT_SECONDS = 10.0
#: How every line about a list that cannot be relied upon ends: what follows, and what to do.
STOPPED = "为免误示，有关记录已停止展示；请从备份恢复，没有备份的见运维手册「到期与撤销」。"
LONGEST_NUMBER = 200


def today(home: Home) -> dt.date:
    """The day it is for a home: the wall clock in its time zone; a demo has the day of its newest snapshot.

    Of the newest one, also where an older one was gone back to: going back shows nothing again.
    """
    if home.kind == "demo":
        newest = max(home.snapshots.glob("s*.json"), key=lambda file: file.name, default=None)
        if newest is not None:
            return dt.datetime.fromisoformat(json.loads(newest.read_text(encoding="utf-8"))["as_of"]).date()
    return wall_clock(home).date()


def wall_clock(home: Home) -> dt.datetime:
    """Naive local time of the deployment."""
    return dt.datetime.now(home.deployment.zone).replace(tzinfo=None, microsecond=0)


@dataclass(frozen=True)
class Entry:
    """One decision about one record: taken away, or (``restored``) a mistaken one undone; ``on`` its local day."""

    record: str
    on: str
    at: str
    who: str
    reason: str
    restored: bool = False


class Revocations:
    """The records that a decision took away from sight, in a list that is only ever added to.

    ``file`` is the list, ``seal_file`` what the home remembers of it.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.file = home.lake / "revoked.jsonl"
        self.seal_file = home.path / "revoked.json"

    def entries(self) -> tuple[Entry, ...]:
        """Every decision in order.

        Raises Refused where the list cannot be read, is gone or lacks what it had: nobody then knows what to hide.
        """
        # The seal first: a list may have grown since, and is never shorter than its seal.
        sealed, held = _state(self.seal_file), _state(self.file)
        return _entries(self.file, self.seal_file, held, sealed) if held or sealed else ()

    def files(self) -> tuple[str, str]:
        """What list and seal look like from outside; changes when either does."""
        return str(_state(self.file)), str(_state(self.seal_file))

    def seal(self) -> None:
        """Remember the list as it stands, where that was not done: one of an earlier version, or after a kill.

        Raises Refused where the list cannot be relied upon.
        """
        if _state(self.file):
            with self._writing():
                self.entries()
                self._seal()

    def in_force(self) -> dict[str, Entry]:
        """Number of the record → the decision that took it away, of those not undone since."""
        held: dict[str, Entry] = {}
        for entry in self.entries():
            held.pop(entry.record, None)
            if not entry.restored:
                held[entry.record] = entry
        return held

    def ids(self) -> list[str]:
        """The records that may not be shown, whatever snapshot is open."""
        return sorted(self.in_force())

    def revoke(self, record: str, who: str, reason: str) -> Entry:
        """Take a record away from sight, from this moment on; the reason is masked before it is stored.

        Raises Refused for an empty number or reason, for one already taken away, or where the list is busy.
        """
        number, said = _number(record), one_line(reason, "原因", longest=LONGEST_REASON)
        with self._writing():
            if number in self.in_force():
                raise Refused(f"记录 {number} 此前已停止展示，无需再次撤销。")
            return self._append(number, who, said, restored=False)

    def restore(self, record: str, who: str, reason: str) -> Entry:
        """Undo a mistaken revocation. Raises Refused where the record was not taken away."""
        number, said = _number(record), one_line(reason, "原因", longest=LONGEST_REASON)
        with self._writing():
            if number not in self.in_force():
                raise Refused(f"记录 {number} 没有被撤销，无需恢复；请核对编号。")
            return self._append(number, who, said, restored=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A lock of its own: taking a record away does not wait for a build or an import to end."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.home.path / "revoked.lock", is_singleton=True, fallback_to_soft=False)
        try:
            lock.acquire(timeout=WAIT_SECONDS)
        except Timeout as error:
            raise Refused(f"撤销名单 {self.file} 正被另一程序写入，请稍后再试。") from error
        try:
            yield
        finally:
            lock.release()

    def _append(self, record: str, who: str, reason: str, restored: bool) -> Entry:
        now = wall_clock(self.home)
        entry = Entry(record, today(self.home).isoformat(), now.isoformat(sep=" "), identity(who), reason, restored)
        line = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
        with self.file.open("ab+") as out:
            out.seek(0)
            # A line that a dying process left unfinished was never said to be done: it goes.
            out.truncate(out.read().rfind(b"\n") + 1)
            out.write(line.encode())
            out.flush()
            os.fsync(out.fileno())
        self._seal()
        return entry

    def _seal(self) -> None:
        """Of the whole lines; whoever holds the lock may."""
        content = self.file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        seal = {"size": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}
        if whole and seal != _seal_of(self.seal_file):
            write_atomically(self.seal_file, json.dumps(seal) + "\n")


def _state(file: Path) -> tuple[int, int] | None:
    """What makes a file another one: when it was written and how large it is; None where there is none."""
    try:
        held = file.stat()
    except FileNotFoundError:
        return None
    return held.st_mtime_ns, held.st_size


@lru_cache(maxsize=16)
def _entries(
    file: Path, seal_file: Path, state: tuple[int, int] | None, sealed: tuple[int, int] | None
) -> tuple[Entry, ...]:
    """The lines of the list, held against its seal; the states of both are what makes it another answer."""
    seal = _seal_of(seal_file) if sealed else {}
    try:
        content = file.read_bytes() if state else b""
    except OSError as error:
        raise Refused(f"撤销名单 {file} 无法读取，{STOPPED}") from error
    size = int(seal.get("size", 0))
    if seal and not state:
        raise Refused(f"撤销名单 {file} 不见了，{STOPPED}")
    if seal and hashlib.sha256(content[:size]).hexdigest() != seal.get("sha256"):
        raise Refused(f"撤销名单 {file} 与登记时不符（残缺或被改动），{STOPPED}")
    found = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            found.append(Entry(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise Refused(f"撤销名单 {file} 第 {number} 行无法读取，{STOPPED}") from error
    return tuple(found)


def _seal_of(file: Path) -> dict[str, Any]:
    """What the home remembers of its list, {} where it had none. Raises Refused where that cannot be read."""
    try:
        seal = json.loads(file.read_text(encoding="utf-8"))
        return {"size": int(seal["size"]), "sha256": str(seal["sha256"])}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"撤销名单的核对记录 {file} 无法读取，{STOPPED}") from error


def _number(text: str) -> str:
    said = plain_line(text)
    if not said:
        raise Refused("记录编号不能为空，请填写后再试。")
    if len(said) > LONGEST_NUMBER:
        raise Refused(f"记录编号过长，请控制在 {LONGEST_NUMBER} 字以内。")
    return said
