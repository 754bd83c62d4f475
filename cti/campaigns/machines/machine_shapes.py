"""What machine detection heard, and the calls that it took for machines', as the API gives them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from pydantic import Field

from cti.campaigns.machines.machine_lines import suspicion_line
from cti.campaigns.machines.machine_store import CallSpan, HeardCount, TakenCall
from cti.campaigns.model import MachineDetection
from cti.dialling.rules.machine_suspicion import Clue, Verdict, suspicion_of
from cti.dialling.rules.outcome import Machine
from cti.hours.shapes import TimeZone
from cti.http.principal import Language
from cti.http.shapes import Body, Instant, PageQuery, Query, When, instant, instant_or_none
from cti.ivr.results.figures import Figure, share

AttemptId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
#: In this order, then what a changed dialplan says.
_STATUSES: Final = tuple(status.value for status in Machine)


class Shown(StrEnum):
    """Which calls are listed."""

    #: Nobody has looked at them, and they look like a person's; the most suspicious first.
    SUSPECTED = "suspected"
    #: Nobody has looked at them; in an order drawn by lot, so that the first of them are a fair sample.
    ALL = "all"
    #: Somebody has; the last first.
    REVIEWED = "reviewed"


class MachinesQuery(Query):
    """Of a span of time; the last thirty days when none is given."""

    from_: When | None = Field(None, alias="from")
    to: When | None = None


class TakenCallsQuery(PageQuery, MachinesQuery):
    """Which of them; instants in a line are told on the clock of ``time_zone``."""

    show: Shown = Shown.SUSPECTED
    time_zone: TimeZone = "UTC"


class VerdictQuery(Query):
    """Instants in the line are told on the clock of ``time_zone``."""

    time_zone: TimeZone = "UTC"


class VerdictGiven(Body):
    """What somebody says of a call; null takes it back."""

    verdict: Annotated[Verdict, Field(strict=False)] | None


class HeardView(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls Asterisk took for something, and their share of those it listened to; null when it
    listened to none.
    """

    status: str
    count: int | None
    share: float | None


class CauseView(msgspec.Struct, frozen=True, kw_only=True):
    """Why it did: the limit that was crossed (`MAXWORDS`, `LONGGREETING`); null where it gave no reason."""

    status: str
    cause: str | None
    count: int
    share: float
    reviewed: int
    persons: int


class MachinesView(msgspec.Struct, frozen=True, kw_only=True):
    """What machine detection heard in calls from ``from_at`` until before ``to_at`` that are over.

    Of the ``answered``, ``listened`` are those of which Asterisk said something, ``untold`` those of which it
    said nothing: nobody listened, or it was hung up meanwhile. ``machines`` were taken for machines;
    somebody looked at ``reviewed`` of them and found ``persons``. ``person_share`` is of the reviewed, with
    Wilson's interval, corrected for there being no more than ``machines``: it says something of all of them
    only when those were not chosen because they were suspected. ``silence_seconds`` is for how long persons
    heard nothing meanwhile, the median. What was not measured is null.
    """

    from_at: Instant
    to_at: Instant
    detection: MachineDetection
    answered: int
    listened: int
    untold: int
    heard: list[HeardView]
    causes: list[CauseView]
    machines: int | None
    reviewed: int | None
    persons: int | None
    person_share: Figure
    silence_seconds: float | None


class TakenCallView(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was taken for a machine's. ``suspicion`` says how much speaks for a person (0: nothing),
    ``line`` why, in the reader's words. ``lasted_seconds`` is from the answer to the end. ``verdict`` is null
    while nobody looked at it; ``outcome`` is `abandoned` when it was a person.
    """

    id: str
    contact_id: int | None
    name: str | None
    phone: str
    answered_at: Instant | None
    listened_seconds: float | None
    lasted_seconds: float | None
    cause: str | None
    outcome: str
    suspicion: int
    clues: list[Clue]
    line: str
    verdict: Verdict | None
    reviewed_at: Instant | None
    reviewed_by: str | None
    call_id: str | None


class TakenCallsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a list of them. Of those that look like a person's also how many there are (``suspected``),
    of how many at which nobody has looked (``weighed``: all of the span); null where that is not asked for.
    """

    items: list[TakenCallView]
    next_cursor: str | None
    weighed: int | None
    suspected: int | None


def machines_view(
    span: CallSpan, detection: MachineDetection, counts: Sequence[HeardCount], silence_seconds: float | None
) -> MachinesView:
    """The counts as they are given."""
    statuses: Counter[str] = Counter()
    for one in counts:
        if one.machine is not None:
            statuses[one.machine] += one.count
    listened = statuses.total()
    answered = sum(one.count for one in counts)
    taken = [one for one in counts if one.machine == Machine.MACHINE]
    machines, reviewed = statuses[Machine.MACHINE.value], sum(one.reviewed for one in taken)
    persons = sum(one.persons for one in taken)
    return MachinesView(
        from_at=instant(span.from_at.timestamp()),
        to_at=instant(span.to_at.timestamp()),
        detection=detection,
        answered=answered,
        listened=listened,
        untold=answered - listened,
        heard=[
            HeardView(
                status=status,
                count=statuses[status] if listened else None,
                share=statuses[status] / listened if listened else None,
            )
            for status in dict.fromkeys((*_STATUSES, *statuses))
        ],
        causes=[
            CauseView(
                status=one.machine,
                cause=one.cause,
                count=one.count,
                share=one.count / listened,
                reviewed=one.reviewed,
                persons=one.persons,
            )
            for one in counts
            if one.machine is not None
        ],
        machines=machines if listened else None,
        reviewed=reviewed if listened else None,
        persons=persons if listened else None,
        person_share=share(persons, reviewed, machines),
        silence_seconds=silence_seconds,
    )


def taken_call_view(taken: TakenCall, language: Language, zone: str) -> TakenCallView:
    """The call as it is given; ``zone`` is the reader's."""
    call = taken.call
    lasted = None
    if call.answered_at is not None and call.ended_at is not None:
        lasted = max(0.0, call.ended_at - call.answered_at)
    return TakenCallView(
        id=taken.id,
        contact_id=taken.contact_id,
        name=taken.name,
        phone=taken.phone,
        answered_at=instant_or_none(call.answered_at),
        listened_seconds=_rounded(call.listened_seconds),
        lasted_seconds=_rounded(lasted),
        cause=call.cause,
        outcome=taken.outcome,
        suspicion=suspicion_of(taken.reasons),
        clues=[reason.clue for reason in taken.reasons],
        line=suspicion_line(taken.reasons, language, zone),
        verdict=taken.verdict,
        reviewed_at=_instant(taken.reviewed_at),
        reviewed_by=taken.reviewed_by,
        call_id=taken.call_id,
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at.timestamp())
