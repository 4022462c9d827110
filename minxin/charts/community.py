"""One community on one screen and one sheet, as chart descriptions; the page and the sheet use the same object."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from minxin.analysis import cells, indicators, wording
from minxin.analysis.assessment import messages, profile
from minxin.analysis.assessment.counted import EVER
from minxin.analysis.assessment.review import rate_numerator
from minxin.analysis.assessment.rules import RATES
from minxin.analysis.assessment.signs import Signs, signs
from minxin.analysis.indicators import Indicator
from minxin.analysis.periods import Period
from minxin.charts import boards, community_assessed, community_lists, community_places
from minxin.charts.boards import CommunityBoard
from minxin.charts.chart import Chart
from minxin.charts.once import once
from minxin.charts.scorecard import Scorecard
from minxin.charts.weekly import Question, Weekly
from minxin.charts.weekly_everywhere import Everywhere

#: Months that stand for the usual of estates, ledger and evening talks.
YEAR = 12


def _looked_up(counts: Mapping[str, float], names: Iterable[str]) -> np.ndarray:
    """What each of the names has, 0 where it has nothing."""
    return np.array([counts.get(name, 0) for name in names], dtype="float64")


class Everyone:
    """What a month shows of all communities; the choice of one changes nothing here."""

    def __init__(self, card: Scorecard, board: CommunityBoard) -> None:
        self.card = card
        self.board = board
        self.review = card.review
        self.ask = card.review.ask
        self.rule = card.rule
        year, month = card.review.month
        self.start, self.end = self.rule.month(year, month)
        self.period = (
            Period.month(year, month)
            if self.rule.period_first_day == 1
            else Period.range(self.start, self.end - dt.timedelta(days=1))
        )
        self.weekly_board = replace(boards.weekly(), kpi=board.kpi, kpi_row=board.kpi_row)
        self.everywhere = Everywhere(self.ask, self.period, "previous", card.about.as_of, self.weekly_board)
        #: Beginning of the year that estates, ledger and talks are counted over.
        self.since = self.rule.window(year, month, YEAR)[0]

    @cached_property
    def whole_word(self) -> str:
        """全街道, or what stands for it where the viewer's scope is a part of it."""
        place = self.card.place
        return place.whole_word if set(place.community_codes) <= {*self.everywhere.names, "none"} else "可查看范围"

    @cached_property
    def categories(self) -> dict[str, float]:
        """Category → petitions of the month in all communities."""
        found = cells.by_category(self.everywhere.cells)
        return dict(zip(found["category_1"], found["accepted"], strict=True))

    # ── months ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def months(self) -> list[tuple[int, int]]:
        """The months of a trend by name that have data, the month itself last."""
        first = self.everywhere.first_day
        held = [m for m in self.review.months if self.rule.month(*m)[1] > first]
        return held or [self.review.month]

    @cached_property
    def month_words(self) -> list[str]:
        """22年6月, 22年7月, … 23年1月, 2月: the year where it begins, and wherever it is not that of the data."""
        newest = (self.card.about.as_of - dt.timedelta(microseconds=1)).year
        return [
            f"{y % 100:02d}年{m}月" if i == 0 or m == 1 or y != newest else f"{m}月"
            for i, (y, m) in enumerate(self.months)
        ]

    @cached_property
    def rolling(self) -> list[pd.DataFrame]:
        """Month by month the counts of the assessment over the months that a rate rolls over."""
        span = self.board.rolling_months
        return [self.review.between(self.rule, *self.rule.window(y, m, span)) for y, m in self.months]

    @once
    def rolled(self, rate: str) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Month by month the units' codes, and numerator and denominator of a rate over the rolling months."""
        return [
            (
                counts["code"].to_numpy(dtype=object),
                rate_numerator(counts, rate, self.rule).to_numpy("float64"),
                counts["n_valid"].to_numpy("float64"),
            )
            for counts in self.rolling
        ]

    @cached_property
    def counted(self) -> pd.DataFrame:
        """One community and month with all counts of the daily mart, ``at`` its place among ``months``."""
        # All months that there are: the same trip for every month that is looked at.
        frame = self.ask("community.months", start=EVER[0], end=EVER[1], first_day=self.rule.period_first_day)
        days = pd.to_datetime(frame["month_start"]).dt.date
        places = {self.rule.month(*m)[0]: i for i, m in enumerate(self.months)}
        frame = frame.assign(at=[places.get(day, -1) for day in days], population=float("nan"))
        return frame[frame["at"] >= 0].reset_index(drop=True)

    @once
    def measured(self, indicator: Indicator) -> tuple[pd.DataFrame, pd.DataFrame]:
        """An indicator by community and month, and of all communities by month. Not to be changed."""
        keys = ["month_start", "community_code", "community_name", "at", "population"]
        sums = self.counted.drop(columns=[k for k in keys if k in self.counted and k != "at"])
        whole = sums.groupby("at", as_index=False).sum().assign(population=float("nan"))
        return indicators.measure(indicator, self.counted), indicators.measure(indicator, whole)

    def has_months(self, indicator: Indicator) -> bool:
        """Whether the source has anything for an indicator in the trend."""
        column = indicator.denominator or indicator.numerator
        return bool(len(self.counted)) and float(self.counted[column].sum()) > 0

    # ── what only this page asks, at once for all communities ───────────────────────────────────

    @cached_property
    def estates(self) -> pd.DataFrame:
        """Rows of ``community.estates`` of the year."""
        return self.ask("community.estates", start=self.start, since=self.since, end=self.end)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Rows of ``community.ledger``: promises of the year, of petitions of two years."""
        earliest = self.rule.window(*self.review.month, 2 * YEAR)[0]
        return self.ask("community.ledger", start=self.since, since=earliest, end=self.end)

    @cached_property
    def night_talks(self) -> pd.DataFrame:
        """Rows of ``community.night_talks`` of the year."""
        return self.ask("community.night_talks", start=self.start, since=self.since, end=self.end)

    @cached_property
    def imported(self) -> pd.DataFrame:
        """Rows of ``decisions.past_counts`` since the month began."""
        return self.ask("decisions.past_counts", start=self.start)

    @cached_property
    def sites(self) -> pd.DataFrame:
        """Rows of ``community.sites``."""
        return self.ask("community.sites")


class Profile:
    """One community in one assessed month. Every part is worked out when it is first asked for, and kept.

    ``smallest``: counts below it are hidden, for who sees sums only; 0 hides none.
    """

    def __init__(self, everyone: Everyone, code: str, smallest: int = 0) -> None:
        self.everyone = everyone
        self.code = code
        self.smallest = smallest
        self.card = everyone.card
        self.board = everyone.board
        self.review = everyone.review
        self.rule = everyone.rule
        self.result = everyone.card.result
        self.ask = everyone.ask
        self.period = everyone.period
        self.place = everyone.card.place
        self.whole = everyone.whole_word
        self.name = self.review.names.get(code, code)
        question = Question(everyone.period, "previous", code)
        self.week = Weekly(self.ask, question, self.card.about, everyone.weekly_board, everyone.everywhere)

    def own(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of this community."""
        return cells.narrowed(frame, self.code).drop(columns="community_code").reset_index(drop=True)

    # ── frames ──────────────────────────────────────────────────────────────────────────────────

    @property
    def month_name(self) -> str:
        """2023年6月."""
        return self.card.month_name

    @property
    def span(self) -> str:
        """The month and its days."""
        start, end = self.everyone.start, self.everyone.end
        return f"{self.month_name}（{wording.days_text(start, end)}）"

    @cached_property
    def row(self) -> dict[str, Any]:
        """The assessed row of this community; {} where nothing was assessed."""
        return profile.row_of(self.result, self.code)

    @property
    def has_rates(self) -> bool:
        """Whether the three rates say anything: a source without call-backs has none."""
        return self.card.single is None and self.review.has_callbacks

    @property
    def measure_name(self) -> str:
        """得分, or the single rate that stands in for it."""
        return "得分" if self.card.single is None else self.card.measure_name

    @cached_property
    def against_rest(self) -> pd.DataFrame:
        """Each of the three rates beside that of all other communities."""
        return profile.against_rest(self.review.counts(self.rule), self.code, self.rule)

    @cached_property
    def by_category(self) -> pd.DataFrame:
        """One category a row, the most frequent first, with last month and with everybody's mix."""
        now = self.week.by_category
        kept = now["accepted"].to_numpy() > 0
        names, accepted = now["category_1"].to_numpy()[kept], now["accepted"].to_numpy()[kept]
        everybody = self.everyone.categories
        street = _looked_up(everybody, names)
        total, whole = float(accepted.sum()), float(sum(everybody.values()))
        earlier = self.week.by_category_before
        then = None if earlier is None else dict(zip(earlier["category_1"], earlier["accepted"], strict=True))
        return pd.DataFrame(
            {
                "category_1": names,
                "accepted": accepted,
                "share": accepted / total if total else np.nan,
                "street": street / whole if whole else np.nan,
                "others": street - accepted,
                "awaited": street / whole * total if total else np.nan,
                "before": np.nan if then is None else _looked_up(then, names),
            }
        )

    @cached_property
    def estate_rows(self) -> pd.DataFrame:
        """Rows of ``community.estates`` of the year."""
        return self.own(self.everyone.estates)

    @cached_property
    def rate_signs(self) -> dict[str, Signs]:
        """Name → variation and assurance over the months: the three rates, then the indicators of the trend."""
        found: dict[str, Signs] = {}
        if self.has_rates:
            own = self.review.monthly
            own = own[own["code"] == self.code]
            for rate in RATES:
                target = indicators.load()[f"{rate}_rate"].target(self.period.last)
                x = rate_numerator(own, rate, self.rule).to_numpy()
                value = target.value if target else None
                found[messages.RATE_NAMES[rate]] = signs(x, own["n_valid"].to_numpy(), value)
        rows = self.everyone.counted
        rows = rows[rows["community_code"] == self.code].sort_values("at", kind="stable")
        for code in self.board.trend:
            indicator = indicators.load()[code]
            if indicator.kind == "rate" and not indicator.squares and self.everyone.has_months(indicator):
                target = indicator.target(self.period.last)
                found[indicator.name] = signs(
                    rows[indicator.numerator].to_numpy("float64"),
                    rows[indicator.denominator].to_numpy("float64"),
                    target.value if target else None,
                    bool(indicator.low_is_good),
                )
        return found

    @cached_property
    def flagged(self) -> pd.DataFrame:
        """Signs of numbers that were worked on, those of this community that are worth a look."""
        found = self.review.signs_of_gaming
        return found[(found["code"].astype(str) == self.code) & found["is_flagged"].astype(bool)]

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Word and sentence: class and why, the worst part, what is unusual."""
        said = [
            ("归类", profile.class_text(self.result, self.code, self.whole, self.place.area_word, self.measure_name))
        ]
        if self.has_rates and self.row.get("status") != "none":
            said.append(("短板", profile.weakest_text(self.result, self.code, self.against_rest, self.whole)))
        unusual = self.week.narrowed(self.everyone.everywhere.unusual)
        concerns = [f"{name}{found.course}" for name, found in self.rate_signs.items() if found.variation == "concern"]
        apart = [self.standing_out]
        if community_lists.repeated_more(self):
            apart.append(f"重复诉求率 {wording.rate_text(self.repeat_share)}，明显高于{self.whole}")
        said.append(("异常", profile.unusual_text(unusual, self.flagged, concerns, [a for a in apart if a])))
        return tuple(said)

    @cached_property
    def standing_out(self) -> str:
        """Which categories have more than everybody's mix would give them; '' where none has."""
        return community_places.standing_out(self)

    @property
    def repeat_share(self) -> float:
        """Share of the month's petitions that repeat an earlier one; NaN where the source does not say."""
        indicator = indicators.load()["repeat_rate"]
        return float(indicators.measure(indicator, self.week.totals)["value"].iloc[0])

    @property
    def sentence(self) -> str:
        """The message as one sentence."""
        return f"{self.name}{self.month_name}考核：" + "；".join(
            f"{word}：{said}" if word != "归类" else f"归类为{said}" if self.row.get("class") else said
            for word, said in self.headline
        )

    @cached_property
    def chart(self) -> Callable[..., Chart]:
        """Makes a chart of this page (``About.chart``)."""
        return self.card.about.of(f"{self.month_name}考核", self.name, self.rule.title).chart

    # ── parts ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def rates(self) -> Chart | None:
        """Score and three rates beside the street's, and the intake; None where there is nothing assessed."""
        return community_assessed.rates(self)

    @cached_property
    def clocks(self) -> Chart:
        """The promises of time and what is late, with the month before."""
        row = self.week.kpis
        return replace(row, id="clocks", title=self._clock_title, alt=f"{self._clock_title}。{row.subtitle}")

    @cached_property
    def _clock_title(self) -> str:
        rows = self.week.measured.head(self.board.kpi_row)
        short = [
            f"{r['name']} {indicators.load()[r['code']].text(r['value'])}"
            for r in rows.to_dict("records")
            if r["status"] == "ok" and r["target"] == r["target"] and r["value"] < r["target"] - 1e-12
        ]
        return f"未达目标：{'、'.join(short)}" if short else "各项时限均达到目标，或没有设定目标"

    @cached_property
    def measures(self) -> dict[str, str]:
        """What the peers can be sorted by."""
        if self.card.single is not None:
            return {self.card.measure: self.card.measure_name}
        return {"score": "综合得分", **messages.RATE_NAMES}

    def peers(self, measure: str = "") -> Chart:
        """All communities sorted by one measure (the first), this one in colour."""
        return self._peers(measure or next(iter(self.measures)))

    @once
    def _peers(self, measure: str) -> Chart:
        return community_assessed.peers(self, measure)

    @cached_property
    def trend_choices(self) -> dict[str, str]:
        """Code → name of what the trend can show: what has data, at least one."""
        held = indicators.load()
        known = {rate: messages.RATE_NAMES[rate] for rate in ("resolution", "satisfaction", "response")}
        found = dict(known) if self.has_rates else {}
        found |= {c: held[c].name for c in self.board.trend if self.everyone.has_months(held[c])}
        return found or {self.board.trend[0]: held[self.board.trend[0]].name}

    def trend(self, code: str = "") -> Chart:
        """Thirteen months of one choice (the first), the street's line and the middle half of the peers."""
        return self._trend(code or next(iter(self.trend_choices)))

    @once
    def _trend(self, code: str) -> Chart:
        return community_assessed.trend(self, code)

    @cached_property
    def signs(self) -> Chart:
        """Variation and assurance of each rate, and what is worth a look."""
        return community_assessed.signs_table(self)

    @cached_property
    def categories(self) -> Chart:
        """What people asked about, beside last month and everybody's mix."""
        return community_places.categories(self)

    @cached_property
    def estates(self) -> Chart:
        """The estates with most petitions, beside their share of households."""
        return community_places.estates(self)

    @cached_property
    def work(self) -> Chart:
        """Ledger, repeats, evening talks and sites, one a row."""
        return community_lists.work(self)

    @cached_property
    def repeats(self) -> Chart:
        """The matters that came back most often in the month."""
        return community_lists.repeats(self)

    def instructions(self, found: pd.DataFrame | None) -> Chart:
        """What was asked of this community since the month began; ``found`` None: the store cannot be read."""
        return community_lists.instructions(self, found)

    def charts(self, instructions: pd.DataFrame | None = None, with_records: bool = True) -> list[Chart]:
        """Everything on the page in its order, for the export of the whole page."""
        return [*self.measured(with_records), self.instructions(instructions)]

    def measured(self, with_records: bool = True) -> list[Chart]:
        """What rests on the snapshot alone, and so stays as it is."""
        held = [self.rates, self.clocks, self.peers(), self.trend(), self.categories, self.estates, self.work]
        held += [self.signs, self.repeats if with_records else None]
        return [chart for chart in held if chart is not None]
