"""What agents do over HTTP, what supervisors do for them, and the lists they choose from."""

from typing import Annotated, Literal

import structlog
from aiohttp import web
from pydantic import Field

from cti.agents import store
from cti.agents.commands import COMMANDS, AgentCommands
from cti.agents.directory import DIRECTORY
from cti.agents.store import Choice
from cti.agents.view_model import AgentSnapshot, DeviceUse
from cti.agents.views import VIEWS
from cti.calls.model import TransferKind
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import PERSON, Principal, Role
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Accepted, Body, Id, Items, Line, Query

log = structlog.get_logger(__name__)
routes = Routes(tag="agents")

AGENT = (Role.AGENT,)
SUPERVISOR = (Role.SUPERVISOR,)
ADMIN = (Role.ADMIN,)
Number = Annotated[str, Field(pattern=r"^\+?[0-9*]{1,20}$")]
QueueNameText = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]


class SignInAt(Body):
    """The device to sign in with."""

    device_id: Id


class Pause(Body):
    """Why."""

    reason: str = Field(min_length=1, max_length=64)


class Extend(Body):
    """By how much."""

    seconds: float = Field(ge=1, le=1800)


class ToQueue(Body):
    """A queue to transfer to."""

    type: Literal["queue"]
    name: QueueNameText


class ToExtension(Body):
    """An extension or number to transfer to."""

    type: Literal["extension"]
    number: Number


class Transfer(Body):
    """How and where to."""

    kind: TransferKind
    to: Annotated[ToQueue | ToExtension, Field(discriminator="type")]


class NewDevice(Body):
    """A device to add; Asterisk must have an endpoint of that interface."""

    name: Line
    interface: str = Field(pattern=r"^PJSIP/[A-Za-z0-9_.-]{1,80}$")
    extension: str = Field(pattern=r"^[0-9]{1,16}$")


class DispositionsQuery(Query):
    """Of which queue."""

    queue: QueueNameText | None = None


@routes.get("/api/v1/agent", roles=AGENT, summary="One's own state and call")
async def read_agent(request: web.Request, principal: Principal) -> AgentSnapshot:
    """The same object as on the live connection."""
    return request.app[VIEWS].snapshot(_agent_id(principal))


@routes.post("/api/v1/agent/sign-in", roles=AGENT, status=202, summary="Sign in with a device")
async def agent_sign_in(request: web.Request, principal: Principal, body: SignInAt) -> Accepted:
    """Paused at first, with the reason `signed-in`."""
    await _commands(request).sign_in(_agent_id(principal), body.device_id)
    return Accepted()


