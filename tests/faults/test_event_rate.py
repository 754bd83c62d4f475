"""Ten times as many events as usual for a minute: Asterisk never cuts us, and what lags behind catches up."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from cti.simulation.lab import FIRST_EXTENSION, Lab
from tests.faults import scale
from tests.faults.conftest import OpenGround
from tests.faults.onlooker import Onlooker
from tests.faults.record import FaultTable

TIMES = 10
SECONDS = scale.times(15, 60)
_USUAL_SECONDS = 5.0
_SLICE_SECONDS = 0.1
_MEMORY_BYTES = 64 * 1024 * 1024
_RECOVERED_SECONDS = 5.0
#: Changes nothing, and Asterisk tells everybody of it.
_SHOUT = (
    b"Action: QueuePenalty\r\nInterface: PJSIP/%d\r\nQueue: sales\r\nPenalty: 0\r\n\r\n" % FIRST_EXTENSION
)


@contextlib.asynccontextmanager
async def shouting(lab: Lab, rate: float) -> AsyncIterator[list[int]]:
    """Has Asterisk send events beside those of the calls, ``rate`` a second; gives how many it has sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.plan.ami_port)
    who = f"Username: {lab.plan.observer_user}\r\nSecret: {lab.plan.secrets.observer}"
    writer.write(f"Action: Login\r\n{who}\r\nEvents: off\r\n\r\n".encode())
    sent = [0]

    async def shout() -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(_SLICE_SECONDS)
            due = int((time.monotonic() - began) * rate)
            writer.write(_SHOUT * (due - sent[0]))
            sent[0] = due
            await writer.drain()

    async def listen() -> None:
        while await reader.read(65536):
            pass

    tasks = [asyncio.create_task(shout()), asyncio.create_task(listen())]
    try:
        yield sent
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()


@pytest.mark.timeout(scale.times(200, 600))
async def test_ten_times_the_events_for_a_minute_cut_nothing_and_the_lag_recovers(
    exchange: Lab, ground: OpenGround, record: FaultTable
) -> None:
    findings: list[str] = []
    async with ground(rate=2.0) as site, Onlooker(site) as sue:
        began, before = time.monotonic(), (await sue.status())["journal"]["position"]
        await asyncio.sleep(_USUAL_SECONDS)
        usual = ((await sue.status())["journal"]["position"] - before) / (time.monotonic() - began)
        memory, syncs, sue.most_memory = site.service.memory(), site.proxy.syncs, 0
        before, worst_lag = (await sue.status())["journal"]["position"], 0.0
        async with shouting(exchange, usual * TIMES) as sent:
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends:
                await asyncio.sleep(0.5)
                worst_lag = max(worst_lag, (await sue.status())["recorder"]["lag_seconds"])
        status = await sue.status()
        ended = time.monotonic()
        await sue.caught_up()
        seconds = time.monotonic() - ended
        taken = (await sue.status())["journal"]["position"] - before
        if taken < sent[0]:
            findings.append(f"{sent[0]} events were sent, and {taken} are in the journal")
        if site.proxy.syncs != syncs or "ami.down" in site.service.log:
            findings.append("Asterisk cut the connection")
        if seconds > _RECOVERED_SECONDS:
            findings.append(f"the lag was gone after {seconds:.1f} s")
        if sue.most_memory > memory + _MEMORY_BYTES:
            findings.append(f"memory grew from {memory >> 20} to {sue.most_memory >> 20} MiB")
        await sue.leave()
        findings += await site.finish()
    record.add(
        f"{TIMES} times the events for {SECONDS} s", times=1, worst=seconds, limit=_RECOVERED_SECONDS,
        findings=findings,
        note=f"{usual:.0f} events/s usual, {taken / SECONDS:.0f} then; rows {worst_lag:.2f} s behind, "
        f"loop {status['loop_lag_seconds']:.2f} s, memory {memory >> 20} and {sue.most_memory >> 20} MiB",
    )  # fmt: skip
    assert findings == [], "\n".join(findings)
