"""Callbacks that agents agree with people for a time: made, seen, called, put off and ended."""

import time
from datetime import UTC, datetime

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.click_to_dial import CLICK_TO_DIAL
from cti.agents.directory import DIRECTORY
from cti.callbacks import agreed_store as store
from cti.callbacks.agreed import AgreedCallback, AgreedEnd
from cti.callbacks.agreed_shapes import AgreedQuery, AgreedView, Agreement, Postponement, agreed_view
from cti.callbacks.agreed_store import Sight
from cti.callbacks.due import DUE_CALLBACKS, Place
from cti.customers.numbers import parse_e164
from cti.customers.routes import SCREEN_POPS
from cti.http.keys import ENGINE, REGION
from cti.http.principal import PERSON, Principal, Role, Scope
from cti.http.problems import Problem, invalid
from cti.http.routing import Nothing, Routes
from cti.http.shapes import Accepted, Id, Page, decode_cursor, encode_cursor

log = structlog.get_logger(__name__)
routes = Routes(tag="callbacks")

AGENT = (Role.AGENT,)


@routes.get("/api/v1/callbacks", roles=PERSON, summary="List callbacks that were agreed")
async def list_callbacks_agreed(
    request: web.Request, principal: Principal, query: AgreedQuery
) -> Page[AgreedView]:
    """The first due first, or the last ended. Agents see their own and those offered to their queues."""
    after = None if query.cursor is None else decode_cursor(query.cursor, tuple[datetime, int])
    async with request.app[ENGINE].connect() as connection:
        found = await store.page(
            connection, _sight(request, principal), ended=query.ended, after=after, limit=query.limit + 1
        )
    shown = found[: query.limit]
    return Page(
        items=[_view(request, one) for one in shown],
        next_cursor=_cursor(shown[-1]) if len(found) > query.limit else None,
    )


@routes.post("/api/v1/callbacks", roles=AGENT, status=201, summary="Agree to call somebody back")
async def agree_callback(request: web.Request, principal: Principal, body: Agreement) -> AgreedView:
    """At a time in the future. Where the number has a callback already, one call keeps both."""
    agent_id = _agent_id(principal)
    number = parse_e164(body.number, request.app[REGION])
    if number is None:
        raise invalid("field.number", pointer="/number")
    _check_at(body.at)
    if body.queue is not None and body.queue not in request.app[DIRECTORY].queues:
        raise Problem("queue.not_found", queue=body.queue)
    async with request.app[ENGINE].begin() as connection:
        callback_id = await store.agree(
            connection, number=number, due_at=body.at, agent_id=None if body.queue else agent_id,
            queue=body.queue, note=body.note or None, promised_by=agent_id,
        )  # fmt: skip
        agreed = await _read(connection, callback_id, Sight())
    log.info("callback.agreed", callback=callback_id, promises=agreed.promises, by=principal.key)
    await _changed(request, agreed)
    return _view(request, agreed)


@routes.post("/api/v1/callbacks/{callback_id}/dial", roles=AGENT, status=202, summary="Call somebody back")
async def dial_callback(
    request: web.Request,
    principal: Principal,
    callback_id: Id,
    body: Nothing,  # noqa: ARG001
) -> Accepted:
    """Rings one's own phone first. What was offered to a queue is the caller's from now on."""
    agent_id = _agent_id(principal)
    async with request.app[ENGINE].connect() as connection:
        agreed = await _read(connection, callback_id, _sight(request, principal), open_only=True)
    if agreed.number is None:
        raise Problem("callback.no_number")
    await request.app[CLICK_TO_DIAL].call_back(
        agent_id, agreed.number, due_at=agreed.due_at, promised_at=agreed.promised_at
    )
    if agreed.agent_id is None:
        async with request.app[ENGINE].begin() as connection:
            await store.take(connection, callback_id, agent_id)
        await _changed(request, agreed)
    return Accepted()


