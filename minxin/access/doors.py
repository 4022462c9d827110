"""The loopback rule: without an identity provider the board serves only this computer."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from minxin.settings import Refused

log = logging.getLogger(__name__)

#: Headers that only something between the browser and the board adds, in lower case.
FORWARDING = frozenset(
    {
        "forwarded",
        "via",
        "client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "cf-ray",
        "fastly-client-ip",
        "fly-client-ip",
        "proxy-connection",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-envoy-external-address",
        "x-original-forwarded-for",
        "x-original-host",
        "x-proxyuser-ip",
        "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
    }
)
_FORWARDED_PREFIX = "x-forwarded"
_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])\.?(:\d{1,5})?", re.IGNORECASE)


def _is_loopback(address: str) -> bool:
    if address.lower() == "localhost":
        return True
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def check_bound(address: str | None) -> None:
    """Refuse to serve anything but this computer.

    ``address`` is Streamlit's ``server.address``; unset it means all interfaces, and a Unix socket
    means that something else stands in front. Raises Refused.
    """
    if not address or not _is_loopback(address.strip()):
        log.warning("server.address is %r, not a loopback address", address)
        raise Refused(
            "尚未配置登录，看板只能在本机使用，当前监听地址不是本机："
            "请在 .streamlit/config.toml 中设 server.address 为 127.0.0.1 后重新启动。"
        )


def _pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every header with its lower-case name; repeated ones (``get_all``) each for itself."""
    if not isinstance(headers, Mapping):
        return [(name.lower(), value) for name, value in headers]
    get_all = getattr(headers, "get_all", None)
    return [
        (name.lower(), value)
        for name in headers
        for value in (get_all(name) if get_all is not None else [headers[name]])
    ]


def _is_local_origin(origin: str) -> bool:
    try:
        return _is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False


def check_request(headers: Mapping[str, str] | Iterable[tuple[str, str]], remote_ip: str | None) -> None:
    """Refuse a request that did not come from a browser on this computer, straight to the board.

    Refused are: a header that a proxy adds; a ``Host`` other than localhost, 127.0.0.1 or [::1]
    (another name that was made to point here); an ``Origin`` of another site (a proxy that adds no
    header still leaves the browser's own); a remote address that is not loopback. No headers at all
    means that no request came in: a script run by a test or by hand. Streamlit gives None as the
    remote address of a loopback connection. Raises Refused.
    """
    pairs = _pairs(headers)
    forwarding = sorted({name for name, _ in pairs if name in FORWARDING or name.startswith(_FORWARDED_PREFIX)})
    if forwarding:
        log.warning("forwarded request refused: %s", ", ".join(forwarding))
        raise Refused("尚未配置登录，看板不接受经代理转发的访问：请在安装看板的电脑上直接打开。")
    hosts = [value.strip() for name, value in pairs if name == "host"]
    origins = [value.strip() for name, value in pairs if name == "origin"]
    if pairs and (not hosts or not all(_HOST.fullmatch(host) for host in hosts)):
        log.warning("request for the host %r refused", hosts)
        raise Refused("尚未配置登录，看板只能以本机地址访问：请在浏览器中打开 http://127.0.0.1 加端口号。")
    if not all(_is_local_origin(origin) for origin in origins):
        log.warning("request from the origin %r refused", origins)
        raise Refused("尚未配置登录，看板不接受其他网站转来的访问：请在浏览器中打开 http://127.0.0.1 加端口号。")
    if remote_ip is not None and not _is_loopback(remote_ip):
        log.warning("request from the address %r refused", remote_ip)
        raise Refused("尚未配置登录，看板只能在本机使用：请在安装看板的电脑上打开。")


def check() -> None:
    """Both rules for the running script: where the server listens and who asks. Raises Refused."""
    import streamlit as st

    check_bound(st.get_option("server.address"))
    remote_ip = st.context.ip_address
    check_request(st.context.headers, remote_ip if isinstance(remote_ip, str) else None)
