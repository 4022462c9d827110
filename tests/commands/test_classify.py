"""``minxin classify``: every firm's class from the lake, agreeing with the snapshot, with the rules it was made by."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from minxin.settings import Unusable
from minxin.warehouse import risk_rules
from tests.queries.risk_firms import RULES
from tests.queries.risk_world import CLASSES, firms
from tests.queries.world import World
from tests.support import ROOT, here


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    held = firms(tmp_path_factory.mktemp("register"))
    held.build()
    return held


@pytest.fixture
def world(built: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A small register, built; the commands work on it. The last test adds to it."""
    monkeypatch.setenv("MINXIN_HOME", str(built.home.path))
    monkeypatch.setenv("MINXIN_CONFIG", str(built.deployment.folder))
    return built


def test_it_counts_and_agrees_with_the_snapshot(world: World) -> None:
    done = here("classify", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["firms"] == 13 and said["counts"] == {"A": 9, "B": 1, "C": 1, "D": 2}
    assert said["shares"]["D"] == pytest.approx(2 / 13, abs=1e-6) and sum(said["shares"].values()) == pytest.approx(1)
    assert said["seconds"] > 0 and said["month"] == "2023-06" and said["known_before"] == "2023-06-15"
    assert said["stored"] == {"firms": 13, "different": 0}
    version = RULES.for_month(dt.date(2023, 6, 1))
    assert version and (said["version"], said["rule_hash"]) == (version.name, version.digest)
    plain = here("classify", "--month", "2023-05")
    assert plain.returncode == 0 and "全部一致" in plain.stdout and "红■D高" in plain.stdout


@pytest.mark.parametrize("month", ["2024-01", "2019-01", "六月", "2023-13"])
def test_a_month_that_cannot_be_is_refused_in_a_line(month: str, world: World) -> None:
    done = here("classify", "--month", month)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout


FAULTS = {
    "无法识别": ("most = 10, decays", "moist = 10, decays"),
    "没有定义": ('reason = "R101"', 'reason = "R999"'),
    "递增": ("B = 10, C = 30", "B = 40, C = 30"),
    "不是引擎认得的": ('fact = "shell"', 'fact = "luck"'),
    "须写明 types": ('types = ["T151"]\n', ""),
    "不增": ("[365, 60]", "[365, 160]"),
    "已封存": ("B = 10, C = 30", "B = 11, C = 30"),
    "floor 应为": ('floor = "C"', 'floor = "E"'),
    "同日生效": ("from = 2022-03-01", "from = 2021-01-01"),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_faulty_file_of_rules_is_refused_in_a_line(words: str, tmp_path: Path) -> None:
    text = (ROOT / "data" / "rules" / "risk.toml").read_text(encoding="utf-8")
    if words != "已封存":
        # what is sealed says so first
        text = re.sub(r'sealed = ".*"\n', "", text)
    old, new = FAULTS[words]
    assert old in text
    file = tmp_path / "risk.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Unusable) as refused:
        risk_rules.read_rules(file)
    said = str(refused.value)
    assert words in said and "风险分类规则" in said and "\n" not in said


def test_months_end_with_the_data() -> None:
    held = risk_rules.months(dt.datetime(2023, 7, 4))
    assert len(held) == 24 and (held[0].start, held[-1].start) == (dt.date(2021, 8, 1), dt.date(2023, 7, 1))
    assert [m.known_before for m in held[-2:]] == [dt.date(2023, 7, 1), dt.date(2023, 7, 4)]
    [only] = risk_rules.months(dt.datetime(2023, 7, 1), 1)
    assert (only.start, only.known_before) == (dt.date(2023, 6, 1), dt.date(2023, 7, 1))


def test_it_says_where_the_snapshot_is_older_than_the_data(world: World) -> None:
    entered = {"entered_on": dt.date(2023, 3, 1), "subject_kind": "企业"}
    world.add("list_entry", [{"entry_id": "new", "uscc": "firm-a0", "list": "黑名单", **entered}])
    done = here("classify", "--json")
    assert done.returncode == 1 and "请重新运行 minxin build" in done.stderr
    assert json.loads(done.stdout)["stored"]["different"] == 1
    assert CLASSES["firm-a0"] == "A"
