"""A nomination as a page of its dossier: who, why, seconded by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from minxin.analysis import wording
from minxin.charts.about import About
from minxin.charts.chart import Chart, Encoding, Kind, Unit
from minxin.charts.words import wrap
from minxin.settings import deployment

#: Ems of text in one line of the dossier.
LINE = 30


def text(facts: Mapping[str, str], about: About) -> Chart:
    """The nomination itself; ``facts``: heading → text, with at least 类别, 对象 and 年度."""
    title = f"{facts['年度']}{facts['类别']}提名：{facts['对象']}"
    subtitle = "提名只列证据与理由，是否入选由人决定"
    # A slide cuts what is wider than its cell, and of a nomination nothing may be cut.
    parts = ((item, wrap(said, LINE, 400)) for item, said in facts.items())
    rows = [(f"{item}（续）" if number else item, line) for item, lines in parts for number, line in enumerate(lines)]
    return about.of(deployment().whole_word).chart(
        name="nomination",
        kind=Kind.TABLE,
        data=pd.DataFrame(rows, columns=["item", "text"]),
        encoding=Encoding(),
        unit=Unit(),
        title=title,
        subtitle=subtitle,
        headings={"item": "项目", "text": "内容"},
    )


def day(moment: dt.datetime) -> str:
    """A moment of the store as it stands in a dossier."""
    return f"{wording.date_text(moment.date(), True)} {moment:%H:%M}"
