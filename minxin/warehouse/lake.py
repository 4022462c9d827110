"""The lake: immutable batches of Parquet files, each published by one rename.

``batches/<id>/`` holds a table's files, ``rejected.parquet`` and ``manifest.json``; a batch is
taken out of force by a marker in ``withdrawn/``, never by changing it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from minxin.settings import Home, Refused, replace_in_one_step, write_atomically
from minxin.texts.written import LONGEST_REASON, identity, one_line
from minxin.warehouse.lock import writing

BATCH_ID = re.compile(r"b(\d{6,})-[0-9a-f]{6}")


@dataclass(frozen=True)
class Manifest:
    """What a batch says of itself; times are ISO text in the deployment's time zone."""

    batch_id: str
    sequence: int
    table: str
    source: str
    source_sha256: str
    mapping: str
    imported_at: str
    imported_by: str
    rows: int
    accepted: int
    replaced: int
    repeated: int
    rejected: int
    as_of: str | None = None
    unlocated: int = 0
    located: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    fields: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    tables: Sequence[str] = ()
    #: Columns that the file filled (``minxin.warehouse.merging``); none named means all declared ones.
    delivered: Sequence[str] = ()
    #: Earlier batches from which replaced rows keep what this file does not speak of.
    keeps: Sequence[str] = ()
    #: Where the row is its own key: keyed hashes of the file's headings and of those that make the key.
    headings: Sequence[str] = ()
    key_headings: Sequence[str] = ()
    withdrawn: bool = False


class BatchWriter:
    """A batch in the making: write below ``folder/<table>/month=…/``, then ``finish``."""

    def __init__(self, home: Home, batch_id: str, sequence: int, about: dict[str, Any]) -> None:
        self.id = batch_id
        self.folder = home.lake / "incoming" / batch_id
        self.manifest: Manifest | None = None
        self._home = home
        self._sequence = sequence
        self._about = about
        self.folder.mkdir(parents=True)

    def month_folder(self, table: str, month: str = "all") -> Path:
        """The folder for a table's rows of one month (``YYYY-MM``, or ``all``), made if missing."""
        folder = self.folder / table / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def rejected_file(self) -> Path:
        """Where the rejected lines go: a Parquet file of line BIGINT, reason VARCHAR."""
        return self.folder / "rejected.parquet"

    def finish(
        self,
        *,
        rows: int,
        accepted: int,
        replaced: int,
        repeated: int,
        rejected: int,
        reasons: Mapping[str, int] | None = None,
        fields: Sequence[Mapping[str, Any]] = (),
        unlocated: int = 0,
        located: Mapping[str, int] | None = None,
        as_of: datetime | None = None,
        notes: Sequence[str] = (),
        delivered: Sequence[str] = (),
        keeps: Sequence[str] = (),
        headings: Sequence[str] = (),
        key_headings: Sequence[str] = (),
    ) -> Manifest:
        """State the counts; the batch is published when the writer's context ends.

        Raises ValueError when the four counts do not add up to the rows.
        """
        if accepted + replaced + repeated + rejected != rows:
            raise ValueError(f"counts do not add up: {accepted}+{replaced}+{repeated}+{rejected} != {rows}")
        now = datetime.now(self._home.deployment.zone).replace(tzinfo=None, microsecond=0)
        self.manifest = Manifest(
            batch_id=self.id,
            sequence=self._sequence,
            imported_at=now.isoformat(sep=" "),
            rows=rows,
            accepted=accepted,
            replaced=replaced,
            repeated=repeated,
            rejected=rejected,
            as_of=as_of.isoformat(sep=" ") if as_of else None,
            unlocated=unlocated,
            located=dict(located or {}),
            reasons=dict(reasons or {}),
            fields=[dict(f) for f in fields],
            notes=list(notes),
            tables=sorted(p.name for p in self.folder.iterdir() if p.is_dir()),
            delivered=list(delivered),
            keeps=list(keeps),
            headings=list(headings),
            key_headings=list(key_headings),
            **self._about,
        )
        return self.manifest


