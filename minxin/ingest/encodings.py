"""What bytes of a text table are: encoding, line ends, records, and whether DuckDB may read them as they stand."""

from __future__ import annotations

import codecs
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from minxin.ingest.names import shown
from minxin.settings import Unusable

#: Stands for every byte that does not decode; rows that hold it are turned away.
UNREADABLE = "\0"
BLOCK = 1 << 20
SAMPLE = 1 << 20
#: An inflated file may be this large, and this many times its compressed size once it is not small.
LARGEST_INFLATED = 16 << 30
LARGEST_RATIO = 200
SMALL = 64 << 20
_LONGEST_CARRY = 32 << 20
_SEPARATORS = b' \t\r,;|"'
_LABELS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8（带 BOM）", "utf-16": "UTF-16", "gb18030": "GB18030"}

codecs.register_error("minxin_mark", lambda error: (UNREADABLE, error.end))  # type: ignore[attr-defined]


def label(encoding: str) -> str:
    """The name of an encoding as people know it."""
    return _LABELS.get(encoding, encoding.upper())


@dataclass(frozen=True)
class TextFacts:
    """A text table in UTF-8 and what one pass over it saw.

    ``records`` counts line ends outside quotes (a last line without one included); ``blanks`` are byte
    positions of the first empty records; ``unreadable`` is true where bytes do not decode or a NUL
    stands; ``newline`` is ``\\n``, ``\\r\\n`` or '' when mixed.
    """

    path: Path
    encoding: str
    size: int
    records: int
    blanks: tuple[int, ...]
    unreadable: bool
    newline: str


def inflate(path: Path, target: Path, name: str) -> None:
    """Write what a .gz holds to ``target``, never more than the limits allow.

    Raises Unusable for a bomb, a damaged or cut file, and for a .gz in a .gz.
    """
    packed, written = 0, 0
    engine = zlib.decompressobj(31)
    with path.open("rb") as source, target.open("wb") as out:
        rest = b""
        while rest or (rest := source.read(BLOCK)):
            try:
                data = engine.decompress(rest, BLOCK)
            except zlib.error as error:
                raise Unusable(f"压缩文件「{shown(name)}」已损坏，无法解压；请重新导出或重新上传。") from error
            packed += len(rest) - len(engine.unconsumed_tail)
            written += len(data)
            if written > LARGEST_INFLATED or (written > SMALL and written > LARGEST_RATIO * path.stat().st_size):
                raise Unusable(f"压缩文件「{shown(name)}」解压后异常庞大，已停止读取；请解压检查后再上传。")
            out.write(data)
            rest = engine.unconsumed_tail
            if engine.eof:
                rest = engine.unused_data.lstrip(b"\0") or source.read(BLOCK).lstrip(b"\0")
                if not rest:
                    break
                engine = zlib.decompressobj(31)
        if not engine.eof:
            out.write(engine.flush())
    if not engine.eof:
        raise Unusable(f"压缩文件「{shown(name)}」不完整，可能上传中断；请重新上传。")


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _judge(sample: bytes) -> str:
    """``utf-8``, ``gb18030`` or '' for bytes that are not clean UTF-8.

    Counts characters that decode under either reading. GB18030 accepts nearly anything, so its
    reading must also look like Chinese: mostly level-1 hanzi and the symbols of GB 2312, which
    rare characters from misread UTF-8, Big5 or Latin-1 do not.
    """
    as_utf8 = sample.decode("utf-8", "minxin_mark")
    good = sum(c > "\x7f" for c in as_utf8)
    broken = as_utf8.count(UNREADABLE)
    if good and _share(broken, good + broken) <= 0.05:
        return "utf-8"
    as_gb = sample.decode("gb18030", "minxin_mark")
    foreign = [c for c in as_gb if c > "\x7f"]
    missed = as_gb.count(UNREADABLE)
    usual = 0
    for character in foreign:
        pair = character.encode("gb18030")
        usual += len(pair) == 2 and pair[1] >= 0xA1 and (0xB0 <= pair[0] <= 0xD7 or 0xA1 <= pair[0] <= 0xA3)
    if foreign and _share(missed, len(foreign) + missed) <= 0.05 and _share(usual, len(foreign)) >= 0.7:
        return "gb18030"
    if good and _share(broken, good + broken) <= 0.3:
        return "utf-8"
    return ""


