"""信易贷与白名单: figures are counts of the rows; without a model the page says how; with one it gives reasons."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from minxin import queries, settings
from minxin.access import Viewer
from minxin.analysis.whitelist import boosting, firms, training
from minxin.board import picking
from minxin.board.credit import lending
from minxin.board.frames import source
from minxin.charts.about import About
from minxin.charts.chart import Encoding, Kind, Unit
from minxin.charts.credit.question import Question
from minxin.settings import ROOT
from minxin.warehouse import visibility
from tests.conftest import clear_caches
from tests.pages.conftest import Open, shown
from tests.queries.world import World
from tests.support import here

D = dt.date
FILE = "credit/lending.py"
FIRMS = 420
DAYS = ("registered_on", "granted_on", "drawn_on", "due_on", "repaid_on")


def make(folder: Path) -> World:
    """Firms of which every second has a penalty and repays late more often; every tenth is white-listed.

    Every twentieth has a second loan.
    """
    world = World(folder)
    (world.deployment.folder / "access.toml").write_bytes((ROOT / "data" / "access.toml").read_bytes())
    shutil.copytree(ROOT / "data" / "whitelist", world.deployment.folder / "whitelist")
    draw = np.random.default_rng(4)
    names = [f"91999999MA5F00{n:03d}Q" for n in range(FIRMS)]
    world.add(
        "enterprise",
        [
            {"uscc": u, "name": f"第{n}公司", "registered_on": D(2012 + n % 9, 1, 1), "capital": 10.0 + n % 50,
             "staff": 1 + n % 40, "size": ("小型", "微型")[n % 2], "status": "存续", "industry_code": "F5211",
             "community_code": "A"}
            for n, u in enumerate(names)
        ],
    )  # fmt: skip
    loans, fines = [], []
    for n, u in enumerate(names):
        day = D(2022, 1, 1) + dt.timedelta(days=n // 4)
        late = int(draw.random() < (0.45 if n % 2 else 0.1)) * 50
        due = day + dt.timedelta(days=300)
        loans.append(
            {"loan_id": f"k{n:03d}", "uscc": u, "bank": "甲银行", "product": "信用贷", "registered_on": day,
             "whitelisted_on": day if n % 10 == 0 else None, "granted_on": day + dt.timedelta(days=9),
             "granted_amount": 1e6, "drawn_on": day + dt.timedelta(days=20), "drawn_amount": 5e5, "due_on": due,
             "repaid_on": due + dt.timedelta(days=late), "overdue_days": late}
        )  # fmt: skip
        if n % 20 == 1:
            later = {name: loans[-1][name] + dt.timedelta(days=40) for name in DAYS}
            loans.append(loans[-1] | later | {"loan_id": f"l{n:03d}", "bank": "乙银行"})
        if n % 2:
            fines.append(
                {"penalty_id": f"p{n}", "uscc": u, "decided_on": D(2021, 12, 1), "published_on": D(2021, 12, 1),
                 "field": "一般", "kind": "罚款", "severity": "严重", "amount": 1000.0, "is_summary": False,
                 "authority": "甲局"}
            )  # fmt: skip
    world.add("loan", loans)
    world.add("penalty", fines)
    world.build()
    return world


_built: list[Path] = []


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small home, its clock and the environment set to it; the path of its home."""
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime(2023, 6, 15, 9))
    monkeypatch.setattr(boosting, "TREES", 8)
    monkeypatch.setattr(training, "INNER", 3)
    if not _built:
        base = tmp_path_factory.mktemp("lending") / "world"
        make(base)
        _built.append(base)
    shutil.copytree(_built[0], tmp_path / "world")
    monkeypatch.setenv("MINXIN_CONFIG", str(tmp_path / "world" / "config"))
    monkeypatch.setenv("MINXIN_HOME", str(tmp_path / "world" / "home"))
    clear_caches()
    return tmp_path / "world" / "home"


def test_the_figures_are_counts_of_the_rows_and_the_page_says_how_to_train(world: Path, open_page: Open) -> None:
    at = open_page(FILE)
    assert not at.exception and not at.error
    held = {m.label: m.value for m in at.metric}
    assert held["平台注册"] == f"{FIRMS}户" and held["白名单"] == "42户"
    assert held["授信金额"] == "4.4亿元" and held["放款金额"] == "2.2亿元"
    said = shown(at)
    assert "minxin whitelist firms" in said and "银行自主审批" in said
    assert not at.dataframe, "no list of firms without a model"


