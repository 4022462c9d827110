"""A clean CSV through the door, against DuckDB's bare reading of the same file into a table."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tools.bench.homes import ROOT, environment

#: What a ledger holds besides free text: 15 columns as an office exports them, nothing wrong in them.
PLAIN = """
    'P' || lpad(cast(n as varchar), 9, '0') as petition_id,
    (['12345热线', '书记在线', '网格上报', '来信来访'])[1 + n % 4] as channel,
    strftime(made, '%Y-%m-%d %H:%M:%S') as created_at,
    strftime(made + to_minutes(cast(n % 50 as integer)), '%Y-%m-%d %H:%M:%S') as accepted_at,
    (['投诉', '咨询', '求助', '建议'])[1 + n % 4] as kind,
    (['物业管理', '市容环境', '噪声扰民', '交通出行', '劳动纠纷'])[1 + n % 5] as category_1,
    (['一般', '紧急'])[1 + cast(n % 9 = 0 as integer)] as urgency,
    (['简单', '复杂'])[1 + cast(n % 6 = 0 as integer)] as complexity,
    codes[1 + cast(hash(n) % len(codes) as integer)] as community_code,
    round(113.88 + (hash(n) % 1000) / 20000, 6) as longitude,
    round(22.55 + (hash(n + 1) % 1000) / 20000, 6) as latitude,
    (['物业专班', '城市管理办公室', '综合行政执法队'])[1 + n % 3] as first_unit,
    strftime(made + to_hours(cast(24 + n % 100 as integer)), '%Y-%m-%d %H:%M:%S') as due_at,
    case when n % 20 > 0 then strftime(made + to_hours(cast(1 + n % 90 as integer)), '%Y-%m-%d %H:%M:%S') end
        as closed_at,
    case when n % 20 > 0 then (['满意', '基本满意', '一般', '不满意'])[1 + n % 4] end as satisfaction
"""
#: Free text as people write it; one in seven names a telephone number, one in eleven a door.
TEXTS = """,
    '关于' || category_1 || '的诉求' as subject,
    '您好，本人住在附近，最近两个多月一直如此，' || category_1
        || '问题影响到老人和孩子，多户邻居都有同样感受，希望尽快核查处理并告知结果。'
        || case when n % 7 = 0 then '联系电话1' || lpad(cast(3000000000 + n as varchar), 10, '0') || '。' else '' end
        || case when n % 11 = 0 then '位置在3栋' || cast(n % 30 as varchar) || '02室。' else '' end as content,
    case when closed_at is not null then '经核查，已督促责任单位整改，并向诉求人反馈。' end as reply
"""


def write_csv(file: Path, rows: int, texts: bool) -> None:
    """A clean ledger with the columns of the template, by their names."""
    codes = [line.split(",")[0] for line in (ROOT / "data" / "communities.csv").read_text("utf-8").splitlines()[1:]]
    made = f"timestamp '2022-01-01' + to_seconds(cast(range * 31536000 // {rows} as bigint))"
    base = f"select range as n, {made} as made, {codes!r} as codes from range({rows})"
    plain = f"select n, {PLAIN} from ({base})"
    with duckdb.connect() as connection:
        chosen = f"select * exclude (n) {TEXTS if texts else ''} from ({plain})"
        connection.execute(f"copy ({chosen}) to '{file.as_posix()}' (header, delimiter ',')")


def times(folder: Path, rows: int, texts: bool, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of our import and of DuckDB's bare reading, in turn, the start of Python left out."""
    file = folder / f"ledger-{rows}-{'texts' if texts else 'plain'}.csv"
    if not file.exists():
        part = file.with_suffix(".part")
        write_csv(part, rows, texts)
        part.rename(file)
    with tempfile.TemporaryDirectory(prefix="minxin-bench-import-", dir=folder) as work:
        done = subprocess.run(
            [sys.executable, "-m", "tools.bench.imports", str(file), "--rounds", str(rounds), "--work", work],
            cwd=ROOT,
            env=environment(Path(work) / "home"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
    if done.returncode:
        raise RuntimeError(f"the import failed: {done.stderr.strip()[-800:]}")
    measured = json.loads(done.stdout.strip().splitlines()[-1])
    if any(counts["accepted"] != rows for counts in measured["counts"]):
        raise RuntimeError(f"a clean file was not accepted whole: {measured['counts'][0]}")
    return measured["ours"], measured["bare"]


def main() -> int:
    from minxin.__main__ import main as minxin

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    ours, bare, counts = [], [], []
    for turn in range(options.rounds):
        begun = time.perf_counter()
        with duckdb.connect(str(options.work / f"bare-{turn}.duckdb")) as connection:
            connection.execute("create table t as select * from read_csv(?)", [str(options.file)])
        bare.append((time.perf_counter() - begun) * 1000)
        os.environ["MINXIN_HOME"] = str(options.work / f"home-{turn}")
        said = io.StringIO()
        begun = time.perf_counter()
        with contextlib.redirect_stdout(said):
            code = minxin(["import", str(options.file), "--mapping", "template_petition", "--json"])
        ours.append((time.perf_counter() - begun) * 1000)
        if code:
            return code
        counts.append({k: v for k, v in json.loads(said.getvalue()).items() if k in ("rows", "accepted", "rejected")})
    print(json.dumps({"ours": ours, "bare": bare, "counts": counts}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
