"""What the pages on repair and enforcement are asked: a span, a county, and how small a cell may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import wording
from minxin.analysis.small import WITHHELD
from minxin.analysis.survival import SMALLEST, Curve, median_text
from minxin.charts.credit.counts import Counts
from minxin.charts.figures import SHOWN
from minxin.charts.words import missing

Ask = Callable[..., pd.DataFrame]


@dataclass(frozen=True)
class Question(Counts):
    """Days [start, end) and what they are called; a county ('' for all); counts below ``hidden_below`` are hidden."""

    start: dt.date
    end: dt.date
    label: str
    county: str = ""
    county_name: str = ""
    hidden_below: int = 0

    @property
    def place(self) -> str:
        return self.county_name or "全部县区"

    @property
    def days(self) -> str:
        return f"{self.place}，{self.label}（{wording.days_text(self.start, self.end, year=True)}）"

    def within(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of the county, of all where none is named.

        Blocks give all counties at once: going from one to another asks nothing more.
        """
        return rows[rows["county_code"] == self.county] if self.county else rows

    def summed(self, rows: pd.DataFrame, by: str, every: bool = False) -> pd.DataFrame:
        """One value of ``by`` a row, in order, with all counts of the county, or of all counties together.

        ``every``: a value of which only other counties have rows stays, with zeros.
        """
        counts = [c for c in rows.columns if c != by and pd.api.types.is_numeric_dtype(rows[c])]
        found = self.within(rows).groupby(by)[counts].sum()
        if every:
            found = found.reindex(pd.Index(sorted(rows[by].unique()), name=by), fill_value=0)
        return found.reset_index()

    def count(self, n: float, word: str = "件") -> str:
        """A count as it may be said: 12 件, 1.2万件, <5 件."""
        return super().count(n, word)

    def exact(self, n: float, word: str = "件") -> str:
        """A count in full as it may be said: 12,345 件, <5 件."""
        return super().exact(n, word)

    def hidden(
        self, rows: pd.DataFrame, column: str, *derived: str, also: pd.Series[Any] | None = None
    ) -> pd.DataFrame:
        """Counts that may not be shown as 「<5」, with the columns ``status`` and ``shown``.

        ``derived``: columns from which the count could be worked out; they are empty there. ``also``: counts
        that are not small but tell a small one.
        """
        small = self.is_few(rows[column])
        hide = small if also is None else small | also
        return rows.assign(
            **{
                column: rows[column].astype("float64").where(~hide),
                **{name: rows[name].where(~hide) for name in derived},
                "status": np.where(hide, "few", "ok"),
                SHOWN: np.select([small, hide], [f"<{self.hidden_below}", WITHHELD], ""),
            }
        )

    def steps(self, rows: pd.DataFrame, base: pd.Series[Any], place: Sequence[int], *derived: str) -> pd.DataFrame:
        """Steps with their count ``n`` hidden, where few of ``base`` did not take them, too.

        ``derived``: what is worked out from both; it is empty where either is hidden. ``place``: the row in which
        the base stands, −1 where none has it.
        """
        stands = np.array(place) >= 0
        left_out = self.is_few(base - rows["n"]) & stands
        hide = self.is_few(rows["n"]) | left_out
        unknown = self.is_few(base) | np.array([at >= 0 and bool(hide.iloc[at]) for at in place], dtype=bool)
        data = self.hidden(rows, "n", *derived, also=left_out)
        return data.assign(**{name: data[name].where(~unknown) for name in derived})

    def cards(
        self, rows: Sequence[Mapping[str, Any]], smallest: int, shares: Mapping[str, tuple[int, int]]
    ) -> pd.DataFrame:
        """A row of figures: counts hidden, with a change that tells what is or was one of them.

        ``shares``: code of a share → what it is made of; it is not shown where that may not be told, and is of too
        few below ``smallest``.
        """
        plain = pd.DataFrame(rows).assign(position=range(len(rows)))
        data = self.hidden(plain, "value")
        told = self.is_few(plain["value"]) | self.is_few(plain["value"] - plain["change"])
        data["change"] = plain["change"].mask(told)
        data["change_word"] = plain["change_word"].mask(told, "")
        for code, (x, n) in shares.items():
            row = data["code"] == code
            few = self.few_of(x, n)
            state = "none" if not n else "few" if few or n < smallest else "ok"
            data.loc[row, ["status", SHOWN]] = [state, ""]
            data.loc[row, "value"] = plain.loc[row, "value"]
            if few:
                data.loc[row, ["value", "low", "high"]] = np.nan
            if self.any_few(n):
                data.loc[row, "n"] = np.nan
        return data

    def median_text(self, held: Curve) -> str:
        """The median of a step as it may be said."""
        return median_text(held, self.hidden_below)

    def medians(self, curves: dict[str, Curve], names: dict[str, str]) -> pd.DataFrame:
        """One step a row with its median days and limits; ``status`` and ``said`` where there is no median."""
        rows = pd.DataFrame([_median(step, name, curves[step]) for step, name in names.items()])
        few, left = self.is_few(rows["n"]), self.is_few(rows["open"]) | self.is_few(rows["n"] - rows["open"])
        hidden = {"n": rows["n"].mask(few), "open": rows["open"].mask(few | left)}
        return rows.assign(**hidden, position=range(len(rows)))


def _median(step: str, name: str, held: Curve) -> dict[str, object]:
    middle, low, high = held.quantile()
    few = held.n < SMALLEST
    known = not few and not np.isnan(middle)
    return {
        "step": step,
        "name": name,
        "days": middle if known else np.nan,
        "low": low if known else np.nan,
        "high": (high if not np.isnan(high) else held.days[-1]) if known else np.nan,
        "slow": np.nan if few else held.quantile(0.9)[0],
        "n": held.n,
        "open": held.n_open,
        "status": "few" if few else "ok" if known else "none",
        "said": "" if known or few else "过半未完成",
    }


def dated(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Days written with their year, and short enough for a slide: one list spans several years."""
    written = {c: [None if missing(d) else f"{d:%Y-%m-%d}" for d in rows[c]] for c in columns}
    return rows.assign(**written)
