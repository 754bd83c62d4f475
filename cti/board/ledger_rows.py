"""What CEL knows of a gap, applied to the board after it (`cti.ledger.gap_events` makes the events).

Legs, answers, bridges and waits get the instants that Asterisk wrote down. Of hold CEL knows nothing: a hold
that was under way when the gap began has an end that nobody knows, and one inside it was never seen. What the
board had before is left as it is, so a row that was seen as an event too changes nothing.
"""

import re
from typing import Final

from cti.agents.model import member_name
from cti.asterisk.events import AmiEvent
from cti.board import attempts, bridges, legs, pickups, queues, surveys, transfers
from cti.board.calls import follow_link
from cti.board.dials import end_offer, take_up
from cti.board.facts import (
    CallChanged,
    Fact,
    LegChanged,
)
from cti.board.spans import close_span, settle
from cti.board.state import CallTrack, LegTrack, State, instant_of, number_of
from cti.calls.model import (
    EntryOutcome,
    LegEnding,
    NumberState,
    OfferOutcome,
    QueueEntry,
)

_NO_EXTENSION: Final = frozenset({"", "s"})
_NOBODY: Final = frozenset({"", "<unknown>", "s"})
_OUTCOMES: Final = {outcome.value: outcome for outcome in EntryOutcome}
#: An extension that somebody dialled, and not a place in the dialplan.
_DIALLED: Final = re.compile(r"[0-9*#+]{2,40}", re.ASCII)
_HOLDING: Final = "holding_bridge"
#: AMI tells of a queue this long after CEL, at most.
_SAME_MOMENT: Final = 0.5


