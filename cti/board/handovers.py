"""What becomes of a caller who is handed on: attempts that are under way, and their outcome.

That he was handed on does not say that anybody took him on, so a transfer has an outcome of its own. It is
*open*, on his leg, until he is connected or in a queue, his target is busy or does not answer, or he is gone.

Two things are seen here that no event of Asterisk names. A channel that leaves its bridge for another place
in the dialplan was redirected (AMI Redirect), which is a transfer once it goes on there. And an agent who
holds a caller and meets, on the same leg, the Local channel by which Asterisk calls the party to be asked,
has begun an attended transfer. Consulting by a call of the phone's own shows only when the two are joined:
until then nobody can tell it from any second call.
"""

from collections.abc import Sequence
from typing import Final

from cti.board.facts import (
    CallTransferred,
    Fact,
)
from cti.board.state import Consultation, LegTrack, State, instant_of
from cti.calls.model import (
    LegKind,
    Transfer,
    TransferKind,
    TransferOutcome,
)

#: Where Asterisk sends a channel by itself.
_BY_ITSELF: Final = frozenset({"", "fax", "h", "s"})
#: A caller who is gone so soon, and for whom nobody was rung, was sent to an extension that there is not.
_AT_ONCE: Final = 1.0
#: One transfer that is told twice (by AMI and by CEL) is told within this time.
_SAME_MOMENT: Final = 0.5
_OUTCOMES: Final = {
    "BUSY": TransferOutcome.BUSY,
    "NOANSWER": TransferOutcome.NO_ANSWER,
    "CHANUNAVAIL": TransferOutcome.FAILED,
    "CONGESTION": TransferOutcome.FAILED,
}


def consult(state: State, leg_ids: Sequence[str], bridge_id: str) -> None:
    """Legs met in a bridge: perhaps an agent and the party whom he asks while he holds a caller."""
    agent = target = None
    for leg_id in leg_ids:
        track = state.legs[leg_id]
        if track.leg.kind is LegKind.LOCAL:
            target = track
        elif _is_away(state, track, bridge_id):
            agent = track
    if agent is None or target is None or agent.consultation is not None:
        return
    target.target_of = agent.leg.id
    agent.consultation = Consultation(
        number=target.leg.dialled_number,
        target_id=target.leg.id,
        bridge_id=bridge_id,
    )


def _is_away(state: State, track: LegTrack, bridge_id: str) -> bool:
    """Whether a leg has somebody waiting in another bridge. In a gap nobody says that he is on hold."""
    if track.holding:
        return track.held_in != bridge_id and track.held_peer_id is not None
    waiting = state.legs.get(track.peer_id or "")
    return (
        track.is_person
        and waiting is not None
        and waiting.leg.bridge_id not in (None, bridge_id)
        and state.calls[track.leg.call_id].call.gap
    )


def moved(state: State, track: LegTrack, place: str) -> None:
    """A leg leaves its bridge for another place in the dialplan than it came from."""
    number = place.partition("@")[0]
    giver = state.legs.get(track.peer_id or "")
    if giver is None or not giver.is_person or number in _BY_ITSELF:
        return
    if track.transfer is None or track.transfer.from_leg_id != giver.leg.id:
        track.moved = _transfer(state, giver, TransferKind.BLIND, number)


def go_on(state: State, track: LegTrack, out: list[Fact]) -> None:
    """A leg that was sent elsewhere goes on there."""
    transfer = track.moved
    if transfer is None:
        return
    track.moved = None
    giver = state.legs.get(transfer.from_leg_id or "")
    if giver is not None:
        giver.handed_on_at = transfer.at
    track.transfer = transfer
    _tell(state, transfer, out)


def meet(state: State, track: LegTrack, parties: Sequence[LegTrack], out: list[Fact]) -> None:
    """A leg is connected: whoever handed it on has succeeded, unless he is there himself."""
    transfer = track.moved or track.transfer
    if transfer is None:
        return
    with_giver = any(one.leg.id == transfer.from_leg_id for one in parties)
    if track.moved is not None and with_giver:
        track.moved = None
    elif not with_giver:
        go_on(state, track, out)
        _settle(state, track, TransferOutcome.COMPLETED, out)


def taken_in(state: State, track: LegTrack, out: list[Fact]) -> None:
    """A leg waits in a queue or a parking lot, which has taken it on."""
    go_on(state, track, out)
    _settle(state, track, TransferOutcome.COMPLETED, out)


