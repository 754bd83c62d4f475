"""From the event's bytes on the AMI socket to the frame with the customer in the agent's WebSocket client.

200 agents are signed in, 50 calls a second come in. The bytes that say that a caller entered the queue and
that an agent is being called are written together, so the look-up in the database is within the time that is
measured: the worst case, a caller who does not wait at all.
"""

import asyncio
import random
import time
from pathlib import Path

import aiohttp
import msgspec
import uvloop

from bench import call_template
from bench.figure import Figure
from bench.loaded_service import LoadedService, loaded_service
from cti.customers.demo import demo_number

AGENTS = 200
CALLS_A_SECOND = 50
SECONDS = 20
WARM_UP_SECONDS = 3
#: The recorded call's pauses are cut, so that two hundred agents can take fifty calls a second.
LONGEST_PAUSE = 0.4
_TICK = 0.002


class _Pop(msgspec.Struct):
    state: str


class _Call(msgspec.Struct):
    call_id: str
    phase: str
    pop: _Pop | None = None


class _Agent(msgspec.Struct):
    call: _Call | None = None


class _Frame(msgspec.Struct):
    type: str
    agent: _Agent | None = None


class Stopwatch:
    """When each call was announced, and when its agent's client had the customer."""

    def __init__(self) -> None:
        self.sent: dict[int, float] = {}
        self.shown: dict[int, float] = {}

    def frame(self, data: bytes) -> None:
        """A frame reached a client."""
        now = time.monotonic()
        call = frame.agent.call if (frame := _decoder.decode(data)).agent is not None else None
        if call is None or call.phase != "ringing" or call.pop is None or call.pop.state == "loading":
            return
        number = int(call.call_id.rsplit("-", 1)[1].partition(".")[0]) - call_template.FIRST_EPOCH
        self.shown.setdefault(number, now)

    def latencies(self, first: int) -> list[float]:
        """Milliseconds of every call from number `first` on, in order of size."""
        missing = [number for number in self.sent if number not in self.shown]
        if missing:
            raise AssertionError(f"{len(missing)} of {len(self.sent)} calls never showed their customer")
        return sorted(
            (self.shown[number] - sent) * 1000 for number, sent in self.sent.items() if number >= first
        )


_decoder = msgspec.json.Decoder(_Frame)


async def _client(
    session: aiohttp.ClientSession, url: str, token: str, watch: Stopwatch, ready: asyncio.Semaphore
) -> None:
    headers = {"Cookie": f"cti_session={token}"}
    async with session.ws_connect(f"{url}/api/v1/live", headers=headers, max_msg_size=0) as socket:
        first = True
        async for message in socket:
            watch.frame(message.data)
            if first:
                first = False
                ready.release()


async def _drive(service: LoadedService, watch: Stopwatch) -> None:
    template = call_template.load(Path("tests/transcripts/answered.ami"), longest_pause=LONGEST_PAUSE)
    randomness = random.Random(7)
    total = CALLS_A_SECOND * (SECONDS + WARM_UP_SECONDS)
    due: list[tuple[float, int, bytes]] = []
    start = time.time() + 0.5
    for number in range(total):
        caller = demo_number(randomness.randrange(10_000)).encode()
        at = start + number / CALLS_A_SECOND
        stamped = template.stamp(number, start_at=at, agent=number % AGENTS + 1, caller=caller)
        joined = next(instant for instant, block in stamped if block.startswith(b"Event: QueueCallerJoin\r"))
        for instant, block in stamped:
            together = (
                block.startswith((b"Event: AgentCalled\r", b"Event: Newchannel\r")) and instant > joined
            )
            due.append((joined if together else instant, number, block))
    due.sort(key=lambda item: item[0])
    index = 0
    while index < len(due):
        now = time.time()
        batch: list[bytes] = []
        announced: list[int] = []
        while index < len(due) and due[index][0] <= now:
            _, number, block = due[index]
            batch.append(block)
            if block.startswith(b"Event: QueueCallerJoin\r"):
                announced.append(number)
            index += 1
        if batch:
            sent_at = service.peer.send(batch)
            watch.sent.update(dict.fromkeys(announced, sent_at))
        await asyncio.sleep(_TICK)


async def _measure() -> list[Figure]:
    watch = Stopwatch()
    async with loaded_service(agents=AGENTS) as service:
        ready = asyncio.Semaphore(0)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            clients = [
                asyncio.create_task(_client(session, service.base_url, token, watch, ready))
                for token in service.tokens
            ]
            for _ in clients:
                await ready.acquire()
            await _drive(service, watch)
            await asyncio.sleep(1.0)
            for client in clients:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
    times = watch.latencies(CALLS_A_SECOND * WARM_UP_SECONDS)
    return [
        Figure(name="screen_pop_p50", value=times[len(times) // 2], unit="ms", goal="<= 5"),
        Figure(name="screen_pop_p99", value=times[len(times) * 99 // 100], unit="ms", goal="<= 20"),
        Figure(name="screen_pop_max", value=times[-1], unit="ms"),
    ]


def run(cache: Path) -> list[Figure]:  # noqa: ARG001
    """The figures of one run."""
    return uvloop.run(_measure())
