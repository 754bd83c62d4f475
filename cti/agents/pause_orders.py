"""Pauses that people have ordered, until Asterisk tells of them.

An order is with Asterisk before Asterisk's event is with us. Whoever decided in between by the board alone,
above all the service itself, which pauses who is connected and ends wrap-ups, would undo what somebody has
just ordered.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from cti.agents.model import Agent
from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection

#: Asterisk tells of a pause some milliseconds after its answer; of one that changes nothing it tells nothing.
_TOLD_SECONDS: Final = 1.0


class _Order(msgspec.Struct):
    reason: str | None
    #: Asterisk has said that it is done.
    answered: bool = False
    timer: asyncio.TimerHandle | None = None


class PauseOrders:
    """`give` orders; `told` takes what the board has been told of an agent."""

    def __init__(self, ami: AmiConnection) -> None:
        #: Called with an agent of whose order nothing more is heard: whoever held back may look again.
        self.on_settled: Callable[[int], None] | None = None
        self._ami = ami
        #: The last one of each agent.
        self._standing: dict[int, _Order] = {}

    def close(self) -> None:
        """Stop waiting."""
        for order in self._standing.values():
            if order.timer is not None:
                order.timer.cancel()
        self._standing.clear()

    def stands(self, agent_id: int) -> bool:
        """Whether something was ordered that Asterisk has not told of yet."""
        return agent_id in self._standing

    def reason(self, agent: Agent) -> str | None:
        """Why he is, or in a moment will be, paused; None for not at all."""
        order = self._standing.get(agent.agent_id)
        return agent.pause_reason if order is None else order.reason

    async def give(self, agent: Agent, reason: str | None) -> None:
        """Has an agent paused, or with None unpaused, in all queues in which he is signed in.

        Raises:
            AmiError: it may not have been done.
        """
        if agent.interface is None:
            return
        order = _Order(reason)
        self._standing[agent.agent_id] = order
        try:
            await actions.queue_pause(
                self._ami, interface=agent.interface, paused=reason is not None, reason=reason
            )
        except BaseException:
            self._settle(agent.agent_id, order)
            raise
        order.answered = True
        if agent.pause_reason == reason:
            self._settle(agent.agent_id, order)
        elif self._standing.get(agent.agent_id) is order:
            loop = asyncio.get_running_loop()
            order.timer = loop.call_later(_TOLD_SECONDS, self._settle, agent.agent_id, order)

    def told(self, agent: Agent) -> None:
        """The board has been told something of an agent."""
        order = self._standing.get(agent.agent_id)
        # What is told before the answer is of an order before.
        if order is not None and order.answered and agent.pause_reason == order.reason:
            self._forget(agent.agent_id, order)

    def _settle(self, agent_id: int, order: _Order) -> None:
        if self._forget(agent_id, order) and self.on_settled is not None:
            self.on_settled(agent_id)

    def _forget(self, agent_id: int, order: _Order) -> bool:
        if self._standing.get(agent_id) is not order:
            return False
        del self._standing[agent_id]
        if order.timer is not None:
            order.timer.cancel()
        return True
