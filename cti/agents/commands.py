"""What agents and supervisors may order: each checks the board and then asks Asterisk.

Nothing here changes any state. What comes of an order is what Asterisk's events say afterwards; an order that
makes no sense in the present state is a problem that says why.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog
from aiohttp import web

from cti.agents.directory import Directory
from cti.agents.model import Agent, AgentStatus, SystemReason
from cti.agents.pause_orders import PauseOrders
from cti.agents.phone_use import ON_THE_PHONE, Consultations, queue_of_call
from cti.agents.wrap_up import WrapUps
from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection
from cti.board.board import Board
from cti.calls.model import Leg, TransferKind
from cti.errors import AmiError
from cti.http.problems import Problem, invalid

log = structlog.get_logger(__name__)

#: The dialplan's contexts where phones dial, and where queues are reached.
PHONES: Final = "phones"
QUEUES: Final = "queues"
NUMBER: Final = re.compile(r"\+?[0-9*]{1,20}")
#: How long a device is kept for whoever signs in with it, until the board shows him there.
_RESERVED_SECONDS: Final = 5.0


class AgentCommands:
    """Orders of agents (but for dialling: `cti.agents.click_to_dial`). ``require_handing_on`` refuses a
    number to which the agent may not hand a caller on.

    All raise `Problem` when the state does not allow it, and `AmiError` when Asterisk does not.
    """

    def __init__(
        self,
        board: Board,
        directory: Directory,
        ami: AmiConnection,
        phone_ami: AmiConnection,
        wrap_ups: WrapUps,
        orders: PauseOrders,
        consultations: Consultations,
        require_handing_on: Callable[[int, str], Awaitable[None]],
    ) -> None:
        self._board = board
        self._directory = directory
        self._ami = ami
        self._require_handing_on = require_handing_on
        self._phone_ami = phone_ami
        self._wrap_ups = wrap_ups
        self._orders = orders
        self._consultations = consultations
        self._reserved: dict[str, tuple[int, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop what still runs."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- Being there ---

    async def sign_in(self, agent_id: int, device_id: int) -> None:
        """Makes the device a member of all the agent's queues, paused with the reason `signed-in`."""
        entry = self._directory.agents.get(agent_id)
        device = self._directory.devices.get(device_id)
        if entry is None:
            raise Problem("agent.not_found", agent_id=agent_id)
        if device is None:
            raise Problem("device.not_found", device_id=device_id)
        if not entry.queues:
            raise Problem("agent.no_queues")
        agent = self._board.agent(agent_id)
        if agent is not None and agent.queues and agent.interface != device.interface:
            elsewhere = self._directory.device_by_interface.get(agent.interface or "")
            name = elsewhere.name if elsewhere is not None else agent.interface
            raise Problem("agent.already_signed_in", device=name)
        self._reserve(device.interface, agent_id)
        served = set(agent.queues) if agent is not None else set()
        # Who is signed in already and lacks a queue joins it in the state that he is in.
        reason = agent.pause_reason if agent is not None and served else SystemReason.SIGNED_IN
        try:
            for queue in entry.queues:
                if queue not in served:
                    await self._join(agent_id, queue, device.interface, reason)
        except AmiError:
            self._reserved.pop(device.interface, None)
            raise

    def follow_directory(self) -> None:
        """Bring agents who are signed in into the queues that they are to serve, and out of all others."""
        for agent in self._board.agents():
            entry = self._directory.agents.get(agent.agent_id)
            if entry is None or not agent.queues:
                continue
            wanted = set(entry.queues) if entry.active else set()
            if wanted != set(agent.queues):
                self._spawn(self._move(agent, wanted), f"queues of agent {agent.agent_id}")

    async def sign_out(self, agent_id: int) -> None:
        """Takes the agent's device out of all queues."""
        agent = self._signed_in(agent_id)
        if agent.state.status in ON_THE_PHONE:
            raise Problem("agent.busy")
        for queue in tuple(agent.queues):
            await actions.queue_remove(self._ami, queue=queue, interface=_interface(agent))

    async def ready(self, agent_id: int) -> None:
        """Ends a pause or a wrap-up; while talking, takes back the pause that was to come later."""
        agent = self._signed_in(agent_id)
        reason = self._orders.reason(agent)
        if reason is None:
            return
        if queue_of_call(self._board, agent) is not None:
            if reason != SystemReason.WRAP_UP:
                await self._orders.give(agent, SystemReason.WRAP_UP)
            return
        await self._orders.give(agent, None)

    async def pause(self, agent_id: int, reason: str) -> None:
        """Pauses; while talking the pause comes after the wrap-up."""
        agent = self._signed_in(agent_id)
        if reason not in self._directory.pause_reasons:
            raise invalid("field.not_allowed", pointer="/reason", allowed=self._reasons())
        await self._orders.give(agent, reason)

    async def end_wrap_up(self, agent_id: int) -> None:
        """Ends the wrap-up early."""
        await self._wrap_ups.end(self._signed_in(agent_id))

    async def extend_wrap_up(self, agent_id: int, seconds: float) -> None:
        """Moves the end of the wrap-up."""
        await self._wrap_ups.extend(self._signed_in(agent_id), seconds)

    # --- Being on the phone ---

    async def hold(self, agent_id: int) -> None:
        """Asks the phone to hold."""
        agent, leg = self._on_call(agent_id)
        if self._consultations.of(agent) is not None:
            raise Problem("call.consulting")
        if agent.state.status is AgentStatus.HOLD:
            raise Problem("call.on_hold")
        if agent.state.status is not AgentStatus.TALKING:
            raise Problem("call.not_talking")
        await actions.phone_hold(self._phone_ami, channel=leg.channel)

    async def resume(self, agent_id: int) -> None:
        """Asks the phone to go on talking."""
        agent, leg = self._on_call(agent_id)
        if self._consultations.of(agent) is not None:
            raise Problem("call.consulting")
        if agent.state.status is not AgentStatus.HOLD:
            raise Problem("call.not_on_hold")
        await actions.phone_talk(self._phone_ami, channel=leg.channel)

    async def hang_up(self, agent_id: int) -> None:
        """Hangs up the agent's leg, or rejects the call that rings; the caller goes on in the dialplan."""
        agent, leg = self._on_call(agent_id)
        if self._consultations.of(agent) is not None:
            # Hanging up would hand the caller on.
            raise Problem("call.consulting")
        await actions.hang_up(self._ami, channel=leg.channel)

    async def transfer(
        self, agent_id: int, kind: TransferKind, *, queue: str | None, number: str | None
    ) -> None:
        """Hands the caller on to a queue or an extension, at once (blind) or after a talk (attended)."""
        agent, leg = self._on_call(agent_id)
        context, extension = self._target(queue, number)
        if self._consultations.of(agent) is not None:
            raise Problem("call.consulting")
        if agent.state.status is not AgentStatus.TALKING:
            raise Problem("call.not_talking")
        if number is not None:
            await self._require_handing_on(agent_id, number)
        if kind is TransferKind.BLIND:
            await actions.blind_transfer(self._ami, channel=leg.channel, context=context, exten=extension)
            return
        self._consultations.begin(agent_id, leg.id, queue or extension)
        try:
            await actions.attended_transfer(self._ami, channel=leg.channel, context=context, exten=extension)
        except AmiError:
            self._consultations.forget(leg.id)
            raise

    async def complete_transfer(self, agent_id: int) -> None:
        """Leaves the caller and the consulted party talking with each other."""
        agent, leg = self._on_call(agent_id)
        if self._consultations.of(agent) is None:
            raise Problem("call.not_consulting")
        await actions.hang_up(self._ami, channel=leg.channel)

    async def cancel_transfer(self, agent_id: int) -> None:
        """Gives up the consultation and goes back to the caller."""
        agent, leg = self._on_call(agent_id)
        if self._consultations.of(agent) is None:
            raise Problem("call.not_consulting")
        await actions.cancel_attended_transfer(self._ami, channel=leg.channel)

    # --- Inside ---

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _move(self, agent: Agent, wanted: set[str]) -> None:
        interface, before = _interface(agent), set(agent.queues)
        try:
            for queue in sorted(wanted - before):
                await self._join(agent.agent_id, queue, interface, agent.pause_reason)
            for queue in sorted(before - wanted):
                await actions.queue_remove(self._ami, queue=queue, interface=interface)
        except AmiError as error:
            log.warning("agent.queues_not_changed", agent_id=agent.agent_id, error=error.code)

    async def _join(self, agent_id: int, queue: str, interface: str, reason: str | None) -> None:
        await actions.queue_add(
            self._ami,
            queue=queue,
            interface=interface,
            agent_id=agent_id,
            paused=reason is not None,
            reason=reason or SystemReason.SIGNED_IN,
        )

    def _reserve(self, interface: str, agent_id: int) -> None:
        now = time.monotonic()
        owner = next(
            (a.agent_id for a in self._board.agents() if a.interface == interface and a.queues), None
        )
        if owner is None:
            reserved = self._reserved.get(interface)
            if reserved is not None and now < reserved[1]:
                owner = reserved[0]
        if owner not in (None, agent_id):
            raise Problem("device.in_use", agent=self._directory.agent_name(owner or 0))
        self._reserved[interface] = (agent_id, now + _RESERVED_SECONDS)

    def _signed_in(self, agent_id: int) -> Agent:
        agent = self._board.agent(agent_id)
        if agent is None or not agent.queues or agent.interface is None:
            if agent_id not in self._directory.agents:
                raise Problem("agent.not_found", agent_id=agent_id)
            raise Problem("agent.not_signed_in")
        return agent

    def _on_call(self, agent_id: int) -> tuple[Agent, Leg]:
        agent = self._board.agent(agent_id)
        leg = self._board.leg(agent.leg_id) if agent is not None and agent.leg_id is not None else None
        if agent is None or leg is None or agent.state.status not in ON_THE_PHONE:
            raise Problem("call.none")
        return agent, leg

    def _target(self, queue: str | None, number: str | None) -> tuple[str, str]:
        if queue is not None:
            settings = self._directory.queues.get(queue)
            if settings is None or settings.extension is None:
                raise Problem("queue.not_found", queue=queue)
            return QUEUES, settings.extension
        if number is None or not NUMBER.fullmatch(number):
            raise Problem("call.number_not_allowed")
        return PHONES, number

    def _reasons(self) -> str:
        return ", ".join(sorted(self._directory.pause_reasons))


def _interface(agent: Agent) -> str:
    if agent.interface is None:
        raise Problem("agent.not_signed_in")
    return agent.interface


COMMANDS = web.AppKey("agent_commands", AgentCommands)
