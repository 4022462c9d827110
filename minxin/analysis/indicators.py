"""Indicators: their definitions (``data/indicators/*.toml``), their values, changes and targets."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from minxin import rulefile
from minxin.analysis import rates, wording
from minxin.analysis.counts import bh
from minxin.analysis.periods import BEFORE, Comparison
from minxin.rulefile import check, read
from minxin.settings import ROOT, Unusable, deployment

Kind = Literal["count", "rate", "per_10000", "stock"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: What is said instead of a verdict while a value still moves.
UNSETTLED = "本期尚在办理"
UNITS: dict[str, str] = {"count": "件", "rate": "%", "per_10000": "件/万人", "stock": "件"}
#: Columns of the ``indicators.*`` blocks that a definition may name.
COLUMNS = frozenset(
    {
        "accepted",
        "closed",
        "followed_up",
        "closing_known",
        "followup_known",
        "repeat_known",
        "repeats",
        "excluded",
        "valid_followups",
        "responded",
        "resolved",
        "satisfied",
        "satisfied_squares",
        "contact_due",
        "contact_met",
        "simple_due",
        "simple_met",
        "complex_due",
        "complex_met",
        "due",
        "due_met",
        "became_overdue",
        "overdue_closed",
        "overdue_open",
        "population",
    }
)
_REQUIRED = (
    "code",
    "name",
    "definition",
    "kind",
    "numerator",
    "unit",
    "why",
    "source",
    "written_by",
    "checked_on",
    "next_review",
)
_OPTIONAL = (
    "denominator",
    "squares",
    "excluded",
    "low_is_good",
    "smallest_n",
    "settles_after_days",
    "bands",
    "target",
    "change",
)
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_SOURCE = re.compile(r"[XH]\d{2}|(GB|DB)[\w/]*\s?[\w.\-]+")
_FOLDER = "indicators"


@dataclass(frozen=True)
class Target:
    """What is aimed at from a day on; ``deployment`` '' means everywhere."""

    start: dt.date
    value: float
    source: str
    deployment: str = ""


@dataclass(frozen=True)
class Note:
    """One entry of the log of changes."""

    on: dt.date
    what: str


@dataclass(frozen=True)
class Indicator:
    """One definition file; ``low_is_good`` is None where neither is.

    ``settles_after_days``: how long after the end of a period its value still moves, because what was
    accepted late in it is still being handled.
    """

    code: str
    name: str
    definition: str
    kind: Kind
    numerator: str
    unit: str
    why: str
    source: str
    written_by: str
    checked_on: dt.date
    next_review: dt.date
    denominator: str = ""
    squares: str = ""
    excluded: str = ""
    low_is_good: bool | None = None
    smallest_n: int = 0
    settles_after_days: int = 0
    bands: tuple[float, ...] = ()
    targets: tuple[Target, ...] = ()
    changes: tuple[Note, ...] = ()

    def target(self, day: dt.date) -> Target | None:
        """The target in force on a day, or None."""
        begun = [t for t in self.targets if t.start <= day]
        return max(begun, key=lambda t: t.start) if begun else None

    def is_settled(self, end: dt.date, as_of: dt.datetime) -> bool:
        """Whether the value of a period that ends before ``end`` has stopped moving at ``as_of``."""
        return as_of >= dt.datetime.combine(end + dt.timedelta(days=self.settles_after_days), dt.time())

    def text(self, value: float | None, n: float | None = None, status: str = "ok") -> str:
        """A value as people read it: 98.5%, 12 件, 样本不足（n=7）, 缺人口数, 无数据."""
        if status == "no_population":
            return "缺人口数"
        if status == "few" and n is not None:
            return wording.few_text(n)
        if status == "none" or wording.is_missing(value):
            return "无数据"
        if self.kind == "rate":
            return wording.rate_text(value)
        if self.kind == "per_10000":
            return wording.per_text(value, self.unit)
        return wording.count_text(value, self.unit)


# ── definitions ─────────────────────────────────────────────────────────────────────────────────


def _whole(value: Any, name: str) -> int:
    number = rulefile.number(value, name)
    check(number >= 0 and number.is_integer(), f"{name} 应为不小于 0 的整数")
    return int(number)


def _tables(raw: Mapping[str, Any], name: str, keys: set[str]) -> list[Mapping[str, Any]]:
    return [rulefile.section(entry, f"[[{name}]]", (), keys) for entry in rulefile.sections(raw, name)]


def _targets(raw: Mapping[str, Any], kind: str, place: str) -> tuple[Target, ...]:
    found = []
    for entry in _tables(raw, "target", {"from", "value", "source", "deployment"}):
        value = rulefile.number(entry.get("value"), "target.value")
        check(kind != "rate" or 0 <= value <= 1, "比率的目标应在 0 与 1 之间")
        target = Target(
            rulefile.day(entry.get("from"), "target.from"),
            value,
            rulefile.text(entry.get("source"), "target.source"),
            str(entry.get("deployment", "")),
        )
        if target.deployment in ("", place):
            found.append(target)
    return tuple(sorted(found, key=lambda t: t.start))


def _indicator(raw: Mapping[str, Any], stem: str, place: str) -> Indicator:
    missing = [name for name in _REQUIRED if name not in raw]
    check(not missing, f"缺少 {'、'.join(missing)}")
    unknown = sorted(set(raw) - set(_REQUIRED) - set(_OPTIONAL))
    check(not unknown, f"{'、'.join(unknown)} 无法识别")
    code, kind = rulefile.text(raw["code"], "code"), raw["kind"]
    check(code == stem and _CODE.fullmatch(code) is not None, "code 应与文件名一致，只用小写字母、数字和下划线")
    check(kind in KINDS, f"kind 应为 {'、'.join(KINDS)} 之一")
    numerator, denominator, squares = raw["numerator"], raw.get("denominator", ""), raw.get("squares", "")
    for name, column in (("numerator", numerator), ("denominator", denominator), ("squares", squares)):
        check(column in COLUMNS or (column == "" and name != "numerator"), f"{name} 的列 {column} 不存在")
    check((kind in ("rate", "per_10000")) == bool(denominator), "比率和万人量须有 denominator，件数和存量不得有")
    check(kind != "per_10000" or denominator == "population", "万人量的 denominator 应为 population")
    check(not squares or kind == "rate", "只有比率可以有 squares")
    check(raw["unit"] == UNITS[kind], f"unit 应为 {UNITS[kind]}")
    low_is_good = raw.get("low_is_good")
    check(low_is_good is None or isinstance(low_is_good, bool), "low_is_good 应为 true 或 false")
    smallest_n = _whole(raw.get("smallest_n", 0), "smallest_n")
    settles = _whole(raw.get("settles_after_days", 0), "settles_after_days")
    bands = raw.get("bands", [])
    check(isinstance(bands, list), "bands 应为数字列表")
    source = rulefile.text(raw["source"], "source")
    check(_SOURCE.search(source) is not None, "source 应含文章编号（如 X01）或标准号（如 GB/T 33358-2016）")
    checked_on, next_review = (
        rulefile.day(raw["checked_on"], "checked_on"),
        rulefile.day(raw["next_review"], "next_review"),
    )
    check(next_review > checked_on, "next_review 应晚于 checked_on")
    return Indicator(
        code=code,
        name=rulefile.text(raw["name"], "name"),
        definition=rulefile.text(raw["definition"], "definition"),
        kind=kind,
        numerator=numerator,
        unit=raw["unit"],
        why=rulefile.text(raw["why"], "why"),
        source=source,
        written_by=rulefile.text(raw["written_by"], "written_by"),
        checked_on=checked_on,
        next_review=next_review,
        denominator=denominator,
        squares=squares,
        excluded=str(raw.get("excluded", "")),
        low_is_good=low_is_good,
        smallest_n=smallest_n,
        settles_after_days=settles,
        bands=tuple(rulefile.number(b, "bands") for b in bands),
        targets=_targets(raw, kind, place),
        changes=tuple(
            Note(rulefile.day(e.get("on"), "change.on"), rulefile.text(e.get("what"), "change.what"))
            for e in _tables(raw, "change", {"on", "what"})
        ),
    )


def read_indicator(file: Path, place: str = "") -> Indicator:
    """Read and validate one definition file; targets of deployments other than ``place`` are left out.

    Raises Unusable.
    """
    return read(file, "指标文件", lambda raw: _indicator(raw, file.stem, place))


@lru_cache(maxsize=8)
def _load(folder: Path, place: str) -> Mapping[str, Indicator]:
    found = {}
    for source in dict.fromkeys((ROOT / "data" / _FOLDER, folder / _FOLDER)):
        for file in sorted(source.glob("*.toml")):
            found[file.stem] = read_indicator(file, place)
    if not found:
        raise Unusable(f"指标目录 {ROOT / 'data' / _FOLDER} 中没有指标文件，请恢复后再试。")
    names = [i.name for i in found.values()]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise Unusable(f"指标名称重复：{'、'.join(repeated)}，请在部署的 indicators 目录中改名。")
    order = {code: position for position, code in enumerate(_ORDER)}
    codes = sorted(found, key=lambda code: (order.get(code, len(order)), code))
    return MappingProxyType({code: found[code] for code in codes})


#: The order in which leaders read them; others follow by code.
_ORDER = (
    "intake",
    "closing_rate",
    "on_time_rate",
    "overdue",
    "followup_rate",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
    "contact_15min",
    "closed_24h",
    "opinion_3d",
    "repeat_rate",
    "per_10000",
)


def load() -> dict[str, Indicator]:
    """All indicators by code: the project's, with those that the deployment adds or replaces.

    Raises Unusable for the first faulty file.
    """
    place = deployment()
    return dict(_load(place.folder, place.id))


# ── values ──────────────────────────────────────────────────────────────────────────────────────


#: What is worked out for a row, in order.
MEASURED = ("value", "low", "high", "numerator", "denominator", "n", "status")
_Columns = Callable[[str], rates.Array]


def _columns(frame: pd.DataFrame) -> _Columns:
    """Column name → its numbers; NaN for ''."""

    def column(name: str) -> rates.Array:
        if not name:
            return np.full(len(frame), np.nan)
        held = frame[name]
        if held.dtype.kind in "iuf" and isinstance(held.dtype, np.dtype):
            return held.to_numpy(dtype="float64")
        return pd.to_numeric(held).astype("float64").to_numpy()

    return column


def _measured(indicator: Indicator, column: _Columns, confidence: float) -> dict[str, NDArray[Any]]:
    """The columns ``MEASURED`` of an indicator."""
    numerator, denominator = column(indicator.numerator), column(indicator.denominator)
    nothing = np.full(len(numerator), np.nan)
    status = np.full(len(numerator), "ok", dtype=object)
    if indicator.kind == "rate":
        n = denominator
        if indicator.squares:
            found = rates.weighted(numerator, column(indicator.squares), denominator, confidence)
        else:
            found = rates.wilson(numerator, denominator, confidence)
        status[(n > 0) & (n < indicator.smallest_n)] = "few"
        status[~(n > 0)] = "none"
    elif indicator.kind == "per_10000":
        n = numerator
        found = rates.poisson(numerator, denominator / 10_000, confidence)
        status[n < indicator.smallest_n] = "few"
        status[~(denominator > 0)] = "no_population"
    else:
        n = numerator
        if indicator.kind == "count":
            found = rates.poisson(numerator, 1.0, confidence)
        else:
            found = rates.Interval(numerator, nothing, nothing)
        status[np.isnan(numerator)] = "none"
    value, low, high = (np.where(status == "ok", limit, np.nan) for limit in found)
    return dict(zip(MEASURED, (value, low, high, numerator, denominator, n, status), strict=True))


def measure(indicator: Indicator, frame: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """A copy of a frame of counts with the indicator's value, row by row.

    Added: ``value`` (a share in [0, 1], a count, or a number per 10 000 people), ``numerator``,
    ``denominator``, ``n`` (cases behind it), ``low``, ``high`` (interval of that confidence; none
    for a stock, which is counted whole), ``status``: ``ok``, ``few`` (below ``smallest_n``: value
    and interval are NaN), ``none`` (nothing to divide by), ``no_population``. KeyError where the
    frame lacks a column that the definition names.
    """
    return _with(frame, _measured(indicator, _columns(frame), confidence))


def measure_many(
    held: Iterable[Indicator], frame: pd.DataFrame, confidence: float = 0.95
) -> dict[str, list[dict[str, Any]]]:
    """Code → what ``measure`` adds to each row of a frame, without the frame: a row of figures at once.

    The keys of a row are ``MEASURED``; ``compare`` and ``assess_target`` take such a row.
    """
    column, result = lru_cache(_columns(frame)), {}
    for indicator in held:
        columns = _measured(indicator, column, confidence)
        cells = zip(*(values.tolist() for values in columns.values()), strict=True)
        result[indicator.code] = [dict(zip(MEASURED, row, strict=True)) for row in cells]
    return result


def _with(frame: pd.DataFrame, columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """A copy of a frame with these columns in the place of those of their name, else after all others."""
    # Objects keep their type as a series only.
    held = {k: pd.Series(v, frame.index, v.dtype) if v.dtype == object else v for k, v in columns.items()}
    known = [name for name in held if name in frame.columns]
    result = frame.assign(**{name: held.pop(name) for name in known}) if known else frame
    return pd.concat([result, pd.DataFrame(held, index=frame.index)], axis=1)


# ── changes ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Change:
    """A value against an earlier one.

    ``difference``: of shares (0.012 = 1.2 percentage points), counts or numbers per 10 000 people,
    NaN where one of the two is not known; ``low``, ``high``: its interval; ``relative``: of counts,
    0.12 = 12% more. ``significant`` and ``is_better`` are None where nobody can say. ``text`` is
    the message, ``verdict`` a word for it, ``detail`` difference and interval for a tooltip.
    """

    difference: float
    low: float
    high: float
    relative: float
    significant: bool | None
    is_better: bool | None
    comparison: Comparison
    text: str
    verdict: str
    detail: str


def _row(measured: pd.DataFrame | pd.Series | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(measured, pd.DataFrame):
        if len(measured) != 1:
            raise ValueError(f"one measured row is needed, not {len(measured)}")
        measured = measured.iloc[0]
    return {name: measured[name] for name in ("value", "low", "high", "status", "n")}


def _interval(row: Mapping[str, Any], dispersion: float) -> rates.Interval:
    limits = rates.Interval(*(np.asarray(row[name], dtype="float64") for name in ("value", "low", "high")))
    return rates.widened(limits, dispersion) if dispersion > 1 else limits


def _difference_text(indicator: Indicator, difference: float) -> str:
    if indicator.kind == "rate":
        return wording.points_text(difference)
    if indicator.kind == "per_10000":
        return f"{'-' if difference < 0 else '+'}{wording.per_text(abs(difference), indicator.unit)}"
    return wording.change_text(difference, indicator.unit)


def compare(
    indicator: Indicator,
    now: pd.DataFrame | pd.Series | Mapping[str, Any],
    before: pd.DataFrame | pd.Series | Mapping[str, Any] | None,
    comparison: Comparison = "previous",
    dispersion: float = 1.0,
    is_settled: bool = True,
) -> Change:
    """Change between two measured rows (of ``measure``), with the interval of its difference.

    Shares by Newcombe's method, counts by the same construction on exact Poisson limits (see
    ``rates.difference``). Petitions come in clusters: ``dispersion``, the variance of the counts
    over their mean (``counts.dispersion``), widens the interval of counts. A stock is counted whole:
    nothing is tested, and the verdict says that it grew, not that matters got worse. ``is_settled``
    (``Indicator.is_settled`` of the period of ``now``): where the value still moves no verdict is
    given, since the earlier period has had more time.
    """
    one = _row(now)
    two = _row(before) if before is not None else None
    nan = float("nan")
    nothing = Change(nan, nan, nan, nan, None, None, comparison, "无可比数据", "", "")
    if comparison == "none" or two is None or one["status"] != "ok" or two["status"] != "ok":
        return nothing
    spread = 1.0 if indicator.kind == "rate" else dispersion
    found = rates.difference(_interval(one, spread), _interval(two, spread))
    difference, low, high = (x.item() for x in found)
    relative = float("nan")
    if indicator.kind != "rate" and two["value"] > 0:
        relative = difference / float(two["value"])
    significant = None if indicator.kind == "stock" else not low <= 0 <= high
    is_better = None
    if difference and significant is not False and indicator.low_is_good is not None:
        is_better = (difference < 0) == indicator.low_is_good
    word, amount = BEFORE[comparison], _difference_text(indicator, difference)
    if not is_settled:
        text = f"较{word} {amount}，{UNSETTLED}"
        return Change(difference, low, high, relative, None, None, comparison, text, UNSETTLED, amount)
    if significant is False:
        text, verdict = f"与{word}无显著差异", "无显著差异"
    elif difference == 0:
        text, verdict = f"与{word}持平", "持平"
    else:
        percent = (
            f"（{wording.percent_change_text(relative)}）" if indicator.kind == "count" and relative == relative else ""
        )
        text = f"较{word} {amount}{percent}"
        verdict = {True: "变好", False: "变差", None: "上升" if difference > 0 else "下降"}[is_better]
        if indicator.kind == "stock":
            verdict = "增加" if difference > 0 else "减少"
    detail = amount
    if significant is not None:
        detail += f"，95%区间 {_difference_text(indicator, low)}至{_difference_text(indicator, high)}"
    return Change(difference, low, high, relative, significant, is_better, comparison, text, verdict, detail)


def _together(changes: list[Change]) -> list[Change]:
    """The same changes, of which only those stay significant that also are among so many."""
    tested = [i for i, c in enumerate(changes) if c.significant is not None]
    # How many arms of its own interval a difference lies from zero, as a normal score.
    arms = [c.difference - c.low if c.difference > 0 else c.high - c.difference for c in (changes[i] for i in tested)]
    distances = [abs(changes[i].difference) / arm if arm > 0 else 0.0 for i, arm in zip(tested, arms, strict=True)]
    q = bh(2 * ndtr(-rates.quantile(0.95) * np.array(distances))) if tested else np.zeros(0)
    result = list(changes)
    for i, value in zip(tested, q, strict=True):
        if changes[i].significant and value > 0.05:
            word = BEFORE[changes[i].comparison]
            result[i] = replace(
                changes[i], significant=False, is_better=None, text=f"与{word}无显著差异", verdict="无显著差异"
            )
    return result


def compare_frame(
    indicator: Indicator,
    now: pd.DataFrame,
    before: pd.DataFrame,
    keys: Sequence[str],
    comparison: Comparison = "previous",
    dispersion: float = 1.0,
    is_settled: bool = True,
) -> pd.DataFrame:
    """``now`` with ``change``, ``change_low``, ``change_high``, ``significant``, ``verdict``, ``change_text``.

    Both frames are measured; rows are matched by ``keys``, which are unique in ``before``. Among many
    rows some differ by chance: ``significant`` holds for all of them together (false discovery rate
    5%, Benjamini-Hochberg), the intervals for each alone.
    """
    names = ("value", "low", "high", "status", "n")

    def rows(frame: pd.DataFrame) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        cells = zip(*(frame[name].tolist() for name in names), strict=True)
        for key, row in zip(zip(*(frame[k].tolist() for k in keys), strict=True), cells, strict=True):
            yield key, dict(zip(names, row, strict=True))

    earlier = dict(rows(before))
    found = _together(
        [compare(indicator, row, earlier.get(key), comparison, dispersion, is_settled) for key, row in rows(now)]
    )
    return _with(
        now,
        {
            "change": np.array([c.difference for c in found], dtype="float64"),
            "change_low": np.array([c.low for c in found], dtype="float64"),
            "change_high": np.array([c.high for c in found], dtype="float64"),
            "significant": np.array([c.significant for c in found], dtype=object),
            "verdict": np.array([c.verdict for c in found], dtype=object),
            "change_text": np.array([c.text for c in found], dtype=object),
        },
    )


# ── targets ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Assessment:
    """A value against the target in force: ``is_met`` None where there is none or no value.

    ``is_certain``: the interval does not contain the target.
    """

    target: float | None
    is_met: bool | None
    is_certain: bool
    text: str
    source: str = ""


def assess_target(
    indicator: Indicator,
    measured: pd.DataFrame | pd.Series | Mapping[str, Any],
    day: dt.date,
    is_settled: bool = True,
) -> Assessment:
    """Hold a measured row against the indicator's target on a day (the last of the period).

    While the value still moves (not ``is_settled``) a target that is not reached yet is not missed.
    """
    target = indicator.target(day)
    if target is None:
        return Assessment(None, None, False, "未设目标")
    row = _row(measured)
    aim = f"目标{indicator.text(target.value)}"
    if row["status"] != "ok":
        return Assessment(
            target.value, None, False, f"{aim}，{indicator.text(None, row['n'], row['status'])}", target.source
        )
    gap = float(row["value"]) - target.value
    is_low = bool(indicator.low_is_good)
    is_met = gap <= 1e-12 if is_low else gap >= -1e-12
    has_interval = not wording.is_missing(row["low"])
    is_certain = not has_interval or not float(row["low"]) <= target.value <= float(row["high"])
    if is_met:
        text = f"达到{aim}"
    elif not is_settled:
        return Assessment(target.value, None, False, f"{aim}，{UNSETTLED}", target.source)
    else:
        amount = _difference_text(indicator, abs(gap)).lstrip("+")
        text = f"{'高' if is_low else '低'}于{aim}，差{amount}"
        if not is_certain:
            text += "，在波动范围内"
    return Assessment(target.value, is_met, is_certain, text, target.source)
