"""Two hundred pages are open, and some of them stop reading: those are dropped, and nobody else notices."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import pytest

from tests.faults import scale
from tests.faults.conftest import OpenGround
from tests.faults.onlooker import Onlooker
from tests.faults.record import FaultTable

READERS = 200
STALLED = 10
#: A heartbeat comes every 15 s, and half of that later it must have been answered.
_DROP_SECONDS = 30.0
_USUAL_SECONDS = scale.times(10, 60)
#: What a machine may be slower or faster from one stretch of time to the next.
_SAME_FACTOR, _SAME_SECONDS = 1.5, 0.2
_MEMORY_BYTES = 16 * 1024 * 1024


@dataclass
class Reader:
    """A page that reads: how late its frames are, by the instants that they carry."""

    socket: aiohttp.ClientWebSocketResponse
    late: list[float] = field(default_factory=list)
    #: The number of the next frame.
    seq: int = 0
    missing: int = 0

    async def read(self) -> None:
        """Reads until the end."""
        async for message in self.socket:
            now = time.time()
            head = message.data[:80].split('"')
            seq = int(head[2].strip(":,"))
            self.missing += seq != self.seq
            self.seq = seq + 1
            self.late.append(now - datetime.fromisoformat(head[5]).timestamp())


def p99(readers: list[Reader]) -> float:
    """The lateness that one in a hundred frames exceeds, of those since this was asked last."""
    late = sorted(value for reader in readers for value in reader.late)
    for reader in readers:
        reader.late.clear()
    assert len(late) > READERS
    return late[len(late) * 99 // 100]


@pytest.mark.timeout(scale.times(200, 600))
async def test_a_reader_who_stops_reading_is_dropped_and_two_hundred_others_do_not_notice(
    ground: OpenGround, record: FaultTable
) -> None:
    findings: list[str] = []
    async with ground(rate=1.0) as site, Onlooker(site) as sue:
        readers = [Reader(await sue.live()) for _ in range(READERS)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(reader.read()) for reader in readers]
            await asyncio.sleep(2.0)
            p99(readers)
            await asyncio.sleep(_USUAL_SECONDS)
            usual, memory = p99(readers), site.service.memory()
            stalled = [await sue.live() for _ in range(STALLED)]
            for socket in stalled:
                connection = socket._response.connection
                assert connection is not None
                assert connection.transport is not None
                connection.transport.pause_reading()
            stalled_at = time.monotonic()
            sue.most_memory = 0
            async with asyncio.timeout(_DROP_SECONDS + 10):
                while (await site.service.figures())["cti_live_clients"] > READERS:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            seconds = time.monotonic() - stalled_at
            with_stalled = p99(readers)
            if any(task.done() for task in tasks):
                findings.append("readers who read were dropped too")
            for socket in stalled:
                socket._response.close()
            for reader in readers:
                await reader.socket.close()
        if seconds > _DROP_SECONDS:
            findings.append(f"dropped only after {seconds:.1f} s")
        if with_stalled > max(usual * _SAME_FACTOR, usual + _SAME_SECONDS):
            findings.append(
                f"p99 was {usual * 1000:.0f} ms, and {with_stalled * 1000:.0f} ms with the stalled"
            )
        if missing := sum(reader.missing for reader in readers):
            findings.append(f"{missing} frames were missing")
        if sue.most_memory > memory + _MEMORY_BYTES:
            findings.append(f"memory grew from {memory >> 20} to {sue.most_memory >> 20} MiB")
        await sue.leave()
        findings += await site.finish()
    record.add(
        f"{STALLED} of {READERS + STALLED} WebSocket readers stop reading", times=1, worst=seconds,
        limit=_DROP_SECONDS, findings=findings,
        note=f"p99 {usual * 1000:.0f} ms before, {with_stalled * 1000:.0f} ms meanwhile; "
        f"memory {memory >> 20} and {sue.most_memory >> 20} MiB",
    )  # fmt: skip
    assert findings == [], "\n".join(findings)
