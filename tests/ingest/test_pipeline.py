"""From a file to a batch: typing, checks, counts, repeats, rejects, masking, and what a killed run leaves."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minxin.ingest.checks import SEPARATOR
from minxin.ingest.mapping import Mapping, load_mapping, mapping_for_template, parse_mapping
from minxin.ingest.pipeline import ImportResult, clean_file_name, run_import
from minxin.ingest.preview import preview
from minxin.ingest.statuses import find_special
from minxin.settings import Home, Unusable
from minxin.tables import table
from minxin.warehouse.lake import Lake, key_sql
from tests import support

HEADINGS = ["编号", "时间", "社区", "主题", "内容", "诉求人", "满意度", "点赞", "办结", "经度", "纬度", "解决"]
SMALL = {
    "label": "测试",
    "table": "petition",
    "columns": {
        "petition_id": {"from": ["编号"]},
        "created_at": {"from": ["时间"]},
        "community_name": {"from": ["社区"]},
        "subject": {"from": ["主题"]},
        "content": {"from": ["内容"]},
        "caller": {"from": ["诉求人"]},
        "satisfaction": {"from": ["满意度"], "values": {"很满意": "满意"}},
        "likes": {"from": ["点赞"]},
        "closed_at": {"from": ["办结"]},
        "longitude": {"from": ["经度"]},
        "latitude": {"from": ["纬度"]},
        "followup_resolved": {"from": ["解决"]},
    },
}


def small(**more: object) -> Mapping:
    return parse_mapping({**SMALL, **more}, "small", "small.toml")


def write(file: Path, rows: Iterable[Sequence[object]], headings: Sequence[str] = HEADINGS) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(headings)
        writer.writerows(rows)
    return file


def row(number: object = "P1", time: str = "2023-05-01 08:00:00", **more: object) -> list[object]:
    cells = {"编号": number, "时间": time, "主题": "路灯不亮", **more}
    return [cells.get(heading, "") for heading in HEADINGS]


def stored(home: Home, columns: str = "*", name: str = "petition") -> list[tuple]:
    """What the lake holds, batch by batch, line by line."""
    files = Lake(home).files(name)
    if not files:
        return []
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {columns} from read_parquet(?, hive_partitioning = false, union_by_name = true, filename = true)"
            " order by filename, _line",
            [files],
        ).fetchall()


def current(home: Home, columns: str = "petition_id, subject") -> list[tuple]:
    """What the views of the lake would show: the last row of each key."""
    with duckdb.connect() as connection:
        return connection.execute(
            f"""with held as (
                    select *, row_number() over (
                        partition by _key order by regexp_extract(filename, 'batches/(b[0-9]+)', 1) desc, _line desc
                    ) as turn
                    from read_parquet(?, hive_partitioning = false, union_by_name = true, filename = true)
                )
                select {columns} from held where turn = 1 order by petition_id""",
            [Lake(home).files("petition")],
        ).fetchall()


def counts(result: ImportResult) -> tuple[int, int, int, int, int]:
    return result.rows, result.accepted, result.replaced, result.repeated, result.rejected


def bring(home: Home, file: Path, rows: Iterable[Sequence[object]], **more: object) -> ImportResult:
    return run_import(write(file, rows), small(), home, **more)  # type: ignore[arg-type]


# ── the way through ─────────────────────────────────────────────────────────────────────────────


def test_a_clean_file_becomes_a_batch(tmp_home: Home, tmp_path: Path) -> None:
    shares: list[float] = []
    rows = [row(f"P{n}", f"2023-{n:02}-01 08:00:00", 社区="宝民社区") for n in range(1, 7)]
    result = bring(tmp_home, tmp_path / "a.csv", rows, who="甲", progress=lambda share, text: shares.append(share))
    assert counts(result) == (6, 6, 0, 0, 0)
    assert result.located["name"] == 6 and result.unlocated == 0
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 4
    (manifest,) = Lake(tmp_home).batches()
    assert manifest.batch_id == result.batch and manifest.table == "petition" and manifest.mapping == "small"
    assert manifest.imported_by == "甲" and manifest.source == "a.csv"
    folder = tmp_home.lake / "batches" / str(result.batch) / "petition"
    assert sorted(p.name for p in folder.iterdir()) == [f"month=2023-{n:02}" for n in range(1, 7)]
    assert stored(tmp_home, "petition_id, _line, _status, community_code, community_name")[0] == (
        "P1", 2, "accepted", "440306017001", "宝民社区",
    )  # fmt: skip
    assert not list(tmp_home.temporary.iterdir())


def test_declared_types_and_order_are_kept(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", [row()])
    with duckdb.connect() as connection:
        found = connection.execute(
            "describe select * from read_parquet(?, hive_partitioning = false)", [Lake(tmp_home).files("petition")]
        ).fetchall()
    types = {name: kind for name, kind, *_ in found}
    declared = [c for c in table("petition").columns if c.name in types]
    assert [c.name for c in declared] + ["_line", "_status", "_key", "_content"] == list(types)
    assert all(types[c.name] == c.sql_type for c in declared)
    assert types["_key"] == types["_content"] == "UBIGINT"


def test_the_key_is_the_one_of_the_lake(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", [row("甲-1")])
    with duckdb.connect() as connection:
        expected = connection.execute(
            f"select {key_sql(['petition_id'])} from (select '甲-1' as petition_id)"
        ).fetchall()
    assert stored(tmp_home, "_key") == expected


def test_a_table_without_months_goes_to_all(tmp_home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "d.csv", [["物业专班", "街道"], ["城管办", "街道"], ["", "街道"]], ["单位", "层级"])
    mapping = parse_mapping(
        {"table": "department", "columns": {"unit": {"from": ["单位"]}, "level": {"from": ["层级"]}}}, "d", "d.toml"
    )
    result = run_import(file, mapping, tmp_home)
    assert counts(result) == (3, 2, 0, 0, 1) and result.located == {} and result.unlocated == 0
    assert all("/department/month=all/" in f for f in Lake(tmp_home).files("department"))


def test_a_dry_run_counts_and_leaves_nothing(tmp_home: Home, tmp_path: Path) -> None:
    result = bring(tmp_home, tmp_path / "a.csv", [row(), row("P2", "坏")], dry_run=True)
    assert counts(result) == (2, 1, 0, 0, 1) and result.batch is None
    assert tmp_home.kind is None and not Lake(tmp_home).batches() and not list(tmp_home.temporary.iterdir())


def test_the_mapping_is_found_by_the_columns(tmp_home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", [["P1", "2023-05-01", "噪音"]], ["工单编号", "创建时间", "主题"])
    assert counts(run_import(file, None, tmp_home)) == (1, 1, 0, 0, 0)
    strange = write(tmp_path / "s.csv", [["1", "2"]], ["天", "地"])
    with pytest.raises(Unusable, match="映射"):
        run_import(strange, None, tmp_home)


def test_missing_required_columns_are_named_and_nothing_is_left(tmp_home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [["噪音", "宝民"]], ["主题", "社区"])
    with pytest.raises(Unusable, match=r"工单编号.*创建时间"):
        run_import(file, small(), tmp_home)
    assert tmp_home.kind is None


# ── repeated, replaced ──────────────────────────────────────────────────────────────────────────


def test_the_same_file_again_changes_nothing(tmp_home: Home, tmp_path: Path) -> None:
    rows = [row(f"P{n}") for n in range(5)]
    bring(tmp_home, tmp_path / "a.csv", rows)
    before = stored(tmp_home)
    again = bring(tmp_home, tmp_path / "a.csv", rows)
    assert counts(again) == (5, 0, 0, 5, 0) and again.batch and stored(tmp_home) == before
    assert any("曾以同一映射导入" in note for note in again.notes)
    assert len(Lake(tmp_home).batches()) == 2


def test_another_content_replaces(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", [row("P1"), row("P2")])
    result = bring(tmp_home, tmp_path / "b.csv", [row("P1", 主题="新"), row("P2"), row("P3")])
    assert counts(result) == (3, 1, 1, 1, 0)
    assert current(tmp_home) == [("P1", "新"), ("P2", "路灯不亮"), ("P3", "路灯不亮")]


def test_rows_of_one_file_follow_each_other(tmp_home: Home, tmp_path: Path) -> None:
    rows = [row("P1", 主题="甲"), row("P1", 主题="乙"), row("P1", 主题="乙"), row("P2"), row("P1", 主题="甲")]
    result = bring(tmp_home, tmp_path / "a.csv", rows)
    assert counts(result) == (5, 2, 2, 1, 0)
    assert current(tmp_home) == [("P1", "甲"), ("P2", "路灯不亮")]
    again = bring(tmp_home, tmp_path / "a.csv", rows)
    assert counts(again) == (5, 0, 0, 5, 0)
    assert current(tmp_home) == [("P1", "甲"), ("P2", "路灯不亮")]


def test_back_to_an_earlier_content_is_a_change(tmp_home: Home, tmp_path: Path) -> None:
    for subject in ("甲", "乙", "甲"):
        result = bring(tmp_home, tmp_path / "a.csv", [row("P1", 主题=subject)])
    assert counts(result) == (1, 0, 1, 0, 0) and current(tmp_home) == [("P1", "甲")]


def test_what_was_withdrawn_is_new_again(tmp_home: Home, tmp_path: Path) -> None:
    first = bring(tmp_home, tmp_path / "a.csv", [row("P1")])
    Lake(tmp_home).withdraw(str(first.batch), "甲")
    assert counts(bring(tmp_home, tmp_path / "a.csv", [row("P1")])) == (1, 1, 0, 0, 0)


def test_two_files_that_say_the_same_are_the_same(tmp_home: Home, tmp_path: Path) -> None:
    """Spelling of numbers and times, order of columns and kind of file make no difference."""
    bring(tmp_home, tmp_path / "a.csv", [row("P1", 点赞="1234", 满意度="满意")])
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["满意度", "点赞", "时间", "编号", "主题"])
    sheet.append([" 很满意 ", "１,２３４", datetime(2023, 5, 1, 8), "P1", "路灯不亮\n"])
    book.save(tmp_path / "b.xlsx")
    assert counts(run_import(tmp_path / "b.xlsx", small(), tmp_home)) == (1, 0, 0, 1, 0)


def test_the_whole_content_can_be_the_key(tmp_home: Home, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.csv", [["2023-05-01", "甲"], ["2023-05-01", "甲"], ["2023-05-01", "乙"]], ["时间", "内容"]
    )
    mapping = parse_mapping(
        {
            "table": "petition",
            "key": ["*"],
            "columns": {"created_at": {"from": ["时间"]}, "content": {"from": ["内容"]}},
        },
        "w",
        "w.toml",
    )
    assert counts(run_import(file, mapping, tmp_home)) == (3, 2, 0, 1, 0)
    numbers = [number for (number,) in stored(tmp_home, "petition_id")]
    assert len(set(numbers)) == 2 and all(n.startswith("N") for n in numbers)
    assert counts(run_import(file, mapping, tmp_home)) == (3, 0, 0, 3, 0)


# ── typing ──────────────────────────────────────────────────────────────────────────────────────

EIGHT_FIVE = datetime(2020, 1, 3, 8, 5)
TIMES = [
    ("2020-01-03 08:05:00", EIGHT_FIVE),
    ("2020/1/3 8:05", EIGHT_FIVE),
    ("2020/1/3 8:05:00", EIGHT_FIVE),
    ("2020-01-03T08:05:00", EIGHT_FIVE),
    ("2020-01-03 08:05:00.000", EIGHT_FIVE),
    ("2020.1.3 8:05", EIGHT_FIVE),
    ("2020年1月3日 8:05", EIGHT_FIVE),
    ("2020年1月3日8时5分", EIGHT_FIVE),
    ("2020年1月3日", datetime(2020, 1, 3)),
    ("2020-01-03", datetime(2020, 1, 3)),
    ("20200103", datetime(2020, 1, 3)),
    ("20200103080500", EIGHT_FIVE),
    ("２０２０－０１－０３　０８：０５", EIGHT_FIVE),
    ("2020/1/3 上午 8:05", EIGHT_FIVE),
    ("2020/1/3 下午8:05", EIGHT_FIVE + timedelta(hours=12)),
    ("43833.336805555555", EIGHT_FIVE),
    ("43833", datetime(2020, 1, 3)),
    ("2020-01-03T00:05:00Z", EIGHT_FIVE),
    ("2020-01-03T08:05:00+08:00", EIGHT_FIVE),
    ("2020-01-02 19:05:00 -0500", EIGHT_FIVE),
    ("2020/01/03 09:05+09", EIGHT_FIVE),
    ("  2020-01-03 08:05:00\t", EIGHT_FIVE),
]
NO_TIMES = {
    "昨天": "「创建时间」无法识别为日期时间",
    "2020-13-01": "「创建时间」无法识别为日期时间",
    "2020-02-30 08:00:00": "「创建时间」无法识别为日期时间",
    "infinity": "「创建时间」无法识别为日期时间",
    "epoch": "「创建时间」无法识别为日期时间",
    "20/1/3": "「创建时间」年份不可信",
    "0020-01-03": "「创建时间」年份不可信",
    "9999-12-31": "「创建时间」年份不可信",
    "NaN": "缺少「创建时间」",
    "-": "缺少「创建时间」",
    "": "缺少「创建时间」",
}


def test_times_in_one_column_may_be_written_in_many_ways(tmp_home: Home, tmp_path: Path) -> None:
    result = bring(tmp_home, tmp_path / "a.csv", [row(f"P{n:02}", text) for n, (text, _) in enumerate(TIMES)])
    assert result.reasons == {}
    got = dict(stored(tmp_home, "petition_id, created_at"))
    assert {TIMES[int(number[1:])][0]: at for number, at in got.items()} == dict(TIMES)


def test_what_is_no_time_is_rejected_with_its_reason(tmp_home: Home, tmp_path: Path) -> None:
    result = bring(tmp_home, tmp_path / "a.csv", [row("P0"), *(row(f"N{n}", t) for n, t in enumerate(NO_TIMES))])
    assert counts(result) == (len(NO_TIMES) + 1, 1, 0, 0, len(NO_TIMES))
    assert rejected(tmp_home) == [(n + 3, reason) for n, reason in enumerate(NO_TIMES.values())]


def rejected(home: Home) -> list[tuple[int, str]]:
    batch = Lake(home).batches()[-1].batch_id
    with duckdb.connect() as connection:
        file = home.lake / "batches" / batch / "rejected.parquet"
        return connection.execute("select line, reason from read_parquet(?) order by line", [str(file)]).fetchall()


def test_a_mapping_s_formats_and_zone_go_first(tmp_home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [["P1", "03/01/2020 08:05"], ["P2", "2020-01-03 08:05:00"]], ["编号", "时间"])
    columns = {"petition_id": {"from": ["编号"]}, "created_at": {"from": ["时间"], "formats": ["%d/%m/%Y %H:%M"]}}
    mapping = parse_mapping({"table": "petition", "timezone": "UTC", "columns": columns}, "z", "z.toml")
    assert counts(run_import(file, mapping, tmp_home)) == (2, 2, 0, 0, 0)
    assert stored(tmp_home, "distinct created_at, filename, _line")[0][0] == EIGHT_FIVE + timedelta(hours=8)
    assert {at for (at,) in stored(tmp_home, "created_at")} == {EIGHT_FIVE + timedelta(hours=8)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("1,234", 1234),
        ("１２", 12),
        ("12.0", 12),
        ("1e3", 1000),
        ("", None),
        ("nan", None),
        ("NULL", None),
        ("0", 0),
    ],
)
def test_whole_numbers(tmp_home: Home, tmp_path: Path, text: str, value: int | None) -> None:
    bring(tmp_home, tmp_path / "a.csv", [row(点赞=text)])
    assert stored(tmp_home, "likes") == [(value,)]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"点赞": "3.5"}, "「点赞数」不是整数"),
        ({"点赞": "很多"}, "「点赞数」不是整数"),
        ({"点赞": "inf"}, "「点赞数」不是整数"),
        ({"点赞": "1e400"}, "「点赞数」不是整数"),
        ({"点赞": "12,34"}, "「点赞数」不是整数"),
        ({"点赞": "-1"}, "「点赞数」超出范围（不小于 0）"),
        ({"满意度": "凑合"}, "「满意度」不在规定取值之内"),
        ({"解决": "也许"}, "「是否解决」无法识别为“是”或“否”"),
        ({"办结": "2023-04-30"}, "「办结时间」早于「创建时间」"),
        ({"办结": "2099-01-01"}, "「办结时间」晚于导入时刻"),
        ({"经度": "113.9"}, "「经度」「纬度」只填了一个"),
        ({"经度": "113.9", "纬度": "122"}, "「纬度」超出范围（-90 至 90）"),
        ({"经度": "inf", "纬度": "22"}, "「经度」不是数字"),
        ({"编号": " "}, "缺少「工单编号」"),
        (
            {"编号": "", "点赞": "x", "满意度": "y"},
            SEPARATOR.join(["缺少「工单编号」", "「满意度」不在规定取值之内", "「点赞数」不是整数"]),
        ),
    ],
)
def test_every_fault_has_its_reason_and_costs_only_its_row(
    tmp_home: Home, tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    bad = dict(zip(HEADINGS, row("B"), strict=True)) | cells
    result = bring(tmp_home, tmp_path / "a.csv", [row("P1"), list(bad.values()), row("P2")])
    assert counts(result) == (3, 2, 0, 0, 1)
    assert rejected(tmp_home) == [(3, reason)]
    assert result.reasons == dict.fromkeys(reason.split(SEPARATOR), 1)


@pytest.mark.parametrize(
    ("started", "due", "reason"),
    [
        ("2023-06-01", "2023-05-31", "「完成期限」早于「开始日期」"),
        ("2023-06-01", "1900-01-01", "「完成期限」年份不可信；「完成期限」早于「开始日期」"),
        ("1900-01-01", "2023-06-01", "「开始日期」年份不可信"),
        ("2023-06-01", "2023-06-01", ""),
        ("", "2023-06-01", ""),
    ],
)
def test_a_plan_does_not_end_before_it_begins(
    tmp_home: Home, tmp_path: Path, started: str, due: str, reason: str
) -> None:
    file = write(tmp_path / "a.csv", [["A01", "整改", started, due]], ["行动编号", "行动名称", "开始日期", "完成期限"])
    result = run_import(file, mapping_for_template(table("action")), tmp_home)
    assert "；".join(result.reasons) == reason and result.rejected == bool(reason)


def test_a_due_time_far_ahead_is_no_fault(tmp_home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [["P1", "2023-05-01", "2059-06-01"]], ["工单编号", "创建时间", "要求办结时间"])
    assert counts(run_import(file, load_mapping("template_petition"), tmp_home)) == (1, 1, 0, 0, 0)


def test_created_after_the_import_is_a_fault(tmp_home: Home, tmp_path: Path) -> None:
    now = datetime.now(tmp_home.deployment.zone).replace(tzinfo=None)
    rows = [
        row("P1", f"{now - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"),
        row("P2", f"{now + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"),
    ]
    result = bring(tmp_home, tmp_path / "a.csv", rows)
    assert counts(result) == (2, 1, 0, 0, 1) and list(result.reasons) == ["「创建时间」晚于导入时刻"]


def test_a_row_that_cannot_be_split_costs_only_itself(tmp_home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [row("P1"), row("P2")])
    lines = file.read_text(encoding="utf-8").splitlines()
    lines.insert(2, lines[1] + ",多,出,来")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run_import(file, small(), tmp_home)
    assert counts(result) == (3, 2, 0, 0, 1) and rejected(tmp_home)[0][0] == 3


def test_fields_say_what_is_missing_and_odd(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", [row("P1", 点赞="1"), row("P2"), row("P3", 点赞="x"), row("P4", 社区="宝民")])
    fields = {f["field"]: f for f in Lake(tmp_home).batches()[0].fields}
    assert fields["likes"] == {"field": "likes", "label": "点赞数", "rows": 4, "missing": 2, "odd": 1}
    assert fields["petition_id"]["missing"] == 0 and fields["community_name"]["missing"] == 3
    assert "close_method" not in fields


# ── places and persons ──────────────────────────────────────────────────────────────────────────


def test_community_by_name_then_by_point_else_none(tmp_home: Home, tmp_path: Path) -> None:
    inside = {"经度": "113.896272", "纬度": "22.571738"}
    rows = [
        row("P1", 社区="上川社区", **inside),
        row("P2", 社区="不知何处", **inside),
        row("P3", **inside),
        row("P4", 社区="不知何处"),
        row("P5", 经度="-71.06", 纬度="42.36"),
        row("P6", 经度="0", 纬度="0"),
    ]
    result = bring(tmp_home, tmp_path / "a.csv", rows)
    assert result.located == {"code": 0, "name": 1, "alias": 0, "point": 2, "none": 3} and result.unlocated == 3
    got = {n: (c, s, x) for n, c, s, x in stored(tmp_home, "petition_id, community_name, community_source, longitude")}
    assert got["P1"] == ("上川社区", "name", 113.896) and got["P2"] == got["P3"] == ("宝民社区", "point", 113.896)
    assert got["P4"][:2] == ("未归属", "none") and got["P6"] == ("未归属", "none", None)
    assert any("不知何处（2 行）" in note for note in result.notes)


def test_a_point_that_stands_for_no_place_is_none(tmp_home: Home, tmp_path: Path) -> None:
    placeholder = {"经度": "113.896272", "纬度": "22.571738"}
    file = write(tmp_path / "a.csv", [row("P1", **placeholder), row("P2", 经度="113.8963", 纬度="22.5717")])
    run_import(file, small(nowhere=["113.896272 22.571738"]), tmp_home)
    got = stored(tmp_home, "petition_id, community_source, longitude")
    assert sorted(got) == [("P1", "none", None), ("P2", "point", 113.896)]
    with pytest.raises(Unusable, match="nowhere"):
        small(nowhere=["113.9,22.5"])


def test_coordinates_of_another_system_are_turned_and_generalised(tmp_home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [row("P1", 经度="113.899635", 纬度="22.567005")])
    run_import(file, small(coordinates="gcj02"), tmp_home)
    assert stored(tmp_home, "longitude, latitude") == [(113.895, 22.57)]


SECRETS = ["13800138000", "440306199003071234", "粤B12345", "张三丰", "1201房", "zhang@example.com"]


def test_no_direct_identifier_reaches_the_lake(tmp_home: Home, tmp_path: Path) -> None:
    text = (
        "我叫张三丰，电话13800138000，身份证440306199003071234，车牌粤B12345，住3栋2单元1201房，邮箱zhang@example.com"
    )
    rows = [
        row("P1", 内容=text, 主题=text, 诉求人="13800138000"),
        row("P2", "坏", 内容=text, 诉求人="13800138000"),
        row("P3", 社区=text),
    ]
    bring(tmp_home, tmp_path / "13800138000.csv", rows, name="/home/x/a.csv", rejects_to=tmp_path / "r.csv")
    key = tmp_home.key()
    for file in tmp_home.path.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert key not in held and key.hex().encode() not in held, file
            if file.suffix == ".json":
                assert not any(s in held.decode("utf-8") for s in SECRETS), file
    texts = " ".join(str(r) for r in stored(tmp_home)) + " ".join(reason for _, reason in rejected(tmp_home))
    assert not any(secret in texts for secret in SECRETS)
    assert len(stored(tmp_home, "caller")[0][0]) == 32
    assert Lake(tmp_home).batches()[0].source == "a.csv"


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\用户\\张\\表.xlsx", "表.xlsx"),
        ("a\nb\u202e.csv", "a b.csv"),
        ("<b>x</b>.csv", "b>.csv"),
        ("x" * 500 + ".csv", None),
        ("///", "未命名"),
    ],
)
def test_names_of_uploads_are_cleaned(given_name: str, kept: str | None) -> None:
    cleaned = clean_file_name(given_name)
    assert len(cleaned) <= 120 and "\n" not in cleaned and "/" not in cleaned and "\\" not in cleaned
    assert kept is None or cleaned == kept


def test_hostile_headings_and_values_are_only_text(tmp_home: Home, tmp_path: Path) -> None:
    evil = 'x"; drop table raw; --'
    headings = [evil, "时'间", "_line", "select", "{0}{1}", "列\\1"]
    rows = [["P1", "2023-05-01", "'); attach 'x' --", "${jndi:x}", "{{7*7}}", "<script>alert(1)</script>"]]
    file = write(tmp_path / "a.csv", rows, headings)
    columns = {
        "petition_id": {"from": [evil], "values": {"'; --": "x'y"}},
        "created_at": {"from": ["时'间"], "missing": ["'"]},
        "channel": {"from": ["_line_2", "_line"]},
        "scene": {"from": ["select"]},
        "subject": {"from": ["{0}{1}"]},
        "content": {"from": ["列\\1", "select"], "join": "'{0}\\1"},
    }
    mapping = parse_mapping({"table": "petition", "columns": columns}, "e", "e.toml")
    result = run_import(file, mapping, tmp_home)
    assert counts(result) == (1, 1, 0, 0, 0), result
    assert stored(tmp_home, "petition_id, scene, subject, content") == [
        ("P1", "${jndi:x}", "{{7*7}}", "<script>alert(1)</script>'{0}\\1${jndi:x}")
    ]


# ── rejects ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_rejects_can_be_mended_and_brought_again(tmp_home: Home, tmp_path: Path, kind: str) -> None:
    headings = [*HEADINGS, "=备注"]
    bad = [*row("=cmd|x", "坏", 主题="+86号", 经度="-71.06", 纬度="42.3", 点赞="-0"), "@附"]
    file = write(tmp_path / "a.csv", [[*row("P1"), ""], bad, [*row("-P2", "又坏"), ""]], headings)
    target = tmp_path / f"rejects.{kind}"
    result = run_import(file, small(), tmp_home, rejects_to=target)
    assert counts(result) == (3, 1, 0, 0, 2)
    cells = cells_of(target)
    assert cells[0][:3] == ["退回原因", "行号", "编号"] and cells[0][-1] == "'=备注"
    assert cells[1][:4] == ["「创建时间」无法识别为日期时间", "3", "'=cmd|x", "坏"]
    assert cells[1][headings.index("主题") + 2] == "'+86号" and cells[1][headings.index("经度") + 2] == "-71.06"
    assert not any(c[:1] in ("=", "+", "@") for line in cells for c in line)
    mend(target)
    again = run_import(target, small(), tmp_home)
    assert counts(again) == (2, 2, 0, 0, 0)
    assert stored(tmp_home, "petition_id, subject")[1:] == [("=cmd|x", "+86号"), ("-P2", "路灯不亮")]


def cells_of(file: Path) -> list[list[str]]:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.reader(lines))
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    return [["" if c is None else str(c) for c in line] for line in sheet.iter_rows(values_only=True)]


def mend(file: Path) -> None:
    """Put a good time into the column of times, as a person would."""
    if file.suffix == ".csv":
        cells = cells_of(file)
        for line in cells[1:]:
            line[cells[0].index("时间")] = "2023-05-02 09:00"
        write(file, cells[1:], cells[0])
        return
    book = openpyxl.load_workbook(file)
    sheet = book.active
    assert sheet is not None
    column = [c.value for c in sheet[1]].index("时间") + 1
    for number in range(2, sheet.max_row + 1):
        sheet.cell(number, column).value = "2023-05-02 09:00"
    book.save(file)


def test_without_rejects_no_workbook_is_made(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", [row("P1")], rejects_to=tmp_path / "r.xlsx")
    assert not (tmp_path / "r.xlsx").exists()


# ── preview ─────────────────────────────────────────────────────────────────────────────────────


def test_a_preview_shows_rows_masked_with_their_problems(tmp_home: Home, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.csv",
        [row("P1", 内容="电话13800138000", 社区="宝民"), row("P2", "坏"), *(row(f"Q{n}") for n in range(30))],
    )
    shown = preview(file, small(), tmp_home, rows=10)
    assert shown.counts == {"rows": 10, "good": 9, "bad": 1, "unlocated": 9}
    assert list(shown.frame["_line"]) == list(range(2, 12))
    assert shown.frame.loc[0, "content"] == "电话〔电话〕" and shown.frame.loc[0, "community_name"] == "宝民社区"
    assert list(shown.frame["_problem"][:3]) == ["", "「创建时间」无法识别为日期时间", ""]
    assert shown.labels["petition_id"] == "工单编号"
    assert tmp_home.kind is None and not list(tmp_home.temporary.iterdir())


# ── properties ──────────────────────────────────────────────────────────────────────────────────

CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "P1",
            "P2",
            "2023-05-01",
            "2023/5/1 8:00",
            "9999-12-31",
            "nan",
            "inf",
            "-1",
            "1,000",
            "满意",
            "是",
            "宝民",
        ]
    ),
    st.text(max_size=12),
)
ROWS = st.lists(st.lists(CELLS, min_size=len(HEADINGS), max_size=len(HEADINGS)), min_size=1, max_size=12)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=ROWS, second=ROWS)
def test_every_row_is_accounted_for(
    tmp_home: Home, tmp_path: Path, first: list[list[str]], second: list[list[str]]
) -> None:
    for number, rows in enumerate((first, second)):
        cleaned = [[c.encode("utf-8", "ignore").decode() for c in r] for r in rows]
        file = write(tmp_path / f"{number}.csv", cleaned)
        try:
            result = run_import(file, small(), tmp_home)
        except Unusable as unusable:
            assert "\n" not in str(unusable)
            continue
        assert result.accepted + result.replaced + result.repeated + result.rejected == result.rows
        assert sum(result.located.values()) == result.accepted + result.replaced
        again = run_import(file, small(), tmp_home)
        assert counts(again) == (result.rows, 0, 0, result.rows - result.rejected, result.rejected)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    files=st.lists(
        st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=6), min_size=1, max_size=5
    )
)
def test_the_lake_ends_as_the_files_in_order_say(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int]]]
) -> None:
    """Keys and contents only: whatever is stored as new or replacing, the last word of each key wins."""
    folder = tmp_path_factory.mktemp("order")
    held: list[str] = []
    expected: dict[int, int] = {}
    with duckdb.connect() as connection:
        for number, rows in enumerate(files, start=1):
            for _ in range(2):
                file = folder / "batches" / f"b{len(held) + 1:06}-abcdef" / "part-0.parquet"
                file.parent.mkdir(parents=True)
                listed = ", ".join(f"({line}, {key}, {content})" for line, (key, content) in enumerate(rows))
                connection.execute(
                    "create or replace temp table given as"
                    f" select cast(l as bigint) as _line, cast(k as ubigint) as _key, cast(c as ubigint) as _content"
                    f" from (values {listed}) as v(l, k, c)"
                )
                staged = folder / f"staged-{number}.parquet"
                connection.execute(f"copy given to '{staged.as_posix()}'")
                find_special(connection, staged.as_posix(), held)
                special = dict(connection.execute("select _line, status from special").fetchall())
                statuses = [special.get(line, "accepted") for line in range(len(rows))]
                assert statuses.count("accepted") == len({k for k, _ in rows} - set(expected))
                if _:
                    assert set(statuses) == {"repeated"}
                connection.execute(
                    "copy (select * from given anti join (select _line from special where status = 'repeated') as r"
                    f" on given._line = r._line) to '{file.as_posix()}'"
                )
                held.append(file.as_posix())
                expected |= dict(rows)
                ends = connection.execute(
                    "select _key, arg_max(_content, struct_pack(filename, _line))"
                    f" from read_parquet({held}, filename = true) group by 1"
                ).fetchall()
                assert dict(ends) == expected


# ── killed ──────────────────────────────────────────────────────────────────────────────────────

KILLED = """
import sys
from pathlib import Path
from minxin.settings import home
from minxin.ingest.mapping import read_mapping
from minxin.ingest.pipeline import run_import
print("ready", flush=True)
run_import(Path(sys.argv[1]), read_mapping(Path(sys.argv[2])), home())
print("done", flush=True)
"""


def test_a_killed_import_leaves_nothing_visible(tmp_home: Home, home_env: dict[str, str], tmp_path: Path) -> None:
    from minxin.ingest.mapping import to_toml

    (tmp_path / "small.toml").write_text(to_toml(small()), encoding="utf-8")
    bring(tmp_home, tmp_path / "a.csv", [row("P1")])
    before = stored(tmp_home)
    big = write(tmp_path / "big.csv", [row(f"B{n}", 内容="电话13800138000") for n in range(40_000)])
    chance = random.Random(7)
    killed = 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(big), str(tmp_path / "small.toml")],
            cwd=support.ROOT,
            env=home_env,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None and process.stdout.readline().strip() == b"ready"
        time.sleep(chance.uniform(0.05, 1.2))
        process.kill()
        process.stdout.close()
        process.wait()
        whole = len(Lake(tmp_home).batches())
        assert whole in (1, 2)
        if whole == 2:
            break
        killed += 1
        assert stored(tmp_home) == before
    assert killed
    result = bring(tmp_home, tmp_path / "c.csv", [row("P9")])
    assert counts(result) == (1, 1, 0, 0, 0)
    assert not list(tmp_home.temporary.iterdir()) and not (tmp_home.lake / "incoming").exists()
    json.loads((tmp_home.lake / "batches" / str(result.batch) / "manifest.json").read_text(encoding="utf-8"))


def test_no_wide_memory_for_many_rows(tmp_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINXIN_MEMORY_LIMIT", "400MB")
    file = tmp_path / "wide.csv"
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (
                select
                    'P' || n as 编号,
                    strftime(timestamp '2022-01-01' + to_minutes(cast(n as integer)), '%Y-%m-%d %H:%M:%S') as 时间,
                    '宝民' as 社区, repeat('噪音扰民请处理', 40) || n as 内容
                from range(150000) as t(n)
            ) to '{file.as_posix()}' (header)"""
        )
    assert os.path.getsize(file) > 100_000_000
    assert counts(run_import(file, small(), tmp_home)) == (150_000, 150_000, 0, 0, 0)
    assert counts(run_import(file, small(), tmp_home)) == (150_000, 0, 0, 150_000, 0)
