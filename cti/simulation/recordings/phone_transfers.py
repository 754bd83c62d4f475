"""Agents who hold the caller, call from their own phone, and join the two calls by REFER with Replaces."""

import asyncio
from typing import Final

from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording
from cti.simulation.recordings.served_caller import OUTSIDE, SUPPORT, busy, give_up, served


async def attended_transfer_by_phone(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds, calls 1002 from his own phone and joins the two by REFER with Replaces."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=0.5)) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        await agent.hold()
        consulting = await phone.dial("1002")
        await consulting.answered()
        await consulting.stay(1.5)
        await agent.refer("1002", replaces=consulting)
        await asyncio.wait_for(agent.ended(), 5)
        await call.stay(2.0)
        await call.hang_up()
        await second.calls[0].ended()


async def attended_by_phone_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds, calls 1002 from his own phone, ends that call and resumes the caller."""
    async with served(lab, ami, answering(after=0.5)) as call:
        await call.agent.hold()
        consulting = await call.phone.dial("1002")
        await consulting.answered()
        await consulting.stay(1.5)
        await consulting.hang_up()
        await call.agent.resume()
        await give_up(call.caller, 1.5)


async def attended_by_phone_busy(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds and calls a number outside, which is busy; he resumes the caller."""
    async with lab.carrier(busy), served(lab, ami) as call:
        await call.agent.hold()
        consulting = await call.phone.dial(OUTSIDE)
        await consulting.ended()
        await call.agent.resume()
        await give_up(call.caller, 1.5)


async def attended_by_phone_no_answer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds and calls a number outside, where nobody answers; he gives up and resumes the caller."""
    async with lab.carrier(ringing), served(lab, ami) as call:
        await call.agent.hold()
        consulting = await call.phone.dial(OUTSIDE)
        await consulting.stay(2.0)
        await consulting.hang_up()
        await call.agent.resume()
        await give_up(call.caller, 1.5)


async def attended_by_phone_failed(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 would join the caller with 1002, which hung up just before; he resumes the caller."""
    async with served(lab, ami, answering(after=0.5, talk=1.5)) as call:
        await call.agent.hold()
        consulting = await call.phone.dial("1002")
        await consulting.answered()
        await consulting.ended()
        await call.agent.refer("1002", replaces=consulting)
        await call.agent.stay(0.5)
        await call.agent.resume()
        await give_up(call.caller, 1.5)


async def attended_by_phone_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds, calls the queue support, talks with agent 2, and joins caller and agent 2."""
    async with served(lab, ami, answering(after=1.0)) as call:
        await call.agent.hold()
        consulting = await call.phone.dial(SUPPORT)
        consulted = await call.target.next_call()
        await consulted.answered()
        await consulted.stay(1.5)
        await call.agent.refer(SUPPORT, replaces=consulting)
        await asyncio.wait_for(call.agent.ended(), 5)
        await consulted.stay(2.0)
        await consulted.hang_up()
        await give_up(call.caller, 0.5)


async def attended_by_phone_while_waiting(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds, calls the queue support, and hands the caller his place in it before anybody answers."""
    async with served(lab, ami, answering(after=3.0)) as call:
        await call.agent.hold()
        consulting = await call.phone.dial(SUPPORT)
        consulted = await call.target.next_call()
        await consulting.stay(1.5)
        await call.agent.refer(SUPPORT, replaces=consulting)
        await asyncio.wait_for(call.agent.ended(), 5)
        await consulted.answered()
        await give_up(call.caller, 2.0)


async def direct_call_transferred(lab: Lab, ami: AmiObserver) -> None:
    """1003 calls agent 1 and sends him on to agent 2 by REFER: the one who called transfers."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)),
        lab.phone(1003) as calling,
    ):
        call = await calling.dial("1001")
        await call.answered()
        await call.stay(1.5)
        await call.refer("1002")
        agent = await phone.next_call()
        await agent.stay(3.0)
        await agent.hang_up()


RECORDINGS: Final = (
    Recording(attended_transfer_by_phone),
    Recording(attended_by_phone_cancelled),
    Recording(attended_by_phone_busy),
    Recording(attended_by_phone_no_answer),
    Recording(attended_by_phone_failed),
    Recording(attended_by_phone_to_queue),
    Recording(attended_by_phone_while_waiting),
    Recording(direct_call_transferred),
)
