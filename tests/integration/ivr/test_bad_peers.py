"""Whatever other peers of the FastAGI server do, a caller in a flow notices nothing of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha1
from pathlib import Path

import pytest
import pytest_asyncio

from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from tests.stage.flow_stage import MENU, FlowStage, flow_stage

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Peer = Callable[[Streams, bytes], Awaitable[None]]


async def connects_and_closes(streams: Streams, head: bytes) -> None:
    return


async def sends_headers_slowly(streams: Streams, head: bytes) -> None:
    for byte in head[:60]:
        streams[1].write(bytes([byte]))
        await asyncio.sleep(0.05)


async def sends_an_endless_header(streams: Streams, head: bytes) -> None:
    for _ in range(200):
        streams[1].write(b"x" * 1024)
        await streams[1].drain()


async def has_no_token(streams: Streams, head: bytes) -> None:
    streams[1].write(head.replace(b"agi_arg_1", b"agi_arg_9"))
    await streams[0].read()


def answers(reply: bytes) -> Peer:
    async def peer(streams: Streams, head: bytes) -> None:
        reader, writer = streams
        writer.write(head)
        while await reader.readline():
            writer.write(reply)
            await writer.drain()

    return peer


async def sends_latin_1(streams: Streams, head: bytes) -> None:
    await answers(b"200 result=0\n")(streams, head.replace(b"5550100", b"M\xfcller"))


async def never_answers(streams: Streams, head: bytes) -> None:
    streams[1].write(head)
    await asyncio.sleep(3)


async def answers_without_end(streams: Streams, head: bytes) -> None:
    streams[1].write(head)
    await streams[0].readline()
    for _ in range(200):
        streams[1].write(b"y" * 1024)
        await streams[1].drain()


PEERS: dict[str, Peer] = {
    "connects and closes": connects_and_closes,
    "slow headers": sends_headers_slowly,
    "endless header": sends_an_endless_header,
    "no token": has_no_token,
    "inline HANGUP": answers(b"HANGUP\n200 result=-1\n"),
    "HANGUP alone": answers(b"HANGUP\n"),
    "520": answers(b"520-Invalid command syntax.\nUsage: NO\n520 End of proper usage.\n"),
    "511": answers(b"511 Command Not Permitted on a dead channel\n"),
    "timeouts": answers(b"200 result= (timeout)\n"),
    "no reply at all": answers(b"\x00\xff\xfe nonsense\n"),
    "Latin-1": sends_latin_1,
    "never answers": never_answers,
    "endless reply": answers_without_end,
}


def head_of(lab: Lab, number: int) -> bytes:
    uniqueid = f"peer-1700000000.{number}"
    token = sha1(f"{lab.plan.secrets.agi}:{uniqueid}".encode(), usedforsecurity=False).hexdigest()
    lines = {
        "network_script": "flow", "uniqueid": uniqueid, "channel": "PJSIP/peer-1", "callerid": "5550100",
        "language": "en", "arg_1": token, "arg_2": "inbound", "arg_3": "", "arg_4": "4001",
    }  # fmt: skip
    return "".join(f"agi_{name}: {value}\n" for name, value in lines.items()).encode() + b"\n"


@pytest_asyncio.fixture
async def stage(lab: Lab, observer: AmiObserver, tmp_path: Path) -> AsyncIterator[FlowStage]:
    async with flow_stage(lab, tmp_path) as stage:
        stage.book.put(MENU)
        stage.route("main")
        yield stage
        await lab.clear(observer)


async def pester(lab: Lab, peer: Peer, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.ports.agi)
    try:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(4):
                await peer((reader, writer), head_of(lab, number))
    except TimeoutError:
        pass
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("name", PEERS)
async def test_a_caller_goes_through_his_flow_beside_peers_that_misbehave(
    lab: Lab, stage: FlowStage, name: str
) -> None:
    async with lab.trunk() as trunk, asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(pester(lab, PEERS[name], number))
        call = await trunk.dial("4001", caller="13800138000")
        assert await call.answered()
        real = (await stage.until_of(call_of(stage), "CtiFlowStep")).get("Uniqueid")
        await call.stay(0.3)
        await call.press("1")
        await stage.until_of(call_of(stage), "CtiFlowAnswer")
        await call.stay(0.3)
        await call.press("47#")
        async with asyncio.timeout(20):
            await call.ended()
    mine = [event for event in stage.events if event.get("Uniqueid") == real]
    assert [event.get("Value") for event in mine if event.name == "CtiFlowAnswer"] == ["sales", "47"]
    assert [event.get("Outcome") for event in mine if event.name == "CtiFlowEnded"] == ["completed"]


def call_of(stage: FlowStage) -> Callable[[str], bool]:
    """Whether a Uniqueid is that of a real channel."""
    return lambda uniqueid: uniqueid.startswith(f"{stage.lab.plan.node}-")
