"""From a service that was killed with 2,000 live calls to one whose board and database are level again.

A thousand callers talk with an agent and a thousand wait, as in `memory`. Calls of other agents have gone by
until the journal's last segment is nearly full, which is the worst moment: all of it has to be read and
applied again. Then the service gets SIGKILL while rows wait to be written, and is started again with the
journal and the database as they are.

The clock runs from the start of the process until the service says that it is *level*: Asterisk's snapshot
has been taken (the scripted Asterisk lists the same calls), and the database has everything that the journal
has. Then the open calls in the database are counted. Shown apart: the same for a service without calls.
"""

import asyncio
import time
from pathlib import Path

import aiohttp
import asyncpg
import msgspec
import psutil
import uvloop

from bench import call_template
from bench.call_template import CallTemplate
from bench.figure import Figure
from bench.loaded_service import LoadedService, loaded_service, start_service
from cti.asterisk.events import parse
from cti.config import Settings
from cti.customers.demo import demo_number
from cti.db.engine import plain_dsn

CALLS = 2_000
TALKING_AGENTS = 1_000
#: Whose calls come and go before.
OTHER_AGENTS = 50
RESTARTS = 3
_SEGMENT_SHARE = 0.95
_CALLS_A_SECOND = 150
_SETTLE_SECONDS = 3.0
_LONGEST_SECONDS = 60.0
_POLL_SECONDS = 0.01
_ANSWERED = b"Event: AgentConnect\r"
_WAITING = b"Event: QueueCallerJoin\r"
_CHANNEL_HEADERS = (
    "Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum",
    "ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid",
)  # fmt: skip


class _Part(msgspec.Struct):
    position: int = 0
    durable_position: int = 0
    state: str = ""


class _Status(msgspec.Struct):
    ami: _Part
    journal: _Part
    recorder: _Part


class Start(msgspec.Struct, kw_only=True):
    """One start of the service."""

    seconds: float
    cpu_seconds: float
    #: The journal's position when it was level.
    position: int


_decoder = msgspec.json.Decoder(_Status)


async def _until_level(url: str, token: str, after: int) -> int:
    """Returns once the snapshot is taken and the database has all that the journal has: the position."""
    headers = {"Cookie": f"cti_session={token}"}
    async with (
        aiohttp.ClientSession(base_url=url, headers=headers) as session,
        asyncio.timeout(_LONGEST_SECONDS),
    ):
        while True:
            try:
                async with session.get("/api/v1/status") as response:
                    found = _decoder.decode(await response.read()) if response.status == 200 else None
            except aiohttp.ClientError:
                found = None
            if (
                found is not None
                and found.ami.state == "ready"
                and found.recorder.state == "writing"
                and found.journal.position > after
                and found.recorder.position == found.journal.position
            ):
                return found.journal.position
            await asyncio.sleep(_POLL_SECONDS)


async def _start(
    environment: dict[str, str], url: str, token: str, after: int
) -> tuple[Start, asyncio.subprocess.Process]:
    began = time.monotonic()
    process = await start_service(environment)
    try:
        position = await _until_level(url, token, after)
        seconds = time.monotonic() - began
        times = psutil.Process(process.pid).cpu_times()
    except BaseException:
        process.kill()
        raise
    return Start(seconds=seconds, cpu_seconds=times.user + times.system, position=position), process


class _LiveCalls:
    """What the scripted Asterisk has to list of the calls that stay."""

    def __init__(self, service: LoadedService) -> None:
        self._peer = service.peer
        self._channels: dict[str, dict[str, str]] = {}

    def note(self, blocks: list[bytes]) -> None:
        for block in blocks:
            event = parse(block)
            headers = self._channels.setdefault(event.get("Uniqueid"), {}) if event.get("Uniqueid") else {}
            if event.name in ("Newchannel", "Newstate", "NewCallerid", "BridgeEnter", "QueueCallerJoin"):
                headers |= {key: event.get(key) for key in _CHANNEL_HEADERS}
            if event.name == "BridgeEnter":
                headers["BridgeId"] = event.get("BridgeUniqueid")
            if event.name == "QueueCallerJoin":
                self._peer.waiting.append(
                    {"Queue": event.get("Queue"), "Position": event.get("Position"), "Wait": "0", **headers}
                )
            if event.name == "AgentConnect":
                self._peer.waiting.pop()

    def publish(self) -> int:
        self._peer.channels = list(self._channels.values())
        return len(self._peer.channels)


