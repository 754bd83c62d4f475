"""Calls that agents make over the trunk: answered, busy, refused, given up, and heard without an answer."""

import asyncio
from typing import Any, Final

from cti.simulation.lab import Lab, answering, refusing, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import Recording

CALLED = "13900139000"


async def outbound_answered(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls a number outside, which answers, talks and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.carrier(answering(after=1.0, talk=2.0)), lab.phone(1001) as phone:
        call = await phone.dial(CALLED)
        await call.ended()


async def outbound_busy(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls a number outside, which is busy."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.carrier(refusing(after=0.5, status=486, reason="Busy Here")), lab.phone(1001) as phone:
        call = await phone.dial(CALLED)
        await call.ended()


async def outbound_rejected(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls a number outside, which rings and declines."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.carrier(refusing(after=1.0, status=603, reason="Decline")), lab.phone(1001) as phone:
        call = await phone.dial(CALLED)
        await call.ended()


async def outbound_given_up(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls a number outside, which rings until he gives up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.carrier(ringing) as carrier, lab.phone(1001) as phone:
        call = await phone.dial(CALLED)
        far = await carrier.next_call()
        await far.stay(2.0)
        await call.hang_up()
        await far.ended()


async def early_media(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls a number outside and hears an announcement (183 with audio) that is never an answer."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.carrier(_announcing, audio=True), lab.phone(1001, audio=True) as phone:
        call = await phone.dial(CALLED)
        await call.ended()


async def _announcing(call: Any) -> None:
    call.announce()
    await call.stay(3.0)
    await call.refuse(480, "Temporarily Unavailable")


async def agent_calls_out_while_a_caller_waits(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 is on a call of his own; the caller in his queue waits until he has hung up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.carrier(answering(after=0.5)),
        lab.phone(1001, answering(after=0.5, talk=2.0)) as phone,
        lab.trunk() as trunk,
    ):
        own = await phone.dial(CALLED)
        await own.answered()
        joined = ami.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller="13800138000")
        await joined
        await own.stay(3.0)
        await own.hang_up()
        async with asyncio.timeout(20):
            taken = await phone.next_call(2)
            await taken.ended()
        await call.ended()


RECORDINGS: Final = (
    Recording(outbound_answered),
    Recording(outbound_busy),
    Recording(outbound_rejected),
    Recording(outbound_given_up),
    Recording(early_media),
    Recording(agent_calls_out_while_a_caller_waits),
)
