"""十项行动进度 on the weekly page: asked for when opened, sensible on the first day, filled from the template."""

from __future__ import annotations

import io

import openpyxl
import pptx
import pytest

from minxin import queries
from minxin.access import Viewer
from minxin.board import actions, panel
from minxin.board.frames import Source
from minxin.charts import figure, table
from minxin.ingest.templates import DATA_SHEET, template
from minxin.settings import Home
from tests.pages.conftest import Open, shown
from tests.support import must


def _source(home: Home) -> Source:
    held = queries.current(home)
    assert held is not None
    return Source(held, Viewer.local(home.deployment), (held.snapshot.id, "actions"))


def test_nobody_waits_for_what_is_not_open(demo: Home, open_page: Open) -> None:
    closed = open_page()
    at = open_page(actions="true")
    assert not at.exception and not at.error
    assert len(at.dataframe) == len(closed.dataframe) + 1
    assert "10 项行动定于7月4日起步" in shown(at) and "起步" not in shown(closed)


def test_before_the_first_day_nothing_is_drawn_as_nothing_done(demo: Home) -> None:
    chart = actions.chart(_source(demo))
    assert chart.values == ["未开始"] * 10 and chart.column("y") == [None] * 10
    assert set(chart.data["status"]) == {"未开始"} and chart.column("target") == [0.0] * 10
    assert chart.target_word == "时间进度"
    drawn = figure(chart, "light")
    low, high = drawn.layout.xaxis.range
    assert low <= 0 and high >= 1, "the whole way is drawn, so that nothing done shows as nothing"
    words = " ".join(a.text for a in drawn.layout.annotations)
    assert "时间进度 0.0%" in words and "目标" not in words
    shown_table = table(chart)
    assert {"行动", "进度", "时间进度", "责任领导岗位", "目标", "里程碑", "进展佐证", "完成期限"} <= set(
        shown_table.columns
    )
    assert shown_table["里程碑"].str.len().gt(5).all() and (shown_table["进展佐证"] == "—").all()


def test_slides_and_workbook_call_the_stroke_by_its_name(demo: Home) -> None:
    chart = actions.chart(_source(demo))
    deck = pptx.Presentation(io.BytesIO(panel._slides(lambda: [chart], "十项行动")))
    charts = [s.chart for slide in deck.slides for s in slide.shapes if s.has_chart]
    assert [s.name for s in charts[0].plots[0].series] == ["时间进度", "进度"]
    book = openpyxl.load_workbook(io.BytesIO(panel._workbook(lambda: [chart], "十项行动")))
    cells = [c.value for sheet in book for row in sheet.iter_rows() for c in row]
    assert "里程碑" in cells and "进展佐证" in cells


def test_a_filled_template_moves_the_bullets(own_demo: Home, home_of: dict[str, str], open_page: Open) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template("action")))
    sheet = book[DATA_SHEET]
    heads = [c.value for c in sheet[1]]
    row = {"行动编号": "A07", "行动名称": "心安夜话", "进度": 0.25, "进展佐证": "<b>会议纪要</b> ![x](http://a/b.png)"}
    for position, head in enumerate(heads, 1):
        sheet.cell(2, position, row.get(head))
    file = own_demo.path.parent / "十项行动.xlsx"
    book.save(file)
    must("import", file, "--build", env=home_of)
    with queries.connection(queries.current(own_demo).snapshot).cursor() as cursor:  # type: ignore[union-attr]
        assert cursor.execute("select progress from fct_action where action_id = 'A07'").fetchall() == [(0.25,)]
    at = open_page(actions="true")
    assert not at.exception and not at.error
    assert "![x]" not in shown(at)


@pytest.fixture
def home_of(own_demo: Home) -> dict[str, str]:
    from tests.support import environment

    return environment(own_demo.path)


def test_withdrawn_actions_are_gone_at_once(own_demo: Home, open_page: Open) -> None:
    from minxin.warehouse.lake import Lake

    lake = Lake(own_demo)
    lake.withdraw(lake.batches()[0].batch_id, "test", "wrong file")
    at = open_page(actions="true")
    assert not at.exception and not at.error
    assert "尚未填报十项行动的进度" in shown(at)
