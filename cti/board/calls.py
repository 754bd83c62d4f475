"""Calls: born with their first leg, merged when they share a Linkedid, gone when nothing refers to them."""

from cti.asterisk.events import AmiEvent
from cti.board import flow_runs
from cti.board.facts import (
    CallChanged,
    CallEnded,
    CallMerged,
    CallStarted,
    Fact,
    LegChanged,
)
from cti.board.state import CallTrack, LegTrack, State, call_of, instant_of
from cti.calls.menu_choice import MenuChoice
from cti.calls.model import (
    Call,
    Direction,
    LegKind,
    NumberState,
    by_clock_of,
    by_present_clock,
)


def place_leg(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Puts a new leg into the call of its Linkedid, or begins a call with it."""
    leg = track.leg
    at = leg.started_at
    known = state.calls.get(state.links.get(leg.linkedid, ""))
    if known is None:
        call = Call(
            id=leg.id,
            node=leg.node,
            boot=leg.boot,
            direction=Direction.INBOUND if leg.kind is LegKind.TRUNK else Direction.INTERNAL,
            started_at=at,
            caller_number=leg.number,
            number_state=NumberState.KNOWN if leg.number else NumberState.WITHHELD,
            dialled_number=leg.dialled_number,
            linkedids=[leg.linkedid],
        )
        known = state.calls[call.id] = CallTrack(call=call)
        state.links[leg.linkedid] = call.id
        out.append(CallStarted(at=at, call=call))
    call = known.call
    if known.live_legs == 0 and (call.ended_at is not None or call.unknown_end):
        call.ended_at = None  # it is being wrapped up, and goes on with another leg
        call.unknown_end = False
        out.append(CallChanged(at=at, call=call))
    known.live_legs += 1
    call.leg_ids.append(leg.id)
    if call.clock_step_seconds is not None:
        leg.clock_step_seconds = call.clock_step_seconds
        leg.started_at -= call.clock_step_seconds
    leg.call_id = call.id
    leg.call_started_at = call.started_at


def follow_link(state: State, track: LegTrack, event: AmiEvent, out: list[Fact]) -> None:
    """Merges calls when a leg turns up with another Linkedid than before."""
    linkedid = event.get("Linkedid")
    leg = track.leg
    if not linkedid or linkedid == leg.linkedid:
        return
    leg.linkedid = linkedid
    mine = state.calls[leg.call_id]
    other = state.calls.get(state.links.get(linkedid, ""))
    if other is None:
        state.links[linkedid] = mine.call.id
        mine.call.linkedids.append(linkedid)
    elif other is not mine:
        merge(state, mine, other, out)
    out.append(LegChanged(at=state.at, leg=leg))


def merge(state: State, one: CallTrack, two: CallTrack, out: list[Fact]) -> CallTrack:
    """Makes two calls one: the one that started first stays and gets all that the other had."""
    if _age(two.call) < _age(one.call):
        one, two = two, one
    call, gone, at = one.call, two.call, state.at
    for linkedid in gone.linkedids:
        state.links[linkedid] = call.id
    call.linkedids += gone.linkedids
    call.leg_ids += gone.leg_ids
    call.entry_ids += gone.entry_ids
    call.choices = sorted([*call.choices, *gone.choices], key=lambda choice: choice.at)
    call.passed = call.passed or gone.passed
    call.gap |= gone.gap
    call.answered_at = _earliest(call.answered_at, by_clock_of(call, gone.answered_at, gone))
    if gone.agent_id is not None and call.agent_id is None:
        call.agent_id = gone.agent_id
    call.queue = call.queue or gone.queue
    call.language = call.language or gone.language
    if call.direction is Direction.INTERNAL:
        call.direction = gone.direction
    one.live_legs += two.live_legs
    one.wrapping += two.wrapping
    one.agent_leg_id = one.agent_leg_id or two.agent_leg_id
    one.surveys += two.surveys
    flow_runs.merge(one, two)
    if two.survey is not None:
        two.survey.call_id, two.survey.call_started_at = call.id, call.started_at
        one.survey = one.survey or two.survey
    _move(state, gone, call, out)
    gone.merged_into = call.id
    gone.ended_at = max(instant_of(state, gone), gone.started_at)
    state.calls.pop(gone.id, None)
    out += [CallMerged(at=at, call=gone, into=call), CallChanged(at=at, call=call)]
    return one


def _age(call: Call) -> tuple[float, str]:
    return by_present_clock(call.started_at, call), call.id


def _move(state: State, gone: Call, call: Call, out: list[Fact]) -> None:
    """Everything on the board that belongs to the one call belongs to the other from now on."""
    for callback in state.callbacks.values():
        if callback.call_id == gone.id:
            callback.call_id, callback.call_started_at = call.id, call.started_at
    for leg_id in gone.leg_ids:
        track = state.legs.get(leg_id)
        if track is None:
            state.gone[leg_id] = call.id
            continue
        leg = track.leg
        leg.call_id, leg.call_started_at = call.id, call.started_at
        for span in (track.span, track.last_talk, track.last_hold):
            if span is not None:
                span.call_id, span.call_started_at = call.id, call.started_at
        for transfer in (track.transfer, track.moved):
            if transfer is not None:
                transfer.call_id, transfer.call_started_at = call.id, call.started_at
        offer = state.offers.get(track.offer_id or "")
        if offer is not None:
            offer.call_id, offer.call_started_at = call.id, call.started_at
        out.append(LegChanged(at=state.at, leg=leg))
    for entry_id in gone.entry_ids:
        entry = state.entries.get(entry_id)
        if entry is not None:
            entry.call_id, entry.call_started_at = call.id, call.started_at
    for record in state.agents.values():
        agent = record.agent
        for device_leg in record.legs.values():
            if device_leg.call_id == gone.id:
                device_leg.call_id = call.id
        for queue_call in (record.wrap_up, record.last_queue_call):
            if queue_call is not None and queue_call.call_id == gone.id:
                queue_call.call_id, queue_call.call_started_at = call.id, call.started_at
        wrap_up = state.wrap_ups.get(agent.agent_id)
        if wrap_up is not None and wrap_up.call_id == gone.id:
            wrap_up.call_id, wrap_up.call_started_at = call.id, call.started_at
        if agent.call_id == gone.id:
            agent.call_id = call.id
        if agent.state.call_id == gone.id:
            agent.state.call_id = call.id


def remove_leg(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Takes an ended leg out of its call, and ends the call with its last leg."""
    leg = track.leg
    state.legs.pop(leg.id, None)
    state.remember(leg)
    owner = state.calls[leg.call_id]
    owner.live_legs -= 1
    if owner.live_legs:
        return
    call = owner.call
    if leg.ended_at is None:
        call.unknown_end = True
    else:
        call.ended_at = max(by_clock_of(call, leg.ended_at, leg), call.started_at)
    out.append(CallEnded(at=state.at, call=call))
    release(state, owner)


def release(state: State, owner: CallTrack) -> None:
    """Lets a call leave the board once it is over and nobody wraps it up."""
    if owner.live_legs or owner.wrapping:
        return
    call = owner.call
    state.calls.pop(call.id, None)
    if owner.flow_runs:
        flow_runs.release(state, owner)
    for linkedid in call.linkedids:
        state.links.pop(linkedid, None)
    for entry_id in call.entry_ids:
        state.entries.pop(entry_id, None)


def call_labelled(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The inbound hook has said what the call is about."""
    owner = call_of(state, event, out)
    if owner is None:
        return
    call = owner.call
    call.queue = event.get("Queue") or call.queue
    call.language = event.get("Language") or call.language
    number, known = event.get("Number"), event.get("NumberState")
    if known in (NumberState.WITHHELD, NumberState.INVALID):
        call.number_state = NumberState(known)
        call.caller_number = number or (None if known == NumberState.WITHHELD else call.caller_number)
    elif number:
        call.number_state = NumberState.KNOWN
        call.caller_number = number
    out.append(CallChanged(at=state.at, call=call))


def ivr_choice(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The caller pressed a key in a menu."""
    owner = call_of(state, event, out)
    if owner is None:
        return
    at = (event.at or state.at) - (owner.call.clock_step_seconds or 0.0)
    choice = MenuChoice(event.get("Menu"), event.get("Choice"), at)
    if choice not in owner.call.choices:
        owner.call.choices.append(choice)
        out.append(CallChanged(at=state.at, call=owner.call))


def _earliest(one: float | None, two: float | None) -> float | None:
    return min((at for at in (one, two) if at is not None), default=None)
