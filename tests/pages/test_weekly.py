"""每周会商: the figures, what filters do, pictures and tables, exports, down to the record."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pptx
import pytest

from minxin import queries, settings
from minxin.access import Viewer
from minxin.analysis import cells, indicators
from minxin.analysis.periods import Period
from minxin.board import filters, panel, records
from minxin.board.frames import Source
from minxin.charts.about import About
from minxin.charts.chart import Kind
from minxin.charts.weekly import Question, Weekly
from minxin.settings import Home
from tests.pages.conftest import Open, shown

WEEK = Period.week(2023, 26)


def _source(home: Home) -> Source:
    held = queries.current(home)
    assert held is not None
    return Source(held, Viewer.local(home.deployment), ("test",))


def _page(home: Home, **question: Any) -> Weekly:
    held = queries.current(home)
    assert held is not None
    viewer = Viewer.local(home.deployment)

    def ask(block: str, /, **parameters: Any) -> Any:
        return held.run(block, viewer, **parameters)

    about = About(held.snapshot.as_of, held.snapshot.id, True)
    return Weekly(ask, Question(question.pop("period", WEEK), **question), about)


# ── figures ─────────────────────────────────────────────────────────────────────────────────────


def test_the_row_of_figures_is_counted_from_the_facts(
    demo: Home, open_page: Open, snapshot: duckdb.DuckDBPyConnection
) -> None:
    at = open_page()
    metrics = {m.label: m for m in at.metric}
    assert list(metrics) == ["受理量", "按期办结率", "15分钟首联率", "满意率", "逾期未办"]
    (accepted,) = snapshot.execute(
        "select count(*) from fct_petition where accepted_day between date '2023-06-26' and date '2023-07-02'"
    ).fetchone()
    assert metrics["受理量"].value == f"{accepted:,}件"
    (overdue,) = snapshot.execute(
        "select count(*) from fct_petition where due_at < timestamp '2023-07-03' and due_at is not null"
        " and (closed_at is null or closed_at >= timestamp '2023-07-03') and accepted_day < date '2023-07-03'"
    ).fetchone()
    assert metrics["逾期未办"].value == f"{overdue:,}件"


def test_a_card_says_target_cases_interval_and_freshness(demo: Home, open_page: Open) -> None:
    lines = [c.value for c in open_page().caption if "截至" in c.value and "目标" in c.value]
    assert len(lines) == 5
    rate = next(line for line in lines if "区间" in line)
    assert "n=" in rate and "7月3日 24\\:00" in rate


@pytest.mark.parametrize("community", ["", "440306017017", "none"])
def test_added_communities_are_the_totals(community: str, demo: Home) -> None:
    page = _page(demo, community=community)
    scope = {"communities": [community]} if community else {}
    asked = page.ask("indicators.totals", start=page.period.start, end=page.period.end, **scope).iloc[0]
    for name, value in page.totals.iloc[0].items():
        assert pd.isna(value) if pd.isna(asked[name]) else value == pytest.approx(asked[name]), name
    assert set(page.totals.columns) == set(asked.index)


@pytest.mark.parametrize("code", ["2023-W26", "2023-W27", "2023-05", "2022-11", "2023-07"])
def test_weeks_asked_once_are_those_of_the_period_cut_where_it_ends(code: str, demo: Home) -> None:
    page = _page(demo, period=Period.parse(code))
    span = page.everywhere.span
    asked = cells.by_week(page.ask("indicators.weeks", start=span.mondays[0], end=span.end), span.mondays)
    found = page.weeks.set_index("week_start")
    asked = asked.set_index("week_start").loc[found.index]
    assert len(found) > 20 and asked["accepted"].iloc[-1] > 0
    for name in asked.columns:
        assert found[name].to_numpy() == pytest.approx(asked[name].to_numpy()), name


@pytest.mark.parametrize("community", ["", "440306017017", "none"])
def test_the_lists_are_the_first_of_the_place_and_asked_once_for_all(community: str, demo: Home) -> None:
    page = _page(demo, community=community)
    asked: list[dict[str, Any]] = []
    whole = page.ask

    def ask(block: str, /, **parameters: Any) -> Any:
        asked.append(parameters)
        return whole(block, **parameters)

    page.ask = ask
    shown = page.late.data["petition_id"].tolist()
    assert all("communities" not in parameters for parameters in asked)
    scope = {"communities": [community]} if community else {}
    first = whole("weekly.late", limit=10_000, **scope).head(page.board.late)
    assert shown == first["petition_id"].tolist()


def test_who_sees_sums_only_takes_no_records_away(demo: Home) -> None:
    page = _page(demo)
    assert [c.id for c in page.charts()][-2:] == ["late", "due_soon"]
    held = page.charts(with_records=False)
    assert len(held) == 6 and not any("petition_id" in chart.data.columns for chart in held)


def test_a_community_narrows_the_figures(demo: Home, open_page: Open, snapshot: duckdb.DuckDBPyConnection) -> None:
    at = open_page(community="翻身社区")
    (n,) = snapshot.execute(
        "select count(*) from fct_petition where community_name = '翻身社区'"
        " and accepted_day between date '2023-06-26' and date '2023-07-02'"
    ).fetchone()
    assert at.metric[0].value == f"{n:,}件"
    at.selectbox(key="community").set_value("").run()
    assert at.metric[0].value != f"{n:,}件"


@pytest.mark.parametrize(
    ("parameters", "start", "end"),
    [
        ({"period": "月"}, "2023-06-01", "2023-06-30"),
        ({"period": "季"}, "2023-04-01", "2023-06-30"),
        ({"period": "年"}, "2022-01-01", "2022-12-31"),
        ({"period": "周", "week": "2023年第20周（5月15日—5月21日）"}, "2023-05-15", "2023-05-21"),
        ({"period": "自选"}, "2023-06-27", "2023-07-03"),
    ],
)
def test_periods_stand_in_the_address(
    parameters: dict[str, str], start: str, end: str, demo: Home, open_page: Open, snapshot: duckdb.DuckDBPyConnection
) -> None:
    at = open_page(**parameters)
    assert not at.exception and not at.error
    (n,) = snapshot.execute(
        "select count(*) from fct_petition where accepted_day between cast(? as date) and cast(? as date)", [start, end]
    ).fetchone()
    assert at.metric[0].value == (f"{n:,}件" if n < 10_000 else f"{n / 1e4:.1f}万件")


def test_without_comparison_nothing_is_compared(demo: Home, open_page: Open) -> None:
    at = open_page(compare="不比较")
    assert {m.delta for m in at.metric} == {""}, "nothing is compared, and nothing is said of it"


def test_a_running_period_says_so_and_is_compared_with_as_many_days(demo: Home) -> None:
    page = _page(demo, period=Period.week(2023, 27))
    assert page.is_partial and page.other is not None
    assert page.other.days == 1
    assert "本期未满" in page.kpis.subtitle
    assert all("未满" in note for note in page.kpis.data["note"])


# ── charts ──────────────────────────────────────────────────────────────────────────────────────


def test_every_indicator_can_be_mapped_and_followed(demo: Home) -> None:
    page = _page(demo)
    assert len(page.choices(page.board.map)) >= 10
    for code in page.choices(page.board.map):
        area, ranking = page.by_community(code)
        assert area.kind is Kind.MAP and ranking.kind in (Kind.BAR, Kind.DOT_INTERVAL)
        if indicators.load()[code].kind == "stock":
            assert "变差" not in ranking.title and "变好" not in ranking.title, "stocks are counted, nothing is tested"
        assert panel.figure(area, "light", None).data and panel.figure(ranking, "dark", None).data
    for code in page.choices(page.board.trend):
        assert len(page.over_time(code).data) >= page.board.trend_weeks


def test_the_trend_marks_what_began(demo: Home) -> None:
    notes = [a.text for a in _page(demo).over_time("intake").annotations]
    assert notes == ["心安夜话开始"]
    later = _page(demo, period=Period.week(2023, 27)).over_time("intake")
    assert [a.text for a in later.annotations][-1] == "十项行动发布"


def test_last_year_is_laid_under_this_year(demo: Home) -> None:
    rows = _page(demo, comparison="year_ago").over_time("intake").data
    assert set(rows["series"]) == {"本期", "去年同期"}
    assert rows.groupby("series").size().nunique() == 1


def test_every_chart_says_where_it_comes_from(demo: Home) -> None:
    for chart in _page(demo, community="440306017017").charts():
        footer = chart.footer()
        assert "2023年第26周" in footer and "模拟数据" in footer and "快照" in footer and "7月3日 24:00" in footer
        assert chart.alt.startswith(chart.title)


@pytest.mark.parametrize("name", ["map", "ranking", "trend", "categories"])
def test_a_picture_can_be_switched_to_its_table(name: str, demo: Home, open_page: Open) -> None:
    at = open_page()
    before = len(at.dataframe)
    at.get_by_key(f"shown_{name}").set_value("table").run()
    assert not at.exception and not at.error
    assert len(at.dataframe) == before + 1


def test_the_list_of_the_late_is_sorted_and_dated(demo: Home) -> None:
    page = _page(demo)
    assert page.late.data["due_at"].is_monotonic_increasing
    assert (page.late.data["due_at"] < dt.datetime(2023, 7, 4)).all()
    assert (page.due_soon.data["due_at"] >= dt.datetime(2023, 7, 4)).all()
    assert str(int(page.late_counts["overdue"].sum())) in page.late.title


def test_slides_and_workbook_hold_every_chart(demo: Home) -> None:
    page = _page(demo)
    deck = pptx.Presentation(io.BytesIO(panel._slides(page.charts, "每周会商")))
    said = "\n".join(s.text_frame.text for slide in deck.slides for s in slide.shapes if s.has_text_frame)
    book = openpyxl.load_workbook(io.BytesIO(panel._workbook(page.charts, "每周会商")))
    cells = "\n".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None)
    for chart in page.charts():
        assert chart.title in said.replace("\n", "").replace("\v", "") and chart.title in cells


# ── records ─────────────────────────────────────────────────────────────────────────────────────


def test_the_list_counts_what_the_figure_counts(demo: Home, open_page: Open) -> None:
    closed = open_page()
    at = open_page(records="true")
    assert len(at.dataframe) == len(closed.dataframe) + 1, "nobody waits for a list that is not open"
    accepted = int(at.metric[0].value.removesuffix("件").replace(",", ""))
    assert f"共 {accepted:,} 件" in shown(at)
    first = at.dataframe[-1].value
    assert len(first) == 15
    at.get_by_key("state").set_value("逾期").run()
    assert set(at.dataframe[-1].value["状态"]) == {"逾期"}


def test_a_record_opens_masked_and_within_scope(demo: Home, snapshot: duckdb.DuckDBPyConnection) -> None:
    from streamlit.testing.v1 import AppTest

    (petition_id,) = snapshot.execute(
        "select petition_id from fct_petition where community_name = '翻身社区' order by 1 limit 1"
    ).fetchone()

    def script(petition_id: str, codes: tuple[str, ...]) -> None:
        from minxin import queries, settings
        from minxin.access import Viewer
        from minxin.board import records
        from minxin.board.frames import Source

        viewer = Viewer("somebody", ("local",), codes)
        records.detail(petition_id, Source(queries.current(settings.home()), viewer, codes))

    seen = AppTest.from_function(script, args=(petition_id, ("440306017017",)), default_timeout=60).run()
    assert not seen.exception
    assert petition_id in shown(seen) and "已脱敏" in shown(seen)
    other = AppTest.from_function(script, args=(petition_id, ("440306017001",)), default_timeout=60).run()
    assert petition_id not in shown(other)
    assert "不在您的查看范围内" in other.warning[0].value


def test_a_withdrawn_batch_vanishes_at_once(own_demo: Home, open_page: Open) -> None:
    from minxin.warehouse.lake import Lake

    assert len(open_page(records="true").dataframe[-1].value) == 15
    lake = Lake(own_demo)
    lake.withdraw(lake.batches()[0].batch_id, "test", "wrong file")
    assert "没有符合条件的诉求" in shown(open_page(records="true"))


def test_the_board_moves_to_a_new_snapshot(own_demo: Home, open_page: Open) -> None:
    from minxin.warehouse.build import build

    at = open_page()
    before = [m.value for m in at.metric]
    snapshot = build(own_demo)
    at.run()
    assert snapshot.id.replace("-", "\\-") in shown(at)
    assert [m.value for m in at.metric] == before


def test_the_cache_never_gives_one_viewer_the_rows_of_another(demo: Home) -> None:
    from minxin.board.frames import _kept

    held = queries.current(settings.home())
    assert held is not None
    everybody = Viewer.local(demo.deployment)
    nobody = Viewer("nobody", ("local",), ())
    for viewer, rows in ((everybody, True), (nobody, False), (everybody, True)):
        source = Source(held, viewer, (held.snapshot.id, *viewer.communities))
        total = int(source("indicators.totals", start=WEEK.start, end=WEEK.end).iloc[0]["accepted"])
        assert (total > 0) is rows
    assert _kept is not None


def test_options_are_checked_again() -> None:
    assert filters.allowed("x", ["a", "b"], "a") == "a"
    assert filters.allowed("b", ["a", "b"], "a") == "b"
    assert records.STATES == ("办结", "在办", "逾期", "挂账")
