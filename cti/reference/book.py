"""Reference tables for flows: answered from memory, at once and without the database."""

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.db.memory import Memory
from cti.reference.cells import key_text
from cti.reference.model import Cell, Row
from cti.reference.store import read_rows
from cti.reference.tables import reference_tables


class BookTable(msgspec.Struct, frozen=True):
    """The rows of one table at one version."""

    id: int
    version: int
    columns: tuple[str, ...]
    rows: dict[str, Row]


class ReferenceBook:
    """All tables in memory, bounded by what may be written (`store.MOST_ROWS_IN_ALL`). Rows are read
    anew only of tables that have changed.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        nothing: dict[str, BookTable] = {}
        self.memory = Memory("reference tables", engine, self._read, nothing)

    async def look_up(self, arguments: Mapping[str, object]) -> dict[str, Cell] | None:
        """For a flow: the cells of the row of ``table`` that has the key ``key``. None when there is none."""
        table = self.memory.content.get(str(arguments.get("table", "")))
        row = table.rows.get(key_text(arguments.get("key"))) if table is not None else None
        return None if row is None else dict(row)

    def columns(self, table: str) -> tuple[str, ...] | None:
        """What a look-up in a table gives; None when no such table is known."""
        known = self.memory.content.get(table)
        return None if known is None else known.columns

    async def _read(self, connection: AsyncConnection) -> dict[str, BookTable]:
        columns = reference_tables.c
        await connection.execution_options(isolation_level="REPEATABLE READ")
        wanted = sa.select(columns.id, columns.name, columns.version, columns["columns"])
        found = (await connection.execute(wanted)).all()
        known = {one.id: one for one in self.memory.content.values()}
        kept = {
            row.id: known[row.id] for row in found if row.id in known and known[row.id].version == row.version
        }
        read = await read_rows(connection, [row.id for row in found if row.id not in kept])
        if len(kept) == len(found) == len(self.memory.content):
            return self.memory.content
        return {
            row.name: kept.get(row.id)
            or BookTable(row.id, row.version, tuple(one["name"] for one in row.columns), read[row.id])
            for row in found
        }


BOOK = web.AppKey("reference_book", ReferenceBook)
