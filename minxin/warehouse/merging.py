"""Which batch has the last word on which column.

A file speaks only of the columns that it has: where a later one lacks a column, what an earlier one
said of it stays. A column that is there and empty says "nothing", and that counts. So the current row
of a key is put together column by column, from the latest row whose batch delivered the column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from minxin.tables import Table

#: Resolved at the door from a community's code or name, else from the point.
PLACE = ("community_code", "community_name", "community_source")
_NAMES, _POINT = frozenset(PLACE[:2]), frozenset(("longitude", "latitude"))


@dataclass(frozen=True)
class Share:
    """Columns that the same batches deliver: ``always``, or only in rows whose point ``found`` a community."""

    columns: tuple[str, ...]
    always: frozenset[str]
    found: frozenset[str]

    def condition(self, batch: str = "_batch") -> str:
        """SQL: whether a row, of the batch in column ``batch``, delivers these columns."""
        parts = []
        if self.always:
            parts.append(f"{batch} in ({_listed(self.always)})")
        if self.found:
            parts.append(f"({batch} in ({_listed(self.found)}) and community_source <> 'none')")
        return f"({' or '.join(parts)})" if parts else "false"


def _listed(batches: Iterable[str]) -> str:
    return ", ".join("'" + batch.replace("'", "''") + "'" for batch in sorted(batches))


def shares(table: Table, delivered: Mapping[str, Collection[str]], columns: Iterable[str]) -> list[Share]:
    """The ``columns`` of a table in groups that the same batches deliver.

    ``delivered`` has for each batch the columns that its file filled; none named means all of them.
    The key is every batch's. A community is delivered by a file that names it, and by a point that
    finds one: an empty point says nothing of the community.
    """
    groups: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
    for column in columns:
        always, found = set(), set()
        for batch, filled in delivered.items():
            if not filled or column in table.key:
                always.add(batch)
            elif column in PLACE and table.located:
                if _NAMES & set(filled):
                    always.add(batch)
                elif set(filled) >= _POINT:
                    found.add(batch)
            elif column in filled:
                always.add(batch)
        groups.setdefault((frozenset(always), frozenset(found)), []).append(column)
    return [Share(tuple(names), always, found) for (always, found), names in groups.items()]
