"""The operations store as the pages use it: one per process, opened when first needed, and who stands before it."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from minxin import queries, settings
from minxin.access import Viewer
from minxin.settings import Home, Refused, Unusable

if TYPE_CHECKING:  # the database's driver is imported when somebody needs the store, and not at the start
    from minxin.operations import Actor, Store

#: For how many seconds a store that failed is left alone: nobody waits for it at every click.
LEFT_ALONE = 20.0
_OPERATOR = "operator"
_URL = "MINXIN_OPERATIONS_URL"


def _community_of(home: Home, viewer: Viewer, petition: str) -> str | None:
    """Where a petition lies in the data shown now, None where the viewer sees none of that number."""
    asked = queries.current(home)
    found = None if asked is None else asked.run("records.one", viewer, petition_id=petition)
    return None if found is None or found.empty else str(found["community_code"].iloc[0])


@dataclass
class _Kept:
    """The store of one home, or why there is none just now."""

    store: Store | None = None
    trouble: Refused | Unusable | None = None
    again_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def opened(self, home: Home) -> Store:
        from minxin.operations import Store, clock_of

        with self.lock:
            if self.trouble is not None and time.monotonic() < self.again_at:
                raise self.trouble.with_traceback(None)
            if self.store is None:
                try:
                    self.store = Store.open(home, clock_of(home), partial(_community_of, home))
                except (Refused, Unusable) as error:
                    self.failed(error)
                    raise
            return self.store

    def failed(self, error: Refused | Unusable) -> None:
        self.trouble, self.again_at = error, time.monotonic() + LEFT_ALONE


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(home: str, config: str, kind: str | None, url: str) -> _Kept:
    return _Kept()


def _of_home(home: Home) -> _Kept:
    return _kept(str(home.path), str(home.deployment.folder), home.kind, os.environ.get(_URL, "").strip())


def store() -> Store:
    """The store to write into, made where there is none yet. Raises Refused and Unusable, one Chinese line each."""
    home = settings.home()
    return _of_home(home).opened(home)


def _may_be_there(home: Home) -> bool:
    """``Store.is_there`` without the driver, where nothing was ever written: most homes of those who only look."""
    if not os.environ.get(_URL, "").strip() and not (home.operations.is_dir() and any(home.operations.iterdir())):
        return False
    from minxin.operations import Store

    return Store.is_there(home)


@dataclass(frozen=True)
class Reading:
    """The store as it stood when a page began: ``key`` changes with anything in it."""

    store: Store
    key: tuple[object, ...]
    today: dt.date


def reading() -> Reading | None:
    """The store to read, or None where nobody has written yet: looking makes none.

    It asks one query. Raises Refused and Unusable; a store that does not answer is not asked again for a while.
    """
    home = settings.home()
    if home.kind is None or not _may_be_there(home):
        return None
    kept = _of_home(home)
    opened = kept.opened(home)
    try:
        stamp = opened.stamp()
    except (Refused, Unusable) as error:
        kept.failed(error)
        raise
    kept.trouble = None
    today = opened.today()
    return Reading(opened, (str(home.path), os.environ.get(_URL, ""), stamp, today), today)


def instructions(found: Reading, viewer: Viewer) -> pd.DataFrame:
    """All instructions in scope (``store.instructions.list``), kept until anything changes; not to be changed."""
    return _instructions((*found.key, viewer.detail, viewer.communities, viewer.roles), found, viewer)


def proposals(found: Reading, viewer: Viewer) -> pd.DataFrame:
    """All proposals in scope (``store.proposals.list``), kept until anything changes; not to be changed."""
    return _proposals((*found.key, viewer.detail, viewer.communities, viewer.roles), found, viewer)


@st.cache_resource(max_entries=64, show_spinner=False)
def _instructions(key: tuple[object, ...], _found: Reading, _viewer: Viewer) -> pd.DataFrame:
    return _found.store.instructions.list(_viewer)


@st.cache_resource(max_entries=64, show_spinner=False)
def _proposals(key: tuple[object, ...], _found: Reading, _viewer: Viewer) -> pd.DataFrame:
    return _found.store.proposals.list(_viewer)


# ── who stands there ────────────────────────────────────────────────────────────────────────────


def actor(viewer: Viewer) -> Actor:
    """Who acts: the signed-in person, or the post that was given in this session. Raises Refused where none was."""
    from minxin.operations import Actor

    return Actor.of(viewer, operator())


def operator() -> str:
    """The post or staff code given in this session, or ''."""
    return str(st.session_state.get(_OPERATOR, ""))


def is_known(viewer: Viewer) -> bool:
    """Whether it is known who acts: signed in, or a post was given."""
    return viewer.identity != "local" or bool(operator())


def ask_operator(viewer: Viewer, name: str) -> None:
    """Inside a form: the field for the post or staff code, where nobody signs in."""
    if viewer.identity == "local":
        st.text_input(
            "您的岗位或工号",
            value=operator(),
            key=f"operator_{name}",
            max_chars=40,
            placeholder="例如：街道办主任、经办-07",
            help="本机没有登录，记录中会注明「未经登录核实」。",
        )


def take_operator(name: str) -> None:
    """In the callback of that form: keep what was given for the session."""
    said = " ".join(str(st.session_state.get(f"operator_{name}", "")).split())
    if said:
        st.session_state[_OPERATOR] = said


def operator_menu(viewer: Viewer) -> None:
    """Who acts in this session, and where to change it; nothing where people sign in."""
    if viewer.identity != "local":
        return
    menu = st.popover(
        f"经办：{operator()}" if operator() else "填写岗位或工号", icon=":material/badge:", key="who", on_change="rerun"
    )
    if menu.open:
        with menu, st.form("operator_form", border=False, enter_to_submit=False):
            ask_operator(viewer, "menu")
            st.form_submit_button("确定", on_click=take_operator, args=("menu",), type="primary")
