"""What can be tried out on the page 规则推演: weights, 基本满意, exclusions, smallest n, period."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import streamlit as st

from minxin.analysis.assessment import rules as rule_file
from minxin.analysis.assessment import trial
from minxin.analysis.assessment.rules import Rule
from minxin.board import filters
from minxin.board.text import literal

log = logging.getLogger(__name__)
_STARTS = {1: "自然月", 19: "上月19日起"}
WINDOWS = (1, 3, 6, 12)
LEAST = (10, 20, 30, 50, 100)


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


def show(rule: Rule) -> None:
    """Let the controls show a rule (in a callback)."""
    for key, value in _shown(rule).items():
        st.session_state[key] = value


def _set_weights(values: tuple[float, float, float]) -> None:
    st.session_state["response"], st.session_state["resolution"] = (round(share * 100) for share in values[:2])


def _make_room(changed: str, other: str) -> None:
    """Two of the three weights are never more than all: the one that was not touched gives way."""
    st.session_state[other] = min(int(st.session_state[other]), 100 - int(st.session_state[changed]))


def controls(base: Rule) -> Rule:
    """What can be tried out, in one frame; the rule that comes of it (``base`` where nothing is changed)."""
    start = _shown(base)
    with st.container(border=True, gap="small", key="controls"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader("试一试", anchor=False, help="改动只在本页试算，不写入任何规则；网址随之改变，可复制给同事。")
            st.button("复原", icon=":material/undo:", type="tertiary", on_click=show, args=(base,))
        said = _weights(start)
        basic = st.slider("基本满意折算（件）", 0.0, 1.0, start["basic"], 0.05, key="basic", bind="query-params")
        said["basic"] = round(min(max(basic, 0.0), 1.0), 2)
        said["exclusions"] = _exclusions(start["exclusions"])
        left, right = st.columns(2)
        with left:
            said["least"] = _number(
                "最小样本", LEAST, start["least"], "least", "件", "不足此数的不排名次、不归类，得分不变。"
            )
        with right:
            said["window"] = _number("滚动月数", WINDOWS, start["window"], "window", "个月", "")
        first_day = st.segmented_control(
            "考核月起止", list(_STARTS), default=start["first_day"], format_func=lambda day: _STARTS.get(day, str(day)),
            required=True, key="first_day", bind="query-params", width="stretch",
        )  # fmt: skip
        said["first_day"] = filters.allowed(first_day, list(_STARTS), start["first_day"])
    return _tried(base, start, said)


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
