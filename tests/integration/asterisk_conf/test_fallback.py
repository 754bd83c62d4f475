"""A call goes on to the queue when the service is absent, mute, or talks nonsense; on a real Asterisk."""

import asyncio
import contextlib
import itertools
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.stand_in import Session, flood, mute, nonsense, serving, survey


@pytest.mark.parametrize(
    ("session", "at_most"),
    [(None, 1.0), (survey, 1.0), (mute, 3.0), (nonsense, 3.0), (flood, 3.0)],
    ids=["absent", "sane", "mute", "nonsense", "flood"],
)
async def test_caller_reaches_the_queue_whatever_the_service_does(
    lab: Lab, observer: AmiObserver, session: Session | None, at_most: float
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        seen = await stack.enter_async_context(serving(lab.ports.agi, session)) if session else []
        trunk = await stack.enter_async_context(lab.trunk())
        joined = observer.expect("QueueCallerJoin")
        started = time.monotonic()
        call = await trunk.dial("4001", caller="13800138000")
        event = await asyncio.wait_for(joined, 10)
        assert event["Queue"] == "sales"
        assert time.monotonic() - started < at_most
        # The absolute timeout that bounded the hook is gone: the caller is not cut off in the queue.
        await call.stay(2.5)
        assert not call.over
        assert bool(session) == bool(seen)


@contextlib.contextmanager
def without_room(port: int) -> Iterator[None]:
    """A server that takes no connection and refuses none: its line is full, as one's that has stopped."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield


async def test_caller_reaches_the_queue_when_the_service_cannot_even_be_reached(
    lab: Lab, observer: AmiObserver
) -> None:
    """Asterisk gives up connecting in the very moment in which the caller's time is up."""
    with without_room(lab.ports.agi):
        async with lab.trunk() as trunk:
            for number in range(4):
                joined = observer.expect("QueueCallerJoin")
                call = await trunk.dial("4001", caller=f"1380013800{number}")
                await asyncio.wait_for(joined, 10)
                assert not call.over


async def test_no_caller_is_lost_in_the_moment_in_which_his_time_is_up(
    lab: Lab, observer: AmiObserver
) -> None:
    """The service gives each call back at about the instant at which Asterisk takes it back."""
    waits = itertools.count()

    async def late(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1.98 + 0.002 * next(waits))

    joined = 0

    def listener(event: Any) -> None:
        nonlocal joined
        joined += event.get("Event") == "QueueCallerJoin"

    observer.listen(listener)
    async with serving(lab.ports.agi, late), lab.trunk() as trunk:
        calls = [await trunk.dial("4001", caller=f"138001380{number:02d}") for number in range(20)]
        async with asyncio.timeout(15):
            await asyncio.gather(*(call.answered() for call in calls))
            while joined < len(calls):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert not any(call.over for call in calls)
    observer.unlisten(listener)


async def test_caller_name_and_odd_numbers_are_inert(lab: Lab, observer: AmiObserver) -> None:
    async with lab.trunk() as trunk:
        joined = observer.expect("QueueCallerJoin")
        name = "Bob,EVIL: x,Agent: boss${EVAL(1)}"
        call = await trunk.dial("4001", caller="138$%7BSHELL(id)%7D00", name=name)
        event = await asyncio.wait_for(joined, 10)
        assert event["CallerIDName"] in ("", "<unknown>")
        assert event["CallerIDNum"] == "138SHELLid00"
        assert not call.over


async def test_survey_is_left_out_when_the_service_is_absent(lab: Lab, observer: AmiObserver) -> None:
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.2, talk=1.0)), lab.trunk() as trunk:
        call = await trunk.dial("4001", caller="13800138000")
        async with asyncio.timeout(10):
            await call.ended()
        assert call.ended_by == "remote"
