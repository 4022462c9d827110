"""The whole way of a row as SQL: picked, cleaned, typed, placed, judged, masked, fingerprinted.

Every step is one projection over the one before, so that nothing is evaluated twice and wide texts
pass no join or sort that would hold them in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from minxin.ingest import checks, places
from minxin.ingest.coordinates import STORED_DECIMALS, to_wgs84_sql
from minxin.ingest.mapping import WHOLE_ROW, FieldRule
from minxin.ingest.mapping import Mapping as FileMapping
from minxin.ingest.names import REASON_COLUMN
from minxin.ingest.row_keys import NO_ROW_KEY, RowKey, row_key_sql
from minxin.ingest.statuses import content_sql
from minxin.ingest.typing_sql import (
    cleaned_sql,
    held_sql,
    mapped_sql,
    picked_sql,
    plain_sql,
    settled_sql,
    together_sql,
    typed_sql,
)
from minxin.settings import Deployment
from minxin.tables import Column, Table
from minxin.texts.masking import hash_sql, masked_sql
from minxin.texts.sql_text import quote
from minxin.warehouse.credit_configuration import listed_codes
from minxin.warehouse.lake import key_sql

_PLACE = ("community_code", "community_name")
_POINT = ("longitude", "latitude")


@dataclass(frozen=True)
class Plan:
    """What a mapping means for one file: everything that the SQL is made from."""

    table: Table
    mapping: FileMapping
    deployment: Deployment
    present: tuple[str, ...]
    now: datetime
    #: Time formats per column, best first; filled by the pipeline from a sample.
    formats: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: What makes the key where the mapping names no column for it.
    row_key: RowKey = NO_ROW_KEY
    #: Whether any row needs its point to find its community; filled by ``prepare``.
    asks_points: bool = True

    @cached_property
    def rules(self) -> dict[str, FieldRule]:
        """The mapping's rules by target column, as far as the file can fill them, in declared order."""
        found = {}
        for column in self.table.columns:
            rule = self.mapping.columns.get(column.name)
            if rule is not None and not column.derived and picked_sql(rule, self.present) is not None:
                found[column.name] = rule
        return found

    @cached_property
    def mapped_columns(self) -> list[str]:
        """The columns of the file that fill a column of the table, in the order of the table."""
        used = [name for rule in self.rules.values() for name in rule.present(self.present)]
        return list(dict.fromkeys(used))

    @property
    def source_columns(self) -> list[str]:
        """The columns of the file that have to be loaded."""
        return list(dict.fromkeys([*self.mapped_columns, *self.row_key.columns]))

    @property
    def delivered(self) -> list[str]:
        """The columns of the table that this file speaks of, empty or not."""
        filled = {*self.rules, *self.numbered}
        return [c.name for c in self.table.columns if c.name in filled and c.personal != "drop"]

    @property
    def whole_row_is_key(self) -> bool:
        return self.mapping.key == WHOLE_ROW

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that make the key; none where the whole content does."""
        return () if self.whole_row_is_key else self.mapping.key or self.table.key

    @property
    def numbered(self) -> list[str]:
        """Key columns of the table that the file lacks and that the content numbers instead."""
        if not self.whole_row_is_key:
            return []
        return [n for n in self.table.key if n not in self.rules and self.table.column(n).type == "text"]

    @property
    def located(self) -> bool:
        return self.table.located

    @property
    def has_points(self) -> bool:
        return set(_POINT) <= set(self.rules)

    @cached_property
    def faults(self) -> list[checks.Fault]:
        wanted = {c.reference or "industries" for c in self.table.columns if c.reference or c.format == "industry"}
        lists = {name: listed_codes(self.deployment, name) for name in wanted}
        found = checks.faults(self.table, self.key, self.rules, self.now, lists)
        return [f for f in found if f.column not in self.numbered]

    def read_sql(self, relation: str, only: Collection[str] | None = None, keyed: bool = False) -> str:
        """A query over raw rows: ``_line`` and per filled column ``t_…`` (text) and ``v_…`` (typed).

        ``keyed``: also ``_row_key``, made from the texts as they stand in the file.
        """
        rules = {name: rule for name, rule in self.rules.items() if only is None or name in only}
        columns = {name: self.table.column(name) for name in rules}
        mended = REASON_COLUMN in self.present
        zone = self.deployment.timezone
        source_zone = self.mapping.timezone or zone

        def each(make: dict[str, str]) -> str:
            return "".join(f", {sql} as {quote(name)}" for name, sql in make.items())

        picked = {f"p_{n}": picked_sql(r, self.present) or "null" for n, r in rules.items()}
        # Free text has line breaks inside and is looked at by itself.
        short = [n for n in rules if columns[n].personal != "mask"]
        together = {"_together": together_sql([quote(f"p_{n}") for n in short])}
        plain = {"_plain": "false" if mended else plain_sql("_together")}
        cleaned = {f"c_{n}": cleaned_sql(quote(f"p_{n}"), mended) for n in rules}
        cleaned |= {f"c_{n}": f"case when _plain then {quote(f'p_{n}')} else {cleaned[f'c_{n}']} end" for n in short}
        mapped = {f"t_{n}": mapped_sql(quote(f"c_{n}"), r, self.mapping.missing) for n, r in rules.items()}
        texts = {f"t_{n}": quote(f"t_{n}") for n in rules}
        typed = {
            f"v_{n}": typed_sql(quote(f"t_{n}"), columns[n], r, self.formats.get(n, r.formats), zone, source_zone)
            for n, r in rules.items()
        }
        held = {f"t_{n}": held_sql(quote(f"t_{n}"), quote(f"v_{n}"), columns[n]) for n in rules}
        settled = {f"v_{n}": settled_sql(quote(f"v_{n}"), columns[n]) for n in rules}
        passed = "_line, _row_key" if keyed else "_line"
        numbered = f"_line, {row_key_sql(self.row_key.columns, mended)} as _row_key" if keyed else "_line"
        query = f"select {numbered}{each(picked)} from {relation}"
        query = f"select *{each(plain)} from (select *{each(together)} from ({query}))"
        for step in (cleaned, mapped, texts | typed, held | settled):
            query = f"select {passed}{each(step)} from ({query})"
        return query

    def placed_sql(self, relation: str, only: Collection[str] | None = None, keyed: bool = False) -> str:
        """``read_sql`` with points in WGS84, and ``place_text`` and ``point_key`` to look communities up by."""
        query = self.read_sql(relation, only, keyed)
        if not self.located:
            return query
        pointed = self.has_points and (only is None or set(_POINT) <= set(only))
        if pointed and self.mapping.nowhere:
            query = self._without_nowhere(query)
        if pointed:
            system = self.mapping.coordinates or self.deployment.coordinate_system
            query = to_wgs84_sql(f"({query})", system, "v_longitude", "v_latitude")
        point = (
            places.point_key_sql("v_longitude", "v_latitude")
            if pointed and self.asks_points
            else "cast(null as bigint)"
        )
        return (
            f"select *, {places.place_text_sql(*self.place_columns)} as place_text, {point} as point_key from ({query})"
        )

    def _without_nowhere(self, query: str) -> str:
        """The rows with the points that stand for no place as if nothing had been written."""
        points = [point.split() for point in self.mapping.nowhere]
        there = " or ".join(f"(v_longitude = {x} and v_latitude = {y})" for x, y in points)
        names = [quote(f"{kind}_{name}") for kind in "tv" for name in _POINT]
        emptied = ", ".join(f"case when {there} then null else {name} end as {name}" for name in names)
        return f"select * replace ({emptied}) from ({query})"

    @property
    def place_columns(self) -> tuple[str | None, str | None]:
        """The texts that name the community, as quoted ``t_…`` columns, None where the file has none."""
        code, name = (quote(f"t_{n}") if n in self.rules else None for n in _PLACE)
        return code, name

    def judged_sql(self, relation: str, to_store: bool = False) -> str:
        """All rows with their community resolved and ``_ok``; needs the tables of ``places``.

        ``to_store``: with what ``stored_sql`` asks of them; needs ``offer_key``.
        """
        query = self.placed_sql(relation, keyed=to_store and self.whole_row_is_key)
        if self.located and self.asks_points:
            query = (
                "select placed.*, coalesce(place_names.code, place_points.code, 'none') as community_code,"
                " case when place_names.code is not null then place_names.way"
                " when place_points.code is not null then 'point' else 'none' end as community_source"
                f" from ({query}) as placed"
                " left join place_names on placed.place_text = place_names.place_text"
                " left join place_points on placed.point_key = place_points.point_key"
            )
        elif self.located:
            query = (
                "select placed.*, coalesce(place_names.code, 'none') as community_code,"
                " coalesce(place_names.way, 'none') as community_source"
                f" from ({query}) as placed left join place_names on placed.place_text = place_names.place_text"
            )
        return f"select *, not {checks.any_fault_sql(self.faults)} as _ok from ({query})"

    def reasons_sql(self, relation: str, to_store: bool = False) -> str:
        """``judged_sql`` with ``_problem``, the Chinese reasons, and ``odd_…`` per filled column."""
        odd: dict[str, list[str]] = {}
        for fault in self.faults:
            if fault.odd:
                odd.setdefault(fault.column, []).append(f"({fault.condition})")
        flags = "".join(
            f", ({' or '.join(c)}) is true as {quote(f'odd_{n}')}" for n, c in odd.items() if n in self.rules
        )
        judged = self.judged_sql(relation, to_store)
        return f"select *, {checks.reason_sql(self.faults)} as _problem{flags} from ({judged})"

    @cached_property
    def stored_columns(self) -> list[Column]:
        """The columns that this file fills, in declared order; the lake's views know the others as null.

        Writing twenty columns of nothing into every month would cost as much as all the rest.
        """
        place = (*_PLACE, "community_source") if self.located else ()
        filled = {*self.rules, *self.numbered, *place}
        return [c for c in self.table.columns if c.name in filled and c.personal != "drop"]

    def _stored(self, column: Column) -> str:
        name = column.name
        if self.located and name in ("community_code", "community_source"):
            return name
        if self.located and name == "community_name":
            return places.name_case_sql("community_code", self.deployment)
        if name in self.numbered:
            return "cast(null as varchar)"
        value = quote(f"v_{name}")
        if column.personal == "hash":
            return hash_sql(value)
        if name in _POINT and self.has_points:
            return f"case when v_longitude <> 0 or v_latitude <> 0 then round({value}, {STORED_DECIMALS}) end"
        return value

    def stored_sql(self, judged: str, keep: Sequence[str] = ()) -> str:
        """The rows of a ``judged`` query as the lake has them, with the system columns and ``month``.

        ``keep`` names columns of ``judged`` that pass through as well.
        """
        columns = self.stored_columns
        values = ", ".join(f"{self._stored(c)} as {quote(c.name)}" for c in columns)
        kept = "".join(f", {quote(k)}" for k in keep)
        numbered = ", _row_key" if self.whole_row_is_key else ""
        query = f"select {values}, _line{numbered}{kept} from ({judged})"
        texts = [c.name for c in columns if c.personal == "mask" and c.name in self.rules]
        if texts:
            query = masked_sql(f"({query})", texts)
        query = f"select *, {content_sql(self.table, [c.name for c in columns])} as _content from ({query})"
        if self.numbered:
            number = "concat('N', upper(to_hex(_row_key)))"
            query = f"select * replace ({', '.join(f'{number} as {quote(n)}' for n in self.numbered)}) from ({query})"
        key = "_row_key" if self.whole_row_is_key else key_sql(self.key)
        month = f"strftime({quote(self.table.month)}, '%Y-%m')" if self.table.month else "'all'"
        names = ", ".join(quote(c.name) for c in columns)
        system = f"_line, 'accepted' as _status, {key} as _key, _content"
        return f"select {names}, {system}{kept}, {month} as month from ({query})"
