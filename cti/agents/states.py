"""Which state an agent is in: a pure rule over his queues, his pause, the legs on his device and his wrap-up.

What he is doing on the phone comes first, so an agent whose queues were taken away stays in his call until it
ends. Then comes the wrap-up of his last queue call, then what Asterisk says of his pause:

    a leg that is up and not on hold   -> talking
    a leg that is on hold              -> hold
    a leg that rings or dials          -> ringing
    a wrap-up under way                -> wrap-up
    no queue                           -> logged out
    paused                             -> paused, with Asterisk's reason
    otherwise                          -> ready

The wrap-up begins when a queue call ends and Asterisk has the agent paused (the service pauses him while he
still talks); an agent whom nobody paused is ready, because Asterisk offers him calls. It ends when Asterisk
reports another pause reason or none. A reason that is reported while he talks is the one that comes after the
wrap-up.
"""

from enum import StrEnum
from typing import Final

import msgspec

from cti.agents.model import Agent, AgentState, AgentStatus, SystemReason


class LegUse(StrEnum):
    """What an agent's device does on one leg."""

    RINGING = "ringing"
    UP = "up"
    HELD = "held"


class DeviceLeg(msgspec.Struct, kw_only=True, gc=False):
    """A live leg on an agent's device."""

    call_id: str
    use: LegUse
    #: The queue whose call this is, once the agent has answered it.
    queue: str | None = None


class QueueCall(msgspec.Struct, kw_only=True, gc=False):
    """A queue call of an agent that is over on his side: what its wrap-up is about."""

    call_id: str
    call_started_at: float
    leg_id: str
    leg_started_at: float
    queue: str


class AgentRecord(msgspec.Struct, kw_only=True, gc=False):
    """An agent and what his state follows from."""

    agent: Agent
    #: Live legs on his device by id, oldest first.
    legs: dict[str, DeviceLeg] = {}
    #: What he wraps up now.
    wrap_up: QueueCall | None = None
    #: His last queue call, as long as its wrap-up may yet begin.
    last_queue_call: QueueCall | None = None
    #: How many states he has had on this board; it keeps ids of one instant apart.
    states: int = 0


_STATUS_OF_USE: Final = {
    LegUse.UP: AgentStatus.TALKING,
    LegUse.HELD: AgentStatus.HOLD,
    LegUse.RINGING: AgentStatus.RINGING,
}


def new_record(agent_id: int, at: float) -> AgentRecord:
    """An agent whom the board sees for the first time: logged out."""
    state = AgentState(
        id=_state_id(agent_id, at, 0), agent_id=agent_id, status=AgentStatus.LOGGED_OUT, started_at=at
    )
    return AgentRecord(agent=Agent(agent_id=agent_id, state=state), states=1)


def settle(record: AgentRecord, at: float) -> AgentState | None:
    """Moves the agent to the state that follows from his record.

    Returns the state that ended with it, or None when he stays where he is (his call or device may differ
    then).
    """
    agent = record.agent
    status, call_id, leg_id = _status(record)
    reason = agent.pause_reason if status is AgentStatus.PAUSED else None
    agent.call_id = call_id
    agent.leg_id = leg_id
    before = agent.state
    interface = None if status is AgentStatus.LOGGED_OUT else agent.interface
    if (before.status, before.reason, before.call_id, before.interface) == (
        status,
        reason,
        call_id,
        interface,
    ):
        return None
    if before.clock_step_seconds is None:
        at = max(at, before.started_at)
    before.ended_at = max(at - (before.clock_step_seconds or 0.0), before.started_at)
    agent.state = AgentState(
        id=_state_id(agent.agent_id, at, record.states),
        agent_id=agent.agent_id,
        status=status,
        reason=reason,
        interface=interface,
        call_id=call_id,
        started_at=at,
    )
    record.states += 1
    return before


def pause(record: AgentRecord, reason: str | None, at: float) -> tuple[bool, QueueCall | None]:
    """Takes what Asterisk reports: a pause with its reason, or None for no pause.

    Returns whether a wrap-up ends with it, and the queue call whose wrap-up begins with it (the pause of a
    very short call comes after its end).
    """
    agent = record.agent
    agent.pause_reason = reason
    if reason is None:
        agent.missed_offers = 0
    late = record.last_queue_call
    record.last_queue_call = None
    if reason != SystemReason.WRAP_UP:
        return end_wrap_up(record), None
    if late is None or record.wrap_up is not None:
        return False, None
    begin_wrap_up(record, late, at)
    return False, late


def begin_wrap_up(record: AgentRecord, call: QueueCall, at: float) -> bool:
    """A queue call of the agent ended. Returns whether he wraps it up: only when Asterisk has him paused."""
    agent = record.agent
    record.last_queue_call = None
    if not agent.queues:
        return False
    if agent.pause_reason is None:
        record.last_queue_call = call
        return False
    record.wrap_up = call
    agent.wrap_up_queue = call.queue
    agent.wrap_up_started_at = at
    return True


def end_wrap_up(record: AgentRecord) -> bool:
    """Ends the wrap-up; returns whether there was one."""
    if record.wrap_up is None:
        return False
    record.wrap_up = None
    record.agent.wrap_up_queue = None
    record.agent.wrap_up_started_at = None
    return True


def _status(record: AgentRecord) -> tuple[AgentStatus, str | None, str | None]:
    if record.legs:
        best: tuple[str, DeviceLeg] | None = None
        for leg_id, leg in record.legs.items():
            if best is None or _URGENCY[leg.use] >= _URGENCY[best[1].use]:
                best = (leg_id, leg)
        if best is not None:
            return _STATUS_OF_USE[best[1].use], best[1].call_id, best[0]
    agent = record.agent
    if record.wrap_up is not None:
        return AgentStatus.WRAP_UP, record.wrap_up.call_id, record.wrap_up.leg_id
    if not agent.queues:
        return AgentStatus.LOGGED_OUT, None, None
    if agent.pause_reason is not None:
        return AgentStatus.PAUSED, None, None
    return AgentStatus.READY, None, None


_URGENCY: Final = {LegUse.RINGING: 0, LegUse.HELD: 1, LegUse.UP: 2}


def _state_id(agent_id: int, at: float, ordinal: int) -> str:
    return f"a{agent_id}-{at:.6f}-{ordinal}"
