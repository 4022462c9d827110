"""Deadlines: what starts and stops each clock, what moves it, and when it does not apply."""

from datetime import datetime

import pytest

from minxin.access import Viewer
from minxin.queries import current
from tests.queries.world import at


def test_the_quarter_of_an_hour_runs_from_acceptance_to_the_first_attempt(world):
    world.petitions(
        {"created_at": at("01 08:00"), "accepted_at": at("01 09:00"), "first_contact_at": at("01 09:15")},
        {"created_at": at("01 08:00"), "accepted_at": at("01 09:00"), "first_contact_at": at("01 09:15:01")},
        {"created_at": at("01 08:00"), "first_contact_at": at("01 08:14")},
        {"created_at": at("01 08:00")},
        {"created_at": at("14 23:50"), "first_contact_at": at("14 23:55")},
    )
    built = world.build()
    assert built.rows("select petition_id, contact_met from fct_petition order by 1") == [
        ("p0", True),
        ("p1", False),
        ("p2", True),
        ("p3", False),
        ("p4", None),
    ]
    assert built.petition("p0", "contact_due_at") == (at("01 09:15"),)


def test_a_contact_record_goes_before_the_petition_s_own_column(world):
    world.petitions({"created_at": at("01 08:00"), "first_contact_at": at("01 08:05"), "first_contact_connected": True})
    world.add(
        "contact",
        [
            {"petition_id": "p0", "sequence": 2, "attempted_at": at("01 08:20"), "connected": True},
            {"petition_id": "p0", "sequence": 1, "attempted_at": at("01 08:10"), "connected": False},
            {"petition_id": "p0", "sequence": 3, "attempted_at": at("20 08:10"), "connected": True},
        ],
    )
    built = world.build()
    columns = ("first_contact_at", "first_contact_connected", "contact_met")
    assert built.petition("p0", *columns) == (at("01 08:10"), False, True)
    assert len(built.rows("select * from fct_contact")) == 2


def test_no_contact_is_a_failure_only_where_the_source_tells_contacts(world):
    world.petitions({"created_at": at("01 08:00")}, mapping="citizen")
    world.petitions(
        {"petition_id": "q0", "created_at": at("01 08:00")},
        {"petition_id": "q1", "created_at": at("02 08:00"), "first_contact_at": at("02 08:01")},
        {"petition_id": "q2", "created_at": at("03 08:00")},
        mapping="office",
    )
    world.petitions({"petition_id": "r0", "created_at": at("04 08:00")}, mapping="office")
    built = world.build()
    assert built.rows("select petition_id, contact_met, contact_due_at is null from fct_petition order by 1") == [
        ("p0", None, True),
        ("q0", None, True),  # before the source told of any contact
        ("q1", True, False),
        ("q2", False, False),
        ("r0", False, False),  # another file of the same source
    ]
    totals = built.run("indicators.totals", start="2023-06-01", end="2023-06-15").iloc[0]
    assert (totals.accepted, totals.contact_due, totals.contact_met) == (5, 3, 1)


def test_two_systems_read_by_one_mapping_are_not_one_source(world):
    told = {"created_at": at("01 08:00"), "first_contact_at": at("01 08:01")}
    world.petitions({"petition_id": "q0", **told}, mapping="suggested", filled=["created_at", "first_contact_at"])
    world.petitions({"petition_id": "r0", "created_at": at("02 08:00")}, mapping="suggested", filled=["created_at"])
    built = world.build()
    assert built.rows("select petition_id, contact_met, contact_due_at is null from fct_petition order by 1") == [
        ("q0", True, False),
        ("r0", None, True),
    ]


def test_a_contact_record_shows_that_a_source_tells_contacts(world):
    world.petitions({"created_at": at("01 08:00")}, {"created_at": at("01 09:00")})
    world.add("contact", [{"petition_id": "p0", "sequence": 1, "attempted_at": at("01 08:01"), "connected": True}])
    assert world.build().rows("select petition_id, contact_met from fct_petition order by 1") == [
        ("p0", True),
        ("p1", False),
    ]


def test_simple_petitions_are_to_be_closed_in_a_day(world):
    simple = {"created_at": at("01 08:00"), "complexity": "简单"}
    world.petitions(
        simple | {"closed_at": at("02 08:00")},
        simple | {"closed_at": at("02 08:01")},
        simple,
        {"created_at": at("01 08:00"), "complexity": "复杂", "closed_at": at("02 08:00")},
        simple | {"created_at": at("14 09:00"), "closed_at": at("14 10:00")},
    )
    built = world.build()
    assert built.rows("select petition_id, simple_met, is_met, due_at from fct_petition order by 1") == [
        ("p0", True, True, at("02 08:00")),
        ("p1", False, False, at("02 08:00")),
        ("p2", False, False, at("02 08:00")),
        ("p3", None, None, None),
        ("p4", None, None, at("15 09:00")),
    ]


