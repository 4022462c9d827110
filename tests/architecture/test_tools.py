"""The checks of ``tools/`` find what they are there to find."""

import shutil
from pathlib import Path

import pytest

from tools import data_log, words


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one generated file and its log."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.csv").write_text("x\n1\n", encoding="utf-8")
    monkeypatch.setattr(data_log, "DATA", folder)
    monkeypatch.setattr(data_log, "LOG", folder / "log.toml")
    (folder / "log.toml").write_text(
        '[[data]]\nfile = "a.csv"\nwhat = "x"\nsource = "y"\nlicence = "z"\nsha256 = "0"\n', encoding="utf-8"
    )
    data_log.update()
    assert data_log.faults() == []
    return folder


def test_a_changed_file_is_found_and_can_be_logged_anew(data: Path) -> None:
    (data / "a.csv").write_text("x\n2\n", encoding="utf-8")
    assert len(data_log.faults()) == 1
    data_log.update()
    assert data_log.faults() == []


def test_line_ends_of_a_windows_checkout_are_no_change(data: Path) -> None:
    (data / "a.csv").write_bytes(b"x\r\n1\r\n")
    assert data_log.faults() == []


def test_an_unlogged_file_is_found_and_its_entry_wants_filling(data: Path) -> None:
    (data / "indicators").mkdir()
    (data / "indicators" / "b.toml").write_text("x = 1\n", encoding="utf-8")
    assert data_log.faults() == ["data/indicators/b.toml is not in data/log.toml"]
    data_log.add()
    (fault,) = data_log.faults()
    assert "does not say what, source, licence" in fault


def test_a_file_that_is_gone_is_found(data: Path) -> None:
    (data / "a.csv").unlink()
    assert len(data_log.faults()) == 1


def test_the_warehouse_is_no_data_file(data: Path) -> None:
    for name in ("warehouse", "warehouse-secrets", "warehouse-logs"):
        (data / name).mkdir()
        (data / name / "x.json").write_text("{}", encoding="utf-8")
    assert data_log.faults() == []
    shutil.rmtree(data / "warehouse")


#: The mark § keeps this file itself free of what it is about.
@pytest.mark.parametrize(
    "line",
    [
        'path = "/ho§me/somebody/x"',
        'file = "/t§mp/x.csv"',
        "index = https://py§pi.org/x",
        '"https://c§dn.example.org/leaflet.js"',
        "# TO§DO later",
        "请选择,再试",
        "完成！",
    ],
)
def test_a_forbidden_word_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(words, "ROOT", tmp_path)
    file = tmp_path / "x.md"
    file.write_text(line.replace("§", "") + "\n", encoding="utf-8")
    assert list(words.faults_of(file))


@pytest.mark.parametrize(
    "line", ['text = "请选择，再试"', 'path = Path("data") / "home"', "a = {'办结': 1, '在办': 2}", "x /= 2"]
)
def test_what_is_fine_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(words, "ROOT", tmp_path)
    file = tmp_path / "x.md"
    file.write_text(f"{line}\n", encoding="utf-8")
    assert not list(words.faults_of(file))
