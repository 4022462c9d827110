"""The first rows of a file as they would be stored, masked, with what is wrong marked: before an import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from minxin.ingest.engine import as_written, engine
from minxin.ingest.mapping import Mapping
from minxin.ingest.pipeline import clean_file_name, make_plan, open_for, working_folder
from minxin.ingest.readers import Source
from minxin.ingest.steps import prepare
from minxin.settings import Home
from minxin.texts.masking import offer_key, withdraw_key
from minxin.texts.sql_text import quote


@dataclass(frozen=True)
class Preview:
    """What an import would make of the first rows.

    ``frame`` has one row per previewed row in the order of the file: ``_line`` (its number in the
    file), ``_problem`` (Chinese reasons, '' where the row is good) and the columns that the file fills,
    typed, persons hashed and texts masked. ``counts``: ``rows``, ``good``, ``bad``, ``unlocated``.
    """

    source: Source
    mapping: Mapping
    frame: pd.DataFrame
    counts: dict[str, int]
    labels: dict[str, str]


def preview(file: Path, mapping: Mapping | None, home: Home, rows: int = 200, *, name: str = "") -> Preview:
    """Try the first ``rows`` rows of a file; nothing is stored.

    Raises Unusable for a file nobody can use.
    """
    home = home.open()
    with working_folder(home, "preview") as work:
        source, mapping = open_for(file, mapping, work, clean_file_name(name or file.name))
        plan = make_plan(source, mapping, home)
        head = source.head(rows)
        with engine(work) as connection:
            connection.register("head", head)
            # Text also where a column is empty throughout and the frame has no type for it.
            texts = "".join(f", cast({quote(c)} as varchar) as {quote(c)}" for c in source.columns)
            connection.execute(f"create temp table raw as select cast(_line as bigint) as _line{texts} from head")
            plan = prepare(connection, plan, "raw", lambda share, text: None)
            offer_key(connection, home.key())
            query = plan.stored_sql(plan.reasons_sql("raw", to_store=True), keep=("_problem",))
            with as_written(connection):
                frame = connection.execute(
                    "select _line, _problem, * exclude (_line, _problem, _status, _key, _content, month)"
                    f" from ({query}) order by _line"
                ).df()
            withdraw_key(connection)
        bad = int((frame["_problem"] != "").sum())
        lost = int((frame["community_source"] == "none").sum()) if plan.located else 0
        labels = {c.name: c.label for c in plan.stored_columns}
        counts = {"rows": len(frame), "good": len(frame) - bad, "bad": bad, "unlocated": lost}
        return Preview(source, mapping, frame, counts, labels)
