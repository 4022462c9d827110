"""What is repaired, expired or revoked is gone at once: from every block that shows it, and from older snapshots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from minxin.access import Viewer
from minxin.queries import Queries, blocks
from minxin.warehouse import visibility
from minxin.warehouse.snapshots import Snapshots
from minxin.warehouse.visibility import Revocations
from tests import support
from tests.queries.world import Published, World

D = dt.date
FIRM, OTHER = "91999999MA5F00034Q", "91999999MA5F000500"
#: Marts whose rows are facts that must go, and columns that say which one or whose.
FLEETING = ("fct_penalty", "fct_list_entry", "fct_enforcement", "fct_credit_event")
TELLING = {
    "penalty_id",
    "entry_id",
    "case_id",
    "event_id",
    "record_id",
    "document_no",
    "title",
    "uscc",
    "enterprise_name",
}
#: Counts of each firm as they stood on a day long past, which models learn from and no page shows; what a decision
#: took away is left out of them too.
LEARNT_FROM = {"advice.firms"}
ARGUMENTS = {
    "county": "", "state": "", "kind": "", "list": "", "start": "2022-07-01", "end": "2023-07-01",
    "limit": 100, "skip": 0, "weeks": 53, "penalty_id": "soon", "uscc": FIRM,
}  # fmt: skip


def arguments(name: str) -> dict[str, object] | None:
    """What a block is asked with here; None for one that asks for more."""
    wanted = set(blocks()[name].parameters) - {"communities", "today", "hidden", "revoked"}
    return {k: ARGUMENTS[k] for k in wanted} if wanted <= set(ARGUMENTS) else None


FADING = sorted(n for n, b in blocks().items() if {"today", "hidden"} <= set(b.parameters) and arguments(n) is not None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the wall clock of homes; it is the data time to begin with."""

    def is_now(text: str) -> None:
        monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime.fromisoformat(text))

    is_now("2023-06-15 09:00")
    return is_now


@pytest.fixture
def world(tmp_path: Path, clock: Callable[[str], None]) -> World:
    """One firm with a fact of each kind that ends with 30 June 2023, another with none but its name."""
    made = World(tmp_path / "world")
    made.add("enterprise", [{"uscc": u, "name": n} for u, n in ((FIRM, "甲公司"), (OTHER, "乙公司"))])
    fine = {"uscc": FIRM, "field": "一般", "kind": "罚款", "authority": "市场监管局"}
    made.add(
        "penalty",
        [
            # Under the trial rules: three years, shown on 30 June 2023 and not on 1 July.
            {"penalty_id": "soon", **fine, "decided_on": D(2020, 6, 30), "corrected_on": D(2021, 1, 1)},
            {"penalty_id": "long", **fine, "decided_on": D(2023, 5, 20), "document_no": "甲罚〔2023〕7号"},
            {
                "penalty_id": "mild",
                **fine,
                "decided_on": D(2023, 5, 20),
                "is_summary": True,
                "document_no": "简〔2023〕1号",
            },
            {"penalty_id": "done", **fine, "decided_on": D(2022, 5, 20), "document_no": "已修复〔2022〕1号"},
        ],
    )
    asked = {"uscc": FIRM, "applied_on": D(2023, 6, 1)}
    made.add(
        "repair",
        [
            {"repair_id": "r1", "penalty_id": "soon", **asked, "result": "办理中"},
            {"repair_id": "r2", "penalty_id": "done", **asked, "result": "同意", "decided_on": D(2023, 6, 10)},
        ],
    )
    black = {"uscc": FIRM, "list": "黑名单", "entered_on": D(2023, 1, 5)}
    made.add("list_entry", [{"entry_id": "e1", **black, "valid_until": D(2023, 6, 30)}])
    made.add(
        "enforcement",
        [
            {
                "case_id": "c1",
                "uscc": FIRM,
                "kind": "欠税",
                "outcome": "在办",
                "discovered_on": D(2023, 2, 1),
                "amount": 7.0,
            }
        ],
    )
    return made


def said(held: Published, name: str) -> str:
    given = arguments(name)
    assert given is not None
    return held.run(name, **given).to_csv(index=False)


def test_every_block_that_tells_of_such_a_fact_asks_what_may_be_shown(tmp_path: Path) -> None:
    """Whatever names a firm beside a penalty, a list, a case takes the day and the list of what is hidden."""
    made = World(tmp_path / "empty").build()
    wrong = []
    with made.queries._connection.cursor() as cursor:
        for name, block in blocks().items():
            if not any(mart in block.sql for mart in FLEETING):
                continue
            empty = {p: None for p in block.parameters}
            columns = {c[0] for c in cursor.execute(block.sql, empty or None).description}
            wanted = {"hidden", "revoked"} | (set() if name in LEARNT_FROM else {"today"})
            if columns & TELLING and not wanted <= set(block.parameters):
                wrong.append(
                    f"{name} shows {sorted(columns & TELLING)} without {sorted(wanted - set(block.parameters))}"
                )
    assert wrong == []


def test_what_ended_before_is_not_shown_at_all(world: World) -> None:
    held = world.build()
    assert {"repair.list", "repair.one", "repair.backlog", "enforcement.stuck"} <= set(FADING)
    for name in FADING:
        text = said(held, name)
        assert "简〔2023〕1号" not in text and "已修复〔2022〕1号" not in text, name
    assert held.run("repair.list", **arguments("repair.list")).penalty_id.tolist() == ["soon", "long"]


