"""Another city by the command line alone: Boston's real requests on Boston's own map."""

import json
import shutil
from pathlib import Path

import pytest

from minxin.settings import Home
from tests import support

ROWS = 58_251

pytestmark = pytest.mark.slow


def test_every_row_is_accounted_for_and_places_are_found(boston: Home) -> None:
    counts = json.loads((boston.path.parent / "import.json").read_text(encoding="utf-8"))
    assert counts["rows"] == ROWS
    assert counts["accepted"] + counts["rejected"] + counts["replaced"] + counts["repeated"] == ROWS
    assert counts["located"]["point"] > 10_000, "names that match no polygon are found by their coordinates"
    assert counts["unlocated"] == counts["located"]["none"] < 4_775


def test_the_board_counts_every_accepted_row_in_some_area(boston: Home) -> None:
    counts = json.loads((boston.path.parent / "import.json").read_text(encoding="utf-8"))
    env = support.environment(boston.path, boston.deployment.folder)
    span = ("--set", "start=2011-01-01", "--set", "end=2013-01-01", "--format", "json")
    cells = support.must_json("query", "indicators.cells", *span, env=env)
    assert len({cell["community_code"] for cell in cells}) == 26, "one neighbourhood of the 26 had no request"
    assert sum(cell["accepted"] for cell in cells) == counts["accepted"] + counts["replaced"]
    nowhere = [cell["accepted"] for cell in cells if cell["community_code"] == "none"]
    assert sum(nowhere) == counts["unlocated"]


def test_the_scorecard_holds_neighbourhoods_by_their_on_time_rate(boston: Home) -> None:
    from minxin import queries
    from minxin.access import Viewer
    from minxin.analysis.assessment import review, rules
    from minxin.charts import boards
    from minxin.charts.about import About
    from minxin.charts.scorecard import Scorecard

    asked = queries.current(boston)
    assert asked is not None
    viewer = Viewer.local(boston.deployment)
    # What is in force in 2011 the rule file of the project does not say: any of its rules serves.
    rule = rules.load().versions[0]
    held = review.Review(lambda block, /, **given: asked.run(block, viewer, **given), (2011, 12), rule)
    about = About(asked.snapshot.as_of, asked.snapshot.id, False)
    assert not held.has_callbacks
    measures = Scorecard(held, about, boards.scorecard()).measures
    assert next(iter(measures)) == "on_time_rate"
    card = Scorecard(held, about, boards.scorecard(), "on_time_rate")
    cells = asked.run("indicators.cells", viewer, start="2011-01-01", end="2012-01-01")
    due = cells[cells["community_code"] != "none"]["due"].sum()
    units = card.result.units
    assert len(units) == 26 and units["n_valid"].sum() == due > 30_000
    assert units["resolution_rate"].between(0, 1).sum() == (units["n_valid"] > 0).sum()
    assert (units["score"].dropna() == units["resolution_rate"].dropna()).all()
    assert [c.id for c in card.charts()][:3] == ["street", "ranking", "map"]
    assert "按期办结率" in card.headline[0][1]


def test_the_same_file_again_changes_no_count(boston: Home, inputs: Path, tmp_path: Path) -> None:
    shutil.copytree(boston.path, tmp_path / "home")
    shutil.copytree(boston.path.with_name("home-secrets"), tmp_path / "home-secrets")
    env = support.environment(tmp_path / "home", boston.deployment.folder)
    file = inputs / "service_requests" / "boston_311_2011H2.csv.gz"
    again = support.must_json("import", file, "--mapping", "boston_311", "--json", env=env)
    assert again["rows"] == ROWS
    assert (again["accepted"], again["replaced"]) == (0, 0)


def test_the_deployment_is_in_order(boston: Home) -> None:
    found = support.must_json("check", "--json", env=support.environment(boston.path, boston.deployment.folder))
    assert not [finding for finding in found if finding["status"] == "wrong"]
    assert any("26 个街区" in finding["message"] for finding in found)


def test_a_home_of_another_city_is_refused(boston: Home) -> None:
    done = support.minxin("build", env=support.environment(boston.path))
    assert done.returncode == 1
    assert "boston" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
