"""What became of an attempt, as the network tells it. Pure.

The network says it in several voices, and each is kept as it came (`Evidence`). The outcome follows from the
most exact that says anything: the SIP status, then that it rang for as long as it may, then the hang-up
cause, then Dial's word, then Asterisk's reason. What an agent thinks of it is his disposition, not this.
"""

from enum import StrEnum
from typing import Final

import msgspec


class Outcome(StrEnum):
    """What became of an attempt."""

    #: A person answered, and an agent or a flow was there.
    ANSWERED = "answered"
    #: A person answered, and nobody was there for him.
    ABANDONED = "abandoned"
    #: A person answered and left by himself within `CONNECT_SECONDS`, before anybody had to be there.
    HUNG_UP = "hung_up"
    MACHINE = "machine"
    FAX = "fax"
    BUSY = "busy"
    #: It rang, and nobody answered.
    NO_ANSWER = "no_answer"
    #: Switched off, out of reach.
    UNREACHABLE = "unreachable"
    #: The call was declined.
    REFUSED = "refused"
    #: There is no such number, or it has changed.
    WRONG_NUMBER = "wrong_number"
    #: The network or our trunk could not carry it.
    NETWORK = "network"
    #: We gave it up before it was answered: the campaign was stopped, the person refused calls meanwhile.
    CANCELLED = "cancelled"
    #: It was never sent, so nothing rang.
    NOT_SENT = "not_sent"
    #: It may have rung, and nobody saw how it ended.
    UNKNOWN = "unknown"

    @property
    def is_attempt(self) -> bool:
        """Whether it counts against the caps of attempts."""
        return self is not Outcome.NOT_SENT

    @property
    def is_person(self) -> bool:
        """Whether a person answered, as the abandon cap counts: who left before somebody had to be there was
        neither taken nor abandoned, and is left out of both.
        """
        return self in (Outcome.ANSWERED, Outcome.ABANDONED)


#: So long after the answer somebody has to be there (the dialplan's `TIMEOUT(absolute)` of `dialled`).
CONNECT_SECONDS: Final = 2.0


