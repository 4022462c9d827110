"""``minxin pages``, ``template`` and ``check``."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from minxin import tables
from minxin.settings import Home
from tests import support


def test_every_page_has_id_title_and_path(home_env: dict[str, str]) -> None:
    rows = support.must_json("pages", "--json", env=home_env)
    registry = tomllib.loads((support.ROOT / "pages" / "registry.toml").read_text(encoding="utf-8"))["page"]
    assert [row["id"] for row in rows] == [page["id"] for page in registry]
    assert rows[0]["id"] == "weekly"
    for row in rows:
        assert row["title"] and row["path"].startswith("/")
        assert (support.ROOT / row["file"]).exists()
    text = support.must("pages", env=home_env)
    assert all(row["title"] in text for row in rows)


@pytest.mark.parametrize("name", sorted(tables.tables()))
def test_a_template_has_the_columns_of_its_table(tmp_path: Path, tmp_home: Home, name: str) -> None:
    from python_calamine import CalamineWorkbook

    out = tmp_path / "template.xlsx"
    assert support.here("template", name, "--out", out).stdout.strip() == str(out)
    sheets = CalamineWorkbook.from_path(out)
    cells = {str(cell) for row in sheets.get_sheet_by_index(0).to_python() for cell in row}
    for column in tables.table(name).columns:
        if not column.derived:
            assert any(column.label in cell for cell in cells), column.label


def test_a_template_is_not_written_over_a_file(tmp_path: Path, tmp_home: Home) -> None:
    out = tmp_path / "mine.xlsx"
    out.write_bytes(b"mine")
    done = support.here("template", "petition", "--out", out)
    assert (done.returncode, out.read_bytes()) == (1, b"mine")
    assert support.here("template", "petition", "--out", out, "--force").returncode == 0


def test_an_unknown_table_names_the_known_ones(tmp_home: Home) -> None:
    done = support.here("template", "petitions")
    assert (done.returncode, done.stdout) == (2, "")
    assert "petition（诉求）" in done.stderr


def test_check_finds_nothing_wrong_with_what_is_delivered(demo: Home) -> None:
    found = support.must_json("check", "--json", env=support.environment(demo.path))
    assert {finding["check"] for finding in found} >= {"部署配置", "日历", "指标口径", "映射", "快照", "数据湖"}
    assert not [finding for finding in found if finding["status"] == "wrong"]


def test_check_works_where_there_are_no_data_yet(home_env: dict[str, str]) -> None:
    done = support.minxin("check", env=home_env)
    assert done.returncode == 0, done.stdout
    assert "尚无已发布的快照" in done.stdout
    assert not Path(home_env["MINXIN_HOME"]).exists(), "a check writes nothing"


def test_check_sees_a_snapshot_that_was_changed(tmp_path: Path, demo_home: Home) -> None:
    shutil.copytree(demo_home.path, tmp_path / "home")
    pointer = json.loads((tmp_path / "home" / "current.json").read_text(encoding="utf-8"))
    with (tmp_path / "home" / "snapshots" / f"{pointer['id']}.duckdb").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    done = support.minxin("check", "--json", env=support.environment(tmp_path / "home"))
    assert done.returncode == 1
    wrong = [finding for finding in json.loads(done.stdout) if finding["status"] == "wrong"]
    assert [finding["check"] for finding in wrong] == ["快照"]


def test_check_sees_a_broken_deployment(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    for name in ("deployment.toml", "communities.csv", "communities.geojson"):
        shutil.copy(support.ROOT / "data" / name, config / name)
    lines = (config / "communities.csv").read_text(encoding="utf-8").splitlines()
    (config / "communities.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    done = support.minxin("check", "--json", env=support.environment(tmp_path / "home", config))
    assert done.returncode == 1
    wrong = [finding for finding in json.loads(done.stdout) if finding["status"] == "wrong"]
    assert [finding["check"] for finding in wrong] == ["部署配置"]
    assert "communities.csv" in wrong[0]["message"]


@pytest.mark.parametrize(
    ("file", "check"),
    [
        ("rules/assessment.toml", "考核规则"),
        ("rules/risk.toml", "分类规则"),
        ("rules/inspection.toml", "抽查规则"),
        ("rules/disclosure.toml", "公示规则"),
        ("rules/repair.toml", "修复规则"),
        ("operations.toml", "督办流程"),
        ("access.toml", "权限表"),
        ("boards/risk.toml", "看板内容"),
    ],
)
def test_check_reads_every_file_that_decides(
    file: str, check: str, tmp_path: Path, tmp_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    (config / file).parent.mkdir(parents=True)
    for name in ("deployment.toml", "communities.csv", "communities.geojson"):
        shutil.copy(support.ROOT / "data" / name, config / name)
    (config / file).write_text("[[", encoding="utf-8")
    monkeypatch.setenv("MINXIN_CONFIG", str(config))
    done = support.here("check", "--json")
    wrong = {finding["check"] for finding in json.loads(done.stdout) if finding["status"] == "wrong"}
    assert done.returncode == 1 and check in wrong
