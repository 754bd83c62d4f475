"""Bridges: which legs hear each other, seen through Local channels.

The two halves of a Local channel join the bridges they are in. The *parties* of such a joined set are its
legs that are no plumbing; with two or more of them each is connected. A connected party hears somebody unless
all the others have put it on hold: so in a conference the talk of one goes on while another holds.
"""

from cti.asterisk.events import AmiEvent
from cti.board import handovers
from cti.board.agents import use_leg
from cti.board.calls import follow_link
from cti.board.facts import (
    CallChanged,
    Fact,
)
from cti.board.spans import let_go, settle
from cti.board.state import Bridge, LegTrack, State, anomaly, find_leg, instant_of
from cti.calls.model import LegKind

#: A bridge in which legs wait and do not hear each other: parking, music.
_HOLDING = "holding_bridge"


def enter(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A leg joined a bridge."""
    track = find_leg(state, event, out)
    if track is None:
        return
    follow_link(state, track, event, out)
    bridge_id = event.get("BridgeUniqueid")
    if not bridge_id:
        out.append(anomaly(state, event, "names no bridge", track.leg.uniqueid))
        return
    if keeps_apart(event):
        set_apart(state, bridge_id, out)
    join(state, track, bridge_id, out)
    track.place = _place(event)


def _place(event: AmiEvent) -> str:
    return f"{event.get('Exten')}@{event.get('Context')}"


def keeps_apart(event: AmiEvent) -> bool:
    """Whether those in the bridge that the event names hear nobody: they are parked."""
    return event.get("BridgeTechnology") == _HOLDING


def set_apart(state: State, bridge_id: str, out: list[Fact]) -> None:
    """Makes a bridge one in which legs wait and do not hear each other."""
    bridge = state.bridges.setdefault(bridge_id, Bridge())
    if bridge.holding:
        return
    bridge.holding = True
    for leg_id in bridge.leg_ids:
        _park(state, state.legs[leg_id], out)


def _park(state: State, track: LegTrack, out: list[Fact]) -> None:
    track.connected = False
    track.parked = track.leg.kind is not LegKind.OTHER
    settle(state, track, out)
    handovers.taken_in(state, track, out)


def join(state: State, track: LegTrack, bridge_id: str, out: list[Fact]) -> None:
    """Puts a leg into a bridge, out of the one it was in."""
    leg = track.leg
    bridge = state.bridges.get(bridge_id)
    if leg.bridge_id == bridge_id and bridge is not None:
        return
    if leg.bridge_id is not None:
        part(state, track, out)
    if bridge is None:
        bridge = state.bridges[bridge_id] = Bridge()
    if leg.id not in bridge.leg_ids:
        bridge.leg_ids.append(leg.id)
    leg.bridge_id = bridge_id
    track.bridged_at = state.at
    handovers.consult(state, bridge.leg_ids, bridge_id)
    if bridge.holding:
        _park(state, track, out)
    else:
        reconnect(state, bridge_id, out)


def leave(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A leg left a bridge."""
    track = find_leg(state, event, out)
    if track is None:
        return
    follow_link(state, track, event, out)
    bridge_id = event.get("BridgeUniqueid")
    if track.leg.bridge_id == bridge_id:
        bridge, place = state.bridges.get(bridge_id), _place(event)
        if track.place not in (None, place) and bridge is not None and not bridge.holding:
            handovers.moved(state, track, place)
        part(state, track, out)


def part(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Takes a leg out of its bridge."""
    leg = track.leg
    bridge_id = leg.bridge_id
    if bridge_id is None:
        return
    leg.bridge_id = None
    track.bridged_at = state.at
    bridge = state.bridges.get(bridge_id)
    if bridge is not None:
        if leg.id in bridge.leg_ids:
            bridge.leg_ids.remove(leg.id)
        if not bridge.leg_ids:
            del state.bridges[bridge_id]
    track.connected = track.parked = False
    settle(state, track, out)
    if leg.kind is LegKind.LOCAL and leg.local_pair_id is not None:
        pair = state.legs.get(leg.local_pair_id)
        if pair is not None and pair.leg.bridge_id is not None:
            reconnect(state, pair.leg.bridge_id, out)
    reconnect(state, bridge_id, out)


def destroyed(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A bridge is gone; whoever is still in it left without a word."""
    bridge = state.bridges.get(event.get("BridgeUniqueid"))
    if bridge is None:
        return
    for leg_id in list(bridge.leg_ids):
        track = state.legs.get(leg_id)
        if track is not None:
            part(state, track, out)
    state.bridges.pop(event.get("BridgeUniqueid"), None)


def local_bridge(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Asterisk says which two legs are the halves of one Local channel."""
    one = find_leg(state, event, out, "LocalOneUniqueid")
    two = find_leg(state, event, out, "LocalTwoUniqueid")
    if one is not None and two is not None:
        pair(state, one, two)


def pair(state: State, one: LegTrack, two: LegTrack) -> None:
    """Joins the halves of a Local channel; what one half knows of an agent the other knows too."""
    one.leg.local_pair_id, two.leg.local_pair_id = two.leg.id, one.leg.id
    state.locals.pop(one.leg.channel.partition(";")[0], None)


def reconnect(state: State, bridge_id: str, out: list[Fact]) -> None:
    """Finds out anew who hears whom in a bridge and all that Local channels join to it."""
    bridge = state.bridges.get(bridge_id)
    if bridge is None:
        return
    parties = _parties(state, bridge_id, bridge)
    connected = len(parties) >= 2
    for track in parties:
        if connected:
            track.peer_id = _peer(track, parties)
            _free_holder(state, track, parties, out)
            _note_answer(state, track, out)
        hears = not connected or _hears(track, parties)
        if track.connected is not connected or track.hears is not hears:
            track.connected = connected
            track.hears = hears
            settle(state, track, out)
        if connected and (track.transfer is not None or track.moved is not None):
            handovers.meet(state, track, parties, out)


def _note_answer(state: State, track: LegTrack, out: list[Fact]) -> None:
    call = state.calls[track.leg.call_id].call
    if call.answered_at is None:
        call.answered_at = max(instant_of(state, call), call.started_at)
        out.append(CallChanged(at=state.at, call=call))


def _hears(track: LegTrack, parties: list[LegTrack]) -> bool:
    """Whether one of the others at least has not put this party on hold."""
    mine = (None, track.leg.id)
    return any(other is not track and not (other.holding and other.held_peer_id in mine) for other in parties)


def _parties(state: State, bridge_id: str, bridge: Bridge) -> list[LegTrack]:
    legs = state.legs
    found: list[LegTrack] = []
    seen = {bridge_id}
    pending = [bridge]
    while pending:
        bridge = pending.pop()
        if bridge.holding:
            continue
        for leg_id in bridge.leg_ids:
            track = legs[leg_id]
            kind = track.leg.kind
            if kind is LegKind.LOCAL:
                other = legs.get(track.leg.local_pair_id or "")
                other_id = other.leg.bridge_id if other is not None else None
                if other_id is not None and other_id not in seen and other_id in state.bridges:
                    seen.add(other_id)
                    pending.append(state.bridges[other_id])
            elif kind is not LegKind.OTHER:
                found.append(track)
    return found


def _peer(track: LegTrack, parties: list[LegTrack]) -> str | None:
    if len(parties) != 2:
        return None
    return parties[1].leg.id if parties[0] is track else parties[0].leg.id


def _free_holder(state: State, track: LegTrack, parties: list[LegTrack], out: list[Fact]) -> None:
    """A held party who talks with others is not held any more by one who is not among them."""
    holder = state.legs.get(track.held_by_id or "")
    if holder is not None and holder not in parties:
        release_hold(state, holder, out)


def release_hold(state: State, holder: LegTrack, out: list[Fact]) -> None:
    """Ends a hold, whoever ended it."""
    if not holder.holding:
        use_leg(state, holder, out)  # whom it held is gone already
        return
    let_go(state, holder, out)
    use_leg(state, holder, out)
    hear_anew(state, holder, out)


def hear_anew(state: State, holder: LegTrack, out: list[Fact]) -> None:
    """Finds out who still hears somebody now that this leg holds, or does not hold any more."""
    if holder.leg.bridge_id is not None:
        reconnect(state, holder.leg.bridge_id, out)
