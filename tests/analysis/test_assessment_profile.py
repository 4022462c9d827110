"""One unit among the others: distances, proportions, and the sentences made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from minxin.analysis import rates
from minxin.analysis.assessment import messages, profile, rules
from minxin.analysis.assessment.assess import assess

RULE = rules.load().rule_on(pd.Timestamp("2023-06-30").date())


def _counts(resolved: list[int], n: int = 400) -> pd.DataFrame:
    frame = pd.DataFrame({"code": [f"c{i:02d}" for i in range(len(resolved))], "n_valid": n, "n_resolved": resolved})
    frame["name"] = frame["code"] + "社区"
    return frame.assign(n_responded=n * 95 // 100, n_satisfied=n * 80 // 100, n_basic=0)


def test_a_rate_is_held_against_all_the_others_together() -> None:
    found = profile.against_rest(_counts([280, 340, 344, 340]), "c00", RULE).set_index("rate")
    other = rates.newcombe(280, 400, 1024, 1200)
    row = found.loc["resolution"]
    assert (row["value"], row["rest"]) == (0.7, pytest.approx(1024 / 1200))
    assert (row["low"], row["high"]) == (pytest.approx(float(other.low)), pytest.approx(float(other.high)))
    assert bool(row["is_different"]) and not bool(found.loc["response", "is_different"])


def test_without_cases_nothing_is_different() -> None:
    found = profile.against_rest(_counts([0, 340]).assign(n_valid=[0, 400], n_responded=0, n_satisfied=0), "c00", RULE)
    assert not found["is_different"].any() and found["value"].isna().all()


def test_the_middle_half_needs_peers() -> None:
    assert profile.middle_half([1, 2, 3, 4, 5]) == (2, 4)
    assert all(np.isnan(v) for v in profile.middle_half([1, 2, np.nan, 3]))


def test_a_total_is_shared_out_by_what_is_known() -> None:
    shared = profile.in_proportion([100, 300, np.nan], 40)
    assert shared[:2].tolist() == [10, 30] and np.isnan(shared[2])
    assert np.isnan(profile.in_proportion([0, 0], 40)).all()


def test_only_what_exceeds_its_share_beyond_chance_is_named() -> None:
    names = [f"{i}苑" for i in range(6)]
    assert profile.more_than_its_share(names, [20, 22, 19, 21, 20, 60], [100] * 6) == ["5苑"]
    assert profile.more_than_its_share(names, [20, 22, 19, 21, 20, 24], [100] * 6) == []
    assert profile.more_than_its_share(["甲"], [9], [1]) == []


def test_the_class_is_said_with_its_reason() -> None:
    counts = _counts([240, *[350 + i % 3 for i in range(12)]])
    result = assess(counts, RULE)
    said = profile.class_text(result, "c00", "全街道", "社区")
    assert (
        said.startswith("整改，得分 ") and "低 2 分以上的概率超过 99%" in said and said.endswith("第 13 名，共 13 个")
    )
    weakest = profile.weakest_text(result, "c00", profile.against_rest(counts, "c00", RULE), "全街道")
    assert weakest.startswith("解决率 60.0%，低于全街道 ") and "偶然" not in weakest
    other = profile.weakest_text(result, "c01", profile.against_rest(counts, "c01", RULE), "全街道")
    assert other.startswith("三率均不低于全街道")


def test_what_rounds_to_nothing_has_no_sign() -> None:
    row = {"response_gap": -0.00001, "resolution_gap": 0.00001, "satisfaction_gap": -0.012}
    assert messages.worst_parts(row) == "满意率 −1.20、响应率 0.00、解决率 0.00"


def test_alike_units_are_not_ranked_and_few_cases_not_judged() -> None:
    result = assess(_counts([340] * 10), RULE)
    said = profile.class_text(result, "c03", "全街道", "社区")
    assert said.startswith("平稳，") and "各社区总体上没有显著差异" in said and said.endswith("不排名次")
    for title in (messages.standing(result, "单位"), messages.ranking(result, "单位")):
        assert "总体上没有显著差异，证据不足以排出名次" in title, "one rate of one unit may differ all the same"
    few = assess(_counts([10, 340, 340]).assign(n_valid=[12, 400, 400], n_responded=[11, 380, 380],
                                                n_satisfied=[9, 320, 320]), RULE)  # fmt: skip
    assert profile.class_text(few, "c00", "全街道", "社区") == "有效样本 12 件，不足 30 件，不排名次、不归类"
    assert "无数据" in profile.class_text(result, "elsewhere", "全街道", "社区")


def test_what_is_unusual_is_listed_or_denied() -> None:
    nothing = pd.DataFrame(columns=["level", "label", "share"])
    assert profile.unusual_text(nothing, nothing, [], []) == "未见异常"
    found = pd.DataFrame([{"level": "yellow", "category_1": "噪声", "observed": 12, "expected": 4.6}] * 3)
    said = profile.unusual_text(found, nothing, ["解决率走低"], ["停车占 20%"])
    assert said == "噪声 12 件，正常约 5 件；噪声 12 件，正常约 5 件，另有 1 类偏多；停车占 20%；解决率走低，值得关注"
