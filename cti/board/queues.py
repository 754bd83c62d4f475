"""Queues: a caller joins, waits and leaves; agents are offered the call."""

from typing import Final

from cti.agents.model import agent_id_of
from cti.asterisk.events import AmiEvent
from cti.board import handovers, surveys
from cti.board.agents import answered_offer, missed_offer, use_leg
from cti.board.dials import end_offer, inherit, missed
from cti.board.facts import (
    CallChanged,
    Fact,
    LegChanged,
    OfferMade,
    QueueJoined,
    QueueLeft,
)
from cti.board.spans import settle
from cti.board.state import LegTrack, State, anomaly, find_call, find_leg, instant_of, number_of
from cti.calls.model import (
    EntryOutcome,
    Offer,
    OfferOutcome,
    QueueEntry,
)

#: Who gives up waiting is gone so soon after; of whoever is not, the dialplan has taken care.
HANG_UP_SECONDS: Final = 0.5
#: The channels by which Asterisk links the two bridges of an attended transfer (bridge.c).
_HANDED_ON: Final = "Local/_attended@transfer-"


def caller_join(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A caller begins to wait."""
    track = find_leg(state, event, out)
    if track is None:
        return
    queue = event.get("Queue")
    waiting = state.entries.get(track.entry_id or "")
    if waiting is not None and waiting.outcome is None:
        if waiting.queue == queue:
            return
        leave(state, track, waiting, EntryOutcome.OVERFLOW, out)
    add_entry(state, track, queue, 0, number_of(event.get("Position")), out)


def add_entry(
    state: State, track: LegTrack, queue: str, waited: float, position: int | None, out: list[Fact]
) -> None:
    """Puts a caller into a queue, in which he has waited for so many seconds already."""
    leg = track.leg
    call = state.calls[leg.call_id].call
    track.entries += 1
    entry = QueueEntry(
        id=f"{leg.id}.e{track.entries}",
        call_id=call.id,
        call_started_at=call.started_at,
        leg_id=leg.id,
        leg_started_at=leg.started_at,
        queue=queue,
        position=position,
        joined_at=max(instant_of(state, leg) - waited, leg.started_at),
        clock_step_seconds=leg.clock_step_seconds,
    )
    state.entries[entry.id] = entry
    call.entry_ids.append(entry.id)
    call.queue = queue
    track.entry_id = entry.id
    track.ringing = track.picked_up = False
    settle(state, track, out)
    if track.span is not None:
        track.span.started_at = entry.joined_at
    out += [QueueJoined(at=state.at, entry=entry, call=call), CallChanged(at=state.at, call=call)]
    handovers.taken_in(state, track, out)


def caller_abandon(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A caller hung up while waiting, or (Asterisk says the same then) the queue's time ran out.

    The two are told apart by the request to hang up, which comes before.
    """
    track = find_leg(state, event, out)
    if track is not None:
        _left(state, track, event, EntryOutcome.ABANDONED if track.hanging_up else EntryOutcome.OVERFLOW, out)


def caller_leave(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A caller waits no more: an agent has answered, or it was said before why."""
    track = find_leg(state, event, out)
    if track is not None:
        _left(state, track, event, None, out)


def _left(
    state: State, track: LegTrack, event: AmiEvent, outcome: EntryOutcome | None, out: list[Fact]
) -> None:
    entry = state.entries.get(track.entry_id or "")
    if entry is None:
        out.append(anomaly(state, event, "was in no queue", track.leg.uniqueid))
    elif entry.outcome is None:
        answered = entry.agent_id is not None or track.picked_up
        gone_on = EntryOutcome.ANSWERED if answered else EntryOutcome.OVERFLOW
        leave(state, track, entry, outcome or gone_on, out)


def leave(state: State, track: LegTrack, entry: QueueEntry, outcome: EntryOutcome, out: list[Fact]) -> None:
    """Ends a caller's stay in a queue."""
    entry.outcome = outcome
    if outcome is not EntryOutcome.ANSWERED:
        entry.agent_id = None
    if outcome is not EntryOutcome.UNKNOWN:
        entry.left_at = max(instant_of(state, entry), entry.joined_at)
    settle(state, track, out)
    out.append(QueueLeft(at=state.at, entry=entry, call=state.calls[track.leg.call_id].call))


def end_of_leg(state: State, track: LegTrack, out: list[Fact], *, unknown: bool) -> None:
    """The caller's channel is gone; an entry that was never left ends with it.

    The request to hang up may have been made in a gap, and so not be known when he was said to have left.
    """
    entry = state.entries.get(track.entry_id or "")
    if entry is None:
        return
    gap = unknown or state.calls[track.leg.call_id].call.gap
    if entry.outcome is None:
        leave(state, track, entry, EntryOutcome.UNKNOWN if gap else EntryOutcome.ABANDONED, out)
    elif gap and not unknown and entry.outcome is EntryOutcome.OVERFLOW and _has_just_left(state, entry):
        entry.outcome = EntryOutcome.ABANDONED
        out.append(QueueLeft(at=state.at, entry=entry, call=state.calls[track.leg.call_id].call))


def _has_just_left(state: State, entry: QueueEntry) -> bool:
    return entry.left_at is not None and instant_of(state, entry) <= entry.left_at + HANG_UP_SECONDS


def agent_called(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A queue rings an agent."""
    caller = find_leg(state, event, out)
    agent_leg = find_leg(state, event, out, "DestUniqueid")
    agent_id = agent_id_of(event.get("MemberName"))
    if caller is None or agent_leg is None or agent_id is None or agent_leg.offer_id is not None:
        return
    call = state.calls[caller.leg.call_id].call
    queue = event.get("Queue")
    offer = Offer(
        id=f"{agent_leg.leg.id}.o",
        entry_id=caller.entry_id,
        call_id=call.id,
        call_started_at=call.started_at,
        leg_id=agent_leg.leg.id,
        agent_id=agent_id,
        queue=queue,
        started_at=instant_of(state, call),
        clock_step_seconds=call.clock_step_seconds,
    )
    state.offers[offer.id] = offer
    agent_leg.offer_id = offer.id
    _claim(state, agent_leg, agent_id, queue, out)
    _claim_rung_already(state, agent_leg, agent_id, queue, out)
    out.append(OfferMade(at=state.at, offer=offer, call=call))


def _claim(state: State, track: LegTrack, agent_id: int | None, queue: str, out: list[Fact]) -> None:
    """The leg rings for an agent, and what it measures is his."""
    if track.leg.agent_id != agent_id:
        track.leg.agent_id = agent_id
        out.append(LegChanged(at=state.at, leg=track.leg))
    if track.span is not None and (track.span.agent_id, track.span.queue) != (agent_id, queue):
        track.span.agent_id, track.span.queue = agent_id, queue
    use_leg(state, track, out)
    settle(state, track, out)


def _claim_rung_already(state: State, half: LegTrack, agent_id: int, queue: str, out: list[Fact]) -> None:
    """Behind a Local channel the agent's phone may ring before the queue says whom it rings: Local channels
    run in threads of their own.
    """
    pair = state.legs.get(half.leg.local_pair_id or "")
    if pair is None:
        return
    for leg_id in state.calls[pair.leg.call_id].call.leg_ids:
        track = state.legs.get(leg_id)
        if track is not None and track.dialled_by == pair.leg.id:
            inherit(state, pair, track, out)
            _claim(state, track, agent_id, queue, out)


def agent_connect(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent has the caller: the member whom Asterisk names, or who took the call from him."""
    caller = find_leg(state, event, out)
    agent_leg = find_leg(state, event, out, "DestUniqueid")
    found = _agent_legs(state, agent_leg) if agent_leg is not None else []
    taker = next((track for track in found if track.picked_up), None)
    agent_id = agent_id_of(event.get("MemberName")) if taker is None else taker.leg.agent_id
    queue = event.get("Queue")
    if caller is not None:
        _note_answer(state, caller, queue, agent_id, out)
    if agent_leg is None or (agent_id is None and taker is None):
        return
    for track in found if taker is None else [taker]:
        if track.queue != queue:
            track.queue = queue
            _claim(state, track, agent_id, queue, out)
    end_offer(state, state.offers.get(agent_leg.offer_id or ""), OfferOutcome.ANSWERED, out)
    if agent_id is None:
        return
    owner = state.calls[agent_leg.leg.call_id]
    if owner.call.agent_id != agent_id:
        owner.call.agent_id = agent_id
        owner.agent_leg_id = (taker or agent_leg).leg.id
        out.append(CallChanged(at=state.at, call=owner.call))
    answered_offer(state, agent_id, out)


def _note_answer(state: State, caller: LegTrack, queue: str, agent_id: int | None, out: list[Fact]) -> None:
    entry = state.entries.get(caller.entry_id or "")
    if entry is None or entry.queue != queue:
        return
    if entry.outcome is EntryOutcome.ANSWERED and entry.agent_id == agent_id:
        return
    left_at = entry.left_at
    entry.agent_id = agent_id
    leave(state, caller, entry, EntryOutcome.ANSWERED, out)
    entry.left_at = left_at or entry.left_at


def _agent_legs(state: State, agent_leg: LegTrack) -> list[LegTrack]:
    """The leg that the queue called, and behind a Local channel the agent's own."""
    found = [agent_leg]
    if agent_leg.offer_id is not None:
        found += [
            track
            for leg_id in state.calls[agent_leg.leg.call_id].call.leg_ids
            if (track := state.legs.get(leg_id)) is not None
            and track is not agent_leg
            and track.offer_id == agent_leg.offer_id
        ]
    return found


def agent_ring_no_answer(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent let the call ring, or rejected it."""
    leg_id = state.leg_id(event.get("DestUniqueid"))
    track = state.legs.get(leg_id)
    if track is not None:
        end_offer(state, state.offers.get(track.offer_id or ""), missed(track), out)
    agent_id = agent_id_of(event.get("MemberName"))
    if agent_id is None:
        return
    if track is None and leg_id not in state.gone:
        out.append(anomaly(state, event, "no such leg", event.get("DestUniqueid") or None))
        return
    if track is None or not track.missed:
        if track is not None:
            track.missed = True
        missed_offer(state, agent_id, out)


def _is_replaced(state: State, agent: LegTrack) -> bool:
    """Whether Asterisk has put a link to another bridge into the caller's place."""
    bridge = state.bridges.get(agent.leg.bridge_id or "")
    if bridge is None:
        return False
    tracks = (state.legs.get(leg_id) for leg_id in bridge.leg_ids)
    return any(track is not None and track.leg.channel.startswith(_HANDED_ON) for track in tracks)


def agent_complete(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A queue call is over; whether the caller hung up first says if he could be asked for his rating."""
    track = state.legs.get(state.leg_id(event.get("DestUniqueid")))
    if event.get("Reason") != "caller" or track is None:
        return  # when the agent's leg went before, the caller did not hang up on him
    uniqueid = event.get("Uniqueid")
    if not uniqueid:
        return  # his channel is gone already, and said so itself
    owner = find_call(state, uniqueid)
    if owner is None:
        out.append(anomaly(state, event, "no such call", uniqueid))
        return
    caller = state.legs.get(state.leg_id(uniqueid))
    if caller is not None and (caller.moved is not None or caller.handed_on_at is not None):
        return  # he was sent elsewhere, or another has his place, which the queue takes for his hanging up
    if _is_replaced(state, track):
        return  # another has his place, of which AttendedTransfer is still to tell
    agent_id = None if track.picked_up else agent_id_of(event.get("MemberName"))
    surveys.never_offered(state, owner, out, agent_id=agent_id, queue=event.get("Queue"))
