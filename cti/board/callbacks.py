"""Callers who hung up and keep their place, as the service reports them.

An open callback is on the board whatever becomes of the call in which it was promised; one that is over is
told once more and forgotten.
"""

from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board.facts import CallbackChanged, Fact
from cti.board.state import State, anomaly, call_of, epoch_of
from cti.callbacks.model import Callback, CallbackState

_OUTCOMES: Final = {state.value: state for state in CallbackState if not state.is_open}


def promised(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A caller is promised to be called back."""
    name, queue, number = event.get("Callback"), event.get("Queue"), event.get("Number")
    if not name or not queue or not number:
        out.append(anomaly(state, event, "is no callback", event.get("Uniqueid") or None))
        return
    owner = call_of(state, event, out)
    callback_id = state.leg_id(name)  # a Uniqueid can come again in another life of Asterisk
    if owner is None or callback_id in state.callbacks:
        return
    callback = state.callbacks[callback_id] = Callback(
        id=callback_id,
        name=name,
        call_id=owner.call.id,
        call_started_at=owner.call.started_at,
        queue=queue,
        number=number,
        language=event.get("Language") or None,
        promised_at=state.at,
        place_at=min(epoch_of(event.get("PlaceAt")) or state.at, state.at),
    )
    out.append(CallbackChanged(at=state.at, callback=callback))


def dialled(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """It is his turn, and he is called."""
    callback = _callback(state, event, out)
    if callback is None or callback.state is not CallbackState.WAITING:
        return
    callback.state = CallbackState.DIALLING
    callback.attempt = event.get("Attempt")
    callback.dialled_at = max(state.at, callback.promised_at)
    out.append(CallbackChanged(at=state.at, callback=callback))


def ended(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """He was reached, or not, or need not be called any more."""
    callback = _callback(state, event, out)
    outcome = _OUTCOMES.get(event.get("Outcome"))
    if callback is None:
        return
    if outcome is None:
        out.append(anomaly(state, event, "ends no callback"))
        return
    del state.callbacks[callback.id]
    callback.state = outcome
    callback.ended_at = max(state.at, callback.dialled_at or callback.promised_at)
    out.append(CallbackChanged(at=state.at, callback=callback))


def _callback(state: State, event: AmiEvent, out: list[Fact]) -> Callback | None:
    callback = state.callbacks.get(event.get("Id"))
    if callback is None:
        out.append(anomaly(state, event, "no such callback"))
    return callback
