"""What simulated firms gain and how they are looked at: loans, inspections, parks, honest merchants."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from minxin.demo.credit.events import NO_DAY, Tables, later
from minxin.demo.credit.firms import Firms, days, split_exactly
from minxin.demo.credit.settings import Told
from minxin.demo.draw import Bools, Floats, Ints, generator, pick
from minxin.demo.rows import as_table, padded, where
from minxin.demo.scenario import day_number
from minxin.demo.texts import chosen, drawn, join, same

BANKS = (
    "鹤壁农商银行",
    "中原银行鹤壁分行",
    "工商银行鹤壁分行",
    "农业银行鹤壁分行",
    "建设银行鹤壁分行",
    "邮储银行鹤壁分行",
    "浚县农商银行",
    "淇县农商银行",
)
PRODUCTS = ("信用快贷", "税易贷", "订单贷", "园区贷", "科创贷", "惠农贷")
PROBLEMS = (
    "未按规定公示信息",
    "登记住所无法联系",
    "台账记录不全",
    "安全隐患",
    "超范围经营",
    "标签标识不规范",
    "劳动用工不规范",
    "消防设施不合格",
)
ACTIONS = ("责令改正", "约谈提醒", "立案查处", "移送有关部门")


def make(told: Told, firms: Firms, troubles: Ints) -> Tables:
    """All such tables; ``troubles`` counts what is known against each firm."""
    return {
        "loan": _loans(told, firms, troubles),
        "inspection": _inspections(told, firms, troubles),
        "park": (_parks(told), None),
        "park_benefit": _benefits(told, firms),
        "merchant": (_merchants(told, firms), None),
    }


def _top(score: Floats, among: Bools, number: int) -> Ints:
    """The ``number`` rows of the highest score among those allowed, in order of rows."""
    order = np.argsort(np.where(among, -score, np.inf), kind="stable")[: min(number, int(among.sum()))]
    return np.sort(order)


def _loans(told: Told, firms: Firms, troubles: Ints) -> tuple[pa.Table, Ints]:
    """From registration to repayment; what was granted and drawn adds up to the published amounts."""
    rng = generator(told.seed, "loans")
    noise = rng.gumbel(0, 1, len(firms))
    here = firms.active & ~firms.revoked & (firms.county < len(told.settings["counties"])) & (firms.age > 0.6)
    firm = _top(0.55 * firms.quality + 0.35 * firms.size + 1.3 * noise, here, told.scaled("registered"))
    size = len(firm)
    quality = firms.quality[firm]
    begin = day_number(date(2021, 3, 1))
    registered = np.maximum(begin, firms.registered[firm] + 120)
    registered = registered + (rng.random(size) ** 1.3 * (told.last - 3 - registered)).astype(np.int64)
    early = registered < told.last - 45
    listed = np.zeros(size, dtype=bool)
    listed[_top(1.1 * quality + 0.4 * firms.size[firm] + rng.gumbel(0, 0.8, size), early, told.scaled("whitelist"))] = (
        True
    )
    whitelisted = np.where(listed, np.minimum(registered + rng.integers(5, 60, size), told.last - 20), NO_DAY)
    chance = 1 / (1 + np.exp(1.15 - 0.45 * quality - 0.3 * firms.size[firm] - 2.2 * listed))
    start = np.where(listed, whitelisted, registered)
    granted = later(rng, start, 8, 70, told, chance)
    # Every drawn loan runs a year or two; what comes due after the data end is still running.
    drawn_on = later(rng, granted, 2, 40, told, 1 / (1 + np.exp(-1.6 - 0.2 * quality)))
    weight = np.exp(rng.normal(0, 0.9, size)) * np.array([0.6, 1.0, 4.0, 12.0])[firms.size[firm]] * (1 + 1.2 * listed)
    is_granted, is_drawn = granted >= 0, drawn_on >= 0
    granted_amount = np.zeros(size)
    granted_amount[is_granted] = split_exactly(told.scaled("credit"), weight[is_granted])
    share = np.where(rng.random(size) < 0.45, 1.0, rng.uniform(0.3, 1.0, size))
    wish = np.minimum(weight * share, weight)
    drawn_amount = np.zeros(size)
    drawn_amount[is_drawn] = _within(told.scaled("loans"), granted_amount[is_drawn], wish[is_drawn])
    due = np.where(is_drawn, drawn_on + rng.choice([183, 365, 365, 730], size), NO_DAY)
    # Who is young, and of whom something is known, repays worse: else no white list could be learnt from records.
    shaky = 1.6 * (firms.age[firm] < 4) + 1.3 * np.minimum(troubles[firm], 3)
    bad = rng.random(size) < 1 / (1 + np.exp(3.4 + 1.3 * quality + 0.5 * firms.size[firm] + 0.5 * listed - shaky))
    ended = is_drawn & (due < told.last)
    late = np.where(bad, 5 + rng.gamma(1.3, 45, size), 0).astype(np.int64)
    paid = np.where(bad & (late > 120), NO_DAY, due + late)
    paid = np.where(~bad & (rng.random(size) < 0.25), due - rng.integers(1, 30, size), paid)
    repaid = np.where(is_drawn & (paid >= 0) & (paid < told.last) & (paid > drawn_on), paid, NO_DAY)
    overdue = np.where(ended & bad, np.minimum(np.where(repaid >= 0, late, told.last - due), told.last - due), 0)
    order = np.lexsort((firm, registered))
    columns = {
        "loan_id": join(same("DK", size), padded(np.arange(1, size + 1), 6)),
        "uscc": firms.uscc.take(pa.array(firm[order])),
        "bank": where(is_granted[order], drawn(BANKS, rng, size)),
        "product": where(is_granted[order], drawn(PRODUCTS, rng, size)),
        "registered_on": days(registered[order]),
        "whitelisted_on": days(whitelisted[order]),
        "granted_on": days(granted[order]),
        "granted_amount": where(is_granted[order], pa.array(granted_amount[order])),
        "drawn_on": days(drawn_on[order]),
        "drawn_amount": where(is_drawn[order], pa.array(drawn_amount[order])),
        "due_on": days(due[order]),
        "repaid_on": days(repaid[order]),
        "overdue_days": where(is_drawn[order], pa.array(overdue[order])),
    }
    return as_table("loan", columns, size), registered[order]


def _within(total: int, limits: Floats, weights: Floats, step: int = 10_000) -> Floats:
    """Amounts in whole steps that add up to ``total``, none above its limit."""
    room = np.floor(limits / step).astype(np.int64)
    if total // step >= room.sum():
        return room.astype(np.float64) * step
    low, high = 0.0, 1e9
    for _ in range(80):
        middle = (low + high) / 2
        if np.minimum(room, np.floor(middle * weights)).sum() > total // step:
            high = middle
        else:
            low = middle
    parts = np.minimum(room, np.floor(low * weights)).astype(np.int64)
    rest = total // step - int(parts.sum())
    for row in np.argsort(parts - room, kind="stable"):
        if rest <= 0:
            break
        more = min(rest, int(room[row] - parts[row]))
        parts[row] += more
        rest -= more
    return parts.astype(np.float64) * step


def _inspections(told: Told, firms: Firms, troubles: Ints) -> tuple[pa.Table, Ints]:
    """Before: a uniform draw. After: a fifth uniform, the rest by what is known; complaints beside it."""
    rng = generator(told.seed, "inspections")
    frame = np.flatnonzero(firms.active & ~firms.revoked & (firms.age > 1.6))
    number = told.scaled("inspections")
    turn, begin = day_number(date(2022, 7, 1)), day_number(date(2021, 7, 5))
    older = frame[firms.registered[frame] < begin]
    before = np.sort(rng.choice(older, min(number, len(older)), replace=False))
    uniform = max(1, round(number * 0.2))
    arm_random = np.sort(rng.choice(frame, uniform, replace=False))
    weight = np.array([1.0, 3.0, 6.0, 12.0])[np.minimum(troubles[frame], 3)]
    chance = _inclusion(weight, number - uniform)
    # Sequential Poisson sampling: the smallest u/π; those drawn uniformly already stay out.
    order = np.argsort(rng.random(len(frame)) / chance, kind="stable")
    taken = ~np.isin(frame[order], arm_random)
    arm_risk = np.sort(frame[order][taken][: number - uniform])
    risky = np.zeros(len(firms))
    risky[frame] = chance
    complained = rng.choice(frame, max(1, number // 3), replace=False, p=_shares(np.exp(-0.8 * firms.quality[frame])))
    every = rng.choice(frame, max(1, number // 5), replace=False, p=_shares(np.exp(-1.2 * firms.quality[frame])))
    firm = np.concatenate([before, arm_risk, arm_random, complained, every])
    arm = np.repeat([1, 0, 1, 2, 3], [number, len(arm_risk), len(arm_random), len(complained), len(every)])
    stage = (np.arange(len(firm)) >= number).astype(np.int64)
    propensity = -1.0 * firms.quality[firm] + 0.35 * np.minimum(troubles[firm], 3) + rng.logistic(0, 0.75, len(firm))
    found = np.zeros(len(firm), dtype=bool)
    found[:number] = _highest(propensity[:number], told.scaled("found_before"))
    after = np.arange(number, number + len(arm_risk) + len(arm_random))
    found[after] = _highest(propensity[after], told.scaled("found_after"))
    found[arm >= 2] = propensity[arm >= 2] > (0.9 if number > 50 else 0.5)
    day = np.where(
        stage == 0,
        begin + rng.integers(0, turn - begin, len(firm)),
        turn + rng.integers(0, told.last - turn - 1, len(firm)),
    )
    base = number / len(older)
    either = 1 - (1 - uniform / len(frame)) * (1 - risky[firm])
    probability = np.where(arm >= 2, 1.0, np.where(stage == 0, base, either))
    departments = np.where(stage == 0, 1, 1 + pick(rng, np.array([0.35, 0.3, 0.22, 0.13]), size=len(firm)))
    by_day = np.lexsort((firm, day))
    size = len(firm)
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(str)
    task = pa.array(
        [f"RW{m.replace('-', '')}{'SFJQ'[1 - a] if a < 2 else 'JQ'[a - 2]}" for m, a in zip(month, arm, strict=True)]
    )
    columns = {
        "inspection_id": join(same("JC", size), padded(np.arange(1, size + 1), 6)),
        "task_id": task.take(pa.array(by_day)),
        "uscc": firms.uscc.take(pa.array(firm[by_day])),
        "arm": chosen(["风险", "随机", "举报", "全覆盖"], arm[by_day]),
        "stage": chosen(["试点前", "试点后"], stage[by_day]),
        "departments": pa.array(departments[by_day]),
        "inspected_on": days(day[by_day]),
        "probability": where(arm[by_day] < 2, pa.array(np.round(probability[by_day], 6))),
        "has_problem": pa.array(found[by_day]),
        "problem_kind": where(found[by_day], drawn(PROBLEMS, rng, size)),
        "action": where(found[by_day], chosen(ACTIONS, pick(rng, np.array([0.62, 0.2, 0.14, 0.04]), size=size))),
    }
    return as_table("inspection", columns, size), day[by_day]


def _shares(weights: Floats) -> Floats:
    return weights / weights.sum()


def _highest(score: Floats, number: int) -> Bools:
    found = np.zeros(len(score), dtype=bool)
    found[np.argsort(-score, kind="stable")[:number]] = True
    return found


def _inclusion(weights: Floats, number: int) -> Floats:
    """Inclusion probabilities in proportion to the weights, none above one, adding up to ``number``."""
    chance = np.zeros(len(weights))
    sure = np.zeros(len(weights), dtype=bool)
    for _ in range(len(weights)):
        rest = number - int(sure.sum())
        chance = np.where(sure, 1.0, weights / weights[~sure].sum() * rest)
        if not (more := chance > 1).any():
            break
        sure |= more
    return chance


def _parks(told: Told) -> pa.Table:
    size = len(told.parks)
    columns = {
        "park_code": pa.array([p["park_code"] for p in told.parks]),
        "name": pa.array([p["name"] for p in told.parks]),
        "county_code": pa.array([p["county_code"] for p in told.parks]),
        "kind": pa.array([p["kind"] for p in told.parks]),
        "opened_on": pa.array([date.fromisoformat(p["opened_on"]) for p in told.parks]),
    }
    return as_table("park", columns, size)


def _benefits(told: Told, firms: Firms) -> tuple[pa.Table, Ints]:
    """Money for the firms of the parks, adding up to the published amounts by kind."""
    rng = generator(told.seed, "benefits")
    opened = np.array([day_number(date.fromisoformat(p["opened_on"])) for p in told.parks])
    home = np.array([p["county_code"] != told.settings["street_county"] for p in told.parks])
    member = np.flatnonzero(firms.active & (firms.park >= 0))
    member = member[home[firms.park[member]]]
    parts = []
    for kind, (name, share) in enumerate((("budget", 0.03), ("refund", 0.22), ("park_loans", 0.3))):
        many = max(1, round(len(member) * share))
        who = _top(firms.quality[member] + rng.gumbel(0, 0.8, len(member)), np.ones(len(member), dtype=bool), many)
        firm = member[who]
        weight = np.exp(rng.normal(0, 0.8, len(firm))) * np.array([0.5, 1.0, 4.0, 10.0])[firms.size[firm]]
        start = np.maximum(opened[firms.park[firm]], firms.registered[firm]) + 20
        day = start + (rng.random(len(firm)) * np.maximum(told.last - 2 - start, 1)).astype(np.int64)
        parts.append(
            (firm, split_exactly(told.scaled(name), weight), np.minimum(day, told.last - 1), np.full(len(firm), kind))
        )
    firm, amount, day, kind_ = (np.concatenate([p[i] for p in parts]) for i in range(4))
    kept = amount > 0
    order = np.flatnonzero(kept)[np.lexsort((firm[kept], day[kept]))]
    size = len(order)
    columns = {
        "benefit_id": join(same("HQ", size), padded(np.arange(1, size + 1), 6)),
        "park_code": chosen([p["park_code"] for p in told.parks], firms.park[firm[order]]),
        "uscc": firms.uscc.take(pa.array(firm[order])),
        "kind": chosen(["中央预算内资金", "留抵退税", "信用贷款"], kind_[order]),
        "amount": pa.array(amount[order]),
        "granted_on": days(day[order]),
    }
    return as_table("park_benefit", columns, size), day[order]


def _merchants(told: Told, firms: Firms) -> pa.Table:
    """Shops in being for a year at least, the better ones."""
    rng = generator(told.seed, "merchants")
    trades = np.array([i["code"][0] in "FHO" for i in told.industries])[firms.industry]
    firm = _top(
        firms.quality + rng.gumbel(0, 0.7, len(firms)),
        trades & firms.active & ~firms.revoked & (firms.age > 1.5),
        told.scaled("merchants"),
    )
    size = len(firm)
    earliest = np.maximum(day_number(date(2021, 9, 1)), firms.registered[firm] + 366)
    named = earliest + (rng.random(size) * np.maximum(told.last - 10 - earliest, 1)).astype(np.int64)
    score = np.clip(np.round(86 + 4 * firms.quality[firm] + rng.normal(0, 2.5, size), 1), 75, 100)
    complaints = rng.poisson(np.exp(0.9 - 0.5 * firms.quality[firm]))
    places = [c for c, _, _ in told.communities]
    names = [n for _, n, _ in told.communities]
    inside = firms.community[firm] >= 0
    place = np.maximum(firms.community[firm], 0)
    columns = {
        "merchant_id": join(same("SH", size), padded(np.arange(1, size + 1), 5)),
        "uscc": firms.uscc.take(pa.array(firm)),
        "community_code": where(inside, chosen(places, place)).fill_null("none"),
        "community_name": where(inside, chosen(names, place)).fill_null("未归属"),
        "community_source": chosen(["none", "code"], inside.astype(np.int64)),
        "named_on": days(np.minimum(named, told.last - 1)),
        "score": pa.array(score),
        "grade": chosen(["A", "AA", "AAA"], np.digitize(score, [85, 92])),
        "complaints": pa.array(complaints),
    }
    return as_table("merchant", columns, size)
