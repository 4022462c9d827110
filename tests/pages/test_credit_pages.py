"""信用总览, 信用园区与信易+, 诉求信用联动 on a small demo of both subjects: what they say was counted."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import streamlit as st

from minxin import charts, queries
from minxin.access import Viewer
from minxin.analysis.inspection import rules as inspection
from minxin.board import ahead
from minxin.board.credit import enforcement, heatmap, lending, linkage, overview, repair, supervision
from minxin.board.frames import Source, source
from minxin.charts import tables
from minxin.charts.cards import cards
from minxin.charts.chart import Chart, Kind
from minxin.charts.credit.enforcement import Enforcement
from minxin.charts.credit.heatmap import Heatmap, Question
from minxin.charts.credit.lending import GROUPS, MEASURES, Lending
from minxin.charts.credit.linkage import Linkage
from minxin.charts.credit.overview import Overview
from minxin.charts.credit.parks import Parks
from minxin.charts.credit.question import Question as Span
from minxin.charts.credit.repair import Repair
from minxin.charts.credit.risk_board import risk_board
from minxin.charts.credit.supervision import Supervision
from minxin.demo import simulate
from minxin.demo.credit import settings as credit_settings
from minxin.demo.credit import simulate as credit
from minxin.settings import Home, load_deployment
from minxin.warehouse import repair_rules
from minxin.warehouse.build import build
from minxin.warehouse.risk_rules import month_before
from tests.pages.conftest import Narrow, Open, counted, shown
from tests.support import ROOT, environment

YEAR = dt.date(2022, 7, 1), dt.date(2023, 7, 1)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("both") / "home", load_deployment(ROOT / "data"))
    simulate.simulate(home, 12_500)
    credit.simulate(home, credit_settings.load(home.deployment, 4_000, 40_000))
    build(home)
    return home


@pytest.fixture
def small(both: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    for name, value in environment(both.path).items():
        if name.startswith("MINXIN_"):
            monkeypatch.setenv(name, value)
    yield both


@pytest.fixture
def asked(small: Home) -> Source:
    found = source(Viewer.local(small.deployment))
    assert found is not None
    return found


@pytest.fixture
def rows(small: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    held = queries.current(small)
    assert held is not None
    with queries.connection(held.snapshot).cursor() as cursor:
        yield cursor


def one(rows: duckdb.DuckDBPyConnection, sql: str) -> float:
    [(value,)] = rows.execute(sql).fetchall()
    return float(value)


@pytest.mark.parametrize("file", ["credit/overview.py", "credit/parks.py", "credit/linkage.py"])
def test_the_pages_open_and_say_something(small: Home, open_page: Open, file: str) -> None:
    at = open_page(file)
    assert not at.exception and not at.error
    said = shown(at)
    assert "模拟数据" in said and "nan" not in said.lower() and "None" not in said


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("credit/overview.py", "鹤壁市、深圳市"),
        ("credit/repair.py", "鹤壁市、深圳市"),
        ("credit/linkage.py", "新安街道"),
    ],
)
def test_a_credit_page_names_the_cities_of_its_firms(
    small: Home, open_page: Open, rows: duckdb.DuckDBPyConnection, file: str, place: str
) -> None:
    """Most firms of the register are of 鹤壁, those in the communities of 宝安区."""
    held = rows.execute(
        "select city from dim_enterprise join dim_county using (county_code) group by city order by count(*) desc"
    ).fetchall()
    assert "、".join(city for (city,) in held) == "鹤壁市、深圳市"
    assert f":gray[{place} · 截至" in shown(open_page(file))


def test_the_overview_counts_what_the_marts_hold(asked: Source, rows: duckdb.DuckDBPyConnection) -> None:
    page = Overview(asked, *YEAR, "近 12 个月", asked.about)
    held = page.figures.data.set_index("code")["value"]
    assert held["records"] == one(
        rows, "select sum(n) from mart_record_month where month_start between '2022-07-01' and '2023-06-30'"
    )
    assert held["black"] == one(
        rows,
        "select count(*) from fct_list_entry where list = '黑名单' and entered_on < '2023-07-01'"
        " and (visible_until is null or visible_until >= '2023-07-01')",
    )
    assert page.kinds["disclosure_name"].tolist()[:2] == ["行政许可", "行政处罚"]
    assert (page.kinds["low"] <= page.kinds["share"]).all() and (page.kinds["share"] <= page.kinds["high"]).all()
    # Endings lie to the left: the net of a month is what came less what left.
    flow = page.flow.data
    assert (flow.groupby("month")["n"].sum() == flow.groupby("month")["net"].first()).all()


def test_a_year_that_the_data_begin_in_says_so(asked: Source) -> None:
    """The data begin in July 2021, and nothing of the page is of after the year."""
    page = Overview(asked, dt.date(2021, 1, 1), dt.date(2022, 1, 1), "2021年", asked.about)
    assert set(page.dimensions.data["month"]) == {pd.Timestamp(2021, 12, 1)}
    assert page.dimensions.filters == ("2021年12月",) and page.ranks.filters == ("2021年7月—2021年12月",)
    assert page.ranks.title.startswith("2021年7月—2021年12月全国名次在第 ") and "0 个月" not in page.ranks.title
    assert page.ranks.title.endswith("，没有一个月居前四") == bool((page.index["rank_nation"] > 4).all())
    for said in (page.headline[1][1], page.collection.title):
        assert said.startswith("2021年（数据自2021年7月起）归集")
    days = "2021年（2021年1月1日—12月31日，数据自2021年7月起）"
    for chart in (page.figures, page.collection, page.timeliness, page.calls):
        assert chart.subtitle.endswith(days)
    later = Overview(asked, *YEAR, "近 12 个月", asked.about)
    assert "起" not in later.collection.subtitle and set(later.dimensions.data["month"]) == {pd.Timestamp(2023, 6, 1)}


def test_a_rank_is_written_as_one_everywhere(asked: Source) -> None:
    page = Overview(asked, *YEAR, "近 12 个月", asked.about)
    last = int(page.index["rank_nation"].iloc[-1])
    assert f"第 {last} 名" in [card.figure for card in cards(page.figures)]
    assert charts.figure(page.ranks).layout.yaxis.ticktext[0] == "第 1 名"


def test_policies_reach_whom_their_conditions_say(asked: Source, rows: duckdb.DuckDBPyConnection) -> None:
    page = Parks(asked, dt.date(2023, 7, 4), asked.about)
    by_hand = one(
        rows,
        "select count(*) from dim_enterprise e join mart_risk r using (uscc)"
        " where r.month_start = (select max(month_start) from mart_risk) and r.risk_class in ('A', 'B')"
        " and e.park_code is not null and e.size in ('小型', '微型')",
    )
    held = page.policies.set_index("policy_id")
    assert held.loc["ZC03", "n_fitting"] == by_hand
    # Sums of money stand in 万元: nine digits of 元 are read by nobody.
    paid = page.direct.data.set_index("policy_id")["amount"]
    assert (paid * 10_000).tolist() == pytest.approx(held["amount"].tolist()) and held["amount"].max() > 1e6
    assert "已兑现金额（万元）" in charts.table(page.direct)
    steps = page.steps("ZC03").data
    assert steps["n"].iloc[-2] == by_hand and steps["n"].is_monotonic_decreasing
    assert held.loc["ZC03", "n_fitting_served"] <= held.loc["ZC03", "n_fitting"]
    listed = page.unserved("ZC03").data
    assert listed["total"].iloc[0] == by_hand - held.loc["ZC03", "n_fitting_served"]
    green, firms = page.whole
    assert (
        green
        < firms
        == one(rows, "select count(*) from mart_risk where month_start = (select max(month_start) from mart_risk)")
    )


def test_the_two_subjects_meet_by_community(asked: Source, rows: duckdb.DuckDBPyConnection) -> None:
    page = Linkage(asked, dt.date(2022, 7, 4), dt.date(2023, 7, 4), "近 12 个月", asked.about)
    places = page.communities
    assert len(places) == 21 and places["firms"].sum() == one(
        rows,
        "select count(*) from mart_risk where community_code <> 'none'"
        " and month_start = (select max(month_start) from mart_risk)",
    )
    assert places["property_petitions"].sum() == one(
        rows,
        "select count(*) from fct_petition where category_1 = '物业管理' and community_code <> 'none'"
        " and accepted_day >= '2022-07-04' and accepted_day < '2023-07-04'",
    )
    # The sectors are counted over the same communities: theirs is the whole that the table of places shows.
    assert page.sectors.set_index("sector_code").loc["S01", "petitions"] == places["property_petitions"].sum()
    # Few communities of this small demo have both a known population and property companies.
    known = places["per_10000"].notna() & places["weak"].notna()
    assert page.together.n == known.sum() < 10 and not page.together.is_known
    assert page.headline[0][1] == "社区太少，看不出物业诉求与物业企业信用的关系"


@pytest.mark.parametrize("way", [1, -1, 0])
def test_whether_both_go_together_is_said_as_the_ranks_have_it(asked: Source, way: int) -> None:
    """The petitions counted, beside property companies set to be worse, better or as chance has it."""

    def ask(block: str, **given: object) -> pd.DataFrame:
        found = asked(block, **given)
        if block != "linkage.communities":
            return found
        rank = found["property_petitions"].rank(method="first").astype(int)
        bad = {1: rank, -1: 30 - rank, 0: pd.Series(np.random.default_rng(3).permutation(len(found)))}[way]
        return found.assign(population=10_000, property_firms=40, property_not_green=bad.to_numpy())

    page = Linkage(ask, dt.date(2022, 7, 4), dt.date(2023, 7, 4), "近 12 个月", asked.about)
    held = page.communities
    rho = np.corrcoef(held["property_petitions"].rank(), held["property_not_green"].rank())[0, 1]
    assert page.together.n == 21 and page.together.rho == pytest.approx(rho)
    assert page.together.low < rho < page.together.high
    said = page.headline[0][1]
    assert f"秩相关 {rho:.2f}".replace("-", "−") in said
    assert {1: "物业企业信用较差", -1: "物业企业信用反而较好", 0: "没有显著关系"}[way] in said


def test_what_runs_out_later_this_month_still_stands(asked: Source, rows: duckdb.DuckDBPyConnection) -> None:
    """The running month is counted up to the data time, and every other one to its end."""
    found = asked("overview.lists", start=dt.date(2023, 5, 1), end=dt.date(2023, 7, 4)).set_index(
        ["month_start", "list"]
    )
    for month, closing in (("2023-06-01", "2023-07-01"), ("2023-07-01", "2023-07-04")):
        for name in ("红名单", "黑名单"):
            standing = one(
                rows,
                f"select count(*) from fct_list_entry where list = '{name}' and entered_on < '{closing}'"
                f" and (visible_until is null or visible_until >= '{closing}')",
            )
            assert standing and found.loc[(month, name), "n_standing"].item() == standing


SPAN = {"start": dt.date(2022, 7, 4), "end": dt.date(2023, 7, 4)}
SCOPED = {
    "overview.lists": SPAN,
    "parks.parks": {},
    "parks.merchants": {},
    "parks.policies": {},
    "parks.unserved": {"policy_id": "ZC01", "limit": 500},
    "linkage.communities": SPAN,
    "linkage.sectors": SPAN,
    "linkage.estates": {**SPAN, "limit": 50},
    "linkage.firms": {**SPAN, "limit": 50},
}


@pytest.mark.parametrize("block", SCOPED)
def test_a_viewer_sees_the_own_communities_only(small: Home, block: str) -> None:
    held = queries.current(small)
    assert held is not None
    own = small.deployment.communities[0]
    given = SCOPED[block]
    everything = held.run(block, Viewer.local(small.deployment), **given)
    of_one = held.run(block, Viewer("b", (), (own.code,)), **given)
    more = held.run(block, Viewer("b", (), (own.code,)), communities=[own.code, "none"], **given)
    assert of_one.equals(more), "asking for more than the scope widened it"
    assert not everything.equals(of_one)
    if "community_name" in of_one:
        assert set(of_one["community_name"]) <= {own.name}
    nothing = held.run(block, Viewer("x", (), ()), **given)
    counted = [c for c in nothing.columns if c.startswith("n_") or c in ("firms", "petitions", "visits")]
    assert nothing.empty or nothing[counted].fillna(0).to_numpy().sum() == 0


def test_firms_are_not_listed_and_small_counts_hidden_for_who_sees_sums_only(
    small: Home, open_page: Open, sums_only: Narrow
) -> None:
    def listed() -> str:
        return "".join(frame.value.to_csv() for frame in open_page("credit/linkage.py").dataframe)

    assert "有限" in listed() and "<5" not in listed()
    sums_only("linkage")
    assert "有限" not in listed() and "<5" in listed()


@pytest.mark.parametrize("page", ["parks", "lending", "linkage", "heatmap"])
def test_the_pages_open_for_who_sees_sums_only(page: str, small: Home, open_page: Open, sums_only: Narrow) -> None:
    sums_only(page)
    at = open_page(f"credit/{page}.py")
    assert not at.exception and not at.error
    said = shown(at) + "".join(frame.value.to_csv() for frame in at.dataframe)
    assert "模拟数据" in said and "nan" not in said.lower() and "None" not in said


def test_no_click_is_offered_where_it_would_list_nothing(small: Home, open_page: Open, sums_only: Narrow) -> None:
    def offered() -> bool:
        return "点击一格" in shown(open_page("credit/heatmap.py"))

    assert offered()
    sums_only("heatmap")
    assert not offered()


def _heatmap_ahead(asked: Source, look: str) -> Iterator[ahead.Answer]:
    month = heatmap._months(asked)[-1]
    return heatmap._ahead(asked, Question("industry", "county", "share", month, month_before(month, 12)), look)


@pytest.mark.parametrize(
    ("page", "answers", "others"),
    [
        ("overview", overview._ahead, [{"span": "近 24 个月"}]),
        ("linkage", linkage._ahead, [{"span": "近 24 个月"}]),
        ("lending", lending._ahead, [{"span": "近 12 个月"}, {"county": "浚县"}]),
        ("repair", repair._ahead, [{"span": "近 36 个月"}, {"county": "浚县"}]),
        ("enforcement", enforcement._ahead, [{"span": "近 24 个月"}, {"county": "浚县"}, {"kind": "欠税"}]),
        ("supervision", supervision._ahead, [{"span": "近 12 个月"}, {"county": "浚县"}]),
        ("heatmap", _heatmap_ahead, [{"rows": "行：监管行业领域"}, {"columns": "列：风险类别"}, {"measure": "家数"},
                                     {"columns": "列：处罚种类"}]),
    ],
)  # fmt: skip
def test_what_a_change_of_a_filter_asks_is_there_already(
    page: str,
    answers: Callable[[Source, str], Iterator[ahead.Answer]],
    others: list[dict[str, str]],
    asked: Source,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    st.cache_resource.clear()
    for answer in answers(asked, "light"):
        answer()
    open_page(f"credit/{page}.py")
    for other in others:
        run = counted(monkeypatch)
        at = open_page(f"credit/{page}.py", **other)
        assert not at.exception and not at.error
        assert run == [], other
        [word] = other.values()
        assert word in [box.format_func(box.value) for box in at.selectbox], "the page shows what was asked"


# ── small counts ────────────────────────────────────────────────────────────────────────────────

MONTHS = (dt.date(2023, 6, 1), dt.date(2022, 6, 1))
CROSSED = [("county", "class"), ("community", "class"), ("class", "industry"), ("month", "class"),
           ("county", "industry"), ("county", "kind")]  # fmt: skip
#: A year and a month: few visits, calls and petitions are of a month.
SPANS = (YEAR, (dt.date(2023, 6, 1), dt.date(2023, 7, 1)))
#: What a list of firms or cases has.
LISTS = {"enterprise_name", "uscc"}
#: Columns that are written like counts and count nobody: places in a ranking, kinds of information.
RANKS_AND_KINDS = ("rank_nation", "moved", "types")
#: A count as it is said, with the word for what is counted; a limit of the rules is none.
SAID = re.compile(r"(?<![\d,.—−第<])[1-4] ?(?:件|家|户|笔|条|起|次(?!上限))|（n=[1-4]）")


def _pages(page: str, asked: Source) -> Iterator[Any]:
    """The page for several questions."""
    if page == "heatmap":
        for (by_row, by_column), measure in itertools.product(CROSSED, ("share", "count", "shift")):
            yield Heatmap(
                asked, Question(by_row, by_column, measure, *MONTHS), asked.about, risk_board(), asked.hidden_below
            )
    elif page == "parks":
        yield Parks(asked, MONTHS[0], asked.about, asked.hidden_below)
    elif page == "overview":
        for span in SPANS:
            yield Overview(asked, *span, "近一年", asked.about, asked.hidden_below)
    elif page == "linkage":
        for span in SPANS:
            yield Linkage(asked, *span, "近一年", asked.about, asked.hidden_below)
    else:
        for county in ("", "410602", "440306"):
            q = Span(*YEAR, "近一年", county, county, asked.hidden_below)
            if page == "supervision":
                yield Supervision(asked, q, asked.about, inspection.load().on(q.end))
            elif page == "repair":
                yield Repair(asked, q, asked.about, repair_rules.load())
            elif page == "lending":
                yield Lending(asked, q, asked.about)
            else:
                for kind in enforcement.KINDS:
                    yield Enforcement(asked, q, asked.about, kind)


def _charts(page: Any) -> dict[str, Chart]:
    """Every chart that a page has, but lists of firms and cases, which are not for who sees sums only."""
    held = [getattr(page, name) for name, of in vars(type(page)).items() if name[0] != "_" and not callable(of)]
    if isinstance(page, Lending):
        held += [page.groups(by, measure) for by in GROUPS for measure in MEASURES]
    if isinstance(page, Parks):
        held += [page.steps(policy) for policy in page.policies["policy_id"]]
    charts = [one for one in held if isinstance(one, Chart) and not LISTS & set(one.data)]
    return {one.id: one for one in charts}


def _counted(chart: Chart) -> Iterator[tuple[int, str, float]]:
    """Row, column and value of the counts that a chart or its table has."""
    for column in tables.columns(chart):
        if column.name == chart.encoding.change or column.name in RANKS_AND_KINDS:
            continue
        for row, value in enumerate(column.raw):
            unit = column.unit or (chart.row_unit(row) if column.name in chart.encoding.columns.values() else None)
            if isinstance(value, (int, float)) and (unit is None or unit.kind in ("count", "stock")):
                yield row, column.name, abs(value)


def _told(chart: Chart) -> list[str]:
    """What a chart tells of one to four."""
    # What is compared has names that are no counts: firms visited 「1 次」.
    cells = chart.data.select_dtypes(["object", "string"]).drop(columns=chart.encoding.x, errors="ignore")
    texts = [chart.title, chart.subtitle, *map(str, cells.to_numpy().ravel())]
    found = [text for text in texts if SAID.search(text)]
    return found + [f"{name} {value}" for _, name, value in _counted(chart) if value in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "page", ["enforcement", "repair", "heatmap", "parks", "lending", "linkage", "supervision", "overview"]
)
def test_no_chart_tells_a_small_count_to_who_sees_sums_only(page: str, small: Home) -> None:
    everywhere = tuple(small.deployment.community_codes)
    open_told = False
    for codes in (everywhere, everywhere[8:9]):
        found = source(Viewer("l", ("local",), codes, "aggregate")), source(Viewer("l", ("local",), codes))
        assert found[0] is not None and found[1] is not None
        for held, plain in zip(_pages(page, found[0]), _pages(page, found[1]), strict=True):
            told, open_ = _charts(held), _charts(plain)
            for chart in told.values():
                assert not _told(chart), (codes, chart.id)
            for _, sentence in held.headline if isinstance(held.headline, tuple) else [("", held.headline)]:
                assert not SAID.search(sentence), sentence
            open_told |= any(_told(chart) for chart in open_.values())
            for chart in (c for c in told.values() if c.kind is Kind.KPI_ROW and "change" in c.data):
                _no_change_tells(chart, open_[chart.id])
    assert open_told, "there was something to hide"


def _no_change_tells(hidden: Chart, plain: Chart) -> None:
    """A difference is gone where what is or was is hidden."""
    for row, (now, change) in enumerate(zip(plain.data["value"], plain.data["change"], strict=True)):
        if plain.row_unit(row).kind == "count" and (now in (1, 2, 3, 4) or now - change in (1, 2, 3, 4)):
            assert pd.isna(hidden.data["change"].iloc[row]), (hidden.id, row)


def test_every_community_is_in_the_grid_and_nothing_is_called_the_highest(asked: Source) -> None:
    page = Heatmap(asked, Question("community", "class", "share", *MONTHS), asked.about, risk_board(), 0)
    assert page.grid.data["row_code"].nunique() == len(asked.viewer.communities) - 1
    assert "最高" not in page.grid.title


def test_the_first_month_is_compared_with_nothing(asked: Source) -> None:
    first = min(
        Heatmap(asked, Question("county", "class", "share", *MONTHS), asked.about, risk_board(), 0).months.index
    )
    before = first.replace(year=first.year - 1)
    page = Heatmap(asked, Question("county", "class", "share", first, before), asked.about, risk_board(), 0)
    assert page.moves.title == f"{before.year}年{before.month}月没有归类，无可比数据"
    assert page.trend.title == "各月风险结构"
    assert page.reasons.title.startswith("2023年")
    assert not any(f"{first.year}年{first.month}月" == word for word in page.trend.filters)


def test_the_card_of_open_cases_is_of_the_kind_that_is_looked_at(asked: Source) -> None:
    question = Span(dt.date(2022, 7, 4), dt.date(2023, 7, 4), "近 12 个月")
    for kind in ("", "账款拖欠"):
        page = Enforcement(asked, question, asked.about, kind)
        [card] = [c for c in cards(page.figures) if "在办" in c.name]
        assert card.figure.startswith(f"{page.total_open:,}")
        assert card.name == (f"{kind}在办" if kind else "在办线索")
        assert f"在办 {page.total_open:,} 件" in page.headline[1][1]
        for chart in page.charts(with_records=False):
            if chart.id in ("enforcement_urging", "enforcement_exits", "enforcement_arrears", "enforcement_months"):
                assert "账款拖欠" not in chart.filters
