"""What was seen of attempts, as it comes: late, twice, in any order. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cti.dialling.rules.attempt import AttemptState, furthest


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was seen of an attempt; what is None or False says nothing new. ``at`` is epoch seconds.

    ``state`` is how far the attempt was at ``at``: RINGING, ANSWERED or BRIDGED (`attempt_store.settle` alone
    ends one). ``abandoned``: a person who had answered was left with nobody at ``at``.
    """

    attempt_id: str
    at: float
    state: AttemptState | None = None
    connected: bool | None = None
    hangup_cause: int | None = None
    sip_status: int | None = None
    originate_reason: int | None = None
    dial_status: str | None = None
    machine: str | None = None
    machine_cause: str | None = None
    fax: bool = False
    cancelled: bool = False
    lost: bool = False
    abandoned: bool = False
    call_id: str | None = None


class Merged(msgspec.Struct, kw_only=True):
    """All news of one attempt as one, in the words of its row; instants are epoch seconds."""

    attempt_id: str
    state: AttemptState | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    connected_at: float | None = None
    abandoned_at: float | None = None
    connected: bool | None = None
    hangup_cause: int | None = None
    sip_status: int | None = None
    originate_reason: int | None = None
    dial_status: str | None = None
    machine: str | None = None
    machine_cause: str | None = None
    machine_at: float | None = None
    fax: bool = False
    cancelled: bool = False
    lost: bool = False
    call_id: str | None = None


#: What is said once, by the network or by Asterisk; were it said twice, the first would stand.
_TOLD_ONCE: Final = (
    *("hangup_cause", "sip_status", "originate_reason", "dial_status"),
    *("machine", "machine_cause", "call_id"),
)
_FLAGS: Final = ("fax", "cancelled", "lost")
_INSTANTS: Final[Mapping[AttemptState, str]] = {
    AttemptState.RINGING: "ringing_at",
    AttemptState.ANSWERED: "answered_at",
    AttemptState.BRIDGED: "connected_at",
}


def merged(news: Iterable[News]) -> list[Merged]:
    """The news of each attempt as one, in the order in which attempts were first heard of."""
    found: dict[str, Merged] = {}
    for one in news:
        into = found.setdefault(one.attempt_id, Merged(attempt_id=one.attempt_id))
        _add(into, one)
    return list(found.values())


def _add(into: Merged, one: News) -> None:
    if one.state is not None:
        into.state = one.state if into.state is None else furthest(into.state, one.state)
        if one.state in _INSTANTS:
            _earliest(into, _INSTANTS[one.state], one.at)
    if one.abandoned:
        _earliest(into, "abandoned_at", one.at)
    if one.machine is not None:
        _earliest(into, "machine_at", one.at)
    if one.connected is not None or one.state is AttemptState.BRIDGED:
        into.connected = bool(into.connected or one.connected or one.state is AttemptState.BRIDGED)
    elif one.abandoned and into.connected is None:
        into.connected = False
    for name in _TOLD_ONCE:
        if getattr(into, name) is None:
            setattr(into, name, getattr(one, name))
    for name in _FLAGS:
        setattr(into, name, getattr(into, name) or getattr(one, name))


def _earliest(into: Merged, name: str, at: float) -> None:
    known = getattr(into, name)
    setattr(into, name, at if known is None else min(known, at))
