"""规则推演: what is chosen stands in the address and is checked again, differences add up, scenarios are kept."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pptx
import pytest
from streamlit.testing.v1 import AppTest

from minxin.access import Viewer
from minxin.analysis.assessment import rules as rule_file
from minxin.analysis.assessment import trial
from minxin.board import assessment, operations, panel, rules
from minxin.charts.chart import Kind
from minxin.operations import Actor
from minxin.settings import Home
from tests.pages.conftest import Open, shown
from tests.support import ROOT

FILE = "assessment/rules.py"
FILE_PATH = f"pages/{FILE}"
OFFICIAL = "现行：试行规则（2022年6月起）"
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://example.com/a.png) $x$ =1+1"


def page_of(at: AppTest) -> list[str]:
    assert not at.exception and [e.value for e in at.error] == []
    return [s.value for s in at.subheader]


def table(at: AppTest, columns: str) -> Any:
    return next(d.value for d in at.dataframe if columns in d.value.columns)


def as_number(words: str) -> float:
    return float(words.replace("−", "-"))


# ── what it says ────────────────────────────────────────────────────────────────────────────────


def test_the_page_opens_with_a_trial_and_says_what_stays(demo: Home, open_page: Open) -> None:
    at = open_page(FILE)
    page_of(at)
    text = shown(at)
    for word in ("得分", "名次", "归类"):
        assert f":blue-badge[{word}]" in text
    assert "推演不改变正式结果" in text and "两套规则不同之处：权重" in text
    assert at.selectbox(key="trial").value == "weights-30-35-35"
    assert at.selectbox(key="against").value == "trial-2022"
    assert (at.slider(key="response").value, at.slider(key="resolution").value) == (30, 35)


def test_differences_add_up_on_screen(demo: Home, open_page: Open) -> None:
    at = open_page(FILE, basic="1.0", exclusions="")
    frame = table(at, "合计变动")
    assert {"权重", "基本满意折算", "剔除"} < set(frame.columns) and len(frame) == 22
    for row in frame.to_dict("records"):
        parts = [as_number(row[name]) for name in ("权重", "基本满意折算", "剔除")]
        assert round(sum(parts), 2) == round(as_number(row["合计变动"]), 2)
        assert round(float(row["对照得分"]) + as_number(row["合计变动"]), 2) == float(row["试算得分"])


def test_files_say_the_same_unit_by_unit(demo: Home, open_page: Open) -> None:
    at = open_page(FILE)
    frame = table(at, "合计变动")
    page = _page(demo)
    assert page.listed.data["difference"].tolist() == frame["合计变动"].tolist()
    book = openpyxl.load_workbook(io.BytesIO(panel._workbook(page.charts, "规则推演")))
    sheet = next(s for s in book.worksheets if s["A1"].value == page.listed.title)
    heads = [cell.value for cell in sheet[5]]
    held = [dict(zip(heads, [c.value for c in row], strict=False)) for row in sheet.iter_rows(min_row=6, max_row=27)]
    key = next(h for h in heads if str(h).startswith("合计变动"))
    assert [row[key] for row in held] == frame["合计变动"].tolist()
    assert [row[heads[0]] for row in held] == frame[frame.columns[0]].tolist()
    deck = pptx.Presentation(io.BytesIO(panel._slides(page.charts, "规则推演")))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert page.explained.title in titles and page.settings.title in titles
    assert any(title.startswith(page.listed.title) for title in titles)


def _page(home: Home, new: str = "weights-30-35-35") -> Any:
    from minxin.board.frames import source

    found = source(Viewer.local(home.deployment))
    assert found is not None
    held = rule_file.load()
    official = held.named("trial-2022")
    review = assessment.reviewed(found, (2023, 6), official)
    about = found.about
    return rules.Rules(trial.Trial(review, official, held.named(new), "全街道"), about, (OFFICIAL, new))


@pytest.mark.parametrize("new", ["trial-2022", "weights-30-35-35", "period-19", "basic-full", "no-exclusions"])
def test_every_chart_of_every_version_is_drawn(new: str, demo: Home) -> None:
    page = _page(demo, new)
    for chart in [*page.charts(), page.tornado(True), page.acceptability()]:
        assert panel.written(chart) is not None
        if chart.kind is not Kind.TABLE:
            assert panel.figure(chart, "light", None) is not None
    for by_rank in (False, True):
        rows = page.tornado(by_rank).rows
        sides = {side: set(part["size"] <= 0) for side, part in rows.groupby("side")}
        assert sides["调低"] == {True}
    heat = page.acceptability().data
    assert (heat["share"].dropna() >= 0.01).all() and heat["share"].isna().any()


def test_against_itself_there_is_nothing_to_explain(demo: Home, open_page: Open) -> None:
    at = open_page(FILE, trial=OFFICIAL)
    page_of(at)
    assert "两套规则相同" in shown(at)
    assert set(table(at, "合计变动")["合计变动"]) <= {"0.00", "—"}


# ── what is chosen ──────────────────────────────────────────────────────────────────────────────


def test_everything_chosen_stands_in_the_address(demo: Home, open_page: Open) -> None:
    at = open_page(
        FILE,
        trial=OFFICIAL,
        against="试算：不剔除",
        response="25",
        resolution="40",
        basic="0.5",
        exclusions="咨询表扬",
        least="10 件",
        window="3 个月",
        first_day="上月19日起",
    )
    page_of(at)
    text = shown(at)
    for words in (
        "响应25%、解决40%、满意35%",
        "每件计 0.5 件满意",
        "（不剔除 → 咨询表扬）",
        "有效回访 10 件",
        "上月19日至本月18日",
        "3 个月",
    ):
        assert words in text, words


def test_weights_always_sum_to_one(demo: Home, open_page: Open) -> None:
    at = open_page(FILE)
    at.slider(key="response").set_value(80).run()
    assert at.slider(key="resolution").value == 20, "the other one gives way"
    assert "响应 **80%** ＋ 解决 **20%** ＋ 满意 **0%**" in shown(at)
    at.slider(key="resolution").set_value(60).run()
    assert at.slider(key="response").value == 40
    at = open_page(FILE, response="90", resolution="90")
    assert "响应 **90%** ＋ 解决 **10%** ＋ 满意 **0%**" in shown(at), "an address may say anything"


def test_presets_and_the_way_back(demo: Home, open_page: Open) -> None:
    at = open_page(FILE)
    next(b for b in at.button if b.key == "preset_10-50-40").click().run()
    assert (at.slider(key="response").value, at.slider(key="resolution").value) == (10, 50)
    assert "两套规则相同" in shown(at), "the weights of the file are known again"
    next(b for b in at.button if b.label == "复原").click().run()
    assert at.slider(key="response").value == 30


def test_another_rule_begins_with_its_own_settings(demo: Home, open_page: Open) -> None:
    at = open_page(FILE, response="70")
    at.selectbox(key="trial").set_value("period-19").run()
    page_of(at)
    assert at.slider(key="response").value == 10
    assert "自然月 → 上月19日至本月18日" in shown(at) and "响应70%" not in shown(at)


@pytest.mark.parametrize("value", [HOSTILE, "9" * 400, "\u202e\x00", "-1", "nan", ""])
def test_a_hostile_address_changes_nothing(value: str, demo: Home, open_page: Open) -> None:
    names = ("trial", "against", "month", "response", "resolution", "basic", "least", "window", "first_day", "effect")
    at = open_page(FILE, **dict.fromkeys(names, value))
    page_of(at)
    assert "onerror" not in shown(at)
    assert shown(at) == shown(open_page(FILE))


def test_slow_parts_come_when_they_are_opened(demo: Home, open_page: Open) -> None:
    closed = page_of(open_page(FILE))
    opened = page_of(open_page(FILE, tornado="true", smaa="true"))
    assert len(opened) == len(closed) + 2
    assert any("影响最大的是" in title for title in opened) and any("居首" in title for title in opened)


# ── scenarios ───────────────────────────────────────────────────────────────────────────────────


def saved(home: Home, name: str = "解决率为重", who: str = "研判-03", **said: Any) -> Any:
    viewer = Viewer.local(home.deployment)
    held = rule_file.load()
    rule = trial.tried(held.named("trial-2022"), held, said or {"basic_value": 0.5})
    return operations.store().scenarios.save(Actor.of(viewer, who), name, trial.settings(rule), "s000001")


def form(at: AppTest, label: str) -> Any:
    return next(b for b in at.button if b.label == label)


def test_a_scenario_is_saved_tried_and_compared(own_demo: Home, open_page: Open) -> None:
    one, two = saved(own_demo), saved(own_demo, "全按满意计", basic_value=1.0)
    labels = [f"解决率为重（{one.id}）", f"全按满意计（{two.id}）"]
    at = open_page(FILE, trial=labels[1], against=labels[0], saved="true")
    page_of(at)
    assert "每件计 0.5 件满意 → 每件计 1 件满意" in shown(at)
    frame = table(at, "合计变动")
    assert (frame["基本满意折算"].map(as_number) > 0).all()
    assert sorted(table(at, "保存人")["名称"]) == ["全按满意计", "解决率为重"]


def test_a_scenario_is_saved_from_the_page(own_demo: Home, open_page: Open) -> None:
    at = open_page(FILE, response="50", resolution="25")
    at.session_state["save"] = True
    at.run()
    at.text_input(key="scenario_name").set_value("响应为重")
    at.text_input(key="operator_save").set_value("研判-03")
    form(at, "保存").click().run()
    assert not at.exception and "已保存为「响应为重」" in shown(at)
    viewer = Viewer.local(own_demo.deployment)
    (row,) = operations.store().scenarios.list(viewer).to_dict("records")
    held = operations.store().scenarios.one(viewer, row["id"])
    assert held.payload["weights"] == {"response": 0.5, "resolution": 0.25, "satisfaction": 0.25}
    assert held.owner == "研判-03" and at.selectbox(key="trial").value == row["id"]
    assert at.slider(key="response").value == 50


def test_nobody_saves_without_a_name_or_a_post(own_demo: Home, open_page: Open) -> None:
    at = open_page(FILE)
    at.session_state["save"] = True
    at.run()
    form(at, "保存").click().run()
    assert len(at.error) == 1 and "岗位或工号" in at.error[0].value
    at.session_state["save"] = True
    at.run()
    at.text_input(key="operator_save").set_value("研判-03")
    form(at, "保存").click().run()
    assert len(at.error) == 1 and "方案名称" in at.error[0].value
    assert operations.store().scenarios.list(Viewer.local(own_demo.deployment)).empty


@pytest.mark.parametrize(
    ("label", "said"), [("改名", "已改名"), ("换成当前设置", "已换成当前设置"), ("删除", "已删除")]
)
def test_its_owner_changes_it(label: str, said: str, own_demo: Home, open_page: Open) -> None:
    one = saved(own_demo)
    at = open_page(FILE, saved="true")
    at.text_input(key=f"name_{one.id}").set_value("新名称")
    at.text_input(key="operator_change").set_value("研判-03")
    form(at, label).click().run()
    assert not at.exception and said in shown(at), shown(at)
    viewer = Viewer.local(own_demo.deployment)
    held = operations.store().scenarios.list(viewer)
    assert held["name"].tolist() == {"改名": ["新名称"], "换成当前设置": ["解决率为重"], "删除": []}[label]
    if label == "换成当前设置":
        assert operations.store().scenarios.one(viewer, one.id).payload["weights"]["response"] == 0.3


def test_somebody_elses_stays_as_it_is(own_demo: Home, open_page: Open) -> None:
    saved(own_demo, who="研判-01")
    at = open_page(FILE, saved="true")
    at.text_input(key="operator_change").set_value("研判-02")
    form(at, "删除").click().run()
    assert len(at.error) == 1 and "只有本人" in at.error[0].value
    assert len(operations.store().scenarios.list(Viewer.local(own_demo.deployment))) == 1


def test_hostile_names_are_shown_as_they_are(own_demo: Home, open_page: Open) -> None:
    one = saved(own_demo, HOSTILE)
    at = open_page(FILE, saved="true")
    at.selectbox(key="trial").set_value(one.id).run()
    page_of(at)
    for element in [*at.markdown, *at.caption, *at.subheader]:
        assert not re.search(r"(?<!\\)<img|(?<!\\)!\[|(?<!\\)\$x", element.value)
    page = _page(own_demo)
    assert page.charts()


def test_a_scenario_of_rules_that_are_gone_is_left_out(own_demo: Home, open_page: Open) -> None:
    viewer = Viewer.local(own_demo.deployment)
    operations.store().scenarios.save(Actor.of(viewer, "研判-03"), "旧方案", {"like": "gone"})
    at = open_page(FILE, saved="true")
    page_of(at)
    assert "旧方案" not in shown(at) and "已存方案（0）" in [e.label for e in at.expander]


def test_looking_writes_nothing(own_demo: Home, open_page: Open) -> None:
    before = sorted(str(p) for p in own_demo.path.rglob("*"))
    page_of(open_page(FILE, saved="true"))
    assert sorted(str(p) for p in own_demo.path.rglob("*")) == before


# ── who may what ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("role", "allowed"), [("leader", True), ("analyst", True), ("clerk", False), ("local", True)])
def test_roles(role: str, allowed: bool, demo: Home, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = tuple(demo.deployment.community_codes)
    monkeypatch.setattr(Viewer, "local", classmethod(lambda cls, _: cls("local", (role,), codes, "masked")))
    at = AppTest.from_file(str(ROOT / FILE_PATH), default_timeout=120).run()
    assert not at.exception
    if allowed:
        page_of(at)
    else:
        assert len(at.error) == 1 and "没有查看本页的权限" in at.error[0].value


def test_one_community_in_scope_is_compared_with_nobody(
    demo: Home, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = (demo.deployment.community_codes[0],)
    monkeypatch.setattr(Viewer, "local", classmethod(lambda cls, _: cls("local", ("local",), one, "aggregate")))
    at = open_page(FILE, tornado="true", smaa="true")
    page_of(at)
    assert "不比较名次" in shown(at) and len(table(at, "合计变动")) == 2
