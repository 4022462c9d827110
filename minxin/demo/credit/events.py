"""What goes wrong with simulated firms and how it is mended: penalties, repairs, cases, lists, telling records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from minxin.demo.credit.codes import codes
from minxin.demo.credit.firms import Firms, days, flags_exact
from minxin.demo.credit.settings import Told
from minxin.demo.draw import Floats, Ints, flags, generator, pick
from minxin.demo.rows import as_table, padded, where
from minxin.demo.texts import chosen, drawn, join, same

#: A day that never came.
NO_DAY = -1
Tables = dict[str, tuple[pa.Table, Ints | None]]
FIELDS = ("一般", "食品", "药品", "特种设备", "安全生产", "消防")
FIELD_AUTHORITY = ("市场监督管理局", "市场监督管理局", "市场监督管理局", "市场监督管理局", "应急管理局", "消防救援支队")
GENERAL_AUTHORITY = (
    "市场监督管理局",
    "城市管理局",
    "生态环境局",
    "住房和城乡建设局",
    "交通运输局",
    "人力资源和社会保障局",
    "税务局",
    "农业农村局",
    "文化广电和旅游局",
    "卫生健康委员会",
)
KINDS = ("警告", "通报批评", "罚款", "没收", "责令停产", "吊销", "限制从业")
SEVERITIES = ("轻微", "一般", "严重")
#: Kinds of penalties by severity, and the median fine in yuan.
_KIND_SHARES = np.array(
    [[0.45, 0.12, 0.43, 0, 0, 0, 0], [0, 0.02, 0.82, 0.16, 0, 0, 0], [0, 0, 0.66, 0.14, 0.12, 0.05, 0.03]]
)
_FINES = np.array([600.0, 9_000.0, 120_000.0])
CASES = ("失信被执行", "拖欠工资", "欠税", "合同违约", "账款拖欠")
_CASE_SHARES = np.array([0.40, 0.14, 0.22, 0.15, 0.09])


@dataclass(frozen=True)
class Events:
    """The tables of this file, the telling records for the bulk table, and how often each firm was in trouble."""

    tables: Tables
    records: pa.Table
    troubles: Ints
    records_day: Ints


def make(told: Told, firms: Firms) -> Events:
    """All events of a run; the worse a firm's hidden quality, the more of them."""
    slope = float(told.settings["rates"]["quality_slope"])
    # The mean of exp(-slope * normal) is exp(slope²/2): rates are those of the average firm.
    bad = np.exp(-slope * firms.quality - slope**2 / 2)
    penalty, firm, severity, decided = _penalties(told, firms, bad)
    repair = _repairs(told, firms, penalty, firm, severity, decided)
    enforcement, case_firm = _enforcement(told, firms, bad)
    lists, black = _lists(told, firms, bad)
    records, record_day = _records(told, firms, bad, penalty, firm, decided)
    troubles = np.bincount(firm, minlength=len(firms)) + 2 * np.bincount(case_firm, minlength=len(firms))
    troubles += 3 * np.bincount(black, minlength=len(firms))
    return Events(
        {"penalty": penalty, "repair": repair, "enforcement": enforcement, "list_entry": lists},
        records,
        troubles,
        record_day,
    )


