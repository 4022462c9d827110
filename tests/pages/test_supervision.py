"""分级监管与双随机: what it says is what was counted, and a clerk can freeze, draw and repeat on it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from minxin import queries
from minxin.access import Viewer
from minxin.analysis.inspection import allocation, frame, protocol, rules
from minxin.settings import Home
from tests import support
from tests.pages.conftest import WAIT, Narrow, Open, shown

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


def _all(home: Home, sql: str) -> list[tuple[object, ...]]:
    held = queries.current(home)
    assert held is not None
    return queries.connection(held.snapshot).cursor().execute(sql).fetchall()


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


# ── whom a round is shown to ────────────────────────────────────────────────────────────────────


@pytest.fixture
def drawn(firms: Home) -> Iterator[Path]:
    """A round of 2,000 of all firms, drawn."""
    held = queries.current(firms)
    assert held is not None
    rule, now = rules.load().on(dt.date(2023, 7, 3)), dt.datetime(2023, 7, 4, 9)
    everybody = held.run("inspection.frame", Viewer.local(firms.deployment), at=now.date(), months=rule.cap_months)
    folder = firms.path / "draws" / "r00900"
    protocol.freeze(folder, allocation.plan(frame.of_snapshot(everybody), rule, 2000), "一轮", now)
    protocol.take(folder, SEED, now, source="掷骰子", witnesses=("见证人09",))
    yield folder
    shutil.rmtree(folder)


def _current(codes: tuple[str, ...], detail: str) -> None:
    import streamlit as st

    from minxin.access import Viewer
    from minxin.board.credit import drawing
    from minxin.board.frames import source

    viewer = Viewer("somebody", ("clerk",), codes, detail)  # type: ignore[arg-type]
    opened = source(viewer)
    assert opened is not None
    drawing.current(opened, viewer, st.container())


def round_for(codes: tuple[str, ...], detail: str = "masked") -> tuple[AppTest, list[str]]:
    """The view 本轮抽取 of somebody, and what can be taken away there."""
    at = AppTest.from_function(_current, args=(codes, detail), default_timeout=WAIT).run()
    assert not at.exception and not at.error
    return at, [button.proto.label for button in at.get("download_button")]


def test_who_may_see_every_firm_gets_the_list_and_all_files(drawn: Path, firms: Home) -> None:
    at, files = round_for(tuple(firms.deployment.community_codes))
    assert files == ["抽样框", "公告", "抽取名单", "抽取记录", "全部文件"]
    assert "一轮：抽出 2000 户" in shown(at) and len(at.dataframe[0].value) == 200
    assert "见证人09" in shown(at) and [b.label for b in at.button] == ["复核抽取"]


def test_who_sees_some_communities_gets_their_firms_and_the_notice_only(drawn: Path, firms: Home) -> None:
    everybody = tuple(firms.deployment.community_codes)
    [code] = rows(firms, "select community_code from dim_enterprise where community_code <> 'none'"
                         " group by 1 order by count(*) desc")  # fmt: skip
    at, files = round_for((str(code),))
    own = {u for (u,) in _all(firms, f"select uscc from dim_enterprise where community_code = '{code}'")}
    found = protocol.drawn(drawn, protocol.read(drawn))
    expected = set(found.loc[found["arm"] != "备选", "uscc"]) & own
    assert expected and set(at.dataframe[0].value["统一社会信用代码"]) == expected
    assert files == ["公告"] and "见证人09" not in shown(at) and not at.button
    # Firms that lie in no community are in the files, too.
    assert round_for(everybody[:-1])[1] == ["公告"]
    at, files = round_for(())
    assert files == ["公告"] and not any(len(table.value) for table in at.dataframe)


def test_who_sees_sums_only_gets_the_notice_only_and_draws_nothing(
    drawn: Path, firms: Home, open_page: Open, sums_only: Narrow
) -> None:
    at, files = round_for(tuple(firms.deployment.community_codes), "aggregate")
    assert files == ["公告"] and not at.dataframe and "投屏不列企业名单" in shown(at)
    sums_only("supervision")
    at = open_page(FILE, view="本轮抽取")
    assert not at.exception and not at.error and not at.dataframe
    assert [("一轮" in box.options, "另起一轮" in box.options) for box in at.selectbox] == [(True, False)]
    assert [button.proto.label for button in at.get("download_button")] == ["公告"]
