"""Looking into a workbook file before anyone parses it: what it is, and that it is no bomb."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minxin.ingest.names import shown
from minxin.settings import Unusable

LARGEST_WORKBOOK = 300 << 20
LARGEST_OLD_WORKBOOK = 100 << 20
LARGEST_UNPACKED = 2 << 30
LARGEST_RATIO = 300
SMALL_PART = 32 << 20
MOST_ENTRIES = 5_000
#: Cells of the rectangle that a sheet spans; the parser holds all of it.
MOST_CELLS = 40_000_000
_BLOCK = 1 << 20
_REFERENCE = re.compile(rb"""<(?:\w+:)?c\s(?:[^<>]{0,300}?\s)?r\s*=\s*["']([A-Za-z]{1,8})(\d{1,12})["']""")
_NO_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\s[^<>]*/>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>]")
_FAULT = re.compile(rb"""<(?:\w+:)?c\s[^<>]*\bt=["']e["']""")


@dataclass(frozen=True)
class PackageFacts:
    """What the look found: formula cells, those without a saved result, cells that hold an error, and
    the bytes of all XML parts."""

    formulas: int = 0
    without_result: int = 0
    faults: int = 0
    size: int = 0


def _too_large(name: str) -> Unusable:
    return Unusable(f"工作簿「{shown(name)}」解压后异常庞大，已停止读取；请删去多余内容或另存为 CSV 后再上传。")


def _damaged(name: str) -> Unusable:
    return Unusable(f"工作簿「{shown(name)}」已损坏或不完整，无法打开；请用表格软件重新另存为 xlsx 后再上传。")


def check_package(path: Path, name: str) -> PackageFacts:
    """Read a zip's directory, inflate its XML parts within limits, and measure the sheets.

    Raises Unusable where the file is no xlsx workbook, is damaged, or larger than its limits.
    """
    if path.stat().st_size > LARGEST_WORKBOOK:
        raise _too_large(name)
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error, EOFError) as error:
        raise _damaged(name) from error
    if len(entries) > MOST_ENTRIES:
        raise _too_large(name)
    _check_kind({entry.filename.lower().replace("\\", "/").lstrip("/") for entry in entries}, name)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unusable(f"工作簿「{shown(name)}」有密码保护；请取消密码后再上传。")
    declared = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if declared > LARGEST_UNPACKED or packed > path.stat().st_size:
        raise _too_large(name)
    found = PackageFacts()
    total = 0
    for entry in entries:
        if entry.file_size > SMALL_PART and entry.file_size > LARGEST_RATIO * max(entry.compress_size, 1):
            raise _too_large(name)
        if entry.filename.lower().endswith((".xml", ".rels")):
            part, size = _measure(path, entry, name)
            total += size
            if total > LARGEST_UNPACKED:
                raise _too_large(name)
            found = PackageFacts(
                found.formulas + part.formulas,
                found.without_result + part.without_result,
                found.faults + part.faults,
                total,
            )
    return found


def _check_kind(names: set[str], name: str) -> None:
    if any(re.fullmatch(r"xl/workbook\w*\.xml", entry) for entry in names):
        return
    if any(entry.startswith("xl/") and entry.endswith(".bin") for entry in names):
        raise Unusable(f"工作簿「{shown(name)}」是 xlsb 格式，暂不支持；请另存为 xlsx 后再上传。")
    if "content.xml" in names and "mimetype" in names:
        raise Unusable(f"工作簿「{shown(name)}」是 ODS 格式，暂不支持；请另存为 xlsx 后再上传。")
    if any(entry.startswith(("word/", "ppt/")) for entry in names):
        raise Unusable(f"文件「{shown(name)}」是文档或幻灯片，不是表格；请上传 xlsx、xls 或 CSV。")
    raise Unusable(f"文件「{shown(name)}」是压缩包，不是工作簿；请先解压，再上传其中的 xlsx、xls 或 CSV。")


def _inflate(path: Path, entry: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """The bytes of one entry, inflated from the raw data: what the directory declares is not believed."""
    with path.open("rb") as source:
        source.seek(entry.header_offset)
        header = source.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise _damaged(name)
        source.seek(entry.header_offset + 30 + sum(struct.unpack("<HH", header[26:30])))
        left, written = entry.compress_size, 0
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _damaged(name)
        engine = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
        rest = b""
        while rest or left:
            if not rest:
                rest = source.read(min(left, _BLOCK))
                left -= len(rest)
                if not rest:
                    raise _damaged(name)
            if engine is None:
                data, rest = rest, b""
            else:
                data = engine.decompress(rest, _BLOCK)
                rest = engine.unconsumed_tail
                if engine.eof:
                    rest, left = b"", 0
            written += len(data)
            if written > entry.file_size:
                raise _damaged(name)
            yield data
        if written != entry.file_size:
            raise _damaged(name)


def _pieces(path: Path, entry: zipfile.ZipInfo, name: str) -> Iterator[tuple[bytes, int]]:
    """One XML part in pieces that end before a cell begins, with the number of bytes read so far."""
    carry, size = b"", 0
    for data in _inflate(path, entry, name):
        if size < 4096 and b"<!DOCTYPE" in (carry + data)[:8192].upper():
            raise _damaged(name)
        size += len(data)
        data = carry + data
        cut = data.rfind(b"<c ") if len(data) < 8 * _BLOCK else len(data)
        cut = cut if cut > 0 else max(data.rfind(b"<"), 0)
        carry = data[cut:]
        yield data[:cut], size
    yield carry, size


def _measure(path: Path, entry: zipfile.ZipInfo, name: str) -> tuple[PackageFacts, int]:
    """Facts of one XML part and its true size; refuses document types and rectangles too large to hold."""
    size = formulas = without_result = faults = deepest = 0
    columns: set[bytes] = set()
    try:
        for data, read in _pieces(path, entry, name):
            size = read
            if references := _REFERENCE.findall(data):
                columns.update(letters for letters, _ in references)
                rows = np.array([row for _, row in references], dtype="S12").astype(np.int64)
                deepest = max(deepest, int(rows.max()))
            formulas += len(_FORMULA.findall(data))
            without_result += len(_NO_RESULT.findall(data))
            faults += len(_FAULT.findall(data))
    except zlib.error as error:
        raise _damaged(name) from error
    widest = max((_column_number(letters) for letters in columns), default=0)
    if deepest > 1_048_576 or widest > 16_384 or deepest * widest > MOST_CELLS:
        raise Unusable(
            f"工作簿「{shown(name)}」的表格范围达到 {deepest} 行 {widest} 列，超出可读取的大小；"
            "请删去多余的行列或另存为 CSV 后再上传。"
        )
    return PackageFacts(formulas, without_result, faults), size


def _column_number(letters: bytes) -> int:
    number = 0
    for code in letters.upper():
        number = number * 26 + code - 64
    return number


def check_old_workbook(path: Path, name: str) -> None:
    """Refuse what an OLE file may be instead of an unprotected xls workbook of bearable size."""
    if path.stat().st_size > LARGEST_OLD_WORKBOOK:
        raise _too_large(name)
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Unusable(f"工作簿「{shown(name)}」有密码保护；请取消密码后再上传。")
    if not any(part.encode("utf-16-le") in data for part in ("Workbook", "Book")):
        if "WordDocument".encode("utf-16-le") in data or "PowerPoint Document".encode("utf-16-le") in data:
            raise Unusable(f"文件「{shown(name)}」是文档或幻灯片，不是表格；请上传 xlsx、xls 或 CSV。")
        raise _damaged(name)
