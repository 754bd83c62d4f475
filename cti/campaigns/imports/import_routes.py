"""Imports of contacts over HTTP: a file is sent, looked at, imported, and undone as a whole."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store
from cti.campaigns.access import ADMIN, READERS
from cti.campaigns.imports import imports_store
from cti.campaigns.imports.import_runner import CONTACT_IMPORTS, ImportRunner
from cti.campaigns.imports.import_shapes import (
    ContactImportView,
    FilePreviewView,
    FileQuery,
    FileReading,
    FileReceived,
    import_view,
    preview_view,
    reason,
)
from cti.campaigns.imports.import_worker import Deed
from cti.campaigns.imports.imports_store import ContactImportRow
from cti.campaigns.model import FileOptions, ImportSource, ImportState
from cti.http.downloads import csv_stream
from cti.http.keys import ENGINE, REGION
from cti.http.language import reader_language
from cti.http.principal import Language, Principal
from cti.http.problems import FieldError, Problem
from cti.http.routing import Routes, Upload, UploadedFile
from cti.http.row_problems import RowProblem, RowProblemView, view_of
from cti.http.shapes import Id, Items
from cti.reference.sheet import write_rows

log = structlog.get_logger(__name__)
routes = Routes(tag="campaigns")

_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A million rows with ten columns fit.
_FILE: Final = Upload(media_types=("text/csv", _EXCEL), most_bytes=256 * 1024 * 1024, on_disk=True)
#: Over a slow line such a file takes a while.
_UPLOAD_SECONDS: Final = 900.0
_REFUSALS_SHOWN: Final = 100
_ROWS_IN_A_PIECE: Final = 500
_REFUSED_BY_DATABASE: Final = ("row.repeated", "row.in_campaign", "row.do_not_call")


@routes.get(
    "/api/v1/campaigns/{campaign_id}/imports", roles=READERS, summary="List imports of a campaign's contacts"
)
async def list_contact_imports(request: web.Request, campaign_id: Id) -> Items[ContactImportView]:
    """The newest first, each with how far it is."""
    language = reader_language(request)
    async with request.app[ENGINE].begin() as connection:
        await store.read_campaign(connection, campaign_id)
        rows = await imports_store.list_imports(connection, campaign_id)
        rows = [await _settled(request, connection, row) for row in rows]
    return Items(items=[import_view(row, language) for row in rows])


@routes.post(
    "/api/v1/campaigns/{campaign_id}/imports",
    roles=ADMIN,
    status=201,
    upload=_FILE,
    timeout_seconds=_UPLOAD_SECONDS,
    summary="Send a file of contacts",
)
async def send_contact_file(
    request: web.Request, principal: Principal, campaign_id: Id, query: FileQuery, content: UploadedFile
) -> FileReceived:
    """CSV or Excel: kept for a day, looked at, and nothing else. The answer says what it seems to hold."""
    runner, engine, language = request.app[CONTACT_IMPORTS], request.app[ENGINE], reader_language(request)
    async with engine.connect() as connection:
        await store.read_campaign(connection, campaign_id)
    preview = await runner.preview(content.path, FileOptions(region=request.app[REGION]))
    await asyncio.to_thread(runner.sweep)
    async with engine.begin() as connection:
        row = await imports_store.create_import(
            connection,
            campaign_id,
            ImportSource.FILE,
            user_id=principal.user_id,
            file_name=query.name,
            digest=content.digest,
            bytes_in_all=content.size,
            options=_kept(preview.options, preview.columns),
        )
        same = await imports_store.find_same_file(connection, row)
        await asyncio.to_thread(shutil.move, content.path, runner.file_of(row.id))
    log.info("contact_import.received", contact_import=row.id, bytes=content.size, by=principal.key)
    return FileReceived(
        contact_import=import_view(row, language, same), preview=preview_view(preview, language)
    )


@routes.get(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}", roles=READERS, summary="Read how far an import is"
)
async def read_contact_import(request: web.Request, campaign_id: Id, import_id: Id) -> ContactImportView:
    """Rows read, added and refused until now."""
    async with request.app[ENGINE].begin() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id)
        row = await _settled(request, connection, row)
        same = await imports_store.find_same_file(connection, row)
    return import_view(row, reader_language(request), same)


@routes.post(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}/preview",
    roles=ADMIN,
    timeout_seconds=60.0,
    summary="Look at a file of contacts again",
)
async def preview_contact_import(
    request: web.Request, campaign_id: Id, import_id: Id, body: FileReading
) -> FilePreviewView:
    """With another mapping, encoding or region; nothing is imported."""
    runner = request.app[CONTACT_IMPORTS]
    async with request.app[ENGINE].connect() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id)
    _check_file(runner, row)
    preview = await runner.preview(runner.file_of(row.id), body.options(request.app[REGION]))
    return preview_view(preview, reader_language(request))


@routes.post(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}/run",
    roles=ADMIN,
    status=202,
    timeout_seconds=60.0,
    summary="Import a file of contacts",
)
async def run_contact_import(
    request: web.Request, principal: Principal, campaign_id: Id, import_id: Id, body: FileReading
) -> ContactImportView:
    """In the background: all good rows, or nothing when the file cannot be read. Read the import to see how
    far it is. Numbers that are there twice, or in the campaign already, are refused.
    """
    runner = request.app[CONTACT_IMPORTS]
    async with request.app[ENGINE].connect() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id)
    _check_file(runner, row)
    preview = await runner.preview(runner.file_of(row.id), body.options(request.app[REGION]))
    if preview.mapping_problems:
        raise Problem(
            "request.invalid",
            errors=[
                FieldError(
                    code=one.code,
                    pointer=f"/mapping/{one.column.replace('~', '~0').replace('/', '~1')}".rstrip("/"),
                    params={"column": one.column, **one.params},
                )
                for one in preview.mapping_problems
            ],
        )
    async with request.app[ENGINE].begin() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id, lock=True)
        allowed = (ImportState.WAITING, ImportState.FAILED)
        row = await imports_store.begin(connection, row, ImportState.RUNNING, allowed)
        options = _kept(preview.options, preview.columns)
        await imports_store.set_options(connection, row.id, options)
    row = msgspec.structs.replace(row, options=options)
    runner.start(Deed.IMPORT, row)
    log.info("contact_import.begun", contact_import=row.id, by=principal.key)
    return import_view(row, reader_language(request))


@routes.post(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}/undo",
    roles=ADMIN,
    status=202,
    summary="Undo an import of contacts",
)
async def undo_contact_import(
    request: web.Request, principal: Principal, campaign_id: Id, import_id: Id
) -> ContactImportView:
    """Every contact that came with it goes, in the background."""
    async with request.app[ENGINE].begin() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id, lock=True)
        row = await imports_store.begin(connection, row, ImportState.UNDOING, (ImportState.DONE,))
    request.app[CONTACT_IMPORTS].start(Deed.UNDO, row)
    log.info("contact_import.undoing", contact_import=row.id, by=principal.key)
    return import_view(row, reader_language(request))


@routes.delete(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}", roles=ADMIN, summary="Forget an import of contacts"
)
async def delete_contact_import(
    request: web.Request, principal: Principal, campaign_id: Id, import_id: Id
) -> None:
    """One of which no contact is in the campaign: its file and its refused rows go."""
    async with request.app[ENGINE].begin() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id, lock=True)
        if row.state not in (ImportState.WAITING, ImportState.FAILED, ImportState.UNDONE):
            raise Problem("import.not_now", state=row.state)
        await imports_store.delete_import(connection, import_id)
    request.app[CONTACT_IMPORTS].forget([import_id])
    log.info("contact_import.deleted", contact_import=import_id, by=principal.key)


@routes.get(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}/refused",
    roles=READERS,
    summary="List the first refused rows of an import",
)
async def list_refused_rows(request: web.Request, campaign_id: Id, import_id: Id) -> Items[RowProblemView]:
    """By line, column and reason; all of them are in the file."""
    language = reader_language(request)
    async with request.app[ENGINE].connect() as connection:
        await imports_store.read_import(connection, campaign_id, import_id)
        found = await imports_store.list_refusals(connection, import_id, limit=_REFUSALS_SHOWN)
    return Items(items=[view_of(problem, language) for problem in found])


@routes.get(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}/refused.csv",
    roles=READERS,
    media_type="text/csv",
    timeout_seconds=None,
    summary="Read the refused rows of an import as a file",
)
async def export_refused_rows(request: web.Request, campaign_id: Id, import_id: Id) -> web.StreamResponse:
    """The rows as they were, with line and reason in front: put right, the file can be imported as it is."""
    language = reader_language(request)
    async with request.app[ENGINE].connect() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id)
        pieces = _refused_rows(connection, import_id, row.options.get("columns", []), language)
        return await csv_stream(request, f"refused-{import_id}.csv", pieces)


#: `cti.campaigns.imports.column_mapping` knows them.
_HEADINGS: Final = {Language.ENGLISH: ("Line", "Reason"), Language.CHINESE: ("行", "原因")}


async def _refused_rows(
    connection: AsyncConnection, import_id: int, columns: list[str], language: Language
) -> AsyncIterator[str]:
    piece: list[list[str | float]] = [[*_HEADINGS[language], *columns]]
    together: list[RowProblem] = []
    cells: list[str] = []

    def end_row() -> None:
        if together:
            piece.append([together[0].line, reason(together, language), *cells])

    async for problem, kept in imports_store.stream_refusals(connection, import_id):
        if together and together[0].line != problem.line:
            end_row()
            together.clear()
            cells = []
        together.append(problem)
        cells = cells or _placed(problem, kept or [], columns)
        if len(piece) >= _ROWS_IN_A_PIECE:
            yield write_rows(piece)
            piece.clear()
    end_row()
    yield write_rows(piece)


def _placed(problem: RowProblem, cells: list[str], columns: list[str]) -> list[str]:
    """Of a row that the database refused only the number is kept: into its column."""
    if problem.code not in _REFUSED_BY_DATABASE or problem.column not in columns:
        return cells
    return ["" for _ in columns[: columns.index(problem.column)]] + cells


async def _settled(
    request: web.Request, connection: AsyncConnection, row: ContactImportRow
) -> ContactImportRow:
    if request.app[CONTACT_IMPORTS].works_on(row.id):
        return row
    return await imports_store.settle_lost(connection, row)


def _kept(options: FileOptions, columns: tuple[str, ...]) -> dict[str, Any]:
    return {"file": msgspec.to_builtins(options), "columns": list(columns)}


def _check_file(runner: ImportRunner, row: ContactImportRow) -> None:
    if row.source is not ImportSource.FILE or row.state not in (ImportState.WAITING, ImportState.FAILED):
        raise Problem("import.not_now", state=row.state)
    if not runner.file_of(row.id).is_file():
        raise Problem("import.file_gone")
