"""What the dialplan does next with a caller, as the channel variables that tell it. Pure.

No value holds anything but letters, digits and a few signs, whatever a flow's data said.
"""

import re
from typing import Final

import msgspec

from cti.flows.actions import Connect, WaitInQueue

#: Variables of the dialplan, as `[flow-next]` reads them.
_QUEUE: Final = re.compile(r"[a-z0-9-]{1,64}")
_EXTENSION: Final = re.compile(r"[0-9]{1,16}")
_NUMBER: Final = re.compile(r"\+?[0-9]{3,20}")
_KEYS: Final = re.compile(r"[^0-9*#]")
_LONGEST_WAIT_SECONDS: Final = 4 * 3600
_LONGEST_RING_SECONDS: Final = 300
_HIGHEST_PRIORITY: Final = 1000


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """Where the caller goes: `queue`, `transfer`, or the end; and what the dialplan has to know for it."""

    to: str
    variables: dict[str, str]
    queue: str = ""


def ending() -> NextStep:
    """The call is hung up."""
    return NextStep(to="end", variables={"CTI_NEXT": "end"})


def waiting(action: WaitInQueue) -> NextStep | None:
    """He waits in a queue; None when there cannot be a queue of that name."""
    if _QUEUE.fullmatch(action.queue) is None:
        return None
    longest = action.longest_seconds
    return NextStep(
        to="queue",
        queue=action.queue,
        variables={
            "CTI_QUEUE": action.queue,
            "CTI_WAIT": "" if longest is None else str(min(max(longest, 1), _LONGEST_WAIT_SECONDS)),
            "CTI_PRIORITY": str(min(max(action.priority, 0), _HIGHEST_PRIORITY)),
            "CTI_KEYS": "".join(sorted(set(_KEYS.sub("", action.keys)))),
            "CTI_NEXT": "queue",
        },
    )


def connecting(action: Connect, extension: str) -> NextStep | None:
    """He is joined with ``extension``, or with a number outside when that is empty; None for nobody."""
    kind, to = ("extension", extension) if extension else ("number", action.number)
    if (_EXTENSION if extension else _NUMBER).fullmatch(to) is None:
        return None
    return NextStep(
        to="transfer",
        variables={
            "CTI_TO": to,
            "CTI_RING": str(min(max(action.ring_seconds, 1), _LONGEST_RING_SECONDS)),
            "CTI_NEXT": kind,
        },
    )
