"""数据导入、数据质量、指标口径、公开数字核对."""

from __future__ import annotations

import io

import duckdb
import openpyxl
import pytest

from minxin import queries
from minxin.access import Viewer
from minxin.analysis import indicators
from minxin.settings import Home
from minxin.warehouse.lake import Lake
from tests.pages.conftest import Open, shown

CSV = (
    "工单编号,创建时间,社区,一级分类,主题,内容\n"
    "A-1,2023-06-28 09:30,翻身社区,噪音扰民,夜间施工,联系电话 13812345678 请尽快处理\n"
    "A-2,2023-06-28 10:00,不存在的地方,市政设施,路灯不亮,路灯不亮三天\n"
    "A-3,不是时间,翻身社区,市政设施,井盖,井盖破损\n"
    "A-1,2023-06-28 09:30,翻身社区,噪音扰民,夜间施工,联系电话 13812345678 请尽快处理\n"
).encode("gb18030")


# ── published ───────────────────────────────────────────────────────────────────────────────────


def test_published_figures_are_reproduced_or_quoted(demo: Home, open_page: Open) -> None:
    at = open_page("data/published.py")
    rows = at.dataframe[0].value
    counts = rows["结论"].value_counts().to_dict()
    assert counts.get("不一致", 0) == 0 and counts["一致"] >= 5
    assert {m.label: int(m.value.split()[0]) for m in at.metric} == {
        "一致": counts["一致"],
        "引用": counts["引用"],
        "不一致": 0,
    }
    assert "校准" in shown(at)
    at.get_by_key("status").set_value("引用").run()
    assert set(at.dataframe[0].value["结论"]) == {"引用"}


# ── definitions ─────────────────────────────────────────────────────────────────────────────────


def test_every_indicator_is_defined(demo: Home, open_page: Open) -> None:
    at = open_page("data/definitions.py")
    held = indicators.load()
    assert list(at.dataframe[0].value["指标"]) == [i.name for i in held.values()]
    assert len(at.expander) == len(held) == len(at.table)
    at.selectbox(key="indicator_defined").set_value("closing_rate").run()
    assert len(at.expander) == 1 and "办结率" in at.expander[0].label


# ── quality ─────────────────────────────────────────────────────────────────────────────────────


def test_quality_shows_every_batch_and_its_fields(demo: Home, open_page: Open) -> None:
    at = open_page("data/quality.py")
    held = queries.current(demo)
    assert held is not None
    batches = held.run("quality.batches", Viewer.local(demo.deployment))
    listed = at.dataframe[0].value if len(at.dataframe) else None
    assert listed is None or len(listed) <= len(batches)
    metrics = {m.label: m.value for m in at.metric}
    assert metrics["有效批次"] == f"{len(batches)} 个"
    rows = batches["rows"].sum()
    assert rows == batches[["accepted", "replaced", "repeated", "rejected"]].sum().sum()
    at.selectbox(key="batch").set_value(batches["batch_id"].iloc[0]).run()
    assert not at.exception and not at.error


# ── imports ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def uploaded(tmp_home: Home, open_page: Open):
    """The page with a file of four rows in GB18030."""
    at = open_page("data/imports.py")
    at.file_uploader[0].upload("六月台账.csv", CSV)
    return at.run()


def test_a_file_is_recognised_mapped_and_tried(uploaded, tmp_home: Home) -> None:
    said = shown(uploaded)
    assert not uploaded.exception and [e.value for e in uploaded.error] == []
    assert "GB18030" in said and "第 1 行" in said and "6 列" in said
    mapping = uploaded.data_editor[0].value
    assert dict(zip(mapping["字段"], mapping["来源列"], strict=True))["主题"] == "主题"
    assert "试读前 4 行" in said and "1 行有问题" in said
    assert "13812345678" not in str([frame.value.to_dict() for frame in uploaded.dataframe])
    assert not list(tmp_home.temporary.glob("*")), "nothing of the upload stays behind"


def test_a_trial_counts_and_stores_nothing(uploaded, tmp_home: Home) -> None:
    at = uploaded.get_by_key("trial").click().run()
    assert not at.exception and not at.error
    counts = {m.label: m.value for m in at.metric}
    assert counts == {"行数": "4", "新增": "2", "更新": "0", "重复": "1", "退回": "1", "未归属": "1"}
    assert Lake(tmp_home).batches() == []


def test_an_import_publishes_and_hands_the_rejected_rows_back(uploaded, tmp_home: Home, open_page: Open) -> None:
    at = uploaded.get_by_key("start").click().run()
    assert not at.exception and not at.error
    (batch,) = Lake(tmp_home).batches()
    assert (batch.rows, batch.accepted, batch.repeated, batch.rejected, batch.source) == (4, 2, 1, 1, "六月台账.csv")
    assert batch.batch_id.replace("-", "\\-") in shown(at)
    workbook = at.session_state["import_result"][1]
    cells = [[c.value for c in row] for row in openpyxl.load_workbook(io.BytesIO(workbook)).active.iter_rows()]
    assert any("A-3" in map(str, row) for row in cells) and not any("A-2" in map(str, row) for row in cells)
    assert not [f for f in tmp_home.path.rglob("*") if f.suffix in (".xlsx", ".csv")], "kept nowhere"
    weekly = open_page()
    assert weekly.metric[0].label == "受理量" and "模拟数据" not in shown(weekly)


def test_a_batch_can_be_withdrawn(uploaded, tmp_home: Home, open_page: Open) -> None:
    uploaded.get_by_key("start").click().run()
    at = open_page("data/imports.py")
    batch = Lake(tmp_home).batches()[0].batch_id
    at.selectbox[-1].set_value(batch)
    at.text_input[-1].set_value("误传")
    at.form_submit_button[0].click().run()
    assert not at.exception and not at.error
    assert Lake(tmp_home).batches() == []
    held = queries.current(tmp_home)
    assert held is not None
    with queries.connection(held.snapshot).cursor() as cursor:
        assert isinstance(cursor, duckdb.DuckDBPyConnection)
        assert cursor.execute("select count(*) from fct_petition").fetchone() == (0,)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.xlsx", b"PK\x03\x04broken"),
        ("a.csv", b"\x00\xff\xfe\x01" * 50),
        ("a.gz", b"\x1f\x8b\x08broken"),
    ],
)
def test_a_broken_file_gets_one_line(name: str, content: bytes, tmp_home: Home, open_page: Open) -> None:
    at = open_page("data/imports.py")
    at.file_uploader[0].upload(name, content)
    at.run()
    assert not at.exception
    assert len(at.error) == 1 and "\n" not in at.error[0].value and "Traceback" not in at.error[0].value
