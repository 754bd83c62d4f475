"""What the board says has happened: facts, in the past tense.

A fact holds the entity it is about, so a subscriber that is called at once sees it as it is then. It never
reaches itself (``gc=False``, see `cti.board.state`).
"""

from enum import StrEnum

import msgspec

from cti.agents.model import Agent, AgentState
from cti.callbacks.model import Callback
from cti.calls.flow_run import FlowAnswer, FlowRun, FlowStep
from cti.calls.model import Call, Interval, Leg, Offer, QueueEntry, Survey, Transfer
from cti.outbox.model import Message, Refusal
from cti.tasks.model import Task


class Fact(msgspec.Struct, kw_only=True, gc=False):
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


class CallbackChanged(Fact, kw_only=True):
    """A callback was promised, is dialled, or is over."""

    callback: Callback


class FlowRunStarted(Fact, kw_only=True):
    """A caller began a flow."""

    run: FlowRun


class FlowRunChanged(Fact, kw_only=True):
    """The dialplan took the caller over from a flow."""

    run: FlowRun


class FlowRunEnded(Fact, kw_only=True):
    """A flow is over; the outcome says how."""

    run: FlowRun


class FlowStepped(Fact, kw_only=True):
    """A flow came to a step, or the caller made a mistake there."""

    step: FlowStep


class FlowAnswered(Fact, kw_only=True):
    """A question of a flow was answered."""

    answer: FlowAnswer


class TaskOpened(Fact, kw_only=True):
    """Somebody has to do something."""

    task: Task


class MessageQueued(Fact, kw_only=True):
    """An endpoint is to be told something."""

    message: Message


class CallsRefused(Fact, kw_only=True):
    """Somebody wants not to be called any more."""

    refusal: Refusal


class AttemptSaying(StrEnum):
    """What was said of an attempt of the dialler once it was answered."""

    #: Asterisk has listened for an answering machine: ``status`` and ``cause`` are AMDSTATUS and AMDCAUSE.
    MACHINE = "machine"
    #: A flow leads who answered. (Of an agent who has him, his queue entry tells.)
    CONNECTED = "connected"
    #: Nobody was there for who answered; ``cause`` is `no_agent` or `no_service`.
    ABANDONED = "abandoned"


class AttemptNoted(Fact, kw_only=True):
    """Something is known of an attempt that no leg tells."""

    attempt_id: str
    said: AttemptSaying
    status: str | None = None
    cause: str | None = None


class GapClosed(Fact, kw_only=True):
    """Events were missed between `from_at` and `at`; the board has been reconciled with a snapshot."""

    from_at: float | None
    reason: str


class ClockStepped(Fact, kw_only=True):
    """Asterisk's clock jumped by so many seconds; `at` is the first instant of the new clock."""

    by: float


class Anomaly(Fact, kw_only=True):
    """An event that made no sense where it came; nothing was changed by it."""

    event: str
    reason: str
    uniqueid: str | None = None