def not_reached(state: State, dialler: LegTrack, status: str, out: list[Fact]) -> None:
    """The last leg that another one rang did not answer."""
    outcome = _OUTCOMES.get(status)
    if outcome is None and status == "CANCEL" and dialler.hanging_up:
        outcome = TransferOutcome.CANCELLED
    if outcome is None:
        return
    track: LegTrack | None = dialler
    if dialler.leg.kind is LegKind.LOCAL:
        near = state.legs.get(dialler.leg.local_pair_id or "")
        track = state.legs.get((near.target_of if near is not None else None) or "")
    if track is None:
        return
    if track.consultation is not None:
        track.consultation.outcome = outcome
    elif track.transfer is not None:
        _settle(state, track, outcome, out)


def end_of_leg(state: State, track: LegTrack, out: list[Fact], *, unknown: bool) -> None:
    """A leg is gone, and with it what it was to be part of."""
    _end_of_target(state, track, out)
    holder = state.legs.get(track.held_by_id or "")
    if holder is not None and holder.consultation is not None:
        _give_up(state, holder, TransferOutcome.CANCELLED, out)
    if track.consultation is not None:
        _give_up(state, track, TransferOutcome.CANCELLED, out)
    go_on(state, track, out)
    if track.transfer is not None:
        _settle(state, track, _end(state, track, track.transfer, unknown=unknown), out)


def _end_of_target(state: State, track: LegTrack, out: list[Fact]) -> None:
    """The party whom an agent asks is gone."""
    agent = state.legs.get(track.target_of or "")
    if agent is None:
        return
    outcome = TransferOutcome.CANCELLED if track.up else TransferOutcome.NO_ANSWER
    if agent.consultation is not None and agent.consultation.target_id == track.leg.id:
        _give_up(state, agent, outcome, out)
    elif agent.transfer is not None and not track.up:
        gap = state.calls[agent.leg.call_id].call.gap
        _settle(state, agent, TransferOutcome.UNKNOWN if gap else outcome, out)


def _give_up(state: State, agent: LegTrack, outcome: TransferOutcome, out: list[Fact]) -> None:
    asked = agent.consultation
    if asked is None:
        return
    agent.consultation = None
    if state.calls[agent.leg.call_id].call.gap:
        outcome = TransferOutcome.UNKNOWN
    hand_on(state, agent, None, TransferKind.ATTENDED, asked.number, asked.outcome or outcome, out)


def _end(state: State, track: LegTrack, transfer: Transfer, *, unknown: bool) -> TransferOutcome:
    """What became of the transfer of a leg that ends before anybody has taken it on."""
    call = state.calls[track.leg.call_id].call
    if unknown or call.gap:
        return TransferOutcome.UNKNOWN
    if track.dials or transfer.kind is TransferKind.ATTENDED:
        return TransferOutcome.CANCELLED
    if call.voicemail or instant_of(state, track.leg) - transfer.at < _AT_ONCE:
        return TransferOutcome.FAILED
    return TransferOutcome.COMPLETED  # the dialplan had something for him to listen to


def hand_on(
    state: State,
    giver: LegTrack,
    caller: LegTrack | None,
    kind: TransferKind,
    number: str | None,
    outcome: TransferOutcome | None,
    out: list[Fact],
) -> None:
    at, last = instant_of(state, giver.leg), giver.handed_on_at
    if last is not None and abs(at - last) < _SAME_MOMENT:
        return
    giver.handed_on_at = at
    transfer = _transfer(state, giver, kind, number)
    transfer.outcome = outcome
    if outcome is None and caller is not None:
        caller.transfer = transfer
    _tell(state, transfer, out)


def _transfer(state: State, giver: LegTrack, kind: TransferKind, number: str | None) -> Transfer:
    call = state.calls[giver.leg.call_id].call
    return Transfer(
        id=f"{giver.leg.id}.x{state.at:.6f}",
        call_id=call.id,
        call_started_at=call.started_at,
        kind=kind,
        agent_id=giver.leg.agent_id,
        from_leg_id=giver.leg.id,
        to_number=number,
        at=instant_of(state, giver.leg),
    )


def _settle(state: State, track: LegTrack, outcome: TransferOutcome, out: list[Fact]) -> None:
    transfer = track.transfer
    if transfer is None:
        return
    track.transfer = None
    transfer.outcome = outcome
    _tell(state, transfer, out)


def _tell(state: State, transfer: Transfer, out: list[Fact]) -> None:
    owner = state.calls.get(transfer.call_id)
    if owner is not None:
        out.append(CallTransferred(at=state.at, transfer=transfer, call=owner.call))
