"""考核记分卡: what it says is what was counted; trials are told from the result; nothing without call-backs breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from streamlit.proto.Block_pb2 import Block

from minxin.settings import Home
from tests.pages.conftest import Open, shown

HORIZONTAL = Block.FlexContainer.Direction.HORIZONTAL
FILE = "assessment/scorecard.py"


def test_the_whole_stands_first_with_the_three_rates(
    demo: Home, open_page: Open, snapshot: duckdb.DuckDBPyConnection
) -> None:
    at = open_page(FILE)
    assert [m.label for m in at.metric] == ["综合得分", "响应率", "解决率", "满意率"]
    valid, resolved = snapshot.execute(
        "select count(*) filter (where is_valid_followup), count(*) filter (where is_valid_followup and is_resolved)"
        " from fct_petition where accepted_day >= date '2022-07-01' and accepted_day < date '2023-07-01'"
        " and community_code <> 'none'"
    ).fetchone()
    assert at.metric[2].value == f"{resolved / valid * 100:.1f}%"
    assert any(f"n={valid:,}" in c.value for c in at.caption)


def test_every_unit_stands_in_the_table_with_its_worst_parts(demo: Home, open_page: Open) -> None:
    table = open_page(FILE).dataframe[0].value
    assert len(table) == 21
    assert {"社区", "归类", "名次区间", "综合得分", "响应率", "解决率", "满意率", "剔除占比"} <= set(
        re.sub("（.*", "", c) for c in table.columns
    )
    parts = table[next(c for c in table.columns if c.startswith("三率对得分"))]
    assert all(len(re.findall("响应率|解决率|满意率", said)) == 3 for said in parts)


def test_another_rule_is_a_trial_and_says_so(demo: Home, open_page: Open) -> None:
    official = open_page(FILE)
    trial = open_page(FILE, rules="试算：权重30·35·35（试算）")
    assert "不受影响" in shown(trial) and "不受影响" not in shown(official)
    assert trial.metric[0].value != official.metric[0].value
    assert trial.metric[2].value == official.metric[2].value, "the rates are the same, the weights are not"


def test_units_are_assessed_too(demo: Home, open_page: Open) -> None:
    at = open_page(FILE, by="承办单位")
    assert not at.exception and not at.error
    assert len(at.dataframe[0].value) > 30
    assert "n 为首办单位有登记的有效回访" in shown(at) and "得分没有显著差异" not in shown(at)
    assert "n 为首办单位" not in shown(open_page(FILE))


def test_what_lies_behind_the_rates_is_listed(demo: Home, open_page: Open) -> None:
    at = open_page(FILE, forged={"records": True})
    assert not at.exception and not at.error
    assert re.search(r"共 [\d,]+ 件", shown(at))
    assert len(at.dataframe[-1].value) == 15
    flexible = [block for block in _blocks(at.main) if block.type == "flex_container"]
    lines = [block for block in flexible if block.proto.flex_container.direction == HORIZONTAL]
    assert any("answer" in {box.key for box in line.selectbox} for line in lines)
    assert not any(len(line.dataframe) for line in lines if len(line.selectbox)), "beside filters a list is squeezed"


def _blocks(node: Any) -> Iterator[Any]:
    for child in getattr(node, "children", {}).values():
        yield child
        yield from _blocks(child)


def test_months_windows_and_signs_come_when_opened(demo: Home, open_page: Open) -> None:
    at = open_page(FILE, forged={"more": True})
    assert not at.exception and not at.error
    said = shown(at)
    assert "走势" in said and "核实" in said


@pytest.mark.parametrize("measure", ["按期办结率", "15分钟首联率"])
def test_a_single_rate_can_stand_in_for_the_score(measure: str, demo: Home, open_page: Open) -> None:
    at = open_page(FILE, measure=measure)
    assert not at.exception and not at.error
    assert [m.label for m in at.metric] == [measure]