def test_complex_petitions_are_to_have_an_opinion_in_three_days_whatever_their_closing(world):
    hard = {"created_at": at("01 08:00"), "complexity": "复杂"}
    world.petitions(
        hard | {"opinion_at": at("04 08:00"), "closed_at": at("12 08:00")},
        hard | {"opinion_at": at("05 08:00")},
        hard | {"closed_at": at("02 08:00")},
        hard | {"created_at": at("13 08:00")},
    )
    built = world.build()
    assert built.rows("select petition_id, complex_met, complex_due_at from fct_petition order by 1") == [
        ("p0", True, at("04 08:00")),
        ("p1", False, at("04 08:00")),
        ("p2", False, at("04 08:00")),
        ("p3", None, at("16 08:00")),
    ]


#: Accepted, 72 hours later, three working days later (DOMAIN 10).
TERMS = [
    ("2026-02-13 16:30", "2026-02-16 16:30", "2026-02-25 16:30"),
    ("2026-04-30 09:00", "2026-05-03 09:00", "2026-05-08 09:00"),
    ("2026-09-30 09:00", "2026-10-03 09:00", "2026-10-10 09:00"),
    ("2026-11-20 09:00", "2026-11-23 09:00", "2026-11-25 09:00"),
]


@pytest.mark.parametrize(("base", "position"), [("natural", 1), ("working", 2)])
def test_three_days_by_nature_and_by_working_days(worlds, base, position):
    place = worlds(as_of="2026-12-01 00:00:00", rules={"time_base": f'"{base}"'})
    accepted = [datetime.fromisoformat(term[0]) for term in TERMS]
    place.petitions(*({"created_at": a, "complexity": "复杂", "opinion_at": a} for a in accepted))
    due = place.build().rows("select complex_due_at from fct_petition order by petition_id")
    assert due == [(datetime.fromisoformat(term[position]),) for term in TERMS]


def test_a_given_deadline_goes_before_the_rule_unless_the_deployment_turns_it_round(worlds):
    rows = [
        {"created_at": at("01 08:00"), "complexity": "简单", "due_at": at("05 00:00"), "closed_at": at("03 00:00")},
        {"created_at": at("01 08:00"), "complexity": "复杂", "due_at": at("05 00:00")},
        {"created_at": at("01 08:00"), "due_at": datetime(2059, 1, 1)},
    ]
    for given, first, met in (("true", at("05 00:00"), True), ("false", at("02 08:00"), False)):
        place = worlds(rules={"given_due_first": given})
        place.petitions(*rows)
        built = place.build()
        assert built.petition("p0", "due_at", "is_met", "simple_met") == (first, met, False)
        assert built.petition("p1", "due_at", "is_overdue", "state") == (at("05 00:00"), True, "逾期")
        assert built.petition("p2", "due_at", "is_overdue", "is_due_soon") == (datetime(2059, 1, 1), False, False)


def test_a_deployment_without_rules_has_no_clocks(worlds):
    place = worlds(rules={"first_contact_minutes": "0"})
    (place.deployment.folder / "deployment.toml").write_text(
        'id = "small"\nname = "小街道"\n[clock]\nas_of = "2023-06-15 00:00:00"\n', encoding="utf-8"
    )
    object.__setattr__(place.home.deployment, "deadlines", {})
    place.petitions(
        {
            "created_at": at("01 08:00"),
            "complexity": "简单",
            "closed_at": at("03 08:00"),
            "first_contact_at": at("01 09:00"),
        }
    )
    columns = ("contact_due_at", "simple_due_at", "complex_due_at", "due_at", "is_met", "state")
    assert place.build().petition("p0", *columns) == (None, None, None, None, None, "办结")


def test_only_an_approved_extension_moves_the_deadline(world):
    late = {"created_at": at("01 08:00"), "complexity": "简单", "closed_at": at("04 08:00")}
    world.petitions(late, late, late, late | {"complexity": "复杂", "closed_at": at("09 00:00")})
    extension = {"applied_at": at("01 12:00"), "approved_at": at("01 13:00"), "new_due_at": at("05 08:00")}
    world.add(
        "extension",
        [
            {"petition_id": "p0"} | extension,
            {"petition_id": "p0"}
            | extension
            | {"applied_at": at("01 14:00"), "approved_at": None, "new_due_at": at("09 08:00")},
            {"petition_id": "p1"} | extension | {"approved_at": None},
            {"petition_id": "p2"} | extension | {"approved_at": at("20 08:00")},
            {"petition_id": "p3"} | extension,
            {"petition_id": "p3"}
            | extension
            | {"applied_at": at("04 14:00"), "approved_at": at("04 15:00"), "new_due_at": at("10 08:00")},
        ],
    )
    built = world.build()
    assert built.rows("select petition_id, due_at, is_met, simple_met from fct_petition order by 1") == [
        ("p0", at("05 08:00"), True, False),
        ("p1", at("02 08:00"), False, False),
        ("p2", at("02 08:00"), False, False),
        ("p3", at("10 08:00"), True, None),
    ]


