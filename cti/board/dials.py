"""Dials: who rings whom, and with what result."""

from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board import handovers
from cti.board.agents import missed_offer, record_of, use_leg
from cti.board.facts import (
    CallChanged,
    Fact,
    LegChanged,
    OfferEnded,
)
from cti.board.spans import settle
from cti.board.state import LegTrack, State, find_leg, instant_of
from cti.calls.model import (
    Direction,
    LegKind,
    Offer,
    OfferOutcome,
)

_OUTCOMES: Final = {
    "ANSWER": OfferOutcome.ANSWERED,
    "BUSY": OfferOutcome.REJECTED,
    "CANCEL": OfferOutcome.WITHDRAWN,
    "CONGESTION": OfferOutcome.FAILED,
    "CHANUNAVAIL": OfferOutcome.FAILED,
}
#: Causes with which a phone refuses a call: busy, rejected.
_REFUSED: Final = frozenset({17, 21})


def missed(track: LegTrack) -> OfferOutcome:
    """Whether who was rung let it ring, or refused: a queue says "no answer" of both."""
    return OfferOutcome.REJECTED if track.leg.hangup_cause in _REFUSED else OfferOutcome.NO_ANSWER


def begin(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A leg is being dialled, by another leg or by nobody (Originate).

    That it rings, or has answered, may have been told before.
    """
    dialled = find_leg(state, event, out, "DestUniqueid")
    if dialled is None:
        return
    dialled.leg.outgoing = True
    _note_direction(state, dialled, event, out)
    if dialled.dialled_by is not None or dialled.up:
        return
    dialled.ringing = True
    dialler = state.legs.get(state.leg_id(event.get("Uniqueid")))
    if dialler is not None:
        dialled.dialled_by = dialler.leg.id
        dialler.dials += 1
        handovers.go_on(state, dialler, out)
        inherit(state, dialler, dialled, out)
        _know_agent(state, dialler, dialled, out)
        if dialler.entry_id is None and not dialler.connected:
            dialler.ringing = True
            settle(state, dialler, out)
    settle(state, dialled, out)
    use_leg(state, dialled, out)


def inherit(state: State, dialler: LegTrack, dialled: LegTrack, out: list[Fact]) -> None:
    """What a Local channel dials on behalf of an agent is the agent's leg."""
    if dialler.leg.kind is not LegKind.LOCAL:
        return
    pair = state.legs.get(dialler.leg.local_pair_id or "")
    if pair is None or pair.leg.agent_id is None:
        return
    dialled.queue = pair.queue
    offer = state.offers.get(pair.offer_id or "")
    if offer is not None:
        dialled.offer_id = offer.id
    if dialled.leg.agent_id is None:
        dialled.leg.agent_id = pair.leg.agent_id
        out.append(LegChanged(at=state.at, leg=dialled.leg))


def _know_agent(state: State, dialler: LegTrack, dialled: LegTrack, out: list[Fact]) -> None:
    """Whom a flow has rung at a phone of his own is known, though he is signed in at none."""
    agent_id, dialler.rings_agent = dialler.rings_agent, None
    leg = dialled.leg
    if agent_id is not None and leg.agent_id is None and leg.kind is not LegKind.LOCAL:
        record_of(state, agent_id, out)
        leg.agent_id = agent_id
        out.append(LegChanged(at=state.at, leg=leg))


def _note_direction(state: State, dialled: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    """A call goes out that rings a trunk and began at one of our phones, or at nobody's: we called."""
    if dialled.leg.kind is not LegKind.TRUNK:
        return
    call = state.calls[dialled.leg.call_id].call
    number = event.get("DialString").partition("@")[0] or None
    if call.id == dialled.leg.id:
        if event.get("Uniqueid") or call.direction is Direction.OUTBOUND:
            return
        call.dialled_number = number
    elif call.direction is Direction.INTERNAL:
        maker = state.legs.get(call.id)
        if maker is not None and call.agent_id is None:
            call.agent_id = maker.leg.agent_id
        if call.dialled_number is None:
            # The phone was rung for it: its own leg went to no extension.
            call.dialled_number = number
    else:
        return
    call.direction = Direction.OUTBOUND
    out.append(CallChanged(at=state.at, call=call))


def end(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A dial was answered or given up."""
    dialled = find_leg(state, event, out, "DestUniqueid")
    if dialled is None:
        return
    status = event.get("DialStatus")
    offer = state.offers.get(dialled.offer_id or "")
    outcome = missed(dialled) if status == "NOANSWER" else _OUTCOMES.get(status)
    if event.get("Forward"):
        _turn_down(state, dialled, offer, out)
    end_offer(state, offer, outcome, out)
    if status == "ANSWER":
        take_up(state, dialled, out)
    dialler = state.legs.get(dialled.dialled_by or "")
    stop_ringing(state, dialled, out)
    if dialler is not None and not dialler.dials:
        handovers.not_reached(state, dialler, status, out)


def _turn_down(state: State, dialled: LegTrack, offer: Offer | None, out: list[Fact]) -> None:
    """The agent's phone is forwarded: he did not take the call, which Asterisk does not count as missed."""
    if offer is not None and offer.outcome is None and not dialled.missed:
        dialled.missed = True
        missed_offer(state, offer.agent_id, out)
    end_offer(state, offer, OfferOutcome.REJECTED, out)


def take_up(state: State, track: LegTrack, out: list[Fact]) -> None:
    """A leg was answered."""
    if track.up:
        return
    track.up = True
    leg = track.leg
    leg.answered_at = max(instant_of(state, leg), leg.started_at)
    stop_ringing(state, track, out)
    settle(state, track, out)
    use_leg(state, track, out)
    out.append(LegChanged(at=state.at, leg=leg))


def stop_ringing(state: State, track: LegTrack, out: list[Fact]) -> None:
    """A leg rings no more, and who dialled it hears no more ringing when it was the only one."""
    dialler = state.legs.get(track.dialled_by or "")
    track.dialled_by = None
    if track.ringing:
        track.ringing = False
        settle(state, track, out)
    if dialler is not None and dialler.dials:
        dialler.dials -= 1
        if not dialler.dials and dialler.ringing:
            dialler.ringing = False
            settle(state, dialler, out)


def end_offer(state: State, offer: Offer | None, outcome: OfferOutcome | None, out: list[Fact]) -> None:
    """Ends an offer that is still open; without an outcome nothing changes."""
    if offer is None or outcome is None or offer.outcome is not None:
        return
    offer.outcome = outcome
    offer.ended_at = max(instant_of(state, offer), offer.started_at)
    entry = state.entries.get(offer.entry_id or "")
    if outcome is OfferOutcome.ANSWERED and entry is not None and entry.outcome is None:
        entry.agent_id = offer.agent_id
    owner = state.calls.get(offer.call_id)
    if owner is not None:
        out.append(OfferEnded(at=state.at, offer=offer, call=owner.call))
