"""From the texts of a file to typed values, as SQL expressions: one per declared column.

A fast path reads what a clean file holds; what it cannot read goes, row by row, through a slow one
that knows full-width digits, thousands separators, 上午 and 下午, offsets and Excel's serial days.
A value that neither reads is null here and a fault in ``checks``: nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from minxin.calendar import TIME_FORMATS
from minxin.ingest.codes import uniform_sql
from minxin.ingest.mapping import FieldRule
from minxin.tables import Column
from minxin.texts.masking import narrow_sql
from minxin.texts.sql_text import literal, literals, quote

#: White space that may stand round a value: the ASCII ones, no-break, zero-width, ideographic, BOM.
_SPACES = " \t\n\r\v\f\x00\u00a0\u200b\u3000\ufeff"
_WIDE_SPACES = "160, 8203, 12288, 65279"
#: Texts that mean "nothing" in a column that is not text.
NOTHING = tuple(
    [
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\N",
        "NULL",
        "Null",
        "null",
        "None",
        "none",
        "NaN",
        "nan",
        "NAN",
        "NaT",
        "N/A",
        "n/a",
        "#N/A",
        "无",
    ]
)
TRUE = ("是", "1", "有", "true", "TRUE", "True", "yes", "YES", "Yes", "y", "Y", "t", "T", "√", "对", "1.0")
FALSE = ("否", "0", "无", "false", "FALSE", "False", "no", "NO", "No", "n", "N", "f", "F", "×", "错", "0.0")

#: Words of the clock, as strptime wants them.
_HALVES = (("上午", " AM "), ("下午", " PM "), ("日", "日 "))
_WITH_OFFSET = (
    "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}(?::[0-9.]+)? ?(?:[zZ]|[+-][0-9]{2}(?::?[0-9]{2})?)"
)
_HALF_DAY_FORMATS = tuple(
    f"{day} %p{gap}%I:%M{seconds}"
    for day in ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日")
    for gap in (" ", "")
    for seconds in (":%S", "")
)


def picked_sql(rule: FieldRule, present: Sequence[str]) -> str | None:
    """The text a rule takes from a raw row, or None where the file has no such column.

    With ``join`` all present columns are put together, else there is one.
    """
    if rule.constant is not None:
        return literal(rule.constant)
    found = rule.present(present)
    if not found:
        return None
    if rule.join is None or len(found) == 1:
        return quote(found[0])
    parts = ", ".join(f"nullif(trim({quote(name)}, {literal(_SPACES)}), '')" for name in found)
    return f"nullif(concat_ws({literal(rule.join)}, {parts}), '')"


def together_sql(texts: Sequence[str]) -> str:
    """The texts of a row in one, for ``plain_sql``."""
    return f"concat(chr(31), {', chr(31), '.join(texts)}, chr(31))" if texts else "''"


def plain_sql(together: str) -> str:
    """Whether no text of a row has white space round it: one look at all of them ``together``.

    Ten times cheaper than looking at the ends of each, and true for nearly every row of a clean file.
    """
    inside = [f"chr({ord(c)})" if ord(c) < 32 else literal(c) for c in _SPACES if c != " "]
    signs = ["' ' || chr(31)", "chr(31) || ' '", *inside]
    return " and ".join(f"not contains({together}, {sign})" for sign in signs)


def cleaned_sql(text: str, mended: bool = False) -> str:
    """``text`` (a column) without white space round it, empty as null.

    ``mended``: the file is a workbook of rejects that came back, so the apostrophe that was put
    before ``= + - @`` is taken away again.
    """
    if mended:
        marked = f"starts_with({text}, '''') and {text}[2] in ('=', '+', '-', '@')"
        text = f"(case when {marked} then {text}[2:] else {text} end)"
    # The end of a long text is looked at by its last bytes: indexing would walk through all of it.
    begins = f"unicode({text}) < 33 or unicode({text}) in ({_WIDE_SPACES})"
    ends = " or ".join(f"ends_with({text}, {literal(c)})" for c in _SPACES if c != "\x00")
    # NUL is a space to us and cannot stand in a literal.
    spaces = f"concat(chr(0), {literal(_SPACES)})"
    return f"nullif(case when {begins} or {ends} then trim({text}, {spaces}) else {text} end, '')"


def mapped_sql(text: str, rule: FieldRule, missing: Sequence[str]) -> str:
    """``text`` (a cleaned column) after the mapping's words for "missing" and the rule's map of values."""
    branches = []
    if nothing := tuple(dict.fromkeys((*missing, *rule.missing))):
        branches.append(f"when {text} in ({literals(nothing)}) then null")
    outcomes: dict[str, list[str]] = {}
    for given, meant in rule.values.items():
        outcomes.setdefault(meant, []).append(given)
    branches += [f"when {text} in ({literals(given)}) then {literal(meant)}" for meant, given in outcomes.items()]
    rest = text
    if rule.otherwise is not None and rule.values:
        branches.insert(0, f"when {text} is null then null")
        rest = literal(rule.otherwise)
    return f"case {' '.join(branches)} else {rest} end" if branches else text


def held_sql(text: str, value: str, column: Column) -> str:
    """``text``, or null where it is one of the usual words for nothing in a column that is not text."""
    if column.type == "text":
        return text
    nothing = (
        f"({value} is null or not isfinite({value}))" if column.type in ("integer", "decimal") else f"{value} is null"
    )
    return f"case when {nothing} and {text} in ({literals(NOTHING)}) then null else {text} end"


def _slow_number(text: str) -> str:
    narrow = f"replace({narrow_sql(text)}, '−', '-')"
    return (
        f"case when regexp_full_match({narrow}, '[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:[.][0-9]+)?')"
        f" then try_cast(replace({narrow}, ',', '') as double)"
        f" when regexp_full_match({narrow}, '[+-]?[0-9]+(?:[.][0-9]+)? ?%')"
        f" then try_cast(trim({narrow}, ' %') as double) / 100"
        f" else try_cast({narrow} as double) end"
    )


def _number_sql(text: str, rule: FieldRule) -> str:
    number = f"case when {text} is not null then coalesce(try_cast({text} as double), {_slow_number(text)}) end"
    return f"({number}) * {rule.scale!r}" if rule.scale is not None else number


def _boolean_sql(text: str, rule: FieldRule) -> str:
    # What a rule names is all there is: a stray 1 in a column of 已解决/未解决 is a fault.
    own = bool(rule.true or rule.false)
    true, false = (rule.true, rule.false) if own else (TRUE, FALSE)
    branches = [
        f"when {text} in ({literals(words)}) then {value}"
        for words, value in ((true, "true"), (false, "false"))
        if words
    ]
    rest = "null"
    if own and not rule.false and rule.otherwise is not None:
        rest = "false"
    return f"case when {text} is null then null {' '.join(branches)} else {rest} end"


def _time_sql(text: str, formats: Sequence[str], zone: str, source_zone: str, is_date: bool) -> str:
    def local(moment: str) -> str:
        if is_date or zone == source_zone:
            return moment
        return f"timezone({literal(zone)}, timezone({literal(source_zone)}, {moment}))"

    plain = [f for f in formats if "%z" not in f and "%Z" not in f]
    with_offset = [f for f in formats if f not in plain]
    narrow = narrow_sql(text)
    spaced = narrow
    for written, meant in _HALVES:
        spaced = f"replace({spaced}, {literal(written)}, {literal(meant)})"
    tidy = f"trim(regexp_replace({spaced}, '\\s+', ' ', 'g'))"
    every = [*plain, *(f for f in (*TIME_FORMATS, *_HALF_DAY_FORMATS) if f not in plain)]
    offset = f"regexp_replace(replace({narrow}, '/', '-'), ' ?([+-][0-9]{{2}}):?([0-9]{{2}})$', '\\1:\\2')"
    ways = [local(f"try_strptime({text}, [{literals(every[:12])}])")]
    ways += [f"timezone({literal(zone)}, try_strptime({text}, {literal(f)}))" for f in with_offset]
    ways += [
        local(f"try_strptime({tidy}, [{literals(every)}])"),
        f"case when regexp_full_match({narrow}, '{_WITH_OFFSET}')"
        f" then timezone({literal(zone)}, try_cast({offset} as timestamptz)) end",
        local(
            f"case when regexp_full_match({narrow}, '[0-9]{{8}}') then try_strptime({narrow}, '%Y%m%d')"
            f" when regexp_full_match({narrow}, '[0-9]{{14}}') then try_strptime({narrow}, '%Y%m%d%H%M%S')"
            # Excel's serial days: 20000 is 1954-10-03, 80000 is 2119-01-11.
            f" when regexp_full_match({narrow}, '[2-7][0-9]{{4}}(?:[.][0-9]+)?')"
            f" then timestamp '1899-12-30' + to_seconds(round(try_cast({narrow} as double) * 86400)::bigint) end"
        ),
    ]
    # strptime takes these words whatever the format.
    special = (
        f"unicode({text}) not between 48 and 57 and lower({text}) in ('infinity', '-infinity', '+infinity', 'epoch')"
    )
    return f"case when {text} is not null and not ({special}) then coalesce({', '.join(ways)}) end"


def typed_sql(text: str, column: Column, rule: FieldRule, formats: Sequence[str], zone: str, source_zone: str) -> str:
    """``text`` (a cleaned, mapped column) read; numbers as doubles; null where it cannot be read.

    Times become naive local ones of ``zone``; those without an offset are taken as of ``source_zone``.
    """
    if column.type == "text":
        return uniform_sql(text) if column.format or column.reference else text
    if column.type == "boolean":
        return _boolean_sql(text, rule)
    if column.type in ("timestamp", "date"):
        moment = _time_sql(text, formats, zone, source_zone, column.type == "date")
        return f"cast({moment} as {column.sql_type})" if column.type == "date" else moment
    return _number_sql(text, rule)


def settled_sql(value: str, column: Column) -> str:
    """``value`` (what ``typed_sql`` gave, as a column) in the declared type; no infinite and no broken numbers."""
    if column.type == "decimal":
        return f"case when isfinite({value}) then {value} end"
    if column.type == "integer":
        return (
            f"case when isfinite({value}) and {value} = floor({value}) and abs({value}) <= 9007199254740992"
            f" then cast({value} as bigint) end"
        )
    return value


def order_formats(
    connection: duckdb.DuckDBPyConnection, relation: str, text: str, own: Sequence[str], sample: int = 500
) -> list[str]:
    """A column's time formats, those of the mapping first, the others as often as a sample meets them.

    Only speed depends on the order of the others: no two of them read one text differently.
    """
    rest = [f for f in TIME_FORMATS if f not in own]
    counts = connection.execute(
        f"select {', '.join(f'count(try_strptime(t, {literal(f)}))' for f in rest)}"
        f" from (select {text} as t from {relation} limit {int(sample)})"
    ).fetchone()
    assert counts is not None
    ranked = sorted(zip(counts, range(len(rest)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return [*own, *(rest[position] for _, position in ranked)]
