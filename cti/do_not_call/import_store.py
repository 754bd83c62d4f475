"""Imports of the list: written whole, undone and counted again; functions that take a connection."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.do_not_call.tables import do_not_call_imports as imports
from cti.http.principal import Principal
from cti.http.problems import Problem

_ADD: Final = sa.text("""
INSERT INTO do_not_call_entries
    (number, level, name, source, reason, expires_at, import_id, added_by, added_by_name)
SELECT number, CAST(:level AS text), CAST(:name AS text), 'import', CAST(:reason AS text),
       CAST(:expires_at AS timestamptz), CAST(:import_id AS text), CAST(:by AS bigint), CAST(:by_name AS text)
  FROM unnest(CAST(:numbers AS text[])) AS given (number)
""")


async def begin(connection: AsyncConnection, values: Mapping[str, object], *, by: Principal) -> None:
    """Writes an import down: ``id``, ``file_name``, ``level``, ``name`` and its counts."""
    row = {**values, "imported_by": by.user_id, "imported_by_name": by.name}
    await connection.execute(imports.insert().values(row))


async def add_numbers(
    connection: AsyncConnection, numbers: Sequence[str], values: Mapping[str, object], *, by: Principal
) -> None:
    """Adds numbers of an import: ``import_id``, ``level``, ``name``, ``reason``, ``expires_at``."""
    given = {**values, "numbers": list(numbers), "by": by.user_id, "by_name": by.name}
    await connection.execute(_ADD, given)


async def page(
    connection: AsyncConnection, *, before: tuple[datetime, str] | None, limit: int
) -> list[sa.Row[Any]]:
    """Imports, the last first."""
    query = sa.select(imports).order_by(imports.c.imported_at.desc(), imports.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(sa.tuple_(imports.c.imported_at, imports.c.id) < before)
    return list(await connection.execute(query))


async def read(connection: AsyncConnection, import_id: str) -> sa.Row[Any]:
    """One import.

    Raises:
        Problem: `do_not_call.import_not_found`.
    """
    row = (await connection.execute(sa.select(imports).where(imports.c.id == import_id))).one_or_none()
    if row is None:
        raise Problem("do_not_call.import_not_found")
    return row


async def undo(connection: AsyncConnection, import_id: str, *, by: Principal) -> None:
    """From now on none of its entries counts.

    Raises:
        Problem: `do_not_call.import_not_found` or `do_not_call.import_undone`.
    """
    undone = {"undone_at": sa.func.now(), "undone_by": by.user_id, "undone_by_name": by.name}
    which = (imports.c.id == import_id) & imports.c.undone_at.is_(None)
    if (await connection.execute(imports.update().where(which).values(undone))).rowcount == 0:
        await read(connection, import_id)
        raise Problem("do_not_call.import_undone")


async def redo(connection: AsyncConnection, import_id: str) -> None:
    """Its entries count again.

    Raises:
        Problem: `do_not_call.import_not_found` or `do_not_call.import_not_undone`.
    """
    back = {"undone_at": None, "undone_by": None, "undone_by_name": None}
    which = (imports.c.id == import_id) & imports.c.undone_at.is_not(None)
    if (await connection.execute(imports.update().where(which).values(back))).rowcount == 0:
        await read(connection, import_id)
        raise Problem("do_not_call.import_not_undone")
