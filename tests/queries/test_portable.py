"""The model stays SQL that DuckDB and Spark answer alike: transpiled, and free of what is known to differ."""

import re

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from minxin.warehouse.build import models

FILES = models()
#: What STACK says breaks or differs between the engines.
DIFFERS = {
    "quantile_cont": r"\bquantile_cont\b",
    "ordered list of distinct values": r"\blist\s*\(\s*distinct\b",
    "isoyear": r"\bisoyear\b",
    "generate_series": r"\bgenerate_series\b|\brange\s*\(",
    "union by name": r"\bunion\s+(all\s+)?by\s+name\b",
    "pivot": r"\b(un)?pivot\b",
    "columns()": r"\bcolumns\s*\(",
    "strftime": r"\bstrftime\b",
    "time of day": r"\bas\s+time\s*\)|::\s*time\b",
    "cast by colons": r"::",
}


def code(name):
    return "\n".join(line.split("--")[0] for line in FILES[name].read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_model_transpiles_to_spark(name):
    [spark] = sqlglot.transpile(code(name), read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)
    assert sqlglot.parse_one(spark, read="spark").find(exp.Select)


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_model_uses_what_the_engines_answer_differently(name):
    assert [what for what, pattern in DIFFERS.items() if re.search(pattern, code(name))] == []
    tree = sqlglot.parse_one(code(name), read="duckdb")
    stars = [select for select in tree.find_all(exp.Select) if select.args.get("qualify") and select.find(exp.Star)]
    assert stars == [], "qualify on select *"
    for alias in tree.find_all(exp.Alias, exp.TableAlias):
        assert alias.alias.isascii(), f"Chinese alias {alias.alias}"
    for cast in tree.find_all(exp.DateTrunc, exp.TimestampTrunc):
        assert isinstance(cast.parent, exp.Cast), "date_trunc gives another type in Spark: cast it"


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_text_is_assembled_and_everything_is_lower_case(name):
    tree = sqlglot.parse_one(code(name), read="duckdb")
    assert not list(tree.find_all(exp.Placeholder, exp.Parameter)), "a model has no parameters"
    outside = re.sub(r"'[^']*'", "''", code(name))
    assert outside == outside.lower()


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_step_says_in_a_sentence_what_a_row_is(name):
    text = FILES[name].read_text(encoding="utf-8")
    assert re.match(r"-- One [^\n]+\.\n", text)
    for step in re.finditer(r"^(?:with )?\w+ as \(\n(?P<next>[^\n]*)", text, re.MULTILINE):
        assert re.match(r"\s+-- One .*\.$", step["next"]), step[0]


@pytest.mark.parametrize("name", sorted(FILES))
def test_large_facts_are_never_sorted_by_a_window(name):
    """A window holds its partitions: only narrow rows may pass through one."""
    tree = sqlglot.parse_one(code(name), read="duckdb")
    for window in tree.find_all(exp.Window):
        select = window.find_ancestor(exp.Select)
        read = {table.name for table in select.find_all(exp.Table)}
        wide = {"lake_petition", "stg_petition"} & read
        assert not wide and not (select.find(exp.Star) and "fct_petition" in read), (
            f"{name} windows over {wide or read}"
        )
