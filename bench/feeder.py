"""An AMI peer in a process of its own that sends a crowd's events at a steady rate and asks for nothing.

Every block carries the instant at which it was due. When the reader does not keep up, the socket fills, the
feeder falls behind its plan, and what it sends then is as old as it is late: nothing hides a reader's lag.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from bench.crowd import Crowd
from bench.load_stream import load_stream
from bench.scripted_asterisk import GREETING

#: Until then calls only begin, and there are fewer events than later.
RAMP_SECONDS = 10.0
_TICK = 0.02


class Fed(msgspec.Struct, kw_only=True):
    """What was sent, and what it took."""

    events: int
    cpu_seconds: float
    #: After the ramp.
    steady_events: int
    steady_seconds: float
    #: By how much the feeder was behind its plan at worst.
    most_late: float


async def _feed(blocks: list[bytes], per_second: float, seconds: float) -> Fed:
    crowd = Crowd(blocks, per_second=per_second)
    reader: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: reader.set_result(writer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    writer = await reader
    cpu, began, start = time.process_time(), time.monotonic(), time.time()
    members = crowd.members(start)
    writer.write(GREETING + members)
    events, most_late = members.count(b"Event: "), 0.0
    ramp: tuple[int, float] | None = None
    for number in range(1, int(seconds / _TICK) + 1):
        due = number * _TICK
        if ramp is None and due > RAMP_SECONDS:
            ramp = events, time.monotonic()
        data, count = crowd.until(due, start + due)
        late = time.monotonic() - began - due
        most_late = max(most_late, late)
        if late < 0:
            await asyncio.sleep(-late)
        writer.write(data)
        await writer.drain()
        events += count
    spent, ended = time.process_time() - cpu, time.monotonic()
    ramp_events, ramp_ended = ramp or (0, began)
    writer.close()
    await writer.wait_closed()
    server.close()
    return Fed(
        events=events,
        cpu_seconds=spent,
        steady_events=events - ramp_events,
        steady_seconds=ended - ramp_ended,
        most_late=most_late,
    )


if __name__ == "__main__":
    name, rate, duration = sys.argv[2:]
    stream = load_stream(Path(sys.argv[1]))
    fed = uvloop.run(
        _feed(stream.everything if name == "all" else stream.service, float(rate), float(duration))
    )
    sys.stdout.buffer.write(msgspec.json.encode(fed) + b"\n")
