"""The seed decides everything; the size grows the unpublished channels only."""

from __future__ import annotations

from pathlib import Path

import pytest

from minxin.demo import simulate, store
from minxin.settings import Deployment, Refused, Unusable, load_deployment
from minxin.tables import tables
from tests.demo.conftest import opened
from tests.support import ROOT

SMALL = 14_000


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return load_deployment(ROOT / "data")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment) -> Path:
    folder = tmp_path_factory.mktemp("small")
    simulate.write(folder, deployment, SMALL, seed=7)
    return folder


def contents(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in the order of the files."""
    connection = opened(folder)
    return {
        name: connection.execute(f"select * from {name} order by all").fetchall()
        for name in tables()
        if (folder / name).is_dir()
    }


def test_same_seed_same_files(small: Path, tmp_path: Path, deployment: Deployment) -> None:
    simulate.write(tmp_path, deployment, SMALL, seed=7)
    first = {f.relative_to(small).as_posix(): f.read_bytes() for f in small.rglob("*.parquet")}
    again = {f.relative_to(tmp_path).as_posix(): f.read_bytes() for f in tmp_path.rglob("*.parquet")}
    assert first == again


def test_writing_month_by_month_changes_no_row(
    small: Path, tmp_path: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large runs write each month as soon as it is complete; the rows must be those of a run held in memory."""
    monkeypatch.setattr(store, "ENOUGH", 1)
    simulate.write(tmp_path, deployment, SMALL, seed=7)
    assert contents(tmp_path) == contents(small)


def test_other_seed_other_rows_same_published_counts(small: Path, tmp_path: Path, deployment: Deployment) -> None:
    simulate.write(tmp_path, deployment, SMALL, seed=8)
    one, other = opened(small), opened(tmp_path)
    closed = "count(closed_at) filter (where channel in ('信箱', '心安在线'))"
    counts = f"select channel, count(*), {closed} from petition group by 1 order by 1"
    assert one.execute(counts).fetchall() == other.execute(counts).fetchall()
    same = "select petition_id, content from petition order by 1 limit 200"
    assert one.execute(same).fetchall() != other.execute(same).fetchall()


def test_smallest_size_holds_the_published_channels_only(tmp_path: Path, deployment: Deployment) -> None:
    outcome = simulate.write(tmp_path, deployment, 12_500)
    found = opened(tmp_path).execute("select channel, count(*) from petition group by 1 order by 2 desc").fetchall()
    assert found == [("信箱", 5079), ("心安在线", 3197), ("心安夜话", 2647), ("心安到家", 1577)]
    assert outcome.rows["petition"] == 12_500 and outcome.unlocated == 0


def test_fewer_than_published_is_raised(tmp_path: Path, deployment: Deployment) -> None:
    assert simulate.write(tmp_path, deployment, 100).rows["petition"] == 12_500


@pytest.mark.parametrize("number", [0, -5, 10**9])
def test_impossible_sizes_are_unusable(tmp_path: Path, deployment: Deployment, number: int) -> None:
    with pytest.raises(Unusable, match="诉求件数"):
        simulate.write(tmp_path, deployment, number)


def test_growth_leaves_the_published_channels_alone(tmp_path: Path, deployment: Deployment) -> None:
    simulate.write(tmp_path, deployment, 150_000)
    connection = opened(tmp_path)
    found = dict(connection.execute("select channel, count(*) from petition group by 1").fetchall())
    assert sum(found.values()) == 150_000
    assert (found["信箱"], found["心安在线"], found["心安夜话"], found["心安到家"]) == (5079, 3197, 2647, 1577)
    assert found["民意速办"] > found["电话"] > found["网络"] > found["国际服务中心"] > 0
    # The incidents grow with the rest, else nobody would see them.
    week = connection.execute(
        "select count(*) from petition where community_name = '新乐社区' and category_1 = '噪音扰民'"
        " and created_at >= '2023-06-26' and created_at < '2023-07-03'"
    ).fetchall()[0][0]
    assert week > 70


def test_another_city_has_no_scenario(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "deployment.toml").write_text('id = "elsewhere"\nname = "别处"\n', encoding="utf-8")
    (folder / "communities.csv").write_text("code,name\n1,一区\n", encoding="utf-8")
    with pytest.raises(Refused, match="没有模拟方案"):
        simulate.write(tmp_path / "out", load_deployment(folder))
