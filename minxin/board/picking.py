"""Tables whose rows can be clicked: what a click means is up to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from minxin.board import columns
from minxin.board.columns import Height
from minxin.board.text import literal


def rows_to_pick(
    shown: pd.DataFrame,
    ids: Sequence[Any],
    name: str,
    chosen: Callable[[Any], None],
    alt: str,
    height: Height = "content",
    widths: Mapping[str, int] | None = None,
) -> None:
    """A table that calls ``chosen`` with the id of the row that is clicked, before the page runs again.

    ``ids``: one for each row of ``shown``, in its order; ``widths``: px by heading; ``height``: at most.
    """
    key = f"picked_{name}"
    st.dataframe(
        shown,
        hide_index=True,
        on_select=partial(_picked, key, list(ids), chosen),
        selection_mode="single-row",
        key=key,
        alt=literal(alt),
        placeholder="—",
        height=columns.height(height, len(shown)),
        column_config=columns.config(shown, widths),
    )


def _picked(key: str, ids: list[Any], chosen: Callable[[Any], None]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    if rows and 0 <= rows[0] < len(ids):
        chosen(ids[rows[0]])


def remember(key: str) -> Callable[[Any], None]:
    """What a click does where the page reads the id from its session under ``key``."""
    return partial(st.session_state.__setitem__, key)
