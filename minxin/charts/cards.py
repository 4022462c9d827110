"""The words of KPI cards, the same on slides, pictures and pages."""

from __future__ import annotations

from dataclasses import dataclass

from minxin.charts.chart import PLAIN_COUNT, Chart, Unit
from minxin.charts.words import clean

#: What ``Unit.difference`` says of no change.
UNMOVED = "持平"
_ARROWS = {1: "▲", 0: "", -1: "▼"}


@dataclass(frozen=True)
class Card:
    """One KPI card; empty texts are left out."""

    key: str
    name: str
    figure: str
    word: str
    direction: int
    said: str
    before: str
    verdict: str
    target: str
    interval: str
    cases: str
    note: str
    strong: bool
    unknown: bool

    @property
    def change(self) -> str:
        """The change in one phrase: 环比 ▲ +1.2百分点; '' where nothing can be compared."""
        arrow = "" if self.said == UNMOVED else _ARROWS[self.direction]
        return " ".join(p for p in (self.word, arrow, self.said) if p) if self.said else ""


def _limits(unit: Unit, low: float, high: float) -> str:
    """Both ends, as short as a narrow card needs them: 94.1—96.3%, or without the word of the figure: 88.66—90.74."""
    first, last = (unit.format(end).removesuffix(unit.word) for end in (low, high))
    return f"{first}—{last}{'%' if unit.kind == 'rate' else ''}"


def cards(chart: Chart) -> list[Card]:
    """The cards of a KPI row in order: 环比 ▲ +1.2百分点 | 好转 | 目标 99.0% | 95%区间 94.1—96.3% | n=1,204."""
    changes, words, verdicts = chart.column("change"), chart.column("change_word"), chart.column("verdict")
    targets, cases, notes = chart.column("target"), chart.column("n"), chart.column("note")
    values = chart.column("y")
    lows, highs = chart.column("low"), chart.column("high")
    named = bool(chart.encoding.emphasis)
    result = []
    for i, name in enumerate(chart.names):
        unit = chart.row_unit(i)
        said = verdict = interval = before = ""
        direction = 0
        word = clean(words[i]) if words else ""
        if changes and changes[i] is not None:
            moved = float(changes[i])
            said, direction = unit.difference(moved), (moved > 0) - (moved < 0)
            verdict = clean(verdicts[i]) if verdicts else ""
            verdict = "" if verdict == said else verdict
            if values[i] is not None:
                before = unit.format(float(values[i]) - moved)
        if lows and highs and lows[i] is not None and highs[i] is not None:
            interval = f"{chart.confidence:.0%}区间 {_limits(unit, lows[i], highs[i])}"
        counted = f"n={PLAIN_COUNT.exact(cases[i])}" if cases and cases[i] is not None else ""
        result.append(
            Card(
                key=chart.keys[i],
                name=name,
                # The number of cases has a line of its own; in the size of a figure it would be cut off.
                figure=chart.values[i].removesuffix(f"（{counted}）"),
                word=word,
                direction=direction,
                said=said,
                before=before,
                verdict=verdict,
                target=f"目标 {unit.format(targets[i])}" if targets and targets[i] is not None else "",
                interval=interval,
                cases=counted,
                note=clean(notes[i]) if notes else "",
                strong=named and chart.strong[i],
                unknown=values[i] is None,
            )
        )
    return result
