"""What stands above a page: its title and how fresh it is, or what to do while there are no data."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from minxin.access import Viewer
from minxin.analysis import wording
from minxin.board import filters, registry
from minxin.board.frames import Source, follow, source
from minxin.board.text import literal
from minxin.settings import deployment


def opening(page_id: str, viewer: Viewer, question: str = "") -> Source:
    """Title line with freshness and stamp; stops the script, saying what to do, while there are no data."""
    found = heading(page_id, viewer, question)
    if found is None:
        no_data()
        st.stop()
    return found


def heading(page_id: str, viewer: Viewer, question: str = "") -> Source | None:
    """Title line with freshness and stamp where there are data; for pages that stand without them, too."""
    filters.begin(page_id)
    found = source(viewer)
    title, state = st.columns([4, 8], vertical_alignment="bottom")
    title.title(registry.entry(page_id).title, anchor=False, help=question or None)
    if found is not None:
        state.markdown(_state(found, _place(page_id, found)), text_alignment="right")
        stale(found)
        follow(found.key, viewer)
    return found


def _place(page_id: str, found: Source) -> str:
    """Whose data a page is about: the cities of its firms, most firms first; the deployment where there are none."""
    own = deployment().short_name
    if not registry.entry(page_id).firms:
        return own
    held = found("repair.counties").dropna(subset=["city"])
    cities = held.groupby("city", sort=False)["n"].sum().sort_values(ascending=False, kind="stable")
    return wording.names_text([str(city) for city in cities.index]) if len(cities) else own


def _state(found: Source, place: str) -> str:
    snapshot, as_of = found.snapshot, wording.moment_text(found.snapshot.as_of, year=True)
    stamp = " :orange-badge[模拟数据]" if snapshot.simulated else ""
    return f":gray[{literal(place)} · {as_of} · 快照 {literal(snapshot.id)}]{stamp}"


def stale(found: Source) -> None:
    """A warning when the snapshot is older than the deployment allows; a demo has its own clock."""
    as_of, now = found.snapshot.as_of, datetime.now(deployment().zone).replace(tzinfo=None)
    age = now - as_of
    if found.snapshot.simulated or age <= timedelta(hours=deployment().stale_after_hours):
        return
    words = f"{age.days} 天" if age.days >= 2 else f"{age.total_seconds() / 3600:.0f} 小时"
    st.warning(
        f"数据已有 {words}未更新，以下均按{wording.moment_text(as_of, year=True)}的数据计算；请先导入新数据再会商。",
        icon=":material/schedule:",
    )


def no_data() -> None:
    """What to do where nothing was published yet."""
    with st.container(border=True, width=760):
        st.subheader("还没有可以显示的数据", anchor=False)
        st.markdown(
            "看板只显示已发布的数据快照。可以选择下面任一种方式准备数据：\n\n"
            "1. **导入真实数据**：打开「数据导入」，上传受理台账（xlsx、xls、csv），核对字段后导入，随即发布。\n"
            "2. **先看演示**：在安装目录运行 `python -m minxin demo`，约半分钟后刷新本页；演示均标「模拟数据」。\n"
            "3. **已导入但未发布**：运行 `python -m minxin build`。"
        )
        st.page_link(registry.entry("imports").path, label="去数据导入", icon=":material/upload_file:")
