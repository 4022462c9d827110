"""每周会商: what came in, what is late, what is unusual, community by community, down to the record."""

import streamlit as st

from minxin.access import guard
from minxin.board import actions, decisions, filters, notices, records, weekly
from minxin.board.panel import panel

viewer = guard("weekly")
source = notices.opening("weekly", viewer, "来了什么、什么晚了、什么反常，现在要定什么？")

chosen = filters.bar(source)
page = weekly.answer(source, chosen)

decisions.strip(viewer)
is_more = weekly.headline(page, chosen, viewer)
weekly.figures(page, is_more)
weekly.by_community(page, viewer)

left, right = st.columns(2)
with left:
    weekly.over_time(page, viewer)
with right:
    panel(page.categories, viewer, "weekly")

panel(page.unusual, viewer, "weekly")

if viewer.detail == "aggregate":
    actions.opened(source, viewer, "weekly")
    st.stop()

left, right = st.columns(2)
with left:
    panel(page.late, viewer, "weekly", draw=weekly.picked_from(source))
with right:
    panel(page.due_soon, viewer, "weekly", draw=weekly.picked_from(source))

actions.opened(source, viewer, "weekly")
records.drill(source, chosen.period, chosen.community, page.category_names, page.board.records)
