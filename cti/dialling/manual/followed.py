"""An attempt of an agent or a callback, as the board shows it, and how it ended. Pure."""

from typing import Final

import msgspec

from cti.calls.model import Leg, LegEnding, LegKind
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.news import News
from cti.dialling.rules.outcome import Evidence, Outcome, outcome_of

#: For how long the dialplan lets a number outside ring; who gives up earlier has cancelled.
_RING_SECONDS: Final = 60.0
#: Hang-up causes that say nothing about an end before the answer, and the network's answer to our own CANCEL.
_SAYS_NOTHING: Final = (None, 0, 16, 31)
_REQUEST_TERMINATED: Final = 487


class SeenLeg(msgspec.Struct, frozen=True, kw_only=True):
    """What counts of a leg to the person; instants are epoch seconds."""

    started_at: float
    answered_at: float | None
    ended_at: float | None
    #: Its end was not seen.
    lost: bool
    hangup_cause: int | None
    sip_status: int | None


class Followed(msgspec.Struct, kw_only=True):
    """An attempt that is not over."""

    id: str
    #: Its channel is an agent's, who dials; otherwise the person's.
    by_agent: bool
    #: What the person refused before (epoch seconds) does not matter for this call; None: all of it does.
    refusals_since: float | None = None
    #: The channel with its id, and the person's.
    own: Leg | None = None
    called: Leg | None = None
    #: Since when an agent has the person: of a callback the queue tells.
    connected_at: float | None = None
    #: How it ended when the person has no channel: nothing will ring any more.
    failed: Outcome | None = None
    #: We have given it up while it rang.
    cancelled: bool = False
    #: How far the database knows it to be.
    told: AttemptState = AttemptState.SENDING

    def see(self, leg: Leg) -> None:
        """A leg of its call."""
        if leg.uniqueid == self.id:
            self.own = leg
            if not self.by_agent:
                self.called = leg
        elif self.by_agent and self.called is None and leg.kind is LegKind.TRUNK and leg.outgoing:
            self.called = leg

    @property
    def state(self) -> AttemptState:
        """How far it is, as the board shows it."""
        if self.called is None:
            return AttemptState.SENDING
        if self.called.answered_at is None:
            return AttemptState.RINGING
        return AttemptState.ANSWERED if self._connected_at is None else AttemptState.BRIDGED

    @property
    def rings(self) -> bool:
        """Whether the person may still hear it ring, or soon will."""
        if self.called is not None:
            return self.called.answered_at is None and self.called.ending is None
        return self.failed is None and (self.own is None or self.own.ending is None)

    @property
    def channel(self) -> Leg | None:
        """With which the whole call ends while it rings: an agent's own, whose dialling ends with it."""
        return next((one for one in (self.own, self.called) if one is not None and one.ending is None), None)

    def ending(self, now: float) -> tuple[Outcome, float] | None:
        """How it ended and when; None while it has not."""
        if self.called is not None:
            if self.called.ending is None:
                return None
            seen = seen_leg(self.called)
            outcome = outcome_of_leg(seen, connected=self._connected_at is not None, cancelled=self.cancelled)
            return outcome, now if seen.ended_at is None else seen.ended_at
        if self.failed is not None:
            return self.failed, now
        return (Outcome.NOT_SENT, now) if self.own is not None and self.own.ending is not None else None

    def news(self) -> list[News]:
        """All that is known of the person's channel; saying it again changes nothing."""
        called = self.called
        if called is None:
            return []
        reached = [
            (AttemptState.RINGING, called.started_at),
            (AttemptState.ANSWERED, called.answered_at),
            (AttemptState.BRIDGED, self._connected_at),
        ]
        news = [News(attempt_id=self.id, at=at, state=state) for state, at in reached if at is not None]
        seen = seen_leg(called)
        told = News(
            attempt_id=self.id, at=called.started_at, hangup_cause=seen.hangup_cause,
            sip_status=seen.sip_status, cancelled=self.cancelled, call_id=called.call_id,
        )  # fmt: skip
        return [*news, told]

    @property
    def _connected_at(self) -> float | None:
        answered_at = self.called.answered_at if self.called is not None else None
        return answered_at if self.by_agent else self.connected_at


def seen_leg(leg: Leg) -> SeenLeg:
    """A leg of the board."""
    return SeenLeg(
        started_at=leg.started_at, answered_at=leg.answered_at, ended_at=leg.ended_at,
        lost=leg.ending is not LegEnding.HANGUP, hangup_cause=leg.hangup_cause, sip_status=leg.sip_status,
    )  # fmt: skip


def outcome_of_leg(seen: SeenLeg, *, connected: bool, cancelled: bool) -> Outcome:
    """What became of an attempt whose leg to the person is over; ``connected`` says that whoever answered was
    with an agent, ``cancelled`` that the service has given it up.
    """
    answered = seen.answered_at is not None
    rang = None if seen.ended_at is None else seen.ended_at - seen.started_at
    given_up = (
        not (answered or seen.lost)
        and seen.hangup_cause in _SAYS_NOTHING
        and rang is not None
        and rang < _RING_SECONDS - 1.0
    )
    stayed = None
    if seen.answered_at is not None and seen.ended_at is not None:
        stayed = seen.ended_at - seen.answered_at
    evidence = Evidence(
        answered=answered,
        connected=connected if answered else None,
        left_after_seconds=stayed,
        hangup_cause=seen.hangup_cause,
        sip_status=seen.sip_status,
        cancelled=cancelled or (given_up and seen.sip_status in (None, _REQUEST_TERMINATED)),
        lost=seen.lost,
    )
    return outcome_of(evidence)
