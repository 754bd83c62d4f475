"""Calls, legs and intervals, and the facts that say what became of them.

Entities are owned and changed by the board alone; everybody else reads them. A fact holds the entity it is
about, so a subscriber that is called at once sees it as it is then. All instants are epoch seconds (float,
UTC) of Asterisk's clock; ``None`` means not known or not yet, never zero.
"""

from enum import StrEnum

import msgspec

from cti.agents.model import Agent, AgentState


class Direction(StrEnum):
    """Where a call came from, seen from the contact centre."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class LegKind(StrEnum):
    """What is at the far end of a leg."""

    TRUNK = "trunk"
    DEVICE = "device"
    #: One half of a Local channel: plumbing, shown to no person.
    LOCAL = "local"
    OTHER = "other"


class LegEnding(StrEnum):
    """How we know that a leg ended."""

    HANGUP = "hangup"
    #: It was gone after a gap in the events; its end is the last instant at which it can have lived, or NULL.
    RECONCILED = "reconciled"


class IntervalKind(StrEnum):
    """The measured spans of a call; each has a start and, once over, an end."""

    WAIT = "wait"
    RING = "ring"
    TALK = "talk"
    HOLD = "hold"
    WRAP_UP = "wrap_up"


class EntryOutcome(StrEnum):
    """How a queue entry ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    #: The queue's time ran out, or it was left by key, or no agent was there: the dialplan went on.
    OVERFLOW = "overflow"
    #: It vanished in a gap of the events.
    UNKNOWN = "unknown"


class OfferOutcome(StrEnum):
    """How an offer (ringing an agent) ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    #: The caller left, or another agent answered first.
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    UNKNOWN = "unknown"


class TransferKind(StrEnum):
    """Blind: the target is rung without a word. Attended: the agents talk first."""

    BLIND = "blind"
    ATTENDED = "attended"


class SurveyOutcome(StrEnum):
    """What became of the satisfaction survey of one answered call."""

    COMPLETED = "completed"
    #: The first question was answered, the second was not.
    PARTIAL = "partial"
    NO_INPUT = "no_input"
    WRONG_KEY = "wrong_key"
    #: The caller hung up while the survey played.
    HUNG_UP = "hung_up"
    #: The caller hung up on the agent, so the survey was never offered.
    CALLER_HUNG_UP_FIRST = "caller_hung_up_first"
    #: The service did not answer the dialplan, or the survey broke.
    FAILED = "failed"


class NumberState(StrEnum):
    """What is known of a caller's number."""

    KNOWN = "known"
    WITHHELD = "withheld"
    #: Something came that is no telephone number; it is kept as it came.
    INVALID = "invalid"


class Call(msgspec.Struct, kw_only=True):
    """Everything that shares a Linkedid, transitively.

    ``id`` is the id of its first leg. When two calls merge, the one that started first stays; the other gets
    ``merged_into`` and ends with the merge.
    """

    id: str
    node: str
    boot: str
    direction: Direction
    started_at: float
    #: The first time a person (an agent or another extension) was connected.
    answered_at: float | None = None
    ended_at: float | None = None
    #: It is over, and nobody knows since when.
    unknown_end: bool = False
    #: As it came from the network; E.164 once the inbound hook has labelled the call.
    caller_number: str | None = None
    number_state: NumberState = NumberState.KNOWN
    dialled_number: str | None = None
    language: str | None = None
    queue: str | None = None
    #: The agent who talked last.
    agent_id: int | None = None
    merged_into: str | None = None
    #: It ended in a voicemail box.
    voicemail: bool = False
    #: Set when events of this call were missed; its durations may be unknown.
    gap: bool = False
    linkedids: list[str] = []
    leg_ids: list[str] = []
    entry_ids: list[str] = []
    #: Keys of the caller in menus so far: (menu, choice, at).
    choices: list[tuple[str, str, float]] = []


class Leg(msgspec.Struct, kw_only=True):
    """Our record of one channel, keyed by node, boot and Uniqueid."""

    id: str
    call_id: str
    #: When its call started (with ``call_id`` the key of the call's row).
    call_started_at: float
    node: str
    boot: str
    uniqueid: str
    linkedid: str
    channel: str
    kind: LegKind
    #: The device for a phone, as in `PJSIP/1001`.
    interface: str | None = None
    agent_id: int | None = None
    number: str | None = None
    name: str | None = None
    dialled_number: str | None = None
    #: The other half of a Local channel.
    local_pair_id: str | None = None
    #: True when Asterisk called this channel, False when this channel called Asterisk.
    outgoing: bool = False
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    ending: LegEnding | None = None
    hangup_cause: int | None = None
    bridge_id: str | None = None


