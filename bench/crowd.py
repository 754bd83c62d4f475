"""Many copies of the recorded stream at once, each at the pace of life: a busy centre of any size.

`load_stream` holds what one real Asterisk with forty agents sent. A copy of it has Uniqueids, bridges,
agents and devices of its own; side by side, spread over the stream's length and begun anew when they end, a
hundred and forty copies make 15,000 events a second in which every call still takes as long as it took. So
rows change as often as in life, which the same events played faster would hide: there a call begins and ends
within one batch.

Time is in the events: what is sent together carries the instant at which it is sent.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: What stands in the prepared text for the copy, for its turn and for the instant.
_COPY, _TURN, _INSTANT = b"\x01", b"\x02", b"\x03"
_TIMESTAMP = re.compile(rb"(?<=\r\nTimestamp: )(\d+\.\d+)")
_UNIQUEID = re.compile(rb"\blab-\d+(?=\.\d+\b)")
_BRIDGE = re.compile(rb"(?<=\r\nBridgeUniqueid: )[0-9a-f]{8}")
_AGENT = re.compile(rb"\bagent-(\d+)\b")
_DEVICE = re.compile(rb"\bPJSIP/(\d+)\b")
_LINKEDID = re.compile(rb"\r\nLinkedid: (\S+)")
_NEW = b"Event: Newchannel\r"
_FIRST_COPY, _FIRST_TURN = 10, 100_000


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """One recorded stream with places for what tells its copies apart."""

    offsets: list[float]
    blocks: list[bytes]
    #: The call of each block; empty when it is about none.
    linkedids: list[bytes]
    #: Which blocks begin a call.
    beginnings: frozenset[int]

    @property
    def seconds(self) -> float:
        return self.offsets[-1]


def _prepare(blocks: Sequence[bytes]) -> _Prepared:
    offsets: list[float] = []
    texts: list[bytes] = []
    linkedids: list[bytes] = []
    beginnings: set[int] = set()
    first = None
    for block in blocks:
        found = _TIMESTAMP.search(block)
        if found is None or block.startswith(b"Event: FullyBooted"):
            continue
        at = float(found[1])
        first = at if first is None else first
        offsets.append(max(at - first, offsets[-1] if offsets else 0.0))
        linked = _LINKEDID.search(block)
        linkedids.append(linked[1] if linked else b"")
        if linked and b"\r\nUniqueid: %b\r" % linked[1] in block and block.startswith(_NEW):
            beginnings.add(len(texts))
        text = _TIMESTAMP.sub(_INSTANT, block, count=1)
        text = _UNIQUEID.sub(b"lab-" + _TURN, text)
        text = _BRIDGE.sub(lambda match: _TURN + match[0][-2:], text)
        text = _AGENT.sub(lambda match: b"agent-%b%03d" % (_COPY, int(match[1])), text)
        texts.append(_DEVICE.sub(lambda match: b"PJSIP/%b%b" % (_COPY, match[1]), text))
    return _Prepared(offsets=offsets, blocks=texts, linkedids=linkedids, beginnings=frozenset(beginnings))


class _Copy:
    """One copy on its way through the stream, again and again."""

    def __init__(self, prepared: _Prepared, number: int, start: float) -> None:
        self._prepared = prepared
        self._name = b"%d" % (_FIRST_COPY + number)
        self._number = number
        self._turn = 0
        #: Where in the stream this copy is, and the instant at which it was at the stream's beginning.
        self._next = bisect_left(prepared.offsets, start)
        self._began = -start
        #: In its first turn only calls that begin after its start are there.
        self._known: set[bytes] | None = {b""}

    def take(self, until: float, out: list[bytes]) -> int:
        """Adds what is due until that instant to `out`; returns how many events that are."""
        prepared, taken = self._prepared, 0
        while True:
            begin = self._next
            self._next = end = bisect_left(prepared.offsets, until - self._began, begin)
            if end > begin:
                blocks = prepared.blocks[begin:end]
                if self._known is not None:
                    blocks = self._of_known_calls(begin, blocks)
                taken += len(blocks)
                turn = b"%d" % (_FIRST_TURN + self._number * 1_000 + self._turn)
                out.append(b"".join(blocks).replace(_COPY, self._name).replace(_TURN, turn))
            if end < len(prepared.offsets):
                return taken
            self._began += prepared.seconds
            self._next, self._known = 0, None
            self._turn += 1

    def _of_known_calls(self, begin: int, blocks: list[bytes]) -> list[bytes]:
        assert self._known is not None
        found = []
        for index, block in enumerate(blocks, begin):
            linkedid = self._prepared.linkedids[index]
            if index in self._prepared.beginnings:
                self._known.add(linkedid)
            if linkedid in self._known:
                found.append(block)
        return found


class Crowd:
    """`copies` of a stream; `until` gives what is due, in the order of its instants up to the tick."""

    def __init__(self, blocks: Sequence[bytes], *, per_second: float) -> None:
        self._prepared = _prepare(blocks)
        rate = len(self._prepared.blocks) / self._prepared.seconds
        count = max(1, round(per_second / rate))
        self._copies = [
            _Copy(self._prepared, number, self._prepared.seconds * number / count) for number in range(count)
        ]
        self.copies = count

    def members(self, at: float) -> bytes:
        """The agents of all copies sign in: what comes first."""
        signed_in = b"".join(
            block for block in self._prepared.blocks if block.startswith(b"Event: QueueMemberAdded\r")
        )
        blocks = b"".join(signed_in.replace(_COPY, copy._name) for copy in self._copies)
        return blocks.replace(_INSTANT, b"%.6f" % at)

    def until(self, seconds: float, at: float) -> tuple[bytes, int]:
        """The bytes due up to `seconds` after the beginning, stamped with `at`; how many events."""
        out: list[bytes] = []
        count = sum(copy.take(seconds, out) for copy in self._copies)
        return b"".join(out).replace(_INSTANT, b"%.6f" % at), count


def ticks(crowd: Crowd, *, start_at: float, seconds: float, tick: float) -> Iterator[tuple[float, bytes]]:
    """All that is due in `seconds`, in ticks, as (instant, bytes), as fast as it is taken."""
    yield start_at, crowd.members(start_at)
    for number in range(1, int(seconds / tick) + 1):
        at = start_at + number * tick
        yield at, crowd.until(number * tick, at)[0]
