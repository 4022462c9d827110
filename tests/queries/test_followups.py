"""Follow-ups and the three rates: which call-back counts, and who leaves the denominator."""

import pytest

from tests.queries.world import at

JUNE = {"start": "2023-06-01", "end": "2023-07-01"}


def closed(**more):
    return {"created_at": at("01 08:00"), "closed_at": at("02 08:00"), **more}


def called(petition_id, sequence, day, valid=True, **more):
    return {"petition_id": petition_id, "sequence": sequence, "followed_at": at(f"{day} 10:00"), "valid": valid, **more}


def test_the_last_valid_call_counts_wherever_it_is_written(world):
    own = {"followup_at": at("05 10:00"), "followup_valid": True, "followup_resolved": True, "satisfaction": "满意"}
    world.petitions(
        closed(**own),  # own only
        closed(),  # table only: the last valid one, not the last
        closed(**own),  # table later
        closed(**own),  # table earlier
        closed(**own),  # table later but invalid
        closed(**own | {"followup_valid": False}),  # own invalid, table valid
        closed(),
        closed(followup_at=at("20 10:00"), followup_valid=True, satisfaction="满意"),  # after the data time
    )
    world.add(
        "followup",
        [
            called("p1", 1, "04", contacted=True, resolved=True, satisfaction="基本满意"),
            called("p1", 2, "06", valid=False, resolved=False, satisfaction="不满意"),
            called("p1", 3, "18", resolved=False, satisfaction="不满意"),
            called("p2", 1, "06", resolved=False, satisfaction="一般"),
            called("p3", 1, "04", resolved=False, satisfaction="一般"),
            called("p4", 1, "06", valid=False),
            called("p5", 1, "04", resolved=False, satisfaction="不满意"),
        ],
    )
    built = world.build()
    assert built.rows(
        "select petition_id, followup_at, is_followed_up, is_valid_followup, is_resolved, satisfaction"
        " from fct_petition order by 1"
    ) == [
        ("p0", at("05 10:00"), True, True, True, "满意"),
        ("p1", at("04 10:00"), True, True, True, "基本满意"),
        ("p2", at("06 10:00"), True, True, False, "一般"),
        ("p3", at("05 10:00"), True, True, True, "满意"),
        ("p4", at("05 10:00"), True, True, True, "满意"),
        ("p5", at("04 10:00"), True, True, False, "不满意"),
        ("p6", None, False, False, None, None),
        ("p7", None, False, False, None, None),
    ]
    totals = built.run("indicators.totals", **JUNE).iloc[0]
    assert (totals.closed, totals.followed_up, totals.valid_followups) == (8, 6, 6)
    assert built.rows("select count(*) from fct_followup where sequence > 0") == [(6,)]
    own = [p for (p,) in built.rows("select petition_id from fct_followup where sequence = 0 order by 1")]
    assert own == ["p0", "p2", "p3", "p4", "p5"]


def test_a_call_written_in_both_places_is_one_call(world):
    world.petitions(closed(followup_at=at("04 10:00"), followup_valid=True, satisfaction="满意"))
    world.add("followup", [called("p0", 1, "04", satisfaction="满意")])
    built = world.build()
    assert built.rows("select sequence, satisfaction from fct_followup") == [(1, "满意")]
    assert built.run("indicators.totals", **JUNE).valid_followups[0] == 1


def test_the_three_rates_of_the_golden_example(world):
    """DOMAIN 10: 100 valid, 98 contacted, 80 resolved, 70 satisfied and 20 fairly satisfied."""
    world.petitions(
        *(
            closed(
                petition_id=f"p{i:03}",
                followup_at=at("05 10:00"),
                followup_valid=i < 100,
                followup_contacted=i < 98,
                followup_resolved=i < 80 or i >= 100,
                satisfaction="满意" if i < 70 or i >= 100 else "基本满意" if i < 90 else "不满意",
            )
            for i in range(110)
        )
    )
    totals = world.build().run("indicators.totals", **JUNE).iloc[0]
    assert (totals.followed_up, totals.valid_followups, totals.responded, totals.resolved) == (110, 100, 98, 80)
    assert totals.satisfied == pytest.approx(88)
    assert totals.satisfied_squares == pytest.approx(70 + 20 * 0.81)
    score = 0.1 * totals.responded + 0.5 * totals.resolved + 0.4 * totals.satisfied
    assert score / totals.valid_followups == pytest.approx(0.850)


def test_an_excluded_petition_leaves_the_valid_ones_once_approved(world):
    asked = closed(followup_at=at("05 10:00"), followup_valid=True, followup_contacted=True, satisfaction="满意")
    world.petitions(asked, asked, asked)
    reason = {"reason_code": "恶意重复", "approved_by": "主任"}
    world.add(
        "exclusion",
        [
            {"petition_id": "p0", "approved_at": at("10 08:00")} | reason,
            {"petition_id": "p1", "approved_at": at("20 08:00")} | reason,
        ],
    )
    built = world.build()
    assert built.rows(
        "select is_excluded, is_valid_followup, is_followed_up from fct_petition order by petition_id"
    ) == [
        (True, False, True),
        (False, True, True),
        (False, True, True),
    ]
    totals = built.run("indicators.totals", **JUNE).iloc[0]
    assert (totals.excluded, totals.followed_up, totals.valid_followups, totals.responded, totals.satisfied) == (
        1,
        3,
        2,
        2,
        2,
    )


def test_what_a_source_never_tells_is_not_known_rather_than_zero(world):
    world.petitions({"created_at": at("01 08:00")}, mapping="citizen")
    world.petitions({"petition_id": "q", "created_at": at("01 08:00")}, closed(petition_id="r"), mapping="office")
    totals = world.build().run("indicators.totals", **JUNE).iloc[0]
    assert (totals.accepted, totals.closed, totals.closing_known, totals.followup_known) == (3, 1, 2, 0)


def test_repeats_are_found_links_but_not_mere_topics(world):
    world.petitions(*(closed() for _ in range(4)))
    link = {"earlier_petition_id": "p9", "linked_at": at("05 08:00")}
    world.add(
        "repeat_link",
        [
            {"petition_id": "p0", "tier": "T1"} | link,
            {"petition_id": "p1", "tier": "T2"} | link,
            {"petition_id": "p2", "tier": "T3"} | link,
            {"petition_id": "p3", "tier": "T1"} | link | {"linked_at": at("16 08:00")},
        ],
    )
    built = world.build()
    assert built.rows("select petition_id from fct_petition where is_repeat order by 1") == [("p0",), ("p1",)]
    assert built.run("indicators.totals", **JUNE).repeats[0] == 2
    assert len(built.rows("select * from fct_repeat_link")) == 3