def test_what_expires_is_gone_on_the_day_after(world: World, clock: Callable[[str], None]) -> None:
    held = world.build()
    clock("2023-06-30 23:59")
    assert "soon" in held.run("repair.list", **arguments("repair.list")).penalty_id.tolist()
    assert not held.run("repair.one", penalty_id="soon").empty and not held.run("repair.backlog", limit=9).empty
    clock("2023-07-01 00:00")
    assert held.run("repair.list", **arguments("repair.list")).penalty_id.tolist() == ["long"]
    assert held.run("repair.one", penalty_id="soon").empty and held.run("repair.backlog", limit=9).empty
    for name in FADING:
        rows = held.run(name, **(arguments(name) or {}))
        for column in ("penalty_id", "entry_id", "event_id"):
            assert column not in rows or not {"soon", "e1"} & set(rows[column]), name


def test_what_a_decision_takes_away_is_gone_at_once(world: World) -> None:
    held = world.build()
    before = {name: said(held, name) for name in FADING}
    for record in ("soon", "long", "e1", "c1"):
        Revocations(world.home).revoke(record, "局长", "修复已批准")
    for name in FADING:
        text = said(held, name)
        assert "甲罚〔2023〕7号" not in text, name
        rows = held.run(name, **(arguments(name) or {}))
        for column in ("penalty_id", "entry_id", "case_id", "event_id"):
            assert column not in rows or not {"soon", "long", "e1", "c1"} & set(rows[column]), name
    assert "甲罚〔2023〕7号" in before["repair.list"] and "c1" in before["enforcement.stuck"]
    Revocations(world.home).restore("long", "局长", "编号填错")
    assert held.run("repair.list", **arguments("repair.list")).penalty_id.tolist() == ["long"]


def test_older_snapshots_forget_too(world: World, clock: Callable[[str], None]) -> None:
    old = world.build()
    world.add("mechanism", [])
    new = world.build()
    Revocations(world.home).revoke("long", "局长", "修复已批准")
    Snapshots(world.home).rollback(old.queries.snapshot.id)
    back = Snapshots(world.home).current()
    assert back is not None and back.id == old.queries.snapshot.id != new.queries.snapshot.id
    gone_back = Published(Queries(world.home, back), Viewer.local(world.deployment))
    assert gone_back.run("repair.list", **arguments("repair.list")).penalty_id.tolist() == ["soon"]
    clock("2023-07-01 00:00")
    assert gone_back.run("repair.list", **arguments("repair.list")).empty


def test_the_next_build_knows_what_was_revoked(world: World, clock: Callable[[str], None]) -> None:
    Revocations(world.home).revoke("long", "局长", "修复已批准")
    Revocations(world.home).revoke("c1", "局长", "已退出")
    clock("2023-06-20 00:00")
    held = world.build()
    assert held.rows("select visible_until from fct_penalty where penalty_id = 'long'") == [(D(2023, 6, 15),)]
    assert held.rows("select visible_until from fct_enforcement") == [(D(2023, 6, 15),)]
    assert held.rows("select visible_until from fct_credit_event where event_id = 'long'") == [(D(2023, 6, 15),)]


def test_the_command_line_shows_and_takes_away_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build()
    monkeypatch.setenv("MINXIN_HOME", str(world.home.path))
    monkeypatch.setenv("MINXIN_CONFIG", str(world.deployment.folder))
    asked = ("query", "repair.list", "--format", "csv")
    asked += tuple(p for k, v in (arguments("repair.list") or {}).items() for p in ("--set", f"{k}={v}"))
    assert "甲罚〔2023〕7号" in support.here(*asked).stdout
    unknown = support.here("revoke", "lang", "--reason", "编号填错")
    assert unknown.returncode == 1 and "没有编号为 lang 的记录" in unknown.stderr
    done = support.here("revoke", "long", "--reason", "修复已批准", "--who", "局长", "--json")
    assert done.returncode == 0 and '"record": "long"' in done.stdout, done.stderr
    assert "甲罚〔2023〕7号" not in support.here(*asked).stdout
    again = support.here("revoke", "long", "--reason", "修复已批准")
    assert again.returncode == 1 and "此前已停止展示" in again.stderr
    assert support.here("revoke", "long", "--reason", "编号填错", "--restore").returncode == 0
    assert "甲罚〔2023〕7号" in support.here(*asked).stdout
    assert support.here("revoke", "future", "--reason", "应删除", "--force").returncode == 0
    assert support.here("revoke", "long").returncode == 2, "a reason is needed"


def test_a_case_that_was_taken_away_bars_a_firm_from_no_policy(tmp_path: Path, clock: Callable[[str], None]) -> None:
    made = World(tmp_path / "policies")
    folder = made.deployment.folder / "policies"
    folder.mkdir()
    (folder / "jobs.toml").write_text(
        'id = "ZC05"\nname = "稳岗返还"\ndepartment = "甲局"\nfrom = 2022-06-01\nservice = "直达"\namount = 0\n'
        'source = "假设"\nassumption = true\n'
        '[[condition]]\nfield = "wage_arrears"\nwithin = ["否"]\nwording = "无拖欠工资线索未了结"\n',
        encoding="utf-8",
    )
    made.add("enterprise", [{"uscc": u, "name": u, "registered_on": D(2018, 1, 1)} for u in (FIRM, OTHER)])
    case = {"uscc": FIRM, "kind": "拖欠工资", "outcome": "在办", "discovered_on": D(2023, 2, 1)}
    made.add("enforcement", [{"case_id": "w1", **case}])
    fitting = "select uscc from mart_policy_firm where is_fitting order by uscc"
    assert made.build().rows(fitting) == [(OTHER,)]
    clock("2023-06-14 09:00")
    Revocations(made.home).revoke("w1", "局长", "线索有误")
    assert made.build().rows(fitting) == [(FIRM,), (OTHER,)]
