"""Broken files through whole, committed imports: one clear line or rows that add up, and nothing published moves.

Run as a program (``python -m tests.ingest.whole_imports [files] [seed]``) it puts many through and says how they went.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import duckdb

from minxin import settings
from minxin.ingest.mapping import Mapping, parse_mapping
from minxin.ingest.pipeline import run_import
from minxin.settings import Home, Unusable
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshots
from tests.ingest.broken import HEADINGS, broken_inputs
from tests.ingest.samples import write_csv

FILES, SEED = 540, 20230704
#: Seconds that one import may take, on a busy machine.
LONGEST = 60.0
TARGETS = (
    *("petition_id", "created_at", "kind", "community_name", "subject", "content", "closed_at", "satisfaction"),
    *("longitude", "latitude"),
)


def numbered() -> Mapping:
    """The mapping that all of the generated headings fit."""
    columns = {target: {"from": [heading]} for target, heading in zip(TARGETS, HEADINGS, strict=True)}
    return parse_mapping({"table": "petition", "columns": columns}, "broken", "broken.toml")


class Tried:
    """A home with a published snapshot, into which files are brought one after the other."""

    def __init__(self, home: Home, work: Path) -> None:
        self.home = home
        first = ["X9999999", "2023-06-01 08:00:00", "投诉", "海旺社区", "噪音", "太吵", "", "满意", "", ""]
        run_import(write_csv(work / "first.csv", HEADINGS, [first]), numbered(), home)
        build(home)
        self.published = self._published()
        self.batches = {m.batch_id for m in Lake(home).batches()}

    def _published(self) -> tuple[bytes, dict[str, str]]:
        pointer = (self.home.path / "current.json").read_bytes()
        files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(self.home.snapshots.iterdir())}
        return pointer, files

    def bring(self, path: Path) -> str:
        """Import a file for good; returns ``refused`` or ``imported``, and fails on anything else."""
        try:
            result = run_import(path, numbered(), self.home, who="测试")
        except Unusable as refusal:
            text, outcome, result = str(refusal), "refused", None
            assert re.search("[\u4e00-\u9fff]", text) and len(text) <= 400, text
            assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e]|Traceback", text), "one line"
            assert str(self.home.path) not in text
        else:
            outcome = "imported"
            assert result.rows == result.accepted + result.replaced + result.repeated + result.rejected > 0
            self._check_batch(str(result.batch), result.rejected, result.accepted + result.replaced)
            self.batches.add(str(result.batch))
        assert self._published() == self.published, "what is published must not move"
        folders = {p.name for p in (self.home.lake / "batches").iterdir()}
        assert folders == self.batches == {m.batch_id for m in Lake(self.home).batches()}
        assert not (self.home.lake / "incoming").exists() and not list(self.home.temporary.iterdir())
        return outcome

    def _check_batch(self, batch: str, rejected: int, stored: int) -> None:
        folder = self.home.lake / "batches" / batch
        files = sorted(f.as_posix() for f in folder.glob("petition/month=*/*.parquet"))
        with duckdb.connect() as connection:
            lines = connection.execute("select count(*) from read_parquet(?)", [str(folder / "rejected.parquet")])
            assert lines.fetchall() == [(rejected,)]
            if files:
                held = connection.execute("select count(*) from read_parquet(?, union_by_name = true)", [files])
                assert held.fetchall() == [(stored,)]
            else:
                assert stored == 0

    def publish(self) -> None:
        """What was let in can be built and published."""
        before = Snapshots(self.home).current()
        after = build(self.home)
        assert before is not None and after.id != before.id
        self.published = self._published()


def bring_many(home: Home, work: Path, files: int, seed: int) -> Counter[str]:
    """Bring so many broken files; what became of them, and the longest one in ``seconds``."""
    tried = Tried(home, work)
    outcomes: Counter[str] = Counter()
    for label, path in broken_inputs(work / "in", files, seed):
        began = time.monotonic()
        try:
            outcomes[tried.bring(path)] += 1
        except BaseException as error:
            error.add_note(f"input {label} of seed {seed}")
            raise
        took = time.monotonic() - began
        assert took < LONGEST, label
        if took > outcomes["longest_ms"] / 1000:
            outcomes["longest_ms"] = round(took * 1000)
        if os.path.isfile(path):
            path.unlink()
    tried.publish()
    return outcomes


def main() -> None:
    """Put many files through and print what became of them."""
    files, seed = (int(a) for a in (*sys.argv[1:3], *(str(FILES), str(SEED))[len(sys.argv) - 1 :]))
    folder = Path(tempfile.mkdtemp(prefix="minxin-broken-"))
    os.environ.pop("MINXIN_KEY_FILE", None)
    try:
        began = time.monotonic()
        done = bring_many(Home(folder / "home", settings.load_deployment(settings.ROOT / "data")), folder, files, seed)
        print(
            f"{files} files of seed {seed}: {done['imported']} imported, {done['refused']} refused in one line,"
            f" {time.monotonic() - began:.0f} s, the longest {done['longest_ms'] / 1000:.1f} s"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
