"""What is said of attempts of the dialler: by the dialplan, which has whoever answered, and by flows.

An attempt's id is the Uniqueid of the channel to the called person, so each event names it. All is told once
and nothing is kept: what an attempt is, the dialler knows. What the dialplan says it also writes into CEL, so
it is told of after a gap too.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board import messages
from cti.board.facts import AttemptNoted, AttemptSaying, Fact
from cti.board.state import State, anomaly, find_call

#: Key 9 in the message for whom nobody was there: all campaigns.
_SCOPE: Final = "all"


def user_event(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The dialplan says something; what is not about an attempt means nothing to the board."""
    rule = _RULES.get(event.get("UserEvent"))
    if rule is None:
        return
    if event.get("Uniqueid"):
        rule(state, event, out)
    else:
        out.append(anomaly(state, event, "names no channel"))


def connected(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A flow leads who answered."""
    _note(state, event, out, AttemptSaying.CONNECTED)


def refusal_of(uniqueid: str, number: str) -> dict[str, str]:
    """The headers of `CtiCallsRefused` that say so of a dialled channel; told twice, they are one refusal."""
    return {"Refusal": f"{uniqueid}.r1", "Number": number, "Scope": _SCOPE}


def _machine(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Asterisk has listened for an answering machine."""
    status, cause = event.get("Status") or None, event.get("Cause") or None
    _note(state, event, out, AttemptSaying.MACHINE, status=status, cause=cause)


def _abandoned(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Nobody was there for who answered; he hears the message."""
    _note(state, event, out, AttemptSaying.ABANDONED, cause=event.get("Cause") or None)


def _refused(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """He wants never to be called again, and the service may not have been there to hear it."""
    uniqueid = event.get("Uniqueid")
    owner = find_call(state, uniqueid)
    number = owner.call.dialled_number if owner is not None else None
    if number is None:
        out.append(anomaly(state, event, "refuses for nobody", uniqueid))
        return
    headers = {"Uniqueid": uniqueid, **refusal_of(uniqueid, number)}
    messages.refused(state, AmiEvent.of("CtiCallsRefused", event.at, headers), out)


def _note(
    state: State,
    event: AmiEvent,
    out: list[Fact],
    said: AttemptSaying,
    *,
    status: str | None = None,
    cause: str | None = None,
) -> None:
    attempt_id = event.get("Uniqueid")
    out.append(AttemptNoted(at=state.at, attempt_id=attempt_id, said=said, status=status, cause=cause))


_RULES: Final[Mapping[str, Callable[[State, AmiEvent, list[Fact]], None]]] = {
    "CtiAttemptMachine": _machine,
    "CtiAttemptAbandoned": _abandoned,
    "CtiAttemptRefused": _refused,
}
