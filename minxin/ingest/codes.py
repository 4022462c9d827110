"""Codes with rules of their own: the unified social credit code (GB 32100) and the industry (GB/T 4754)."""

from __future__ import annotations

import re
from datetime import date

from stdnum.cn import uscc as _stdnum

from minxin.texts.masking import narrow_sql
from minxin.texts.sql_text import literal

#: GB 32100-2015: digits and letters without I, O, S, V, Z.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
#: What can be wrong with a code, each with the words for people; the first that holds is told.
REASONS = {
    "identity": "疑为公民身份号码，自然人信息不进入本系统",
    "length": "应为18位",
    "letter": "含有不允许的字符，只用数字和除I、O、S、V、Z以外的大写字母",
    "region": "第3至8位应为数字",
    "zero": "全是0，不是代码",
    "check": "校验码不符",
}
INDUSTRY = "应为门类字母加四位数字"
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECK = "10X98765432"
_FORMATTED = re.compile(rf"[{ALPHABET}]{{18}}")
_IDENTITY = r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"


def uscc_fault(code: str) -> str | None:
    """What is wrong with a unified social credit code (a key of ``REASONS``), or None.

    The check character is python-stdnum's; its own validation refuses genuine codes that begin with a
    letter (rural collectives, unions), so the rest is ours. An identity number (GB 11643) is told apart
    first, whatever else is wrong with it.
    """
    if is_identity_number(code):
        return "identity"
    if len(code) != 18:
        return "length"
    if not _FORMATTED.fullmatch(code):
        return "letter"
    if not code[2:8].isdigit():
        return "region"
    if not code.strip("0"):
        # What forms are filled with where there is no code; its check character happens to be right.
        return "zero"
    return None if _stdnum.calc_check_digit(code[:17]) == code[17] else "check"


def is_identity_number(text: str) -> bool:
    """Whether a text is a well-formed number of a person: region, a day of birth, check character (GB 11643)."""
    if not re.fullmatch(_IDENTITY, text):
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(int(c) * w for c, w in zip(text, _IDENTITY_WEIGHTS, strict=False))
    return _IDENTITY_CHECK[total % 11] == text[17]


def uniform_sql(text: str) -> str:
    """A code as it is stored: narrow, in capitals, without blanks and hyphens inside."""
    return f"upper(regexp_replace({narrow_sql(text)}, '[ -]', '', 'g'))"


def uscc_faults_sql(value: str) -> dict[str, str]:
    """For each reason the condition under which it is told of ``value``; at most one holds. As ``uscc_fault``."""
    places = " + ".join(
        f"(strpos({literal(ALPHABET)}, substr({value}, {i}, 1)) - 1) * {weight}"
        for i, weight in enumerate(WEIGHTS, start=1)
    )
    check = f"substr({literal(ALPHABET)}, 1 + cast((31 - ({places}) % 31) % 31 as integer), 1)"
    identity = _identity_sql(value)
    conditions = {
        "identity": identity,
        "length": f"length({value}) <> 18",
        "letter": f"not regexp_full_match({value}, '[{ALPHABET}]{{18}}')",
        "region": f"not regexp_full_match(substr({value}, 3, 6), '[0-9]{{6}}')",
        "zero": f"regexp_full_match({value}, '0+')",
        "check": f"substr({value}, 18, 1) <> {check}",
    }
    told, before = {}, ""
    for name, condition in conditions.items():
        told[name] = f"{before}({condition})"
        before += f"not ({condition}) and "
    return told


def _identity_sql(value: str) -> str:
    digits = " + ".join(
        f"coalesce(try_cast(substr({value}, {i}, 1) as integer), 0) * {weight}"
        for i, weight in enumerate(_IDENTITY_WEIGHTS, start=1)
    )
    born = f"try_strptime(substr({value}, 7, 8), '%Y%m%d') is not null"
    check = f"substr({value}, 18, 1) = substr({literal(_IDENTITY_CHECK)}, 1 + ({digits}) % 11, 1)"
    return f"regexp_full_match({value}, '{_IDENTITY}') and {born} and {check}"
