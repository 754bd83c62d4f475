"""How long agents talk and wrap up, as the board tells their states. Pure."""

from typing import Final

from cti.agents.model import AgentStatus
from cti.board.facts import AgentStateChanged

_BUSY: Final = frozenset({AgentStatus.TALKING, AgentStatus.HOLD})


class HandleTimes:
    """Since when agents are in a call, holds included; told from each change of state."""

    def __init__(self) -> None:
        #: When the call began of each agent who is in one, by agent; epoch seconds.
        self.began: dict[int, float] = {}

    def observe(self, fact: AgentStateChanged) -> tuple[float | None, float | None]:
        """Takes a change of state; the seconds of a talk, and of a wrap-up, that ended with it."""
        agent_id, state = fact.agent.agent_id, fact.agent.state
        talk = wrap_up = None
        if state.status in _BUSY:
            self.began.setdefault(agent_id, state.started_at)
        elif (began := self.began.pop(agent_id, None)) is not None:
            talk = max(0.0, state.started_at - began)
        before = fact.before
        if before is not None and before.status is AgentStatus.WRAP_UP and before.ended_at is not None:
            wrap_up = max(0.0, before.ended_at - before.started_at)
        return talk, wrap_up
