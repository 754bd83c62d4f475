"""What the service says of its attempts, held against what the telephones saw. Each finding is a sentence."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cti.dialling.rules.outcome import Outcome
from tests.stage.called_phones import Part, PhoneBook, Ring, part_of
from tests.stage.campaign_centre import Attempt

_DAY: Final = 86_400.0
#: By how much an instant of Asterisk's may differ from the telephone's own.
_LATENESS: Final = 1.0
#: What a flow speaks with has been answered, whatever the person does then.
BY_FLOW: Final[Mapping[Part, frozenset[Outcome]]] = {
    Part.STAYS: frozenset({Outcome.ANSWERED}),
    #: Before anybody was there, or just after.
    Part.HANGS_UP: frozenset({Outcome.ANSWERED, Outcome.HUNG_UP}),
    Part.RINGS_OUT: frozenset({Outcome.NO_ANSWER}),
    Part.BUSY: frozenset({Outcome.BUSY}),
    Part.REFUSES: frozenset({Outcome.REFUSED}),
    Part.WRONG: frozenset({Outcome.WRONG_NUMBER}),
    Part.UNREACHABLE: frozenset({Outcome.UNREACHABLE}),
    #: Nobody listens for machines, so they are people.
    Part.MACHINE: frozenset({Outcome.ANSWERED}),
}
_PERSON: Final = frozenset({Outcome.ANSWERED, Outcome.ABANDONED})
_ANSWERED: Final = _PERSON | {Outcome.HUNG_UP}
BY_AGENT: Final = {**BY_FLOW, Part.STAYS: _PERSON, Part.MACHINE: _PERSON}
#: Nothing need have rung.
_MAY_BE_SILENT: Final = frozenset({Outcome.NOT_SENT, Outcome.UNKNOWN, Outcome.CANCELLED})


@dataclass(frozen=True)
class Expected:
    """What must hold. ``outcomes`` are those of each part, by campaign."""

    outcomes: Mapping[int, Mapping[Part, frozenset[Outcome]]]
    #: How often a telephone is rung in a day at most, and how long after the call before.
    most_in_day: int = 3
    gap_seconds: float = 1_800.0
    #: Who may not be called now.
    never: Collection[str] = ()
    most_at_once: int = 200
    #: Whether things were broken meanwhile, so that an end may not have been seen, or nobody was there.
    broken: bool = False


def findings(book: PhoneBook, attempts: Sequence[Attempt], expected: Expected) -> list[str]:
    """All in which the two do not agree, or that must not be."""
    rings = book.by_attempt()
    found = [
        *_without_attempt(book, {attempt.id for attempt in attempts}),
        *(finding for attempt in attempts for finding in _of_attempt(attempt, rings, expected)),
        *(finding for phone in book.by_phone().items() for finding in _of_phone(*phone, expected)),
    ]
    if (most := book.at_once()) > expected.most_at_once:
        found.append(f"{most} calls at once, and not {expected.most_at_once} at most")
    return found


def _without_attempt(book: PhoneBook, known: Collection[str]) -> Iterator[str]:
    for ring in book.rings:
        if ring.attempt not in known:
            yield f"{ring.phone} was rung for no attempt ({ring.attempt or 'no header'})"


def _of_attempt(attempt: Attempt, rings: Mapping[str, list[Ring]], expected: Expected) -> Iterator[str]:
    name = f"attempt {attempt.id} on {attempt.phone}"
    heard = rings.get(attempt.id, [])
    if attempt.outcome is None:
        yield f"{name} is still {attempt.state}"
        return
    outcome = Outcome(attempt.outcome)
    if len(heard) > 1:
        yield f"{name} rang {len(heard)} times"
    if not heard and outcome not in _MAY_BE_SILENT:
        yield f"{name} is {outcome}, and nothing rang"
    if heard and outcome is Outcome.NOT_SENT:
        yield f"{name} was not sent, and it rang"
    if outcome is Outcome.UNKNOWN and not attempt.unknown_why:
        yield f"{name} is unknown, and does not say why"
    if attempt.sent_at is None and outcome is not Outcome.NOT_SENT:
        yield f"{name} is {outcome}, and was never sent"
    if attempt.sent_at is not None and attempt.campaign_id is not None and attempt.sent_by is None:
        yield f"{name} was sent, and nobody knows by whom"
    for ring in heard:
        yield from _of_ring(name, attempt, outcome, ring, expected)


def _of_ring(name: str, attempt: Attempt, outcome: Outcome, ring: Ring, expected: Expected) -> Iterator[str]:
    if ring.phone != attempt.phone:
        yield f"{name} rang at {ring.phone}"
        return
    allowed = set(expected.outcomes[attempt.campaign_id or 0][part_of(attempt.phone)])
    if expected.broken:
        allowed.add(Outcome.UNKNOWN)
        if ring.answered_at is not None:
            allowed |= _ANSWERED
        elif ring.ended in (None, "cancel", "lost"):
            # Asterisk went away while it rang, or took it along in order.
            allowed |= {Outcome.NO_ANSWER, Outcome.CANCELLED, Outcome.NETWORK}
    if outcome not in allowed:
        yield f"{name} is {outcome}, and {part_of(attempt.phone).name} saw it end by {ring.ended}"
    if expected.broken:
        return
    if (attempt.answered_at is None) != (ring.answered_at is None):
        yield f"{name} answered at {attempt.answered_at}, the telephone at {ring.answered_at}"
    pairs = (
        ("answered", attempt.answered_at, ring.answered_at),
        ("ended", attempt.ended_at, ring.ended_at),
    )
    for what, ours, its in pairs:
        if ours is not None and its is not None and abs(ours - its) > _LATENESS:
            yield f"{name} {what} {ours - its:+.2f} s from when the telephone did"


def _of_phone(phone: str, rings: Sequence[Ring], expected: Expected) -> Iterator[str]:
    if phone in expected.never:
        yield f"{phone} was rung, and may not be called now"
    for number, ring in enumerate(rings):
        in_day = [one for one in rings[: number + 1] if ring.rung_at - one.rung_at < _DAY]
        if len(in_day) > expected.most_in_day:
            yield f"{phone} was rung {len(in_day)} times in a day"
    for before, after in pairwise(rings):
        # Rows have no fractions of the way that a message takes.
        if before.ended_at is None or after.rung_at - before.ended_at < expected.gap_seconds - 0.5:
            yield f"{phone} was rung {after.rung_at - before.rung_at:.1f} s after the call before"


def abandoned_share(attempts: Iterable[Attempt]) -> tuple[int, int]:
    """How many people were abandoned, of how many who answered."""
    outcomes = [attempt.outcome for attempt in attempts]
    abandoned = outcomes.count(Outcome.ABANDONED)
    return abandoned, abandoned + outcomes.count(Outcome.ANSWERED)
