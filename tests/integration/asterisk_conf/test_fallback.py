"""A call goes on to the queue when the service is absent, mute, or talks nonsense; on a real Asterisk."""

import asyncio
import contextlib
import time

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
