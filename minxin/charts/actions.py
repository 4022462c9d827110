"""The ten actions as bullets: progress as a bar, the time gone as a stroke, for the weekly page and the scorecard."""

from __future__ import annotations

import pandas as pd

from minxin.analysis import actions as reckoning
from minxin.analysis import wording
from minxin.charts.about import About
from minxin.charts.chart import RATE, Annotation, Chart, Encoding, Kind
from minxin.settings import deployment

#: Written beside the bullets, in this order; the table of the chart has them too.
DETAILS = {
    "status": "状态",
    "lead": "责任领导岗位",
    "target_text": "目标",
    "milestones": "里程碑",
    "due_on": "完成期限",
    "evidence": "进展佐证",
}


def actions(rows: pd.DataFrame, about: About) -> Chart:
    """One bullet an action, in the order of their numbers; ``rows`` are those of ``actions.list``."""
    timed = reckoning.timed(rows, about.as_of).rename(columns={"target": "target_text"})
    # What has not begun is not 0% done, and what nobody reported is not either: neither is drawn.
    timed["progress"] = timed["progress"].where((timed["status"] != reckoning.WAITING) | (timed["progress"] > 0))
    timed["label"] = [s if pd.isna(p) else "" for s, p in zip(timed["status"], timed["progress"], strict=True)]
    # Days as text: an action without one is told by a dash, and years always stand there.
    timed["due_on"] = [None if pd.isna(d) else wording.date_text(pd.Timestamp(d).date(), True) for d in timed["due_on"]]
    title = reckoning.message(timed, about.as_of)
    subtitle = "横条为填报进度，竖线为已过时间占比；进度比时间少 10 个百分点以上称落后"
    return about.of(deployment().whole_word).chart(
        name="actions",
        kind=Kind.BULLET,
        data=timed,
        encoding=Encoding(
            x="name",
            y="progress",
            target="elapsed",
            key="action_id",
            label="label",
            order="action_id",
            emphasis=tuple(timed.loc[timed["status"].isin([reckoning.LATE, reckoning.BEHIND]), "action_id"]),
        ),
        unit=RATE,
        title=title,
        subtitle=subtitle,
        annotations=(Annotation(1.0, "完成 100%"),),
        headings={"name": "行动", "progress": "进度", "elapsed": "时间进度", **DETAILS},
    )