class Interval(msgspec.Struct, kw_only=True):
    """One measured span on one leg: a wait on the caller's, the others on the agent's or the phone's.

    The spans of one leg never overlap, and **talk excludes hold**: from Hold to Unhold the span is a hold,
    before and after it are talks of their own. Time connected is therefore the sum of talk and hold, and
    handle time the sum of talk, hold and wrap-up.
    """

    id: str
    kind: IntervalKind
    call_id: str
    call_started_at: float
    leg_id: str
    leg_started_at: float
    agent_id: int | None = None
    queue: str | None = None
    started_at: float
    #: None while open, and for ever when nobody knows (``unknown_end``).
    ended_at: float | None = None
    unknown_end: bool = False


class QueueEntry(msgspec.Struct, kw_only=True):
    """One stay of a caller in one queue."""

    id: str
    call_id: str
    call_started_at: float
    leg_id: str
    leg_started_at: float
    queue: str
    position: int | None = None
    joined_at: float
    left_at: float | None = None
    outcome: EntryOutcome | None = None
    agent_id: int | None = None


class Offer(msgspec.Struct, kw_only=True):
    """One ringing of one agent for one queue entry."""

    id: str
    entry_id: str | None
    call_id: str
    call_started_at: float
    leg_id: str | None
    agent_id: int
    queue: str
    started_at: float
    ended_at: float | None = None
    outcome: OfferOutcome | None = None


class Transfer(msgspec.Struct, kw_only=True):
    """One completed transfer; `at` is the instant at which the caller was handed on."""

    id: str
    call_id: str
    call_started_at: float
    kind: TransferKind
    agent_id: int | None = None
    from_leg_id: str | None = None
    to_number: str | None = None
    at: float


class Survey(msgspec.Struct, kw_only=True):
    """The satisfaction survey of one answered queue call; ratings are 1 to 5."""

    id: str
    call_id: str
    call_started_at: float
    #: The leg of the agent who talked last, about whom the caller is asked.
    leg_id: str | None
    agent_id: int | None = None
    queue: str | None = None
    #: How many questions it asks.
    questions: int = 1
    language: str | None = None
    started_at: float
    ended_at: float | None = None
    outcome: SurveyOutcome | None = None
    rating: int | None = None
    second_rating: int | None = None


class Fact(msgspec.Struct, kw_only=True):
    """Something that happened; `at` is when, by Asterisk's clock."""

    at: float


class CallStarted(Fact, kw_only=True):
    """The first leg of a new call appeared."""

    call: Call


class CallChanged(Fact, kw_only=True):
    """A field of the call became known or changed (queue, language, agent, a menu choice)."""

    call: Call


class CallMerged(Fact, kw_only=True):
    """`call` is part of `into` from now on; its legs have moved there. No `CallEnded` follows for it."""

    call: Call
    into: Call


class CallEnded(Fact, kw_only=True):
    """The last leg of the call ended."""

    call: Call


class LegStarted(Fact, kw_only=True):
    """A channel appeared."""

    leg: Leg


class LegChanged(Fact, kw_only=True):
    """A leg was answered, renamed, moved to another call or recognised as an agent's."""

    leg: Leg


class LegEnded(Fact, kw_only=True):
    """A channel is gone."""

    leg: Leg


class IntervalStarted(Fact, kw_only=True):
    """A span began, or goes on after a break of a moment (a Local channel was optimised away)."""

    interval: Interval


class IntervalEnded(Fact, kw_only=True):
    """A span is over, or its end will never be known."""

    interval: Interval


class QueueJoined(Fact, kw_only=True):
    """A caller began to wait in a queue."""

    entry: QueueEntry
    call: Call


class QueueLeft(Fact, kw_only=True):
    """A caller waits no more; the outcome says why."""

    entry: QueueEntry
    call: Call


class OfferMade(Fact, kw_only=True):
    """An agent's device is being rung for a waiting caller."""

    offer: Offer
    call: Call


class OfferEnded(Fact, kw_only=True):
    """The ringing of an agent is over."""

    offer: Offer
    call: Call


class CallTransferred(Fact, kw_only=True):
    """A transfer was completed."""

    transfer: Transfer
    call: Call


class AgentStateChanged(Fact, kw_only=True):
    """An agent left one state and is in another; `before` is closed, None for an agent first seen."""

    agent: Agent
    before: AgentState | None


class AgentChanged(Fact, kw_only=True):
    """Something else about an agent changed: queues, pending pause, missed offers, his call."""

    agent: Agent


class SurveyStarted(Fact, kw_only=True):
    """The survey began to play to the caller."""

    survey: Survey


class SurveyChanged(Fact, kw_only=True):
    """A question of the survey was answered."""

    survey: Survey


class SurveyEnded(Fact, kw_only=True):
    """The survey is over, or was never offered; the outcome says how it went."""

    survey: Survey


class GapClosed(Fact, kw_only=True):
    """Events were missed between `from_at` and `at`; the board has been reconciled with a snapshot."""

    from_at: float | None
    reason: str


class Anomaly(Fact, kw_only=True):
    """An event that made no sense where it came; nothing was changed by it."""

    event: str
    reason: str
    uniqueid: str | None = None