def _without_bom_utf16(head: bytes) -> str:
    """``utf-16-le``/``utf-16-be`` when zeros stand at every second place, as in text without a BOM; else ''."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.2 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.2 * half and odd < 0.02 * half:
        return "utf-16-be"
    return ""


def _head(path: Path, at: int = 0) -> bytes:
    with path.open("rb") as source:
        source.seek(at)
        return source.read(SAMPLE)


def detect(path: Path, name: str) -> str:
    """The encoding that the beginning of a file shows: a Python codec name; the whole may still disagree.

    Raises Unusable for binary noise and for encodings that cannot be told.
    """
    head = _head(path)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if found := _without_bom_utf16(head):
        return found
    controls = sum(head.count(bytes([code])) for code in (*range(9), *range(14, 32)))
    if controls > max(4, 0.005 * len(head)):
        raise Unusable(f"文件「{shown(name)}」不是文本表格也不是 Excel 工作簿；请另存为 xlsx 或 CSV 后再上传。")
    whole = head if len(head) < SAMPLE else head[: head.rfind(b"\n") + 1] or head[:-4]
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        return _judged(whole, name)
    return "utf-8"


def _judged(sample: bytes, name: str) -> str:
    found = _judge(sample)
    if not found:
        raise Unusable(f"无法识别文件「{shown(name)}」的文字编码；请另存为 UTF-8 编码的 CSV 或 xlsx 后再上传。")
    return found


class _Scan:
    """One pass over UTF-8 bytes, block by block; see TextFacts."""

    def __init__(self) -> None:
        self.size = self.quotes = self.ends = self.returns = self.pairs = 0
        self.blanks: list[int] = []
        self.invalid_at = -1
        self.nul = False
        self.last = b"\n"
        self._rest = b""

    def feed(self, data: bytes) -> None:
        data = self._rest + data
        cut = data.rfind(b"\n") + 1
        if not cut and len(data) < _LONGEST_CARRY:
            self._rest = data
            return
        cut = cut or len(data)
        self._rest = data[cut:]
        self._block(data[:cut])

    def finish(self) -> None:
        """A last line without an end is a record too."""
        if self._rest or self.last != b"\n":
            self._block(self._rest + b"\n")
            self.size -= 1

    def _block(self, data: bytes) -> None:
        if self.invalid_at < 0 and not data.isascii() and not _is_utf8(data):
            self.invalid_at = self.size
        self.nul = self.nul or b"\0" in data
        if b"\r" in data:
            self.returns += data.count(b"\r")
            self.pairs += data.count(b"\r\n")
        codes = np.frombuffer(data, dtype=np.uint8)
        breaks = np.flatnonzero(codes == 10)
        ends = breaks
        if self.quotes or b'"' in data:
            quotes = np.flatnonzero(codes == 34)
            ends = breaks[(np.searchsorted(quotes, breaks) + self.quotes) % 2 == 0]
            self.quotes = (self.quotes + len(quotes)) % 2
        self.ends += len(ends)
        if len(self.blanks) < 100:
            self._find_blanks(data, codes, ends)
        self.size += len(data)
        self.last = data[-1:]

    def _find_blanks(self, data: bytes, codes: np.ndarray, ends: np.ndarray) -> None:
        """Note records with nothing in them but separators: they begin and end with one."""
        starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
        idle = np.isin(codes[starts], np.frombuffer(_SEPARATORS + b"\n", dtype=np.uint8))
        idle &= np.isin(codes[np.maximum(ends - 1, 0)], np.frombuffer(_SEPARATORS + b"\n", dtype=np.uint8))
        for start, end in zip(starts[idle].tolist(), ends[idle].tolist(), strict=True):
            if not data[start:end].strip(_SEPARATORS):
                self.blanks.append(self.size + start)
                if len(self.blanks) >= 100:
                    return


def _is_utf8(data: bytes) -> bool:
    offsets = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    cell = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        pc.cast(cell, pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while data := source.read(BLOCK):
            yield data


def _facts(path: Path, encoding: str, scan: _Scan) -> TextFacts:
    newline = ""
    if not scan.returns:
        newline = "\n"
    elif scan.returns == scan.pairs:
        newline = "\r\n"
    unreadable = scan.nul or scan.invalid_at >= 0
    return TextFacts(path, encoding, scan.size, scan.ends, tuple(scan.blanks), unreadable, newline if scan.ends else "")


def _transcode(path: Path, target: Path, encoding: str) -> TextFacts:
    """Write a UTF-8 copy in a stream; bytes that do not decode become UNREADABLE."""
    decoder = codecs.getincrementaldecoder(encoding)("minxin_mark")
    scan = _Scan()
    with target.open("wb") as out:
        for data in _blocks(path):
            text = decoder.decode(data).encode("utf-8", "replace")
            scan.feed(text)
            out.write(text)
        text = decoder.decode(b"", True).encode("utf-8", "replace")
        scan.feed(text)
        out.write(text)
    scan.finish()
    return _facts(target, encoding, scan)


def prepare(path: Path, work: Path, name: str, encoding: str = "") -> TextFacts:
    """Facts about a text table, with a UTF-8 copy in ``work`` where it is in another encoding.

    Memory is bounded by a few blocks. ``encoding`` overrules recognition. Raises Unusable where the
    encoding is unknown or cannot be told.
    """
    if encoding:
        try:
            info = codecs.lookup(encoding)
            if not getattr(info, "_is_text_encoding", True):
                raise LookupError(encoding)
        except LookupError as error:
            raise Unusable(f"读取选项中的编码「{shown(encoding)}」不存在；请改为 UTF-8、GB18030 或 UTF-16。") from error
        found = info.name
        if found in ("gbk", "gb2312"):
            found = "gb18030"
        if found == "utf-8" and _head(path)[:3] == codecs.BOM_UTF8:
            found = "utf-8-sig"
    else:
        found = detect(path, name)
    target = work / f"{secrets.token_hex(6)}.utf8"
    if found not in ("utf-8", "utf-8-sig", "ascii"):
        facts = _transcode(path, target, found)
        return _replace_encoding(facts, "utf-16") if found.startswith("utf-16") else facts
    scan = _Scan()
    for data in _blocks(path):
        scan.feed(data)
    scan.finish()
    if scan.invalid_at >= 0 and found == "utf-8" and not encoding:
        # The beginning was plain or clean; judge where the trouble starts.
        around = _head(path, scan.invalid_at)
        if _judged(around[: around.rfind(b"\n") + 1] or around, name) == "gb18030":
            return _transcode(path, target, "gb18030")
    return _facts(path, "utf-8" if found == "ascii" else found, scan)


def _replace_encoding(facts: TextFacts, encoding: str) -> TextFacts:
    return TextFacts(**{**facts.__dict__, "encoding": encoding})
