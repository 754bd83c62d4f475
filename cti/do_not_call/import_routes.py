"""Imports of the list over HTTP: look at a file, choose its column, import it, undo that."""

from datetime import UTC, datetime
from typing import Final

import structlog
from aiohttp import web

from cti.do_not_call import import_store
from cti.do_not_call.imports import IMPORTS, Choice, FileState, NumberImport
from cti.do_not_call.list import DO_NOT_CALL
from cti.do_not_call.routes import ADMIN, LEADERS, check_expiry, check_placing
from cti.do_not_call.shapes import FileQuery, ImportChoice, ImportId, ImportView, file_view, import_view
from cti.http.downloads import csv_download
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal
from cti.http.problems import Problem, invalid
from cti.http.routing import Nothing, Routes, Upload
from cti.http.row_problems import view_of
from cti.http.shapes import CursorInstant, Page, PageQuery, decode_cursor, encode_cursor
from cti.reference.sheet import write_csv

log = structlog.get_logger(__name__)
routes = Routes(tag="do-not-call")

_FILE: Final = Upload(media_types=("text/csv", "text/plain"), most_bytes=16 * 1024 * 1024)
_UPLOAD_SECONDS: Final = 120.0


@routes.post(
    "/api/v1/do-not-call/imports",
    roles=ADMIN,
    upload=_FILE,
    status=202,
    timeout_seconds=_UPLOAD_SECONDS,
    summary="Look at a file of numbers",
)
async def open_file(request: web.Request, query: FileQuery, content: bytes) -> ImportView:
    """CSV with or without titles; nothing is imported yet. Ask for it again until it is `checked`."""
    file = await request.app[IMPORTS].open(query.file_name, content)
    return file_view(file, reader_language(request))


@routes.get("/api/v1/do-not-call/imports", roles=LEADERS, summary="List imports")
async def list_imports(request: web.Request, query: PageQuery) -> Page[ImportView]:
    """Those that were done, the last first, also those that were undone."""
    after = decode_cursor(query.cursor, tuple[CursorInstant, str]) if query.cursor else None
    if after is not None and "\x00" in after[1]:
        raise Problem("paging.cursor_invalid")
    before = (datetime.fromtimestamp(after[0], UTC), after[1]) if after else None
    async with request.app[ENGINE].connect() as connection:
        found = await import_store.page(connection, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    more = len(found) > query.limit
    return Page(
        items=[import_view(row) for row in shown],
        next_cursor=encode_cursor(shown[-1].imported_at.timestamp(), shown[-1].id) if more else None,
    )


@routes.get("/api/v1/do-not-call/imports/{import_id}", roles=ADMIN, summary="Read an import")
async def read_import(request: web.Request, import_id: ImportId) -> ImportView:
    """How far it is, and what it would do or has done."""
    file = request.app[IMPORTS].find(import_id)
    if file is not None and file.state is not FileState.IMPORTED:
        return file_view(file, reader_language(request))
    return await _done(request, import_id)


@routes.post(
    "/api/v1/do-not-call/imports/{import_id}/check",
    roles=ADMIN,
    status=202,
    summary="Look at a file with another choice",
)
async def check_file(request: web.Request, import_id: ImportId, body: ImportChoice) -> ImportView:
    """Of its column, of the level, and of what is written to each number."""
    file = request.app[IMPORTS].get(import_id)
    check_placing(body)
    check_expiry(body.expires_at)
    if body.column >= len(file.head.columns):
        raise invalid("field.out_of_range", pointer="/column", limit=str(len(file.head.columns) - 1))
    request.app[IMPORTS].check(file, Choice(**body.model_dump()))
    return file_view(file, reader_language(request))


@routes.post(
    "/api/v1/do-not-call/imports/{import_id}/apply", roles=ADMIN, status=202, summary="Import a file"
)
async def apply_file(
    request: web.Request,
    principal: Principal,
    import_id: ImportId,
    body: Nothing,  # noqa: ARG001
) -> ImportView:
    """All rows that are not bad, at once: its numbers count when all are written."""
    file = request.app[IMPORTS].get(import_id)
    request.app[IMPORTS].apply(file, by=principal)
    return file_view(file, reader_language(request))


@routes.get(
    "/api/v1/do-not-call/imports/{import_id}/problems",
    roles=ADMIN,
    media_type="text/csv",
    summary="Read the bad rows as CSV",
)
async def read_problems(request: web.Request, import_id: ImportId) -> web.Response:
    """Every row that is left out: its line, column, code and reason. As long as the file is in memory."""
    file: NumberImport | None = request.app[IMPORTS].find(import_id)
    if file is None or file.reading is None:
        raise Problem("do_not_call.import_not_found")
    language = reader_language(request)
    views = [view_of(one, language) for one in file.reading.problems]
    text = write_csv(
        ["line", "column", "code", "problem"], [[one.line, one.column, one.code, one.detail] for one in views]
    )
    return csv_download("do-not-call-problems.csv", text)


@routes.post("/api/v1/do-not-call/imports/{import_id}/undo", roles=ADMIN, summary="Undo an import")
async def undo_number_import(
    request: web.Request,
    principal: Principal,
    import_id: ImportId,
    body: Nothing,  # noqa: ARG001
) -> ImportView:
    """None of its entries counts any more; what else is said of those numbers still does."""
    async with request.app[ENGINE].begin() as connection:
        await import_store.undo(connection, import_id, by=principal)
    log.info("do_not_call.import_undone", file=import_id, by=principal.key)
    return await _done(request, import_id)


@routes.post("/api/v1/do-not-call/imports/{import_id}/redo", roles=ADMIN, summary="Undo the undoing")
async def redo_number_import(
    request: web.Request,
    principal: Principal,
    import_id: ImportId,
    body: Nothing,  # noqa: ARG001
) -> ImportView:
    """Its entries count again, but those that were removed one by one."""
    async with request.app[ENGINE].begin() as connection:
        await import_store.redo(connection, import_id)
    request.app[DO_NOT_CALL].tell_added()
    log.info("do_not_call.import_redone", file=import_id, by=principal.key)
    return await _done(request, import_id)


async def _done(request: web.Request, import_id: str) -> ImportView:
    async with request.app[ENGINE].connect() as connection:
        return import_view(await import_store.read(connection, import_id))
