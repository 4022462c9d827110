"""The simulated firms: where, what, how old, how large, and a hidden quality that the lake never sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from minxin.demo.credit.codes import codes
from minxin.demo.credit.settings import Told
from minxin.demo.draw import Bools, Floats, Ints, generator, pick, shares
from minxin.demo.rows import as_table, where
from minxin.demo.texts import chosen, join
from minxin.settings import NO_COMMUNITY, NO_COMMUNITY_NAME

SIZES = ("微型", "小型", "中型", "大型")
_BRAND = (
    "金华盛昌宏鑫瑞丰泰和信诚德兴隆源恒永安康达通顺祥福嘉美佳乐天海江山川林森"
    "云星辰光明阳春秋新东方中正大博文雅智创联合众力强飞腾凯旋龙凤麒麟淇鹤朝歌"
)
_FORMS = ("有限公司", "有限责任公司", "股份有限公司")


@dataclass(frozen=True)
class Firms:
    """One row per firm; days count from 1970-01-01, positions are those of the settings' lists, -1 none."""

    uscc: pa.Array
    industry: Ints
    sector: pa.Array
    field: pa.Array
    county: Ints
    community: Ints
    park: Ints
    registered: Ints
    age: Floats
    size: Ints
    staff: Ints
    capital: Floats
    #: In being, or its licence revoked; false for those that are gone.
    active: Bools
    revoked: Bools
    #: Standard normal, higher is better; never written anywhere.
    quality: Floats

    def __len__(self) -> int:
        return len(self.industry)


def make(told: Told) -> Firms:
    """All firms of a run: as many in being as asked for, and some that are gone."""
    rng = generator(told.seed, "firms")
    gone = max(1, round(told.firms * float(told.settings["gone_share"])))
    size = told.firms + gone
    active = np.ones(size, dtype=bool)
    active[rng.choice(size, gone, replace=False)] = False
    counties = told.settings["counties"]
    street = flags_exact(rng, size, float(told.settings["street_share"]))
    county = pick(rng, np.array([c["share"] for c in counties.values()]), size=size)
    county[street] = len(counties)
    community = np.full(size, -1, dtype=np.int64)
    community[street] = pick(rng, np.array([weight for _, _, weight in told.communities]), size=int(street.sum()))
    weights = np.array(
        [
            [float(i["weight"]) for i in told.industries],
            [float(i["weight"]) * float(i["street"]) for i in told.industries],
        ]
    )
    industry = pick(rng, weights, street.astype(np.int64))
    # Ages in years: many young firms, few old ones, hardly any from the last days.
    age = np.minimum(rng.gamma(1.25, 5.6, size) + 0.02, 33.0)
    registered = told.last - (age * 365.25).astype(np.int64) - 1
    large = (
        rng.normal(0, 1, size)
        + 0.35 * np.log(age + 0.5)
        + 0.25 * np.log([float(i["capital"]) for i in told.industries])[industry]
    )
    cuts = np.quantile(large, [0.66, 0.925, 0.987])
    scale = np.searchsorted(cuts, large).astype(np.int64)
    staff = np.round(np.exp(rng.normal(0, 0.6, size)) * np.array([3.0, 18.0, 120.0, 520.0])[scale]).astype(np.int64)
    staff[flags_exact(rng, size, 0.012)] = 0
    capital = np.round(
        np.array([float(i["capital"]) for i in told.industries])[industry]
        * np.exp(rng.normal(0, 0.8, size))
        * np.array([0.5, 1.2, 5.0, 25.0])[scale],
        -1,
    )
    capital[flags_exact(rng, size, 0.004)] = 0
    park_weights = np.array([float(p["share"]) for p in told.parks])
    county_codes = [*counties, told.settings["street_county"]]
    park = np.full(size, -1, dtype=np.int64)
    for position in range(len(county_codes)):
        here = [i for i, p in enumerate(told.parks) if p["county_code"] == county_codes[position]]
        members = np.flatnonzero((county == position) & (rng.random(size) < 0.075) & (scale > 0))
        if here and len(members):
            park[members] = np.array(here)[pick(rng, park_weights[here], size=len(members))]
    quality = (
        rng.normal(0, 1, size)
        + np.array([float(i["quality"]) for i in told.industries])[industry] * 1.3
        + np.array([*(c["quality"] for c in counties.values()), 0.05])[county]
        + 0.10 * np.log(age + 0.3)
        + np.array([-0.10, 0.05, 0.25, 0.40])[scale]
        + np.where(park >= 0, np.array([float(p["quality"]) for p in told.parks])[park], 0.0)
        # How the property companies of a community are, so that petitions and credit have something to meet in.
        + np.where(
            community >= 0, generator(told.seed, "places").normal(0, 0.25, len(told.communities))[community], 0.0
        )
    )
    quality = (quality - quality.mean()) / quality.std()
    revoked = active & (rng.random(size) < float(told.settings["revoked_share"]) * 2 * (quality < 0.2))
    kinds = np.full(size, "91", dtype="<U2")
    farms = np.array([i["code"].startswith("A") for i in told.industries])[industry]
    kinds[farms & (rng.random(size) < 0.4)] = "93"
    kinds[farms & (rng.random(size) < 0.05)] = "N2"
    return Firms(
        uscc=codes(np.arange(size), kinds, told.seed),
        industry=industry,
        sector=pa.array([i["sector"] or None for i in told.industries]).take(pa.array(industry)),
        field=pa.array([i["field"] for i in told.industries]).take(pa.array(industry)),
        county=county,
        community=community,
        park=park,
        registered=registered,
        age=age,
        size=scale,
        staff=staff,
        capital=capital,
        active=active,
        revoked=revoked,
        quality=quality,
    )


