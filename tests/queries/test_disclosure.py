"""Timeliness of what is disclosed: counted in working days, and only once the time allowed has passed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from minxin.charts.about import About
from minxin.charts.credit.overview import Overview
from minxin.settings import Unusable
from minxin.warehouse import disclosure_rules
from tests.queries.world import Published, World

D = dt.date
RULE = '[[publish]]\nfrom = 2015-01-01\nworkdays = 7\nsource = "某文件"\nassumption = ""\n'


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
    assert counted(world.build()) == [(4, 1, 2, 1, 0)]


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
    (folder / "disclosure.toml").write_text(RULE + RULE.replace("2015-01-01", "2023-05-10").replace("7", "1"), "utf-8")
    records(world, (D(2023, 5, 9), D(2023, 5, 12)), (D(2023, 5, 10), D(2023, 5, 12)), (D(2023, 5, 10), D(2023, 5, 11)))
    assert counted(world.build()) == [(3, 3, 3, 2, 3 + 2 + 1)]


@pytest.mark.parametrize(
    "text",
    ["x = 1", RULE.replace("7", "0"), RULE.replace("2015-01-01", '"今天"'), RULE.replace("某文件", ""), RULE * 2],
)
def test_a_faulty_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "disclosure.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Unusable) as said:
        disclosure_rules.read_rules(file)
    assert str(said.value).startswith("公示规则") and "\n" not in str(said.value)


def test_the_project_states_its_source() -> None:
    held = disclosure_rules.load().publish
    assert held[0].workdays == 7 and "国办发〔2015〕51号" in held[0].source
    assert disclosure_rules.load().workdays(D(2010, 1, 1)) == 7
