"""``minxin assess``: its shape, its exit codes, its order, and what ``--against`` explains."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import pytest

from minxin import access, queries
from minxin.analysis.assessment import review, rules
from minxin.analysis.assessment.rules import RATES
from minxin.settings import Home
from tests import support

MONTH = ("assess", "--month", "2023-06")
UNIT = [
    "code", "name", "status", "n_valid", "response_rate", "resolution_rate", "satisfaction_rate", "score",
    "estimate", "points", "rank_low", "rank_high", "class",
]  # fmt: skip


def said(*arguments: str) -> dict[str, Any]:
    done = support.here(*MONTH, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_shape_is_golden(demo: Home) -> None:
    result = said()
    assert list(result) == ["period", "rules", "confidence", "no_difference", "street", "units"]
    assert result["period"] == "2023-06" and result["rules"]["name"] == "trial-2022"
    assert list(result["street"]) == ["response_rate", "resolution_rate", "satisfaction_rate", "score"]
    assert len(result["units"]) == 21
    for unit in result["units"]:
        assert list(unit) == UNIT
        for name in (*(f"{rate}_rate" for rate in RATES), "score"):
            part = unit[name]
            assert list(part) == ["value", "low", "high"]
            assert part["value"] is None or 0 <= part["low"] <= part["value"] <= part["high"] <= 1
        assert unit["rank_low"] is None or 1 <= unit["rank_low"] <= unit["rank_high"] <= 21
        assert unit["class"] in (None, "先进", "进步", "整改", "治理", "平稳")


def test_units_stand_in_the_order_of_their_codes(demo: Home) -> None:
    codes = [unit["code"] for unit in said()["units"]]
    assert codes == sorted(codes)
    explained = said("--against", "basic-full")["against"]["units"]
    assert [unit["code"] for unit in explained] == codes


def test_the_order_in_which_rows_come_changes_nothing(demo: Home) -> None:
    held = queries.current(demo)
    viewer = access.Viewer.local(demo.deployment)

    def ask(block: str, /, shuffled: bool = False, **given: Any) -> Any:
        rows = held.run(block, viewer, **given)
        return rows.sample(frac=1, random_state=5).reset_index(drop=True) if shuffled else rows

    rule = rules.load().named("trial-2022")
    plain, other = (
        review.Review(partial(ask, shuffled=shuffled), (2023, 6), rule).assessed().as_dict()
        for shuffled in (False, True)
    )
    assert plain == other


def test_another_rule_says_other_scores(demo: Home) -> None:
    one, two = said(), said("--rules", "weights-30-35-35")
    assert two["rules"]["name"] == "weights-30-35-35"
    assert [u["score"] for u in one["units"]] != [u["score"] for u in two["units"]]
    assert [u["response_rate"] for u in one["units"]] == [u["response_rate"] for u in two["units"]]


def test_the_difference_is_explained_without_rest(demo: Home) -> None:
    """Two versions of the rules on one month: the parts of each unit sum to its difference."""
    result = said("--rules", "weights-30-35-35", "--against", "period-19")
    against = result["against"]
    assert list(against) == ["rules", "parts", "street", "units"]
    assert against["rules"]["name"] == "period-19"
    assert [part["code"] for part in against["parts"]] == ["weights", "period"]
    scores = {unit["code"]: unit["score"]["value"] for unit in result["units"]}
    for unit in [against["street"], *against["units"]]:
        assert set(unit["parts"]) == {"weights", "period"}
        assert sum(unit["parts"].values()) == pytest.approx(unit["difference"], abs=1e-12)
        assert unit["new"] - unit["old"] == pytest.approx(unit["difference"], abs=1e-12)
    for unit in against["units"]:
        assert unit["new"] == pytest.approx(scores[unit["code"]])
        assert unit["p_up"] is None or unit["p_up"] + unit["p_down"] <= 1
    assert against["street"]["new"] == pytest.approx(result["street"]["score"]["value"])


def test_changing_sides_turns_every_sign(demo: Home) -> None:
    there = said("--rules", "no-exclusions", "--against", "basic-full")["against"]["units"]
    back = said("--rules", "basic-full", "--against", "no-exclusions")["against"]["units"]
    for one, two in zip(there, back, strict=True):
        assert [one["parts"][p] for p in sorted(one["parts"])] == pytest.approx(
            [-two["parts"][p] for p in sorted(two["parts"])]
        )


def test_a_rule_against_itself_has_nothing_to_explain(demo: Home) -> None:
    against = said("--against", "trial-2022")["against"]
    assert against["parts"] == [] and against["street"]["difference"] == 0
    assert len(against["units"]) == 21 and all(u["difference"] in (0, None) for u in against["units"])
    text = support.here(*MONTH, "--against", "trial-2022").stdout
    assert text.rstrip().splitlines()[-1].split("\t")[2] == "0.00"


def test_people_read_figures_that_add_up(demo: Home) -> None:
    done = support.here(*MONTH, "--rules", "weights-30-35-35", "--against", "basic-full")
    assert done.returncode == 0
    result, explanation = done.stdout.split("\n\n")
    assert result.splitlines()[2].startswith("名称\t有效回访")
    head, names, *lines = explanation.rstrip().splitlines()
    assert "试算：基本满意按满意计" in head
    assert names.split("\t") == ["名称", "对照得分", "权重", "基本满意折算", "变动", "得分"]
    assert lines[0].startswith(demo.deployment.whole_word) and len(lines) == 22
    moved = []
    for line in lines:
        old, weights, basic, change, new = (float(cell.replace("−", "-")) for cell in line.split("\t")[1:])
        assert round(weights + basic, 2) == round(change, 2) and round(old + change, 2) == new
        moved.append(change)
    assert moved[1:] == sorted(moved[1:], reverse=True)


def test_units_that_handle_petitions_are_explained_too(demo: Home) -> None:
    result = said("--by", "unit", "--against", "basic-full")
    assert {u["code"] for u in result["units"]} == {u["code"] for u in result["against"]["units"]}
    known = [u["difference"] for u in result["against"]["units"] if u["difference"] is not None]
    assert known and np.isfinite(known).all()


def test_without_data_it_refuses(tmp_home: Home) -> None:
    done = support.here(*MONTH)
    assert (done.returncode, done.stdout) == (1, "")
    assert "minxin demo" in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("--month", "2023-13"),
        ("--month", "June"),
        ("--month", ""),
        ("--month", "2023-6"),
        ("--month", "２０２３-06"),
        ("--month", "2023-07"),
        ("--month", "2024-05"),
        ("--month", "9999-12"),
        ("--month", "1900-01"),
        ("--rules", "nope"),
        ("--against", "nope"),
        ("--by", "nobody"),
    ],
)
def test_what_there_is_not_is_unusable(wrong: tuple[str, str], demo: Home) -> None:
    done = support.here("assess", *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    if wrong[0] != "--by":
        assert len(done.stderr.strip().splitlines()) == 1
