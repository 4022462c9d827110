"""批示督办: what was ordered, how it stands, who has to be reminded; what was proposed and approved."""

import streamlit as st

from minxin.access import guard
from minxin.board import approvals, decisions, notices, records

viewer = guard("decisions")
source = notices.opening("decisions", viewer, "上次定的事办了没有？谁临期、谁逾期，哪些等着核查和审批？")

found, is_usable = decisions.opening(viewer)
if is_usable:
    decisions.figures(found, viewer)
    decisions.imported(source, viewer)

with st.container(gap="small"):
    shown = decisions.choose(found, viewer)
    if shown == "past":
        decisions.past(source, viewer)
    elif is_usable and shown == "proposals":
        approvals.listing(found, source, viewer)
    elif is_usable:
        decisions.listing(found, source, viewer)

records.open_picked(source)
