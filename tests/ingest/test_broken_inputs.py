"""Whatever is handed in: a usable source whose rows all add up, or one clear Chinese line. Nothing else."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minxin.ingest.readers import open_source
from minxin.settings import Home, Unusable
from tests.ingest.broken import EXTENSIONS, broken_inputs
from tests.ingest.whole_imports import bring_many

pytestmark = pytest.mark.slow

INPUTS, PARTS, SEED = 540, 6, 20230704
#: Seconds that one file may take, on a busy machine.
LONGEST = 30.0


def tried(path: Path, work: Path) -> str:
    """The line that a file is refused with, or '' where it is usable; fails on anything else."""
    try:
        source = open_source(path, work)
        with duckdb.connect() as connection:
            total = source.load(connection, source.columns)
            [(good, lines, first)] = connection.execute(
                "select count(*), count(distinct _line), min(_line) from raw"
            ).fetchall()
            bad = connection.execute("select line, reason from raw_bad").fetchall()
            numbers = {row[0] for row in connection.execute("select _line from raw").fetchall()}
    except Unusable as refusal:
        text = str(refusal)
        assert re.search("[\u4e00-\u9fff]", text), text
        assert len(text) <= 300
        assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e]", text), "one line that cannot be turned about"
        assert str(work) not in text
        return text
    assert good + len(bad) == total > 0
    assert lines == good, "no line is told twice"
    assert numbers.isdisjoint(line for line, _ in bad)
    assert all(reason and "\n" not in reason for _, reason in bad)
    assert first is None or first > source.header_line
    assert len(source.head(3)) == min(3, good)
    return ""


@pytest.mark.parametrize("part", range(PARTS))
def test_broken_inputs(tmp_path: Path, part: int) -> None:
    usable = 0
    for label, path in broken_inputs(tmp_path / "in", INPUTS // PARTS, SEED + part):
        began = time.monotonic()
        try:
            usable += not tried(path, tmp_path / "work")
        except BaseException as error:
            error.add_note(f"input {label} of seed {SEED + part}")
            raise
        assert time.monotonic() - began < LONGEST, label
        if os.path.isfile(path):
            path.unlink()
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
    assert 0.2 * INPUTS / PARTS < usable < 0.7 * INPUTS / PARTS, "both kinds are among them"


@pytest.mark.parametrize("part", range(2))
def test_broken_inputs_brought_for_good(tmp_home: Home, tmp_path: Path, part: int) -> None:
    """Through whole imports into a published home; ``python -m tests.ingest.whole_imports`` does so with 540."""
    done = bring_many(tmp_home, tmp_path, 54, SEED + 100 + part)
    assert done["imported"] + done["refused"] == 54 and done["imported"] > 10


def test_an_old_workbook_that_asks_for_all_memory(tmp_path: Path) -> None:
    """One cell at row and column 65,536: the parser's process dies of it, this one does not."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    for row in range(3):
        sheet.write(row, 0, f"x{row}")
        sheet.write(row, 1, f"y{row}")
    path = tmp_path / "a.xls"
    book.save(path)
    assert tried(path, tmp_path / "work") == ""
    data = path.read_bytes()
    at = data.rindex(b"\xfd\x00\x0a\x00") + 4
    path.write_bytes(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
    assert "已损坏" in tried(path, tmp_path / "work")


def test_a_sheet_of_a_few_cells_far_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "编号")
        sheet.write(1_048_575, 16_383, "x")
    assert "1048576 行 16384 列" in tried(path, tmp_path / "work")


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    def made(folder: str) -> list[tuple[str, bytes]]:
        return [
            (label, path.read_bytes() if os.path.isfile(path) else b"")
            for label, path in broken_inputs(tmp_path / folder, 20, 1)
        ]

    assert made("a") == made("b")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), extension=st.sampled_from(EXTENSIONS))
def test_any_bytes(tmp_path: Path, data: bytes, extension: str) -> None:
    path = tmp_path / f"x{extension}"
    path.write_bytes(data)
    tried(path, tmp_path / "work")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=300),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030", "utf-16-le"]),
    heading=st.booleans(),
)
def test_any_text(tmp_path: Path, text: str, encoding: str, heading: bool) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes((("工单编号,内容\n" if heading else "") + text).encode(encoding, "replace"))
    tried(path, tmp_path / "work")
