"""What the charts about inspections say: by rule from the data, with hidden cells, in every medium."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from minxin import charts
from minxin.analysis.inspection import allocation, draw, rules
from minxin.charts.about import About
from minxin.charts.credit import supervision_plan
from minxin.charts.credit.supervision import Question, Supervision
from minxin.exports import presentation, workbook
from minxin.settings import ROOT

RULE = rules.read_rules(ROOT / "data" / "rules" / "inspection.toml").named("draw-2022")
ABOUT = About(dt.datetime(2023, 7, 4), "s000001-abcdef", True)
DAYS = (dt.date(2022, 7, 1), dt.date(2023, 7, 4), "试点以来")


def visits(*found: tuple[str, str, str, int, int]) -> pd.DataFrame:
    """Visits from (arm, stage, class, problems, visits)."""
    rows = []
    for arm, stage, letter, x, n in found:
        day = dt.date(2022, 3, 1) if stage == "试点前" else dt.date(2023, 3, 1)
        for i in range(n):
            rows.append(
                {
                    "inspection_id": str(len(rows)), "uscc": f"u{len(rows)}", "arm": arm, "stage": stage,
                    "departments": 1 if stage == "试点前" else 2, "inspected_on": pd.Timestamp(day),
                    "pi": 0.01 if letter == "A" else 0.2, "has_problem": i < x,
                    "action": "立案查处" if i < x else None, "county_code": "410602", "county_name": "鹤山区",
                    "industry_section": "F", "industry_name": "批发和零售业", "size": "小型", "risk_class": letter,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def page(held: pd.DataFrame, hidden: int = 0) -> Supervision:
    base = [
        {"county_code": "410602", "county_name": "鹤山区", "size": size, "industry_section": "F",
         "industry_name": "批发和零售业", "risk_class": letter, "n": n}
        for size, letter, n in (("小型", "A", 500), ("微型", "A", 400), ("小型", "D", 100))
    ]  # fmt: skip
    tables = {"inspection.visits": held, "inspection.base": pd.DataFrame(base)}
    return Supervision(lambda block, **_: tables[block], Question(*DAYS, hidden_below=hidden), ABOUT, RULE)


FOUND = visits(
    ("风险", "试点后", "A", 10, 100), ("风险", "试点后", "D", 60, 100), ("随机", "试点后", "A", 12, 120),
    ("举报", "试点后", "A", 20, 40), ("随机", "试点前", "A", 15, 150),
)  # fmt: skip


def test_the_message_says_what_is_sure() -> None:
    held = page(FOUND)
    assert "是随机组 10.0% 的 3.50倍" in held.lift_message
    assert held.order_message.startswith("风险越高检出越多：绿●A 10.0%，红■D 60.0%，另有 2 类")
    alike = visits(("风险", "试点后", "A", 12, 100), ("随机", "试点后", "A", 10, 100), ("风险", "试点后", "D", 6, 50))
    assert "没有显著差异" in page(alike).lift_message
    assert page(alike).order_message.startswith("看不出检出率随风险上升（差异不显著）：")
    steep = visits(("风险", "试点后", "A", 8, 65), ("随机", "试点后", "B", 6, 40), ("风险", "试点后", "D", 8, 32))
    assert page(steep).order_message.startswith("看不出检出率随风险上升（差异不显著）：绿●A 12.3%，红■D 25.0%")
    few = visits(("风险", "试点后", "A", 12, 100), ("随机", "试点后", "A", 3, 20))
    assert "样本不足" in page(few).lift_message and page(few).gain is None
    upside_down = visits(("风险", "试点后", "A", 50, 100), ("随机", "试点后", "D", 5, 100))
    assert "反而低于" in page(upside_down).order_message


def test_before_and_after_says_that_it_is_no_evaluation() -> None:
    chart = page(FOUND).stages
    assert chart is not None
    assert "不能都归功于新办法" in chart.title and "混杂" in chart.subtitle


def test_complaints_and_visits_before_the_pilot_are_no_part_of_the_arms() -> None:
    assert page(FOUND).arm_sizes == (200, 120)


def test_visits_saved_state_their_baseline() -> None:
    held = page(FOUND)
    assert held.saved.saved == 360
    assert "各部门分别上门" in held.joint.subtitle
    [card] = held.figures.data[held.figures.data["key"] == "saved"].to_dict("records")
    assert card["value"] == 360 and pd.isna(card["change"]), "sums over times of different length are not compared"


def test_the_cap_counts_firms() -> None:
    twice = pd.concat([FOUND, FOUND[FOUND["arm"] == "风险"].head(3)], ignore_index=True)
    assert "有 3户" in page(twice).caps.title.replace("3 户", "3户")
    assert "没有企业" in page(FOUND).caps.title


def test_small_cells_are_hidden_with_what_follows_from_them() -> None:
    found = visits(("风险", "试点后", "A", 3, 60), ("随机", "试点后", "A", 20, 100), ("风险", "试点后", "D", 20, 60))
    table = charts.table(page(found, hidden=5).arms)
    assert "3" not in table["发现问题（户）"].tolist()
    risky = visits(("风险", "试点后", "A", 3, 60), ("随机", "试点后", "A", 20, 100))
    held = page(risky, hidden=5)
    assert held.figures.values[0] != "5.0%" and "5.0%" not in held.lift_message
    assert held.arms.values[0] == "<5"
    assert page(risky).arms.values[0] == "5.0%"


def test_few_visits_are_told_neither_by_their_number_nor_by_what_they_add_up_to() -> None:
    """3 of full coverage beside 40 complaints; 3 of 100 of the risk arm found something; 4 had one department."""
    found = visits(
        ("风险", "试点后", "A", 3, 100), ("随机", "试点后", "A", 12, 96), ("随机", "试点后", "D", 30, 60),
        ("举报", "试点后", "A", 20, 40), ("全覆盖", "试点后", "A", 1, 3),
    )  # fmt: skip
    found.loc[found.index[-4:], "departments"] = 1
    open_, held = page(found), page(found, hidden=5)
    arms = charts.table(held.arms).set_index("来源")
    number = next(c for c in arms.columns if "检查" in c)
    assert arms[number].to_dict() == {"按风险抽查": "100", "随机组": "156", "投诉举报": "—", "重点领域全覆盖": "—"}
    assert charts.table(open_.arms).set_index("来源")[number].tolist() == ["100", "156", "40", "3"]
    # What both arms found stands in the classes: the random arm goes with the other one.
    assert arms["发现问题（户）"].tolist()[:2] == ["—", "—"] and not held.enough and held.gain is None
    rows = held.figures.data.set_index("key")
    assert rows.loc[["risk", "random", "saved"], "value"].isna().all(), "four came alone"
    assert pd.notna(rows.loc["lift", "n"]) and rows["change"].isna().all()
    assert "减少上门" in open_.joint.title and "减少上门" not in held.joint.title
    assert held.joint.data["shown"].tolist() == ["<5", "不显示"] and open_.joint.data["n"].tolist() == [4, 295]
    graded = charts.table(held.severity).set_index("来源")
    assert graded.loc["按风险抽查", "发现问题（户）"] == "—" and "不比较问题轻重" in held.severity.title
    tiny = visits(("风险", "试点后", "A", 1, 18), ("随机", "试点后", "A", 0, 3))
    assert "随机组 3 户" in page(tiny).lift_message
    assert page(tiny, hidden=5).lift_message == "随机组 <5 户，样本不足，不能比较", "both are 21"
    assert "n=3" in str(page(tiny).arms.values) and "n=3" not in str(page(tiny, hidden=5).arms.values)


@pytest.mark.parametrize("held", [FOUND, FOUND.head(0), FOUND.assign(risk_class=None)], ids=["all", "none", "no class"])
def test_every_medium_draws_every_chart(held: pd.DataFrame) -> None:
    found = page(held).charts()
    for chart in found:
        charts.figure(chart, "light")
        charts.table(chart)
    assert presentation(found, "检查") and workbook(found, "检查")


def test_the_plan_and_the_list_are_what_is_drawn() -> None:
    firms = pd.DataFrame(
        {"uscc": [f"91{i:016d}" for i in range(300)], "name": "甲", "risk_class": ["A"] * 250 + ["D"] * 50}
    )
    plan = allocation.plan(firms, RULE, 60)
    chart = supervision_plan.planned(plan, ABOUT)
    assert chart.data["drawn"].sum() == 60 and "300 户中抽 60 户" in chart.title
    # All 50 in D are to be visited and 2 % of those in A: 60 visits do it, 40 do not.
    assert chart.data["asked"].tolist() == [5, 0, 0, 50] and "规则比例" not in chart.title
    few = supervision_plan.planned(allocation.plan(firms, RULE, 40), ABOUT)
    assert few.title == "300 户中抽 40 户，达不到红■D的规则比例，各类都达到至少须抽 55 户"
    assert "随机组 6 户" in few.subtitle
    tiny = allocation.plan(
        pd.concat([firms, firms.head(250).assign(uscc=firms["uscc"] + "B", risk_class="B")]), RULE, 27
    )
    assert supervision_plan.planned(tiny, ABOUT).title == "550 户中抽 27 户，达不到规则比例，各类都达到至少须抽 68 户"
    found = draw.draw(plan.firms, "1", "一", 0.1)
    listed = supervision_plan.listed(found, firms, "一", ABOUT)
    assert len(listed.data) == 60 and listed.data["class"].iloc[0].startswith("红")
    assert supervision_plan.left_out(plan, ABOUT).empty
    assert "假定" in supervision_plan.ruled(RULE, ABOUT).title
