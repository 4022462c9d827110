"""The store's clock, its stamp, and how what was decided reaches the next build by itself."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from functools import partial
from pathlib import Path

import duckdb
import pytest

from minxin.board.operations import _community_of
from minxin.operations import Actor, Store, bring, clock_of
from minxin.operations.database import FILE, SETTING
from minxin.settings import Home, Refused
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshots
from tests import support
from tests.operations.conftest import VIEW, community, person


@pytest.fixture
def own_demo(demo_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A copy of the demo that a test may change."""
    path = tmp_path / "home"
    shutil.copytree(demo_home.path, path)
    for name, value in support.environment(path).items():
        if name.startswith("MINXIN_"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv(SETTING, raising=False)
    return Home(path, demo_home.deployment)


def petition(home: Home) -> tuple[str, str]:
    """A petition of the demo that nobody excluded, and its community."""
    current = Snapshots(home).current()
    assert current is not None
    with duckdb.connect(str(current.file), read_only=True) as connection:
        found = connection.execute(
            "select petition_id, community_code from fct_petition where not is_excluded and community_code <> 'none'"
            " order by petition_id limit 1"
        ).fetchone()
    assert found is not None
    return str(found[0]), str(found[1])


def test_a_demo_lives_by_the_clock_of_its_data(own_demo: Home, tmp_path: Path) -> None:
    current = Snapshots(own_demo).current()
    assert current is not None
    clock, zone = clock_of(own_demo), own_demo.deployment.zone
    assert clock().astimezone(zone).replace(tzinfo=None) == current.as_of
    # a snapshot of an earlier version of the program cannot be opened, but its time is known
    pointer = own_demo.path / "current.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text(encoding="utf-8")) | {"schema": 0}), encoding="utf-8")
    assert clock().astimezone(zone).replace(tzinfo=None) == current.as_of
    real = Home(tmp_path / "real", own_demo.deployment).open("real")
    assert abs(clock_of(real)() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_what_was_approved_and_never_exported_is_in_the_next_build(own_demo: Home) -> None:
    number, place = petition(own_demo)
    clerk, leader = person("clerk-01", "clerk"), person("leader-01")
    with Store.open(own_demo, clock_of(own_demo)) as store:
        made = store.proposals.propose(
            clerk, "exclude", number, place, "多次反映且无新事实", {"reason_code": "恶意重复"}, VIEW
        )
        store.proposals.approve(leader, made.id, 1)
    before = len(Lake(own_demo).batches())
    done = support.here("build", "--json")
    assert done.returncode == 0, done.stderr
    assert len(Lake(own_demo).batches()) == before + 1
    current = Snapshots(own_demo).current()
    assert current is not None
    with duckdb.connect(str(current.file), read_only=True) as connection:
        row = connection.execute("select is_excluded from fct_petition where petition_id = ?", [number]).fetchone()
    assert row == (True,)
    assert bring(own_demo) == [], "and only once"
    assert len(Lake(own_demo).batches()) == before + 1


def test_nothing_is_proposed_about_a_petition_that_is_not_there_or_lies_elsewhere(own_demo: Home) -> None:
    number, place = petition(own_demo)
    other = next(c.code for c in own_demo.deployment.communities if c.code != place)
    clerk, elsewhere = person("clerk-01", "clerk"), person("clerk-02", "clerk", (other,))
    with Store.open(own_demo, clock_of(own_demo), partial(_community_of, own_demo)) as store:

        def propose(who: Actor, petition_id: str, community_code: str) -> str:
            facts = {"reason_code": "恶意重复"}
            return store.proposals.propose(who, "exclude", petition_id, community_code, "理由", facts, VIEW).id

        for who, given, said, line in (
            (clerk, "NO-SUCH-1", place, "当前数据中没有工单 NO-SUCH-1"),
            (clerk, number, other, f"工单 {number} 不属于所报的社区"),
            (elsewhere, number, other, f"当前数据中没有工单 {number}，或它不在您的查看范围内"),
        ):
            with pytest.raises(Refused, match=line):
                propose(who, given, said)
        assert propose(clerk, number, place)


def test_a_store_that_does_not_open_keeps_nobody_from_building(own_demo: Home) -> None:
    own_demo.operations.mkdir(exist_ok=True)
    (own_demo.operations / FILE).write_bytes(b"no database at all, however long it is " * 200)
    done = support.here("build")
    assert done.returncode == 0
    lines = [line for line in done.stderr.splitlines() if "操作库" in line]
    assert len(lines) == 1 and "本次构建不含" in lines[0]


def test_looking_for_a_store_makes_none(own_demo: Home) -> None:
    assert not Store.is_there(own_demo)
    assert bring(own_demo) == []
    assert support.here("check").returncode == 0
    assert not (own_demo.operations / FILE).exists()


def test_check_says_which_record_is_not_what_its_history_says(own_demo: Home) -> None:
    leader = person("leader-01")
    with Store.open(own_demo, clock_of(own_demo)) as store:
        made = store.instructions.give(leader, "请尽快办结。", community(), store.today(), VIEW)
    assert support.here("check").returncode == 0
    with sqlite3.connect(own_demo.operations / FILE) as connection:
        connection.execute("update instruction set text = 'somebody wrote past the history'")
    connection.close()
    done = support.here("check")
    assert done.returncode == 1
    assert f"{made.id} 与其变更历史不符" in done.stdout and "wrote past" not in done.stdout


def test_the_stamp_moves_with_everything_that_is_written(quick: Store) -> None:
    leader, seen = person("leader-01"), [quick.stamp()]
    made = quick.instructions.give(leader, "请尽快办结。", community(), dt.date(2023, 7, 4), VIEW)
    seen.append(quick.stamp())
    quick.instructions.note(leader, made.id, "已联系")
    seen.append(quick.stamp())
    quick.instructions.remind(leader, made.id)
    seen.append(quick.stamp())
    assert len(set(seen)) == 4 and quick.stamp() == seen[-1]
    assert quick.today() == dt.date(2023, 7, 4)