@routes.post("/api/v1/agent/sign-out", roles=AGENT, status=202, summary="Sign out")
async def agent_sign_out(request: web.Request, principal: Principal) -> Accepted:
    """Not while on the phone."""
    await _commands(request).sign_out(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agent/ready", roles=AGENT, status=202, summary="Be ready")
async def agent_ready(request: web.Request, principal: Principal) -> Accepted:
    """While talking: takes back the pause that was to come after the wrap-up."""
    await _commands(request).ready(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agent/pause", roles=AGENT, status=202, summary="Pause")
async def agent_pause(request: web.Request, principal: Principal, body: Pause) -> Accepted:
    """While talking: the pause comes after the wrap-up."""
    await _commands(request).pause(_agent_id(principal), body.reason)
    return Accepted()


@routes.post("/api/v1/agent/wrap-up/end", roles=AGENT, status=202, summary="End the wrap-up early")
async def agent_end_wrap_up(request: web.Request, principal: Principal) -> Accepted:
    """Then ready, or the pause that was asked for meanwhile."""
    await _commands(request).end_wrap_up(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agent/wrap-up/extend", roles=AGENT, status=202, summary="Extend the wrap-up")
async def agent_extend_wrap_up(request: web.Request, principal: Principal, body: Extend) -> Accepted:
    """At most an hour in all."""
    await _commands(request).extend_wrap_up(_agent_id(principal), body.seconds)
    return Accepted()


@routes.post("/api/v1/agent/call/hold", roles=AGENT, status=202, summary="Hold the caller")
async def agent_hold(request: web.Request, principal: Principal) -> Accepted:
    """The phone holds, if it can."""
    await _commands(request).hold(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agent/call/resume", roles=AGENT, status=202, summary="Go back to the caller")
async def agent_resume(request: web.Request, principal: Principal) -> Accepted:
    """The phone resumes, if it can."""
    await _commands(request).resume(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agent/call/hang-up", roles=AGENT, status=202, summary="Hang up or reject")
async def agent_hang_up(request: web.Request, principal: Principal) -> Accepted:
    """The caller goes on in the dialplan, to the survey or the next agent."""
    await _commands(request).hang_up(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agent/call/transfer", roles=AGENT, status=202, summary="Transfer the caller")
async def agent_transfer(request: web.Request, principal: Principal, body: Transfer) -> Accepted:
    """Blind hands on at once; attended holds the caller and calls the target first."""
    await _commands(request).transfer(
        _agent_id(principal),
        body.kind,
        queue=body.to.name if isinstance(body.to, ToQueue) else None,
        number=body.to.number if isinstance(body.to, ToExtension) else None,
    )
    return Accepted()


@routes.post("/api/v1/agent/call/transfer/complete", roles=AGENT, status=202, summary="Complete a transfer")
async def agent_complete_transfer(request: web.Request, principal: Principal) -> Accepted:
    """Leaves the other two talking."""
    await _commands(request).complete_transfer(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agent/call/transfer/cancel", roles=AGENT, status=202, summary="Cancel a transfer")
async def agent_cancel_transfer(request: web.Request, principal: Principal) -> Accepted:
    """Back to the caller."""
    await _commands(request).cancel_transfer(_agent_id(principal))
    return Accepted()


@routes.post("/api/v1/agents/{agent_id}/pause", roles=SUPERVISOR, status=202, summary="Pause an agent")
async def pause_agent(request: web.Request, principal: Principal, agent_id: Id, body: Pause) -> Accepted:
    """As he could himself."""
    await _commands(request).pause(agent_id, body.reason)
    log.info("agent.paused_by", agent_id=agent_id, by=principal.key, reason=body.reason)
    return Accepted()


@routes.post("/api/v1/agents/{agent_id}/ready", roles=SUPERVISOR, status=202, summary="Make an agent ready")
async def ready_agent(request: web.Request, principal: Principal, agent_id: Id) -> Accepted:
    """As he could himself."""
    await _commands(request).ready(agent_id)
    log.info("agent.ready_by", agent_id=agent_id, by=principal.key)
    return Accepted()


@routes.post("/api/v1/agents/{agent_id}/sign-out", roles=SUPERVISOR, status=202, summary="Sign an agent out")
async def sign_out_agent(request: web.Request, principal: Principal, agent_id: Id) -> Accepted:
    """As he could himself: not while on the phone."""
    await _commands(request).sign_out(agent_id)
    log.info("agent.signed_out_by", agent_id=agent_id, by=principal.key)
    return Accepted()


@routes.get("/api/v1/devices", roles=PERSON, summary="List devices")
async def list_devices(request: web.Request) -> Items[DeviceUse]:
    """With who is signed in at each."""
    async with request.app[ENGINE].connect() as connection:
        return Items(items=request.app[VIEWS].device_uses(await store.list_devices(connection)))


@routes.post("/api/v1/devices", roles=ADMIN, status=201, summary="Add a device")
async def create_device(request: web.Request, principal: Principal, body: NewDevice) -> DeviceUse:
    """The interface and the extension are those in Asterisk's configuration."""
    async with request.app[ENGINE].begin() as connection:
        device = await store.create_device(
            connection, name=body.name, interface=body.interface, extension=body.extension
        )
    await request.app[DIRECTORY].refresh()
    log.info("device.created", device_id=device.id, by=principal.key)
    return request.app[VIEWS].device_uses([device])[0]


@routes.get("/api/v1/pause-reasons", roles=PERSON, summary="Reasons to pause")
async def list_pause_reasons(request: web.Request) -> Items[Choice]:
    """Those that people may choose, in the reader's language."""
    async with request.app[ENGINE].connect() as connection:
        return Items(items=await store.list_pause_reasons(connection, reader_language(request)))


@routes.get("/api/v1/dispositions", roles=PERSON, summary="Verdicts on a call")
async def list_dispositions(request: web.Request, query: DispositionsQuery) -> Items[Choice]:
    """Those offered in a queue, in the reader's language; without a queue all, also campaigns' own (under
    `campaign/code`).
    """
    language = reader_language(request)
    async with request.app[ENGINE].connect() as connection:
        found = await store.list_dispositions(connection, language, query.queue)
        if query.queue is None:
            found += await store.list_own_dispositions(connection, language)
    return Items(items=found)


def _commands(request: web.Request) -> AgentCommands:
    return request.app[COMMANDS]


def _agent_id(principal: Principal) -> int:
    if principal.agent_id is None:
        raise Problem("agent.none")
    return principal.agent_id