class Machine(StrEnum):
    """What Asterisk's AMD said (AMDSTATUS)."""

    MACHINE = "MACHINE"
    HUMAN = "HUMAN"
    NOT_SURE = "NOTSURE"
    #: The person hung up while it listened.
    HANG_UP = "HANGUP"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen of an attempt that was sent; None is what was not."""

    #: Whether the channel was answered.
    answered: bool = False
    #: Whether an agent or a flow had the call.
    connected: bool | None = None
    #: The dialplan found that nobody was there for him.
    abandoned: bool = False
    #: How long after the answer he left by himself; None when he did not, or nobody knows.
    left_after_seconds: float | None = None
    #: Why the channel ended (Q.850), 0 when the network did not say.
    hangup_cause: int | None = None
    #: It was the far end that ended it, and not we; only the ledger says so.
    by_far_end: bool = False
    #: `Reason` of OriginateResponse.
    originate_reason: int | None = None
    #: `DIALSTATUS`.
    dial_status: str | None = None
    #: The last SIP status that was final.
    sip_status: int | None = None
    machine: Machine | None = None
    #: AMDCAUSE as it came.
    machine_cause: str | None = None
    #: Somebody listened to it later: it was a person that AMD took for a machine.
    machine_was_person: bool = False
    #: A fax tone was heard.
    fax: bool = False
    #: We gave it up before it was answered.
    cancelled: bool = False
    #: Its end was not seen: Asterisk or we were away.
    lost: bool = False


#: Our own CANCEL, after it rang for as long as it may: says nothing of its own.
_REQUEST_TERMINATED: Final = 487
#: What the network says of a telephone that is off, and Asterisk of one that rang for as long as it may.
_UNAVAILABLE: Final = 480
_UNAVAILABLE_CAUSE: Final = 19
_LOWEST_FAILURE: Final = 400
_SIP: Final = {
    404: Outcome.WRONG_NUMBER,
    408: Outcome.UNREACHABLE,
    410: Outcome.WRONG_NUMBER,
    _UNAVAILABLE: Outcome.UNREACHABLE,
    484: Outcome.WRONG_NUMBER,
    485: Outcome.WRONG_NUMBER,
    486: Outcome.BUSY,
    600: Outcome.BUSY,
    603: Outcome.REFUSED,
    604: Outcome.WRONG_NUMBER,
    607: Outcome.REFUSED,
}
#: Q.850. Normal and unspecified ends of a call that nobody answered; 0 is not told.
_SAYS_NOTHING: Final = frozenset({0, 16, 31})
_CAUSES: Final = {
    1: Outcome.WRONG_NUMBER,
    17: Outcome.BUSY,
    18: Outcome.UNREACHABLE,
    _UNAVAILABLE_CAUSE: Outcome.NO_ANSWER,
    20: Outcome.UNREACHABLE,
    21: Outcome.REFUSED,
    22: Outcome.WRONG_NUMBER,
    27: Outcome.UNREACHABLE,
    28: Outcome.WRONG_NUMBER,
}
_DIAL_STATUSES: Final = {
    "BUSY": Outcome.BUSY,
    "NOANSWER": Outcome.NO_ANSWER,
    "CANCEL": Outcome.CANCELLED,
    "DONTCALL": Outcome.REFUSED,
    "TORTURE": Outcome.REFUSED,
    "CONGESTION": Outcome.NETWORK,
    "CHANUNAVAIL": Outcome.NETWORK,
    "INVALIDARGS": Outcome.NETWORK,
}
#: AST_CONTROL_RINGING: it rang for as long as it may.
_RANG: Final = 3
#: AST_CONTROL_ANSWER.
_ANSWERED: Final = 4
#: Asterisk 22 gives 0 to everything that did not ring to its end, busy or not: that says nothing.
_REASONS: Final = {5: Outcome.BUSY, 8: Outcome.NETWORK}


def outcome_of(evidence: Evidence) -> Outcome:
    """What became of an attempt that was sent and is over."""
    answered = evidence.answered or evidence.originate_reason == _ANSWERED
    return _after_answer(evidence) if answered else _unanswered(evidence)


def _after_answer(evidence: Evidence) -> Outcome:
    if evidence.connected:
        return Outcome.ANSWERED
    if evidence.fax:
        return Outcome.FAX
    if evidence.machine is Machine.MACHINE and not evidence.machine_was_person:
        return Outcome.MACHINE
    if evidence.connected is None:
        return Outcome.UNKNOWN
    return Outcome.HUNG_UP if _left_at_once(evidence) else Outcome.ABANDONED


def _left_at_once(evidence: Evidence) -> bool:
    """Whether he left before anybody had to be there; in doubt he was abandoned."""
    after = evidence.left_after_seconds
    if after is None or not 0.0 <= after < CONNECT_SECONDS:
        return False
    # Whoever was taken for a machine was hung up on by us.
    taken_for_machine = evidence.machine is Machine.MACHINE
    return not (evidence.abandoned or evidence.cancelled or evidence.lost or taken_for_machine)


def _unanswered(evidence: Evidence) -> Outcome:
    if evidence.cancelled and not _ended_by_itself(evidence):
        return Outcome.CANCELLED
    told = _by_status(evidence)
    if told is None and evidence.originate_reason == _RANG:
        told = Outcome.NO_ANSWER
    if told is None:
        told = _by_cause(evidence)
    if told is None:
        told = _DIAL_STATUSES.get(evidence.dial_status or "")
    if told is None and evidence.originate_reason is not None:
        told = _REASONS.get(evidence.originate_reason)
    if told is None:
        # The end was seen and was an ordinary one, only that nobody had answered.
        seen = evidence.hangup_cause in _SAYS_NOTHING and not evidence.lost
        told = Outcome.NO_ANSWER if seen else Outcome.UNKNOWN
    return told


def _ended_by_itself(evidence: Evidence) -> bool:
    """Whether the network had answered before we gave it up; the ledger has only causes."""
    if evidence.sip_status is not None:
        return evidence.sip_status in _SIP
    return evidence.hangup_cause in _CAUSES


def _by_status(evidence: Evidence) -> Outcome | None:
    status = evidence.sip_status
    if status is None or status < _LOWEST_FAILURE or status == _REQUEST_TERMINATED:
        return None
    if status == _UNAVAILABLE and not evidence.by_far_end and evidence.originate_reason in (None, _RANG):
        return Outcome.NO_ANSWER
    return _SIP.get(status, Outcome.NETWORK)


def _by_cause(evidence: Evidence) -> Outcome | None:
    cause = evidence.hangup_cause
    if cause == _UNAVAILABLE_CAUSE and evidence.by_far_end:
        return Outcome.UNREACHABLE
    if cause is None or cause in _SAYS_NOTHING:
        return None
    return _CAUSES.get(cause, Outcome.NETWORK)
