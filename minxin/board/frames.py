"""What the pages ask the snapshot, kept for whoever asks the same within the same scope."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from minxin import queries, settings
from minxin.access import Viewer
from minxin.charts.about import About
from minxin.queries import Queries
from minxin.settings import Refused
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshot
from minxin.warehouse.visibility import Revocations, today

#: Answers kept per process; an answer of the weekly page is some kilobytes.
KEPT = 4096
#: How often an open page looks for something newer.
EVERY_SECONDS = 60
Parameters = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Source:
    """The snapshot as one viewer may see it; calling it runs a named block.

    ``key`` is what decides which rows are seen: snapshot, withdrawn batches, the day and the records that
    a decision took away, the viewer's scope. Whatever a page keeps, it keeps under this key.
    """

    queries: Queries
    viewer: Viewer
    key: tuple[str, ...]

    @property
    def snapshot(self) -> Snapshot:
        return self.queries.snapshot

    @property
    def hidden_below(self) -> int:
        """Counts from 1 to below it may not be shown; 0 for a viewer who may see single records."""
        return settings.deployment().smallest_cell if self.viewer.detail == "aggregate" else 0

    @property
    def about(self) -> About:
        """What every chart of this snapshot says of its rows."""
        return About(self.snapshot.as_of, self.snapshot.id, self.snapshot.simulated)

    def __call__(self, block: str, /, **parameters: Any) -> pd.DataFrame:
        """The rows of a block; ``communities`` narrows the viewer's scope, never widens it."""
        given = tuple(sorted((k, tuple(v) if isinstance(v, list) else v) for k, v in parameters.items()))
        # A shallow copy: whoever changes it leaves what is kept as it is (pandas copies on writing).
        return _kept(self.key, block, given, self.queries, self.viewer).copy(deep=False)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _kept(
    key: tuple[str, ...],
    block: str,
    parameters: Parameters,
    _queries: Queries,
    _viewer: Viewer,
) -> pd.DataFrame:
    given = {k: list(v) if isinstance(v, tuple) else v for k, v in parameters}
    return _queries.run(block, _viewer, **given)


def source(viewer: Viewer) -> Source | None:
    """The published snapshot for a viewer, or None while there is none."""
    home = settings.home().open()
    found = queries.current(home)
    if found is None:
        return None
    held = (str(home.path), found.snapshot.id, *_gone(home), viewer.detail, viewer.communities)
    # One short text: Streamlit hashes the key of a kept answer part by part, at every question again.
    return Source(found, viewer, (hashlib.sha256(json.dumps(held).encode()).hexdigest(),))


def _gone(home: settings.Home) -> tuple[list[str], str, list[str]]:
    """What decides which records may not be shown: withdrawn batches, the day, what a decision took away.

    Where nobody knows the latter, blocks that need it refuse, and pages without them go on; what is kept then
    stands under what the files look like, so that nothing of it is shown once they are others.
    """
    revocations = Revocations(home)
    try:
        hidden = revocations.ids()
    except Refused:
        hidden = ["unknown", *revocations.files()]
    return Lake(home).withdrawn_ids(), today(home).isoformat(), hidden


def standing() -> str:
    """Changes when anything that could be shown a moment ago may not be shown any more."""
    return json.dumps(_gone(settings.home()))


def follow(shown: tuple[str, ...], viewer: Viewer) -> None:
    """Look once a minute whether something else is to be shown: another snapshot, or less of this one."""
    _look_again(shown, viewer, time.monotonic())


@st.fragment(run_every=f"{EVERY_SECONDS}s")
def _look_again(shown: tuple[str, ...], viewer: Viewer, looked: float) -> None:
    if time.monotonic() - looked < EVERY_SECONDS / 2:
        return  # the run that draws the page has just looked
    found = source(viewer)
    if found is not None and found.key != shown:
        st.rerun()
