"""The marts beside the petitions: places, people, sessions, batches, and what every mart says of itself."""

import tomllib
from datetime import date

import pytest

from minxin.settings import ROOT
from minxin.tables import tables
from tests.queries.world import at

MARTS = sorted(f.stem for f in (ROOT / "queries" / "marts").glob("*.sql"))
NAMED = {
    "dim_community",
    "dim_calendar",
    "dim_estate",
    "dim_department",
    "dim_category",
    "dim_figure",
    "fct_petition",
    "fct_dispatch",
    "fct_contact",
    "fct_followup",
    "fct_exclusion",
    "fct_extension",
    "fct_hard_case",
    "fct_repeat_link",
    "fct_night_talk",
    "fct_home_visit",
    "fct_site",
    "fct_instruction",
    "fct_pioneer",
    "fct_action",
    "mart_daily",
    "mart_open",
    "mart_batch",
    "mart_batch_field",
    "mart_batch_reason",
    "mart_published",
}


def declaration(mart):
    return tomllib.loads((ROOT / "queries" / "marts" / f"{mart}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    from tests.queries.world import World

    return World(tmp_path_factory.mktemp("empty")).build()


def test_the_marts_of_the_design_are_all_there():
    assert set(MARTS) >= NAMED


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_says_what_a_row_is_and_describes_each_column(mart, empty):
    said = declaration(mart)
    assert said["row"] and said["test"]
    columns = [name for name, *_ in empty.rows(f"describe {mart}")]
    known = set(said["columns"])
    of_table = {
        "dim_estate": "estate",
        "dim_department": "department",
        "dim_enterprise": "enterprise",
        "dim_park": "park",
        "dim_scene": "scene",
    }.get(mart, mart.removeprefix("fct_"))
    if of_table in tables():
        known |= set(tables()[of_table].names)
    if mart == "mart_open":
        known |= set(declaration("fct_petition")["columns"]) | set(tables()["petition"].names)
    assert set(columns) - known == set(), "columns nobody describes"
    assert set(said["columns"]) - set(columns) == set(), "described columns that do not exist"
    first = (ROOT / "queries" / "marts" / f"{mart}.sql").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("-- One ") and first.endswith(".")


@pytest.mark.parametrize("name", sorted(tables()))
def test_no_declared_column_is_lost_on_the_way(name, empty):
    """A column added to a table's declaration must be added to its mart."""
    mart = {
        "estate": "dim_estate",
        "department": "dim_department",
        "population": "dim_community",
        "enterprise": "dim_enterprise",
        "park": "dim_park",
        "scene": "dim_scene",
        # The bulk is only aggregated: single records of it do not reach a snapshot, telling ones do as events.
        "credit_record": "mart_enterprise_record",
    }.get(name, f"fct_{name}")
    lost = {
        "population": {"community_source", "counted_on", "households", "source"},
        "credit_record": set(tables()["credit_record"].names) - {"uscc", "type_code"},
    }
    columns = {column for column, *_ in empty.rows(f"describe {mart}")}
    assert set(tables()[name].names) - columns - lost.get(name, set()) == set()


def test_nothing_that_counts_is_a_float_or_too_wide(empty):
    types = dict(row[:2] for row in empty.rows("describe mart_daily"))
    assert {c for c, t in types.items() if t == "DOUBLE"} == {"satisfied", "satisfied_squares"}
    assert set(types.values()) == {"DATE", "VARCHAR", "BIGINT", "DOUBLE"}


def test_facts_are_laid_out_by_day_and_community_the_latest_first(world):
    world.petitions(
        {"created_at": at("03 08:00"), "community_code": "B"},
        {"created_at": at("01 09:00"), "community_code": "B"},
        {"created_at": at("01 10:00"), "community_code": "A"},
    )
    assert world.build().rows("select petition_id from fct_petition") == [("p0",), ("p2",), ("p1",)]


def test_population_is_the_latest_count_known(world):
    world.petitions({"created_at": at("01 08:00")})
    world.add(
        "population",
        [
            {"community_code": "B", "counted_on": date(2022, 12, 31), "population": 100, "source": "台账"},
            {"community_code": "B", "counted_on": date(2023, 5, 31), "population": 120, "source": "台账二"},
            {"community_code": "B", "counted_on": date(2023, 6, 30), "population": 130, "source": "台账三"},
        ],
    )
    built = world.build()
    assert built.rows(
        "select community_code, population, population_source from dim_community order by sort_order"
    ) == [
        ("A", 30000, "普查"),
        ("B", 120, "台账二"),
        ("none", None, ""),
    ]
    assert built.run("indicators.totals", start="2023-06-01", end="2023-07-01").population[0] == 30120


def test_an_unknown_community_counts_as_none(world):
    world.petitions(
        {"created_at": at("01 08:00"), "community_code": "Z", "community_name": "别处"},
        {"created_at": at("01 08:00"), "community_code": None},
        {"created_at": at("01 08:00"), "community_code": "A", "community_name": "旧名"},
    )
    assert world.build().rows("select community_code, community_name from fct_petition order by petition_id") == [
        ("none", "未归属"),
        ("none", "未归属"),
        ("A", "甲社区"),
    ]


def test_places_sessions_and_visits_carry_their_community_and_hide_the_future(world):
    world.petitions({"created_at": at("01 08:00"), "category_1": " ", "category_2": "施工"})
    day = at("14 00:00").date()
    world.add(
        "night_talk",
        [
            {"session_id": "s1", "held_on": day, "community_code": "A", "visitors": 12},
            {"session_id": "s2", "held_on": at("15 00:00").date(), "community_code": "A", "visitors": 12},
        ],
    )
    world.add(
        "home_visit", [{"visit_id": "v1", "visited_on": day, "community_code": "?", "household": "h", "demands": 2}]
    )
    world.add("site", [{"site_id": "n1", "level": "服务站", "name": "站", "community_code": "B", "status": "启用"}])
    world.add("estate", [{"estate_code": "e1", "name": "园", "community_code": "B"}])
    world.add("pioneer", [{"pioneer_id": "x1", "kind": "工作室", "name": "工作室01", "community_code": None}])
    world.add("department", [{"unit": "城管办", "level": "街道"}])
    world.add("action", [{"action_id": "1", "name": "行动一"}])
    world.add(
        "instruction",
        [
            {
                "instruction_id": "i1",
                "given_by": "书记",
                "given_at": at("10 08:00"),
                "requirement": "抓紧",
                "done_at": at("16 08:00"),
            }
        ],
    )
    built = world.build()
    assert built.rows("select session_id, community_name from fct_night_talk") == [("s1", "甲社区")]
    assert built.rows("select visit_id, community_code from fct_home_visit") == [("v1", "none")]
    assert built.rows("select site_id, community_name from fct_site") == [("n1", "乙社区")]
    assert built.rows("select estate_code, community_name from dim_estate") == [("e1", "乙社区")]
    assert built.rows("select pioneer_id, community_code from fct_pioneer") == [("x1", "none")]
    assert built.rows("select unit from dim_department") == [("城管办",)]
    assert built.rows("select count(*) from fct_action") == [(1,)]
    assert built.rows("select done_at from fct_instruction") == [(None,)]
    assert ("未分类", "施工", None) in built.rows("select * from dim_category")


def test_open_petitions_name_the_unit_that_has_them_now(world):
    world.petitions(
        {"created_at": at("01 08:00"), "first_unit": "首办"},
        {"created_at": at("01 08:00"), "first_unit": "首办"},
        {"created_at": at("01 08:00"), "first_unit": "首办", "closed_at": at("02 08:00")},
    )
    sent = {"petition_id": "p0", "role": "主办"}
    world.add(
        "dispatch",
        [
            sent | {"sequence": 1, "unit": "先", "dispatched_at": at("01 09:00")},
            sent | {"sequence": 2, "unit": "后", "dispatched_at": at("02 09:00")},
            sent | {"sequence": 3, "unit": "协", "role": "协办", "dispatched_at": at("03 09:00")},
            sent | {"sequence": 4, "unit": "退", "dispatched_at": at("04 09:00"), "returned_at": at("04 10:00")},
            sent | {"sequence": 5, "unit": "未来", "dispatched_at": at("16 09:00")},
        ],
    )
    built = world.build()
    assert built.rows("select petition_id, unit from mart_open order by 1") == [("p0", "后"), ("p1", "首办")]
    assert len(built.rows("select * from fct_dispatch")) == 4


def test_a_later_batch_replaces_a_petition_and_a_withdrawn_one_is_hidden_at_once(world):
    first = world.petitions(
        {"created_at": at("01 08:00"), "due_at": at("02 08:00")},
        {"created_at": at("01 08:00"), "due_at": at("02 08:00")},
    )
    later = world.add(
        "petition", [{"petition_id": "p0", "created_at": at("01 08:00"), "community_code": "B"}], status="replaced"
    )
    built = world.build()
    assert built.rows("select petition_id, community_code, batch_id from fct_petition order by 1") == [
        ("p0", "B", later),
        ("p1", "A", first),
    ]
    assert [(b, h) for b, h in built.run("quality.batches")[["batch_id", "held"]].to_numpy()] == [
        (later, 1),
        (first, 1),
    ]
    listing = {"start": "2023-06-01", "end": "2023-07-01", "category": "", "state": "", "limit": 9, "skip": 0}
    assert list(built.run("records.list", **listing).petition_id) == ["p0", "p1"]
    from minxin.warehouse.lake import Lake

    Lake(world.home).withdraw(first, "测试")
    assert list(built.run("records.list", **listing).petition_id) == ["p0"]
    del listing["limit"], listing["skip"]
    assert [built.run("records.count", **listing | {"state": s}).n[0] for s in ("", "办结", "在办", "逾期")] == [
        1,
        0,
        1,
        0,
    ]
    assert built.run("records.one", petition_id="p1").empty
    assert built.run("weekly.late", limit=9).empty
    assert built.run("weekly.late_counts").overdue.sum() == 0
    assert built.run("deadlines.agreement").compared[0] == 0
