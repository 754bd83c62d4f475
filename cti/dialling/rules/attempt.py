"""How far an attempt is, and what is done with one that is found after a restart. Pure.

An attempt is written down before it is dialled, and what became of it is found out, never guessed: whoever
may have heard it ring is not called again because we have forgotten.
"""

from enum import StrEnum
from typing import Final

import msgspec

from cti.dialling.rules.outcome import Evidence, Outcome, outcome_of

#: For how long it rings when nothing else is said.
RING_SECONDS: Final = 25.0
#: How much longer than its ringing an attempt may stay without a trace.
SLACK_SECONDS: Final = 30.0


class AttemptState(StrEnum):
    """How far an attempt is, in this order; never back."""

    #: Written down. Nothing was sent.
    RESERVED = "reserved"
    #: Whether Asterisk has heard of it nobody knows until it says so.
    SENDING = "sending"
    RINGING = "ringing"
    ANSWERED = "answered"
    #: With an agent, or in a flow.
    BRIDGED = "bridged"
    #: Nobody saw how it ended. What is found out later may still end it.
    UNKNOWN = "unknown"
    ENDED = "ended"

    @property
    def is_open(self) -> bool:
        """Whether something is still to come, so that the telephone is not called meanwhile."""
        return self not in (AttemptState.UNKNOWN, AttemptState.ENDED)


_ORDER: Final = {state: place for place, state in enumerate(AttemptState)}


def furthest(state: AttemptState, seen: AttemptState) -> AttemptState:
    """The state after something was seen of an attempt: news that comes late takes nothing back."""
    return max(state, seen, key=_ORDER.__getitem__)


class Step(StrEnum):
    """What is done with an attempt that is found after a restart."""

    #: It is over.
    NOTHING = "nothing"
    #: It was never sent: it does not count.
    RELEASE = "release"
    #: Its channel lives: go on with it.
    ADOPT = "adopt"
    #: It ended, and this is how.
    END = "end"
    #: Look again at ``until``.
    WAIT = "wait"
    #: It counts as an attempt, and nobody knows how it ended.
    GIVE_UP = "give_up"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt as it is found; instants are epoch seconds."""

    state: AttemptState
    #: When it was set SENDING; None before.
    sent_at: float | None = None
    ring_seconds: float
    #: Whether the snapshot has a channel with its id.
    channel_lives: bool = False
    #: What CEL has of it; None when it has no row.
    ledger: Evidence | None = None
    #: Whether CEL has its end.
    ledger_has_end: bool = False
    #: Whether Asterisk was started after it was sent.
    asterisk_restarted: bool = False


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with it, with the outcome of one that is over, or until when to wait."""

    step: Step
    outcome: Outcome | None = None
    until: float | None = None


def after_restart(found: Found, now: float) -> Finding:
    """What is done with an attempt when events, snapshot and CEL have been read."""
    if found.state is AttemptState.RESERVED:
        return Finding(step=Step.RELEASE, outcome=Outcome.NOT_SENT)
    if found.state is AttemptState.ENDED:
        return Finding(step=Step.NOTHING)
    if found.channel_lives:
        # No other channel can have its id, so this outweighs whatever else says that it cannot live.
        return Finding(step=Step.ADOPT)
    if found.ledger is not None and found.ledger_has_end:
        return Finding(step=Step.END, outcome=outcome_of(found.ledger))
    if found.state is AttemptState.UNKNOWN:
        return Finding(step=Step.NOTHING)
    until = now if found.sent_at is None else found.sent_at + found.ring_seconds + SLACK_SECONDS
    if until > now and not found.asterisk_restarted:
        return Finding(step=Step.WAIT, until=until)
    return Finding(step=Step.GIVE_UP, outcome=_of_lost(found))


def _of_lost(found: Found) -> Outcome:
    """A person who answered and was with nobody was abandoned, however little else is known."""
    seen = found.ledger or Evidence()
    answered = seen.answered or found.state in (AttemptState.ANSWERED, AttemptState.BRIDGED)
    connected = seen.connected
    if found.state is AttemptState.BRIDGED:
        connected = True
    elif found.state is AttemptState.ANSWERED:
        connected = bool(connected)
    return outcome_of(msgspec.structs.replace(seen, answered=answered, connected=connected, lost=True))
