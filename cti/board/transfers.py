"""Transfers that were completed; an attempt that failed or was cancelled is none."""

from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board.calls import merge
from cti.board.facts import (
    CallTransferred,
    Fact,
)
from cti.board.state import LegTrack, State, find_leg, instant_of
from cti.calls.model import (
    Transfer,
    TransferKind,
)

_SUCCESS: Final = "Success"
_FAILED: Final = "Fail"
_NOBODY: Final = ("", "<unknown>")


def blind(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent sent the caller on without a word."""
    if event.get("Result") != _SUCCESS:
        return
    giver = find_leg(state, event, out, "TransfererUniqueid")
    if giver is not None:
        _hand_on(state, giver, TransferKind.BLIND, event.get("Extension") or None, out)


def attended(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent talked with the target and then brought the two together."""
    if event.get("Result") != _SUCCESS or event.get("DestType") == _FAILED:
        return
    giver = find_leg(state, event, out, "OrigTransfererUniqueid")
    if giver is None:
        return
    target = _leg(state, event, "TransferTargetUniqueid", "SecondTransfererUniqueid")
    transferee = _leg(state, event, "TransfereeUniqueid")
    number = event.get("TransferTargetCallerIDNum") or event.get("SecondTransfererConnectedLineNum")
    if target is not None:
        giver_call, target_call = state.calls[giver.leg.call_id], state.calls[target.leg.call_id]
        if giver_call is not target_call:
            merge(state, giver_call, target_call, out)
    if transferee is not None and transferee.leg.call_id != giver.leg.call_id:
        merge(state, state.calls[transferee.leg.call_id], state.calls[giver.leg.call_id], out)
    _hand_on(state, giver, TransferKind.ATTENDED, None if number in _NOBODY else number, out)


def _leg(state: State, event: AmiEvent, *keys: str) -> LegTrack | None:
    for key in keys:
        track = state.legs.get(state.leg_id(event.get(key)))
        if track is not None:
            return track
    return None


def _hand_on(state: State, giver: LegTrack, kind: TransferKind, number: str | None, out: list[Fact]) -> None:
    owner = state.calls[giver.leg.call_id]
    transfer_id = f"{giver.leg.id}.x{state.at:.6f}"
    if owner.last_transfer == transfer_id:
        return
    owner.last_transfer = transfer_id
    transfer = Transfer(
        id=transfer_id,
        call_id=owner.call.id,
        call_started_at=owner.call.started_at,
        kind=kind,
        agent_id=giver.leg.agent_id,
        from_leg_id=giver.leg.id,
        to_number=number,
        at=instant_of(state, giver.leg),
    )
    out.append(CallTransferred(at=state.at, transfer=transfer, call=owner.call))
