"""Parts of the page 规则推演 that only it has: two rules side by side, what to try, scenarios under a name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin.access import Viewer, may
from minxin.analysis.assessment import rules as rule_file
from minxin.analysis.assessment import trial, trial_words
from minxin.analysis.assessment.counted import FIRST_DAYS
from minxin.analysis.assessment.review import Review
from minxin.analysis.assessment.rules import Rule
from minxin.board import ahead, assessment, columns, filters, operations, panel
from minxin.board.frames import Source
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.chart import Chart
from minxin.charts.rules import Rules
from minxin.charts.words import clean
from minxin.settings import Refused, Unusable, deployment

if TYPE_CHECKING:
    from minxin.operations import Store

log = logging.getLogger(__name__)
PAGE = "rules"
#: Saved scenarios to choose from, the latest first.
MOST_SAVED = 50
_TRIAL, _AGAINST, _SAID, _AGAIN = "trial", "against", "rules_said", "rules_again"
_STARTS = {1: "自然月", 19: "上月19日起"}
_WINDOWS = (1, 3, 6, 12)
_LEAST = (10, 20, 30, 50, 100)


@dataclass(frozen=True)
class Candidate:
    """A rule to choose: a version of the file, or a saved scenario with its ``version`` and ``owner``."""

    code: str
    label: str
    rule: Rule
    version: int = 0
    name: str = ""
    owner: str = ""

    @property
    def is_saved(self) -> bool:
        return self.version > 0


@dataclass(frozen=True)
class Chosen:
    """The assessed month, its official rule, what is compared with, where the trial begins; ``rest`` ends the line."""

    month: tuple[int, int]
    official: Rule
    old: Candidate
    base: Candidate
    candidates: Mapping[str, Candidate]
    rest: DeltaGenerator

    @property
    def month_name(self) -> str:
        return f"{self.month[0]}年{self.month[1]}月"


# ── what is chosen ──────────────────────────────────────────────────────────────────────────────


def bar(source: Source, viewer: Viewer) -> Chosen:
    """The line of filters: assessed month, the rule to try, and what it is held against."""
    held = rule_file.load()
    st.session_state.pop(_AGAIN, None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        month = assessment.choose_month(source)
        official = held.for_month(*month)
        candidates = _versions(official) | _saved(viewer)
        if official.name not in candidates:
            raise Unusable(f"规则 {official.name} 的考核月首日应为 1 日或 19 日，请改正后再看。")
        first = next((c.code for c in candidates.values() if c.rule.start is None), official.name)
        st.text("试算")
        base = _candidate("试算规则", candidates, _TRIAL, first, _restart, candidates)
        st.text("对照")
        old = _candidate("对照规则", candidates, _AGAINST, official.name)
        rest = filters.line_end()
    return Chosen(month, official, old, base, candidates, rest)


def _versions(official: Rule) -> dict[str, Candidate]:
    found = {}
    for rule in rule_file.load().versions:
        if rule.period_first_day in FIRST_DAYS:
            label = f"现行：{rule.title}" if rule.name == official.name else rule.title
            found[rule.name] = Candidate(rule.name, label, rule)
    return found


def _candidate(
    label: str,
    candidates: Mapping[str, Candidate],
    key: str,
    default: str,
    on_change: Callable[..., None] | None = None,
    *arguments: Any,
) -> Candidate:
    if st.session_state.get(key) not in (None, *candidates):
        del st.session_state[key]
    code = st.selectbox(
        label,
        list(candidates),
        index=list(candidates).index(default),
        format_func=lambda code: candidates[code].label if code in candidates else str(code),
        key=key,
        bind="query-params",
        on_change=on_change or "rerun",
        args=arguments,
        label_visibility="collapsed",
        width=250,
    )
    return candidates[filters.allowed(code, list(candidates), default)]


def _saved(viewer: Viewer) -> dict[str, Candidate]:
    """Saved scenarios; none where nobody saved any or the store does not answer (the page says so further down)."""
    try:
        reading = operations.reading()
    except (Refused, Unusable) as error:
        log.info("no scenarios: %s", error)
        return {}
    if reading is None:
        return {}
    return _scenarios((*reading.key, viewer.roles), reading, viewer)


@st.cache_resource(max_entries=16, show_spinner=False)
def _scenarios(key: tuple[object, ...], _reading: operations.Reading, _viewer: Viewer) -> dict[str, Candidate]:
    if not may(_viewer, PAGE, "see"):
        return {}
    store, found = _reading.store.scenarios, {}
    for code in store.list(_viewer)["id"].head(MOST_SAVED):
        one = store.one(_viewer, code)
        try:
            rule = trial.from_settings(one.payload, rule_file.load())
        except ValueError as error:
            log.info("scenario %s is not understood any more: %s", one.id, error)
            continue
        label = f"{clean(one.name)}（{one.id}）"
        found[one.id] = Candidate(one.id, label, rule, one.version, one.name, one.owner)
    return found


# ── what is tried ───────────────────────────────────────────────────────────────────────────────


def _shown(rule: Rule) -> dict[str, Any]:
    """Key of a control → what it shows for a rule."""
    response, resolution, _ = (round(share * 100) for share in rule.weights.values)
    return {
        "response": response,
        "resolution": min(resolution, 100 - response),
        "basic": round(rule.basic_value, 2),
        "exclusions": [reason.code for reason in rule.exclusions],
        "least": rule.smallest_n,
        "first_day": rule.period_first_day,
        "window": rule.window_months,
    }


def _show(rule: Rule) -> None:
    """Let the controls show a rule (in a callback)."""
    for key, value in _shown(rule).items():
        st.session_state[key] = value


def _restart(candidates: Mapping[str, Candidate]) -> None:
    chosen = candidates.get(st.session_state.get(_TRIAL, ""))
    if chosen is not None:
        _show(chosen.rule)


def _set_weights(values: tuple[float, float, float]) -> None:
    st.session_state["response"], st.session_state["resolution"] = (round(share * 100) for share in values[:2])


def _make_room(changed: str, other: str) -> None:
    """Two of the three weights are never more than all: the one that was not touched gives way."""
    st.session_state[other] = min(int(st.session_state[other]), 100 - int(st.session_state[changed]))


def controls(chosen: Chosen) -> Rule:
    """What can be tried out, in one frame; the rule that comes of it (the chosen one where nothing is changed)."""
    start = _shown(chosen.base.rule)
    with st.container(border=True, gap="small", key="controls"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader("试一试", anchor=False, help="改动只在本页试算，不写入任何规则；网址随之改变，可复制给同事。")
            st.button("复原", icon=":material/undo:", type="tertiary", on_click=_show, args=(chosen.base.rule,))
        said = _weights(start)
        basic = st.slider("基本满意折算（件）", 0.0, 1.0, start["basic"], 0.05, key="basic", bind="query-params")
        said["basic"] = round(min(max(basic, 0.0), 1.0), 2)
        said["exclusions"] = _exclusions(start["exclusions"])
        left, right = st.columns(2)
        with left:
            said["least"] = _number(
                "最小样本", _LEAST, start["least"], "least", "件", "不足此数的不排名次、不归类，得分不变。"
            )
        with right:
            said["window"] = _number("滚动月数", _WINDOWS, start["window"], "window", "个月", "")
        first_day = st.segmented_control(
            "考核月起止", list(_STARTS), default=start["first_day"], format_func=lambda day: _STARTS.get(day, str(day)),
            required=True, key="first_day", bind="query-params", width="stretch",
        )  # fmt: skip
        said["first_day"] = filters.allowed(first_day, list(_STARTS), start["first_day"])
    return _tried(chosen.base.rule, start, said)


def _number(label: str, options: tuple[int, ...], start: int, key: str, word: str, help_text: str) -> int:
    held = sorted({*options, start})
    chosen = st.selectbox(
        label,
        held,
        held.index(start),
        format_func=lambda value: f"{value} {word}",
        key=key,
        bind="query-params",
        help=help_text or None,
    )
    return filters.allowed(chosen, held, start)


def _weights(start: Mapping[str, Any]) -> dict[str, Any]:
    """Two sliders; the third weight is what they leave, so that the three always sum to one."""
    response = st.slider(
        "响应率权重", 0, 100, start["response"], 1, "%d%%", key="response", bind="query-params",
        on_change=_make_room, args=("response", "resolution"),
    )  # fmt: skip
    resolution = st.slider(
        "解决率权重", 0, 100, start["resolution"], 1, "%d%%", key="resolution", bind="query-params",
        on_change=_make_room, args=("resolution", "response"),
    )  # fmt: skip
    response = min(max(int(response), 0), 100)
    resolution = min(max(int(resolution), 0), 100 - response)
    st.markdown(f"响应 **{response}%** ＋ 解决 **{resolution}%** ＋ 满意 **{100 - response - resolution}%** ＝ 100%")
    with st.container(horizontal=True, gap="small"):
        for held in rule_file.load().weights.values():
            label = "·".join(f"{share * 100:g}" for share in held.values)
            words = f"{literal(held.label)}\n\n来源：{literal(held.source)}"
            st.button(label, key=f"preset_{held.name}", help=words, on_click=_set_weights, args=(held.values,))
    return {"response": response, "resolution": resolution}


def _exclusions(start: list[str]) -> list[str]:
    reasons = rule_file.load().exclusions
    chosen = st.pills(
        "剔除原因（点一下取消或恢复）",
        list(reasons),
        selection_mode="multi",
        default=start,
        key="exclusions",
        bind="query-params",
        help="；".join(f"{literal(reason.code)}：{literal(reason.label)}" for reason in reasons.values()),
    )
    return [code for code in reasons if code in (chosen or [])]


def _tried(base: Rule, start: Mapping[str, Any], said: Mapping[str, Any]) -> Rule:
    """The base with what was changed against what its controls show; values are checked again."""
    changes: dict[str, Any] = {}
    if (said["response"], said["resolution"]) != (start["response"], start["resolution"]):
        shares = said["response"] / 100, said["resolution"] / 100
        changes["weights"] = {
            "response": shares[0], "resolution": shares[1], "satisfaction": max(1 - sum(shares), 0.0)
        }  # fmt: skip
    names = {"basic": "basic_value", "least": "smallest_n", "first_day": "period_first_day", "window": "window_months"}
    changes |= {name: said[key] for key, name in names.items() if said[key] != start[key]}
    if set(said["exclusions"]) != set(start["exclusions"]):
        changes["exclusions"] = said["exclusions"]
    try:
        return trial.tried(base, rule_file.load(), changes)
    except ValueError as error:
        log.info("nothing to try out: %s", error)
        return base


# ── what comes of it ────────────────────────────────────────────────────────────────────────────


def answer(source: Source, chosen: Chosen, new: Rule) -> Rules:
    """The charts of the trial; kept for whoever asks the same of the same snapshot within the same scope."""
    ahead.prepare(source, PAGE, partial(_ahead, source, chosen, panel.theme()))
    return _of(source, chosen, new)


def _ahead(source: Source, opening: Chosen, look: str) -> Iterator[ahead.Answer]:
    """The newest months, then the month the page opened with by other rules, smallest numbers and windows."""
    for month, official in assessment.newest(source):
        held = _versions(official)
        base, old = held.get(opening.base.code, opening.base), held[official.name]
        yield partial(_answer_whole, source, replace(opening, month=month, official=official, old=old, base=base), look)
    for one in _versions(opening.official).values():
        yield partial(_answer_whole, source, replace(opening, base=one), look)
        yield partial(_answer_whole, source, replace(opening, old=one), look)
    changes = [{"smallest_n": n} for n in _LEAST] + [{"window_months": n} for n in _WINDOWS]
    for change in changes:
        tried = trial.tried(opening.base.rule, rule_file.load(), change)
        yield partial(_answer_whole, source, opening, look, tried)


def _answer_whole(source: Source, chosen: Chosen, look: str, new: Rule | None = None) -> None:
    page = _of(source, chosen, new or chosen.base.rule)
    _ = page.headline
    if page.has_scores:
        explained = [page.explained] if page.trial.parts else []
        panel.draw_ahead([page.moves, *explained, page.listed], look)


def _of(source: Source, chosen: Chosen, new: Rule) -> Rules:
    review = assessment.reviewed(source, chosen.month, chosen.official)
    is_base = new is chosen.base.rule
    name = _short(chosen.base.label)
    names = (_short(chosen.old.label), name if is_base else f"自定（由「{name}」改动）")
    digests = chosen.old.rule.digest, new.digest
    return _kept(source.key, chosen.month, digests, names, source, review, chosen.old.rule, new)


def _short(label: str) -> str:
    return label.removeprefix("试算：").removeprefix("现行：")


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(
    key: tuple[str, ...],
    month: tuple[int, int],
    digests: tuple[str, str],
    names: tuple[str, str],
    _source: Source,
    _review: Review,
    _old: Rule,
    _new: Rule,
) -> Rules:
    return Rules(trial.Trial(_review, _old, _new, deployment().whole_word), _source.about, names)


def headline(page: Rules, chosen: Chosen, viewer: Viewer) -> None:
    """The message of the page, what differs, that nothing official changes; files and saving in the line of filters."""
    with chosen.rest:
        _menus(page, chosen, viewer)
    _say()
    st.markdown("  \n".join(f":blue-badge[{word}] **{literal(sentence)}**" for word, sentence in page.headline))
    old, new = trial_words.settings(page.trial.old), trial_words.settings(page.trial.new)
    changed = [f"{name}（{old[name]} → {new[name]}）" for name in old if old[name] != new[name]]
    differs = f"两套规则不同之处：{'；'.join(changed)}。" if changed else "两套规则相同。"
    st.caption(literal(f"{differs}推演不改变正式结果：正式结果始终按「{chosen.official.title}」计算，见考核记分卡。"))


@part
def _menus(page: Rules, chosen: Chosen, viewer: Viewer) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        if may(viewer, PAGE, "write"):
            _save_menu(page, viewer)
        if may(viewer, PAGE, "export"):
            panel.export_menu(page.charts, "page", f"规则推演{chosen.month_name}", label="导出")
    _whole_again()


def moves(page: Rules, viewer: Viewer) -> None:
    """Who moves, with what probability."""
    if not page.has_scores:
        return
    panel.panel(page.moves, viewer, PAGE)


def explanation(page: Rules, viewer: Viewer) -> None:
    """Where the difference of each unit comes from, in a picture and in figures that add up."""
    if not page.has_scores:
        return
    if page.trial.parts:
        panel.panel(page.explained, viewer, PAGE)
    panel.panel(page.listed, viewer, PAGE, draw=_whole)


def _whole(chart: Chart) -> None:
    # Every unit at once: an explanation that has to be scrolled for is none.
    panel.table(chart, chart.id, height=columns.whole(len(chart.rows)))


@part
def sensitivity(page: Rules, viewer: Viewer) -> None:
    """Which assumption moves the result, worked out when somebody opens it."""
    if not page.has_scores:
        return
    lot = st.expander(
        "哪一项改动影响最大", icon=":material/tune:", key="tornado", on_change="rerun", bind="query-params"
    )
    if not lot.open:
        return

    def choose() -> Chart:
        return page.tornado(filters.one_of("影响", {"score": "看得分", "rank": "看名次"}, "effect", "score") == "rank")

    with lot:
        panel.chosen_panel(choose, viewer, PAGE, "tornado")


@part
def acceptability(page: Rules, viewer: Viewer) -> None:
    """Which rank each unit takes whatever the weights; coarse at first, exact when asked for."""
    if not page.has_scores:
        return
    lot = st.expander(
        "权重怎么定，各排第几", icon=":material/grid_on:", key="smaa", on_change="rerun", bind="query-params"
    )
    if not lot.open:
        return

    def choose() -> Chart:
        return page.acceptability(bool(st.toggle("细算", key="exact", bind="query-params")))

    with lot:
        panel.chosen_panel(choose, viewer, PAGE, "acceptability")


# ── scenarios ───────────────────────────────────────────────────────────────────────────────────


def _said(kind: str, text: str) -> None:
    st.session_state[_SAID] = (kind, text)


def _whole_again() -> None:
    """After a click in a part that redraws alone: what it changed is chosen for the whole page."""
    if st.session_state.get(_AGAIN):
        st.rerun()


def _say() -> None:
    """What came of the last click on a scenario."""
    kind, text = st.session_state.pop(_SAID, ("", ""))
    if kind == "error":
        st.error(text, icon=":material/block:")
    elif kind:
        st.success(text, icon=":material/check:")


def _act(viewer: Viewer, do: Callable[[Store, Any], str]) -> None:
    """Do something in the store as whoever stands there; what came of it is said when the page is drawn again."""
    st.session_state[_AGAIN] = True
    try:
        _said("done", do(operations.store(), operations.actor(viewer)))
    except (Refused, Unusable) as error:
        _said("error", str(error))


def _save_menu(page: Rules, viewer: Viewer) -> None:
    menu = st.popover("保存方案", icon=":material/bookmark_add:", type="tertiary", key="save", on_change="rerun")
    if not menu.open:
        return
    with menu, st.form("save_form", border=False):
        st.text_input("方案名称", key="scenario_name", max_chars=60, placeholder="例如：解决率为重")
        operations.ask_operator(viewer, "save")
        payload = trial.settings(page.trial.new)
        st.form_submit_button("保存", type="primary", on_click=_save, args=(viewer, payload, page.about.snapshot))


def _save(viewer: Viewer, payload: dict[str, Any], snapshot: str) -> None:
    operations.take_operator("save")
    name = str(st.session_state.get("scenario_name", ""))

    def do(store: Store, actor: Any) -> str:
        made = store.scenarios.save(actor, name, payload, snapshot)
        st.session_state["save"] = False  # the menu closes
        st.session_state[_TRIAL] = made.id
        _show(trial.from_settings(made.payload, rule_file.load()))
        return f"已保存为「{clean(made.name)}」（{made.id}），可在「试算」「对照」中选用。"

    _act(viewer, do)


@part
def scenarios(page: Rules, chosen: Chosen, viewer: Viewer) -> None:
    """The saved scenarios: try one, hold against one, rename, replace, delete."""
    held = {code: c for code, c in chosen.candidates.items() if c.is_saved}
    lot = st.expander(
        f"已存方案（{len(held)}）", icon=":material/bookmarks:", key="saved", on_change="rerun", bind="query-params"
    )
    if not lot.open:
        return
    with lot:
        if not held:
            st.text(_why_none())
            return
        _list(held)
        _one(page, held, viewer)


def _why_none() -> str:
    try:
        operations.reading()
    except (Refused, Unusable) as error:
        return str(error)
    return "还没有保存的方案。调好试算规则后，点页面上方的「保存方案」。"


def _list(held: Mapping[str, Candidate]) -> None:
    rows = [{"编号": c.code, "名称": clean(c.name), "保存人": clean(c.owner)} for c in held.values()]
    settings = [trial_words.settings(c.rule) for c in held.values()]
    st.dataframe(
        pd.DataFrame([row | said for row, said in zip(rows, settings, strict=True)]), hide_index=True, key="scenarios"
    )


def _one(page: Rules, held: Mapping[str, Candidate], viewer: Viewer) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        code = st.selectbox("方案", list(held), format_func=lambda code: held[code].label, key="scenario", width=280)
        one = held[filters.allowed(code, list(held), next(iter(held)))]
        st.button("作为试算", icon=":material/science:", on_click=_use, args=(_TRIAL, one))
        st.button("作为对照", icon=":material/compare_arrows:", on_click=_use, args=(_AGAINST, one))
    if may(viewer, PAGE, "write"):
        _change_form(page, one, viewer)
    _whole_again()


def _change_form(page: Rules, one: Candidate, viewer: Viewer) -> None:
    form = st.form(f"change_{one.code}", border=False, enter_to_submit=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("改名为", value=one.name, key=f"name_{one.code}", max_chars=60, width=280)
        operations.ask_operator(viewer, "change")
        settings = trial.settings(page.trial.new)
        for words, what, icon in (
            ("改名", "name", ":material/edit:"),
            ("换成当前设置", "payload", ":material/save:"),
            ("删除", "delete", ":material/delete:"),
        ):
            st.form_submit_button(
                words, on_click=_change, args=(viewer, one, what, settings, page.about.snapshot), icon=icon
            )


def _use(key: str, one: Candidate) -> None:
    st.session_state[_AGAIN] = True
    st.session_state[key] = one.code
    if key == _TRIAL:
        _show(one.rule)


def _change(viewer: Viewer, one: Candidate, what: str, settings: dict[str, Any], snapshot: str) -> None:
    operations.take_operator("change")
    name = str(st.session_state.get(f"name_{one.code}", ""))

    def do(store: Store, actor: Any) -> str:
        if what == "delete":
            store.scenarios.delete(actor, one.code, one.version)
            return f"已删除「{clean(one.name)}」（{one.code}）。"
        if what == "name":
            made = store.scenarios.change(actor, one.code, one.version, name=name)
            return f"{one.code} 已改名为「{clean(made.name)}」。"
        store.scenarios.change(actor, one.code, one.version, payload=settings, snapshot=snapshot)
        return f"「{clean(one.name)}」（{one.code}）已换成当前设置。"

    _act(viewer, do)
