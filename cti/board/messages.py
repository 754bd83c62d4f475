"""What flows want told to others: messages to endpoints, and that somebody is not to be called any more.

Both are told once and not kept.
"""

from cti.asterisk.events import AmiEvent
from cti.board.facts import CallsRefused, Fact, MessageQueued
from cti.board.state import State, anomaly, find_call
from cti.calls.model import Call
from cti.outbox.model import Message, Refusal


def queued(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An endpoint is to be told something, whatever else is known of the call."""
    name, endpoint = event.get("Message"), event.get("To")
    if not name or not endpoint:
        out.append(anomaly(state, event, "is no message", event.get("Uniqueid") or None))
        return
    call, call_id = _call(state, event)
    out.append(
        MessageQueued(
            at=state.at,
            message=Message(
                id=state.leg_id(name),
                queued_at=state.at,
                node=state.node,
                endpoint=endpoint,
                payload=event.get("Payload") or "{}",
                call_id=call_id,
                call_started_at=call.started_at if call is not None else None,
                run_id=state.leg_id(event.get("Run")) if event.get("Run") else None,
            ),
        )
    )


def refused(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Somebody wants not to be called any more."""
    name, number, scope = event.get("Refusal"), event.get("Number"), event.get("Scope")
    if not name or not number or not scope:
        out.append(anomaly(state, event, "is no refusal", event.get("Uniqueid") or None))
        return
    call, call_id = _call(state, event)
    out.append(
        CallsRefused(
            at=state.at,
            refusal=Refusal(
                id=state.leg_id(name),
                refused_at=state.at,
                node=state.node,
                number=number,
                scope=scope,
                campaign=event.get("Campaign") or None,
                call_id=call_id,
                call_started_at=call.started_at if call is not None else None,
            ),
        )
    )


def _call(state: State, event: AmiEvent) -> tuple[Call | None, str | None]:
    """The call, and its id also when it has left the board."""
    uniqueid = event.get("Uniqueid")
    owner = find_call(state, uniqueid) if uniqueid else None
    if owner is not None:
        return owner.call, owner.call.id
    return None, state.gone.get(state.leg_id(uniqueid))
