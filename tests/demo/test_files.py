"""The files that people keep: published figures, glossary, category tree and scenario."""

from __future__ import annotations

import csv
import re
import tomllib

from minxin.demo.scenario import Scenario
from tests.support import ROOT

#: Ids of the articles' inventory for which no number was printed.
SILENT = {
    "X02",
    "X07",
    "X09",
    "X12",
    "X13",
    "X15",
    "X18",
    "X20",
    "X23",
    "X24",
    "X25",
    "X26",
    "X28",
    "X29",
    "X30",
    "X31",
}
SILENT |= {"X32", "X34", "X35", "H07", "H23"}


def read(name: str) -> list[dict[str, str]]:
    with (ROOT / "data" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_published_figure_is_listed_and_explained() -> None:
    figures = read("published_figures.csv")
    ids = [row["id"] for row in figures]
    assert len(ids) == len(set(ids))
    expected = {f"X{i:02d}" for i in range(1, 39)} | {f"H{i:02d}" for i in range(1, 33)}
    assert {name.split(".")[0] for name in ids} == expected - SILENT
    for row in figures:
        assert float(row["published"]) is not None and int(row["places"]) >= 0
        assert row["label"] and row["unit"] and row["source"].endswith(row["id"].split(".")[0])
        assert row["method"] in ("reproduced", "at_least", "quoted")
        # Beside a figure that is counted may stand how to read it.
        assert row["reason"] or row["method"] != "quoted", row["id"]
        assert bool(row["query"]) == (row["method"] != "quoted"), row["id"]


def test_published_rates_follow_from_published_counts() -> None:
    figures = {row["id"]: float(row["published"]) for row in read("published_figures.csv")}
    assert figures["X01.complaint"] + figures["X01.consult"] + figures["X01.other"] == figures["X01.total"]
    assert round(figures["X01.closed"] / figures["X01.total"], 4) == figures["X01.closing_rate"]
    assert round(figures["X01.followed"] / figures["X01.total"], 2) == figures["X01.followup_rate"]
    assert round(figures["X05.closed"] / 3197, 4) == figures["X05.closing_rate"]


def test_every_computed_figure_has_its_query() -> None:
    files = ("marts/mart_published.sql", "staging/int_published_credit.sql")
    sql = "".join((ROOT / "queries" / file).read_text(encoding="utf-8") for file in files)
    computed = set(re.findall(r"'([XH]\d\d\.\w+)'", sql))
    wanted = {row["id"] for row in read("published_figures.csv") if row["method"] != "quoted"}
    assert wanted <= computed


def test_glossary() -> None:
    terms = tomllib.loads((ROOT / "data" / "glossary.toml").read_text(encoding="utf-8"))["term"]
    assert len(terms) >= 120
    names = [name for term in terms for name in (term["zh"], *term["also"])]
    assert len(names) == len(set(names))
    assert len({term["en"] for term in terms}) == len(terms)
    assert all(term["meaning"] and not re.search(r"[,;!?]", term["meaning"]) for term in terms)


def test_category_tree_and_subjects_agree(told: Scenario) -> None:
    tree = read("categories.csv")
    subjects = read("demo/subjects.csv")
    assert [row["category_3"] for row in tree] == [row["category_3"] for row in subjects]
    assert len({row["category_3"] for row in tree}) == len(tree)
    assert len({row["category_1"] for row in tree}) == 15
    second = {(row["category_1"], row["category_2"]) for row in tree}
    assert len({name for _, name in second}) == len(second) >= 60
    units = {row["unit"] for row in told.units}
    assert {row["unit"] for row in subjects} == units
    seasons, clocks = set(told.settings["season"]), set(told.settings["clock"])
    assert {s.season for s in told.subjects} <= seasons and {s.clock for s in told.subjects} <= clocks


def test_published_channels_add_up(told: Scenario) -> None:
    assert told.fewest == 12_500
    assert told.population.sum() == 700_000