async def _fill(service: LoadedService, segment_bytes: int) -> int:
    """The live calls, and others that come and go until the segment is nearly full; the live channels."""
    template = call_template.load(Path("tests/transcripts/answered.ami"), longest_pause=0.01)
    live = _LiveCalls(service)
    for number in range(CALLS):
        talks = number < TALKING_AGENTS
        blocks = _living(
            template, number, agent=number % TALKING_AGENTS + 1, last=_ANSWERED if talks else _WAITING
        )
        live.note(blocks)
        await _send(service, blocks)
    number = CALLS
    while _last_segment(service.home) < segment_bytes * _SEGMENT_SHARE:
        stamped = template.stamp(
            number,
            start_at=time.time(),
            agent=TALKING_AGENTS + number % OTHER_AGENTS + 1,
            caller=demo_number(number).encode(),
        )
        await _send(service, [block for _, block in stamped])
        number += 1
    return live.publish()


async def _send(service: LoadedService, blocks: list[bytes]) -> None:
    service.peer.send(blocks)
    await service.peer.drain()
    await asyncio.sleep(1 / _CALLS_A_SECOND)


def _living(template: CallTemplate, number: int, *, agent: int, last: bytes) -> list[bytes]:
    stamped = template.stamp(number, start_at=time.time(), agent=agent, caller=demo_number(number).encode())
    return call_template.living(stamped, last)


def _last_segment(home: Path) -> int:
    return max(home.rglob("*.journal")).stat().st_size


async def _open_calls(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        return (
            await connection.fetchval(
                "SELECT count(*) FROM calls WHERE ended_at IS NULL AND NOT unknown_end"
            ),
            await connection.fetchval("SELECT count(*) FROM legs WHERE ending IS NULL"),
        )
    finally:
        await connection.close()


async def _with_calls() -> list[Start]:
    segment_bytes = int(Settings.model_fields["journal_segment_bytes"].default)
    async with loaded_service(agents=TALKING_AGENTS + OTHER_AGENTS, wrap_up_seconds=0) as service:
        legs = await _fill(service, segment_bytes)
        service.process.kill()
        starts: list[Start] = []
        while len(starts) < RESTARTS:
            after = starts[-1].position if starts else 0
            found, process = await _start(
                service.environment, service.base_url, service.supervisor_token, after
            )
            starts.append(found)
            try:
                calls = await _open_calls(service.database_url)
                if calls != (CALLS, legs):
                    raise AssertionError(f"{calls} calls and legs are open, not {(CALLS, legs)}")
            finally:
                process.kill()
                await process.wait()
    return starts


async def _empty() -> list[Start]:
    async with loaded_service(agents=1) as service:
        await _until_level(service.base_url, service.supervisor_token, 0)
        service.process.kill()
        starts: list[Start] = []
        while len(starts) < RESTARTS:
            after = starts[-1].position if starts else 0
            found, process = await _start(
                service.environment, service.base_url, service.supervisor_token, after
            )
            starts.append(found)
            process.kill()
            await process.wait()
    return starts


async def _measure() -> list[Figure]:
    empty, full = await _empty(), await _with_calls()
    usual = sorted(start.seconds for start in empty)[RESTARTS // 2]
    return [
        Figure(
            name="restart_2000_calls",
            value=full[0].seconds,
            unit="s",
            baseline=usual,
            baseline_name="the same with an empty board",
            goal="<= 2",
        ),
        Figure(name="restart_2000_calls_cpu", value=full[0].cpu_seconds, unit="s_cpu"),
        Figure(name="restart_2000_calls_again", value=min(start.seconds for start in full[1:]), unit="s"),
        Figure(name="restart_empty", value=usual, unit="s"),
        Figure(name="restart_empty_cpu", value=min(start.cpu_seconds for start in empty), unit="s_cpu"),
    ]


def run(cache: Path) -> list[Figure]:  # noqa: ARG001
    """The figures of one run."""
    return uvloop.run(_measure())
