"""The service's memory with 2,000 live calls and 1,000 agents, every agent with his page open.

Half of the callers talk with an agent, half wait in the queue; all of them are known customers.
"""

import asyncio
import time
from pathlib import Path

import aiohttp
import uvloop

from bench import call_template
from bench.figure import Figure
from bench.loaded_service import LoadedService, loaded_service
from cti.customers.demo import demo_number

AGENTS = 1_000
CALLS = 2_000
_CALLS_A_SECOND = 100
_SETTLE_SECONDS = 10.0
_ANSWERED = b"Event: AgentConnect\r"
_WAITING = b"Event: QueueCallerJoin\r"


async def _page(session: aiohttp.ClientSession, url: str, token: str, open_: asyncio.Semaphore) -> None:
    async with session.ws_connect(
        f"{url}/api/v1/live", headers={"Cookie": f"cti_session={token}"}, max_msg_size=0
    ) as socket:
        await socket.receive()
        open_.release()
        async for _ in socket:
            pass


async def _fill(service: LoadedService) -> None:
    template = call_template.load(Path("tests/transcripts/answered.ami"), longest_pause=0.01)
    for number in range(CALLS):
        talks = number < AGENTS
        stamped = template.stamp(
            number,
            start_at=time.time(),
            agent=number % AGENTS + 1,
            caller=demo_number(number).encode(),
        )
        service.peer.send(call_template.living(stamped, _ANSWERED if talks else _WAITING))
        await service.peer.drain()
        await asyncio.sleep(1 / _CALLS_A_SECOND)


async def _measure() -> list[Figure]:
    async with loaded_service(agents=AGENTS) as service:
        before = service.process.memory_info().rss
        open_ = asyncio.Semaphore(0)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            pages = []
            for token in service.tokens:
                pages.append(asyncio.create_task(_page(session, service.base_url, token, open_)))
                await open_.acquire()
            await _fill(service)
            await asyncio.sleep(_SETTLE_SECONDS)
            after = service.process.memory_info().rss
            for page in pages:
                page.cancel()
            await asyncio.gather(*pages, return_exceptions=True)
    return [
        Figure(name="memory_2000_calls_1000_agents", value=after / 2**20, unit="MiB", goal="<= 150"),
        Figure(name="memory_at_start", value=before / 2**20, unit="MiB"),
    ]


def run(cache: Path) -> list[Figure]:  # noqa: ARG001
    """The figures of one run."""
    return uvloop.run(_measure())
