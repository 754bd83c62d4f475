"""Which dialled number leads where, over HTTP."""

from typing import Annotated, Final

import msgspec
import sqlalchemy as sa
import structlog
from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.flows.model import FlowKind
from cti.http.keys import ENGINE
from cti.http.principal import Language, Principal
from cti.http.problems import Problem, invalid
from cti.http.routing import Routes
from cti.http.shapes import Body, Items
from cti.ivr.library import flow_store
from cti.ivr.library.flow_routes import ADMIN, LEADERS, FlowName
from cti.ivr.model import InboundRoute
from cti.ivr.settings_cache import SettingsCache
from cti.ivr.store import delete_inbound_number, read_settings, write_inbound_numbers
from cti.queues.tables import queues

log = structlog.get_logger(__name__)
routes = Routes(tag="flows")

#: What calls are answered from; a change is read at once.
IVR_SETTINGS: web.AppKey[SettingsCache] = web.AppKey("ivr_settings")

Dnis = Annotated[str, Field(pattern=r"^\+?[0-9]{1,31}$")]
QueueName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
_INBOUND: Final = FlowKind.INBOUND.value


class NumberView(msgspec.Struct, frozen=True, kw_only=True):
    """A number of ours that people dial: which flow answers, and the queue that takes over without it.

    Without ``flow`` callers come to the queue; without ``language`` they are asked.
    """

    dnis: str
    flow: str | None
    queue: str
    language: str | None


class NumberBody(Body):
    """Where calls to a number go."""

    queue: QueueName
    flow: FlowName | None = None
    language: Language | None = None


@routes.get("/api/v1/inbound-numbers", roles=LEADERS, summary="List dialled numbers")
async def list_inbound_numbers(request: web.Request) -> Items[NumberView]:
    """In the order of the numbers."""
    async with request.app[ENGINE].connect() as connection:
        settings = await read_settings(connection)
    return Items(items=[_view(settings.routes[dnis]) for dnis in sorted(settings.routes)])


@routes.put("/api/v1/inbound-numbers/{dnis}", roles=ADMIN, summary="Set where a dialled number leads")
async def set_inbound_number(
    request: web.Request, principal: Principal, dnis: Dnis, body: NumberBody
) -> NumberView:
    """For calls that begin from now on. The flow must be one for inbound calls, with an active version."""
    language = body.language.value if body.language is not None else None
    route = InboundRoute(dnis=dnis, queue=body.queue, flow=body.flow, language=language)
    async with request.app[ENGINE].begin() as connection:
        known = sa.select(queues.c.name).where(queues.c.name == body.queue)
        if await connection.scalar(known) is None:
            raise invalid("field.queue_unknown", pointer="/queue", queue=body.queue)
        if body.flow is not None:
            await _check_flow(connection, body.flow)
        await write_inbound_numbers(connection, [route])
    await request.app[IVR_SETTINGS].refresh()
    log.info("inbound_number.set", dnis=dnis, flow=body.flow, queue=body.queue, by=principal.key)
    return _view(route)


@routes.delete("/api/v1/inbound-numbers/{dnis}", roles=ADMIN, summary="Forget a dialled number")
async def forget_inbound_number(request: web.Request, principal: Principal, dnis: Dnis) -> None:
    """Calls to it go where the dialplan sends those that nobody knows."""
    async with request.app[ENGINE].begin() as connection:
        if not await delete_inbound_number(connection, dnis):
            raise Problem("number.not_found", dnis=dnis)
    await request.app[IVR_SETTINGS].refresh()
    log.info("inbound_number.forgotten", dnis=dnis, by=principal.key)


async def _check_flow(connection: AsyncConnection, name: str) -> None:
    flow = next((one for one in await flow_store.list_flows(connection) if one.name == name), None)
    if flow is None or flow.active_version is None:
        raise invalid("field.flow_unknown", pointer="/flow")
    if flow.kind != _INBOUND:
        raise invalid("field.flow_kind", pointer="/flow", kind=flow.kind)


def _view(route: InboundRoute) -> NumberView:
    return NumberView(dnis=route.dnis, flow=route.flow, queue=route.queue, language=route.language)
