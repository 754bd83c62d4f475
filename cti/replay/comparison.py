"""What the shadow tables and the real ones have different, and making them the same.

A row is *in reach* when it belongs to something that began after the fold did, so that the fold knows all of
it. Rows out of reach are left alone. What is spared (`cti.replay.fold`) comes back when it is gone, and is
neither changed nor taken away.
"""

import json
from typing import Any, Final

import asyncpg
import msgspec

from cti.recorder.rows import ALL, RowSpec
from cti.replay.statements import MOVE_DISPOSITIONS, Statements

_EXAMPLES: Final = 20
#: Of these it is only said that they differ.
_PERSONAL: Final = frozenset(
    {"caller_number", "dialled_number", "number", "name", "to_number", "channel", "interface"}
)


class TableDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How one table differs from what the journal gives."""

    table: str
    #: Rows that are not there, rows that are there with other values, and rows that follow from no event.
    missing: int
    changed: int
    extra: int
    #: Some of them, each in one line without numbers and names of persons.
    examples: list[str]

    @property
    def count(self) -> int:
        """All differences."""
        return self.missing + self.changed + self.extra


async def differences(connection: asyncpg.Connection, schema: str) -> list[TableDifference]:
    """What is not the same, table by table; those without a difference too."""
    return [await _table(connection, spec, Statements(spec, schema)) for spec in ALL]


async def make_the_same(connection: asyncpg.Connection, schema: str) -> None:
    """Writes what is missing or changed and takes away what is extra, in the transaction that is open."""
    statements = [Statements(spec, schema) for spec in ALL]
    for one in statements:
        await connection.execute(one.upsert)
    # A call that took in another may itself have been taken in.
    while await connection.execute(MOVE_DISPOSITIONS.format(schema=schema)) != "UPDATE 0":
        pass
    for one in reversed(statements):
        await connection.execute(one.delete)


async def _table(connection: asyncpg.Connection, spec: RowSpec, statements: Statements) -> TableDifference:
    counts: dict[str, int] = {}
    examples: list[str] = []
    queries = {"missing": statements.missing, "changed": statements.changed, "extra": statements.extra}
    for kind, query in queries.items():
        counts[kind] = await connection.fetchval(f"SELECT count(*) FROM ({query}) found")  # noqa: S608
        if counts[kind]:
            rows = await connection.fetch(f"{query} ORDER BY 1 LIMIT {_EXAMPLES - len(examples)}")
            examples += [f"{kind} {row['key']}{_columns(row['was'], row['now'])}" for row in rows]
    return TableDifference(table=spec.table, examples=examples, **counts)


def _columns(was: str | None, now: str | None) -> str:
    """Which columns differ, and how."""
    if was is None or now is None:
        return ""
    old, new = json.loads(was), json.loads(now)
    return ": " + ", ".join(_column(name, old[name], new[name]) for name in new if old[name] != new[name])


def _column(name: str, old: Any, new: Any) -> str:
    return name if name in _PERSONAL else f"{name} {old} instead of {new}"
