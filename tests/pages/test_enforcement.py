"""失信监控与双向督促: what it says is what was counted; what is open and may be shown is listed, the rest is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minxin.warehouse.visibility import Revocations
from tests import support
from tests.pages import credit_world
from tests.pages.conftest import Open, shown
from tests.queries.world import World

FILE = "credit/enforcement.py"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> World:
    return credit_world.published(tmp_path / "world", monkeypatch, tmp_path_factory)


def test_figures_and_messages_are_counts_of_the_rows(world: World, open_page: Open) -> None:
    at = open_page(FILE)
    assert not at.exception and not at.error
    held = {m.label: m.value for m in at.metric}
    # 45 of 60 cases are closed 60 days after they were found; of the 15 open ones a third are arrears.
    assert held["在办线索"] == "15件" and held["账款拖欠未清"] == "5件" and held["机关事业失信未清"] == "0件"
    said = shown(at)
    assert "发现 60 件，其中办结 45 件，占 75.0%" in said
    assert "机关事业单位失信为零" in said
    assert re.search(r"\d+月末账款拖欠(未清 \d+ 件|已清零)", said), "the lines end with a month"
    assert "失信被执行办结 15 件，样本不足，不计退出率" in said


def test_kind_and_span_narrow_the_page(world: World, open_page: Open) -> None:
    at = open_page(FILE, kind="欠税", span="2022年")
    assert not at.exception and not at.error
    assert "发现 13 件" in shown(at)
    assert all("欠税" in frame.value["类型"].tolist() for frame in at.dataframe if "类型" in frame.value)


def test_what_is_stuck_is_listed_until_it_is_revoked(world: World, open_page: Open) -> None:
    at = open_page(FILE)
    table = next(f.value for f in at.dataframe if "停在" in f.value)
    assert len(table) == 15 and table["企业"][0] == "第45公司" and set(table["停在"]) == {"待预警"}
    Revocations(world.home).revoke("c45", "局长", "已退出")
    at.run()
    assert "第45公司" not in next(f.value for f in at.dataframe if "停在" in f.value)["企业"].tolist()
    assert {m.label: m.value for m in at.metric}["在办线索"] == "15件", "sums name nobody and follow at the next build"


def test_a_list_of_revocations_that_is_gone_shows_no_records_and_says_so(world: World, open_page: Open) -> None:
    held = Revocations(world.home)
    held.revoke("c45", "局长", "已退出")
    at = open_page(FILE)
    assert "第45公司" not in next(f.value for f in at.dataframe if "停在" in f.value)["企业"].tolist()
    whole = held.file.read_bytes()
    held.file.unlink()
    at.run()
    assert not at.exception and "公司" not in "".join(f.value.to_csv() for f in at.dataframe)
    assert at.error and {e.value for e in at.error if "\n" not in e.value and "请从备份恢复" in e.value}
    other = open_page("credit/lending.py")
    assert not other.exception and not other.error, "what names no such record goes on"
    check = next(line for line in support.here("check").stdout.splitlines() if "撤销名单" in line)
    assert check.startswith("有误") and "不见了" in check
    built = support.here("build")
    assert built.returncode == 1 and "不见了" in built.stderr
    held.file.write_bytes(whole)
    at.run()
    assert not at.error and "第45公司" not in next(f.value for f in at.dataframe if "停在" in f.value)["企业"].tolist()


def test_a_home_without_credit_data_has_empty_panels_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open
) -> None:
    made = World(tmp_path / "empty")
    made.build()
    monkeypatch.setenv("MINXIN_HOME", str(made.home.path))
    monkeypatch.setenv("MINXIN_CONFIG", str(made.deployment.folder))
    for file in (FILE, "credit/repair.py"):
        at = open_page(file)
        assert not at.exception and not at.error
        assert "没有" in shown(at)