def test_a_trained_model_stands_beside_with_reasons(world: Path, open_page: Open) -> None:
    done = here("whitelist", "firms", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["group_column"] == "uscc"
    assert {"model.json", "card.html", "out_of_fold.parquet"} <= {f.name for f in (world / "whitelist").iterdir()}
    sides = pd.read_parquet(world / "whitelist" / "out_of_fold.parquet")["fold"]
    viewer = Viewer.local(settings.deployment())
    loans = queries.current(settings.home()).run(firms.BLOCK, viewer, purpose="train", county="")
    assert (sides.groupby(loans["uscc"]).nunique() == 1).all(), "no firm is trained on and tested"
    at = open_page(FILE, list="已获授信、模型列入风险最高一成")
    assert not at.exception and not at.error
    said = shown(at)
    assert "区分能力（AUC）" in said and "银行自主审批" in said and "模型卡" in said
    table = at.dataframe[-1].value
    column = next(c for c in table.columns if c.startswith("扣分原因"))
    assert table[column].str.split("；").str.len().max() <= 4
    assert table[column].str.contains("近两年").any()
    assert table[column].str.fullmatch(r"([^；]+（R\d\d）；?)+|没有突出的扣分").all(), "the words first, then the code"
    card = next(f.value for f in at.dataframe if any("AUC" in c for c in f.value.columns))
    assert not [c for c in card.columns if c.isascii()] and "稳定性（PSI）" in "".join(card.columns)
    assert not any(c in " ".join(table.columns) for c in ("性别", "法定代表人", "电话"))
    # A county of no firms: one line each, and nothing to go through one by one.
    held = source(viewer)
    assert held is not None
    page = lending.recommendation(held, Question(D(2020, 1, 1), D(2023, 1, 1), "", "440306", "宝安区"))
    assert page is not None and page.people.empty
    said = "宝安区没有在平台注册、存续的企业，模型没有推荐"
    assert page.headline == ("模型", said)
    assert all(chart.title == said and chart.empty for chart in (page.agreement, page.causes))


def test_a_firm_with_two_loans_is_listed_once_and_a_click_opens_its_own_row(
    world: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here("whitelist", "firms").returncode == 0
    given: dict[str, Any] = {}

    def pick(shown: pd.DataFrame, ids: Sequence[str], name: str, *_: object, **__: object) -> None:
        given.update(shown=shown, ids=list(ids))

    monkeypatch.setattr(picking, "rows_to_pick", pick)
    at = open_page(FILE, list="已获授信、模型列入风险最高一成")
    assert not at.exception and not at.error
    assert [f"第{int(uscc[14:17])}公司" for uscc in given["ids"]] == given["shown"]["企业"].tolist()
    assert len(set(given["ids"])) == len(given["ids"]) == FIRMS // 10
    twice = [bank for uscc, bank in zip(given["ids"], given["shown"]["授信银行"], strict=True) if is_twice(uscc)]
    assert twice and set(twice) == {"乙银行"}, "the newest grant is shown"


def is_twice(uscc: str) -> bool:
    return int(uscc[14:17]) % 20 == 1


def test_rows_of_one_firm_do_not_shift_what_is_picked_below_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(picking, "rows_to_pick", lambda shown, ids, *_, **__: given.extend(ids))
    rows = pd.DataFrame({"uscc": ["a", "a", "b"], "enterprise_name": ["甲", "甲", "乙"]})
    about = About(dt.datetime(2023, 7, 4), "s000001", False)
    headings = {"enterprise_name": "企业"}
    lending._pick(about.chart("t", Kind.TABLE, rows, Encoding(key="uscc"), Unit(), "题", "副题", headings=headings))
    assert given == ["a", "a", "b"]


def test_firms_are_listed_for_nobody_who_may_see_sums_only(
    world: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here("whitelist", "firms").returncode == 0
    local = Viewer.local
    monkeypatch.setattr(Viewer, "local", staticmethod(lambda d: local(d).narrowed("aggregate")))
    at = open_page(FILE)
    assert not at.exception and not at.error
    assert "公司" not in "\n".join(frame.value.to_csv() for frame in at.dataframe)


def test_a_broken_model_is_said_in_a_line_and_the_rest_stands(world: Path, open_page: Open) -> None:
    folder = firms.folder(settings.home())
    folder.mkdir()
    (folder / "model.json").write_text("{}", encoding="utf-8")
    at = open_page(FILE)
    assert not at.exception
    assert "重新训练" in at.error[0].value and at.metric


def test_a_span_and_a_home_without_loans_say_so(world: Path, open_page: Open, tmp_path: Path) -> None:
    at = open_page(FILE, span="2021年")
    assert not at.exception and not at.error
    assert "没有企业在平台注册" in shown(at)
