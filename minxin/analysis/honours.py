"""Evidence on people and units: four measures side by side, each with its cases; none is made of the others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from minxin.analysis import standouts, wording
from minxin.analysis.rates import Interval, difference, weighted, wilson

#: Of fewer promises, call-backs or repeats with call-backs than this no rate is told.
SMALLEST = {"ledger": 5, "satisfaction": 30, "repeat": 5}
_COUNTS = (
    "n_closed",
    "n_first_hand",
    "n_valid",
    "n_satisfied",
    "n_basic",
    "n_repeat",
    "n_repeat_valid",
    "n_repeat_resolved",
    "n_ledger",
    "n_ledger_met",
)


@dataclass(frozen=True)
class Measure:
    """One kind of evidence; ``base`` '' is a count, else the rate's denominator, with the least of it."""

    code: str
    name: str
    meaning: str
    count: str
    base: str = ""

    @property
    def smallest(self) -> int:
        """The least of the denominator for which the rate is told."""
        return SMALLEST.get(self.code, 0)


_HELD = (
    Measure("first_hand", "首办办结", "首办单位接单后未退单、未重办而办结的件数", "n_first_hand"),
    Measure("ledger", "按期销账率", "承诺日已过的挂账中，承诺日前销账的比例", "n_ledger_met", "n_ledger"),
    Measure("satisfaction", "满意率", "有效回访中满意与折算的基本满意之和的比例", "satisfied", "n_valid"),
    Measure("repeat", "重复诉求解决率", "重复诉求的有效回访中说已解决的比例", "n_repeat_resolved", "n_repeat_valid"),
)
MEASURES = {m.code: m for m in _HELD}


def measured(counts: pd.DataFrame, basic_value: float) -> pd.DataFrame:
    """Counts (one subject a row) with, for each rate, ``<code>, <code>_low, <code>_high, <code>_n, <code>_status``.

    ``basic_value`` is what 基本满意 counts. Counts have ``first_hand`` only.
    """
    rows = counts.reset_index(drop=True).copy()
    rows[list(_COUNTS)] = rows[list(_COUNTS)].fillna(0)
    rows["satisfied"] = rows["n_satisfied"] + basic_value * rows["n_basic"]
    squares = rows["n_satisfied"] + basic_value**2 * rows["n_basic"]
    rows["first_hand"] = rows["n_first_hand"].astype("float64")
    for m in MEASURES.values():
        if not m.base:
            continue
        if m.code == "satisfaction":
            found = weighted(rows[m.count], squares, rows[m.base])
        else:
            found = wilson(rows[m.count], rows[m.base])
        rows[m.code], rows[f"{m.code}_low"], rows[f"{m.code}_high"] = found
        rows[f"{m.code}_n"] = rows[m.base]
        rows[f"{m.code}_status"] = np.select([rows[m.base] == 0, rows[m.base] < m.smallest], ["none", "few"], "ok")
    return rows


def is_apart(rows: pd.DataFrame, code: str, measure: Measure, basic_value: float) -> bool | None:
    """Whether a subject's rate differs from that of all others together beyond chance; None where either has too few.

    ``rows``: as ``measured`` gives them. By the interval of the difference (``rates.difference``).
    """
    own = rows["code"] == code
    summed = [rows.loc[part, list(_COUNTS)].sum() for part in (own, ~own)]
    one, rest = (row for _, row in measured(pd.DataFrame(summed), basic_value).iterrows())
    parts = [f"{measure.code}{end}" for end in ("", "_low", "_high")]
    if not measure.base or {one[f"{measure.code}_status"], rest[f"{measure.code}_status"]} != {"ok"}:
        return None
    apart = difference(*(Interval(*(np.asarray(row[p], dtype="float64") for p in parts)) for row in (one, rest)))
    return not apart.low <= 0 <= apart.high


def labelled(people: pd.DataFrame) -> pd.DataFrame:
    """People with ``name``: that of the list of pioneers, else the unit and a number made from the code."""
    names = [
        name or f"{unit or '未登记单位'}·{_number(code)}"
        for name, unit, code in zip(people["name"], people["unit"], people["code"], strict=True)
    ]
    return people.assign(name=pd.Series(names, index=people.index, dtype="object"))


def _number(code: str) -> str:
    """Six digits that stand for a person's code: the same everywhere, and nothing to read in them."""
    return f"{int(hashlib.sha256(code.encode()).hexdigest(), 16) % 1_000_000:06d}"


def ordered(rows: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """The subjects by one measure: those with enough cases first, highest on top, then the others by their cases."""
    if not measure.base:
        return rows.sort_values([measure.code, "name"], ascending=[False, True], ignore_index=True)
    told = rows[f"{measure.code}_status"] == "ok"
    return (
        rows.assign(_told=told, _value=rows[measure.code].where(told))
        .sort_values(["_told", "_value", f"{measure.code}_n", "name"], ascending=[False, False, False, True])
        .drop(columns=["_told", "_value"])
        .reset_index(drop=True)
    )


def message(rows: pd.DataFrame, measure: Measure, word: str) -> str:
    """What one measure says of all subjects: who stands out, or that nobody does. ``word``: 单位 or 人员."""
    if rows.empty:
        return "所选时段没有首办记录"
    if not measure.base:
        top = ordered(rows, measure).iloc[0]
        if not top[measure.code]:
            return "所选时段没有首办办结"
        share = top[measure.code] / rows[measure.code].sum()
        whole = f"，占全部 {wording.rate_text(share)}" if len(rows) > 1 else ""
        return f"{measure.name}最多的是{top['name']}：{wording.count_text(float(top[measure.code]), '件')}{whole}"
    told = rows[rows[f"{measure.code}_status"] == "ok"].reset_index(drop=True)
    if told.empty:
        return f"{measure.name}样本不足：没有{word}达到 {measure.smallest} 件"
    if len(told) == 1:
        one = told.iloc[0]
        interval = wording.interval_text(one[f"{measure.code}_low"], one[f"{measure.code}_high"])
        rate = wording.rate_text(one[measure.code])
        return f"{measure.name}只有{one['name']}够样本：{rate}（区间 {interval}）"
    found = standouts.of_rates(told[measure.count], told[measure.base], measure.smallest)
    high = [str(told["name"].iloc[i]) for i in found.high]
    low = [str(told["name"].iloc[i]) for i in found.low]
    if not high and not low:
        return f"{len(told)} {'名' if word == '人员' else '个'}{word}的{measure.name}没有显著差异"
    said = [f"{wording.names_text(high)}显著高于其他"] if high else []
    said += [f"{wording.names_text(low)}显著低于其他"] if low else []
    return f"{measure.name}：" + "，".join(said)
