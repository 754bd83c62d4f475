"""Callers who are handed on: blind, attended, by the phone itself, to a queue."""

import asyncio
from typing import Final

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, agent_channel


async def blind_transfer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers the caller blind (AMI BlindTransfer) to 1002, which answers and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)),
        lab.phone(1002, answering(after=1.0, talk=2.0)),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        await call.stay(2.0)
        await ami.demand("BlindTransfer", Channel=channel, Context="phones", Exten="1002")
        await call.ended()


async def attended_transfer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 asks extension 1002 first (AMI Atxfer), then leaves the two talking; the caller hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        await call.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Context="phones", Exten="1002")
        consulted = await second.next_call()
        await consulted.answered()
        await call.stay(2.0)
        await phone.calls[0].hang_up()
        await call.stay(2.0)
        await call.hang_up()
        await consulted.ended()


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


async def transfer_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 sends the caller on to the queue support, where agent 2 answers."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5)),
        lab.phone(1002, answering(after=1.0, talk=2.0)),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        await call.stay(2.0)
        await ami.demand("BlindTransfer", Channel=channel, Context="phones", Exten="6002")
        await call.ended()


async def attended_transfer_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 consults 1002 (AMI Atxfer), comes back to the caller, and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as other,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        agent = await phone.next_call()
        await agent.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Exten="1002", Context="phones")
        consulted = await other.next_call()
        await consulted.answered()
        await consulted.stay(2.0)
        await ami.demand("CancelAtxfer", Channel=channel)
        await consulted.ended()
        await agent.stay(2.0)
        await agent.hang_up()
        await call.ended()


async def attended_transfer_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls the support queue (AMI Atxfer), talks with agent 2, and hands the caller over."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as other,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        agent = await phone.next_call()
        await agent.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Exten="6002", Context="phones")
        target = await other.next_call()
        await target.answered()
        await target.stay(2.0)
        await agent.hang_up()
        await target.stay(2.0)
        await target.hang_up()
        await call.ended()


RECORDINGS: Final = (
    Recording(blind_transfer),
    Recording(attended_transfer),
    Recording(attended_transfer_by_phone),
    Recording(transfer_to_queue),
    Recording(attended_transfer_cancelled),
    Recording(attended_transfer_to_queue),
)
