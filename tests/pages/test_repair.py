"""信用修复: what it says was counted; both rules on one case; what is gone is gone from kept pages and files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from minxin.access import Viewer
from minxin.board import frames, panel
from minxin.board.frames import Source, source
from minxin.charts.chart import Chart
from minxin.settings import home
from minxin.warehouse.snapshots import Snapshots
from minxin.warehouse.visibility import Revocations
from tests.pages import credit_world
from tests.pages.conftest import Open, shown
from tests.queries.world import World

FILE = "credit/repair.py"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> World:
    return credit_world.published(tmp_path / "world", monkeypatch, tmp_path_factory)


def listed(at: AppTest) -> str:
    return "\n".join(frame.value.to_csv() for frame in at.dataframe)


def test_the_figures_are_counts_of_the_rows(world: World, open_page: Open) -> None:
    at = open_page(FILE)
    assert not at.exception and not at.error
    held = {m.label: m.value for m in at.metric}
    # On 15 June: 39 penalties are public but repaired ones; those decided up to 14 March are past their three months.
    assert held["在办申请"] == "2件"
    assert held["同意率"].startswith("样本不足")
    said = shown(at)
    assert "已可申请" in said and "提醒" in said and "没有可靠出处" not in said


def test_a_list_for_each_state_and_nothing_for_who_may_see_sums_only(
    world: World, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = listed(open_page(FILE))
    assert credit_world.SOON in ready
    pending = listed(open_page(FILE, state="办理中"))
    assert "第7公司" in pending and credit_world.SOON not in pending
    assert credit_world.SOON in listed(open_page(FILE, state="没有这种状态")), "what is no option is not given"
    table = (world.deployment.folder / "access.toml").read_text(encoding="utf-8")
    before, after = table.split("[pages.repair]")
    (world.deployment.folder / "access.toml").write_text(
        before + "[pages.repair]" + after.replace('local = "masked"', 'local = "aggregate"', 1), encoding="utf-8"
    )
    from minxin.access import rules

    rules._rules.cache_clear()
    at = open_page(FILE)
    rules._rules.cache_clear()
    assert not at.exception and "公司" not in listed(at)
    assert {m.label: m.value for m in at.metric}["在办申请"] == r"\<5"


def test_one_case_stands_under_both_rules(world: World, open_page: Open) -> None:
    at = open_page(FILE, forged={"penalty": "p7"})
    assert not at.exception and not at.error
    table = next(f.value for f in at.dataframe if "2026年管理办法（仅供对照）" in f.value.columns)
    rows = table.set_index("项目")
    assert rows.loc["最长公示期届满", "2023年试行办法（适用）"] == "2025年11月12日"
    assert rows.loc["最长公示期届满", "2026年管理办法（仅供对照）"] == "2023年11月12日"
    assert rows.loc["最早可申请"].nunique() == 1
    assert "第7公司" in shown(at) and "已申请修复，正在办理" in shown(at)


def test_any_case_can_be_tried_and_what_is_assumed_is_said(world: World, open_page: Open) -> None:
    at = open_page(FILE, forged={"tried": True})
    assert not at.exception and not at.error
    said = shown(at)
    assert "待核" in said and "民法典" in said
    assert any("2023年试行办法（适用）" in f.value.columns for f in at.dataframe)


# ── what must disappear ─────────────────────────────────────────────────────────────────────────


def test_what_expired_overnight_is_gone_from_a_page_that_was_kept(
    world: World, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    credit_world.at(monkeypatch, "2023-06-30 23:59")
    at = open_page(FILE)
    assert credit_world.SOON in listed(at)
    assert credit_world.SOON in listed(at.run()), "kept"
    credit_world.at(monkeypatch, "2023-07-01 00:00")
    assert credit_world.SOON not in listed(at.run())
    assert credit_world.SOON not in listed(open_page(FILE))


def test_what_is_revoked_is_gone_from_kept_pages_older_snapshots_and_addresses(world: World, open_page: Open) -> None:
    at = open_page(FILE, state="办理中")
    assert "第7公司" in listed(at)
    Revocations(world.home).revoke("p7", "局长", "修复已批准")
    assert "第7公司" not in listed(at.run())
    assert "第7公司" not in listed(open_page(FILE, state="办理中"))
    assert "不再展示" in shown(open_page(FILE, forged={"penalty": "p7"}))
    first = Snapshots(world.home).current()
    world.add("mechanism", [])
    world.build()
    assert first is not None
    Snapshots(world.home).rollback(first.id)
    assert "第7公司" not in listed(open_page(FILE, state="办理中"))


def test_a_granted_repair_is_written_and_gone_at_once(world: World, open_page: Open) -> None:
    at = open_page(FILE, forged={"penalty": "p7", "decide": True})
    at.text_input(key="operator_repair").set_value("局长")
    at.text_input(key="repair_reason").set_value("鹤修〔2023〕7号")
    next(b for b in at.button if b.label == "确认停止公示").click().run()
    assert not at.exception and not at.error
    assert "已登记同意修复，p7 不再展示" in "".join(message.value for message in at.success).replace("\\", "")
    [entry] = Revocations(world.home).entries()
    assert (entry.record, entry.who, entry.reason) == ("p7", "局长", "同意修复：鹤修〔2023〕7号")
    assert "第7公司" not in listed(open_page(FILE, state="办理中"))


def test_nothing_is_granted_without_a_reason_or_a_name(world: World, open_page: Open) -> None:
    at = open_page(FILE, forged={"penalty": "p7", "decide": True})
    next(b for b in at.button if b.label == "确认停止公示").click().run()
    assert at.error and "岗位或工号" in at.error[0].value
    at.text_input(key="operator_repair").set_value("局长")
    next(b for b in at.button if b.label == "确认停止公示").click().run()
    assert at.error and "原因" in at.error[0].value
    assert Revocations(world.home).entries() == ()


def _words(made: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(made)) as files:
        return "".join(files.read(n).decode("utf-8") for n in files.namelist() if n.endswith(".xml"))


def test_a_file_asked_for_from_an_older_page_holds_nothing_that_is_gone(world: World) -> None:
    viewer = Viewer.local(world.deployment)
    asked = source(viewer)
    assert isinstance(asked, Source)

    def charts() -> list[Chart]:
        from minxin.board.credit import asked as spans
        from minxin.board.credit import repair
        from minxin.charts.credit.question import Question

        start, end, label = spans.spans(asked.snapshot.as_of)["two"]
        page = repair.answer(asked, Question(start, end, label))
        return [*page.charts(), page.listed("pending")]

    drawn, stood = charts(), frames.standing()
    held = panel._still(lambda: drawn, stood)
    assert "第7公司" in _words(panel._workbook(lambda: held, "试"))
    Revocations(home()).revoke("p7", "局长", "修复已批准")
    for make in (panel._workbook, panel._slides):
        text = _words(make(lambda: panel._still(lambda: drawn, stood), "试"))
        assert "第7公司" not in text and "请刷新页面后重新导出" in text
    fresh = source(viewer)
    assert fresh is not None and fresh.key != asked.key
    asked = fresh
    assert "第7公司" not in _words(panel._workbook(charts, "试"))