def _happened(told: Told, firms: Firms, rate: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Firm and day of each event of a yearly ``rate``, in order of time; none before a firm was founded."""
    years = (told.last - told.events_from) / 365.25
    counts = rng.poisson(rate * years)
    firm = np.repeat(np.arange(len(firms)), counts)
    # A little more every year: what is looked at more is found more.
    share = 1 - rng.random(len(firm)) ** 1.12
    day = told.last - 1 - (share * (told.last - told.events_from)).astype(np.int64)
    kept = day > firms.registered[firm] + 20
    firm, day = firm[kept], day[kept]
    order = np.lexsort((firm, day))
    return firm[order], day[order]


def later(rng: np.random.Generator, day: Ints, low: int, high: int, told: Told, chance: Floats | float = 1.0) -> Ints:
    """``low`` to ``high`` days after ``day``, with a chance; never where it is not over yet."""
    found = day + rng.integers(low, high + 1, len(day))
    return np.where((day >= 0) & (rng.random(len(day)) < chance) & (found < told.last), found, NO_DAY)


def _penalties(told: Told, firms: Firms, bad: Floats) -> tuple[tuple[pa.Table, Ints], Ints, Ints, Ints]:
    rng = generator(told.seed, "penalties")
    watched = 1 + 0.5 * np.array([i["field"] != "一般" for i in told.industries])[firms.industry] + 0.15 * firms.size
    firm, decided = _happened(told, firms, float(told.settings["rates"]["penalty"]) * bad * watched, rng)
    size = len(firm)
    quality = firms.quality[firm]
    leaning = np.stack(
        [np.full(size, 0.54), np.full(size, 0.40) * np.exp(-0.1 * quality), 0.05 * np.exp(-0.35 * quality)]
    )
    severity = ((rng.random(size) * leaning.sum(axis=0))[None, :] > np.cumsum(leaning, axis=0)[:2]).sum(axis=0)
    own = np.array([FIELDS.index(i["field"]) for i in told.industries])[firms.industry[firm]]
    field = np.where(rng.random(size) < 0.65, own, 0)
    field[flags(rng, 0.06, size)] = 5
    kind = pick(rng, _KIND_SHARES, severity)
    amount = np.maximum(
        np.round(_FINES[severity] * np.exp(rng.normal(0, 0.75, size)) * (1 + firms.size[firm]) / 1.4, -2), 100
    )
    summary = (severity == 0) & (rng.random(size) < 0.55)
    hidden = (severity == 0) & (summary | (kind < 2))
    published = np.where(hidden, NO_DAY, later(rng, decided, 1, 7, told))
    slow = ~hidden & (rng.random(size) < 0.05)
    published = np.where(slow, later(rng, decided, 8, 25, told), published)
    good = 1 / (1 + np.exp(-2.6 - 0.5 * quality))
    corrected = later(rng, decided, 1, 40, told, good)
    fined = np.isin(kind, (2, 3))
    fulfilled = np.where(fined, later(rng, decided, 1, 45, told, good), corrected)
    general = drawn(GENERAL_AUTHORITY, rng, size)
    office = pa.array(
        np.where(field == 0, general.to_numpy(zero_copy_only=False), np.array(FIELD_AUTHORITY, dtype=object)[field])
    )
    city = chosen(["鹤壁市", "深圳市宝安区"], (firms.county[firm] == len(told.settings["counties"])).astype(np.int64))
    year = (decided.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970).astype(np.int64)
    columns = {
        "penalty_id": join(same("CF", size), padded(np.arange(1, size + 1), 7)),
        "uscc": firms.uscc.take(pa.array(firm)),
        "document_no": join(
            chosen(["鹤", "深宝"], (firms.county[firm] == len(told.settings["counties"])).astype(np.int64)),
            same("罚决〔", size),
            padded(year, 4),
            same("〕", size),
            padded(np.arange(1, size + 1), 6),
            same("号", size),
        ),
        "authority": join(city, office),
        "field": chosen(FIELDS, field),
        "kind": chosen(KINDS, kind),
        "severity": chosen(SEVERITIES, severity),
        "is_summary": pa.array(summary),
        "amount": where(fined, pa.array(amount)),
        "decided_on": days(decided),
        "published_on": days(published),
        "corrected_on": days(corrected),
        "fulfilled_on": days(fulfilled),
    }
    return (as_table("penalty", columns, size), decided), firm, severity, decided


def _repairs(
    told: Told, firms: Firms, penalty: tuple[pa.Table, Ints], firm: Ints, severity: Ints, decided: Ints
) -> tuple[pa.Table, Ints]:
    """As many granted as published; nobody applies before the shortest time of publicity has passed."""
    rng = generator(told.seed, "repairs")
    rows = penalty[0]
    strict = np.isin(rows["field"].to_numpy(zero_copy_only=False), FIELDS[1:])
    paid = np.array(rows["fulfilled_on"].cast(pa.int32()).fill_null(NO_DAY).to_numpy())
    shown = np.array(rows["published_on"].cast(pa.int32()).fill_null(NO_DAY).to_numpy())
    shortest = np.where(strict | (severity == 2), 366, 92)
    earliest = np.maximum(shown + shortest, paid)
    applied = earliest + 1 + rng.exponential(75, len(firm)).astype(np.int64)
    can = (shown >= 0) & (paid >= 0) & (severity > 0) & (applied < told.last - 1)
    order = np.argsort(np.where(can, rng.random(len(firm)) - 0.12 * firms.quality[firm], np.inf), kind="stable")
    order = order[: int(can.sum())]
    # Those of the last days are still being looked at.
    fresh = applied[order] > told.last - 22
    granted, refused, waiting = (
        told.scaled("repaired"),
        max(1, told.scaled("repaired") // 12),
        max(1, told.scaled("repaired") // 45),
    )
    settled, open_ = order[~fresh], order[fresh]
    chosen_rows = np.concatenate([settled[: granted + refused], open_[:waiting]])
    outcome = np.concatenate(
        [
            (rng.permutation(len(settled[: granted + refused])) >= granted).astype(np.int64),
            np.full(len(open_[:waiting]), 2, dtype=np.int64),
        ]
    )
    by_day = np.argsort(applied[chosen_rows], kind="stable")
    chosen_rows, outcome = chosen_rows[by_day], outcome[by_day]
    size = len(chosen_rows)
    day = applied[chosen_rows]
    accepted = np.where((outcome == 2) & (rng.random(size) < 0.4), NO_DAY, later(rng, day, 0, 3, told))
    finished = np.where(outcome == 2, NO_DAY, day + np.minimum(2 + rng.gamma(2.2, 2.6, size).astype(np.int64), 20))
    columns = {
        "repair_id": join(same("XF", size), padded(np.arange(1, size + 1), 6)),
        "penalty_id": rows["penalty_id"].combine_chunks().take(pa.array(chosen_rows)),
        "uscc": firms.uscc.take(pa.array(firm[chosen_rows])),
        "noticed_on": days(np.where(rng.random(size) < 0.93, decided[chosen_rows] + rng.integers(0, 3, size), NO_DAY)),
        "reminded_on": days(np.where(rng.random(size) < 0.55, day - rng.integers(1, 26, size), NO_DAY)),
        "applied_on": days(day),
        "accepted_on": days(accepted),
        "decided_on": days(finished),
        "result": chosen(["同意", "不同意", "办理中"], outcome),
    }
    return as_table("repair", columns, size), day


def _enforcement(told: Told, firms: Firms, bad: Floats) -> tuple[tuple[pa.Table, Ints], Ints]:
    rng = generator(told.seed, "enforcement")
    firm, found = _happened(told, firms, float(told.settings["rates"]["enforcement"]) * bad**1.15, rng)
    size = len(firm)
    kind = pick(rng, _CASE_SHARES, size=size)
    quality = firms.quality[firm]
    # A few debts of offices of the state, all of them paid by now.
    office = (kind == 4) & flags_exact(rng, size, 0.06)
    pushed = later(rng, found, 1, 5, told, 0.98)
    warned = later(rng, pushed, 1, 9, told, 0.96)
    court = kind == 0
    noticed = np.where(court, later(rng, warned, 1, 8, told, 0.97), NO_DAY)
    promised = later(rng, noticed, 4, 30, told, 1 / (1 + np.exp(-0.5 - 0.6 * quality)))
    until = np.where(promised >= 0, promised + rng.choice([60, 90, 180], size), NO_DAY)
    treated = later(rng, np.where(court, np.where(promised >= 0, promised, noticed), warned), 3, 60, told, 0.97)
    leaves = rng.random(size) < 1 / (1 + np.exp(-0.95 - 0.45 * quality - 0.3 * (promised >= 0)))
    length = np.where(
        leaves, rng.gamma(1.8, 45, size), np.where(until >= 0, until - found, 0) + rng.gamma(2.0, 40, size)
    )
    closed = np.where(treated >= 0, np.maximum(treated + 1, found + length.astype(np.int64)), NO_DAY)
    closed = np.where((closed >= 0) & (closed < told.last), closed, NO_DAY)
    old = office & (closed < 0)
    found = np.where(old, told.last - 300 - found % 200, found)
    for step in (pushed, warned, treated):
        step[old] = found[old] + 3
    closed = np.where(old, found + 90, closed)
    leaves |= office
    outcome = np.where(closed < 0, 2, np.where(leaves, 0, 1))
    reminded = np.where(
        court & (until >= 0) & ~leaves,
        np.where(until - 10 < told.last, np.maximum(until - 10, promised), NO_DAY),
        NO_DAY,
    )
    shown = np.where(outcome == 1, np.where(closed + 2 < told.last, closed + 2, NO_DAY), NO_DAY)
    order = np.lexsort((firm, found))
    amount = np.round(np.exp(rng.normal(11.3, 1.2, size)), -2)
    offices = _offices(told)
    uscc = np.where(
        office,
        np.array(offices.to_pylist(), dtype=object)[rng.integers(0, len(offices), size)],
        np.array(firms.uscc.to_pylist(), dtype=object)[firm],
    )

    def sorted_days(values: Ints) -> pa.Array:
        return days(values[order])

    columns = {
        "case_id": join(same("XS", size), padded(np.arange(1, size + 1), 6)),
        "uscc": pa.array(uscc[order]),
        "kind": chosen(CASES, kind[order]),
        "discovered_on": sorted_days(found),
        "pushed_on": sorted_days(pushed),
        "warned_on": sorted_days(warned),
        "treated_on": sorted_days(treated),
        "shown_on": sorted_days(shown),
        "notice_on": sorted_days(noticed),
        "commitment_on": sorted_days(promised),
        "commitment_until": sorted_days(until),
        "reminded_on": sorted_days(reminded),
        "outcome": chosen(["退出", "惩戒", "在办"], outcome[order]),
        "closed_on": sorted_days(closed),
        "amount": pa.array(amount[order]),
        "debtor_kind": chosen(["企业", "机关事业"], office[order].astype(np.int64)),
    }
    return (as_table("enforcement", columns, size), found[order]), firm[~office]


def _offices(told: Told) -> pa.Array:
    return codes(np.arange(20_000_000, 20_000_012), np.full(12, "11", dtype="<U2"), told.seed)


def _lists(told: Told, firms: Firms, bad: Floats) -> tuple[tuple[pa.Table, Ints], Ints]:
    rng = generator(told.seed, "lists")
    red, black = told.scaled("red"), told.scaled("black")
    old = firms.active & (firms.age > 2)
    noise = rng.gumbel(0, 1, len(firms))
    good = np.argsort(np.where(old, -(1.6 * firms.quality + 0.4 * firms.size + noise), np.inf))[:red]
    worst = np.argsort(np.where(old, -(np.log(bad) * 1.2 + noise), np.inf))[:black]
    firm = np.concatenate([good, worst])
    is_black = np.arange(len(firm)) >= len(good)
    size = len(firm)
    span = told.last - told.events_from - 60
    earliest = np.maximum(told.events_from, firms.registered[firm] + 365)
    entered = np.minimum(
        earliest + (rng.random(size) * span).astype(np.int64), told.last - 1 - rng.integers(0, 400, size)
    )
    entered = np.maximum(entered, firms.registered[firm] + 300)
    term = np.where(is_black, rng.choice([730, 1096], size), rng.choice([730, 1096], size))
    removed = later(rng, entered, 60, 600, told, np.where(is_black, 0.42, 0.03))
    order = np.lexsort((firm, entered))
    red_basis = ("纳税信用连续三年A级", "安全生产标准化达标", "诚信建设示范企业", "慈善捐赠突出", "劳动关系和谐企业")
    black_basis = (
        "失信被执行人",
        "拖欠农民工工资",
        "重大税收违法",
        "安全生产严重失信",
        "严重违法失信市场主体",
        "食品安全严重违法",
    )
    basis = pa.array(
        np.where(
            is_black,
            np.array(black_basis, dtype=object)[pick(rng, np.array([0.46, 0.14, 0.08, 0.08, 0.16, 0.08]), size=size)],
            np.array(red_basis, dtype=object)[rng.integers(0, len(red_basis), size)],
        )
    )
    columns = {
        "entry_id": join(same("MD", size), padded(np.arange(1, size + 1), 6)),
        "uscc": firms.uscc.take(pa.array(firm[order])),
        "list": chosen(["红名单", "黑名单"], is_black[order].astype(np.int64)),
        "basis": basis.take(pa.array(order)),
        "entered_on": days(entered[order]),
        "valid_until": days((entered + term)[order]),
        "removed_on": days(removed[order]),
        "subject_kind": same("企业", size),
    }
    return (as_table("list_entry", columns, size), entered[order]), worst


#: How often telling records come per thousand firms and year, by the sign of quality's influence.
_TELLING = {
    "经营异常名录": (24.0, -1),
    "社会保险欠缴": (7.0, -1),
    "住房公积金欠缴": (4.0, -1),
    "水电气费欠缴": (9.0, -1),
    "信用承诺违背": (3.0, -1),
    "限制消费令": (3.5, -1),
    "产品质量监督抽查不合格": (3.0, -1),
    "安全生产责任事故": (0.4, -1),
    "公益诉讼信息": (0.3, -1),
    "破产重整信息": (0.15, -1),
    "纳税信用等级A级": (34.0, 1),
    "高新技术企业认定": (5.0, 1),
    "专精特新企业认定": (1.5, 1),
    "质量奖励": (1.0, 1),
    "守合同重信用公示": (7.0, 1),
    "安全生产标准化达标": (3.0, 1),
    "慈善捐赠": (5.0, 1),
    # Told in full by tables of their own, hence not on the timeline; here only as information collected.
    "严重违法失信名单": (1.2, -1),
    "欠税公告": (2.5, -1),
    "合同违约认定": (1.6, -1),
    "失信被执行人": (4.0, -1),
    "拖欠农民工工资名单": (0.8, -1),
}


def _records(
    told: Told, firms: Firms, bad: Floats, penalty: tuple[pa.Table, Ints], penalty_firm: Ints, decided: Ints
) -> tuple[pa.Table, Ints]:
    """Telling records of the bulk table: honours, arrears, and the publication of each penalty."""
    rng = generator(told.seed, "telling")
    slope = float(told.settings["rates"]["quality_slope"])
    good = np.exp(slope * firms.quality - slope**2 / 2) * (1 + firms.size)
    by_name = {t["type_name"]: t for t in told.record_types}
    kinds: list[tuple[str, float, int]] = [
        (by_name[n]["type_code"], rate / 1000, sign) for n, (rate, sign) in _TELLING.items()
    ]
    kinds += [(t["type_code"], 0.0009, -1) for t in told.record_types if t["disclosure_name"] == "行政强制"]
    kinds += [(t["type_code"], 0.0012, 1) for t in told.record_types if t["disclosure_name"] == "行政奖励"]
    polarity = {t["type_code"]: t["polarity"] for t in told.record_types}
    office = {t["type_code"]: told.authority(t["type_name"]) for t in told.record_types}
    scale = float(told.settings["rates"]["event"]) / 0.036
    parts: list[tuple[Ints, Ints, str]] = []
    for kind_code, rate, sign in kinds:
        likely: Floats = np.asarray(rate * (scale * bad if sign < 0 else good))
        firm, day = _happened(told, firms, likely, rng)
        inside = day >= told.first
        parts.append((firm[inside], day[inside], kind_code))
    punished = [t for t in told.record_types if t["disclosure_name"] == "行政处罚"]
    shown = np.array(penalty[0]["published_on"].cast(pa.int32()).fill_null(NO_DAY).to_numpy())
    inside = (shown >= 0) & (decided >= told.first)
    kind = pick(rng, 1.0 / np.arange(1, len(punished) + 1), size=int(inside.sum()))
    firm = np.concatenate([*(f for f, _, _ in parts), penalty_firm[inside]])
    day = np.concatenate([*(d for _, d, _ in parts), decided[inside]])
    code = np.concatenate(
        [
            *(np.full(len(f), c, dtype=object) for f, _, c in parts),
            np.array([t["type_code"] for t in punished], dtype=object)[kind],
        ]
    )
    told_bad = np.array([polarity[c] == "失信" for c in code])
    told_good = np.array([polarity[c] == "守信" for c in code])
    own = day + rng.integers(0, 8, len(day))
    published = np.concatenate([own[: len(day) - int(inside.sum())], shown[inside]])
    published = np.where(published < told.last, published, NO_DAY)
    order = np.lexsort((firm, day))
    columns = {
        "uscc": firms.uscc.take(pa.array(firm[order])),
        "type_code": pa.array(code[order]),
        "issued_on": days(day[order]),
        "published_on": days(published[order]),
        "valid_until": days(np.where(told_bad, day + 1096, np.where(told_good, day + 730, NO_DAY))[order]),
        "polarity": pa.array(np.array([polarity[c] for c in code[order]], dtype=object)),
        "authority": pa.array(np.array([office[c] for c in code[order]], dtype=object)),
        "system": pa.nulls(len(day), pa.string()),
        "amount": pa.nulls(len(day), pa.float64()),
        "record_id": join(same("XE", len(day)), padded(np.arange(1, len(day) + 1), 8)),
    }
    return as_table("credit_record", columns, len(day)), day[order]
