"""What stands around every page: doors, navigation, one line instead of a traceback."""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import unquote, urlsplit

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from minxin import logs
from minxin.access import doors
from minxin.board import garbage, registry
from minxin.charts import maps
from minxin.settings import ROOT, Refused, Unusable

P = ParamSpec("P")
HERE = Path(__file__).parent
WENT_WRONG = "这一部分暂时无法显示，请刷新页面后再试；仍不行时请联系管理员查看日志。"
log = logging.getLogger(__name__)


@functools.cache
def warm_up() -> None:
    """Once per process: log, Leaflet's files, and short collections of garbage."""
    logs.start()
    maps.install_leaflet(ROOT / "static")
    atexit.register(garbage.watch())


def open_board() -> None:
    """Doors → navigation → the page that was asked for."""
    st.set_page_config(page_title="民信台", page_icon=str(HERE / "icon.svg"), layout="wide")
    warm_up()
    with shown_errors():
        doors.check()
        _navigation().run()


def link(page_id: str, label: str, icon: str, query: Mapping[str, str] | None = None) -> None:
    """A link to a page of the board; nothing where the viewer's navigation does not have the page."""
    with contextlib.suppress(StreamlitPageNotFoundError):
        st.page_link(registry.entry(page_id).path, label=label, icon=f":material/{icon}:", query_params=query or {})


def _navigation() -> Any:
    """The pages in their sections. The first also answers at its own address, hidden from the menu."""
    first, *_ = registry.entries()
    sections: dict[str, list[Any]] = {}
    for entry in registry.entries():
        sections.setdefault(entry.section, []).append(
            st.Page(
                entry.path,
                title=entry.title,
                icon=f":material/{entry.icon}:",
                url_path="start" if entry is first else entry.url_path,
                default=entry is first,
            )
        )
    sections[first.section].append(st.Page(first.path, title=first.title, url_path=first.url_path, visibility="hidden"))
    asked = unquote(urlsplit(st.context.url or "").path).rstrip("/").rpartition("/")[2]
    if asked and asked not in {"start", *(entry.url_path for entry in registry.entries())}:
        # Streamlit answers an address that no page has with a dialog in English; a page that has it does not.
        sections[first.section].append(st.Page(_nowhere, title="没有这个页面", url_path=asked, visibility="hidden"))
    st.logo(str(HERE / "logo.svg"), size="large")
    return st.navigation(sections, position="top")


def _nowhere() -> None:
    """What stands at an address that no page of the board has."""
    first, *_ = registry.entries()
    st.warning("民信台没有这个地址的页面。请核对网址，或从上方菜单选择页面。", icon=":material/wrong_location:")
    link(first.id, f"打开{first.title}", first.icon)


class shown_errors:
    """A block whose failure becomes one Chinese line on the page and its detail in the log."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, Exception):
            return False  # nothing happened, or Streamlit's own way of stopping and rerunning a script
        if isinstance(error, (Refused, Unusable)):
            log.info("refused on a page: %s", error)
            st.error(str(error), icon=":material/block:")
        else:
            log.error("a page failed", exc_info=error)
            st.error(WENT_WRONG, icon=":material/error:")
        return True


def part(function: Callable[P, None]) -> Callable[P, None]:
    """A part of a page that redraws alone when its own controls are used, and fails alone."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        with shown_errors():
            function(*args, **kwargs)

    return st.fragment(guarded)
