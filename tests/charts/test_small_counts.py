"""Small counts of firms are hidden for who sees sums only, and so is what they could be worked out from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from minxin import charts
from minxin.analysis import small
from minxin.analysis.credit import grid
from minxin.analysis.survival import Curve, curve
from minxin.charts.about import About
from minxin.charts.credit.enforcement import Enforcement
from minxin.charts.credit.heatmap import Heatmap
from minxin.charts.credit.heatmap import Question as Heat
from minxin.charts.credit.lending import Lending
from minxin.charts.credit.linkage import Linkage
from minxin.charts.credit.overview import Overview
from minxin.charts.credit.parks import Parks
from minxin.charts.credit.question import Question
from minxin.charts.credit.repair import Repair
from minxin.charts.credit.risk_board import risk_board
from minxin.warehouse import repair_rules

ABOUT = About(dt.datetime(2023, 7, 4), "s000001", False)
START, END = dt.date(2022, 7, 4), dt.date(2023, 7, 4)

#: County and industry of the rows on lending.
TRADE = {"county_code": "410602", "industry_section": "F", "industry_name": "批发和零售业"}


def linkage(hidden: int) -> Linkage:
    """Two communities: 3 of 40 property companies are not green in the first, 20 of 40 in the second."""
    counts: dict[str, Any] = {"property_firms": 40, "property_not_green": [3, 20], "firms": 40, "bad": [3, 20]}
    rows = pd.DataFrame(
        {
            "community_code": ["A", "B"], "community_name": ["甲社区", "乙社区"], "population": [10_000, 10_000],
            "petitions": 100, "property_petitions": 50, "repeats": 0, **counts, "property_bad": 0, "visits": 10,
            "found": 5,
        }
    )  # fmt: skip
    return Linkage(lambda block, **given: rows, START, END, "近 12 个月", ABOUT, hidden)


def test_a_share_from_which_a_small_count_follows_is_hidden_with_it() -> None:
    assert "7.5%" in charts.table(linkage(0).places).to_csv()
    text = charts.table(linkage(5).places).to_csv()
    assert "<5" in text and "7.5%" not in text and "50.0%" in text
    open_, hidden = (charts.table(linkage(n).shares).to_csv() for n in (0, 5))
    assert "7.5%" in open_ and "7.5%" not in hidden and "50.0%" in hidden


def test_places_and_estates_tell_no_small_count_of_petitions() -> None:
    """3 property petitions of one community, 50 and 60 of the others; what all come to stands beside it."""
    places = pd.concat([linkage(0).communities, linkage(0).communities.tail(1)], ignore_index=True).assign(
        community_name=["甲社区", "乙社区", "丙社区"], petitions=[4, 100, 100], property_petitions=[3, 50, 60],
        property_firms=[40, 4, 30],
    )  # fmt: skip
    estates = pd.DataFrame(
        {"estate_code": list("xyz"), "name": ["东苑", "西苑", "南苑"], "community_name": ["甲社区", "乙社区", "丙社区"],
         "households": 1000, "petitions": [48, 30, 4], "repeats": [20, 2, 1], "open": [3, 28, 0],
         "property_firms": [40, 4, 30], "property_bad": [0, 1, 10]}
    )  # fmt: skip

    def tables(hidden: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        page = Linkage(
            lambda block, **_: estates if block == "linkage.estates" else places,
            START,
            END,
            "近 12 个月",
            ABOUT,
            hidden,
        )
        return charts.table(page.places).set_index("社区"), charts.table(page.estates).set_index("小区")

    (open_places, open_estates), (few_places, few_estates) = tables(0), tables(5)
    assert open_places["物业诉求"].to_dict() == {"甲社区": "3", "乙社区": "50", "丙社区": "60"}
    assert few_places["物业诉求"].to_dict() == {"甲社区": "<5", "乙社区": "不显示", "丙社区": "60"}
    assert few_places["每万人"].tolist().count("—") == 2 and "—" not in open_places["每万人"].tolist()
    assert few_places["物业企业"].to_dict() == {"甲社区": "40", "乙社区": "<5", "丙社区": "不显示"}
    assert few_estates["物业企业"].tolist() == ["40", "<5", "不显示"], "as in the table of the communities"
    assert open_estates["在办"].tolist() == ["3", "28", "0"]
    assert few_estates["在办"].tolist() == ["<5", "不显示", "<5"] and few_estates["诉求"].tolist() == ["48", "30", "<5"]
    assert few_estates["重复率"].tolist() == ["41.7%", "—", "—"] and few_estates["每千户"].tolist()[2] == "—"


def overview(hidden: int) -> Overview:
    """A black list on which 3 came in the second of three months, and 22 stood at its end."""
    months = pd.date_range("2023-04-01", periods=3, freq="MS")
    rows = {
        "overview.lists": pd.DataFrame(
            {"month_start": months, "list": "黑名单", "n_entered": [9, 3, 8], "n_left": [6, 7, 9],
             "n_standing": [26, 22, 21]}
        ),
        "overview.months": pd.DataFrame(
            {"month_start": months, "polarity": "失信", "n": [3, 20, 30], "published": 0, "due": [3, 20, 27],
             "on_time": [3, 10, 20], "complete": 3}
        ),
        "overview.kinds": pd.DataFrame(
            {"position": [1, 2, 3], "disclosure_name": ["行政许可", "行政处罚", "其他信息"], "types": 1,
             "n": [13, 20, 20], "published": 10, "due": [10, 20, 20], "on_time": [8, 10, 12], "complete": 10}
        ),
        "overview.calls": pd.DataFrame(
            {"system": ["甲", "乙"], "checks": [900, 3], "promises": 0, "shared": 50, "feedback": 9,
             "since": months[0]}
        ),
        "overview.index": pd.DataFrame({"month": [], "rank_nation": []}),
    }  # fmt: skip
    return Overview(lambda block, **_: rows[block], dt.date(2023, 4, 1), END, "近 3 个月", ABOUT, hidden)


def test_the_overview_tells_no_small_count_by_sum_or_difference() -> None:
    open_, held = overview(0), overview(5)
    came = held.flow.data.pivot(index="month", columns="part", values="n")
    assert came.isna().sum().to_dict() == {"列入": 2, "退出": 2}, "two stocks tell the difference"
    assert open_.flow.data["n"].notna().all() and held.flow.data["net"].isna().sum() == 4
    assert held.collection.data["n"].isna().tolist() == [True, True, False], "all three come to what the title says"
    assert held.calls.data["checks"].tolist() == ["不显示", "<5"] and "903" in held.calls.title
    kinds = held.timeliness.data.set_index("disclosure_name")
    assert kinds["share"].isna().to_dict() == {"行政许可": True, "行政处罚": True, "其他信息": False}, "two of ten late"
    assert kinds["due"].isna().to_dict() == {"行政许可": True, "行政处罚": True, "其他信息": False}, "three are not due"
    assert "净" not in held._lists_said and "净减 2" in open_._lists_said
    cards = held.figures.data.set_index("code")
    assert pd.isna(cards.loc["on_time", "n"]) and "未到期 <5 条" in cards.loc["on_time", "note"]
    assert "未到期 3条" in open_.figures.data.set_index("code").loc["on_time", "note"]


def lending(hidden: int) -> Lending:
    """40 small and 40 large firms, all with a loan that came due; 3 of the small ones fell overdue."""
    same = {
        "county_code": "410602",
        "industry_section": "F",
        "industry_name": "批发和零售业",
        "is_listed": False,
        "n": 40,
        "n_granted": 40,
    }
    same |= {"n_drawn": 40, "n_repaid": 40, "n_due": 40, "n_late": 0, "granted_amount": 1e6, "drawn_amount": 1e6}
    rows = pd.DataFrame(
        [
            {**same, "size": "小型", "n_overdue": 3, "repaid_amount": 1e6},
            {**same, "size": "大型", "n_overdue": 0, "repaid_amount": 1e6},
        ]
    )
    return Lending(lambda block, **given: rows, Question(START, END, "近 12 个月", hidden_below=hidden), ABOUT)


def test_a_rate_of_few_overdue_loans_is_neither_drawn_nor_said() -> None:
    assert "7.5%" in charts.table(lending(0).groups("size", "overdue")).to_csv()
    assert "占 3.8%" in lending(0)._overdue_said()
    assert "7.5%" not in charts.table(lending(5).groups("size", "overdue")).to_csv()
    assert lending(5)._overdue_said() == "到期 80 笔，逾期 <5 笔"


def test_what_few_inspections_found_is_hidden_with_its_rate() -> None:
    """30 visits found problems with 3 firms of one sector and 15 of the other."""
    rows = pd.DataFrame(
        {"sector_code": ["S01", "S02"], "sector_name": ["物业", "餐饮"], "topics": "", "petitions": 90, "firms": 60,
         "bad": 20, "visits": 30, "found": [3, 15]}
    )  # fmt: skip

    def page(hidden: int) -> Linkage:
        return Linkage(lambda block, **given: rows, START, END, "近 12 个月", ABOUT, hidden)

    assert "10.0%" in charts.table(page(0).topics).to_csv() and "发现问题 3 家次" in page(0)._inspected_said
    text = charts.table(page(5).topics).to_csv()
    assert "10.0%" not in text and "2.7%" not in text and "50.0%" in text
    assert page(5)._inspected_said == "检查物业企业 30 家次，发现问题 <5 家次"


def test_white_listed_firms_are_not_compared_where_few_are_overdue() -> None:
    same = {
        "county_code": "410602",
        "industry_section": "F",
        "industry_name": "批发和零售业",
        "size": "小型",
        "n": 40,
        "n_granted": 40,
    }
    same |= {"n_drawn": 40, "n_repaid": 40, "n_due": 40, "n_late": 0, "granted_amount": 1e6, "drawn_amount": 1e6}
    same |= {"repaid_amount": 1e6}
    rows = pd.DataFrame([{**same, "is_listed": True, "n_overdue": 2}, {**same, "is_listed": False, "n_overdue": 20}])

    def said(hidden: int) -> str:
        question = Question(START, END, "近 12 个月", hidden_below=hidden)
        return Lending(lambda block, **given: rows, question, ABOUT).beside_said

    assert "白名单企业逾期 5.0%" in said(0)
    assert said(5) == "白名单企业或其他企业的逾期不足 5 笔，不比较"


def test_a_single_hidden_group_takes_a_second_one_with_it() -> None:
    """Else the overdue loans of all, less those of the groups that are shown, are those of the one that is not."""
    same = {
        "county_code": "410602",
        "industry_section": "F",
        "industry_name": "批发和零售业",
        "is_listed": False,
        "n": 100,
        "n_granted": 100,
    }
    same |= {"n_drawn": 100, "n_repaid": 100, "n_due": 100, "n_late": 0, "granted_amount": 1e6, "drawn_amount": 1e6}
    rows = pd.DataFrame(
        [{**same, "size": size, "n_overdue": x, "repaid_amount": 1e6}
         for size, x in (("大型", 3), ("中型", 10), ("小型", 20))]
    )  # fmt: skip
    page = Lending(lambda block, **given: rows, Question(START, END, "近 12 个月", hidden_below=5), ABOUT)
    held = page.groups("size", "overdue").data.set_index("name")
    assert held["status"].to_dict() == {"大型": "few", "中型": "few", "小型": "ok"}
    assert held.loc[["大型", "中型"], ["x", "value", "low", "high"]].isna().all(axis=None)


def test_medians_tell_no_small_count_of_what_is_done_or_still_open() -> None:
    def held(days: list[int], open_: list[int]) -> Curve:
        return curve(
            pd.DataFrame({"days": [*days, *open_], "n": 1, "is_done": [True] * len(days) + [False] * len(open_)})
        )

    curves = {"few": held([3, 4], [9]), "left": held([1, 2, 3, 4, 5, 6], [9, 9]), "many": held([*range(1, 9)], [9] * 6)}
    names = {step: step for step in curves}
    told = Question(START, END, "").medians(curves, names).set_index("step")
    assert told["n"].to_dict() == {"few": 3, "left": 8, "many": 14} and told["open"].tolist() == [1, 2, 6]
    question = Question(START, END, "", hidden_below=5)
    hidden = question.medians(curves, names).set_index("step")
    assert hidden["n"].isna().to_dict() == {"few": True, "left": False, "many": False}
    assert hidden["open"].isna().to_dict() == {"few": True, "left": True, "many": False}
    assert hidden.loc["left", "days"] == told.loc["left", "days"], "a median is no count"
    assert question.median_text(curves["few"]) == "样本不足"
    assert Question(START, END, "").median_text(curves["few"]) == "样本不足（n=3）"


def parks(hidden: int) -> Parks:
    """Two parks: 40 firms of which 3 are in D, and 3 firms; money, merchants and policies of few firms."""
    given = {
        "parks.parks": pd.DataFrame(
            {"park_code": ["P1", "P2"], "name": ["东园", "西园"], "county_name": "县", "kind": "经开区",
             "firms": [40, 3], "n_a": [20, 1], "n_b": [10, 1], "n_c": [7, 1], "n_d": [3, 0], "helped": [12, 2],
             "budget": [500.0, 77.0], "refund": 0.0, "loans": 0.0, "amount": [500.0, 77.0]}
        ),
        "parks.whole": pd.DataFrame({"firms": [1000], "n_a": [700]}),
        "parks.scenes": pd.DataFrame({"scene_id": ["s"], "name": "场景", "threshold": "A", "uses": 9, "before": 8}),
        "parks.merchants": pd.DataFrame(
            {"grade": ["5A", "4A"], "n": [60, 30], "score": 90.0, "complaints": [4, 2], "n_bad": [2, 9]}
        ),
        "parks.policies": pd.DataFrame(
            {"policy_id": ["Z1", "Z2"], "policy_name": ["甲政策", "乙政策"], "department": "局", "service": "直达",
             "start_on": START, "source": "假设", "n_fitting": [50, 50], "n_matched": 50,
             "n_fitting_matched": 50, "n_fitting_served": [3, 47], "n_served": [3, 47], "n_gone": [2, 0],
             "amount": [33.0, 4700.0]}
        ),
        "parks.steps": pd.DataFrame({"number": [1, 2, 3], "wording": list("甲乙丙"), "firms": 90, "n": [52, 50, 30]}),
    }  # fmt: skip
    return Parks(lambda block, **_: given[block], END, ABOUT, hidden)


def test_parks_tell_no_small_counts_to_who_sees_sums_only() -> None:
    open_, hidden = parks(0), parks(5)
    whole = charts.table(hidden.classes).set_index("园区")
    assert charts.table(open_.classes).set_index("园区").filter(like="红D").loc["东园"].item() == "3"
    assert whole.filter(like="红D").loc["东园"].item() == "<5"
    assert whole.filter(like="橙C").loc["东园"].item() == "不显示", "40 less the others is 3"
    assert "33.3%" not in whole.to_csv() and "50.0%" in whole.to_csv()
    assert "77" in charts.table(open_.money).to_csv() and "77" not in charts.table(hidden.money).to_csv()
    shops = charts.table(hidden.merchants)
    assert shops.filter(like="橙、红").iloc[:, 0].tolist() == ["<5", "不显示"]
    policies = charts.table(hidden.direct)
    assert policies.filter(like="未送达").iloc[:, 0].tolist() == ["—", "—"]
    assert "6.0%" in charts.table(open_.direct).to_csv() and "94.0%" in charts.table(open_.direct).to_csv()
    text = policies.to_csv()
    assert "6.0%" not in text and "94.0%" not in text and "33" not in text and "<5" in text
    steps = charts.table(hidden.steps("Z1"))
    assert steps.iloc[:, 1].tolist()[1:4] == ["52", "不显示", "30"], "52 less 50 is 2"
    assert charts.table(open_.steps("Z1")).iloc[:, 1].tolist()[1:4] == ["52", "50", "30"]


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [([9, 3, 7, 0], [1, 2]), ([9, 8, 7, 6], []), ([1, 2, 9, 8], [0, 1]), ([3, 0, 0, 0], [0]), ([0, 0, 0, 0], [])],
)
def test_one_hidden_part_of_a_known_sum_takes_the_next_smallest_with_it(counts: list[int], hidden: list[int]) -> None:
    found = small.parts_few(pd.DataFrame([counts], columns=list("abcd"), index=[7]), list("abcd"), 5)
    assert [i for i, few in enumerate(found.loc[7]) if few] == hidden


def enforcement(hidden: int, **given: Any) -> Enforcement:
    """58 of 60 cases of the courts closed in the span, of which all but ``stayed`` left."""
    stayed, arrears = given.get("stayed", 2), given.get("arrears", [3] * 12 + [9] * 12 + [10])
    counts = {"n": 60, "n_pushed": 60, "n_warned": 58, "n_treated": 40, "n_closed": 58, "n_shown": 0, "n_punished": 3}
    counts |= {"n_noticed": 4, "n_committed": 0, "n_left_committed": 0, "n_reminded": 0}
    months = pd.date_range("2021-07-01", periods=25, freq="MS")
    flow = {"n_found": [3] + [8] * 24, "n_closed": [8] * 23 + [2, 0], "n_left": [5] * 23 + [0, 0]}
    rows = {
        "enforcement.funnel": pd.DataFrame(
            [{"county_code": "410602", "kind": "失信被执行", "debtor_kind": "企业", **counts}]
        ),
        "enforcement.ends": pd.DataFrame(
            {"county_code": "410602", "kind": ["失信被执行", "欠税", "拖欠工资"], "n_closed": [58, 60, 80],
             "n_left": [58 - stayed, 30, 70], "n_left_noticed": 0, "n_punished": [stayed, 30, 10]}
        ),
        "enforcement.months": pd.DataFrame(
            {"month_start": months, "county_code": "410602", **flow, "n_open": [12] * 23 + [3, 7],
             "n_arrears": arrears, "amount_arrears": 7e4, "n_government": 0}
        ),
        "enforcement.stands": pd.DataFrame(
            {"county_code": "410602", "kind": "失信被执行", "stands": ["待推送", "待预警"], "n": [20, 30],
             "n_long": [3, 9], "n_lapsed": 0, "days": 200}
        ),
    }  # fmt: skip
    question = Question(START, END, "近 12 个月", hidden_below=hidden)
    return Enforcement(lambda block, **_: rows[block], question, ABOUT)


def test_enforcement_tells_no_count_by_share_or_difference() -> None:
    open_, held = enforcement(0), enforcement(5)
    assert open_.headline[0][1].startswith("失信被执行办结 58 件，主动退出 56 件，占 96.6%")
    assert held.headline[0][1] == "失信被执行办结 58 件，退出率不显示", "two did not leave"
    cards, plain = (page.figures.data.set_index("code") for page in (held, open_))
    assert plain.loc["open", "change"] == 4 and pd.isna(cards.loc["open", "change"]), "it was 3 as the month ended"
    assert cards.loc["open", "shown"] == "" and cards.loc["arrears", "change"] == 1
    assert cards.loc["left", ["value", "low", "high"]].isna().all() and plain.loc["left", "value"] == 56 / 58
    ends = held.exits.data.set_index("kind")
    assert ends["status"].to_dict() == {"失信被执行": "few", "拖欠工资": "ok", "欠税": "few"}, "the least goes with it"
    assert ends["share"].isna().tolist() == [True, False, True] and open_.exits.data["share"].notna().all()
    chain = held.chain.data.set_index("step")
    assert chain["shown"].to_dict() == {
        "n": "", "n_pushed": "", "n_warned": "不显示", "n_treated": "", "n_closed": "不显示", "n_shown": "",
    }  # fmt: skip
    assert pd.isna(chain.loc["n_shown", "interval"]), "the interval of none tells of how many"
    assert held.chain.title == "发现 60 件" and "办结 58 件，占 96.7%" in open_.chain.title
    assert held.urging.title == "作了提示的 <5 件中 0 件作出承诺"
    assert "4 件中 0 件" in open_.urging.title and held.urging.data["share"].isna().all()
    standing = held.standing.data
    assert standing["n"].isna().all(), "what stands at a step is said, and how many for long"


def test_months_and_differences_tell_no_count_of_enforcement() -> None:
    held, open_ = enforcement(5), enforcement(0)
    stock = held.stock.data.pivot(index="month", columns="part", values="n")
    closed = stock["当月办结"].isna()
    assert closed.iloc[-1] and closed.sum() == 2, "the title says what twelve months come to"
    assert stock["当月发现"].isna().sum() == 1 and stock["其中退出"].isna().all(), "three of eight did not leave"
    assert (
        open_.stock.data["n"].notna().all()
        and held.stock.title == "近 12 个整月发现 96 件、办结 90 件（不论何时发现），在办增加 6 件"
    )
    rising = [10] * 11 + [3] * 1 + [10] * 13
    assert "比一年前增加 7 件" in enforcement(0, arrears=rising).arrears.title
    assert "一年前" not in enforcement(5, arrears=rising).arrears.title
    few = enforcement(5, arrears=[2] * 25)
    assert "万元" not in few.headline[2][1] and few.figures.data.set_index("code").loc["arrears", "note"] == ""
    assert "7.0万元" in enforcement(0, arrears=[2] * 25).headline[2][1]


def test_months_of_repair_tell_no_count_by_what_stands_open() -> None:
    months = pd.date_range("2021-07-01", periods=24, freq="MS")
    rows = pd.DataFrame(
        {"month_start": months, "county_code": "410602", "n_applied": [8] * 23 + [2], "n_decided": [6] * 22 + [9, 7],
         "n_granted": 0, "n_open": [6] + [20] * 23}
    )  # fmt: skip

    def page(hidden: int) -> Repair:
        question = Question(START, END, "近 12 个月", hidden_below=hidden)
        return Repair(lambda block, **_: rows, question, ABOUT, repair_rules.load())

    assert page(0).months.data["n"].notna().all()
    held = page(5).months.data.pivot(index="month", columns="part", values="n")
    # Open now and before tell what came less what was decided; twelve months come to what the title says.
    assert held["当月申请"].isna().sum() == held["当月办结"].isna().sum() == 2 and held["月末在办"].notna().all()
    assert held.iloc[-1].isna().sum() == 2


def heatmap(hidden: int) -> Heatmap:
    """One month: 4 in D, 18 in C, 6 in A."""
    rows = {
        "risk.months": pd.DataFrame(
            {"month_start": dt.date(2023, 6, 1), "risk_class": list("ABCD"), "n": [6, 114, 18, 4]}
        ),
        "risk.versions": pd.DataFrame({"first_month": [], "title": []}),
    }
    question = Heat("county", "class", "count", dt.date(2023, 6, 1), dt.date(2022, 6, 1))
    return Heatmap(lambda block, **_: rows[block], question, ABOUT, risk_board(), hidden)


def test_a_class_is_hidden_with_the_one_that_it_is_said_together_with() -> None:
    """C and D together stand in the headline, so A, the least of all, would be no partner."""
    open_, held = (heatmap(n).trend.data.set_index("class") for n in (0, 5))
    assert open_["firms"].tolist() == [114, 18, 4] and open_["value"].notna().all()
    assert held["firms"].tolist() == [114, "不显示", "<5"] and held["value"].isna().tolist() == [False, True, True]
    assert heatmap(5).classes.data["status"].tolist() == ["ok", "ok", "few", "few"]


@pytest.mark.parametrize("measure", ["share", "count", "shift"])
def test_a_grid_of_classes_hides_what_its_sums_tell(measure: str) -> None:
    cells = pd.DataFrame(
        [(row, code, n) for row, counts in (("x", [90, 6, 18, 4]), ("y", [90, 60, 50, 40]), ("z", [90, 60, 50, 41]))
         for code, n in zip("ABCD", counts, strict=True)],
        columns=["row_code", "column_code", "n"],
    ).assign(n_high=0, n_before=50, n_high_before=0)  # fmt: skip
    open_, held = (grid.measured(cells, "county", "class", measure, 5, n) for n in (0, 5))
    assert open_["value"].isna().sum() == 0
    told = held[held["value"].notna()]
    # C with D of x, for both together are known; and one more of each class, whose sum is, with its own partner.
    assert told.groupby("row_code").size().to_dict() == {"x": 2, "y": 2, "z": 4}
    assert told["column_code"].value_counts().to_dict() == {"A": 3, "B": 3, "C": 1, "D": 1}
    if measure == "count":
        assert held["n"].isna().sum() == 4 and set(held["label"]) == {"", "<5", "不显示"}
        assert open_["label"].tolist().count("<5") == 1


def test_a_sector_of_few_visits_is_neither_rated_nor_named() -> None:
    """2 of 3 visits found something, 7 of 29, and 40 of 60 beside 15 of 100: only the last two say something."""
    rows = pd.DataFrame(
        {"sector_code": ["S01", "S02", "S03", "S04"], "sector_name": ["物业", "燃气", "餐饮", "美容"], "topics": "",
         "petitions": 90, "firms": [60, 20, 60, 60], "bad": 20, "visits": [29, 3, 60, 100], "found": [7, 2, 40, 15]}
    )  # fmt: skip
    page = Linkage(lambda block, **given: rows, START, END, "近 12 个月", ABOUT)
    text = charts.table(page.topics).to_csv()
    assert text.count("样本不足") == 3, "two of the visits, one of the firms"
    assert text.count("66.7%") == 1 and "15.0%" in text and "24.1%" not in text
    assert page.topics.title.endswith("，餐饮检出率高于合计（33.3%）") and "燃气" not in page.topics.title
    assert page._inspected_said == "检查物业企业 29 家次，发现问题 7 家次，样本不足，不算检出率"
    few = Linkage(lambda block, **given: rows.head(2), START, END, "近 12 个月", ABOUT)
    assert few.topics.title.endswith("，各行业检查户次不足，不比较检出率")


def test_a_community_of_few_property_companies_is_not_named() -> None:
    """2 of 5 property companies are not green in the community of most petitions."""
    page = linkage(0)
    rows = page.communities.assign(property_firms=[5, 29], property_not_green=[2, 20])
    few = Linkage(lambda block, **given: rows, START, END, "近 12 个月", ABOUT)
    assert few._hot_said == "各社区物业企业均不足 30 家，不按占比点名社区"
    assert "非绿占比" not in charts.table(few.places) and "非绿占比" in charts.table(page.places)


def test_a_title_says_how_many_stand_out() -> None:
    """Five of 21 communities have clearly more firms in C and D than all, a sixth only by its own interval."""
    counts = [150, 140, 130, 120, 110, 52, *[30] * 15]
    rows = pd.concat([linkage(0).communities.head(1)] * 21, ignore_index=True).assign(
        community_name=[f"{i}号" for i in range(21)], firms=600, bad=counts
    )
    page = Linkage(lambda block, **given: rows, START, END, "近 12 个月", ABOUT)
    assert (
        page.shares.title.startswith("0号、1号、2号等5个的橙C、红D企业占比高于") and "多重比较" in page.shares.subtitle
    )


def test_parks_that_stand_out_are_counted() -> None:
    """Three of eight parks have clearly fewer green firms than all."""
    green = [60, 62, 64, *[80] * 5]
    rows = pd.DataFrame(
        {"name": [f"{i}园" for i in range(8)], "county_name": "", "firms": 100, "n_a": green, "n_b": 0, "n_c": 0,
         "n_d": 0}
    )  # fmt: skip
    whole = pd.DataFrame({"n_a": [8_000], "firms": [10_000]})
    page = Parks(lambda block, **given: whole if block == "parks.whole" else rows, dt.date(2023, 7, 4), ABOUT)
    assert page.classes.title == "0园、1园等3个绿A企业占比低于全部企业（80.0%）" and "多重比较" in page.classes.subtitle


def test_a_county_without_loans_is_one_line_and_no_axis() -> None:
    """No row is of 宝安区; in 鹤山区 all steps of credit wait."""
    kinds = {
        "lending.steps": lending(0).steps,
        "lending.waits": pd.DataFrame({"county_code": "410602", "step": ["grant"], "days": [9], "is_done": True,
                                       "n": [3]}),
        "lending.months": pd.DataFrame({"county_code": "410602", "month_start": [dt.date(2023, 1, 1)],
                                        "granted_amount": 1e6, "drawn_amount": 1e6}),
    }  # fmt: skip

    def page(code: str, name: str) -> Lending:
        return Lending(lambda block, **given: kinds[block], Question(START, END, "近 12 个月", code, name), ABOUT)

    none = page("440306", "宝安区")
    said = "宝安区近 12 个月没有企业在平台注册"
    assert none.headline == (("信易贷", said),)
    assert all(chart.title == said for chart in (none.figures, none.funnel, none.speed))
    assert none.funnel.empty and none.speed.empty and none.months.empty and len(none.figures.data) == 1
    held = none.groups("size", "overdue")
    assert held.title == "没有到期贷款，不比较逾期率" and held.empty
    few = page("410602", "鹤山区").speed
    assert not few.empty and charts.figure(few).layout.xaxis.visible is False
