"""Published figures: reproduced from the facts, quoted, or wrong as soon as a fact changes."""

import csv
import re
from datetime import date

import pytest

from minxin.settings import ROOT
from tests.queries.world import at

HEADER = "id,label,published,unit,places,method,query,reason,source\n"
LINES = {
    "X01.total": "受理量,4,件,0,reproduced,published.check,,文章",
    "X01.complaint": "投诉,2,件,0,reproduced,published.check,,文章",
    "X01.consult": "咨询,1,件,0,reproduced,published.check,,文章",
    "X01.other": "其他,1,件,0,reproduced,published.check,,文章",
    "X01.closed": "办结,3,件,0,reproduced,published.check,,文章",
    "X01.closing_rate": "办结率,0.75,,4,reproduced,published.check,,文章",
    "X01.followed": "回访,2,件,0,reproduced,published.check,,文章",
    "X01.followup_rate": "回访率,0.5,,2,reproduced,published.check,,文章",
    "X03.communities": "社区,2,个,0,reproduced,published.check,,文章",
    "X04.visitors": "接访,30,人次,0,reproduced,published.check,,文章",
    "X04.demands": "诉求,1,条,0,reproduced,published.check,,文章",
    "X04.since": "起始,20230301,,0,reproduced,published.check,,文章",
    "X05.closed": "办结,2,宗,0,reproduced,published.check,,文章",
    "X05.closing_rate": "办结率,0.6667,,4,reproduced,published.check,,文章",
    "X06.households": "走访,2,户,0,reproduced,published.check,,文章",
    "X06.demands": "诉求,1500,宗,0,at_least,published.check,,文章",
    "X08.stations": "服务站,1,个,0,reproduced,published.check,,文章",
    "X10.centres": "邻里中心,2,个,0,reproduced,published.check,,文章",
    "X10.estates": "小区邻里中心,256,个,0,quoted,,2025年目标,文章",
    "X14.actions": "行动,1,项,0,reproduced,published.check,,文章",
    "X27.contact": "首联,15,分钟,0,quoted,,规则,文章",
    "X37.pioneers": "先锋,1,名,0,reproduced,published.check,,文章",
    "X37.studios": "工作室,1,家,0,reproduced,published.check,,文章",
    "X37.centres": "邻里中心,2,个,0,reproduced,published.check,,文章",
    "X38.population": "人口,30000,人,0,reproduced,published.check,,文章",
    "X38.communities": "社区,2,个,0,reproduced,published.check,,文章",
    "X38.estates": "小区,1,个,0,reproduced,published.check,,文章",
}


@pytest.fixture
def street(worlds):
    """A street of two communities with a little of everything that was published."""
    world = worlds(figures=HEADER + "".join(f"{id},{rest}\n" for id, rest in LINES.items()))
    box = {"channel": "信箱", "created_at": at("01 08:00"), "closed_at": at("01 09:00")}
    online = {"channel": "心安在线", "created_at": at("01 08:00"), "community_code": None}
    called = {"followup_at": at("02 09:00"), "followup_valid": False}
    world.petitions(
        box | {"kind": "投诉"} | called,
        box | {"kind": "投诉"} | called,
        box | {"kind": "咨询"},
        box | {"kind": "求助", "closed_at": at("20 09:00")},
        online | {"closed_at": at("01 09:00")},
        online | {"closed_at": at("01 09:00")},
        online,
        {"channel": "心安夜话", "created_at": at("01 08:00"), "community_code": "A"},
        {"channel": "民意速办", "created_at": at("01 08:00"), "community_code": "B"},
    )
    talk = {"community_code": "A", "visitors": 15}
    world.add("night_talk", [{"session_id": f"s{i}", "held_on": date(2023, 3, d)} | talk for i, d in enumerate((8, 1))])
    visit = {"visited_on": date(2023, 4, 1), "community_code": "B", "demands": 757}
    world.add("home_visit", [{"visit_id": f"v{i}", "household": f"h{i}"} | visit for i in range(2)])
    world.add(
        "site",
        [
            {"site_id": "1", "level": "服务站", "name": "站", "status": "启用"},
            {"site_id": "2", "level": "服务站", "name": "站", "status": "在建"},
            {"site_id": "3", "level": "邻里中心", "name": "心", "status": "亮相"},
            {"site_id": "4", "level": "邻里中心", "name": "心", "status": "亮相"},
            {"site_id": "5", "level": "邻里中心", "name": "心", "status": "亮相", "estate_code": "e1"},
            {"site_id": "6", "level": "邻里中心", "name": "心", "status": "在建"},
        ],
    )
    world.add("action", [{"action_id": "1", "name": "行动"}])
    world.add("pioneer", [{"pioneer_id": k, "kind": k, "name": k} for k in ("行动先锋", "工作室", "十大先锋")])
    world.add("estate", [{"estate_code": "e1", "name": "园", "community_code": "A"}])
    return world


