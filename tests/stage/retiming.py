"""A recorded call at another time: begun when a test wants it, with hours put in where nothing happened."""

import re
from collections.abc import Iterable

from cti.asterisk.events import parse

_TIMESTAMP = re.compile(rb"(?<=\nTimestamp: )\d+\.\d+")
#: Asterisk writes the second in which it made a channel into the channel's Uniqueid.
_UNIQUEID = re.compile(rb"(?<=lab-)(\d{10})(?=\.\d)")


def begun(blocks: Iterable[bytes]) -> float:
    """When the first channel of a recording appeared."""
    return next(event.at for event in map(parse, blocks) if event.name == "Newchannel")


def retimed(
    blocks: Iterable[bytes], *, begins_at: float, pauses: dict[float, float] | None = None
) -> list[bytes]:
    """The blocks of a recording whose first channel appears at ``begins_at`` (epoch seconds).

    ``pauses`` says after how many seconds of it how many seconds are put in.
    """
    found = list(blocks)
    first = begun(found)

    def moved(at: float) -> float:
        put_in = sum(more for after, more in (pauses or {}).items() if at - first > after)
        return begins_at + (at - first) + put_in

    return [
        _UNIQUEID.sub(
            lambda match: str(int(moved(float(match[0])))).encode(),
            _TIMESTAMP.sub(lambda match: f"{moved(float(match[0])):.6f}".encode(), block),
        )
        for block in found
    ]
