"""The white list of the snapshot's own firms: trained on loans that ended, applied to who is registered today."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from minxin.analysis.whitelist import run
from minxin.analysis.whitelist.run import Trained, Wanted
from minxin.analysis.whitelist.training import Progress
from minxin.analysis.whitelist.variables import Knowledge
from minxin.settings import Home, Refused

BLOCK, TARGET, TIME, FIRM = "lending.features", "bad", "month_start", "uscc"
#: What a row says besides the variables.
NAMES = (
    "loan_id", "uscc", "enterprise_name", "county_name", "bank", "whitelisted_on", "granted_on",
)  # fmt: skip
CALLED = "信易贷到期贷款"
POPULATION = (
    "已经放款、到期日已过的信易贷业务，一笔一行；变量取授信之前公开的信用记录，结果为逾期超过 30 天。"
    "注册资本、员工数、规模为最近一次登记的值，不是授信时的值。同一企业的各笔不拆开，随最近一笔的授信月份归入训练或检验"
)


def folder(home: Home) -> Path:
    """Where the model of a home's firms stands."""
    return home.path / "whitelist"


def train(ask: Callable[..., pd.DataFrame], knowledge: Knowledge, model: str, say: Progress) -> Trained:
    """Train on the loans that ended, split by the month of the firm's last grant. Refused where there are none.

    All loans of a firm lie on one side, and in one fold of the calibration: a model tested on a firm it was
    trained on would look better than it is.
    """
    rows = ask(BLOCK, purpose="train", county="")
    if rows.empty:
        raise Refused("快照里没有已到期的信易贷贷款，不能训练；请先导入信易贷业务并发布。")
    frame = prepared(rows).assign(**{TIME: pd.to_datetime(rows[TIME]).dt.strftime("%Y-%m"), FIRM: rows[FIRM]})
    frame[TARGET] = rows[TARGET].astype("float64").to_numpy()
    wanted = Wanted(TARGET, time_column=TIME, model=model, population=POPULATION, group_column=FIRM)
    return run.train_frame(frame, CALLED, wanted, knowledge, say)


def prepared(rows: pd.DataFrame) -> pd.DataFrame:
    """The variables of the rows of the block, without names and outcome."""
    return rows.drop(columns=[*NAMES, TARGET, TIME], errors="ignore")
