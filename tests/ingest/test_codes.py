"""Codes at the door: the unified social credit code, identity numbers, industries, lists of the deployment."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum

from minxin.ingest.codes import ALPHABET, REASONS, uniform_sql, uscc_fault, uscc_faults_sql
from minxin.ingest.mapping import load_mapping
from minxin.ingest.pipeline import run_import
from minxin.settings import Home
from minxin.warehouse.lake import Lake
from tests.ingest.samples import write_csv

GOLDEN = {
    "91110000600037341L": None,
    "91440300MA5F000181": None,
    # letters in front: genuine, and refused by python-stdnum itself
    "N2440306MA5F000262": None,
    "91999999MA5F00034Q": None,
    "91110000600037341M": "check",
    "9111000060003734IL": "letter",
    "91110A00600037341L": "region",
    "000000000000000000": "zero",
    "9111000060003734": "length",
    "110101199003074514": "identity",
    "11010519491231002X": "identity",
}
CONNECTION = duckdb.connect()
CONDITIONS = uscc_faults_sql("v")


def by_sql(codes: list[str]) -> list[list[str]]:
    """The reasons that SQL tells of each code."""
    columns = ", ".join(f"({condition}) is true as {name}" for name, condition in CONDITIONS.items())
    rows = CONNECTION.execute(
        f"select {columns} from (select unnest(?::varchar[]) as v, unnest(range(?)) as turn) order by turn",
        [codes, len(codes)],
    ).fetchall()
    return [[name for name, holds in zip(CONDITIONS, row, strict=True) if holds] for row in rows]


@pytest.mark.parametrize(("code", "fault"), GOLDEN.items())
def test_golden_codes(code: str, fault: str | None) -> None:
    assert uscc_fault(code) == fault
    assert by_sql([code]) == [[fault] if fault else []]


@st.composite
def nearly_codes(draw: st.DrawFn) -> str:
    """A valid code, sometimes with one character changed, added or taken away."""
    front = draw(st.text(ALPHABET, min_size=2, max_size=2))
    body = draw(st.from_regex(r"[0-9]{6}", fullmatch=True)) + draw(st.text(ALPHABET, min_size=9, max_size=9))
    code = front + body
    code += stdnum.calc_check_digit(code)
    place, other = draw(st.integers(0, 17)), draw(st.sampled_from(ALPHABET + "IOSVZ*中"))
    return {0: code, 1: code[:place] + other + code[place + 1 :], 2: code + other, 3: code[:-1]}[
        draw(st.integers(0, 3))
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(nearly_codes(), min_size=30, max_size=60))
@example(["1" * 18, ""])
def test_sql_and_python_say_the_same_and_only_one_thing(codes: list[str]) -> None:
    faults = [uscc_fault(code) for code in codes]
    assert by_sql(codes) == [[fault] if fault else [] for fault in faults]
    for code, fault in zip(codes, faults, strict=True):
        if fault is None and code[:8].isdigit():
            assert stdnum.is_valid(code)


@settings(max_examples=200, deadline=None)
@given(nearly_codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_changed_character_is_always_found(code: str, place: int, other: str) -> None:
    if uscc_fault(code) is None and code[place] != other:
        assert uscc_fault(code[:place] + other + code[place + 1 :]) is not None


def test_codes_are_stored_in_one_spelling() -> None:
    [(stored,)] = CONNECTION.execute(
        f"select {uniform_sql('v')} from (select '９１４４０３００-ma5f 000181' as v)"
    ).fetchall()
    assert stored == "91440300MA5F000181"


HEADINGS = ["处罚编号", "统一社会信用代码", "领域", "处罚种类", "罚没金额（元）", "决定日期", "公示日期"]
GOOD = ["91999999MA5F00034Q", "一般", "罚款", "500", "2023-03-01", "2023-03-05"]
#: A fault, the cell that has it, and words of the reason.
FAULTS = [
    (1, "91999999MA5F00034R", "校验码不符"),
    (1, "91999999MA5F00O34Q", "不允许的字符"),
    (1, "91999999MA5F00034", "应为18位"),
    (1, "110101199003074514", "自然人信息不进入本系统"),
    (1, "", "缺少「统一社会信用代码」"),
    (2, "天文", "「领域」不在规定取值之内"),
    (3, "打手心", "「处罚种类」不在规定取值之内"),
    (4, "-1", "超出范围（不小于 0）"),
    (4, "许多", "「罚没金额（元）」不是数字"),
    (5, "2199-01-01", "「决定日期」晚于导入之日"),
    (5, "昨天", "「决定日期」无法识别为日期"),
    (6, "2023-02-01", "「公示日期」早于「决定日期」"),
]


def test_a_thousand_broken_rows_are_each_refused_with_a_reason_and_nothing_is_lost(
    tmp_home: Home, tmp_path: Path
) -> None:
    rng = random.Random(7)
    rows, expected = [], {}
    for number in range(1, 1_501):
        row = [f"P{number}", *GOOD]
        if number % 3:
            cell, text, reason = FAULTS[len(expected) % len(FAULTS)]
            row[cell] = text
            expected[number] = reason
        rows.append(row)
    order = list(range(len(rows)))
    rng.shuffle(order)
    file = write_csv(tmp_path / "penalties.csv", HEADINGS, [rows[i] for i in order])
    result = run_import(file, load_mapping("penalty"), tmp_home)
    assert (result.rows, result.accepted, result.rejected) == (1_500, 500, 1_000)
    with duckdb.connect() as connection:
        told = dict(
            connection.execute(
                "select line, reason from read_parquet(?)", [str(next(tmp_home.lake.rglob("rejected.parquet")))]
            ).fetchall()
        )
        kept = connection.execute(
            "select count(*) from read_parquet(?, hive_partitioning = false)", [Lake(tmp_home).files("penalty")]
        ).fetchall()
    assert len(told) == 1_000 and kept == [(500,)]
    # Line 1 holds the headings.
    lines = {line: order[line - 2] + 1 for line in told}
    for line, number in lines.items():
        assert expected[number] in told[line], (number, told[line])
        # The reason never repeats the value: it may be a person's number.
        assert "110101" not in told[line]
    assert set(told.values()) >= {
        f"「统一社会信用代码」{REASONS[r]}" for r in ("check", "letter", "length", "identity")
    }


def test_industries_counties_and_sectors_are_held_against_the_lists(tmp_home: Home, tmp_path: Path) -> None:
    headings = ["统一社会信用代码", "企业名称", "行业代码", "监管行业领域", "县区代码", "社区"]
    code = "91999999MA5F00034Q"
    rows = [
        [code, "甲", "k7020", "S01", "440306", "海裕社区"],
        ["N2440306MA5F000262", "乙", "U9900", "", "", ""],
        ["91440300MA5F000181", "丙", "7020", "", "", ""],
        ["91110000600037341L", "丁", "K7020", "S99", "", ""],
        ["91110000600037341L", "戊", "C1200", "", "999999", ""],
    ]
    result = run_import(write_csv(tmp_path / "firms.csv", headings, rows), load_mapping("enterprise"), tmp_home)
    assert (result.accepted, result.rejected) == (1, 4)
    manifest = Lake(tmp_home).batches()[-1]
    assert set("；".join(manifest.reasons).split("；")) == {
        "「行业代码」应为门类字母加四位数字",
        "「监管行业领域」不在本部署的目录之内",
        "「行业代码」不在国民经济行业分类之内",
        "「县区代码」不在本部署的目录之内",
    }
    with duckdb.connect() as connection:
        [row] = connection.execute(
            "select industry_code, community_code from read_parquet(?)", [Lake(tmp_home).files("enterprise")]
        ).fetchall()
    assert row[0] == "K7020" and row[1].startswith("440306")
