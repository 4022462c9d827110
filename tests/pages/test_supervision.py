"""分级监管与双随机: what it says is what was counted, and a clerk can freeze, draw and repeat on it."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from minxin import queries
from minxin.analysis.inspection import protocol
from minxin.settings import Home
from tests import support
from tests.pages.conftest import Open, shown

FILE = "credit/supervision.py"
SEED = "20237331128159211123"


@pytest.fixture(scope="module")
def credit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo of firms only, with inspections enough to compare."""
    folder = tmp_path_factory.mktemp("credit") / "home"
    env = support.environment(folder)
    support.must("demo", "--subject", "credit", "--enterprises", "30000", "--credit-records", "20000", env=env)
    return folder


@pytest.fixture
def firms(credit: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The environment of this process points to the small demo."""
    for name, value in support.environment(credit).items():
        if name.startswith("MINXIN_"):
            monkeypatch.setenv(name, value)
    from minxin import settings

    settings._deployment.cache_clear()
    return settings.home()


def rows(home: Home, sql: str) -> tuple[object, ...]:
    held = queries.current(home)
    assert held is not None
    cursor: duckdb.DuckDBPyConnection = queries.connection(held.snapshot).cursor()
    found = cursor.execute(sql).fetchone()
    assert found is not None
    return found


def test_both_arms_stand_first_with_their_numbers(firms: Home, open_page: Open) -> None:
    at = open_page(FILE)
    assert not at.exception and not at.error
    assert [m.label for m in at.metric] == [
        "按风险抽查检出率", "随机组检出率", "提升倍数", "推算全部企业问题率", "合并减少上门",
    ]  # fmt: skip
    x, n = rows(
        firms,
        "select count(*) filter (where has_problem), count(*) from fct_inspection"
        " where arm = '风险' and stage = '试点后'",
    )
    assert at.metric[0].value == f"{x / n * 100:.1f}%"  # type: ignore[operator]
    assert f"n={n}" in shown(at).replace("\\", "")


def test_before_and_after_carry_their_warning(firms: Home, open_page: Open) -> None:
    said = shown(open_page(FILE))
    assert "混杂" in said and "试点前" in said


def test_too_few_visits_are_not_compared(firms: Home, open_page: Open) -> None:
    at = open_page(FILE, county="山城区")
    assert not at.exception and not at.error
    assert re.search("样本不足|没有检查记录", shown(at))


def test_coverage_rules_and_visits_come_when_opened(firms: Home, open_page: Open) -> None:
    at = open_page(FILE, forged={"coverage": True, "ruled": True, "visits": True})
    assert not at.exception and not at.error
    said = shown(at)
    assert "综合查一次" in said and "本系统假定" in said and "次检查" in said
    assert re.search("上限", said)


def test_without_firms_the_page_says_what_to_do(demo: Home, open_page: Open) -> None:
    at = open_page(FILE)
    assert not at.exception and not at.error
    assert "没有检查记录" in shown(at)


def test_a_clerk_freezes_draws_and_repeats(firms: Home, open_page: Open) -> None:
    at = open_page(FILE, view="本轮抽取")
    assert not at.exception and not at.error
    at.number_input(key="draw_size").set_value(200).run()
    at.text_area(key="draw_staff").set_value("执法01\n执法02 91999999MA00000001\n\n执法03").run()
    at.button(key="draw_freeze").click().run()
    assert not at.exception and not at.error, [e.value for e in at.error]
    folder = firms.path / "draws" / "r00001"
    frozen = protocol.read(folder)
    assert at.code[0].value == frozen.h0
    at.text_input(key="seed_r00001").set_value("123")
    at.text_input(key="origin_r00001").set_value("掷骰子")
    at.text_input(key="witness_r00001").set_value("见证人01、见证人02")
    send = next(b for b in at.button if b.label == "记录种子并抽取")
    send.click().run()
    assert "种子不足" in at.error[0].value and not (folder / "list.csv").exists()
    at.text_input(key="seed_r00001").set_value(SEED)
    next(b for b in at.button if b.label == "记录种子并抽取").click().run()
    assert not at.exception and not at.error, [e.value for e in at.error]
    assert "执法01" in (folder / "list.csv").read_text(encoding="utf-8")
    assert protocol.verify(folder).same and protocol.verify(folder).drawn == 200
    assert "抽出 200 户" in shown(at) and "见证人02" in shown(at)
    at.button(key="verify_r00001").click().run()
    assert "复核一致" in shown(at)
    (folder / "list.csv").write_bytes((folder / "list.csv").read_bytes().replace(b"91999999", b"91999998", 1))
    at.button(key="verify_r00001").click().run()
    assert "名单已改动" in at.error[0].value
