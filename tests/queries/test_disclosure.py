"""Timeliness of what is disclosed: counted in working days, and only once the time allowed has passed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from minxin.charts.about import About
from minxin.charts.credit.overview import Overview
from minxin.settings import Unusable
from minxin.warehouse import disclosure_rules, visibility
from tests.queries.world import Published, World

D = dt.date
RULE = '[[publish]]\nfrom = 2015-01-01\nworkdays = 7\nsource = "某文件"\nassumption = ""\n'
TERM = '[[punish]]\nfrom = 2015-01-01\nkinds = []\nmonths = 36\nsource = "某文件"\nassumption = ""\n'


def records(world: World, *days: tuple[dt.date, dt.date | None], kind: str = "XK001") -> None:
    """Records of a kind issued and published on days."""
    world.add(
        "credit_record",
        [
            {"record_id": f"{kind}-{i}-{issued}", "uscc": "firm", "type_code": kind, "polarity": "中性",
             "issued_on": issued, "published_on": shown, "authority": "某局", "system": "某系统"}
            for i, (issued, shown) in enumerate(days)
        ],
    )  # fmt: skip


def counted(held: Published) -> list[tuple[int, ...]]:
    return held.rows("select n, published, due, on_time, days from mart_record_month order by month_start, type_code")


def test_on_time_is_counted_by_working_days(world: World) -> None:
    """Issued on 28 April 2023: Labour Day with its make-up Saturday lies between, the seventh day is 11 May."""
    records(world, (D(2023, 4, 28), D(2023, 5, 11)), (D(2023, 4, 28), D(2023, 5, 12)), (D(2023, 4, 28), D(2023, 4, 28)))
    assert counted(world.build()) == [(3, 3, 3, 2, 13 + 14)]


def test_what_is_not_due_yet_is_neither_late_nor_in_time(world: World) -> None:
    """At midnight after 14 June: the seventh working day after 5 June has ended, that after 6 June has not."""
    records(
        world, (D(2023, 6, 5), None), (D(2023, 6, 6), None), (D(2023, 6, 14), None), (D(2023, 6, 14), D(2023, 6, 14))
    )
    assert counted(world.build()) == [(4, 1, 1, 0, 0)]


def test_a_publication_after_the_data_time_is_not_known_yet(world: World) -> None:
    records(world, (D(2023, 6, 12), D(2023, 6, 15)), (D(2023, 6, 5), D(2023, 6, 15)))
    assert counted(world.build()) == [(2, 0, 1, 0, None)]


def test_records_of_long_ago_are_counted_as_well(world: World) -> None:
    """The calendar reaches back to the first record, however few petitions there are."""
    records(world, (D(2019, 1, 30), D(2019, 2, 13)), (D(2019, 1, 30), D(2019, 2, 14)))
    assert counted(world.build()) == [(2, 2, 2, 1, 14 + 15)]


def test_the_page_divides_by_what_is_due(world: World) -> None:
    late, open_ = (D(2023, 6, 1), None), (D(2023, 6, 13), None)
    records(world, (D(2023, 6, 1), D(2023, 6, 2)), late, open_, open_)
    held = world.build()
    page = Overview(held.run, D(2023, 6, 1), D(2023, 7, 1), "近 1 个月", About(dt.datetime(2023, 6, 15), "s1", False))
    card = page.figures.data.set_index("code").loc["on_time"]
    assert (card["value"], card["n"], card["name"]) == (0.5, 2, "7个工作日内公示率")
    assert "7个工作日内公示 50.0%" in page.headline[1][1]
    [row] = page.timeliness.data.itertuples()
    assert (row.share, row.due) == (0.5, 2)


def test_nothing_due_is_no_rate(world: World) -> None:
    records(world, (D(2023, 6, 13), None))
    page = Overview(
        world.build().run, D(2023, 6, 1), D(2023, 7, 1), "近 1 个月", About(dt.datetime(2023, 6, 15), "s1", False)
    )
    assert page.figures.data.set_index("code").loc["on_time", "status"] == "none"
    assert "nan" not in page.headline[1][1] and "公示时限都还没有到" in page.headline[1][1]
    assert page.timeliness.data["status"].tolist() == ["none"] and "nan" not in page.timeliness.title


def test_a_later_version_of_the_rule_holds_for_what_is_issued_from_its_day(world: World) -> None:
    folder = world.deployment.folder / "rules"
    folder.mkdir()
    (folder / "disclosure.toml").write_text(
        RULE + RULE.replace("2015-01-01", "2023-05-10").replace("7", "1") + TERM, "utf-8"
    )
    records(world, (D(2023, 5, 9), D(2023, 5, 12)), (D(2023, 5, 10), D(2023, 5, 12)), (D(2023, 5, 10), D(2023, 5, 11)))
    assert counted(world.build()) == [(3, 3, 3, 2, 3 + 2 + 1)]


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        RULE,
        TERM,
        RULE.replace("7", "0") + TERM,
        RULE.replace("2015-01-01", '"今天"') + TERM,
        RULE.replace("某文件", "") + TERM,
        RULE * 2 + TERM,
        RULE + TERM * 2,
        RULE + TERM.replace("[]", '["失信"]'),
        RULE + TERM.replace("[]", '["欠税"]'),
        RULE + TERM.replace("36", "0"),
    ],
)
def test_a_faulty_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "disclosure.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Unusable) as said:
        disclosure_rules.read_rules(file)
    assert str(said.value).startswith("公示规则") and "有误" in str(said.value) and "\n" not in str(said.value)


def test_the_project_states_its_source() -> None:
    held = disclosure_rules.load().publish
    assert held[0].workdays == 7 and "国办发〔2015〕51号" in held[0].source
    assert disclosure_rules.load().workdays(D(2010, 1, 1)) == 7
    for version in disclosure_rules.load().punish:
        assert version.source or version.assumption


# ── cases that ended in punishment ──────────────────────────────────────────────────────────────

CASE = {"uscc": "firm", "discovered_on": D(2020, 1, 2)}
UNTIL = "select case_id, outcome, visible_until from fct_enforcement order by case_id"


def test_a_punished_case_is_shown_to_the_end_of_its_term_and_no_longer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two years for the courts' cases, three for wages and what no rule names; the last day is still shown."""
    hit = {**CASE, "outcome": "惩戒", "closed_on": D(2020, 8, 31), "shown_on": D(2020, 9, 1)}
    world.add(
        "enforcement",
        [
            {"case_id": "c1", **hit, "kind": "失信被执行"},
            {"case_id": "c2", **hit, "kind": "拖欠工资"},
            {"case_id": "c3", **hit, "kind": "欠税", "closed_on": D(2020, 2, 29)},
            # no day of closing: from the last step that is known
            {"case_id": "c4", **hit, "kind": "合同违约", "closed_on": None},
            {"case_id": "c5", **CASE, "kind": "欠税", "outcome": "退出", "warned_on": D(2020, 3, 1)},
            {"case_id": "c6", **CASE, "kind": "欠税", "outcome": "在办"},
        ],
    )
    held = world.build()
    assert held.rows(UNTIL) == [
        ("c1", "惩戒", D(2022, 9, 1)),
        ("c2", "惩戒", D(2023, 9, 1)),
        ("c3", "惩戒", D(2023, 3, 1)),
        ("c4", "惩戒", D(2023, 9, 2)),
        ("c5", "退出", D(2020, 3, 1)),
        ("c6", "在办", None),
    ]
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 8, 31, 9))
    assert set(held.run("enterprise.timeline", uscc="firm")["event_id"]) == {"c2", "c4", "c6"}
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 9, 1, 9))
    assert set(held.run("enterprise.timeline", uscc="firm")["event_id"]) == {"c4", "c6"}


