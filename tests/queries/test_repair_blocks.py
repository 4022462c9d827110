"""The blocks of repair and enforcement: golden counts on hand-written rows, and the scope of the viewer."""

from __future__ import annotations

import datetime as dt

import pytest

from minxin.access import Viewer
from minxin.queries import blocks
from minxin.warehouse import visibility
from minxin.warehouse.visibility import Revocations
from tests.queries.world import Published, World

D = dt.date
FIRMS = {"A": "91999999MA5F00034Q", "B": "91999999MA5F000500", "": "91999999MA5F00076X"}
ARGUMENTS = {
    "county": "", "state": "", "kind": "", "start": "2022-07-01", "end": "2023-07-01", "limit": 100, "skip": 0,
    "weeks": 20, "penalty_id": "ready", "record_id": "ready", "long_days": 180,
}  # fmt: skip
NAMES = sorted(n for n in blocks() if n.split(".")[0] in {"repair", "enforcement", "visibility"})


def arguments(name: str, **changed: object) -> dict[str, object]:
    wanted = set(blocks()[name].parameters) - {"communities", "today", "hidden", "revoked"}
    return {k: v for k, v in (ARGUMENTS | changed).items() if k in wanted}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Six penalties in A and one in B and none, three applications, five cases; the data end with 14 June 2023."""
    world = World(tmp_path_factory.mktemp("repair"))
    world.add(
        "enterprise",
        [
            {"uscc": u, "name": f"{c or '无'}公司", "community_code": c or None, "county_code": "410611"}
            for c, u in FIRMS.items()
        ],
    )
    fine = {"uscc": FIRMS["A"], "field": "一般", "kind": "罚款", "severity": "一般"}
    done = {"corrected_on": D(2023, 2, 1), "fulfilled_on": D(2023, 2, 1)}
    world.add(
        "penalty",
        [
            {"penalty_id": "ready", **fine, **done, "decided_on": D(2023, 1, 10)},
            {"penalty_id": "owing", **fine, "decided_on": D(2023, 1, 10), "corrected_on": D(2023, 2, 1)},
            # Three months from 20 March: from 21 June, six days ahead; from 1 April: 2 July, in the first reminder.
            {"penalty_id": "near", **fine, **done, "decided_on": D(2023, 3, 20)},
            {"penalty_id": "soon", **fine, "decided_on": D(2023, 4, 1)},
            {"penalty_id": "pending", **fine, **done, "decided_on": D(2022, 12, 1)},
            {"penalty_id": "gone", **fine, **done, "decided_on": D(2022, 12, 1)},
            {"penalty_id": "strict", **fine, "uscc": FIRMS["B"], "field": "消防", "decided_on": D(2023, 5, 1)},
            {"penalty_id": "mild", **fine, "uscc": FIRMS[""], "kind": "警告", "decided_on": D(2023, 5, 1)},
        ],
    )
    world.add(
        "repair",
        [
            {
                "repair_id": "r1",
                "penalty_id": "pending",
                "uscc": FIRMS["A"],
                "applied_on": D(2023, 6, 1),
                "result": "办理中",
            }
            | {"accepted_on": D(2023, 6, 3)},
            {
                "repair_id": "r2",
                "penalty_id": "gone",
                "uscc": FIRMS["A"],
                "applied_on": D(2023, 4, 28),
                "result": "同意",
            }
            | {"accepted_on": D(2023, 4, 29), "decided_on": D(2023, 5, 8), "noticed_on": D(2022, 12, 1)},
            {
                "repair_id": "r3",
                "penalty_id": "ready",
                "uscc": FIRMS["A"],
                "applied_on": D(2023, 4, 20),
                "result": "不同意",
            }
            | {"decided_on": D(2023, 4, 30)},
        ],
    )
    case = {"uscc": FIRMS["A"], "kind": "失信被执行", "discovered_on": D(2023, 1, 1), "outcome": "在办"}
    world.add(
        "enforcement",
        [
            {
                "case_id": "c1",
                **case,
                "pushed_on": D(2023, 1, 3),
                "warned_on": D(2023, 1, 8),
                "notice_on": D(2023, 1, 9),
            }
            | {"commitment_on": D(2023, 1, 20), "commitment_until": D(2023, 3, 20)},
            {"case_id": "c2", **case, "pushed_on": D(2023, 1, 5), "notice_on": D(2023, 1, 9), "outcome": "退出"}
            | {"closed_on": D(2023, 2, 1)},
            {"case_id": "c3", **case, "kind": "账款拖欠", "debtor_kind": "机关事业", "amount": 500.0},
            {"case_id": "c4", **case, "uscc": FIRMS["B"], "kind": "账款拖欠", "amount": 700.0, "outcome": "惩戒"}
            | {"closed_on": D(2023, 5, 31), "shown_on": D(2023, 6, 1)},
            {"case_id": "c5", **case, "uscc": FIRMS[""], "kind": "欠税", "discovered_on": D(2022, 7, 1)},
        ],
    )
    return world.build()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 6, 15, 9))


def test_states_and_lists(held: Published) -> None:
    rows = held.run("repair.states")
    found = rows.groupby("state")[["n", "n_before"]].sum()
    assert found["n"].to_dict() == {"near": 1, "owing": 1, "pending": 1, "ready": 1, "soon": 1, "waiting": 1}
    # On 16 May nothing was being applied for; what is now 7 days ahead was 36 days ahead.
    assert found["n_before"].to_dict() == {"near": 0, "owing": 1, "pending": 0, "ready": 2, "soon": 0, "waiting": 3}
    for state in found.index:
        listed = held.run("repair.list", **arguments("repair.list", state=state))
        assert listed["penalty_id"].tolist() == [state if state != "waiting" else "strict"]
    assert held.run("repair.list", **arguments("repair.list", county="410602")).empty
    assert held.run("repair.list", **arguments("repair.list", limit=2, skip=1))["penalty_id"].tolist() == [
        "owing",
        "ready",
    ]


def test_what_is_coming_by_week(held: Published) -> None:
    rows = held.run("repair.coming", weeks=3)
    assert [(str(r.week_start.date()), r.n, r.n_done) for r in rows.itertuples()] == [
        ("2023-06-19", 1, 1),
        ("2023-06-26", 1, 0),
    ]


def test_how_far_penalties_came(held: Published) -> None:
    rows = held.run("repair.steps", **arguments("repair.steps")).set_index("class_code")
    general = rows.loc["general"]
    assert general[["n", "n_public", "n_reached", "n_ready"]].tolist() == [6, 6, 4, 3]
    assert general[["n_applied", "n_accepted", "n_granted", "n_refused", "n_noticed"]].tolist() == [3, 2, 1, 1, 1]
    assert rows.loc["strict", "n_reached"] == 0 and rows.loc["minor", "n_public"] == 0


def test_waits_hold_what_is_open(held: Published) -> None:
    rows = held.run("repair.waits", **arguments("repair.waits")).drop(columns="county_code")
    assert sorted(map(tuple, rows.to_numpy().tolist())) == [
        ("accept", 1, True, 1),
        ("accept", 2, True, 1),
        ("accept", 10, True, 1),  # refused without being accepted
        ("decide", 0, True, 1),
        ("decide", 9, True, 1),
        ("decide", 12, False, 1),  # from 3 June to the data time
        ("whole", 10, True, 2),
        ("whole", 14, False, 1),
    ]
    cases = held.run("enforcement.waits", **arguments("enforcement.waits"))
    commit = (
        cases[(cases["step"] == "commit") & (cases["kind"] == "失信被执行")][["days", "is_done", "n"]]
        .to_numpy()
        .tolist()
    )
    # One committed after 11 days; the other left without ever doing so: it counts as waiting to the data time.
    assert commit == [[11, True, 1], [157, False, 1]]


def test_months_and_backlog(held: Published) -> None:
    rows = held.run("repair.months", **arguments("repair.months", start="2023-04-01")).set_index("month_start")
    assert rows[["n_applied", "n_decided", "n_granted", "n_open"]].to_numpy().tolist() == [
        [2, 1, 0, 1],
        [0, 1, 1, 0],
        [1, 0, 0, 1],
    ]
    queue = held.run("repair.backlog", limit=10)
    assert queue[["repair_id", "penalty_id", "days", "total"]].to_numpy().tolist() == [["r1", "pending", 14, 1]]
    assert str(held.run("repair.one", penalty_id="pending")["applied_on"][0].date()) == "2023-06-01"


def test_cases_step_by_step(held: Published) -> None:
    rows = held.run("enforcement.funnel", **arguments("enforcement.funnel")).set_index(["kind", "debtor_kind"])
    court = rows.loc[("失信被执行", "")]
    assert court[["n", "n_pushed", "n_warned", "n_noticed", "n_committed", "n_left", "n_open"]].tolist() == [
        2,
        2,
        1,
        2,
        1,
        1,
        1,
    ]
    ends = held.run("enforcement.ends", **arguments("enforcement.ends")).set_index("kind")
    assert ends.loc["账款拖欠", ["n_closed", "n_left", "n_punished"]].tolist() == [1, 0, 1]
    stuck = held.run("enforcement.stuck", **arguments("enforcement.stuck"))
    assert stuck[["case_id", "stands", "days"]].to_numpy().tolist() == [
        ["c5", "待推送", 349],
        ["c3", "待推送", 165],
        ["c1", "承诺期内", 146],
    ]
    assert stuck["is_lapsed"].tolist() == [False, False, True]
    stands = held.run("enforcement.stands", **arguments("enforcement.stands")).set_index(["stands", "kind"])
    assert stands.loc["待推送", ["n", "n_long", "n_lapsed", "days"]].to_numpy().tolist() == [
        [1, 1, 0, 349],
        [1, 0, 0, 165],
    ]
    months = held.run("enforcement.months", **arguments("enforcement.months", start="2023-05-01"))
    assert months[["n_open", "n_arrears", "amount_arrears", "n_government"]].to_numpy().tolist() == [
        [3, 1, 500.0, 1],
        [3, 1, 500.0, 1],
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_viewer_sees_the_own_communities_only(name: str, held: Published) -> None:
    given = arguments(name)
    of_b = held.queries.run(name, Viewer("b", (), ("B",)), **given)
    asked_more = held.queries.run(name, Viewer("b", (), ("B",)), communities=["A", "B", "none"], **given)
    assert of_b.equals(asked_more), "asking for more than the scope widened it"
    text = of_b.to_csv(header=False)
    assert "A公司" not in text and "无公司" not in text and "ready" not in text
    nothing = held.queries.run(name, Viewer("x", (), ()), **given)
    counted = [c for c in nothing.columns if c == "n" or c.startswith("n_")]
    assert nothing.empty or nothing[counted].to_numpy().sum() == 0
    if name not in {"repair.waits", "repair.months", "repair.one", "repair.backlog", "visibility.known"}:
        assert not held.run(name, **given).equals(of_b)


def test_an_application_made_too_early_is_no_part_of_those_that_could_be_made(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    world = World(tmp_path_factory.mktemp("early"))
    fine = {"uscc": FIRMS["A"], "field": "一般", "kind": "罚款", "severity": "一般"}
    done = {"corrected_on": D(2023, 2, 1), "fulfilled_on": D(2023, 2, 1)}
    world.add(
        "penalty",
        [
            {"penalty_id": "ready", **fine, **done, "decided_on": D(2023, 1, 10)},
            {"penalty_id": "owing", **fine, "decided_on": D(2023, 1, 10)},
            {"penalty_id": "soon", **fine, "decided_on": D(2023, 5, 1)},
        ],
    )
    early = {"uscc": FIRMS["A"], "applied_on": D(2023, 6, 1), "accepted_on": D(2023, 6, 3), "result": "办理中"}
    world.add("repair", [{"repair_id": f"r-{p}", "penalty_id": p, **early} for p in ("owing", "soon")])
    rows = world.build().run("repair.steps", **arguments("repair.steps"))
    assert rows[["n_public", "n_ready", "n_applied", "n_early", "n_accepted"]].to_numpy().tolist() == [[3, 1, 0, 2, 0]]


def test_an_application_that_was_taken_away_drives_no_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(tmp_path_factory.mktemp("taken"))
    fine = {"uscc": FIRMS["A"], "field": "一般", "kind": "罚款", "severity": "一般"}
    done = {"corrected_on": D(2023, 2, 1), "fulfilled_on": D(2023, 2, 1)}
    world.add("penalty", [{"penalty_id": "asked", **fine, **done, "decided_on": D(2022, 12, 1)}])
    asked = {"penalty_id": "asked", "uscc": FIRMS["A"]}
    refused = {"applied_on": D(2023, 4, 1), "decided_on": D(2023, 4, 9), "result": "不同意"}
    world.add(
        "repair",
        [
            {"repair_id": "r-old", **asked, **refused},
            {"repair_id": "r-new", **asked, "applied_on": D(2023, 5, 1), "result": "办理中"},
        ],
    )
    held = world.build()

    def told() -> list[object]:
        states = held.run("repair.states")
        [row] = held.run("repair.list", **arguments("repair.list")).itertuples()
        [case] = held.run("repair.one", penalty_id="asked").itertuples()
        [last] = held.run("enterprise.repairs", uscc=FIRMS["A"]).itertuples()
        days = [str(day)[:10] for day in (row.applied_on, case.applied_on, last.applied_on)]
        return [dict(states[["state", "n"]].itertuples(index=False)), row.state, *days, last.result]

    def counted() -> list[object]:
        steps = held.run("repair.steps", **arguments("repair.steps"))
        waits = held.run("repair.waits", **arguments("repair.waits"))
        months = held.run("repair.months", **arguments("repair.months", start="2023-05-01"))
        return [
            int(steps["n_applied"].sum()), int(steps["n_refused"].sum()), int(waits["n"].sum()),
            months[["n_applied", "n_open"]].to_numpy().tolist(),
        ]  # fmt: skip

    assert told() == [{"pending": 1}, "pending", "2023-05-01", "2023-05-01", "2023-05-01", "办理中"]
    assert counted() == [1, 1, 5, [[1, 1], [0, 1]]]
    Revocations(world.home).revoke("r-new", "局长", "申请录错")
    assert told() == [{"ready": 1}, "ready", "NaT", "NaT", "2023-04-01", "不同意"]
    assert counted() == [1, 1, 3, [[0, 0], [0, 0]]]
    # A penalty that a decision took away (a repair granted on the page does so) is still counted: it names nobody.
    Revocations(world.home).revoke("asked", "局长", "同意修复")
    assert counted() == [1, 1, 3, [[0, 0], [0, 0]]]
