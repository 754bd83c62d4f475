"""The live connection's WebSocket, and the same objects to be read once."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from cti.agents.view_model import AgentLive
from cti.http.endpoint import AUTHENTICATOR
from cti.http.language import reader_language
from cti.http.principal import PERSON, Principal, Role, Scope
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Items
from cti.people.authentication import is_same_origin
from cti.queues.live_figures import QueueLive
from cti.web.live import LIVE
from cti.web.live_campaigns import LIVE_CAMPAIGNS
from cti.web.live_client import LiveClient

log = structlog.get_logger(__name__)
routes = Routes(tag="live")

WATCHERS = (Role.SUPERVISOR, Role.ADMIN)
HEARTBEAT_SECONDS: Final = 15.0
#: How often the session behind an open connection is looked at; this also keeps it in use.
SESSION_CHECK_SECONDS: Final = 60.0
LAST_FRAMES_SECONDS: Final = 1.0
MOST_BAD_FRAMES: Final = 10
_LONGEST_MESSAGE: Final = 4096

_encode: Final = msgspec.json.Encoder().encode


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping", forbid_unknown_fields=True):
    """Asks for a sign of life."""

    id: int


class WatchCampaign(
    msgspec.Struct, frozen=True, tag_field="type", tag="campaign", forbid_unknown_fields=True
):
    """Asks how a campaign stands, now and whenever that changes; null: it is looked at no more."""

    id: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)] | None


class WatchCampaigns(
    msgspec.Struct, frozen=True, tag_field="type", tag="campaigns", forbid_unknown_fields=True
):
    """Asks how all campaigns stand, now and whenever that changes; false: they are looked at no more."""

    watch: bool


def _pong(message: Ping, _request: web.Request, _client: LiveClient) -> bytes:
    return b'"type":"pong","id":%d' % message.id


def _watch(message: WatchCampaign, request: web.Request, client: LiveClient) -> bytes:
    request.app[LIVE_CAMPAIGNS].watch(client, message.id)
    return b'"type":"watching","campaign":' + _encode(message.id)


def _watch_list(message: WatchCampaigns, request: web.Request, client: LiveClient) -> bytes:
    request.app[LIVE_CAMPAIGNS].watch_list(client, looks=message.watch)
    return b'"type":"watching","campaigns":' + _encode(message.watch)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a reader may send: who may, and what is done and answered."""

    shape: type[msgspec.Struct]
    roles: frozenset[Role]
    answer: Callable[[Any, web.Request, LiveClient], bytes]


#: Deny unless allowed: what is not here is answered with a problem.
MESSAGES: Final = {
    "ping": Message(shape=Ping, roles=frozenset(Role), answer=_pong),
    "campaign": Message(shape=WatchCampaign, roles=frozenset(WATCHERS), answer=_watch),
    "campaigns": Message(shape=WatchCampaigns, roles=frozenset(WATCHERS), answer=_watch_list),
}


class _Typed(msgspec.Struct, frozen=True):
    type: str


@routes.get("/api/v1/live/queues", roles=WATCHERS, scope=Scope.QUEUES_READ, summary="Queues as they are now")
async def live_queues(request: web.Request) -> Items[QueueLive]:
    """The same objects as on the live connection."""
    return Items(items=request.app[LIVE].queues())


@routes.get("/api/v1/live/agents", roles=WATCHERS, summary="Agents as they are now")
async def live_agents(request: web.Request) -> Items[AgentLive]:
    """The same objects as on the live connection."""
    return Items(items=request.app[LIVE].agents())


@routes.get(
    "/api/v1/live",
    roles=PERSON,
    scope=Scope.QUEUES_READ,
    status=101,
    timeout_seconds=None,
    summary="The live connection (WebSocket)",
)
async def live(request: web.Request, principal: Principal) -> web.WebSocketResponse:
    """First a snapshot (`seq` 0), then what changes, numbered without gaps."""
    if not is_same_origin(request):
        raise Problem("auth.origin")
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT_SECONDS, compress=False, max_msg_size=_LONGEST_MESSAGE, decode_text=False
    )
    await socket.prepare(request)
    client = LiveClient(socket, principal, reader_language(request))
    hub = request.app[LIVE]
    hub.join(client)
    writer = asyncio.create_task(client.write(), name="live writer")
    tasks = [writer, asyncio.create_task(_read(request, socket, client), name="live reader")]
    try:
        await _until_it_ends(request, client, tasks)
        if client.closing is not None and not client.dropped.done():
            await asyncio.wait([writer], timeout=LAST_FRAMES_SECONDS)
    finally:
        hub.leave(client)
        request.app[LIVE_CAMPAIGNS].leave(client)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.finish(request.transport)
    return socket


async def _read(request: web.Request, socket: web.WebSocketResponse, client: LiveClient) -> None:
    bad = 0
    async for message in socket:
        answer = _answer(request, client, message.data) if message.type is WSMsgType.TEXT else None
        if answer is None:
            bad += 1
            answer = b'"type":"problem","code":"request.invalid"'
        client.send(answer)
        if bad > MOST_BAD_FRAMES:
            client.close(WSCloseCode.POLICY_VIOLATION, "too many bad frames")
            return


def _answer(request: web.Request, client: LiveClient, data: bytes) -> bytes | None:
    try:
        known = MESSAGES.get(msgspec.json.decode(data, type=_Typed).type)
        if known is None:
            return None
        if client.principal.role not in known.roles:
            return b'"type":"problem","code":"auth.forbidden"'
        return known.answer(msgspec.json.decode(data, type=known.shape), request, client)
    except msgspec.DecodeError:
        return None


async def _until_it_ends(
    request: web.Request, client: LiveClient, tasks: Iterable[asyncio.Task[None]]
) -> None:
    """Waits for the connection's end; a session that is over is one."""
    ends = (*tasks, client.dropped)
    while True:
        ended, _ = await asyncio.wait(
            ends, timeout=SESSION_CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if ended:
            return
        if not await _is_signed_in(request, client):
            client.close(WSCloseCode.POLICY_VIOLATION, "session over")
            return


async def _is_signed_in(request: web.Request, client: LiveClient) -> bool:
    """Whether his session goes on, as far as one knows."""
    with contextlib.suppress(OSError):
        found = await request.app[AUTHENTICATOR](request)
        return found is not None and found.role is client.principal.role
    return True
