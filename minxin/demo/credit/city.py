"""What the simulated city reports month by month: its index, its systems' calls, scenes, mechanisms."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from minxin.demo.credit.events import Tables
from minxin.demo.credit.firms import days
from minxin.demo.credit.settings import Told, month_days
from minxin.demo.draw import Floats, Ints, generator, shares
from minxin.demo.rows import as_table, padded
from minxin.demo.scenario import day_number
from minxin.demo.texts import chosen, join, same

DIMENSIONS = (
    "综合",
    "守信激励和失信治理",
    "信用制度和基础建设",
    "诚信文化和诚信建设",
    "信用服务和信用创新",
    "信用环境和营商环境",
)
SYSTEMS = (
    "政务服务",
    "投资项目审批",
    "公共资源交易",
    "政府采购",
    "市场监管",
    "双随机抽查",
    "工程建设审批",
    "财政资金",
    "税务服务",
    "社会保险",
    "信易贷",
    "行政执法",
)
CALLS = (("核查", "checks"), ("承诺", "promises"), ("共享", "shared"), ("反馈", "feedback"))
MECHANISMS = {
    "研判会商": ("信用形势季度研判会商", 3),
    "调研指导": ("县区信用建设调研指导", 2),
    "专案督办": ("重点失信线索专案督办", 1),
    "工作报告": ("信用工作月度报告", 1),
    "通报约谈": ("公示超期单位通报约谈", 3),
    "考评奖惩": ("信用体系建设半年考评", 6),
    "曝光挂牌": ("失信被执行典型案例曝光", 4),
}


def make(told: Told) -> Tables:
    """All such tables; what the city counts does not depend on how many firms are simulated."""
    return {
        "city_index": (_index(told), None),
        "system_call": (_calls(told), None),
        "mechanism": (_mechanisms(told), None),
        "scene": (_scenes(told), None),
        "scene_use": _scene_uses(told),
    }


def _whole_months(told: Told) -> list[date]:
    return [month for month, _, stop in month_days(told.first, told.last) if stop < told.last]


def _index(told: Told) -> pa.Table:
    """24 months of one method a year; the mean of 2022 is the published one."""
    rng = generator(told.seed, "index")
    months = _whole_months(told)
    size = len(months)
    smooth = np.cumsum(rng.normal(0, 0.25, (len(DIMENSIONS), size)), axis=1)
    level = np.array([0.0, 1.2, -0.6, 0.4, -1.4, 0.5])
    season = 0.5 * np.sin(np.arange(size) / 12 * 2 * np.pi)
    scores = np.round(84.0 + level[:, None] + smooth + season[None, :], 2)
    of_year = np.array([m.year == 2022 for m in months])
    total = round(float(told.settings["published"]["index_mean"]) * 100) * int(of_year.sum())
    wanted = scores[0, of_year] * 100
    wanted = wanted + (total - wanted.sum()) / of_year.sum()
    whole = np.floor(wanted).astype(np.int64)
    whole[: total - int(whole.sum())] += 1
    scores[0, of_year] = whole / 100
    # The first five months of 2022 among the first four of the country, as published; never before it in a row.
    other = 5 + rng.integers(0, 3, size) + (np.arange(size) % 7 == 6)
    nation = np.array([4 if m.year == 2022 and m.month <= 5 else int(n) for m, n in zip(months, other, strict=True)])
    nation[[i for i, m in enumerate(months) if m == date(2022, 2, 1)]] = 3
    province = np.where(of_year, 1, 1 + (np.arange(size) % 3 == 0))
    rows = [(m, d, scores[j, i]) for i, m in enumerate(months) for j, d in enumerate(DIMENSIONS)]
    ranks = np.clip(
        np.repeat(nation, len(DIMENSIONS))
        + np.tile([0, 3, 6, -1, 9, 2], size)
        + rng.integers(-2, 3, size * len(DIMENSIONS)),
        1,
        60,
    )
    ranks[:: len(DIMENSIONS)] = nation
    columns = {
        "month": pa.array([r[0] for r in rows]),
        "dimension": pa.array([r[1] for r in rows]),
        "score": pa.array(np.array([r[2] for r in rows])),
        "rank_province": pa.array(np.repeat(province, len(DIMENSIONS))),
        "rank_nation": pa.array(ranks),
        "method_version": pa.array([f"{r[0].year}版" for r in rows]),
    }
    return as_table("city_index", columns, len(rows))


def _calls(told: Told) -> pa.Table:
    rng = generator(told.seed, "calls")
    months = _whole_months(told)
    rows: list[tuple[str, str, date]] = [(s, kind, m) for kind, _ in CALLS for s in SYSTEMS for m in months]
    parts = []
    for _, name in CALLS:
        weight: Floats = (rng.gamma(1.4, 1.0, len(SYSTEMS)) + 0.15)[:, None] * (
            np.linspace(0.6, 1.4, len(months)) * np.exp(rng.normal(0, 0.12, (len(SYSTEMS), len(months))))
        )
        parts.append(shares(int(told.settings["published"][name]), weight.ravel()))
    columns = {
        "system": pa.array([r[0] for r in rows]),
        "kind": pa.array([r[1] for r in rows]),
        "month": pa.array([r[2] for r in rows]),
        "calls": pa.array(np.concatenate(parts)),
    }
    return as_table("system_call", columns, len(rows))


def _mechanisms(told: Told) -> pa.Table:
    rng = generator(told.seed, "mechanisms")
    rows = []
    for kind, (subject, every) in MECHANISMS.items():
        for number, month in enumerate(_whole_months(told)):
            if number % every == every - 1:
                rows.append((kind, day_number(month) + int(rng.integers(2, 26)), subject))
    rows.sort(key=lambda r: (r[1], r[0]))
    columns = {
        "mechanism_id": join(same("JZ", len(rows)), padded(np.arange(1, len(rows) + 1), 4)),
        "kind": pa.array([r[0] for r in rows]),
        "held_on": days(np.array([r[1] for r in rows])),
        "subject": pa.array([r[2] for r in rows]),
    }
    return as_table("mechanism", columns, len(rows))


def _scenes(told: Told) -> pa.Table:
    columns = {n: pa.array([s[n] for s in told.scenes]) for n in ("scene_id", "name", "threshold")}
    return as_table("scene", columns, len(told.scenes))


def _scene_uses(told: Told) -> tuple[pa.Table, Ints]:
    rng = generator(told.seed, "scenes")
    months = _whole_months(told)
    size = len(months) * len(told.scenes)
    scene = np.tile(np.arange(len(told.scenes)), len(months))
    month = np.repeat(np.arange(len(months)), len(told.scenes))
    yearly = np.array([float(s["uses"]) for s in told.scenes])[scene]
    grown = np.linspace(0.6, 1.3, len(months))[month]
    uses = np.round(yearly / 12 * grown * np.exp(rng.normal(0, 0.15, size))).astype(np.int64)
    columns = {
        "scene_id": chosen([s["scene_id"] for s in told.scenes], scene),
        "month": pa.array([months[m] for m in month]),
        "uses": pa.array(uses),
    }
    return as_table("scene_use", columns, size), np.array([day_number(months[m]) for m in month])
