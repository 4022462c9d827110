"""The engine of the risk classes for one month, straight from the lake: the very SQL of the build, nothing stored."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter

import duckdb
import pandas as pd

from minxin.settings import Home, Unusable
from minxin.warehouse import risk_rules
from minxin.warehouse.build import MODEL_NAME, limits, models, prepare
from minxin.warehouse.risk_rules import Month, Version


@dataclass(frozen=True)
class Classified:
    """One month classified: ``firms`` has ``uscc, risk_class, score`` in order of the code.

    ``prepared`` seconds went into opening the lake and its lists, ``seconds`` into all the SQL from the
    records to the classes.
    """

    month: Month
    version: Version
    firms: pd.DataFrame
    as_of: datetime
    prepared: float
    seconds: float


def classify(home: Home, month: str = "") -> Classified:
    """Classify all firms of the lake for a month (``2023-06``; '' for the newest), by the rules in force then.

    Raises Unusable for a month that is none, lies after the data or before the first rules.
    """
    scratch = home.temporary / f"classify-{secrets.token_hex(4)}"
    scratch.mkdir(parents=True)
    began = time.perf_counter()
    try:
        with duckdb.connect(config=limits(scratch)) as connection:
            as_of = prepare(connection, home, datetime.now(home.deployment.zone).replace(tzinfo=None, microsecond=0))
            rules = risk_rules.load(home.deployment)
            wanted = _month(month, as_of)
            version = rules.for_month(wanted.start)
            if version is None:
                first = rules.versions[0].start
                raise Unusable(f"{wanted.start:%Y-%m} 尚无生效的分类规则（最早为 {first:%Y-%m}），请另选月份。")
            connection.execute("delete from config_risk_month")
            for row in risk_rules.rows(rules, [wanted])["config_risk_month"]:
                connection.execute("insert into config_risk_month values (?, ?, ?, ?)", row)
            prepared = time.perf_counter()
            _run(connection, "mart_risk")
            firms = connection.execute("select uscc, risk_class, score from mart_risk order by uscc").df()
            done = time.perf_counter()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Classified(wanted, version, firms, as_of, prepared - began, done - prepared)


def _month(text: str, as_of: datetime) -> Month:
    newest = risk_rules.months(as_of, 1)[0]
    if not text:
        return newest
    try:
        start = datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        raise Unusable(f"月份「{text}」写法不对，应为 2023-06 这样的年月。") from None
    if start > newest.start:
        raise Unusable(f"{text} 还没有数据（数据截至 {as_of:%Y-%m-%d}），请选 {newest.start:%Y-%m} 或更早的月份。")
    return Month(start, min(risk_rules.next_month(start), newest.known_before))


def _run(connection: duckdb.DuckDBPyConnection, target: str) -> None:
    """A model and all that it is made of, in the order in which they can be made."""
    files = models()
    graph: dict[str, set[str]] = {}
    waiting = [target]
    while waiting:
        name = waiting.pop()
        if name not in graph:
            lines = files[name].read_text(encoding="utf-8").splitlines()
            found = set(MODEL_NAME.findall("\n".join(line.split("--")[0] for line in lines)))
            graph[name] = (found & set(files)) - {name}
            waiting += graph[name]
    for name in TopologicalSorter(graph).static_order():
        what = "view" if name.startswith("stg_") else "table"
        sql = files[name].read_text(encoding="utf-8").rstrip().rstrip(";")
        connection.execute(f"create temp {what} {name} as {sql}")
