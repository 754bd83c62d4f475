"""Calls that are parked: fetched, not fetched, given up."""

from typing import Final

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, agent_channel


async def parked_and_fetched(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 parks his caller (REFER to 700), 1002 fetches the call from its place; the caller hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        parked = ami.expect("ParkedCall")
        await agent.refer("700")
        place = (await parked)["ParkingSpace"]
        await call.stay(2.0)
        fetching = await second.dial(place)
        await fetching.answered()
        await fetching.stay(2.0)
        await call.hang_up()
        await fetching.ended()


async def parked_too_long(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 parks his caller (AMI BlindTransfer to 700), who is not fetched and rings at agent 1 again."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.5)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        agent = await phone.next_call()
        await agent.stay(1.0)
        await ami.demand("BlindTransfer", Channel=channel, Context="phones", Exten="700")
        again = await phone.next_call(2)
        await again.answered()
        await again.stay(2.0)
        await again.hang_up()
        await call.ended()


async def parked_and_given_up(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 parks his caller (REFER to 700), who hangs up before anybody fetches him."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.5)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        parked = ami.expect("ParkedCall")
        await agent.refer("700")
        await parked
        await call.stay(2.0)
        await call.hang_up()


async def parked_and_nobody_there(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 parks his caller, signs out, and refuses him when he rings back; the caller is queued again."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        agent.ring()
        await agent.stay(0.5)
        await agent.answer()
        await agent.stay(1.0)
        await agent.refer("700")
        await agent.ended()
        await call.stay(1.0)
        await ami.demand("QueueRemove", Queue="sales", Interface="PJSIP/1001")
        again = ami.expect("QueueCallerJoin")
        ringing_back = await phone.next_call(2)
        ringing_back.ring()
        await ringing_back.stay(0.5)
        await ringing_back.refuse()
        await again
        await call.stay(1.0)
        await call.hang_up()


RECORDINGS: Final = (
    Recording(parked_and_fetched),
    Recording(parked_too_long, plan={"parking_seconds": 4}),
    Recording(parked_and_given_up),
    Recording(parked_and_nobody_there, plan={"parking_seconds": 5}),
)
