"""社区画像: one community on one screen and one sheet: how it stands, why, and what it is working on."""

import streamlit as st

from minxin.access import guard
from minxin.board import assessment, community, notices
from minxin.board.panel import panel

viewer = guard("community")
source = notices.opening("community", viewer, "这个社区怎样，差在哪里，有什么反常，上月的问题办了没有？")

with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    code = community.choose(source)
    chosen = assessment.bar(source)
page = community.answer(source, chosen, code)

community.headline(page, chosen, viewer)
community.figures(page)

left, right = st.columns(2)
with left:
    community.among_peers(page, viewer)
with right:
    community.over_time(page, viewer)
    panel(page.work, viewer, "community")

left, right = st.columns(2)
with left:
    panel(page.categories, viewer, "community")
with right:
    panel(page.estates, viewer, "community")

left, right = st.columns(2)
with left:
    panel(page.signs, viewer, "community")
with right:
    community.told(page, viewer)

if viewer.detail != "aggregate":
    community.came_back(page, viewer, source)
