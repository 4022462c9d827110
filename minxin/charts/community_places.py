"""What people of a community ask about, and in which estates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from minxin.analysis import messages, wording
from minxin.analysis.assessment import profile
from minxin.charts.chart import Chart, Encoding, Kind, Unit

if TYPE_CHECKING:
    from minxin.charts.community import Profile

_HIDDEN = "shown"


def hidden(page: Profile, rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Counts below the smallest that may be shown as 「<5」, with the columns ``status`` and ``shown``."""
    small = (rows[column] > 0) & (rows[column] < page.smallest)
    return rows.assign(
        **{
            column: rows[column].where(~small).astype("float64"),
            "status": np.where(small, "few", "ok"),
            _HIDDEN: np.where(small, f"<{page.smallest}", ""),
        }
    )


def categories(page: Profile) -> Chart:
    """The most frequent categories, with a stroke where everybody's mix would put them."""
    rows = page.by_category
    shown = hidden(page, rows.head(page.board.categories).reset_index(drop=True), "accepted")
    headings = {"category_1": "一级分类", "accepted": "受理量", "awaited": f"按{page.whole}构成应有件数"}
    units = {"awaited": Unit("number", "件", 1)}
    if not page.smallest:
        headings |= {"share": "占比", "street": f"{page.whole}占比"}
        units |= {"share": Unit("rate"), "street": Unit("rate")}
        if rows["before"].notna().any():
            shown["difference"] = shown["accepted"] - shown["before"]
            headings |= {"before": "上月", "difference": "增减"}
            units |= {"before": Unit(), "difference": Unit()}
    rest = len(rows) - len(shown)
    return page.chart(
        "categories",
        Kind.BULLET,
        shown,
        Encoding(
            x="category_1", y="accepted", target="awaited", key="category_1", status="status", label=_HIDDEN,
            order="-accepted",
        ),
        Unit(),
        _category_title(page, rows),
        f"{page.name}{page.month_name}各类受理量（件），竖线为按{page.whole}构成应有的件数"
        + (f"，另有 {rest} 类未列出" if rest > 0 else ""),
        ("intake",),
        headings=headings,
        units=units,
    )  # fmt: skip


def _category_title(page: Profile, rows: pd.DataFrame) -> str:
    """Which categories are more than everybody's mix would make them, else which come most."""
    if rows.empty:
        return f"{page.name}{page.month_name}无受理诉求"
    return page.standing_out or messages.category_message(rows, smallest=page.smallest)


def standing_out(page: Profile) -> str:
    """Which categories have more than everybody's mix would give them; '' where none has beyond chance."""
    rows = page.by_category
    names = rows["category_1"].astype(str).tolist()
    high = profile.more_than_its_share(names, rows["accepted"].to_numpy(), rows["others"].to_numpy())
    if not high:
        return ""
    first = rows[rows["category_1"] == high[0]].iloc[0]
    share, street = wording.rate_text(first["share"]), wording.rate_text(first["street"])
    also = f"，{wording.names_text(high[1:])}也偏多" if len(high) > 1 else ""
    return f"{high[0]}占 {share}，明显高于{page.whole} {street}{also}"


def estates(page: Profile) -> Chart:
    """The estates with most petitions of the year, with a stroke where their households would put them."""
    found = page.estate_rows
    named = found[found["estate_code"] != ""].reset_index(drop=True)
    total = float(named["n"].sum()) if len(named) else 0.0
    households = pd.to_numeric(named["households"]).astype("float64").to_numpy()
    named = named.assign(households=households, awaited=profile.in_proportion(households, total))
    held = named[named["n"] > 0].head(page.board.estates).reset_index(drop=True)
    shown = hidden(page, held, "n")
    headings = {"estate_name": "小区", "n": "受理量", "awaited": "按户数应有件数"}
    units = {"awaited": Unit("number", "件", 1)}
    if not page.smallest:
        headings |= {"n_month": "当月", "households": "户数"}
        units |= {"n_month": Unit(), "households": Unit("count", "户")}
    rest = float(found["n"].sum() - total) if len(found) else 0.0
    start, end = page.everyone.since, page.everyone.end
    return page.chart(
        "estates",
        Kind.BULLET,
        shown,
        Encoding(
            x="estate_name", y="n", target="awaited" if np.isfinite(shown["awaited"]).any() else "",
            key="estate_code", status="status", label=_HIDDEN, order="-n",
        ),
        Unit(),
        _estate_title(page, named, total, len(found) > 0),
        f"{page.name}各小区受理量（件），{wording.days_text(start, end, year=True)}，竖线为按户数应有的件数"
        + (f"，另有 {wording.count_text(rest, '件', page.smallest)}没有写明小区" if rest else ""),
        ("intake",),
        headings=headings,
        units=units,
    )  # fmt: skip


def _estate_title(page: Profile, named: pd.DataFrame, total: float, is_known: bool) -> str:
    if not total:
        return "小区无数据" if is_known or named.empty else f"{page.name}无受理诉求"
    held = named[named["households"] > 0]
    names = held["estate_name"].astype(str).tolist()
    high = profile.more_than_its_share(names, held["n"].to_numpy(), held["households"].to_numpy())
    if high:
        first = held[held["estate_name"] == high[0]].iloc[0]
        count = wording.count_text(float(first["n"]), "件", page.smallest)
        others = f"，{wording.names_text(high[1:])}也偏多" if len(high) > 1 else ""
        return f"{high[0]} {count}，按户数应有约 {first['awaited']:.0f} 件{others}"
    first = named.sort_values("n", ascending=False, kind="stable").iloc[0]
    most = f"{first['estate_name']}最多，{wording.count_text(float(first['n']), '件', page.smallest)}"
    return f"{most}；按户数看各小区没有显著差异" if len(names) > 1 else most
