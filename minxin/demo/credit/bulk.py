"""The bulk of credit information, made by DuckDB itself month by month in bounded memory.

Every record is a function of its number and the seed (DuckDB's ``hash``), so that it does not matter in
how many threads or in which order they are made. A firm has at most ``KINDS_PER_FIRM`` kinds of routine
information, larger firms have more records; telling records come from ``events``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from minxin.demo.credit.city import SYSTEMS
from minxin.demo.credit.events import GENERAL_AUTHORITY
from minxin.demo.credit.firms import Firms
from minxin.demo.credit.settings import Told, month_days
from minxin.demo.draw import Ints, generator, shares
from minxin.tables import table as declared_table
from minxin.warehouse.lake import key_sql

KINDS_PER_FIRM = 12
#: Kinds that are contracts (H11 counts them apart).
CONTRACTS = ("政府采购合同", "公共资源交易合同")
#: What firms report all the time is most of the bulk.
_FREQUENT = {"月": 9.0, "日": 3.0, "周": 2.0, "年": 1.0}
_TICKETS = 4096
Progress = Callable[[float, str], None]


def write(folder: Path, told: Told, firms: Firms, telling: pa.Table, telling_day: Ints, progress: Progress) -> int:
    """Write ``credit_record`` below ``folder``, one file per month; return the number of rows.

    ``telling`` are the records of ``events``; the routine ones fill up to ``told.records``.
    """
    routine = max(told.records - telling.num_rows, 0)
    contracts = min(int(told.settings["published"]["contracts"]), round(told.records * 0.2276667))
    contracts = min(contracts, routine)
    with duckdb.connect(config={"preserve_insertion_order": True}) as connection:
        _prepare(connection, told, firms)
        months = month_days(told.first, told.last)
        weight = np.array([(stop - start) * (1 + 0.02 * i) for i, (_, start, stop) in enumerate(months)])
        counts, contract_counts = shares(routine, weight), shares(contracts, weight)
        month_of = telling_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        done = 0
        for number, (month, start, stop) in enumerate(months):
            progress(number / len(months), f"写入信用信息 {month:%Y-%m}")
            here = (month.year - 1970) * 12 + month.month - 1
            own = telling.filter(pa.array(month_of == here))
            connection.register("telling", own)
            target = folder / "credit_record" / f"month={month:%Y-%m}"
            target.mkdir(parents=True, exist_ok=True)
            first = int(counts[:number].sum())
            rows = _rows_sql(told, first, int(counts[number]), int(contract_counts[number]), start, stop)
            connection.execute(
                f"copy ({_finished_sql(rows, done)}) to '{(target / 'part-0.parquet').as_posix()}'"
                " (format parquet, compression zstd)"
            )
            connection.unregister("telling")
            done += int(counts[number]) + own.num_rows
        return done


def _prepare(connection: duckdb.DuckDBPyConnection, told: Told, firms: Firms) -> None:
    """Tables to draw from: firms by size, kinds by frequency, contracts, offices."""
    rng = generator(told.seed, "bulk")
    alive = np.flatnonzero(firms.active)
    tickets = np.repeat(alive, np.array([1, 2, 5, 12])[firms.size[alive]])
    tickets = tickets[rng.permutation(len(tickets))]
    connection.register("firm_tickets", pa.table({"ticket": np.arange(len(tickets)), "firm": tickets}))
    connection.register(
        "firm_codes",
        pa.table({"firm": np.arange(len(firms)), "uscc": firms.uscc, "registered": firms.registered}),
    )
    connection.execute(
        "create temp table firm as select ticket, firm, uscc, registered from firm_tickets join firm_codes using (firm)"
    )
    routine = [
        t
        for t in told.record_types
        if t["polarity"] != "失信" and t["is_event"] == "0" and t["type_name"] not in CONTRACTS
    ]
    weights = np.array([_FREQUENT[t["frequency"]] for t in routine])
    parts = np.maximum(shares(_TICKETS, weights), 1)
    kinds = np.repeat(np.arange(len(routine)), parts)
    kinds = kinds[rng.permutation(len(kinds))]
    # Offices were drawn once: without these draws all that follows would be another demo.
    rng.integers(0, len(GENERAL_AUTHORITY), len(routine))
    offices = [told.authority(t["type_name"]) for t in routine]
    systems = rng.integers(0, len(SYSTEMS), len(routine))
    # Each kind has its own habit of being late, in thousandths, and each of the ten kinds too.
    habit = {name: rng.uniform(0.5, 1.9) for name in sorted({t["disclosure_name"] for t in routine})}
    late = np.array([8 + 50 * habit[t["disclosure_name"]] * rng.uniform(0.7, 1.3) for t in routine]).astype(np.int64)
    connection.register(
        "kind_tickets",
        pa.table(
            {
                "ticket": np.arange(len(kinds)),
                "type_code": [routine[k]["type_code"] for k in kinds],
                "polarity": [routine[k]["polarity"] for k in kinds],
                "authority": [offices[k] for k in kinds],
                "system": [SYSTEMS[systems[k]] for k in kinds],
                "late": late[kinds],
            }
        ),
    )
    connection.execute("create temp table kind as select * from kind_tickets")
    contracts = [t for t in told.record_types if t["type_name"] in CONTRACTS]
    connection.execute("create temp table contract (ticket bigint, type_code varchar, authority varchar)")
    connection.executemany(
        "insert into contract values (?, ?, ?)",
        [[i, t["type_code"], told.authority(t["type_name"])] for i, t in enumerate(contracts)],
    )
    connection.execute(
        "create temp macro draw(number, salt, below) as"
        f" cast(hash(number, salt, {told.seed % 2**53}) % below as bigint)"
    )
    connection.execute(f"create temp macro firms() as {len(tickets)}")
    connection.execute(f"create temp macro kinds() as {len(kinds)}")


def _rows_sql(told: Told, first: int, count: int, contracts: int, start: int, stop: int) -> str:
    """The routine records of a month: the first ``contracts`` of them are contracts."""
    return f"""
        select
            concat('XX', lpad(cast(made.number as varchar), 9, '0')) as record_id,
            firm.uscc,
            coalesce(contract.type_code, kind.type_code) as type_code,
            date '1970-01-01' + cast(made.day as integer) as issued_on,
            case
                when made.slow < 8 then null
                when made.slow < kind.late then made.day + 8 + made.late
                else made.day + made.late % 8
            end as shown,
            case when contract.type_code is null then kind.polarity else '中性' end as polarity,
            case when made.odd < 6 then null else coalesce(contract.authority, kind.authority) end as authority,
            case when made.odd between 6 and 25 then null else kind.system end as system,
            case when contract.type_code is not null then 1000.0 * (5 + made.worth % 4000) end as amount,
        from (
            select
                number,
                draw(number, 'firm', firms()) as firm_ticket,
                draw(number, 'kind', {KINDS_PER_FIRM}) as turn,
                {start} + draw(number, 'day', {stop - start}) as day,
                draw(number, 'slow', 1000) as slow,
                draw(number, 'late', 30) as late,
                draw(number, 'odd', 1000) as odd,
                draw(number, 'worth', 1000000) as worth,
                number < {first + contracts} as is_contract,
            from (select range as number from range({first}, {first + count}))
        ) as made
        join firm on firm.ticket = made.firm_ticket
        join kind on kind.ticket = draw(firm.firm * {KINDS_PER_FIRM} + made.turn, 'own', kinds())
        left join contract on made.is_contract and contract.ticket = made.worth % 2"""


def _finished_sql(rows: str, done: int) -> str:
    """The month's rows in the shape of the lake, the telling ones after the routine ones."""
    declared = declared_table("credit_record")
    names = ", ".join(f'"{n}"' for n in declared.names)
    return f"""
        with routine as (
            select
                record_id, uscc, type_code, issued_on,
                date '1970-01-01' + cast(shown as integer) as published_on,
                cast(null as date) as valid_until,
                polarity, authority, system, amount,
            from ({rows})
        ),
        whole as (
            select {names} from routine
            union all
            select {names} from telling
        )
        select
            {names},
            {done} + row_number() over () as _line,
            'accepted' as _status,
            {key_sql(declared.key)} as _key,
            {key_sql(declared.names)} as _content,
        from whole"""
