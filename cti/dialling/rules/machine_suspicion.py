"""Which calls that Asterisk took for a machine's look like a person's after all. Pure.

Asterisk decides in the moment in which one of its limits is crossed, so the figures of a cause
(`LONGGREETING-1500-1500`, `MAXWORDS-4-3`) always stand at the limit and tell a person from a machine in
nothing. What tells is how long it listened, what came of the call, and what else is known of the telephone.
`suspicion_sql` says the same to PostgreSQL.
Instants are epoch seconds; None is what did not happen or is not known, and says nothing either way.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

#: Who calls us within so long had the telephone in his hand.
AT_ONCE_SECONDS: Final = 600.0
#: After so long a call to us has nothing to do with ours any more.
CALLED_BACK_SECONDS: Final = 86_400.0
#: Before a message there are 1.5 s of silence, and none is shorter than 3.5 s.
MESSAGE_SECONDS: Final = 5.0
#: A machine talks without a pause: 1.5 s of it are enough, and it seldom waits so long before it begins.
SLOW_SECONDS: Final = 3.0
#: Beyond what Asterisk listens for: clocks were set, or the instants are not of one call.
LISTENS_SECONDS: Final = 10.0
#: How far away another call to the telephone may be, before or after.
OTHER_CALL_DAYS: Final = 30


class Verdict(StrEnum):
    """What somebody says who looked at a call again."""

    PERSON = "person"
    MACHINE = "machine"


class Clue(StrEnum):
    """Why a call looks like a person's."""

    #: He called us soon after.
    CALLED_BACK = "called_back"
    #: Another call to the telephone was taken for a person's, by Asterisk or by somebody who looked at it.
    PERSON_ELSEWHERE = "person_elsewhere"
    #: The other side hung up before the message could be heard.
    BROKE_OFF = "broke_off"
    #: Another call to the telephone was answered, and an agent or a flow had it; by whom nobody listened.
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    #: It took Asterisk long to decide: there were pauses.
    SLOW = "slow"


#: How much each says for a person.
WEIGHTS: Final[Mapping[Clue, int]] = {
    Clue.CALLED_BACK: 1,
    Clue.PERSON_ELSEWHERE: 2,
    Clue.BROKE_OFF: 2,
    Clue.ANSWERED_ELSEWHERE: 1,
    Clue.SLOW: 1,
}
#: Of who called back at once.
AT_ONCE_WEIGHT: Final = 3


class MachineCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that Asterisk took for a machine's. ``person_at`` and ``answered_elsewhere_at`` are when the
    other calls were answered, ``called_back_at`` when the telephone called us first after this one.
    """

    answered_at: float | None
    #: When Asterisk said what it takes it for.
    machine_at: float | None
    ended_at: float | None
    #: AMDCAUSE as it came.
    cause: str | None = None
    #: Whether a message is left, rather than hung up on the machine.
    leaves_message: bool = False
    #: We gave it up.
    cancelled: bool = False
    called_back_at: float | None = None
    person_at: float | None = None
    answered_elsewhere_at: float | None = None

    @property
    def listened_seconds(self) -> float | None:
        """How long Asterisk listened; None when it is not known."""
        seconds = _between(self.answered_at, self.machine_at)
        return seconds if seconds is not None and seconds <= LISTENS_SECONDS else None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A clue with its weight and its figure: seconds, or of another call its instant."""

    clue: Clue
    weight: int
    figure: float


def reasons_of(call: MachineCall) -> list[Reason]:
    """Why it looks like a person's, the weightiest first; empty when nothing speaks for it."""
    found = [
        *_called_back(call),
        *_elsewhere(Clue.PERSON_ELSEWHERE, call.person_at),
        *_broke_off(call),
        *_elsewhere(Clue.ANSWERED_ELSEWHERE, call.answered_elsewhere_at),
        *_slow(call),
    ]
    return sorted(found, key=lambda reason: -reason.weight)


def suspicion_of(reasons: list[Reason]) -> int:
    """How much speaks for a person: 0 is nothing."""
    return sum(reason.weight for reason in reasons)


def _called_back(call: MachineCall) -> list[Reason]:
    seconds = _between(call.ended_at, call.called_back_at)
    if seconds is None or seconds > CALLED_BACK_SECONDS:
        return []
    weight = AT_ONCE_WEIGHT if seconds <= AT_ONCE_SECONDS else WEIGHTS[Clue.CALLED_BACK]
    # The message asks to be called back.
    weight -= call.leaves_message
    return [Reason(clue=Clue.CALLED_BACK, weight=weight, figure=seconds)] if weight else []


def _elsewhere(clue: Clue, at: float | None) -> list[Reason]:
    return [] if at is None else [_reason(clue, at)]


def _broke_off(call: MachineCall) -> list[Reason]:
    """A mailbox that says that it is full hangs up as well."""
    if not call.leaves_message or call.cancelled:
        return []
    since = call.answered_at if call.machine_at is None else call.machine_at
    seconds = _between(since, call.ended_at)
    if seconds is None or seconds >= MESSAGE_SECONDS:
        return []
    return [_reason(Clue.BROKE_OFF, seconds)]


def _slow(call: MachineCall) -> list[Reason]:
    seconds = call.listened_seconds
    if seconds is None or seconds < SLOW_SECONDS:
        return []
    return [_reason(Clue.SLOW, seconds)]


def _reason(clue: Clue, figure: float) -> Reason:
    return Reason(clue=clue, weight=WEIGHTS[clue], figure=figure)


def _between(begin: float | None, end: float | None) -> float | None:
    """Seconds; None when one of the two is not known, or they are not in this order."""
    return None if begin is None or end is None or end < begin else end - begin
