"""What may not be shown any more: the day of a home, and the list of records that a decision took away."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from minxin import settings
from minxin.settings import Home, Refused
from minxin.warehouse import visibility
from minxin.warehouse.lock import writing
from minxin.warehouse.visibility import Revocations, today


def test_nothing_is_revoked_in_a_home_where_nobody_decided(tmp_home: Home) -> None:
    held = Revocations(tmp_home.open("real"))
    held.seal()
    assert held.ids() == [] and not held.file.exists() and not held.seal_file.exists()


def test_a_revoked_record_is_in_the_list_and_a_restored_one_is_not(tmp_home: Home) -> None:
    held = Revocations(tmp_home.open("real"))
    held.revoke("甲〔2023〕1号", "局长", "修复已批准")
    held.revoke("p2", "局长", "申请删除")
    assert held.ids() == ["p2", "甲〔2023〕1号"]
    with pytest.raises(Refused, match="此前已停止展示"):
        held.revoke("p2", "局长", "再来一次")
    held.restore("p2", "局长", "编号填错")
    assert Revocations(tmp_home).ids() == ["甲〔2023〕1号"]
    with pytest.raises(Refused, match="没有被撤销"):
        held.restore("p2", "局长", "再来一次")
    assert [entry.restored for entry in held.entries()] == [False, False, True], "only ever added to"


@pytest.mark.parametrize(
    ("record", "reason"),
    [("", "有原因"), (" \n", "有原因"), ("p1", " "), ("p1", "\u3164"), ("p" * 201, "有原因"), ("p1", "长" * 501)],
)
def test_a_number_and_a_reason_are_needed(tmp_home: Home, record: str, reason: str) -> None:
    with pytest.raises(Refused):
        Revocations(tmp_home.open("real")).revoke(record, "局长", reason)


def test_a_reason_is_cleaned_and_masked_before_it_is_stored(tmp_home: Home) -> None:
    held = Revocations(tmp_home.open("real"))
    entry = held.revoke("p\u200b1", "张三\u202e\x07", "联系13812345678\n\u202e身份证440306199001011234\x1b[31m")
    assert (entry.record, entry.who, entry.reason) == ("p1", "张三", "联系〔电话〕 身份证〔证件号〕[31m")
    assert held.entries() == (entry,) and held.ids() == ["p1"]
    assert held.restore("p1", "张三", "致电13812345678").reason == "致电〔电话〕"
    said = held.file.read_text(encoding="utf-8")
    assert "13812345678" not in said and "440306" not in said and "u202e" not in said


def test_a_line_left_unfinished_is_dropped_and_a_broken_list_shows_nothing(tmp_home: Home) -> None:
    held = Revocations(tmp_home.open("real"))
    held.revoke("p1", "局长", "修复")
    whole = held.file.read_bytes()
    held.file.write_bytes(whole + b'{"record": "p2", "on"')
    assert held.ids() == ["p1"]
    held.revoke("p3", "局长", "修复")
    assert held.ids() == ["p1", "p3"]
    held.seal_file.unlink()
    held.file.write_bytes(b"not a line\n" + whole)
    with pytest.raises(Refused, match="第 1 行"):
        held.ids()


def _vanished(file: Path) -> None:
    file.unlink()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _cut_within_a_line(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _cut_between_lines(file: Path) -> None:
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])


def _first_line_gone(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[1:]))


def _garbage(file: Path) -> None:
    file.write_bytes(b"\xff\x00\x81" * 300)


def _other_number(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"p1"', b'"p9"'))


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGE = [_vanished, _empty, _cut_within_a_line, _cut_between_lines, _first_line_gone, _garbage, _other_number, _folder]


@pytest.mark.parametrize("harm", DAMAGE)
def test_a_list_that_lost_something_shows_nothing_until_it_is_restored(
    tmp_home: Home, harm: Callable[[Path], None]
) -> None:
    held = Revocations(tmp_home.open("real"))
    held.revoke("p1", "局长", "修复")
    held.revoke("p2", "局长", "修复")
    whole = held.file.read_bytes()
    harm(held.file)
    for ask in (
        held.ids,
        held.entries,
        lambda: held.revoke("p3", "局长", "修复"),
        lambda: held.restore("p1", "局长", "错"),
    ):
        with pytest.raises(Refused, match="已停止展示；请从备份恢复") as refused:
            ask()
        assert str(refused.value).count("\n") == 0
    if held.file.is_dir():
        held.file.rmdir()
    held.file.write_bytes(whole)
    assert held.ids() == ["p1", "p2"]
    held.revoke("p3", "局长", "修复")
    assert held.ids() == ["p1", "p2", "p3"]


@pytest.mark.parametrize("seal", ["", "{}", "[1]", '{"size": "many", "sha256": ""}', "\ufffd"])
def test_a_seal_nobody_can_read_shows_nothing(tmp_home: Home, seal: str) -> None:
    held = Revocations(tmp_home.open("real"))
    held.revoke("p1", "局长", "修复")
    held.seal_file.write_text(seal, encoding="utf-8")
    with pytest.raises(Refused, match="核对记录"):
        held.ids()


def test_a_list_of_before_seals_is_believed_and_sealed_by_the_next_build(tmp_home: Home) -> None:
    held = Revocations(tmp_home.open("real"))
    held.revoke("p1", "局长", "修复")
    held.seal_file.unlink()
    assert held.ids() == ["p1"]
    held.seal()
    held.file.unlink()
    with pytest.raises(Refused, match="不见了"):
        held.ids()


def test_a_decision_whose_writer_died_before_the_seal_holds(tmp_home: Home) -> None:
    held = Revocations(tmp_home.open("real"))
    held.revoke("p1", "局长", "修复")
    sealed = held.seal_file.read_bytes()
    held.revoke("p2", "局长", "修复")
    held.seal_file.write_bytes(sealed)
    assert held.ids() == ["p1", "p2"]
    held.seal()
    assert held.seal_file.read_bytes() != sealed


def test_it_does_not_wait_for_a_build(tmp_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visibility, "WAIT_SECONDS", 0.1)
    with writing(tmp_home.open("real")):
        Revocations(tmp_home).revoke("p1", "局长", "修复")
    assert Revocations(tmp_home).ids() == ["p1"]


def _revoke_many(name: str) -> None:
    for number in range(20):
        Revocations(settings.home()).revoke(f"{name}-{number}", "局长", "修复")


def test_two_processes_at_once_lose_nothing(tmp_home: Home) -> None:
    tmp_home.open("real")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_revoke_many, args=(name,)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(Revocations(tmp_home).ids()) == 40


def test_a_real_home_has_the_day_of_its_time_zone(tmp_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_home.open("real")
    assert today(home) == dt.datetime.now(home.deployment.zone).date()
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2026, 3, 31, 23, 59, 59))
    assert today(home) == dt.date(2026, 3, 31)


def test_a_demo_has_the_day_of_its_newest_snapshot_also_after_going_back(tmp_home: Home) -> None:
    home = tmp_home.open("demo")
    assert today(home) == visibility.wall_clock(home).date(), "no snapshot yet"

    def published(number: int, as_of: str) -> Path:
        file = home.snapshots / f"s{number:06d}-abc.json"
        file.write_text(json.dumps({"id": file.stem, "as_of": as_of}), encoding="utf-8")
        return file

    older, newer = published(9, "2023-07-04 00:00:00"), published(10, "2023-08-01 18:00:00")
    (home.path / "current.json").write_text(older.read_text(encoding="utf-8"), encoding="utf-8")
    assert today(home) == dt.date(2023, 8, 1)
    newer.unlink()
    assert today(home) == dt.date(2023, 7, 4)
