"""The lake keeps what was finished, hides what was not, and gives back what was withdrawn."""

import json

import duckdb
import pytest

from minxin.settings import ROOT, Home, Refused, load_deployment
from minxin.tables import table
from minxin.warehouse.lake import Lake, key_sql, later_repeats
from minxin.warehouse.views import make_lake_view


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home", load_deployment(ROOT / "data")).open("real")


def write(home, units, **counts):
    """One batch of departments: (unit, level, status)."""
    connection = duckdb.connect()
    with Lake(home).writer(source="单位.csv", mapping="test", who="测试", table="department") as batch:
        target = (batch.month_folder("department") / "part-0.parquet").as_posix()
        connection.execute(
            "create table d (unit varchar, level varchar, parent varchar, _line bigint, _status varchar)"
        )
        if units:
            connection.executemany(
                "insert into d values (?, ?, null, ?, ?)", [(u, v, i + 2, s) for i, (u, v, s) in enumerate(units)]
            )
        connection.execute(
            f"copy (select *, {key_sql(['unit'])} as _key, hash(level) as _content from d)"
            f" to '{target}' (format parquet)"
        )
        accepted = sum(s == "accepted" for _, _, s in units)
        numbers = {
            "rows": len(units),
            "accepted": accepted,
            "replaced": len(units) - accepted,
            "repeated": 0,
            "rejected": 0,
        }
        batch.finish(**(numbers | counts))
    return batch.id


def current(home):
    connection = duckdb.connect()
    replaced = any(m.replaced for m in Lake(home).batches())
    make_lake_view(connection, table("department"), Lake(home).files("department"), replaced)
    return dict(connection.execute("select unit, level from lake_department").fetchall())


def test_a_later_row_of_the_same_key_stands_and_withdrawing_it_brings_the_earlier_back(home):
    write(home, [("甲", "街道", "accepted"), ("乙", "社区", "accepted")])
    second = write(home, [("甲", "区级", "replaced"), ("甲", "其他", "replaced"), ("丙", "社区", "accepted")])
    assert current(home) == {"甲": "其他", "乙": "社区", "丙": "社区"}
    Lake(home).withdraw(second, "张三\u202e", "来电13812345678\u202e说导错了\x07")
    note = json.loads((Lake(home).markers / f"{second}.json").read_text(encoding="utf-8"))
    assert (note["who"], note["reason"]) == ("张三", "来电〔电话〕说导错了")
    assert current(home) == {"甲": "街道", "乙": "社区"}
    with pytest.raises(Refused, match="已撤回"):
        Lake(home).withdraw(second, "测试")


def test_an_unfinished_or_failed_batch_leaves_nothing(home):
    lake = Lake(home)
    with lake.writer(source="a", mapping="m", who="w") as batch:
        (batch.month_folder("department") / "part-0.parquet").write_bytes(b"half")
    with pytest.raises(RuntimeError), lake.writer(source="a", mapping="m", who="w") as batch:
        (batch.month_folder("department") / "part-0.parquet").write_bytes(b"half")
        raise RuntimeError
    assert lake.batches(withdrawn=True) == []
    assert not (home.lake / "incoming").exists()


def test_counts_must_add_up(home):
    with pytest.raises(ValueError, match="add up"):
        write(home, [("甲", "街道", "accepted")], rows=2)
    assert Lake(home).batches() == []


def test_an_unknown_batch_is_refused_in_one_line(home):
    with pytest.raises(Refused) as refused:
        Lake(home).withdraw("b000009-abcdef", "测试")
    assert "\n" not in str(refused.value)


def test_batches_that_repeated_rows_of_a_withdrawn_one_are_named(home):
    first = write(home, [("甲", "街道", "accepted")])
    second = write(home, [], rows=1, repeated=1)
    manifest = Lake(home).withdraw(first, "测试")
    assert later_repeats(Lake(home), manifest) == [second]


def test_a_home_belongs_to_one_deployment_and_one_kind(home, tmp_path):
    with pytest.raises(Refused, match="真实数据"):
        home.open("demo")
    from dataclasses import replace

    with pytest.raises(Refused, match="属于部署"):
        Home(home.path, replace(home.deployment, id="other")).open("real")


def test_the_key_is_made_once_outside_the_home(home, monkeypatch):
    monkeypatch.delenv("MINXIN_KEY_FILE", raising=False)
    first = home.key()
    assert len(first) == 32 and home.key() == first
    assert not list(home.path.rglob("hash.key"))