def begin(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """The rows of a gap follow: whatever is on hold may be resumed in it without our knowing."""
    for track in state.legs.values():
        if not track.holding:
            continue
        close_span(state, track, out, unknown=True)
        held = state.legs.get(track.held_peer_id or "")
        if held is not None:
            held.held_by_id = None
        track.holding = False
        track.held_peer_id = None
        track.held_in = None


def row(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """One thing that happened in the gap."""
    leg_id = state.leg_id(event.get("Uniqueid"))
    track = state.legs.get(leg_id)
    if event.get("Kind") == "begun":
        if track is not None:
            _offer(state, track, event, out)  # the gap may have begun before its queue told of it
        elif leg_id not in state.gone and event.get("Uniqueid"):
            _begun(state, event, out)
        return
    rule = _RULES.get(event.get("Kind"))
    if track is not None and rule is not None:
        follow_link(state, track, event, out)
        _name(state, track, event, out)
        rule(state, track, event, out)


def _name(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    """A channel that came without a number has one now: whom Asterisk called for itself."""
    leg, call = track.leg, state.calls[track.leg.call_id].call
    number, exten = event.get("CallerIDNum"), event.get("Exten")
    if leg.number is None and number not in _NOBODY:
        leg.number, leg.name = number, event.get("CallerIDName") or leg.name
        out.append(LegChanged(at=state.at, leg=leg))
        if call.id == leg.id and call.caller_number is None:
            call.caller_number, call.number_state = number, NumberState.KNOWN
            out.append(CallChanged(at=state.at, call=call))
    if call.id == leg.id and call.dialled_number is None and _DIALLED.fullmatch(exten):
        call.dialled_number = exten
        out.append(CallChanged(at=state.at, call=call))


def _begun(state: State, event: AmiEvent, out: list[Fact]) -> None:
    track = legs.add_leg(state, event, state.at, out)
    track.leg.outgoing = event.get("Exten") in _NO_EXTENSION
    _mark(state, track, out)
    if not track.leg.outgoing:
        return
    _offer(state, track, event, out)
    track.ringing = True
    settle(state, track, out)


def _offer(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    """An agent is rung in the call of somebody who waits, if the board does not know it yet."""
    if track.up or track.leg.agent_id is None:
        return
    entry, caller = _waiting(state, state.calls[track.leg.call_id])
    if entry is not None and caller is not None and caller is not track:
        queues.agent_called(state, _of_queue(event, "AgentCalled", caller, track, entry.queue), out)


def _mark(state: State, track: LegTrack, out: list[Fact]) -> CallTrack:
    owner = state.calls[track.leg.call_id]
    if not owner.call.gap:
        owner.call.gap = True
        out.append(CallChanged(at=state.at, call=owner.call))
    return owner


def _waiting(state: State, owner: CallTrack) -> tuple[QueueEntry | None, LegTrack | None]:
    for entry_id in reversed(owner.call.entry_ids):
        entry = state.entries.get(entry_id)
        if entry is not None and entry.outcome is None:
            return entry, state.legs.get(entry.leg_id)
    return None, None


def _of_queue(event: AmiEvent, name: str, caller: LegTrack, agent: LegTrack, queue: str) -> AmiEvent:
    headers = {
        "Uniqueid": caller.leg.uniqueid,
        "DestUniqueid": agent.leg.uniqueid,
        "MemberName": member_name(agent.leg.agent_id or 0),
        "Queue": queue,
    }
    return AmiEvent.of(name, event.at, headers)


def _answered(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    if not track.up:
        _mark(state, track, out)
        end_offer(state, state.offers.get(track.offer_id or ""), OfferOutcome.ANSWERED, out)
        take_up(state, track, out)
    _connect(state, track, event, out)


def _connect(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    """An agent has the caller whom he was offered, if the board does not know it yet."""
    offer = state.offers.get(track.offer_id or "")
    entry = state.entries.get(offer.entry_id or "") if offer is not None else None
    caller = state.legs.get(entry.leg_id) if entry is not None else None
    if track.queue is None and track.up and offer is not None and caller is not None:
        queues.agent_connect(state, _of_queue(event, "AgentConnect", caller, track, offer.queue), out)


def _bridged(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    if event.at <= track.bridged_at:
        return
    _mark(state, track, out)
    _connect(state, track, event, out)
    entry = state.entries.get(track.entry_id or "")
    if entry is not None and entry.outcome is None and event.get("BridgeTechnology") != _HOLDING:
        queues.leave(state, track, entry, EntryOutcome.ANSWERED, out)  # whoever it was
    bridges.enter(state, event, out)


def _parted(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    if event.at > track.bridged_at and track.leg.bridge_id is not None:
        _mark(state, track, out)
        bridges.leave(state, event, out)


def _queued(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    entry = state.entries.get(track.entry_id or "")
    if entry is None or entry.joined_at < event.at - _SAME_MOMENT:
        _mark(state, track, out)
        queues.caller_join(state, event, out)


def _unqueued(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    entry = state.entries.get(track.entry_id or "")
    outcome = _OUTCOMES.get(event.get("Outcome"))
    # A row from before he joined is of the queue in which he was then.
    if entry is not None and entry.outcome is None and outcome is not None and event.at >= entry.joined_at:
        _mark(state, track, out)
        queues.leave(state, track, entry, outcome, out)


def _blind_transfer(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    if not _was_seen(state, track):
        _mark(state, track, out)
        headers = {
            "Result": "Success",
            "TransfererUniqueid": track.leg.uniqueid,
            "TransfereeUniqueid": event.get("TransfereeUniqueid"),
            "Extension": event.get("Extension"),
        }
        transfers.blind(state, AmiEvent.of("BlindTransfer", event.at, headers), out)


def _attended_transfer(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    if _was_seen(state, track):
        return
    _mark(state, track, out)
    target = state.legs.get(state.leg_id(event.get("TargetUniqueid")))
    second = state.legs.get(state.leg_id(event.get("SecondUniqueid")))
    # With a bridge of its own the target is not named: it is who the second channel of the agent talks with.
    peer = state.legs.get(second.peer_id or "") if second is not None else None
    named = target or peer
    headers = {
        "Result": "Success",
        "OrigTransfererUniqueid": track.leg.uniqueid,
        "SecondTransfererUniqueid": event.get("SecondUniqueid"),
        "TransfereeUniqueid": event.get("TransfereeUniqueid"),
        "TransferTargetUniqueid": event.get("TargetUniqueid"),
        "TransferTargetCallerIDNum": (named.leg.number if named is not None else None) or "",
    }
    transfers.attended(state, AmiEvent.of("AttendedTransfer", event.at, headers), out)


def _was_seen(state: State, track: LegTrack) -> bool:
    """Whether the transfer by this leg came as an event too; AMI's instant is a little later."""
    at = track.handed_on_at
    return at is not None and abs(at - instant_of(state, track.leg)) < _SAME_MOMENT


def _picked_up(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    _mark(state, track, out)
    if state.leg_id(event.get("By")) not in state.legs:
        return
    headers = {"Uniqueid": event.get("By"), "TargetUniqueid": track.leg.uniqueid}
    pickups.pickup(state, AmiEvent.of("Pickup", event.at, headers), out)


def _said(state: State, _: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    attempts.user_event(state, event, out)


def _ended(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    owner = _mark(state, track, out)
    offer = state.offers.get(track.offer_id or "")
    if not track.up:
        end_offer(state, offer, OfferOutcome.UNKNOWN, out)  # CEL does not say why it was not answered
    entry = state.entries.get(track.entry_id or "")
    if event.get("HungUpFirst") == "1" and entry is not None and entry.outcome is EntryOutcome.ANSWERED:
        surveys.never_offered(state, owner, out)
    cause = number_of(event.get("Cause"))
    legs.end_leg(state, track, LegEnding.RECONCILED, out, cause=cause)


_RULES: Final = {
    "answered": _answered,
    "bridged": _bridged,
    "parted": _parted,
    "queued": _queued,
    "unqueued": _unqueued,
    "blind_transfer": _blind_transfer,
    "attended_transfer": _attended_transfer,
    "picked_up": _picked_up,
    "said": _said,
    "ended": _ended,
}
