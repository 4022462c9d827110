"""Which simulated firms were told of a policy and served: by its own conditions, as far as they can be seen."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from minxin.demo.credit.firms import SIZES, Firms, days
from minxin.demo.credit.settings import Told
from minxin.demo.draw import Bools, Floats, Ints, generator
from minxin.demo.rows import as_table, padded, where
from minxin.demo.scenario import day_number
from minxin.demo.texts import chosen, join, same
from minxin.warehouse.policies import Condition, Policy


def matches(
    told: Told, policies: tuple[Policy, ...], firms: Firms, troubles: Ints, known: dict[str, Bools]
) -> tuple[pa.Table, Ints]:
    """The rows of ``policy_match``; ``known`` says which firms are in a list, are merchants or have borrowed."""
    rng = generator(told.seed, "policies")
    whole: list[list[Ints]] = []
    money: list[Floats] = []
    for number, policy in enumerate(policies):
        fits = firms.active & ~firms.revoked
        for condition in policy.conditions:
            fits = fits & _met(condition, told, firms, troubles, known)
        firm = np.flatnonzero(fits)
        firm = firm[rng.random(len(firm)) < 0.62]
        start = np.maximum(day_number(policy.start), firms.registered[firm] + 60)
        matched = start + (rng.random(len(firm)) ** 1.2 * np.maximum(told.last - 2 - start, 1)).astype(np.int64)
        kept = matched < told.last
        firm, matched = firm[kept], matched[kept]
        served = matched + rng.gamma(1.6, 9.0, len(firm)).astype(np.int64)
        served = np.where((served < told.last) & (rng.random(len(firm)) < 0.83), served, -1)
        amount = np.round(policy.amount * rng.uniform(0.35, 1.0, len(firm)), -2)
        whole.append([np.full(len(firm), number), firm, matched, served])
        money.append(amount)
    policy_, firm, matched, served = (np.concatenate([part[i] for part in whole]) for i in range(4))
    order = np.lexsort((firm, policy_, matched))
    policy_, firm, matched, served = (values[order] for values in (policy_, firm, matched, served))
    amount = np.concatenate(money)[order]
    size = len(order)
    columns = {
        "match_id": join(same("PP", size), padded(np.arange(1, size + 1), 7)),
        "policy_id": chosen([p.id for p in policies], policy_),
        "uscc": firms.uscc.take(pa.array(firm)),
        "matched_on": days(matched),
        "served_on": days(served),
        "service": where(served >= 0, chosen([p.service for p in policies], policy_)),
        "amount": where((served >= 0) & (amount > 0), pa.array(amount)),
    }
    return as_table("policy_match", columns, size), matched


def _met(condition: Condition, told: Told, firms: Firms, troubles: Ints, known: dict[str, Bools]) -> Bools:
    """Whether each firm meets a condition; classes are not known here, so a firm without trouble stands for green."""
    size = len(firms)
    if condition.field == "risk_class":
        return (troubles == 0) & (firms.age > 0.5) if condition.within == ("A",) else troubles <= 1
    if condition.field in ("years", "staff", "capital"):
        value = {"years": firms.age, "staff": firms.staff.astype(np.float64), "capital": firms.capital}[condition.field]
        low = -np.inf if condition.least is None else condition.least
        return (value >= low) & (value <= (np.inf if condition.most is None else condition.most))
    if condition.field in known:
        return known[condition.field] if condition.within == ("是",) else ~known[condition.field]
    counties = [*told.settings["counties"], told.settings["street_county"]]
    options: dict[str, tuple[list[str], Ints]] = {
        "size": (list(SIZES), firms.size),
        "county_code": (counties, firms.county),
        "industry_section": ([i["code"][0] for i in told.industries], firms.industry),
        "sector_code": ([i["sector"] for i in told.industries], firms.industry),
        "in_park": (["否", "是"], (firms.park >= 0).astype(np.int64)),
    }
    if condition.field not in options:
        return np.ones(size, dtype=bool)
    names, position = options[condition.field]
    return np.array([name in condition.within for name in names])[position]


def members(firms: Firms, *tables: tuple[str, pa.Table]) -> dict[str, Bools]:
    """For each named table which firms stand in it."""
    return {name: pc.is_in(firms.uscc, table["uscc"].combine_chunks()).to_numpy(False) for name, table in tables}
