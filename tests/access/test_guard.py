"""The guard on a page, in a script run and behind a real server."""

import socket

import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import support

PAGE = """
import streamlit as st
from minxin.access import guard
viewer = guard({page!r})
st.text("seen by " + viewer.identity + " " + viewer.detail)
"""


@pytest.fixture
def bound():
    before = config.get_option("server.address")
    yield lambda address: config.set_option("server.address", address)
    config.set_option("server.address", before)


def test_the_page_is_shown_on_this_computer(bound):
    bound("127.0.0.1")
    run = AppTest.from_string(PAGE.format(page="weekly"), default_timeout=30).run()
    assert not run.exception
    assert run.text[0].value == "seen by local masked"


def test_an_unknown_page_shows_one_chinese_line_and_nothing_else(bound):
    bound("127.0.0.1")
    run = AppTest.from_string(PAGE.format(page="secret"), default_timeout=30).run()
    assert not run.exception
    assert "权限" in run.error[0].value
    assert not run.text


@pytest.mark.parametrize("address", [None, "0.0.0.0"])
def test_a_server_for_everybody_shows_nothing(bound, address):
    bound(address)
    run = AppTest.from_string(PAGE.format(page="weekly"), default_timeout=30).run()
    assert "127.0.0.1" in run.error[0].value
    assert not run.text


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    script = folder / "app.py"
    script.write_text(PAGE.format(page="weekly"), encoding="utf-8")
    with support.board(folder / "home", script=script) as address:
        yield int(address.rpartition(":")[2])


def _shown(port: int, host: str, headers: dict[str, str], origin: str | None) -> str:
    """The texts and refusals that a script run sends to a browser that asked like this."""
    with (
        socket.create_connection(("127.0.0.1", port)) as channel,
        connect(
            f"ws://{host}/_stcore/stream",
            sock=channel,
            additional_headers=headers,
            origin=origin,
            proxy=None,
            max_size=None,
            subprotocols=["streamlit"],
        ) as browser,
    ):
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        browser.send(ask.SerializeToString())
        shown = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(browser.recv(timeout=30))
            element = message.delta.new_element
            shown += [element.text.body, element.alert.body]
            if message.WhichOneof("type") == "script_finished":
                return "".join(shown)


def test_a_browser_here_sees_the_page(port):
    assert "seen by local" in _shown(port, f"127.0.0.1:{port}", {}, f"http://127.0.0.1:{port}")
    assert "seen by local" in _shown(port, f"localhost:{port}", {}, f"http://localhost:{port}")


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
        ("127.0.0.1", {"X-Real-IP": "203.0.113.7"}),
        ("board.example.org", {}),
    ],
)
def test_others_see_a_refusal(port, host, headers):
    shown = _shown(port, f"{host}:{port}", headers, None)
    assert "seen by local" not in shown
    assert "尚未配置登录" in shown


def test_a_page_of_another_site_sees_nothing(port):
    try:
        shown = _shown(port, f"127.0.0.1:{port}", {}, "https://board.example.org")
    except InvalidStatus as refusal:
        assert refusal.response.status_code == 403
    else:
        assert "seen by local" not in shown
