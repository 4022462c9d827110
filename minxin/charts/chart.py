"""One frozen description of a chart; every medium draws the same rows in the same order from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minxin.charts.words import MISSING, are_months, clean, is_moment, missing, moment, spans_years


class Kind(StrEnum):
    """What a chart looks like; see docs/charts.md for kind × medium."""

    KPI_ROW = "kpi_row"
    BAR = "bar"
    COLUMN = "column"
    STACKED_COLUMN = "stacked_column"
    LINE = "line"
    DOT_INTERVAL = "dot_interval"
    MAP = "map"
    TILE_GRID = "tile_grid"
    TABLE = "table"
    BULLET = "bullet"
    HEATMAP = "heatmap"
    SMALL_MULTIPLES = "small_multiples"
    FUNNEL_PLOT = "funnel_plot"
    DIVERGING = "diverging"


#: Kinds that rank: without ``encoding.order`` they are sorted by value, highest first.
RANKED = (Kind.BAR, Kind.DOT_INTERVAL)
#: Kinds with a time or number axis: without ``encoding.order`` they are sorted along it (names keep their order).
ALONG_X = (Kind.LINE, Kind.SMALL_MULTIPLES)
#: Kinds that need ``encoding.series``.
GROUPED = (Kind.HEATMAP, Kind.STACKED_COLUMN, Kind.SMALL_MULTIPLES, Kind.DIVERGING)
#: Status of a value (``indicators.measure``) → the words that stand instead of it.
STATUS_WORDS = {"few": "样本不足", "none": "无数据", "no_population": "缺人口数"}
_HEADINGS = {
    "x": "项目",
    "y": "数值",
    "low": "下限",
    "high": "上限",
    "series": "分组",
    "target": "目标",
    "n": "样本数",
    "change": "变化",
    "key": "代码",
    "verdict": "趋势",
    "note": "说明",
    "status": "状态",
}
_PLACES = {"count": 0, "stock": 0, "rate": 1, "per_10000": 1, "hours": 1, "score": 2, "number": 1, "rank": 0}


@dataclass(frozen=True)
class Unit:
    """How a value is written. ``kind``: count, stock, rate (a share, 0.953), per_10000, hours, score, number,
    rank (第 7 名).

    ``places`` None means the usual number of decimals of the kind. ValueError for an unknown kind.
    """

    kind: str = "count"
    word: str = "件"
    places: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _PLACES:
            raise ValueError(f"unknown unit kind {self.kind!r}; one of {sorted(_PLACES)}")
        if self.kind == "rate":
            object.__setattr__(self, "word", "%")

    @property
    def decimals(self) -> int:
        return _PLACES[self.kind] if self.places is None else self.places

    def _number(self, value: Any, places: int, grouped: bool = False) -> str:
        exact = Decimal(str(float(value))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        text = f"{exact:,f}" if grouped else f"{exact:f}"
        return text.replace("-", "−") if exact else text.replace("-", "")

    def format(self, value: Any) -> str:
        """A value with its unit: 1.2万件， 1,234件， 95.3%, — for nothing."""
        if missing(value):
            return MISSING
        number = float(value)
        if self.kind == "rate":
            return self._number(number * 100, self.decimals) + "%"
        if self.kind == "rank":
            return f"第 {self._number(number, self.decimals)} {self.word}"
        for size, word in ((1e8, "亿"), (1e4, "万")):
            if abs(number) >= size:
                return self._number(number / size, 1) + word + self.word
        return self._number(number, self.decimals, grouped=True) + self.word

    def exact(self, value: Any) -> str:
        """A value for a table cell, unabridged and without the unit (the heading has it): 12,500; rates 95.3%."""
        if missing(value):
            return MISSING
        if self.kind == "rate":
            return self._number(float(value) * 100, self.decimals) + "%"
        return self._number(value, self.decimals, grouped=True)

    def difference(self, value: Any) -> str:
        """A change with its sign: +1.2百分点， −12件，持平， — for nothing."""
        if missing(value):
            return MISSING
        number = float(value)
        shown = self._number(abs(number) * (100 if self.kind == "rate" else 1), self.decimals)
        if not float(shown):
            return "持平"
        words = (
            shown + "百分点"
            if self.kind == "rate"
            else shown + self.word
            if self.kind == "rank"
            else self.format(abs(number))
        )
        return ("+" if number > 0 else "−") + words

    def heading(self, name: str) -> str:
        """A column heading that names the unit: 受理量（件）； rates carry their % in the cells."""
        return name if self.kind == "rate" or not self.word or self.word in name else f"{name}\uff08{self.word}\uff09"

    @property
    def number_format(self) -> str:
        """The cell format of spreadsheets, full numbers without the unit."""
        decimals = "." + "0" * self.decimals if self.decimals else ""
        return f"0{decimals}%" if self.kind == "rate" else f"#,##0{decimals}"

    @property
    def label_format(self) -> str:
        """The format of native chart labels, with 万/亿 and unit like ``format``."""
        decimals = "." + "0" * self.decimals if self.decimals else ""
        if self.kind == "rate":
            return f"0{decimals}%"
        if self.kind == "rank":
            return f'"第 "0{decimals}" {self.word}"'
        word = f'"{self.word}"' if self.word else ""
        big, large = f'"亿{self.word}"', f'"万{self.word}"'
        return rf"[>=100000000]0\.00,,{big};[>=10000]0\.0,{large};#,##0{decimals}{word}"

    @classmethod
    def of(cls, kind: str, word: str = "件") -> Unit:
        """The unit of an indicator, from its ``kind`` and ``unit`` (data/indicators)."""
        return cls(kind, word)


COUNT = Unit("count", "件")
RATE = Unit("rate", "%")
PER_10000 = Unit("per_10000", "件/万人")
PLAIN_COUNT = Unit("count", "")


@dataclass(frozen=True)
class Encoding:
    """Which column says what. ``x`` is always what is compared (name or time), ``y`` always the measure.

    low, high      interval of y; funnel plots: the 95% limits at that n
    outer_low/high funnel plots: the 99.8% limits
    series         group: lines, stack parts, panels (an empty one = the whole, drawn grey in every panel),
                   rows of a heatmap
    label          text that stands instead of the formatted value （「<5」）
    order          column that sorts the rows, ``-column`` for descending
    target, n      target value; number of cases
    key            stable id that a click returns and ``emphasis`` names
    emphasis       keys (else series or x values) in primary colour, the rest in quiet grey
    status         ok | few | none | no_population; all but ok hide the value and say why
    unit           column of Unit objects where rows differ (KPI row)
    change         KPI row: difference to the comparison, in the row's unit; diverging: what the parts of a name
                   come to together, in every row of that name
    change_word    KPI row: 环比，同比
    verdict        KPI row: 变好, 变差, 增加, 持平 or ''
    note           KPI row: one quiet line (freshness)
    """

    x: str = ""
    y: str = ""
    low: str = ""
    high: str = ""
    series: str = ""
    label: str = ""
    order: str = ""
    target: str = ""
    n: str = ""
    key: str = ""
    emphasis: tuple[str, ...] = ()
    status: str = ""
    unit: str = ""
    change: str = ""
    change_word: str = ""
    verdict: str = ""
    note: str = ""
    outer_low: str = ""
    outer_high: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """Role → column, of the roles in use."""
        named = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "emphasis"}
        named["order"] = self.order.removeprefix("-")
        return {role: column for role, column in named.items() if column}


@dataclass(frozen=True)
class Annotation:
    """A remark: ``at`` a date or an x value marks that place, ``at`` a number marks that value of y."""

    at: Any
    text: str

    @property
    def on_value(self) -> bool:
        return isinstance(self.at, (int, float)) and not isinstance(self.at, bool)


@dataclass(frozen=True, eq=False)
class Chart:
    """What is drawn, for every medium alike.

    ``data`` is tidy; ``title`` is the message, ``alt`` says it for those who do not see the picture;
    ``headings`` names columns in Chinese and adds further ones to the table, ``units`` their units;
    ``ranks``: the values of a line chart are ranks, the first stands on top; ``confidence``: level of
    the intervals on cards.
    ValueError when a named column does not exist or title or alt is empty.
    """

    id: str
    kind: Kind
    data: pd.DataFrame
    encoding: Encoding
    unit: Unit
    title: str
    subtitle: str
    alt: str
    indicators: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    as_of: str = ""
    snapshot: str = ""
    simulated: bool = False
    annotations: tuple[Annotation, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    ranks: bool = False
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in ("id", "title", "alt"):
            if not clean(getattr(self, name)):
                raise ValueError(f"chart {self.id!r}: {name} is empty")
        wanted = set(self.encoding.columns.values()) | set(self.headings) | set(self.units)
        if absent := sorted(wanted - set(self.data.columns)):
            raise ValueError(f"chart {self.id!r}: no column {', '.join(absent)}; there are {list(self.data.columns)}")
        if self.kind is not Kind.TABLE and not (self.encoding.x and self.encoding.y):
            raise ValueError(f"chart {self.id!r}: {self.kind} needs encoding.x and encoding.y")
        if self.kind in GROUPED and not self.encoding.series:
            raise ValueError(f"chart {self.id!r}: {self.kind} needs encoding.series")
        if self.kind is Kind.FUNNEL_PLOT and not self.encoding.n:
            raise ValueError(f"chart {self.id!r}: {self.kind} needs encoding.n")

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows as every medium draws them: sorted, values hidden where their status says so."""
        e, rows = self.encoding, self.data.reset_index(drop=True)
        if e.order:
            rows = rows.sort_values(
                e.order.removeprefix("-"), ascending=not e.order.startswith("-"), kind="stable", na_position="last"
            )
        elif self.kind in RANKED:
            rows = rows.assign(_value=self._numbers(rows, e.y)).sort_values(
                "_value", ascending=False, kind="stable", na_position="last"
            )
            rows = rows.drop(columns="_value")
        elif self.kind in ALONG_X:
            held = [v for v in rows[e.x].tolist() if not missing(v)]
            if held and all(map(is_moment, held)):
                rows = rows.sort_values(e.x, key=pd.to_datetime, kind="stable", na_position="last")
            elif pd.api.types.is_numeric_dtype(rows[e.x]):
                rows = rows.sort_values(e.x, kind="stable", na_position="last")
        rows = rows.reset_index(drop=True)
        if self.kind is not Kind.TABLE:
            hidden = (e.y,) if self.kind is Kind.FUNNEL_PLOT else (e.y, e.low, e.high)
            measures = {e.y, e.low, e.high, e.outer_low, e.outer_high, e.target, e.n, e.change} - {""}
            rows = rows.assign(**{m: self._numbers(rows, m, m in hidden) for m in measures})
        return rows

    def _numbers(self, rows: pd.DataFrame, column: str, hide: bool = True) -> NDArray[np.float64]:
        held = rows[column]
        if isinstance(held.dtype, np.dtype) and held.dtype.kind in "iuf":
            numbers = held.to_numpy(dtype="float64")
        else:
            numbers = pd.to_numeric(held, errors="coerce").astype("float64").to_numpy()
        known = np.isfinite(numbers)
        if self.encoding.status and hide:
            states = rows[self.encoding.status].tolist()
            known &= np.array([isinstance(s, str) and s in ("ok", "") for s in states], dtype=bool)
        return np.where(known, numbers, np.nan)

    def column(self, role: str) -> list[Any]:
        """The cells of a role (``'x'``, ``'y'``, …) in drawing order; [] where it is not used; None for nothing.

        The list is kept: do not change it.
        """
        if role not in self._columns:
            name = self.encoding.columns.get(role)
            cells = [] if name is None else [None if missing(v) else v for v in self.rows[name].tolist()]
            self._columns[role] = cells
        return self._columns[role]

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        return {}

    @cached_property
    def names(self) -> list[str]:
        """What is compared, as text, in drawing order."""
        return [self.text(v, self.with_year, self.by_month) for v in self.column("x")]

    @cached_property
    def with_year(self) -> bool:
        """Whether dates on the x axis must say their year."""
        return bool(self.encoding.x) and spans_years(self.rows[self.encoding.x])

    @cached_property
    def by_month(self) -> bool:
        """Whether dates on the x axis stand for whole months; no day is said of them then, and always the year."""
        return are_months(self.column("x"))

    @cached_property
    def keys(self) -> list[str]:
        """Stable ids in drawing order: the key column, else the names."""
        return [clean(v) for v in self.column("key")] if self.encoding.key else self.names

    @staticmethod
    def text(value: Any, with_year: bool = False, by_month: bool = False) -> str:
        """A cell that is not a measure, as text."""
        return moment(value, with_year, by_month) if is_moment(value) else clean(value) or MISSING

    def row_unit(self, position: int) -> Unit:
        """The unit of one row."""
        if self.encoding.unit:
            held = self.rows[self.encoding.unit].iloc[position]
            return held if isinstance(held, Unit) else self.unit
        return self.unit

    @cached_property
    def values(self) -> list[str]:
        """The values as written everywhere, in drawing order: 95.3%, <5, 样本不足（n=7）."""
        e, result = self.encoding, []
        labels, states, cases = self.column("label"), self.column("status"), self.column("n")
        for i, value in enumerate(self.column("y")):
            state = states[i] if states else "ok"
            if labels and clean(labels[i]):
                result.append(clean(labels[i]))
            elif e.status and state not in ("ok", ""):
                words = STATUS_WORDS.get(state or "none", STATUS_WORDS["none"])
                n = cases[i] if cases and state == "few" else None
                result.append(words if n is None else f"{words}\uff08n={PLAIN_COUNT.exact(n)}\uff09")
            else:
                result.append(self.row_unit(i).format(value))
        return result

    @cached_property
    def strong(self) -> list[bool]:
        """Whether a row is emphasised; all are where nothing is named."""
        e = self.encoding
        if not e.emphasis:
            return [True] * len(self.rows)
        named = set(e.emphasis)
        groups = [clean(v) for v in self.column("series")] or [""] * len(self.rows)
        return [k in named or g in named or x in named for k, g, x in zip(self.keys, groups, self.names, strict=True)]

    @cached_property
    def quiet_lines(self) -> dict[str, int]:
        """Lines that are not emphasised, numbered: all are grey, so each number has dashes of its own."""
        if not self.encoding.emphasis or not self.encoding.series:
            return {}
        groups = [clean(g) for g in self.column("series")]
        bold = {g for g, strong in zip(groups, self.strong, strict=True) if strong}
        return {g: i for i, g in enumerate(g for g in dict.fromkeys(groups) if g not in bold)}

    @cached_property
    def groups(self) -> list[str]:
        """The series in order of appearance in the data, the unnamed whole left out."""
        if not self.encoding.series:
            return []
        ordered = self.rows if self.encoding.order else self.data
        return list(dict.fromkeys(g for g in map(clean, ordered[self.encoding.series]) if g))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.rows.empty

    def heading(self, column: str) -> str:
        """The Chinese heading of a column, without unit."""
        if column in self.headings:
            return clean(self.headings[column])
        roles = [role for role, name in self.encoding.columns.items() if name == column]
        return next((_HEADINGS[r] for r in roles if r in _HEADINGS), clean(column))

    @property
    def target_word(self) -> str:
        """What a target is called: 目标, where ``headings`` say nothing else."""
        return self.heading(self.encoding.target) if self.encoding.target else _HEADINGS["target"]

    def footer(self) -> str:
        """The line under every picture: definition codes, filters, data time, snapshot, whether simulated."""
        parts = [
            "口径：" + "、".join(map(clean, self.indicators)) if self.indicators else "",
            "筛选：" + "、".join(map(clean, self.filters)) if self.filters else "",
            "截至 " + clean(self.as_of).removeprefix("截至").strip() if self.as_of else "",
            "快照 " + clean(self.snapshot) if self.snapshot else "",
            "模拟数据" if self.simulated else "",
        ]
        return " · ".join(p for p in parts if p)
