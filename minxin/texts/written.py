"""What people write, before it is stored: cleaned, limited in length, direct identifiers replaced.

The patterns are those of the door for files (``minxin/texts/masking.py``), run by DuckDB as there, so
that an instruction, the reason of a revocation and an imported petition are masked alike.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

import duckdb

from minxin.settings import Refused
from minxin.texts.masking import ANY_TEST, masked_sql

LONGEST_TEXT = 4_000
LONGEST_NAME = 120
LONGEST_ADDRESS = 2_000
#: Why a record or a batch was taken away.
LONGEST_REASON = 500
#: What nobody sees: Unicode's default-ignorable code points (invisible fillers, joiners, selectors, direction
#: marks, tags), annotation marks, and two characters that look like a space and are none.
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
#: Controls except newline, lone surrogates, noncharacters.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_CODE = re.compile(r"[\w.:/+\-]{1,100}")
#: The door's own quick first test, here without a query: most texts hold nothing to replace.
_MAY_HOLD = re.compile(ANY_TEST)
_SQL = masked_sql("(select cast(? as varchar) as said)", ["said"])
_lock = threading.Lock()
_engine: duckdb.DuckDBPyConnection | None = None


def _cursor() -> duckdb.DuckDBPyConnection:
    """A cursor of the one engine of this process; each call has its own."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = duckdb.connect(config={"enable_external_access": False, "threads": 1})
        return _engine.cursor()


def masked(text: str) -> str:
    """A text with direct identifiers replaced by placeholders, as imported texts are."""
    if not _MAY_HOLD.search(text):
        return text
    with _cursor() as cursor:
        return str(cursor.execute(_SQL, [text]).fetchall()[0][0])


def _cleaned(text: str) -> str:
    said = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return UNSEEN.sub("", _CONTROLS.sub("", said)).strip()


def free_text(text: str, label: str, required: bool = True, longest: int = LONGEST_TEXT) -> str:
    """A text as it is stored: cleaned and masked.

    Raises Refused, naming ``label``, where it is empty though required, or too long.
    """
    said = _cleaned(text)
    if required and not said:
        raise Refused(f"请填写「{label}」后再提交。")
    if len(said) > longest:
        raise Refused(f"「{label}」有 {len(said)} 字，最多 {longest} 字；请缩短后再提交。")
    return masked(said)


def one_line(text: str, label: str, required: bool = True, longest: int = LONGEST_NAME) -> str:
    """A short text in one line, cleaned and masked. Raises Refused."""
    return free_text(" ".join(text.split()), label, required, longest)


def plain_line(text: str) -> str:
    """A text in one line, cleaned and not masked: numbers of records, and who somebody is."""
    return " ".join(_cleaned(text).split())


def identity(text: str) -> str:
    """Who somebody is, as it is stored: not masked, because the history must say who it was."""
    return plain_line(text)[:LONGEST_NAME]


def person_key(text: str) -> str:
    """What one person's identities have in common: width, case, spaces and what nobody sees make no second one."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"\s+", "", UNSEEN.sub("", folded))


def same_person(one: str, other: str) -> bool:
    """Whether two identities mean one person."""
    return person_key(one) == person_key(other)


def code(text: str, label: str, required: bool = True) -> str:
    """An identifier out of our data (page, record, snapshot): stored as it is. Raises Refused."""
    said = _cleaned(text)
    if not said and not required:
        return ""
    if not _CODE.fullmatch(said):
        raise Refused(f"「{label}」不是有效的编号：只能用字母、数字、汉字和 . : / + - _，最多 100 个字符。")
    return said


def address(query: str, codes: Collection[str]) -> str:
    """The query part of a page's address, its values masked, but for the parameters that hold only codes.

    Raises Refused where it is too long.
    """
    pairs = []
    for name, value in parse_qsl(_cleaned(query).lstrip("?"), keep_blank_values=True):
        plain = name in codes and all(_CODE.fullmatch(part) for part in value.split(",") if part)
        pairs.append((name, value if plain else masked(_cleaned(value))))
    made = urlencode(pairs)
    if len(made) > LONGEST_ADDRESS:
        raise Refused("筛选条件太长，无法随批示保存；请减少条件后再提交。")
    return made
