"""信用热力图 as chart descriptions: any two dimensions of firms, the classes over time, who moved, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from minxin.analysis import rates, small, wording
from minxin.analysis.credit import grid
from minxin.analysis.credit.classes import CODES, HIGH, label
from minxin.charts.about import About
from minxin.charts.chart import RATE, Annotation, Chart, Encoding, Kind, Unit
from minxin.charts.credit.counts import Counts
from minxin.charts.credit.question import Ask
from minxin.charts.credit.risk_board import RiskBoard
from minxin.settings import NO_COMMUNITY, deployment

FIRMS = Unit("count", "家")
#: Between row and column in the key of a cell.
BETWEEN = "|"
#: Codes that stand for no value of a dimension; they are counted in totals and have no row of their own.
NOWHERE = ("", NO_COMMUNITY)
HIGH_SHARE = "橙红占比"


@dataclass(frozen=True)
class Question:
    """Two dimensions, what of them (share, count, shift), a month and the month to compare with."""

    by_row: str
    by_column: str
    measure: str
    month: dt.date
    before: dt.date

    @property
    def of_penalties(self) -> bool:
        """Whether the columns are kinds of penalty and not of firms."""
        return self.by_column in grid.PENALTIES

    @property
    def of_months(self) -> Question:
        """The same two months, whatever is crossed in them."""
        return Question("", "", "", self.month, self.before)


def month_name(day: dt.date) -> str:
    """2023年6月."""
    return f"{day.year}年{day.month}月"


class Heatmap(Counts):
    """What the classes say of a month, for who sees sums only without counts of firms below ``hidden_below``.

    Every part is worked out when it is first asked for, and kept. All but the grid is the same whatever its
    two dimensions are: ``whole`` is the page of the same months that holds it for every grid.
    """

    def __init__(
        self,
        ask: Ask,
        question: Question,
        about: About,
        board: RiskBoard,
        hidden_below: int = 0,
        whole: Heatmap | None = None,
    ) -> None:
        self.ask, self.question, self.board, self.hidden_below = ask, question, board, hidden_below
        self.whole = whole or self
        self.place = deployment()
        self.now, self.earlier = month_name(question.month), month_name(question.before)
        self.about = about.of(self.now)

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, str]]:
        """Dimension → code → name, in the order of the lists."""
        if self.whole is not self:
            return self.whole.names
        held = self.ask("risk.names")
        found: dict[str, dict[str, str]] = {
            d: dict(zip(part["code"], part["name"], strict=True)) for d, part in held.groupby("dimension", sort=False)
        }
        return found | {"class": {c: label(c) for c in CODES}}

    @cached_property
    def months(self) -> pd.DataFrame:
        """One month with the firms of each class and all of them (A, B, C, D, n)."""
        if self.whole is not self:
            return self.whole.months
        held = self.ask("risk.months").pivot(index="month_start", columns="risk_class", values="n")
        held = held.reindex(columns=list(CODES)).fillna(0).astype("int64")
        held.index = [pd.Timestamp(m).date() for m in held.index]
        return held.assign(n=held.sum(axis=1))

    @cached_property
    def told(self) -> pd.DataFrame:
        """Month × class: whether its firms are few, or tell those of another class that are."""
        if self.whole is not self:
            return self.whole.told
        held = self.months[list(CODES)]
        if not self.hidden_below or held.empty:
            return held.astype(bool) & False
        long = held.stack()
        month, code = (pd.Series(long.index.get_level_values(i), index=long.index) for i in (0, 1))
        few = small.with_partners(self.is_few(long), long, grid.halves(code, month), month)
        return few.unstack()[list(CODES)]

    def _of(self, month: dt.date) -> pd.Series | None:
        return self.months.loc[month] if month in self.months.index else None

    def name(self, dimension: str, code: str) -> str:
        """A value of a dimension in words."""
        if dimension == "month":
            return month_name(dt.date.fromisoformat(code))
        return self.names.get(dimension, {}).get(code, code)

    # ── the whole ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def headline(self) -> str:
        """How the classes stand, and whether C and D together moved."""
        now = self._of(self.question.month)
        if now is None or not now["n"]:
            return f"{self.now}没有归类的企业"
        high, n = int(now[list(HIGH)].sum()), int(now["n"])
        said = f"{self.now}归类 {self.count(n)}，{label('C')}与{label('D')}共 {self.count(high)}"
        if self.any_few(high) or self.any_few(n - high):
            return said
        said += f"，占 {wording.rate_text(high / n)}"
        before = self._of(self.question.before)
        if before is None or not before["n"] or self.few_of(before[list(HIGH)].sum(), before["n"]):
            return said
        change = rates.newcombe(high, n, before[list(HIGH)].sum(), before["n"])
        if float(change.low) <= 0 <= float(change.high):
            return f"{said}，与{self.earlier}相比没有显著变化"
        word = "上升" if float(change.value) > 0 else "下降"
        return f"{said}，较{self.earlier}{word} {wording.points_text(abs(float(change.value))).lstrip('+')}"

    @cached_property
    def classes(self) -> Chart:
        """All firms and each class in figures."""
        now, before = self._of(self.question.month), self._of(self.question.before)
        rows = []
        hidden, hidden_before = (
            self.told.loc[m] if m in self.told.index else dict.fromkeys(CODES, False)
            for m in (self.question.month, self.question.before)
        )
        for code in CODES:
            n, x = (int(now["n"]), int(now[code])) if now is not None else (0, 0)
            share = rates.wilson(np.nan if hidden[code] else x, n)
            change = float("nan")
            if before is not None and before["n"] and n and not hidden[code] and not hidden_before[code]:
                change = x / n - before[code] / before["n"]
            rows.append(
                {
                    "name": label(code), "code": code, "value": float(share.value), "low": float(share.low),
                    "high": float(share.high), "n": np.nan if self.any_few(n) else n, "change": change,
                    "note": "" if hidden[code] and not self.any_few(x) else self.count(x),
                    "status": "few" if hidden[code] else "ok" if n else "none",
                }
            )  # fmt: skip
        data = pd.DataFrame(rows).assign(word=f"较{self.earlier}", position=range(len(rows)))
        return self.about.chart(
            "classes", Kind.KPI_ROW, data,
            Encoding(x="name", y="value", n="n", key="code", order="position", change="change", change_word="word",
                     note="note", status="status"),
            RATE, self.headline, f"四类企业占归类企业的比例，{self.now}",
            headings={"name": "类别", "value": "占比", "n": "归类企业", "note": "家数"},
        )  # fmt: skip

    @cached_property
    def trend(self) -> Chart:
        """Shares of B, C and D month by month; A is the rest."""
        shown = self.months
        words = dict(zip(shown.index, wording.month_texts(shown.index), strict=True))
        rows = [
            {
                "month": words[m],
                "class": label(c),
                "value": np.nan if self.told.loc[m, c] else r[c] / r["n"],
                "firms": self._firms_said(r[c], self.told.loc[m, c]),
            }
            for m, r in shown.iterrows()
            for c in CODES[1:]
            if r["n"]
        ]
        data = pd.DataFrame(rows, columns=["month", "class", "value", "firms"])
        marks = tuple(
            Annotation(words[pd.Timestamp(m).date()], f"启用{title}")
            for m, title in self.ask("risk.versions")[["first_month", "title"]].itertuples(index=False)
            if not pd.isna(m) and pd.Timestamp(m).date() in shown.index[1:]
        )
        span = f"{month_name(shown.index[0])}至{month_name(shown.index[-1])}" if len(shown) else self.now
        return self.about.of(span).chart(
            "class_trend", Kind.STACKED_COLUMN, data, Encoding(x="month", y="value", series="class"), RATE,
            self._trend_title(), "黄、橙、红三类占归类企业的比例，各月按当月适用的规则，其余为绿A",
            headings={"month": "月份", "class": "类别", "value": "占比", "firms": "家数"}, units={"firms": FIRMS},
            annotations=marks,
        )  # fmt: skip

    def _firms_said(self, n: int, hidden: bool) -> int | str:
        if not hidden:
            return int(n)
        return f"<{self.hidden_below}" if self.any_few(n) else small.WITHHELD

    def _trend_title(self) -> str:
        """C and D together in the month that was chosen against a year before it."""
        now, then = self.question.month, self.question.month.replace(year=self.question.month.year - 1)
        held, before = self._of(now), self._of(then)
        if held is None or before is None or not held["n"] or not before["n"]:
            return "各月风险结构"
        last, year = ((month[list(HIGH)].sum(), month["n"]) for month in (held, before))
        if self.few_of(*last) or self.few_of(*year):
            return "各月风险结构"
        change = rates.newcombe(last[0], last[1], year[0], year[1])
        if float(change.low) <= 0 <= float(change.high):
            return f"{self.now}橙红两类占比与一年前相比没有显著变化"
        word = "上升" if float(change.value) > 0 else "下降"
        return f"{self.now}橙红两类占比较一年前{word} {wording.points_text(abs(float(change.value))).lstrip('+')}"

    # ── the grid ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def grid(self) -> Chart:
        """Two dimensions against each other."""
        return self._penalties() if self.question.of_penalties else self._firms()

    def _cells(self, by_row: str, by_column: str) -> pd.DataFrame:
        q = self.question
        months = sorted(m for m in self.months.index if m <= q.month)[-self.board.months :]
        since = months[0] if months else q.month
        return self.ask("risk.grid", by_row=by_row, by_column=by_column, since=since, month=q.month, before=q.before)

    def _named(self, cells: pd.DataFrame, by_row: str, by_column: str) -> pd.DataFrame:
        """The cells that have a name, of the largest rows and columns, in the order of the lists; none is left out."""
        held = cells[~cells["row_code"].isin(NOWHERE)]
        if by_column:
            held = held[~held["column_code"].isin(NOWHERE)]
        rows = self._order(held, "row_code", by_row, self.board.rows)
        columns = self._order(held, "column_code", by_column, self.board.columns)
        whole = pd.MultiIndex.from_product([rows, columns], names=["row_code", "column_code"])
        return held.set_index(["row_code", "column_code"]).reindex(whole, fill_value=0).reset_index()

    def _order(self, held: pd.DataFrame, code: str, dimension: str, most: int) -> list[str]:
        if dimension in ("class", "month", ""):
            return sorted(held[code].unique())
        kept = set(grid.largest(held, code, most))
        return [c for c in self.names.get(dimension, {}) if c in kept]

    def _firms(self) -> Chart:
        q = self.question
        smallest = self.place.smallest_cell
        measure = "share" if q.measure == "shift" and "month" in (q.by_row, q.by_column) else q.measure
        cells = grid.measured(self._named(self._cells(q.by_row, q.by_column), q.by_row, q.by_column), q.by_row,
                              q.by_column, measure, smallest, self.hidden_below)  # fmt: skip
        data = self._with_names(cells)
        what = "占比" if "class" in (q.by_row, q.by_column) else HIGH_SHARE
        of = {
            "share": f"{what}（%）", "count": "企业家数", "shift": f"{what}较{self.earlier}的变化（百分点）",
        }[measure]  # fmt: skip
        between = f"{grid.DIMENSIONS[q.by_row]}与{grid.DIMENSIONS[q.by_column]}"
        more = f"；不足 {smallest} 家的格不显示" + (
            f"，行取家数最多的 {self.board.rows} 个" if data["row_code"].nunique() >= self.board.rows else ""
        )
        return self.about.of(self.now, between).chart(
            "grid", Kind.HEATMAP, data,
            Encoding(x="column_name", y="value", series="row_name", key="key", n="n", status="status", label="label",
                     low="low", high="high"),
            FIRMS if measure == "count" else RATE,
            self._grid_title(data, measure, what), f"{between}：{of}，{self.now}{more}",
            headings={"column_name": grid.DIMENSIONS[q.by_column], "row_name": grid.DIMENSIONS[q.by_row],
                      "value": grid.MEASURES[measure], "n": "企业数"},
        )  # fmt: skip

    def _grid_title(self, data: pd.DataFrame, measure: str, what: str) -> str:
        """The cell that stands out most; of the classes only C and D are worth a title."""
        for dimension, code in ((self.question.by_row, "row_code"), (self.question.by_column, "column_code")):
            if dimension == "class":
                data = data[data[code].isin(HIGH)]
        return grid.message(data, measure, what)

    def _with_names(self, cells: pd.DataFrame) -> pd.DataFrame:
        q = self.question
        return cells.assign(
            row_name=[self.name(q.by_row, c) for c in cells["row_code"]],
            column_name=[
                c if q.of_penalties else self.name(q.by_column, c) for c in cells["column_code"]
            ],
            key=cells["row_code"].astype(str) + BETWEEN + cells["column_code"].astype(str),
        )  # fmt: skip

    def _penalties(self) -> Chart:
        """Penalties of a year that may still be seen, by a dimension of firms and one of penalties."""
        q = self.question
        since = q.month.replace(year=q.month.year - 1)
        held = self.ask("risk.penalties", by_row=q.by_row, by_column=q.by_column, since=since)
        held = held.assign(n_high=0, n_before=0, n_high_before=0)
        data = self._with_names(grid.measured(self._named(held, q.by_row, ""), q.by_row, "", "count",
                                              self.place.smallest_cell, self.hidden_below))  # fmt: skip
        data["firms"] = data["firms"].mask(self.is_few(data["firms"]))
        unit = Unit("count", "件")
        title = "没有可见的处罚"
        known = data[data["status"] == "ok"]
        if len(known):
            top = known.loc[known["value"].idxmax()]
            title = f"{top['row_name']}的{top['column_name']}最多，{wording.count_text(top['value'], '件')}"
        between = f"{grid.DIMENSIONS[q.by_row]}与{grid.PENALTIES[q.by_column]}"
        return self.about.of(self.now, between).chart(
            "grid", Kind.HEATMAP, data,
            Encoding(x="column_name", y="value", series="row_name", key="key", n="firms", status="status",
                     label="label"),
            unit, title,
            f"{between}：{since.year}年{since.month}月以来决定、仍在公示期内的行政处罚（件）；"
            f"不足 {self.place.smallest_cell} 件的格不显示",
            headings={"column_name": grid.PENALTIES[q.by_column], "row_name": grid.DIMENSIONS[q.by_row],
                      "value": "处罚", "firms": "受罚企业"},
            units={"firms": FIRMS},
        )  # fmt: skip

    # ── where ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _places(self) -> pd.DataFrame:
        """Counties × communities: one question for both, each is a sum over the other."""
        return self._cells("county", "community")

    def _shares(self, dimension: str) -> pd.DataFrame:
        code = "row_code" if dimension == "county" else "column_code"
        counts = ["n", "n_high", "n_before", "n_high_before"]
        cells = self._places.groupby(code)[counts].sum().reset_index().rename(columns={code: "row_code"})
        cells.insert(1, "column_code", "")
        cells = cells[~cells["row_code"].isin(NOWHERE)]
        held = grid.measured(cells, dimension, "", "share", self.place.smallest_cell, self.hidden_below)
        return held.assign(name=[self.name(dimension, c) for c in held["row_code"]], column_name="",
                           row_name=[self.name(dimension, c) for c in held["row_code"]])  # fmt: skip

    @cached_property
    def communities(self) -> Chart:
        """Share of C and D on the map of the communities."""
        held = self._shares("community")
        return self.about.chart(
            "risk_map", Kind.MAP, held,
            Encoding(x="name", y="value", key="row_code", n="n", status="status", low="low", high="high"), RATE,
            grid.message(held, "share", HIGH_SHARE),
            f"{self.place.whole_word}各{self.place.area_word}橙C、红D企业占归类企业的比例，{self.now}",
            headings={"name": self.place.area_word, "value": HIGH_SHARE, "n": "企业数"},
        )  # fmt: skip

    @cached_property
    def counties(self) -> Chart:
        """Share of C and D by county: equal tiles where the deployment says how they lie, else dots with intervals."""
        held = self._shares("county")
        tiles = self.board.tiles
        if set(tiles) & set(held["row_code"]):
            held = held[held["row_code"].isin(tiles)]
            order = list(tiles)
            held = held.assign(
                band=[tiles[c][0] for c in held["row_code"]], side=[tiles[c][1] for c in held["row_code"]],
                said=[f"{n} {v}" for n, v in zip(held["name"], self._written(held), strict=True)],
                place=[order.index(c) for c in held["row_code"]],
            )  # fmt: skip
            return self.about.chart(
                "county_tiles", Kind.HEATMAP, held,
                Encoding(x="side", y="value", series="band", key="row_code", n="n", status="status", label="said",
                         order="place"),
                RATE, grid.message(self._shares_of(held), "share", HIGH_SHARE),
                f"各县区橙C、红D企业占归类企业的比例，{self.now}；等大方格示意方位，不作边界依据",
                headings={"side": "东西", "band": "南北", "name": "县区", "value": HIGH_SHARE, "n": "企业数"},
            )  # fmt: skip
        return self.about.chart(
            "county_dots", Kind.DOT_INTERVAL, held,
            Encoding(x="name", y="value", key="row_code", n="n", status="status", low="low", high="high"), RATE,
            grid.message(held, "share", HIGH_SHARE), f"各县区橙C、红D企业占归类企业的比例，横线为95%区间，{self.now}",
            headings={"name": "县区", "value": HIGH_SHARE, "n": "企业数"},
        )  # fmt: skip

    def _shares_of(self, held: pd.DataFrame) -> pd.DataFrame:
        """The counties held against each other alone, without the firms that lie elsewhere."""
        again = grid.measured(held.drop(columns=["side"]), "county", "", "share", self.place.smallest_cell,
                              self.hidden_below)  # fmt: skip
        return again

    def _written(self, held: pd.DataFrame) -> list[str]:
        smallest = self.place.smallest_cell
        return [
            f"<{smallest}" if s == "few" else wording.rate_text(v)
            for v, s in zip(held["value"], held["status"], strict=True)
        ]

    # ── who moved, and why ──────────────────────────────────────────────────────────────────────

    @cached_property
    def moves(self) -> Chart:
        """From which class to which, between the two months."""
        held = self.ask("risk.moves", before=self.question.before, month=self.question.month)
        both = held[(held["class_before"] != "") & (held["risk_class"] != "")]
        worse = int(both.loc[both["risk_class"] > both["class_before"], "n"].sum())
        better = int(both.loc[both["risk_class"] < both["class_before"], "n"].sum())
        total = both.groupby("class_before")["n"].transform("sum")
        smallest = self.place.smallest_cell
        data = both.assign(
            before=[f"原{label(c)}" for c in both["class_before"]], now=[f"现{label(c)}" for c in both["risk_class"]],
            share=both["n"] / total, key=both["class_before"] + BETWEEN + both["risk_class"],
            said=[f"<{smallest}" if n < smallest else f"{n:,}" for n in both["n"]],
            status=np.where(both["n"] < smallest, "few", "ok"),
        )  # fmt: skip
        if self.hidden_below:
            few = small.with_partners(self.is_few(both["n"]), both["n"], both["class_before"], both["risk_class"])
            data = data.assign(
                n=both["n"].mask(few), share=data["share"].mask(few), status=data["status"].mask(few, "few"),
                said=data["said"].mask(few & (both["n"] >= smallest), small.WITHHELD),
            )  # fmt: skip
        new, gone = (int(held.loc[held[c] == "", "n"].sum()) for c in ("class_before", "risk_class"))
        if self._of(self.question.before) is None:
            title = f"{self.earlier}没有归类，无可比数据"
        elif worse or better:
            title = f"{self.count(worse)}变差，{self.count(better)}变好"
        else:
            title = "没有企业变动类别"
        return self.about.of(f"{self.earlier}至{self.now}").chart(
            "moves", Kind.HEATMAP, data,
            Encoding(x="now", y="share", series="before", key="key", n="n", status="status", label="said"), RATE, title,
            f"{self.earlier}与{self.now}都归类的企业，按原类和现类（家，颜色为占原类的比例）；"
            f"另有新增 {self.count(new)}、退出 {self.count(gone)}",
            headings={"now": "现类", "before": "原类", "share": "占原类", "n": "企业数"}, units={"n": FIRMS},
        )  # fmt: skip

    @cached_property
    def reasons(self) -> Chart:
        """Why firms are in C and D in the newest month."""
        held = self.ask("risk.reasons", before=self.question.before)
        held = held[held["n_high"] > 0].head(12)
        newest = month_name(max(self.months.index)) if len(self.months) else self.now
        title = "没有企业在橙C或红D"
        if len(held):
            first = held.iloc[0]
            count = self.count(first["n_high"])
            title = f"{newest}橙C、红D企业中，{first['name']}最常见，{count}"
        few = self.is_few(held["n_high"])
        held = small.withheld(held, self.hidden_below, {"n": (), "n_worse": ()}).assign(
            n_high=held["n_high"].mask(few),
            status=np.where(few, "few", "ok"),
            said=np.where(few, f"<{self.hidden_below}", ""),
        )
        return self.about.of(newest).chart(
            "reasons", Kind.BAR, held,
            Encoding(x="name", y="n_high", key="reason_code", status="status", label="said"), FIRMS, title,
            f"橙C、红D企业各有哪些原因（一家可有多个），{newest}",
            headings={"name": "原因", "n_high": "橙C、红D", "n": "全部类别", "n_worse": f"较{self.earlier}变差",
                      "wording": "说明", "dimension": "维度"},
            units={"n": FIRMS, "n_worse": FIRMS},
        )  # fmt: skip

    def charts(self) -> list[Chart]:
        """Everything on the page in its order, for the export of the whole page."""
        whole = self.whole
        held = [whole.classes, self.grid, whole.trend, whole.counties, whole.moves, whole.reasons]
        return [*held[:3], whole.communities, *held[3:]] if len(whole.communities.rows) else held
