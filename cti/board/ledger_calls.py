"""Calls that the board never saw, or saw with a leg missing, made from all that CEL has of them.

After a gap the rows of CEL go to the board that lives (`ledger_rows`). What turns up later, because CEL could
not be read then, or because Asterisk has been started anew since, is over: it must not touch what lives.
One event (`CtiLedgerCall`, made by `cti.ledger.filling`) holds all rows of one call. They are played on a
board of their own, and of its facts those count that are about what was missing. Every leg that follows is
*reconciled*, and its hold is not known.
"""

from typing import Final

import msgspec

from cti.asterisk.events import AmiEvent
from cti.board import ledger_rows, legs
from cti.board.facts import (
    CallChanged,
    CallEnded,
    CallMerged,
    CallStarted,
    CallTransferred,
    Fact,
    IntervalEnded,
    IntervalStarted,
    LegChanged,
    LegEnded,
    LegStarted,
    OfferEnded,
    OfferMade,
    QueueJoined,
    QueueLeft,
)
from cti.board.state import CallTrack, State, anomaly
from cti.calls.model import Call, Leg, LegEnding

_OF_CALL: Final = (CallStarted, CallChanged, CallEnded, CallMerged)


class LedgerCall(msgspec.Struct, frozen=True, kw_only=True):
    """What the event says, in its header `Call`."""

    #: The rows, as instant and headers of a `CtiLedger` event.
    rows: list[tuple[float, dict[str, str]]]
    #: Uniqueids of the channels that have no leg.
    missing: list[str]
    #: The call as it is recorded, when only a part of it is missing.
    known: Call | None = None
    #: Recorded legs of which instants are not known.
    unknown: list[Leg] = []


def whole_call(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """All that the ledger has of a call that is over."""
    try:
        said = msgspec.json.decode(event.get("Call"), type=LedgerCall)
    except msgspec.DecodeError:
        out.append(anomaly(state, event, "says nothing of a call"))
        return
    own = State(node=state.node, boot=event.get("Boot") or state.boot)
    facts = play(own, said)
    missing = {own.leg_id(uniqueid) for uniqueid in said.missing}
    out += [fact for fact in facts if _counts(fact, missing, known=said.known is not None)]
    found = {fact.leg.id: fact.leg for fact in facts if isinstance(fact, LegStarted)}
    _complete(said, found, own.at, out)


def play(own: State, said: LedgerCall) -> list[Fact]:
    """The facts of a call on a board of its own; what has no end in the ledger ends, nobody knows when."""
    facts: list[Fact] = []
    if said.known is not None:
        # As if one more leg lived: so the call neither begins nor ends anew.
        own.calls[said.known.id] = CallTrack(call=said.known, live_legs=1)
        for linkedid in {*said.known.linkedids, *(headers.get("Linkedid", "") for _, headers in said.rows)}:
            own.links[linkedid] = said.known.id
    for at, headers in said.rows:
        own.at = at
        ledger_rows.row(own, AmiEvent.of("CtiLedger", at, headers), facts)
    for track in list(own.legs.values()):
        legs.end_leg(own, track, LegEnding.RECONCILED, facts, unknown=True)
    return facts


def _counts(fact: Fact, missing: set[str], *, known: bool) -> bool:
    match fact:
        case LegStarted(leg=leg) | LegChanged(leg=leg) | LegEnded(leg=leg):
            return leg.id in missing
        case IntervalStarted(interval=interval) | IntervalEnded(interval=interval):
            return interval.leg_id in missing
        case QueueJoined(entry=entry) | QueueLeft(entry=entry):
            return entry.leg_id in missing
        case OfferMade(offer=offer) | OfferEnded(offer=offer):
            return offer.leg_id in missing
        case CallTransferred(transfer=transfer):
            return transfer.from_leg_id in missing
    return isinstance(fact, _OF_CALL) and not known


def _complete(said: LedgerCall, found: dict[str, Leg], at: float, out: list[Fact]) -> None:
    """Gives recorded legs the instants that nobody knew, and the call its end when that is one of them."""
    for leg in said.unknown:
        theirs = found.get(leg.id)
        if theirs is None:
            continue
        # Of a leg that lived before we looked only the second of its start is known, and no answer.
        # On a busy machine AMI tells of a start, which stays as it is, later than CEL of the answer.
        if theirs.answered_at is not None:
            leg.answered_at = max(theirs.answered_at, leg.started_at)
        if leg.ended_at is None:
            leg.ended_at = None if theirs.ended_at is None else max(theirs.ended_at, leg.started_at)
            leg.ending = LegEnding.RECONCILED
        leg.hangup_cause = theirs.hangup_cause if leg.hangup_cause is None else leg.hangup_cause
        out.append(LegEnded(at=at, leg=leg))
    call = said.known
    if call is None:
        return
    call.gap = True
    ends = [leg.ended_at for leg in found.values()]
    if call.unknown_end and ends and None not in ends:
        call.ended_at = max(end for end in ends if end is not None)
        call.unknown_end = False
    out.append(CallChanged(at=at, call=call))
