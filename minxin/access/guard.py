"""The first line of every page."""

from __future__ import annotations

import logging

from minxin.access import doors
from minxin.access.rules import rules
from minxin.access.viewer import Viewer
from minxin.settings import Refused, Unusable, deployment

log = logging.getLogger(__name__)


def admit(page: str, viewer: Viewer) -> Viewer:
    """Let a viewer onto a page, at most with the detail that the access table allows there.

    Raises Refused for a page that is not in the table, and for roles that may not see it.
    """
    greatest = rules().greatest(viewer.roles, page, "see")
    if greatest is None:
        log.warning("page %r refused to %r with the roles %r", page, viewer.identity, viewer.roles)
        raise Refused("您没有查看本页的权限：请联系管理员在权限表 access.toml 中开通。")
    return viewer.narrowed(greatest)


def guard(page: str) -> Viewer:
    """Check the doors and the access table, and give the viewer; on refusal say why and stop the script.

    Sign-in does not exist yet, so whoever gets through the doors is the person at this computer.
    """
    import streamlit as st

    try:
        doors.check()
        return admit(page, Viewer.local(deployment()))
    except (Refused, Unusable) as error:
        st.error(str(error), icon=":material/block:")
        st.stop()
