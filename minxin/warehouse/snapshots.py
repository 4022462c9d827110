"""Snapshots: immutable DuckDB files under their own names, one of them current."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from minxin.settings import Home, Refused, replace_in_one_step, write_atomically
from minxin.warehouse.lock import writing

#: Raised when marts or their columns change: an older snapshot is refused with a line that says to build.
SCHEMA = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """One published file; times are naive local time of the deployment."""

    id: str
    file: Path
    sha256: str
    schema: int
    as_of: datetime
    built_at: datetime
    kind: str
    deployment: str

    @property
    def simulated(self) -> bool:
        return self.kind == "demo"


def fingerprint(file: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while piece := handle.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


class Snapshots:
    """The snapshots of one home, oldest first."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.folder = home.snapshots
        self.pointer = home.path / "current.json"

    def _read(self, file: Path) -> Snapshot:
        raw = json.loads(file.read_text(encoding="utf-8"))
        return Snapshot(
            id=raw["id"],
            file=self.folder / f"{raw['id']}.duckdb",
            sha256=raw["sha256"],
            schema=raw["schema"],
            as_of=datetime.fromisoformat(raw["as_of"]),
            built_at=datetime.fromisoformat(raw["built_at"]),
            kind=raw["kind"],
            deployment=raw["deployment"],
        )

    def current(self) -> Snapshot | None:
        """The published snapshot, or None while there is none.

        Raises Refused when it was built for another schema or its file is gone.
        """
        snapshot = self.published()
        if snapshot is None:
            return None
        if snapshot.schema != SCHEMA:
            raise Refused("当前快照的结构版本与程序不符，请运行 minxin build 重新构建。")
        if not snapshot.file.exists():
            raise Refused(f"快照文件 {snapshot.file.name} 不见了，请用 minxin build 重建，或 minxin rollback 退回。")
        return snapshot

    def published(self) -> Snapshot | None:
        """What is said of the published snapshot, also where it cannot be opened any more; None while there is none."""
        return self._read(self.pointer) if self.pointer.exists() else None

    def all(self) -> list[Snapshot]:
        """Every snapshot whose file is still there."""
        return [s for f in sorted(self.folder.glob("s*.json")) if (s := self._read(f)).file.exists()]

    def publish(self, built: Path, snapshot_id: str, as_of: datetime, built_at: datetime) -> Snapshot:
        """Give a finished file its name and make it current in one step."""
        sha256 = fingerprint(built)
        with built.open("rb+") as handle:
            os.fsync(handle.fileno())
        snapshot = Snapshot(
            snapshot_id,
            self.folder / f"{snapshot_id}.duckdb",
            sha256,
            SCHEMA,
            as_of,
            built_at,
            self.home.kind or "real",
            self.home.deployment.id,
        )
        replace_in_one_step(built, snapshot.file)
        text = _as_json(snapshot)
        write_atomically(self.folder / f"{snapshot_id}.json", text)
        write_atomically(self.pointer, text)
        return snapshot

    def rollback(self, snapshot_id: str) -> Snapshot:
        """Make an older snapshot current; Refused when it is not there or was changed."""
        with writing(self.home):
            chosen = next((s for s in self.all() if s.id == snapshot_id), None)
            if chosen is None:
                raise Refused(f"没有快照 {snapshot_id}；请用 minxin snapshots 查看可退回的快照。")
            if fingerprint(chosen.file) != chosen.sha256:
                raise Refused(f"快照 {snapshot_id} 的文件与发布时不一致，不能退回；请换一个快照或重新构建。")
            write_atomically(self.pointer, _as_json(chosen))
            return chosen

    def prune(self) -> list[str]:
        """Remove all but the newest set number of snapshots, never the current one."""
        with writing(self.home):
            everything = self.all()
            current = self.current()
            surplus = everything[: -self.home.deployment.snapshots_to_keep or None]
            removed = []
            for snapshot in surplus:
                if current and snapshot.id == current.id:
                    continue
                try:
                    snapshot.file.unlink()
                except PermissionError:
                    # Windows keeps a file that some board still reads; the next prune takes it.
                    log.info("snapshot %s is still open, left for the next prune", snapshot.id)
                    continue
                (self.folder / f"{snapshot.id}.json").unlink(missing_ok=True)
                removed.append(snapshot.id)
            return removed

    def next_id(self, suffix: str) -> str:
        """A fresh id; numbers are never used twice."""
        numbers = [int(f.stem[1:7]) for f in self.folder.glob("s*.json")]
        if self.pointer.exists():
            numbers.append(int(json.loads(self.pointer.read_text(encoding="utf-8"))["id"][1:7]))
        return f"s{1 + max(numbers, default=0):06d}-{suffix}"


def _as_json(snapshot: Snapshot) -> str:
    raw = asdict(snapshot)
    raw.pop("file")
    raw["as_of"] = snapshot.as_of.isoformat(sep=" ")
    raw["built_at"] = snapshot.built_at.isoformat(sep=" ")
    return json.dumps(raw, ensure_ascii=False)
