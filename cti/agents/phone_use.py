"""What an agent does on the phone beyond his state: whose call it is, and whom he consults."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

from cti.agents.model import Agent, AgentStatus
from cti.board.board import Board
from cti.board.facts import (
    AgentChanged,
    AgentStateChanged,
    Fact,
    LegEnded,
)
from cti.calls.model import IntervalKind

#: An attended transfer puts the caller on hold at once; one that has not by then was swallowed.
BEGINS_WITHIN_SECONDS: Final = 3.0
ON_THE_PHONE: Final = frozenset({AgentStatus.RINGING, AgentStatus.TALKING, AgentStatus.HOLD})


class ConsultState(StrEnum):
    """How far an attended transfer is."""

    DIALLING = "dialling"
    TALKING = "talking"


class Consultation(msgspec.Struct, kw_only=True):
    """An attended transfer that the agent began; ``to`` is what he asked for."""

    leg_id: str
    to: str
    #: The caller was seen on hold for it.
    begun: bool = False


class Consultations:
    """Attended transfers under way.

    Asterisk tells of one only once it is answered or over, so what was asked for is remembered here until the
    board shows that it is over. Whom the agent talks with is always the board's.
    """

    def __init__(self, board: Board) -> None:
        #: Called with an agent whose transfer Asterisk accepted and never began.
        self.on_change: Callable[[int], None] | None = None
        self._board = board
        self._by_leg: dict[str, Consultation] = {}

    def begin(self, agent_id: int, leg_id: str, to: str) -> None:
        """The agent on this leg asked for an attended transfer."""
        asked = self._by_leg[leg_id] = Consultation(leg_id=leg_id, to=to)
        asyncio.get_running_loop().call_later(BEGINS_WITHIN_SECONDS, self._expire, agent_id, asked)

    def forget(self, leg_id: str) -> None:
        """It was cancelled or did not begin."""
        self._by_leg.pop(leg_id, None)

    def of(self, agent: Agent) -> tuple[str | None, ConsultState] | None:
        """Whom the agent consults and how far it is; None when he does not."""
        leg_id = agent.leg_id
        if leg_id is None or agent.state.status not in (AgentStatus.HOLD, AgentStatus.TALKING):
            return None
        asked = self._by_leg.get(leg_id)
        to = asked.to if asked is not None else None
        held, peer = self._board.held_peer(leg_id), self._board.peer(leg_id)
        if held is not None and peer is not None and peer != held:
            return to, ConsultState.TALKING
        return (to, ConsultState.DIALLING) if asked is not None else None

    def _expire(self, agent_id: int, asked: Consultation) -> None:
        if not asked.begun and self._by_leg.get(asked.leg_id) is asked:
            del self._by_leg[asked.leg_id]
            if self.on_change is not None:
                self.on_change(agent_id)

    def observe(self, fact: Fact) -> None:
        """Takes a fact of the board."""
        if not self._by_leg:
            return
        if isinstance(fact, LegEnded):
            self._by_leg.pop(fact.leg.id, None)
        elif isinstance(fact, AgentStateChanged | AgentChanged):
            asked = self._by_leg.get(fact.agent.leg_id or "")
            if asked is None:
                return
            if fact.agent.state.status is AgentStatus.HOLD:
                asked.begun = True
            elif asked.begun and fact.agent.state.status is AgentStatus.TALKING:
                del self._by_leg[asked.leg_id]


def queue_of_call(board: Board, agent: Agent) -> str | None:
    """The queue whose call the agent has on the phone; None for any other call."""
    if agent.leg_id is None or agent.state.status not in (AgentStatus.TALKING, AgentStatus.HOLD):
        return None
    span = board.span(agent.leg_id)
    if span is None or span.kind not in (IntervalKind.TALK, IntervalKind.HOLD):
        return None
    return span.queue
