"""What a recorded call was, leg by leg, told by the board: what a picture of it and the list of its rows are
made of.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from cti.asterisk.events import AmiEvent, parse
from cti.board.board import Board
from cti.board.facts import (
    CallMerged,
    CallTransferred,
    Fact,
    GapClosed,
    IntervalEnded,
    LegEnded,
    SurveyEnded,
    SurveyStarted,
)
from cti.calls.model import Call, Interval, Leg, LegKind, Offer, QueueEntry, Survey, Transfer
from cti.recorder.batch import Changes

_HOLDING: Final = "holding_bridge"
#: Events that are worth a word above the picture although no row says so.
_WORDS: Final = {
    "Pickup": "pickup",
    "ParkedCall": "parked",
    "UnParkedCall": "retrieved",
    "ParkedCallTimeOut": "parking timed out",
    "ParkedCallGiveUp": "gave up in parking",
    "LocalOptimizationEnd": "Local optimised away",
    "CtiDisconnected": "events stop",
    "CtiBoot": "Asterisk starts",
}


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """A leg came to others in a bridge."""

    at: float
    leg_id: str
    other_ids: tuple[str, ...]


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the whole call."""

    at: float
    text: str


class Story(msgspec.Struct, kw_only=True):
    """Everything about one recorded call; instants are epoch seconds."""

    legs: list[Leg]
    calls: list[Call]
    intervals: list[Interval]
    entries: list[QueueEntry]
    offers: list[Offer]
    transfers: list[Transfer]
    surveys: list[Survey]
    joins: list[Join]
    marks: list[Mark]
    #: When the board learned that a leg or a span was over, for those whose end nobody knows.
    noticed: dict[str, float]

    @property
    def begun_at(self) -> float:
        """When its first leg appeared."""
        return min(leg.started_at for leg in self.legs)

    @property
    def over_at(self) -> float:
        """When the last thing that was measured ended."""
        measured: list[Leg | Interval] = [*self.legs, *self.intervals]
        return max(map(self.end_of, measured))

    def end_of(self, one: Leg | Interval) -> float:
        """When a leg or span ended; when that was noticed, if nobody knows."""
        return one.ended_at if one.ended_at is not None else self.noticed.get(one.id, one.started_at)

    def role(self, leg: Leg) -> str:
        """What a person calls the party at a leg."""
        if leg.kind is LegKind.LOCAL:
            return leg.channel.rpartition("-")[0] + leg.channel[-2:]
        if leg.kind is LegKind.TRUNK:
            party = "outside party" if leg.outgoing else "caller"
            number = leg.dialled_number if leg.outgoing and leg.dialled_number else leg.number
            return f"{party} {number}" if number else party
        device = (leg.interface or leg.channel).partition("/")[2] or leg.channel
        if leg.agent_id is not None:
            return f"agent {leg.agent_id}, phone {device}"
        return f"phone {device}" if leg.kind is LegKind.DEVICE else leg.channel


def read_events(path: Path) -> list[AmiEvent]:
    """The events of a transcript."""
    text = path.read_bytes().replace(b"\r\n", b"\n")
    return [parse(block) for block in text.split(b"\n\n") if block.strip()]


def tell(events: Iterable[AmiEvent]) -> Story:
    """The story of a transcript's events."""
    board, changes = Board("lab"), Changes("lab")
    joins: list[Join] = []
    marks: list[Mark] = []
    noticed: dict[str, float] = {}
    told: set[tuple[str, str | None]] = set()
    for position, event in enumerate(events, 1):
        facts = board.apply(event)
        changes.mark(facts, position)
        joins += _joins(board, event)
        marks += _marks(board, event, facts, told)
        for fact in facts:
            if isinstance(fact, LegEnded):
                noticed[fact.leg.id] = fact.at
            elif isinstance(fact, IntervalEnded):
                noticed[fact.interval.id] = fact.at
    calls, legs, intervals, entries, offers, transfers, surveys, *_ = changes.entities
    begun_at = min((leg.started_at for leg in legs.values()), default=0.0)
    return Story(
        legs=sorted(legs.values(), key=lambda leg: (leg.started_at, leg.id)),
        calls=sorted(calls.values(), key=lambda call: (call.started_at, call.id)),
        intervals=sorted(intervals.values(), key=lambda one: (one.started_at, one.id)),
        entries=sorted(entries.values(), key=lambda one: (one.joined_at, one.id)),
        offers=sorted(offers.values(), key=lambda one: (one.started_at, one.id)),
        transfers=sorted(transfers.values(), key=lambda one: (one.at, one.id)),
        surveys=sorted(surveys.values(), key=lambda one: (one.started_at, one.id)),
        joins=joins,
        marks=[mark for mark in marks if mark.at >= begun_at],
        noticed=noticed,
    )


def _joins(board: Board, event: AmiEvent) -> list[Join]:
    if event.name != "BridgeEnter" or event.get("BridgeTechnology") == _HOLDING:
        return []
    leg = board.leg_of(event.get("Uniqueid"))
    if leg is None or leg.bridge_id is None:
        return []
    others = [one.id for one in board.legs() if one.bridge_id == leg.bridge_id and one is not leg]
    return [Join(at=board.at, leg_id=leg.id, other_ids=tuple(others))] if others else []


def _marks(board: Board, event: AmiEvent, facts: list[Fact], told: set[tuple[str, str | None]]) -> list[Mark]:
    """What is worth a word above the picture; ``told`` are the transfers and outcomes that have one."""
    at = max(board.at, event.at)  # not every event here is one that the board has a rule for
    marks: list[Mark] = []
    found = []
    for fact in facts:
        match fact:
            case CallTransferred(transfer=transfer):
                outcome = transfer.outcome.value.replace("_", " ") if transfer.outcome is not None else None
                if (transfer.id, None) not in told:
                    target = f" to {transfer.to_number}" if transfer.to_number else ""
                    text = f"{transfer.kind.value} transfer{target}" + (f": {outcome}" if outcome else "")
                    marks.append(Mark(at=transfer.at, text=text))
                elif outcome and (transfer.id, outcome) not in told:
                    marks.append(Mark(at=at, text=f"transfer: {outcome}"))
                told |= {(transfer.id, None), (transfer.id, outcome)}
            case CallMerged():
                found.append("two calls become one")
            case SurveyStarted():
                found.append("survey begins")
            case SurveyEnded(survey=survey) if survey.outcome is not None:
                ratings = [str(one) for one in (survey.rating, survey.second_rating) if one is not None]
                found.append(" ".join(["survey:", survey.outcome.value.replace("_", " "), *ratings]))
            case GapClosed():
                found.append("reconciled")
    word = _WORDS.get(event.name)
    if word is not None:
        found.append(word)
    elif event.name == "CtiIvrChoice":
        found.append(f"key {event.get('Choice')}")
    return marks + [Mark(at=at, text=text) for text in found]