def test_a_listing_approved_in_time_moves_the_deadline_to_the_end_of_the_promised_day(world):
    opened = {"created_at": at("01 08:00"), "due_at": at("05 08:00")}
    world.petitions(opened, opened, opened, opened, opened | {"closed_at": at("09 08:00")}, opened)
    listing = {
        "reason": "权属不清",
        "approved_by": "主任",
        "listed_at": at("04 00:00").date(),
        "promised_on": at("20 00:00").date(),
    }
    world.add(
        "hard_case",
        [
            {"petition_id": "p0"} | listing,
            {"petition_id": "p1"} | listing | {"approved_by": None},
            {"petition_id": "p2"} | listing | {"listed_at": at("06 00:00").date()},
            {"petition_id": "p3"} | listing | {"promised_on": at("10 00:00").date()},
            {"petition_id": "p4"}
            | listing
            | {"promised_on": at("10 00:00").date(), "cleared_on": at("09 00:00").date()},
            {"petition_id": "p5"} | listing | {"listed_at": at("15 00:00").date()},
        ],
    )
    built = world.build()
    assert built.rows("select petition_id, due_at, is_overdue, is_hard_case, state from fct_petition order by 1") == [
        ("p0", at("20 23:59:59"), False, True, "挂账"),
        ("p1", at("05 08:00"), True, True, "挂账"),
        ("p2", at("05 08:00"), True, True, "挂账"),
        ("p3", at("10 23:59:59"), True, True, "挂账"),
        ("p4", at("10 23:59:59"), False, False, "办结"),
        ("p5", at("05 08:00"), True, False, "逾期"),  # listed after the data time
    ]
    assert built.petition("p4", "is_met") == (True,)


def test_due_soon_is_the_last_quarter_of_the_time(world):
    world.petitions(
        {"created_at": at("11 00:00"), "due_at": at("16 08:00")},  # 128 h in all, 32 h left: exactly a quarter
        {"created_at": at("11 00:00"), "due_at": at("16 07:00")},
        {"created_at": at("11 00:00"), "due_at": at("15 00:00")},
        {"created_at": at("11 00:00"), "due_at": at("14 23:59:59")},
        {"created_at": at("11 00:00"), "due_at": at("16 07:00"), "closed_at": at("14 00:00")},
    )
    assert world.build().rows("select petition_id, is_due_soon, is_overdue, is_met from fct_petition order by 1") == [
        ("p0", False, False, None),
        ("p1", True, False, None),
        ("p2", True, False, None),  # due at the data time itself: not yet missed
        ("p3", False, True, False),
        ("p4", False, False, None),
    ]


def test_what_happens_after_the_data_time_is_not_there_yet(world):
    world.petitions(
        {
            "created_at": at("10 08:00"),
            "due_at": at("14 08:00"),
            "closed_at": at("15 08:00"),
            "result": "已整改",
            "close_method": "解决",
        },
        {"created_at": at("15 00:00"), "closed_at": at("15 00:00")},
        {"created_at": at("15 00:01")},
        {"created_at": at("14 23:00"), "accepted_at": at("15 09:00")},
    )
    built = world.build()
    assert [p for (p,) in built.rows("select petition_id from fct_petition order by 1")] == ["p0", "p1", "p3"]
    columns = ("is_closed", "is_overdue", "state", "closed_at", "result", "close_method")
    assert built.petition("p0", *columns) == (False, True, "逾期", None, None, None)
    assert built.petition("p1", "is_closed") == (True,)
    assert built.petition("p3", "accepted_at") == (at("14 23:00"),)


def test_agreement_with_the_flags_of_the_source_uses_recorded_times(world):
    row = {"created_at": at("01 08:00"), "due_at": at("05 08:00")}
    world.petitions(
        row | {"closed_at": at("05 08:00"), "source_on_time": True},
        row | {"closed_at": at("20 08:00"), "source_on_time": False},
        row | {"closed_at": at("05 08:01"), "source_on_time": True},  # the source says otherwise
        row | {"closed_at": at("20 08:00")},  # late and left blank
        row | {"closed_at": at("04 08:00")},  # in time and left blank
        row | {"source_on_time": False},
        {"created_at": at("01 08:00"), "complexity": "简单", "closed_at": at("01 09:00"), "source_on_time": True},
    )
    world.petitions(row | {"petition_id": "q", "closed_at": at("20 08:00")})  # a source without flags
    assert world.build().run("deadlines.agreement").to_dict("records") == [{"compared": 5, "agreed": 3, "unflagged": 2}]


def test_boston_s_flags_agree_on_every_request_with_due_and_closing_time(boston):
    built = current(boston)
    found = built.run("deadlines.agreement", Viewer.local(boston.deployment))
    assert found.to_dict("records") == [{"compared": 43_821, "agreed": 43_821, "unflagged": 157}]
