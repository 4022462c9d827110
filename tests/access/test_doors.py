"""Without sign-in only a browser on this computer gets in."""

import pytest
from streamlit.runtime.context import StreamlitHeaders

from minxin.access.doors import check_bound, check_request
from minxin.settings import Refused

LOCAL = {"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:8501", "User-Agent": "x"}


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "localhost", "LOCALHOST", "::1", "[::1]", "127.0.0.53", "::ffff:127.0.0.1"]
)
def test_loopback_may_be_bound(address):
    check_bound(address)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        " ",
        "0.0.0.0",
        "::",
        "[::]",
        "192.168.1.5",
        "10.0.0.1",
        "::ffff:10.0.0.1",
        "example.org",
        "localhost.example.org",
        "unix:/tmp/board.sock",
        "127.0.0.1.example.org",
        "0",
    ],
)
def test_anything_else_may_not_be_bound(address):
    with pytest.raises(Refused, match="本机"):
        check_bound(address)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "LocalHost:1", "127.0.0.1", "127.0.0.1:8501", "[::1]:8501", "[::1]"]
)
@pytest.mark.parametrize("ip", [None, "127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_browser_here_gets_in(host, ip):
    check_request({"host": host}, ip)
    check_request({"Host": host, "Origin": "http://localhost:8501"}, ip)


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "x-forwarded-host",
        "X-FORWARDED-PROTO",
        "X-Forwarded-Server",
        "Forwarded",
        "Via",
        "X-Real-IP",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "", "203.0.113.7"])
def test_a_forwarded_request_stays_out(name, value):
    with pytest.raises(Refused, match="代理"):
        check_request({**LOCAL, name: value}, "127.0.0.1")
    with pytest.raises(Refused, match="代理"):
        check_request(StreamlitHeaders([*LOCAL.items(), (name, value)]), None)


@pytest.mark.parametrize(
    "host",
    [
        "board.example.org",
        "localhost.example.org",
        "127.0.0.1.example.org:8501",
        "192.168.1.5:8501",
        "0.0.0.0:8501",
        "",
        "::1",
        "localhost:8501@example.org",
        "127.0.0.1:8501 example.org",
        "localhost:",
        "127.1",
        "2130706433",
    ],
)
def test_another_name_stays_out(host):
    with pytest.raises(Refused):
        check_request({"Host": host}, "127.0.0.1")


def test_a_request_without_host_stays_out():
    with pytest.raises(Refused):
        check_request({"User-Agent": "x"}, "127.0.0.1")


def test_every_one_of_repeated_hosts_counts():
    with pytest.raises(Refused):
        check_request(StreamlitHeaders([("host", "localhost"), ("host", "example.org")]), None)
    with pytest.raises(Refused):
        check_request([("Host", "localhost"), ("HOST", "example.org")], None)


@pytest.mark.parametrize(
    "origin",
    ["https://example.org", "http://localhost.example.org", "null", "file://", "http://[::1", "http://10.0.0.1"],
)
def test_another_site_stays_out(origin):
    with pytest.raises(Refused, match="其他网站"):
        check_request({**LOCAL, "Origin": origin}, "127.0.0.1")


@pytest.mark.parametrize("ip", ["192.168.1.9", "10.1.2.3", "2001:db8::1", "::ffff:10.0.0.1", "", "unknown"])
def test_a_foreign_address_stays_out(ip):
    with pytest.raises(Refused, match="本机"):
        check_request(LOCAL, ip)
    with pytest.raises(Refused, match="本机"):
        check_request({}, ip)


def test_no_request_at_all_is_a_script_of_our_own():
    check_request({}, None)


def test_refusals_are_one_line():
    for call in (
        lambda: check_bound(None),
        lambda: check_request(LOCAL, "10.0.0.1"),
        lambda: check_request({"Host": "x"}, None),
    ):
        with pytest.raises(Refused) as refusal:
            call()
        assert "\n" not in str(refusal.value)
