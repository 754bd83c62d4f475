"""Reading and writing reference tables; functions that take a connection."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.http.problems import Problem
from cti.reference.model import Column, Row, Table
from cti.reference.tables import reference_imports, reference_rows, reference_tables

#: Of all tables together; they are in memory.
MOST_ROWS_IN_ALL = 50_000


class LastImport(msgspec.Struct, frozen=True, kw_only=True):
    """When a table was filled from a file last, and whether that can be undone: nothing has changed since."""

    at: datetime
    can_undo: bool


async def list_tables(connection: AsyncConnection) -> list[tuple[Table, int]]:
    """All tables by name, each with the number of its rows."""
    counted = (
        sa.select(reference_rows.c.table_id, sa.func.count().label("rows"))
        .group_by(reference_rows.c.table_id)
        .subquery()
    )
    statement = (
        sa.select(reference_tables, sa.func.coalesce(counted.c.rows, 0).label("rows"))
        .outerjoin(counted, counted.c.table_id == reference_tables.c.id)
        .order_by(reference_tables.c.name)
    )
    return [(_table(row), row.rows) for row in await connection.execute(statement)]


async def read_table(connection: AsyncConnection, table_id: int, *, lock: bool = False) -> Table:
    """One table; with ``lock`` nobody else changes it or its rows until the transaction ends.

    Raises:
        Problem: `table.not_found`.
    """
    statement = sa.select(reference_tables).where(reference_tables.c.id == table_id)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None:
        raise Problem("table.not_found", table=table_id)
    return _table(row)


async def create_table(
    connection: AsyncConnection, values: Mapping[str, Any], *, user_id: int | None
) -> Table:
    """Add a table; ``values`` are `name`, the titles, `columns` and `key`.

    Raises:
        Problem: `table.exists`.
    """
    given = {**values, "columns": msgspec.to_builtins(values["columns"]), "updated_by": user_id}
    try:
        added = reference_tables.insert().values(given).returning(reference_tables.c.id)
        table_id = await connection.scalar(added)
    except IntegrityError:
        raise Problem("table.exists") from None
    return await read_table(connection, int(table_id or 0))


async def delete_table(connection: AsyncConnection, table_id: int) -> str:
    """Take a table away with its rows; returns its name.

    Raises:
        Problem: `table.not_found`.
    """
    deleted = (
        reference_tables.delete().where(reference_tables.c.id == table_id).returning(reference_tables.c.name)
    )
    name: str | None = await connection.scalar(deleted)
    if name is None:
        raise Problem("table.not_found", table=table_id)
    return name


async def touch(
    connection: AsyncConnection,
    table_id: int,
    user_id: int | None,
    values: Mapping[str, Any] | None = None,
) -> Table:
    """Say that a table or its rows have changed, and set some of its columns."""
    given = {name: msgspec.to_builtins(value) for name, value in (values or {}).items()}
    await connection.execute(
        reference_tables.update()
        .where(reference_tables.c.id == table_id)
        .values(
            **given,
            version=reference_tables.c.version + 1,
            updated_at=sa.func.now(),
            updated_by=user_id,
        )
    )
    return await read_table(connection, table_id)


async def read_rows(connection: AsyncConnection, table_ids: Iterable[int]) -> dict[int, dict[str, Row]]:
    """The rows of some tables, by key."""
    found: dict[int, dict[str, Row]] = {table_id: {} for table_id in table_ids}
    statement = (
        sa.select(reference_rows)
        .where(reference_rows.c.table_id.in_(list(found)))
        .order_by(reference_rows.c.table_id, reference_rows.c.key)
    )
    for row in await connection.execute(statement):
        found[row.table_id][row.key] = row.cells
    return found


async def page_rows(
    connection: AsyncConnection, table_id: int, *, words: str | None, after: str, limit: int
) -> list[tuple[str, Row]]:
    """Rows by key, those in which some words stand."""
    which = (reference_rows.c.table_id == table_id) & (reference_rows.c.key > after)
    if words:
        shown = sa.cast(reference_rows.c.cells, sa.Text)
        which &= sa.func.strpos(sa.func.lower(shown), words.lower()) > 0
    statement = sa.select(reference_rows).where(which).order_by(reference_rows.c.key).limit(limit)
    return [(row.key, row.cells) for row in await connection.execute(statement)]


async def write_rows(
    connection: AsyncConnection, table_id: int, rows: Mapping[str, Row], *, replace: bool = False
) -> None:
    """Set rows; with ``replace`` all others go. The caller holds the table.

    Raises:
        Problem: `table.too_many_rows`.
    """
    if replace:
        await connection.execute(reference_rows.delete().where(reference_rows.c.table_id == table_id))
    if rows:
        statement = insert(reference_rows)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["table_id", "key"], set_={"cells": statement.excluded.cells}
            ),
            [{"table_id": table_id, "key": key, "cells": cells} for key, cells in rows.items()],
        )
    count = await connection.scalar(sa.select(sa.func.count()).select_from(reference_rows))
    if (count or 0) > MOST_ROWS_IN_ALL:
        raise Problem("table.too_many_rows", limit=MOST_ROWS_IN_ALL)


async def delete_row(connection: AsyncConnection, table_id: int, key: str) -> None:
    """Take a row away. The caller holds the table.

    Raises:
        Problem: `table.row_not_found`.
    """
    which = (reference_rows.c.table_id == table_id) & (reference_rows.c.key == key)
    if (await connection.execute(reference_rows.delete().where(which))).rowcount == 0:
        raise Problem("table.row_not_found", key=key)


async def keep_import(
    connection: AsyncConnection, table: Table, before: Mapping[str, Row], *, user_id: int | None
) -> None:
    """Remember what was there before an import that made this version of the table."""
    values = {
        "at": sa.func.now(),
        "user_id": user_id,
        "before": dict(before),
        "version": table.version,
    }
    given = insert(reference_imports).values(table_id=table.id, **values)
    await connection.execute(given.on_conflict_do_update(index_elements=["table_id"], set_=values))


async def last_import(connection: AsyncConnection, table: Table) -> LastImport | None:
    """The last import of a table."""
    statement = sa.select(reference_imports.c.at, reference_imports.c.version).where(
        reference_imports.c.table_id == table.id
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else LastImport(at=row.at, can_undo=row.version == table.version)


async def undo_import(connection: AsyncConnection, table: Table, *, user_id: int | None) -> Table:
    """Make the rows those before the last import. The caller holds the table.

    Raises:
        Problem: `import.none_to_undo`, or `import.changed_since`.
    """
    statement = reference_imports.delete().where(reference_imports.c.table_id == table.id)
    row = (await connection.execute(statement.returning(reference_imports))).one_or_none()
    if row is None:
        raise Problem("import.none_to_undo")
    if row.version != table.version:
        raise Problem("import.changed_since")
    await write_rows(connection, table.id, row.before, replace=True)
    return await touch(connection, table.id, user_id)


def _table(row: sa.Row[Any]) -> Table:
    return Table(
        id=row.id,
        name=row.name,
        title_zh=row.title_zh,
        title_en=row.title_en,
        columns=msgspec.convert(row.columns, tuple[Column, ...]),
        key=row.key,
        version=row.version,
    )
