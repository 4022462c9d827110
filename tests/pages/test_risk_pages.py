"""信用热力图 and 企业画像: what they say is what was counted, forged codes are refused, what is gone is not shown."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from minxin import charts
from minxin.access import Viewer, signing
from minxin.board.credit import enterprise, heatmap
from minxin.board.frames import source
from minxin.charts.credit.heatmap import Question
from minxin.charts.tables import columns as tables_of
from minxin.settings import Home
from minxin.warehouse.visibility import Revocations
from tests.pages.conftest import Narrow, Open, counted, shown
from tests.queries.risk_world import firms
from tests.queries.world import World

HEATMAP, ENTERPRISE = "credit/heatmap.py", "credit/enterprise.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    held = firms(tmp_path_factory.mktemp("register"), upper=True)
    held.build()
    return held


@pytest.fixture
def world(built: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A small register, built, that the board reads; the test that takes something away gives it back."""
    monkeypatch.setenv("MINXIN_HOME", str(built.home.path))
    monkeypatch.setenv("MINXIN_CONFIG", str(built.deployment.folder))
    return built


def tables(at: AppTest) -> list[pd.DataFrame]:
    return [table.value for table in at.dataframe]


def test_the_heat_map_counts_the_classes_and_names_nobody(world: World, open_page: Open) -> None:
    at = open_page(HEATMAP)
    assert not at.exception and not at.error
    assert {m.label: m.value for m in at.metric} == {
        "绿●A低": "69.2%", "黄▲B一般": "7.7%", "橙◆C较高": "7.7%", "红■D高": "15.4%",
    }  # fmt: skip
    said = shown(at)
    assert "归类 13 家" in said and "4 家变差，0 家变好" in said and "黑名单最常见" in said
    assert not [t for t in tables(at) if "企业" in t], "no cell was clicked"


def test_a_click_on_the_heat_map_lists_the_firms_of_the_cell(world: World, open_page: Open) -> None:
    opened = source(Viewer.local(world.deployment))
    assert opened is not None
    page = heatmap.answer(opened, Question("class", "county", "share", dt.date(2023, 6, 1), dt.date(2022, 6, 1)))
    found: set[str] = set()
    for key in [key for key in page.grid.keys if key.startswith("D|")]:
        at = open_page(HEATMAP, {heatmap.CELL: ("class", "county", key)}, rows="行：风险类别", columns="列：县区")
        for listed in (t for t in tables(at) if "原因" in t and "企业" in t):
            assert set(listed["类别"]) == {"红■D高"}
            found |= set(listed["企业"])
    assert "大鹏物业" in found and found <= {"大鹏物业", "淇水工程"}


@pytest.mark.parametrize(
    "chosen", [("行：县区", "列：风险类别"), ("行：监管行业领域", "列：处罚种类"), ("行：园区", "列：月份")]
)
def test_any_two_dimensions_can_be_crossed(chosen: tuple[str, str], world: World, open_page: Open) -> None:
    at = open_page(HEATMAP, rows=chosen[0], columns=chosen[1])
    assert not at.exception and not at.error
    forged = open_page(HEATMAP, rows="行：星座", columns="列：属相", measure="运势", month="1999年1月")
    assert not forged.exception and not forged.error and len(forged.metric) == 4


def test_a_small_cell_is_hidden(world: World, open_page: Open) -> None:
    from minxin.analysis.credit import grid

    cells = pd.DataFrame({"row_code": ["x", "y"], "column_code": "", "n": [4, 5], "n_high": [4, 1],
                          "n_before": 0, "n_high_before": 0})  # fmt: skip
    held = grid.measured(cells, "county", "", "share", 5)
    assert held["status"].tolist() == ["few", "ok"] and held["label"].tolist() == ["<5", ""]


def test_who_sees_sums_only_is_told_no_small_count_of_firms(world: World, open_page: Open, sums_only: Narrow) -> None:
    """Two firms are in D, one each in B and C: neither they nor their reasons are counted out, in files neither."""
    assert "15.4%" in shown(open_page(HEATMAP))
    sums_only("heatmap")
    at = open_page(HEATMAP)
    assert not at.exception and not at.error
    said = shown(at)
    assert "<5 家" in said and "15.4%" not in said and "7.7%" not in said and "4 家变差" not in said
    assert all("大鹏物业" not in frame.to_csv() for frame in tables(at))

    sums = Viewer("l", (), (*(c.code for c in world.deployment.communities), "none"), "aggregate")
    opened = source(sums)
    assert opened is not None
    month, year = dt.date(2023, 6, 1), dt.date(2022, 6, 1)
    for measure in ("share", "count", "shift"):
        for by_row, by_column in (("county", "class"), ("county", "industry"), ("industry", "kind")):
            page = heatmap.answer(opened, Question(by_row, by_column, measure, month, year))
            for chart in page.charts():
                where = (measure, by_row, by_column, chart.id)
                for column in tables_of(chart):
                    if column.name in ("n", "n_high", "n_worse", "firms"):
                        assert not [v for v in column.raw if isinstance(v, (int, float)) and 0 < v < 5], where
                csv = charts.table(chart).to_csv()
                assert "15.4%" not in csv and "7.7%" not in csv and "nan" not in csv, where


def test_a_firm_is_shown_with_its_reasons_months_and_records(world: World, open_page: Open) -> None:
    at = open_page(ENTERPRISE, uscc="FIRM-D0")
    assert not at.exception and not at.error
    said = shown(at)
    assert [h.value for h in at.header] == ["大鹏物业"]
    assert "黑名单，一票否决" in said and "归类原因 2 项" in said and "检查 1 次，发现问题 1 次" in said
    assert "24 个月变动 1 次，最近一次2023年2月变差，由绿A到红D" in said
    timeline = next(t for t in tables(at) if "展示至" in t)
    assert timeline["事项"].tolist() == ["列入黑名单：严重失信"]


