"""Import and build killed 50 times at random moments: nothing published is lost or half visible."""

import csv
import os
import random
import subprocess
import sys
import time

import duckdb
import pytest

from minxin.settings import ROOT, Home, load_deployment
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshots, fingerprint

KILLS = 50
ROWS = 3000
MAPPING = """
name = "killed"
label = "中断测试"
table = "petition"
[columns.petition_id]
from = ["编号"]
[columns.created_at]
from = ["创建时间"]
formats = ["%Y-%m-%d %H:%M:%S"]
[columns.content]
from = ["内容"]
[columns.community_name]
from = ["社区"]
"""


def write_file(path, start):
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["编号", "创建时间", "内容", "社区"])
        for i in range(start, start + ROWS):
            writer.writerow([f"P{i:07d}", f"2023-0{1 + i % 6}-1{i % 9} 08:{i % 60:02d}:00", f"路灯不亮{i}", "翻身"])


def command(*arguments):
    return [sys.executable, "-m", "minxin", *map(str, arguments)]


def check_whole(home, published):
    """What anyone can see is whole: every batch has the rows it says, the pointer a whole file."""
    connection = duckdb.connect()
    lake = Lake(home)
    for manifest in lake.batches(withdrawn=True):
        files = [f.as_posix() for f in (lake.folder / manifest.batch_id / "petition").rglob("*.parquet")]
        count = connection.execute("select count(*) from read_parquet(?)", [files]).fetchall()[0][0] if files else 0
        assert count == manifest.accepted + manifest.replaced
    current = Snapshots(home).current()
    assert current is not None and current.id >= published.id
    assert fingerprint(current.file) == current.sha256
    with duckdb.connect(str(current.file), read_only=True) as snapshot:
        assert snapshot.execute("select count(*) from fct_petition").fetchall()[0][0] % ROWS == 0
    return current


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_fifty_times(tmp_path):
    home = Home(tmp_path / "home", load_deployment(ROOT / "data"))
    environment = {**os.environ, "MINXIN_HOME": str(home.path), "MINXIN_KEY_FILE": str(tmp_path / "key")}
    environment.pop("MINXIN_CONFIG", None)
    mapping = tmp_path / "killed.toml"
    mapping.write_text(MAPPING, encoding="utf-8")

    def run(*arguments, kill_after=None):
        process = subprocess.Popen(
            command(*arguments), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        if kill_after is None:
            message = process.communicate(timeout=120)[1].decode("utf-8", "replace")
            assert process.returncode == 0, message
            return True
        try:
            process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return False
        return True

    file = tmp_path / "part.csv"
    write_file(file, 0)
    durations = []
    for arguments in (("import", file, "--mapping", mapping), ("build",)):
        begun = time.perf_counter()
        run(*arguments)
        durations.append(time.perf_counter() - begun)
    published = check_whole(home, Snapshots(home).current())

    dice = random.Random(20230704)
    killed = 0
    attempt = 0
    while killed < KILLS:
        attempt += 1
        assert attempt < 4 * KILLS, "the commands finish before they can be killed"
        which = attempt % 2
        write_file(file, attempt * ROWS)
        arguments = ("build",) if which else ("import", file, "--mapping", mapping)
        # The interpreter's own start is not interesting: kill in the later four fifths.
        if not run(*arguments, kill_after=durations[which] * dice.uniform(0.2, 1.0)):
            killed += 1
        published = check_whole(home, published)

    write_file(file, 10_000_000)
    run("import", file, "--mapping", mapping)
    run("build")
    published = check_whole(home, published)
    with duckdb.connect(str(published.file), read_only=True) as snapshot:
        rows = snapshot.execute("select count(*) from fct_petition").fetchall()[0][0]
    assert rows == sum(m.accepted for m in Lake(home).batches())
    assert not (home.lake / "incoming").exists()
    assert list(home.snapshots.glob("building-*")) == []
