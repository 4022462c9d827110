"""A small register of firms with what is known of them, built by the real build: for tests of blocks and pages."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.queries.world import Published, World

D = dt.date
#: Code → what the newest month makes of it.
CLASSES = {"firm-a0": "A", "firm-b0": "B", "firm-c0": "C", "firm-d0": "D", "firm-n0": "D"}


def firms(folder: Path, upper: bool = False) -> World:
    """Firms of both communities and of none; each class is there, two firms fell from A to D this year.

    ``upper`` writes their codes in capitals, as real codes are.
    """
    world = World(folder)
    if upper:
        plain = world.add
        world.add = lambda name, rows, **more: plain(  # type: ignore[method-assign]
            name, [{**row, **({"uscc": str(row["uscc"]).upper()} if "uscc" in row else {})} for row in rows], **more
        )
    base = {"registered_on": D(2018, 1, 1), "capital": 100.0, "staff": 9, "status": "存续", "industry_code": "F5211"}
    near = {"county_code": "440306"}
    names = {
        "firm-a0": "清源商贸",
        "firm-b0": "鹤鸣食品",
        "firm-c0": "长顺建材",
        "firm-d0": "大鹏物业",
        "firm-n0": "淇水工程",
    }
    places = {"firm-a0": "A", "firm-b0": "A", "firm-c0": "B", "firm-d0": "B", "firm-n0": None}
    world.add(
        "enterprise",
        [
            {"uscc": code, "name": name, "community_code": places[code], **base, **(near if places[code] else {})}
            for code, name in names.items()
        ]
        + [
            {"uscc": f"more-{n}", "name": f"众诚{n}号", "community_code": "A", **base, **near} for n in range(8)
        ],
    )  # fmt: skip
    fine = {"field": "一般", "kind": "罚款", "amount": 5000.0, "is_summary": False, "authority": "市场监管局"}
    paid = {"decided_on": D(2023, 5, 2), "published_on": D(2023, 5, 4), "fulfilled_on": D(2023, 5, 9)}
    world.add(
        "penalty",
        [
            {
                "penalty_id": "pb",
                "uscc": "firm-b0",
                "severity": "一般",
                **fine,
                **paid,
                "document_no": "鹤罚〔2023〕1号",
            },
            {"penalty_id": "pc", "uscc": "firm-c0", "severity": "严重", **fine, **paid},
        ],
    )
    listed = {"list": "黑名单", "basis": "严重失信", "entered_on": D(2023, 2, 1), "subject_kind": "企业"}
    world.add(
        "list_entry",
        [{"entry_id": "ld", "uscc": "firm-d0", **listed}, {"entry_id": "ln", "uscc": "firm-n0", **listed}],
    )
    world.add(
        "inspection",
        [{"inspection_id": "i1", "uscc": "firm-d0", "arm": "风险", "stage": "试点后", "departments": 2,
          "inspected_on": D(2023, 4, 3), "probability": 1.0, "has_problem": True, "problem_kind": "公示信息",
          "action": "责令改正"}],
    )  # fmt: skip
    world.add(
        "loan",
        [{"loan_id": "k1", "uscc": "firm-a0", "bank": "甲银行", "product": "信用贷", "registered_on": D(2022, 3, 1),
          "granted_on": D(2022, 4, 1), "granted_amount": 1000000.0}],
    )  # fmt: skip
    world.petitions({"petition_id": "q1", "community_code": "A", "created_at": dt.datetime(2023, 6, 1, 8)})
    return world


def published(folder: Path) -> Published:
    """The same, built and published."""
    return firms(folder).build()