@routes.post("/api/v1/callbacks/{callback_id}/postpone", roles=PERSON, summary="Put a callback off")
async def postpone_callback(
    request: web.Request, principal: Principal, callback_id: Id, body: Postponement
) -> AgreedView:
    """To another time; one that is of a queue is offered to all its agents again."""
    _check_at(body.at)
    async with request.app[ENGINE].begin() as connection:
        before = await _read(connection, callback_id, _sight(request, principal), open_only=True)
        await store.postpone(connection, callback_id, body.at, body.note)
        agreed = await _read(connection, callback_id, Sight())
    await _changed(request, before, agreed)
    return _view(request, agreed)


@routes.post(
    "/api/v1/callbacks/{callback_id}/done",
    roles=PERSON,
    scope=Scope.CUSTOMERS_WRITE,
    summary="Say that somebody was called back",
)
async def finish_callback(request: web.Request, principal: Principal, callback_id: Id) -> None:
    """The promise is kept, with all others to the number, and leaves the pops."""
    await _end(request, principal, callback_id, AgreedEnd.DONE, Sight())


@routes.post("/api/v1/callbacks/{callback_id}/cancel", roles=PERSON, summary="Call somebody back no more")
async def cancel_callback(
    request: web.Request,
    principal: Principal,
    callback_id: Id,
    body: Nothing,  # noqa: ARG001
) -> None:
    """He need not be called."""
    await _end(request, principal, callback_id, AgreedEnd.CANCELLED, _sight(request, principal))


@routes.post("/api/v1/callbacks/{callback_id}/reopen", roles=PERSON, summary="Undo the end of a callback")
async def reopen_callback(
    request: web.Request,
    principal: Principal,
    callback_id: Id,
    body: Nothing,  # noqa: ARG001
) -> AgreedView:
    """With all promises that ended with it."""
    async with request.app[ENGINE].begin() as connection:
        await _read(connection, callback_id, _sight(request, principal))
        if not await store.reopen(connection, callback_id):
            raise Problem("callback.not_found", callback_id=callback_id)
        agreed = await _read(connection, callback_id, Sight())
    await _changed(request, agreed)
    return _view(request, agreed)


async def _end(
    request: web.Request, principal: Principal, callback_id: int, ended_as: AgreedEnd, sight: Sight
) -> None:
    async with request.app[ENGINE].begin() as connection:
        agreed = await _read(connection, callback_id, sight, open_only=True)
        numbers = await store.end(connection, callback_id, ended_as, by=principal.user_id)
    log.info("callback.ended", callback=callback_id, ended_as=ended_as.value, by=principal.key)
    await _changed(request, agreed, numbers=numbers or set())


async def _read(
    connection: AsyncConnection, callback_id: int, sight: Sight, *, open_only: bool = False
) -> AgreedCallback:
    found = await store.read(connection, callback_id, sight)
    if found is None or (open_only and found.ended_as is not None):
        raise Problem("callback.not_found", callback_id=callback_id)
    return found


async def _changed(request: web.Request, *callbacks: AgreedCallback, numbers: set[str] | None = None) -> None:
    concerned = numbers or {one.number for one in callbacks if one.number is not None}
    request.app[SCREEN_POPS].refresh(concerned)
    await request.app[DUE_CALLBACKS].changed({Place(one.agent_id, one.queue) for one in callbacks})


def _check_at(at: datetime) -> None:
    if at.timestamp() <= time.time():
        raise invalid("field.in_the_past", pointer="/at")


def _sight(request: web.Request, principal: Principal) -> Sight:
    if principal.role is not Role.AGENT:
        return Sight()
    entry = request.app[DIRECTORY].agents.get(principal.agent_id or 0)
    return Sight(agent_id=principal.agent_id or 0, queues=() if entry is None else entry.queues)


def _agent_id(principal: Principal) -> int:
    if principal.agent_id is None:
        raise Problem("agent.none")
    return principal.agent_id


def _view(request: web.Request, agreed: AgreedCallback) -> AgreedView:
    return agreed_view(agreed, request.app[DIRECTORY], request.app[REGION])


def _cursor(last: AgreedCallback) -> str:
    at = last.due_at if last.ended_at is None else last.ended_at
    return encode_cursor(datetime.fromtimestamp(at, UTC).isoformat(), last.id)