def _sync_tree(folder: Path) -> None:
    """Make a batch's files durable before they become visible."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb+") as handle:
                os.fsync(handle.fileno())


class Lake:
    """The batches of one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.folder = home.lake / "batches"
        self.markers = home.lake / "withdrawn"

    def batches(self, withdrawn: bool = False) -> list[Manifest]:
        """The batches in force in order of arrival; with ``withdrawn`` also those taken out."""
        found = []
        for file in self.folder.glob("b*/manifest.json"):
            raw = json.loads(file.read_text(encoding="utf-8"))
            raw["withdrawn"] = (self.markers / f"{raw['batch_id']}.json").exists()
            if withdrawn or not raw["withdrawn"]:
                found.append(Manifest(**raw))
        return sorted(found, key=lambda m: m.sequence)

    def files(self, table: str) -> list[str]:
        """Parquet files of a table, batches in force only, in order of arrival."""
        return [
            file.as_posix()
            for manifest in self.batches()
            for file in sorted((self.folder / manifest.batch_id / table).glob("month=*/*.parquet"))
        ]

    def delivered(self, table: str) -> dict[str, Sequence[str]]:
        """The columns that each batch in force with rows of a table delivers; none named means all."""
        return {m.batch_id: m.delivered for m in self.batches() if table in m.tables}

    @contextmanager
    def writer(
        self, *, source: str, mapping: str, who: str, table: str = "", source_sha256: str = ""
    ) -> Iterator[BatchWriter]:
        """Open a new batch under the writer lock and publish it by one rename if it was finished.

        Leaving without ``finish``, or with an exception, discards everything written.
        """
        with writing(self.home):
            incoming = self.home.lake / "incoming"
            # Whoever left something here is dead: the lock is ours.
            shutil.rmtree(incoming, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True)
            sequence = 1 + max(
                (int(m[1]) for p in self.folder.iterdir() if (m := BATCH_ID.fullmatch(p.name))), default=0
            )
            about = {
                "source": source,
                "source_sha256": source_sha256,
                "mapping": mapping,
                "imported_by": who,
                "table": table,
            }
            batch = BatchWriter(self.home, f"b{sequence:06d}-{secrets.token_hex(3)}", sequence, about)
            try:
                yield batch
                if batch.manifest is not None:
                    text = json.dumps(asdict(batch.manifest), ensure_ascii=False, indent=1)
                    (batch.folder / "manifest.json").write_text(text, encoding="utf-8")
                    _sync_tree(batch.folder)
                    replace_in_one_step(batch.folder, self.folder / batch.id)
            finally:
                shutil.rmtree(incoming, ignore_errors=True)

    def withdraw(self, batch_id: str, who: str, reason: str = "") -> Manifest:
        """Take a wrong batch out of the next build; its rows vanish from open boards at once; the reason is masked.

        Raises Refused when there is no such batch or it is withdrawn already.
        """
        said = one_line(reason, "原因", required=False, longest=LONGEST_REASON)
        with writing(self.home):
            manifest = next((m for m in self.batches(withdrawn=True) if m.batch_id == batch_id), None)
            if manifest is None:
                raise Refused(f"没有批次 {batch_id}；请用 minxin batches 或「数据质量」页核对批次编号。")
            if manifest.withdrawn:
                raise Refused(f"批次 {batch_id} 此前已撤回，无需再次撤回。")
            self.markers.mkdir(parents=True, exist_ok=True)
            now = datetime.now(self.home.deployment.zone).replace(tzinfo=None, microsecond=0)
            note = {"batch_id": batch_id, "who": identity(who), "reason": said, "at": now.isoformat(sep=" ")}
            write_atomically(self.markers / f"{batch_id}.json", json.dumps(note, ensure_ascii=False))
            return manifest

    def withdrawn_ids(self) -> list[str]:
        """Batches whose rows may not be shown any more, whatever snapshot is open."""
        return sorted(p.stem for p in self.markers.glob("b*.json"))

    def keepers(self, gone: Collection[str]) -> list[str]:
        """Batches in force whose rows keep values of batches that are ``gone``, until the next build."""
        return [m.batch_id for m in self.batches() if set(m.keeps) & set(gone)]


def later_repeats(lake: Lake, manifest: Manifest) -> list[str]:
    """Batches after a withdrawn one that counted rows as repeated: they may need importing again."""
    return [
        m.batch_id
        for m in lake.batches()
        if m.sequence > manifest.sequence and m.table == manifest.table and m.repeated
    ]


# The one way keys are made, so that the simulation and the door agree.
def key_sql(columns: Sequence[str]) -> str:
    """SQL for ``_key`` (UBIGINT): the key columns as text, joined by U+001F, through MD5.

    Stored with each row, so nothing depends on a hash that changes with DuckDB's version.
    """
    parts = ", ".join(f"coalesce(cast(\"{c}\" as varchar), '')" for c in columns)
    # The upper half of MD5; DuckDB's own md5_number_lower gives the same number five times slower.
    return f"cast(md5_number(concat_ws(chr(31), {parts})) >> 64 as ubigint)"
