"""The live connection's WebSocket, and the same objects to be read once."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from cti.agents.view_model import AgentLive
from cti.http.endpoint import AUTHENTICATOR
from cti.http.principal import PERSON, Principal, Role, Scope
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Items
from cti.people.authentication import is_same_origin
from cti.queues.live_figures import QueueLive
from cti.web.live import LIVE
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


def _pong(message: Ping) -> bytes:
    return b'"type":"pong","id":%d' % message.id


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a reader may send: who may, and what it is answered with."""

    shape: type[Ping]
    roles: frozenset[Role]
    answer: Callable[[Ping], bytes]


#: Deny unless allowed: what is not here is answered with a problem.
MESSAGES: Final = {"ping": Message(shape=Ping, roles=frozenset(Role), answer=_pong)}


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
    client = LiveClient(socket, principal)
    hub = request.app[LIVE]
    hub.join(client)
    writer = asyncio.create_task(client.write(), name="live writer")
    tasks = [
        writer,
        asyncio.create_task(_read(socket, client), name="live reader"),
        asyncio.create_task(_watch_session(request, client), name="live session"),
        asyncio.create_task(client.dropped.wait(), name="live drop"),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if client.closing is not None and not client.dropped.is_set():
            await asyncio.wait([writer], timeout=LAST_FRAMES_SECONDS)
    finally:
        hub.leave(client)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.finish(request.transport)
    return socket


async def _read(socket: web.WebSocketResponse, client: LiveClient) -> None:
    bad = 0
    async for message in socket:
        answer = _answer(client.principal, message.data) if message.type is WSMsgType.TEXT else None
        if answer is None:
            bad += 1
            answer = b'"type":"problem","code":"request.invalid"'
        client.send(answer)
        if bad > MOST_BAD_FRAMES:
            client.close(WSCloseCode.POLICY_VIOLATION, "too many bad frames")
            return


def _answer(principal: Principal, data: bytes) -> bytes | None:
    try:
        known = MESSAGES.get(msgspec.json.decode(data, type=_Typed).type)
        if known is None:
            return None
        if principal.role not in known.roles:
            return b'"type":"problem","code":"auth.forbidden"'
        return known.answer(msgspec.json.decode(data, type=known.shape))
    except msgspec.DecodeError:
        return None


async def _watch_session(request: web.Request, client: LiveClient) -> None:
    while True:
        await asyncio.sleep(SESSION_CHECK_SECONDS)
        with contextlib.suppress(OSError):
            found = await request.app[AUTHENTICATOR](request)
            if found is None or found.role is not client.principal.role:
                client.close(WSCloseCode.POLICY_VIOLATION, "session over")
                return
