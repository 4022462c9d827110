"""指标口径: what every number on the board means."""

import streamlit as st

from minxin.access import guard
from minxin.analysis import indicators
from minxin.board import definitions, notices

viewer = guard("definitions")
notices.heading("definitions", viewer, "看板上的每个指标怎样计算、为什么看、出自哪里？")

held = indicators.load()
chosen = definitions.chooser(held)
definitions.overview(held)
st.subheader("逐项口径", anchor=False)
for code, indicator in held.items():
    if not chosen or code == chosen:
        definitions.entry(indicator, opened=code == chosen)
