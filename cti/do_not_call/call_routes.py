"""What an agent does about the call that he handles: the other party is never called again, and the undo."""

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.views import VIEWS
from cti.calls import store as calls
from cti.calls.routes import CallId
from cti.customers.numbers import parse_e164
from cti.do_not_call import store
from cti.do_not_call.list import DO_NOT_CALL
from cti.do_not_call.model import Level, Source
from cti.do_not_call.shapes import Wish, WishKept, wish_kept
from cti.http.keys import ENGINE, REGION
from cti.http.principal import Principal, Role
from cti.http.problems import Problem
from cti.http.routing import Routes

log = structlog.get_logger(__name__)
routes = Routes(tag="do-not-call")

AGENT = (Role.AGENT,)


@routes.post("/api/v1/calls/{call_id}/do-not-call", roles=AGENT, summary="Never call the other party again")
async def add_party(request: web.Request, principal: Principal, call_id: CallId, body: Wish) -> WishKept:
    """For a call that the agent had a part in. From the next dial on it counts, for everybody."""
    async with request.app[ENGINE].begin() as connection:
        number = await _party(request, connection, principal, call_id)
        values = {"number": number, "level": Level.GLOBAL, "reason": body.reason, "call_id": call_id}
        entry_id, added = await store.add(connection, values, source=Source.AGENT, by=principal)
    request.app[DO_NOT_CALL].tell_added()
    log.info("do_not_call.added", entry=entry_id, added=added, by=principal.key)
    return wish_kept(number, added=added)


@routes.delete("/api/v1/calls/{call_id}/do-not-call", roles=AGENT, summary="Undo that")
async def remove_party(request: web.Request, principal: Principal, call_id: CallId) -> None:
    """What the agent himself has put on the list in this call."""
    async with request.app[ENGINE].begin() as connection:
        entry_id = await store.entry_of_call(connection, call_id, principal.user_id)
        if entry_id is None:
            raise Problem("do_not_call.not_found")
        await store.remove(connection, entry_id, by=principal)
    log.info("do_not_call.removed", entry=entry_id, by=principal.key)


async def _party(
    request: web.Request, connection: AsyncConnection, principal: Principal, call_id: str
) -> str:
    """The number of the other party in E.164."""
    if principal.agent_id is None:
        raise Problem("agent.none")
    views = request.app[VIEWS]
    mine = views.has_call(principal.agent_id, call_id)
    if not mine and not await calls.was_handled_by(connection, call_id, principal.agent_id):
        raise Problem("call.not_found")
    raw, call = views.number_of(call_id), None
    if raw is None:
        call = await calls.get_summary(connection, call_id)
    if call is not None:
        raw = call.dialled_number if call.direction == "outbound" else call.caller_number
    number = parse_e164(raw or "", request.app[REGION])
    if number is None:
        raise Problem("do_not_call.no_number")
    return number