def test_every_figure_is_reproduced_or_quoted(street):
    checked = street.build().run("published.check").set_index("id")
    assert list(checked.index) == sorted(LINES)
    assert checked[checked.status == "wrong"].to_dict("index") == {}
    assert set(checked[checked.status == "quoted"].index) == {"X10.estates", "X27.contact"}
    assert checked.computed["X01.closing_rate"] == 0.75
    assert checked.computed["X27.contact"] == 15


@pytest.mark.parametrize(
    ("table", "rows", "wrong"),
    [
        (
            "petition",
            [{"petition_id": "new", "channel": "信箱", "kind": "投诉", "created_at": at("03 08:00")}],
            {"X01.total", "X01.complaint", "X01.closing_rate", "X01.followup_rate"},
        ),
        (
            "night_talk",
            [{"session_id": "s9", "held_on": date(2023, 2, 1), "visitors": 1}],
            {"X04.visitors", "X04.since"},
        ),
        (
            "home_visit",
            [{"visit_id": "v9", "visited_on": date(2023, 2, 1), "household": "h9", "demands": 86}],
            {"X06.households", "X06.demands"},
        ),
        (
            "site",
            [{"site_id": "9", "level": "邻里中心", "name": "心", "status": "启用"}],
            {"X10.centres", "X37.centres"},
        ),
        ("estate", [{"estate_code": "e9", "name": "园"}], {"X38.estates"}),
    ],
)
def test_a_changed_fact_makes_its_figures_wrong(street, table, rows, wrong):
    street.add(table, rows)
    checked = street.build().run("published.check")
    assert set(checked[checked.status == "wrong"].id) == wrong


def test_a_figure_said_to_be_reproduced_but_never_counted_is_wrong(worlds):
    world = worlds(
        figures=HEADER
        + "X99.nothing,虚构,1,件,0,reproduced,published.check,,文章\nX01.total,受理量,0,件,0,reproduced,,,文章\n"
    )
    checked = world.build().run("published.check").set_index("id")
    assert checked.status.to_dict() == {"X01.total": "wrong", "X99.nothing": "wrong"}
    assert checked.computed.isna().all()


def test_more_than_a_round_number_is_a_lower_bound_not_a_blank_cheque(worlds):
    for demands, status in ((1499, "wrong"), (1500, "reproduced"), (1599, "reproduced"), (1600, "wrong")):
        world = worlds(figures=HEADER + f"X06.demands,{LINES['X06.demands']}\n")
        world.add(
            "home_visit", [{"visit_id": "v", "visited_on": date(2023, 4, 1), "household": "h", "demands": demands}]
        )
        assert world.build().run("published.check").status.tolist() == [status], demands


def test_a_deployment_without_figures_has_nothing_to_check(world):
    world.petitions({"channel": "信箱", "created_at": at("01 08:00")})
    built = world.build()
    assert built.run("published.check").empty
    assert built.rows("select * from mart_published") == []


def test_every_figure_listed_as_countable_is_counted_and_the_other_way_round():
    with (ROOT / "data" / "published_figures.csv").open(encoding="utf-8-sig", newline="") as lines:
        listed = {row["id"]: row["method"] for row in csv.DictReader(lines)}
    files = [
        ROOT / "queries" / "marts" / "mart_published.sql",
        ROOT / "queries" / "staging" / "int_published_credit.sql",
    ]
    # One count by kind names several figures in one expression.
    counted = {id for file in files for id in re.findall(r"'([XH]\d\d\.\w+)'", file.read_text("utf-8"))}
    assert {id for id, method in listed.items() if method != "quoted"} - counted == set()
    assert counted - set(listed) == set()


def test_figures_of_a_half_that_is_not_imported_are_quoted_and_wrong_once_it_is(worlds):
    world = worlds(figures=HEADER + "H14.mechanisms,机制,7,项,0,reproduced,published.check,,文章\n")
    [row] = world.build().run("published.check").itertuples()
    assert (row.status, row.reason) == ("quoted", "尚未导入信用数据，只引用不计算")
    world.add("enterprise", [{"uscc": "91999999MA5F00034Q", "name": "甲"}])
    world.add("mechanism", [{"mechanism_id": "1", "kind": "研判会商", "held_on": date(2023, 5, 1)}])
    [row] = world.build().run("published.check").itertuples()
    assert (row.status, row.computed) == ("wrong", 1)
    (world.deployment.folder / "published_figures.csv").write_text(
        HEADER + f"X01.total,{LINES['X01.total']}\n", encoding="utf-8"
    )
    [row] = world.build().run("published.check").itertuples()
    assert (row.status, row.reason) == ("quoted", "尚未导入诉求数据，只引用不计算")
