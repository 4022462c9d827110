"""A build publishes a whole snapshot or nothing, and what it publishes cannot be misused."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import duckdb
import pytest

from minxin.queries import connection
from minxin.settings import ROOT, Home, Refused, load_deployment
from minxin.warehouse import build as building
from minxin.warehouse.build import build, models
from minxin.warehouse.lake import Lake, key_sql
from minxin.warehouse.lock import writing
from minxin.warehouse.marttests import check_mart
from minxin.warehouse.snapshots import Snapshots


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home", load_deployment(ROOT / "data")).open("real")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("published") / "home", load_deployment(ROOT / "data")).open("real")
    add_petitions(home, ["2023-06-01 08:00"])
    return build(home)


def add_petitions(home, created, as_of=None):
    """One batch of bare petitions with the given creation times."""
    connection = duckdb.connect()
    with Lake(home).writer(source="诉求.csv", mapping="test", who="测试", table="petition") as batch:
        connection.execute("create table p (petition_id varchar, created_at timestamp, community_code varchar)")
        rows = [(f"{batch.id}-{i}", t, "440306017001") for i, t in enumerate(created)]
        connection.executemany("insert into p values (?, ?, ?)", rows)
        target = (batch.month_folder("petition", "2023-06") / "part-0.parquet").as_posix()
        connection.execute(
            "copy (select *, row_number() over () as _line, 'accepted' as _status,"
            f" {key_sql(['petition_id'])} as _key, hash(petition_id) as _content from p) to '{target}' (format parquet)"
        )
        batch.finish(rows=len(rows), accepted=len(rows), replaced=0, repeated=0, rejected=0, as_of=as_of)
    return batch.id


def test_models_run_after_what_they_read():
    order = list(models())
    assert order.index("mart_daily") > order.index("fct_petition")


def test_a_build_publishes_and_a_failing_one_changes_nothing(home, monkeypatch):
    add_petitions(home, ["2023-06-01 08:00", "2023-06-03 09:30"])
    first = build(home)
    assert first.as_of == datetime(2023, 6, 4)
    assert Snapshots(home).current() == first
    add_petitions(home, ["2023-06-05 08:00"])
    monkeypatch.setattr(building, "check_mart", lambda *_: ["编造的不符"])
    with pytest.raises(Refused, match="编造的不符"):
        build(home)
    assert Snapshots(home).current() == first
    assert [f.name for f in home.snapshots.glob("building-*")] == []
    monkeypatch.undo()
    second = build(home)
    assert second.id > first.id and second.as_of == datetime(2023, 6, 6)
    assert Snapshots(home).rollback(first.id) == first == Snapshots(home).current()


def test_a_snapshot_holds_marts_only(home):
    add_petitions(home, ["2023-06-01 08:00"])
    with duckdb.connect(str(build(home).file), read_only=True) as connection:
        names = {n for (n,) in connection.execute("select table_name from information_schema.tables").fetchall()}
    assert "fct_petition" in names
    assert {n.split("_")[0] for n in names} <= {"dim", "fct", "mart", "snapshot"}


def test_a_tampered_snapshot_is_not_rolled_back_to(home):
    add_petitions(home, ["2023-06-01 08:00"])
    first = build(home)
    build(home)
    with first.file.open("ab") as file:
        file.write(b"x")
    with pytest.raises(Refused, match="不一致"):
        Snapshots(home).rollback(first.id)


def test_prune_keeps_the_set_number_and_the_current_one(tmp_path):
    home = Home(tmp_path / "home", replace(load_deployment(ROOT / "data"), snapshots_to_keep=2)).open("real")
    add_petitions(home, ["2023-06-01 08:00"])
    made = [build(home) for _ in range(4)]
    Snapshots(home).rollback(made[0].id)
    removed = Snapshots(home).prune()
    kept = {s.id for s in Snapshots(home).all()}
    assert made[0].id in kept and removed == [made[1].id]
    assert build(home).id > made[-1].id


def test_the_data_time_is_never_after_the_import(home):
    batch = Lake(home)
    tonight = datetime.now(home.deployment.zone).replace(tzinfo=None)
    add_petitions(home, [tonight.isoformat(sep=" ")])
    assert build(home).as_of <= datetime.now(home.deployment.zone).replace(tzinfo=None)
    assert batch.batches()[0].as_of is None


def test_a_stated_data_time_counts(home):
    add_petitions(home, ["2023-06-01 08:00"], as_of=datetime(2023, 6, 1, 18))
    assert build(home).as_of == datetime(2023, 6, 1, 18)


@pytest.mark.parametrize(
    "attack",
    [
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('/etc/hostname')",
        "copy (select 1) to '{tmp}/out.csv'",
        "attach '{tmp}/other.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
        "load 'x'",
        "delete from fct_petition",
        "create table t as select 1",
        "export database '{tmp}/dump'",
    ],
)
def test_the_door_lets_nothing_out_or_in(published, tmp_path, attack):
    cursor = connection(published).cursor()
    with pytest.raises(duckdb.Error):
        cursor.execute(attack.format(tmp=tmp_path.as_posix())).fetchall()
    assert not (tmp_path / "out.csv").exists() and not (tmp_path / "other.duckdb").exists()


def test_a_second_writer_is_told_to_wait_and_a_dead_one_keeps_nothing(home):
    script = (
        "import sys, time; from pathlib import Path\n"
        "from minxin.settings import Home, ROOT, load_deployment\n"
        "from minxin.warehouse.lock import writing\n"
        f"with writing(Home(Path({str(home.path)!r}), load_deployment(ROOT / 'data'))):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(Refused, match="正在进行"), writing(home, wait=0.2):
            pass
    finally:
        other.kill()
        other.wait()
    with writing(home, wait=5):
        pass


def test_declared_mart_tests_find_what_is_wrong(tmp_path):
    connection = duckdb.connect()
    connection.execute("create table dim_x as select 'a' as code union all select 'b'")
    connection.execute("create table mart_y as select * from (values ('a', 1), ('a', -1), ('c', null)) t(code, n)")
    file = tmp_path / "mart_y.toml"
    file.write_text(
        """
[[test]]
kind = "unique"
columns = ["code"]
[[test]]
kind = "not_null"
columns = ["n"]
[[test]]
kind = "accepted_values"
column = "code"
values = ["a"]
[[test]]
kind = "relationship"
column = "code"
to = "dim_x.code"
[[test]]
kind = "expression"
condition = "n >= 0"
""",
        encoding="utf-8",
    )
    faults = check_mart(connection, "mart_y", file)
    assert [f.rsplit("\uff1a", 1)[1] for f in faults] == ["1 行不符", "1 行不符", "1 行不符", "1 行不符", "2 行不符"]


def test_the_pointer_is_whole_json_that_names_the_file(home):
    add_petitions(home, ["2023-06-01 08:00"])
    snapshot = build(home)
    pointer = json.loads((home.path / "current.json").read_text(encoding="utf-8"))
    assert {"id", "sha256", "schema", "as_of"} <= set(pointer)
    assert pointer["id"] == snapshot.id