def test_who_sees_sums_only_gets_one_line_instead_of_any_firm(
    world: World, open_page: Open, sums_only: Narrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = {"uscc": "FIRM-D0", "sign": signing.sign(world.home, "FIRM-D0")}
    assert [h.value for h in open_page(ENTERPRISE, **signed).header] == ["大鹏物业"]
    sums_only("enterprise")
    for given in ({}, {"uscc": "FIRM-D0"}, signed, {"find": "众诚"}, {"find": "FIRM-D0"}):
        run = counted(monkeypatch)
        at = open_page(ENTERPRISE, **given)
        assert not at.exception and not at.error and not at.header and not at.dataframe and not at.text_input
        assert (
            [i.value for i in at.info if "只看汇总" in i.value] and "大鹏" not in shown(at) and "众诚" not in shown(at)
        )
        assert not [block for block in run if block.startswith("enterprise.")], given
        assert not at.get("download_button") and not at.get("imgs")


def test_firms_are_found_and_an_unknown_one_is_said_to_be(world: World, open_page: Open) -> None:
    at = open_page(ENTERPRISE, find="众诚")
    assert any("找到 8 家" in e.label for e in at.expander)
    assert "没有这家企业" in shown(open_page(ENTERPRISE, uscc="91999999MA00000000"))
    assert "没有找到" in shown(open_page(ENTERPRISE, find="![x](http://x.invalid/x.png)"))


def test_what_is_taken_away_is_gone_from_a_page_that_was_open(world: World, open_page: Open) -> None:
    assert "列入黑名单" in open_page(ENTERPRISE, uscc="FIRM-D0").dataframe[1].value.to_csv()
    Revocations(world.home).revoke("ld", "测试", "移出名单")
    at = open_page(ENTERPRISE, uscc="FIRM-D0")
    assert all("黑名单" not in table.to_csv() for table in tables(at))
    said = shown(at)
    assert "一票否决" not in said and "1 条已修复、到期或撤回" in said and "没有可查看的信用记录" in said
    Revocations(world.home).restore("ld", "测试", "误撤")


def test_the_code_carries_a_number_and_a_signature_and_a_forged_one_opens_nothing(
    world: World, open_page: Open
) -> None:
    given = parse_qs(urlsplit(enterprise.link("FIRM-D0")).query)
    assert set(given) == {"uscc", "sign"} and given["uscc"] == ["FIRM-D0"]
    genuine = open_page(ENTERPRISE, uscc="FIRM-D0", sign=given["sign"][0])
    assert "本机关签发" in shown(genuine) and genuine.header[0].value == "大鹏物业"
    for code, signature in (("FIRM-C0", given["sign"][0]), ("FIRM-D0", "AAAAAAAAAAAAAAAA"), ("FIRM-D0", "签")):
        forged = open_page(ENTERPRISE, uscc=code, sign=signature)
        assert "不是本机关签发" in shown(forged) and not forged.header
    other = Home(world.home.path.with_name("other"), world.deployment).open("real")
    assert not signing.signed(other, "FIRM-D0", given["sign"][0])


def test_no_firm_is_named_before_anybody_searched(world: World, open_page: Open) -> None:
    at = open_page(ENTERPRISE)
    assert not at.exception and not at.error and not at.dataframe and not at.header
    said = shown(at)
    assert "按回车查找" in said and "大鹏物业" not in said and "FIRM-" not in said
    forged = open_page(ENTERPRISE, uscc="FIRM-D0", sign="AAAAAAAAAAAAAAAA")
    assert not forged.dataframe and "大鹏物业" not in shown(forged)
    found = open_page(ENTERPRISE, find="物业")
    assert "大鹏物业" in "".join(f.value.to_csv() for f in found.dataframe) + shown(found)
    assert open_page(ENTERPRISE, uscc="FIRM-D0").header[0].value == "大鹏物业"


def test_without_firms_both_pages_say_what_to_do(demo_without_firms: Home, open_page: Open) -> None:
    assert "还没有企业数据" in shown(open_page(HEATMAP))
    assert "还没有企业数据" in shown(open_page(ENTERPRISE))


@pytest.fixture
def demo_without_firms(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with petitions alone."""
    world = World(tmp_path_factory.mktemp("petitions"))
    world.petitions({"petition_id": "q"})
    world.build()
    monkeypatch.setenv("MINXIN_HOME", str(world.home.path))
    monkeypatch.setenv("MINXIN_CONFIG", str(world.deployment.folder))
    return world.home


def test_what_the_class_of_a_penalty_does_not_ask_for_is_not_said_to_be_missing() -> None:
    from minxin.charts.credit.enterprise import _repair_state

    days = {
        "decided_on": dt.date(2026, 4, 10),
        "published_on": dt.date(2026, 4, 12),
        "apply_from": dt.date(2026, 4, 10),
    }
    row = {**days, "kind": "罚款", "field": "一般", "severity": "轻微", "is_summary": False, "repaired_on": None}
    row |= {"corrected_on": None, "fulfilled_on": dt.date(2026, 4, 20), "result": "", "applied_on": None}
    today = dt.date(2026, 5, 1)
    assert _repair_state(row, today) == "可以申请"
    assert _repair_state(row | {"fulfilled_on": None}, today) == "期限已到，尚未履行"
    later = row | {"severity": "一般", "apply_from": dt.date(2026, 7, 11)}
    assert _repair_state(later, today) == "还需 71 天，尚未纠正"
