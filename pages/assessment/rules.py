"""规则推演: the same month by two rules, who moves, how surely, and why; nothing official changes here."""

import streamlit as st

from minxin.access import guard
from minxin.board import notices, rules, rules_chosen, rules_scenarios
from minxin.board.rules_controls import controls

viewer = guard("rules")
source = notices.opening("rules", viewer, "换一套考核规则，谁会变、变多少、为什么？")

chosen = rules_chosen.bar(source, viewer)
message = st.container()

left, right = st.columns([4, 8])
with left:
    page = rules.answer(source, chosen, controls(chosen.base.rule))
with right:
    rules.moves(page, viewer)
with message:
    rules.headline(page, chosen, viewer)

rules.explanation(page, viewer)
rules.sensitivity(page, viewer)
rules.acceptability(page, viewer)
rules_scenarios.scenarios(page, chosen, viewer)
