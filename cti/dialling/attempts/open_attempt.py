"""An attempt that is not over, as the service that sent it follows it. Pure.

What is seen of it comes as facts of the board, and from Asterisk's answer to Originate. Each thing that is
seen is `News` for the database, and adds to what is known here. Its outcome follows when its channel is gone
and Asterisk has answered.
"""

from typing import Final

import msgspec

from cti.calls.flow_run import HUNG_UP
from cti.calls.model import Leg, LegEnding
from cti.dialling.rules.attempt import RING_SECONDS, AttemptState, furthest
from cti.dialling.rules.news import News
from cti.dialling.rules.outcome import Evidence, Machine, Outcome, outcome_of

#: Asterisk's answer and the end of the channel come at about the same time, in any order.
ANSWER_SECONDS: Final = 2.0
#: Who hangs up while his flow speaks breaks it off; with what it ends it says a moment later.
FLOW_SECONDS: Final = 2.0
_ANSWER: Final = 4


class OpenAttempt(msgspec.Struct, kw_only=True):
    """One attempt; instants are epoch seconds of Asterisk's clock."""

    id: str
    phone: str
    campaign_id: int | None
    #: The queue whose agents it is for; None when a flow speaks with him.
    queue: str | None
    sent_at: float
    ring_seconds: float = RING_SECONDS
    #: Whether Asterisk listens for a machine, so that an answer alone is not yet a person's.
    listens: bool = False
    state: AttemptState = AttemptState.SENDING
    seen: Evidence = Evidence()
    answered_at: float | None = None
    #: He waits, or has waited, in the queue.
    joined: bool = False
    #: A person who had answered was left with nobody.
    abandoned: bool = False
    #: With what its flow ended; None: there was none, or it goes on.
    flow_outcome: str | None = None
    #: Its flow may still say with what it ends.
    flow_goes_on: bool = False
    #: When its channel was gone.
    ended_at: float | None = None
    #: Asterisk has answered, or never will.
    told: bool = False
    #: When Asterisk said that it failed.
    failed_at: float | None = None
    #: Something of it may have gone unseen: it is looked up in Asterisk's ledger, not before this instant.
    look_at: float | None = None
    #: Asterisk's boot when it was sent.
    boot: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether its channel is gone."""
        return self.ended_at is not None

    @property
    def rings(self) -> bool:
        """Whether nobody has answered yet."""
        return not (self.is_over or self.seen.answered)

    @property
    def is_person(self) -> bool | None:
        """Whether a person answered; None when nobody did, or nobody can say yet."""
        if not self.seen.answered or self.seen.fax:
            return None
        if self.seen.machine is Machine.MACHINE:
            return False
        known = self.joined or self.abandoned or self.seen.connected is not None
        return True if known or not self.listens else None

    @property
    def lacks_agent(self) -> bool:
        """Whether a person answered who is with nobody and does not wait in the queue yet."""
        return (
            self.seen.answered
            and not (self.is_over or self.joined or self.abandoned or self.seen.connected)
            and self.is_person is not False
        )

    def appeared(self, leg: Leg, at: float) -> News | None:
        """Its channel is there, or was answered."""
        if leg.answered_at is not None and self.answered_at is None:
            self.answered_at = leg.answered_at + (leg.clock_step_seconds or 0.0)
            self.seen = msgspec.structs.replace(self.seen, answered=True)
            return self._moved(AttemptState.ANSWERED, self.answered_at, leg.call_id)
        if self.state is AttemptState.SENDING:
            return self._moved(AttemptState.RINGING, at, leg.call_id)
        return None

    def connected(self, at: float) -> News | None:
        """He is with an agent, or in a flow; a machine is with nobody."""
        if self.seen.connected or self.abandoned or self.seen.machine is Machine.MACHINE:
            return None
        # (Our own telephone may know it before Asterisk's events tell of the answer.)
        self.seen = msgspec.structs.replace(self.seen, answered=True, connected=True)
        self.state = furthest(self.state, AttemptState.BRIDGED)
        return News(attempt_id=self.id, at=at, state=AttemptState.BRIDGED, connected=True)

    def flow_began(self) -> None:
        """A flow leads him."""
        self.flow_outcome, self.flow_goes_on = None, True

    def flow_ended(self, outcome: str) -> None:
        """The flow is over; of one that the end of the call broke off, the flow's own word may follow."""
        self.flow_outcome, self.flow_goes_on = outcome, outcome == HUNG_UP

    def left_alone(self, at: float) -> News | None:
        """He answered, and nobody was there."""
        if self.abandoned:
            return None
        self.abandoned = True
        self.seen = msgspec.structs.replace(self.seen, answered=True, connected=False, abandoned=True)
        return News(attempt_id=self.id, at=at, connected=False, abandoned=True)

    def heard(self, machine: str, cause: str | None, at: float) -> News:
        """What Asterisk takes him for who answered."""
        known = Machine(machine) if machine in set(Machine) else None
        self.seen = msgspec.structs.replace(self.seen, machine=known, machine_cause=cause)
        return News(attempt_id=self.id, at=at, machine=machine, machine_cause=cause)

    def was_told(self, reason: int | None, at: float) -> News | None:
        """Asterisk's answer to Originate; ``reason`` None when it was lost or gave none."""
        self.told = True
        if reason is None:
            return None
        if reason != _ANSWER:
            self.failed_at = at
        self.seen = msgspec.structs.replace(self.seen, originate_reason=reason)
        return News(attempt_id=self.id, at=at, originate_reason=reason)

    def cancelled(self, at: float) -> News:
        """We have given it up."""
        self.seen = msgspec.structs.replace(self.seen, cancelled=True)
        return News(attempt_id=self.id, at=at, cancelled=True)

    def gone(self, leg: Leg, at: float) -> News:
        """Its channel is gone. Of one whose end nobody saw the ledger knows more."""
        if leg.ending is not LegEnding.HANGUP:
            self.seen = msgspec.structs.replace(self.seen, lost=True)
            self.look_at = at
            return News(attempt_id=self.id, at=at, lost=True)
        self.ended_at = at
        status = leg.sip_status
        self.seen = msgspec.structs.replace(self.seen, hangup_cause=leg.hangup_cause, sip_status=status)
        return News(attempt_id=self.id, at=at, hangup_cause=leg.hangup_cause, sip_status=status)

    def outcome(self, now: float) -> Outcome | None:
        """What became of it; None while that is not known."""
        if self.state is AttemptState.SENDING and self.failed_at is not None and self.ended_at is None:
            if now < self.failed_at + ANSWER_SECONDS:
                return None
            # Asterisk could not even make a channel for it.
            self.ended_at = self.failed_at
            return Outcome.NETWORK
        if self.ended_at is None or self.look_at is not None:
            return None
        if not self.told and now < self.ended_at + ANSWER_SECONDS:
            return None
        if self.flow_goes_on and now < self.ended_at + FLOW_SECONDS:
            return None
        seen = self.seen
        if seen.answered and seen.connected is None:
            # All of it was seen, and nobody had him.
            seen = msgspec.structs.replace(seen, connected=False)
        if self.answered_at is not None:
            seen = msgspec.structs.replace(seen, left_after_seconds=self.ended_at - self.answered_at)
        return outcome_of(seen)

    def _moved(self, state: AttemptState, at: float, call_id: str) -> News:
        self.state = furthest(self.state, state)
        return News(attempt_id=self.id, at=at, state=state, call_id=call_id)
