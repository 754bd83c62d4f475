"""Calls, legs and intervals.

Entities are owned and changed by the board alone; everybody else reads them. All instants are epoch seconds
(float, UTC) of Asterisk's clock; ``None`` means not known or not yet, never zero.
"""

from collections.abc import Container
from enum import StrEnum
from typing import Protocol, overload

import msgspec

from cti.calls.menu_choice import MenuChoice


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
    #: Asterisk was stopped, or died; of one that died the end is NULL.
    ASTERISK_STOPPED = "asterisk_stopped"


class IntervalKind(StrEnum):
    """The measured spans of a call; each has a start and, once over, an end."""

    WAIT = "wait"
    RING = "ring"
    TALK = "talk"
    HOLD = "hold"
    #: Parked: music, and nobody to talk with until somebody fetches the call.
    PARK = "park"
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


class TransferOutcome(StrEnum):
    """What became of a transfer."""

    #: The caller was taken on: by somebody who talked with him, by a queue, or by the dialplan.
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    #: There is no such target, or it could not be reached.
    FAILED = "failed"
    #: The agent went back to the caller, or one of the three hung up before it was complete.
    CANCELLED = "cancelled"
    #: It was decided in a gap of the events.
    UNKNOWN = "unknown"


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

    @classmethod
    def of_answers(cls, questions: int, answered: Container[int]) -> "SurveyOutcome | None":
        """What answers amount to, however the survey of so many questions stopped; None without that to the
        first.
        """
        if 1 not in answered:
            return None
        return cls.COMPLETED if questions == 1 or 2 in answered else cls.PARTIAL


class NumberState(StrEnum):
    """What is known of a caller's number."""

    KNOWN = "known"
    WITHHELD = "withheld"
    #: Something came that is no telephone number; it is kept as it came.
    INVALID = "invalid"


class Call(msgspec.Struct, kw_only=True, gc=False):
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
    #: The agent who talked last; of a call out that nobody took, the one who made it.
    agent_id: int | None = None
    merged_into: str | None = None
    #: It ended in a voicemail box.
    voicemail: bool = False
    #: Set when events of this call were missed; its durations may be unknown.
    gap: bool = False
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None
    linkedids: list[str] = []
    leg_ids: list[str] = []
    entry_ids: list[str] = []
    #: What the caller chose in menus so far.
    choices: list[MenuChoice] = []
    #: What a flow passes on with the caller, as JSON (`cti.calls.passed_values`).
    passed: str | None = None


class Leg(msgspec.Struct, kw_only=True, gc=False):
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
    #: The final SIP status with which it ended, as Asterisk tells it; None when there was none.
    sip_status: int | None = None
    bridge_id: str | None = None
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None


class Interval(msgspec.Struct, kw_only=True, gc=False):
    """One measured span on one leg: a wait on the caller's, a park on the leg that is parked, the others on
    the agent's or the phone's.

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
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None


class QueueEntry(msgspec.Struct, kw_only=True, gc=False):
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
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None


class Offer(msgspec.Struct, kw_only=True, gc=False):
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
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None


class Transfer(msgspec.Struct, kw_only=True, gc=False):
    """One attempt to hand a caller on.

    `at` is the instant at which he was handed on or, when it did not come to that, at which it was over.
    """

    id: str
    call_id: str
    call_started_at: float
    kind: TransferKind
    agent_id: int | None = None
    from_leg_id: str | None = None
    #: What was dialled, as it was dialled.
    to_number: str | None = None
    at: float
    #: None as long as it is not decided: the target rings.
    outcome: TransferOutcome | None = None


class Survey(msgspec.Struct, kw_only=True, gc=False):
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
    #: By how much Asterisk's clock has jumped since the one that tells these instants; None: not at all.
    clock_step_seconds: float | None = None

    @property
    def answered(self) -> SurveyOutcome | None:
        """What its answers amount to, however it stopped; None without any."""
        ratings = {1: self.rating, 2: self.second_rating}
        answered = [question for question, rating in ratings.items() if rating is not None]
        return SurveyOutcome.of_answers(self.questions, answered)


class Timed(Protocol):
    """A record whose instants are told by the clock that Asterisk had when it began.

    ``clock_step_seconds`` is by how much that clock has jumped since; None when it has not.
    """

    clock_step_seconds: float | None


def by_present_clock(at: float, record: Timed) -> float:
    """An instant of a record as Asterisk's present clock would tell it, to compare it with now."""
    return at + (record.clock_step_seconds or 0.0)


@overload
def by_clock_of(record: Timed, at: float, other: Timed) -> float: ...


@overload
def by_clock_of(record: Timed, at: float | None, other: Timed) -> float | None: ...


def by_clock_of(record: Timed, at: float | None, other: Timed) -> float | None:
    """An instant of another record by the clock of this one; they differ when calls merged after a jump."""
    if at is None or record.clock_step_seconds == other.clock_step_seconds:
        return at
    return by_present_clock(at, other) - (record.clock_step_seconds or 0.0)
