"""信易贷与白名单: figures are counts of the rows; without a model the page says how; with one it gives reasons."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pytest

from minxin import settings
from minxin.access import Viewer
from minxin.analysis.whitelist import boosting, firms, training
from minxin.settings import ROOT
from minxin.warehouse import visibility
from tests.conftest import clear_caches
from tests.pages.conftest import Open, shown
from tests.queries.world import World
from tests.support import here

D = dt.date
FILE = "credit/lending.py"
FIRMS = 420


def make(folder: Path) -> World:
    """Firms of which every second has a penalty and repays late more often; every tenth is white-listed."""
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
    assert held["授信金额"] == "4.2亿元" and held["放款金额"] == "2.1亿元"
    said = shown(at)
    assert "minxin whitelist firms" in said and "银行自主审批" in said
    assert not at.dataframe, "no list of firms without a model"


def test_a_trained_model_stands_beside_with_reasons(world: Path, open_page: Open) -> None:
    done = here("whitelist", "firms")
    assert done.returncode == 0, done.stderr
    assert {"model.json", "card.html", "out_of_fold.parquet"} <= {f.name for f in (world / "whitelist").iterdir()}
    at = open_page(FILE, list="已获授信、模型列入风险最高一成")
    assert not at.exception and not at.error
    said = shown(at)
    assert "AUC" in said and "银行自主审批" in said and "模型卡" in said
    table = at.dataframe[-1].value
    column = next(c for c in table.columns if c.startswith("扣分原因"))
    assert table[column].str.split("；").str.len().max() <= 4
    assert table[column].str.contains("近两年").any()
    assert not any(c in " ".join(table.columns) for c in ("性别", "法定代表人", "电话"))


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