def flags_exact(rng: np.random.Generator, size: int, share: float) -> Bools:
    """A given share of the rows, exactly as many as that is."""
    found = np.zeros(size, dtype=bool)
    found[rng.permutation(size)[: round(size * share)]] = True
    return found


def table(told: Told, firms: Firms) -> pa.Table:
    """The rows of ``enterprise``."""
    rng = generator(told.seed, "names")
    size = len(firms)
    counties = told.settings["counties"]
    prefixes = [c["prefix"] for c in counties.values()] + [["深圳市", "深圳市宝安", "深圳"]]
    flat = [p for group in prefixes for p in group]
    starts = np.cumsum([0, *(len(g) for g in prefixes)])[:-1]
    counts = np.array([len(g) for g in prefixes])
    prefix = starts[firms.county] + (rng.random(size) * counts[firms.county]).astype(np.int64)
    brand = rng.integers(0, len(_BRAND), (2, size))
    third = np.where(rng.random(size) < 0.35, rng.integers(0, len(_BRAND), size), len(_BRAND))
    form = chosen(_FORMS, pick(rng, np.array([0.88, 0.1, 0.02]), size=size))
    cooperative = np.array([u[:2] == "93" for u in firms.uscc.to_pylist()])
    collective = np.array([u[:2] == "N2" for u in firms.uscc.to_pylist()])
    form = pa.array(
        np.where(
            cooperative, "农民专业合作社", np.where(collective, "股份经济合作社", form.to_numpy(zero_copy_only=False))
        )
    )
    letters = [*_BRAND, ""]
    name = join(
        chosen(flat, prefix),
        chosen(letters, brand[0]),
        chosen(letters, brand[1]),
        chosen(letters, third),
        chosen([i["word"] for i in told.industries], firms.industry),
        form,
    )
    status = np.where(
        firms.active, np.where(firms.revoked, "吊销", "存续"), np.where(rng.random(size) < 0.8, "注销", "迁出")
    )
    places = [c for c, _, _ in told.communities] + [NO_COMMUNITY]
    names = [n for _, n, _ in told.communities] + [NO_COMMUNITY_NAME]
    place = np.where(firms.community < 0, len(told.communities), firms.community)
    columns = {
        "uscc": firms.uscc,
        "name": name,
        "industry_code": chosen([i["code"] for i in told.industries], firms.industry),
        "sector_code": firms.sector,
        "county_code": chosen([*counties, told.settings["street_county"]], firms.county),
        "community_code": chosen(places, place),
        "community_name": chosen(names, place),
        "community_source": chosen(["code", "none"], (firms.community < 0).astype(np.int64)),
        "park_code": where(firms.park >= 0, chosen([p["park_code"] for p in told.parks], np.maximum(firms.park, 0))),
        "registered_on": days(firms.registered),
        "capital": pa.array(firms.capital),
        "staff": pa.array(firms.staff),
        "size": chosen(SIZES, firms.size),
        "status": pa.array(status),
    }
    return as_table("enterprise", columns, size)


def days(numbers: Ints) -> pa.Array:
    """Dates from days since 1970; negative ones, which stand for never, become null."""
    missing = numbers < 0
    return pa.array(np.where(missing, 0, numbers).astype(np.int32), mask=missing).cast(pa.date32())


def split_exactly(total: int, weights: Floats, step: int = 10_000) -> Floats:
    """Amounts in whole ``step`` that add up to ``total`` exactly (a multiple of the step)."""
    return (shares(total // step, weights) * step).astype(np.float64)
