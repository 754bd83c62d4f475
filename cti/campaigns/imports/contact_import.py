"""Contacts from a file into a campaign: all of it in one transaction, in memory that does not grow with it.

Rows are read, checked and sent to PostgreSQL as they come (COPY into a table of the transaction's own); what
is there twice, or is in the campaign already, PostgreSQL finds out, because a set of a million numbers would
not be flat in memory. Meanwhile somebody is told how far it is.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final

import asyncpg
import msgspec

from cti.campaigns.imports.column_mapping import check_mapping
from cti.campaigns.imports.contact_file import ContactFile, open_contact_file
from cti.campaigns.imports.contact_reader import ContactReader
from cti.campaigns.imports.copy_text import copy_row, text_array
from cti.campaigns.imports.import_sql import (
    COUNT_REFUSED,
    INSERT_CONTACTS,
    LOCK_CAMPAIGN,
    LOCK_IMPORT,
    PROGRESS,
    REFUSE_KNOWN,
    REFUSE_LISTED,
    REFUSE_REPEATED,
    STAGED,
    UNDO,
)
from cti.campaigns.model import Contact, FileOptions
from cti.http.row_problems import RowProblem
from cti.sheets.model import SheetFault

_PIECE: Final = 256 * 1024
_TELL_SECONDS: Final = 0.5
_LONGEST_KEPT_CELL: Final = 500
_encode: Final = msgspec.json.encode

_STAGED_COLUMNS: Final = (
    *("line", "phone", "other_phones", "name", "language", "time_zone"),
    *("customer", "consent", "priority", "details"),
)


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, in rows."""

    rows_read: int
    added: int
    refused: int


class ImportFault(Exception):  # noqa: N818
    """Nothing was imported; ``code`` is one of the catalogue of problems."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


#: Is told how far it is: rows read, rows refused, bytes read.
Tell = Callable[[int, int, int], Awaitable[None]]


class ContactImport:
    """One import of one file. ``tell`` must not use this connection, which is in a transaction."""

    def __init__(self, connection: asyncpg.Connection, tell: Tell, import_id: int, campaign_id: int) -> None:
        self._connection = connection
        self._tell = tell
        self._import_id = import_id
        self._campaign_id = campaign_id
        self._rows_read = 0
        self._bad_rows = 0

    async def run(self, path: Path, options: FileOptions) -> Imported:
        """Import it, all or nothing.

        Raises:
            SheetFault: the file cannot be read.
            ImportFault: the mapping does not fit it.
        """
        with path.open("rb") as file, tempfile.TemporaryFile() as refused:
            async with self._connection.transaction():
                await self._connection.execute(LOCK_IMPORT, self._import_id)
                await self._connection.execute(LOCK_CAMPAIGN, self._campaign_id)
                await self._connection.execute(STAGED)
                opened = open_contact_file(file, options)
                mapping = options.mapping or {}
                problems = check_mapping(mapping, opened.columns)
                if problems:
                    raise ImportFault(problems[0].code, column=problems[0].column, **problems[0].params)
                await self._connection.copy_to_table(
                    "staged_contacts",
                    source=self._contacts(opened, mapping, options.region, file, refused),
                    columns=_STAGED_COLUMNS,
                )
                refused.seek(0)
                await self._connection.copy_to_table("contact_refusals", source=refused)
                phone = next(column for column, target in mapping.items() if target == "phone")
                return await self._settle(phone)

    async def _settle(self, phone: str) -> Imported:
        """What was staged becomes contacts, but what is there twice and who is not to be called."""
        await self._connection.execute("ANALYZE staged_contacts")
        await self._connection.execute(REFUSE_REPEATED, self._import_id, phone)
        await self._connection.execute(REFUSE_KNOWN, self._import_id, phone, self._campaign_id)
        await self._connection.execute(REFUSE_LISTED, self._import_id, phone, self._campaign_id)
        added = await self._connection.execute(INSERT_CONTACTS, self._campaign_id, self._import_id)
        refused = await self._connection.fetchval(COUNT_REFUSED, self._import_id)
        imported = Imported(rows_read=self._rows_read, added=int(added.split()[-1]), refused=refused)
        await self._connection.execute(
            "UPDATE contact_imports SET state = 'done', ended_at = now(), rows_read = $2, added = $3,"
            " refused = $4, bytes_read = bytes_in_all WHERE id = $1",
            self._import_id,
            imported.rows_read,
            imported.added,
            imported.refused,
        )
        return imported

    async def _contacts(
        self,
        opened: ContactFile,
        mapping: dict[str, str],
        region: str,
        file: IO[bytes],
        refused: IO[bytes],
    ) -> AsyncIterator[bytes]:
        reader = ContactReader(opened.columns, mapping, region)
        piece: list[str] = []
        length = 0
        told = time.monotonic()
        for line, cells in opened.rows:
            self._rows_read += 1
            if not isinstance(cells, list):
                self._refuse(
                    refused, [RowProblem(line=line, column="", code=cells.code, params=cells.params)], []
                )
                continue
            found = reader.read(line, cells)
            if not isinstance(found, Contact):
                self._refuse(refused, found, cells)
                continue
            row = _staged(line, found)
            piece.append(row)
            length += len(row)
            if length >= _PIECE:
                yield "".join(piece).encode()
                piece.clear()
                length = 0
                if time.monotonic() - told >= _TELL_SECONDS:
                    told = time.monotonic()
                    await self._tell(self._rows_read, self._bad_rows, file.tell())
        yield "".join(piece).encode()

    def _refuse(self, refused: IO[bytes], problems: list[RowProblem], cells: list[str]) -> None:
        self._bad_rows += 1
        kept = _encode([cell[:_LONGEST_KEPT_CELL] for cell in cells]).decode()
        for place, problem in enumerate(problems):
            row = copy_row(
                (
                    self._import_id,
                    problem.line,
                    problem.column,
                    problem.code,
                    _encode(problem.params).decode(),
                    kept if place == 0 else None,
                )
            )
            refused.write(row.encode("utf-8", "replace"))


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection on which a statement may take its time."""
    settings = {
        "application_name": "cti import",
        "statement_timeout": "0",
        "timezone": "UTC",
        "jit": "off",
        # To find what is there twice, a million rows are sorted.
        "work_mem": "64MB",
    }
    connection = await asyncpg.connect(dsn, timeout=10, server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close()


def tell_on(connection: asyncpg.Connection, import_id: int) -> Tell:
    """Tells how far it is in the import's row."""

    async def tell(rows_read: int, refused: int, bytes_read: int) -> None:
        await connection.execute(PROGRESS, import_id, rows_read, refused, bytes_read)

    return tell


async def undo(connection: asyncpg.Connection, import_id: int) -> None:
    """Take all contacts of an import away."""
    async with connection.transaction():
        await connection.execute(LOCK_IMPORT, import_id)
        for statement in UNDO:
            await connection.execute(statement, import_id)


def fault_of(error: SheetFault | ImportFault) -> dict[str, Any]:
    """Why an import failed, as it is kept."""
    code = error.fault if isinstance(error, SheetFault) else error.code
    return {"code": code, "params": error.params}


def _staged(line: int, contact: Contact) -> str:
    return copy_row(
        (
            line,
            contact.phone,
            text_array(contact.other_phones),
            contact.name,
            contact.language,
            contact.time_zone,
            contact.customer,
            contact.consent,
            contact.priority,
            _encode(contact.details).decode(),
        )
    )
