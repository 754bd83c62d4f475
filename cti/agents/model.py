"""What an agent is to the board: a queue member whose state is whatever Asterisk's events say.

All instants are epoch seconds (float, UTC) of Asterisk's clock; they become aware datetimes at the edges
(database, API). ``None`` means not known, never zero.
"""

from enum import StrEnum

import msgspec


class AgentStatus(StrEnum):
    """The states an agent can be in; one at a time."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class SystemReason(StrEnum):
    """Pause reasons that the service sets by itself; people choose theirs from a list in the database."""

    SIGNED_IN = "signed-in"
    WRAP_UP = "wrap-up"
    MISSED_OFFERS = "missed-offers"


#: An agent's MemberName in Asterisk is this prefix and the agent's id, so no person's name is ever sent
#: there.
MEMBER_PREFIX = "agent-"


def member_name(agent_id: int) -> str:
    """The MemberName that stands for an agent in Asterisk."""
    return f"{MEMBER_PREFIX}{agent_id}"


def agent_id_of(member: str) -> int | None:
    """The agent behind a MemberName, or None when it is no agent of ours."""
    digits = member.removeprefix(MEMBER_PREFIX)
    if digits == member or not digits.isascii() or not digits.isdigit() or len(digits) >= 10:
        return None
    return int(digits)


class AgentState(msgspec.Struct, kw_only=True, gc=False):
    """One stay of an agent in one status; open while ``ended_at`` is None.

    ``reason`` is set for PAUSED only. The next state of the same agent starts at the instant this one ends;
    when Asterisk's clock has jumped meanwhile, as its new clock tells that instant.
    """

    id: str
    agent_id: int
    status: AgentStatus
    reason: str | None = None
    interface: str | None = None
    call_id: str | None = None
    started_at: float
    ended_at: float | None = None
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None


class Agent(msgspec.Struct, kw_only=True, gc=False):
    """An agent as the board knows him: one device, some queues, one state.

    ``pause_reason`` is what Asterisk last reported (None when not paused); while the agent talks or wraps up
    it may already be the pause that comes after the wrap-up.
    """

    agent_id: int
    interface: str | None = None
    queues: list[str] = []
    state: AgentState
    pause_reason: str | None = None
    #: Offers in a row that were not answered; back to zero with the next answer or when the agent gets ready.
    missed_offers: int = 0
    #: The call and leg that the state is about: ringing, talking, on hold or wrapped up.
    call_id: str | None = None
    leg_id: str | None = None
    #: The queue whose call is wrapped up, and when wrap-up began.
    wrap_up_queue: str | None = None
    wrap_up_started_at: float | None = None
