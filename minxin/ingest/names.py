"""Column names and texts of strangers: cleaned for use, and made safe to print in one line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from minxin.texts.written import UNSEEN

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MARKS = re.compile(r"^[\s*\u203b#]+|[\s*\u203b:]+$|\((?:必填|选填|必录|可选|必填项)\)")
_LONGEST_NAME = 80
#: The first two columns of a workbook of rejects; a file that has the first has been mended.
REASON_COLUMN, LINE_COLUMN = "退回原因", "行号"


def clean_name(text: str) -> str:
    """A heading as people read it: one line, no invisible characters, single spaces."""
    visible = UNSEEN.sub("", _CONTROL.sub(" ", text))
    return re.sub(r"\s+", " ", visible).strip()[:_LONGEST_NAME].strip()


def plain_name(text: str) -> str:
    """What two headings are compared by: width, case, spaces, stars and 「(必填)」 do not matter."""
    folded = unicodedata.normalize("NFKC", clean_name(text)).casefold()
    return re.sub(r"[\s_\-]+", "", _MARKS.sub("", _MARKS.sub("", folded)))


def unique_names(headings: Sequence[str]) -> tuple[str, ...]:
    """Cleaned headings, none empty (「列3」), none twice (「时间_2」), also not by case: SQL folds it."""
    taken = {"_line", "_bad"}
    names = []
    for position, heading in enumerate(headings, start=1):
        base = clean_name(heading) or f"列{position}"
        name, again = base, 2
        while name.casefold() in taken:
            name, again = f"{base}_{again}", again + 1
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def find_name(wanted: str, present: Iterable[str]) -> str | None:
    """The present column that ``wanted`` means: the same text first, else the same plain name."""
    present = list(present)
    if wanted in present:
        return wanted
    plain = plain_name(wanted)
    return next((name for name in present if plain_name(name) == plain), None)


def shown(text: str, longest: int = 60) -> str:
    """A stranger's text (file name, sheet, value) made fit for one line of a message."""
    line = clean_name(text)
    return line if len(line) <= longest else line[: longest - 1] + "…"
