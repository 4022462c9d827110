"""The words of KPI cards, the same on slides, pictures and pages."""

from __future__ import annotations

from dataclasses import dataclass

from minxin.charts.chart import PLAIN_COUNT, Chart
from minxin.charts.words import clean


@dataclass(frozen=True)
class Card:
    """One KPI card; empty texts are left out."""

    key: str
    name: str
    figure: str
    change: str
    verdict: str
    target: str
    interval: str
    cases: str
    note: str
    strong: bool
    unknown: bool


def cards(chart: Chart) -> list[Card]:
    """The cards of a KPI row in order: 环比 ▲ +1.2百分点 | 好转 | 目标 99.0% | 区间 94.1%—96.3% | n=1,204."""
    changes, words, verdicts = chart.column("change"), chart.column("change_word"), chart.column("verdict")
    targets, cases, notes = chart.column("target"), chart.column("n"), chart.column("note")
    lows, highs = chart.column("low"), chart.column("high")
    named = bool(chart.encoding.emphasis)
    result = []
    for i, name in enumerate(chart.names):
        unit = chart.row_unit(i)
        change = verdict = interval = ""
        if changes and changes[i] is not None:
            word = clean(words[i]) if words else ""
            verdict = clean(verdicts[i]) if verdicts else ""
            arrow = "▲" if float(changes[i]) > 0 else "▼" if float(changes[i]) < 0 else ""
            said = unit.difference(changes[i])
            change = " ".join(p for p in (word, "" if said == "持平" else arrow, said) if p)
            verdict = "" if verdict == said else verdict
        if lows and highs and lows[i] is not None and highs[i] is not None:
            interval = f"区间 {unit.format(lows[i])}—{unit.format(highs[i])}"
        result.append(
            Card(
                key=chart.keys[i],
                name=name,
                figure=chart.values[i],
                change=change,
                verdict=verdict,
                target=f"目标 {unit.format(targets[i])}" if targets and targets[i] is not None else "",
                interval=interval,
                cases=f"n={PLAIN_COUNT.exact(cases[i])}" if cases and cases[i] is not None else "",
                note=clean(notes[i]) if notes else "",
                strong=named and chart.strong[i],
                unknown=chart.column("y")[i] is None,
            )
        )
    return result
