"""A small published home with firms, penalties, repairs and cases, for the pages about what must disappear."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from minxin.settings import ROOT, Home, load_deployment
from minxin.warehouse import visibility
from tests.queries.world import World

D = dt.date
NOW = "2023-06-15 09:00"
FIRMS = tuple(f"91999999MA5F00{n:03d}Q" for n in range(60))
#: What a page shows of the penalty that ends with 30 June 2023, and of one that may be repaired for years.
SOON, LONG = "满期罚〔2020〕1号", "甲罚〔2023〕7号"


_built: list[Path] = []


def published(folder: Path, monkeypatch: pytest.MonkeyPatch, factory: pytest.TempPathFactory) -> World:
    """A copy of what ``_make`` built once, with the environment pointing to it and the clock at ``NOW``."""
    at(monkeypatch, NOW)
    if not _built:
        base = factory.mktemp("credit") / "world"
        _make(base)
        _built.append(base)
    shutil.copytree(_built[0], folder)
    made = object.__new__(World)
    made.folder, made.deployment = folder, load_deployment(folder / "config")
    made.home = Home(folder / "home", made.deployment)
    monkeypatch.setenv("MINXIN_HOME", str(made.home.path))
    monkeypatch.setenv("MINXIN_CONFIG", str(made.deployment.folder))
    return made


def _make(folder: Path) -> None:
    """One penalty that ends with 30 June 2023, 40 that do not, their applications, 60 cases."""
    made = World(folder)
    (made.deployment.folder / "access.toml").write_bytes((ROOT / "data" / "access.toml").read_bytes())
    made.add(
        "enterprise",
        [
            {"uscc": u, "name": f"第{n}公司", "county_code": "410611" if n % 2 else "410602"}
            for n, u in enumerate(FIRMS)
        ],
    )
    fine = {"field": "一般", "kind": "罚款", "severity": "一般", "authority": "市场监管局"}
    first = {"penalty_id": "soon", "uscc": FIRMS[0], "document_no": SOON, **fine, "decided_on": D(2020, 6, 30)}
    first |= {"corrected_on": D(2020, 8, 1), "fulfilled_on": D(2020, 8, 1)}
    rows = [first]
    for n in range(40):
        decided = D(2022, 10, 1) + dt.timedelta(days=6 * n)
        done = decided + dt.timedelta(days=20) if n % 4 else None
        number = LONG if n == 7 else f"乙罚〔2023〕{n}号"
        rows.append(
            {"penalty_id": f"p{n}", "uscc": FIRMS[n], "document_no": number, **fine, "decided_on": decided}
            | {"corrected_on": done, "fulfilled_on": done, "amount": 1000.0}
        )
    made.add("penalty", rows)
    repairs = []
    for n in range(1, 12):
        asked = {"repair_id": f"r{n}", "penalty_id": f"p{n}", "uscc": FIRMS[n], "applied_on": D(2023, 4, 20 + n % 5)}
        ended = {"decided_on": D(2023, 5, n), "result": "同意" if n % 3 else "不同意"}
        repairs.append(asked | ({"result": "办理中"} if n in (7, 10) else ended))
    made.add("repair", repairs)
    cases = []
    for n in range(60):
        found = D(2022, 8, 1) + dt.timedelta(days=4 * n)
        case = {
            "case_id": f"c{n}",
            "uscc": FIRMS[n],
            "kind": ("失信被执行", "欠税", "账款拖欠")[n % 3],
            "amount": 5000.0,
        }
        case |= {"discovered_on": found, "pushed_on": found + dt.timedelta(days=2), "debtor_kind": "企业"}
        ends = {"outcome": "退出" if n % 5 else "惩戒", "closed_on": found + dt.timedelta(days=60)}
        ends |= {"warned_on": found + dt.timedelta(days=5), "treated_on": found + dt.timedelta(days=20)}
        if n % 3 == 0:
            ends |= {"notice_on": found + dt.timedelta(days=6), "commitment_on": found + dt.timedelta(days=9)}
        cases.append(case | (ends if n < 45 else {"outcome": "在办"}))
    made.add("enforcement", cases)
    made.build()


def at(monkeypatch: pytest.MonkeyPatch, now: str) -> None:
    """Set the wall clock of homes."""
    monkeypatch.setattr(visibility, "wall_clock", lambda _: dt.datetime.fromisoformat(now))
