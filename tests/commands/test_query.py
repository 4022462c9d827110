"""``minxin query``: parameters as people type them, output that no spreadsheet runs."""

import csv
import io
import json
from datetime import date, datetime

import pandas as pd
import pytest

from minxin.commands import query
from minxin.settings import Home, Unusable
from tests import support


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("start=2023-06-26", date(2023, 6, 26)),
        ("at=2023-06-26 18:00", datetime(2023, 6, 26, 18)),
        ("limit=20", 20),
        ("share=0.25", 0.25),
        ("open=true", True),
        ("communities=440306017001,440306017002", ["440306017001", "440306017002"]),
        ("communities=440306017001", ["440306017001"]),
        ("communities=", []),
        ("petition_id=101000295613", "101000295613"),
        ("category=", ""),
        ("state=办结", "办结"),
        ('number="12"', "12"),
        ("days=1,2,3", [1, 2, 3]),
        ("note=a=b", "a=b"),
    ],
)
def test_parameters_get_the_type_they_look_like(text: str, value: object) -> None:
    (found,) = query.parameters([text]).values()
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("wrong", [["start"], ["=1"], ["a b=1"], ["start=2023-02-30"], ["limit=1", "limit=2"]])
def test_what_cannot_be_a_parameter_is_unusable(wrong: list[str]) -> None:
    with pytest.raises(Unusable) as refused:
        query.parameters(wrong)
    assert "\n" not in str(refused.value)


HOSTILE = ["=1+1", "+86", "-2+3", "@sum(a1)", "\tx", "\r=1", " =cmd|' /c calc'!a1", '逗号，"引号"\n换行', "正常"]


def test_csv_neutralises_formulas_and_keeps_everything_else() -> None:
    frame = pd.DataFrame({"text": HOSTILE, "n": range(-4, 5)})
    rows = list(csv.reader(io.StringIO(query.rendered(frame, "csv"), newline="")))
    assert rows[0] == ["text", "n"]
    for given, (text, n) in zip(HOSTILE, rows[1:], strict=True):
        assert text in (given, "'" + given)
        assert not text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
        assert n.lstrip("-").isdigit(), "a number stays a number, also below zero"


def test_csv_can_begin_with_the_mark_that_excel_wants() -> None:
    frame = pd.DataFrame({"社区": ["翻身"]})
    assert query.rendered(frame, "csv", bom=True).encode("utf-8").startswith(b"\xef\xbb\xbf")
    assert not query.rendered(frame, "csv").encode("utf-8").startswith(b"\xef\xbb\xbf")


def test_json_knows_times_lists_and_what_is_missing() -> None:
    frame = pd.DataFrame(
        {
            "at": [pd.Timestamp("2023-06-26 18:00"), pd.NaT],
            "n": pd.array([1, None], dtype="Int64"),
            "rate": [0.5, float("nan")],
            "words": [["a", "b"], None],
        }
    )
    assert json.loads(query.rendered(frame, "json")) == [
        {"at": "2023-06-26 18:00:00", "n": 1, "rate": 0.5, "words": ["a", "b"]},
        {"at": None, "n": None, "rate": None, "words": None},
    ]


def test_an_unknown_block_names_its_neighbours(tmp_home: Home) -> None:
    done = support.here("query", "published.chek")
    assert (done.returncode, done.stdout) == (2, "")
    assert "published.check" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_without_data_it_says_what_to_do(tmp_home: Home) -> None:
    done = support.here("query", "published.check")
    assert (done.returncode, done.stdout) == (1, "")
    assert "minxin demo" in done.stderr


def test_rows_come_out_as_csv_and_json_alike(demo: Home) -> None:
    env = support.environment(demo.path)
    what = ("query", "indicators.cells", "--set", "start=2023-06-26", "--set", "end=2023-07-03")
    as_json = support.must_json(*what, "--format", "json", env=env)
    as_csv = list(csv.DictReader(io.StringIO(support.must(*what, "--format", "csv", env=env))))
    assert [row["community_code"] for row in as_json] == [row["community_code"] for row in as_csv]
    assert {row["community_code"] for row in as_json} <= set(demo.deployment.community_codes)
    one = support.must_json(*what, "--set", "communities=440306017001", "--format", "json", env=env)
    assert one == [row for row in as_json if row["community_code"] == "440306017001"]


def test_a_missing_parameter_is_named(demo: Home) -> None:
    done = support.minxin("query", "indicators.totals", "--set", "start=2023-06-26", env=support.environment(demo.path))
    assert done.returncode == 2
    assert "end" in done.stderr
