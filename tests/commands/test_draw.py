"""``minxin draw``: two steps and a check, on files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from minxin.settings import Home
from tests.support import here

SEED = "20237331128159211123"


@pytest.fixture
def frame_file(tmp_path: Path, tmp_home: Home) -> Path:
    file = tmp_path / "frame.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["统一社会信用代码", "企业名称", "信用风险类别"])
        for i in range(400):
            writer.writerow([f"91999999MA{i:08d}", f"企业{i}", "A" if i % 10 < 7 else "BCD"[i % 3]])
    return file


def said(*arguments: str | Path) -> dict[str, object]:
    done = here("draw", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_freeze_then_seed_then_check(frame_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "round"
    frozen = said("freeze", "--frame", frame_file, "--round", "2023Q3", "--size", "80", "--out", out)
    assert frozen["h0"] in (out / "notice.txt").read_text(encoding="utf-8")
    drawn = said("--frame", frame_file, "--round", "2023Q3", "--seed", SEED, "--size", "80", "--out", out)
    assert drawn["h0"] == frozen["h0"] and drawn["drawn"] == 80 and drawn["rehearsal"] is False
    assert len(drawn["firms_drawn"]) == 80  # type: ignore[arg-type]
    checked = said("--verify", out, "--h0", str(frozen["h0"]), "--seed", SEED)
    assert checked["same"] is True


def test_all_at_once_is_a_rehearsal_and_repeats_elsewhere(frame_file: Path, tmp_path: Path) -> None:
    one = said("--frame", frame_file, "--round", "一", "--seed", SEED, "--size", "80", "--out", tmp_path / "a")
    two = said("--frame", frame_file, "--round", "一", "--seed", SEED, "--size", "80", "--out", tmp_path / "b")
    assert one["rehearsal"] is True and one["firms_drawn"] == two["firms_drawn"]
    other = said("--frame", frame_file, "--round", "一", "--seed", "2", "--size", "80", "--out", tmp_path / "c")
    assert other["firms_drawn"] != one["firms_drawn"]


def test_a_change_is_found_with_exit_1(frame_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "round"
    said("--frame", frame_file, "--round", "一", "--seed", SEED, "--size", "80", "--out", out)
    (out / "list.csv").write_bytes((out / "list.csv").read_bytes().replace(b"91999999MA0", b"91999999MA9", 1))
    done = here("draw", "--verify", out)
    assert done.returncode == 1 and "名单已改动" in done.stdout
    done = here("draw", "--verify", out, "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["same"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("freeze", "--seed", SEED), 1, "不能有种子"),
        (("freeze",), 2, "--out"),
        ((), 2, "--seed"),
        (("--seed", "x"), 2, "--round"),
        (("--seed", "x", "--round", "一", "--size", "0"), 2, "正整数"),
        (("--seed", "x", "--round", "一", "--size", "9999"), 2, "400"),
        (("--seed", "a|b", "--round", "一"), 2, "竖线"),
        (("--seed", "x", "--round", "一", "--rules", "no"), 2, "抽查规则"),
        (("--verify", "nowhere"), 2, "protocol.json"),
    ],
)
def test_what_does_not_work_is_said_in_a_line(
    arguments: tuple[str, ...], code: int, words: str, frame_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = here("draw", "--frame", frame_file, *arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("提示")]) == 1


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"a,b\n1,2\n", b"\xff\xfe\x00", "统一社会信用代码\n".encode()),
        *(b"uscc,uscc\nAA1,AA2\n", b"uscc,name\nAA1," + b"x" * 200_000 + b"\n"),
    ],
)
def test_broken_frames_are_refused(content: bytes, tmp_path: Path, tmp_home: Home) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(content)
    done = here("draw", "freeze", "--frame", file, "--round", "一", "--size", "5", "--out", tmp_path / "r")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "r").exists()


def test_a_frozen_round_takes_no_other_frame_size_or_name(frame_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "round"
    said("freeze", "--frame", frame_file, "--round", "一", "--size", "80", "--out", out)
    other = tmp_path / "other.csv"
    other.write_text(frame_file.read_text(encoding="utf-8").replace(",A\n", ",B\n", 1), encoding="utf-8")
    for changed in (("--frame", other), ("--size", "81"), ("--round", "二")):
        assert here("draw", "--seed", SEED, "--out", out, *changed).returncode == 1
    assert not (out / "seed.txt").exists()


def test_a_folder_that_cannot_be_made_is_said(frame_file: Path, tmp_path: Path) -> None:
    for out in (frame_file, frame_file / "below"):
        done = here("draw", "freeze", "--frame", frame_file, "--round", "一", "--size", "5", "--out", out)
        assert done.returncode == 2 and "无法建立" in done.stderr and len(done.stderr.splitlines()) == 1


def test_staff_with_two_columns_of_people_and_an_impossible_time_are_said(frame_file: Path, tmp_path: Path) -> None:
    staff = tmp_path / "staff.csv"
    staff.write_text("执法人员,执法人员编号\nP1,P2\n", encoding="utf-8")
    freeze = ("draw", "freeze", "--frame", frame_file, "--round", "一", "--size", "5", "--out", tmp_path / "r")
    done = here(*freeze, "--staff", staff)
    assert done.returncode == 2 and "同义" in done.stderr
    assert here(*freeze).returncode == 0
    done = here("draw", "--seed", SEED, "--seed-at", "0001-01-01T00:00+08:00", "--out", tmp_path / "r")
    assert done.returncode == 2 and "写法不对" in done.stderr
    assert not (tmp_path / "r" / "seed.txt").exists()


def test_a_record_that_lost_its_shape_is_said_by_draw_and_check(frame_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    said("--frame", frame_file, "--round", "一", "--seed", SEED, "--size", "80", "--out", out)
    good = (out / "protocol.json").read_text(encoding="utf-8")
    for key, value in (("at", "x"), ("at", 5), ("classes", 5), ("size", None), ("reserve_share", None)):
        held = json.loads(good)
        held["steps"][0][key] = value
        (out / "protocol.json").write_text(json.dumps(held), encoding="utf-8")
        for asked in (("--verify", out), ("--seed", SEED, "--out", out)):
            done = here("draw", *asked)
            assert done.returncode == 2 and "无法读取" in done.stderr, done.stderr
    (out / "protocol.json").write_text(good, encoding="utf-8")
    (out / "seed.txt").write_bytes(b"\xff\xfe")
    for asked in (("--verify", out), ("--seed", SEED, "--out", out)):
        done = here("draw", *asked)
        assert done.returncode == 2 and "种子文件" in done.stderr, done.stderr


def test_bytes_that_are_no_text_are_said(frame_file: Path, tmp_path: Path) -> None:
    done = here(
        "draw", "--frame", frame_file, "--round", "一", "--seed", "\udcff12", "--size", "5", "--out", tmp_path / "r"
    )
    assert done.returncode == 2 and "无法识别的字节" in done.stderr and not (tmp_path / "r").exists()


def test_a_seed_that_is_still_to_come_is_refused_before_anything_is_written(frame_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    given = ("--frame", frame_file, "--round", "一", "--seed", SEED, "--size", "80", "--out", out)
    done = here("draw", *given, "--seed-at", "2099-01-01T00:00")
    assert done.returncode == 1 and "晚于现在" in done.stderr and not out.exists()


def test_another_seed_is_refused_also_where_the_file_is_gone(frame_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    said("--frame", frame_file, "--round", "一", "--seed", SEED, "--size", "80", "--out", out)
    (out / "seed.txt").unlink()
    done = here("draw", "--seed", "98765432109876543210", "--out", out)
    assert done.returncode == 1 and "不能更换种子" in done.stderr and not done.stdout
    assert not (out / "seed.txt").exists()
    done = here("draw", "--verify", out)
    assert done.returncode == 1 and "种子已缺失" in done.stdout
