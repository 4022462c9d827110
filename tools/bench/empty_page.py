"""The baseline: a page of the same server that shows nothing but one choice."""

import streamlit as st

st.set_page_config(page_title="empty", layout="wide")
choice = st.selectbox("choice", [f"option {number}" for number in range(40)])
st.write(choice)
