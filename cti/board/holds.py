"""Hold and unhold. The events name the channel whose phone holds; the time is charged to its agent."""

from cti.asterisk.events import AmiEvent
from cti.board.agents import use_leg
from cti.board.bridges import hear_anew, release_hold
from cti.board.facts import Fact
from cti.board.spans import settle
from cti.board.state import State, find_leg


def hold(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A phone put the other party on hold. The same again changes nothing."""
    track = find_leg(state, event, out)
    if track is None or track.holding or not track.is_person:
        return
    if not track.connected and track.peer_id is None:
        return  # it has not talked with anybody yet, so nobody is held
    track.holding = True
    track.held_in = track.leg.bridge_id
    held = state.legs.get(track.peer_id or "")
    if held is not None:
        track.held_peer_id = held.leg.id
        held.held_by_id = track.leg.id
    settle(state, track, out)
    use_leg(state, track, out)
    hear_anew(state, track, out)


def unhold(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A phone took the other party back. Asterisk also says so where nobody was held."""
    track = find_leg(state, event, out)
    if track is None:
        return
    if track.consultation is not None and track.leg.bridge_id == track.consultation.bridge_id:
        return  # the party whom he asks was held, or comes back; the caller goes on waiting
    release_hold(state, track, out)
