"""The measured spans of a leg: wait, ring, talk, hold and park, of which one at most is open at a time.

Which one follows from what the board knows of the leg (`_wanted`), so every rule only changes that knowledge
and settles the leg. Talk excludes hold; see `cti.calls.model.Interval`.
"""

from typing import Final

from cti.board.facts import (
    CallChanged,
    Fact,
    IntervalEnded,
    IntervalStarted,
)
from cti.board.state import LegTrack, State, instant_of
from cti.calls.model import (
    Interval,
    IntervalKind,
)

#: A break in a talk that is shorter is none: a Local channel was optimised away, or a bridge was exchanged.
_MOMENT: Final = 0.1
#: Between Unhold and the transfer whose first sign it is.
_HANDING_ON: Final = 1.0
_LETTER: Final = {
    IntervalKind.WAIT: "q",
    IntervalKind.RING: "r",
    IntervalKind.TALK: "t",
    IntervalKind.HOLD: "h",
    IntervalKind.PARK: "p",
    IntervalKind.WRAP_UP: "w",
}


#: Spans of whoever is on the line; no agent is charged with them.
_OF_NOBODY: Final = frozenset({IntervalKind.WAIT, IntervalKind.PARK})


def _wanted(state: State, track: LegTrack) -> IntervalKind | None:
    if track.parked:
        return IntervalKind.PARK
    if track.is_person:
        if track.holding:
            return IntervalKind.HOLD
        if track.connected and track.hears:
            return IntervalKind.TALK
    if track.entry_id is not None and state.entries[track.entry_id].outcome is None:
        return IntervalKind.WAIT
    if track.ringing and not track.up and track.is_person:
        return IntervalKind.RING
    return None


def settle(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Closes and opens spans so that the one is open that should be."""
    wanted = _wanted(state, track)
    span = track.span
    if span is not None:
        if span.kind is wanted:
            return
        close_span(state, track, out)
    if wanted is not None:
        _open(state, track, wanted, out)


def close_span(state: State, track: LegTrack, out: list[Fact], *, unknown: bool = False) -> None:
    """Ends the open span, if there is one; nobody knows when if ``unknown``."""
    span = track.span
    if span is None:
        return
    track.span = None
    if unknown:
        span.unknown_end = True
    else:
        span.ended_at = max(instant_of(state, span), span.started_at)
        if span.kind is IntervalKind.TALK:
            track.last_talk = span
        elif span.kind is IntervalKind.HOLD:
            track.last_hold = span
    out.append(IntervalEnded(at=state.at, interval=span))


def let_go(state: State, holder: LegTrack, out: list[Fact]) -> None:
    """Ends a hold; what its agent does on the phone now is not said yet."""
    held = state.legs.get(holder.held_peer_id or "")
    if held is not None:
        held.held_by_id = None
    holder.holding = False
    holder.held_peer_id = None
    holder.held_in = None
    settle(state, holder, out)


def back_to_hold(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Takes back a talk that was none: Asterisk says Unhold first when it hands on a caller who is held."""
    hold, talk = track.last_hold, track.span or track.last_talk
    if hold is None or talk is None or talk.kind is not IntervalKind.TALK:
        return
    if hold.ended_at != talk.started_at or instant_of(state, talk) - talk.started_at > _HANDING_ON:
        return
    if talk is track.span:
        close_span(state, track, out)
    track.last_talk = None
    hold.ended_at, talk.ended_at = talk.ended_at, talk.started_at
    out += [IntervalEnded(at=state.at, interval=hold), IntervalEnded(at=state.at, interval=talk)]


def _open(state: State, track: LegTrack, kind: IntervalKind, out: list[Fact]) -> None:
    at, leg = state.at, track.leg
    last = track.last_talk
    if kind is IntervalKind.TALK:
        _note_talk(state, track, out)
        if (
            last is not None
            and last.ended_at is not None
            and instant_of(state, last) - last.ended_at <= _MOMENT
        ):
            last.ended_at = None
            track.span = last
            track.last_talk = None
            out.append(IntervalStarted(at=at, interval=last))
            return
    track.last_talk = None
    queue = track.queue
    if kind is IntervalKind.WAIT and track.entry_id is not None:
        queue = state.entries[track.entry_id].queue
    elif kind is IntervalKind.RING and track.offer_id in state.offers:
        queue = state.offers[track.offer_id].queue
    track.spans += 1
    track.span = Interval(
        id=f"{leg.id}.{_LETTER[kind]}{track.spans}",
        kind=kind,
        call_id=leg.call_id,
        call_started_at=leg.call_started_at,
        leg_id=leg.id,
        leg_started_at=leg.started_at,
        agent_id=None if kind in _OF_NOBODY else leg.agent_id,
        queue=queue,
        started_at=max(instant_of(state, leg), leg.started_at),
        clock_step_seconds=leg.clock_step_seconds,
    )
    out.append(IntervalStarted(at=at, interval=track.span))


def _note_talk(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Keeps in mind which agent talked last in a call."""
    leg = track.leg
    if leg.agent_id is None:
        return
    owner = state.calls[leg.call_id]
    owner.agent_leg_id = leg.id
    if owner.call.agent_id != leg.agent_id:
        owner.call.agent_id = leg.agent_id
        out.append(CallChanged(at=state.at, call=owner.call))
