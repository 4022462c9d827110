"""The row of figures of the weekly page, and the message above it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from minxin.analysis import indicators, messages, wording
from minxin.analysis.indicators import Change, Indicator
from minxin.analysis.periods import BEFORE, WORDS
from minxin.charts import figures
from minxin.charts.chart import Chart, Kind, Unit

if TYPE_CHECKING:
    from minxin.charts.weekly import Weekly


def unit(indicator: Indicator) -> Unit:
    """How values of an indicator are written."""
    return Unit.of(indicator.kind, indicator.unit)


def change(page: Weekly, indicator: Indicator) -> tuple[dict[str, Any], Change]:
    """The measured total of an indicator, and its change."""
    now, *before = page.measured_totals[indicator.code]
    return now, indicators.compare(
        indicator,
        now,
        before[0] if before else None,
        page.question.comparison,
        dispersion=page.dispersion,
        is_settled=page.is_settled(indicator),
    )


def measured(page: Weekly) -> pd.DataFrame:
    """One indicator of the board a row, in the board's order but those that have data first."""
    held, rows = indicators.load(), []
    note = wording.moment_text(page.about.as_of) + ("，本期未满" if page.is_partial else "")
    # a stock is what stood there as the period ended
    newest = (page.about.as_of - dt.timedelta(microseconds=1)).year
    ended = dt.datetime.combine(page.period.end, dt.time())
    stock_note = note if page.is_partial else wording.moment_text(ended, year=page.period.last.year != newest)
    for code in page.board.kpi:
        indicator = held[code]
        now, moved = change(page, indicator)
        target = indicators.assess_target(indicator, now, page.period.last, page.is_settled(indicator))
        rows.append(
            {
                "code": code,
                "name": indicator.name,
                "value": now["value"],
                "low": now["low"] if indicator.kind == "rate" else np.nan,
                "high": now["high"] if indicator.kind == "rate" else np.nan,
                "n": now["n"] if indicator.kind in ("rate", "per_10000") else np.nan,
                "status": now["status"],
                "unit": unit(indicator),
                "target": np.nan if target.target is None else target.target,
                "change": moved.difference,
                "verdict": moved.verdict,
                "change_word": WORDS[page.question.comparison],
                "note": stock_note if indicator.kind == "stock" else note,
            }
        )
    frame = pd.DataFrame(rows)
    frame["has_data"] = frame["status"].isin(["ok", "few"])
    return frame.sort_values("has_data", ascending=False, kind="stable").reset_index(drop=True)


def row(page: Weekly, name: str, rows: pd.DataFrame) -> Chart:
    """Some rows of ``measured`` as a KPI row."""
    compared = f"，对比{BEFORE[page.question.comparison]}（{page.other.days_label}）" if page.other else ""
    data = rows.reset_index(drop=True)
    return page.chart(
        name,
        Kind.KPI_ROW,
        data.assign(position=range(len(data))),
        figures.encoding(data),
        Unit(),
        "；".join(f"{word} {sentence}" for word, sentence in page.headline[:2]),
        f"{page.place_name}主要指标，{page.span}{compared}",
        codes=tuple(data["code"]),
        headings={"name": "指标", "value": "数值"},
    )


def headline(page: Weekly) -> tuple[tuple[str, str], ...]:
    """Word and sentence for what came in, what is late, what is unusual."""
    now, moved = change(page, indicators.load()["intake"])
    intake = messages.intake_message(float(now["value"]), moved)
    here = page.narrowed(page.everywhere.communities)
    late = messages.late_message(here.assign(overdue=here["overdue_open"]))
    return (
        ("受理", intake.removeprefix("受理 ")),
        ("逾期", late.removeprefix(f"{page.place_name}逾期未办 ")),
        ("异常", page.unusual.title),
    )
