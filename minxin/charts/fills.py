"""What areas and cells are filled with, the same in every medium."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minxin.charts.chart import Chart
from minxin.charts.palette import Colours, classes, text_on
from minxin.charts.words import common_ending


@dataclass(frozen=True)
class Fill:
    """Colour, class (None without a value) and written value of one area."""

    colour: str
    step: int | None
    text: str
    value: float | None


@dataclass(frozen=True)
class Step:
    """One step of a legend: colour, text colour on it, words, how many areas."""

    colour: str
    text_colour: str
    words: str
    areas: int


@dataclass(frozen=True)
class Legend:
    """The drawn legend of a map: steps from low to high, then what has no value."""

    title: str
    steps: tuple[Step, ...]
    missing: tuple[Step, ...]
    note: str


def fills(chart: Chart, colours: Colours) -> dict[str, Fill]:
    """Key → fill, by quantile classes of the values; grey where there is none."""
    values = chart.column("y")
    sorted_in = classes(values)
    steps = sorted_in.colours(colours.ramp)
    return {
        key: Fill(colours.few if place is None else steps[place], place, text, value)
        for key, place, text, value in zip(chart.keys, sorted_in.index, chart.values, values, strict=True)
    }


def legend(chart: Chart, colours: Colours, note: str = "") -> Legend:
    """The legend of a map or tile grid; each step says the smallest and largest value that occur in it."""
    sorted_in = classes(chart.column("y"))
    shades = sorted_in.colours(colours.ramp)
    steps = []
    for place, ((low, high), shade) in enumerate(zip(sorted_in.bounds, shades, strict=True)):
        first, last = chart.unit.format(low), chart.unit.format(high)
        words = first if first == last else f"{first.removesuffix(chart.unit.word) or first}—{last}"
        steps.append(Step(shade, text_on(shade), words, sum(i == place for i in sorted_in.index)))
    empty = [text.split("\uff08")[0] for text, i in zip(chart.values, sorted_in.index, strict=True) if i is None]
    missing = tuple(
        Step(colours.few, text_on(colours.few), "无数据" if words == "—" else words, empty.count(words))
        for words in dict.fromkeys(empty)
    )
    return Legend(chart.heading(chart.encoding.y), tuple(steps), missing, note)


def short_names(names: Sequence[str]) -> list[str]:
    """Names without the ending that all of them share （宝民社区 → 宝民）."""
    ending = common_ending(names)
    return [n.removesuffix(ending) if ending else n for n in names]
