"""What a file is, by its first bytes: the name of a file proves nothing."""

from __future__ import annotations

from pathlib import Path

from minxin.ingest.names import shown
from minxin.settings import Unusable

_PAGE_BEGINNINGS = (
    b"<html",
    b"<!doctype",
    b"<table",
    b"<meta",
    b"<head",
    b"<body",
    b"<?xml",
    b"mime-version",
    b"<style",
)
_FOREIGN = (b"%pdf", b"\x89png", b"\xff\xd8\xff", b"rar!", b"7z\xbc\xaf", b"gif8", b"{\\rtf", b"bzh", b"\xfd7zxz")


def opening_of(path: Path, name: str) -> bytes:
    """The first bytes of a readable, non-empty regular file."""
    try:
        if path.is_dir():
            raise Unusable(f"「{shown(name)}」是文件夹，不是文件；请选择其中的一个文件。")
        if not path.is_file():
            raise Unusable(f"找不到文件「{shown(name)}」；请检查路径后再试。")
        with path.open("rb") as source:
            opening = source.read(4096)
    except (OSError, ValueError) as error:
        raise Unusable(f"文件「{shown(name)}」无法打开；请检查它是否存在、是否被占用、有无读取权限。") from error
    if not opening.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Unusable(f"文件「{shown(name)}」是空的；请检查是否导出成功。")
    return opening


def kind_of(opening: bytes, name: str) -> str:
    """``csv``, ``xlsx``, ``xls`` or ``gz`` by content. Raises Unusable for what is no table."""
    if opening.startswith(b"\x1f\x8b"):
        return "gz"
    if opening.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "xlsx"
    if opening.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "xls"
    plain = opening.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if plain.startswith(_PAGE_BEGINNINGS):
        raise Unusable(f"文件「{shown(name)}」是网页格式，不是真正的表格；请用表格软件打开后另存为 xlsx 再上传。")
    if opening.lower().startswith(_FOREIGN):
        raise Unusable(f"文件「{shown(name)}」不是表格；请上传 xlsx、xls 或 CSV。")
    return "csv"
