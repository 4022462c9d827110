"""The texts read well and hold nobody's data."""

from __future__ import annotations

import re

import duckdb
import pytest

from minxin.tables import tables

#: What must never stand in a simulated text: telephone, identity and bank numbers, plates, addresses of mail.
PERSONAL = {
    "long number": r"\d{7,}",
    "telephone": r"1[3-9]\d{9}|0\d{2,3}[- ]\d{7,8}",
    "identity number": r"\d{17}[\dXx]",
    "plate": r"[粤京沪][A-Z][·]?[A-Z0-9]{5}",
    "mail": r"[A-Za-z0-9._]+@[A-Za-z0-9.]+",
    "door": r"\d+(?:栋|单元|号楼|房|室)",
}
TEXTS = [
    (t.name, c.name)
    for t in tables().values()
    for c in t.columns
    if c.personal == "mask" or c.name in ("name", "venue")
]


@pytest.mark.parametrize(("table", "column"), TEXTS, ids=[".".join(pair) for pair in TEXTS])
def test_no_personal_data(rows: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    for name, pattern in PERSONAL.items():
        # RE2 knows all of these patterns, so the check runs over every row.
        found = rows.execute(
            f"select {column} from {table} where regexp_matches({column}, ?) limit 3", [pattern]
        ).fetchall()
        assert not found, (name, found)


def test_persons_are_codes_without_digits(rows: duckdb.DuckDBPyConnection) -> None:
    for table, column in (("petition", "caller"), ("petition", "first_person"), ("home_visit", "household")):
        wrong = rows.execute(
            f"select count(*) from {table} where {column} is not null and not regexp_full_match({column},"
            f" '[a-s]{{16}}')"
        ).fetchall()
        assert wrong == [(0,)], (table, column)


def test_sentences(rows: duckdb.DuckDBPyConnection) -> None:
    frame = rows.execute("select kind, subject, content, result, closed_at from petition").df()
    assert frame["content"].notna().all() and frame["subject"].notna().all()
    assert (frame["result"].notna() == frame["closed_at"].notna()).all()
    assert frame["content"].str.endswith(("。", "〕。")).all()
    for text in (frame["content"], frame["subject"], frame["result"].dropna()):
        assert not text.str.contains(r"[!！?,;]|，，|。。|，。|：：|\{|\}|None|nan", regex=True).any()
    assert frame["content"].str.len().between(10, 160).all()


def test_texts_vary(rows: duckdb.DuckDBPyConnection) -> None:
    distinct = rows.execute(
        "select count(distinct content) / count(*)::double from petition where kind = '投诉'"
    ).fetchall()[0][0]
    assert distinct > 0.95
    assert rows.execute("select count(distinct category_3) from petition").fetchall()[0][0] > 260


def test_placeholders_stand_where_personal_data_would(rows: duckdb.DuckDBPyConnection) -> None:
    marks = {
        m
        for (text,) in rows.execute("select content from petition limit 20000").fetchall()
        for m in re.findall("〔.+?〕", text)
    }
    assert marks == {"〔姓名〕", "〔电话〕", "〔门牌〕"}
