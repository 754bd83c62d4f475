"""What the board says has happened: facts, in the past tense.

A fact holds the entity it is about, so a subscriber that is called at once sees it as it is then.
"""

import msgspec

from cti.agents.model import Agent, AgentState
from cti.calls.model import Call, Interval, Leg, Offer, QueueEntry, Survey, Transfer


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


class ClockStepped(Fact, kw_only=True):
    """Asterisk's clock jumped by so many seconds; `at` is the first instant of the new clock."""

    by: float


class Anomaly(Fact, kw_only=True):
    """An event that made no sense where it came; nothing was changed by it."""

    event: str
    reason: str
    uniqueid: str | None = None
