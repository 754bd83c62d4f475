"""The do-not-call list over HTTP: asked, added to, taken from, exported."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
import sqlalchemy as sa
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.customers.numbers import parse_e164, search_prefixes
from cti.do_not_call import store
from cti.do_not_call.list import DO_NOT_CALL
from cti.do_not_call.model import Level, Source
from cti.do_not_call.shapes import (
    AddedEntry,
    Answer,
    EntriesQuery,
    EntryView,
    NewEntry,
    Placing,
    Question,
    entry_view,
    reason_view,
)
from cti.http.downloads import csv_stream
from cti.http.keys import ENGINE, REGION
from cti.http.principal import Principal, Role, Scope
from cti.http.problems import invalid
from cti.http.routing import Nothing, Reply, Routes
from cti.http.shapes import Id, Page, decode_cursor, encode_cursor, instant
from cti.reference.sheet import write_rows

log = structlog.get_logger(__name__)
routes = Routes(tag="do-not-call")

ADMIN = (Role.ADMIN,)
LEADERS = (Role.SUPERVISOR, Role.ADMIN)
#: What a cursor holds; whoever makes one up gets a refusal, not an error.
CursorId = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_COUNTS: Final = {"yes": True, "no": False, "all": None}
_COLUMNS: Final = ("number", "level", "name", "source", "reason", "added_at", "added_by", "expires_at")
_LINES_AT_A_TIME: Final = 2_000


@routes.get("/api/v1/do-not-call", roles=LEADERS, summary="List who is not to be called")
async def list_entries(request: web.Request, query: EntriesQuery) -> Page[EntryView]:
    """The last added first: what counts now, what does not any more (`counts=no`), or all."""
    words = (query.q or "").strip()
    prefixes = search_prefixes(words, request.app[REGION]) if words else ()
    which = store.EntryFilter(
        counts=_COUNTS[query.counts],
        prefixes=prefixes,
        words=words if words and not prefixes else None,
        level=query.level,
        name=query.name,
        source=query.source,
        import_id=query.import_id,
    )
    before = decode_cursor(query.cursor, tuple[CursorId])[0] if query.cursor else None
    async with request.app[ENGINE].connect() as connection:
        found = await store.page(connection, which, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    return Page(
        items=[entry_view(row) for row in shown],
        next_cursor=encode_cursor(shown[-1].id) if len(found) > query.limit else None,
    )


@routes.post(
    "/api/v1/do-not-call",
    roles=LEADERS,
    scope=Scope.DO_NOT_CALL_WRITE,
    status=201,
    summary="Put a number on the list",
)
async def add_entry(request: web.Request, principal: Principal, body: NewEntry) -> Reply[AddedEntry]:
    """From the next dial on it counts. 200 when it was on the list as long and from the same side."""
    check_placing(body)
    number = parse_e164(body.number, request.app[REGION])
    if number is None:
        raise invalid("field.number", pointer="/number")
    check_expiry(body.expires_at)
    source = Source.API if principal.role is Role.INTEGRATION else Source.PERSON
    async with request.app[ENGINE].begin() as connection:
        values = {**body.model_dump(), "number": number}
        entry_id, added = await store.add(connection, values, source=source, by=principal)
        row = await store.read(connection, entry_id)
    request.app[DO_NOT_CALL].tell_added()
    log.info("do_not_call.added", entry=entry_id, added=added, by=principal.key)
    status = HTTPStatus.CREATED if added else HTTPStatus.OK
    return Reply(content=AddedEntry(added=added, entry=entry_view(row)), status=status)


@routes.post(
    "/api/v1/do-not-call/check",
    roles=LEADERS,
    scope=Scope.DO_NOT_CALL_READ,
    summary="May a number be called?",
)
async def check_number(request: web.Request, body: Question) -> Answer:
    """For nobody in particular, or for a client and a campaign; with each reason why not."""
    found = await request.app[DO_NOT_CALL].reasons(body.number, client=body.client, campaign=body.campaign)
    return Answer(allowed=not found, reasons=[reason_view(one) for one in found])


@routes.post("/api/v1/do-not-call/{entry_id}/remove", roles=ADMIN, summary="Take an entry off the list")
async def remove_entry(
    request: web.Request,
    principal: Principal,
    entry_id: Id,
    body: Nothing,  # noqa: ARG001
) -> EntryView:
    """It stays as history. Other entries of the number, if there are any, still count."""
    async with request.app[ENGINE].begin() as connection:
        await store.remove(connection, entry_id, by=principal)
        row = await store.read(connection, entry_id)
    log.info("do_not_call.removed", entry=entry_id, by=principal.key)
    return entry_view(row)


@routes.post("/api/v1/do-not-call/{entry_id}/restore", roles=ADMIN, summary="Undo a removal")
async def restore_entry(
    request: web.Request,
    principal: Principal,
    entry_id: Id,
    body: Nothing,  # noqa: ARG001
) -> EntryView:
    """It counts again."""
    async with request.app[ENGINE].begin() as connection:
        await store.restore(connection, entry_id)
        row = await store.read(connection, entry_id)
    request.app[DO_NOT_CALL].tell_added()
    log.info("do_not_call.restored", entry=entry_id, by=principal.key)
    return entry_view(row)


@routes.get(
    "/api/v1/do-not-call/export",
    roles=ADMIN,
    media_type="text/csv",
    timeout_seconds=None,
    summary="Read the list as CSV",
)
async def export_entries(request: web.Request, principal: Principal) -> web.StreamResponse:
    """All that counts now, the oldest first; no cell is a formula to a spreadsheet."""
    log.info("do_not_call.exported", by=principal.key)
    return await csv_stream(request, "do-not-call.csv", _pieces(request.app[ENGINE]))


async def _pieces(engine: AsyncEngine) -> AsyncIterator[str]:
    lines: list[list[str | float]] = [[*_COLUMNS]]
    async with engine.connect() as connection:
        async for row in store.every(connection):
            lines.append(_cells(row))
            if len(lines) == _LINES_AT_A_TIME:
                yield write_rows(lines)
                lines = []
    yield write_rows(lines)


def _cells(row: sa.Row[tuple[object, ...]]) -> list[str | float]:
    expires = "" if row.expires_at is None else instant(row.expires_at.timestamp())
    added = instant(row.added_at.timestamp())
    return [
        row.number, row.level, row.name or "", row.source, row.reason or "", added, row.added_by_name or "",
        expires,
    ]  # fmt: skip


def check_placing(body: Placing) -> None:
    """A level with a name, or the global one without.

    Raises:
        Problem: naming what is wrong.
    """
    if body.level is Level.GLOBAL and body.name is not None:
        raise invalid("field.unknown", pointer="/name")
    if body.level is not Level.GLOBAL and body.name is None:
        raise invalid("field.missing", pointer="/name")


def check_expiry(expires_at: datetime | None) -> None:
    """In the future, or never.

    Raises:
        Problem: it is in the past.
    """
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise invalid("field.in_the_past", pointer="/expires_at")
