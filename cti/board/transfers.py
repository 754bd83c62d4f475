"""Transfers as Asterisk reports them; `cti.board.handovers` follows what becomes of them."""

from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board.agents import leave_leg
from cti.board.bridges import part
from cti.board.calls import merge
from cti.board.facts import Fact
from cti.board.handovers import hand_on
from cti.board.spans import back_to_hold, let_go, settle
from cti.board.state import Consultation, LegTrack, State, find_leg, instant_of
from cti.calls.model import (
    TransferKind,
    TransferOutcome,
)

_SUCCESS: Final = "Success"
_FAILED: Final = "Fail"
_THREE_WAY: Final = "Threeway"
_NOBODY: Final = ("", "<unknown>")


def blind(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent sent the caller on without a word."""
    giver = find_leg(state, event, out, "TransfererUniqueid")
    if giver is None or event.get("Result") != _SUCCESS:
        return
    caller = _leg(state, event, "TransfereeUniqueid")
    number = event.get("Extension") or None
    if caller is not None:
        caller.moved = None
        if caller.transfer is not None and caller.transfer.from_leg_id == giver.leg.id:
            return
    back_to_hold(state, giver, out)
    hand_on(state, giver, caller, TransferKind.BLIND, number, None, out)


def attended(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent talked with the target, or let it ring, and then brought the two together."""
    giver = find_leg(state, event, out, "OrigTransfererUniqueid")
    if giver is None:
        return
    asked = giver.consultation
    giver.consultation = None
    second = _leg(state, event, "SecondTransfererUniqueid")
    number = _number(event, asked, second)
    if event.get("Result") != _SUCCESS or event.get("DestType") == _FAILED:
        hand_on(state, giver, None, TransferKind.ATTENDED, number, TransferOutcome.FAILED, out)
        return
    target = _leg(state, event, "TransferTargetUniqueid", "SecondTransfererUniqueid")
    caller = _leg(state, event, "TransfereeUniqueid")
    for one in (target, caller):
        if one is not None and one.leg.call_id != giver.leg.call_id:
            merge(state, state.calls[one.leg.call_id], state.calls[giver.leg.call_id], out)
    outcome = None if event.get("DestType") == _THREE_WAY else TransferOutcome.COMPLETED
    asked_leg = state.legs.get(asked.target_id) if asked is not None else None
    if asked_leg is not None and not asked_leg.up:
        outcome = None
        asked_leg.target_of = caller.leg.id if caller is not None else None
    back_to_hold(state, giver, out)
    hand_on(state, giver, caller, TransferKind.ATTENDED, number, outcome, out)
    if second is not None and second is not giver:
        second.handed_on_at = instant_of(state, second.leg)
        if caller is not None:
            _take_place(state, second, caller, out)
    if giver.hanging_up:
        # His phone is free. Asterisk keeps his channel until the target has answered, and may tell later that
        # it left its bridge.
        part(state, giver, out)
        let_go(state, giver, out)
        leave_leg(state, giver, out)


def _take_place(state: State, second: LegTrack, caller: LegTrack, out: list[Fact]) -> None:
    """The agent waits in a queue, and leaves his place in it to the caller."""
    entry = state.entries.get(second.entry_id or "")
    if entry is None or entry.outcome is not None:
        return
    second.entry_id, caller.entry_id = None, entry.id
    entry.leg_id, entry.leg_started_at = caller.leg.id, caller.leg.started_at
    settle(state, second, out)
    settle(state, caller, out)


def _number(event: AmiEvent, asked: Consultation | None, second: LegTrack | None) -> str | None:
    if asked is not None:
        return asked.number
    if second is not None and not second.leg.outgoing and second.leg.dialled_number is not None:
        return second.leg.dialled_number
    number = event.get("TransferTargetCallerIDNum") or event.get("SecondTransfererConnectedLineNum")
    return None if number in _NOBODY else number


def _leg(state: State, event: AmiEvent, *keys: str) -> LegTrack | None:
    for key in keys:
        track = state.legs.get(state.leg_id(event.get(key)))
        if track is not None:
            return track
    return None
