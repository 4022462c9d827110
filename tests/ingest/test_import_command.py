"""``import`` and ``withdraw`` as people run them, on the real files where they are there."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from minxin.settings import Home
from minxin.warehouse.lake import Lake
from tests.support import minxin, must_json

#: Rows of the real files, as their README states them.
REAL = {
    "citizen_votes": ("petitions/messages_with_votes.xlsx", 4_326),
    "citizen_replies": ("petitions/messages_with_replies.xlsx", 2_816),
}


def total(counts: dict) -> int:
    return counts["accepted"] + counts["rejected"] + counts["replaced"] + counts["repeated"]


def lake(home: Home, sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        files = Lake(home).files("petition")
        connection.execute(f"create view held as select * from read_parquet({files}, union_by_name = true)")
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("mapping", REAL)
def test_real_messages_are_all_accounted_for(
    mapping: str, tmp_home: Home, home_env: dict[str, str], inputs: Path
) -> None:
    path, rows = REAL[mapping]
    first = must_json("import", inputs / path, "--mapping", mapping, "--json", env=home_env)
    assert first["rows"] == rows == total(first) and first["accepted"] > 0.99 * rows
    again = must_json("import", inputs / path, "--mapping", mapping, "--json", env=home_env)
    assert again["rows"] == total(again) and again["repeated"] == rows - first["rejected"]
    assert (again["accepted"], again["replaced"]) == (0, 0)
    # No date is lost, no text garbled, no mobile number left.
    (held, without_time, garbled, numbers) = lake(
        tmp_home,
        """select
            count(*),
            count(*) filter (where created_at is null or created_at < timestamp '2010-01-01'),
            count(*) filter (where contains(content, '\ufffd') or content is null),
            count(*) filter (where regexp_matches(content, '(^|[^0-9])1[3-9][0-9]{9}([^0-9]|$)'))
        from held""",
    )[0]
    assert (held, without_time, garbled, numbers) == (first["accepted"] + first["replaced"], 0, 0, 0)


def test_boston_is_accounted_for_and_placed(boston: Home) -> None:
    (manifest,) = Lake(boston).batches()
    assert manifest.rows == 58_251 == manifest.accepted + manifest.replaced + manifest.repeated + manifest.rejected
    # Names that no polygon has ("Allston / Brighton") go by their point; how many, is said.
    assert manifest.located["name"] > 35_000 and manifest.located["point"] > 15_000
    # 2,829 rows have no neighbourhood and the City Hall's point, which stands for no place known.
    assert 2_829 <= manifest.unlocated == manifest.located["none"] < 4_775
    assert any("Allston / Brighton" in note for note in manifest.notes)
    (far, inverted, flag) = lake(
        boston,
        """select
            count(*) filter (where due_at >= timestamp '2050-01-01'),
            count(*) filter (where closed_at < created_at),
            count(*) filter (
                where due_at is not null and closed_at is not null
                -- 157 late ones have no flag
                and coalesce(source_on_time, false) is distinct from (closed_at <= due_at)
            )
        from held""",
    )[0]
    assert far > 0 and inverted == 0 and flag == 0


def test_a_wrong_batch_is_withdrawn_once(tmp_home: Home, home_env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "表.csv"
    file.write_text("工单编号,创建时间,主题\nP1,2023-05-01,噪音\nP2,昨天,噪音\n", encoding="utf-8")
    rejects = tmp_path / "退回.xlsx"
    done = minxin("import", file, "--rejects", rejects, env=home_env)
    assert done.returncode == 0 and "新增 1" in done.stdout and "退回 1" in done.stdout, done.stderr
    assert "「创建时间」无法识别为日期时间" in done.stdout and rejects.exists()
    batch = Lake(tmp_home).batches()[0].batch_id
    assert must_json("withdraw", batch, "--reason", "传错", "--json", env=home_env)["batch"] == batch
    assert not Lake(tmp_home).batches()
    again = minxin("withdraw", batch, env=home_env)
    assert again.returncode == 1 and again.stderr.count("\n") == 1 and "撤回" in again.stderr


def test_a_dry_run_says_so(tmp_home: Home, home_env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("工单编号,创建时间\nP1,2023-05-01\n", encoding="utf-8")
    counts = must_json("import", file, "--mapping", "template_petition", "--dry-run", "--json", env=home_env)
    assert counts["batch"] is None and counts["accepted"] == 1 and not Lake(tmp_home).batches()


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        (None, ()),
        (b"", ()),
        (b"\x00\x01\x02", ()),
        ("天,地\n1,2\n".encode(), ()),
        ("天,地\n1,2\n".encode(), ("--mapping", "template_petition")),
        ("工单编号,创建时间\nP1,2023-05-01\n".encode(), ("--mapping", "没有这个")),
        ("工单编号,创建时间\nP1,2023-05-01\n".encode(), ("--rejects", "退回.txt")),
    ],
)
def test_what_nobody_can_use_gets_one_line_and_exit_2(
    content: bytes | None, arguments: tuple[str, ...], tmp_home: Home, home_env: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    if content is not None:
        file.write_bytes(content)
    done = minxin("import", file, *arguments, "--json", env=home_env)
    assert done.returncode == 2 and done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr and last.endswith("。"), done.stderr
    assert tmp_home.kind is None and not Lake(tmp_home).batches()


def test_json_is_the_only_thing_on_standard_output(tmp_home: Home, home_env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("工单编号,创建时间\nP1,2023-05-01\n", encoding="utf-8")
    done = minxin("import", file, "--mapping", "template_petition", "--json", "--who", "甲", env=home_env)
    counts = json.loads(done.stdout)
    assert set(counts) >= {"batch", "rows", "accepted", "rejected", "replaced", "repeated", "reasons"}
    assert Lake(tmp_home).batches()[0].imported_by == "甲" and "100%" in done.stderr
