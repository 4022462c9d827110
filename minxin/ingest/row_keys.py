"""Keys for tables without a number column: made from what stands in the file, not from what we make of it.

A new community alias, a new word in a map of values or a better mask changes the content of a row, never
its key; so the same ledger brought again replaces its rows and doubles none. The key is

* of the *mapped* columns: a running number or a time of export beside them, which nobody mapped, must not
  make every row of the next export a new one;
* fixed by the first import: while a batch of the same ledger (the same headings, in any order) is in
  force, its columns make the key, whatever is mapped since;
* a keyed hash (HMAC-SHA256) of the texts before mapping and masking: they cannot be guessed from it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from minxin.calendar import TIME_FORMATS
from minxin.ingest.names import LINE_COLUMN, REASON_COLUMN
from minxin.ingest.typing_sql import cleaned_sql
from minxin.settings import Home
from minxin.texts.masking import keyed_sql
from minxin.texts.sql_text import literals, quote
from minxin.warehouse.lake import Lake, Manifest

#: Hexadecimal digits of a heading's keyed hash: headings, too, may hold what people wrote.
_DIGITS = 16
_NUMBER = "-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:[.][0-9]+)?"
_TIME = "(?:1[89]|20|21)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}[日号]?(?:[T ]?[0-9]{1,2}[:时].*)?"


@dataclass(frozen=True)
class RowKey:
    """The columns of a file whose texts number its rows, with what a manifest keeps of them.

    ``fixed_by`` is the batch whose choice it is, '' where this file makes it.
    """

    columns: tuple[str, ...]
    headings: tuple[str, ...]
    key_headings: tuple[str, ...]
    fixed_by: str = ""


#: Of a file whose rows have a number.
NO_ROW_KEY = RowKey((), (), ())


def row_key(home: Home, table: str, present: Sequence[str], mapped: Sequence[str]) -> RowKey:
    """The columns that number the rows of a file with the columns ``present``, of which some are ``mapped``."""
    hashed = {_hashed(home, name): name for name in present if name not in (REASON_COLUMN, LINE_COLUMN)}
    headings = tuple(sorted(hashed))
    earlier = _earlier(home, table, headings)
    if earlier is not None:
        return RowKey(
            tuple(hashed[h] for h in earlier.key_headings), headings, tuple(earlier.key_headings), earlier.batch_id
        )
    return RowKey(tuple(mapped), headings, tuple(_hashed(home, name) for name in mapped))


def _earlier(home: Home, table: str, headings: tuple[str, ...]) -> Manifest | None:
    """The first batch in force of the same ledger."""
    same = (
        m
        for m in Lake(home).batches()
        if m.table == table
        and m.key_headings
        and tuple(m.headings) == headings
        and set(m.key_headings) <= set(headings)
    )
    return next(same, None)


def _hashed(home: Home, heading: str) -> str:
    named = f"heading\x1f{heading.casefold()}".encode("utf-8", "replace")
    return hmac.new(home.key(), named, hashlib.sha256).hexdigest()[:_DIGITS]


def row_key_sql(columns: Sequence[str], mended: bool) -> str:
    """SQL for the key (UBIGINT) of a raw row; needs ``offer_key`` before."""
    parts = ", ".join(f"coalesce({_canonical_sql(quote(name), mended)}, '')" for name in columns)
    return f"cast('0x' || left({keyed_sql(f'concat_ws(chr(31), {parts})')}, 16) as ubigint)"


def _canonical_sql(text: str, mended: bool) -> str:
    """One spelling for what an xlsx and a csv of the same ledger say, whatever the column is mapped to.

    Unicode NFC, one kind of line end, no space round it; a number without thousands separators and idle
    decimals, a plain time as ISO. What it cannot read stays as it stands.
    """
    plain = f"nfc_normalize(replace({cleaned_sql(text, mended)}, chr(13) || chr(10), chr(10)))"
    decimals = "regexp_replace(regexp_replace(x, '([.][0-9]*?)0+$', '\\1'), '[.]$', '')"
    number = f"case when contains(x, '.') then {decimals} else x end"
    moment = f"try_strptime(x, [{literals(TIME_FORMATS)}])"
    one = (
        f"case when length(x) > 40 then x when regexp_full_match(x, '{_NUMBER}') then replace({number}, ',', '')"
        f" when regexp_full_match(x, '{_TIME}') then coalesce(strftime({moment}, '%Y-%m-%d %H:%M:%S.%f'), x)"
        " else x end"
    )
    return f"list_transform([{plain}], lambda x: {one})[1]"