def test_a_case_closed_after_the_data_time_is_still_open(world: World) -> None:
    """The data time is midnight before 15 June 2023: of what happens on that day nothing is known yet."""
    late = {"discovered_on": D(2023, 5, 1), "uscc": "firm", "kind": "失信被执行"}
    promised = {"commitment_on": D(2023, 6, 15), "commitment_until": D(2023, 9, 1)}
    world.add(
        "enforcement",
        [
            {"case_id": "c1", **late, "outcome": "惩戒", "closed_on": D(2023, 6, 15)},
            {"case_id": "c2", **late, "outcome": "退出", "closed_on": D(2023, 6, 20), **promised},
            {"case_id": "c3", **late, "outcome": "退出", "closed_on": D(2023, 6, 14)},
        ],
    )
    held = world.build()
    assert held.rows(UNTIL) == [("c1", "在办", None), ("c2", "在办", None), ("c3", "退出", D(2023, 6, 14))]
    assert held.rows("select case_id, stands, commitment_until from mart_enforcement_open order by 1") == [
        ("c1", "待推送", None),
        ("c2", "待推送", None),
    ]


def test_a_lapsed_punishment_weighs_on_no_class_any_more(world: World) -> None:
    """The risk class of the months after the term knows nothing of it."""
    world.add("enterprise", [{"uscc": "firm", "name": "甲公司", "registered_on": D(2015, 1, 1), "status": "存续"}])
    hit = {**CASE, "kind": "失信被执行", "outcome": "惩戒", "closed_on": D(2021, 3, 10)}
    world.add("enforcement", [{"case_id": "c1", **hit}])
    found = dict(world.build().rows("select month_start, risk_class from mart_risk where uscc = 'firm'"))
    assert found[D(2023, 2, 1)] != "A" and found[D(2023, 5, 1)] == "A"
