"""Calls of the past and of now, read; and the agents' verdicts on them, written."""

from collections.abc import Callable
from typing import Annotated, Literal

import sqlalchemy as sa
from aiohttp import web
from pydantic import BeforeValidator, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.tables import disposition_codes
from cti.agents.view_model import DispositionView
from cti.agents.views import VIEWS
from cti.calls import store
from cti.calls.call_views import (
    CallDetailView,
    SavedDisposition,
    detail_view,
    disposition_view,
    summary_view,
)
from cti.calls.store import CallFilter, CursorError
from cti.customers.model import RecentCall
from cti.customers.numbers import parse_e164
from cti.customers.store import promise_callback, withdraw_callback
from cti.http.keys import ENGINE, REGION
from cti.http.principal import PERSON, Principal, Role, Scope
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Body, Id, Page, PageQuery, PlainText, When

routes = Routes(tag="calls")

#: Called with an agent's id after he saved his verdict.
DISPOSITION_SAVED: web.AppKey[Callable[[int], None]] = web.AppKey("disposition_saved")

CallId = Annotated[str, Field(min_length=1, max_length=150)]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


class CallsQuery(PageQuery):
    """Which calls: begun in a span of time, of a queue, of an agent (`me` is oneself), with a number."""

    from_: When | None = Field(None, alias="from")
    to: When | None = None
    queue: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")
    agent: Annotated[Literal["me"] | Id, BeforeValidator(_whole)] | None = None
    number: str | None = Field(None, min_length=1, max_length=64)


class NewDisposition(Body):
    """The agent's verdict; ``callback_at`` promises the caller to be called back."""

    code: str = Field(min_length=1, max_length=63)
    note: Annotated[PlainText, Field(max_length=4000)] | None = None
    callback_at: When | None = None


@routes.get("/api/v1/calls", roles=PERSON, scope=Scope.CALLS_READ, summary="List calls")
async def list_calls(request: web.Request, principal: Principal, query: CallsQuery) -> Page[RecentCall]:
    """Newest first. Agents see those they had a part in, integrations masked numbers unless granted."""
    agent_id = query.agent if isinstance(query.agent, int) else None
    if query.agent == "me":
        agent_id = principal.agent_id
        if agent_id is None:
            raise Problem("agent.none")
    if principal.role is Role.AGENT:
        if agent_id not in (None, principal.agent_id):
            raise Problem("auth.forbidden")
        agent_id = _agent_id(principal)
    numbers = None
    if query.number is not None:
        e164 = parse_e164(query.number, request.app[REGION])
        numbers = [query.number] if e164 is None else [query.number, e164]
    wanted = CallFilter(
        from_at=query.from_, to_at=query.to, queue=query.queue, agent_id=agent_id, numbers=numbers
    )
    try:
        async with request.app[ENGINE].connect() as connection:
            found, cursor = await store.page_calls(connection, wanted, limit=query.limit, cursor=query.cursor)
    except CursorError:
        raise Problem("paging.cursor_invalid") from None
    full = _sees_full_numbers(principal)
    return Page(items=[summary_view(call, full_numbers=full) for call in found], next_cursor=cursor)


@routes.get("/api/v1/calls/{call_id}", roles=PERSON, scope=Scope.CALLS_READ, summary="Read a call")
async def read_call(request: web.Request, principal: Principal, call_id: CallId) -> CallDetailView:
    """With its legs, spans, queue entries, offers, transfers, survey and verdicts."""
    async with request.app[ENGINE].connect() as connection:
        found = await store.get_call(connection, call_id)
        if found is not None and principal.role is Role.AGENT:
            mine = await store.was_handled_by(connection, found.summary.id, _agent_id(principal))
            found = found if mine else None
    if found is None:
        raise Problem("call.not_found")
    return detail_view(found, full_numbers=_sees_full_numbers(principal))


@routes.put("/api/v1/calls/{call_id}/disposition", roles=(Role.AGENT,), summary="Say what a call was about")
async def save_disposition(
    request: web.Request, principal: Principal, call_id: CallId, body: NewDisposition
) -> SavedDisposition:
    """For a call that the agent had a part in; saying it again changes it."""
    agent_id = _agent_id(principal)
    views = request.app[VIEWS]
    async with request.app[ENGINE].begin() as connection:
        mine = views.has_call(agent_id, call_id) or await store.was_handled_by(connection, call_id, agent_id)
        if not mine:
            raise Problem("call.not_found")
        known = sa.select(disposition_codes.c.code).where(disposition_codes.c.code == body.code)
        if await connection.scalar(known) is None:
            raise Problem("disposition.unknown")
        saved = await store.save_disposition(
            connection,
            call_id=call_id,
            agent_id=agent_id,
            code=body.code,
            note=body.note or "",
            callback_at=body.callback_at,
        )
        await _keep_promise(request, connection, saved)
    views.keep_disposition(agent_id, call_id, DispositionView(code=saved.code, note=saved.note or None))
    request.app[DISPOSITION_SAVED](agent_id)
    return disposition_view(saved)


async def _keep_promise(request: web.Request, connection: AsyncConnection, saved: store.Disposition) -> None:
    if saved.callback_at is None:
        await withdraw_callback(connection, saved.call_id)
        return
    call = await store.get_summary(connection, saved.call_id)
    raw, customer_id = request.app[VIEWS].number_of(saved.call_id), None
    if call is not None:
        raw = call.dialled_number if call.direction == "outbound" else call.caller_number
        customer_id = call.customer_id
    e164 = parse_e164(raw or "", request.app[REGION])
    if customer_id is None and e164 is None:
        raise Problem("callback.no_number")
    await promise_callback(
        connection,
        call_id=saved.call_id,
        agent_id=saved.agent_id,
        customer_id=customer_id,
        e164=e164,
        due_at=saved.callback_at,
        note=saved.note or None,
    )


def _sees_full_numbers(principal: Principal) -> bool:
    return principal.has_scope(Scope.NUMBERS_READ)


def _agent_id(principal: Principal) -> int:
    if principal.agent_id is None:
        raise Problem("agent.none")
    return principal.agent_id
