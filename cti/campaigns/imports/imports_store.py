"""Imports of contacts in PostgreSQL: where each stands, what it refused. Functions that take a connection."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.imports.import_sql import IS_WORKED_ON
from cti.campaigns.model import FileOptions, ImportSource, ImportState
from cti.campaigns.tables import contact_imports, contact_refusals
from cti.http.problems import Problem
from cti.http.row_problems import RowProblem

_WORKED_ON: Final = (ImportState.RUNNING, ImportState.UNDOING)
#: So long a process may take until it has said that it works.
_STARTING: Final = timedelta(seconds=30)


class ContactImportRow(msgspec.Struct, frozen=True, kw_only=True):
    """An import as it is kept; counts are rows."""

    id: int
    campaign_id: int
    source: ImportSource
    file_name: str | None
    digest: bytes | None
    options: dict[str, Any]
    state: ImportState
    bytes_in_all: int
    bytes_read: int
    rows_read: int
    added: int
    refused: int
    fault: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    undone_at: datetime | None

    def file_options(self) -> FileOptions:
        """How its file is read."""
        return msgspec.convert(self.options.get("file", {}), FileOptions)


async def create_import(
    connection: AsyncConnection,
    campaign_id: int,
    source: ImportSource,
    *,
    user_id: int | None,
    state: ImportState = ImportState.WAITING,
    **values: Any,
) -> ContactImportRow:
    """Note an import; ``values`` are columns."""
    statement = (
        sa.insert(contact_imports)
        .values(campaign_id=campaign_id, source=source.value, state=state.value, created_by=user_id, **values)
        .returning(contact_imports)
    )
    return _row((await connection.execute(statement)).one())


async def list_imports(connection: AsyncConnection, campaign_id: int) -> list[ContactImportRow]:
    """All imports of a campaign, the newest first."""
    statement = sa.select(contact_imports).where(contact_imports.c.campaign_id == campaign_id)
    rows = await connection.execute(statement.order_by(contact_imports.c.id.desc()))
    return [_row(row) for row in rows]


async def read_import(
    connection: AsyncConnection, campaign_id: int, import_id: int, *, lock: bool = False
) -> ContactImportRow:
    """An import; with ``lock`` nobody else changes it until the transaction ends.

    Raises:
        Problem: `import.not_found`.
    """
    columns = contact_imports.c
    statement = sa.select(contact_imports).where(columns.id == import_id, columns.campaign_id == campaign_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Problem("import.not_found", contact_import=import_id)
    return _row(row)


async def settle_lost(connection: AsyncConnection, row: ContactImportRow) -> ContactImportRow:
    """An import on which nobody works although it says so has failed; any other stays as it is."""
    if row.state not in _WORKED_ON:
        return row
    if row.started_at is not None and datetime.now(UTC) - row.started_at < _STARTING:
        return row
    if await connection.scalar(sa.text(IS_WORKED_ON), {"import_id": row.id}):
        return row
    await note_failure(connection, row.id, {"code": "import.interrupted", "params": {}})
    return await read_import(connection, row.campaign_id, row.id)


async def set_options(connection: AsyncConnection, import_id: int, options: dict[str, Any]) -> None:
    """Keep how a file is read."""
    which = contact_imports.c.id == import_id
    await connection.execute(sa.update(contact_imports).where(which).values(options=options))


async def begin(
    connection: AsyncConnection, row: ContactImportRow, state: ImportState, allowed: tuple[ImportState, ...]
) -> ContactImportRow:
    """Say that a process works on it; the caller holds it.

    Raises:
        Problem: `import.not_now`.
    """
    if row.state not in allowed:
        raise Problem("import.not_now", state=row.state)
    values: dict[str, Any] = {"state": state.value, "started_at": sa.func.now(), "fault": None}
    if state is ImportState.RUNNING:
        values |= {"bytes_read": 0, "rows_read": 0, "added": 0, "refused": 0}
    statement = sa.update(contact_imports).where(contact_imports.c.id == row.id).values(values)
    return _row((await connection.execute(statement.returning(contact_imports))).one())


async def note_failure(connection: AsyncConnection, import_id: int, fault: dict[str, Any]) -> None:
    """What a process had begun came to nothing: a failed import can be tried again, a failed undoing too."""
    columns = contact_imports.c
    failed = sa.case(
        (columns.state == ImportState.UNDOING.value, ImportState.DONE.value), else_=ImportState.FAILED.value
    )
    statement = (
        sa.update(contact_imports)
        .where(columns.id == import_id, columns.state.in_([one.value for one in _WORKED_ON]))
        .values(state=failed, fault=fault, ended_at=sa.func.now())
    )
    await connection.execute(statement)


async def delete_import(connection: AsyncConnection, import_id: int) -> None:
    """Forget an import that has no contacts."""
    await connection.execute(sa.delete(contact_imports).where(contact_imports.c.id == import_id))


async def find_same_file(connection: AsyncConnection, row: ContactImportRow) -> int | None:
    """Another import of this very file into this campaign that was done; the newest."""
    if row.digest is None:
        return None
    columns = contact_imports.c
    statement = (
        sa.select(sa.func.max(columns.id))
        .where(columns.campaign_id == row.campaign_id, columns.id != row.id, columns.digest == row.digest)
        .where(columns.state == ImportState.DONE.value)
    )
    found: int | None = await connection.scalar(statement)
    return found


async def list_refusals(connection: AsyncConnection, import_id: int, *, limit: int) -> list[RowProblem]:
    """The first rows that were refused, by line."""
    statement = (
        sa.select(contact_refusals)
        .where(contact_refusals.c.import_id == import_id)
        .order_by(contact_refusals.c.line)
        .limit(limit)
    )
    return [
        RowProblem(line=row.line, column=row.column_name, code=row.code, params=row.params)
        for row in await connection.execute(statement)
    ]


async def stream_refusals(
    connection: AsyncConnection, import_id: int
) -> AsyncIterator[tuple[RowProblem, list[str] | None]]:
    """All of them by line, each with the row's cells where they are kept with it."""
    statement = (
        sa.select(contact_refusals)
        .where(contact_refusals.c.import_id == import_id)
        .order_by(contact_refusals.c.line, contact_refusals.c.cells.is_(None))
    )
    async for row in await connection.stream(statement):
        yield RowProblem(line=row.line, column=row.column_name, code=row.code, params=row.params), row.cells


def _row(row: sa.Row[Any]) -> ContactImportRow:
    columns = row._mapping  # noqa: SLF001  (SQLAlchemy's public name for it)
    values = {name: columns[name] for name in ContactImportRow.__struct_fields__}
    values |= {"source": ImportSource(row.source), "state": ImportState(row.state)}
    return ContactImportRow(**values)
