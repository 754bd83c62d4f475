"""What Asterisk is doing at this moment, put into the stream of events after each connect.

The items go on as they come, between the events that happen meanwhile: what hangs up while the list is sent
is listed first and hangs up after, never the other way round. Asterisk stamps no list items, so they get
the time of their arrival. CoreShowChannel names each channel's bridge, so the bridges need not be asked one
by one; their list comes first, because it alone says in which of them channels are parked.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.events import END_OF_BLOCK, encode, is_wanted

#: The lists of a snapshot, in this order.
SNAPSHOT_ACTIONS: Final = ("BridgeList", "CoreShowChannels", "QueueStatus")


class RequestList(Protocol):
    """Sends a list action and hands each item's block on; returns when the list is complete."""

    def __call__(self, action: str, *, passes_to: Callable[[bytes], object]) -> Awaitable[object]: ...


async def take_snapshot(
    request_list: RequestList, sink: Callable[[bytes], object], clock: AsteriskClock, **marks: str
) -> None:
    """Writes a snapshot to ``sink`` between CtiSnapshotBegin and CtiSnapshotEnd, which carry ``marks``.

    Raises:
        AmiError: a list was refused or not answered in time. The end mark is missing then.
    """
    node = f"SystemName: {marks['SystemName']}\r\n".encode() if marks.get("SystemName") else b""

    def stamped(block: bytes) -> None:
        if is_wanted(block):
            first, _, rest = block.partition(b"\r\n")
            sink(b"%b\r\nTimestamp: %.6f\r\n%b%b%b" % (first, clock.now(), node, rest, END_OF_BLOCK))

    sink(encode("CtiSnapshotBegin", clock.now(), **marks))
    for action in SNAPSHOT_ACTIONS:
        await request_list(action, passes_to=stamped)
    sink(encode("CtiSnapshotEnd", clock.now(), **marks))
